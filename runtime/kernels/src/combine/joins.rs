//! The join of a lattice of the program.
//!
//! State: the different contributions. They are joined when a result is wanted: in ascending order,
//! neighbours pair by pair until one value is left. So what comes out does not depend on the order in
//! which they came, even if the join breaks its laws or fails; the memory is that of `Sorted`. A
//! partial state is the set of them.

use sheaf_ir::{Combiner, Type};

use super::{Accumulator, Shared, UndefinedCombiner};
use crate::composite::{Elements, take_word, write_end, write_word};
use crate::interpret::Applied;
use crate::words::compare;
use crate::{Environment, EvalError, Rows};

/// A lattice's function of two values, ready to be applied.
pub(super) struct Join(Applied);

impl Join {
    /// The join of the lattice of this name, whose values are the contributions.
    pub(super) fn new(
        lattice: &str,
        contribution: &Type,
        environment: &Environment,
    ) -> Result<Join, UndefinedCombiner> {
        let lattice_of_type = environment.lattices.get(lattice);
        lattice_of_type
            .filter(|lattice| lattice.ty == *contribution)
            .filter(|lattice| {
                let join = environment.functions.get(&lattice.join);
                join.is_some_and(|join| {
                    join.body.ty == *contribution
                        && join.parameters.iter().eq([contribution, contribution])
                })
            })
            .and_then(|lattice| Applied::new(&lattice.join, environment).ok())
            .map(Join)
            .ok_or_else(|| UndefinedCombiner {
                combiner: Combiner::Lattice(lattice.to_string()),
                contribution: contribution.clone(),
            })
    }

    /// The join of two values.
    pub(super) fn of(&self, a: u64, b: u64, shared: &Shared) -> Result<u64, EvalError> {
        let mut joined = self.of_pairs(&[a, b], shared)?;
        Ok(joined.swap_remove(0))
    }

    /// The joins of neighbours; of those that fail the first error.
    fn of_pairs(&self, words: &[u64], shared: &Shared) -> Result<Vec<u64>, EvalError> {
        /// Pairs that are joined together: a few columns of them stay in the first cache.
        const CHUNK: usize = 1024;
        let mut joined = Vec::with_capacity(words.len() / 2 + 1);
        for words in words.chunks(2 * CHUNK) {
            let pairs = Rows::from_words(2, words[..words.len() / 2 * 2].to_vec());
            let results = self.0.apply(&pairs, &shared.types, &shared.interner);
            for result in results {
                joined.push(result?);
            }
            if words.len() % 2 == 1 {
                joined.extend(words.last());
            }
        }
        Ok(joined)
    }
}

pub(super) struct Joins {
    shared: Shared,
    join: Join,
    /// The type of a partial state.
    set: Type,
    slots: Vec<Slot>,
}

#[derive(Clone, Default)]
struct Slot {
    values: Vec<u64>,
    /// How many of them are known to be different.
    different: usize,
}

impl Slot {
    fn deduplicate(&mut self) {
        self.values.sort_unstable();
        self.values.dedup();
        self.different = self.values.len();
    }
}

impl Joins {
    pub(super) fn new(shared: Shared, join: Join) -> Joins {
        Joins {
            set: Type::Set(Box::new(shared.contribution.clone())),
            shared,
            join,
            slots: Vec::new(),
        }
    }

    /// The different contributions, ascending.
    fn settle(&mut self, slot: u32) -> &[u64] {
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let slot = &mut self.slots[slot as usize];
        slot.deduplicate();
        slot.values
            .sort_unstable_by(|&a, &b| compare(a, b, ty, interner));
        &slot.values
    }
}

impl Accumulator for Joins {
    fn new_key(&mut self) -> u32 {
        self.slots.push(Slot::default());
        (self.slots.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.slots.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        /// Fewer than this are not worth looking for equal ones.
        const FEW: usize = 16;
        let slot = &mut self.slots[slot as usize];
        if slot.values.last() != Some(&contribution) {
            slot.values.push(contribution);
        }
        if slot.values.len() >= (2 * slot.different).max(FEW) {
            slot.deduplicate();
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.settle(slot);
        let (ty, interner) = (&self.shared.contribution, &self.shared.interner);
        let mut bytes = Vec::new();
        for &word in &self.slots[slot as usize].values {
            bytes.push(1);
            write_word(ty, word, interner, &mut bytes);
        }
        write_end(&mut bytes);
        interner.intern(&bytes)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        let interner = self.shared.interner.clone();
        let values: Vec<u64> = Elements::new(&self.set, &self.shared.types, interner.get(partial))
            .map(|mut bytes| {
                let ty = &self.shared.contribution;
                take_word(ty, &self.shared.types, &mut bytes, &interner)
            })
            .collect();
        for word in values {
            self.add(slot, word);
        }
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        let mut values = self.settle(slot).to_vec();
        while values.len() > 1 {
            values = self.join.of_pairs(&values, &self.shared)?;
        }
        Ok(values.swap_remove(0))
    }

    fn clear(&mut self) {
        self.slots.clear();
    }

    fn bytes(&self) -> usize {
        let values: usize = self.slots.iter().map(|slot| slot.values.capacity()).sum();
        self.slots.capacity() * size_of::<Slot>() + values * size_of::<u64>()
    }
}
