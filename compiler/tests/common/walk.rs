//! Visits every expression of a checked rule.

use sheaf_compiler::hir::{Arg, Condition, Expr, ExprKind, Gather, Quantifier};

/// Calls `visit` for every expression in conditions and outputs, inner ones included.
pub fn exprs_of<'e>(
    conditions: &'e [Condition],
    outputs: impl IntoIterator<Item = &'e Expr>,
    visit: &mut dyn FnMut(&Expr),
) {
    for condition in conditions {
        match condition {
            Condition::Atom(atom) => {
                for argument in &atom.arguments {
                    if let Arg::Equal(value) = argument {
                        expr(value, visit);
                    }
                }
                for filter in &atom.filter {
                    expr(filter, visit);
                }
                if let Quantifier::Maybe { binds } = &atom.quantifier {
                    for (_, value) in binds {
                        expr(value, visit);
                    }
                }
            }
            Condition::Each { collection, .. } => expr(collection, visit),
            Condition::Let { value, .. } => expr(value, visit),
            Condition::Test { test, .. } => expr(test, visit),
        }
    }
    for output in outputs {
        expr(output, visit);
    }
}

fn expr(found: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(found);
    match &found.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => {}
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().for_each(|inner| expr(inner, visit));
        }
        ExprKind::If(parts) => parts.iter().for_each(|inner| expr(inner, visit)),
        ExprKind::Let { value, body, .. } => {
            expr(value, visit);
            expr(body, visit);
        }
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            exprs_of(conditions, [&**element], visit);
            if let Gather::Top(limit) = gather {
                expr(limit, visit);
            }
        }
    }
}
