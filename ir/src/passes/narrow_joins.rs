//! Makes a semijoin of a join that only asks whether there is a partner.
//!
//! Rule: the block reads no column of one side but those of its key, which the other side has as well; and
//! either that side has at most one row for each key, or nobody downstream counts rows. The block may not
//! fail, since its error would show columns of both sides.
//!
//! Readers are gone through before what they read, so that what is known of them is known of it.

use std::collections::BTreeSet;

use crate::nesting::topological;
use crate::{Collection, Expr, Label, Multiplicity, Node, NodeId, Operator, Program};

use super::World;
use super::failure::{block_can_fail, node_can_fail};
use super::rewrite::{Names, column, columns_of, feed_by, refresh, substitute, unfeed};

/// Narrows joins; how many.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    let mut names = Names::of(program);
    let mut counted = BTreeSet::new();
    for id in topological(program).into_iter().rev() {
        let is_counted = is_counted(program, id, &counted);
        for asked in [1, 0] {
            if let Some(semijoin) = narrow(program, &mut names, id, asked, is_counted) {
                counted.extend(is_counted.then_some(semijoin));
                changes += 1;
            }
        }
        counted.extend(is_counted.then_some(id));
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// Turns a join into a semijoin, which is returned, and a map, if all it wants of the side `asked` is whether it
/// is there.
fn narrow(
    program: &mut Program,
    names: &mut Names,
    id: NodeId,
    asked: u32,
    is_counted: bool,
) -> Option<NodeId> {
    let Operator::Join {
        left_key,
        right_key,
        block,
    } = &program.graph[id].operator
    else {
        return None;
    };
    let [(_, left), (_, right)] = program.inputs(id)[..] else {
        return None;
    };
    let width = program.graph[left].output.columns.len();
    let (kept, other, kept_key, asked_key) = match asked {
        1 => (left, right, left_key.clone(), right_key.clone()),
        _ => (right, left, right_key.clone(), left_key.clone()),
    };
    let side = |column: usize| match column.checked_sub(width) {
        Some(column) => (1, column),
        None => (0, column),
    };
    let mut expressions = block.conditions.iter().chain(&block.outputs);
    let reads_key_only = expressions.all(|expr| {
        columns_of(expr)
            .into_iter()
            .map(side)
            .all(|(of, column)| of != asked || asked_key.contains(&column))
    });
    let one_partner = {
        let asked = &program.graph[other].output;
        let within = |key: &Vec<usize>| key.iter().all(|column| asked_key.contains(column));
        asked.multiplicity == Multiplicity::Set
            && (asked.keys.iter().any(within)
                || (0..asked.columns.len()).all(|c| asked_key.contains(&c)))
    };
    let is_like_one = one_partner || !is_counted;
    if kept == other || !reads_key_only || block_can_fail(program, block) || !is_like_one {
        return None;
    }
    let types = program.graph[kept].output.columns.clone();
    let mut block = block.clone();
    let by = |index: usize, expr: &Expr| {
        let own = match side(index) {
            (of, column) if of != asked => column,
            (_, column) => {
                let at = asked_key.iter().position(|c| *c == column).unwrap_or(0);
                kept_key[at]
            }
        };
        column(own, types[own].1.clone(), expr.span)
    };
    for expr in block.conditions.iter_mut().chain(&mut block.outputs) {
        *expr = substitute(expr, &by);
    }
    let node = &program.graph[id];
    let semijoin = Node {
        name: format!("{}-there", node.name),
        operator: Operator::Semijoin {
            left_key: kept_key,
            right_key: asked_key,
        },
        output: Collection {
            columns: types,
            multiplicity: Multiplicity::Bag,
            label: Label::Closed,
            keys: Vec::new(),
        },
        fixpoint: node.fixpoint.clone(),
        span: node.span,
    };
    let semijoin = names.add(program, semijoin);
    program.connect(kept, semijoin, 0);
    program.connect(other, semijoin, 1);
    program.graph[id].operator = Operator::Map { block };
    unfeed(program, id);
    feed_by(program, id, 0, semijoin);
    Some(semijoin)
}

/// Whether anyone can tell how often a node gives a row; `counted` are the readers of which this is so.
fn is_counted(program: &Program, id: NodeId, counted: &BTreeSet<NodeId>) -> bool {
    program.outputs(id).iter().any(|(reader, port)| {
        if node_can_fail(program, *reader) {
            return true;
        }
        match &program.graph[*reader].operator {
            Operator::Distinct | Operator::Variable { .. } => false,
            Operator::Combine { combiner } => !combiner.is_idempotent(),
            Operator::Semijoin { .. } | Operator::Antijoin { .. } if *port == 1 => false,
            Operator::Semijoin { .. }
            | Operator::Antijoin { .. }
            | Operator::OuterJoin { .. }
            | Operator::Join { .. }
            | Operator::Map { .. }
            | Operator::FlatMap { .. }
            | Operator::Union => counted.contains(reader),
            _ => true,
        }
    })
}
