//! csv and tsv: a line of column names, then a line a row, ended by LF.
//!
//! Csv encloses a cell in quotes (RFC 4180) only where it holds a delimiter, a quote or a line
//! break, and where a line would otherwise be empty. Tsv has no quotes unless `quote: true`; a cell
//! that would need them is an error rather than a line that reads back as something else.

use std::io::Write;

use sheaf_ir::Type;
use sheaf_kernels::words::write_display;

use super::{Encode, Part, SinkError, Table};

/// Writes delimited text.
#[derive(Debug)]
pub struct Delimited {
    delimiter: u8,
    header: bool,
    quote: bool,
    special: [bool; 256],
    scratch: String,
}

impl Delimited {
    /// With this delimiter; `header` says whether the first line names the columns, `quote` whether
    /// cells may be quoted.
    pub fn new(delimiter: u8, header: bool, quote: bool) -> Delimited {
        let mut special = [false; 256];
        for byte in [delimiter, b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        special[usize::from(b'"')] = quote;
        Delimited {
            delimiter,
            header,
            quote,
            special,
            scratch: String::new(),
        }
    }

    #[inline]
    fn cell(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), SinkError> {
        if !text.iter().any(|b| self.special[usize::from(*b)]) {
            out.extend_from_slice(text);
            return Ok(());
        }
        if !self.quote {
            let shown: String = String::from_utf8_lossy(text).chars().take(60).collect();
            return Err(SinkError::new(format!(
                "{shown:?} holds a delimiter or line break, which this format cannot hold \
                 without quotes"
            ))
            .help("quote: true encloses such cells in quotes"));
        }
        out.push(b'"');
        let mut rest = text;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            out.extend_from_slice(&rest[..=quote]);
            out.push(b'"');
            rest = &rest[quote + 1..];
        }
        out.extend_from_slice(rest);
        out.push(b'"');
        Ok(())
    }

    /// Ends a line that begins at `start`.
    fn end_line(&self, start: usize, out: &mut Vec<u8>) {
        if self.quote && out.len() == start {
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
    }
}

impl Encode for Delimited {
    fn begin(&mut self, table: &Table, out: &mut Vec<u8>) -> Result<(), SinkError> {
        if !self.header {
            return Ok(());
        }
        let start = out.len();
        for (i, (name, _)) in table.columns.iter().enumerate() {
            if i > 0 {
                out.push(self.delimiter);
            }
            self.cell(name.as_bytes(), out)?;
        }
        self.end_line(start, out);
        Ok(())
    }

    fn rows(&mut self, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), SinkError> {
        for cells in part.cells() {
            let start = out.len();
            for (i, (word, ty, _)) in cells.enumerate() {
                if i > 0 {
                    out.push(self.delimiter);
                }
                match ty {
                    Type::String => self.cell(part.interner.get(word), out)?,
                    Type::Int | Type::Nat => integer(word as i64, out),
                    _ => {
                        let mut scratch = std::mem::take(&mut self.scratch);
                        scratch.clear();
                        write_display(word, ty, &part.table.types, part.interner, &mut scratch);
                        let written = self.cell(scratch.as_bytes(), out);
                        self.scratch = scratch;
                        written?;
                    }
                }
            }
            self.end_line(start, out);
        }
        Ok(())
    }
}

/// Appends a decimal integer.
fn integer(n: i64, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{n}");
}
