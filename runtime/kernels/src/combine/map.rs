//! `Map`: a combiner of its own for each key of the contributions.
//!
//! State: for each slot, the slots that its keys have in one accumulator of the combiner inside. A
//! partial state is a map of partial states. Of several keys that fail, the least is reported.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use sheaf_ir::Type;

use super::{Accumulator, Lattice, Shared};
use crate::composite::{Elements, take_part, take_word, write_end, write_word};
use crate::words::{compare, write_json};
use crate::{EvalError, Interner, Types};

pub(super) struct Maps {
    shared: Shared,
    /// The types of partial states and of what is read, which are maps.
    partial: Type,
    result: Type,
    inner: Box<dyn Accumulator>,
    /// By slot: keys with their slots in `inner`.
    slots: Vec<BTreeMap<u64, u32>>,
}

impl Maps {
    /// `inner` combines the values.
    pub(super) fn new(
        shared: Shared,
        inner: Box<dyn Accumulator>,
        partial: Type,
        result: Type,
    ) -> Maps {
        Maps {
            shared,
            partial,
            result,
            inner,
            slots: Vec::new(),
        }
    }

    /// Adds the entries of a map, of contributions or of partial states.
    fn take(&mut self, slot: u32, map: u64, is_partial: bool) {
        let Shared {
            types, interner, ..
        } = &self.shared;
        let ty = match is_partial {
            true => &self.partial,
            false => &self.shared.contribution,
        };
        let (key_type, value_type) = map_types(ty);
        for mut entry in Elements::new(ty, types, interner.get(map)) {
            let key = take_word(key_type, types, &mut entry, interner);
            let value = take_word(value_type, types, &mut entry, interner);
            let inner = &mut self.inner;
            let slot = *self.slots[slot as usize]
                .entry(key)
                .or_insert_with(|| inner.new_key());
            match is_partial {
                true => inner.merge(slot, value),
                false => inner.add(slot, value),
            }
        }
    }

    /// The map of what each key has, keys ascending.
    fn give(
        &mut self,
        slot: u32,
        is_partial: bool,
        mut value: impl FnMut(&mut dyn Accumulator, u32) -> Result<u64, EvalError>,
    ) -> Result<u64, EvalError> {
        let Shared {
            types, interner, ..
        } = &self.shared;
        let (key_type, value_type) = map_types(match is_partial {
            true => &self.partial,
            false => &self.result,
        });
        let mut keys: Vec<(u64, u32)> = self.slots[slot as usize]
            .iter()
            .map(|(&key, &slot)| (key, slot))
            .collect();
        keys.sort_unstable_by(|a, b| compare(a.0, b.0, key_type, interner));
        let mut bytes = Vec::new();
        for (key, slot) in keys {
            let word = value(&mut *self.inner, slot)
                .map_err(|error| at_key(error, key, key_type, types, interner))?;
            bytes.push(1);
            write_word(key_type, key, interner, &mut bytes);
            write_word(value_type, word, interner, &mut bytes);
        }
        write_end(&mut bytes);
        Ok(interner.intern(&bytes))
    }
}

impl Accumulator for Maps {
    fn new_key(&mut self) -> u32 {
        self.slots.push(BTreeMap::new());
        (self.slots.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.slots.len()
    }

    fn add(&mut self, slot: u32, contribution: u64) {
        self.take(slot, contribution, false);
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.give(slot, true, |inner, slot| Ok(inner.partial(slot)))
            .unwrap_or_else(|_| unreachable!("partial states do not fail"))
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        self.take(slot, partial, true);
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        self.give(slot, false, |inner, slot| inner.finish(slot))
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.inner.clear();
    }

    fn bytes(&self) -> usize {
        let keys: usize = self.slots.iter().map(BTreeMap::len).sum();
        self.slots.capacity() * size_of::<BTreeMap<u64, u32>>()
            + keys * size_of::<(u64, u32)>()
            + self.inner.bytes()
    }
}

/// The types of a map's keys and values.
pub(super) fn map_types(ty: &Type) -> (&Type, &Type) {
    match ty {
        Type::Map(key, value) => (key, value),
        _ => unreachable!("the type was checked when the combiner was made"),
    }
}

/// The join of two maps, key by key; `None` if it is the old one. Of several keys that fail, the
/// least is reported.
pub(super) fn join(
    inner: &Lattice,
    old: u64,
    new: u64,
    shared: &Shared,
) -> Result<Option<u64>, EvalError> {
    let Shared {
        contribution,
        types,
        interner,
        ..
    } = shared;
    let (key, value) = map_types(contribution);
    let entries = |map: u64| {
        Elements::new(contribution, types, interner.get(map)).map(|mut entry| {
            let key = take_part(key, types, &mut entry);
            (key, entry)
        })
    };
    let word = |mut bytes: &[u8]| take_word(value, types, &mut bytes, interner);
    let (mut olds, mut news) = (entries(old).peekable(), entries(new).peekable());
    let mut bytes = Vec::new();
    loop {
        let order = match (olds.peek(), news.peek()) {
            (Some(a), Some(b)) => a.0.cmp(b.0),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let a = olds.next_if(|_| order.is_le());
        let b = news.next_if(|_| order.is_ge());
        let Some((name, state)) = a.or(b) else {
            break;
        };
        bytes.push(1);
        bytes.extend_from_slice(name);
        match (a, b) {
            (Some((_, a)), Some((_, b))) if a != b => {
                let joined = inner.join(word(a), word(b)).map_err(|error| {
                    let name = take_word(key, types, &mut &*name, interner);
                    at_key(error, name, key, types, interner)
                })?;
                match joined {
                    Some(joined) => write_word(value, joined, interner, &mut bytes),
                    None => bytes.extend_from_slice(a),
                }
            }
            _ => bytes.extend_from_slice(state),
        }
    }
    write_end(&mut bytes);
    Ok(Some(interner.intern(&bytes)).filter(|joined| *joined != old))
}

/// A map whose values are what is read of these states.
pub(super) fn read(inner: &Lattice, result: &Type, state: u64, shared: &Shared) -> u64 {
    let Shared {
        contribution,
        types,
        interner,
        ..
    } = shared;
    let (key, value) = map_types(contribution);
    let mut bytes = Vec::new();
    for mut entry in Elements::new(contribution, types, interner.get(state)) {
        bytes.push(1);
        bytes.extend_from_slice(take_part(key, types, &mut entry));
        let word = inner.read(take_word(value, types, &mut entry, interner));
        write_word(result, word, interner, &mut bytes);
    }
    write_end(&mut bytes);
    interner.intern(&bytes)
}

/// What went wrong at a key of a map.
pub(crate) fn at_key(
    error: EvalError,
    key: u64,
    ty: &Type,
    types: &Types,
    interner: &Interner,
) -> EvalError {
    let mut message = String::from("at key ");
    write_json(key, ty, types, interner, &mut message);
    message += ": ";
    message += &error.message;
    EvalError { message, ..error }
}
