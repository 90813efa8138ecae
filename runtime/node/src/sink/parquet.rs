//! Parquet: row groups of at most [`GROUP`] rows, compressed with zstd.
//!
//! | Sheaf | Parquet |
//! |---|---|
//! | Bool | BOOLEAN |
//! | Int, Nat, Duration | INT64; a Duration in microseconds |
//! | Float | DOUBLE |
//! | Decimal | DECIMAL of 19 digits |
//! | String, the name of a variant without payload | STRING |
//! | Bytes | BYTE_ARRAY |
//! | Date | DATE |
//! | Time | TIMESTAMP in microseconds, UTC |
//! | Id | UUID |
//! | `Option<T>` | an optional column |
//! | `List<T>`, `Set<T>` of these | LIST |

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type as Schema, TypePtr};
use sheaf_ir::{Type, Value};
use sheaf_kernels::words::value_of;

use super::{Encode, Part, SinkError, Table};
use crate::source::parquet::plain_variants;
use crate::source::scalar::type_name;

/// Rows of a row group.
const GROUP: usize = 1 << 17;
/// Digits of a Decimal: all that 64 bits can hold.
const DIGITS: i32 = 19;
/// Bytes of a number of so many digits.
const DECIMAL_BYTES: usize = 9;

/// Writes row groups.
#[derive(Default)]
pub struct Parquet {
    writer: Option<SerializedFileWriter<Shared>>,
    /// What the writer has written and nobody has taken.
    bytes: Shared,
    columns: Vec<Column>,
    rows: usize,
}

/// Bytes that the writer puts in and the encoder takes out.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One column, gathered until its row group is full.
struct Column {
    /// Names of the variants, if it is an enum.
    variants: Vec<String>,
    shape: Shape,
    values: Values,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

/// How values nest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    /// Whether the column may be missing.
    optional: bool,
    /// Whether it is a list.
    list: bool,
    /// Whether an element may be missing.
    element_optional: bool,
}

enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// The schema of a table.
///
/// # Errors
/// A column has a type that has no form in Parquet.
fn schema(table: &Table) -> Result<TypePtr, SinkError> {
    let fields = table
        .columns
        .iter()
        .map(|(name, ty)| Ok(Arc::new(field(name, ty, table)?)))
        .collect::<Result<Vec<_>, SinkError>>()?;
    let whole = Schema::group_type_builder("schema").with_fields(fields);
    Ok(Arc::new(whole.build().map_err(|error| failed(&error))?))
}

/// Refuses tables that have no form in Parquet.
///
/// # Errors
/// A column has a type that has no form in Parquet.
pub fn check(table: &Table) -> Result<(), SinkError> {
    schema(table).map(|_| ())
}

fn field(name: &str, ty: &Type, table: &Table) -> Result<Schema, SinkError> {
    let refuse = || {
        let message = format!("column {name}: {} has no form in Parquet", type_name(ty));
        SinkError::new(message).help("write it as ndjson, or as columns of simple types")
    };
    let (scalar, shape) = nesting(ty);
    let repetition = |optional| match optional {
        true => Repetition::OPTIONAL,
        false => Repetition::REQUIRED,
    };
    if !shape.list {
        let optional = repetition(shape.optional);
        return primitive(name, scalar, optional, table).ok_or_else(refuse);
    }
    let optional = repetition(shape.element_optional);
    let element = primitive("element", scalar, optional, table).ok_or_else(refuse)?;
    let list = Schema::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()
        .map_err(|error| failed(&error))?;
    Schema::group_type_builder(name)
        .with_repetition(repetition(shape.optional))
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()
        .map_err(|error| failed(&error))
}

/// What a column is made of.
fn nesting(ty: &Type) -> (&Type, Shape) {
    let mut shape = Shape::default();
    let mut inner = ty;
    if let Type::Option(of) = inner {
        shape.optional = true;
        inner = of;
    }
    if let Type::List(of) | Type::Set(of) = inner {
        shape.list = true;
        inner = of;
        if let Type::Option(of) = inner {
            shape.element_optional = true;
            inner = of;
        }
    }
    (inner, shape)
}

