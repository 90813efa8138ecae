//! Tokens and trivia: what a text is made of before grammar.
//!
//! Invariants: tokens and trivia together cover every byte of the text once, in order. A token's
//! text is `span.of(text)`; the kind alone is what the grammar sees.

use logos::Logos;

use super::literal;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

/// A token: its kind and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands; empty for a token that error recovery put in.
    pub span: Span,
}

/// What stands between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trivia {
    /// What it is.
    pub kind: TriviaKind,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of trivia.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriviaKind {
    /// Blanks and line ends.
    Whitespace,
    /// `// …`
    Comment,
    /// `/// …`
    Documentation,
    /// `//! …`
    FileDocumentation,
    /// Characters that have no meaning; already reported.
    Unknown,
}

macro_rules! token_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Kinds of tokens. Words are keywords only where the grammar can want one, see
        /// [`resolve`](super::words::resolve).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TokenKind {
            $($(#[$doc])* #[doc = concat!("`", $text, "`")] $name,)*
        }

        impl TokenKind {
            /// The token as written, or in words what it is, for messages.
            pub fn describe(self) -> &'static str {
                match self {
                    $(TokenKind::$name => $text,)*
                }
            }
        }
    };
}

token_kinds! {
    Lower = "a name"; Upper = "a capitalised name";
    Int = "a number"; Float = "a number"; Duration = "a duration"; Str = "a string";
    Use = "use"; Pub = "pub"; Fn = "fn"; On = "on"; If = "if"; Else = "else"; Match = "match"; Let = "let";
    Not = "not"; Maybe = "maybe"; Exists = "exists"; Sample = "sample"; Final = "final"; In = "in"; For = "for";
    As = "as"; Because = "because"; True = "true"; False = "false";
    Type = "type"; Record = "record"; Enum = "enum"; Lattice = "lattice"; Input = "input"; Param = "param";
    View = "view"; Output = "output"; Extern = "extern"; Table = "table"; Event = "event"; Message = "message";
    Request = "request"; Timer = "timer"; Service = "service"; Agent = "agent"; Coordinate = "coordinate";
    Test = "test"; Monotone = "monotone";
    From = "from"; Late = "late"; By = "by"; To = "to"; Every = "every"; After = "after";
    Given = "given"; Expect = "expect";
    Merge = "merge"; Remove = "remove"; Seal = "seal"; Send = "send"; Schedule = "schedule"; Reply = "reply";
    OpenParen = "("; CloseParen = ")"; OpenBracket = "["; CloseBracket = "]"; OpenBrace = "{"; CloseBrace = "}";
    Comma = ","; Semicolon = ";"; Colon = ":"; Dot = "."; DotDot = ".."; At = "@"; Underscore = "_";
    Arrow = "->"; FatArrow = "=>"; Equals = "="; EqualEqual = "=="; NotEqual = "!="; Less = "<";
    LessEqual = "<="; Greater = ">"; GreaterEqual = ">="; AndAnd = "&&"; OrOr = "||"; Bang = "!";
    Plus = "+"; Minus = "-"; Star = "*"; Slash = "/"; Percent = "%";
    /// An operator of another language; never fits.
    Foreign = "an operator of another language";
    /// Not in a text: tells the grammar to read the items of a file, service or agent.
    BeginItems = "start of items";
    /// Not in a text: tells the grammar to read the statements of an `on` block.
    BeginOn = "start of an `on` block";
    /// Not in a text: tells the grammar to read the statements of a test.
    BeginTest = "start of a test";
}

impl TokenKind {
    /// True for `(`, `[`, `{`.
    pub fn is_opening(self) -> bool {
        matches!(self, Self::OpenParen | Self::OpenBracket | Self::OpenBrace)
    }

    /// True for `)`, `]`, `}`.
    pub fn is_closing(self) -> bool {
        matches!(self, Self::CloseParen | Self::CloseBracket | Self::CloseBrace)
    }

