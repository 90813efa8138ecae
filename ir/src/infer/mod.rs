//! What can be known of a node's output from its operator and from what its inputs claim.
//!
//! Invariants:
//! - Front ends and passes fill annotations with these functions and [`mod@crate::verify`] checks
//!   them against the same ones, so what is filled in is always justified.
//! - Derivation is local: the claims of the inputs are trusted, so a claim holds for the whole
//!   program if it holds at every node. Sources are taken at their word for columns and labels.
//! - Nothing panics on a wrong program; where nothing can be derived the weakest claim is given.

mod columns;
mod keys;
mod labels;
mod trend;

pub use columns::{columns, names};
pub use keys::{Distinctness, distinctness};
pub(crate) use labels::loop_movements;
pub use labels::{Movements, label, movements};
pub use trend::{Trend, trend};

use crate::nesting::topological;
use crate::{Collection, Label, NodeId, Operator, Program};

/// What a node gives, derived from its operator and its inputs' annotations.
///
/// Column names stay as the node says if their number is right; otherwise they come from the
/// inputs. Where types cannot be derived (sources, stored tables, variables without inputs), they
/// stay as well. To build a graph node by node: add the node with its column names, connect its
/// inputs, set its output to this. For variables and for labels in a loop, call [`annotate`] in
/// the end.
pub fn collection(program: &Program, id: NodeId) -> Collection {
    let claimed = &program.graph[id].output;
    let columns = match columns(program, id) {
        None => claimed.columns.clone(),
        Some(types) if types.len() == claimed.columns.len() => {
            let names = claimed.columns.iter().map(|(name, _)| name.clone());
            names.zip(types).collect()
        }
        Some(types) => names(program, id).into_iter().zip(types).collect(),
    };
    let distinctness = distinctness(program, id);
    let movements = if program
        .inputs(id)
        .iter()
        .any(|(_, from)| is_growing(program, *from))
    {
        movements(program)
    } else {
        Movements::none()
    };
    Collection {
        columns,
        multiplicity: distinctness.multiplicity,
        label: label(program, id, &movements),
        keys: distinctness.keys,
    }
}

/// Sets multiplicity, label and keys of every node to what can be derived. Columns stay, and so do
/// the labels of sources and stored tables, which nobody can derive.
pub fn annotate(program: &mut Program) {
    let order = topological(program);
    for &id in &order {
        let is_given = matches!(
            program.graph[id].operator,
            Operator::Source { .. } | Operator::StateRead { .. }
        );
        if !is_given {
            program.graph[id].output.label = Label::Closed;
        }
        if !matches!(program.graph[id].operator, Operator::StateRead { .. }) {
            let distinctness = distinctness(program, id);
            program.graph[id].output.multiplicity = distinctness.multiplicity;
            program.graph[id].output.keys = distinctness.keys;
        }
    }
    // Labels only climb and there are three, so this ends.
    loop {
        let movements = if order.iter().any(|id| is_growing(program, *id)) {
            movements(program)
        } else {
            Movements::none()
        };
        let mut changed = false;
        for &id in &order {
            let derived = label(program, id, &movements);
            if derived > program.graph[id].output.label {
                program.graph[id].output.label = derived;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn is_growing(program: &Program, id: NodeId) -> bool {
    program.graph[id].output.label == Label::Growing
}
