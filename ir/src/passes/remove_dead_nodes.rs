//! Takes away what nobody reads, and what can never have a row.
//!
//! Rule: a node stays if an output, an effect or a node that may fail rests on it, and sources stay,
//! because what cannot be read of them is reported. What reads only nodes that give nothing gives nothing.
//! A loop that only passes values on is taken to end within its limit.
//!
//! Nodes are gone through each after what it reads, so that once is enough. Variables, which end every cycle,
//! come last: whatever they read, they are not taken to give nothing.

use std::collections::BTreeSet;

use crate::nesting::{is_fixpoint, is_variable, loops, topological};
use crate::{NodeId, Operator, Program};

use super::World;
use super::failure::{loop_can_fail, node_can_fail};
use super::rewrite::{Names, empty, is_empty, refresh, replace_by, same_loop};

/// Removes dead nodes; how many.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let changes = spread_emptiness(program) + remove_unread(program);
    if changes > 0 {
        refresh(program);
    }
    changes
}

fn spread_emptiness(program: &mut Program) -> usize {
    let mut changes = 0;
    let (variables, others): (Vec<NodeId>, Vec<NodeId>) = topological(program)
        .into_iter()
        .partition(|id| is_variable(program, *id));
    for id in others.into_iter().chain(variables) {
        let inputs = program.inputs(id);
        let dry = |port: u32| {
            let mut of_port = inputs.iter().filter(|(at, _)| *at == port);
            of_port.all(|(_, from)| is_empty(program, *from))
        };
        match &program.graph[id].operator {
            Operator::Union | Operator::Distinct => {
                changes += drop_empty_inputs(program, id, 0);
            }
            Operator::Combine { .. } | Operator::Variable { .. } => {
                changes += drop_empty_inputs(program, id, 1);
            }
            Operator::Map { .. } | Operator::FlatMap { .. } if dry(0) => {
                empty(program, id);
                changes += 1;
            }
            Operator::Join { .. } | Operator::Semijoin { .. } if dry(0) || dry(1) => {
                empty(program, id);
                changes += 1;
            }
            Operator::Antijoin { .. } | Operator::OuterJoin { .. } if dry(0) => {
                empty(program, id);
                changes += 1;
            }
            Operator::Antijoin { .. } if dry(1) => {
                if let Some((_, left)) = inputs.first().copied()
                    && same_loop(program, left, id)
                    && replace_by(program, id, left)
                {
                    changes += 1;
                }
            }
            _ => {}
        }
    }
    changes
}

/// Draws no edges from what gives nothing, as long as `least` are left: some operators take their types
/// from their inputs.
fn drop_empty_inputs(program: &mut Program, id: NodeId, least: usize) -> usize {
    let inputs = program.inputs(id);
    let mut left = inputs.len();
    let mut changes = 0;
    for (_, from) in inputs {
        if left > least
            && is_empty(program, from)
            && let Some(edge) = program.graph.find_edge(from, id)
        {
            program.graph.remove_edge(edge);
            left -= 1;
            changes += 1;
        }
    }
    changes
}

fn remove_unread(program: &mut Program) -> usize {
    let ids = program.nodes_by_name();
    let names = Names::of(program);
    let loops = loops(program, &ids);
    let may_reach_limit = |id: NodeId| {
        let looped = loops.get(program.graph[id].name.as_str());
        is_fixpoint(program, id) && looped.is_some_and(|nodes| loop_can_fail(program, nodes))
    };
    let mut needed: BTreeSet<NodeId> = BTreeSet::new();
    let mut pending: Vec<NodeId> = ids
        .iter()
        .copied()
        .filter(|id| {
            let operator = &program.graph[*id].operator;
            matches!(operator, Operator::Sink { .. })
                || node_can_fail(program, *id)
                || may_reach_limit(*id)
        })
        .collect();
    while let Some(id) = pending.pop() {
        if !needed.insert(id) {
            continue;
        }
        let node = &program.graph[id];
        pending.extend(program.inputs(id).iter().map(|(_, from)| *from));
        pending.extend(node.fixpoint.as_deref().and_then(|name| names.find(name)));
        // A loop that may reach its limit does so by all its variables.
        if let Operator::Fixpoint { variables, .. } = &node.operator
            && may_reach_limit(id)
        {
            pending.extend(variables.iter().filter_map(|name| names.find(name)));
        }
    }
    let dead: Vec<NodeId> = ids.into_iter().filter(|id| !needed.contains(id)).collect();
    let gone: BTreeSet<String> = dead
        .iter()
        .map(|id| program.graph[*id].name.clone())
        .collect();
    for id in &dead {
        program.graph.remove_node(*id);
    }
    for node in program.graph.node_weights_mut() {
        if let Operator::Fixpoint { variables, .. } = &mut node.operator {
            variables.retain(|name| !gone.contains(name));
        }
    }
    dead.len()
}
