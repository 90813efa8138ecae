//! Which node runs in the loop of which fixpoint, and in which order nodes depend on each other.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::{NodeId, Operator, Program};

/// How deep fixpoints may lie in each other.
pub const MAX_NESTING: usize = 32;

/// The fixpoint around each node. A node whose fixpoint is not to be found, or not uniquely, or
/// lies in itself, counts as outside of all.
#[derive(Clone, Debug)]
pub struct Nesting {
    parents: BTreeMap<NodeId, NodeId>,
}

impl Nesting {
    /// That of a program.
    pub fn of(program: &Program) -> Nesting {
        let mut by_name: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
        for id in program.graph.node_indices() {
            by_name.entry(&program.graph[id].name).or_default().push(id);
        }
        let parent = |id: NodeId| {
            let name = program.graph[id].fixpoint.as_deref()?;
            match by_name.get(name).map(Vec::as_slice) {
                Some([one]) if is_fixpoint(program, *one) => Some(*one),
                _ => None,
            }
        };
        let mut parents = BTreeMap::new();
        for id in program.graph.node_indices() {
            let ends = std::iter::successors(Some(id), |id| parent(*id))
                .nth(MAX_NESTING)
                .is_none();
            if let Some(parent) = parent(id).filter(|_| ends) {
                parents.insert(id, parent);
            }
        }
        Nesting { parents }
    }

    /// The innermost fixpoint around a node.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.parents.get(&id).copied()
    }

    /// The node, its fixpoint, the fixpoint around that, and so on.
    pub fn chain(&self, id: NodeId) -> Vec<NodeId> {
        std::iter::successors(Some(id), |id| self.parent(*id)).collect()
    }

    /// Whether a node runs in the loop of a fixpoint, or of one inside it.
    pub fn is_inside(&self, id: NodeId, fixpoint: NodeId) -> bool {
        self.chain(id)
            .iter()
            .skip(1)
            .any(|outer| *outer == fixpoint)
    }
}

pub(crate) fn is_fixpoint(program: &Program, id: NodeId) -> bool {
    matches!(program.graph[id].operator, Operator::Fixpoint { .. })
}

pub(crate) fn is_variable(program: &Program, id: NodeId) -> bool {
    matches!(program.graph[id].operator, Operator::Variable { .. })
}

/// The names of the variables that name each fixpoint, ascending.
pub fn variables(program: &Program) -> BTreeMap<&str, Vec<&str>> {
    let mut variables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in program.graph.node_weights() {
        if let (Operator::Variable { .. }, Some(fixpoint)) = (&node.operator, &node.fixpoint) {
            variables.entry(fixpoint).or_default().push(&node.name);
        }
    }
    variables.values_mut().for_each(|names| names.sort());
    variables
}

/// The nodes in the loop of each fixpoint, by its name, in the order given.
pub(crate) fn loops<'a>(program: &'a Program, order: &[NodeId]) -> BTreeMap<&'a str, Vec<NodeId>> {
    let mut loops: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    for &id in order {
        if let Some(fixpoint) = &program.graph[id].fixpoint {
            loops.entry(fixpoint).or_default().push(id);
        }
    }
    loops
}

/// All nodes so that each, save for variables, comes after what it reads; ties in ascending order
/// of names. A cycle without a variable is broken by name.
pub fn topological(program: &Program) -> Vec<NodeId> {
    let mut waiting: BTreeMap<NodeId, usize> = BTreeMap::new();
    for edge in program.graph.edge_references() {
        if !is_variable(program, edge.target()) {
            *waiting.entry(edge.target()).or_default() += 1;
        }
    }
    let entry = |id: NodeId| (program.graph[id].name.as_str(), id);
    let mut rest: BTreeSet<(&str, NodeId)> = program.graph.node_indices().map(entry).collect();
    let mut ready: BTreeSet<(&str, NodeId)> = rest
        .iter()
        .filter(|(_, id)| !waiting.contains_key(id))
        .copied()
        .collect();
    let mut order = Vec::with_capacity(rest.len());
    while let Some(next) = ready.pop_first().or_else(|| rest.first().copied()) {
        rest.remove(&next);
        order.push(next.1);
        for target in program.graph.neighbors(next.1) {
            if let Some(count) = waiting.get_mut(&target) {
                *count -= 1;
                if *count == 0 && rest.contains(&entry(target)) {
                    ready.insert(entry(target));
                }
            }
        }
    }
    order
}
