//! `One`: a key has one value, and a different second one is an error.
//!
//! State: the least and the greatest contribution. If they differ, both are named in the error,
//! whatever came first. A partial state is the set of the two.

use sheaf_ir::Span;

use super::{Accumulator, Shared};
use crate::composite::{Elements, take_word, write_end, write_word};
use crate::words::{compare, write_json};
use crate::{ErrorCode, EvalError, Interner, Types};
use sheaf_ir::Type;

pub(super) struct Ones {
    shared: Shared,
    /// The type of a partial state.
    set: Type,
    /// `None` before the first contribution.
    ends: Vec<Option<(u64, u64)>>,
}

impl Ones {
    pub(super) fn new(shared: Shared) -> Ones {
        Ones {
            set: Type::Set(Box::new(shared.contribution.clone())),
            shared,
            ends: Vec::new(),
        }
    }

    fn ends(&self, slot: u32) -> (u64, u64) {
        self.ends[slot as usize].expect("a slot that is read has a contribution")
    }
}

impl Accumulator for Ones {
    fn new_key(&mut self) -> u32 {
        self.ends.push(None);
        (self.ends.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let ends = &mut self.ends[slot as usize];
        let Some((least, greatest)) = ends else {
            *ends = Some((contribution, contribution));
            return;
        };
        if compare(contribution, *least, ty, interner).is_lt() {
            *least = contribution;
        } else if compare(contribution, *greatest, ty, interner).is_gt() {
            *greatest = contribution;
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        let (least, greatest) = self.ends(slot);
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let mut bytes = Vec::new();
        for word in [least, greatest]
            .into_iter()
            .take(1 + (least != greatest) as usize)
        {
            bytes.push(1);
            write_word(ty, word, interner, &mut bytes);
        }
        write_end(&mut bytes);
        interner.intern(&bytes)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        let interner = self.shared.interner.clone();
        let ends: Vec<u64> = Elements::new(&self.set, &self.shared.types, interner.get(partial))
            .map(|mut bytes| {
                let ty = &self.shared.contribution;
                take_word(ty, &self.shared.types, &mut bytes, &interner)
            })
            .collect();
        for word in ends {
            self.add(slot, word);
        }
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        let (least, greatest) = self.ends(slot);
        if least == greatest {
            return Ok(least);
        }
        let Shared {
            contribution,
            types,
            interner,
            span,
        } = &self.shared;
        Err(conflict(
            least,
            greatest,
            contribution,
            types,
            interner,
            *span,
        ))
    }

    fn clear(&mut self) {
        self.ends.clear();
    }

    fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<Option<(u64, u64)>>()
    }
}

/// Two values where there may be one; `a < b`.
pub(crate) fn conflict(
    a: u64,
    b: u64,
    ty: &Type,
    types: &Types,
    interner: &Interner,
    span: Span,
) -> EvalError {
    let mut message = String::new();
    write_json(a, ty, types, interner, &mut message);
    message += " and ";
    write_json(b, ty, types, interner, &mut message);
    message += " are both given where there may be only one value";
    EvalError {
        code: ErrorCode::Conflict,
        span,
        message,
    }
}
