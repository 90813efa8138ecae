//! What a worker-local operator is, apart from how rows reach it.
//!
//! An operator holds one worker's share of a node's (or a whole fixpoint's) state. It sees rows
//! that were already routed to this worker and knows neither timely nor other workers.

use serde::{Deserialize, Serialize};
use sheaf_kernels::{EvalError, Rows};

use crate::NodeStatistics;

/// One worker's share of an operator.
pub trait Operator {
    /// Takes rows on a port. Cheap or bounded: what is expensive waits for [`Operator::work`].
    fn push(&mut self, port: usize, rows: Rows, output: &mut Output);

    /// No more rows will come on this port, in any epoch.
    fn close(&mut self, port: usize, output: &mut Output);

    /// All rows of the current epoch have come, on every port. Operators that are not monotone
    /// ignore it and wait for [`Operator::close`].
    fn end_epoch(&mut self, output: &mut Output);

    /// Does pending work until it is done or about `fuel` rows were touched (`fuel` is lowered by
    /// what was used). Called until it says [`Progress::Done`].
    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress;

    /// Bytes held, for statistics.
    fn memory(&self) -> usize;

    /// What the parts of an operator that holds several nodes did.
    fn parts(&self) -> Vec<NodeStatistics> {
        Vec::new()
    }
}

/// Whether an operator has pending work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to do until more comes.
    Done,
    /// Call again.
    More,
}

/// Where an operator puts what it gives: one batch per output (a fixpoint has one per variable,
/// any other operator one).
#[derive(Debug, Default)]
pub struct Output {
    /// Rows by output number.
    pub rows: Vec<Rows>,
    /// Failures.
    pub errors: Vec<ErrorRow>,
}

/// A derivation that failed, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Name of the IR node, which names the rule.
    pub node: String,
    /// What failed, where and why.
    pub error: EvalError,
    /// The input row in words a person can read: `column = value` pairs.
    pub input: Vec<(String, String)>,
}
