//! Takes relations out of expressions: a comprehension over atoms becomes a variable that a join
//! supplies, so that what is left is an expression of the IR.
//!
//! Two ways:
//! - *Grouped*: the whole comprehension is evaluated as a body of its own, grouped by the outer
//!   variables it reads, and joined back. For comprehensions that cannot fail.
//! - *Rows*: each atom becomes a list of its rows (those that agree on the outer variables), and
//!   the comprehension runs over that list within the expression. Always right, since whatever can
//!   fail stays where it was written, but the lists are values.

use std::collections::BTreeSet;

use sheaf_ir::{Function, Span, Type, Value};

use super::emit::Emit;
use super::expressions::{dependents, is_positive, is_ready, makes};
use super::uses::{binds, condition_can_fail, is_relational, mentions, parts_can_fail};
use crate::hir::{Arg, Atom, Condition, Expr, ExprKind, Gather, Quantifier, VariableId};

/// A value that a join has to supply before an expression can be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Attachment {
    /// The variable that stands for it.
    pub variable: VariableId,
    /// What it is.
    pub kind: AttachmentKind,
    /// Where it was written.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum AttachmentKind {
    /// A list of rows of a relation.
    Rows {
        relation: String,
        /// Columns that are equal to variables of the body.
        keys: Vec<(usize, VariableId)>,
        /// Columns that are equal to constants.
        equal: Vec<(usize, Expr)>,
        /// The columns that are carried: a single one as it is, several or none as a tuple.
        carried: Vec<usize>,
    },
    /// A comprehension.
    Grouped {
        /// The variables of the body that it reads.
        outer: BTreeSet<VariableId>,
        /// Whether its own atoms bind all of them.
        is_self_bound: bool,
        gather: Gather,
        conditions: Vec<Condition>,
        element: Expr,
        /// The type of the whole.
        ty: Type,
    },
}

/// Takes relations out of expressions that are evaluated over the same rows.
pub(super) struct Detach<'e, 'h> {
    pub emit: &'e mut Emit<'h>,
    /// The variables of the body that are known.
    pub outer: &'e BTreeSet<VariableId>,
    /// Whether the rows come from the loop of a fixpoint: nothing may be grouped that depends on
    /// them.
    pub is_looped: bool,
    /// What was taken out.
    pub found: Vec<Attachment>,
}

/// An expression.
pub(super) fn expr(kind: ExprKind, ty: Type, span: Span) -> Expr {
    Expr { kind, ty, span }
}

/// A variable as an expression.
pub(super) fn variable(id: VariableId, ty: Type, span: Span) -> Expr {
    expr(ExprKind::Variable(id), ty, span)
}

/// A function call.
pub(super) fn call(function: Function, arguments: Vec<Expr>, ty: Type, span: Span) -> Expr {
    expr(ExprKind::Call(function, arguments), ty, span)
}

/// A Nat.
pub(super) fn nat(n: i64, span: Span) -> Expr {
    expr(ExprKind::Constant(Value::Nat(n)), Type::Nat, span)
}

fn comprehension(
    gather: Gather,
    conditions: Vec<Condition>,
    element: Expr,
    ty: Type,
    span: Span,
) -> Expr {
    let element = Box::new(element);
    let kind = ExprKind::Comprehension {
        gather,
        conditions,
        element,
    };
    expr(kind, ty, span)
}

/// A test that cannot fail.
pub(super) fn sure(test: Expr) -> Condition {
    Condition::Test {
        span: test.span,
        can_fail: false,
        test,
    }
}

/// How many rows satisfy a quantified atom, as `= 0` (for `not`) or `!= 0`, over an ordinary atom.
/// For atoms whose filter reads more than the row, which no semijoin can do.
pub(super) fn count_matches(atom: &Atom) -> Condition {
    let span = atom.span;
    let mut each = atom.clone();
    each.quantifier = Quantifier::Each;
    each.locals.clear();
    let filter = std::mem::take(&mut each.filter);
    let conditions = std::iter::once(Condition::Atom(each))
        .chain(filter.into_iter().map(sure))
        .collect();
    let count = comprehension(Gather::Count, conditions, nat(0, span), Type::Nat, span);
    sure(compare_to_none(count, &atom.quantifier))
}

fn compare_to_none(count: Expr, quantifier: &Quantifier) -> Expr {
    let span = count.span;
    let function = match quantifier {
        Quantifier::Not => Function::Eq,
        _ => Function::Ne,
    };
    call(function, vec![count, nat(0, span)], Type::Bool, span)
}

