//! Sinks: one file per format, all taking rows of words.
//!
//! | format | options |
//! |---|---|
//! | [`csv`](delimited) | `header`, `delimiter` |
//! | [`tsv`](delimited) | `header`, `quote` |
//! | [`ndjson`] | |
//! | `parquet`: typed columns | |
//! | [`table`]: drawn for people; standard output unless it has a path | |
//! | `stdout`: standard output | `format` (csv if it is not said), and those of that format |
//!
//! The path `-` is standard output in every format.
//!
//! Invariants:
//! - A file appears under its name whole or not at all; all files of a run appear together.
//! - The bytes follow from the set (or bag) of rows alone, unless `order: none` was asked for.

pub mod delimited;
pub mod ndjson;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sheaf_ir::graph::Connector;
use sheaf_ir::{Nominal, Type, Value};
use sheaf_kernels::words::sort_rows;
use sheaf_kernels::{Interner, Rows};

use crate::environment::{Draft, Environment};
use crate::names;

/// Rows that are encoded before the bytes are passed on.
const CHUNK: usize = 1024;

/// How a sink lays out rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A JSON object a line.
    Ndjson,
    /// Parquet.
    Parquet,
    /// A table for people.
    Table,
}

impl Format {
    /// Their names in programs and on the command line.
    pub const NAMES: [(&'static str, Format); 5] = [
        ("csv", Format::Csv),
        ("tsv", Format::Tsv),
        ("ndjson", Format::Ndjson),
        ("parquet", Format::Parquet),
        ("table", Format::Table),
    ];

    /// By its name.
    pub fn named(name: &str) -> Option<Format> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    /// By the ending of a file's name.
    pub fn of_path(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()? {
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Format::Csv => &["header", "delimiter"],
            Format::Tsv => &["header", "quote"],
            Format::Ndjson | Format::Parquet | Format::Table => &[],
        }
    }
}

/// Where the bytes go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("standard output"),
            Target::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do next.
    pub help: Vec<String>,
    /// Whether nobody reads standard output any more; no reason to complain.
    pub broken_pipe: bool,
}

impl SinkError {
    fn new(message: String) -> SinkError {
        SinkError {
            message,
            help: Vec::new(),
            broken_pipe: false,
        }
    }

    fn help(mut self, help: &str) -> SinkError {
        self.help.push(help.to_string());
        self
    }

    fn io(target: &Target, error: &io::Error) -> SinkError {
        SinkError {
            message: format!("{target}: {error}"),
            help: Vec::new(),
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe && *target == Target::Stdout,
        }
    }
}

/// Names and types of the columns of an output.
#[derive(Clone, Debug)]
pub struct Table {
    /// Outside names and types.
    pub columns: Vec<(String, Type)>,
    /// Records and enums.
    pub types: Arc<BTreeMap<String, Nominal>>,
}

/// Rows to be turned into bytes.
struct Part<'a> {
    table: &'a Table,
    rows: &'a Rows,
    range: Range<usize>,
    interner: &'a Interner,
}

impl<'a> Part<'a> {
    /// Row by row its cells, each with the type and the name of its column.
    fn cells(&self) -> impl Iterator<Item = impl Iterator<Item = (u64, &'a Type, &'a str)>> {
        let Part { table, rows, .. } = *self;
        let columns = table.columns.iter();
        self.range.clone().map(move |index| {
            let cells = rows.row(index).iter().zip(columns.clone());
            cells.map(|(word, (name, ty))| (*word, ty, name.as_str()))
        })
    }
}

/// Turns rows into bytes.
trait Encode: Send {
    /// What comes before the first row.
    fn begin(&mut self, table: &Table, out: &mut Vec<u8>) -> Result<(), SinkError>;

    /// Some rows.
    fn rows(&mut self, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), SinkError>;

