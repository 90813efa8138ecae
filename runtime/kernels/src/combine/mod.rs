//! x
mod exact_float;
mod rounding;
use crate::{ErrorCode, EvalError};
pub use exact_float::ExactSum;
pub(crate) use rounding::round_quotient;
use sheaf_ir::{Span, Type};

/// The word of an exact sum of integers, if it fits its type.
pub(crate) fn integer_sum(total: i128, ty: &Type, span: Span) -> Result<u64, EvalError> {
    let least = if *ty == Type::Nat { 0 } else { i64::MIN };
    match i64::try_from(total) {
        Ok(sum) if sum >= least => Ok(sum as u64),
        _ => Err(EvalError {
            code: ErrorCode::Overflow,
            span,
            message: format!("sum {total} does not fit"),
        }),
    }
}
