//! Rows as lines of files, as the connectors page of the manual describes them.

use std::fmt::Write;

use sheaf_ir::{Type, Value};

use crate::function::shown;
use crate::generate::kind::Kind;
use crate::generate::nominal::Shape;

/// Whether what is written of a kind is read as the same value again: bytes are written as digits
/// and read as text, and an option of an option has one `null`.
pub fn is_readable(kind: &Kind) -> bool {
    match kind {
        Kind::Bytes => false,
        Kind::Option(inner) => !matches!(**inner, Kind::Option(_)) && is_readable(inner),
        Kind::List(inner) | Kind::Set(inner) => is_readable(inner),
        Kind::Map(key, value) => is_readable(key) && is_readable(value),
        Kind::Tuple(parts) | Kind::Named(_, parts) => parts.iter().all(is_readable),
        _ => true,
    }
}

/// A row as a line of csv.
pub fn csv_line(row: &[Value], columns: &[(String, Kind)]) -> String {
    let cells = row.iter().zip(columns);
    let cells: Vec<String> = cells.map(|(value, (_, kind))| cell(value, kind)).collect();
    // A lone empty field is quoted: its line would be blank, and readers skip blank lines.
    match cells.as_slice() {
        [empty] if empty.is_empty() => "\"\"".to_string(),
        _ => cells.join(","),
    }
}

fn cell(value: &Value, kind: &Kind) -> String {
    let text = plain(value, kind);
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// A scalar without quotes.
fn plain(value: &Value, kind: &Kind) -> String {
    match (value, kind) {
        (Value::Option(None), _) => String::new(),
        (Value::Option(Some(inner)), Kind::Option(kind)) => plain(inner, kind),
        (Value::Bytes(bytes), _) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        (value, Kind::Decimal(places)) => shown(value, &Type::Decimal(*places)),
        (value, _) => shown(value, &Type::Bool),
    }
}

/// A row as a line of ndjson.
pub fn json_line(row: &[Value], columns: &[(String, Kind)]) -> String {
    let fields = row.iter().zip(columns);
    let fields: Vec<String> = fields
        .map(|(value, (name, kind))| format!("{}:{}", quoted(name), json(value, kind)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// A value as JSON.
///
/// # Panics
/// If the value is not of the kind.
fn json(value: &Value, kind: &Kind) -> String {
    match (value, kind) {
        (Value::Option(None), _) => "null".to_string(),
        (Value::Option(Some(inner)), Kind::Option(kind)) => json(inner, kind),
        (Value::List(items) | Value::Set(items), Kind::List(kind) | Kind::Set(kind)) => {
            array(items.iter().map(|item| json(item, kind)))
        }
        (Value::Tuple(parts), Kind::Tuple(kinds)) => {
            array(parts.iter().zip(kinds).map(|(part, kind)| json(part, kind)))
        }
        (Value::Map(entries), Kind::Map(key, value)) => {
            // A text for a name is JSON's own condition; Bytes are no text.
            let is_object = key.is_scalar() && !matches!(**key, Kind::Option(_) | Kind::Bytes);
            let entry = |(k, v): &(Value, Value)| match is_object {
                true => format!("{}:{}", quoted(&plain(k, key)), json(v, value)),
                false => format!("[{},{}]", json(k, key), json(v, value)),
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            match is_object {
                true => format!("{{{}}}", entries.join(",")),
                false => format!("[{}]", entries.join(",")),
            }
        }
        (value, Kind::Named(..)) => match (value, kind.shape()) {
            (Value::Tuple(parts), Shape::Record(fields)) => {
                let columns: Vec<(String, Kind)> = fields
                    .into_iter()
                    .map(|(name, kind)| (name.to_string(), kind))
                    .collect();
                json_line(parts, &columns)
            }
            (Value::Variant(index, parts), Shape::Enum(variants)) => {
                let (name, kinds) = &variants[*index as usize];
                let mut parts = parts.iter().zip(kinds).map(|(part, kind)| json(part, kind));
                match kinds.len() {
                    0 => quoted(name),
                    1 => format!("{{{}:{}}}", quoted(name), parts.next().unwrap_or_default()),
                    _ => format!("{{{}:{}}}", quoted(name), array(parts)),
                }
            }
            (value, _) => panic!("{value:?} is no {kind}"),
        },
        (Value::Float(x), _) if x.get().is_finite() => plain(value, kind),
        (Value::Bool(_) | Value::Int(_) | Value::Nat(_) | Value::Decimal(_), _) => {
            plain(value, kind)
        }
        _ => quoted(&plain(value, kind)),
    }
}

fn array(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            c if c < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
