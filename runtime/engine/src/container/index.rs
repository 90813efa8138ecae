//! Rows by key: a bag of rows for each key.
//!
//! An index keeps only the columns that are not part of the key; whoever probes it has those.
//! [`StaticIndex`] is built in one go, its rows lie together by key; [`GrowingIndex`] takes rows at
//! any time and chains them.

use super::BATCH;
use super::key_table::{ABSENT, KeyTable};
use super::payload::Payload;

/// Either form of an index.
#[derive(Clone, Debug)]
pub enum Index {
    /// Complete.
    Static(Box<StaticIndex>),
    /// Rows may still come.
    Growing(Box<GrowingIndex>),
}

/// The rows of one key: numbers `at..end` of a static index, or the chain of a growing one that
/// starts at `at`. None if both are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The next row.
    pub at: u32,
    /// Where it ends.
    pub end: u32,
}

impl Matches {
    /// Whether no row is left.
    pub fn is_empty(self) -> bool {
        self.at == self.end
    }
}

impl From<StaticIndex> for Index {
    fn from(index: StaticIndex) -> Index {
        Index::Static(Box::new(index))
    }
}

impl From<GrowingIndex> for Index {
    fn from(index: GrowingIndex) -> Index {
        Index::Growing(Box::new(index))
    }
}

impl Index {
    /// For each row of a batch of rows of `arity` words, appends the matches of the key in the
    /// given columns.
    pub fn find_batch(
        &self,
        rows: &[u64],
        arity: usize,
        len: usize,
        key: &[usize],
        found: &mut Vec<Matches>,
    ) {
        if key.is_empty() {
            let all = match self {
                Index::Static(index) => index.groups.matches(0),
                Index::Growing(index) => index.matches(0),
            };
            found.extend((0..len).map(|_| all));
            return;
        }
        match self {
            Index::Static(index) => match (&index.groups, key) {
                (Groups::Direct { starts }, &[column]) => {
                    let words = rows.iter().skip(column).step_by(arity);
                    found.extend(words.map(|&word| {
                        if word < starts.len() as u64 - 1 {
                            index.groups.matches(word as usize)
                        } else {
                            Matches::default()
                        }
                    }));
                }
                (Groups::Hashed { keys, .. }, key) => {
                    let mut numbers = Vec::with_capacity(len);
                    keys.find_batch(rows, arity, key, &mut numbers);
                    found.extend(numbers.into_iter().map(|number| match number {
                        ABSENT => Matches::default(),
                        number => index.groups.matches(number as usize),
                    }));
                }
                (Groups::Direct { .. }, _) => unreachable!("direct groups have one key column"),
            },
            Index::Growing(index) => {
                let mut numbers = Vec::with_capacity(len);
                index.keys.find_batch(rows, arity, key, &mut numbers);
                found.extend(numbers.into_iter().map(|number| match number {
                    ABSENT => Matches::default(),
                    number => index.matches(number as usize),
                }));
            }
        }
    }

