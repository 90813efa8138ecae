//! What is claimed of rows: multiplicity, keys, labels.

use crate::infer::{self, Movements};
use crate::{Label, Multiplicity, NodeId, Operator};

use super::Verifier;

/// Checks multiplicity and keys of a node.
pub(super) fn check(v: &mut Verifier, id: NodeId) {
    let node = &v.program.graph[id];
    let claimed = &node.output;
    let width = claimed.columns.len();
    let mut seen = std::collections::BTreeSet::new();
    for key in &claimed.keys {
        let is_ascending = key.is_sorted_by(|a, b| a < b);
        if !is_ascending || key.iter().any(|column| *column >= width) || !seen.insert(key) {
            let message = format!("{key:?} is not a new key of ascending columns below {width}");
            v.at("key-form", id, message);
        }
    }
    if matches!(node.operator, Operator::StateRead { .. }) {
        return;
    }
    let derived = infer::distinctness(v.program, id);
    if claimed.multiplicity < derived.multiplicity {
        v.at("set-justified", id, "equal rows may occur twice");
    }
    for key in &claimed.keys {
        let is_all = key.len() >= width;
        let contains = |smaller: &Vec<usize>| smaller.iter().all(|column| key.contains(column));
        if !is_all && !derived.keys.iter().any(contains) {
            let names: Vec<&str> = key
                .iter()
                .filter_map(|column| claimed.columns.get(*column))
                .map(|(name, _)| name.as_str())
                .collect();
            let message = format!(
                "rows may agree on ({}) and differ elsewhere",
                names.join(", ")
            );
            if key.iter().all(|column| *column < width) {
                v.at("key-justified", id, message);
            }
        }
    }
    debug_assert!(Multiplicity::Set < Multiplicity::Bag);
}

/// Checks the labels of all nodes whose edges are right.
pub(super) fn check_labels(v: &mut Verifier) {
    let program = v.program;
    let is_growing = |node: &crate::Node| node.output.label == Label::Growing;
    let movements = match program.graph.node_weights().any(is_growing) {
        true => infer::movements(program),
        false => Movements::none(),
    };
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        let derived = infer::label(program, id, &movements);
        if node.output.label < derived {
            let reason = match movements.broken(id) {
                Some(reason) => format!("; it {reason}"),
                None => String::new(),
            };
            let message = format!(
                "{} is {}, not {}{reason}",
                node.operator.name(),
                name(derived),
                name(node.output.label)
            );
            v.at("label-justified", id, message);
        }
        let acts = matches!(
            node.operator,
            Operator::StateWrite { .. } | Operator::Effect { .. }
        );
        let rests_on_changing = program
            .inputs(id)
            .iter()
            .any(|(_, from)| program.graph[*from].output.label == Label::Changing);
        if acts && rests_on_changing {
            v.at(
                "effect-settled",
                id,
                "it rests on rows that may be retracted",
            );
        }
    }
}

fn name(label: Label) -> &'static str {
    match label {
        Label::Closed => "closed",
        Label::Growing => "growing",
        Label::Changing => "changing",
    }
}
