//! How one installation runs a program: a serialisable annotation of the IR, by node name.
//!
//! Invariants:
//! - The plan decides where rows go, never what they are; any legal plan gives the same rows.
//! - [`validate`] decides what is legal: rows that must meet do, and no row is counted twice.
//! - A source gives its rows on some workers and `Values` on one, each row once. The operators
//!   `Exchange` and `Broadcast` do nothing by themselves: their edges' routes do it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod choice;
mod choose;
mod colocate;
pub mod drawing;
mod early;
mod estimate;
mod explain;
mod matching;
mod placement;
mod price;
pub mod reads;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
mod validate;
mod words;

pub use choice::{Choice, Kind, Rejected};
pub use choose::{Decided, choose, decide};
pub use explain::{Explanation, Incoming, Line, Place, Travel, explain};
pub use validate::validate;
pub use words::short_number;

/// The plan of a program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How rows travel along each edge. An edge that is not listed is [`Route::Local`].
    pub routes: BTreeMap<EdgeName, Route>,
    /// For each fixpoint, how it runs.
    pub fixpoints: BTreeMap<String, FixpointStrategy>,
    /// Edges before which repeated rows are dropped, as far as a bounded memory goes. What they
    /// lead to does not mind how often a row comes.
    pub thinned: BTreeSet<EdgeName>,
    /// Combines in two steps: each worker combines what it has, and what comes of it travels to
    /// be combined again. All edges of such a node have one route.
    pub split: BTreeSet<String>,
}

/// An edge by the names of its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EdgeName {
    /// The node the rows come from.
    pub from: String,
    /// The node they go to.
    pub to: String,
    /// The port of `to`.
    pub port: u32,
}

/// Which workers get a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// The worker that has it.
    Local,
    /// The worker that owns the shard of these columns of the row (see [`crate::shard`]); without
    /// columns, the owner of the shard of the empty key.
    Hash(Vec<usize>),
    /// Every worker.
    Broadcast,
    /// Worker 0 of process 0.
    Gather,
    /// Any worker, evenly.
    Balance,
}

/// How a fixpoint runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FixpointStrategy {
    /// No derivation leaves its worker: each variable keeps the named columns from body to head,
    /// entries are hashed by them and all else that the loop reads is broadcast (or hashed alike).
    /// The engine may run chunk after chunk of the key space, each to its end.
    Colocated {
        /// For each variable, the columns that are partitioned by; never empty.
        columns: BTreeMap<String, Vec<usize>>,
    },
    /// Derivations travel between workers round a loop. Edges inside it are local or hashed.
    Exchanged,
}
