//! Fixpoints, their variables and what runs in their loops.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::visit::{EdgeRef, IntoEdgeReferences, NodeFiltered};

use crate::infer::loop_movements;
use crate::nesting::{is_fixpoint, is_variable};
use crate::{NodeId, Operator};

use super::Verifier;

pub(super) fn check(v: &mut Verifier) {
    for id in v.program.nodes_by_name() {
        check_fixpoint(v, id);
        check_variable(v, id);
    }
    check_cycles(v);
    if v.is_clean_of(&[
        "name-unique",
        "fixpoint-known",
        "fixpoint-nesting",
        "variable-home",
    ]) {
        check_members(v);
        check_exits(v);
        check_strata(v);
    }
}

/// Checks that loops use lattice values only in monotone ways.
pub(super) fn check_movements(v: &mut Verifier) {
    let movements = loop_movements(v.program, &v.nesting);
    for id in v.program.nodes_by_name() {
        if let Some(reason) = movements.broken(id) {
            v.at("loop-monotone", id, format!("it {reason}"));
        }
    }
}

fn check_fixpoint(v: &mut Verifier, id: NodeId) {
    let program = v.program;
    let node = &program.graph[id];
    if let Some(name) = &node.fixpoint {
        let exists = program
            .graph
            .node_indices()
            .any(|other| program.graph[other].name == *name && is_fixpoint(program, other));
        if !exists {
            v.at(
                "fixpoint-known",
                id,
                format!("there is no fixpoint %{name}"),
            );
        } else if is_fixpoint(program, id) && v.nesting.parent(id).is_none() {
            let message = "it lies in itself, or too deep in others";
            v.at("fixpoint-nesting", id, message);
        }
    }
    let Operator::Fixpoint { limit, variables } = &node.operator else {
        return;
    };
    if *limit == 0 {
        v.at("fixpoint-limit", id, "it may not run a single round");
    }
    let own: BTreeSet<&String> = program
        .graph
        .node_indices()
        .filter(|other| is_variable(program, *other))
        .map(|other| &program.graph[other])
        .filter(|variable| variable.fixpoint.as_ref() == Some(&node.name))
        .map(|variable| &variable.name)
        .collect();
    let listed: BTreeSet<&String> = variables.iter().collect();
    if listed != own || listed.len() != variables.len() {
        let wrong: Vec<&str> = listed
            .symmetric_difference(&own)
            .map(|name| name.as_str())
            .collect();
        let message = match wrong.as_slice() {
            [] => "it lists a variable twice".to_string(),
            wrong => format!(
                "it does not list exactly its variables: {}",
                wrong.join(", ")
            ),
        };
        v.at("fixpoint-variables", id, message);
    }
}

fn check_variable(v: &mut Verifier, id: NodeId) {
    let node = &v.program.graph[id];
    let Operator::Variable { combiner } = &node.operator else {
        return;
    };
    if node.fixpoint.is_none() {
        v.at("variable-home", id, "it belongs to no fixpoint");
    }
    if let Some(combiner) = combiner
        && !(combiner.is_idempotent() && combiner.is_climbing())
    {
        let message = format!("{} may not stand in a recursion", combiner.name());
        v.at("variable-combiner", id, message);
    }
}

/// Cycles that are left when the variables are taken away.
fn check_cycles(v: &mut Verifier) {
    let program = v.program;
    let steps = NodeFiltered::from_fn(&program.graph, |id| !is_variable(program, id));
    for mut cycle in kosaraju_scc(&steps) {
        let is_loop =
            cycle.len() > 1 || cycle.iter().any(|id| program.graph.contains_edge(*id, *id));
        cycle.sort_by_key(|id| &program.graph[*id].name);
        if let Some(first) = cycle.first().filter(|_| is_loop) {
            let names: Vec<String> = cycle
                .iter()
                .take(8)
                .map(|id| format!("%{}", program.graph[*id].name))
                .collect();
            let message = format!("no variable on the cycle of {}", names.join(", "));
            v.at("cycle-variable", *first, message);
        }
    }
}

