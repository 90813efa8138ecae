//! Tests that a join can decide: those of the rows of one atom alone, before it, and equalities of
//! something computed on either side, as its key.

use std::collections::BTreeSet;

use sheaf_ir::Function;

use super::super::pipe::Pipe;
use super::super::uses::{atom_variables, condition_can_fail, mentions, reads_relations};
use super::Body;
use crate::hir::{Atom, Condition, Expr, ExprKind, VariableId};

impl Body<'_, '_> {
    /// The test at `at`, if it cannot fail once those before it hold.
    fn safe_test(&self, at: usize) -> Option<&Expr> {
        let condition = &self.remaining[at];
        match condition {
            Condition::Test { test, .. }
                if !condition_can_fail(condition) && !reads_relations(condition) =>
            {
                Some(test)
            }
            _ => None,
        }
    }

    /// The variables of the body that an expression needs.
    fn needed_by(&self, expr: &Expr) -> BTreeSet<VariableId> {
        mentions(expr).intersection(&self.own).copied().collect()
    }

    /// Whether a test that is still to come has to look first at what an expression takes apart.
    fn is_guarded(&self, at: usize, needed: &BTreeSet<VariableId>) -> bool {
        self.remaining[..at].iter().any(|earlier| {
            matches!(earlier, Condition::Test { .. }) && !self.needs(earlier).is_disjoint(needed)
        })
    }

    /// Takes tests of an atom's own columns into `right`, which reads them.
    pub(super) fn filter_alone(&mut self, right: &mut Pipe, atom: &Atom) {
        let mine = atom_variables(atom);
        let mut at = 0;
        while at < self.remaining.len() {
            let alone = self.safe_test(at).filter(|test| {
                let needed = self.needed_by(test);
                !needed.is_empty() && needed.is_subset(&mine) && !self.is_guarded(at, &needed)
            });
            match alone.cloned() {
                Some(test) => {
                    let test = right.scope.lower(&test);
                    right.conditions.push(test);
                    self.remaining.remove(at);
                }
                None => at += 1,
            }
        }
    }

    /// Whether an equality would make a join with an atom one along a key.
    pub(super) fn has_equality(&self, atom: &Atom) -> bool {
        let mine = atom_variables(atom);
        (0..self.remaining.len()).any(|at| self.equality(at, &mine).is_some())
    }

    /// The sides of an equality between what is known and what an atom's columns tell.
    fn equality(&self, at: usize, mine: &BTreeSet<VariableId>) -> Option<(Expr, Expr)> {
        let ExprKind::Call(Function::Eq, sides) = &self.safe_test(at)?.kind else {
            return None;
        };
        let [a, b] = sides.as_slice() else {
            return None;
        };
        let bound = self.pipe.bound();
        [(a, b), (b, a)].into_iter().find_map(|(left, right)| {
            let (ours, theirs) = (self.needed_by(left), self.needed_by(right));
            let is_between = !ours.is_empty()
                && !theirs.is_empty()
                && ours.is_subset(&bound)
                && theirs.is_subset(mine);
            is_between.then(|| (left.clone(), right.clone()))
        })
    }

    /// Turns equalities into keys: new variables that both sides compute.
    pub(super) fn equate(&mut self, right: &mut Pipe, atom: &Atom) -> BTreeSet<VariableId> {
        let mine = atom_variables(atom);
        let mut keys = BTreeSet::new();
        let mut at = 0;
        while at < self.remaining.len() {
            let Some((ours, theirs)) = self.equality(at, &mine) else {
                at += 1;
                continue;
            };
            let needed = self
                .needed_by(&ours)
                .union(&self.needed_by(&theirs))
                .copied()
                .collect();
            if self.is_guarded(at, &needed) {
                at += 1;
                continue;
            }
            let (span, ty) = (theirs.span, theirs.ty.clone());
            let key = self.emit.fresh(ty, span);
            let value = self.pipe.scope.lower(&ours);
            self.pipe.scope.variables.insert(key, value);
            let value = right.scope.lower(&theirs);
            right.scope.variables.insert(key, value);
            self.remaining.remove(at);
            keys.insert(key);
        }
        keys
    }
}
