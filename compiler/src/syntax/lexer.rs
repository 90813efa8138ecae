//! Cuts a text into tokens and trivia.
//!
//! Invariant: what cannot be read is reported here once; it becomes trivia, or the token that it was
//! most likely meant to be.

use logos::Logos;

use super::literal;
use super::token::{Token, TokenKind, Trivia, TriviaKind, keyword};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

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
    #[regex(r"#[^\n]*", allow_greedy = true)]
    HashComment,
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
            Ok(Raw::Word) => match closing_quote(lexer.slice()) {
                Some(closing) => quoted(file, closing, &mut lexer, &mut lexed.diagnostics),
                None => word(&mut lexer),
            },
            Ok(Raw::Number) => {
                let (kind, problem) = literal::classify_number(lexer.slice());
                if let Some(problem) = problem {
                    let diagnostic = problem.diagnostic(file, span(&lexer), lexer.slice());
                    lexed.diagnostics.push(diagnostic);
                }
                Ok(kind)
            }
            Ok(Raw::Quote) => Ok(string(file, &mut lexer, &mut lexed.diagnostics)),
            Ok(Raw::Apostrophe) => quoted(file, "'", &mut lexer, &mut lexed.diagnostics),
            Ok(Raw::Whitespace) => Err(TriviaKind::Whitespace),
            Ok(Raw::Comment) => Err(comment_kind(lexer.slice())),
            Ok(Raw::HashComment) => Err(hash_comment(file, &lexer, &mut lexed.diagnostics)),
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
        if trivia.kind == TriviaKind::Unknown && !trivia.span.of(text).starts_with(['/', '#']) {
            lexed
                .diagnostics
                .push(unknown_characters(file, trivia.span, text));
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
    let rest = lexer.remainder();
    let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_');
    lexer.bump(end.unwrap_or(rest.len()));
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
        | Raw::HashComment
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
    line.trim_end()
        .trim_end_matches([';', ')', '}', ']', ',', '{', ' '])
        .len()
}

/// The closing quotes that fit an opening one of a typesetter.
fn closing_quote(opening: &str) -> Option<&'static str> {
    match opening {
        "“" => Some("”"),
        "„" => Some("“"),
        "‘" => Some("’"),
        "«" => Some("»"),
        _ => None,
    }
}

/// `'text'` and `“text”` are taken for strings, a lone quote for nothing.
fn quoted(
    file: FileId,
    closing: &str,
    lexer: &mut logos::Lexer<'_, Raw>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<TokenKind, TriviaKind> {
    let rest = lexer.remainder();
    let line = rest.find('\n').map_or(rest, |newline| &rest[..newline]);
    let Some(end) = line.find(closing) else {
        return Err(TriviaKind::Unknown);
    };
    let inner = line[..end].replace('"', "\\\"");
    lexer.bump(end + closing.len());
    let span = span(lexer);
    diagnostics.push(
        Diagnostic::error(
            codes::FOREIGN_WORD,
            file,
            span,
            "strings stand in plain double quotes",
        )
        .label("in other quotes")
        .fix("use plain double quotes", span, format!("\"{inner}\"")),
    );
    Ok(TokenKind::Str)
}

fn hash_comment(
    file: FileId,
    lexer: &logos::Lexer<'_, Raw>,
    diagnostics: &mut Vec<Diagnostic>,
) -> TriviaKind {
    let start = span(lexer).start;
    let marker = Span::new(start, start + 1);
    diagnostics.push(
        Diagnostic::error(
            codes::FOREIGN_WORD,
            file,
            marker,
            "a comment begins with `//`, not `#`",
        )
        .label("begins no comment")
        .fix("write `//`", marker, "//"),
    );
    TriviaKind::Unknown
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
        Diagnostic::error(
            codes::FOREIGN_WORD,
            file,
            start,
            "there are no block comments",
        )
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
        Some('“' | '”' | '„' | '«' | '»' | '’' | '‘' | '\'' | '`') => {
            diagnostic.help("strings stand in plain double quotes: `\"text\"`")
        }
        Some('→' | '⇒') => diagnostic.fix("an arrow is written `->`", span, "->"),
        Some('≤') => diagnostic.fix("write `<=`", span, "<="),
        Some('≥') => diagnostic.fix("write `>=`", span, ">="),
        Some('≠') => diagnostic.fix("write `!=`", span, "!="),
        Some('−' | '–') => diagnostic.fix("write `-`", span, "-"),
        _ => diagnostic.fix("remove it", span, ""),
    }
}
