//! Values as data: constants, parameters, what a test gives and expects.

use serde::{Deserialize, Serialize};

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

/// A float in canonical form: one NaN, no −0.0; total order with NaN greatest.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Float(f64);

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
