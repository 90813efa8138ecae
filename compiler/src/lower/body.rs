//! Turns a conjunction of conditions into joins: chooses their order and keeps failures where the
//! language wants them.
//!
//! Invariants:
//! - Conditions that cannot fail come as soon as their variables are known; relations are joined
//!   along shared variables, and products are made only where nothing else is left.
//! - What can fail comes last, in one block with the head: there a false condition beats a failing
//!   one. If an atom or element needs a value that can fail, the value is computed when nothing is
//!   left that does not depend on it; or else rows for which it fails go a way of their own, on
//!   which everything that does not depend on it is tried, and end as errors.

mod failing;

use std::collections::BTreeSet;

use sheaf_ir::{Combiner, Function, NodeId, Operator, Span, Type, Value};

use super::detach::{self, Attachment, AttachmentKind, Detach, count_matches, list_matches};
use super::emit::Emit;
use super::expressions::{call, constant, dependents};
use super::pipe::{Pipe, Table};
use super::uses::{
    atom_variables, binds, can_fail, condition_can_fail, is_relational, mentions, occurrences,
    reads_relations, uses,
};
use crate::hir::{Arg, Atom, Condition, Expr, Gather, Quantifier, VariableId};

/// How deep ways for failing rows may branch off each other. Beyond it an error may be reported
/// although another value that can fail makes the derivation false.
const MAX_BRANCHES: usize = 4;

/// What a body is evaluated for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// One expression for each column.
    pub outputs: Vec<Expr>,
    /// Names of the columns.
    pub names: Vec<String>,
    /// Where the head is written.
    pub span: Span,
}

/// A body under construction.
struct Body<'e, 'h> {
    emit: &'e mut Emit<'h>,
    pipe: Pipe,
    /// Conditions that are not part of the pipe yet, in the order of the text.
    remaining: Vec<Condition>,
    wanted: Wanted,
    /// Variables that the body binds: others are local to some expression.
    own: BTreeSet<VariableId>,
    /// Those of them that only a let, an element or `maybe` can bind.
    made: BTreeSet<VariableId>,
    branches: usize,
    /// Whether every row ends as an error: then each different one is reported once.
    is_failing: bool,
    /// Nodes with the wanted columns.
    results: Vec<NodeId>,
}

/// Evaluates conditions, starting from the rows of a pipe. The contributions are the rows of all
/// the nodes together.
pub(super) fn evaluate(
    emit: &mut Emit,
    start: Pipe,
    conditions: &[Condition],
    wanted: Wanted,
) -> Vec<NodeId> {
    evaluate_branch(emit, start, conditions, wanted, 0, false)
}

fn evaluate_branch(
    emit: &mut Emit,
    start: Pipe,
    conditions: &[Condition],
    wanted: Wanted,
    branches: usize,
    is_failing: bool,
) -> Vec<NodeId> {
    let mut own = start.bound();
    own.extend(conditions.iter().flat_map(binds));
    let remaining: Vec<Condition> = conditions
        .iter()
        .flat_map(|c| simplify(emit, c, &own))
        .collect();
    own.extend(remaining.iter().flat_map(binds));
    let made = remaining
        .iter()
        .filter(|c| !is_positive(c))
        .flat_map(binds)
        .collect();
    let mut body = Body {
        emit,
        pipe: start,
        remaining,
        wanted,
        own,
        made,
        branches,
        is_failing,
        results: Vec::new(),
    };
    body.advance();
    while body.compute_failing() {
        body.advance();
    }
    body.finish()
}

fn is_positive(condition: &Condition) -> bool {
    matches!(condition, Condition::Atom(atom) if atom.quantifier == Quantifier::Each)
}

/// Quantified atoms that compare a row with more than a key become tests and elements.
fn simplify(emit: &mut Emit, condition: &Condition, own: &BTreeSet<VariableId>) -> Vec<Condition> {
    let Condition::Atom(atom) = condition else {
        return vec![condition.clone()];
    };
    let mut parts: Vec<&Expr> = atom.filter.iter().collect();
    if let Quantifier::Maybe { binds } = &atom.quantifier {
        parts.extend(binds.iter().map(|(_, value)| value));
    }
    let reads_more = |expr: &&Expr| {
        is_relational(expr)
            || mentions(expr)
                .iter()
                .any(|v| own.contains(v) && !atom.locals.contains(v))
    };
    match &atom.quantifier {
        _ if !parts.iter().any(reads_more) => vec![condition.clone()],
        Quantifier::Each => vec![condition.clone()],
        Quantifier::Not | Quantifier::Exists => vec![count_matches(atom)],
        Quantifier::Maybe { .. } => list_matches(emit, atom),
    }
}

