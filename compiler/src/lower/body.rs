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

mod attach;
mod equal;
mod failing;

use std::collections::BTreeSet;

use sheaf_ir::{NodeId, Span};

use super::detach::{count_matches, list_matches};
use super::emit::Emit;
use super::expressions::{dependents, is_positive, makes, needs};
use super::pipe::{Pipe, Table};
use super::uses::{
    atom_variables, binds, can_fail, condition_can_fail, is_relational, mentions, occurrences,
    reads_relations, uses,
};
use crate::hir::{Atom, Condition, Expr, Quantifier, VariableId};

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
    let made = makes(&remaining);
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
        needs(condition, &self.own, &self.made)
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
                        } else if self.has_equality(atom) {
                            (3, usize::MAX)
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
    /// leads to that is computed next.
    fn put_off(&self) -> BTreeSet<usize> {
        let bound = self.pipe.bound();
        let mut reachable: BTreeSet<VariableId> = BTreeSet::new();
        let ready = |i: &usize| self.is_ready(&self.remaining[*i]);
        for i in self.blocking().into_iter().filter(ready) {
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
        let condition = self.remaining.remove(at);
        let mut keep = uses(&condition);
        keep.extend(binds(&condition));
        let mut keys = atom_variables(atom);
        if atom.quantifier == Quantifier::Each {
            self.filter_alone(&mut right, atom);
            let computed = self.equate(&mut right, atom);
            keys.extend(&computed);
            keep.extend(&computed);
        }
        let left = self.close(&keep);
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
