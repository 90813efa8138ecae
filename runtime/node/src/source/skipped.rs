//! Counts of what a source passes over because nobody needs it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters that a reader raises.
#[derive(Debug, Default)]
pub struct Skipped {
    /// Rows of row groups that were not read.
    pub rows: AtomicU64,
    /// Row groups that were not read.
    pub row_groups: AtomicU64,
    /// Columns of row groups that were not read, though others of the row group were.
    pub columns: AtomicU64,
}

/// What [`Skipped`] counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skips {
    /// Rows of row groups that were not read.
    pub rows: u64,
    /// Row groups that were not read.
    pub row_groups: u64,
    /// Columns of row groups that were not read, though others of the row group were.
    pub columns: u64,
}

impl Skipped {
    /// The counts as they stand.
    pub fn counts(&self) -> Skips {
        Skips {
            rows: self.rows.load(Ordering::Relaxed),
            row_groups: self.row_groups.load(Ordering::Relaxed),
            columns: self.columns.load(Ordering::Relaxed),
        }
    }
}

impl Skips {
    /// Whether everything was read.
    pub fn is_nothing(&self) -> bool {
        *self == Skips::default()
    }
}
