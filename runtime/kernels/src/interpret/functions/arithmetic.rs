//! Numbers, dates and durations: `+ - * / %`, negation, magnitude, rounding.

use sheaf_ir::value::canonical_float;
use sheaf_ir::{Function, Span, Type};

use super::{Batch, Primitive, Signature, error, shown, type_name};
use crate::calendar::MICROS_PER_DAY;
use crate::{ErrorCode, EvalError};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let first = call.arguments.first()?;
    match (call.function, call.arguments) {
        (Function::Add, [Type::Date, Type::Duration]) => {
            Some(checked(call, "+", |date, duration| {
                add_to_date(date, duration as i128)
            }))
        }
        (Function::Sub, [Type::Date, Type::Duration]) => {
            Some(checked(call, "-", |date, duration| {
                add_to_date(date, -(duration as i128))
            }))
        }
        (Function::Sub, [Type::Date, Type::Date]) => Some(checked(call, "-", days_between)),
        (_, [Type::Float]) => float_unary(call.function),
        (_, [Type::Float, Type::Float]) => float_binary(call),
        (Function::Add, _) if first.is_inline() => Some(checked(call, "+", i64::overflowing_add)),
        (Function::Sub, _) if first.is_inline() => Some(checked(call, "-", i64::overflowing_sub)),
        (Function::Mul, _) => Some(checked(call, "*", i64::overflowing_mul)),
        (Function::Div, [Type::Decimal(_), Type::Decimal(places)]) => {
            let places = *places;
            Some(divide(call, "/", move |a, b| {
                super::decimal::divide(a, b, places)
            }))
        }
        (Function::Div, _) => Some(divide(call, "/", |a, b| {
            a.checked_div(b).map_or((0, true), |q| (q, false))
        })),
        // The remainder always fits: i64::MIN % -1 is 0.
        (Function::Rem, _) => Some(divide(call, "%", |a, b| {
            if b == 0 {
                (0, true)
            } else {
                (a.wrapping_rem(b), false)
            }
        })),
        (Function::Neg, _) => Some(checked_unary(call, "-", i64::overflowing_neg)),
        (Function::Abs, [Type::Nat]) => Some(Box::new(|batch, _| batch.unary(|a| a))),
        (Function::Abs, _) => Some(checked_unary(call, "abs", i64::overflowing_abs)),
        _ => None,
    }
}

fn float_unary(function: &Function) -> Option<Primitive> {
    fn with(f: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Option<Primitive> {
        Some(Box::new(move |batch, _| {
            batch.unary(|a| float_word(f(f64::from_bits(a))))
        }))
    }
    match function {
        Function::Neg => with(|a| -a),
        Function::Abs => with(f64::abs),
        Function::Floor => with(f64::floor),
        Function::Ceil => with(f64::ceil),
        Function::Round => with(f64::round),
        Function::Sqrt => with(f64::sqrt),
        _ => None,
    }
}

fn float_binary(call: &Signature) -> Option<Primitive> {
    fn with(f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> Option<Primitive> {
        Some(Box::new(move |batch, _| {
            batch.binary(|a, b| float_word(f(f64::from_bits(a), f64::from_bits(b))))
        }))
    }
    fn unless_zero(
        span: Span,
        sign: &'static str,
        f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Option<Primitive> {
        Some(Box::new(move |batch, failures| {
            batch.checked_binary(
                failures,
                |a, b| {
                    let (a, b) = (f64::from_bits(a), f64::from_bits(b));
                    (float_word(f(a, b)), b == 0.0)
                },
                |a, b| by_zero(span, sign, &Type::Float, a, &Type::Float, b),
            )
        }))
    }
    match call.function {
        Function::Add => with(|a, b| a + b),
        Function::Sub => with(|a, b| a - b),
        Function::Mul => with(|a, b| a * b),
        Function::Div => unless_zero(call.span, "/", |a, b| a / b),
        Function::Rem => unless_zero(call.span, "%", |a, b| a % b),
        _ => None,
    }
}

fn float_word(x: f64) -> u64 {
    canonical_float(x).to_bits()
}

/// The day that the moment so many microseconds after a day's midnight lies in.
fn add_to_date(date: i64, micros: i128) -> (i64, bool) {
    // At most 2⁶³ microseconds are far fewer days.
    let days = micros.div_euclid(MICROS_PER_DAY as i128) as i64;
    date.overflowing_add(days)
}

fn days_between(a: i64, b: i64) -> (i64, bool) {
    let days = a.checked_sub(b);
    let micros = days.and_then(|days| days.checked_mul(MICROS_PER_DAY));
    micros.map_or((0, true), |micros| (micros, false))
}

fn checked(
    call: &Signature,
    sign: &'static str,
    f: impl Fn(i64, i64) -> (i64, bool) + Send + Sync + 'static,
) -> Primitive {
    let (left, right) = (call.arguments[0].clone(), call.arguments[1].clone());
    let (result, span) = (call.result.clone(), call.span);
    Box::new(move |batch, failures| {
        batch.checked_binary(
            failures,
            |a, b| words(f(a as i64, b as i64)),
            |a, b| overflow(span, binary_text(sign, &left, a, &right, b), &result),
        )
    })
}

fn checked_unary(
    call: &Signature,
    sign: &'static str,
    f: impl Fn(i64) -> (i64, bool) + Send + Sync + 'static,
) -> Primitive {
    let (ty, result, span) = (call.arguments[0].clone(), call.result.clone(), call.span);
    Box::new(move |batch, failures| {
        batch.checked_unary(
            failures,
            |a| words(f(a as i64)),
            |a| overflow(span, format!("{sign}({})", shown(&ty, a)), &result),
        )
    })
}

/// Division or remainder: fails by zero, else on overflow.
fn divide(
    call: &Signature,
    sign: &'static str,
    f: impl Fn(i64, i64) -> (i64, bool) + Send + Sync + 'static,
) -> Primitive {
    let (left, right) = (call.arguments[0].clone(), call.arguments[1].clone());
    let (result, span) = (call.result.clone(), call.span);
    Box::new(move |batch: &Batch, failures| {
        batch.checked_binary(
            failures,
            |a, b| words(f(a as i64, b as i64)),
            |a, b| match b {
                0 => by_zero(span, sign, &left, a, &right, b),
                _ => overflow(span, binary_text(sign, &left, a, &right, b), &result),
            },
        )
    })
}

fn words((result, failed): (i64, bool)) -> (u64, bool) {
    (result as u64, failed)
}

fn binary_text(sign: &str, left: &Type, a: u64, right: &Type, b: u64) -> String {
    format!("{} {sign} {}", shown(left, a), shown(right, b))
}

fn overflow(span: Span, what: String, result: &Type) -> EvalError {
    let message = format!("{what} does not fit {}", type_name(result));
    error(ErrorCode::Overflow, span, message)
}

fn by_zero(span: Span, sign: &str, left: &Type, a: u64, right: &Type, b: u64) -> EvalError {
    let what = binary_text(sign, left, a, right, b);
    error(
        ErrorCode::DivisionByZero,
        span,
        format!("{what} divides by zero"),
    )
}
