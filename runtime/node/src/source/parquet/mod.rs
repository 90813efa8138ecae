//! Parquet files: columns are found by name, and only those that are needed are read.
//!
//! Invariants:
//! - A column that the program does not use, and a row group in which no row can pass what all readers
//!   ask, are passed over; but only if the file says that none of their rows could be bad. So what is
//!   passed over cannot be seen, except in the statistics.
//! - Rows count from 1 in messages; a row's identity counts those that are passed over.

mod column;
mod file;
mod leaf;
mod skip;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use sheaf_ir::Type;

use super::json::Mismatch;
use super::{BATCH, Feed, Source, Stopped, bad_cell};
use crate::environment::RandomAccess;
use crate::names;
use column::{Column, Unfit};
pub use leaf::plain_variants;

/// Reads one file, which messages call by `name`.
pub(super) fn read(
    source: &Source,
    name: &str,
    file: Arc<dyn RandomAccess>,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    // The library panics on some damaged files; what was given before goes with the failed run.
    let reading = AssertUnwindSafe(|| read_file(source, name, file, &mut *feed));
    catch_unwind(reading).unwrap_or_else(|_| {
        let error = ParquetError::General("it is damaged".to_string());
        Err(feed.failed(failed(name, &error), vec![]))
    })
}

fn read_file(
    source: &Source,
    name: &str,
    file: Arc<dyn RandomAccess>,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    let broken = |error: ParquetError| failed(name, &error);
    let reader = SerializedFileReader::new(file::Ranges(file))
        .map_err(|error| feed.failed(broken(error), vec![]))?;
    // The library takes for granted that these are not negative.
    let mut chunks = (reader.metadata().row_groups().iter()).flat_map(|group| group.columns());
    let is_wrong = |chunk: &ColumnChunkMetaData| {
        let first = chunk.dictionary_page_offset().unwrap_or(0);
        first
            .min(chunk.data_page_offset())
            .min(chunk.compressed_size())
            < 0
    };
    if chunks.any(is_wrong) {
        let error = ParquetError::General("a column begins or ends nowhere".to_string());
        return Err(feed.failed(broken(error), vec![]));
    }
    let columns = find(source, name, &reader, feed)?;
    let mut first = 1;
    for index in 0..reader.num_row_groups() {
        let group = reader
            .get_row_group(index)
            .map_err(|error| feed.failed(broken(error), vec![]))?;
        let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
        if skip::is_fruitless(&source.reads, &columns, group.metadata()) {
            source.skipped.rows.fetch_add(rows, Ordering::Relaxed);
            source.skipped.row_groups.fetch_add(1, Ordering::Relaxed);
            feed.ordinal += rows;
        } else {
            let place = Place { name, first };
            read_group(source, &columns, group.as_ref(), &place, feed)?;
        }
        first += rows;
    }
    Ok(())
}

/// Where a row group is.
struct Place<'a> {
    name: &'a str,
    /// The number of its first row.
    first: u64,
}

/// For each column of the relation, the file's; `None` for one that holds the row's identity.
fn find(
    source: &Source,
    name: &str,
    reader: &SerializedFileReader<file::Ranges>,
    feed: &Feed<'_>,
) -> Result<Vec<Option<Column>>, Stopped> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let (mut columns, mut missing, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for column in &source.columns {
        if column.ty == Type::RowId {
            columns.push(None);
            continue;
        }
        let unit = source.options.unit;
        match Column::find(schema, &column.name, &column.ty, &source.types, unit) {
            Ok(found) => columns.push(Some(found)),
            Err(Unfit::Missing) => missing.push(column.name.as_str()),
            Err(Unfit::Other(message)) => others.push(message),
        }
    }
    if !missing.is_empty() {
        let fields = schema.root_schema().get_fields();
        let known: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        let mut help = vec![format!("its columns are {}", known.join(", "))];
        help.extend(missing.iter().filter_map(|name| {
            names::did_you_mean(name, known.iter().copied())
                .map(|near| format!("{name}: {near} (@name(\"…\") renames a column)"))
        }));
        let plural = if missing.len() == 1 { "" } else { "s" };
        let message = format!("{name} has no column{plural} {}", missing.join(", "));
        return Err(feed.failed(message, help));
    }
    match others.first() {
        None => Ok(columns),
        Some(message) => {
            let help = "the manual lists which columns give which types, under `parquet`";
            Err(feed.failed(format!("{name}: {message}"), vec![help.to_string()]))
        }
    }
}

/// How a column of a row group is read.
enum Cells<'a> {
    /// From the file.
    Read(&'a Column, Box<ColumnReader>),
    /// Not at all: nobody looks at it.
    Filled(u64),
    /// The row's identity.
    Identity,
}

fn read_group(
    source: &Source,
    columns: &[Option<Column>],
    group: &dyn RowGroupReader,
    place: &Place<'_>,
    feed: &mut Feed<'_>,
) -> Result<(), Stopped> {
    let mut cells = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        cells.push(match column {
            None => Cells::Identity,
            Some(column)
                if !source.reads.columns.contains(&index)
                    && column.cannot_fail(group.metadata().column(column.place)) =>
            {
                source.skipped.columns.fetch_add(1, Ordering::Relaxed);
                let filler = skip::filler(&source.columns[index].ty);
                Cells::Filled(filler.map_or(0, |bytes| feed.interner.intern(&bytes)))
            }
            Some(column) => {
                let reader = group
                    .get_column_reader(column.place)
                    .map_err(|error| feed.failed(failed(place.name, &error), vec![]))?;
                Cells::Read(column, Box::new(reader))
            }
        });
    }
    let total = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut read: Vec<Vec<u64>> = vec![Vec::new(); columns.len()];
    let mut words = vec![0; columns.len()];
    for start in (0..total).step_by(BATCH) {
        let count = BATCH.min(total - start);
        let mut bad: Vec<(usize, usize, Mismatch)> = Vec::new();
        for (index, cells) in cells.iter_mut().enumerate() {
            if let Cells::Read(column, reader) = cells {
                read[index].clear();
                let mut own = Vec::new();
                column
                    .read(reader, count, feed.interner, &mut read[index], &mut own)
                    .map_err(|error| feed.failed(failed(place.name, &error), vec![]))?;
                bad.extend(own.into_iter().map(|(row, why)| (row, index, why)));
            }
        }
        // Of several bad cells of a row, the first is told.
        bad.sort_by_key(|(row, index, _)| (*row, *index));
        let mut bad = bad.into_iter().peekable();
        let numbers = place.first + start as u64..;
        for (row, line) in (0..count).zip(numbers) {
            let mut refused = None;
            while let Some(next) = bad.next_if(|(bad, _, _)| *bad == row) {
                refused.get_or_insert(next);
            }
            if let Some((_, index, mismatch)) = refused {
                let column = columns[index].as_ref().map_or(0, |column| column.place);
                let at = (line, 1 + column as u64);
                let outside = &source.columns[index].name;
                feed.bad(bad_cell(&feed.relation, place.name, at, outside, mismatch))?;
            } else {
                for (index, word) in words.iter_mut().enumerate() {
                    *word = match &cells[index] {
                        Cells::Read(..) => read[index][row],
                        Cells::Filled(filler) => *filler,
                        Cells::Identity => feed.row_id(),
                    };
                }
                feed.row(&words, place.name, line)?;
            }
            feed.ordinal += 1;
        }
    }
    Ok(())
}

fn failed(name: &str, error: &ParquetError) -> String {
    format!("{name} is no Parquet file that can be read: {error}")
}