/// A `maybe` atom as an element of the list of its matches, or of one `None`; and the lets that
/// bind its variables.
pub(super) fn list_matches(emit: &mut Emit, atom: &Atom) -> Vec<Condition> {
    let Quantifier::Maybe { binds } = &atom.quantifier else {
        return Vec::new();
    };
    let mut each = atom.clone();
    each.quantifier = Quantifier::Each;
    each.locals.clear();
    let filter = std::mem::take(&mut each.filter);
    let conditions: Vec<Condition> = std::iter::once(Condition::Atom(each))
        .chain(filter.into_iter().map(sure))
        .collect();
    let values = binds.iter().map(|(_, value)| value.clone()).collect();
    maybe_conditions(emit, binds, conditions, Gather::Sorted, values, atom.span)
}

fn maybe_conditions(
    emit: &mut Emit,
    binds: &[(VariableId, Expr)],
    conditions: Vec<Condition>,
    gather: Gather,
    values: Vec<Expr>,
    span: Span,
) -> Vec<Condition> {
    let types: Vec<Type> = values.iter().map(|v| v.ty.clone()).collect();
    let tuple = Type::Tuple(types.clone());
    let list = Type::List(Box::new(tuple.clone()));
    let option = Type::Option(Box::new(tuple.clone()));
    let options = Type::List(Box::new(option.clone()));
    let row = call(Function::Tuple, values, tuple.clone(), span);
    let matches = comprehension(gather, conditions, row, list.clone(), span);
    let found = emit.fresh(list.clone(), span);
    let one = emit.fresh(tuple.clone(), span);
    let held = emit.fresh(option.clone(), span);
    let count = call(
        Function::Len,
        vec![variable(found, list.clone(), span)],
        Type::Nat,
        span,
    );
    let is_empty = call(Function::Eq, vec![count, nat(0, span)], Type::Bool, span);
    let none = call(
        Function::None(tuple.clone()),
        Vec::new(),
        option.clone(),
        span,
    );
    let nothing = call(
        Function::List(option.clone()),
        vec![none],
        options.clone(),
        span,
    );
    let each = Condition::Each {
        variable: one,
        collection: variable(found, list, span),
        span,
    };
    let some = call(
        Function::Some,
        vec![variable(one, tuple.clone(), span)],
        option.clone(),
        span,
    );
    let all = comprehension(Gather::List, vec![each], some, options.clone(), span);
    let choices = expr(
        ExprKind::If(Box::new([is_empty, nothing, all])),
        options,
        span,
    );
    let mut result = vec![
        Condition::Let {
            variable: found,
            value: matches,
            can_fail: false,
            span,
        },
        Condition::Each {
            variable: held,
            collection: choices,
            span,
        },
    ];
    for (i, (bound, _)) in binds.iter().enumerate() {
        let held = || variable(held, option.clone(), span);
        let ty = Type::Option(Box::new(types[i].clone()));
        let is_some = call(Function::IsSome, vec![held()], Type::Bool, span);
        let row = call(Function::Unwrap, vec![held()], tuple.clone(), span);
        let field = call(Function::Field(i as u32), vec![row], types[i].clone(), span);
        let some = call(Function::Some, vec![field], ty.clone(), span);
        let none = call(
            Function::None(types[i].clone()),
            Vec::new(),
            ty.clone(),
            span,
        );
        result.push(Condition::Let {
            variable: *bound,
            value: expr(ExprKind::If(Box::new([is_some, some, none])), ty, span),
            can_fail: false,
            span,
        });
    }
    result
}

impl Detach<'_, '_> {
    /// The expression without relations. `inner` are variables that are bound around it, but within
    /// the expression of the body.
    pub fn expr(&mut self, whole: &Expr, inner: &BTreeSet<VariableId>) -> Expr {
        if !is_relational(whole) {
            return whole.clone();
        }
        let kind = match &whole.kind {
            ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => {
                return whole.clone();
            }
            ExprKind::Call(function, arguments) => ExprKind::Call(
                function.clone(),
                arguments.iter().map(|a| self.expr(a, inner)).collect(),
            ),
            ExprKind::Invoke(function, arguments) => ExprKind::Invoke(
                function.clone(),
                arguments.iter().map(|a| self.expr(a, inner)).collect(),
            ),
            ExprKind::If(parts) => {
                ExprKind::If(Box::new(parts.each_ref().map(|p| self.expr(p, inner))))
            }
            ExprKind::Let {
                variable,
                value,
                body,
            } => {
                let value = Box::new(self.expr(value, inner));
                let mut inner = inner.clone();
                inner.insert(*variable);
                ExprKind::Let {
                    variable: *variable,
                    value,
                    body: Box::new(self.expr(body, &inner)),
                }
            }
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => {
                if let Some(grouped) = self.grouped(whole, gather, conditions, element, inner) {
                    return grouped;
                }
                let gather = match gather {
                    Gather::Top(count) => Gather::Top(Box::new(self.expr(count, inner))),
                    other => other.clone(),
                };
                let mut inner = inner.clone();
                let mut without = Vec::new();
                for condition in arrange(conditions, &gather) {
                    self.condition(condition, &mut inner, &mut without);
                }
                ExprKind::Comprehension {
                    gather,
                    conditions: without,
                    element: Box::new(self.expr(element, &inner)),
                }
            }
        };
        expr(kind, whole.ty.clone(), whole.span)
    }

