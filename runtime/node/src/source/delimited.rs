//! csv and tsv: records of cells between delimiters, one record a line.
//!
//! Csv follows RFC 4180, LF or CRLF, any one-byte delimiter; strictly, so that nothing is read
//! otherwise than it was written: a quote inside an unquoted cell, text behind a closing quote or
//! a quote that is never closed is bad input. Tsv has no quotes and no escapes. Empty lines are
//! skipped. Every record has as many cells as the first.

use std::ops::Range;

use super::json::shorten;
use super::{BadInput, Feed, Input, Source, Stopped, bad_cell, character};
use crate::names;

/// Which bytes mean what.
struct Dialect {
    delimiter: u8,
    quote: bool,
    /// The bytes at which an unquoted cell is looked at more closely.
    special: [bool; 256],
}

/// One cell of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Field {
    /// Its text, without enclosing quotes.
    text: Range<usize>,
    quoted: bool,
    /// Whether quotes in it are doubled.
    doubled: bool,
}

/// What stands at the front of some text.
#[derive(Debug, PartialEq, Eq)]
enum Split {
    /// A record of this many bytes, with its end of line.
    Record(usize),
    /// Part of a record: the rest was not yet fetched.
    More,
    /// No record.
    Bad(Fault),
}

#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// Where it is noticed.
    at: usize,
    expected: &'static str,
    found: &'static str,
    /// Where to go on: behind the next end of line, or nowhere.
    resume: bool,
}

impl Dialect {
    fn new(delimiter: u8, quote: bool) -> Dialect {
        let mut special = [false; 256];
        special[usize::from(delimiter)] = true;
        special[usize::from(b'\n')] = true;
        special[usize::from(b'"')] = quote;
        Dialect {
            delimiter,
            quote,
            special,
        }
    }

    /// Finds the cells of the record at the front of `data`, which is not empty. `ended` says that
    /// nothing follows.
    fn split(&self, data: &[u8], ended: bool, fields: &mut Vec<Field>) -> Split {
        fields.clear();
        let mut i = 0;
        loop {
            let start = i;
            if self.quote && data.get(i) == Some(&b'"') {
                let mut doubled = false;
                i += 1;
                loop {
                    match memchr::memchr(b'"', &data[i..]) {
                        None if ended => {
                            return Split::Bad(Fault {
                                at: start,
                                expected: "a closing quote",
                                found: "the end of the file; the rest of the file was not read",
                                resume: false,
                            });
                        }
                        None => return Split::More,
                        Some(next) => i += next,
                    }
                    match data.get(i + 1) {
                        Some(b'"') => {
                            doubled = true;
                            i += 2;
                        }
                        None if !ended => return Split::More,
                        _ => break,
                    }
                }
                fields.push(Field {
                    text: start + 1..i,
                    quoted: true,
                    doubled,
                });
                i += 1;
                match data.get(i..) {
                    None | Some([] | [b'\r']) if !ended => return Split::More,
                    None | Some([] | [b'\r']) => return Split::Record(data.len()),
                    Some([b'\n', ..]) => return Split::Record(i + 1),
                    Some([b'\r', b'\n', ..]) => return Split::Record(i + 2),
                    Some([b, ..]) if *b == self.delimiter => i += 1,
                    Some(_) => {
                        return Split::Bad(Fault {
                            at: i,
                            expected: "a delimiter or the end of the line after a closing quote",
                            found: "more text; a quote inside a quoted cell is written twice",
                            resume: true,
                        });
                    }
                }
                continue;
            }
            while i < data.len() && !self.special[usize::from(data[i])] {
                i += 1;
            }
            let mut field = Field {
                text: start..i,
                ..Field::default()
            };
            match data.get(i) {
                Some(b) if *b == self.delimiter => {
                    fields.push(field);
                    i += 1;
                }
                Some(b'"') => {
                    return Split::Bad(Fault {
                        at: i,
                        expected: "a cell without quotes, or one that is quoted as a whole",
                        found: "a quote inside it; with quote: false it is a character like any other",
                        resume: true,
                    });
                }
                None if !ended => return Split::More,
                end => {
                    if data[start..i].ends_with(b"\r") {
                        field.text.end -= 1;
                    }
                    fields.push(field);
                    return Split::Record(i + usize::from(end.is_some()));
                }
            }
        }
    }
}

