//! Computes once what two nodes would compute alike.
//!
//! Rule: two nodes are alike if they have the same operator and the same inputs on the same ports, in the
//! same loop. Neither may fail, for each would report. Variables, sources and what has effects are never
//! shared. Of two, the first by name stays; a relation's name comes before a step's.
//!
//! Within a block nothing is shared: its outputs are computed column by column, and a local spans only one
//! of them.

use std::collections::BTreeMap;

use crate::nesting::topological;
use crate::{NodeId, Operator, Program, Span};

use super::World;
use super::failure::node_can_fail;
use super::rewrite::{refresh, renumber_locals, replace_by};

/// Shares equal nodes; how many went away.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    let mut known: BTreeMap<String, NodeId> = BTreeMap::new();
    for id in topological(program) {
        let Some(key) = key(program, id) else {
            continue;
        };
        match known.get(&key).copied() {
            None => {
                known.insert(key, id);
            }
            Some(first) => {
                let rank = |id: NodeId| {
                    let name = &program.graph[id].name;
                    (name.contains('#'), name.clone())
                };
                let (kept, gone) = match rank(first) <= rank(id) {
                    true => (first, id),
                    false => (id, first),
                };
                if replace_by(program, gone, kept) {
                    known.insert(key, kept);
                    changes += 1;
                }
            }
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// What a node does, as text; `None` if it is not to be shared.
fn key(program: &Program, id: NodeId) -> Option<String> {
    let node = &program.graph[id];
    let is_shared = match &node.operator {
        Operator::Map { .. }
        | Operator::FlatMap { .. }
        | Operator::Join { .. }
        | Operator::Semijoin { .. }
        | Operator::Antijoin { .. }
        | Operator::OuterJoin { .. }
        | Operator::Union
        | Operator::Distinct
        | Operator::Combine { .. } => true,
        Operator::Values { rows } => rows.iter().flatten().next().is_some(),
        _ => false,
    };
    let inputs = program.inputs(id);
    if !is_shared || node_can_fail(program, id) {
        return None;
    }
    let mut operator = node.operator.clone();
    renumber_locals(&mut operator);
    for expr in operator.expressions_mut() {
        expr.walk_mut(&mut |part| part.span = Span::default());
    }
    let inputs: Vec<(u32, usize)> = inputs
        .iter()
        .map(|(port, from)| (*port, from.index()))
        .collect();
    let types: Vec<_> = node.output.columns.iter().map(|(_, ty)| ty).collect();
    Some(format!(
        "{operator:?} {inputs:?} {types:?} {:?}",
        node.fixpoint
    ))
}
