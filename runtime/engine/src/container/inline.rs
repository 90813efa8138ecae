//! A set of 64-bit keys that are their own table entries.

use super::hash::{AHEAD, CACHED_BYTES, hash_word, is_oversized, prefetch};

/// Marks a free slot; the one key that cannot be stored.
pub const VACANT: u64 = u64::MAX;

/// Open addressing with linear probing; keys also in order of insertion.
#[derive(Clone, Debug, Default)]
pub struct InlineSet {
    slots: Vec<u64>,
    keys: Vec<u64>,
}

impl InlineSet {
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    pub fn memory(&self) -> usize {
        (self.slots.capacity() + self.keys.capacity()) * 8
    }

    /// Adds keys, none of them [`VACANT`].
    pub fn insert_batch(&mut self, batch: &[u64]) {
        self.reserve(batch.len());
        self.keys.reserve(batch.len());
        let mask = self.slots.len().wrapping_sub(1);
        let far = self.slots.len() * 8 > CACHED_BYTES;
        for (i, &key) in batch.iter().enumerate() {
            if far && let Some(&next) = batch.get(i + AHEAD) {
                prefetch(&self.slots, hash_word(next) as usize & mask);
            }
            let mut at = hash_word(key) as usize & mask;
            loop {
                let found = self.slots[at];
                if found == key {
                    break;
                }
                if found == VACANT {
                    self.slots[at] = key;
                    self.keys.push(key);
                    break;
                }
                at = (at + 1) & mask;
            }
        }
    }

    pub fn contains(&self, key: u64) -> bool {
        if self.slots.is_empty() {
            return false;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash_word(key) as usize & mask;
        loop {
            let found = self.slots[at];
            if found == key {
                return true;
            }
            if found == VACANT {
                return false;
            }
            at = (at + 1) & mask;
        }
    }

    /// Forgets the keys; keeps the room, unless most of it was not needed this time.
    pub fn clear(&mut self) {
        if is_oversized(self.slots.len(), self.keys.len()) {
            self.slots = Vec::new();
        } else if self.keys.len() * 16 < self.slots.len() {
            let mask = self.slots.len() - 1;
            for &key in &self.keys {
                let mut at = hash_word(key) as usize & mask;
                // Earlier removals may have left holes on the way; the key is there nevertheless.
                while self.slots[at] != key {
                    at = (at + 1) & mask;
                }
                self.slots[at] = VACANT;
            }
        } else {
            self.slots.fill(VACANT);
        }
        self.keys.clear();
    }

    /// Makes room for some more keys at a load of at most 5/8.
    fn reserve(&mut self, more: usize) {
        let needed = (self.keys.len() + more) * 8 / 5 + 1;
        if needed <= self.slots.len() {
            return;
        }
        let size = needed.next_power_of_two().max(64);
        // The old table is freed first: the keys are all that is needed.
        self.slots = Vec::new();
        self.slots = vec![VACANT; size];
        let mask = size - 1;
        for (i, &key) in self.keys.iter().enumerate() {
            if let Some(&next) = self.keys.get(i + AHEAD) {
                prefetch(&self.slots, hash_word(next) as usize & mask);
            }
            let mut at = hash_word(key) as usize & mask;
            while self.slots[at] != VACANT {
                at = (at + 1) & mask;
            }
            self.slots[at] = key;
        }
    }
}
