//! Pairs of rows that agree on their keys, as they come.
//!
//! Invariants:
//! - A row is kept before it looks for partners among the rows kept of the other side: each pair is
//!   found exactly once, however often equal rows occur.
//! - A side is indexed when the other's first row comes, statically if it is complete by then. Rows
//!   of a side whose other side is complete are not kept.

use sheaf_kernels::Rows;

use super::block::BlockRunner;
use super::matching::{Emitter, Probe, Side, rows_of};
use super::output_rows;
use super::queue::{Item, Queue};
use crate::container::{BATCH, GrowingIndex, Index, Payload, StaticIndex};
use crate::{Operator, Output, Progress};

/// A symmetric join.
pub(crate) struct Join {
    sides: [Side; 2],
    kept: [Kept; 2],
    complete: [bool; 2],
    /// By the side that probes.
    emitters: [Emitter; 2],
    /// `None` if the emitters do all.
    block: Option<BlockRunner>,
    queue: Queue,
    /// The batch whose partners are being emitted, with its port.
    probe: Option<(usize, Probe<Box<Rows>>)>,
}

/// What is kept of a side.
#[derive(Debug)]
enum Kept {
    /// Nothing came on the other side yet.
    Rows(Payload),
    Index(Index),
    /// Nobody will look for its rows.
    Nothing,
}

impl Join {
    pub fn new(sides: [Side; 2], runner: BlockRunner) -> Join {
        let picked: Vec<usize> = match runner.projection() {
            Some(columns) => columns.to_vec(),
            None => (0..sides[0].arity + sides[1].arity).collect(),
        };
        Join {
            kept: [0, 1].map(|side| Kept::Rows(Payload::new(sides[side].arity))),
            complete: [false; 2],
            emitters: [0, 1].map(|probing| Emitter::new(&picked, &sides, probing)),
            block: runner.projection().is_none().then_some(runner),
            queue: Queue::default(),
            probe: None,
            sides,
        }
    }

    /// Keeps a batch as far as it is needed and looks its partners up.
    fn take(&mut self, port: usize, rows: Rows) {
        let other = 1 - port;
        let (words, arity, len) = (rows.words(), rows.arity(), rows.len());
        match &mut self.kept[port] {
            Kept::Rows(payload) if !self.complete[other] => {
                let all: Vec<usize> = (0..arity).collect();
                payload.extend(words, arity, len, &all);
            }
            Kept::Index(Index::Growing(index)) => index.insert_batch(words, arity, len),
            _ => {}
        }
        let side = &self.sides[other];
        if let Kept::Rows(payload) = &self.kept[other]
            && !payload.is_empty()
        {
            self.kept[other] = Kept::Index(match self.complete[other] {
                true => Index::from(StaticIndex::new(payload, &side.key)),
                false => Index::from(GrowingIndex::of(payload, &side.key)),
            });
        }
        if let Kept::Index(index) = &self.kept[other] {
            let key = &self.sides[port].key;
            let probe = Probe::new(Box::new(rows), key, index, Vec::new());
            self.probe = Some((port, probe));
        }
    }

    /// No more rows come on a port: nobody will look for the other side's.
    fn complete(&mut self, port: usize) {
        self.complete[port] = true;
        self.kept[1 - port] = Kept::Nothing;
    }

    /// Emits the next pairs; tells how many.
    fn advance(&mut self, output: &mut Output) -> Option<usize> {
        let (port, probe) = self.probe.as_mut()?;
        let Kept::Index(index) = &self.kept[1 - *port] else {
            self.probe = None;
            return Some(0);
        };
        let emitter = &mut self.emitters[*port];
        let mut words = Vec::new();
        let emitted = probe.advance(index, emitter, BATCH, &mut words);
        let pairs = rows_of(emitter.arity(), emitted, words);
        if probe.is_done() {
            self.probe = None;
        }
        match &mut self.block {
            None => output_rows(output, 0, pairs.arity()).append(&pairs),
            Some(runner) => {
                output_rows(output, 0, runner.arity());
                let (given, errors) = (&mut output.rows[0], &mut output.errors);
                runner.run(&pairs, given, Some(errors));
            }
        }
        Some(emitted)
    }
}

impl Operator for Join {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.queue.close(port);
    }

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let cost = match self.advance(output) {
                Some(emitted) => emitted + 1,
                None => match self.queue.pop(BATCH) {
                    None => return Progress::Done,
                    Some(Item::Close(port)) => {
                        self.complete(port);
                        1
                    }
                    Some(Item::Rows(port, rows)) => {
                        let cost = rows.len();
                        self.take(port, rows);
                        cost
                    }
                },
            };
            *fuel = fuel.saturating_sub(cost);
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        let kept = |kept: &Kept| match kept {
            Kept::Rows(payload) => payload.memory(),
            Kept::Index(index) => index.memory(),
            Kept::Nothing => 0,
        };
        self.queue.memory() + self.kept.iter().map(kept).sum::<usize>()
    }
}
