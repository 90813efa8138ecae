//! Values as text: as outputs write them, and as JSON.
//!
//! Scalars: integers; Float in the shortest digits that read back (`1.0`, `1e300`, `NaN`, `inf`);
//! Decimal with its places; Date and Time as RFC 3339; Duration as `1.5s`; Id as 32 hexadecimal
//! digits; Bytes in hexadecimal; String as it is. An Option is its value, or nothing. A composite
//! is compact JSON: lists, sets and tuples as arrays, records as objects, maps as objects where the
//! key is a scalar and else as arrays of pairs, a variant as its name or `{"name":payload}`.

use std::fmt::Write;

use sheaf_ir::{Nominal, Type};

use crate::composite::{Types, take, take_byte, take_inline, take_text, take_variant};
use crate::{Interner, calendar};

/// A value as outputs write it.
pub fn display(word: u64, ty: &Type, types: &Types, interner: &Interner) -> String {
    let mut out = String::new();
    write_display(word, ty, types, interner, &mut out);
    out
}

/// Appends a value as outputs write it.
pub fn write_display(word: u64, ty: &Type, types: &Types, interner: &Interner, out: &mut String) {
    match ty {
        _ if ty.is_inline() => write_inline(word, ty, out),
        Type::String => out.push_str(&String::from_utf8_lossy(interner.get(word))),
        Type::Bytes => write_hex(interner.get(word), out),
        _ => write_plain(ty, types, &mut interner.get(word), out),
    }
}

/// Appends a value as JSON. Numbers that JSON lacks (`NaN`, `inf`) are strings.
pub fn write_json(word: u64, ty: &Type, types: &Types, interner: &Interner, out: &mut String) {
    match ty {
        _ if ty.is_inline() => write_inline_json(word, ty, out),
        Type::String => write_json_text(interner.get(word), out),
        Type::Bytes => {
            out.push('"');
            write_hex(interner.get(word), out);
            out.push('"');
        }
        _ => write_json_part(ty, types, &mut interner.get(word), out),
    }
}

/// Appends a part of a composite as it stands alone.
fn write_plain(ty: &Type, types: &Types, bytes: &mut &[u8], out: &mut String) {
    match ty {
        _ if ty.is_inline() => write_inline(take_inline(ty, bytes), ty, out),
        Type::String => out.push_str(&String::from_utf8_lossy(&take_text(bytes))),
        Type::Bytes => write_hex(&take_text(bytes), out),
        Type::Id | Type::RowId => write_hex(take(bytes, 16), out),
        Type::Option(inner) => {
            if take_byte(bytes) == 1 {
                write_plain(inner, types, bytes, out);
            }
        }
        Type::Named(name) => match named(types, name) {
            Nominal::Enum(variants) => {
                let mut payload = *bytes;
                let (variant, parts) = &variants[take_variant(&mut payload) as usize];
                if parts.is_empty() {
                    *bytes = payload;
                    out.push_str(variant);
                } else {
                    write_json_part(ty, types, bytes, out);
                }
            }
            Nominal::Record(_) => write_json_part(ty, types, bytes, out),
        },
        _ => write_json_part(ty, types, bytes, out),
    }
}

fn write_json_part(ty: &Type, types: &Types, bytes: &mut &[u8], out: &mut String) {
    match ty {
        _ if ty.is_inline() => write_inline_json(take_inline(ty, bytes), ty, out),
        Type::String => write_json_text(&take_text(bytes), out),
        Type::Bytes | Type::Id | Type::RowId => {
            out.push('"');
            write_plain(ty, types, bytes, out);
            out.push('"');
        }
        Type::Option(inner) => match take_byte(bytes) {
            0 => out.push_str("null"),
            _ => write_json_part(inner, types, bytes, out),
        },
        Type::List(inner) | Type::Set(inner) => {
            out.push('[');
            let mut separator = "";
            while take_byte(bytes) == 1 {
                out.push_str(separator);
                separator = ",";
                write_json_part(inner, types, bytes, out);
            }
            out.push(']');
        }
        Type::Map(key, value) => write_json_map(key, value, types, bytes, out),
        Type::Tuple(parts) => write_json_array(parts.iter(), types, bytes, out),
        Type::Named(name) => match named(types, name) {
            Nominal::Record(fields) => {
                out.push('{');
                for (i, (field, ty)) in fields.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    write_json_text(field.as_bytes(), out);
                    out.push(':');
                    write_json_part(ty, types, bytes, out);
                }
                out.push('}');
            }
            Nominal::Enum(variants) => {
                let (variant, payload) = &variants[take_variant(bytes) as usize];
                if payload.is_empty() {
                    return write_json_text(variant.as_bytes(), out);
                }
                out.push('{');
                write_json_text(variant.as_bytes(), out);
                out.push(':');
                match payload.as_slice() {
                    [one] => write_json_part(one, types, bytes, out),
                    many => write_json_array(many.iter(), types, bytes, out),
                }
                out.push('}');
            }
        },
        _ => unreachable!("inline types come first"),
    }
}

