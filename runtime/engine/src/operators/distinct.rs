//! Each row once.

use sheaf_kernels::Rows;

use super::output_rows;
use super::queue::{Item, Queue};
use crate::container::{BATCH, Recent, RowSet};
use crate::{Operator, Output, Progress};

/// Passes on rows that were not seen before.
pub(crate) struct Distinct {
    seen: RowSet,
    queue: Queue,
}

impl Distinct {
    pub fn new(arity: usize) -> Distinct {
        Distinct {
            seen: RowSet::new(arity),
            queue: Queue::default(),
        }
    }
}

impl Operator for Distinct {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, _: usize, _: &mut Output) {}

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let Some(item) = self.queue.pop(BATCH) else {
                return Progress::Done;
            };
            if let Item::Rows(_, rows) = item {
                let news = self.seen.insert_batch(&rows);
                let given = output_rows(output, 0, self.seen.arity());
                self.seen.copy_rows(news, given);
                *fuel = fuel.saturating_sub(rows.len());
            }
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.seen.memory() + self.queue.memory()
    }
}

/// Drops some of the rows that were seen before, in bounded memory: stands before an exchange that
/// leads to a [`Distinct`].
pub(crate) struct PreDistinct {
    recent: Option<Recent>,
}

impl PreDistinct {
    pub fn new(arity: usize) -> PreDistinct {
        PreDistinct {
            recent: (arity > 0).then(|| Recent::new(arity, None)),
        }
    }
}

impl Operator for PreDistinct {
    fn push(&mut self, _: usize, rows: Rows, output: &mut Output) {
        let given = output_rows(output, 0, rows.arity());
        match &mut self.recent {
            Some(recent) => {
                for row in rows.iter() {
                    if recent.is_news(row) {
                        given.push(row);
                    }
                }
            }
            None => given.append(&rows),
        }
    }

    fn close(&mut self, _: usize, _: &mut Output) {}

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, _: &mut usize, _: &mut Output) -> Progress {
        Progress::Done
    }

    fn memory(&self) -> usize {
        self.recent.as_ref().map_or(0, Recent::memory)
    }
}
