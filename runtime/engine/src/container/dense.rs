//! Rows of a fixed number of words, stored in order of insertion, found through a table of row
//! numbers and tags.

use super::hash::{AHEAD, CACHED_BYTES, hash_words, is_oversized, prefetch};

/// How a word is stored.
pub trait Word: Copy + Eq + std::fmt::Debug {
    fn narrow(word: u64) -> Self;
    fn word(self) -> u64;
}

impl Word for u64 {
    #[inline(always)]
    fn narrow(word: u64) -> u64 {
        word
    }
    #[inline(always)]
    fn word(self) -> u64 {
        self
    }
}

impl Word for u32 {
    #[inline(always)]
    fn narrow(word: u64) -> u32 {
        word as u32
    }
    #[inline(always)]
    fn word(self) -> u64 {
        self as u64
    }
}

/// A set of rows of `N` words, or of a number known at run time if `N` is 0.
///
/// Words that are given must fit `W`. A table slot is 0 if free, otherwise the row's number plus 1
/// below and the upper half of its hash above.
#[derive(Clone, Debug)]
pub struct DenseSet<W, const N: usize> {
    width: usize,
    words: Vec<W>,
    len: usize,
    slots: Vec<u64>,
}

impl<W: Word, const N: usize> DenseSet<W, N> {
    pub fn new(width: usize) -> DenseSet<W, N> {
        assert!(width > 0 && (N == 0 || N == width), "width must be {N}");
        DenseSet {
            width,
            words: Vec::new(),
            len: 0,
            slots: Vec::new(),
        }
    }

    #[inline(always)]
    fn width(&self) -> usize {
        if N > 0 { N } else { self.width }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// All words, row after row.
    pub fn words(&self) -> &[W] {
        &self.words
    }

    pub fn memory(&self) -> usize {
        self.words.capacity() * size_of::<W>() + self.slots.capacity() * 8
    }

    /// Adds rows and tells each row's number.
    #[inline]
    pub fn insert_batch(&mut self, batch: &[u64], mut number: impl FnMut(u32)) {
        let width = self.width();
        let rows = batch.len() / width;
        self.reserve(rows);
        let mask = self.slots.len().wrapping_sub(1);
        let far = self.slots.len() * 8 > CACHED_BYTES;
        for (i, row) in batch.chunks_exact(width).enumerate() {
            let ahead = (i + AHEAD) * width;
            if far && ahead < batch.len() {
                let next = &batch[ahead..ahead + width];
                prefetch(
                    &self.slots,
                    hash_words(next.iter().copied()) as usize & mask,
                );
            }
            let hash = hash_words(row.iter().copied());
            let (id, free) = self.find_slot(row, hash, mask);
            if let Some(slot) = free {
                self.slots[slot] = (hash & TAG) | (id as u64 + 1);
                self.words.extend(row.iter().map(|&w| W::narrow(w)));
                self.len += 1;
            }
            number(id);
        }
    }

    /// The number of a row.
    #[inline]
    pub fn find(&self, row: &[u64]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let hash = hash_words(row.iter().copied());
        match self.find_slot(row, hash, self.slots.len() - 1) {
            (id, None) => Some(id),
            _ => None,
        }
    }

    /// Asks for the table's entry of a row that is looked up soon.
    #[inline(always)]
    pub fn prefetch(&self, row: impl IntoIterator<Item = u64>) {
        if self.slots.len() * 8 > CACHED_BYTES {
            prefetch(
                &self.slots,
                hash_words(row) as usize & (self.slots.len() - 1),
            );
        }
    }

    /// The number that the row has, or is to get in the slot that is given too.
    #[inline(always)]
    fn find_slot(&self, row: &[u64], hash: u64, mask: usize) -> (u32, Option<usize>) {
        let width = self.width();
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return (self.len as u32, Some(at));
            }
            if slot & TAG == hash & TAG {
                let id = (slot & !TAG) as usize - 1;
                let known = &self.words[id * width..(id + 1) * width];
                if known.iter().zip(row).all(|(a, &b)| a.word() == b) {
                    return (id as u32, None);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Forgets the rows; keeps the room, unless most of it was not needed this time.
    pub fn clear(&mut self) {
        if is_oversized(self.slots.len(), self.len) {
            self.slots = Vec::new();
        } else {
            self.slots.fill(0);
        }
        self.words.clear();
        self.len = 0;
    }

    /// Makes room for some more rows at a load of at most 5/8.
    ///
    /// # Panics
    /// At 2³² − 1 rows.
    fn reserve(&mut self, more: usize) {
        let rows = self.len + more;
        let needed = rows * 8 / 5 + 1;
        if needed <= self.slots.len() {
            return;
        }
        assert!(rows < u32::MAX as usize, "a table holds 2^32 rows at most");
        let size = needed.next_power_of_two().max(32);
        self.slots = Vec::new();
        self.slots = vec![0; size];
        let mask = size - 1;
        let width = self.width();
        let hash_of = |row: &[W]| hash_words(row.iter().map(|w| w.word()));
        for (id, row) in self.words.chunks_exact(width).enumerate() {
            let ahead = (id + AHEAD) * width;
            if ahead < self.words.len() {
                let next = hash_of(&self.words[ahead..ahead + width]);
                prefetch(&self.slots, next as usize & mask);
            }
            let hash = hash_of(row);
            let mut at = hash as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = (hash & TAG) | (id as u64 + 1);
        }
    }
}

/// The part of a slot that holds bits of the hash.
const TAG: u64 = 0xFFFF_FFFF_0000_0000;
