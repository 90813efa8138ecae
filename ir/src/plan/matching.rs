//! Where the two inputs of a join or one of its relatives may meet.

use crate::plan::Route;
use crate::plan::placement::Placement;
use crate::plan::shape::Input;

/// A way to let rows meet: the routes of the left and of the right side.
pub(super) type Sides = (Route, Route);

/// What the ways depend on.
pub(super) struct Meeting<'a> {
    pub left: &'a Input,
    pub right: &'a Input,
    pub left_key: &'a [usize],
    pub right_key: &'a [usize],
    /// Where the rows are.
    pub from: [&'a Placement; 2],
    /// Whether the operator is a join, whose left rows may be on every worker.
    pub join: bool,
    /// Whether the program says that the right side is to be broadcast.
    pub hint: bool,
}

impl Meeting<'_> {
    /// All ways; first the one that needs no sizes to be sensible, with the reason for it.
    pub fn ways(&self) -> (Vec<Sides>, &'static str) {
        let (rule, reason) = self.rule();
        let mut ways = vec![rule];
        if self.is_settled() {
            return (ways, reason);
        }
        if let Some(columns) = along(self.from[0], self.left_key, self.right_key) {
            ways.push((Route::Local, Route::Hash(columns)));
        }
        if let Some(columns) = along(self.from[1], self.right_key, self.left_key) {
            ways.push((Route::Hash(columns), Route::Local));
        }
        if !self.left_key.is_empty() {
            ways.push(self.hashed(|_| true));
        }
        if self.left_key.len() > 1 {
            let singles = 0..self.left_key.len();
            ways.extend(singles.map(|only| self.hashed(|i| i == only)));
        }
        if !self.right.inner {
            ways.push((self.stay(), Route::Broadcast));
        }
        if self.join && !self.left.inner {
            ways.push((Route::Broadcast, Route::Local));
        }
        let mut different: Vec<Sides> = Vec::new();
        for way in ways {
            if !different.contains(&way) {
                different.push(way);
            }
        }
        (different, reason)
    }

    /// Whether they meet where they are.
    fn is_settled(&self) -> bool {
        let [l, r] = self.from;
        !self.left_key.is_empty()
            && l.meets(r, self.left_key, self.right_key)
            && *l != Placement::Single
    }

    fn rule(&self) -> (Sides, &'static str) {
        if (self.left_key.is_empty() || self.hint) && !self.right.inner {
            return (
                (self.stay(), Route::Broadcast),
                "without a key every row of one side meets every row of the other",
            );
        }
        if self.is_settled() {
            return (
                (Route::Local, Route::Local),
                "rows that agree on the key are on one worker already",
            );
        }
        if let Some(columns) = along(self.from[0], self.left_key, self.right_key) {
            let sides = (Route::Local, Route::Hash(columns));
            (sides, "the left side is where its key says")
        } else if let Some(columns) = along(self.from[1], self.right_key, self.left_key) {
            let sides = (Route::Hash(columns), Route::Local);
            (sides, "the right side is where its key says")
        } else {
            (self.hashed(|_| true), "both sides go where their key says")
        }
    }

    /// Left rows stay, unless they come from outside and are not spread yet.
    fn stay(&self) -> Route {
        let spread = matches!(self.from[0], Placement::Loose { balanced: false });
        match spread && !self.left.inner {
            true => Route::Balance,
            false => Route::Local,
        }
    }

    fn hashed(&self, wanted: impl Fn(usize) -> bool) -> Sides {
        let some = |key: &[usize]| {
            let kept = key.iter().enumerate().filter(|(i, _)| wanted(*i));
            Route::Hash(kept.map(|(_, column)| *column).collect())
        };
        (some(self.left_key), some(self.right_key))
    }
}

/// The columns of the other side's key that equal those a side is hashed by.
fn along(placement: &Placement, key: &[usize], other: &[usize]) -> Option<Vec<usize>> {
    placement
        .within(key)
        .filter(|at| !at.is_empty())
        .map(|at| at.into_iter().map(|i| other[i]).collect())
}
