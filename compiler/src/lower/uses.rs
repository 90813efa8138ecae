//! Which variables an expression or condition needs, and whether it can fail.

use std::collections::BTreeSet;

use sheaf_ir::Type;

use crate::hir::{Arg, Atom, Condition, Expr, ExprKind, Gather, Quantifier, VariableId};

/// Every variable that an expression names, those it binds itself included. Numbers are unique in
/// a rule, so what it needs from outside is what of these the outside binds.
pub(super) fn mentions(expr: &Expr) -> BTreeSet<VariableId> {
    let mut found = BTreeSet::new();
    add_mentions(expr, &mut found);
    found
}

fn add_mentions(expr: &Expr, found: &mut BTreeSet<VariableId>) {
    match &expr.kind {
        ExprKind::Variable(variable) => {
            found.insert(*variable);
        }
        ExprKind::Constant(_) | ExprKind::Param(_) => {}
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().for_each(|a| add_mentions(a, found));
        }
        ExprKind::If(parts) => parts.iter().for_each(|p| add_mentions(p, found)),
        ExprKind::Let {
            variable,
            value,
            body,
        } => {
            found.insert(*variable);
            add_mentions(value, found);
            add_mentions(body, found);
        }
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            if let Gather::Top(count) = gather {
                add_mentions(count, found);
            }
            add_mentions(element, found);
            for condition in conditions {
                found.extend(uses(condition));
                found.extend(binds(condition));
            }
        }
    }
}

/// How often an expression reads a variable.
pub(super) fn occurrences(expr: &Expr, variable: VariableId) -> usize {
    match &expr.kind {
        ExprKind::Variable(v) => usize::from(*v == variable),
        ExprKind::Constant(_) | ExprKind::Param(_) => 0,
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().map(|a| occurrences(a, variable)).sum()
        }
        ExprKind::If(parts) => parts.iter().map(|p| occurrences(p, variable)).sum(),
        ExprKind::Let { value, body, .. } => {
            occurrences(value, variable) + occurrences(body, variable)
        }
        // Inside a loop once may be often.
        ExprKind::Comprehension { .. } => 2 * usize::from(mentions(expr).contains(&variable)),
    }
}

/// The variables that a condition names and that must be known before it can be evaluated, among
/// others that only it knows. A positive atom needs none: what it shares with others is a join.
pub(super) fn uses(condition: &Condition) -> BTreeSet<VariableId> {
    match condition {
        Condition::Atom(atom) => match &atom.quantifier {
            Quantifier::Each => BTreeSet::new(),
            _ => {
                let mut found = atom_variables(atom);
                atom.filter
                    .iter()
                    .for_each(|test| add_mentions(test, &mut found));
                if let Quantifier::Maybe { binds } = &atom.quantifier {
                    binds
                        .iter()
                        .for_each(|(_, value)| add_mentions(value, &mut found));
                }
                found
            }
        },
        Condition::Each { collection, .. } => mentions(collection),
        Condition::Let { value, .. } => mentions(value),
        Condition::Test { test, .. } => mentions(test),
    }
}

/// The variables among an atom's arguments.
pub(super) fn atom_variables(atom: &Atom) -> BTreeSet<VariableId> {
    atom.arguments
        .iter()
        .filter_map(|argument| match argument {
            Arg::Variable(variable) => Some(*variable),
            _ => None,
        })
        .collect()
}

/// The variables that a condition can bind.
pub(super) fn binds(condition: &Condition) -> BTreeSet<VariableId> {
    match condition {
        Condition::Atom(atom) => match &atom.quantifier {
            Quantifier::Each => atom_variables(atom),
            Quantifier::Not | Quantifier::Exists => BTreeSet::new(),
            Quantifier::Maybe { binds } => binds.iter().map(|(variable, _)| *variable).collect(),
        },
        Condition::Each { variable, .. } | Condition::Let { variable, .. } => {
            BTreeSet::from([*variable])
        }
        Condition::Test { .. } => BTreeSet::new(),
    }
}

/// Whether an expression reads relations.
pub(super) fn is_relational(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => false,
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().any(is_relational)
        }
        ExprKind::If(parts) => parts.iter().any(is_relational),
        ExprKind::Let { value, body, .. } => is_relational(value) || is_relational(body),
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            is_relational(element)
                || matches!(gather, Gather::Top(count) if is_relational(count))
                || conditions.iter().any(|condition| match condition {
                    Condition::Atom(_) => true,
                    other => reads_relations(other),
                })
        }
    }
}

/// Whether an expression of a condition reads relations.
pub(super) fn reads_relations(condition: &Condition) -> bool {
    match condition {
        Condition::Atom(atom) => {
            atom.filter.iter().any(is_relational)
                || matches!(&atom.quantifier, Quantifier::Maybe { binds }
                    if binds.iter().any(|(_, value)| is_relational(value)))
        }
        Condition::Each { collection, .. } => is_relational(collection),
        Condition::Let { value, .. } => is_relational(value),
        Condition::Test { test, .. } => is_relational(test),
    }
}

/// Whether an expression may fail, as far as can be told without its surroundings.
pub(super) fn can_fail(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => false,
        ExprKind::Call(function, arguments) => {
            let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
            function.can_fail(&types) || arguments.iter().any(can_fail)
        }
        // Its body may, and it may nest too deeply.
        ExprKind::Invoke(..) => true,
        ExprKind::If(parts) => parts.iter().any(can_fail),
        ExprKind::Let { value, body, .. } => can_fail(value) || can_fail(body),
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            let overflows = matches!(gather, Gather::Map)
                || matches!(gather, Gather::Sum) && element.ty != Type::Float;
            overflows || parts_can_fail(gather, conditions, element)
        }
    }
}

/// Whether anything in a comprehension may fail, apart from the overflow of a sum and a key with two
/// values.
pub(super) fn parts_can_fail(gather: &Gather, conditions: &[Condition], element: &Expr) -> bool {
    can_fail(element)
        || matches!(gather, Gather::Top(count) if can_fail(count))
        || conditions.iter().any(condition_can_fail)
}

/// Whether a condition may fail once its variables are known.
pub(super) fn condition_can_fail(condition: &Condition) -> bool {
    match condition {
        Condition::Atom(_) => false,
        Condition::Each { collection, .. } => can_fail(collection),
        Condition::Let { can_fail, .. } | Condition::Test { can_fail, .. } => *can_fail,
    }
}
