//! The shape of a program as the planner sees it: arities, keys, who feeds whom, in which order.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::EdgeName;
use crate::{Block, ExprKind, NodeId, Operator, Program};

/// An edge with its ends resolved.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub port: u32,
    pub from: NodeId,
    pub name: EdgeName,
    /// Whether both ends are in the loop of one fixpoint.
    pub inner: bool,
}

/// What feeds a node, in a fixed order.
pub(super) fn inputs(program: &Program, id: NodeId) -> Vec<Input> {
    let node = &program.graph[id];
    program
        .inputs(id)
        .into_iter()
        .map(|(port, from)| Input {
            port,
            from,
            name: EdgeName {
                from: program.graph[from].name.clone(),
                to: node.name.clone(),
                port,
            },
            inner: node.fixpoint.is_some() && node.fixpoint == program.graph[from].fixpoint,
        })
        .collect()
}

/// How many columns a node gives.
pub(super) fn arity(program: &Program, id: NodeId) -> usize {
    program.graph[id].output.columns.len()
}

/// Columns that may decide where a row of a grouping node lives: all of a set's, the key of a
/// combined collection.
pub(super) fn grouping(program: &Program, id: NodeId) -> Option<Vec<usize>> {
    let arity = arity(program, id);
    match &program.graph[id].operator {
        Operator::Distinct | Operator::Variable { combiner: None } => Some((0..arity).collect()),
        Operator::Combine { .. } | Operator::Variable { combiner: Some(_) } => {
            Some((0..arity.saturating_sub(1)).collect())
        }
        _ => None,
    }
}

/// For each output column, the input column it repeats.
pub(super) fn picks(block: &Block) -> Vec<Option<usize>> {
    block
        .outputs
        .iter()
        .map(|e| match e.kind {
            ExprKind::Column(i) => Some(i),
            _ => None,
        })
        .collect()
}

/// All nodes, each after what feeds it, variables first; deterministic. Nodes on a cycle without
/// a variable, which no right program has, come last.
pub(super) fn order(program: &Program) -> Vec<NodeId> {
    let by_name = program.nodes_by_name();
    let rank: BTreeMap<NodeId, usize> = by_name.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let mut waiting: BTreeMap<NodeId, usize> = by_name
        .iter()
        .map(|&id| match program.graph[id].operator {
            Operator::Variable { .. } => (id, 0),
            _ => (id, program.inputs(id).len()),
        })
        .collect();
    let mut ready: BTreeSet<(bool, usize)> = by_name
        .iter()
        .filter(|id| waiting[id] == 0)
        .map(|id| (!is_variable(program, *id), rank[id]))
        .collect();
    let mut order = Vec::with_capacity(by_name.len());
    while let Some((_, next)) = ready.pop_first() {
        let id = by_name[next];
        order.push(id);
        for (to, _) in program.outputs(id) {
            if is_variable(program, to) {
                continue;
            }
            if let Some(n) = waiting.get_mut(&to) {
                *n -= 1;
                if *n == 0 {
                    ready.insert((true, rank[&to]));
                }
            }
        }
    }
    let done: BTreeSet<NodeId> = order.iter().copied().collect();
    order.extend(by_name.iter().filter(|id| !done.contains(id)));
    order
}

/// Goes through nodes in an order, and again through those whose inputs have changed, until nothing
/// changes any more; `change` says whether what it knows of a node did. As if all were gone through
/// again and again, but without those where nothing is new.
pub(super) fn settle(program: &Program, order: &[NodeId], mut change: impl FnMut(NodeId) -> bool) {
    let place: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let mut open: BTreeSet<(usize, usize)> = (0..order.len()).map(|at| (0, at)).collect();
    while let Some((sweep, at)) = open.pop_first() {
        if !change(order[at]) {
            continue;
        }
        for reader in program.graph.neighbors(order[at]) {
            if let Some(&to) = place.get(&reader) {
                open.insert((sweep + usize::from(to <= at), to));
            }
        }
    }
}

/// Whether a node is a recursive variable.
pub(super) fn is_variable(program: &Program, id: NodeId) -> bool {
    matches!(program.graph[id].operator, Operator::Variable { .. })
}

/// The fixpoints by name, with the variables that exist.
pub(super) fn fixpoints(program: &Program) -> Vec<(String, Vec<NodeId>)> {
    let by_name: BTreeMap<&str, NodeId> = program
        .graph
        .node_indices()
        .map(|id| (program.graph[id].name.as_str(), id))
        .collect();
    program
        .nodes_by_name()
        .into_iter()
        .filter_map(|id| match &program.graph[id].operator {
            Operator::Fixpoint { variables, .. } => Some((
                program.graph[id].name.clone(),
                variables
                    .iter()
                    .filter_map(|v| by_name.get(v.as_str()).copied())
                    .filter(|v| is_variable(program, *v))
                    .collect(),
            )),
            _ => None,
        })
        .collect()
}

/// Through how many maps a wish for a key is followed.
const DEMAND_DEPTH: usize = 8;

/// The keys by which the readers of a node compare or group its rows, as columns of the node. For
/// a variable only the readers in its loop count: they read it again and again.
pub(super) fn demands(program: &Program, id: NodeId) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    follow(program, id, DEMAND_DEPTH, &mut found);
    found
}

fn follow(program: &Program, id: NodeId, depth: usize, found: &mut Vec<Vec<usize>>) {
    for (to, port) in program.outputs(id) {
        let (reader, node) = (&program.graph[to], &program.graph[id]);
        if node.fixpoint.is_some() && reader.fixpoint != node.fixpoint {
            continue;
        }
        let operator = &program.graph[to].operator;
        if let Some((left, right)) = operator.keys() {
            found.push(if port == 0 { left } else { right }.to_vec());
        } else if let Some(columns) = grouping(program, to) {
            if !is_variable(program, to) {
                found.push(columns);
            }
        } else if let (Operator::Map { block } | Operator::FlatMap { block, .. }, 1..) =
            (operator, depth)
        {
            let picks = picks(block);
            let mut beyond = Vec::new();
            follow(program, to, depth - 1, &mut beyond);
            found.extend(beyond.into_iter().filter_map(|key| {
                key.into_iter()
                    .map(|c| picks.get(c).copied().flatten())
                    .collect::<Option<Vec<usize>>>()
                    .filter(|key| key.iter().all(|c| *c < arity(program, id)))
            }));
        }
    }
}

/// Of the columns allowed, those that serve most of the wishes; all of them where nobody wishes.
/// Of equally useful choices the one with more columns wins (less skew), then the lower columns.
pub(super) fn most_useful(allowed: &[usize], demands: &[Vec<usize>]) -> Vec<usize> {
    let wishes: Vec<Vec<usize>> = demands
        .iter()
        .map(|key| {
            let mut reduced: Vec<usize> = Vec::new();
            for c in key {
                if allowed.contains(c) && !reduced.contains(c) {
                    reduced.push(*c);
                }
            }
            reduced
        })
        .filter(|key| !key.is_empty())
        .collect();
    let singles = wishes.iter().flatten().map(|c| vec![*c]);
    let candidates: BTreeSet<Vec<usize>> = wishes.iter().cloned().chain(singles).collect();
    candidates
        .into_iter()
        .max_by(|a, b| {
            let served = |key: &[usize]| {
                wishes
                    .iter()
                    .filter(|wish| key.iter().all(|c| wish.contains(c)))
                    .count()
            };
            (served(a), a.len())
                .cmp(&(served(b), b.len()))
                .then_with(|| b.cmp(a))
        })
        .unwrap_or_else(|| allowed.to_vec())
}
