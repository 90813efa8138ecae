//! The text form of a program (`.sir`): prints and parses to the same graph.
//!
//! Invariants:
//! - `parse(&print(p))` is `p`, spans and column names included, for every program whose node
//!   names are unique; `print` of it is the same text again.
//! - The order is deterministic: within each fixpoint (and outside all of them) nodes stand after
//!   what they read, ties in ascending order of names.
//! - Parsing never panics, whatever the text; nesting is bounded by [`MAX_NESTING`].
//! - Parsing resolves names and nothing more: a program that makes no sense can still be written
//!   down, and it is [`mod@crate::verify`] that refuses it.
//!
//! The grammar is in the IR specification (`docs/ir.md`).

mod combiners;
pub(crate) mod definitions;
mod expressions;
mod items;
mod lexer;
pub(crate) mod literal;
pub(crate) mod operators;
mod parser;
pub(crate) mod print;
mod sides;

pub use print::{print, print_plain};

use crate::Program;

/// The version of the text form, which its first line states.
pub const VERSION: u32 = 1;

/// How deep anything in a text may nest.
pub const MAX_NESTING: usize = 256;

/// Why a text is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: expected {expected}, found {found}")]
pub struct TextError {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalars, from 1.
    pub column: usize,
    /// What would have been right there.
    pub expected: String,
    /// What is there instead.
    pub found: String,
}

/// Reads a program.
///
/// Nodes may be used before they are written. So the text is read twice: once for the names and
/// columns of all nodes, once for the rest.
pub fn parse(text: &str) -> Result<Program, TextError> {
    let lexemes = lexer::lex(text)?;
    let heads = parser::Parser::new(text, &lexemes, None).program()?;
    let draft = parser::Parser::new(text, &lexemes, Some(&heads)).program()?;
    Ok(draft.into_program())
}
