//! `Union` of sets.
//!
//! State: a set, and contributions that still have to be merged into it. They wait until together
//! they are as large as the set, so that each element is copied a logarithmic number of times.

use super::{Accumulator, Shared};
use crate::composite::{Elements, write_element, write_end};
use crate::{EvalError, Interner, Types};
use sheaf_ir::Type;

pub(super) struct Unions {
    shared: Shared,
    slots: Vec<Slot>,
}

#[derive(Default)]
struct Slot {
    /// The merged set and its size in bytes.
    merged: Option<(u64, usize)>,
    waiting: Vec<u64>,
    waiting_bytes: usize,
}

impl Unions {
    pub(super) fn new(shared: Shared) -> Unions {
        Unions {
            shared,
            slots: Vec::new(),
        }
    }

    fn settle(&mut self, slot: u32) -> u64 {
        let slot = &mut self.slots[slot as usize];
        let Shared {
            contribution,
            types,
            interner,
            ..
        } = &self.shared;
        slot.waiting.sort_unstable();
        slot.waiting.dedup();
        let merged = slot.merged.map(|merged| merged.0);
        let mut sets = std::mem::take(&mut slot.waiting);
        sets.extend(merged);
        let union = match sets.as_slice() {
            [one] => *one,
            many => union(many, contribution, types, interner),
        };
        slot.merged = Some((union, interner.get(union).len()));
        slot.waiting_bytes = 0;
        union
    }
}

impl Accumulator for Unions {
    fn new_key(&mut self) -> u32 {
        self.slots.push(Slot::default());
        (self.slots.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.slots.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        /// Less than this is not worth merging.
        const LITTLE: usize = 256;
        let bytes = self.shared.interner.get(contribution).len();
        let state = &mut self.slots[slot as usize];
        if state.merged.is_some_and(|merged| merged.0 == contribution) {
            return;
        }
        state.waiting.push(contribution);
        state.waiting_bytes += bytes;
        let merged = state.merged.map_or(0, |merged| merged.1);
        if state.waiting_bytes >= merged.max(LITTLE) {
            self.settle(slot);
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.settle(slot)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        self.add(slot, partial);
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        Ok(self.settle(slot))
    }

    fn clear(&mut self) {
        self.slots.clear();
    }

    fn bytes(&self) -> usize {
        let waiting: usize = self.slots.iter().map(|slot| slot.waiting.capacity()).sum();
        self.slots.capacity() * size_of::<Slot>() + waiting * size_of::<u64>()
    }
}

/// The union of some sets of one type.
pub(super) fn union(sets: &[u64], ty: &Type, types: &Types, interner: &Interner) -> u64 {
    let mut elements: Vec<&[u8]> = sets
        .iter()
        .flat_map(|&set| Elements::new(ty, types, interner.get(set)))
        .collect();
    // Stable: it finds the runs that the sets are.
    elements.sort();
    elements.dedup();
    let mut bytes = Vec::new();
    for element in elements {
        write_element(element, &mut bytes);
    }
    write_end(&mut bytes);
    interner.intern(&bytes)
}