impl Body<'_, '_> {
    fn needs(&self, condition: &Condition) -> BTreeSet<VariableId> {
        let mut needed = uses(condition);
        if is_positive(condition) {
            let shared = binds(condition);
            needed.extend(shared.into_iter().filter(|v| self.made.contains(v)));
        }
        needed.retain(|v| self.own.contains(v));
        if let Condition::Atom(Atom {
            quantifier: Quantifier::Maybe { binds },
            ..
        }) = condition
        {
            needed.retain(|v| !binds.iter().any(|(bound, _)| bound == v));
        }
        needed
    }

    fn is_ready(&self, condition: &Condition) -> bool {
        let bound = self.pipe.bound();
        self.needs(condition).is_subset(&bound)
    }

    /// Whether condition `at` may fail here: also if it takes apart what an earlier test, which is
    /// still to come, has to look at first.
    fn may_fail(&self, at: usize) -> bool {
        let condition = &self.remaining[at];
        if condition_can_fail(condition) {
            return true;
        }
        let takes_apart = match condition {
            Condition::Let { value, .. } => can_fail(value),
            Condition::Test { test, .. } => can_fail(test),
            _ => false,
        };
        takes_apart && {
            let needed = self.needs(condition);
            self.remaining[..at].iter().any(|earlier| {
                matches!(earlier, Condition::Test { .. })
                    && !self.needs(earlier).is_disjoint(&needed)
            })
        }
    }

    /// What is still read of the variables that are known.
    fn needed(&self) -> BTreeSet<VariableId> {
        let mut needed: BTreeSet<VariableId> =
            self.wanted.outputs.iter().flat_map(mentions).collect();
        for condition in &self.remaining {
            needed.extend(uses(condition));
            needed.extend(binds(condition));
        }
        needed
    }

    fn close(&mut self, also: &BTreeSet<VariableId>) -> Table {
        let mut keep = self.needed();
        keep.extend(also);
        let pipe = std::mem::replace(&mut self.pipe, Pipe::unit(self.wanted.span));
        pipe.close(self.emit, &keep)
    }

    /// Takes everything into the pipe that cannot fail.
    fn advance(&mut self) {
        while let Some(next) = self.next() {
            self.take(next);
        }
    }

    /// The next condition that cannot fail: those that drop rows first, then those that keep their
    /// number, then joins along shared variables, then what multiplies rows.
    fn next(&self) -> Option<usize> {
        let bound = self.pipe.bound();
        let put_off = self.put_off();
        (0..self.remaining.len())
            .filter_map(|i| {
                let condition = &self.remaining[i];
                if self.may_fail(i) || !self.is_ready(condition) {
                    return None;
                }
                let relational = reads_relations(condition);
                let (rank, order) = match condition {
                    Condition::Test { .. } if !relational => (0, 0),
                    Condition::Let { .. } if !relational => (1, 0),
                    Condition::Atom(atom) if atom.quantifier == Quantifier::Each => {
                        let known = atom_variables(atom).intersection(&bound).count();
                        let recursive = self.emit.is_looped(self.emit.relations[&atom.relation]);
                        if self.pipe.is_unit() && !put_off.contains(&i) {
                            (3, usize::from(!recursive))
                        } else if known > 0 {
                            (3, usize::MAX - known)
                        } else if put_off.contains(&i) {
                            return None;
                        } else {
                            (7, 0)
                        }
                    }
                    Condition::Atom(Atom {
                        quantifier: Quantifier::Maybe { .. },
                        ..
                    }) => (5, 0),
                    Condition::Atom(_) => (2, 0),
                    Condition::Each { .. } if !relational => (4, 0),
                    _ => (6, 0),
                };
                Some((rank, order, i))
            })
            .min()
            .map(|(_, _, i)| i)
    }

