//! Powers, logarithms, angles, signs and bits.
//!
//! Functions that IEEE 754 does not round exactly come from one library, not from the platform, so that
//! every machine gives the same bits.

use sheaf_ir::value::canonical_float;
use sheaf_ir::{Function, Type};

use super::{Primitive, Signature, error, shown, type_name};
use crate::ErrorCode;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match (call.function, call.arguments) {
        (Function::Exp, _) => Some(float(libm::exp)),
        (Function::Ln, _) => Some(float(libm::log)),
        (Function::Log10, _) => Some(float(libm::log10)),
        (Function::Sin, _) => Some(float(libm::sin)),
        (Function::Cos, _) => Some(float(libm::cos)),
        (Function::Tan, _) => Some(float(libm::tan)),
        (Function::Trunc, [Type::Float]) => Some(float(f64::trunc)),
        (Function::Atan2, _) => Some(float_binary(libm::atan2)),
        (Function::Pow, [Type::Float, _]) => Some(float_binary(libm::pow)),
        (Function::Pow, _) => Some(integer_power(call)),
        (Function::Sign, [Type::Float]) => Some(Box::new(|batch, _| {
            batch.unary(|a| {
                let x = f64::from_bits(a);
                ((x > 0.0) as i64 - (x < 0.0) as i64) as u64
            })
        })),
        (Function::Sign, _) => Some(Box::new(|batch, _| {
            batch.unary(|a| (a as i64).signum() as u64)
        })),
        (Function::BitAnd, _) => Some(bits(|a, b| a & b)),
        (Function::BitOr, _) => Some(bits(|a, b| a | b)),
        (Function::BitXor, _) => Some(bits(|a, b| a ^ b)),
        (Function::ShiftLeft, _) => Some(bits(|a, n| if n < 64 { a << n } else { 0 })),
        (Function::ShiftRight, _) => Some(bits(|a, n| (a as i64 >> n.min(63)) as u64)),
        _ => None,
    }
}

fn float(f: fn(f64) -> f64) -> Primitive {
    Box::new(move |batch, _| batch.unary(|a| canonical_float(f(f64::from_bits(a))).to_bits()))
}

fn float_binary(f: fn(f64, f64) -> f64) -> Primitive {
    Box::new(move |batch, _| {
        batch.binary(|a, b| canonical_float(f(f64::from_bits(a), f64::from_bits(b))).to_bits())
    })
}

fn bits(f: impl Fn(u64, u64) -> u64 + Send + Sync + 'static) -> Primitive {
    Box::new(move |batch, _| batch.binary(&f))
}

fn integer_power(call: &Signature) -> Primitive {
    let (ty, span) = (call.result.clone(), call.span);
    Box::new(move |batch, failures| {
        batch.checked_binary(
            failures,
            |base, exponent| match power(base as i64, exponent) {
                Some(power) => (power as u64, false),
                None => (0, true),
            },
            |base, exponent| {
                let (base, exponent) = (shown(&ty, base), shown(&Type::Nat, exponent));
                let message = format!("pow({base}, {exponent}) does not fit {}", type_name(&ty));
                error(ErrorCode::Overflow, span, message)
            },
        )
    })
}

/// An integer to a power, if it fits.
pub(crate) fn power(base: i64, exponent: u64) -> Option<i64> {
    match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent.is_multiple_of(2) { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}