    /// The closing bracket for an opening one.
    pub fn closing(self) -> Option<TokenKind> {
        match self {
            Self::OpenParen => Some(Self::CloseParen),
            Self::OpenBracket => Some(Self::CloseBracket),
            Self::OpenBrace => Some(Self::CloseBrace),
            _ => None,
        }
    }

    /// True if an expression can end with it: whatever follows is an operator, not an operand.
    pub fn ends_operand(self) -> bool {
        self.is_closing() || self.is_atomic_operand()
    }

    /// True for names and literals.
    pub fn is_atomic_operand(self) -> bool {
        matches!(
            self,
            Self::Lower
                | Self::Upper
                | Self::Int
                | Self::Float
                | Self::Duration
                | Self::Str
                | Self::True
                | Self::False
                | Self::Underscore
        )
    }

    /// True for an operator between two operands.
    pub fn is_infix(self) -> bool {
        self.is_comparison()
            || matches!(
                self,
                Self::AndAnd
                    | Self::OrOr
                    | Self::Plus
                    | Self::Minus
                    | Self::Star
                    | Self::Slash
                    | Self::Percent
            )
    }

    /// True for `==`, `<` and the like.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::EqualEqual
                | Self::NotEqual
                | Self::Less
                | Self::LessEqual
                | Self::Greater
                | Self::GreaterEqual
        )
    }

    /// True for a keyword with which only an item begins.
    pub fn begins_item(self) -> bool {
        self.is_item_word() || matches!(self, Self::Use | Self::Pub | Self::Fn | Self::On)
    }

    /// True for the soft keywords with which an item begins.
    pub(super) fn is_item_word(self) -> bool {
        matches!(
            self,
            Self::Type
                | Self::Record
                | Self::Enum
                | Self::Lattice
                | Self::Input
                | Self::Param
                | Self::View
                | Self::Output
                | Self::Extern
                | Self::Table
                | Self::Event
                | Self::Message
                | Self::Request
                | Self::Timer
                | Self::Service
                | Self::Agent
                | Self::Coordinate
                | Self::Test
                | Self::Monotone
        )
    }

    /// True for every keyword with which an item, effect or statement begins.
    pub(super) fn begins_statement(self) -> bool {
        self.begins_item() || self.is_effect_word() || matches!(self, Self::Let)
    }

    /// True for the soft keywords with which an effect begins.
    pub(super) fn is_effect_word(self) -> bool {
        matches!(
            self,
            Self::Merge | Self::Remove | Self::Seal | Self::Send | Self::Schedule | Self::Reply
        )
    }
}

/// A text as tokens and trivia.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// Tokens, in order.
    pub tokens: Vec<Token>,
    /// Everything between them, in order.
    pub trivia: Vec<Trivia>,
    /// What cannot be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the generated lexer tells apart; words, numbers and strings are looked at closer by hand.
#[derive(Logos, Clone, Copy, Debug, PartialEq)]
enum Raw {
    #[regex(r"[ \t\r\n\u{FEFF}]+")]
    Whitespace,
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    #[token("/*")]
    BlockComment,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    #[regex(r"[^\x00-\x7F]", priority = 1)]
    Word,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?[A-Za-z0-9_]*")]
    Number,
    #[token("\"")]
    Quote,
    #[token("'")]
    Apostrophe,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("@")]
    At,
    #[token("->")]
    Arrow,
    #[token("=>")]
    FatArrow,
    #[token("=")]
    Equals,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("!")]
    Bang,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token(":-")]
    #[token(":=")]
    #[token("<-")]
    #[token("=<")]
    #[token("<>")]
    #[token("+=")]
    #[token("-=")]
    #[token("===")]
    #[token("!==")]
    #[token("::")]
    #[token("|")]
    #[token("&")]
    #[token("?")]
    #[token("**")]
    #[token("|>")]
    Foreign,
}

