//! Sorting rows in canonical order, by integers only.
//!
//! Distinct symbols are ranked once by their text; then every column is an integer and, wherever
//! the columns together need at most 128 bits, a row is one integer that is sorted and turned back
//! into the row.

use foldhash::HashMap;
use sheaf_ir::Type;

use crate::words::{inline_from_key, inline_key};
use crate::{Interner, Rows};

/// Sorts rows by columns (`true` for descending) and, where those agree, by all others ascending.
/// Weights move with their rows.
pub fn sort_rows(rows: &mut Rows, types: &[Type], order: &[(usize, bool)], interner: &Interner) {
    assert_eq!(types.len(), rows.arity(), "one type a column");
    if rows.len() < 2 || types.is_empty() {
        return;
    }
    let order = complete(order, types.len());
    let ranks = Ranks::new(rows, types, interner);
    let columns: Vec<Column> = order
        .iter()
        .map(|&(index, descending)| Column::new(rows, index, &types[index], descending, &ranks))
        .collect();
    let bits: u32 = columns.iter().map(|c| c.bits).sum();
    match (&rows.weights, bits) {
        (None, 0..=64) => sort_packed::<u64>(rows, &columns, &ranks),
        (None, 65..=128) => sort_packed::<u128>(rows, &columns, &ranks),
        _ => sort_indirectly(rows, &columns, &ranks),
    }
}

/// The order given, then every column it leaves out, ascending.
fn complete(order: &[(usize, bool)], arity: usize) -> Vec<(usize, bool)> {
    let mut complete: Vec<(usize, bool)> = Vec::with_capacity(arity);
    for &(column, descending) in order
        .iter()
        .chain((0..arity).map(|c| (c, false)).collect::<Vec<_>>().iter())
    {
        if !complete.iter().any(|&(c, _)| c == column) {
            complete.push((column, descending));
        }
    }
    complete
}

/// The distinct symbols of some rows in the order of their texts.
struct Ranks {
    symbols: Vec<u32>,
    rank: Lookup,
}

enum Lookup {
    /// By symbol; where the rows hold a good part of all symbols.
    Dense(Vec<u32>),
    Sparse(HashMap<u32, u32>),
}

impl Ranks {
    fn new(rows: &Rows, types: &[Type], interner: &Interner) -> Ranks {
        let columns: Vec<usize> = (0..types.len())
            .filter(|&c| !types[c].is_inline())
            .collect();
        let cells = rows.len() * columns.len();
        let dense = interner.len() <= 16 * cells;
        let mut symbols: Vec<u32> = Vec::new();
        if dense {
            let mut seen = vec![false; interner.len()];
            for row in rows.iter() {
                for &c in &columns {
                    if !std::mem::replace(&mut seen[row[c] as usize], true) {
                        symbols.push(row[c] as u32);
                    }
                }
            }
        } else {
            symbols.extend(
                rows.iter()
                    .flat_map(|row| columns.iter().map(|&c| row[c] as u32)),
            );
            symbols.sort_unstable();
            symbols.dedup();
        }
        let mut keyed: Vec<(u64, u32)> = symbols
            .iter()
            .map(|&s| (prefix(interner.get(s as u64)), s))
            .collect();
        keyed.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| interner.get(a.1 as u64).cmp(interner.get(b.1 as u64)))
        });
        let symbols: Vec<u32> = keyed.into_iter().map(|(_, s)| s).collect();
        let ranked = symbols.iter().zip(0u32..);
        let rank = if dense {
            let mut rank = vec![0; interner.len()];
            ranked.for_each(|(&s, r)| rank[s as usize] = r);
            Lookup::Dense(rank)
        } else {
            Lookup::Sparse(ranked.map(|(&s, r)| (s, r)).collect())
        };
        Ranks { symbols, rank }
    }

    #[inline]
    fn of(&self, symbol: u64) -> u64 {
        match &self.rank {
            Lookup::Dense(rank) => rank[symbol as usize] as u64,
            Lookup::Sparse(rank) => rank[&(symbol as u32)] as u64,
        }
    }
}

/// The first 8 bytes as an integer of the same order; shorter text is filled with zeros.
fn prefix(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let n = text.len().min(8);
    bytes[..n].copy_from_slice(&text[..n]);
    u64::from_be_bytes(bytes)
}