    /// Atoms that would make a product now, but share variables with what a value that can fail
    /// leads to.
    fn put_off(&self) -> BTreeSet<usize> {
        let bound = self.pipe.bound();
        let mut reachable: BTreeSet<VariableId> = BTreeSet::new();
        for i in self.blocking() {
            for d in dependents(i, &self.remaining, &bound) {
                reachable.extend(binds(&self.remaining[d]));
            }
        }
        let mut found = BTreeSet::new();
        loop {
            let next = (0..self.remaining.len()).find(|i| {
                !found.contains(i)
                    && is_positive(&self.remaining[*i])
                    && binds(&self.remaining[*i])
                        .iter()
                        .any(|v| reachable.contains(v) && !bound.contains(v))
            });
            let Some(next) = next else {
                return found;
            };
            reachable.extend(binds(&self.remaining[next]));
            found.insert(next);
        }
    }

    /// Takes a condition into the pipe.
    fn take(&mut self, at: usize) {
        if reads_relations(&self.remaining[at]) {
            self.detach_condition(at);
        }
        match self.remaining[at].clone() {
            Condition::Test { test, .. } => {
                let test = self.pipe.scope.lower(&test);
                self.pipe.conditions.push(test);
                self.remaining.remove(at);
            }
            Condition::Let {
                variable, value, ..
            } => {
                let value = self.pipe.scope.lower(&value);
                let is_simple = value.children().is_empty();
                self.pipe.scope.variables.insert(variable, value);
                self.remaining.remove(at);
                if !is_simple && self.readers(variable) > 1 {
                    self.settle(&BTreeSet::from([variable]));
                }
            }
            Condition::Each {
                variable,
                collection,
                span,
            } => {
                let input = self.close(&BTreeSet::new());
                self.remaining.remove(at);
                self.pipe = Pipe::flat_map(self.emit, &input, variable, &collection, span);
            }
            Condition::Atom(atom) => self.take_atom(at, &atom),
        }
    }

    /// How often a variable is read from now on.
    fn readers(&self, variable: VariableId) -> usize {
        let outputs = self.wanted.outputs.iter();
        let conditions = self.remaining.iter().map(|c| match c {
            Condition::Let { value, .. } => occurrences(value, variable),
            Condition::Test { test, .. } => occurrences(test, variable),
            // A key must be a column, and so must what an element's row keeps.
            _ => 2 * usize::from(uses(c).contains(&variable) || binds(c).contains(&variable)),
        });
        outputs
            .map(|e| occurrences(e, variable))
            .chain(conditions)
            .sum()
    }

    /// Writes what is known so far, so that values are computed once.
    fn settle(&mut self, also: &BTreeSet<VariableId>) {
        let span = self.wanted.span;
        let table = self.close(also);
        self.pipe = Pipe::of(self.emit, &table, span);
    }

    fn take_atom(&mut self, at: usize, atom: &Atom) {
        let span = atom.span;
        if atom.quantifier == Quantifier::Each && self.pipe.is_unit() {
            self.remaining.remove(at);
            let pipe = std::mem::replace(&mut self.pipe, Pipe::unit(span));
            self.pipe = pipe.start(self.emit, atom);
            return;
        }
        let mut right = Pipe::atom(self.emit, atom);
        let left = self.close(&BTreeSet::new());
        self.remaining.remove(at);
        let keys = atom_variables(atom);
        match &atom.quantifier {
            Quantifier::Each => {
                let right = right.close(self.emit, &keys);
                self.pipe = Pipe::join(self.emit, &left, &right, span);
            }
            Quantifier::Not | Quantifier::Exists => {
                filter(&mut right, &atom.filter);
                let keys = without(&keys, &atom.locals);
                let right = right.close(self.emit, &keys);
                let holds = atom.quantifier == Quantifier::Exists;
                self.pipe = Pipe::semijoin(self.emit, &left, &right, holds, span);
            }
            Quantifier::Maybe { binds } => {
                filter(&mut right, &atom.filter);
                let mut kept = without(&keys, &atom.locals);
                let mut picked = Vec::new();
                for (variable, value) in binds {
                    let value = right.scope.lower(value);
                    right.scope.variables.insert(*variable, value);
                    picked.push(*variable);
                }
                kept.extend(&picked);
                let right = right.close(self.emit, &kept);
                self.pipe = Pipe::outer_join(self.emit, &left, &right, &picked, span);
            }
        }
    }

    /// Takes the relations out of a condition's expression.
    fn detach_condition(&mut self, at: usize) {
        let mut condition = self.remaining[at].clone();
        match &mut condition {
            Condition::Let { value, .. } => *value = self.detach(value),
            Condition::Test { test, .. } => *test = self.detach(test),
            Condition::Each { collection, .. } => *collection = self.detach(collection),
            Condition::Atom(_) => {}
        }
        self.remaining[at] = condition;
    }

