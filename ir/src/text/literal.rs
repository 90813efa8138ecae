//! How values and types look in text, both ways where it is about characters only.
//!
//! A value names its own shape, so that it reads back the same whatever type it is said to have.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::value::Float;
use crate::{Nominal, Type, Value};

use super::lexer::is_word;

const MICROS_PER_DAY: i64 = 86_400_000_000;
const DURATION_UNITS: [(&str, i64); 5] = [
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];
const BUILTIN: [(&str, Type); 10] = [
    ("Bool", Type::Bool),
    ("Int", Type::Int),
    ("Nat", Type::Nat),
    ("Float", Type::Float),
    ("String", Type::String),
    ("Bytes", Type::Bytes),
    ("Date", Type::Date),
    ("Time", Type::Time),
    ("Duration", Type::Duration),
    ("Id", Type::Id),
];

/// The type of this name that takes no parameters and is not nominal.
pub(super) fn builtin_type(name: &str) -> Option<Type> {
    if name == "RowId" {
        return Some(Type::RowId);
    }
    BUILTIN
        .iter()
        .find(|(builtin, _)| *builtin == name)
        .map(|(_, ty)| ty.clone())
}

/// Whether a nominal type of this name would be taken for another unless it stands in quotes.
fn is_reserved_type(name: &str) -> bool {
    builtin_type(name).is_some() || matches!(name, "Decimal" | "Option" | "List" | "Set" | "Map")
}

/// Appends a type.
pub(crate) fn print_type(out: &mut String, ty: &Type) {
    let parameterised = |out: &mut String, name: &str, parts: &[&Type]| {
        out.push_str(name);
        out.push('<');
        separated(out, parts.iter(), |out, part| print_type(out, part));
        out.push('>');
    };
    match ty {
        Type::RowId => out.push_str("RowId"),
        Type::Decimal(places) => push(out, format_args!("Decimal({places})")),
        Type::Option(inner) => parameterised(out, "Option", &[inner]),
        Type::List(inner) => parameterised(out, "List", &[inner]),
        Type::Set(inner) => parameterised(out, "Set", &[inner]),
        Type::Map(key, value) => parameterised(out, "Map", &[key, value]),
        Type::Tuple(parts) => tuple(out, parts, print_type),
        Type::Named(name) => print_type_name(out, name),
        scalar => {
            let name = BUILTIN.iter().find(|(_, ty)| ty == scalar).map(|(n, _)| *n);
            out.push_str(name.unwrap_or_default());
        }
    }
}

/// Appends the name of a nominal type.
pub(super) fn print_type_name(out: &mut String, name: &str) {
    if name.split('.').all(is_word) && !is_reserved_type(name) {
        out.push_str(name);
    } else {
        print_text(out, name);
    }
}

