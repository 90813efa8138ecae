//! The batch: flat rows of 64-bit words.

use serde::{Deserialize, Serialize};

/// Rows of one collection, row after row without gaps.
///
/// A word is the value itself for inline types and a symbol otherwise (see `sheaf_ir::encoding`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    arity: usize,
    len: usize,
    words: Vec<u64>,
    /// One ± weight a row, for changing collections; `None` means that each row counts 1.
    pub weights: Option<Vec<i64>>,
}

impl Rows {
    /// No rows of this many columns.
    pub fn new(arity: usize) -> Rows {
        Rows {
            arity,
            ..Rows::default()
        }
    }

    /// No rows, with room for some.
    pub fn with_capacity(arity: usize, rows: usize) -> Rows {
        Rows {
            arity,
            words: Vec::with_capacity(arity * rows),
            ..Rows::default()
        }
    }

    /// Rows from their words.
    ///
    /// # Panics
    /// If the words are not a whole number of rows, or `arity` is 0 (the words cannot tell how many).
    pub fn from_words(arity: usize, words: Vec<u64>) -> Rows {
        assert!(
            arity > 0 && words.len().is_multiple_of(arity),
            "words must be whole rows"
        );
        Rows {
            arity,
            len: words.len() / arity,
            words,
            weights: None,
        }
    }

    /// Number of columns.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All words, row after row.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// All words, row after row, to be rewritten in place.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The words, row after row, without the rest.
    pub fn into_words(self) -> Vec<u64> {
        self.words
    }

    /// One row.
    pub fn row(&self, index: usize) -> &[u64] {
        &self.words[index * self.arity..(index + 1) * self.arity]
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.len).map(|i| self.row(i))
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, row: &[u64]) {
        debug_assert_eq!(row.len(), self.arity);
        self.words.extend_from_slice(row);
        self.len += 1;
    }

    /// Appends a row made of words produced in order; there must be `arity` of them.
    #[inline]
    pub fn push_iter(&mut self, words: impl Iterator<Item = u64>) {
        self.words.extend(words);
        self.len += 1;
        debug_assert_eq!(self.words.len(), self.len * self.arity);
    }

    /// Appends a row for each row of `input`, made of some of its columns.
    pub fn push_projected(&mut self, input: &Rows, columns: &[usize]) {
        debug_assert_eq!(columns.len(), self.arity);
        let source = input.words.chunks_exact(input.arity.max(1));
        self.words.reserve(input.len * columns.len());
        match *columns {
            [a] => self.words.extend(source.map(|row| row[a])),
            [a, b] => source.for_each(|row| self.words.extend([row[a], row[b]])),
            [a, b, c] => source.for_each(|row| self.words.extend([row[a], row[b], row[c]])),
            _ => source.for_each(|row| self.words.extend(columns.iter().map(|&c| row[c]))),
        }
        self.len += input.len;
    }

    /// Appends `rows` rows of zeros and gives their words to be filled in.
    pub(crate) fn grow(&mut self, rows: usize) -> &mut [u64] {
        let start = self.words.len();
        self.words.resize(start + rows * self.arity, 0);
        self.len += rows;
        &mut self.words[start..]
    }

    /// Appends rows by appending their words; `append` says how many rows it appended.
    pub(crate) fn append_with(&mut self, append: impl FnOnce(&mut Vec<u64>) -> usize) {
        self.len += append(&mut self.words);
        debug_assert_eq!(self.words.len(), self.len * self.arity);
    }

    /// Appends all rows of another batch of the same arity.
    pub fn append(&mut self, other: &Rows) {
        debug_assert_eq!(other.arity, self.arity);
        self.words.extend_from_slice(&other.words);
        self.len += other.len;
    }

    /// Forgets the rows, keeps the room.
    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
        self.weights = None;
    }
}