    /// What comes behind the last row.
    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A sink made ready: what to write and how.
#[derive(Debug)]
pub struct Sink {
    /// The relation's qualified name.
    pub relation: String,
    /// Where to.
    pub target: Target,
    format: Format,
    delimiter: u8,
    header: bool,
    quote: bool,
    table: Table,
    order: Vec<(usize, bool)>,
    /// Whether rows are written as they come.
    pub unordered: bool,
}

impl Sink {
    /// Understands a sink's connector. `columns` are names and types, `order` columns and whether
    /// descending; `base` is where relative paths begin. `format` replaces that of a sink to
    /// standard output.
    ///
    /// # Errors
    /// The format is unknown or an option is not understood.
    pub fn new(
        connector: &Connector,
        columns: &[(String, Type)],
        types: &Arc<BTreeMap<String, Nominal>>,
        (order, unordered): (&[(usize, bool)], bool),
        base: &Path,
        format: Option<Format>,
    ) -> Result<Sink, SinkError> {
        let short = names::short(&connector.relation);
        let named = |name: &str| {
            Format::named(name).ok_or_else(|| {
                let known: Vec<&str> = Format::NAMES.iter().map(|(name, _)| *name).collect();
                let error = SinkError::new(format!("output {short}: there is no sink {name:?}"));
                error.help(&format!("the sinks are {} and stdout", known.join(", ")))
            })
        };
        let stdout = connector.format == "stdout" || matches!(connector.path.as_str(), "" | "-");
        let mut own = match connector.options.get("format") {
            Some(Value::String(name)) => named(name)?,
            _ if connector.format == "stdout" => Format::Csv,
            _ => named(&connector.format)?,
        };
        let target = if stdout {
            own = format.unwrap_or(own);
            Target::Stdout
        } else {
            Target::File(base.join(&connector.path))
        };
        if let Target::File(path) = &target
            && path.extension().is_some_and(|e| e == "gz" || e == "zst")
        {
            let message = format!("output {short}: {target} would not be compressed");
            let help = "write it plain, or to standard output and through gzip or zstd";
            return Err(SinkError::new(message).help(help));
        }
        let columns = columns
            .iter()
            .enumerate()
            .map(|(i, (name, ty))| (connector.columns.get(i).unwrap_or(name).clone(), ty.clone()))
            .collect();
        let mut sink = Sink {
            relation: connector.relation.clone(),
            target,
            format: own,
            delimiter: if own == Format::Tsv { b'\t' } else { b',' },
            header: true,
            quote: own == Format::Csv,
            table: Table {
                columns,
                types: types.clone(),
            },
            order: order.to_vec(),
            unordered,
        };
        if own == Format::Parquet {
            check_parquet(&sink.table).map_err(|error| SinkError {
                message: format!("output {short}: {}", error.message),
                ..error
            })?;
        }
        for (name, value) in &connector.options {
            if matches!(name.as_str(), "format" | "order") {
                continue;
            }
            let known = own.options();
            if !known.contains(&name.as_str()) {
                // Options of the format in the program do not bind one from the command line.
                if format.is_some() && stdout {
                    continue;
                }
                let help = match known {
                    [] => "this sink has no options".to_string(),
                    _ => format!("its options are {}", known.join(", ")),
                };
                let message = format!("output {short}: there is no option {name}");
                return Err(SinkError::new(message).help(&help));
            }
            match (name.as_str(), value) {
                ("header", Value::Bool(b)) => sink.header = *b,
                ("quote", Value::Bool(b)) => sink.quote = *b,
                ("delimiter", Value::String(text)) if is_delimiter(text) => {
                    sink.delimiter = text.as_bytes()[0];
                }
                _ => {
                    let message =
                        format!("output {short}: the option {name} does not take this value");
                    return Err(SinkError::new(message));
                }
            }
        }
        Ok(sink)
    }

