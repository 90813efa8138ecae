//! Sources: one file per format, all giving rows of words.
//!
//! | format | options |
//! |---|---|
//! | [`csv`](delimited): RFC 4180 | `header`, `delimiter`, `quote`, `null`, `unit` |
//! | [`tsv`](delimited): tabs; a quote is a character like any other unless `quote: true` | `header`, `quote`, `null`, `unit` |
//! | [`ndjson`]: one JSON object a line | `path`, `null`, `unit` |
//! | `parquet`: columns found by name, only as much as is needed | `unit` |
//! | [`text`]: lines, as `(doc, no, text)` | |
//! | `stdin`: what comes in on standard input | `format`, and those of that format |
//!
//! The path `-` is standard input in every format. Files may be compressed with gzip or zstd.
//!
//! Invariants:
//! - What cannot be read is an event with its place, never a panic and never a row; reading goes on
//!   behind it where the next record can be found.
//! - Only declared columns are looked at.
//! - Rows come in the order of the text, files in ascending order of their names; a row's identity
//!   follows from the relation's name and its ordinal.

pub mod blocks;
pub mod cell;
pub mod decompress;
pub mod delimited;
pub mod json;
pub mod ndjson;
mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod scalar;
mod skipped;
pub mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_ir::graph::Connector;
use sheaf_ir::plan::reads::Reads;
use sheaf_ir::shard::column_digest;
use sheaf_ir::{Nominal, Type};
use sheaf_kernels::{Interner, Rows};

use crate::environment::Environment;
#[cfg(feature = "parquet")]
use crate::environment::in_memory;
use blocks::Blocks;
use cell::Cell;
use json::Mismatch;
pub use options::Options;
pub use skipped::{Skipped, Skips};

/// Rows in one batch.
const BATCH: usize = 4096;

/// How the text of a source is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A JSON object a line.
    Ndjson,
    /// Lines of text.
    Text,
    /// Parquet.
    Parquet,
}

impl Format {
    /// Their names in programs.
    pub const NAMES: [(&'static str, Format); 5] = [
        ("csv", Format::Csv),
        ("tsv", Format::Tsv),
        ("ndjson", Format::Ndjson),
        ("text", Format::Text),
        ("parquet", Format::Parquet),
    ];

    /// By its name in programs.
    pub fn named(name: &str) -> Option<Format> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    /// By the ending of a file's name, before one of a compression.
    pub fn of_path(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name
            .strip_suffix(".gz")
            .or_else(|| name.strip_suffix(".zst"))
            .unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

/// Where a source's text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// Files, in the order in which they are read.
    Files(Vec<PathBuf>),
}

/// A source made ready: what to read and how.
#[derive(Clone, Debug)]
pub struct Source {
    relation: String,
    format: Format,
    origin: Origin,
    options: Options,
    columns: Vec<Column>,
    types: Arc<BTreeMap<String, Nominal>>,
    reads: Reads,
    skipped: Arc<Skipped>,
}

/// A column of the relation.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name outside.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// How its cells are read; `None` for one that holds the row's identity.
    pub cell: Option<Cell>,
}

/// What reading gives.
#[derive(Debug)]
pub enum Event {
    /// Some rows.
    Rows(Rows),
    /// Something that is no row.
    Bad(BadInput),
}

/// Input that could not be read, with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadInput {
    /// The input's qualified name.
    pub relation: String,
    /// The file as it was named.
    pub file: String,
    /// Line in it, from 1.
    pub line: u64,
    /// Character in the line, from 1.
    pub column: u64,
    /// The column's name outside, if it is a cell that is wrong.
    pub name: Option<String>,
    /// What was expected.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: expected {}",
            self.file, self.line, self.column, self.expected
        )?;
        if let Some(name) = &self.name {
            write!(f, " in column {name}")?;
        }
        write!(f, ", found {}", self.found)
    }
}

/// Why a source cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("input {relation}: {message}")]
pub struct SourceError {
    /// The input's qualified name.
    pub relation: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do next.
    pub help: Vec<String>,
}

/// Gets a row, its file and its line; says whether to go on.
pub type Visit<'a> = dyn FnMut(&[u64], &str, u64) -> ControlFlow<()> + 'a;

/// Why reading ended before the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Whoever takes the events wants no more.
    Unwanted,
    /// The source cannot be read.
    Failed(SourceError),
}

