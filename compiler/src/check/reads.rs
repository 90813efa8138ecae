//! Which relations a rule reads, and how.

use sheaf_ir::Span;

use crate::hir::{Condition, Expr, ExprKind, Gather, Quantifier, Rule};

/// How a relation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// More rows give more derivations: positive atoms, `exists`.
    Monotone,
    /// `not`
    Not,
    /// `maybe`
    Maybe,
    /// In a comprehension.
    Comprehension,
}

/// One atom of a rule.
#[derive(Clone, Debug)]
pub(super) struct Read<'r> {
    pub(super) relation: &'r str,
    pub(super) how: How,
    pub(super) span: Span,
}

/// All atoms of a rule, those of comprehensions included.
pub(super) fn of_rule(rule: &Rule) -> Vec<Read<'_>> {
    let mut reads = Vec::new();
    in_conditions(&rule.conditions, false, &mut reads);
    for expr in rule.head.columns.iter().chain(&rule.head.contribution) {
        in_expr(expr, &mut reads);
    }
    reads
}

fn in_conditions<'r>(conditions: &'r [Condition], is_inner: bool, reads: &mut Vec<Read<'r>>) {
    for condition in conditions {
        match condition {
            Condition::Atom(atom) => {
                let how = match (is_inner, &atom.quantifier) {
                    (true, _) => How::Comprehension,
                    (false, Quantifier::Each | Quantifier::Exists) => How::Monotone,
                    (false, Quantifier::Not) => How::Not,
                    (false, Quantifier::Maybe { .. }) => How::Maybe,
                };
                reads.push(Read {
                    relation: &atom.relation,
                    how,
                    span: atom.span,
                });
            }
            Condition::Each { collection, .. } => in_expr(collection, reads),
            Condition::Let { value, .. } => in_expr(value, reads),
            Condition::Test { test, .. } => in_expr(test, reads),
        }
    }
}

/// All atoms of comprehensions in an expression.
pub(super) fn in_expr<'r>(expr: &'r Expr, reads: &mut Vec<Read<'r>>) {
    match &expr.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => {}
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            for argument in arguments {
                in_expr(argument, reads);
            }
        }
        ExprKind::If(parts) => {
            for part in parts.iter() {
                in_expr(part, reads);
            }
        }
        ExprKind::Let { value, body, .. } => {
            in_expr(value, reads);
            in_expr(body, reads);
        }
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            in_conditions(conditions, true, reads);
            in_expr(element, reads);
            if let Gather::Top(limit) = gather {
                in_expr(limit, reads);
            }
        }
    }
}