    /// A variable for a comprehension that can be evaluated group by group.
    fn grouped(
        &mut self,
        whole: &Expr,
        gather: &Gather,
        conditions: &[Condition],
        element: &Expr,
        inner: &BTreeSet<VariableId>,
    ) -> Option<Expr> {
        let named = mentions(whole);
        let bound_inside: BTreeSet<VariableId> = conditions
            .iter()
            .filter(|c| is_positive(c))
            .flat_map(binds)
            .collect();
        let outer: BTreeSet<VariableId> = named.intersection(self.outer).copied().collect();
        // A sum that may overflow is made for the groups that are asked for, and no others.
        let overflows = matches!(gather, Gather::Sum) && element.ty != Type::Float;
        let is_self_bound = outer.is_subset(&bound_inside) && !overflows;
        let suits = conditions.iter().any(is_positive)
            && *gather != Gather::List
            && named.is_disjoint(inner)
            && !parts_can_fail(gather, conditions, element)
            && (!self.is_looped || is_self_bound);
        if !suits {
            return None;
        }
        let span = whole.span;
        let gather = match gather {
            Gather::Top(count) => Gather::Top(Box::new(self.expr(count, inner))),
            other => other.clone(),
        };
        // A key with two values is an error only of rows that no condition rejects: pairs are
        // gathered as a list, and the row makes its map of them.
        let (gathered, ty) = match gather {
            Gather::Map => (Gather::Sorted, Type::List(Box::new(element.ty.clone()))),
            _ => (gather.clone(), whole.ty.clone()),
        };
        let id = self.emit.fresh(ty.clone(), span);
        self.found.push(Attachment {
            variable: id,
            kind: AttachmentKind::Grouped {
                outer,
                is_self_bound,
                gather: gathered,
                conditions: conditions.to_vec(),
                element: element.clone(),
                ty: ty.clone(),
            },
            span,
        });
        let value = variable(id, ty.clone(), span);
        Some(match gather {
            Gather::Top(count) => {
                let descending = call(Function::Reverse, vec![value], ty.clone(), span);
                call(Function::Take, vec![descending, *count], ty, span)
            }
            Gather::Map => {
                let pair = self.emit.fresh(element.ty.clone(), span);
                let each = Condition::Each {
                    variable: pair,
                    collection: value,
                    span,
                };
                let pair = variable(pair, element.ty.clone(), span);
                comprehension(Gather::Map, vec![each], pair, whole.ty.clone(), span)
            }
            _ => value,
        })
    }

    fn condition(
        &mut self,
        condition: &Condition,
        inner: &mut BTreeSet<VariableId>,
        out: &mut Vec<Condition>,
    ) {
        match condition {
            Condition::Atom(atom) => return self.atom(atom, inner, out),
            Condition::Each {
                variable,
                collection,
                span,
            } => out.push(Condition::Each {
                variable: *variable,
                collection: self.expr(collection, inner),
                span: *span,
            }),
            Condition::Let {
                variable,
                value,
                can_fail,
                span,
            } => out.push(Condition::Let {
                variable: *variable,
                value: self.expr(value, inner),
                can_fail: *can_fail,
                span: *span,
            }),
            Condition::Test {
                test,
                can_fail,
                span,
            } => out.push(Condition::Test {
                test: self.expr(test, inner),
                can_fail: *can_fail,
                span: *span,
            }),
        }
        inner.extend(binds(condition));
    }

    fn atom(&mut self, atom: &Atom, inner: &mut BTreeSet<VariableId>, out: &mut Vec<Condition>) {
        let span = atom.span;
        if atom.quantifier == Quantifier::Each {
            out.extend(self.rows(atom, inner));
            return;
        }
        let mut within = inner.clone();
        let mut conditions = self.rows(atom, &mut within);
        for test in &atom.filter {
            conditions.push(sure(self.expr(test, &within)));
        }
        if let Quantifier::Maybe { binds } = &atom.quantifier {
            let values = binds
                .iter()
                .map(|(_, value)| self.expr(value, &within))
                .collect();
            out.extend(maybe_conditions(
                self.emit,
                binds,
                conditions,
                Gather::List,
                values,
                span,
            ));
            inner.extend(binds.iter().map(|(v, _)| *v));
        } else {
            let count = comprehension(Gather::Count, conditions, nat(0, span), Type::Nat, span);
            out.push(sure(compare_to_none(count, &atom.quantifier)));
        }
    }

