//! Types of columns and expressions.

use serde::{Deserialize, Serialize};

/// How deep a type may nest; [`mod@crate::verify`] refuses deeper ones.
pub const MAX_TYPE_DEPTH: usize = 64;

/// How deep a value may nest. Types are shallower, but a nominal type may recur through a list.
pub const MAX_VALUE_DEPTH: usize = 256;

/// A type. Generic nominal types arrive monomorphised: their arguments are part of their name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Type {
    /// `false < true`.
    Bool,
    /// 64-bit signed integer.
    Int,
    /// 0 … 2⁶³−1.
    Nat,
    /// IEEE 754 double with one NaN, equal to itself and greatest, and no −0.0.
    Float,
    /// Exact, a 64-bit integer scaled by 10ⁿ.
    Decimal(u8),
    /// UTF-8, ordered bytewise.
    String,
    /// Ordered bytewise.
    Bytes,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time,
    /// Microseconds.
    Duration,
    /// 128-bit identity of an event or entity.
    Id,
    /// 128-bit identity of an input row, from source and ordinal.
    RowId,
    /// `None < Some(x)`.
    Option(Box<Type>),
    /// Ordered lexicographically.
    List(Box<Type>),
    /// Kept ascending and without duplicates.
    Set(Box<Type>),
    /// Kept ascending by key.
    Map(Box<Type>, Box<Type>),
    /// `()` is `Unit`.
    Tuple(Vec<Type>),
    /// A record or enum of [`crate::Program::types`], by qualified name.
    Named(String),
}

impl Type {
    /// The empty tuple.
    pub fn unit() -> Type {
        Type::Tuple(Vec::new())
    }

    /// Whether a value is its own 64-bit word; any other is a symbol of the process's interner.
    pub fn is_inline(&self) -> bool {
        matches!(
            self,
            Type::Bool
                | Type::Int
                | Type::Nat
                | Type::Float
                | Type::Decimal(_)
                | Type::Date
                | Type::Time
                | Type::Duration
        )
    }

    /// The type of what a generator over this type yields: elements of a list or set,
    /// `(key, value)` of a map; `None` for any other type.
    pub fn element(&self) -> Option<Type> {
        match self {
            Type::List(element) | Type::Set(element) => Some((**element).clone()),
            Type::Map(key, value) => Some(Type::Tuple(vec![(**key).clone(), (**value).clone()])),
            _ => None,
        }
    }

    /// The types this one is made of, in order.
    pub fn parts(&self) -> Vec<&Type> {
        match self {
            Type::Option(inner) | Type::List(inner) | Type::Set(inner) => vec![inner],
            Type::Map(key, value) => vec![key, value],
            Type::Tuple(parts) => parts.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it nests at most `depth` deep; a scalar nests 1 deep. Stops at the bound, so that
    /// no type is too deep to ask.
    pub fn is_within(&self, depth: usize) -> bool {
        depth > 0 && self.parts().iter().all(|part| part.is_within(depth - 1))
    }

    /// Whether `+` and exact sums are defined.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Type::Int | Type::Nat | Type::Float | Type::Decimal(_))
    }
}

/// As in IR text.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let mut out = String::new();
        crate::text::literal::print_type(&mut out, self);
        f.write_str(&out)
    }
}

/// The definition of a record or enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nominal {
    /// Field names and types, in declaration order, which is also the order of comparison.
    Record(Vec<(String, Type)>),
    /// Variant names and payload types, in declaration order, which is also the order of comparison.
    Enum(Vec<(String, Vec<Type>)>),
}
