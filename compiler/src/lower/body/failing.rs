//! What can fail: values that others wait for, and the last block of a body.

use std::collections::BTreeSet;

use sheaf_ir::{Function, NodeId, Span, Type};

use super::super::detach;
use super::super::expressions::{
    Delayed, absent, delayed, dependents, is_positive, must_succeed, not, or, succeeds,
};
use super::super::pipe::Pipe;
use super::super::uses::{
    binds, can_fail, condition_can_fail, is_relational, mentions, reads_relations, uses,
};
use super::{Body, MAX_BRANCHES, Wanted, evaluate_branch};
use crate::hir::{Condition, Expr, VariableId};

impl Body<'_, '_> {
    /// Values that can fail and that an atom, an element or a comprehension over relations waits
    /// for; collections that can fail.
    pub(super) fn blocking(&self) -> Vec<usize> {
        (0..self.remaining.len())
            .filter(|i| {
                self.may_fail(*i)
                    && match &self.remaining[*i] {
                        Condition::Each { .. } => true,
                        Condition::Let { variable, .. } => self.is_awaited(*variable),
                        _ => false,
                    }
            })
            .collect()
    }

    /// Whether something that cannot stand in the last block reads a variable, directly or through
    /// lets.
    fn is_awaited(&self, variable: VariableId) -> bool {
        let mut values = BTreeSet::from([variable]);
        loop {
            let next = self.remaining.iter().find_map(|c| match c {
                Condition::Let {
                    variable, value, ..
                } if !values.contains(variable) && !mentions(value).is_disjoint(&values) => {
                    Some(*variable)
                }
                _ => None,
            });
            match next {
                Some(more) => values.insert(more),
                None => break,
            };
        }
        let outputs = self.wanted.outputs.iter().filter(|e| is_relational(e));
        outputs.map(mentions).any(|m| !m.is_disjoint(&values))
            || self.remaining.iter().any(|c| {
                let waits = match c {
                    Condition::Atom(_) | Condition::Each { .. } => true,
                    Condition::Let { .. } | Condition::Test { .. } => reads_relations(c),
                };
                waits
                    && (!uses(c).is_disjoint(&values)
                        || (is_positive(c) && !binds(c).is_disjoint(&values)))
            })
    }

    /// Computes one value that others wait for and that can fail; false if there is none.
    pub(super) fn compute_failing(&mut self) -> bool {
        let bound = self.pipe.bound();
        let chosen = self
            .blocking()
            .into_iter()
            .filter(|i| self.is_ready(&self.remaining[*i]))
            .map(|i| {
                let dependents = dependents(i, &self.remaining, &bound);
                let independent: Vec<usize> = (0..self.remaining.len())
                    .filter(|j| *j != i && !dependents.contains(j))
                    .collect();
                let beside = self.evaluable(&independent, &bound);
                (independent.len() - beside.len(), i, independent, beside)
            })
            .min();
        let Some((elsewhere, at, independent, beside)) = chosen else {
            return false;
        };
        if reads_relations(&self.remaining[at]) {
            self.detach_condition(at);
        }
        let independent: Vec<Condition> = independent
            .iter()
            .map(|j| self.remaining[*j].clone())
            .collect();
        let beside: Vec<Condition> = beside.iter().map(|j| self.remaining[*j].clone()).collect();
        // A lattice may only be asked what stays true, and a failure may be overcome.
        let climbs = self.emit.stratum.has_lattice && self.pipe.is_looped(self.emit);
        if climbs {
            self.compute(at);
        } else if elsewhere == 0 || self.branches == MAX_BRANCHES {
            self.compute_beside(at, &beside);
        } else {
            self.branch_off(at, &independent);
        }
        true
    }

    /// Those of the conditions that can be evaluated over the variables that are known.
    fn evaluable(&self, among: &[usize], bound: &BTreeSet<VariableId>) -> Vec<usize> {
        let blocking = self.blocking();
        let mut known = bound.clone();
        let mut found = Vec::new();
        for &i in among {
            let condition = &self.remaining[i];
            let suits = !matches!(condition, Condition::Atom(_) | Condition::Each { .. })
                && !reads_relations(condition)
                && !blocking.contains(&i)
                && self.needs(condition).is_subset(&known);
            if suits {
                known.extend(binds(condition));
                found.push(i);
            }
        }
        found
    }

    /// The value of a let or the collection of an element, and where it is written.
    fn value(&self, at: usize) -> (VariableId, Expr, Span) {
        match &self.remaining[at] {
            Condition::Let {
                variable,
                value,
                span,
                ..
            } => (*variable, value.clone(), *span),
            Condition::Each {
                variable,
                collection,
                span,
            } => (*variable, collection.clone(), *span),
            Condition::Test { span, .. } | Condition::Atom(crate::hir::Atom { span, .. }) => {
                unreachable!("only lets and elements are computed, not what is at {span:?}")
            }
        }
    }

