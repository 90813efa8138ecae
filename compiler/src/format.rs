//! Lays a program out in the one style of the language: `sheaf fmt`.
//!
//! Invariants:
//! - Only layout changes: the tokens of the result are those of the text, every comment is kept
//!   between the same two tokens, and a comment stays on its own line or at the end of one.
//! - Formatting a formatted text changes nothing. Blanks and line ends of the text decide nothing,
//!   but for an empty line between two statements or elements, and the gap before a trailing comment.
//! - Time is linear in the length of the text. A text with syntax errors is refused.
//!
//! The style: [`WIDTH`] columns, [`INDENT`] blanks, one statement to a line. What fits on a line
//! stands on one; else the outermost construct breaks first: conditions after their commas, clauses
//! before their keyword, bracketed lists to one element a line (literals to filled lines). A list
//! that ends with a comma is always broken. `because` gets a line of its own before conditions are
//! broken. A body of one plain statement may stand on the line of its header. Consecutive rules of
//! one relation whose arrows stand in one column have their `if`s in one column, too.

mod attach;
mod build;
mod document;
mod printer;
mod trailing;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::{Parsed, Token, parse};

/// The columns of a line, counted in characters. Only what cannot be broken is longer: a comment,
/// a string, a name, a type.
pub const WIDTH: u32 = 100;

/// Blanks per level of indentation.
pub const INDENT: u32 = 4;

/// Formats a text.
///
/// # Errors
/// What is wrong with a text that has syntax errors; its places are in `FileId(0)`.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    Ok(layout(text)?.1)
}

/// What formatting would change between tokens that touch `range`, as replacements of parts of
/// `text` in order. Each is independent of the others.
///
/// # Errors
/// As [`format()`]: the whole text has to be free of syntax errors.
pub fn format_range(text: &str, range: Span) -> Result<Vec<(Span, String)>, Vec<Diagnostic>> {
    let (parsed, formatted) = layout(text)?;
    let new_tokens = parse(FileId(0), &formatted).tokens;
    let old_gaps = gaps(text, &parsed.tokens);
    let new_gaps = gaps(&formatted, &new_tokens);
    Ok(old_gaps
        .zip(new_gaps)
        .filter(|(old, _)| old.start <= range.end && range.start <= old.end)
        .filter(|(old, new)| old.of(text) != new.of(&formatted))
        .map(|(old, new)| (old, new.of(&formatted).to_owned()))
        .collect())
}

fn layout(text: &str) -> Result<(Parsed, String), Vec<Diagnostic>> {
    let parsed = parse(FileId(0), text);
    if parsed.has_errors() {
        return Err(parsed.diagnostics);
    }
    let attached = attach::attach(text, &parsed.tokens, &parsed.trivia);
    let document = build::file(text, &parsed.tokens, attached);
    let formatted = printer::print(&document);
    Ok((parsed, formatted))
}

/// What stands before, between and after tokens.
fn gaps(text: &str, tokens: &[Token]) -> impl Iterator<Item = Span> {
    let starts = std::iter::once(0).chain(tokens.iter().map(|token| token.span.end));
    let ends = tokens.iter().map(|token| token.span.start);
    let ends = ends.chain(std::iter::once(text.len() as u32));
    starts.zip(ends).map(|(start, end)| Span::new(start, end))
}
