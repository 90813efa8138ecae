//! Sets, lattice cells and indexes of flat rows.
//!
//! Invariants:
//! - Everything is stored in flat arrays of words; words narrow to 32 bits while all of them fit
//!   and widen, once and for all, at the first that does not.
//! - Rows and keys are numbered by `u32` in order of insertion; numbers never change.
//! - Table hashes ([`hash`]) have nothing in common with the digests that place rows on workers:
//!   rows that share a shard spread over a whole table.

mod dense;
pub mod hash;
mod index;
mod inline;
mod key_table;
mod lattice;
mod payload;
mod recent;
mod row_set;
#[cfg(test)]
mod tests;

pub(crate) use dense::Word;
pub use index::{GrowingIndex, Index, Matches, StaticIndex};
pub use key_table::KeyTable;
pub use lattice::{Join, LatticeMap};
pub use payload::Payload;
pub(crate) use payload::Words;
pub use recent::Recent;
pub use row_set::RowSet;

/// Rows handled between two looks at fuel, and at once in a table.
pub const BATCH: usize = 1024;
