//! Single values of a Parquet column as values of a Sheaf type.
//!
//! | Parquet | Sheaf |
//! |---|---|
//! | BOOLEAN | Bool |
//! | INT32, INT64, signed or not | Int, Nat; Time and Duration with the option `unit` |
//! | FLOAT, DOUBLE | Float |
//! | DECIMAL of at most as many places | Decimal |
//! | STRING, ENUM, JSON, and bytes without annotation that are UTF-8 | String; the name of a variant without payload |
//! | bytes | Bytes |
//! | DATE | Date |
//! | TIMESTAMP, INT96 | Time; one without zone is taken as UTC, parts of a microsecond are cut off |
//! | TIME | Duration since midnight |
//! | UUID | Id |

use std::collections::BTreeMap;
use std::fmt;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Int96;
use parquet::schema::types::ColumnDescriptor;
use sheaf_ir::encoding::{encode_inline, encode_text};
use sheaf_ir::value::canonical_float;
use sheaf_ir::{Nominal, Type};
use sheaf_kernels::Interner;

use crate::source::json::shorten;
use crate::source::scalar::{Refusal, Unit};

const TOO_LARGE: Refusal = "it does not fit 64 bits";
const DAY: i128 = 86_400_000_000_000;
/// 1970-01-01 as INT96 counts days.
const EPOCH: i128 = 2_440_588;

/// A value as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// BOOLEAN
    Bool(bool),
    /// INT32
    I32(i32),
    /// INT64
    I64(i64),
    /// INT96
    I96(&'a Int96),
    /// FLOAT
    F32(f32),
    /// DOUBLE
    F64(f64),
    /// BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY
    Bytes(&'a [u8]),
}

impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Bool(b) => write!(f, "{b}"),
            Raw::I32(n) => write!(f, "{n}"),
            Raw::I64(n) => write!(f, "{n}"),
            Raw::I96(n) => write!(f, "{n}"),
            Raw::F32(x) => write!(f, "{x}"),
            Raw::F64(x) => write!(f, "{x}"),
            Raw::Bytes(b) => write!(f, "{:?}", shorten(&String::from_utf8_lossy(b))),
        }
    }
}

