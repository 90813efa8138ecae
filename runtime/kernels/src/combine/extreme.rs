//! `Min` and `Max`, and `All` and `Any`, which are the same of Bool.
//!
//! State: the word of the best contribution so far; of inline types in a form that compares as an
//! unsigned integer, where 0 is below all others.

use sheaf_ir::Type;

use super::{Accumulator, Shared};
use crate::EvalError;
use crate::words::{compare, inline_from_key, inline_key};

pub(super) fn accumulator(shared: Shared, greatest: bool) -> Box<dyn Accumulator> {
    if shared.contribution.is_inline() {
        let turn = if greatest { 0 } else { u64::MAX };
        Box::new(Inline {
            ty: shared.contribution,
            turn,
            best: Vec::new(),
        })
    } else {
        Box::new(Symbols {
            shared,
            greatest,
            best: Vec::new(),
        })
    }
}

/// Of an inline type. `turn` turns the order round for the least.
struct Inline {
    ty: Type,
    turn: u64,
    best: Vec<u64>,
}

impl Accumulator for Inline {
    fn new_key(&mut self) -> u32 {
        self.best.push(0);
        (self.best.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.best.len()
    }

    #[inline]
    fn add(&mut self, slot: u32, contribution: u64) {
        let key = inline_key(&self.ty, contribution) ^ self.turn;
        let best = &mut self.best[slot as usize];
        *best = key.max(*best);
    }

    fn partial(&mut self, slot: u32) -> u64 {
        inline_from_key(&self.ty, self.best[slot as usize] ^ self.turn)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        self.add(slot, partial);
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        Ok(self.partial(slot))
    }

    fn clear(&mut self) {
        self.best.clear();
    }

    fn bytes(&self) -> usize {
        self.best.capacity() * size_of::<u64>()
    }
}

/// Of any other type.
struct Symbols {
    shared: Shared,
    greatest: bool,
    best: Vec<u64>,
}

/// No symbol: 2³² and above are none.
const NOTHING: u64 = u64::MAX;

impl Accumulator for Symbols {
    fn new_key(&mut self) -> u32 {
        self.best.push(NOTHING);
        (self.best.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.best.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        let best = &mut self.best[slot as usize];
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        if *best == NOTHING || compare(contribution, *best, ty, interner).is_gt() == self.greatest {
            *best = contribution;
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.best[slot as usize]
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        self.add(slot, partial);
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        Ok(self.best[slot as usize])
    }

    fn clear(&mut self) {
        self.best.clear();
    }

    fn bytes(&self) -> usize {
        self.best.capacity() * size_of::<u64>()
    }
}
