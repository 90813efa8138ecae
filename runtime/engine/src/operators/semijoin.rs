//! Rows whose key is known on the other side, as soon as it is; and rows whose key is not.

use sheaf_kernels::Rows;

use super::matching::{Emitter, Probe, Side, rows_of};
use super::output_rows;
use super::queue::{Backlog, Item, Queue};
use crate::container::{BATCH, GrowingIndex, Index, RowSet};
use crate::{Operator, Output, Progress};

/// The keys of rows.
pub(crate) fn keys_of(rows: &Rows, key: &[usize]) -> Rows {
    let mut keys = Rows::with_capacity(key.len(), rows.len());
    for row in rows.iter() {
        keys.push_iter(key.iter().map(|&c| row[c]));
    }
    keys
}

/// Splits rows by whether their key is known.
pub(crate) fn split(rows: &Rows, key: &[usize], keys: &RowSet, mut give: impl FnMut(bool, &[u64])) {
    let mut wanted = Vec::with_capacity(key.len());
    for row in rows.iter() {
        wanted.clear();
        wanted.extend(key.iter().map(|&c| row[c]));
        give(keys.contains(&wanted), row);
    }
}

/// Left rows pass when their key is known on the right, in whatever order the two come.
pub(crate) struct Semijoin {
    sides: [Side; 2],
    keys: RowSet,
    /// Left rows whose key was unknown when they came.
    waiting: Index,
    emitter: Emitter,
    complete: bool,
    queue: Queue,
    probe: Option<Probe<Box<Rows>>>,
}

impl Semijoin {
    pub fn new(sides: [Side; 2]) -> Semijoin {
        let width = sides[1].key.len();
        let keys = Side {
            arity: width,
            key: (0..width).collect(),
        };
        let all: Vec<usize> = (0..sides[0].arity).collect();
        Semijoin {
            keys: RowSet::new(width),
            waiting: Index::from(GrowingIndex::new(sides[0].arity, &sides[0].key)),
            emitter: Emitter::new(&all, &[sides[0].clone(), keys], 1),
            complete: false,
            queue: Queue::default(),
            probe: None,
            sides,
        }
    }

    fn take(&mut self, port: usize, rows: Rows, output: &mut Output) {
        if port == 0 {
            let mut waiting = Rows::new(rows.arity());
            let given = output_rows(output, 0, rows.arity());
            split(
                &rows,
                &self.sides[0].key,
                &self.keys,
                |known, row| match known {
                    true => given.push(row),
                    false => waiting.push(row),
                },
            );
            if let Index::Growing(index) = &mut self.waiting
                && !self.complete
            {
                index.insert_batch(waiting.words(), waiting.arity(), waiting.len());
            }
            return;
        }
        let new = self.keys.insert_batch(&keys_of(&rows, &self.sides[1].key));
        let mut news = Rows::new(self.keys.arity());
        self.keys.copy_rows(new, &mut news);
        let all: Vec<usize> = (0..news.arity()).collect();
        self.probe = Some(Probe::new(Box::new(news), &all, &self.waiting, Vec::new()));
    }

    fn complete(&mut self, port: usize) {
        if port == 1 {
            self.complete = true;
            let side = &self.sides[0];
            self.waiting = Index::from(GrowingIndex::new(side.arity, &side.key));
        }
    }
}

impl Operator for Semijoin {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.queue.close(port);
    }

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let cost = if let Some(probe) = &mut self.probe {
                let mut words = Vec::new();
                let emitted = probe.advance(&self.waiting, &mut self.emitter, BATCH, &mut words);
                if probe.is_done() {
                    self.probe = None;
                }
                let arity = self.sides[0].arity;
                output_rows(output, 0, arity).append(&rows_of(arity, emitted, words));
                emitted + 1
            } else {
                match self.queue.pop(BATCH) {
                    None => return Progress::Done,
                    Some(Item::Close(port)) => {
                        self.complete(port);
                        1
                    }
                    Some(Item::Rows(port, rows)) => {
                        let cost = rows.len();
                        self.take(port, rows, output);
                        cost
                    }
                }
            };
            *fuel = fuel.saturating_sub(cost);
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.keys.memory() + self.waiting.memory() + self.queue.memory()
    }
}

/// Left rows pass, once the right side is complete, if their key is unknown there.
pub(crate) struct Antijoin {
    sides: [Side; 2],
    keys: RowSet,
    held: Backlog,
    complete: bool,
    queue: Queue,
}

impl Antijoin {
    pub fn new(sides: [Side; 2]) -> Antijoin {
        Antijoin {
            keys: RowSet::new(sides[1].key.len()),
            held: Backlog::new(sides[0].arity),
            complete: false,
            queue: Queue::default(),
            sides,
        }
    }

    fn pass(&self, rows: &Rows, output: &mut Output) {
        let given = output_rows(output, 0, rows.arity());
        split(rows, &self.sides[0].key, &self.keys, |known, row| {
            if !known {
                given.push(row);
            }
        });
    }
}

impl Operator for Antijoin {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.queue.close(port);
    }

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let held = self.complete.then(|| self.held.pop()).flatten();
            let cost = if let Some(rows) = held {
                self.pass(&rows, output);
                rows.len()
            } else {
                match self.queue.pop(BATCH) {
                    None => return Progress::Done,
                    Some(Item::Close(port)) => {
                        self.complete |= port == 1;
                        1
                    }
                    Some(Item::Rows(1, rows)) => {
                        self.keys.insert_batch(&keys_of(&rows, &self.sides[1].key));
                        rows.len()
                    }
                    Some(Item::Rows(_, rows)) => {
                        match self.complete {
                            true => self.pass(&rows, output),
                            false => self.held.push(&rows),
                        }
                        rows.len()
                    }
                }
            };
            *fuel = fuel.saturating_sub(cost);
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.keys.memory() + self.held.memory() + self.queue.memory()
    }
}
