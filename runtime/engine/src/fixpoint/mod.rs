//! Whole fixpoints, each as one operator.
//!
//! How an exchanged fixpoint is hosted (see [`LoopOperator`]):
//! - [`Operator::push`], [`Operator::close`] and [`Operator::end_epoch`] bring what enters the loop,
//!   as for any operator. No row is derived before the first `end_epoch` (and the close of ports
//!   that are read non-monotonically).
//! - After each [`Operator::work`] the host takes [`LoopOperator::take_away`] and sends each parcel
//!   round the loop to its worker, which hands it to its own share by [`LoopOperator::push_loop`].
//!   Parcels of an epoch may come before that epoch's `end_epoch` here: they wait.
//! - When the loop is quiet everywhere (no share has work, no parcel is on its way, all have seen
//!   `end_epoch`), the host calls [`LoopOperator::settle`] on each share, then `work` until it is
//!   done; then the epoch's output is complete.
//! - Lattice values and failures over them can be superseded as long as rows may come: they are given
//!   by the last `settle`, after all ports have closed.
//! - Parcels from one worker to another should arrive in order. Rows that are derived do not depend on
//!   it, but a failure over a superseded value may be reported if an older value overtakes a newer.
//!
//! No rounds and no timestamps: joins inside the loop are symmetric over indexes of all that came, so
//! that every pair is found exactly once in whatever order rows arrive.

mod analysis;
mod audit;
mod chunk;
mod compile;
mod dataflow;
mod executor;
mod exit;
mod stage;
#[cfg(test)]
mod tests;
mod variable;

use sheaf_ir::plan::Plan;
use sheaf_ir::{NodeId, Program};
use sheaf_kernels::Rows;

use crate::Operator;
use crate::container::Recent;
use crate::operators::{BuildError, Environment, shape};
use executor::Fixpoint;
use exit::Departures;

/// One worker's share of an exchanged fixpoint. A fixpoint without loop edges settles by itself at
/// the end of each epoch and needs none of this.
pub trait LoopOperator: Operator {
    /// Rows that another worker sent along a loop edge (a position in [`crate::operators::Shape::loop_edges`]), with
    /// the generation they were sent with. Cheap: they wait for [`Operator::work`].
    fn push_loop(&mut self, edge: usize, generation: u64, rows: Rows);

    /// Whatever has to go to other workers. Empty after it was taken.
    fn take_away(&mut self) -> Vec<Away>;

    /// The loop is quiet for this epoch: what `work` gives from now until it is done are the
    /// settled values of lattice variables and the errors that stand.
    ///
    /// `last` says that no worker has a later epoch: only then is the fixpoint finished. That all
    /// ports of this share are closed does not say so, for another worker may still be behind,
    /// derive from what entered there, and send it round.
    fn settle(&mut self, last: bool);
}

/// Rows that leave the worker along a loop edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Away {
    /// Position in [`crate::operators::Shape::loop_edges`].
    pub edge: usize,
    /// The worker they go to.
    pub worker: usize,
    /// After how many rounds they were derived; must reach [`LoopOperator::push_loop`] with them.
    pub generation: u64,
    /// At most some thousands.
    pub rows: Rows,
}

/// For each row of a batch of a loop edge, by number, appends the worker that owns it.
pub type Router = Box<dyn FnMut(usize, &Rows, &mut Vec<usize>)>;

/// How a share of an exchanged fixpoint knows where rows belong.
pub struct Exits {
    /// The number of this worker.
    pub worker: usize,
    /// Finds the owners of rows.
    pub route: Router,
}

/// Builds a fixpoint that runs without other workers.
pub(crate) fn build(
    program: &Program,
    id: NodeId,
    plan: &Plan,
    environment: &Environment,
) -> Result<Box<dyn Operator>, BuildError> {
    let region = compile::compile(program, id, plan, environment, false)?;
    Ok(Box::new(Fixpoint::new(region, None)))
}

/// Builds one worker's share of an exchanged fixpoint.
pub(crate) fn build_loop(
    program: &Program,
    id: NodeId,
    plan: &Plan,
    environment: &Environment,
    exits: Exits,
) -> Result<Box<dyn LoopOperator>, BuildError> {
    let region = compile::compile(program, id, plan, environment, true)?;
    let mut recent = Vec::new();
    for edge in shape(program, id, plan)?.loop_edges {
        let arity = program.graph[edge.from].output.columns.len();
        // Only variables meet rows that were sent before.
        recent.push(match program.graph[edge.to].operator {
            sheaf_ir::Operator::Variable { .. } if arity > 0 => {
                let join = compile::lattice_join(program, edge.to, environment)?;
                Some(Recent::new(arity, join))
            }
            _ => None,
        });
    }
    let departures = Departures::new(exits, recent);
    Ok(Box::new(Fixpoint::new(region, Some(departures))))
}
