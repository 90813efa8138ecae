//! Left rows with their partners on the right, or with `None`s.

use sheaf_kernels::Rows;

use super::matching::{Emitter, Probe, Side, rows_of};
use super::optional::Optional;
use super::output_rows;
use super::queue::{Backlog, Item, Queue};
use crate::container::{BATCH, Index, Payload, StaticIndex};
use crate::{Operator, Output, Progress};

/// The sides of an outer join as they are indexed, the right one wrapped by an [`Optional`], and
/// the columns of both that it gives.
pub(crate) fn wrapped_sides(
    left: Side,
    optional: &Optional,
    right_key: &[usize],
) -> ([Side; 2], Vec<usize>) {
    let right = Side {
        arity: optional.arity(),
        key: (0..right_key.len()).collect(),
    };
    let first = left.arity + right_key.len();
    let picked = (0..left.arity)
        .chain(first..left.arity + right.arity)
        .collect();
    ([left, right], picked)
}

/// Waits for the right side to be complete, then streams the left one.
pub(crate) struct OuterJoin {
    sides: [Side; 2],
    optional: Optional,
    emitter: Emitter,
    right: Payload,
    index: Option<Index>,
    held: Backlog,
    queue: Queue,
    probe: Option<Probe<Box<Rows>>>,
}

impl OuterJoin {
    pub fn new(left: Side, optional: Optional, right_key: &[usize]) -> OuterJoin {
        let (sides, picked) = wrapped_sides(left, &optional, right_key);
        OuterJoin {
            emitter: Emitter::new(&picked, &sides, 0),
            right: Payload::new(optional.arity()),
            index: None,
            held: Backlog::new(sides[0].arity),
            queue: Queue::default(),
            probe: None,
            optional,
            sides,
        }
    }

    /// Looks left rows up; those without a partner are given at once.
    fn take(&mut self, rows: Rows, index: &Index, output: &mut Output) {
        let probe = Probe::new(Box::new(rows), &self.sides[0].key, index, Vec::new());
        let given = output_rows(output, 0, self.emitter.arity());
        for (row, _) in probe.rows().iter().zip(probe.unmatched()).filter(|r| r.1) {
            self.optional.push_unmatched(row, given);
        }
        self.probe = Some(probe);
    }

    fn step(&mut self, output: &mut Output) -> Option<usize> {
        if let (Some(probe), Some(index)) = (&mut self.probe, &self.index) {
            let mut words = Vec::new();
            let emitted = probe.advance(index, &mut self.emitter, BATCH, &mut words);
            if probe.is_done() {
                self.probe = None;
            }
            let rows = rows_of(self.emitter.arity(), emitted, words);
            output_rows(output, 0, rows.arity()).append(&rows);
            return Some(emitted + 1);
        }
        if let Some(index) = self.index.take() {
            let next = self.held.pop();
            let cost = next.as_ref().map(Rows::len);
            if let Some(rows) = next {
                self.take(rows, &index, output);
            }
            self.index = Some(index);
            if cost.is_some() {
                return cost;
            }
        }
        Some(match self.queue.pop(BATCH)? {
            Item::Close(1) => {
                let right = std::mem::replace(&mut self.right, Payload::new(0));
                self.index = Some(Index::from(StaticIndex::new(&right, &self.sides[1].key)));
                right.len() + 1
            }
            Item::Close(_) => 1,
            Item::Rows(1, rows) => {
                let wrapped = self.optional.wrap(&rows);
                let all: Vec<usize> = (0..wrapped.arity()).collect();
                self.right
                    .extend(wrapped.words(), wrapped.arity(), wrapped.len(), &all);
                rows.len()
            }
            Item::Rows(_, rows) => {
                self.held.push(&rows);
                rows.len()
            }
        })
    }
}

impl Operator for OuterJoin {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.queue.close(port);
    }

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            match self.step(output) {
                Some(cost) => *fuel = fuel.saturating_sub(cost),
                None => return Progress::Done,
            }
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.right.memory()
            + self.held.memory()
            + self.queue.memory()
            + self.index.as_ref().map_or(0, Index::memory)
    }
}
