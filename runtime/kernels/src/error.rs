//! Errors as values: what happens to a row whose expression fails.

use serde::{Deserialize, Serialize};
use sheaf_ir::Span;

/// Kinds of run-time failure; each has a stable diagnostic code in family E09.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorCode {
    /// An integer result does not fit 64 bits (or a Nat would be negative).
    Overflow,
    /// Division or remainder by zero.
    DivisionByZero,
    /// A conversion failed.
    Conversion,
    /// A function was called outside its domain (`unwrap` of None, a window of no size).
    Domain,
    /// `One` met two different values for a key.
    Conflict,
    /// A fixpoint reached its limit.
    IterationLimit,
    /// A row of an input could not be read.
    Input,
}

impl ErrorCode {
    /// The stable code of the message page.
    pub fn code(self) -> &'static str {
        match self {
            ErrorCode::Overflow => "E0901",
            ErrorCode::DivisionByZero => "E0902",
            ErrorCode::Conversion => "E0903",
            ErrorCode::Domain => "E0904",
            ErrorCode::Conflict => "E0905",
            ErrorCode::IterationLimit => "E0906",
            ErrorCode::Input => "E0907",
        }
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EvalError {
    /// The kind.
    pub code: ErrorCode,
    /// The expression that failed.
    pub span: Span,
    /// In words, with the values: `9223372036854775807 + 1 does not fit Int`.
    pub message: String,
}

/// A row of a batch that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Index in the input batch.
    pub row: u32,
    /// Why.
    pub error: EvalError,
}
