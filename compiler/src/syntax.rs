//! From text to a tree: tokens, grammar, recovery.
//!
//! Invariants: [`parse`] accepts every text, takes time linear in its length, never panics, and
//! returns a tree of the whole file with at most one diagnostic per mistake.

pub mod ast;
mod brackets;
mod context;
mod convert;
mod depth;
mod layout;
mod lexer;
mod literal;
mod message;
mod naming;
mod parse;
mod recover;
mod reuse;
mod token;
mod words;

pub use parse::{Parsed, parse};
pub use reuse::reparse;
pub use token::{Token, TokenKind, Trivia, TriviaKind};

/// The deepest a tree may be; deeper text is refused with a diagnostic before it is parsed.
pub const MAX_DEPTH: u32 = 256;

#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, unused)]
mod grammar {
    lalrpop_util::lalrpop_mod!(generated, "/grammar.rs");
    pub(super) use generated::StartParser;
}