    /// The matches of one key.
    pub fn find(&self, key: &[u64]) -> Matches {
        let mut found = Vec::with_capacity(1);
        let columns: Vec<usize> = (0..key.len()).collect();
        self.find_batch(key, key.len(), 1, &columns, &mut found);
        found[0]
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.payload().len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns of the rows that are not part of the key.
    pub fn payload(&self) -> &Payload {
        match self {
            Index::Static(index) => &index.payload,
            Index::Growing(index) => &index.payload,
        }
    }

    /// The row after this one.
    #[inline(always)]
    pub fn next(&self, row: u32) -> u32 {
        match self {
            Index::Static(_) => row + 1,
            Index::Growing(index) => index.next[row as usize],
        }
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        match self {
            Index::Static(index) => index.memory(),
            Index::Growing(index) => index.memory(),
        }
    }
}

/// An index of rows that are all known, grouped by key.
#[derive(Clone, Debug)]
pub struct StaticIndex {
    groups: Groups,
    payload: Payload,
}

/// Where each key's rows are: those of key number `k` are `starts[k]..starts[k + 1]`.
#[derive(Clone, Debug)]
pub enum Groups {
    /// One key column of small words: the word is the number.
    Direct {
        /// By number.
        starts: Vec<u32>,
    },
    /// Any key.
    Hashed {
        /// Numbers of keys.
        keys: KeyTable,
        /// By number.
        starts: Vec<u32>,
    },
}

impl Groups {
    #[inline(always)]
    fn matches(&self, number: usize) -> Matches {
        let (Groups::Direct { starts } | Groups::Hashed { starts, .. }) = self;
        match starts.get(number..number + 2) {
            Some(&[at, end]) => Matches { at, end },
            _ => Matches::default(),
        }
    }
}

impl StaticIndex {
    /// Indexes rows by some of their columns.
    ///
    /// # Panics
    /// At 2³² − 1 rows.
    pub fn new(rows: &Payload, key: &[usize]) -> StaticIndex {
        assert!(
            rows.len() < u32::MAX as usize,
            "an index holds 2^32 rows at most"
        );
        let width = rows.width();
        let others: Vec<usize> = (0..width).filter(|c| !key.contains(c)).collect();
        let greatest = match key {
            &[column] => (0..rows.len()).map(|r| rows.word(r, column)).max(),
            _ => None,
        };
        let (groups, positions) = match (greatest, key) {
            (Some(greatest), &[column]) if greatest < 8 * rows.len() as u64 + 4096 => {
                let numbers = || (0..rows.len()).map(|r| rows.word(r, column) as usize);
                let (starts, positions) = group(numbers, greatest as usize + 1);
                (Groups::Direct { starts }, positions)
            }
            (_, []) => {
                let (starts, positions) = group(|| (0..rows.len()).map(|_| 0), 1);
                let keys = KeyTable::new(0);
                (Groups::Hashed { keys, starts }, positions)
            }
            _ => {
                let mut keys = KeyTable::new(key.len());
                let mut numbers: Vec<u32> = Vec::with_capacity(rows.len());
                let mut words = Vec::with_capacity(BATCH * key.len());
                for row in 0..rows.len() {
                    words.extend(key.iter().map(|&c| rows.word(row, c)));
                    if words.len() >= BATCH * key.len() || row + 1 == rows.len() {
                        keys.insert_batch(&words, |number| numbers.push(number));
                        words.clear();
                    }
                }
                let (starts, positions) = group(|| numbers.iter().map(|&n| n as usize), keys.len());
                (Groups::Hashed { keys, starts }, positions)
            }
        };
        StaticIndex {
            groups,
            payload: rows.scattered(&others, &positions),
        }
    }

    fn memory(&self) -> usize {
        self.payload.memory()
            + match &self.groups {
                Groups::Direct { starts } => starts.capacity() * 4,
                Groups::Hashed { keys, starts } => keys.memory() + starts.capacity() * 4,
            }
    }
}

/// A counting sort: where each group starts, and the position of each row.
fn group<I: Iterator<Item = usize>>(
    numbers: impl Fn() -> I,
    groups: usize,
) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; groups + 1];
    numbers().for_each(|n| starts[n + 1] += 1);
    for n in 0..groups {
        starts[n + 1] += starts[n];
    }
    let mut free = starts.clone();
    let positions = numbers()
        .map(|n| {
            free[n] += 1;
            free[n] - 1
        })
        .collect();
    (starts, positions)
}

/// An index that grows.
#[derive(Clone, Debug)]
pub struct GrowingIndex {
    columns: usize,
    key: Vec<usize>,
    others: Vec<usize>,
    keys: KeyTable,
    /// By key number: the key's last row.
    heads: Vec<u32>,
    /// By row: the row of the same key that came before it.
    next: Vec<u32>,
    payload: Payload,
    scratch: Vec<u64>,
}

/// Ends a chain.
const END: u32 = u32::MAX;

