//! Keys numbered in order of insertion, in whatever form fits their words.

use std::ops::Range;

use super::BATCH;
use super::dense::{DenseSet, Word};
use super::hash::{AHEAD, prefetch};

/// Numbers keys of one arity.
#[derive(Clone, Debug)]
pub struct KeyTable {
    arity: usize,
    form: Form,
}

/// Number of a key that is not there.
pub const ABSENT: u32 = u32::MAX;

/// Single words below this are always numbered by an array.
const SMALL: u64 = 1 << 18;

#[derive(Clone, Debug)]
enum Form {
    /// The one key without columns.
    Unit(bool),
    /// Small single words: an array from word to number.
    Direct(DirectTable),
    Narrow1(DenseSet<u32, 1>),
    Narrow2(DenseSet<u32, 2>),
    Narrow3(DenseSet<u32, 3>),
    Narrow4(DenseSet<u32, 4>),
    Narrow(DenseSet<u32, 0>),
    Wide1(DenseSet<u64, 1>),
    Wide2(DenseSet<u64, 2>),
    Wide3(DenseSet<u64, 3>),
    Wide4(DenseSet<u64, 4>),
    Wide(DenseSet<u64, 0>),
}

/// Runs code for whichever dense set a form has.
macro_rules! dense {
    ($form:expr, $set:ident => $body:expr, else $other:pat => $rest:expr) => {
        match $form {
            Form::Narrow1($set) => $body,
            Form::Narrow2($set) => $body,
            Form::Narrow3($set) => $body,
            Form::Narrow4($set) => $body,
            Form::Narrow($set) => $body,
            Form::Wide1($set) => $body,
            Form::Wide2($set) => $body,
            Form::Wide3($set) => $body,
            Form::Wide4($set) => $body,
            Form::Wide($set) => $body,
            $other => $rest,
        }
    };
}

impl KeyTable {
    /// No keys of this many columns.
    pub fn new(arity: usize) -> KeyTable {
        KeyTable {
            arity,
            form: match arity {
                0 => Form::Unit(false),
                1 => Form::Direct(DirectTable::default()),
                2 => Form::Narrow2(DenseSet::new(2)),
                3 => Form::Narrow3(DenseSet::new(3)),
                4 => Form::Narrow4(DenseSet::new(4)),
                _ => Form::Narrow(DenseSet::new(arity)),
            },
        }
    }