/// The text of a cell; doubled quotes become one in `scratch`.
#[inline]
fn cell_text<'a>(data: &'a [u8], field: &Field, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let text = &data[field.text.clone()];
    if !field.doubled {
        return text;
    }
    scratch.clear();
    let mut rest = text;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        scratch.extend_from_slice(&rest[..=quote]);
        rest = &rest[(quote + 2).min(rest.len())..];
    }
    scratch.extend_from_slice(rest);
    scratch
}

/// Reads one file.
pub(super) fn read(
    source: &mut Source,
    input: &mut Input,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    let dialect = Dialect::new(source.options.delimiter, source.options.quote);
    let mut fields: Vec<Field> = Vec::new();
    let mut scratch = Vec::new();
    let mut words = vec![0; source.columns.len()];
    // For each column, the cell of a record it is read from.
    let mut places: Vec<usize> = Vec::new();
    let mut width = None;
    let mut line: u64 = 1;
    loop {
        if input.blocks.data().is_empty() && !input.more(feed)? {
            break;
        }
        let data = input.blocks.data();
        let length = match dialect.split(data, input.blocks.ended(), &mut fields) {
            Split::More => {
                // At the end of the file the same text is split again, as the last record.
                input.more(feed)?;
                continue;
            }
            Split::Bad(fault) => {
                let bad = fault.place(feed, input, line);
                if width.is_none() && source.options.header {
                    return Err(feed.failed(format!("the header cannot be read: {bad}"), vec![]));
                }
                feed.bad(bad)?;
                feed.ordinal += 1;
                if !fault.resume {
                    break;
                }
                let at = fault.at;
                line += memchr::memchr_iter(b'\n', &input.blocks.data()[..at]).count() as u64 + 1;
                input.blocks.skip(at);
                let Some(rest) = input.line(feed)? else {
                    break;
                };
                input.blocks.skip(rest);
                continue;
            }
            Split::Record(length) => length,
        };
        let record = &data[..length];
        let lines = if fields.iter().any(|f| f.quoted) {
            memchr::memchr_iter(b'\n', record).count() as u64
        } else {
            1
        };
        let blank = matches!(fields.as_slice(), [one] if one.text.is_empty() && !one.quoted);
        if blank {
            line += lines;
            input.blocks.skip(length);
            continue;
        }
        if width.is_none() {
            width = Some(fields.len());
            if source.options.header {
                let names: Vec<String> = fields
                    .iter()
                    .map(|f| {
                        let text = cell_text(record, f, &mut scratch);
                        String::from_utf8_lossy(text).trim().to_string()
                    })
                    .collect();
                places = match_header(source, &input.name, &names, feed)?;
                line += lines;
                input.blocks.skip(length);
                continue;
            }
            places = match_positions(source, &input.name, fields.len(), feed)?;
        }
        let mut bad = None;
        let expected = width.unwrap_or(fields.len());
        if fields.len() == expected {
            for ((column, place), word) in source.columns.iter_mut().zip(&places).zip(&mut words) {
                let Some(cell) = &mut column.cell else {
                    *word = feed.row_id();
                    continue;
                };
                let field = &fields[*place];
                let text = cell_text(record, field, &mut scratch);
                match cell.text(text, feed.interner) {
                    Ok(w) => *word = w,
                    Err(mismatch) => {
                        let place = place_of(record, field.text.start, line);
                        let name = &column.name;
                        bad = Some(bad_cell(&feed.relation, &input.name, place, name, mismatch));
                        break;
                    }
                }
            }
        } else {
            bad = Some(ragged(record, &fields, expected, input, line, feed));
        }
        match bad {
            None => feed.row(&words, &input.name, line)?,
            Some(bad) => feed.bad(bad)?,
        }
        feed.ordinal += 1;
        line += lines;
        input.blocks.skip(length);
    }
    if width.is_none() && source.options.header {
        let help = "with header: false columns are matched by position and a file may be empty";
        return Err(feed.failed(
            format!("{} is empty: a header line is missing", input.name),
            vec![help.to_string()],
        ));
    }
    Ok(())
}

