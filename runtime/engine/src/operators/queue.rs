//! What waits for an operator's work.

use std::collections::VecDeque;

use sheaf_kernels::Rows;

use super::matching::rows_of;
use crate::container::{BATCH, Payload};

/// Rows by port and the ends of ports, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    /// Rows of the first item that were taken already.
    taken: usize,
}

/// One thing that came.
#[derive(Debug)]
pub(crate) enum Item {
    Rows(usize, Rows),
    Close(usize),
}

impl Queue {
    pub fn push(&mut self, port: usize, rows: Rows) {
        if !rows.is_empty() {
            self.items.push_back(Item::Rows(port, rows));
        }
    }

    pub fn close(&mut self, port: usize) {
        self.items.push_back(Item::Close(port));
    }

    /// The next thing; rows are cut to at most `limit`.
    pub fn pop(&mut self, limit: usize) -> Option<Item> {
        let Some(Item::Rows(port, rows)) = self.items.front() else {
            return self.items.pop_front();
        };
        if self.taken == 0 && rows.len() <= limit {
            return self.items.pop_front();
        }
        let (port, arity) = (*port, rows.arity());
        let end = rows.len().min(self.taken + limit);
        let words = rows.words()[self.taken * arity..end * arity].to_vec();
        let part = rows_of(arity, end - self.taken, words);
        if end == rows.len() {
            self.items.pop_front();
            self.taken = 0;
        } else {
            self.taken = end;
        }
        Some(Item::Rows(port, part))
    }

    pub fn memory(&self) -> usize {
        let words = |item: &Item| match item {
            Item::Rows(_, rows) => rows.words().len() * 8,
            Item::Close(_) => 0,
        };
        self.items.iter().map(words).sum()
    }
}

/// Rows that wait until something else is complete, compactly.
#[derive(Debug)]
pub(crate) struct Backlog {
    rows: Payload,
    taken: usize,
}

impl Backlog {
    pub fn new(arity: usize) -> Backlog {
        Backlog {
            rows: Payload::new(arity),
            taken: 0,
        }
    }

    pub fn push(&mut self, rows: &Rows) {
        let all: Vec<usize> = (0..rows.arity()).collect();
        self.rows
            .extend(rows.words(), rows.arity(), rows.len(), &all);
    }

    /// The next rows, at most a batch.
    pub fn pop(&mut self) -> Option<Rows> {
        let end = self.rows.len().min(self.taken + BATCH);
        if end == self.taken {
            if self.taken > 0 {
                *self = Backlog::new(self.rows.width());
            }
            return None;
        }
        let mut words = Vec::with_capacity((end - self.taken) * self.rows.width());
        (self.taken..end).for_each(|row| self.rows.copy_row(row, &mut words));
        let rows = rows_of(self.rows.width(), end - self.taken, words);
        self.taken = end;
        Some(rows)
    }

    pub fn memory(&self) -> usize {
        self.rows.memory()
    }
}
