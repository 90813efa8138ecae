//! Rough numbers of rows, from those of the inputs.

use std::collections::BTreeMap;

use crate::nesting::topological;
use crate::sizes::Sizes;
use crate::{Block, Expr, ExprKind, Function, NodeId, Operator, Program};

/// Rows of an input of which nothing is known, if nothing is known of any.
const UNKNOWN: f64 = 1000.0;
/// How many times larger than any input a recursive relation is taken to be.
const RECURSIVE: f64 = 4.0;

/// Estimated rows by node.
pub(super) struct Estimates {
    rows: BTreeMap<NodeId, f64>,
}

impl Estimates {
    pub(super) fn of(program: &Program, sizes: &Sizes) -> Estimates {
        let largest = sizes.rows.values().max().map_or(UNKNOWN, |n| *n as f64);
        let mut rows: BTreeMap<NodeId, f64> = BTreeMap::new();
        for id in topological(program) {
            let node = &program.graph[id];
            let inputs: Vec<f64> = program
                .inputs(id)
                .iter()
                .filter_map(|(_, from)| rows.get(from).copied())
                .collect();
            let first = inputs.first().copied().unwrap_or(0.0);
            let estimate = match &node.operator {
                Operator::Source { .. } => {
                    let known = sizes.rows.get(&node.name);
                    known.map_or(largest, |rows| *rows as f64)
                }
                Operator::Values { rows } => rows.len() as f64,
                Operator::Variable { .. } => largest * RECURSIVE,
                Operator::Map { block } => first * kept(block),
                Operator::FlatMap { block, .. } => first * 4.0 * kept(block),
                Operator::Join { block, .. } => {
                    inputs.iter().copied().fold(0.0, f64::max) * kept(block)
                }
                Operator::Semijoin { .. } | Operator::Antijoin { .. } => first / 2.0,
                Operator::Combine { .. } => first / 2.0,
                Operator::Union | Operator::Distinct => inputs.iter().sum(),
                _ => first,
            };
            rows.insert(id, estimate.max(1.0));
        }
        Estimates { rows }
    }

    /// Rows of a node, at least one.
    pub(super) fn rows(&self, id: NodeId) -> f64 {
        self.rows.get(&id).copied().unwrap_or(UNKNOWN)
    }
}

/// The part of rows that conditions leave.
fn kept(block: &Block) -> f64 {
    let one = |condition: &Expr| match &condition.kind {
        ExprKind::Call(Function::Eq, _) => 0.1,
        _ => 0.5,
    };
    block.conditions.iter().map(one).product()
}