/// Cuts a text into tokens and trivia. A text longer than 4 GB is cut short and refused.
pub fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexed = Lexed {
        tokens: Vec::with_capacity(text.len() / 4),
        trivia: Vec::with_capacity(text.len() / 4),
        diagnostics: Vec::new(),
    };
    let mut lexer = Raw::lexer(text);
    while let Some(raw) = lexer.next() {
        let kind = match raw {
            Ok(Raw::Word) => word(&mut lexer),
            Ok(Raw::Number) => {
                let (kind, problem) = literal::classify_number(lexer.slice());
                if let Some(problem) = problem {
                    let diagnostic = problem.diagnostic(file, span(&lexer), lexer.slice());
                    lexed.diagnostics.push(diagnostic);
                }
                Ok(kind)
            }
            Ok(Raw::Quote) => Ok(string(file, &mut lexer, &mut lexed.diagnostics)),
            Ok(Raw::Apostrophe) => apostrophe(file, &mut lexer, &mut lexed.diagnostics),
            Ok(Raw::Whitespace) => Err(TriviaKind::Whitespace),
            Ok(Raw::Comment) => Err(comment_kind(lexer.slice())),
            Ok(Raw::BlockComment) => Err(block_comment(file, &mut lexer, &mut lexed.diagnostics)),
            Ok(raw) => Ok(punctuation(raw)),
            Err(()) => Err(TriviaKind::Unknown),
        };
        let span = span(&lexer);
        match kind {
            Ok(kind) => lexed.tokens.push(Token { kind, span }),
            Err(kind) => push_trivia(&mut lexed.trivia, Trivia { kind, span }),
        }
    }
    for trivia in &lexed.trivia {
        if trivia.kind == TriviaKind::Unknown && !trivia.span.of(text).starts_with("/*") {
            lexed.diagnostics.push(unknown_characters(file, trivia.span, text));
        }
    }
    lexed
}

fn span(lexer: &logos::Lexer<'_, Raw>) -> Span {
    let range = lexer.span();
    Span::new(range.start as u32, range.end as u32)
}

/// Joins characters without meaning that stand side by side, so that they are reported once.
fn push_trivia(trivia: &mut Vec<Trivia>, next: Trivia) {
    match trivia.last_mut() {
        Some(last)
            if last.kind == TriviaKind::Unknown
                && next.kind == TriviaKind::Unknown
                && last.span.end == next.span.start =>
        {
            last.span.end = next.span.end;
        }
        _ => trivia.push(next),
    }
}

/// Extends a word by letters and digits of any script, and tells what it is.
fn word(lexer: &mut logos::Lexer<'_, Raw>) -> Result<TokenKind, TriviaKind> {
    let first = lexer.slice().chars().next().unwrap_or('_');
    if !first.is_alphabetic() && first != '_' {
        return Err(TriviaKind::Unknown);
    }
    if lexer.remainder().starts_with(|next: char| !next.is_ascii()) {
        let rest = lexer.remainder();
        let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_');
        lexer.bump(end.unwrap_or(rest.len()));
    }
    Ok(word_kind(lexer.slice(), first))
}

fn word_kind(text: &str, first: char) -> TokenKind {
    match keyword(text) {
        Some(keyword) => keyword,
        None if text == "_" => TokenKind::Underscore,
        None if first.is_uppercase() => TokenKind::Upper,
        None => TokenKind::Lower,
    }
}

