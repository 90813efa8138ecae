//! Expressions without relations, from the checked tree to the IR.
//!
//! The IR evaluates the clauses of a comprehension one after another, the language knows no order:
//! an element choice is an error only if no condition is false under it. So filters that cannot
//! fail come as early as possible, those that can come last and together, and a value that can fail
//! but is needed earlier is guarded: it is only computed where it succeeds, or where everything
//! that does not depend on it holds for some choice.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir as ir;
use sheaf_ir::{Function, Span, Type, Value};

use super::uses::{binds, can_fail, condition_can_fail, mentions, uses};
use crate::hir::{Condition, Expr, ExprKind, Gather, Quantifier, Variable, VariableId};

/// More values than this that can fail and are needed early are not guarded in one comprehension:
/// each doubles its size.
const MAX_GUARDS: usize = 4;

/// What variables stand for in the block that is being written, and which locals it has used.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// For each variable its expression over the block's input.
    pub variables: BTreeMap<VariableId, ir::Expr>,
    next_local: usize,
}

/// A call at the type that the function has there.
pub(super) fn call(function: Function, arguments: Vec<ir::Expr>, ty: Type, span: Span) -> ir::Expr {
    ir::Expr {
        kind: ir::ExprKind::Call(function, arguments),
        ty,
        span,
    }
}

/// A column of the input.
pub(super) fn column(index: usize, ty: Type, span: Span) -> ir::Expr {
    ir::Expr {
        kind: ir::ExprKind::Column(index),
        ty,
        span,
    }
}

/// A literal.
pub(super) fn constant(value: Value, ty: Type, span: Span) -> ir::Expr {
    ir::Expr {
        kind: ir::ExprKind::Constant(value),
        ty,
        span,
    }
}

/// Whether two expressions of one type are equal.
pub(super) fn equal(left: ir::Expr, right: ir::Expr, span: Span) -> ir::Expr {
    call(Function::Eq, vec![left, right], Type::Bool, span)
}

/// All of these, as one expression that is not deeper than need be.
pub(super) fn all(mut tests: Vec<ir::Expr>, span: Span) -> ir::Expr {
    match tests.len() {
        0 => constant(Value::Bool(true), Type::Bool, span),
        1 => tests.remove(0),
        n => {
            let last = tests.split_off(n / 2);
            let (first, last) = (all(tests, span), all(last, span));
            call(Function::And, vec![first, last], Type::Bool, span)
        }
    }
}

/// `a || b`.
pub(super) fn or(left: ir::Expr, right: ir::Expr) -> ir::Expr {
    let span = right.span;
    call(Function::Or, vec![left, right], Type::Bool, span)
}

/// `!a`.
pub(super) fn not(test: ir::Expr) -> ir::Expr {
    let span = test.span;
    call(Function::Not, vec![test], Type::Bool, span)
}

/// Whether a value can be computed.
pub(super) fn succeeds(value: ir::Expr) -> ir::Expr {
    let span = value.span;
    call(Function::Succeeds, vec![value], Type::Bool, span)
}

/// A let of the checked tree around an expression: fails if the value does.
pub(super) fn wrap_let(variable: VariableId, value: &Expr, body: Expr) -> Expr {
    Expr {
        ty: body.ty.clone(),
        span: body.span,
        kind: ExprKind::Let {
            variable,
            value: Box::new(value.clone()),
            body: Box::new(body),
        },
    }
}

/// `true` where a value can be computed; fails where it fails. `variable` is any that is not read.
pub(super) fn must_succeed(variable: VariableId, value: &Expr, span: Span) -> Expr {
    let truth = Expr {
        kind: ExprKind::Constant(Value::Bool(true)),
        ty: Type::Bool,
        span,
    };
    wrap_let(variable, value, truth)
}

/// A condition that is put off because it can fail, with the lets it rests on.
#[derive(Clone, Debug)]
pub(super) struct Delayed<'a> {
    /// Lets in order, whose values are not known elsewhere.
    pub lets: Vec<(VariableId, &'a Expr)>,
}