    fn detach(&mut self, expr: &Expr) -> Expr {
        if !is_relational(expr) {
            return expr.clone();
        }
        let outer = self.pipe.bound();
        let mut detach = Detach {
            is_looped: self.pipe.is_looped(self.emit),
            emit: self.emit,
            outer: &outer,
            found: Vec::new(),
        };
        let without = detach.expr(expr, &BTreeSet::new());
        let found = detach.found;
        let mut attached: BTreeSet<VariableId> = mentions(&without);
        attached.extend(mentions(expr));
        attached.extend(found.iter().map(|a| a.variable));
        for attachment in &found {
            self.attach(attachment, &attached);
        }
        without
    }

    /// Joins a value to the pipe; `keep` are variables that are read although no condition says so.
    fn attach(&mut self, attachment: &Attachment, keep: &BTreeSet<VariableId>) {
        let (variable, span) = (attachment.variable, attachment.span);
        let left = self.close(keep);
        let (right, default) = match &attachment.kind {
            AttachmentKind::Rows {
                relation,
                keys,
                equal,
                carried,
            } => {
                let arguments = self.emit.source.relations[relation].row_types().len();
                let mut atom = Atom {
                    relation: relation.clone(),
                    arguments: vec![Arg::Wild; arguments],
                    quantifier: Quantifier::Each,
                    filter: Vec::new(),
                    locals: Vec::new(),
                    span,
                };
                for (i, v) in keys {
                    atom.arguments[*i] = Arg::Variable(*v);
                }
                for (i, value) in equal {
                    atom.arguments[*i] = Arg::Equal(value.clone());
                }
                self.list_of_rows(&atom, carried, variable)
            }
            AttachmentKind::Grouped {
                outer,
                is_self_bound,
                gather,
                conditions,
                element,
                ty,
            } => {
                // One relation alone is grouped as it is; more are restricted to what is asked.
                let alone = conditions
                    .iter()
                    .filter(|c| !matches!(c, Condition::Test { .. }));
                let start =
                    if *is_self_bound && (alone.count() == 1 || self.emit.is_looped(left.node)) {
                        Pipe::unit(span)
                    } else {
                        let asked = Pipe::of(self.emit, &left, span)
                            .project(self.emit, &outer.iter().copied().collect::<Vec<_>>());
                        let asked = Pipe::distinct(self.emit, &asked, span);
                        Pipe::of(self.emit, &asked, span)
                    };
                self.group(start, outer, gather, conditions, element, variable, ty)
            }
        };
        self.pipe = Pipe::outer_join(self.emit, &left, &right, &[variable], span);
        if let Some(default) = default {
            self.pipe.default_to(variable, default);
        }
    }

    /// For each key of an atom, the ascending list of its rows.
    fn list_of_rows(
        &mut self,
        atom: &Atom,
        carried: &[usize],
        variable: VariableId,
    ) -> (Table, Option<sheaf_ir::Expr>) {
        let span = atom.span;
        let mut pipe = Pipe::atom(self.emit, atom);
        let node = self.emit.relations[&atom.relation];
        let mut parts: Vec<sheaf_ir::Expr> = carried
            .iter()
            .map(|i| super::expressions::column(*i, self.emit.columns(node)[*i].1.clone(), span))
            .collect();
        let row = match parts.len() {
            1 => parts.remove(0),
            _ => {
                let ty = Type::Tuple(parts.iter().map(|p| p.ty.clone()).collect());
                call(Function::Tuple, parts, ty, span)
            }
        };
        let (element, list) = (row.ty.clone(), Type::List(Box::new(row.ty.clone())));
        let contribution = self.emit.fresh(element.clone(), span);
        pipe.scope.variables.insert(contribution, row);
        let mut columns: Vec<VariableId> = atom_variables(atom).into_iter().collect();
        columns.push(contribution);
        let rows = pipe.project(self.emit, &columns);
        let table = self.combine(
            rows,
            &columns,
            variable,
            Combiner::Sorted,
            list.clone(),
            span,
        );
        let nothing = call(Function::List(element), Vec::new(), list, span);
        (table, Some(nothing))
    }