/// How a column's words become integers of `bits` bits in the order wanted.
struct Column<'t> {
    index: usize,
    ty: &'t Type,
    descending: bool,
    least: u64,
    greatest: u64,
    bits: u32,
}

impl<'t> Column<'t> {
    fn new(rows: &Rows, index: usize, ty: &'t Type, descending: bool, ranks: &Ranks) -> Column<'t> {
        let mut column = Column {
            index,
            ty,
            descending: false,
            least: 0,
            greatest: u64::MAX,
            bits: 64,
        };
        let (mut least, mut greatest) = (u64::MAX, 0);
        for row in rows.iter() {
            let key = column.key(row, ranks);
            least = least.min(key);
            greatest = greatest.max(key);
        }
        column.descending = descending;
        column.least = least;
        column.greatest = greatest;
        column.bits = 64 - (greatest - least).leading_zeros();
        column
    }

    #[inline]
    fn key(&self, row: &[u64], ranks: &Ranks) -> u64 {
        let word = row[self.index];
        let key = if self.ty.is_inline() {
            inline_key(self.ty, word)
        } else {
            ranks.of(word)
        };
        if self.descending {
            self.greatest - key
        } else {
            key - self.least
        }
    }

    #[inline]
    fn word(&self, key: u64, ranks: &Ranks) -> u64 {
        let key = if self.descending {
            self.greatest - key
        } else {
            key + self.least
        };
        if self.ty.is_inline() {
            inline_from_key(self.ty, key)
        } else {
            ranks.symbols[key as usize] as u64
        }
    }
}

/// An integer that can hold a row.
trait Packed: Copy + Ord {
    const ZERO: Self;
    fn append(self, key: u64, bits: u32) -> Self;
    fn last(self, bits: u32) -> u64;
    fn without_last(self, bits: u32) -> Self;
}

macro_rules! packed {
    ($($ty:ty)*) => {$(
        impl Packed for $ty {
            const ZERO: $ty = 0;
            #[inline]
            fn append(self, key: u64, bits: u32) -> $ty {
                self.unbounded_shl(bits) | key as $ty
            }
            #[inline]
            fn last(self, bits: u32) -> u64 {
                self as u64 & !u64::MAX.unbounded_shl(bits)
            }
            #[inline]
            fn without_last(self, bits: u32) -> $ty {
                self.unbounded_shr(bits)
            }
        }
    )*};
}
packed!(u64 u128);

fn sort_packed<P: Packed>(rows: &mut Rows, columns: &[Column], ranks: &Ranks) {
    let mut keys: Vec<P> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .fold(P::ZERO, |all, c| all.append(c.key(row, ranks), c.bits))
        })
        .collect();
    keys.sort_unstable();
    for (row, &key) in words_of_rows(rows).zip(&keys) {
        let mut rest = key;
        for column in columns.iter().rev() {
            row[column.index] = column.word(rest.last(column.bits), ranks);
            rest = rest.without_last(column.bits);
        }
    }
}

fn sort_indirectly(rows: &mut Rows, columns: &[Column], ranks: &Ranks) {
    let width = columns.len();
    let keys: Vec<u64> = rows
        .iter()
        .flat_map(|row| columns.iter().map(|c| c.key(row, ranks)))
        .collect();
    let key = |i: usize| &keys[i * width..(i + 1) * width];
    let mut index: Vec<usize> = (0..rows.len()).collect();
    let weights = rows.weights.take();
    let weight = |i: usize| weights.as_ref().map(|w| w[i]);
    index.sort_unstable_by(|&a, &b| key(a).cmp(key(b)).then_with(|| weight(a).cmp(&weight(b))));
    rows.weights = weights
        .as_ref()
        .map(|weights| index.iter().map(|&i| weights[i]).collect());
    for (row, &i) in words_of_rows(rows).zip(&index) {
        for (column, &key) in columns.iter().zip(key(i)) {
            row[column.index] = column.word(key, ranks);
        }
    }
}

fn words_of_rows(rows: &mut Rows) -> impl Iterator<Item = &mut [u64]> {
    let arity = rows.arity();
    rows.words_mut().chunks_exact_mut(arity)
}
