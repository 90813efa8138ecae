//! Decimals: rounding to places, and conversion from other numbers and text.

use sheaf_ir::{Function, Type};

use super::{Primitive, Signature, error, shown, type_name, utf8};
use crate::ErrorCode;

/// The greatest power of ten in 128 bits. A unit of more places rounds every 64-bit integer alike.
const MAX_EXPONENT: u32 = 38;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match (call.function, call.arguments) {
        (Function::Floor, [Type::Decimal(_), ..]) => {
            Some(rounded(call, |a, unit| a.div_euclid(unit) * unit))
        }
        (Function::Ceil, [Type::Decimal(_), ..]) => {
            Some(rounded(call, |a, unit| -((-a).div_euclid(unit) * unit)))
        }
        (Function::Round, [Type::Decimal(_), ..]) => {
            Some(rounded(call, |a, unit| round_quotient(a, unit) * unit))
        }
        (Function::Trunc, [Type::Decimal(_), ..]) => Some(rounded(call, |a, unit| a / unit * unit)),
        (Function::ToDecimal(places), [from]) => Some(to_decimal(*places, from.clone(), call)),
        (Function::ParseDecimal(places), _) => {
            let places = *places;
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each_symbol(|text| {
                    let value = parse(&utf8(text), places).map(|scaled| scaled as u64);
                    batch.option_of(&Type::Decimal(places), value, &mut out)
                })
            }))
        }
        _ => None,
    }
}

/// `a · 10ⁿ / b`, n the places of the divisor: the quotient with the places of the dividend. The flag
/// says that there is none.
pub(crate) fn divide(a: i64, b: i64, divisor_places: u8) -> (i64, bool) {
    let unit = 10i128.checked_pow(divisor_places as u32);
    let scaled = match a {
        0 => Some(0),
        // What does not fit 128 bits is, divided by 64 bits, still beyond 64.
        _ => unit.and_then(|unit| unit.checked_mul(a as i128)),
    };
    let quotient = match (scaled, b) {
        (Some(scaled), 1..) => i64::try_from(round_quotient(scaled, b as i128)).ok(),
        (Some(scaled), ..=-1) => i64::try_from(-round_quotient(scaled, -(b as i128))).ok(),
        _ => None,
    };
    quotient.map_or((0, true), |quotient| (quotient, false))
}

/// The integer nearest to a quotient, ties away from zero; the divisor is positive.
fn round_quotient(a: i128, divisor: i128) -> i128 {
    let is_up = (a % divisor).unsigned_abs() * 2 >= divisor.unsigned_abs();
    a / divisor + if is_up { a.signum() } else { 0 }
}

/// A Decimal brought to a multiple of a unit: one, or ten to minus the second argument.
fn rounded(call: &Signature, f: impl Fn(i128, i128) -> i128 + Send + Sync + 'static) -> Primitive {
    let (ty, span) = (call.result.clone(), call.span);
    let Type::Decimal(places) = ty else {
        unreachable!("the call was found to give a Decimal");
    };
    let name = call.function.name();
    let has_places = call.arguments.len() == 2;
    Box::new(move |batch, failures| {
        batch.try_each(failures, |lane| {
            let word = batch.word(0, lane);
            let kept = if has_places { batch.word(1, lane) } else { 0 };
            let dropped = (places as u64).saturating_sub(kept) as u32;
            let unit = 10i128.pow(dropped.min(MAX_EXPONENT));
            let scaled = f(word as i64 as i128, unit);
            i64::try_from(scaled)
                .map(|scaled| scaled as u64)
                .map_err(|_| {
                    let (number, ty) = (shown(&ty, word), type_name(&ty));
                    let message = format!("{name}({number}) does not fit {ty}");
                    error(ErrorCode::Overflow, span, message)
                })
        })
    })
}

fn to_decimal(places: u8, from: Type, call: &Signature) -> Primitive {
    let (to, span) = (call.result.clone(), call.span);
    Box::new(move |batch, failures| {
        batch.try_each(failures, |lane| {
            let word = batch.word(0, lane);
            let scaled = match from {
                Type::String => parse(&utf8(batch.text(0, lane)), places),
                Type::Float => {
                    // The library rounds the exact value to nearest, ties to even.
                    let x = f64::from_bits(word);
                    parse(&format!("{x:.*}", places as usize), places)
                }
                Type::Decimal(from) => rescale(word as i64, from, places),
                _ => rescale(word as i64, 0, places),
            };
            scaled.map(|scaled| scaled as u64).ok_or_else(|| {
                let what = match from {
                    Type::String => format!("{:?}", utf8(batch.text(0, lane))),
                    _ => shown(&from, word),
                };
                let message = format!("{what} cannot be converted to {}", type_name(&to));
                error(ErrorCode::Conversion, span, message)
            })
        })
    })
}

fn rescale(scaled: i64, from: u8, to: u8) -> Option<i64> {
    let (from, to) = (from as u32, to as u32);
    if from > to {
        let unit = 10i128.pow((from - to).min(MAX_EXPONENT));
        return i64::try_from(round_quotient(scaled as i128, unit)).ok();
    }
    match scaled {
        0 => Some(0),
        _ => scaled.checked_mul(10i64.checked_pow(to - from)?),
    }
}

/// Digits with an optional sign and point, exactly.
fn parse(text: &str, places: u8) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty());
    let (kept, dropped) = fraction
        .split_at_checked(places as usize)
        .unwrap_or((fraction, ""));
    let digits = || whole.bytes().chain(kept.bytes()).chain(dropped.bytes());
    if !is_number || !digits().all(|b| b.is_ascii_digit()) || dropped.bytes().any(|b| b != b'0') {
        return None;
    }
    // Accumulated below zero, where there is room for one more value than above.
    let zeros = places as usize - kept.len();
    let mut digits = whole
        .bytes()
        .chain(kept.bytes())
        .chain(std::iter::repeat_n(b'0', zeros));
    let scaled = digits.try_fold(0i64, |n, digit| {
        n.checked_mul(10)?.checked_sub((digit - b'0') as i64)
    })?;
    if text.starts_with('-') {
        Some(scaled)
    } else {
        scaled.checked_neg()
    }
}
