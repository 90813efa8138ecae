//! Which views may be wrong, not only incomplete, because rows upstream are missing.
//!
//! A missing row only makes a monotone view smaller. Behind a `not` or a `maybe` it makes rows
//! appear, and behind an aggregate it changes a value: those views are named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sheaf_ir::{NodeId, Operator, Program};

use crate::names;

/// A view whose rows may be wrong, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A `not` reads what is incomplete.
    Not,
    /// A `maybe` does.
    Maybe,
    /// A combiner does.
    Aggregate,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Not => "not",
            Reason::Maybe => "maybe",
            Reason::Aggregate => "aggregate",
        })
    }
}

/// The views that may be wrong when rows of these nodes are missing, ascending by short name.
pub fn affected(program: &Program, failing: &BTreeSet<String>) -> Vec<(String, BTreeSet<Reason>)> {
    let mut reached: BTreeSet<NodeId> = BTreeSet::new();
    let mut pending: Vec<NodeId> = Vec::new();
    let mut views: BTreeMap<String, BTreeSet<Reason>> = BTreeMap::new();
    for name in failing {
        let Some(id) = program.find(name) else {
            continue;
        };
        pending.push(id);
        if let Operator::Fixpoint { variables, .. } = &program.graph[id].operator {
            pending.extend(variables.iter().filter_map(|name| program.find(name)));
        }
    }
    while let Some(id) = pending.pop() {
        if !reached.insert(id) {
            continue;
        }
        for (target, port) in program.outputs(id) {
            let node = &program.graph[target];
            let reason = match (&node.operator, port) {
                (Operator::Antijoin { .. }, 1) => Some(Reason::Not),
                (Operator::OuterJoin { .. }, 1) => Some(Reason::Maybe),
                (Operator::Combine { .. } | Operator::Variable { combiner: Some(_) }, _) => {
                    Some(Reason::Aggregate)
                }
                _ => None,
            };
            if let Some(reason) = reason {
                let view = node.name.split('#').next().unwrap_or(&node.name);
                let view = names::short(view).to_string();
                views.entry(view).or_default().insert(reason);
            }
            pending.push(target);
        }
    }
    views.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sheaf_ir::{Collection, Combiner, Label, Multiplicity, Node, Span};

    fn node(
        program: &mut Program,
        name: &str,
        operator: Operator,
        inputs: &[(NodeId, u32)],
    ) -> NodeId {
        let id = program.add(Node {
            name: name.into(),
            operator,
            output: Collection {
                columns: Vec::new(),
                multiplicity: Multiplicity::Set,
                label: Label::Closed,
                keys: Vec::new(),
            },
            fixpoint: None,
            span: Span::default(),
        });
        for (input, port) in inputs {
            program.connect(*input, id, *port);
        }
        id
    }

    #[test]
    fn only_what_is_not_monotone_is_named() {
        let mut program = Program::default();
        let p = &mut program;
        let keys = || (Vec::new(), Vec::new());
        let anti = |(left_key, right_key)| Operator::Antijoin {
            left_key,
            right_key,
        };
        let a = node(p, "m.a", Operator::Union, &[]);
        let b = node(p, "m.b", Operator::Union, &[]);
        let plain = node(p, "m.plain", Operator::Union, &[(a, 0)]);
        node(p, "m.left#1.1", anti(keys()), &[(plain, 0), (b, 1)]);
        let without = node(p, "m.without#1.2", anti(keys()), &[(b, 0), (plain, 1)]);
        let combiner = Combiner::Count;
        node(
            p,
            "m.count",
            Operator::Combine { combiner },
            &[(without, 0)],
        );
        let names = |failing: &str| -> Vec<String> {
            affected(&program, &BTreeSet::from([failing.to_string()]))
                .into_iter()
                .map(|(view, reasons)| format!("{view}: {reasons:?}"))
                .collect()
        };
        assert_eq!(names("m.a"), ["count: {Aggregate}", "without: {Not}"]);
        assert_eq!(names("m.b"), ["count: {Aggregate}", "left: {Not}"]);
        assert_eq!(names("m.count"), Vec::<String>::new());
        assert_eq!(names("no such node"), Vec::<String>::new());
    }
}
