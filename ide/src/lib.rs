//! What an editor asks about Sheaf programs, as plain data: hover, completion, rename and their like.
//!
//! Invariants:
//! - Pure: no files, clock, environment, threads or network; files come in through [`files::Files`].
//! - It knows no protocol: places are byte offsets, results are this crate's own types.
//! - It reads the compiler's own trees and its checked program; there is no second parser. A file with
//!   errors gets everything that can be known of it.
//! - An [`Analysis`] never changes: what is asked of it is about the texts as they were when it was taken.

mod analysis;
mod declarations;
mod diagnostics;
pub mod files;
pub mod folders;
mod hover;
mod names;
mod navigation;
mod program;
mod rename;
mod resolve;
pub mod trees;

pub use analysis::{Analysis, Workspace};
pub use declarations::{Declaration, Kind, Part};
pub use diagnostics::{Fix, Mistake, Related};
pub use hover::Hover;
pub use navigation::Use;
pub use program::Program;
pub use resolve::{Occurrence, Role};

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