/// A column of single values; `None` if the type is none of those.
fn primitive(name: &str, ty: &Type, repetition: Repetition, table: &Table) -> Option<Schema> {
    let mut decimal = None;
    let (physical, logical, length) = match ty {
        Type::Bool => (Physical::BOOLEAN, None, 0),
        Type::Int | Type::Nat | Type::Duration => (Physical::INT64, None, 0),
        Type::Float => (Physical::DOUBLE, None, 0),
        Type::Decimal(places) => {
            let scale = i32::from(*places);
            decimal = Some(scale);
            let logical = LogicalType::decimal(scale, DIGITS);
            (
                Physical::FIXED_LEN_BYTE_ARRAY,
                Some(logical),
                DECIMAL_BYTES as i32,
            )
        }
        Type::String => (Physical::BYTE_ARRAY, Some(LogicalType::String), 0),
        Type::Bytes => (Physical::BYTE_ARRAY, None, 0),
        Type::Date => (Physical::INT32, Some(LogicalType::Date), 0),
        Type::Time => {
            let logical = LogicalType::timestamp(true, TimeUnit::MICROS);
            (Physical::INT64, Some(logical), 0)
        }
        Type::Id | Type::RowId => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid), 16),
        Type::Named(named) => {
            plain_variants(table.types.get(named)?)?;
            (Physical::BYTE_ARRAY, Some(LogicalType::String), 0)
        }
        _ => return None,
    };
    let mut builder = Schema::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .with_length(length);
    if let Some(scale) = decimal {
        builder = builder.with_precision(DIGITS).with_scale(scale);
    }
    builder.build().ok()
}

impl Parquet {
    /// Ends a row group, if there is anything in it.
    fn flush(&mut self) -> Result<(), ParquetError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        if mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut target) = group.next_column()? {
                column.write(&mut target)?;
                target.close()?;
            }
        }
        group.close()?;
        writer.flush()?;
        Ok(())
    }
}

impl Encode for Parquet {
    fn begin(&mut self, table: &Table, _: &mut Vec<u8>) -> Result<(), SinkError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("sheaf ", env!("CARGO_PKG_VERSION")).to_string())
            .build();
        let writer =
            SerializedFileWriter::new(self.bytes.clone(), schema(table)?, Arc::new(properties));
        self.writer = Some(writer.map_err(|error| failed(&error))?);
        self.columns = table
            .columns
            .iter()
            .map(|(_, ty)| Column::new(ty, table))
            .collect();
        Ok(())
    }

    fn rows(&mut self, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), SinkError> {
        for cells in part.cells() {
            for ((word, ty, name), column) in cells.zip(&mut self.columns) {
                let value = value_of(word, ty, &part.table.types, part.interner);
                column
                    .push(value)
                    .map_err(|reason| SinkError::new(format!("column {name}: {reason}")))?;
            }
            self.rows += 1;
            if self.rows >= GROUP {
                self.flush().map_err(|error| failed(&error))?;
                out.append(&mut self.bytes.take());
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), SinkError> {
        self.flush().map_err(|error| failed(&error))?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(|error| failed(&error))?;
        }
        out.append(&mut self.bytes.take());
        Ok(())
    }
}

impl Column {
    fn new(ty: &Type, table: &Table) -> Column {
        let (scalar, shape) = nesting(ty);
        let variants = match scalar {
            Type::Named(name) => table.types.get(name).and_then(plain_variants),
            _ => None,
        };
        Column {
            variants: variants.unwrap_or_default(),
            shape,
            values: match scalar {
                Type::Bool => Values::Bool(Vec::new()),
                Type::Date => Values::Int32(Vec::new()),
                Type::Float => Values::Double(Vec::new()),
                Type::Decimal(_) | Type::Id | Type::RowId => Values::Fixed(Vec::new()),
                Type::String | Type::Bytes | Type::Named(_) => Values::Bytes(Vec::new()),
                _ => Values::Int64(Vec::new()),
            },
            definitions: Vec::new(),
            repetitions: Vec::new(),
        }
    }

