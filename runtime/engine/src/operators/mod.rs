//! The operators one by one, and the one entry that builds them from the IR.
//!
//! Invariants:
//! - Ports are the IR's; several edges may feed one port, which closes when all of them have. A
//!   fixpoint is one operator with a port for each edge that enters its loop (see [`shape`]).
//! - Output 0 is the node's collection; a fixpoint has one output per variable, in the order in
//!   which it names them.
//! - Everything that costs more than a copy of the batch happens in [`Operator::work`], which stops
//!   soon after its fuel is used up; output between two calls is bounded by the fuel.

pub(crate) mod block;
pub(crate) mod matching;
pub(crate) mod optional;
mod report;
mod shape;
pub(crate) mod values;

use sheaf_ir::graph::Operator as Ir;
use sheaf_ir::plan::Plan;
use sheaf_ir::{NodeId, Program};
use sheaf_kernels::Rows;

pub use sheaf_kernels::Environment;

use crate::fixpoint::{Exits, LoopOperator};
use crate::{Operator, Output};

pub use shape::{Entry, LoopEdge, Shape, shape};

/// Why a node cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The node is no operator of a worker: a source, a sink, an exchange or something of a live
    /// program.
    #[error("`{0}` is not an operator of one worker")]
    NotLocal(String),
    /// The graph or plan around the node has a form that the engine does not run.
    #[error("`{node}` cannot run: {reason}")]
    Unsupported {
        /// Name of the node.
        node: String,
        /// What is in the way.
        reason: String,
    },
    /// An expression of the node does not compile.
    #[error("`{node}` does not compile: {reason}")]
    Expression {
        /// Name of the node.
        node: String,
        /// Why.
        reason: String,
    },
}

/// Builds one worker's share of a node. A fixpoint built by this runs without other workers, so it
/// must be colocated or the only one.
pub fn build(
    program: &Program,
    id: NodeId,
    plan: &Plan,
    environment: &Environment,
) -> Result<Box<dyn Operator>, BuildError> {
    match &program.graph[id].operator {
        Ir::Fixpoint { .. } => crate::fixpoint::build(program, id, plan, environment),
        _ => Err(BuildError::NotLocal(program.graph[id].name.clone())),
    }
}

/// Builds one worker's share of an exchanged fixpoint.
pub fn build_loop(
    program: &Program,
    id: NodeId,
    plan: &Plan,
    environment: &Environment,
    exits: Exits,
) -> Result<Box<dyn LoopOperator>, BuildError> {
    crate::fixpoint::build_loop(program, id, plan, environment, exits)
}

/// The batch of an output, ready for rows of this arity.
pub(crate) fn output_rows(output: &mut Output, number: usize, arity: usize) -> &mut Rows {
    if output.rows.len() <= number {
        output.rows.resize_with(number + 1, Rows::default);
    }
    let rows = &mut output.rows[number];
    if rows.is_empty() && rows.arity() != arity {
        *rows = Rows::new(arity);
    }
    rows
}
