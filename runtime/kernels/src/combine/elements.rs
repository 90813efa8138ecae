//! `Top` and `Sorted`: the contributions themselves.
//!
//! State: contributions in any order; of `Top(n)` never more than twice the `n` greatest.

use sheaf_ir::Type;

use super::{Accumulator, Shared};
use crate::EvalError;
use crate::composite::{Elements, take_word, write_end, write_word};
use crate::words::compare;

/// Lists of contributions.
pub(super) struct Lists {
    shared: Shared,
    /// The type of the lists.
    list: Type,
    /// How many of the greatest are kept; `None`: all, ascending.
    limit: Option<usize>,
    lists: Vec<Vec<u64>>,
}

impl Lists {
    pub(super) fn top(shared: Shared, limit: u64) -> Lists {
        Lists::new(shared, Some(usize::try_from(limit).unwrap_or(usize::MAX)))
    }

    pub(super) fn sorted(shared: Shared) -> Lists {
        Lists::new(shared, None)
    }

    fn new(shared: Shared, limit: Option<usize>) -> Lists {
        Lists {
            list: Type::List(Box::new(shared.contribution.clone())),
            shared,
            limit,
            lists: Vec::new(),
        }
    }

    /// Brings a list into its final order and length.
    fn settle(&mut self, slot: u32) {
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let list = &mut self.lists[slot as usize];
        match self.limit {
            None => list.sort_unstable_by(|&a, &b| compare(a, b, ty, interner)),
            Some(limit) => {
                list.sort_unstable_by(|&a, &b| compare(b, a, ty, interner));
                list.truncate(limit);
            }
        }
    }
}

impl Accumulator for Lists {
    fn new_key(&mut self) -> u32 {
        self.lists.push(Vec::new());
        (self.lists.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.lists.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        /// Below this, cutting down costs more than it spares.
        const SHORT: usize = 16;
        let list = &mut self.lists[slot as usize];
        list.push(contribution);
        let full = self.limit.map(|limit| limit.saturating_mul(2).max(SHORT));
        if full.is_some_and(|full| list.len() >= full) {
            self.settle(slot);
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.settle(slot);
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let mut bytes = Vec::new();
        for &word in &self.lists[slot as usize] {
            bytes.push(1);
            write_word(ty, word, interner, &mut bytes);
        }
        write_end(&mut bytes);
        interner.intern(&bytes)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        let interner = self.shared.interner.clone();
        let elements: Vec<u64> =
            Elements::new(&self.list, &self.shared.types, interner.get(partial))
                .map(|mut bytes| {
                    let ty = &self.shared.contribution;
                    take_word(ty, &self.shared.types, &mut bytes, &interner)
                })
                .collect();
        for word in elements {
            self.add(slot, word);
        }
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        Ok(self.partial(slot))
    }

    fn clear(&mut self) {
        self.lists.clear();
    }

    fn bytes(&self) -> usize {
        let words: usize = self.lists.iter().map(Vec::capacity).sum();
        self.lists.capacity() * size_of::<Vec<u64>>() + words * size_of::<u64>()
    }
}