/// The keyword that a word is, wherever it stands.
pub(super) fn keyword(text: &str) -> Option<TokenKind> {
    use TokenKind::*;
    Some(match text {
        "use" => Use,
        "pub" => Pub,
        "fn" => Fn,
        "on" => On,
        "if" => If,
        "else" => Else,
        "match" => Match,
        "let" => Let,
        "not" => Not,
        "maybe" => Maybe,
        "exists" => Exists,
        "sample" => Sample,
        "final" => Final,
        "in" => In,
        "for" => For,
        "as" => As,
        "because" => Because,
        "true" => True,
        "false" => False,
        "type" => Type,
        "record" => Record,
        "enum" => Enum,
        "lattice" => Lattice,
        "input" => Input,
        "param" => Param,
        "view" => View,
        "output" => Output,
        "extern" => Extern,
        "table" => Table,
        "event" => Event,
        "message" => Message,
        "request" => Request,
        "timer" => Timer,
        "service" => Service,
        "agent" => Agent,
        "coordinate" => Coordinate,
        "test" => Test,
        "monotone" => Monotone,
        "from" => From,
        "late" => Late,
        "by" => By,
        "to" => To,
        "every" => Every,
        "after" => After,
        "given" => Given,
        "expect" => Expect,
        "merge" => Merge,
        "remove" => Remove,
        "seal" => Seal,
        "send" => Send,
        "schedule" => Schedule,
        "reply" => Reply,
        _ => return None,
    })
}

fn punctuation(raw: Raw) -> TokenKind {
    match raw {
        Raw::OpenParen => TokenKind::OpenParen,
        Raw::CloseParen => TokenKind::CloseParen,
        Raw::OpenBracket => TokenKind::OpenBracket,
        Raw::CloseBracket => TokenKind::CloseBracket,
        Raw::OpenBrace => TokenKind::OpenBrace,
        Raw::CloseBrace => TokenKind::CloseBrace,
        Raw::Comma => TokenKind::Comma,
        Raw::Semicolon => TokenKind::Semicolon,
        Raw::Colon => TokenKind::Colon,
        Raw::Dot => TokenKind::Dot,
        Raw::DotDot => TokenKind::DotDot,
        Raw::At => TokenKind::At,
        Raw::Arrow => TokenKind::Arrow,
        Raw::FatArrow => TokenKind::FatArrow,
        Raw::Equals => TokenKind::Equals,
        Raw::EqualEqual => TokenKind::EqualEqual,
        Raw::NotEqual => TokenKind::NotEqual,
        Raw::Less => TokenKind::Less,
        Raw::LessEqual => TokenKind::LessEqual,
        Raw::Greater => TokenKind::Greater,
        Raw::GreaterEqual => TokenKind::GreaterEqual,
        Raw::AndAnd => TokenKind::AndAnd,
        Raw::OrOr => TokenKind::OrOr,
        Raw::Bang => TokenKind::Bang,
        Raw::Plus => TokenKind::Plus,
        Raw::Minus => TokenKind::Minus,
        Raw::Star => TokenKind::Star,
        Raw::Slash => TokenKind::Slash,
        Raw::Percent => TokenKind::Percent,
        Raw::Foreign
        | Raw::Whitespace
        | Raw::Comment
        | Raw::BlockComment
        | Raw::Word
        | Raw::Number
        | Raw::Quote
        | Raw::Apostrophe => TokenKind::Foreign,
    }
}

fn comment_kind(text: &str) -> TriviaKind {
    match text.as_bytes() {
        [b'/', b'/', b'!', ..] => TriviaKind::FileDocumentation,
        [b'/', b'/', b'/', b'/', ..] => TriviaKind::Comment,
        [b'/', b'/', b'/', ..] => TriviaKind::Documentation,
        _ => TriviaKind::Comment,
    }
}