/// Everything on a cycle with a variable runs in the loop of that variable's fixpoint. Cycles of an
/// inner fixpoint are those that pass through no variable of an outer one.
fn check_members(v: &mut Verifier) {
    let program = v.program;
    let mut by_outer: BTreeMap<Vec<NodeId>, BTreeSet<NodeId>> = BTreeMap::new();
    for id in program
        .graph
        .node_indices()
        .filter(|id| is_fixpoint(program, *id))
    {
        by_outer
            .entry(v.nesting.chain(id)[1..].to_vec())
            .or_default()
            .insert(id);
    }
    let mut outsiders = BTreeSet::new();
    for (outer, fixpoints) in &by_outer {
        let nesting = &v.nesting;
        let inner = NodeFiltered::from_fn(&program.graph, |id| {
            let home = nesting.parent(id);
            !(is_variable(program, id) && home.is_some_and(|home| outer.contains(&home)))
        });
        for cycle in kosaraju_scc(&inner) {
            let homes: BTreeSet<NodeId> = cycle
                .iter()
                .filter(|id| is_variable(program, **id))
                .filter_map(|id| nesting.parent(*id))
                .filter(|home| fixpoints.contains(home))
                .collect();
            for &id in cycle.iter().filter(|_| cycle.len() > 1) {
                for home in homes.iter().filter(|home| !nesting.is_inside(id, **home)) {
                    outsiders.insert((id, *home));
                }
            }
        }
    }
    for (id, home) in outsiders {
        let message = format!("it runs in the loop of %{}", program.graph[home].name);
        v.at("loop-member", id, message);
    }
}

fn check_exits(v: &mut Verifier) {
    let program = v.program;
    let mut exits = BTreeSet::new();
    for edge in program.graph.edge_references() {
        let (from, to) = (edge.source(), edge.target());
        let own = is_variable(program, from)
            .then(|| v.nesting.parent(from))
            .flatten();
        for &fixpoint in &v.nesting.chain(from)[1..] {
            if Some(fixpoint) != own && !v.nesting.is_inside(to, fixpoint) {
                exits.insert((from, to, fixpoint));
            }
        }
    }
    for (from, to, fixpoint) in exits {
        // On a cycle it is the reader that forgot to name the fixpoint.
        if v.violations.iter().any(|violation| {
            violation.invariant == "loop-member" && violation.node == program.graph[to].name
        }) {
            continue;
        }
        let message = format!(
            "%{} reads it outside the loop of %{}",
            program.graph[to].name, program.graph[fixpoint].name
        );
        v.at("loop-exit", from, message);
    }
}

/// What depends on the variables of a fixpoint must not feed anything in its loop that is not
/// monotone.
fn check_strata(v: &mut Verifier) {
    let program = v.program;
    let mut found = BTreeSet::new();
    for fixpoint in program
        .graph
        .node_indices()
        .filter(|id| is_fixpoint(program, *id))
    {
        let mut live: BTreeSet<NodeId> = BTreeSet::new();
        let mut rest: Vec<NodeId> = program
            .graph
            .node_indices()
            .filter(|id| is_variable(program, *id) && v.nesting.parent(*id) == Some(fixpoint))
            .collect();
        while let Some(id) = rest.pop() {
            if live.insert(id) {
                let inside = |id: &NodeId| v.nesting.is_inside(*id, fixpoint);
                rest.extend(program.graph.neighbors(id).filter(inside));
            }
        }
        for &id in &live {
            for edge in program.graph.edges(id) {
                let to = edge.target();
                if v.nesting.is_inside(to, fixpoint)
                    && !is_monotone(&program.graph[to].operator, edge.weight().0)
                {
                    found.insert((to, id));
                }
            }
        }
    }
    for (to, from) in found {
        let message = format!(
            "{} reads %{}, which its own loop derives",
            program.graph[to].operator.name(),
            program.graph[from].name
        );
        v.at("stratification", to, message);
    }
}

/// Whether more rows on a port can only give more rows.
fn is_monotone(operator: &Operator, port: u32) -> bool {
    match operator {
        Operator::Antijoin { .. } | Operator::OuterJoin { .. } => port == 0,
        Operator::Combine { .. }
        | Operator::Sink { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. }
        | Operator::OrderPoint { .. }
        | Operator::Extern { .. } => false,
        _ => true,
    }
}
