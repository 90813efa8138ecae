//! Reading and writing the parts of composite values in their canonical bytes.
//!
//! Invariant: a symbol of a composite type has a text that is a canonical encoding of that type
//! (see `sheaf_ir::encoding`). Whoever interns a composite guarantees it; what reads one panics on
//! anything else, because it would mean a wrong row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sheaf_ir::encoding::{encode_inline, encode_text, float_from_key};
use sheaf_ir::{Nominal, Type};

use crate::Interner;

/// Records and enums by qualified name.
pub type Types = BTreeMap<String, Nominal>;

const CANONICAL: &str = "a symbol of a composite type has canonical bytes";

/// Takes `n` bytes off the front.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (head, rest) = bytes.split_at_checked(n).expect(CANONICAL);
    *bytes = rest;
    head
}

/// Takes one byte off the front.
#[inline]
pub(crate) fn take_byte(bytes: &mut &[u8]) -> u8 {
    take(bytes, 1)[0]
}

/// Takes the word of an inline type off the front.
#[inline]
pub(crate) fn take_inline(ty: &Type, bytes: &mut &[u8]) -> u64 {
    debug_assert!(ty.is_inline());
    if *ty == Type::Bool {
        return take_byte(bytes) as u64;
    }
    let key = u64::from_be_bytes(take(bytes, 8).try_into().expect(CANONICAL));
    match ty {
        Type::Float => float_from_key(key).to_bits(),
        _ => key ^ (1 << 63),
    }
}

/// Takes escaped text off the front, without its escapes and end.
pub(crate) fn take_text<'a>(bytes: &mut &'a [u8]) -> Cow<'a, [u8]> {
    let all = *bytes;
    let zero = all.iter().position(|&b| b == 0).expect(CANONICAL);
    if all.get(zero + 1) == Some(&0) {
        *bytes = &all[zero + 2..];
        return Cow::Borrowed(&all[..zero]);
    }
    sheaf_ir::encoding::decode_text(bytes)
        .expect(CANONICAL)
        .into()
}

/// What is still to be passed over; a list of its own instead of recursion, because values may be
/// nested as deeply as a program builds them.
enum Pending<'t> {
    One(&'t Type),
    Elements(&'t Type, Option<&'t Type>),
}

/// Takes a value off the front and gives its canonical bytes.
pub(crate) fn take_part<'a>(ty: &Type, types: &Types, bytes: &mut &'a [u8]) -> &'a [u8] {
    let all = *bytes;
    skip(ty, types, bytes);
    &all[..all.len() - bytes.len()]
}

/// Passes over a value at the front.
pub(crate) fn skip(ty: &Type, types: &Types, bytes: &mut &[u8]) {
    if ty.is_inline() {
        take(bytes, if *ty == Type::Bool { 1 } else { 8 });
        return;
    }
    let mut pending = vec![Pending::One(ty)];
    while let Some(next) = pending.pop() {
        let ty = match next {
            Pending::One(ty) => ty,
            Pending::Elements(first, second) => {
                if take_byte(bytes) == 1 {
                    pending.push(next);
                    pending.extend(second.map(Pending::One));
                    pending.push(Pending::One(first));
                }
                continue;
            }
        };
        match ty {
            Type::Bool => drop(take(bytes, 1)),
            Type::Id | Type::RowId => drop(take(bytes, 16)),
            Type::String | Type::Bytes => skip_text(bytes),
            Type::Option(inner) => {
                if take_byte(bytes) == 1 {
                    pending.push(Pending::One(inner));
                }
            }
            Type::List(inner) | Type::Set(inner) => pending.push(Pending::Elements(inner, None)),
            Type::Map(key, value) => pending.push(Pending::Elements(key, Some(value))),
            Type::Tuple(parts) => pending.extend(parts.iter().rev().map(Pending::One)),
            Type::Named(name) => match types.get(name).expect("a named type is declared") {
                Nominal::Record(fields) => {
                    pending.extend(fields.iter().rev().map(|(_, ty)| Pending::One(ty)));
                }
                Nominal::Enum(variants) => {
                    let payload = &variants[take_variant(bytes) as usize].1;
                    pending.extend(payload.iter().rev().map(Pending::One));
                }
            },
            _ => drop(take(bytes, 8)),
        }
    }
}

/// Takes the index of an enum's variant off the front.
pub(crate) fn take_variant(bytes: &mut &[u8]) -> u32 {
    u16::from_be_bytes(take(bytes, 2).try_into().expect(CANONICAL)) as u32
}

fn skip_text(bytes: &mut &[u8]) {
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|&b| b == 0).expect(CANONICAL) + 2;
        if bytes[at - 1] == 0 {
            *bytes = &bytes[at..];
            return;
        }
    }
}

/// Takes a value off the front as a word.
pub(crate) fn take_word(ty: &Type, types: &Types, bytes: &mut &[u8], interner: &Interner) -> u64 {
    match ty {
        ty if ty.is_inline() => take_inline(ty, bytes),
        Type::String | Type::Bytes => interner.intern(&take_text(bytes)),
        _ => interner.intern(take_part(ty, types, bytes)),
    }
}

/// Appends a word's canonical bytes as they stand in a composite.
#[inline]
pub(crate) fn write_word(ty: &Type, word: u64, interner: &Interner, out: &mut Vec<u8>) {
    match ty {
        ty if ty.is_inline() => encode_inline(ty, word, out),
        Type::String | Type::Bytes => write_text(interner.get(word), out),
        _ => out.extend_from_slice(interner.get(word)),
    }
}

/// Appends text as it stands in a composite.
pub(crate) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    if text.contains(&0) {
        encode_text(text, out);
    } else {
        out.extend_from_slice(text);
        out.extend_from_slice(&[0, 0]);
    }
}

/// The elements of a list or set, or the entries of a map, each as its canonical bytes.
pub(crate) struct Elements<'a> {
    bytes: &'a [u8],
    key: &'a Type,
    value: Option<&'a Type>,
    types: &'a Types,
}

impl<'a> Elements<'a> {
    /// The elements of a whole value of collection type.
    pub(crate) fn new(ty: &'a Type, types: &'a Types, bytes: &'a [u8]) -> Elements<'a> {
        let (key, value) = match ty {
            Type::List(inner) | Type::Set(inner) => (&**inner, None),
            Type::Map(key, value) => (&**key, Some(&**value)),
            _ => unreachable!("only collections have elements"),
        };
        Elements {
            bytes,
            key,
            value,
            types,
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if take_byte(&mut self.bytes) == 0 {
            return None;
        }
        let all = self.bytes;
        skip(self.key, self.types, &mut self.bytes);
        if let Some(value) = self.value {
            skip(value, self.types, &mut self.bytes);
        }
        Some(&all[..all.len() - self.bytes.len()])
    }
}

/// Appends one element of a collection, given as canonical bytes.
pub(crate) fn write_element(element: &[u8], out: &mut Vec<u8>) {
    out.push(1);
    out.extend_from_slice(element);
}

/// Ends a collection.
pub(crate) fn write_end(out: &mut Vec<u8>) {
    out.push(0);
}
