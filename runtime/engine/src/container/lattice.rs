//! Keys with one climbing value each.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;

use sheaf_ir::encoding::float_key;
use sheaf_ir::{Combiner, Span, Type};
use sheaf_kernels::combine::Lattice;
use sheaf_kernels::{Environment, Rows};

use super::key_table::KeyTable;

/// Joins two values of a lattice.
pub enum Join {
    /// The less or greater of two words that compare as signed integers.
    Signed(Ordering),
    /// The less or greater of two floats.
    Float(Ordering),
    /// Anything else, and whether a join of it has failed: only a lattice of the program can.
    Other(Lattice, Cell<bool>),
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Join::Signed(_) => "Signed",
            Join::Float(_) => "Float",
            Join::Other(..) => "Other",
        })
    }
}

impl Join {
    /// The join of a lattice on words of a type; `None` if the combiner is no lattice that climbs.
    pub fn new(combiner: &Combiner, ty: &Type, environment: &Environment) -> Option<Join> {
        if !combiner.is_climbing() || !combiner.is_idempotent() {
            return None;
        }
        let lattice = Lattice::new(combiner, ty, environment, Span::default()).ok()?;
        let wanted = match combiner {
            Combiner::Min | Combiner::All => Some(Ordering::Less),
            Combiner::Max | Combiner::Any => Some(Ordering::Greater),
            _ => None,
        };
        Some(match (ty, wanted) {
            (Type::Float, Some(wanted)) => Join::Float(wanted),
            (ty, Some(wanted)) if ty.is_inline() => Join::Signed(wanted),
            _ => Join::Other(lattice, Cell::default()),
        })
    }

    /// The join, if it is not the old value.
    #[inline(always)]
    pub fn join(&self, old: u64, new: u64) -> Option<u64> {
        match self {
            Join::Signed(wanted) => ((new as i64).cmp(&(old as i64)) == *wanted).then_some(new),
            Join::Float(wanted) => {
                let key = |word| float_key(f64::from_bits(word));
                (key(new).cmp(&key(old)) == *wanted).then_some(new)
            }
            Join::Other(lattice, failed) => lattice.join(old, new).unwrap_or_else(|_| {
                failed.set(true);
                // Whoever looks at it next is to meet the failure, too.
                Some(new)
            }),
        }
    }

    /// Whether a join has failed.
    pub fn has_failed(&self) -> bool {
        matches!(self, Join::Other(_, failed) if failed.get())
    }
}

/// A map from keys to values that only climb, which remembers what has changed.
#[derive(Debug)]
pub struct LatticeMap {
    keys: KeyTable,
    key_arity: usize,
    values: Vec<u64>,
    join: Join,
    /// By key number: whether it is in `improved`.
    queued: Vec<bool>,
    improved: VecDeque<u32>,
    scratch: Vec<u64>,
}

impl LatticeMap {
    /// An empty map; rows are the key, then the value.
    ///
    /// # Panics
    /// If `arity` is 0.
    pub fn new(arity: usize, join: Join) -> LatticeMap {
        assert!(arity > 0, "a lattice needs a value column");
        LatticeMap {
            keys: KeyTable::new(arity - 1),
            key_arity: arity - 1,
            values: Vec::new(),
            join,
            queued: Vec::new(),
            improved: VecDeque::new(),
            scratch: Vec::new(),
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a join has failed. Then the values are not to be used.
    pub fn has_failed(&self) -> bool {
        self.join.has_failed()
    }

    /// How many keys have improved since they were last taken.
    pub fn improved(&self) -> usize {
        self.improved.len()
    }

    /// Joins rows in.
    pub fn merge_batch(&mut self, rows: &Rows) {
        let LatticeMap {
            keys,
            key_arity,
            values,
            join,
            queued,
            improved,
            scratch,
        } = self;
        let arity = *key_arity + 1;
        let words = rows.words();
        let mut merge = |number: u32, value: u64| {
            let at = number as usize;
            if at == values.len() {
                values.push(value);
                queued.push(true);
                improved.push_back(number);
            } else if let Some(better) = join.join(values[at], value) {
                values[at] = better;
                if !std::mem::replace(&mut queued[at], true) {
                    improved.push_back(number);
                }
            }
        };
        if *key_arity == 0 {
            if !rows.is_empty() {
                keys.insert_batch(&[], |_| ());
            }
            words.iter().for_each(|&value| merge(0, value));
            return;
        }
        scratch.clear();
        match *key_arity {
            1 => scratch.extend(words.iter().step_by(2)),
            _ => words
                .chunks_exact(arity)
                .for_each(|row| scratch.extend_from_slice(&row[..arity - 1])),
        }
        let mut given = words.iter().skip(arity - 1).step_by(arity);
        keys.insert_batch(scratch, |number| {
            if let Some(&value) = given.next() {
                merge(number, value);
            }
        });
    }

    /// Takes up to `limit` of the keys that have improved, longest ago first, with their values of
    /// now.
    pub fn take_improved(&mut self, limit: usize, rows: &mut Rows) {
        let count = limit.min(self.improved.len());
        let mut key = std::mem::take(&mut self.scratch);
        for number in self.improved.drain(..count) {
            let at = number as usize;
            self.queued[at] = false;
            key.clear();
            self.keys.copy_words(at..at + 1, &mut key);
            rows.push_iter(key.iter().copied().chain([self.values[at]]));
        }
        self.scratch = key;
    }

    /// Appends keys with their values, by the keys' numbers.
    pub fn copy_rows(&self, range: std::ops::Range<usize>, rows: &mut Rows) {
        let mut key = Vec::with_capacity(self.key_arity);
        for at in range {
            key.clear();
            self.keys.copy_words(at..at + 1, &mut key);
            rows.push_iter(key.iter().copied().chain([self.values[at]]));
        }
    }

    /// Forgets the keys, keeps the room.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
        self.queued.clear();
        self.improved.clear();
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.keys.memory()
            + self.values.capacity() * 8
            + self.queued.capacity()
            + self.improved.capacity() * 4
    }
}
