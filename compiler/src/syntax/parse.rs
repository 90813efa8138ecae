//! draft
use super::ast;
use super::ast::*;
use super::context::{Context, Documentation};
use super::token::*;
use super::grammar::StartParser;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// What the grammar reads at once.
pub(super) enum Stretch {
    Items(Vec<Item>),
    On(Vec<OnStatement>),
    Test(Vec<TestStatement>),
}
/// x
pub struct Parsed { pub tree: ast::File, pub diagnostics: Vec<Diagnostic> }
/// x
pub fn parse(file: FileId, text: &str) -> Parsed {
    let mut lexed = lex(file, text);
    super::words::resolve(text, &mut lexed.tokens);
    let docs = Documentation::collect(text, &lexed.trivia, lexed.tokens.iter().map(|t| t.span.start));
    let mut context = Context::new(file, text, &docs);
    let toks = std::iter::once((0, TokenKind::BeginItems, 0)).chain(lexed.tokens.iter().map(|t| (t.span.start, t.kind, t.span.end))).map(Ok);
    match StartParser::new().parse(&mut context, toks) {
        Ok(Stretch::Items(items)) => Parsed { tree: ast::File { items, ..Default::default() }, diagnostics: context.finish(true) },
        Ok(_) => unreachable!(),
        Err(e) => panic!("{e:?}"),
    }
}