impl<'a> Delayed<'a> {
    /// The lets among `lets` (in order) that an expression needs, directly or through each other.
    pub fn needed(lets: &[(VariableId, &'a Expr)], expr: &Expr) -> Delayed<'a> {
        let mut wanted = mentions(expr);
        let mut needed: Vec<(VariableId, &'a Expr)> = Vec::new();
        for (variable, value) in lets.iter().rev() {
            if wanted.contains(variable) {
                wanted.extend(mentions(value));
                needed.push((*variable, value));
            }
        }
        needed.reverse();
        Delayed { lets: needed }
    }

    /// The expression with those lets around it.
    pub fn wrap(&self, expr: Expr) -> Expr {
        self.lets
            .iter()
            .rev()
            .fold(expr, |body, (variable, value)| {
                wrap_let(*variable, value, body)
            })
    }
}

impl Scope {
    /// The scope of the body of a function with these parameters, which are its first locals.
    pub fn of_parameters(parameters: &[(VariableId, &Variable)]) -> Scope {
        let mut scope = Scope::default();
        for (id, variable) in parameters {
            scope.bind(*id, variable.ty.clone(), variable.span);
        }
        scope
    }

    fn local(&mut self) -> usize {
        self.next_local += 1;
        self.next_local - 1
    }

    /// Writes an expression without relations.
    pub fn lower(&mut self, expr: &Expr) -> ir::Expr {
        let kind = match &expr.kind {
            ExprKind::Variable(variable) => match self.variables.get(variable) {
                Some(known) => return known.clone(),
                // The checker binds every variable; if it did not, the row fails.
                None => return absent(&expr.ty, expr.span),
            },
            ExprKind::Constant(value) => ir::ExprKind::Constant(value.clone()),
            ExprKind::Param(name) => ir::ExprKind::Param(name.clone()),
            ExprKind::Call(function, arguments) => ir::ExprKind::Call(
                function.clone(),
                arguments.iter().map(|a| self.lower(a)).collect(),
            ),
            ExprKind::Invoke(function, arguments) => ir::ExprKind::Invoke(
                function.clone(),
                arguments.iter().map(|a| self.lower(a)).collect(),
            ),
            ExprKind::If(parts) => {
                let [test, then, otherwise] = &**parts;
                ir::ExprKind::If(Box::new([
                    self.lower(test),
                    self.lower(then),
                    self.lower(otherwise),
                ]))
            }
            ExprKind::Let {
                variable,
                value,
                body,
            } => {
                let value = self.lower(value);
                let outside = self.variables.clone();
                let local = self.bind(*variable, value.ty.clone(), value.span);
                let body = self.lower(body);
                self.variables = outside;
                ir::ExprKind::Let {
                    local,
                    value: Box::new(value),
                    body: Box::new(body),
                }
            }
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => return self.comprehension(gather, conditions, element, expr),
        };
        ir::Expr {
            kind,
            ty: expr.ty.clone(),
            span: expr.span,
        }
    }

    /// A new local for a variable.
    fn bind(&mut self, variable: VariableId, ty: Type, span: Span) -> usize {
        let local = self.local();
        let kind = ir::ExprKind::Local(local);
        self.variables.insert(variable, ir::Expr { kind, ty, span });
        local
    }

    fn comprehension(
        &mut self,
        gather: &Gather,
        conditions: &[Condition],
        element: &Expr,
        whole: &Expr,
    ) -> ir::Expr {
        let made = match gather {
            Gather::List | Gather::Sorted => ir::Gather::List,
            Gather::Set => ir::Gather::Set,
            Gather::Map => ir::Gather::Map,
            Gather::Sum => ir::Gather::Sum,
            Gather::Count => ir::Gather::Count,
            Gather::Min => ir::Gather::Min,
            Gather::Max => ir::Gather::Max,
            Gather::Avg => ir::Gather::Avg,
            Gather::Top(count) => ir::Gather::Top(Box::new(self.lower(count))),
        };
        let guards = matches!(gather, Gather::Count) && can_fail(element);
        let outside = self.variables.clone();
        let conditions: Vec<&Condition> = conditions.iter().collect();
        let mut clauses = self.clauses(&conditions, element, MAX_GUARDS);
        if guards {
            // Counting needs no element, but one that fails counts as failing.
            let value = self.lower(element);
            let local = self.local();
            clauses.push(ir::Clause::Let { local, value });
        }
        let element = self.lower(element);
        self.variables = outside;
        let comprehension = ir::Expr {
            kind: ir::ExprKind::Comprehension {
                gather: made,
                clauses,
                element: Box::new(element),
            },
            ty: whole.ty.clone(),
            span: whole.span,
        };
        match gather {
            Gather::Sorted => call(
                Function::Sort,
                vec![comprehension],
                whole.ty.clone(),
                whole.span,
            ),
            _ => comprehension,
        }
    }

    /// The clauses of conditions that hold no atoms, so that `element` can be computed after them.
    fn clauses(
        &mut self,
        conditions: &[&Condition],
        element: &Expr,
        guards: usize,
    ) -> Vec<ir::Clause> {
        let own: BTreeSet<VariableId> = conditions.iter().flat_map(|c| binds(c)).collect();
        let mut bound: BTreeSet<VariableId> = BTreeSet::new();
        let mut clauses = Vec::new();
        let mut remaining: Vec<&Condition> = conditions.to_vec();
        loop {
            let ready = |c: &Condition, bound: &BTreeSet<VariableId>| {
                uses(c).intersection(&own).all(|v| bound.contains(v))
            };
            // What cannot fail, tests and lets first; generators keep their order.
            let next = remaining.iter().position(|c| {
                !matches!(c, Condition::Each { .. }) && !condition_can_fail(c) && ready(c, &bound)
            });
            let next = next.or_else(|| {
                remaining
                    .iter()
                    .position(|c| matches!(c, Condition::Each { .. }))
                    .filter(|i| !condition_can_fail(remaining[*i]) && ready(remaining[*i], &bound))
            });
            // Else the first value that can fail and that a generator waits for.
            let next = next.or_else(|| {
                remaining
                    .iter()
                    .position(|c| {
                        ready(c, &bound)
                            && match c {
                                Condition::Each { .. } => true,
                                Condition::Let { variable, .. } => {
                                    feeds_generator(*variable, &remaining)
                                }
                                _ => false,
                            }
                    })
                    .inspect(|i| {
                        if guards > 0 {
                            let guard = self.guard(*i, &remaining, &bound, guards - 1);
                            clauses.extend(guard.map(ir::Clause::Filter));
                        }
                    })
            });
            let Some(next) = next else {
                break;
            };
            let condition = remaining.remove(next);
            bound.extend(binds(condition));
            clauses.push(self.clause(condition));
        }
        self.final_clauses(&remaining, element, &mut clauses);
        clauses
    }

    fn clause(&mut self, condition: &Condition) -> ir::Clause {
        match condition {
            Condition::Each {
                variable,
                collection,
                ..
            } => {
                let collection = self.lower(collection);
                let ty = element_type(&collection.ty);
                let local = self.bind(*variable, ty, collection.span);
                ir::Clause::Each { local, collection }
            }
            Condition::Let {
                variable, value, ..
            } => {
                let value = self.lower(value);
                let local = self.bind(*variable, value.ty.clone(), value.span);
                ir::Clause::Let { local, value }
            }
            Condition::Test { test, .. } => ir::Clause::Filter(self.lower(test)),
            // Atoms were taken out before.
            Condition::Atom(atom) => ir::Clause::Filter(absent(&Type::Bool, atom.span)),
        }
    }

    /// A filter before condition `at`, which can fail: that it does not, or that something else
    /// which does not depend on it holds.
    fn guard(
        &mut self,
        at: usize,
        remaining: &[&Condition],
        bound: &BTreeSet<VariableId>,
        guards: usize,
    ) -> Option<ir::Expr> {
        let dependents = dependents(at, remaining, bound);
        let others: Vec<&Condition> = (0..remaining.len())
            .filter(|i| *i != at && !dependents.contains(i))
            .map(|i| remaining[i])
            .collect();
        if others.is_empty() {
            return None;
        }
        let (variable, value, span) = match remaining[at] {
            Condition::Each {
                variable,
                collection,
                span,
            } => (*variable, collection, *span),
            Condition::Let {
                variable,
                value,
                span,
                ..
            } => (*variable, value, *span),
            _ => return None,
        };
        let succeeds = succeeds(self.lower(value));
        // The value is among what is tried, so that the failure that was written first is told.
        let fails = Condition::Test {
            test: must_succeed(variable, value, span),
            can_fail: true,
            span,
        };
        let others: Vec<&Condition> = others.into_iter().chain([&fails]).collect();
        let unit = Expr {
            kind: ExprKind::Constant(Value::Bool(true)),
            ty: Type::Bool,
            span,
        };
        let outside = self.variables.clone();
        let clauses = self.clauses(&others, &unit, guards);
        self.variables = outside;
        let choices = ir::Expr {
            kind: ir::ExprKind::Comprehension {
                gather: ir::Gather::Count,
                clauses,
                element: Box::new(self.lower(&unit)),
            },
            ty: Type::Nat,
            span,
        };
        let none = constant(Value::Nat(0), Type::Nat, span);
        let some = call(Function::Ne, vec![choices, none], Type::Bool, span);
        Some(or(succeeds, some))
    }

    /// Tests and lets that can fail, all together: a false one beats a failing one. Then the lets
    /// that the element needs, none of which fails any more.
    fn final_clauses(
        &mut self,
        remaining: &[&Condition],
        element: &Expr,
        clauses: &mut Vec<ir::Clause>,
    ) {
        let (lets, mut tests) = delayed(remaining);
        tests.sort_by_key(|test| (test.span.file, test.span.start));
        if let Some(first) = tests.first() {
            let span = first.span;
            let tests = tests.iter().map(|test| self.lower(test)).collect();
            clauses.push(ir::Clause::Filter(all(tests, span)));
        }
        for (variable, value) in Delayed::needed(&lets, element).lets {
            let value = self.lower(value);
            let local = self.bind(variable, value.ty.clone(), value.span);
            clauses.push(ir::Clause::Let { local, value });
        }
    }
}

/// Lets that were put off, in order, and one test for each condition that was: lets become tests
/// that they succeed, tests stand inside the lets they need.
pub(super) fn delayed<'a>(
    conditions: &[&'a Condition],
) -> (Vec<(VariableId, &'a Expr)>, Vec<Expr>) {
    let lets: Vec<(VariableId, &Expr)> = conditions
        .iter()
        .filter_map(|c| match c {
            Condition::Let {
                variable, value, ..
            } => Some((*variable, value)),
            _ => None,
        })
        .collect();
    let tests = conditions
        .iter()
        .filter_map(|c| match c {
            Condition::Let {
                variable,
                value,
                span,
                can_fail: true,
            } => {
                let test = must_succeed(*variable, value, *span);
                Some(Delayed::needed(&lets, value).wrap(test))
            }
            Condition::Test { test, .. } => Some(Delayed::needed(&lets, test).wrap(test.clone())),
            _ => None,
        })
        .collect();
    (lets, tests)
}

/// Whether a generator needs a variable, directly or through lets.
fn feeds_generator(variable: VariableId, remaining: &[&Condition]) -> bool {
    remaining.iter().any(|c| match c {
        Condition::Each { collection, .. } => mentions(collection).contains(&variable),
        Condition::Let {
            variable: other,
            value,
            ..
        } => mentions(value).contains(&variable) && feeds_generator(*other, remaining),
        _ => false,
    })
}

/// Which of the conditions cannot be evaluated without condition `at`, directly or through what
/// others bind; `at` is not among them. What two atoms share, either of them can bind.
pub(super) fn dependents<C: std::borrow::Borrow<Condition>>(
    at: usize,
    conditions: &[C],
    bound: &BTreeSet<VariableId>,
) -> BTreeSet<usize> {
    let conditions: Vec<&Condition> = conditions.iter().map(|c| c.borrow()).collect();
    let own: BTreeSet<VariableId> = conditions.iter().flat_map(|c| binds(c)).collect();
    let made = makes(conditions.iter().copied());
    let mut known = bound.clone();
    let mut left: BTreeSet<usize> = (0..conditions.len()).filter(|i| *i != at).collect();
    loop {
        let next = left
            .iter()
            .copied()
            .find(|i| is_ready(conditions[*i], &own, &made, &known));
        let Some(next) = next else {
            return left;
        };
        left.remove(&next);
        known.extend(binds(conditions[next]));
    }
}

/// The variables that something else than a positive atom binds: atoms must wait for them.
pub(super) fn makes<'c>(
    conditions: impl IntoIterator<Item = &'c Condition>,
) -> BTreeSet<VariableId> {
    conditions
        .into_iter()
        .filter(|c| !is_positive(c))
        .flat_map(binds)
        .collect()
}

/// Whether all is known that a condition needs, of the variables that its body binds (`own`).
pub(super) fn is_ready(
    condition: &Condition,
    own: &BTreeSet<VariableId>,
    made: &BTreeSet<VariableId>,
    known: &BTreeSet<VariableId>,
) -> bool {
    needs(condition, own, made).is_subset(known)
}

/// What must be known before a condition can be evaluated.
pub(super) fn needs(
    condition: &Condition,
    own: &BTreeSet<VariableId>,
    made: &BTreeSet<VariableId>,
) -> BTreeSet<VariableId> {
    let bound = binds(condition);
    let mut needed = uses(condition);
    if is_positive(condition) {
        needed.extend(bound.into_iter().filter(|v| made.contains(v)));
    } else {
        needed.retain(|v| own.contains(v) && !bound.contains(v));
    }
    needed
}

/// Whether a condition is an atom that gives a derivation for each of its rows.
pub(super) fn is_positive(condition: &Condition) -> bool {
    matches!(condition, Condition::Atom(atom) if atom.quantifier == Quantifier::Each)
}

/// What `in` binds: an element of a list or set, a `(key, value)` of a map.
pub(super) fn element_type(collection: &Type) -> Type {
    match collection {
        Type::List(element) | Type::Set(element) => (**element).clone(),
        Type::Map(key, value) => Type::Tuple(vec![(**key).clone(), (**value).clone()]),
        other => other.clone(),
    }
}

/// An expression of any type that always fails.
pub(super) fn absent(ty: &Type, span: Span) -> ir::Expr {
    let none = call(
        Function::None(ty.clone()),
        Vec::new(),
        Type::Option(Box::new(ty.clone())),
        span,
    );
    call(Function::Unwrap, vec![none], ty.clone(), span)
}
