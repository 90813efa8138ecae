//! What an editor asks about Sheaf programs, as plain data: hover, completion, rename and their like.
//!
//! Invariants:
//! - Pure: no files, clock, environment, threads or network; files come in through [`files::Files`].
//! - It knows no protocol: places are byte offsets, results are this crate's own types.
//! - It reads the compiler's own trees and its checked program; there is no second parser. A file with
//!   errors gets everything that can be known of it.
//! - An [`Analysis`] never changes: what is asked of it is about the texts as they were when it was taken.

mod analysis;
mod completion;
mod cursor;
mod declarations;
mod diagnostics;
pub mod files;
mod fixes;
pub mod folders;
mod folding;
mod formatting;
mod hints;
mod hover;
mod lenses;
mod names;
mod navigation;
mod placement;
mod program;
mod reference;
mod rename;
mod resolve;
mod semantic;
mod signature;
mod symbols;
pub mod trees;

pub use analysis::{Analysis, Workspace};
pub use completion::{Completion, CompletionKind, Completions};
pub use declarations::{Declaration, Kind, Part};
pub use diagnostics::{Fix, Mistake, Related};
pub use folding::{Fold, FoldKind};
pub use hints::Hint;
pub use hover::{Hover, LabelShown};
pub use lenses::{Action, Lens};
pub use navigation::Use;
pub use program::Program;
pub use resolve::{Occurrence, Role};
pub use semantic::{Class, Word};
pub use signature::SignatureHelp;
pub use symbols::{Found, Symbol};

use std::path::PathBuf;

use sheaf_compiler::source::Span;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's absolute path. A module of the standard library is `std/text.sheaf`.
    pub file: PathBuf,
    /// Where in it.
    pub span: Span,
}

/// A replacement of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextEdit {
    /// What is replaced; an empty span inserts.
    pub place: Place,
    /// By what.
    pub text: String,
}
