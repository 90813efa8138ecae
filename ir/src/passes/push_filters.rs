//! Moves conditions to where rows come from.
//!
//! Rule: a condition that cannot fail moves from a map over a union, distinct, semijoin, antijoin, outer join
//! or combine that nobody else reads to the inputs whose columns it reads, and from a join to the side it
//! reads; a comparison of a key column with a constant to both sides. None of these reports an error for a
//! row that is now kept from it: behind a combiner that can fail, and on columns it makes, conditions stay.

use petgraph::Direction;
use petgraph::visit::EdgeRef;

use crate::{
    Block, Collection, Combiner, Expr, ExprKind, Function, Label, Multiplicity, Node, NodeId,
    Operator, Program,
};

use super::World;
use super::failure::{can_fail, node_can_fail};
use super::rewrite::{
    Names, column, columns_of, only_input, only_reader, refresh, renumber_columns, renumber_locals,
};

/// Moves conditions; how many nodes lost some.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    let mut names = Names::of(program);
    for id in program.nodes_by_name() {
        changes += usize::from(push_from_map(program, &mut names, id));
        changes += usize::from(push_from_join(program, &mut names, id));
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// Moves conditions of a map over a node that passes rows on.
fn push_from_map(program: &mut Program, names: &mut Names, id: NodeId) -> bool {
    let Operator::Map { block } = &program.graph[id].operator else {
        return false;
    };
    let Some(from) = only_input(program, id, 0) else {
        return false;
    };
    if block.conditions.is_empty() || only_reader(program, from).is_none() {
        return false;
    }
    let given = &program.graph[from];
    let width = given.output.columns.len();
    let (movable, left_only) = match &given.operator {
        Operator::Union | Operator::Distinct => (width, false),
        Operator::Semijoin { .. } | Operator::Antijoin { .. } => (width, true),
        Operator::OuterJoin { right_columns, .. } => (width - right_columns.len(), true),
        Operator::Combine { combiner }
            if !node_can_fail(program, from) && !matches!(combiner, Combiner::Lattice(_)) =>
        {
            (width - 1, false)
        }
        _ => return false,
    };
    let inputs = program.inputs(from);
    if inputs.is_empty()
        || !inputs
            .iter()
            .all(|(_, input)| is_outside(program, *input, from))
    {
        return false;
    }
    let moves = |condition: &Expr| {
        !can_fail(program, condition) && columns_of(condition).iter().all(|c| *c < movable)
    };
    let (moved, kept): (Vec<Expr>, Vec<Expr>) =
        block.conditions.clone().into_iter().partition(moves);
    if moved.is_empty() {
        return false;
    }
    for (port, input) in inputs {
        if port == 0 || !left_only {
            filter_input(program, names, input, from, port, moved.clone());
        }
    }
    if let Operator::Map { block } = &mut program.graph[id].operator {
        block.conditions = kept;
    }
    true
}

/// Whether a filter of what a node reads can be put outside of all loops, or in the same one.
fn is_outside(program: &Program, from: NodeId, reader: NodeId) -> bool {
    program.graph[reader].fixpoint.is_none()
        || program.graph[from].fixpoint.is_none()
        || program.graph[from].fixpoint == program.graph[reader].fixpoint
}

/// Moves conditions of a join that read one side only.
fn push_from_join(program: &mut Program, names: &mut Names, id: NodeId) -> bool {
    let Operator::Join {
        left_key,
        right_key,
        block,
    } = &program.graph[id].operator
    else {
        return false;
    };
    let [(_, left), (_, right)] = program.inputs(id)[..] else {
        return false;
    };
    if block.conditions.is_empty() || left == right {
        return false;
    }
    let width = program.graph[left].output.columns.len();
    let (left_key, right_key) = (left_key.clone(), right_key.clone());
    let mut sides: [Vec<Expr>; 2] = [Vec::new(), Vec::new()];
    let mut kept = Vec::new();
    for condition in block.conditions.clone() {
        let columns = columns_of(&condition);
        let is_left = columns.iter().all(|c| *c < width);
        let is_right = columns.iter().all(|c| *c >= width);
        let home = if is_left { left } else { right };
        if columns.is_empty()
            || is_left == is_right
            || can_fail(program, &condition)
            || !is_outside(program, home, id)
        {
            kept.push(condition);
            continue;
        }
        let mut own = condition;
        renumber_columns(&mut own, &|c| if is_left { c } else { c - width });
        let (keys, partner) = match is_left {
            true => ((&left_key, &right_key), right),
            false => ((&right_key, &left_key), left),
        };
        if let [c] = columns_of(&own)[..]
            && is_comparison(&own)
            && let Some(at) = keys.0.iter().position(|k| *k == c)
            && is_outside(program, partner, id)
        {
            let mut other = own.clone();
            renumber_columns(&mut other, &|_| keys.1[at]);
            sides[usize::from(is_left)].push(other);
        }
        sides[usize::from(!is_left)].push(own);
    }
    let changed = sides.iter().any(|side| !side.is_empty());
    for (port, conditions) in (0..).zip(sides) {
        if !conditions.is_empty() {
            let from = if port == 0 { left } else { right };
            filter_input(program, names, from, id, port, conditions);
        }
    }
    if changed && let Operator::Join { block, .. } = &mut program.graph[id].operator {
        block.conditions = kept;
    }
    changed
}

/// Whether a condition compares a column with a constant or parameter.
fn is_comparison(condition: &Expr) -> bool {
    let ExprKind::Call(Function::Eq, sides) = &condition.kind else {
        return false;
    };
    let constant = |expr: &Expr| matches!(expr.kind, ExprKind::Constant(_) | ExprKind::Param(_));
    sides.iter().any(constant)
}

/// Puts a map with these conditions on the edge between two nodes.
pub(super) fn filter_input(
    program: &mut Program,
    names: &mut Names,
    from: NodeId,
    to: NodeId,
    port: u32,
    conditions: Vec<Expr>,
) {
    let span = conditions
        .first()
        .map_or(program.graph[to].span, |c| c.span);
    let columns = program.graph[from].output.columns.clone();
    let outputs = columns.iter().enumerate();
    let mut operator = Operator::Map {
        block: Block {
            conditions,
            outputs: outputs
                .map(|(c, (_, ty))| column(c, ty.clone(), span))
                .collect(),
        },
    };
    renumber_locals(&mut operator);
    let shared = program.graph[from].fixpoint == program.graph[to].fixpoint;
    let node = Node {
        name: step_name(&program.graph[to].name, "where"),
        operator,
        output: Collection {
            columns,
            multiplicity: Multiplicity::Bag,
            label: Label::Closed,
            keys: Vec::new(),
        },
        fixpoint: if shared {
            program.graph[to].fixpoint.clone()
        } else {
            None
        },
        span,
    };
    let filter = names.add(program, node);
    insert(program, from, filter, to, port);
}

/// Puts a node that is not connected yet on the edge between two nodes.
pub(super) fn insert(program: &mut Program, from: NodeId, new: NodeId, to: NodeId, port: u32) {
    let edge = program
        .graph
        .edges_directed(to, Direction::Incoming)
        .find(|edge| edge.source() == from && edge.weight().0 == port)
        .map(|edge| edge.id());
    if let Some(edge) = edge {
        program.graph.remove_edge(edge);
    }
    program.connect(from, new, 0);
    program.connect(new, to, port);
}

/// A name for a step that belongs to a node.
pub(super) fn step_name(node: &str, step: &str) -> String {
    match node.contains('#') {
        true => format!("{node}-{step}"),
        false => format!("{node}#{step}"),
    }
}
