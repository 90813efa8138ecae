//! JSON text and the enum it is read as, in canonical bytes.
//!
//! A value that a program built may be nested deeper than what text is read to, so writing keeps its
//! own stack.

use std::fmt::Write;

use serde_json::Value;
use sheaf_ir::encoding::encode_inline;
use sheaf_ir::function::JSON;
use sheaf_ir::value::canonical_float;
use sheaf_ir::{Function, Type};

use super::cache::Cache;
use super::{Primitive, Signature, error, utf8};
use crate::ErrorCode;
use crate::composite::{
    Elements, Types, take_byte, take_inline, take_text, take_variant, write_end, write_text,
};
use crate::display::write_json_text;

/// Lists and objects nested deeper than this are not read.
const MAX_DEPTH: usize = 100;

/// The variants of the enum, by index.
mod variant {
    pub(super) const NULL: u16 = 0;
    pub(super) const BOOL: u16 = 1;
    pub(super) const INT: u16 = 2;
    pub(super) const FLOAT: u16 = 3;
    pub(super) const TEXT: u16 = 4;
    pub(super) const LIST: u16 = 5;
    pub(super) const OBJECT: u16 = 6;
}

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match call.function {
        Function::ParseJson => Some(Box::new(|batch, _| {
            let mut out = Vec::new();
            batch.each_symbol(|text| {
                out.clear();
                out.push(1);
                let value = serde_json::from_slice(text).ok();
                if value
                    .and_then(|value| write_value(&value, 0, &mut out))
                    .is_none()
                {
                    out.clear();
                    out.push(0);
                }
                batch.intern(&out)
            })
        })),
        Function::PrintJson => Some(Box::new(|batch, _| {
            let mut out = String::new();
            batch.each_symbol(|bytes| {
                out.clear();
                print(bytes, &mut out);
                batch.intern(out.as_bytes())
            })
        })),
        Function::JsonAt => Some(at(call)),
        _ => None,
    }
}

/// Appends a value's canonical bytes; `None` if it is nested too deeply.
fn write_value(value: &Value, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let head = |variant: u16, out: &mut Vec<u8>| out.extend_from_slice(&variant.to_be_bytes());
    if depth == MAX_DEPTH && (value.is_array() || value.is_object()) {
        return None;
    }
    match value {
        Value::Null => head(variant::NULL, out),
        Value::Bool(b) => {
            head(variant::BOOL, out);
            encode_inline(&Type::Bool, *b as u64, out);
        }
        Value::Number(number) => match number.as_i64() {
            Some(int) => {
                head(variant::INT, out);
                encode_inline(&Type::Int, int as u64, out);
            }
            None => {
                head(variant::FLOAT, out);
                let bits = canonical_float(number.as_f64()?).to_bits();
                encode_inline(&Type::Float, bits, out);
            }
        },
        Value::String(text) => {
            head(variant::TEXT, out);
            write_text(text.as_bytes(), out);
        }
        Value::Array(items) => {
            head(variant::LIST, out);
            for item in items {
                out.push(1);
                write_value(item, depth + 1, out)?;
            }
            write_end(out);
        }
        Value::Object(entries) => {
            head(variant::OBJECT, out);
            // The library's order depends on what other crates ask of it.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|entry| entry.0);
            for (key, item) in entries {
                out.push(1);
                write_text(key.as_bytes(), out);
                write_value(item, depth + 1, out)?;
            }
            write_end(out);
        }
    }
    Some(())
}

/// Appends a value as text.
fn print(mut bytes: &[u8], out: &mut String) {
    /// A list or object whose start was written.
    struct Open {
        is_object: bool,
        is_empty: bool,
    }
    let bytes = &mut bytes;
    let mut open: Vec<Open> = Vec::new();
    loop {
        match take_variant(bytes) as u16 {
            variant::NULL => out.push_str("null"),
            variant::BOOL => out.push_str(match take_inline(&Type::Bool, bytes) {
                0 => "false",
                _ => "true",
            }),
            variant::INT => {
                let int = take_inline(&Type::Int, bytes) as i64;
                write!(out, "{int}").expect("a String takes any text");
            }
            variant::FLOAT => match f64::from_bits(take_inline(&Type::Float, bytes)) {
                x if x.is_finite() => write!(out, "{x:?}").expect("a String takes any text"),
                _ => out.push_str("null"),
            },
            variant::TEXT => write_json_text(&take_text(bytes), out),
            list_or_object => {
                let is_object = list_or_object == variant::OBJECT;
                out.push(if is_object { '{' } else { '[' });
                open.push(Open {
                    is_object,
                    is_empty: true,
                });
            }
        }
        // Ends what has no further member, and begins the next member of what has.
        loop {
            let Some(inner) = open.last_mut() else {
                return;
            };
            if take_byte(bytes) == 1 {
                if !inner.is_empty {
                    out.push(',');
                }
                inner.is_empty = false;
                if inner.is_object {
                    write_json_text(&take_text(bytes), out);
                    out.push(':');
                }
                break;
            }
            out.push(if inner.is_object { '}' } else { ']' });
            open.pop();
        }
    }
}

/// A step of a path.
enum Step {
    Key(String),
    Position(usize),
}

/// Keys and positions such as `a.b[0].c`; `None` where a path has another form.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (position, behind) = inside.split_once(']')?;
            if !position.bytes().all(|b| b.is_ascii_digit()) || position.is_empty() {
                return None;
            }
            // A position beyond the machine's is beyond any list.
            steps.push(Step::Position(position.parse().unwrap_or(usize::MAX)));
            rest = behind;
            continue;
        }
        if !steps.is_empty() {
            rest = rest.strip_prefix('.')?;
        }
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        if key.is_empty() {
            return None;
        }
        steps.push(Step::Key(key.into()));
        rest = behind;
    }
    Some(steps)
}

fn at(call: &Signature) -> Primitive {
    let span = call.span;
    let json = || Box::new(Type::Named(JSON.into()));
    let list = Type::List(json());
    let object = Type::Map(Box::new(Type::String), json());
    let paths = Cache::default();
    Box::new(move |batch, failures| {
        let mut out = Vec::new();
        batch.try_each(failures, |lane| {
            let path = paths.get(batch.word(1, lane), || steps(&utf8(batch.text(1, lane))));
            let Some(path) = &*path else {
                let path = utf8(batch.text(1, lane));
                let message = format!("{path:?} is no path such as a.b[0].c");
                return Err(error(ErrorCode::Domain, span, message));
            };
            let types = batch.cx.types;
            let found = path.iter().try_fold(batch.text(0, lane), |value, step| {
                part(value, step, &list, &object, types)
            });
            Ok(batch.intern_option(found, &mut out))
        })
    })
}

/// The part of a value that a step leads to.
fn part<'a>(
    mut value: &'a [u8],
    step: &Step,
    list: &'a Type,
    object: &'a Type,
    types: &'a Types,
) -> Option<&'a [u8]> {
    match (take_variant(&mut value) as u16, step) {
        (variant::LIST, Step::Position(position)) => {
            Elements::new(list, types, value).nth(*position)
        }
        (variant::OBJECT, Step::Key(wanted)) => {
            Elements::new(object, types, value).find_map(|mut entry| {
                let key = take_text(&mut entry);
                (key == wanted.as_bytes()).then_some(entry)
            })
        }
        _ => None,
    }
}
