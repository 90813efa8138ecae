//! A set of rows that are numbered in order of insertion.

use std::ops::Range;

use sheaf_kernels::Rows;

use super::BATCH;
use super::inline::{InlineSet, VACANT};
use super::key_table::KeyTable;

/// An append-only set of rows of one arity.
///
/// Chooses its form by the words it meets: single words and pairs of 32-bit words are their own
/// table entries; longer rows are kept as 32-bit words until a word does not fit.
#[derive(Clone, Debug)]
pub struct RowSet {
    arity: usize,
    form: Form,
    scratch: Vec<u64>,
}

#[derive(Clone, Debug)]
enum Form {
    /// Rows without columns: there is but one.
    Unit(bool),
    /// One word each, changed so that the vacant key is an unlikely word.
    Single(InlineSet),
    /// Two words of 32 bits each.
    Pair(InlineSet),
    /// Everything else.
    Table(KeyTable),
}

/// XORed to single words: −1 is too common to be the vacant key.
const UNLIKELY: u64 = 0x5DEE_CE66_D1CE_4E5B;

impl RowSet {
    /// An empty set of rows of this many columns.
    pub fn new(arity: usize) -> RowSet {
        RowSet {
            arity,
            form: match arity {
                0 => Form::Unit(false),
                1 => Form::Single(InlineSet::default()),
                2 => Form::Pair(InlineSet::default()),
                _ => Form::Table(KeyTable::new(arity)),
            },
            scratch: Vec::new(),
        }
    }

    /// Number of columns.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Unit(full) => *full as usize,
            Form::Single(set) | Form::Pair(set) => set.keys().len(),
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.scratch.capacity() * 8
            + match &self.form {
                Form::Unit(_) => 0,
                Form::Single(set) | Form::Pair(set) => set.memory(),
                Form::Table(table) => table.memory(),
            }
    }

    /// Adds rows; the numbers of those that were not there are returned, in order of the batch.
    pub fn insert_batch(&mut self, rows: &Rows) -> Range<usize> {
        debug_assert_eq!(rows.arity(), self.arity);
        let before = self.len();
        if let Form::Unit(full) = &mut self.form {
            *full |= !rows.is_empty();
        } else {
            for part in rows.words().chunks(BATCH * self.arity) {
                self.insert_words(part);
            }
        }
        before..self.len()
    }

    fn insert_words(&mut self, words: &[u64]) {
        match &mut self.form {
            Form::Single(set) => {
                self.scratch.clear();
                self.scratch.extend(words.iter().map(|w| w ^ UNLIKELY));
                if !self.scratch.contains(&VACANT) {
                    return set.insert_batch(&self.scratch);
                }
            }
            Form::Pair(set) => {
                let mut all = 0;
                self.scratch.clear();
                self.scratch.extend(words.chunks_exact(2).map(|row| {
                    all |= row[0] | row[1];
                    row[0] << 32 | row[1]
                }));
                if all >> 32 == 0 && !self.scratch.contains(&VACANT) {
                    return set.insert_batch(&self.scratch);
                }
            }
            Form::Table(table) => return table.insert_batch(words, |_| ()),
            Form::Unit(full) => return *full = true,
        }
        self.widen();
        self.insert_words(words);
    }

    /// Goes over to the form that takes any words, with the same rows under the same numbers.
    fn widen(&mut self) {
        let mut words = Vec::with_capacity(self.len() * self.arity);
        self.copy_words(0..self.len(), &mut words);
        self.form = Form::Table(KeyTable::wide(self.arity));
        self.insert_words(&words);
    }

    /// Whether a row is there.
    pub fn contains(&self, row: &[u64]) -> bool {
        match &self.form {
            Form::Unit(full) => *full,
            Form::Single(set) => {
                let key = row[0] ^ UNLIKELY;
                key != VACANT && set.contains(key)
            }
            Form::Pair(set) => {
                let key = row[0] << 32 | row[1];
                (row[0] | row[1]) >> 32 == 0 && key != VACANT && set.contains(key)
            }
            Form::Table(table) => table.find(row).is_some(),
        }
    }

    /// Appends rows by their numbers.
    pub fn copy_rows(&self, range: Range<usize>, rows: &mut Rows) {
        let mut words = std::mem::replace(rows, Rows::new(self.arity)).into_words();
        if self.arity == 0 {
            range.for_each(|_| rows.push(&[]));
            return;
        }
        self.copy_words(range, &mut words);
        *rows = Rows::from_words(self.arity, words);
    }

    fn copy_words(&self, range: Range<usize>, words: &mut Vec<u64>) {
        match &self.form {
            Form::Unit(_) => {}
            Form::Single(set) => words.extend(set.keys()[range].iter().map(|k| k ^ UNLIKELY)),
            Form::Pair(set) => {
                let keys = &set.keys()[range];
                let start = words.len();
                words.resize(start + keys.len() * 2, 0);
                for (row, key) in words[start..].chunks_exact_mut(2).zip(keys) {
                    row[0] = key >> 32;
                    row[1] = key & u32::MAX as u64;
                }
            }
            Form::Table(table) => table.copy_words(range, words),
        }
    }

    /// Forgets the rows, keeps the room and the form.
    pub fn clear(&mut self) {
        match &mut self.form {
            Form::Unit(full) => *full = false,
            Form::Single(set) | Form::Pair(set) => set.clear(),
            Form::Table(table) => table.clear(),
        }
    }
}
