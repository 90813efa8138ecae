//! Filters and projects rows, with or without the elements of a collection beside them.

use sheaf_kernels::Rows;

use super::block::BlockRunner;
use super::output_rows;
use super::queue::{Item, Queue};
use crate::container::BATCH;
use crate::{Operator, Output, Progress};

/// A map or flat-map.
pub(crate) struct Map {
    runner: BlockRunner,
    /// Rows that are evaluated at once.
    batch: usize,
    queue: Queue,
}

/// Rows of a flat-map that are evaluated at once: each may become many.
const FLAT_BATCH: usize = 64;

impl Map {
    /// `flat` if the block has a collection in front.
    pub fn new(runner: BlockRunner, flat: bool) -> Map {
        Map {
            runner,
            batch: if flat { FLAT_BATCH } else { BATCH },
            queue: Queue::default(),
        }
    }
}

impl Operator for Map {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, _: usize, _: &mut Output) {}

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let Some(item) = self.queue.pop(self.batch) else {
                return Progress::Done;
            };
            if let Item::Rows(_, rows) = item {
                output_rows(output, 0, self.runner.arity());
                let (given, errors) = (&mut output.rows[0], &mut output.errors);
                let before = given.len();
                self.runner.run(&rows, given, Some(errors));
                *fuel = fuel.saturating_sub(rows.len() + given.len() - before);
            }
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.queue.memory()
    }
}