    /// Adds a row's value.
    fn push(&mut self, value: Value) -> Result<(), &'static str> {
        let Shape { optional, list, .. } = self.shape;
        let value = match value {
            Value::Option(None) if optional => {
                self.level(0, 0);
                return Ok(());
            }
            Value::Option(Some(value)) if optional => *value,
            other => other,
        };
        let here = i16::from(optional);
        match value {
            Value::List(elements) | Value::Set(elements) if list => {
                if elements.is_empty() {
                    self.level(here, 0);
                }
                for (index, element) in elements.into_iter().enumerate() {
                    self.element(element, here + 1, i16::from(index > 0))?;
                }
                Ok(())
            }
            value => {
                self.level(here, 0);
                self.scalar(value)
            }
        }
    }

    /// Adds an element of a list that is there from a definition level on.
    fn element(&mut self, value: Value, level: i16, repetition: i16) -> Result<(), &'static str> {
        match value {
            Value::Option(None) if self.shape.element_optional => {
                self.level(level, repetition);
                Ok(())
            }
            Value::Option(Some(value)) if self.shape.element_optional => {
                self.level(level + 1, repetition);
                self.scalar(*value)
            }
            value => {
                self.level(level, repetition);
                self.scalar(value)
            }
        }
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definitions.push(definition);
        self.repetitions.push(repetition);
    }

    fn scalar(&mut self, value: Value) -> Result<(), &'static str> {
        match (&mut self.values, value) {
            (Values::Bool(values), Value::Bool(b)) => values.push(b),
            (Values::Int32(values), Value::Date(days)) => {
                values.push(i32::try_from(days).map_err(|_| "a date does not fit")?);
            }
            (
                Values::Int64(values),
                Value::Int(n) | Value::Nat(n) | Value::Time(n) | Value::Duration(n),
            ) => values.push(n),
            (Values::Double(values), Value::Float(x)) => values.push(x.get()),
            (Values::Bytes(values), Value::String(text)) => {
                values.push(text.into_bytes().into());
            }
            (Values::Bytes(values), Value::Bytes(bytes)) => values.push(bytes.into()),
            (Values::Bytes(values), Value::Variant(index, _)) => {
                let name = self.variants.get(index as usize);
                let name = name.ok_or("a variant has no name")?;
                values.push(name.clone().into_bytes().into());
            }
            (Values::Fixed(values), Value::Decimal(n)) => {
                let whole = i128::from(n).to_be_bytes();
                values.push(whole[16 - DECIMAL_BYTES..].to_vec().into());
            }
            (Values::Fixed(values), Value::Id(id)) => {
                values.push(id.to_be_bytes().to_vec().into());
            }
            _ => return Err("a value is of another type"),
        }
        Ok(())
    }

    /// Writes what was gathered, and gathers anew.
    fn write(&mut self, target: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let definitions = mem::take(&mut self.definitions);
        let repetitions = mem::take(&mut self.repetitions);
        let Shape { optional, list, .. } = self.shape;
        let definitions = (optional || list).then_some(&definitions[..]);
        let levels = (definitions, list.then_some(&repetitions[..]));
        match &mut self.values {
            Values::Bool(values) => write::<BoolType>(target, values, levels),
            Values::Int32(values) => write::<Int32Type>(target, values, levels),
            Values::Int64(values) => write::<Int64Type>(target, values, levels),
            Values::Double(values) => write::<DoubleType>(target, values, levels),
            Values::Bytes(values) => write::<ByteArrayType>(target, values, levels),
            Values::Fixed(values) => write::<FixedLenByteArrayType>(target, values, levels),
        }
    }
}

fn write<T: DataType>(
    target: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    (definitions, repetitions): (Option<&[i16]>, Option<&[i16]>),
) -> Result<(), ParquetError> {
    let values = mem::take(values);
    target
        .typed::<T>()
        .write_batch(&values, definitions, repetitions)?;
    Ok(())
}

fn failed(error: &ParquetError) -> SinkError {
    SinkError::new(format!("it cannot be written as Parquet: {error}"))
}
