//! Which lower-case names a piece of syntax mentions where a variable can stand.
//!
//! Names inside comprehensions count, also those that turn out to be local to them: whoever asks
//! intersects the answer with the names that conditions outside bind.

use std::collections::BTreeSet;

use crate::syntax::ast::{
    Arguments, Atom, Block, Comprehension, Condition, ConditionKind, Expr, ExprKind, Pattern,
    PatternKind,
};

/// A set of names.
pub(super) type Names<'a> = BTreeSet<&'a str>;

/// All names that an expression mentions.
pub(super) fn in_expr<'e>(expr: &'e Expr, names: &mut Names<'e>) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Wildcard | ExprKind::Error => {}
        ExprKind::Name(name) => {
            if !name.is_upper() {
                names.insert(name.as_str());
            }
        }
        ExprKind::Call { arguments, .. } => in_arguments(arguments, names),
        ExprKind::Method {
            receiver,
            arguments,
            ..
        } => {
            in_expr(receiver, names);
            in_arguments(arguments, names);
        }
        ExprKind::Field { receiver, .. } => in_expr(receiver, names),
        ExprKind::Record { fields, .. } => {
            for field in fields {
                in_expr(&field.value, names);
            }
        }
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            for part in parts {
                in_expr(part, names);
            }
        }
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                in_expr(key, names);
                in_expr(value, names);
            }
        }
        ExprKind::ListOf(comprehension) | ExprKind::SetOf(comprehension) => {
            in_comprehension(comprehension, names);
        }
        ExprKind::MapOf { key, value } => {
            in_expr(key, names);
            in_comprehension(value, names);
        }
        ExprKind::Unary { operand, .. } => in_expr(operand, names),
        ExprKind::Binary { left, right, .. } => {
            in_expr(left, names);
            in_expr(right, names);
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            in_expr(condition, names);
            in_block(then, names);
            in_block(otherwise, names);
        }
        ExprKind::Match { subject, arms } => {
            in_expr(subject, names);
            for arm in arms {
                in_pattern(&arm.pattern, names);
                in_expr(&arm.body, names);
            }
        }
    }
}

fn in_arguments<'e>(arguments: &'e Arguments, names: &mut Names<'e>) {
    for argument in &arguments.items {
        in_expr(&argument.value, names);
    }
    if let Some(comprehension) = &arguments.comprehension {
        in_comprehension(comprehension, names);
    }
}

fn in_comprehension<'e>(comprehension: &'e Comprehension, names: &mut Names<'e>) {
    in_expr(&comprehension.element, names);
    for condition in &comprehension.conditions {
        in_condition(condition, names);
    }
}

fn in_block<'e>(block: &'e Block, names: &mut Names<'e>) {
    for binding in &block.lets {
        in_pattern(&binding.pattern, names);
        in_expr(&binding.value, names);
    }
    in_expr(&block.result, names);
}

/// All names that a condition mentions.
pub(super) fn in_condition<'e>(condition: &'e Condition, names: &mut Names<'e>) {
    match &condition.kind {
        ConditionKind::Atom { atom, .. } => in_atom(atom, names),
        ConditionKind::In {
            pattern,
            collection,
            ..
        } => {
            in_pattern(pattern, names);
            in_expr(collection, names);
        }
        ConditionKind::Let { pattern, value } => {
            in_pattern(pattern, names);
            in_expr(value, names);
        }
        ConditionKind::Test(test) => in_expr(test, names),
        ConditionKind::Error => {}
    }
}

/// All names that an atom mentions.
pub(super) fn in_atom<'e>(atom: &'e Atom, names: &mut Names<'e>) {
    if let Some(receiver) = &atom.receiver {
        in_expr(receiver, names);
    }
    for argument in &atom.arguments {
        in_pattern(&argument.value, names);
    }
    if let Some(value) = &atom.value {
        in_pattern(value, names);
    }
}

/// All names that a pattern mentions: those that it binds or tests, and those of its expressions.
pub(super) fn in_pattern<'e>(pattern: &'e Pattern, names: &mut Names<'e>) {
    bound_by(pattern, names);
    needed_by(pattern, names);
}

/// The names that a pattern can bind.
pub(super) fn bound_by<'e>(pattern: &'e Pattern, names: &mut Names<'e>) {
    match &pattern.kind {
        PatternKind::Name(name) => {
            names.insert(name.as_str());
        }
        PatternKind::Tuple(parts)
        | PatternKind::Constructor {
            arguments: parts, ..
        } => {
            for part in parts {
                bound_by(part, names);
            }
        }
        PatternKind::Record { fields, .. } => {
            for field in fields {
                bound_by(&field.pattern, names);
            }
        }
        PatternKind::Wildcard
        | PatternKind::Literal(_)
        | PatternKind::Expr(_)
        | PatternKind::Error => {}
    }
}

/// The names of the expressions in a pattern, which it cannot bind.
pub(super) fn needed_by<'e>(pattern: &'e Pattern, names: &mut Names<'e>) {
    match &pattern.kind {
        PatternKind::Expr(expr) => in_expr(expr, names),
        PatternKind::Tuple(parts)
        | PatternKind::Constructor {
            arguments: parts, ..
        } => {
            for part in parts {
                needed_by(part, names);
            }
        }
        PatternKind::Record { fields, .. } => {
            for field in fields {
                needed_by(&field.pattern, names);
            }
        }
        PatternKind::Wildcard
        | PatternKind::Name(_)
        | PatternKind::Literal(_)
        | PatternKind::Error => {}
    }
}
