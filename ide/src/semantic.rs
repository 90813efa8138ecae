//! What each word of a text is, for colours.

use std::path::Path;

use sheaf_compiler::check::aggregates;
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::TokenKind;

use crate::analysis::{Analysis, library_text};
use crate::declarations::Kind;
use crate::program::Program;
use crate::resolve::{Occurrence, Role};

/// A word with what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, on one line.
    pub span: Span,
    /// What it is.
    pub class: Class,
    /// It is declared or bound here.
    pub declares: bool,
    /// Rows of it are made here.
    pub writes: bool,
    /// It belongs to the language or its library.
    pub is_library: bool,
}

/// What a word can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is a word of the language")]
pub enum Class {
    Keyword,
    String,
    Number,
    Operator,
    /// Rows that stay: an input, a view, a table.
    Relation,
    /// What happens.
    Event,
    Function,
    /// A function behind a value and a dot.
    Method,
    Param,
    Variable,
    /// A column, field or parameter by name.
    Column,
    Type,
    Record,
    Enum,
    Variant,
    /// A module, service or agent.
    Module,
    /// `@http`
    Attribute,
}

impl Analysis {
    /// The words of a file, in the order of the text.
    pub fn words(&self, file: &Path) -> Vec<Word> {
        let program = self.program(file);
        let Some(parsed) = program.tree(Program::ROOT) else {
            return Vec::new();
        };
        let mut occurrences = program.occurrences(Program::ROOT).iter().peekable();
        let mut words = Vec::new();
        let mut before = None;
        for (index, token) in parsed.tokens.iter().enumerate() {
            let mut found = None;
            while let Some(next) = occurrences.next_if(|next| next.span.start <= token.span.start) {
                if next.span == token.span && (found.is_none() || !next.is_shorthand) {
                    found = Some(next);
                }
            }
            let next = parsed.tokens.get(index + 1).map(|next| next.kind);
            let word = match found {
                Some(found) => known(&program, found, token.span, before),
                None => plain(
                    token.kind,
                    token.span,
                    program.slice(Program::ROOT, token.span),
                    before,
                    next,
                ),
            };
            words.extend(word);
            before = Some(token.kind);
        }
        words
    }
}

fn known(
    program: &Program,
    found: &Occurrence,
    span: Span,
    before: Option<TokenKind>,
) -> Option<Word> {
    let is_library = library_text(program.path(found.file)).is_some();
    let class = match program
        .declaration(found)
        .map(|declaration| declaration.kind)
    {
        Some(Kind::Input | Kind::View | Kind::Table) => Class::Relation,
        Some(Kind::Event | Kind::Message | Kind::Request | Kind::Timer) => Class::Event,
        Some(Kind::Function | Kind::Foreign) if before == Some(TokenKind::Dot) => Class::Method,
        Some(Kind::Function | Kind::Foreign) => Class::Function,
        Some(Kind::Param) => Class::Param,
        Some(Kind::Record) => Class::Record,
        Some(Kind::Enum) => Class::Enum,
        Some(Kind::Alias | Kind::Lattice) => Class::Type,
        Some(Kind::Service | Kind::Agent | Kind::Coordinate) => Class::Module,
        Some(Kind::Test | Kind::Column | Kind::Variant) => return None,
        None => match program.declarations().part_at(found.file, found.declared) {
            Some((of, _)) if of.kind == Kind::Enum => Class::Variant,
            Some(_) => Class::Column,
            None if found.declared == Span::default() => Class::Module,
            None => Class::Variable,
        },
    };
    Some(Word {
        span,
        class,
        declares: matches!(found.role, Role::Declares | Role::Binds),
        writes: found.role == Role::Writes,
        is_library,
    })
}

/// A word that stands for nothing that is declared.
fn plain(
    kind: TokenKind,
    span: Span,
    text: &str,
    before: Option<TokenKind>,
    next: Option<TokenKind>,
) -> Option<Word> {
    use TokenKind::*;
    let (class, is_library) = match kind {
        Int | Float | Duration => (Class::Number, false),
        Str => (Class::String, false),
        Upper if matches!(text, "None" | "Some") => (Class::Variant, true),
        Upper => (Class::Type, true),
        Lower if before == Some(At) => (Class::Attribute, true),
        Lower if next == Some(OpenParen) && aggregates().contains(&text) => (Class::Function, true),
        Lower if next == Some(OpenParen) && matches!(before, Some(From | To)) => {
            (Class::Function, true)
        }
        Lower => return None,
        _ if kind.is_infix() || matches!(kind, Bang | Arrow | FatArrow | Equals) => {
            (Class::Operator, false)
        }
        _ if text.starts_with(|c: char| c.is_ascii_lowercase()) => (Class::Keyword, false),
        _ => return None,
    };
    Some(Word {
        span,
        class,
        declares: false,
        writes: false,
        is_library,
    })
}
