//! Edges and the ports they feed.

use crate::{NodeId, Operator};

use super::Verifier;

/// Checks the edges of a node; whether what depends on its inputs can be checked.
pub(super) fn check(v: &mut Verifier, id: NodeId) -> bool {
    let program = v.program;
    let operator = &program.graph[id].operator;
    let before = v.violations.len();
    let inputs = program.inputs(id);
    let ports = operator.ports();
    for (port, from) in inputs.iter().filter(|(port, _)| *port >= ports) {
        let from = &program.graph[*from].name;
        let message = format!(
            "%{from} feeds port {port}, but {} has {ports}",
            operator.name()
        );
        v.at("port-exists", id, message);
    }
    if !operator.is_variadic() {
        for port in 0..ports {
            match inputs.iter().filter(|(at, _)| *at == port).count() {
                0 => v.at("port-filled", id, format!("nothing feeds port {port}")),
                1 => {}
                edges => v.at("port-single", id, format!("{edges} edges feed port {port}")),
            }
        }
    }
    let outputs = program.outputs(id).len();
    if outputs > 0 && matches!(operator, Operator::Sink { .. } | Operator::Fixpoint { .. }) {
        let message = format!("{} gives no rows, but is read", operator.name());
        v.at("no-output", id, message);
    }
    // An edge out of what gives nothing does not spoil the node itself.
    v.violations[before..]
        .iter()
        .all(|violation| violation.invariant == "no-output")
}
