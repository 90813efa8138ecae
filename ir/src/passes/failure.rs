//! What may fail: the part of a program that passes leave as it is.
//!
//! An error row says at which node it arose, from which expression, and on which input row by name. So
//! whatever may fail must be given the same rows with the same columns as before, and keep its name.

use crate::{
    Block, Clause, Combiner, Expr, ExprKind, Gather, NodeId, Operator, Program, Type, Value,
};

/// How deep functions of the program are looked into; deeper calls are taken to fail.
const CALLS: usize = 8;

/// Whether an expression fails for some row. Never says no of one that does.
pub(super) fn can_fail(program: &Program, expr: &Expr) -> bool {
    fails(program, expr, CALLS)
}

fn fails(program: &Program, expr: &Expr, calls: usize) -> bool {
    let inside = |expr: &Expr| fails(program, expr, calls);
    match &expr.kind {
        ExprKind::Call(crate::Function::Succeeds, _) => false,
        ExprKind::Call(function, arguments) => {
            let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
            function.can_fail(&types) || arguments.iter().any(inside)
        }
        ExprKind::Invoke(name, arguments) => {
            let body = program.functions.get(name).map(|function| &function.body);
            let fails = match (body, calls) {
                (Some(body), 1..) => fails(program, body, calls - 1),
                _ => true,
            };
            fails || arguments.iter().any(inside)
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            let overflows = match gather {
                Gather::Map => true,
                Gather::Sum => element.ty != Type::Float,
                Gather::Top(n) => inside(n),
                _ => false,
            };
            overflows || clauses.iter().map(Clause::expression).any(inside) || inside(element)
        }
        _ => expr.children().into_iter().any(inside),
    }
}

/// Whether a condition or an output of a block may fail.
pub(super) fn block_can_fail(program: &Program, block: &Block) -> bool {
    let mut parts = block.conditions.iter().chain(&block.outputs);
    parts.any(|expr| can_fail(program, expr))
}

/// Whether a node may report an error; for a fixpoint, [`loop_can_fail`] says it.
pub(super) fn node_can_fail(program: &Program, id: NodeId) -> bool {
    let node = &program.graph[id];
    match &node.operator {
        Operator::Combine {
            combiner: Combiner::Count,
        } => !counts_rows(program, id),
        Operator::Combine { combiner } => combiner_can_fail(combiner, &node.output.columns),
        Operator::Variable {
            combiner: Some(combiner),
        } => combiner_can_fail(combiner, &node.output.columns),
        Operator::Source { .. }
        | Operator::StateRead { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. }
        | Operator::OrderPoint { .. }
        | Operator::Extern { .. } => true,
        operator => operator
            .expressions()
            .into_iter()
            .any(|expr| can_fail(program, expr)),
    }
}

fn combiner_can_fail(combiner: &Combiner, columns: &[(String, Type)]) -> bool {
    match combiner {
        Combiner::Min
        | Combiner::Max
        | Combiner::Any
        | Combiner::All
        | Combiner::Union
        | Combiner::Top(_)
        | Combiner::Sorted
        | Combiner::Lww => false,
        Combiner::Sum => columns.last().is_none_or(|(_, ty)| *ty != Type::Float),
        Combiner::Count | Combiner::Avg => true,
        Combiner::One | Combiner::Map(_) | Combiner::Lattice(_) => true,
    }
}

/// Whether a count adds a small constant for each row, so that no number of rows overflows it.
fn counts_rows(program: &Program, id: NodeId) -> bool {
    program.inputs(id).iter().all(|(_, from)| {
        let expressions = match &program.graph[*from].operator {
            Operator::Map { block }
            | Operator::Join { block, .. }
            | Operator::FlatMap { block, .. } => block.outputs.last(),
            _ => None,
        };
        let constant = expressions.map(|expr| &expr.kind);
        matches!(constant, Some(ExprKind::Constant(Value::Nat(n))) if *n <= 1 << 16)
    })
}

/// Whether a fixpoint may reach its limit: what these nodes in its loop derive is not bounded by what enters
/// it, since they compute values instead of passing on those that do.
pub(super) fn loop_can_fail(program: &Program, looped: &[NodeId]) -> bool {
    looped.iter().any(|id| match &program.graph[*id].operator {
        Operator::Variable { combiner } => combiner.is_some(),
        Operator::FlatMap { .. } | Operator::Fixpoint { .. } => true,
        Operator::Map { block } | Operator::Join { block, .. } => {
            let is_given = |expr: &Expr| {
                matches!(
                    expr.kind,
                    ExprKind::Column(_) | ExprKind::Constant(_) | ExprKind::Param(_)
                )
            };
            !block.outputs.iter().all(is_given)
        }
        _ => false,
    })
}
