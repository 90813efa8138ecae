//! The right columns of an outer join: `Some` of what was found, `None` where nothing was.

use std::sync::Arc;

use sheaf_ir::{Type, encoding};
use sheaf_kernels::{Interner, Rows, Types, words};

use super::Environment;

/// Wraps words of some columns as Options.
pub(crate) struct Optional {
    /// The columns that are kept as they are because they are the key, then those that are wrapped.
    key: Vec<usize>,
    picked: Vec<(usize, Type)>,
    types: Types,
    interner: Arc<Interner>,
    none: u64,
    bytes: Vec<u8>,
}

impl Optional {
    /// For right rows with these columns, of which `key` is joined by and `picked` is given on.
    pub fn new(
        columns: &[(String, Type)],
        key: &[usize],
        picked: &[usize],
        environment: &Environment,
    ) -> Optional {
        let typed = |&c: &usize| (c, columns[c].1.clone());
        Optional {
            key: key.to_vec(),
            picked: picked.iter().map(typed).collect(),
            types: environment.types.clone(),
            interner: environment.interner.clone(),
            none: environment.interner.intern(&[0]),
            bytes: Vec::new(),
        }
    }

    /// Columns of a wrapped row: the key, then what is picked.
    pub fn arity(&self) -> usize {
        self.key.len() + self.picked.len()
    }

    /// Right rows as they are indexed: the key, then what is picked as `Some`.
    pub fn wrap(&mut self, rows: &Rows) -> Rows {
        let mut wrapped = Rows::with_capacity(self.arity(), rows.len());
        for row in rows.iter() {
            let Optional {
                key,
                picked,
                types,
                interner,
                bytes,
                ..
            } = &mut *self;
            let kept = key.iter().map(|&c| row[c]);
            let some = picked.iter().map(|(column, ty)| {
                bytes.clear();
                bytes.push(1);
                let word = row[*column];
                if ty.is_inline() {
                    encoding::encode_inline(ty, word, bytes);
                } else {
                    encoding::encode(&words::value_of(word, ty, types, interner), bytes);
                }
                interner.intern(bytes)
            });
            wrapped.push_iter(kept.chain(some));
        }
        wrapped
    }

    /// Appends a left row that found nothing.
    pub fn push_unmatched(&self, left: &[u64], rows: &mut Rows) {
        let nothing = self.picked.iter().map(|_| self.none);
        rows.push_iter(left.iter().copied().chain(nothing));
    }
}
