//! Conversions between numbers and text.

use sheaf_ir::value::canonical_float;
use sheaf_ir::{Function, Span, Type};

use super::{Batch, Primitive, Signature, error, shown, type_name, utf8};
use crate::combine::round_quotient;
use crate::{ErrorCode, EvalError};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let from = call.arguments.first()?;
    let to = call.result;
    match (call.function, from) {
        (Function::ToInt | Function::ToNat, Type::String) => Some(parse_integer(call)),
        (Function::ToInt, Type::Int | Type::Nat) | (Function::ToNat, Type::Nat) => {
            Some(unchanged())
        }
        (Function::ToNat, Type::Int) => Some(integer(call, Some)),
        (Function::ToInt | Function::ToNat, Type::Float) => Some(integer(call, |word| {
            truncate_float(f64::from_bits(word as u64))
        })),
        (Function::ToInt | Function::ToNat, Type::Decimal(places)) => {
            let unit = 10i64.checked_pow(*places as u32);
            // A unit beyond 64 bits leaves only a fraction of any scaled integer.
            Some(integer(call, move |scaled| {
                Some(unit.map_or(0, |unit| scaled / unit))
            }))
        }
        (Function::ToFloat, Type::Float) => Some(unchanged()),
        (Function::ToFloat, Type::Int | Type::Nat) => Some(Box::new(|batch, _| {
            batch.unary(|a| (a as i64 as f64).to_bits())
        })),
        (Function::ToFloat, Type::Decimal(places)) => {
            let places = *places;
            Some(Box::new(move |batch, _| {
                batch.unary(|a| round_quotient(a as i64 as i128, 1, places).to_bits())
            }))
        }
        (Function::ToFloat, Type::String) => {
            let (to, span) = (to.clone(), call.span);
            Some(Box::new(move |batch, failures| {
                batch.try_each(failures, |lane| {
                    let text = utf8(batch.text(0, lane));
                    match text.parse::<f64>() {
                        Ok(x) => Ok(canonical_float(x).to_bits()),
                        Err(_) => Err(not_a(span, &format!("{text:?}"), &to)),
                    }
                })
            }))
        }
        (Function::ParseInt, _) => Some(parsed(Type::Int, |text| {
            text.parse::<i64>().ok().map(|i| i as u64)
        })),
        (Function::ParseNat, _) => Some(parsed(Type::Nat, |text| {
            let i = text.parse::<i64>().ok()?;
            u64::try_from(i).ok()
        })),
        (Function::ParseFloat, _) => Some(parsed(Type::Float, |text| {
            let x = text.parse::<f64>().ok()?;
            Some(canonical_float(x).to_bits())
        })),
        (Function::ToString, Type::String) => Some(unchanged()),
        (Function::ToString, _) => {
            let from = from.clone();
            Some(Box::new(move |batch, _| to_text(batch, &from)))
        }
        _ => None,
    }
}

fn unchanged() -> Primitive {
    Box::new(|batch, _| batch.unary(|a| a))
}

fn to_text(batch: &Batch, from: &Type) -> Vec<u64> {
    let mut text = String::new();
    batch.each(|lane| {
        text.clear();
        let word = batch.word(0, lane);
        crate::words::write_display(word, from, batch.cx.types, batch.cx.interner, &mut text);
        batch.intern(text.as_bytes())
    })
}

/// To Int, or to Nat where the result may not be negative.
fn integer(call: &Signature, f: impl Fn(i64) -> Option<i64> + Send + Sync + 'static) -> Primitive {
    let (from, to, span) = (call.arguments[0].clone(), call.result.clone(), call.span);
    let least = least(&to);
    Box::new(move |batch, failures| {
        batch.checked_unary(
            failures,
            |a| match f(a as i64) {
                Some(i) => (i as u64, i < least),
                None => (0, true),
            },
            |a| not_a(span, &shown(&from, a), &to),
        )
    })
}

fn parse_integer(call: &Signature) -> Primitive {
    let (to, span) = (call.result.clone(), call.span);
    let least = least(&to);
    Box::new(move |batch, failures| {
        batch.try_each(failures, |lane| {
            let text = utf8(batch.text(0, lane));
            match text.parse::<i64>() {
                Ok(i) if i >= least => Ok(i as u64),
                _ => Err(not_a(span, &format!("{text:?}"), &to)),
            }
        })
    })
}

/// What a text says, as Option.
fn parsed(to: Type, f: fn(&str) -> Option<u64>) -> Primitive {
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each_symbol(|text| batch.option_of(&to, f(&utf8(text)), &mut out))
    })
}

fn least(to: &Type) -> i64 {
    if *to == Type::Nat { 0 } else { i64::MIN }
}

/// The integer part, if it fits.
fn truncate_float(x: f64) -> Option<i64> {
    // −2⁶³ is a float, 2⁶³ the first beyond; NaN is in no range.
    let limit = (1u64 << 63) as f64;
    (-limit..limit).contains(&x.trunc()).then_some(x as i64)
}

fn not_a(span: Span, what: &str, to: &Type) -> EvalError {
    let message = format!("{what} cannot be converted to {}", type_name(to));
    error(ErrorCode::Conversion, span, message)
}
