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
//! A whole value (a column) of type String or Bytes is its plain bytes, without escape or end.
//!
//! A word is the value itself for types that are [inline](crate::Type::is_inline) (Bool 0/1, integers
//! as two's complement, Float as IEEE bits) and otherwise the number of a symbol whose text is the
//! whole-value encoding.

use std::collections::BTreeMap;

use crate::value::Float;
use crate::{Nominal, Type, Value};

/// The version of the encoding; stored wherever bytes outlive a process.
pub const VERSION: u32 = 1;

/// The bytes of an inline word, of the type's whole-value encoding.
pub fn inline_bytes(ty: &Type, word: u64) -> [u8; 8] {
    debug_assert!(ty.is_inline());
    match ty {
        Type::Float => float_key(f64::from_bits(word)).to_be_bytes(),
        _ => (word ^ (1 << 63)).to_be_bytes(),
    }
}

/// Appends the canonical bytes of an inline word, as they stand in a composite (Bool is one byte).
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

/// Decodes a whole value; `None` if the bytes are not one of that type.
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
pub fn decode(ty: &Type, types: &BTreeMap<String, Nominal>, bytes: &mut &[u8]) -> Option<Value> {
    Some(match ty {
        Type::Bool => Value::Bool(take(bytes, 1)?[0] != 0),
        Type::Float => {
            let key = u64::from_be_bytes(take(bytes, 8)?.try_into().ok()?);
            Value::Float(Float::new(float_from_key(key)))
        }
        t if t.is_inline() => {
            let word = u64::from_be_bytes(take(bytes, 8)?.try_into().ok()?) ^ (1 << 63);
            inline_value(t, word)?
        }
        Type::Id | Type::RowId => Value::Id(u128::from_be_bytes(take(bytes, 16)?.try_into().ok()?)),
        Type::String => Value::String(String::from_utf8(decode_text(bytes)?).ok()?),
        Type::Bytes => Value::Bytes(decode_text(bytes)?),
        Type::Option(inner) => match take(bytes, 1)?[0] {
            0 => Value::Option(None),
            _ => Value::Option(Some(Box::new(decode(inner, types, bytes)?))),
        },
        Type::List(inner) | Type::Set(inner) => {
            let mut items = Vec::new();
            while take(bytes, 1)?[0] == 1 {
                items.push(decode(inner, types, bytes)?);
            }
            if matches!(ty, Type::List(_)) {
                Value::List(items)
            } else {
                Value::Set(items)
            }
        }
        Type::Map(k, v) => {
            let mut entries = Vec::new();
            while take(bytes, 1)?[0] == 1 {
                entries.push((decode(k, types, bytes)?, decode(v, types, bytes)?));
            }
            Value::Map(entries)
        }
        Type::Tuple(parts) => Value::Tuple(
            parts
                .iter()
                .map(|p| decode(p, types, bytes))
                .collect::<Option<_>>()?,
        ),
        Type::Named(name) => match types.get(name)? {
            Nominal::Record(fields) => Value::Tuple(
                fields
                    .iter()
                    .map(|(_, t)| decode(t, types, bytes))
                    .collect::<Option<_>>()?,
            ),
            Nominal::Enum(variants) => {
                let index = u16::from_be_bytes(take(bytes, 2)?.try_into().ok()?);
                let payload = &variants.get(index as usize)?.1;
                Value::Variant(
                    index as u32,
                    payload
                        .iter()
                        .map(|t| decode(t, types, bytes))
                        .collect::<Option<_>>()?,
                )
            }
        },
        _ => return None,
    })
}

/// Decodes escaped text from the front of `bytes`.
pub fn decode_text(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        match take(bytes, 1)?[0] {
            0 => match take(bytes, 1)?[0] {
                0 => return Some(text),
                _ => text.push(0),
            },
            b => text.push(b),
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(head)
}
