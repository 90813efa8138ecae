//! The relations of a fixpoint: what is known, and what is new since it was last looked at.

use std::collections::VecDeque;

use sheaf_kernels::{Fault, Rows};

use crate::container::{LatticeMap, RowSet};

/// A relation with its unprocessed rows, each with the generation that derived it.
#[derive(Debug)]
pub(super) struct Variable {
    pub store: Store,
    /// How many rows (or improvements) were ever queued, and taken from the queue.
    queued: usize,
    taken: usize,
    /// Where in the queue each generation ends; ascending.
    marks: VecDeque<(usize, u64)>,
}

#[derive(Debug)]
pub(super) enum Store {
    /// The delta is the suffix that was not taken yet.
    Set(RowSet),
    /// The delta is what has improved since it was last taken.
    Lattice(Box<LatticeMap>),
}

impl Variable {
    pub fn new(store: Store) -> Variable {
        Variable {
            store,
            queued: 0,
            taken: 0,
            marks: VecDeque::new(),
        }
    }

    /// Adds rows of a generation; tells how many of them are news.
    pub fn insert(&mut self, rows: &Rows, generation: u64) -> usize {
        let news = match &mut self.store {
            Store::Set(set) => set.insert_batch(rows).len(),
            Store::Lattice(map) => {
                let before = map.improved();
                map.merge_batch(rows);
                map.improved() - before
            }
        };
        if news > 0 {
            self.queued += news;
            match self.marks.back_mut() {
                Some((end, last)) if *last == generation => *end = self.queued,
                _ => self.marks.push_back((self.queued, generation)),
            }
        }
        news
    }

    /// Whether two values of a lattice could not be joined.
    pub fn has_failed(&self) -> bool {
        matches!(&self.store, Store::Lattice(map) if map.has_failed())
    }

    /// The generation of what is taken next.
    pub fn next_generation(&self) -> Option<u64> {
        self.marks.front().map(|mark| mark.1)
    }

    /// Takes up to `limit` new rows of the oldest generation.
    pub fn take(&mut self, limit: usize, rows: &mut Rows) {
        let Some(&(end, _)) = self.marks.front() else {
            return;
        };
        let count = limit.min(end - self.taken);
        match &mut self.store {
            Store::Set(set) => set.copy_rows(self.taken..self.taken + count, rows),
            Store::Lattice(map) => map.take_improved(count, rows),
        }
        self.taken += count;
        if self.taken == end {
            if self.marks.len() == 1 && Fault::DroppedDelta.is_planted() {
                rows.clear();
            }
            self.marks.pop_front();
        }
    }

    /// Number of rows known.
    pub fn len(&self) -> usize {
        match &self.store {
            Store::Set(set) => set.len(),
            Store::Lattice(map) => map.len(),
        }
    }

    /// Appends what is known, by number.
    pub fn copy_rows(&self, range: std::ops::Range<usize>, rows: &mut Rows) {
        match &self.store {
            Store::Set(set) => set.copy_rows(range, rows),
            Store::Lattice(map) => map.copy_rows(range, rows),
        }
    }

    pub fn is_lattice(&self) -> bool {
        matches!(self.store, Store::Lattice(_))
    }

    /// Forgets all, keeps the room.
    pub fn clear(&mut self) {
        match &mut self.store {
            Store::Set(set) => set.clear(),
            Store::Lattice(map) => map.clear(),
        }
        self.queued = 0;
        self.taken = 0;
        self.marks.clear();
    }

    pub fn memory(&self) -> usize {
        self.marks.capacity() * 16
            + match &self.store {
                Store::Set(set) => set.memory(),
                Store::Lattice(map) => map.memory(),
            }
    }
}