    /// Opens the target and writes what comes before the rows.
    ///
    /// # Errors
    /// The target cannot be written.
    pub fn open(self, environment: &dyn Environment) -> Result<Writer, SinkError> {
        let output = match &self.target {
            Target::Stdout => Output::Stdout(environment.stdout()),
            Target::File(path) => Output::File(
                environment
                    .create(path)
                    .map_err(|error| SinkError::io(&self.target, &error))?,
            ),
        };
        let encoder: Box<dyn Encode> = match self.format {
            Format::Csv | Format::Tsv => Box::new(delimited::Delimited::new(
                self.delimiter,
                self.header,
                self.quote,
            )),
            Format::Ndjson => Box::new(ndjson::Ndjson::default()),
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(parquet::Parquet::default()),
            // Refused when the sink was made ready.
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => Box::new(ndjson::Ndjson::default()),
            Format::Table => Box::new(table::Drawn::default()),
        };
        let waiting = Rows::new(self.table.columns.len());
        Ok(Writer {
            sink: self,
            output,
            encoder,
            buffer: Vec::new(),
            begun: false,
            waiting,
            rows: 0,
        })
    }
}

/// Refuses what cannot be written as Parquet.
#[cfg(feature = "parquet")]
fn check_parquet(table: &Table) -> Result<(), SinkError> {
    parquet::check(table)
}

/// Refuses everything.
#[cfg(not(feature = "parquet"))]
fn check_parquet(_: &Table) -> Result<(), SinkError> {
    let error = SinkError::new("this sheaf was built without Parquet".to_string());
    Err(error.help("build sheaf with its feature `parquet`"))
}

fn is_delimiter(text: &str) -> bool {
    matches!(text.as_bytes(), [b] if b.is_ascii() && !matches!(b, b'"' | b'\n' | b'\r'))
}

enum Output {
    Stdout(Box<dyn Write + Send>),
    File(Box<dyn Draft>),
}

/// An output being written. Dropped before [`Writer::commit`], its file does not appear.
pub struct Writer {
    sink: Sink,
    output: Output,
    encoder: Box<dyn Encode>,
    buffer: Vec<u8>,
    begun: bool,
    waiting: Rows,
    rows: u64,
}

impl Writer {
    /// The sink.
    pub fn sink(&self) -> &Sink {
        &self.sink
    }

    /// Rows taken so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes rows: they are written at once if their order does not matter, kept otherwise.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn take(&mut self, rows: Rows, interner: &Interner) -> Result<(), SinkError> {
        self.rows += rows.len() as u64;
        if self.sink.unordered {
            self.encode(&rows, interner, None)?;
            // Whoever reads standard output sees rows when they come.
            if let Output::Stdout(out) = &mut self.output {
                out.flush()
                    .map_err(|error| SinkError::io(&self.sink.target, &error))?;
            }
        } else if self.waiting.is_empty() {
            self.waiting = rows;
        } else {
            self.waiting.append(&rows);
        }
        Ok(())
    }

    /// Writes what was kept, in order, and what comes behind the rows. All rows have come. Breaks
    /// off when cancelled; the writer is then only fit to be dropped.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(&mut self, interner: &Interner, cancel: &AtomicBool) -> Result<(), SinkError> {
        let arity = self.sink.table.columns.len();
        let mut rows = std::mem::replace(&mut self.waiting, Rows::new(arity));
        let types: Vec<Type> = self
            .sink
            .table
            .columns
            .iter()
            .map(|(_, ty)| ty.clone())
            .collect();
        sort_rows(&mut rows, &types, &self.sink.order, interner);
        self.encode(&rows, interner, Some(cancel))?;
        self.encoder.end(&mut self.buffer)?;
        self.pass_on()?;
        match &mut self.output {
            Output::Stdout(out) => out.flush(),
            Output::File(draft) => draft.flush(),
        }
        .map_err(|error| SinkError::io(&self.sink.target, &error))
    }

    /// Gives a file its name. To be called when every output of the run is finished.
    ///
    /// # Errors
    /// The file cannot be renamed.
    pub fn commit(self) -> Result<(), SinkError> {
        match self.output {
            Output::Stdout(_) => Ok(()),
            Output::File(draft) => draft
                .commit()
                .map_err(|error| SinkError::io(&self.sink.target, &error)),
        }
    }

    fn encode(
        &mut self,
        rows: &Rows,
        interner: &Interner,
        cancel: Option<&AtomicBool>,
    ) -> Result<(), SinkError> {
        if !self.begun {
            self.begun = true;
            self.encoder.begin(&self.sink.table, &mut self.buffer)?;
        }
        for start in (0..rows.len()).step_by(CHUNK) {
            if cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
                return Ok(());
            }
            let part = Part {
                table: &self.sink.table,
                rows,
                range: start..(start + CHUNK).min(rows.len()),
                interner,
            };
            self.encoder
                .rows(&part, &mut self.buffer)
                .map_err(|error| SinkError {
                    message: format!("{}: {}", self.sink.target, error.message),
                    ..error
                })?;
            self.pass_on()?;
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<(), SinkError> {
        match &mut self.output {
            Output::Stdout(out) => out.write_all(&self.buffer),
            Output::File(draft) => draft.write_all(&self.buffer),
        }
        .map_err(|error| SinkError::io(&self.sink.target, &error))?;
        self.buffer.clear();
        Ok(())
    }
}
