//! The tree-sitter grammar of Sheaf: a parser for editors, generated from `grammar.js`, and its queries.
//!
//! Invariants: `src/parser.c` is what `generate.sh` made of `grammar.js`; every text that the
//! compiler's parser takes, this one takes without an `ERROR` node.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_sheaf() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
// Safety: the generated function returns the language's static table.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_sheaf) };

/// Which parts of a text get which colour.
pub const HIGHLIGHTS: &str = include_str!("../queries/highlights.scm");
/// Which parts of a text can be folded away.
pub const FOLDS: &str = include_str!("../queries/folds.scm");
/// How far lines are indented.
pub const INDENTS: &str = include_str!("../queries/indents.scm");
/// Scopes and definitions of names.
pub const LOCALS: &str = include_str!("../queries/locals.scm");
/// What a text declares and calls.
pub const TAGS: &str = include_str!("../queries/tags.scm");