impl Source {
    /// Makes a source ready: finds its files and understands its options. `columns` are names and
    /// types; `base` is where relative paths begin.
    ///
    /// # Errors
    /// No file has the name, an option is not understood, or the format is unknown.
    pub fn new(
        connector: &Connector,
        columns: &[(String, Type)],
        types: &Arc<BTreeMap<String, Nominal>>,
        base: &Path,
        environment: &dyn Environment,
    ) -> Result<Source, SourceError> {
        let fail = |message: String, help: Vec<String>| SourceError {
            relation: connector.relation.clone(),
            message,
            help,
        };
        let stdin = connector.format == "stdin";
        let name = match connector.options.get("format") {
            Some(sheaf_ir::Value::String(name)) if stdin => name.as_str(),
            _ if stdin => "csv",
            _ => connector.format.as_str(),
        };
        let format = Format::named(name).ok_or_else(|| {
            let known: Vec<&str> = Format::NAMES.iter().map(|(name, _)| *name).collect();
            fail(
                format!("there is no source {name:?}"),
                vec![format!("the sources are {} and stdin", known.join(", "))],
            )
        })?;
        let options = Options::read(format, stdin, &connector.options)
            .map_err(|(message, help)| fail(message, help))?;
        let origin = if stdin || connector.path == "-" {
            Origin::Stdin
        } else {
            let files = environment
                .list(base, &connector.path)
                .map_err(|error| fail(format!("{}: {error}", connector.path), vec![]))?;
            if files.is_empty() {
                let path = base.join(&connector.path);
                let message = format!("there is no file {}", path.display());
                let short = crate::names::short(&connector.relation);
                let help = format!("read another file: --input {short}=path");
                return Err(fail(message, vec![help]));
            }
            Origin::Files(files)
        };
        if format == Format::Parquet && !cfg!(feature = "parquet") {
            let help = "build sheaf with its feature `parquet`".to_string();
            let message = "this sheaf was built without Parquet".to_string();
            return Err(fail(message, vec![help]));
        }
        let columns: Vec<Column> = columns
            .iter()
            .enumerate()
            .map(|(i, (name, ty))| Column {
                name: connector.columns.get(i).unwrap_or(name).clone(),
                ty: ty.clone(),
                cell: (*ty != Type::RowId)
                    .then(|| Cell::new(ty, types.clone(), options.nulls.clone(), options.unit)),
            })
            .collect();
        Ok(Source {
            relation: connector.relation.clone(),
            format,
            origin,
            options,
            reads: Reads::everything(columns.len()),
            columns,
            types: types.clone(),
            skipped: Arc::default(),
        })
    }

    /// The input's qualified name.
    pub fn relation(&self) -> &str {
        &self.relation
    }

    /// Says what is needed of it; the rest may be passed over where nobody can tell.
    pub fn narrow(&mut self, reads: Reads) {
        self.reads = reads;
    }

    /// What reading passes over, counted while it does.
    pub fn skipped(&self) -> Arc<Skipped> {
        self.skipped.clone()
    }

    /// Where the text comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How its text is laid out.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Number of columns.
    pub fn arity(&self) -> usize {
        self.columns.len()
    }

    /// Bytes to read, as they lie there; `None` if that cannot be known.
    pub fn size(&self, environment: &dyn Environment) -> Option<u64> {
        match &self.origin {
            Origin::Stdin => None,
            Origin::Files(files) => files.iter().map(|file| environment.size(file)).sum(),
        }
    }

    /// Reads everything, giving events in order; returns the number of rows.
    ///
    /// # Errors
    /// The source cannot be read, or `emit` breaks off.
    pub fn read(
        self,
        environment: &dyn Environment,
        interner: &Interner,
        emit: &mut dyn FnMut(Event) -> ControlFlow<()>,
    ) -> Result<u64, Stopped> {
        self.read_with(environment, interner, emit, None)
    }

    /// Reads everything again to find where rows stand: calls `visit` with each row, the file as it
    /// was named, and the line in it, from 1, at which the row's record begins.
    ///
    /// # Errors
    /// As for [`Source::read`].
    pub fn places(
        self,
        environment: &dyn Environment,
        interner: &Interner,
        visit: &mut Visit<'_>,
    ) -> Result<(), Stopped> {
        let emit = &mut |_| ControlFlow::Continue(());
        self.read_with(environment, interner, emit, Some(visit))
            .map(|_| ())
    }

