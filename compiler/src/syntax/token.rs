//! Tokens and trivia: what a text is made of before grammar.
//!
//! Invariants: tokens and trivia together cover every byte of the text once, in order. A token's
//! text is `span.of(text)`; the kind alone is what the grammar sees.

use crate::source::Span;

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
        matches!(
            self,
            Self::CloseParen | Self::CloseBracket | Self::CloseBrace
        )
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