/// A value of the Sheaf type, ready to be a word or a part of one.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// The word of an inline type.
    Word(u64),
    /// A String or Bytes.
    Text(&'a [u8]),
    /// What a composite holds of it as well as a column.
    Plain(&'a [u8]),
    /// A variant by its number.
    Variant([u8; 2]),
}

#[derive(Clone, Debug)]
enum Kind {
    Bool,
    Integer {
        unsigned: bool,
    },
    /// Microseconds are this number times the first, divided by the second.
    Scaled(i64, i64),
    Float,
    /// To be multiplied by ten so many times.
    Decimal(u32),
    Date,
    Text {
        annotated: bool,
    },
    Bytes,
    Id,
    Variant(Vec<String>),
    Int96,
}

/// How the values of a column are understood.
#[derive(Clone, Debug)]
pub struct Leaf {
    ty: Type,
    kind: Kind,
}

impl Leaf {
    /// How a column of the file gives this type; `None` if it cannot.
    pub fn new(
        column: &ColumnDescriptor,
        ty: &Type,
        types: &BTreeMap<String, Nominal>,
        unit: Option<Unit>,
    ) -> Option<Leaf> {
        let physical = column.physical_type();
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        let is_integer = matches!(physical, Physical::INT32 | Physical::INT64);
        let is_text = matches!(
            logical,
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
        ) || matches!(
            converted,
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
        );
        let is_bare = logical.is_none() && converted == ConvertedType::NONE;
        let is_decimal =
            matches!(logical, Some(LogicalType::Decimal(_))) || converted == ConvertedType::DECIMAL;
        let plain_integer = is_integer
            && (is_bare
                || matches!(logical, Some(LogicalType::Integer(_)))
                || matches!(
                    converted,
                    ConvertedType::INT_8
                        | ConvertedType::INT_16
                        | ConvertedType::INT_32
                        | ConvertedType::INT_64
                        | ConvertedType::UINT_8
                        | ConvertedType::UINT_16
                        | ConvertedType::UINT_32
                        | ConvertedType::UINT_64
                ));
        let unsigned = matches!(logical, Some(LogicalType::Integer(n)) if !n.is_signed)
            || matches!(
                converted,
                ConvertedType::UINT_8
                    | ConvertedType::UINT_16
                    | ConvertedType::UINT_32
                    | ConvertedType::UINT_64
            );
        let kind = match ty {
            Type::Bool if physical == Physical::BOOLEAN => Kind::Bool,
            Type::Int | Type::Nat if plain_integer => Kind::Integer { unsigned },
            Type::Float if matches!(physical, Physical::FLOAT | Physical::DOUBLE) => Kind::Float,
            Type::Decimal(places) if is_decimal => {
                let own = u32::try_from(column.type_scale()).ok()?;
                Kind::Decimal(u32::from(*places).checked_sub(own)?)
            }
            Type::Date
                if physical == Physical::INT32
                    && (logical == Some(&LogicalType::Date)
                        || converted == ConvertedType::DATE) =>
            {
                Kind::Date
            }
            Type::Time if physical == Physical::INT96 => Kind::Int96,
            Type::Time => match (logical, converted) {
                (Some(LogicalType::Timestamp(at)), _) => scaled(&at.unit),
                (_, ConvertedType::TIMESTAMP_MILLIS) => Kind::Scaled(1_000, 1),
                (_, ConvertedType::TIMESTAMP_MICROS) => Kind::Scaled(1, 1),
                _ if plain_integer && !unsigned => of_unit(unit?),
                _ => return None,
            },
            Type::Duration => match (logical, converted) {
                (Some(LogicalType::Time(at)), _) => scaled(&at.unit),
                (_, ConvertedType::TIME_MILLIS) => Kind::Scaled(1_000, 1),
                (_, ConvertedType::TIME_MICROS) => Kind::Scaled(1, 1),
                _ if plain_integer && !unsigned => of_unit(unit?),
                _ => return None,
            },
            Type::String if physical == Physical::BYTE_ARRAY && (is_text || is_bare) => {
                Kind::Text { annotated: is_text }
            }
            Type::Bytes
                if matches!(
                    physical,
                    Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY
                ) && is_bare =>
            {
                Kind::Bytes
            }
            Type::Id
                if physical == Physical::FIXED_LEN_BYTE_ARRAY && column.type_length() == 16 =>
            {
                Kind::Id
            }
            Type::Named(name) if physical == Physical::BYTE_ARRAY && (is_text || is_bare) => {
                Kind::Variant(plain_variants(types.get(name)?)?)
            }
            _ => return None,
        };
        Some(Leaf {
            ty: ty.clone(),
            kind,
        })
    }

    /// A value of the file as one of the type.
    ///
    /// # Errors
    /// It is none: why.
    pub fn item<'a>(&self, raw: Raw<'a>) -> Result<Item<'a>, Refusal> {
        let word = |n: i64| Ok(Item::Word(n as u64));
        match (&self.kind, raw) {
            (Kind::Bool, Raw::Bool(b)) => Ok(Item::Word(u64::from(b))),
            (Kind::Integer { unsigned: true }, Raw::I32(n)) => word(i64::from(n as u32)),
            (Kind::Integer { unsigned: true }, Raw::I64(n)) if n < 0 => Err(TOO_LARGE),
            (Kind::Integer { .. }, Raw::I32(_) | Raw::I64(_)) => {
                let n = integer(raw)?;
                if n < 0 && self.ty == Type::Nat {
                    return Err("it is negative");
                }
                word(n)
            }
            (Kind::Scaled(times, over), Raw::I32(_) | Raw::I64(_)) => {
                let n = integer(raw)?.checked_mul(*times).ok_or(TOO_LARGE)?;
                word(n.div_euclid(*over))
            }
            (Kind::Int96, Raw::I96(at)) => {
                let [low, high, day] = at.data() else {
                    return Err("");
                };
                let nanoseconds = i128::from(u64::from(*high) << 32 | u64::from(*low));
                let whole = (i128::from(*day) - EPOCH) * DAY + nanoseconds;
                word(i64::try_from(whole.div_euclid(1_000)).map_err(|_| TOO_LARGE)?)
            }
            (Kind::Float, Raw::F32(x)) => Ok(Item::Word(canonical_float(f64::from(x)).to_bits())),
            (Kind::Float, Raw::F64(x)) => Ok(Item::Word(canonical_float(x).to_bits())),
            (Kind::Decimal(shift), raw) => {
                let n = match raw {
                    Raw::Bytes(bytes) => big_endian(bytes)?,
                    other => i128::from(integer(other)?),
                };
                let n = 10i128
                    .checked_pow(*shift)
                    .and_then(|factor| n.checked_mul(factor))
                    .and_then(|n| i64::try_from(n).ok());
                word(n.ok_or(TOO_LARGE)?)
            }
            (Kind::Date, Raw::I32(days)) => word(i64::from(days)),
            (Kind::Text { .. }, Raw::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(_) => Ok(Item::Text(bytes)),
                Err(_) => Err("it is not UTF-8"),
            },
            (Kind::Bytes, Raw::Bytes(bytes)) => Ok(Item::Text(bytes)),
            (Kind::Id, Raw::Bytes(bytes)) if bytes.len() == 16 => Ok(Item::Plain(bytes)),
            (Kind::Variant(names), Raw::Bytes(bytes)) => {
                let index = names.iter().position(|name| name.as_bytes() == bytes);
                match index.and_then(|index| u16::try_from(index).ok()) {
                    Some(index) => Ok(Item::Variant(index.to_be_bytes())),
                    None => Err("it is the name of no variant"),
                }
            }
            _ => Err(""),
        }
    }

    /// The word of a column of this type.
    pub fn word(&self, item: Item<'_>, interner: &Interner) -> u64 {
        match item {
            Item::Word(word) => word,
            Item::Text(bytes) | Item::Plain(bytes) => interner.intern(bytes),
            Item::Variant(bytes) => interner.intern(&bytes),
        }
    }

    /// Appends the value as it stands in a composite.
    pub fn encode(&self, item: Item<'_>, out: &mut Vec<u8>) {
        match item {
            Item::Word(word) => encode_inline(&self.ty, word, out),
            Item::Text(bytes) => encode_text(bytes, out),
            Item::Plain(bytes) => out.extend_from_slice(bytes),
            Item::Variant(bytes) => out.extend_from_slice(&bytes),
        }
    }

    /// The canonical bytes of a column, whose order is that of the values.
    pub fn key(&self, item: Item<'_>) -> Vec<u8> {
        let mut key = Vec::new();
        match item {
            Item::Text(bytes) => key.extend_from_slice(bytes),
            other => self.encode(other, &mut key),
        }
        key
    }

    /// Whether every value that such a column can hold is one of the type.
    pub fn is_total(&self) -> bool {
        match &self.kind {
            Kind::Bool | Kind::Float | Kind::Bytes | Kind::Id | Kind::Date => true,
            Kind::Integer { unsigned } => !unsigned && self.ty == Type::Int,
            Kind::Text { annotated } => *annotated,
            Kind::Scaled(times, _) => *times == 1,
            Kind::Decimal(_) | Kind::Variant(_) | Kind::Int96 => false,
        }
    }

    /// Whether everything between two values of the type is one, too, and in the same order.
    pub fn is_continuous(&self) -> bool {
        match &self.kind {
            Kind::Integer { .. } | Kind::Decimal(_) | Kind::Scaled(..) => true,
            _ => self.is_total(),
        }
    }

    /// Whether statistics of the file leave out values, which are then above all others.
    pub fn has_nan(&self) -> bool {
        matches!(self.kind, Kind::Float)
    }
}

