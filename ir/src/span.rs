//! Where in the source text a node or expression comes from.

use serde::{Deserialize, Serialize};

/// A byte range of one source file. Spans are carried for messages only: they take no part in
/// equality of meaning and are left out of content hashes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span {
    /// Index into [`crate::Program::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}
