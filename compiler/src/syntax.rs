//! From text to a tree: tokens, grammar, recovery.

pub mod ast;

/// The deepest a tree may be; deeper text is refused with a diagnostic before it is parsed.
pub const MAX_DEPTH: u32 = 256;