    /// No keys, in the form that takes any words.
    pub fn wide(arity: usize) -> KeyTable {
        KeyTable {
            arity,
            form: match arity {
                0 => Form::Unit(false),
                1 => Form::Wide1(DenseSet::new(1)),
                2 => Form::Wide2(DenseSet::new(2)),
                3 => Form::Wide3(DenseSet::new(3)),
                4 => Form::Wide4(DenseSet::new(4)),
                _ => Form::Wide(DenseSet::new(arity)),
            },
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        dense!(&self.form, set => set.len(), else form => match form {
            Form::Unit(full) => *full as usize,
            Form::Direct(table) => table.keys.len(),
            _ => unreachable!("dense forms are handled above"),
        })
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        dense!(&self.form, set => set.memory(), else form => match form {
            Form::Direct(table) => (table.keys.capacity() + table.numbers.capacity()) * 4,
            _ => 0,
        })
    }

    /// Adds keys given as words, key after key, and tells each key's number. Without columns the
    /// words cannot tell how many keys there are: then it is one.
    pub fn insert_batch(&mut self, words: &[u64], mut number: impl FnMut(u32)) {
        if self.arity == 0 {
            self.form = Form::Unit(true);
            return number(0);
        }
        for part in words.chunks(BATCH * self.arity) {
            self.insert_part(part, &mut number);
        }
    }

    fn insert_part(&mut self, words: &[u64], number: &mut impl FnMut(u32)) {
        let fits = match &self.form {
            Form::Unit(_) => true,
            Form::Direct(table) => {
                let limit = SMALL.max(8 * table.keys.len() as u64);
                words.iter().all(|&w| w < limit)
            }
            Form::Narrow1(_)
            | Form::Narrow2(_)
            | Form::Narrow3(_)
            | Form::Narrow4(_)
            | Form::Narrow(_) => words.iter().fold(0, |all, w| all | w) >> 32 == 0,
            _ => true,
        };
        if !fits {
            self.widen();
            return self.insert_part(words, number);
        }
        dense!(&mut self.form, set => set.insert_batch(words, number), else form => {
            if let Form::Direct(table) = form {
                table.insert_batch(words, number);
            }
        });
    }

    /// Goes over to the next more general form, with the same keys under the same numbers.
    fn widen(&mut self) {
        let mut words = Vec::with_capacity(self.len() * self.arity);
        self.copy_words(0..self.len(), &mut words);
        match self.form {
            Form::Direct(_) => self.form = Form::Narrow1(DenseSet::new(1)),
            _ => *self = KeyTable::wide(self.arity),
        }
        self.insert_batch(&words, |_| ());
    }

    /// The number of a key.
    #[inline]
    pub fn find(&self, key: &[u64]) -> Option<u32> {
        dense!(&self.form, set => set.find(key), else form => match form {
            Form::Direct(table) => table.find(key[0]),
            Form::Unit(true) => Some(0),
            _ => None,
        })
    }

    /// For each of some rows appends the number of its key, or [`ABSENT`].
    pub fn find_batch(&self, rows: &[u64], arity: usize, key: &[usize], numbers: &mut Vec<u32>) {
        match (&self.form, key) {
            (Form::Direct(table), &[column]) => {
                let words = rows.iter().skip(column).step_by(arity);
                numbers.extend(words.map(|&w| table.find(w).unwrap_or(ABSENT)));
            }
            (form, key) => dense!(form, set => {
                let mut wanted = vec![0; key.len()];
                for (i, row) in rows.chunks_exact(arity).enumerate() {
                    let ahead = (i + AHEAD) * arity;
                    if let Some(next) = rows.get(ahead..ahead + arity) {
                        set.prefetch(key.iter().map(|&c| next[c]));
                    }
                    for (word, &column) in wanted.iter_mut().zip(key) {
                        *word = row[column];
                    }
                    numbers.push(set.find(&wanted).unwrap_or(ABSENT));
                }
            }, else _ => {
                let number = self.find(&[]).unwrap_or(ABSENT);
                numbers.extend(rows.chunks_exact(arity).map(|_| number));
            }),
        }
    }

    /// Asks for the table's entry of a key that is looked up soon.
    #[inline]
    pub fn prefetch(&self, key: &[u64]) {
        dense!(&self.form, set => set.prefetch(key.iter().copied()), else form => {
            if let Form::Direct(table) = form {
                prefetch(&table.numbers, key[0] as usize);
            }
        });
    }

    /// Appends the words of keys by their numbers.
    pub fn copy_words(&self, range: Range<usize>, words: &mut Vec<u64>) {
        let part = range.start * self.arity..range.end * self.arity;
        dense!(
            &self.form,
            set => words.extend(set.words()[part].iter().map(|w| w.word())),
            else form => if let Form::Direct(table) = form {
                words.extend(table.keys[part].iter().map(|&w| w as u64));
            }
        );
    }

    /// Forgets the keys, keeps the room and the form.
    pub fn clear(&mut self) {
        dense!(&mut self.form, set => set.clear(), else form => match form {
            Form::Unit(full) => *full = false,
            Form::Direct(table) => table.clear(),
            _ => {}
        });
    }
}

/// Numbers of small words by array.
#[derive(Clone, Debug, Default)]
struct DirectTable {
    /// By word: the number plus 1, or 0.
    numbers: Vec<u32>,
    keys: Vec<u32>,
}

impl DirectTable {
    fn insert_batch(&mut self, words: &[u64], mut number: impl FnMut(u32)) {
        let greatest = words.iter().copied().max().unwrap_or(0) as usize;
        if greatest >= self.numbers.len() {
            self.numbers.resize((greatest + 1).next_power_of_two(), 0);
        }
        for &word in words {
            let entry = &mut self.numbers[word as usize];
            if *entry == 0 {
                self.keys.push(word as u32);
                *entry = self.keys.len() as u32;
            }
            number(*entry - 1);
        }
    }

    #[inline]
    fn find(&self, word: u64) -> Option<u32> {
        match self.numbers.get(word as usize) {
            None | Some(0) => None,
            Some(&entry) => Some(entry - 1),
        }
    }

    fn clear(&mut self) {
        for key in self.keys.drain(..) {
            self.numbers[key as usize] = 0;
        }
    }
}
