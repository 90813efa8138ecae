//! Computes what is the same for every row once, and lets conditions that are decided decide.
//!
//! Rule: an expression without columns, locals and parameters becomes its value, if it has one; one that
//! fails stays where it is. `if`, `and` and `or` with a constant side become what is left; where that may
//! fail and is all of a condition or output, it stays too, for failures of a row are ordered by the places
//! of those. A condition that is true goes; one that is false makes the node give nothing.

use crate::{Expr, ExprKind, Function, Operator, Program, Value};

use super::World;
use super::failure::can_fail;
use super::rewrite::{empty, refresh};

/// Folds constants everywhere; how many places changed.
pub(super) fn apply(program: &mut Program, world: &World) -> usize {
    let mut changes = 0;
    for id in program.nodes_by_name() {
        let mut operator = program.graph[id].operator.clone();
        let before = changes;
        for expr in operator.expressions_mut() {
            fold(program, world, expr, true, &mut changes);
        }
        let may_lose_rows = match &operator {
            Operator::Map { .. } | Operator::Join { .. } => true,
            Operator::FlatMap { each, .. } => !can_fail(program, each),
            _ => false,
        };
        let mut gives_nothing = false;
        if let Operator::Map { block }
        | Operator::Join { block, .. }
        | Operator::FlatMap { block, .. } = &mut operator
        {
            gives_nothing = may_lose_rows && block.conditions.iter().any(|c| is(c, false));
            let count = block.conditions.len();
            block.conditions.retain(|condition| !is(condition, true));
            changes += count - block.conditions.len();
        }
        if gives_nothing {
            empty(program, id);
            changes += 1;
        } else if changes > before {
            program.graph[id].operator = operator;
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

fn is(expr: &Expr, value: bool) -> bool {
    expr.kind == ExprKind::Constant(Value::Bool(value))
}

/// Folds an expression; `outermost` says that it is a whole condition or output.
fn fold(program: &Program, world: &World, expr: &mut Expr, outermost: bool, changes: &mut usize) {
    if is_closed(expr)
        && let Some(value) = (world.evaluate)(program, expr)
        && is_small(&value, &mut { SMALL })
    {
        expr.kind = ExprKind::Constant(value);
        *changes += 1;
        return;
    }
    for child in expr.children_mut() {
        fold(program, world, child, false, changes);
    }
    let left = match &expr.kind {
        ExprKind::If(parts) => match &**parts {
            [condition, then, _] if is(condition, true) => Some(then),
            [condition, _, otherwise] if is(condition, false) => Some(otherwise),
            _ => None,
        },
        ExprKind::Call(function @ (Function::And | Function::Or), sides) => {
            let decides = *function == Function::Or;
            match sides.as_slice() {
                [one, other] if is(one, decides) || is(other, !decides) => Some(one),
                [one, other] if is(other, decides) || is(one, !decides) => Some(other),
                _ => None,
            }
        }
        _ => None,
    };
    if let Some(left) = left
        && (!outermost || left.span == expr.span || !can_fail(program, left))
    {
        *expr = left.clone();
        *changes += 1;
    }
}

/// Parts of a value that a constant may have at most.
const SMALL: usize = 64;

fn is_small(value: &Value, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else {
        return false;
    };
    *left = rest;
    match value {
        Value::String(text) => text.len() <= 4096,
        Value::Bytes(bytes) => bytes.len() <= 4096,
        Value::Option(value) => value.iter().all(|value| is_small(value, left)),
        Value::List(parts) | Value::Set(parts) | Value::Tuple(parts) | Value::Variant(_, parts) => {
            parts.iter().all(|part| is_small(part, left))
        }
        Value::Map(entries) => entries
            .iter()
            .all(|(key, value)| is_small(key, left) && is_small(value, left)),
        _ => true,
    }
}

/// Whether an expression is worth computing before any row is there: it is the same for every row, and
/// nothing in it takes long.
fn is_closed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(function, arguments) => {
            !matches!(
                function,
                Function::Range | Function::Repeat | Function::Sliding
            ) && arguments.iter().all(is_closed_part)
        }
        ExprKind::If(parts) => parts.iter().all(is_closed_part),
        _ => false,
    }
}

fn is_closed_part(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant(_)) || is_closed(expr)
}
