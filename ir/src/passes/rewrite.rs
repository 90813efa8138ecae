//! Small changes of graphs and expressions that passes are made of.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::visit::EdgeRef;

use crate::expression::MAX_DEPTH;
use crate::infer;
use crate::{Block, Clause, Expr, ExprKind, Node, NodeId, Operator, Program, Span, Type};

/// A column as an expression.
pub(super) fn column(index: usize, ty: Type, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Column(index),
        ty,
        span,
    }
}

/// A block that gives these columns of rows of these types.
pub(super) fn picks(columns: &[usize], types: &[(String, Type)], span: Span) -> Block {
    Block {
        conditions: Vec::new(),
        outputs: columns
            .iter()
            .map(|&c| column(c, types[c].1.clone(), span))
            .collect(),
    }
}

/// The columns that an expression reads, ascending.
pub(super) fn columns_of(expr: &Expr) -> Vec<usize> {
    let mut columns = Vec::new();
    expr.walk(&mut |part| {
        if let ExprKind::Column(index) = part.kind {
            columns.push(index);
        }
    });
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Replaces every column.
pub(super) fn substitute(expr: &Expr, by: &dyn Fn(usize, &Expr) -> Expr) -> Expr {
    if let ExprKind::Column(index) = expr.kind {
        return by(index, expr);
    }
    let mut changed = expr.clone();
    for child in changed.children_mut() {
        *child = substitute(child, by);
    }
    changed
}

/// Renames every column.
pub(super) fn renumber_columns(expr: &mut Expr, to: &dyn Fn(usize) -> usize) {
    expr.walk_mut(&mut |part| {
        if let ExprKind::Column(index) = &mut part.kind {
            *index = to(*index);
        }
    });
}

/// Gives every binding of the expressions of a node a number of its own.
pub(super) fn renumber_locals(operator: &mut Operator) {
    let mut next = 0;
    for expr in operator.expressions_mut() {
        renumber(expr, &mut next, &mut Vec::new());
    }
}

fn renumber(expr: &mut Expr, next: &mut usize, scope: &mut Vec<(usize, usize)>) {
    let depth = scope.len();
    let bind = |local: &mut usize, next: &mut usize, scope: &mut Vec<(usize, usize)>| {
        scope.push((*local, *next));
        *local = *next;
        *next += 1;
    };
    match &mut expr.kind {
        ExprKind::Local(local) => {
            if let Some((_, new)) = scope.iter().rev().find(|(old, _)| old == local) {
                *local = *new;
            }
        }
        ExprKind::Let { local, value, body } => {
            renumber(value, next, scope);
            bind(local, next, scope);
            renumber(body, next, scope);
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            if let crate::Gather::Top(n) = gather {
                renumber(n, next, scope);
            }
            for clause in clauses {
                match clause {
                    Clause::Filter(condition) => renumber(condition, next, scope),
                    Clause::Each {
                        local,
                        collection: value,
                    }
                    | Clause::Let { local, value } => {
                        renumber(value, next, scope);
                        bind(local, next, scope);
                    }
                }
            }
            renumber(element, next, scope);
        }
        _ => {
            for child in expr.children_mut() {
                renumber(child, next, scope);
            }
        }
    }
    scope.truncate(depth);
}

/// Whether the expressions of an operator are not too deep for the verifier.
pub(super) fn is_shallow(operator: &Operator) -> bool {
    let parts = operator.expressions();
    parts.iter().all(|expr| expr.is_within(MAX_DEPTH))
}

/// Whether the parts of expressions that can be copied freely are all there is of one.
pub(super) fn is_free(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Column(_) | ExprKind::Constant(_) | ExprKind::Param(_)
    )
}

/// What reads a node, if it is read once.
pub(super) fn only_reader(program: &Program, id: NodeId) -> Option<(NodeId, u32)> {
    // Many may read a source, so they are not put in order.
    let mut readers = program.graph.edges_directed(id, Direction::Outgoing);
    match (readers.next(), readers.next()) {
        (Some(edge), None) => Some((edge.target(), edge.weight().0)),
        _ => None,
    }
}

/// What feeds a port, if it is one node.
pub(super) fn only_input(program: &Program, id: NodeId, port: u32) -> Option<NodeId> {
    let mut inputs = program.inputs(id).into_iter().filter(|(at, _)| *at == port);
    match (inputs.next(), inputs.next()) {
        (Some((_, from)), None) => Some(from),
        _ => None,
    }
}

/// Lets a port be fed by another node alone.
pub(super) fn feed_by(program: &mut Program, id: NodeId, port: u32, from: NodeId) {
    let old: Vec<_> = program
        .graph
        .edges_directed(id, Direction::Incoming)
        .filter(|edge| edge.weight().0 == port)
        .map(|edge| edge.id())
        .collect();
    for edge in old {
        program.graph.remove_edge(edge);
    }
    program.connect(from, id, port);
}

