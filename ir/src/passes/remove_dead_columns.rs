//! Leaves out columns that nobody reads.
//!
//! Rule: a column of a map, flat-map or join goes if no reader needs it and its expression cannot fail. A
//! reader that may fail needs all columns, since it shows the row; and so does what makes rows distinct,
//! groups them or publishes them. Where a join would keep a column of a node that cannot leave it out, a map
//! in front of the join does, outside the loop that the join may be in.
//!
//! Readers are gone through before what they read, so that once is enough: variables, which end every cycle,
//! need all columns.

use std::collections::BTreeSet;

use crate::nesting::topological;
use crate::{Collection, Label, Multiplicity, Node, NodeId, Operator, Program};

use super::World;
use super::failure::{can_fail, node_can_fail};
use super::rewrite::{Names, columns_of, feed_by, picks, refresh, renumber_columns};

/// Removes dead columns; at how many nodes.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    for id in topological(program).into_iter().rev() {
        if let Some(kept) = kept_columns(program, id) {
            narrow(program, id, &kept);
            changes += 1;
        }
    }
    let mut names = Names::of(program);
    for id in program.nodes_by_name() {
        for port in 0..2 {
            changes += usize::from(narrow_input(program, &mut names, id, port));
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// The columns that are left of a node if some of them can go.
fn kept_columns(program: &Program, id: NodeId) -> Option<Vec<usize>> {
    let (Operator::Map { block } | Operator::FlatMap { block, .. } | Operator::Join { block, .. }) =
        &program.graph[id].operator
    else {
        return None;
    };
    let needed = needed_columns(program, id)?;
    let width = block.outputs.len();
    let kept: Vec<usize> = (0..width)
        .filter(|c| needed.contains(c) || can_fail(program, &block.outputs[*c]))
        .collect();
    (kept.len() < width).then_some(kept)
}

/// The columns of a node that its readers need; `None` if these are all.
fn needed_columns(program: &Program, id: NodeId) -> Option<BTreeSet<usize>> {
    let readers = program.outputs(id);
    let mut needed = BTreeSet::new();
    for (reader, port) in &readers {
        needed.extend(read_columns(program, *reader, *port)?);
    }
    (!readers.is_empty()).then_some(needed)
}

/// The columns that a node reads on a port; `None` if these are all.
fn read_columns(program: &Program, id: NodeId, port: u32) -> Option<BTreeSet<usize>> {
    if node_can_fail(program, id) {
        return None;
    }
    let operator = &program.graph[id].operator;
    let width = program.input_columns(id, port).len();
    let before = match port {
        0 => 0,
        _ => program.input_columns(id, 0).len(),
    };
    let expressions = operator.expressions();
    let mut read: BTreeSet<usize> = expressions
        .into_iter()
        .flat_map(columns_of)
        .filter_map(|column| column.checked_sub(before))
        .filter(|column| *column < width)
        .collect();
    match operator {
        Operator::Map { .. } | Operator::FlatMap { .. } | Operator::Join { .. } => {}
        Operator::Semijoin { .. } | Operator::Antijoin { .. } if port == 0 => {
            read.extend(needed_columns(program, id)?);
        }
        Operator::Semijoin { .. } | Operator::Antijoin { .. } => {}
        Operator::OuterJoin { right_columns, .. } if port == 1 => read.extend(right_columns),
        _ => return None,
    }
    if let Some((left_key, right_key)) = operator.keys() {
        read.extend(if port == 0 { left_key } else { right_key });
    }
    Some(read)
}

/// Keeps only these columns of a node.
fn narrow(program: &mut Program, id: NodeId, kept: &[usize]) {
    if let Operator::Map { block }
    | Operator::FlatMap { block, .. }
    | Operator::Join { block, .. } = &mut program.graph[id].operator
    {
        block.outputs = kept.iter().map(|&c| block.outputs[c].clone()).collect();
    }
    keep(program, id, kept);
}

/// Tells a node and its readers that only these columns are left of it.
fn keep(program: &mut Program, id: NodeId, kept: &[usize]) {
    let width = program.graph[id].output.columns.len();
    for (reader, port) in program.outputs(id) {
        // A reader on both ports was told of the first one before.
        let left_width = match program.inputs(reader).first() {
            Some((_, left)) if *left == id && port == 1 => kept.len(),
            _ => program.input_columns(reader, 0).len(),
        };
        adapt(program, reader, port, (left_width, width), kept);
    }
    let columns = &mut program.graph[id].output.columns;
    *columns = kept.iter().map(|&c| columns[c].clone()).collect();
}

/// Lets a node read only the `kept` ones of `width` columns on a port.
fn adapt(
    program: &mut Program,
    id: NodeId,
    port: u32,
    (left_width, width): (usize, usize),
    kept: &[usize],
) {
    let place = |column: usize| kept.iter().position(|c| *c == column).unwrap_or(0);
    let before = if port == 0 { 0 } else { left_width };
    let to = |column: usize| match column.checked_sub(before) {
        Some(own) if own < width => before + place(own),
        Some(_) => column - width + kept.len(),
        None => column,
    };
    let operator = &mut program.graph[id].operator;
    for expr in operator.expressions_mut() {
        renumber_columns(expr, &to);
    }
    if let Some((left_key, right_key)) = operator.keys_mut() {
        let key = if port == 0 { left_key } else { right_key };
        key.iter_mut().for_each(|column| *column = place(*column));
    }
    let mut passes_on = false;
    match operator {
        Operator::OuterJoin { right_columns, .. } => {
            right_columns
                .iter_mut()
                .for_each(|column| *column = place(*column));
        }
        Operator::Semijoin { .. } | Operator::Antijoin { .. } => passes_on = port == 0,
        _ => {}
    }
    if passes_on {
        keep(program, id, kept);
    }
}

/// Puts a map in front of a port of a join that would keep columns which nobody reads.
fn narrow_input(program: &mut Program, names: &mut Names, id: NodeId, port: u32) -> bool {
    if !matches!(program.graph[id].operator, Operator::Join { .. }) {
        return false;
    }
    let Some((_, from)) = program.inputs(id).into_iter().find(|(at, _)| *at == port) else {
        return false;
    };
    let Some(read) = read_columns(program, id, port) else {
        return false;
    };
    let given = &program.graph[from];
    let home = given.fixpoint.clone();
    let is_variable = matches!(given.operator, Operator::Variable { .. });
    // Outside of all loops, or out of a loop that is outside of all others.
    let around = names.around(program, home.as_deref());
    let is_outside = match &home {
        None => true,
        Some(_) => is_variable && around.is_none() && program.graph[id].fixpoint != home,
    };
    let types = given.output.columns.clone();
    let kept: Vec<usize> = read.into_iter().collect();
    if !is_outside || kept.len() == types.len() {
        return false;
    }
    let span = program.graph[id].span;
    let map = Node {
        name: format!("{}-{port}", program.graph[id].name),
        operator: Operator::Map {
            block: picks(&kept, &types, span),
        },
        output: Collection {
            columns: types.clone(),
            multiplicity: Multiplicity::Bag,
            label: Label::Closed,
            keys: Vec::new(),
        },
        fixpoint: None,
        span,
    };
    let map = names.add(program, map);
    program.connect(from, map, 0);
    // First as if it gave everything, then without what is not read.
    feed_by(program, id, port, map);
    keep(program, map, &kept);
    true
}