/// Reads on to the closing quote; a string without one ends with its line.
fn string(
    file: FileId,
    lexer: &mut logos::Lexer<'_, Raw>,
    diagnostics: &mut Vec<Diagnostic>,
) -> TokenKind {
    let rest = lexer.remainder();
    let mut escaped = false;
    let mut end = None;
    for (offset, byte) in rest.bytes().enumerate() {
        match byte {
            b'\n' => break,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                end = Some(offset + 1);
                break;
            }
            _ => {}
        }
    }
    match end {
        Some(end) => {
            lexer.bump(end);
            let (start, body) = (span(lexer).start + 1, lexer.slice());
            let inner = &body[1..body.len() - 1];
            if let Err(problem) = literal::unescape(inner) {
                diagnostics.push(problem.diagnostic(file, start, inner));
            }
        }
        None => {
            let start = span(lexer);
            let line = rest.find('\n').map_or(rest, |newline| &rest[..newline]);
            lexer.bump(unterminated_end(line));
            let span = Span::new(start.start, span(lexer).end);
            diagnostics.push(
                Diagnostic::error(
                    codes::UNTERMINATED_STRING,
                    file,
                    span,
                    "this string does not end on its line",
                )
                .label("no closing `\"`")
                .note("A string ends with `\"` on the line where it begins; a line break in it is written `\\n`.")
                .fix("close the string", span.after(), "\""),
            );
        }
    }
    TokenKind::Str
}

/// How much of the line an unterminated string takes: all but the brackets and separators at its
/// end, which most likely were meant to close what stands around it.
fn unterminated_end(line: &str) -> usize {
    line.trim_end().trim_end_matches([';', ')', '}', ']', ',', '{', ' ']).len()
}

/// `'text'` is taken for a string, a lone `'` for nothing.
fn apostrophe(
    file: FileId,
    lexer: &mut logos::Lexer<'_, Raw>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<TokenKind, TriviaKind> {
    let rest = lexer.remainder();
    let line = rest.find('\n').map_or(rest, |newline| &rest[..newline]);
    let Some(end) = line.find('\'') else {
        return Err(TriviaKind::Unknown);
    };
    lexer.bump(end + 1);
    let span = span(lexer);
    let inner = &lexer.slice()[1..end + 1];
    diagnostics.push(
        Diagnostic::error(codes::FOREIGN_WORD, file, span, "strings stand in double quotes")
            .label("in single quotes")
            .fix("use double quotes", span, format!("\"{}\"", inner.replace('"', "\\\""))),
    );
    Ok(TokenKind::Str)
}

fn block_comment(
    file: FileId,
    lexer: &mut logos::Lexer<'_, Raw>,
    diagnostics: &mut Vec<Diagnostic>,
) -> TriviaKind {
    let start = span(lexer);
    let rest = lexer.remainder();
    lexer.bump(rest.find("*/").map_or(rest.len(), |end| end + 2));
    diagnostics.push(
        Diagnostic::error(codes::FOREIGN_WORD, file, start, "there are no block comments")
            .label("a comment begins with `//` and ends with its line")
            .help("begin each line of the comment with `//`"),
    );
    TriviaKind::Unknown
}

fn unknown_characters(file: FileId, span: Span, text: &str) -> Diagnostic {
    let shown: String = span.of(text).chars().take(20).collect();
    let message = match shown.chars().next() {
        Some(first) if first.is_control() => {
            format!("the character U+{:04X} has no meaning here", first as u32)
        }
        _ => format!("`{shown}` has no meaning here"),
    };
    let diagnostic = Diagnostic::error(codes::BAD_CHARACTER, file, span, message);
    match shown.chars().next() {
        Some('#') => diagnostic.fix("a comment begins with `//`", span, "//"),
        Some('“' | '”' | '„' | '«' | '»') => diagnostic.help("strings stand in plain double quotes: `\"text\"`"),
        Some('’' | '‘' | '\'' | '`') => diagnostic.help("strings stand in double quotes: `\"text\"`"),
        Some('→' | '⇒') => diagnostic.fix("an arrow is written `->`", span, "->"),
        Some('≤') => diagnostic.fix("write `<=`", span, "<="),
        Some('≥') => diagnostic.fix("write `>=`", span, ">="),
        Some('≠') => diagnostic.fix("write `!=`", span, "!="),
        Some('−' | '–') => diagnostic.fix("write `-`", span, "-"),
        _ => diagnostic.fix("remove it", span, ""),
    }
}
