//! Bytes: UTF-8, hexadecimal digits, Base64, digests, identities, and the order turned round.

use sha2::{Digest, Sha256};
use sheaf_ir::encoding::decode;
use sheaf_ir::{Function, Type};

use super::{Primitive, Signature, error};
use crate::ErrorCode;
use crate::composite::{take_word, write_text, write_word};
use crate::words::column_digest_of;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match call.function {
        // Text is kept as its UTF-8.
        Function::ToUtf8 => Some(Box::new(|batch, _| batch.unary(|a| a))),
        Function::FromUtf8 => Some(text_option(|bytes| {
            std::str::from_utf8(bytes).ok().map(|_| bytes.to_vec())
        })),
        Function::Hex => Some(rewrite(write_hex)),
        Function::FromHex => Some(text_option(read_hex)),
        Function::Base64 => Some(rewrite(write_base64)),
        Function::FromBase64 => Some(text_option(read_base64)),
        Function::Sha256 => Some(rewrite(|bytes, out| {
            out.extend_from_slice(&Sha256::digest(bytes));
        })),
        Function::Xxh3 => {
            let ty = call.arguments[0].clone();
            Some(Box::new(move |batch, _| {
                batch.each(|lane| column_digest_of(batch.word(0, lane), &ty, batch.cx.interner))
            }))
        }
        Function::ParseId => Some(Box::new(|batch, _| {
            batch.each_symbol(|text| match read_id(text) {
                None => batch.intern(&[0]),
                Some(id) => batch.intern(&[&[1], &id.to_be_bytes()[..]].concat()),
            })
        })),
        Function::Reversed => {
            let ty = call.arguments[0].clone();
            Some(Box::new(move |batch, _| {
                let mut bytes = Vec::new();
                batch.each(|lane| {
                    bytes.clear();
                    write_word(&ty, batch.word(0, lane), batch.cx.interner, &mut bytes);
                    bytes.iter_mut().for_each(|byte| *byte = !*byte);
                    batch.intern(&bytes)
                })
            }))
        }
        Function::Unreversed(ty) => Some(unreversed(ty.clone(), call)),
        _ => None,
    }
}

fn unreversed(ty: Type, call: &Signature) -> Primitive {
    let span = call.span;
    Box::new(move |batch, failures| {
        batch.try_each(failures, |lane| {
            let bytes: Vec<u8> = batch.text(0, lane).iter().map(|byte| !byte).collect();
            let mut rest = &bytes[..];
            let value = decode(&ty, batch.cx.types, &mut rest);
            if value.is_none() || !rest.is_empty() {
                let ty = super::type_name(&ty);
                let message = format!("the bytes are not those of a reversed {ty}");
                return Err(error(ErrorCode::Conversion, span, message));
            }
            let mut bytes = &bytes[..];
            Ok(take_word(
                &ty,
                batch.cx.types,
                &mut bytes,
                batch.cx.interner,
            ))
        })
    })
}

/// Bytes made of the bytes or text of one argument.
fn rewrite(f: fn(&[u8], &mut Vec<u8>)) -> Primitive {
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each_symbol(|bytes| {
            out.clear();
            f(bytes, &mut out);
            batch.intern(&out)
        })
    })
}

/// An Option of text or bytes made of those of one argument.
fn text_option(f: fn(&[u8]) -> Option<Vec<u8>>) -> Primitive {
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each_symbol(|bytes| {
            out.clear();
            let found = f(bytes);
            out.push(found.is_some() as u8);
            if let Some(found) = found {
                write_text(&found, &mut out);
            }
            batch.intern(&out)
        })
    })
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].map(|digit| DIGITS[digit as usize]));
    }
}

fn read_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        let mut padded = [0; 4];
        padded[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(padded);
        let digits = [18, 12, 6, 0].map(|shift| BASE64[(bits >> shift) as usize & 63]);
        out.extend_from_slice(&digits[..=group.len()]);
        out.resize(out.len() + 3 - group.len(), b'=');
    }
}

fn read_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let groups = text.len() / 4;
    if !text.len().is_multiple_of(4) {
        return None;
    }
    for (i, group) in text.chunks(4).enumerate() {
        let padding = match group {
            [_, _, b'=', b'='] if i + 1 == groups => 2,
            [_, _, _, b'='] if i + 1 == groups => 1,
            _ => 0,
        };
        let mut bits = 0;
        for &digit in &group[..4 - padding] {
            bits = bits << 6 | BASE64.iter().position(|&known| known == digit)? as u32;
        }
        bits <<= 6 * padding;
        let whole = bits.to_be_bytes();
        let (used, unused) = whole[1..].split_at(3 - padding);
        // Bits behind the last byte are zero in what `write_base64` writes.
        if unused.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(used);
    }
    Some(bytes)
}

/// 32 hexadecimal digits; dashes after the first are passed over, as sources do.
fn read_id(text: &[u8]) -> Option<u128> {
    let (mut id, mut digits) = (0u128, 0);
    for &byte in text {
        if byte == b'-' && digits > 0 {
            continue;
        }
        id = id << 4 | u128::from((byte as char).to_digit(16)?);
        digits += 1;
        if digits > 32 {
            return None;
        }
    }
    (digits == 32).then_some(id)
}
