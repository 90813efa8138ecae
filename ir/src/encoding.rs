//! One canonical, order-preserving byte encoding per type, and the 64-bit words engines work on.
//!
//! Version 1. Comparing two encodings of one type bytewise compares the values. Within a composite:
//!
//! | type | bytes |
//! |---|---|
//! | Bool | 0 or 1 |
//! | Int, Nat, Decimal, Date, Time, Duration | 8, big-endian, sign bit flipped |
//! | Float | 8, big-endian; sign bit flipped if positive, all bits if negative |
//! | Id, RowId | 16, big-endian |
//! | String, Bytes | 00 → 00 FF, then a final 00 00 |
//! | Option | 00, or 01 and the value |
//! | List, Set, Map | each element (key, then value) behind 01, then 00 |
//! | tuple, record | the parts |
//! | enum | 2, big-endian variant index, then the payload |
//!
//! A whole value (a column) of type String or Bytes is its plain bytes, without escape or end; of
//! any other type it is encoded as within a composite.
//!
//! Every value has one encoding and no other bytes decode: no −0.0 and one NaN (the positive quiet
//! one, 7ff8000000000000 before its sign bit is flipped), Nats that are not negative, sets and
//! maps strictly ascending, tags of 0 or 1.
//!
//! A word is the value itself for types that are [inline](crate::Type::is_inline) (Bool 0/1, integers
//! as two's complement, Float as IEEE bits) and otherwise the number of a symbol whose text is the
//! whole-value encoding.

use std::collections::BTreeMap;

use crate::types::MAX_VALUE_DEPTH;
use crate::value::Float;
use crate::{Nominal, Type, Value};

/// The version of the encoding; stored wherever bytes outlive a process.
pub const VERSION: u32 = 1;

/// The bytes of an inline word, of the type's whole-value encoding. Not for Bool, whose encoding is
/// one byte: see [`encode_inline`] and [`crate::shard::inline_digest`].
pub fn inline_bytes(ty: &Type, word: u64) -> [u8; 8] {
    debug_assert!(ty.is_inline() && *ty != Type::Bool);
    match ty {
        Type::Float => float_key(f64::from_bits(word)).to_be_bytes(),
        _ => (word ^ (1 << 63)).to_be_bytes(),
    }
}

/// Appends the canonical bytes of an inline word, alone as well as in a composite.
pub fn encode_inline(ty: &Type, word: u64, out: &mut Vec<u8>) {
    if *ty == Type::Bool {
        out.push(word as u8);
    } else {
        out.extend_from_slice(&inline_bytes(ty, word));
    }
}

/// Maps float order to unsigned integer order.
pub fn float_key(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits ^ (1 << 63)
    }
}

/// The inverse of [`float_key`].
pub fn float_from_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key ^ (1 << 63)
    } else {
        !key
    })
}

/// The word of a value of an inline type; `None` for a value that needs a symbol.
pub fn inline_word(value: &Value) -> Option<u64> {
    Some(match value {
        Value::Bool(b) => *b as u64,
        Value::Int(i)
        | Value::Nat(i)
        | Value::Decimal(i)
        | Value::Date(i)
        | Value::Time(i)
        | Value::Duration(i) => *i as u64,
        Value::Float(x) => x.get().to_bits(),
        _ => return None,
    })
}

/// The value of an inline word.
pub fn inline_value(ty: &Type, word: u64) -> Option<Value> {
    Some(match ty {
        Type::Bool => Value::Bool(word != 0),
        Type::Int => Value::Int(word as i64),
        Type::Nat => Value::Nat(word as i64),
        Type::Float => Value::Float(Float::new(f64::from_bits(word))),
        Type::Decimal(_) => Value::Decimal(word as i64),
        Type::Date => Value::Date(word as i64),
        Type::Time => Value::Time(word as i64),
        Type::Duration => Value::Duration(word as i64),
        _ => return None,
    })
}

/// The encoding of a whole value: plain bytes for String and Bytes.
pub fn encode_whole(value: &Value) -> Vec<u8> {
    match value {
        Value::String(s) => s.clone().into_bytes(),
        Value::Bytes(b) => b.clone(),
        _ => {
            let mut out = Vec::new();
            encode(value, &mut out);
            out
        }
    }
}

/// Appends the encoding of a value inside a composite.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(b) => out.push(*b as u8),
        Value::Int(i)
        | Value::Nat(i)
        | Value::Decimal(i)
        | Value::Date(i)
        | Value::Time(i)
        | Value::Duration(i) => out.extend_from_slice(&((*i as u64) ^ (1 << 63)).to_be_bytes()),
        Value::Float(x) => out.extend_from_slice(&float_key(x.get()).to_be_bytes()),
        Value::Id(id) => out.extend_from_slice(&id.to_be_bytes()),
        Value::String(s) => encode_text(s.as_bytes(), out),
        Value::Bytes(b) => encode_text(b, out),
        Value::Option(None) => out.push(0),
        Value::Option(Some(v)) => {
            out.push(1);
            encode(v, out);
        }
        Value::List(items) | Value::Set(items) => {
            for item in items {
                out.push(1);
                encode(item, out);
            }
            out.push(0);
        }
        Value::Map(entries) => {
            for (k, v) in entries {
                out.push(1);
                encode(k, out);
                encode(v, out);
            }
            out.push(0);
        }
        Value::Tuple(parts) => parts.iter().for_each(|p| encode(p, out)),
        Value::Variant(index, payload) => {
            out.extend_from_slice(&(*index as u16).to_be_bytes());
            payload.iter().for_each(|p| encode(p, out));
        }
    }
}