fn integer(raw: Raw<'_>) -> Result<i64, Refusal> {
    match raw {
        Raw::I32(n) => Ok(i64::from(n)),
        Raw::I64(n) => Ok(n),
        _ => Err(""),
    }
}

/// A number in two's complement, of any length.
fn big_endian(bytes: &[u8]) -> Result<i128, Refusal> {
    let negative = bytes.first().is_some_and(|first| first >> 7 == 1);
    let filler = if negative { 0xff } else { 0 };
    let excess = bytes.len().saturating_sub(16);
    let (above, bytes) = bytes.split_at(excess);
    let mut whole = [filler; 16];
    whole[16 - bytes.len()..].copy_from_slice(bytes);
    let n = i128::from_be_bytes(whole);
    match above.iter().all(|byte| *byte == filler) && (n < 0) == negative {
        true => Ok(n),
        false => Err(TOO_LARGE),
    }
}

fn scaled(unit: &TimeUnit) -> Kind {
    match unit {
        TimeUnit::MILLIS => Kind::Scaled(1_000, 1),
        TimeUnit::MICROS => Kind::Scaled(1, 1),
        TimeUnit::NANOS => Kind::Scaled(1, 1_000),
    }
}

fn of_unit(unit: Unit) -> Kind {
    match unit {
        Unit::Second => Kind::Scaled(1_000_000, 1),
        Unit::Millisecond => Kind::Scaled(1_000, 1),
        Unit::Microsecond => Kind::Scaled(1, 1),
        Unit::Nanosecond => Kind::Scaled(1, 1_000),
    }
}

/// The names of an enum's variants, if none has a payload.
pub fn plain_variants(nominal: &Nominal) -> Option<Vec<String>> {
    let Nominal::Enum(variants) = nominal else {
        return None;
    };
    variants
        .iter()
        .map(|(name, payload)| payload.is_empty().then(|| name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twos_complement_of_any_length() {
        for (bytes, n) in [
            (&[][..], Ok(0)),
            (&[0xff], Ok(-1)),
            (&[0x01, 0x00], Ok(256)),
            (&[0x80; 1], Ok(-128)),
            (&[0xff; 20], Ok(-1)),
            (&[0x7f; 17], Err(TOO_LARGE)),
        ] {
            assert_eq!(big_endian(bytes), n, "{bytes:?}");
        }
    }
}