    /// Combines the last of `columns`; the result is called `variable`.
    fn combine(
        &mut self,
        rows: Table,
        columns: &[VariableId],
        variable: VariableId,
        combiner: Combiner,
        result: Type,
        span: Span,
    ) -> Table {
        let mut names = self.emit.columns(rows.node).to_vec();
        if let Some(last) = names.last_mut() {
            last.1 = result;
        }
        let operator = Operator::Combine { combiner };
        let node = self.emit.step(operator, names, &[(rows.node, 0)], span);
        let keys = &columns[..columns.len() - 1];
        let mut columns: Vec<VariableId> = keys.to_vec();
        columns.push(variable);
        Table {
            node,
            columns: columns
                .into_iter()
                .enumerate()
                .map(|(i, v)| (v, i))
                .collect(),
        }
    }

    /// A comprehension as a body of its own, grouped by outer variables; and what it is over
    /// nothing, if that is not `None`.
    #[allow(clippy::too_many_arguments)]
    fn group(
        &mut self,
        start: Pipe,
        outer: &BTreeSet<VariableId>,
        gather: &Gather,
        conditions: &[Condition],
        element: &Expr,
        variable: VariableId,
        ty: &Type,
    ) -> (Table, Option<sheaf_ir::Expr>) {
        let span = element.span;
        let (combiner, contribution, combined) = match gather {
            Gather::List | Gather::Sorted | Gather::Top(_) => {
                (Combiner::Sorted, element.clone(), ty.clone())
            }
            Gather::Set => {
                let set = Function::Set(element.ty.clone());
                let one = detach::call(set, vec![element.clone()], ty.clone(), span);
                (Combiner::Union, one, ty.clone())
            }
            Gather::Sum => (Combiner::Sum, element.clone(), ty.clone()),
            Gather::Count => (Combiner::Count, detach::nat(1, span), ty.clone()),
            Gather::Min => (Combiner::Min, element.clone(), element.ty.clone()),
            Gather::Max => (Combiner::Max, element.clone(), element.ty.clone()),
            Gather::Avg => (Combiner::Avg, element.clone(), Type::Float),
        };
        let mut outputs: Vec<Expr> = Vec::new();
        let mut names = Vec::new();
        let mut columns: Vec<VariableId> = outer.iter().copied().collect();
        for v in outer {
            let ty = self.emit.variables[*v].ty.clone();
            outputs.push(detach::variable(*v, ty, span));
            names.push(self.emit.column_name(*v));
        }
        outputs.push(contribution);
        names.push("_".to_string());
        columns.push(variable);
        let wanted = Wanted {
            outputs,
            names,
            span,
        };
        let nodes = evaluate(self.emit, start, conditions, wanted);
        let table = match nodes.as_slice() {
            [only] => Table {
                node: *only,
                columns: Default::default(),
            },
            many => {
                let inputs: Vec<(NodeId, u32)> = many.iter().map(|n| (*n, 0)).collect();
                let types = self.emit.columns(many[0]).to_vec();
                Table {
                    node: self.emit.step(Operator::Union, types, &inputs, span),
                    columns: Default::default(),
                }
            }
        };
        let table = self.combine(table, &columns, variable, combiner, combined, span);
        (table, nothing(gather, ty, span))
    }
}

/// What a comprehension is over nothing, if it is no Option.
fn nothing(gather: &Gather, ty: &Type, span: Span) -> Option<sheaf_ir::Expr> {
    let element = || match ty {
        Type::List(element) | Type::Set(element) => (**element).clone(),
        other => other.clone(),
    };
    Some(match gather {
        Gather::List | Gather::Sorted | Gather::Top(_) => {
            call(Function::List(element()), Vec::new(), ty.clone(), span)
        }
        Gather::Set => call(Function::Set(element()), Vec::new(), ty.clone(), span),
        Gather::Sum | Gather::Count => constant(zero(ty), ty.clone(), span),
        Gather::Min | Gather::Max | Gather::Avg => return None,
    })
}

fn zero(ty: &Type) -> Value {
    match ty {
        Type::Nat => Value::Nat(0),
        Type::Float => Value::Float(sheaf_ir::value::Float::new(0.0)),
        Type::Decimal(_) => Value::Decimal(0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}

fn filter(pipe: &mut Pipe, tests: &[Expr]) {
    for test in tests {
        let test = pipe.scope.lower(test);
        pipe.conditions.push(test);
    }
}

fn without(variables: &BTreeSet<VariableId>, locals: &[VariableId]) -> BTreeSet<VariableId> {
    variables
        .iter()
        .copied()
        .filter(|v| !locals.contains(v))
        .collect()
}
