//! Symbols across process borders: the sender ships each text once, the receiver translates.

use sheaf_ir::Type;
use sheaf_kernels::{Interner, Rows};

use crate::cluster::Place;

use super::parcel::Parcel;

/// The columns that hold symbols.
pub(crate) fn symbol_columns(types: &[Type]) -> Vec<usize> {
    (0..types.len())
        .filter(|&c| !types[c].is_inline())
        .collect()
}

/// What one channel has told each worker of other processes.
#[derive(Debug)]
pub(crate) struct Departures {
    /// By edge of the channel.
    columns: Vec<Vec<usize>>,
    place: Place,
    /// For each worker, one bit per symbol that it knows.
    told: Vec<Vec<u64>>,
}

impl Departures {
    /// Nothing told yet, on a channel whose edges have symbols in these columns.
    pub fn new(columns: Vec<Vec<usize>>, place: Place) -> Departures {
        Departures {
            columns,
            place,
            told: vec![Vec::new(); place.processes * place.workers],
        }
    }

    /// The texts that `target` needs to understand these rows.
    pub fn texts(
        &mut self,
        target: usize,
        edge: usize,
        rows: &Rows,
        interner: &Interner,
    ) -> Vec<(u32, Box<[u8]>)> {
        let mut texts = Vec::new();
        let columns = &self.columns[edge];
        if target / self.place.workers == self.place.process || columns.is_empty() {
            return texts;
        }
        let told = &mut self.told[target];
        for row in rows.iter() {
            for &column in columns {
                let symbol = row[column];
                let (word, bit) = ((symbol / 64) as usize, 1 << (symbol % 64));
                if word >= told.len() {
                    told.resize(word.next_power_of_two().max(word + 1), 0);
                }
                if told[word] & bit == 0 {
                    told[word] |= bit;
                    texts.push((symbol as u32, interner.get(symbol).into()));
                }
            }
        }
        texts
    }
}

/// What one channel has learnt from each worker of other processes.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// By edge of the channel.
    columns: Vec<Vec<usize>>,
    place: Place,
    /// For each worker, its symbols in this process's numbers.
    known: Vec<Vec<u32>>,
}

impl Arrivals {
    /// Nothing learnt yet, on a channel whose edges have symbols in these columns.
    pub fn new(columns: Vec<Vec<usize>>, place: Place) -> Arrivals {
        Arrivals {
            columns,
            place,
            known: vec![Vec::new(); place.processes * place.workers],
        }
    }

    /// Puts a parcel's rows into this process's symbols.
    ///
    /// # Panics
    /// If the parcel has a symbol whose text never came: the peer is broken, and the generation ends.
    pub fn translate(&mut self, parcel: &mut Parcel, interner: &Interner) {
        let columns = &self.columns[parcel.edge];
        if parcel.sender / self.place.workers == self.place.process || columns.is_empty() {
            return;
        }
        let known = &mut self.known[parcel.sender];
        for (symbol, text) in parcel.texts.drain(..) {
            let symbol = symbol as usize;
            if symbol >= known.len() {
                known.resize(symbol.next_power_of_two().max(symbol + 1), u32::MAX);
            }
            known[symbol] = interner.intern(&text) as u32;
        }
        let arity = parcel.rows.arity();
        for row in parcel.rows.words_mut().chunks_exact_mut(arity) {
            for &column in columns {
                let symbol = known
                    .get(row[column] as usize)
                    .filter(|s| **s != u32::MAX)
                    .expect("every symbol's text comes no later than the symbol");
                row[column] = u64::from(*symbol);
            }
        }
    }
}
