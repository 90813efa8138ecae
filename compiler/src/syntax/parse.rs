//! Parsing a file: the whole at once if it is right, part by part if not.
//!
//! Invariants: a right text is read once. A wrong one has its brackets mended first, then each item
//! is read alone, so that a mistake costs its own item and one diagnostic.

use super::ast::{self, Item, OnStatement, TestStatement};
use super::brackets::{self, Mended};
use super::context::{Context, Documentation};
use super::grammar::StartParser;
use super::layout::Layout;
use super::recover::Recovery;
use super::token::{Token, TokenKind, Trivia, lex};
use super::{depth, words};
use crate::diagnostic::{self, Diagnostic, codes};
use crate::source::{FileId, Span};

/// A file as its tree, its tokens and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree of the whole file, with `Error` nodes for what could not be read.
    pub tree: ast::File,
    /// Tokens, in order.
    pub tokens: Vec<Token>,
    /// Blanks and comments between them, in order.
    pub trivia: Vec<Trivia>,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// True if something is so wrong that the program is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Parses a text. Never fails; see [`Parsed::diagnostics`].
pub fn parse(file: FileId, text: &str) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        let message = "this file is larger than 4 GB";
        let diagnostic =
            Diagnostic::error(codes::FILE_TOO_LARGE, file, Span::default(), message)
                .help("split it into modules; facts belong into an `input`");
        return Parsed { diagnostics: vec![diagnostic], ..Parsed::default() };
    }
    let mut lexed = lex(file, text);
    words::resolve(text, &mut lexed.tokens);
    let starts = lexed.tokens.iter().map(|token| token.span.start);
    let documentation = Documentation::collect(text, &lexed.trivia, starts);
    let mut context = Context::new(file, text, &documentation);
    let deep = depth::too_deep(&lexed.tokens);

    let mut diagnostics = lexed.diagnostics;
    let whole = match deep.is_empty() {
        true => read(&mut context, TokenKind::BeginItems, &lexed.tokens).ok(),
        false => None,
    };
    let items = match whole {
        Some(stretch) => {
            diagnostics.append(&mut context.finish(true));
            stretch.items()
        }
        None => {
            context.finish(false);
            recover(&mut context, &lexed.tokens, &deep, &mut diagnostics)
        }
    };
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.append(&mut context.stray_documentation());
    }
    diagnostic::sort(&mut diagnostics);
    let span = Span::new(0, text.len() as u32);
    let docs = documentation.file_lines.clone();
    Parsed {
        tree: ast::File { span, docs, items },
        tokens: lexed.tokens,
        trivia: lexed.trivia,
        diagnostics,
    }
}

/// Reads a wrong text part by part.
fn recover(
    context: &mut Context<'_>,
    tokens: &[Token],
    deep: &[u32],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Item> {
    let layout = Layout::new(context.text, tokens);
    let Mended { tokens, diagnostics: mut found, mut places } =
        brackets::mend(context.file, context.text, tokens, &layout);
    let layout = Layout::new(context.text, &tokens);
    places.extend(diagnostics.iter().map(|diagnostic| diagnostic.primary.span.start));
    places.sort_unstable();
    let mut recovery = Recovery::new(context, &tokens, &layout, &places, deep);
    let items = recovery.items();
    found.append(&mut recovery.into_diagnostics());
    keep_one_per_line(context.text, &mut found);
    diagnostics.append(&mut found);
    items
}

/// Drops all but the first syntax error of each line: what follows on it is mostly its echo.
fn keep_one_per_line(text: &str, diagnostics: &mut Vec<Diagnostic>) {
    diagnostic::sort(diagnostics);
    let mut last: Option<Span> = None;
    diagnostics.retain(|diagnostic| {
        let span = diagnostic.primary.span;
        let echo = last.is_some_and(|last| !Span::new(last.start, span.start).of(text).contains('\n'));
        last = Some(span);
        !echo
    });
}

/// What the grammar reads at once.
#[derive(Debug)]
pub(super) enum Stretch {
    Items(Vec<Item>),
    On(Vec<OnStatement>),
    Test(Vec<TestStatement>),
}

impl Stretch {
    pub(super) fn items(self) -> Vec<Item> {
        match self {
            Stretch::Items(items) => items,
            Stretch::On(_) | Stretch::Test(_) => Vec::new(),
        }
    }

    pub(super) fn on(self) -> Vec<OnStatement> {
        match self {
            Stretch::On(statements) => statements,
            Stretch::Items(_) | Stretch::Test(_) => Vec::new(),
        }
    }

    pub(super) fn test(self) -> Vec<TestStatement> {
        match self {
            Stretch::Test(statements) => statements,
            Stretch::Items(_) | Stretch::On(_) => Vec::new(),
        }
    }
}

/// Where the grammar got stuck.
#[derive(Debug)]
pub(super) struct Stuck {
    /// Start and kind of the token that does not fit; `None` at the end of the tokens.
    pub(super) token: Option<(u32, TokenKind)>,
    /// What would have fitted, in the generator's own names.
    pub(super) expected: Vec<String>,
}

/// Reads tokens as what `begin` says.
pub(super) fn read<'t>(
    context: &mut Context<'_>,
    begin: TokenKind,
    tokens: impl IntoIterator<Item = &'t Token>,
) -> Result<Stretch, Stuck> {
    use lalrpop_util::ParseError;
    let begin = std::iter::once((0, begin, 0));
    let rest = tokens.into_iter().map(|token| (token.span.start, token.kind, token.span.end));
    let result = StartParser::new().parse(context, begin.chain(rest).map(Ok::<_, ()>));
    result.map_err(|error| match error {
        ParseError::UnrecognizedToken { token, expected } => {
            Stuck { token: Some((token.0, token.1)), expected }
        }
        ParseError::UnrecognizedEof { expected, .. } => Stuck { token: None, expected },
        ParseError::ExtraToken { token } => {
            Stuck { token: Some((token.0, token.1)), expected: Vec::new() }
        }
        ParseError::InvalidToken { .. } | ParseError::User { .. } => {
            Stuck { token: None, expected: Vec::new() }
        }
    })
}
