//! Lines of text, as `(doc: String, no: Int, text: String)`: the file's name, the line's number
//! from 1, and the line without its end. Any of these columns may be left out.

use super::{Feed, Input, Source, Stopped, bad_cell, character};
use crate::names;

const COLUMNS: [&str; 3] = ["doc", "no", "text"];

/// Reads one file.
pub(super) fn read(
    source: &mut Source,
    input: &mut Input,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    let mut places = Vec::new();
    for column in &source.columns {
        let place = COLUMNS.iter().position(|name| *name == column.name);
        match place {
            Some(place) => places.push(place),
            None if column.cell.is_none() => places.push(0),
            None => {
                let mut help = vec![format!("its columns are {}", COLUMNS.join(", "))];
                help.extend(names::did_you_mean(&column.name, COLUMNS));
                let message = format!("lines of text have no column {}", column.name);
                return Err(feed.failed(message, help));
            }
        }
    }
    let doc = match &input.path {
        Some(path) => path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        None => "-".to_string(),
    };
    let mut words = vec![0; source.columns.len()];
    let mut no: u64 = 0;
    while let Some(length) = input.line(feed)? {
        no += 1;
        let line = &input.blocks.data()[..length];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut bad = None;
        for ((column, place), word) in source.columns.iter_mut().zip(&places).zip(&mut words) {
            let Some(cell) = &mut column.cell else {
                *word = feed.row_id();
                continue;
            };
            let read = match place {
                0 => cell.text(doc.as_bytes(), feed.interner),
                1 => cell.text(no.to_string().as_bytes(), feed.interner),
                _ => cell.text(line, feed.interner),
            };
            match read {
                Ok(w) => *word = w,
                Err(mismatch) => {
                    let offset = match std::str::from_utf8(line) {
                        Err(error) if *place == 2 => error.valid_up_to(),
                        _ => 0,
                    };
                    let place = (no, character(line, offset));
                    let name = &column.name;
                    bad = Some(bad_cell(&feed.relation, &input.name, place, name, mismatch));
                    break;
                }
            }
        }
        match bad {
            None => feed.row(&words, &input.name, no)?,
            Some(bad) => feed.bad(bad)?,
        }
        feed.ordinal += 1;
        input.blocks.skip(length);
    }
    Ok(())
}
