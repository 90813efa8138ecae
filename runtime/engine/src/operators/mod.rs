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
mod combine;
mod distinct;
mod join;
mod map;
pub(crate) mod matching;
pub(crate) mod optional;
pub(crate) mod outer_join;
mod queue;
mod report;
pub(crate) mod semijoin;
mod shape;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod union;
pub(crate) mod values;

use sheaf_ir::graph::Operator as Ir;
use sheaf_ir::plan::Plan;
use sheaf_ir::{NodeId, Program, Type};
use sheaf_kernels::Rows;

pub use sheaf_kernels::Environment;

use crate::fixpoint::{Exits, LoopOperator};
use crate::{Operator, Output};
use block::BlockRunner;
use combine::Combine;
use distinct::{Distinct, PreDistinct};
use join::Join;
use map::Map;
use matching::Side;
use optional::Optional;
use outer_join::OuterJoin;
use semijoin::{Antijoin, Semijoin};
use union::Union;
use values::Values;

pub use combine::SplitCombine;
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
    let node = &program.graph[id];
    let inputs = Inputs { program, id };
    let runner =
        |block, each, columns| BlockRunner::new(program, id, block, each, columns, environment);
    Ok(match &node.operator {
        Ir::Fixpoint { .. } => return crate::fixpoint::build(program, id, plan, environment),
        Ir::Values { rows } => Box::new(Values::new(program, id, rows, environment)?),
        Ir::Map { block } => Box::new(Map::new(runner(block, None, inputs.columns(0)?)?, false)),
        Ir::FlatMap { each, block } => {
            let runner = runner(block, Some(each), inputs.columns(0)?)?;
            Box::new(Map::new(runner, true))
        }
        Ir::Join {
            left_key,
            right_key,
            block,
        } => {
            let mut columns = inputs.columns(0)?;
            columns.extend(inputs.columns(1)?);
            let sides = inputs.sides(left_key, right_key)?;
            Box::new(Join::new(sides, runner(block, None, columns)?))
        }
        Ir::Semijoin {
            left_key,
            right_key,
        } => Box::new(Semijoin::new(inputs.sides(left_key, right_key)?)),
        Ir::Antijoin {
            left_key,
            right_key,
        } => Box::new(Antijoin::new(inputs.sides(left_key, right_key)?)),
        Ir::OuterJoin {
            left_key,
            right_key,
            right_columns,
        } => {
            let [left, _] = inputs.sides(left_key, right_key)?;
            let columns = inputs.columns(1)?;
            let optional = Optional::new(&columns, right_key, right_columns, environment);
            Box::new(OuterJoin::new(left, optional, right_key))
        }
        // Only the routes of their edges do something.
        Ir::Union | Ir::Exchange { .. } | Ir::Broadcast => Box::new(Union),
        Ir::Distinct => Box::new(Distinct::new(node.output.columns.len())),
        Ir::Combine { .. } => {
            let columns = inputs.columns(0)?;
            Box::new(Combine::new(program, id, &columns, environment)?)
        }
        _ => return Err(BuildError::NotLocal(node.name.clone())),
    })
}

/// Builds the combine of a node in two steps, for either side of the exchange that leads to it. The
/// key columns stay where they are. `None` where one step does as well.
pub fn build_split_combine(
    program: &Program,
    id: NodeId,
    environment: &Environment,
) -> Result<Option<SplitCombine>, BuildError> {
    let columns = Inputs { program, id }.columns(0)?;
    Combine::split(program, id, &columns, environment)
}

/// Builds what may stand before the exchange that leads to a [`Ir::Distinct`]: drops most repeated
/// rows early, in bounded memory.
pub fn build_pre_distinct(arity: usize) -> Box<dyn Operator> {
    Box::new(PreDistinct::new(arity))
}

/// What feeds a node.
struct Inputs<'a> {
    program: &'a Program,
    id: NodeId,
}

impl Inputs<'_> {
    /// The columns of what feeds a port.
    fn columns(&self, port: u32) -> Result<Vec<(String, Type)>, BuildError> {
        let from = self
            .program
            .inputs(self.id)
            .into_iter()
            .find(|i| i.0 == port);
        match from {
            Some((_, from)) => Ok(self.program.graph[from].output.columns.clone()),
            None => Err(BuildError::Unsupported {
                node: self.program.graph[self.id].name.clone(),
                reason: format!("port {port} has no edge"),
            }),
        }
    }

    fn sides(&self, left_key: &[usize], right_key: &[usize]) -> Result<[Side; 2], BuildError> {
        Ok([
            Side {
                arity: self.columns(0)?.len(),
                key: left_key.to_vec(),
            },
            Side {
                arity: self.columns(1)?.len(),
                key: right_key.to_vec(),
            },
        ])
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
