//! One column of a relation and what the file has for it: single values, or lists of them.

use std::collections::BTreeMap;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use sheaf_ir::{Nominal, Type};
use sheaf_kernels::Interner;

use super::leaf::{Leaf, Raw};
use crate::source::json::{Mismatch, because};
use crate::source::scalar::{Unit, type_name};

/// A column of the relation, found in a file.
#[derive(Clone, Debug)]
pub struct Column {
    /// The column of the file.
    pub place: usize,
    /// The type asked for, as messages call it.
    expected: String,
    leaf: Leaf,
    /// Whether a missing value is `None`.
    optional: bool,
    /// The definition level of a value that is there.
    present: i16,
    list: Option<List>,
}

/// How lists lie in a column.
#[derive(Clone, Debug)]
struct List {
    /// Whether it is a Set.
    set: bool,
    /// Whether its elements are Options.
    optional: bool,
    /// The definition level from which there is an element.
    element: i16,
    /// Whether the whole list may be missing in the file, which level 0 then says.
    nullable: bool,
}

/// Why a column does not fit.
pub enum Unfit {
    /// There is none of this name.
    Missing,
    /// It holds something else: what, and what fits.
    Other(String),
}

impl Column {
    /// Finds the column of this name and type.
    ///
    /// # Errors
    /// There is none, or it cannot be read as the type.
    pub fn find(
        schema: &SchemaDescriptor,
        name: &str,
        ty: &Type,
        types: &BTreeMap<String, Nominal>,
        unit: Option<Unit>,
    ) -> std::result::Result<Column, Unfit> {
        let roots = schema.root_schema().get_fields();
        let root = roots
            .iter()
            .find(|root| root.name() == name)
            .ok_or(Unfit::Missing)?;
        let mut leaves = schema
            .columns()
            .iter()
            .enumerate()
            .filter(|(_, leaf)| leaf.path().parts().first().is_some_and(|p| p == name));
        let other = |found: String| {
            Unfit::Other(format!(
                "column {name} is {found}, which cannot be read as {}",
                type_name(ty)
            ))
        };
        let (Some((place, column)), None) = (leaves.next(), leaves.next()) else {
            return Err(other("a record".to_string()));
        };
        let (inner, optional) = match ty {
            Type::Option(inner) => (&**inner, true),
            other => (other, false),
        };
        let depth = column.path().parts().len();
        let (element, list) = match (inner, column.max_rep_level()) {
            (Type::List(element) | Type::Set(element), 1) if depth <= 3 => {
                let (element, may_be_none) = match &**element {
                    Type::Option(element) => (&**element, true),
                    other => (other, false),
                };
                let nullable =
                    root.get_basic_info().repetition() == parquet::basic::Repetition::OPTIONAL;
                let list = List {
                    set: matches!(inner, Type::Set(_)),
                    optional: may_be_none,
                    element: i16::from(nullable) + 1,
                    nullable,
                };
                (element, Some(list))
            }
            (inner, 0) if depth == 1 => (inner, None),
            _ => return Err(other(describe(column))),
        };
        let leaf =
            Leaf::new(column, element, types, unit).ok_or_else(|| other(describe(column)))?;
        Ok(Column {
            place,
            expected: type_name(ty),
            leaf,
            optional,
            present: column.max_def_level(),
            list,
        })
    }

    /// Whether no row of a part of the file can be bad for this column.
    pub fn cannot_fail(&self, chunk: &ColumnChunkMetaData) -> bool {
        let statistics = chunk.statistics();
        let nulls = statistics.and_then(Statistics::null_count_opt);
        if let Some(list) = &self.list {
            // Empty lists count as missing there, so 0 says more than is asked.
            let full = nulls == Some(0);
            let elements = list.optional || self.present == list.element;
            let whole = self.optional || !list.nullable;
            return (full || (elements && whole)) && self.leaf.is_total();
        }
        let present = self.optional || self.present == 0 || nulls == Some(0);
        let values = self.leaf.is_total()
            || self.is_empty(chunk)
            || (self.leaf.is_continuous() && self.bounds(chunk).is_some());
        present && values
    }

    /// Whether a part of the file holds nothing but missing values.
    pub fn is_empty(&self, chunk: &ColumnChunkMetaData) -> bool {
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        self.list.is_none() && nulls == u64::try_from(chunk.num_values()).ok()
    }

