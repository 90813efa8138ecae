//! Makes one block of two: a map joins the map, flat-map or join whose only reader it is.
//!
//! Rule: neither block may fail, since an error names its node and the row it came with; and an expression
//! that takes work is read at most once, and not in a comprehension, so that nothing is computed twice.
//! A map that gives its input as it is goes away. So does a filter in front of any map, even one that may
//! fail: the row it fails on is the same, and a false condition beats a failure.

use crate::{Block, Expr, NodeId, Operator, Program};

use super::World;
use super::failure::{block_can_fail, node_can_fail};
use super::rewrite::{
    is_free, is_shallow, only_input, only_reader, reads, refresh, renumber_locals, replace_by,
    same_loop, substitute, unfeed,
};

/// Fuses blocks; how many nodes went away.
pub(super) fn apply(program: &mut Program, _: &World) -> usize {
    let mut changes = 0;
    for id in program.nodes_by_name() {
        if !program.graph.contains_node(id) {
            continue;
        }
        while fuse_into_reader(program, id) {
            changes += 1;
        }
        if is_identity(program, id) && drop_identity(program, id) {
            changes += 1;
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// Puts the block of the only input of a map in front of the map's own.
fn fuse_into_reader(program: &mut Program, id: NodeId) -> bool {
    let Operator::Map { block } = &program.graph[id].operator else {
        return false;
    };
    let Some(from) = only_input(program, id, 0) else {
        return false;
    };
    if !same_loop(program, from, id) {
        return false;
    }
    let producer = &program.graph[from];
    let is_projection =
        matches!(&producer.operator, Operator::Map { block } if block.as_projection().is_some());
    if only_reader(program, from).is_none() && !is_projection {
        return false;
    }
    let mut fused = producer.operator.clone();
    let (Operator::Map { block: first }
    | Operator::FlatMap { block: first, .. }
    | Operator::Join { block: first, .. }) = &mut fused
    else {
        return false;
    };
    if node_can_fail(program, from) || !is_fusible(program, first, block, from) {
        return false;
    }
    *first = compose(first, block);
    if !is_shallow(&fused) {
        return false;
    }
    renumber_locals(&mut fused);
    program.graph[id].operator = fused;
    let inputs = program.inputs(from);
    unfeed(program, id);
    for (port, input) in inputs {
        program.connect(input, id, port);
    }
    if program.graph.neighbors(from).next().is_none() {
        program.graph.remove_node(from);
    }
    true
}

fn is_fusible(program: &Program, first: &Block, second: &Block, from: NodeId) -> bool {
    let is_filter = is_filter(program, from);
    if block_can_fail(program, second) && !is_filter {
        return false;
    }
    let reads = reads(second.conditions.iter().chain(&second.outputs));
    first
        .outputs
        .iter()
        .enumerate()
        .all(|(column, expr)| is_free(expr) || reads.get(&column).copied().unwrap_or(0) <= 1)
}

/// The block that does what two blocks in turn do.
pub(super) fn compose(first: &Block, second: &Block) -> Block {
    let by = |column: usize, _: &Expr| first.outputs[column].clone();
    let through = |expr: &Expr| substitute(expr, &by);
    Block {
        conditions: first
            .conditions
            .iter()
            .cloned()
            .chain(second.conditions.iter().map(through))
            .collect(),
        outputs: second.outputs.iter().map(through).collect(),
    }
}

/// Whether a map gives the columns of its input in order under the same names.
fn is_filter(program: &Program, id: NodeId) -> bool {
    let Operator::Map { block } = &program.graph[id].operator else {
        return false;
    };
    gives_all(program, id, block)
        && only_input(program, id, 0).is_some_and(|from| {
            let names = |id: NodeId| program.graph[id].output.columns.iter().map(|c| &c.0);
            names(from).eq(names(id))
        })
}

fn gives_all(program: &Program, id: NodeId, block: &Block) -> bool {
    let width = program.input_columns(id, 0).len();
    let picked = Block {
        conditions: Vec::new(),
        outputs: block.outputs.clone(),
    };
    picked.as_projection() == Some((0..width).collect())
}

fn is_identity(program: &Program, id: NodeId) -> bool {
    match &program.graph[id].operator {
        Operator::Map { block } => block.conditions.is_empty() && gives_all(program, id, block),
        Operator::Union => program.inputs(id).len() == 1,
        _ => false,
    }
}

fn drop_identity(program: &mut Program, id: NodeId) -> bool {
    let Some(from) = only_input(program, id, 0) else {
        return false;
    };
    let outside = program.graph[id].fixpoint.is_none();
    (same_loop(program, from, id) || outside) && replace_by(program, id, from)
}
