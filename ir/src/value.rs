//! Values as data: constants, parameters, what a test gives and expects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::MAX_VALUE_DEPTH;
use crate::{Nominal, Type};

/// A value of some [`crate::Type`]. Engines work on words (see [`crate::encoding`]); this form is
/// for constants, parameters and results.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    /// `Bool`.
    Bool(bool),
    /// `Int`.
    Int(i64),
    /// `Nat`; never negative.
    Nat(i64),
    /// `Float`, in canonical form.
    Float(Float),
    /// `Decimal(n)`: the scaled integer; the type knows the places.
    Decimal(i64),
    /// `String`.
    String(String),
    /// `Bytes`.
    Bytes(Vec<u8>),
    /// `Date`, days since 1970-01-01.
    Date(i64),
    /// `Time`, microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// `Duration`, microseconds.
    Duration(i64),
    /// `Id` or `RowId`.
    Id(u128),
    /// `Option`.
    Option(Option<Box<Value>>),
    /// `List`.
    List(Vec<Value>),
    /// `Set`, ascending, without duplicates.
    Set(Vec<Value>),
    /// `Map`, ascending by key, one entry a key.
    Map(Vec<(Value, Value)>),
    /// A tuple or the fields of a record, in declaration order.
    Tuple(Vec<Value>),
    /// An enum value: index of its variant, and payload.
    Variant(u32, Vec<Value>),
}

impl Value {
    /// Whether this is a canonical value of a type: of its shape, a Nat not negative, sets and
    /// maps ascending without duplicates, variants and their payloads as defined. Values nested
    /// deeper than [`crate::types::MAX_VALUE_DEPTH`] are of no type.
    pub fn is_of(&self, ty: &Type, types: &BTreeMap<String, Nominal>) -> bool {
        self.is_of_within(ty, types, MAX_VALUE_DEPTH)
    }

    fn is_of_within(&self, ty: &Type, types: &BTreeMap<String, Nominal>, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let is = |value: &Value, ty: &Type| value.is_of_within(ty, types, depth);
        let are = |parts: &[Value], tys: &mut dyn ExactSizeIterator<Item = &Type>| {
            parts.len() == tys.len() && parts.iter().zip(tys).all(|(part, ty)| is(part, ty))
        };
        match (self, ty) {
            (Value::Bool(_), Type::Bool)
            | (Value::Int(_), Type::Int)
            | (Value::Float(_), Type::Float)
            | (Value::Decimal(_), Type::Decimal(_))
            | (Value::String(_), Type::String)
            | (Value::Bytes(_), Type::Bytes)
            | (Value::Date(_), Type::Date)
            | (Value::Time(_), Type::Time)
            | (Value::Duration(_), Type::Duration)
            | (Value::Id(_), Type::Id | Type::RowId)
            | (Value::Option(None), Type::Option(_)) => true,
            (Value::Nat(n), Type::Nat) => *n >= 0,
            (Value::Option(Some(value)), Type::Option(ty)) => is(value, ty),
            (Value::List(items), Type::List(ty)) => items.iter().all(|item| is(item, ty)),
            (Value::Set(items), Type::Set(ty)) => {
                items.iter().all(|item| is(item, ty)) && items.is_sorted_by(|a, b| a < b)
            }
            (Value::Map(entries), Type::Map(key, value)) => {
                entries.iter().all(|(k, v)| is(k, key) && is(v, value))
                    && entries.is_sorted_by(|a, b| a.0 < b.0)
            }
            (Value::Tuple(parts), Type::Tuple(tys)) => are(parts, &mut tys.iter()),
            (value, Type::Named(name)) => match (value, types.get(name)) {
                (Value::Tuple(parts), Some(Nominal::Record(fields))) => {
                    are(parts, &mut fields.iter().map(|(_, ty)| ty))
                }
                (Value::Variant(index, payload), Some(Nominal::Enum(variants))) => variants
                    .get(*index as usize)
                    .is_some_and(|(_, tys)| are(payload, &mut tys.iter())),
                _ => false,
            },
            _ => false,
        }
    }
}

/// A float in canonical form: one NaN, no −0.0; total order with NaN greatest.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Float(f64);

impl From<f64> for Float {
    fn from(x: f64) -> Float {
        Float::new(x)
    }
}

impl From<Float> for f64 {
    fn from(x: Float) -> f64 {
        x.0
    }
}

impl Float {
    /// Makes `x` canonical.
    pub fn new(x: f64) -> Float {
        Float(canonical_float(x))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Maps every NaN to one NaN and −0.0 to 0.0, so that equal floats have equal bits.
pub fn canonical_float(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x + 0.0 }
}

impl PartialEq for Float {
    fn eq(&self, other: &Float) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for Float {}
impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Float) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Float {
    fn cmp(&self, other: &Float) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl std::hash::Hash for Float {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
