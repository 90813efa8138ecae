//! The rows of a node, looked up by any of their columns.
//!
//! Invariant: rows are found in no particular order; whoever shows them sorts them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sheaf_kernels::Rows;

/// What is known of each column.
pub type Bound = Vec<Option<u64>>;

/// Ends a chain of rows.
const NONE: u32 = u32::MAX;
/// Multiplies a hash: the golden ratio in 64 bits (D. Knuth, The Art of Computer Programming 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Rows with indexes that are built when they are first needed.
pub struct Table {
    rows: Rows,
    indexes: RefCell<BTreeMap<Vec<usize>, Rc<Index>>>,
}

/// Rows by the hash of some columns: the first row of each bucket, and behind each row the next.
struct Index {
    shift: u32,
    heads: Vec<u32>,
    next: Vec<u32>,
}

impl Table {
    /// A table of these rows.
    pub fn new(rows: Rows) -> Table {
        Table {
            rows,
            indexes: RefCell::default(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// One row.
    pub fn row(&self, number: usize) -> &[u64] {
        self.rows.row(number)
    }

    /// The numbers of the rows that agree with what is bound.
    pub fn find<'a>(&'a self, bound: &'a [Option<u64>]) -> impl Iterator<Item = usize> + 'a {
        let columns: Vec<usize> = (0..bound.len()).filter(|&c| bound[c].is_some()).collect();
        let index = self.index(&columns);
        let mut at = match &index {
            Some(index) => index.first(columns.iter().filter_map(|&c| bound[c])),
            None if self.rows.is_empty() => NONE as usize,
            None => 0,
        };
        let rows = &self.rows;
        std::iter::from_fn(move || {
            loop {
                if at >= rows.len() {
                    return None;
                }
                let number = at;
                at = match &index {
                    Some(index) => index.next[number] as usize,
                    None => number + 1,
                };
                let row = rows.row(number);
                let mut cells = row.iter().zip(bound);
                if cells.all(|(word, bound)| bound.is_none_or(|bound| bound == *word)) {
                    return Some(number);
                }
            }
        })
    }

    /// The index over some columns; none if there are no columns, or too many rows for one.
    fn index(&self, columns: &[usize]) -> Option<Rc<Index>> {
        if columns.is_empty() || self.rows.len() >= NONE as usize {
            return None;
        }
        let mut indexes = self.indexes.borrow_mut();
        let index = indexes
            .entry(columns.to_vec())
            .or_insert_with(|| Rc::new(Index::new(&self.rows, columns)));
        Some(Rc::clone(index))
    }
}

impl Index {
    fn new(rows: &Rows, columns: &[usize]) -> Index {
        let bits = (rows.len().max(2) as u64)
            .next_power_of_two()
            .trailing_zeros();
        let mut index = Index {
            shift: 64 - bits,
            heads: vec![NONE; 1 << bits],
            next: vec![NONE; rows.len()],
        };
        for (number, row) in rows.iter().enumerate() {
            let bucket = index.bucket(columns.iter().map(|&c| row[c]));
            index.next[number] = index.heads[bucket];
            index.heads[bucket] = number as u32;
        }
        index
    }

    fn bucket(&self, words: impl Iterator<Item = u64>) -> usize {
        let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ word).wrapping_mul(GOLDEN);
        (words.fold(0, mix) >> self.shift) as usize
    }

    fn first(&self, words: impl Iterator<Item = u64>) -> usize {
        self.heads[self.bucket(words)] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_any_columns() {
        let mut rows = Rows::new(2);
        for i in 0..100 {
            rows.push(&[i % 7, i]);
        }
        let table = Table::new(rows);
        assert_eq!(table.find(&[None, None]).count(), 100);
        let mut found: Vec<u64> = table
            .find(&[Some(3), None])
            .map(|n| table.row(n)[1])
            .collect();
        found.sort_unstable();
        assert_eq!(found, (0..100).filter(|i| i % 7 == 3).collect::<Vec<_>>());
        assert_eq!(table.find(&[Some(3), Some(10)]).count(), 1);
        assert_eq!(table.find(&[Some(4), Some(10)]).count(), 0);
        let empty = Table::new(Rows::new(1));
        assert_eq!(empty.find(&[None]).count(), 0);
        assert_eq!(empty.find(&[Some(1)]).count(), 0);
    }
}