fn write_json_array<'t>(
    parts: impl Iterator<Item = &'t Type>,
    types: &Types,
    bytes: &mut &[u8],
    out: &mut String,
) {
    out.push('[');
    for (i, part) in parts.enumerate() {
        out.push_str(if i == 0 { "" } else { "," });
        write_json_part(part, types, bytes, out);
    }
    out.push(']');
}

fn write_json_map(key: &Type, value: &Type, types: &Types, bytes: &mut &[u8], out: &mut String) {
    let object = key.is_inline() || matches!(key, Type::String | Type::Id | Type::RowId);
    out.push(if object { '{' } else { '[' });
    let mut separator = "";
    while take_byte(bytes) == 1 {
        out.push_str(separator);
        separator = ",";
        if object {
            let mut name = String::new();
            write_plain(key, types, bytes, &mut name);
            write_json_text(name.as_bytes(), out);
            out.push(':');
        } else {
            out.push('[');
            write_json_part(key, types, bytes, out);
            out.push(',');
        }
        write_json_part(value, types, bytes, out);
        out.push_str(if object { "" } else { "]" });
    }
    out.push(if object { '}' } else { ']' });
}

fn named<'t>(types: &'t Types, name: &str) -> &'t Nominal {
    types.get(name).expect("a named type is declared")
}

/// A type as a person writes it.
pub(crate) fn type_name(ty: &Type) -> String {
    match ty {
        Type::Decimal(places) => format!("Decimal({places})"),
        Type::Option(inner) => format!("Option<{}>", type_name(inner)),
        Type::List(inner) => format!("List<{}>", type_name(inner)),
        Type::Set(inner) => format!("Set<{}>", type_name(inner)),
        Type::Map(key, value) => format!("Map<{}, {}>", type_name(key), type_name(value)),
        Type::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(type_name).collect();
            format!("({})", parts.join(", "))
        }
        Type::Named(name) => name.rsplit('.').next().unwrap_or(name).to_string(),
        simple => format!("{simple:?}"),
    }
}

/// A value of an inline type, as messages show it.
pub(crate) fn inline_text(word: u64, ty: &Type) -> String {
    let mut out = String::new();
    write_inline(word, ty, &mut out);
    out
}

fn write_inline(word: u64, ty: &Type, out: &mut String) {
    let int = word as i64;
    match ty {
        Type::Bool => out.push_str(if word == 0 { "false" } else { "true" }),
        Type::Float => write!(out, "{:?}", f64::from_bits(word)).expect("a String takes any text"),
        Type::Decimal(places) => write_scaled(int as i128, *places, out),
        Type::Date => calendar::write_date(int, out),
        Type::Time => calendar::write_time(int, out),
        Type::Duration => calendar::write_duration(int, out),
        _ => write!(out, "{int}").expect("a String takes any text"),
    }
}

fn write_inline_json(word: u64, ty: &Type, out: &mut String) {
    let quoted = match ty {
        Type::Float => !f64::from_bits(word).is_finite(),
        Type::Date | Type::Time | Type::Duration => true,
        _ => false,
    };
    if quoted {
        out.push('"');
        write_inline(word, ty, out);
        out.push('"');
    } else {
        write_inline(word, ty, out);
    }
}

/// Appends a scaled integer with its decimal point: −5 with 2 places is `-0.05`.
pub(crate) fn write_scaled(scaled: i128, places: u8, out: &mut String) {
    let places = places as usize;
    if scaled < 0 {
        out.push('-');
    }
    let digits = format!("{:0width$}", scaled.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    out.push_str(whole);
    if places > 0 {
        out.push('.');
        out.push_str(fraction);
    }
}

fn write_hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        write!(out, "{byte:02x}").expect("a String takes any text");
    }
}

/// Appends a JSON string.
pub(crate) fn write_json_text(text: &[u8], out: &mut String) {
    out.push('"');
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                write!(out, "\\u{:04x}", c as u32).expect("a String takes any text");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
