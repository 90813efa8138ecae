//! `Lww`, last writer wins: of `(Time, value)` the one with the greater time, then the greater value.
//!
//! State: the greatest contribution; canonical bytes of tuples are ordered just so.

use super::{Accumulator, Shared};
use crate::EvalError;
use crate::composite::{take, take_word};
use crate::words::compare;

pub(super) struct Lww {
    shared: Shared,
    last: Vec<Option<u64>>,
}

impl Lww {
    pub(super) fn new(shared: Shared) -> Lww {
        Lww {
            shared,
            last: Vec::new(),
        }
    }
}

impl Accumulator for Lww {
    fn new_key(&mut self) -> u32 {
        self.last.push(None);
        (self.last.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.last.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let last = &mut self.last[slot as usize];
        if last.is_none_or(|last| compare(contribution, last, ty, interner).is_gt()) {
            *last = Some(contribution);
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.last[slot as usize].expect("a slot that is read has a contribution")
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        self.add(slot, partial);
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        let state = self.partial(slot);
        Ok(value(state, &self.shared))
    }

    fn clear(&mut self) {
        self.last.clear();
    }

    fn bytes(&self) -> usize {
        self.last.capacity() * size_of::<Option<u64>>()
    }
}

/// What is read of a state: the tuple without its time.
pub(super) fn value(state: u64, shared: &Shared) -> u64 {
    let sheaf_ir::Type::Tuple(parts) = &shared.contribution else {
        unreachable!("the type was checked when the accumulator was made");
    };
    let mut bytes = shared.interner.get(state);
    take(&mut bytes, 8);
    take_word(&parts[1], &shared.types, &mut bytes, &shared.interner)
}