    fn read_with<'a>(
        mut self,
        environment: &dyn Environment,
        interner: &'a Interner,
        emit: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
        visit: Option<&'a mut Visit<'a>>,
    ) -> Result<u64, Stopped> {
        let arity = self.columns.len();
        let mut feed = Feed {
            relation: self.relation.clone(),
            identity: column_digest(self.relation.as_bytes()),
            interner,
            batch: Rows::with_capacity(arity, BATCH),
            emit,
            visit,
            ordinal: 0,
            rows: 0,
        };
        let files: Vec<Option<PathBuf>> = match std::mem::replace(&mut self.origin, Origin::Stdin) {
            Origin::Stdin => vec![None],
            Origin::Files(files) => files.into_iter().map(Some).collect(),
        };
        for path in files {
            let name = path
                .as_ref()
                .map_or("standard input".to_string(), |p| p.display().to_string());
            #[cfg(feature = "parquet")]
            if self.format == Format::Parquet {
                let opened = match &path {
                    Some(path) => environment.open_ranges(path),
                    None => in_memory(environment.stdin()),
                };
                let file =
                    opened.map_err(|error| feed.failed(format!("{name}: {error}"), vec![]))?;
                parquet::read(&self, &name, file, &mut feed)?;
                continue;
            }
            let opened = match &path {
                Some(path) => environment.open(path),
                None => Ok(environment.stdin()),
            };
            let blocks = opened
                .and_then(decompress::open)
                .and_then(Blocks::new)
                .map_err(|error| feed.failed(format!("{name}: {error}"), vec![]))?;
            let mut file = Input { name, path, blocks };
            match self.format {
                Format::Csv | Format::Tsv => delimited::read(&mut self, &mut file, &mut feed)?,
                Format::Ndjson => ndjson::read(&mut self, &mut file, &mut feed)?,
                Format::Text | Format::Parquet => text::read(&mut self, &mut file, &mut feed)?,
            }
        }
        feed.flush()?;
        Ok(feed.rows)
    }
}

/// One file being read.
struct Input {
    /// As messages name it.
    name: String,
    /// `None` for standard input.
    path: Option<PathBuf>,
    blocks: Blocks,
}

impl Input {
    /// Reads more; false at the end of the file.
    fn more(&mut self, feed: &Feed<'_>) -> Result<bool, Stopped> {
        self.blocks
            .more()
            .map_err(|error| feed.failed(format!("{}: {error}", self.name), vec![]))
    }

    /// Length of the next line with its end; `None` at the end of the file.
    fn line(&mut self, feed: &Feed<'_>) -> Result<Option<usize>, Stopped> {
        let mut seen = 0;
        loop {
            let data = self.blocks.data();
            if let Some(end) = memchr::memchr(b'\n', &data[seen..]) {
                return Ok(Some(seen + end + 1));
            }
            seen = data.len();
            if !self.more(feed)? {
                let rest = self.blocks.data().len();
                return Ok((rest > 0).then_some(rest));
            }
        }
    }
}

/// Where the rows of a source go.
struct Feed<'a> {
    relation: String,
    /// First half of every row's identity.
    identity: u64,
    interner: &'a Interner,
    batch: Rows,
    emit: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    /// Gets rows one by one with their places, instead of batches of them without.
    visit: Option<&'a mut Visit<'a>>,
    /// Records seen, good or bad.
    ordinal: u64,
    /// Rows given.
    rows: u64,
}

impl Feed<'_> {
    /// The word of the current row's identity.
    fn row_id(&self) -> u64 {
        let id = u128::from(self.identity) << 64 | u128::from(self.ordinal);
        self.interner.intern(&id.to_be_bytes())
    }

    /// Gives a row whose record begins on this line of this file.
    #[inline]
    fn row(&mut self, words: &[u64], file: &str, line: u64) -> Result<(), Stopped> {
        if let Some(visit) = &mut self.visit {
            return match visit(words, file, line) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(Stopped::Unwanted),
            };
        }
        self.batch.push(words);
        self.rows += 1;
        if self.batch.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// Gives what is no row.
    fn bad(&mut self, bad: BadInput) -> Result<(), Stopped> {
        match (self.emit)(Event::Bad(bad)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stopped::Unwanted),
        }
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        let arity = self.batch.arity();
        let batch = std::mem::replace(&mut self.batch, Rows::with_capacity(arity, BATCH));
        if batch.is_empty() {
            return Ok(());
        }
        match (self.emit)(Event::Rows(batch)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stopped::Unwanted),
        }
    }

    fn failed(&self, message: String, help: Vec<String>) -> Stopped {
        Stopped::Failed(SourceError {
            relation: self.relation.clone(),
            message,
            help,
        })
    }
}

/// Character (from 1) of a byte offset in a line.
fn character(line: &[u8], offset: usize) -> u64 {
    let before = &line[..offset.min(line.len())];
    1 + String::from_utf8_lossy(before).chars().count() as u64
}

/// A mismatch as bad input.
fn bad_cell(
    relation: &str,
    file: &str,
    place: (u64, u64),
    name: &str,
    mismatch: Mismatch,
) -> BadInput {
    BadInput {
        relation: relation.to_string(),
        file: file.to_string(),
        line: place.0,
        column: place.1,
        name: Some(name.to_string()),
        expected: mismatch.expected,
        found: mismatch.found,
    }
}
