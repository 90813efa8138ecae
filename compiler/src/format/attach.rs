//! Gives every comment to the token it is laid out with.
//!
//! Invariant: a plain comment on the line of a token trails that token; every other comment leads
//! the token after it, or the end of the text.

use super::INDENT;
use crate::syntax::{Token, Trivia, TriviaKind};

/// A comment on a line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leading<'t> {
    pub(super) text: &'t str,
    /// An empty line stands before it.
    pub(super) blank_before: bool,
    /// It documents what follows, so no empty line may follow it.
    pub(super) documents: bool,
}

/// A comment at the end of a line of code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trailing<'t> {
    pub(super) text: &'t str,
    /// The column at which it stood, from 0.
    pub(super) column: u32,
    /// Blanks between code and comment; at least 1.
    pub(super) gap: u32,
}

/// What a token is laid out with.
#[derive(Clone, Debug, Default)]
pub(super) struct Attached<'t> {
    pub(super) leading: Vec<Leading<'t>>,
    /// An empty line stands between what is before and the token itself.
    pub(super) blank_before: bool,
    pub(super) trailing: Option<Trailing<'t>>,
}

/// The comments of each token, and in the last entry those of the end of the text.
pub(super) fn attach<'t>(text: &'t str, tokens: &[Token], trivia: &[Trivia]) -> Vec<Attached<'t>> {
    let mut attached = vec![Attached::default(); tokens.len() + 1];
    let mut trivia = trivia.iter().peekable();
    let mut column = 0;
    for index in 0..=tokens.len() {
        let start = tokens.get(index).map_or(u32::MAX, |token| token.span.start);
        let mut same_line = index > 0;
        let mut newlines = 0;
        let mut gap = 0;
        while let Some(next) = trivia.next_if(|trivia| trivia.span.start < start) {
            let shown = next.span.of(text);
            if matches!(next.kind, TriviaKind::Whitespace | TriviaKind::Unknown) {
                newlines += shown.matches('\n').count();
                same_line &= newlines == 0;
                let line = shown.rfind('\n').map(|newline| &shown[newline + 1..]);
                if line.is_some() {
                    column = 0;
                }
                let blanks = line.unwrap_or(shown).chars().map(blank_width).sum::<u32>();
                gap += blanks;
                column += blanks;
                continue;
            }
            let comment = shown.trim_end();
            if same_line && next.kind == TriviaKind::Comment {
                attached[index - 1].trailing = Some(Trailing {
                    text: comment,
                    column,
                    gap: gap.max(1),
                });
            } else {
                attached[index].leading.push(Leading {
                    text: comment,
                    blank_before: newlines > 1,
                    documents: next.kind == TriviaKind::Documentation,
                });
            }
            same_line = false;
            newlines = 0;
        }
        attached[index].blank_before = newlines > 1;
        if let Some(token) = tokens.get(index) {
            column += token.span.of(text).chars().count() as u32;
        }
    }
    attached
}

fn blank_width(blank: char) -> u32 {
    match blank {
        '\t' => INDENT,
        '\r' | '\u{feff}' => 0,
        _ => 1,
    }
}
