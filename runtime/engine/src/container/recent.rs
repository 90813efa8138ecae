//! A bounded memory of rows.

use super::hash::hash_words;
use super::lattice::Join;

/// A bounded, forgetful memory of rows that were sent.
///
/// For a set: a row is no news if it is remembered. For a lattice: if the value remembered for its
/// key is at least as high. Each slot holds the last row that fell into it.
#[derive(Debug)]
pub struct Recent {
    arity: usize,
    rows: Vec<u64>,
    full: Vec<bool>,
    join: Option<Join>,
}

/// Rows remembered per edge.
const SLOTS: usize = 1 << 14;

impl Recent {
    /// For rows of a set, or of a lattice with this join.
    pub fn new(arity: usize, join: Option<Join>) -> Recent {
        Recent {
            arity,
            rows: vec![0; SLOTS * arity],
            full: vec![false; SLOTS],
            join,
        }
    }

    /// Whether the row must be sent; it is remembered.
    pub fn is_news(&mut self, row: &[u64]) -> bool {
        let key = match self.join {
            Some(_) => &row[..self.arity - 1],
            None => row,
        };
        let slot = (hash_words(key.iter().copied()) >> 20) as usize % SLOTS;
        let known = &mut self.rows[slot * self.arity..(slot + 1) * self.arity];
        if self.full[slot] && known[..key.len()] == *key {
            match &mut self.join {
                None => return false,
                Some(join) => {
                    let value = self.arity - 1;
                    let Some(joined) = join.join(known[value], row[value]) else {
                        return false;
                    };
                    known[value] = joined;
                    return true;
                }
            }
        }
        self.full[slot] = true;
        known.copy_from_slice(row);
        true
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.rows.capacity() * 8 + self.full.capacity()
    }
}