    /// Whether a part of the file holds no missing value.
    pub fn is_full(&self, chunk: &ColumnChunkMetaData) -> bool {
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        self.list.is_none() && (self.present == 0 || nulls == Some(0))
    }

    /// Canonical bytes that the values of a part of the file are not below and not above.
    pub fn bounds(&self, chunk: &ColumnChunkMetaData) -> Option<(Vec<u8>, Vec<u8>)> {
        let statistics = chunk.statistics()?;
        if self.list.is_some() || statistics.is_min_max_deprecated() {
            return None;
        }
        macro_rules! both {
            ($statistics:expr, $raw:expr) => {
                ($raw($statistics.min_opt()?), $raw($statistics.max_opt()?))
            };
        }
        let (min, max) = match statistics {
            Statistics::Boolean(s) => both!(s, |b: &bool| Raw::Bool(*b)),
            Statistics::Int32(s) => both!(s, |n: &i32| Raw::I32(*n)),
            Statistics::Int64(s) => both!(s, |n: &i64| Raw::I64(*n)),
            // Their order in files is not that of time.
            Statistics::Int96(_) => return None,
            Statistics::Float(s) => both!(s, |x: &f32| Raw::F32(*x)),
            Statistics::Double(s) => both!(s, |x: &f64| Raw::F64(*x)),
            Statistics::ByteArray(s) => (
                Raw::Bytes(s.min_bytes_opt()?),
                Raw::Bytes(s.max_bytes_opt()?),
            ),
            Statistics::FixedLenByteArray(s) => (
                Raw::Bytes(s.min_bytes_opt()?),
                Raw::Bytes(s.max_bytes_opt()?),
            ),
        };
        // Some writers put a NaN there, which bounds nothing.
        let is_nan = |raw: &Raw<'_>| match raw {
            Raw::F32(x) => x.is_nan(),
            Raw::F64(x) => x.is_nan(),
            _ => false,
        };
        if !self.leaf.is_continuous() || is_nan(&min) || is_nan(&max) {
            return None;
        }
        let key = |raw| self.leaf.item(raw).ok().map(|item| self.leaf.key(item));
        Some((key(min)?, key(max)?))
    }

    /// Whether values may lie above the bounds.
    pub fn exceeds_bounds(&self) -> bool {
        self.leaf.has_nan()
    }

    /// Reads so many rows: their words into `words`, and into `bad` which are no rows and why.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read(
        &self,
        reader: &mut ColumnReader,
        count: usize,
        interner: &Interner,
        words: &mut Vec<u64>,
        bad: &mut Vec<(usize, Mismatch)>,
    ) -> Result<()> {
        let mut target = Target {
            column: self,
            count,
            interner,
            words,
            bad,
        };
        match reader {
            ColumnReader::BoolColumnReader(r) => target.fill(r, |b: &bool| Raw::Bool(*b)),
            ColumnReader::Int32ColumnReader(r) => target.fill(r, |n: &i32| Raw::I32(*n)),
            ColumnReader::Int64ColumnReader(r) => target.fill(r, |n: &i64| Raw::I64(*n)),
            ColumnReader::Int96ColumnReader(r) => target.fill(r, |n: &Int96| Raw::I96(n)),
            ColumnReader::FloatColumnReader(r) => target.fill(r, |x: &f32| Raw::F32(*x)),
            ColumnReader::DoubleColumnReader(r) => target.fill(r, |x: &f64| Raw::F64(*x)),
            ColumnReader::ByteArrayColumnReader(r) => {
                target.fill(r, |b: &ByteArray| Raw::Bytes(b.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                target.fill(r, |b: &FixedLenByteArray| Raw::Bytes(b.data()))
            }
        }
    }

    fn mismatch(&self, found: String) -> Mismatch {
        Mismatch {
            offset: 0,
            expected: self.expected.clone(),
            found,
        }
    }
}

/// Where the rows of one batch go.
struct Target<'a> {
    column: &'a Column,
    count: usize,
    interner: &'a Interner,
    words: &'a mut Vec<u64>,
    bad: &'a mut Vec<(usize, Mismatch)>,
}