/// Appends text as it stands in a composite: escaped and ended.
pub fn encode_text(text: &[u8], out: &mut Vec<u8>) {
    for &b in text {
        out.push(b);
        if b == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

/// Decodes a whole value; `None` if the bytes are not the encoding of one of that type.
pub fn decode_whole(ty: &Type, types: &BTreeMap<String, Nominal>, bytes: &[u8]) -> Option<Value> {
    match ty {
        Type::String => Some(Value::String(String::from_utf8(bytes.to_vec()).ok()?)),
        Type::Bytes => Some(Value::Bytes(bytes.to_vec())),
        _ => {
            let mut rest = bytes;
            let value = decode(ty, types, &mut rest)?;
            rest.is_empty().then_some(value)
        }
    }
}

/// Decodes a value inside a composite from the front of `bytes`, which is left behind it.
///
/// Only what [`encode`] writes is taken: every value has exactly one encoding. Values that nest
/// deeper than [`MAX_VALUE_DEPTH`] are refused.
pub fn decode(ty: &Type, types: &BTreeMap<String, Nominal>, bytes: &mut &[u8]) -> Option<Value> {
    Decoder { types, bytes }.value(ty, MAX_VALUE_DEPTH)
}

struct Decoder<'a, 'b, 'c> {
    types: &'a BTreeMap<String, Nominal>,
    bytes: &'b mut &'c [u8],
}

impl Decoder<'_, '_, '_> {
    fn value(&mut self, ty: &Type, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        Some(match ty {
            Type::Bool => Value::Bool(self.flag()?),
            Type::Float => {
                let key = u64::from_be_bytes(self.array()?);
                let x = Float::new(float_from_key(key));
                (float_key(x.get()) == key).then_some(Value::Float(x))?
            }
            t if t.is_inline() => {
                let value = inline_value(t, u64::from_be_bytes(self.array()?) ^ (1 << 63))?;
                (!matches!(value, Value::Nat(n) if n < 0)).then_some(value)?
            }
            Type::Id | Type::RowId => Value::Id(u128::from_be_bytes(self.array()?)),
            Type::String => Value::String(String::from_utf8(decode_text(self.bytes)?).ok()?),
            Type::Bytes => Value::Bytes(decode_text(self.bytes)?),
            Type::Option(inner) => match self.flag()? {
                false => Value::Option(None),
                true => Value::Option(Some(Box::new(self.value(inner, depth)?))),
            },
            Type::List(inner) => {
                let mut items = Vec::new();
                while self.flag()? {
                    items.push(self.value(inner, depth)?);
                }
                Value::List(items)
            }
            Type::Set(inner) => {
                let mut items = Vec::new();
                let mut last = None;
                while self.flag()? {
                    let start = *self.bytes;
                    items.push(self.value(inner, depth)?);
                    self.ascends(&mut last, start)?;
                }
                Value::Set(items)
            }
            Type::Map(key_type, value_type) => {
                let mut entries = Vec::new();
                let mut last = None;
                while self.flag()? {
                    let start = *self.bytes;
                    let key = self.value(key_type, depth)?;
                    self.ascends(&mut last, start)?;
                    entries.push((key, self.value(value_type, depth)?));
                }
                Value::Map(entries)
            }
            Type::Tuple(parts) => Value::Tuple(self.all(parts.iter(), depth)?),
            Type::Named(name) => match self.types.get(name)? {
                Nominal::Record(fields) => {
                    Value::Tuple(self.all(fields.iter().map(|(_, ty)| ty), depth)?)
                }
                Nominal::Enum(variants) => {
                    let index = u16::from_be_bytes(self.array()?);
                    let (_, payload) = variants.get(index as usize)?;
                    Value::Variant(index as u32, self.all(payload.iter(), depth)?)
                }
            },
            _ => return None,
        })
    }

    fn all<'t>(
        &mut self,
        types: impl Iterator<Item = &'t Type>,
        depth: usize,
    ) -> Option<Vec<Value>> {
        types.map(|ty| self.value(ty, depth)).collect()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.array()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        *self.bytes = rest;
        Some(*head)
    }
}

impl<'c> Decoder<'_, '_, 'c> {
    /// Checks that what was read since `start` is greater than `last`, and makes it the last.
    fn ascends(&self, last: &mut Option<&'c [u8]>, start: &'c [u8]) -> Option<()> {
        let read = &start[..start.len() - self.bytes.len()];
        let ascends = last.is_none_or(|last| last < read);
        *last = Some(read);
        ascends.then_some(())
    }
}

/// Decodes escaped text from the front of `bytes`.
pub fn decode_text(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if byte != 0 {
            text.push(byte);
            continue;
        }
        let (&escape, rest) = bytes.split_first()?;
        *bytes = rest;
        match escape {
            0 => return Some(text),
            0xff => text.push(0),
            _ => return None,
        }
    }
}
