//! Takes away what makes rows distinct where they are already, or where nobody can tell.
//!
//! Rule: a distinct goes if its only input is a set by its keys, or if every reader takes repeated rows for
//! one: a set, a fixpoint's variable, the right side of a semijoin or antijoin, an idempotent combiner.
//! A node that may fail is never among them: it reports each row.

use crate::{Multiplicity, NodeId, Operator, Program};

use super::World;
use super::failure::node_can_fail;
use super::rewrite::{refresh, replace_by, same_loop};

/// Removes needless distincts; how many.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    for id in program.nodes_by_name() {
        if !matches!(program.graph[id].operator, Operator::Distinct) {
            continue;
        }
        match program.inputs(id).as_slice() {
            [(_, from)] => {
                let is_set = program.graph[*from].output.multiplicity == Multiplicity::Set;
                let is_needless = is_set || nobody_counts(program, id);
                let outside = program.graph[id].fixpoint.is_none();
                let is_allowed = same_loop(program, *from, id) || outside;
                if is_needless && is_allowed && replace_by(program, id, *from) {
                    changes += 1;
                }
            }
            [_, _, ..] if nobody_counts(program, id) => {
                program.graph[id].operator = Operator::Union;
                changes += 1;
            }
            _ => {}
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

fn nobody_counts(program: &Program, id: NodeId) -> bool {
    let readers = program.outputs(id);
    !readers.is_empty()
        && readers
            .iter()
            .all(|(reader, port)| match &program.graph[*reader].operator {
                Operator::Distinct => true,
                Operator::Variable { .. } => true,
                Operator::Semijoin { .. } | Operator::Antijoin { .. } => *port == 1,
                Operator::Combine { combiner } => {
                    combiner.is_idempotent() && !node_can_fail(program, *reader)
                }
                _ => false,
            })
}
