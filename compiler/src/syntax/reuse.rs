//! Parsing a text again after a change: items that stand unchanged are taken from the tree before.
//!
//! Invariant: the tree, the tokens and the diagnostics are those of [`parse`], or there is none. Only
//! right texts are parsed this way: where a text is wrong, its mistakes may reach far.

use super::ast::{self, places::Places};
use super::context::{Context, Documentation};
use super::lexer::lex;
use super::parse::{Parsed, parse, read};
use super::token::{Token, TokenKind};
use super::{depth, words};
use crate::change::Change;
use crate::diagnostic;
use crate::source::{FileId, Span};

/// Parses a text, given an earlier text of the same file and its tree. Where the tree is of no use it
/// is given back besides the new one.
pub fn reparse(
    file: FileId,
    text: &str,
    before: &str,
    mut tree: Parsed,
) -> (Parsed, Option<Parsed>) {
    match reuse(file, text, before, &mut tree) {
        Some(parsed) => (parsed, None),
        None => (parse(file, text), Some(tree)),
    }
}

/// Leaves the earlier tree as it is if it gives nothing.
fn reuse(file: FileId, text: &str, before: &str, earlier: &mut Parsed) -> Option<Parsed> {
    if !earlier.diagnostics.is_empty() || u32::try_from(text.len()).is_err() {
        return None;
    }
    let mut lexed = lex(file, text);
    words::resolve(text, &mut lexed.tokens);
    if !lexed.diagnostics.is_empty() || !depth::too_deep(&lexed.tokens).is_empty() {
        return None;
    }
    let change = Change::between(before, text);
    let items = &earlier.tree.items;
    // The items before the change, and those behind the first one that it may touch.
    let first = items.partition_point(|item| item.span.end <= change.start);
    let touched = items.partition_point(|item| item.span.end <= change.old_end);
    let last = (touched + 1).clamp(first, items.len());
    let start = match first {
        0 => 0,
        _ => items[first - 1].span.end,
    };
    let (old_end, end) = match items.get(last) {
        Some(item) => (item.span.start, change.later(item.span.start)),
        None => (before.len() as u32, text.len() as u32),
    };
    let between = |tokens: &[Token], start: u32, end: u32| {
        let index = |offset| tokens.partition_point(|token| token.span.start < offset);
        (index(start), index(end))
    };
    let (from, to) = between(&lexed.tokens, start, end);
    let (old_from, old_to) = between(&earlier.tokens, start, old_end);
    let later = |token: &Token| Token {
        span: Span::new(change.later(token.span.start), change.later(token.span.end)),
        ..*token
    };
    // A change may turn all that follows into a text or a comment.
    let is_alike = lexed.tokens[..from] == earlier.tokens[..old_from]
        && lexed.tokens[to..]
            .iter()
            .copied()
            .eq(earlier.tokens[old_to..].iter().map(later));
    if !is_alike {
        return None;
    }

    let starts = lexed.tokens.iter().map(|token| token.span.start);
    let documentation = Documentation::collect(text, &lexed.trivia, starts);
    // A change may turn what stood before an item into its documentation.
    let is_documented_alike = items.get(last).is_none_or(|item| {
        let lines = documentation.before(end).unwrap_or_default();
        let is_alike = |(now, then): (&ast::DocLine, &ast::DocLine)| {
            Some(now.span) == change.moved(then.span) && now.text == then.text
        };
        lines.len() == item.docs.len() && lines.iter().zip(&item.docs).all(is_alike)
    });
    if !is_documented_alike {
        return None;
    }
    let mut context = Context::new(file, text, &documentation);
    let middle = read(&mut context, TokenKind::BeginItems, &lexed.tokens[from..to]).ok()?;
    context.take_documentation_outside(start, end);
    let mut diagnostics = context.finish(true);
    if !diagnostics.iter().any(diagnostic::Diagnostic::is_error) {
        diagnostics.append(&mut context.stray_documentation());
    }
    diagnostic::sort(&mut diagnostics);
    let mut items = std::mem::take(&mut earlier.tree.items);
    for item in &mut items[last..] {
        item.each_place(&mut |place| {
            *place = Span::new(change.later(place.start), change.later(place.end));
        });
    }
    items.splice(first..last, middle.items());
    let span = Span::new(0, text.len() as u32);
    let docs = documentation.file_lines.clone();
    Some(Parsed {
        tree: ast::File { span, docs, items },
        tokens: lexed.tokens,
        trivia: lexed.trivia,
        diagnostics,
    })
}