/// Appends text in quotes.
pub(crate) fn print_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            c if c.is_control() => push(out, format_args!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a word, in quotes unless it is one.
pub(super) fn print_word(out: &mut String, word: &str) {
    if is_word(word) {
        out.push_str(word);
    } else {
        print_text(out, word);
    }
}

/// Appends a value; the type, where it fits, says how many places a decimal has.
pub(crate) fn print_value(
    out: &mut String,
    value: &Value,
    ty: Option<&Type>,
    types: &BTreeMap<String, Nominal>,
) {
    let print = |out: &mut String, value: &Value, ty: Option<&Type>| {
        print_value(out, value, ty, types);
    };
    match value {
        Value::Bool(b) => push(out, format_args!("{b}")),
        Value::Int(i) => push(out, format_args!("{i}")),
        Value::Nat(i) => push(out, format_args!("{i}n")),
        Value::Float(x) => print_float(out, *x),
        Value::Decimal(scaled) => {
            let places = match ty {
                Some(Type::Decimal(places)) => *places,
                _ => 0,
            };
            print_decimal(out, *scaled, places);
        }
        Value::String(s) => print_text(out, s),
        Value::Bytes(bytes) => {
            out.push_str("x\"");
            for byte in bytes {
                push(out, format_args!("{byte:02x}"));
            }
            out.push('"');
        }
        Value::Date(days) => print_date(out, *days),
        Value::Time(micros) => print_time(out, *micros),
        Value::Duration(micros) => print_duration(out, *micros),
        Value::Id(id) => push(out, format_args!("id\"{id:032x}\"")),
        Value::Option(None) => out.push_str("none"),
        Value::Option(Some(value)) => {
            out.push_str("some ");
            print(out, value, ty.and_then(|ty| ty.parts().first().copied()));
        }
        Value::List(items) | Value::Set(items) => {
            let element = ty.and_then(|ty| ty.parts().first().copied());
            let is_list = matches!(value, Value::List(_));
            out.push(if is_list { '[' } else { '{' });
            separated(out, items, |out, item| print(out, item, element));
            out.push(if is_list { ']' } else { '}' });
        }
        Value::Map(entries) if entries.is_empty() => out.push_str("{:}"),
        Value::Map(entries) => {
            let parts = ty.map(Type::parts).unwrap_or_default();
            out.push('{');
            separated(out, entries, |out, (key, value)| {
                print(out, key, parts.first().copied());
                out.push_str(": ");
                print(out, value, parts.get(1).copied());
            });
            out.push('}');
        }
        Value::Tuple(parts) => {
            let tys = tuple_types(ty, types);
            let numbered: Vec<(usize, &Value)> = parts.iter().enumerate().collect();
            tuple(out, &numbered, |out, (index, part)| {
                print(out, part, tys.get(*index).copied());
            });
        }
        Value::Variant(index, payload) => {
            push(out, format_args!("#{index}"));
            if !payload.is_empty() {
                let tys: &[Type] = match ty {
                    Some(Type::Named(name)) => match types.get(name) {
                        Some(Nominal::Enum(variants)) => variants
                            .get(*index as usize)
                            .map_or(&[], |(_, payload)| payload),
                        _ => &[],
                    },
                    _ => &[],
                };
                out.push('(');
                separated(out, payload.iter().enumerate(), |out, (i, part)| {
                    print(out, part, tys.get(i));
                });
                out.push(')');
            }
        }
    }
}

fn tuple_types<'a>(ty: Option<&'a Type>, types: &'a BTreeMap<String, Nominal>) -> Vec<&'a Type> {
    match ty {
        Some(Type::Tuple(parts)) => parts.iter().collect(),
        Some(Type::Named(name)) => match types.get(name) {
            Some(Nominal::Record(fields)) => fields.iter().map(|(_, ty)| ty).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// A number token as a value with the type it has by itself.
pub(super) fn parse_number(text: &str) -> Option<(Value, Type)> {
    match text {
        "-inf" => return Some((Value::Float(Float::new(f64::NEG_INFINITY)), Type::Float)),
        _ if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            return Some((Value::Int(text.parse().ok()?), Type::Int));
        }
        _ => {}
    }
    let suffix_at = text
        .char_indices()
        .rev()
        .find(|(_, c)| !c.is_ascii_alphabetic())
        .map_or(0, |(at, c)| at + c.len_utf8());
    let (number, suffix) = text.split_at(suffix_at);
    Some(match suffix {
        "" => {
            let x: f64 = number.parse().ok()?;
            (Value::Float(Float::new(x)), Type::Float)
        }
        "n" => (Value::Nat(number.parse().ok()?), Type::Nat),
        "d" => {
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            let places = u8::try_from(fraction.len()).ok()?;
            let scaled = format!("{whole}{fraction}").parse().ok()?;
            (Value::Decimal(scaled), Type::Decimal(places))
        }
        _ => {
            let (_, micros) = DURATION_UNITS.iter().find(|(unit, _)| *unit == suffix)?;
            let count: i64 = number.parse().ok()?;
            (Value::Duration(count.checked_mul(*micros)?), Type::Duration)
        }
    })
}

fn print_float(out: &mut String, x: Float) {
    let x = x.get();
    if x.is_nan() {
        out.push_str("nan");
    } else if x.is_infinite() {
        out.push_str(if x > 0.0 { "inf" } else { "-inf" });
    } else {
        push(out, format_args!("{x:?}"));
    }
}

fn print_decimal(out: &mut String, scaled: i64, places: u8) {
    let places = places as usize;
    let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if places > 0 { "." } else { "" };
    push(out, format_args!("{sign}{whole}{point}{fraction}d"));
}

fn print_duration(out: &mut String, micros: i64) {
    let (unit, size) = match micros {
        0 => ("s", 1),
        _ => *DURATION_UNITS
            .iter()
            .find(|(_, size)| micros % size == 0)
            .unwrap_or(&("us", 1)),
    };
    push(out, format_args!("{}{unit}", micros / size));
}

fn print_date(out: &mut String, days: i64) {
    match civil(days) {
        Some((year, month, day)) => {
            push(out, format_args!("date\"{year:04}-{month:02}-{day:02}\""));
        }
        None => push(out, format_args!("date({days})")),
    }
}

fn print_time(out: &mut String, micros: i64) {
    let Some((year, month, day)) = civil(micros.div_euclid(MICROS_PER_DAY)) else {
        return push(out, format_args!("time({micros})"));
    };
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    push(
        out,
        format_args!("time\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    );
    if fraction != 0 {
        push(out, format_args!(".{fraction:06}"));
    }
    out.push_str("Z\"");
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut part = |width| fixed(parts.next()?, width);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let days = days_from_civil(year, month, day);
    (parts.next().is_none() && civil(days) == Some((year, month, day))).then_some(days)
}

/// Microseconds since 1970-01-01T00:00:00Z of `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    if fraction.is_empty() || fraction.len() > 6 {
        return None;
    }
    let micros = fixed(fraction, fraction.len())? * 10i64.pow(6 - fraction.len() as u32);
    let mut parts = clock.split(':');
    let mut part = |below| fixed(parts.next()?, 2).filter(|value| *value < below);
    let (hour, minute, second) = (part(24)?, part(60)?, part(60)?);
    let seconds = hour * 3600 + minute * 60 + second;
    (parts.next().is_none())
        .then_some(parse_date(date)? * MICROS_PER_DAY + seconds * 1_000_000 + micros)
}

/// Bytes of pairs of hexadecimal digits.
pub(super) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    (digits.len() % 2 == 0).then(|| {
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    })
}

fn fixed(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Year, month and day for years 0 to 9999 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    if !(-719_528..=2_932_896).contains(&days) {
        return None;
    }
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    Some((year, month, day))
}

/// The inverse of [`civil`] for any four-digit year, two-digit month and day.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Appends formatted text.
pub(super) fn push(out: &mut String, text: std::fmt::Arguments) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

/// Appends items with `, ` between them.
pub(super) fn separated<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut print: impl FnMut(&mut String, T),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        print(out, item);
    }
}

/// Appends `(a, b)`, `(a,)` or `()`.
fn tuple<T>(out: &mut String, parts: &[T], print: impl Fn(&mut String, &T)) {
    out.push('(');
    separated(out, parts, &print);
    out.push_str(if parts.len() == 1 { ",)" } else { ")" });
}