impl GrowingIndex {
    /// An index of rows of `width` columns by some of them.
    pub fn new(width: usize, key: &[usize]) -> GrowingIndex {
        let others: Vec<usize> = (0..width).filter(|c| !key.contains(c)).collect();
        GrowingIndex {
            columns: width,
            key: key.to_vec(),
            keys: KeyTable::new(key.len()),
            heads: Vec::new(),
            next: Vec::new(),
            payload: Payload::new(others.len()),
            others,
            scratch: Vec::new(),
        }
    }

    /// An index of rows that are known so far.
    pub fn of(rows: &Payload, key: &[usize]) -> GrowingIndex {
        let width = rows.width();
        let mut index = GrowingIndex::new(width, key);
        let mut words = Vec::with_capacity(BATCH * width);
        for start in (0..rows.len()).step_by(BATCH) {
            let end = rows.len().min(start + BATCH);
            words.clear();
            (start..end).for_each(|row| rows.copy_row(row, &mut words));
            index.insert_batch(&words, width, end - start);
        }
        index
    }

    /// Adds `len` rows of `arity` words.
    ///
    /// # Panics
    /// At 2³² − 1 rows.
    pub fn insert_batch(&mut self, rows: &[u64], arity: usize, len: usize) {
        assert!(
            self.payload.len() + len < u32::MAX as usize,
            "an index holds 2^32 rows at most"
        );
        self.payload.extend(rows, arity, len, &self.others);
        let (heads, next) = (&mut self.heads, &mut self.next);
        let mut link = |number: u32| {
            let number = number as usize;
            if number == heads.len() {
                heads.push(END);
            }
            next.push(heads[number]);
            heads[number] = next.len() as u32 - 1;
        };
        if self.key.is_empty() {
            (0..len).for_each(|_| link(0));
            return;
        }
        self.scratch.clear();
        match self.key[..] {
            [column] => self.scratch.extend(rows.iter().skip(column).step_by(arity)),
            _ => {
                for row in rows.chunks_exact(arity) {
                    self.scratch.extend(self.key.iter().map(|&c| row[c]));
                }
            }
        }
        self.keys.insert_batch(&self.scratch, link);
    }

    /// The number of the row that is added next.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By row: the row of the same key that came before it.
    pub(crate) fn chains(&self) -> &[u32] {
        &self.next
    }

    /// Number of keys.
    pub fn keys(&self) -> usize {
        self.heads.len()
    }

    /// Appends the rows of a key, by its number, as they were given; tells how many.
    pub fn copy_key(&self, number: usize, out: &mut Vec<u64>) -> usize {
        let mut key = Vec::with_capacity(self.key.len());
        self.keys.copy_words(number..number + 1, &mut key);
        let arity = self.columns;
        let mut count = 0;
        let mut row = self.heads[number];
        while row != END {
            let start = out.len();
            out.resize(start + arity, 0);
            for (&column, &word) in self.key.iter().zip(&key) {
                out[start + column] = word;
            }
            for (at, &column) in self.others.iter().enumerate() {
                out[start + column] = self.payload.word(row as usize, at);
            }
            count += 1;
            row = self.next[row as usize];
        }
        count
    }

    /// A word that is not part of the key, by the number of its row and its column.
    pub fn word(&self, row: usize, column: usize) -> Option<u64> {
        let at = self.others.iter().position(|&c| c == column)?;
        Some(self.payload.word(row, at))
    }

    /// Replaces a word that is not part of the key, by the number of its row and its column.
    pub fn replace(&mut self, row: usize, column: usize, word: u64) {
        if let Some(at) = self.others.iter().position(|&c| c == column) {
            self.payload.set(row, at, word);
        }
    }

    /// Forgets the rows, keeps the room.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.heads.clear();
        self.next.clear();
        self.payload.clear();
    }

    #[inline(always)]
    fn matches(&self, number: usize) -> Matches {
        Matches {
            at: self.heads.get(number).copied().unwrap_or(END),
            end: END,
        }
    }

    fn memory(&self) -> usize {
        self.keys.memory()
            + self.payload.memory()
            + (self.heads.capacity() + self.next.capacity()) * 4
    }
}