impl Fault {
    fn place(&self, feed: &Feed<'_>, input: &Input, line: u64) -> BadInput {
        let (line, column) = place_of(input.blocks.data(), self.at, line);
        BadInput {
            relation: feed.relation.clone(),
            file: input.name.clone(),
            line,
            column,
            name: None,
            expected: self.expected.to_string(),
            found: self.found.to_string(),
        }
    }
}

/// Line and character of an offset in a record that begins on `line`.
fn place_of(record: &[u8], offset: usize, line: u64) -> (u64, u64) {
    let before = &record[..offset];
    let breaks = memchr::memchr_iter(b'\n', before).count() as u64;
    let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
    (line + breaks, character(&record[start..], offset - start))
}

fn ragged(
    record: &[u8],
    fields: &[Field],
    expected: usize,
    input: &Input,
    line: u64,
    feed: &Feed<'_>,
) -> BadInput {
    let at = fields
        .get(expected)
        .or(fields.last())
        .map_or(0, |f| f.text.start);
    let (line, column) = place_of(record, at, line);
    let cells = |n: usize| format!("{n} cell{}", if n == 1 { "" } else { "s" });
    let text = String::from_utf8_lossy(record);
    BadInput {
        relation: feed.relation.clone(),
        file: input.name.clone(),
        line,
        column,
        name: None,
        expected: format!("{} as in the first line", cells(expected)),
        found: format!(
            "{}: {:?}",
            cells(fields.len()),
            shorten(text.trim_end_matches(['\r', '\n']))
        ),
    }
}

/// For each column, the cell of that name in the header.
fn match_header(
    source: &Source,
    file: &str,
    names: &[String],
    feed: &Feed<'_>,
) -> Result<Vec<usize>, Stopped> {
    let mut places = Vec::new();
    let mut missing = Vec::new();
    for column in &source.columns {
        if column.cell.is_none() {
            places.push(0);
            continue;
        }
        let mut found = names.iter().enumerate().filter(|(_, n)| **n == column.name);
        match (found.next(), found.next()) {
            (Some((place, _)), None) => places.push(place),
            (None, _) => missing.push(column.name.as_str()),
            (Some((first, _)), Some((second, _))) => {
                let message = format!(
                    "{file} has two columns named {}, the {} and the {}",
                    column.name,
                    ordinal(first + 1),
                    ordinal(second + 1)
                );
                let help = "rename one in the file, or use header: false and positions";
                return Err(feed.failed(message, vec![help.to_string()]));
            }
        }
    }
    if missing.is_empty() {
        return Ok(places);
    }
    let mut help = vec![format!("its columns are {}", names.join(", "))];
    for name in &missing {
        help.extend(
            names::did_you_mean(name, names.iter().map(String::as_str))
                .map(|near| format!("{name}: {near} (@name(\"…\") renames a column)")),
        );
    }
    if let [one] = names
        && one.contains([';', '\t', '|', ','])
    {
        help.push("the cells may be delimited otherwise, see the option delimiter".to_string());
    }
    let plural = if missing.len() == 1 { "" } else { "s" };
    let message = format!("{file} has no column{plural} {}", missing.join(", "));
    Err(feed.failed(message, help))
}

/// For each column, its position among those that are read.
fn match_positions(
    source: &Source,
    file: &str,
    width: usize,
    feed: &Feed<'_>,
) -> Result<Vec<usize>, Stopped> {
    let mut next = 0;
    let places = source
        .columns
        .iter()
        .map(|column| {
            let place = next;
            next += usize::from(column.cell.is_some());
            place
        })
        .collect();
    if next > width {
        let message = format!("{file} has {width} cells a line, but {next} columns are declared");
        return Err(feed.failed(message, vec![]));
    }
    Ok(places)
}

fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}
