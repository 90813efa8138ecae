//! A body without checks, for rows whose numbers are small.
//!
//! A check for overflow costs about as much as what it checks. Where every number that a row gives is
//! small enough, none of them can fail: this computes how small that is, by the intervals of what is
//! computed from them, and a body that leaves those checks out. One test of the row's numbers then
//! stands for all of them; rows that do not pass it run through the whole body.

use super::graph::{Binary, Graph, Id, Op, Unary};
use super::plan::Body;

/// Numbers of fewer bits are too rare to have a body of their own.
const FEWEST_BITS: u32 = 15;
/// Those for which one test of their sign and size can be made by a sum that wraps.
const MOST_BITS: u32 = 62;

/// A body for rows that pass a test.
pub(super) struct Narrow {
    /// Words of the row, and how many bits they have at most, their sign aside.
    pub(super) limits: Vec<(Op, u32)>,
    pub(super) body: Body,
}

/// The body for small numbers, if it saves more than its test costs.
pub(super) fn narrow(body: &Body) -> Option<Narrow> {
    let mut search = Search {
        ops: &body.ops,
        bits: vec![MOST_BITS; body.ops.len()],
        intervals: Vec::new(),
    };
    search.compute_intervals();
    let needed = search.below(body.roots());
    let checks = needed.iter().filter(|&&id| search.operands(id).is_some());
    let mut checks: Vec<Id> = checks.copied().collect();
    checks.sort_unstable();
    let never: Vec<Id> = checks
        .into_iter()
        .filter(|&id| search.make_impossible(id))
        .collect();
    let mut is_limited = vec![false; body.ops.len()];
    for &id in &never {
        for leaf in search.leaves_below(id) {
            is_limited[leaf as usize] = true;
        }
    }
    let limits: Vec<(Op, u32)> = body
        .ops
        .iter()
        .zip(&search.bits)
        .zip(is_limited)
        .filter_map(|((&op, &bits), is_limited)| is_limited.then_some((op, bits)))
        .collect();
    (never.len() > limits.len()).then(|| Narrow {
        limits,
        body: without(body, &never),
    })
}

/// Both ends belong to it.
#[derive(Clone, Copy)]
struct Interval {
    least: i128,
    greatest: i128,
}

impl Interval {
    const ALL: Interval = Interval {
        least: i64::MIN as i128,
        greatest: i64::MAX as i128,
    };

    fn of(ends: &[i128]) -> Interval {
        let ends = || ends.iter().copied();
        Interval {
            least: ends().min().unwrap_or(Interval::ALL.least),
            greatest: ends().max().unwrap_or(Interval::ALL.greatest),
        }
    }

    fn ends(self) -> [i128; 2] {
        [self.least, self.greatest]
    }

    fn is_within(self, other: Interval) -> bool {
        self.least >= other.least && self.greatest <= other.greatest
    }

    /// What a wrapping operation gives whose mathematical results are these.
    fn wrapped(self) -> Interval {
        match self.is_within(Interval::ALL) {
            true => self,
            false => Interval::ALL,
        }
    }

    fn magnitude(self) -> i128 {
        self.least.abs().max(self.greatest.abs())
    }
}

fn sum(a: Interval, b: Interval) -> Interval {
    Interval::of(&[a.least + b.least, a.greatest + b.greatest])
}

fn difference(a: Interval, b: Interval) -> Interval {
    Interval::of(&[a.least - b.greatest, a.greatest - b.least])
}

fn product(a: Interval, b: Interval) -> Interval {
    let ends = a.ends().map(|a| b.ends().map(|b| a * b));
    Interval::of(ends.as_flattened())
}

struct Search<'a> {
    ops: &'a [Op],
    /// For each leaf, how many bits its words have; starts with the most.
    bits: Vec<u32>,
    /// For each operation that gives a word.
    intervals: Vec<Interval>,
}

