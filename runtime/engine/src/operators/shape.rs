//! How an operator is connected: what a host must know to render it.

use sheaf_ir::graph::{Operator as Ir, Port};
use sheaf_ir::plan::{EdgeName, FixpointStrategy, Plan, Route};
use sheaf_ir::{NodeId, Program};

use petgraph::Direction;
use petgraph::visit::EdgeRef;

use super::BuildError;

/// What a host must know of an operator to render it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The edges that bring rows, ascending by name of the edge. For a plain node: all its edges,
    /// each with its IR port. For a fixpoint: the edges that enter its loop, each with a port of
    /// its own, numbered in this order.
    pub entries: Vec<Entry>,
    /// The nodes whose collections the outputs are: the node itself, or the fixpoint's variables in
    /// the order in which it names them.
    pub outputs: Vec<NodeId>,
    /// The edges inside an exchanged fixpoint whose rows may leave the worker, ascending by name;
    /// the position is the edge's number in [`crate::fixpoint::LoopOperator`]. Empty if the plan
    /// says [`FixpointStrategy::Colocated`], and for plain nodes.
    pub loop_edges: Vec<LoopEdge>,
}

/// An edge that brings rows to an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The edge's name, as the plan has it.
    pub edge: EdgeName,
    /// Where rows come from.
    pub from: NodeId,
    /// Where they go: the node itself, or a node of the fixpoint's loop.
    pub to: NodeId,
    /// The operator's port.
    pub port: usize,
    /// How rows travel.
    pub route: Route,
}

/// An edge inside a loop whose rows go to the worker that owns their key.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopEdge {
    /// The edge's name, as the plan has it.
    pub edge: EdgeName,
    /// The node whose rows travel along it; its output columns are theirs.
    pub from: NodeId,
    /// Where they go.
    pub to: NodeId,
    /// The columns that they are hashed by.
    pub key: Vec<usize>,
}

/// How the operator of a node (or of the whole fixpoint `id`) is to be connected.
pub fn shape(program: &Program, id: NodeId, plan: &Plan) -> Result<Shape, BuildError> {
    let node = &program.graph[id];
    match &node.operator {
        Ir::Fixpoint { variables, .. } => fixpoint_shape(program, id, variables, plan),
        Ir::Variable { .. } => Err(BuildError::NotLocal(node.name.clone())),
        _ => {
            let mut entries: Vec<Entry> = edges_into(program, id)
                .map(|(from, port)| entry(program, plan, from, id, port))
                .collect();
            for entry in &mut entries {
                entry.port = entry.edge.port as usize;
            }
            entries.sort_by(|a, b| a.edge.cmp(&b.edge));
            Ok(Shape {
                entries,
                outputs: vec![id],
                loop_edges: Vec::new(),
            })
        }
    }
}

fn fixpoint_shape(
    program: &Program,
    id: NodeId,
    variables: &[String],
    plan: &Plan,
) -> Result<Shape, BuildError> {
    let name = &program.graph[id].name;
    let inside = |n: NodeId| program.graph[n].fixpoint.as_ref() == Some(name);
    let unsupported = |reason: String| BuildError::Unsupported {
        node: name.clone(),
        reason,
    };
    let colocated = matches!(
        plan.fixpoints.get(name),
        Some(FixpointStrategy::Colocated { .. })
    );
    let mut entries = Vec::new();
    let mut loop_edges = Vec::new();
    for to in program.graph.node_indices().filter(|&n| inside(n)) {
        for (from, port) in edges_into(program, to) {
            let entry = entry(program, plan, from, to, port);
            if !inside(from) {
                entries.push(entry);
                continue;
            }
            match entry.route {
                Route::Hash(key) if !colocated => loop_edges.push(LoopEdge {
                    edge: entry.edge,
                    from,
                    to,
                    key,
                }),
                Route::Hash(_) | Route::Local => {}
                other => {
                    let EdgeName { from, to, .. } = entry.edge;
                    return Err(unsupported(format!(
                        "the edge from `{from}` to `{to}` inside the loop is routed by {other:?}"
                    )));
                }
            }
        }
    }
    entries.sort_by(|a, b| a.edge.cmp(&b.edge));
    for (port, entry) in entries.iter_mut().enumerate() {
        entry.port = port;
    }
    loop_edges.sort_by(|a, b| a.edge.cmp(&b.edge));
    let outputs = variables
        .iter()
        .map(|variable| {
            program
                .find(variable)
                .filter(|&v| matches!(program.graph[v].operator, Ir::Variable { .. }) && inside(v))
                .ok_or_else(|| unsupported(format!("`{variable}` is no variable of its loop")))
        })
        .collect::<Result<Vec<NodeId>, BuildError>>()?;
    Ok(Shape {
        entries,
        outputs,
        loop_edges,
    })
}

fn edges_into(program: &Program, to: NodeId) -> impl Iterator<Item = (NodeId, u32)> {
    program
        .graph
        .edges_directed(to, Direction::Incoming)
        .map(|edge| {
            let Port(port) = *edge.weight();
            (edge.source(), port)
        })
}

fn entry(program: &Program, plan: &Plan, from: NodeId, to: NodeId, port: u32) -> Entry {
    let edge = EdgeName {
        from: program.graph[from].name.clone(),
        to: program.graph[to].name.clone(),
        port,
    };
    let route = plan.routes.get(&edge).cloned().unwrap_or(Route::Local);
    Entry {
        edge,
        from,
        to,
        port: 0,
        route,
    }
}