    /// An atom as a generator over a list of rows. Binds its variables.
    fn rows(&mut self, atom: &Atom, inner: &mut BTreeSet<VariableId>) -> Vec<Condition> {
        let span = atom.span;
        let types = self.emit.source.relations[&atom.relation].row_types();
        let (mut keys, mut equal, mut carried) = (Vec::new(), Vec::new(), Vec::new());
        for (i, argument) in atom.arguments.iter().enumerate() {
            match argument {
                Arg::Wild => {}
                Arg::Equal(value) => equal.push((i, value.clone())),
                Arg::Variable(v) if self.outer.contains(v) => keys.push((i, *v)),
                Arg::Variable(v) => carried.push((i, *v)),
            }
        }
        let row = match carried.as_slice() {
            [(only, _)] => types[*only].clone(),
            parts => Type::Tuple(parts.iter().map(|(i, _)| types[*i].clone()).collect()),
        };
        let list = Type::List(Box::new(row.clone()));
        let rows = self.emit.fresh(list.clone(), span);
        let part = |one: VariableId, at: usize, ty: &Type| {
            let held = variable(one, row.clone(), span);
            match carried.len() {
                1 => held,
                _ => call(Function::Field(at as u32), vec![held], ty.clone(), span),
            }
        };
        // What is known already filters the list: so the generator depends on it, as an atom does
        // on a key that has to be computed.
        let scanned = self.emit.fresh(row.clone(), span);
        let one = self.emit.fresh(row.clone(), span);
        let (mut same_key, mut lets) = (Vec::new(), Vec::new());
        for (at, (i, v)) in carried.iter().enumerate() {
            let ty = &types[*i];
            if inner.contains(v) {
                let known = variable(*v, ty.clone(), span);
                let parts = vec![part(scanned, at, ty), known];
                same_key.push(sure(call(Function::Eq, parts, Type::Bool, span)));
            } else if lets.iter().all(|(bound, _)| bound != v) {
                lets.push((*v, part(one, at, ty)));
            } else {
                // Twice in one atom.
                let first = carried.iter().position(|(_, w)| w == v).unwrap_or(at);
                let parts = vec![part(scanned, at, ty), part(scanned, first, ty)];
                same_key.push(sure(call(Function::Eq, parts, Type::Bool, span)));
            }
        }
        let all = variable(rows, list.clone(), span);
        let collection = if same_key.is_empty() {
            all
        } else {
            let scan = Condition::Each {
                variable: scanned,
                collection: all,
                span,
            };
            let conditions = std::iter::once(scan).chain(same_key).collect();
            let element = variable(scanned, row.clone(), span);
            comprehension(Gather::List, conditions, element, list, span)
        };
        let mut conditions = vec![Condition::Each {
            variable: one,
            collection,
            span,
        }];
        for (variable, value) in lets {
            inner.insert(variable);
            conditions.push(Condition::Let {
                variable,
                value,
                can_fail: false,
                span,
            });
        }
        self.found.push(Attachment {
            variable: rows,
            kind: AttachmentKind::Rows {
                relation: atom.relation.clone(),
                keys,
                equal,
                carried: carried.into_iter().map(|(i, _)| i).collect(),
            },
            span,
        });
        conditions
    }
}

/// Conditions in an order in which an atom that waits for no value that can fail comes before those
/// that do, so that it and not they bind what they share. A list's generators keep their order:
/// there are no atoms among them.
fn arrange<'c>(conditions: &'c [Condition], gather: &Gather) -> Vec<&'c Condition> {
    let mut remaining: Vec<&Condition> = conditions.iter().collect();
    if *gather == Gather::List || !conditions.iter().any(condition_can_fail) {
        return remaining;
    }
    let none = BTreeSet::new();
    let failing: BTreeSet<usize> = (0..conditions.len())
        .filter(|i| condition_can_fail(&conditions[*i]))
        .flat_map(|i| dependents(i, conditions, &none).into_iter().chain([i]))
        .collect();
    let late = |c: &Condition| failing.iter().any(|i| std::ptr::eq(c, &conditions[*i]));
    let own: BTreeSet<VariableId> = conditions.iter().flat_map(binds).collect();
    let made = makes(conditions);
    let mut bound: BTreeSet<VariableId> = BTreeSet::new();
    let mut arranged = Vec::new();
    while !remaining.is_empty() {
        let ready = |c: &&Condition| is_ready(c, &own, &made, &bound);
        let next = remaining
            .iter()
            .position(|c| ready(c) && !late(c))
            .or_else(|| remaining.iter().position(ready))
            .unwrap_or(0);
        let condition = remaining.remove(next);
        bound.extend(binds(condition));
        arranged.push(condition);
    }
    arranged
}
