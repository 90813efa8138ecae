//! Words as values: conversion, canonical order, placement digests and text.
//!
//! A word is the value itself for inline types and a symbol of the interner otherwise.

use std::cmp::Ordering;

use sheaf_ir::encoding::{
    decode_whole, encode_inline, encode_whole, float_key, inline_value, inline_word,
};
use sheaf_ir::shard::inline_digest;
use sheaf_ir::{Type, Value};

use crate::Interner;
use crate::composite::Types;

pub use crate::display::{display, write_display, write_json};
pub use crate::sort::sort_rows;

/// The word of a value of this type.
pub fn word_of(value: &Value, ty: &Type, interner: &Interner) -> u64 {
    debug_assert_eq!(ty.is_inline(), inline_word(value).is_some());
    inline_word(value).unwrap_or_else(|| interner.intern(&encode_whole(value)))
}

/// The value of a word of this type.
///
/// # Panics
/// If the word is a symbol whose text is no value of the type.
pub fn value_of(word: u64, ty: &Type, types: &Types, interner: &Interner) -> Value {
    inline_value(ty, word)
        .or_else(|| decode_whole(ty, types, interner.get(word)))
        .unwrap_or_else(|| panic!("symbol {word} is no {ty:?}"))
}

/// The digest of a word's canonical bytes, of which `sheaf_ir::shard::key_digest` makes a key's.
#[inline]
pub fn column_digest_of(word: u64, ty: &Type, interner: &Interner) -> u64 {
    match ty {
        ty if ty.is_inline() => inline_digest(ty, word),
        _ => interner.digest(word),
    }
}

/// Canonical order of two words of one type.
#[inline]
pub fn compare(a: u64, b: u64, ty: &Type, interner: &Interner) -> Ordering {
    if a == b {
        Ordering::Equal
    } else if ty.is_inline() {
        inline_key(ty, a).cmp(&inline_key(ty, b))
    } else {
        interner.get(a).cmp(interner.get(b))
    }
}

/// Maps the order of an inline type to that of unsigned integers.
#[inline]
pub(crate) fn inline_key(ty: &Type, word: u64) -> u64 {
    match ty {
        Type::Float => float_key(f64::from_bits(word)),
        _ => word ^ (1 << 63),
    }
}

/// The inverse of [`inline_key`].
#[inline]
pub(crate) fn inline_from_key(ty: &Type, key: u64) -> u64 {
    match ty {
        Type::Float => sheaf_ir::encoding::float_from_key(key).to_bits(),
        _ => key ^ (1 << 63),
    }
}

/// The canonical bytes of a word as a whole value.
pub fn canonical_bytes(word: u64, ty: &Type, interner: &Interner, out: &mut Vec<u8>) {
    if ty.is_inline() {
        encode_inline(ty, word, out);
    } else {
        out.extend_from_slice(interner.get(word));
    }
}