impl Search<'_> {
    fn is_leaf(&self, id: Id) -> bool {
        matches!(
            self.ops[id as usize],
            Op::Column(_) | Op::Interpreted(_) | Op::Pool(_)
        )
    }

    fn interval(&self, id: Id) -> Interval {
        self.intervals[id as usize]
    }

    fn compute_intervals(&mut self) {
        self.intervals.clear();
        for (id, &op) in (0..).zip(self.ops) {
            let interval = self.of_op(id, op);
            self.intervals.push(interval);
        }
    }

    fn of_op(&self, id: Id, op: Op) -> Interval {
        match op {
            Op::Column(_) | Op::Interpreted(_) | Op::Pool(_) => {
                let end = 1i128 << self.bits[id as usize];
                Interval::of(&[-end, end - 1])
            }
            Op::Word(word) => Interval::of(&[(word as i64).into()]),
            Op::Unary(Unary::WordOfFlag, _) => Interval::of(&[0, 1]),
            Op::Unary(Unary::Negate, a) => {
                difference(Interval::of(&[0]), self.interval(a)).wrapped()
            }
            Op::Unary(Unary::Magnitude, a) => {
                Interval::of(&[0, self.interval(a).magnitude()]).wrapped()
            }
            Op::Select(_, a, b) => {
                let [a, b] = [a, b].map(|id| self.interval(id).ends());
                Interval::of([a, b].as_flattened())
            }
            Op::Binary(op, a, b) => {
                let [a, b] = [a, b].map(|id| self.interval(id));
                match op {
                    Binary::Add => sum(a, b).wrapped(),
                    Binary::Sub => difference(a, b).wrapped(),
                    Binary::Mul => product(a, b).wrapped(),
                    Binary::Div => Interval::of(&[-a.magnitude(), a.magnitude()]).wrapped(),
                    Binary::Rem => {
                        let size = a.magnitude().min(b.magnitude());
                        Interval::of(&[-size, size]).wrapped()
                    }
                    _ => Interval::ALL,
                }
            }
            _ => Interval::ALL,
        }
    }

    /// The operands of a check for overflow.
    fn operands(&self, id: Id) -> Option<[Id; 2]> {
        match self.ops[id as usize] {
            Op::Binary(
                Binary::AddOverflows | Binary::SubOverflows | Binary::MulOverflows,
                a,
                b,
            ) => Some([a, b]),
            // The one number that has no opposite.
            Op::Binary(Binary::Equal, a, b)
                if self.ops[b as usize] == Op::Word(i64::MIN as u64)
                    || self.ops[a as usize] == Op::Word(i64::MIN as u64) =>
            {
                Some([a, b])
            }
            _ => None,
        }
    }

    /// Whether a check never finds anything.
    fn is_impossible(&self, id: Id) -> bool {
        let Op::Binary(op, a, b) = self.ops[id as usize] else {
            return false;
        };
        let [a, b] = [a, b].map(|id| self.interval(id));
        match op {
            Binary::AddOverflows => sum(a, b).is_within(Interval::ALL),
            Binary::SubOverflows => difference(a, b).is_within(Interval::ALL),
            Binary::MulOverflows => product(a, b).is_within(Interval::ALL),
            _ => a.greatest < b.least || b.greatest < a.least,
        }
    }

    /// Lowers the bits of leaves, the widest first, until a check never finds anything; where that
    /// would leave too few, lowers none and says no.
    fn make_impossible(&mut self, id: Id) -> bool {
        let leaves = self.leaves_below(id);
        let before = self.bits.clone();
        while !self.is_impossible(id) {
            let widest = leaves.iter().map(|&leaf| self.bits[leaf as usize]).max();
            let Some(widest) = widest.filter(|&bits| bits > FEWEST_BITS) else {
                self.bits = before;
                self.compute_intervals();
                return false;
            };
            for &leaf in &leaves {
                let bits = &mut self.bits[leaf as usize];
                *bits = (*bits).min(widest - 1);
            }
            self.compute_intervals();
        }
        true
    }

    /// Some operations and all they are made of. A graph may hold others, from attempts given up.
    fn below(&self, roots: impl Iterator<Item = Id>) -> Vec<Id> {
        let mut is_seen = vec![false; self.ops.len()];
        let mut open: Vec<Id> = roots.collect();
        let mut found = Vec::new();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut is_seen[id as usize], true) {
                continue;
            }
            found.push(id);
            match self.ops[id as usize] {
                Op::Column(_) | Op::Interpreted(_) | Op::Pool(_) | Op::Word(_) | Op::Flag(_) => {}
                Op::Unary(_, a) | Op::Part(a, _) => open.push(a),
                Op::Binary(_, a, b) | Op::Call(_, _, [a, b]) => open.extend([a, b]),
                Op::Select(a, b, c) => open.extend([a, b, c]),
                Op::Branch {
                    condition,
                    then,
                    otherwise,
                } => open.extend([condition].into_iter().chain(then).chain(otherwise)),
            }
        }
        found
    }

    /// The leaves that the operands of a check are computed from.
    fn leaves_below(&self, id: Id) -> Vec<Id> {
        let mut is_seen = vec![false; self.ops.len()];
        let mut open: Vec<Id> = self.operands(id).into_iter().flatten().collect();
        let mut leaves = Vec::new();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut is_seen[id as usize], true) {
                continue;
            }
            match self.ops[id as usize] {
                _ if self.is_leaf(id) => leaves.push(id),
                Op::Unary(Unary::Negate | Unary::Magnitude, a) => open.push(a),
                Op::Binary(
                    Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem,
                    a,
                    b,
                )
                | Op::Select(_, a, b) => open.extend([a, b]),
                _ => {}
            }
        }
        leaves
    }
}

/// The body in which some flags are never set.
fn without(body: &Body, never: &[Id]) -> Body {
    let mut graph = Graph::default();
    // Two for a branch or a call, the same twice for others.
    let mut new: Vec<[Id; 2]> = Vec::with_capacity(body.ops.len());
    for (id, &op) in (0..).zip(&body.ops) {
        let to = |old: Id| new[old as usize][0];
        let made = match op {
            _ if never.binary_search(&id).is_ok() => [graph.flag(false); 2],
            Op::Column(_) | Op::Interpreted(_) | Op::Pool(_) => [graph.leaf(op); 2],
            Op::Word(word) => [graph.word(word); 2],
            Op::Flag(flag) => [graph.flag(flag); 2],
            Op::Unary(op, a) => [graph.unary(op, to(a)); 2],
            Op::Binary(op, a, b) => [graph.binary(op, to(a), to(b)); 2],
            Op::Select(condition, a, b) => [graph.select(to(condition), to(a), to(b)); 2],
            Op::Branch {
                condition,
                then,
                otherwise,
            } => graph.choose(to(condition), then.map(to), otherwise.map(to)),
            Op::Call(helper, detail, arguments) => graph.call(helper, detail, arguments.map(to)),
            Op::Part(whole, part) => [new[whole as usize][part as usize]; 2],
        };
        new.push(made);
    }
    let to = |old: &Id| new[*old as usize][0];
    Body {
        guards: body.guards.iter().map(to).collect(),
        keep: to(&body.keep),
        fail: to(&body.fail),
        outputs: body.outputs.iter().map(to).collect(),
        ops: graph.into_ops(),
    }
}