/// Takes all edges away that lead into a node.
pub(super) fn unfeed(program: &mut Program, id: NodeId) {
    let old: Vec<_> = program
        .graph
        .edges_directed(id, Direction::Incoming)
        .map(|edge| edge.id())
        .collect();
    for edge in old {
        program.graph.remove_edge(edge);
    }
}

/// Lets every reader of a node read another one instead.
pub(super) fn move_readers(program: &mut Program, from: NodeId, to: NodeId) {
    let edges: Vec<_> = program
        .graph
        .edges_directed(from, Direction::Outgoing)
        .map(|edge| (edge.id(), edge.target(), *edge.weight()))
        .collect();
    for (edge, target, port) in edges {
        program.graph.remove_edge(edge);
        program.graph.add_edge(to, target, port);
    }
}

/// Whether the readers of a node cannot tell it from another one with the same rows: those that may
/// fail name the columns of the row they failed on.
pub(super) fn can_stand_for(program: &Program, new: NodeId, old: NodeId) -> bool {
    let graph = &program.graph;
    let names = |id: NodeId| graph[id].output.columns.iter().map(|(name, _)| name);
    names(new).eq(names(old))
        || program
            .outputs(old)
            .iter()
            .all(|(reader, _)| !super::failure::node_can_fail(program, *reader))
}

/// Lets the readers of a node read another one, which gives them the same, and removes the node. The one
/// that is left takes the name of a relation if it has none. `false`, and nothing is changed, if a reader
/// could tell the difference.
pub(super) fn replace_by(program: &mut Program, id: NodeId, by: NodeId) -> bool {
    let reads_both = program.outputs(id).iter().any(|(reader, port)| {
        let inputs = program.inputs(*reader);
        inputs.contains(&(*port, by))
    });
    if reads_both || !can_stand_for(program, by, id) {
        return false;
    }
    let takes_name = only_reader(program, by).is_some()
        && program.graph[by].name.contains('#')
        && !program.graph[id].name.contains('#')
        && !super::failure::node_can_fail(program, by);
    move_readers(program, id, by);
    if let Some(removed) = program.graph.remove_node(id)
        && takes_name
    {
        let kept = &mut program.graph[by];
        kept.name = removed.name;
        let names = removed.output.columns.into_iter().map(|(name, _)| name);
        for (column, name) in kept.output.columns.iter_mut().zip(names) {
            column.0 = name;
        }
    }
    true
}

/// Whether two nodes run in the same loop, or both in none.
pub(super) fn same_loop(program: &Program, a: NodeId, b: NodeId) -> bool {
    program.graph[a].fixpoint == program.graph[b].fixpoint
}

/// The nodes of a program by their names, for a pass that looks up or adds many.
pub(super) struct Names(BTreeMap<String, NodeId>);

impl Names {
    pub(super) fn of(program: &Program) -> Names {
        let ids = program.graph.node_indices();
        Names(ids.map(|id| (program.graph[id].name.clone(), id)).collect())
    }

    /// The node that had this name when the pass began, or that was added by it.
    pub(super) fn find(&self, name: &str) -> Option<NodeId> {
        self.0.get(name).copied()
    }

    /// The fixpoint around another one that is named.
    pub(super) fn around(&self, program: &Program, fixpoint: Option<&str>) -> Option<String> {
        let fixpoint = self.find(fixpoint?)?;
        program.graph[fixpoint].fixpoint.clone()
    }

    /// Adds a node. If its name is taken, it gets a number behind it.
    pub(super) fn add(&mut self, program: &mut Program, mut node: Node) -> NodeId {
        if self.0.contains_key(&node.name) {
            node.name = (2..)
                .map(|n| format!("{}-{n}", node.name))
                .find(|name| !self.0.contains_key(name))
                .unwrap_or_default();
        }
        let name = node.name.clone();
        let id = program.add(node);
        self.0.insert(name, id);
        id
    }
}

/// Turns a node into one that gives nothing.
pub(super) fn empty(program: &mut Program, id: NodeId) {
    unfeed(program, id);
    program.graph[id].operator = Operator::Union;
}

/// Whether a node gives nothing, ever.
pub(super) fn is_empty(program: &Program, id: NodeId) -> bool {
    match &program.graph[id].operator {
        Operator::Union | Operator::Distinct => program.inputs(id).is_empty(),
        Operator::Values { rows } => rows.is_empty(),
        _ => false,
    }
}

/// Derives what is known of rows again, after the graph was changed.
pub(super) fn refresh(program: &mut Program) {
    infer::annotate(program);
}

/// How often each column is read by some expressions; more than once each time within a comprehension.
pub(super) fn reads<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for expr in expressions {
        count(expr, 1, &mut counts);
    }
    counts
}

fn count(expr: &Expr, times: usize, counts: &mut BTreeMap<usize, usize>) {
    if let ExprKind::Column(index) = expr.kind {
        *counts.entry(index).or_default() += times;
    }
    let times = match expr.kind {
        ExprKind::Comprehension { .. } => times + 1,
        _ => times,
    };
    for child in expr.children() {
        count(child, times, counts);
    }
}
