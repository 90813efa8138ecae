//! ndjson: one JSON object a line. With `path: "a.b"` the record is the object in field `b` of
//! field `a`, and lines that have no such field are passed over. Empty lines are skipped. A field
//! that is missing is `None` for an Option and bad input otherwise.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{Mismatch, shorten};
use super::{Column, Feed, Input, Source, Stopped, bad_cell, character};
use crate::names;

/// Reads one file.
pub(super) fn read(
    source: &mut Source,
    input: &mut Input,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    let mut words = vec![0; source.columns.len()];
    let mut no: u64 = 0;
    while let Some(length) = input.line(feed)? {
        no += 1;
        let bytes = &input.blocks.data()[..length];
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        if !blank {
            let outcome = match std::str::from_utf8(bytes) {
                Ok(line) => record(source, line, feed, &mut words),
                Err(error) => Err(Fault::whole(
                    error.valid_up_to(),
                    "UTF-8",
                    "bytes that are not",
                )),
            };
            match outcome {
                Ok(true) => feed.row(&words, &input.name, no)?,
                Ok(false) => {}
                Err(fault) => {
                    let place = (no, character(bytes, fault.mismatch.offset));
                    let mut bad = bad_cell(&feed.relation, &input.name, place, "", fault.mismatch);
                    bad.name = fault.column;
                    feed.bad(bad)?;
                }
            }
            feed.ordinal += 1;
        }
        input.blocks.skip(length);
    }
    Ok(())
}

/// What is wrong with a line.
struct Fault {
    column: Option<String>,
    mismatch: Mismatch,
}

impl Fault {
    fn whole(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault {
            column: None,
            mismatch: Mismatch {
                offset,
                expected: expected.into(),
                found: found.into(),
            },
        }
    }
}

/// Reads the columns of one line into `words`; false if the line has no record at the path.
fn record(
    source: &mut Source,
    line: &str,
    feed: &Feed<'_>,
    words: &mut [u64],
) -> Result<bool, Fault> {
    let mut text = line.trim_ascii();
    for (depth, field) in source.options.path.iter().enumerate() {
        if !text.starts_with('{') {
            // What is not an object has no fields; but it must be JSON.
            if depth == 0 {
                serde_json::from_str::<&RawValue>(text).map_err(|e| not_json(&e, line, text))?;
            }
            return Ok(false);
        }
        let mut inner = None;
        object(text, |name, value| {
            if name == *field {
                inner = Some(value);
            }
        })
        .map_err(|error| not_json(&error, line, text))?;
        match inner {
            Some(value) => text = value.get(),
            None => return Ok(false),
        }
    }
    let mut cells: Vec<Option<&RawValue>> = vec![None; source.columns.len()];
    let mut twice = None;
    object(text, |name, value| {
        for (cell, column) in cells.iter_mut().zip(&source.columns) {
            if column.name == name && cell.replace(value).is_some() {
                twice = Some((column.name.clone(), value));
            }
        }
    })
    .map_err(|error| not_json(&error, line, text))?;
    if let Some((name, value)) = twice {
        return Err(Fault {
            column: Some(name),
            mismatch: Mismatch {
                offset: offset_in(line, value.get()),
                expected: "the field once".to_string(),
                found: "it a second time".to_string(),
            },
        });
    }
    for ((column, value), word) in source.columns.iter_mut().zip(cells).zip(words) {
        let Some(cell) = &mut column.cell else {
            *word = feed.row_id();
            continue;
        };
        *word = match value {
            Some(value) => cell
                .json(line, value, feed.interner)
                .map_err(|mismatch| Fault {
                    column: Some(column.name.clone()),
                    mismatch,
                })?,
            None if cell.is_optional() => cell.none(feed.interner),
            None => return Err(missing(column, line, text)),
        };
    }
    Ok(true)
}

/// Calls `each` with every field of the object that `text` is.
fn object<'a>(
    text: &'a str,
    each: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Fields(each))?;
    json.end()
}

struct Fields<F>(F);

impl<'a, F: FnMut(Cow<'a, str>, &'a RawValue)> Visitor<'a> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            (self.0)(name, map.next_value()?);
        }
        Ok(())
    }
}

/// A field's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn offset_in(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize)
}

fn not_json(error: &serde_json::Error, line: &str, text: &str) -> Fault {
    let offset = offset_in(line, text) + error.column().saturating_sub(1);
    if error.is_data() {
        return Fault::whole(offset_in(line, text), "a JSON object", shorten(text));
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    Fault::whole(offset, "JSON", format!("something else: {message}"))
}

fn missing(column: &Column, line: &str, text: &str) -> Fault {
    let mut names: Vec<String> = Vec::new();
    // The text was an object before; should that change, there are simply no names to list.
    let _ = object(text, |name, _| names.push(name.into_owned()));
    let mut found = match names.as_slice() {
        [] => "no fields".to_string(),
        _ => format!("only {}", shorten(&names.join(", "))),
    };
    if let Some(near) = names::did_you_mean(&column.name, names.iter().map(String::as_str)) {
        found = format!("{found}; {near}");
    }
    Fault::whole(
        offset_in(line, text),
        format!("a field {}", column.name),
        found,
    )
}