    /// Computes a value at once: where it fails, the row is an error.
    fn compute(&mut self, at: usize) {
        if let Condition::Let {
            variable, value, ..
        } = self.remaining[at].clone()
        {
            let value = self.pipe.scope.lower(&value);
            self.pipe.scope.variables.insert(variable, value);
            self.remaining.remove(at);
            self.settle(&BTreeSet::from([variable]));
        } else {
            self.take(at);
        }
    }

    /// Computes a value where other conditions that may fail can be evaluated as well: they are
    /// asked only where it fails.
    fn compute_beside(&mut self, at: usize, beside: &[Condition]) {
        let (variable, value, span) = self.value(at);
        let (_, tests) = delayed(&beside.iter().collect::<Vec<_>>());
        for test in &tests {
            let computed = succeeds(self.pipe.scope.lower(&value));
            let test = self.pipe.scope.lower(test);
            self.pipe.conditions.push(or(computed, test));
        }
        if !tests.is_empty() && matches!(self.remaining[at], Condition::Each { .. }) {
            // The first failure in the text is reported, so all must be in one block.
            let test = must_succeed(variable, &value, span);
            let test = self.pipe.scope.lower(&test);
            self.pipe.conditions.push(test);
        }
        self.compute(at);
    }

    /// Sends the rows for which a value fails a way of their own, on which all that does not depend
    /// on it is tried; goes on with the others.
    fn branch_off(&mut self, at: usize, independent: &[Condition]) {
        let (variable, value, span) = self.value(at);
        let table = self.close(&mentions(&value));
        let mut failing = Pipe::of(self.emit, &table, span);
        let fails = not(succeeds(failing.scope.lower(&value)));
        failing.conditions.push(fails);
        let mut conditions = independent.to_vec();
        conditions.push(Condition::Test {
            test: must_succeed(variable, &value, span),
            can_fail: true,
            span,
        });
        let wanted = Wanted {
            outputs: self.wanted.outputs.iter().map(never).collect(),
            ..self.wanted.clone()
        };
        let branches = self.branches + 1;
        let ends = evaluate_branch(self.emit, failing, &conditions, wanted, branches, true);
        self.results.extend(ends);
        self.pipe = Pipe::of(self.emit, &table, span);
        let computed = succeeds(self.pipe.scope.lower(&value));
        self.pipe.conditions.push(computed);
        self.compute(at);
    }

    /// Writes the last block: what is left of the conditions, and the outputs.
    pub(super) fn finish(mut self) -> Vec<NodeId> {
        for i in 0..self.remaining.len() {
            if reads_relations(&self.remaining[i]) {
                self.detach_condition(i);
            }
        }
        for i in 0..self.wanted.outputs.len() {
            let output = self.wanted.outputs[i].clone();
            self.wanted.outputs[i] = self.detach(&output);
        }
        if self.is_failing {
            let span = self.wanted.span;
            let table = self.close(&BTreeSet::new());
            let names: Vec<VariableId> = table.columns.keys().copied().collect();
            let table = Pipe::of(self.emit, &table, span).project(self.emit, &names);
            let table = Pipe::distinct(self.emit, &table, span);
            self.pipe = Pipe::of(self.emit, &table, span);
        }
        let remaining: Vec<&Condition> = self.remaining.iter().collect();
        let (lets, tests) = delayed(&remaining);
        if !self.is_read_first(&remaining) {
            for test in &tests {
                let test = self.pipe.scope.lower(test);
                self.pipe.conditions.push(test);
            }
        }
        for condition in &remaining {
            if let Condition::Atom(_) | Condition::Each { .. } = condition {
                // The checker binds every variable, so none is left; better an error than a wrong row.
                let test = absent(&Type::Bool, self.wanted.span);
                self.pipe.conditions.push(test);
            }
        }
        let outputs = self
            .wanted
            .outputs
            .iter()
            .map(|e| Delayed::needed(&lets, e).wrap(e.clone()))
            .map(|e| self.pipe.scope.lower(&e))
            .collect();
        let node = self
            .pipe
            .finish(self.emit, outputs, self.wanted.names, self.wanted.span);
        self.results.push(node);
        self.results
    }

    /// Whether all that is left is one let whose failure the outputs will report just as well.
    fn is_read_first(&self, remaining: &[&Condition]) -> bool {
        let [only @ Condition::Let { variable, .. }] = remaining else {
            return false;
        };
        let reads = |e: &&Expr| mentions(e).contains(variable);
        condition_can_fail(only)
            && self.wanted.outputs.iter().any(|e| reads(&e))
            && self
                .wanted
                .outputs
                .iter()
                .all(|e| reads(&e) || !can_fail(e))
    }
}

/// An output of rows that never get that far.
fn never(output: &Expr) -> Expr {
    let (ty, span) = (output.ty.clone(), output.span);
    let none = detach::call(
        Function::None(ty.clone()),
        Vec::new(),
        Type::Option(Box::new(ty.clone())),
        span,
    );
    detach::call(Function::Unwrap, vec![none], ty, span)
}