impl Target<'_> {
    fn fill<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        raw: fn(&T::T) -> Raw<'_>,
    ) -> Result<()> {
        let mut values: Vec<T::T> = Vec::with_capacity(self.count);
        let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
        let (records, _, levels) = reader.read_records(
            self.count,
            Some(&mut definitions),
            Some(&mut repetitions),
            &mut values,
        )?;
        if records != self.count {
            return Err(short());
        }
        let column = self.column;
        let present = column.present;
        let mut values = values.iter().map(raw);
        let mut next = |level: i16| match level == present {
            true => values.next().map(Some).ok_or_else(short),
            false => Ok(None),
        };
        let level = |index: usize| definitions.get(index).copied().unwrap_or(present);
        match &column.list {
            None => {
                for row in 0..self.count {
                    let value = next(level(row))?;
                    self.single(row, value);
                }
            }
            Some(list) => {
                let mut elements = Elements::default();
                for index in 0..levels {
                    let begins = repetitions.get(index).is_none_or(|level| *level == 0);
                    if begins && index > 0 {
                        self.list(list, &mut elements);
                    }
                    let level = level(index);
                    elements.missing |= list.nullable && level == 0;
                    if level < list.element {
                        continue;
                    }
                    let value = next(level)?;
                    elements.add(column, list, value);
                }
                if levels > 0 {
                    self.list(list, &mut elements);
                }
            }
        }
        match self.words.len() == self.count {
            true => Ok(()),
            false => Err(short()),
        }
    }

    fn single(&mut self, row: usize, value: Option<Raw<'_>>) {
        let Column { leaf, optional, .. } = self.column;
        let Some(raw) = value else {
            if !optional {
                self.bad
                    .push((row, self.column.mismatch("nothing".to_string())));
            }
            self.words.push(self.interner.intern(&[0]));
            return;
        };
        match leaf.item(raw) {
            Ok(item) if *optional => {
                let mut bytes = vec![1];
                leaf.encode(item, &mut bytes);
                self.words.push(self.interner.intern(&bytes));
            }
            Ok(item) => self.words.push(leaf.word(item, self.interner)),
            Err(refusal) => {
                let found = because(raw.to_string(), refusal);
                self.bad.push((row, self.column.mismatch(found)));
                self.words.push(0);
            }
        }
    }

    /// Ends a list.
    fn list(&mut self, list: &List, elements: &mut Elements) {
        let Elements {
            mut encoded,
            missing,
            refusal,
        } = std::mem::take(elements);
        let row = self.words.len();
        let mut bytes = Vec::new();
        if let Some(found) = refusal {
            self.bad.push((row, self.column.mismatch(found)));
        } else if missing && !self.column.optional {
            self.bad
                .push((row, self.column.mismatch("nothing".to_string())));
        }
        if missing {
            bytes.push(0);
        } else {
            if self.column.optional {
                bytes.push(1);
            }
            if list.set {
                // Canonical bytes are in the order of the values.
                encoded.sort();
                encoded.dedup();
            }
            for element in encoded {
                bytes.push(1);
                bytes.extend_from_slice(&element);
            }
            bytes.push(0);
        }
        self.words.push(self.interner.intern(&bytes));
    }
}

/// The elements of a list, as far as they are read.
#[derive(Default)]
struct Elements {
    encoded: Vec<Vec<u8>>,
    missing: bool,
    refusal: Option<String>,
}

impl Elements {
    fn add(&mut self, column: &Column, list: &List, value: Option<Raw<'_>>) {
        let mut bytes = Vec::new();
        match value {
            None if list.optional => bytes.push(0),
            None => {
                self.refusal
                    .get_or_insert("a list with nothing in it".to_string());
            }
            Some(raw) => match column.leaf.item(raw) {
                Ok(item) => {
                    if list.optional {
                        bytes.push(1);
                    }
                    column.leaf.encode(item, &mut bytes);
                }
                Err(refusal) => {
                    let found = because(raw.to_string(), refusal);
                    self.refusal.get_or_insert(found);
                }
            },
        }
        self.encoded.push(bytes);
    }
}

fn short() -> ParquetError {
    ParquetError::General("a column has other rows than its row group".to_string())
}

/// What a column of a file holds, in the words of the format.
fn describe(column: &ColumnDescriptor) -> String {
    let physical = column.physical_type();
    let what = match column.logical_type_ref() {
        Some(logical) => format!("{physical} ({logical:?})"),
        None => physical.to_string(),
    };
    match column.max_rep_level() {
        0 if column.path().parts().len() == 1 => what,
        0 => "a record".to_string(),
        _ => format!("a list of {what}"),
    }
}
