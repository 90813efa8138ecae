//! Numbers, and text as numbers.

use sheaf_ir::{Function, Type, Value};

use super::{Call, Failure, Outcome, float, integer, number, option, string};

const MICROS_PER_DAY: i128 = 86_400_000_000;

pub(super) fn apply(call: &Call) -> Option<Outcome> {
    floats(call)
        .or_else(|| conversion(call))
        .or_else(|| decimals(call))
        .or_else(|| integers(call))
}

fn floats(call: &Call) -> Option<Outcome> {
    use Function::{
        Abs, Add, Atan2, Ceil, Cos, Div, Exp, Floor, Ln, Log10, Mul, Neg, Pow, Rem, Round, Sign,
        Sin, Sqrt, Sub, Tan, Trunc,
    };
    let a = match call.arguments.first()? {
        Value::Float(a) => a.get(),
        _ => return None,
    };
    let b = match call.arguments.get(1) {
        Some(Value::Float(b)) => b.get(),
        _ => 0.0,
    };
    Some(Ok(float(match call.function {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div | Rem if b == 0.0 => return Some(Err(Failure::DivisionByZero)),
        Div => a / b,
        Rem => a % b,
        Neg => -a,
        Abs => a.abs(),
        Floor => a.floor(),
        Ceil => a.ceil(),
        Round => a.round(),
        Trunc => a.trunc(),
        Sqrt => a.sqrt(),
        Pow => libm::pow(a, b),
        Exp => libm::exp(a),
        Ln => libm::log(a),
        Log10 => libm::log10(a),
        Sin => libm::sin(a),
        Cos => libm::cos(a),
        Tan => libm::tan(a),
        Atan2 => libm::atan2(a, b),
        Sign if a > 0.0 => return Some(Ok(Value::Int(1))),
        Sign if a < 0.0 => return Some(Ok(Value::Int(-1))),
        Sign => return Some(Ok(Value::Int(0))),
        _ => return None,
    })))
}

fn conversion(call: &Call) -> Option<Outcome> {
    let (argument, from) = match (call.arguments, call.types) {
        ([argument], [from]) => (argument, from),
        _ => return None,
    };
    let failed = |found: Option<Value>| found.ok_or(Failure::Conversion);
    Some(match call.function {
        Function::ToInt | Function::ToNat => failed(whole(argument, from, call.result)),
        Function::ToFloat => failed(to_float(argument, from)),
        Function::ToDecimal(places) => failed(to_decimal(argument, from, *places)),
        Function::ParseInt => Ok(option(whole(argument, from, &Type::Int))),
        Function::ParseNat => Ok(option(whole(argument, from, &Type::Nat))),
        Function::ParseFloat => Ok(option(to_float(argument, from))),
        Function::ParseDecimal(places) => Ok(option(to_decimal(argument, from, *places))),
        Function::ToString => Ok(string(shown(argument, from))),
        _ => return None,
    })
}

fn whole(value: &Value, from: &Type, to: &Type) -> Option<Value> {
    let integral = match (value, from) {
        (Value::String(text), _) => text.parse::<i64>().ok()? as i128,
        (Value::Float(x), _) if x.get().is_nan() => return None,
        // Saturates far outside of 64 bits.
        (Value::Float(x), _) => x.get().trunc() as i128,
        (Value::Decimal(scaled), Type::Decimal(places)) => match 10i128.checked_pow(*places as u32)
        {
            Some(unit) => *scaled as i128 / unit,
            None => 0,
        },
        _ => number(value)?,
    };
    integer(to, integral).ok()
}

fn to_float(value: &Value, from: &Type) -> Option<Value> {
    Some(float(match (value, from) {
        (Value::String(text), _) => text.parse().ok()?,
        (Value::Float(x), _) => x.get(),
        (Value::Decimal(scaled), Type::Decimal(places)) => {
            // Reading decimal text rounds once.
            format!("{scaled}e-{places}").parse().ok()?
        }
        _ => number(value)? as f64,
    }))
}

/// By way of digits: all that a number has, then rounded to the places.
fn to_decimal(value: &Value, from: &Type, places: u8) -> Option<Value> {
    let digits = match value {
        Value::String(text) => text.clone(),
        // No float has more digits behind its point.
        Value::Float(x) if x.get().is_finite() => format!("{:.1100}", x.get()),
        Value::Float(_) => return None,
        _ => shown(value, from),
    };
    let negative = digits.starts_with('-');
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    let mut parts = unsigned.splitn(2, '.');
    let (whole, fraction) = (parts.next()?, parts.next().unwrap_or(""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || all.contains(|c: char| !c.is_ascii_digit()) {
        return None;
    }
    let places = places as usize;
    let padded = format!("{fraction}{}", "0".repeat(places));
    let (kept, dropped) = padded.split_at(places);
    let half = format!("5{}", "0".repeat(dropped.len().max(1) - 1));
    let significant = format!("{whole}{kept}");
    let significant = significant.trim_start_matches('0');
    if significant.len() > 30 {
        return None;
    }
    let mut scaled: i128 = format!("0{significant}").parse().ok()?;
    let is_up = match value {
        Value::String(_) if dropped.contains(|c| c != '0') => return None,
        Value::Float(_) => *dropped > *half || *dropped == *half && scaled % 2 == 1,
        _ => !dropped.is_empty() && *dropped >= *half,
    };
    scaled += is_up as i128;
    i64::try_from(if negative { -scaled } else { scaled })
        .ok()
        .map(Value::Decimal)
}

fn decimals(call: &Call) -> Option<Outcome> {
    let Some(Type::Decimal(places)) = call.types.first() else {
        return None;
    };
    let a = number(&call.arguments[0])?;
    let b = call.arguments.get(1).and_then(number);
    // How far a quotient is rounded: down, up, to the nearest, toward zero.
    type Rounding = fn(i128, i128) -> i128;
    let rounding: Rounding = match call.function {
        Function::Floor => |a, unit| a.div_euclid(unit),
        Function::Ceil => |a, unit| -(-a).div_euclid(unit),
        Function::Round => nearest,
        Function::Trunc => |a, unit| a / unit,
        Function::Div => {
            let Some(Type::Decimal(divisor_places)) = call.types.get(1) else {
                return None;
            };
            return Some(match (b?, 10i128.checked_pow(*divisor_places as u32)) {
                (0, _) => Err(Failure::DivisionByZero),
                _ if a == 0 => integer(call.result, 0),
                (b, Some(unit)) => match a.checked_mul(unit) {
                    Some(scaled) => integer(call.result, nearest(scaled * b.signum(), b.abs())),
                    None => Err(Failure::Overflow),
                },
                (_, None) => Err(Failure::Overflow),
            });
        }
        _ => return None,
    };
    let kept = b.unwrap_or(0).min(*places as i128);
    let unit = 10i128.pow((*places as u32 - kept as u32).min(30));
    Some(integer(call.result, rounding(a, unit) * unit))
}

/// The nearest integer to a quotient, ties away from zero.
fn nearest(a: i128, unit: i128) -> i128 {
    let toward_zero = a / unit;
    let rest = (a - toward_zero * unit).abs();
    if rest >= unit - rest {
        toward_zero + a.signum()
    } else {
        toward_zero
    }
}

fn integers(call: &Call) -> Option<Outcome> {
    use Function::{
        Abs, Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Pow, Rem, ShiftLeft, ShiftRight, Sign, Sub,
    };
    let a = number(call.arguments.first()?)?;
    let b = call.arguments.get(1).and_then(number);
    let is_date = call.types[0] == Type::Date;
    let x = match (call.function, b) {
        (Neg, None) => -a,
        (Abs, None) => a.abs(),
        (Sign, None) => a.signum(),
        (Add, Some(b)) if is_date => a + b.div_euclid(MICROS_PER_DAY),
        (Sub, Some(b)) if is_date && call.types[1] == Type::Date => (a - b) * MICROS_PER_DAY,
        (Sub, Some(b)) if is_date => a + (-b).div_euclid(MICROS_PER_DAY),
        (Add, Some(b)) => a + b,
        (Sub, Some(b)) => a - b,
        (Mul, Some(b)) => a * b,
        (Div | Rem, Some(0)) => return Some(Err(Failure::DivisionByZero)),
        (Div, Some(b)) => a / b,
        (Rem, Some(b)) => a % b,
        (BitAnd, Some(b)) => a & b,
        (BitOr, Some(b)) => a | b,
        (BitXor, Some(b)) => a ^ b,
        (ShiftLeft, Some(n)) => {
            let mut shifted = a as i64;
            for _ in 0..n.min(64) {
                shifted = shifted.wrapping_mul(2);
            }
            shifted as i128
        }
        (ShiftRight, Some(n)) => a.div_euclid(1 << n.min(64)),
        (Pow, Some(n)) => {
            let mut power: i128 = 1;
            // 0, 1 and −1 stay within themselves; others leave 64 bits within 64 steps.
            let steps = if a.abs() <= 1 && n > 2 { 2 + n % 2 } else { n };
            for _ in 0..steps {
                power *= a;
                if i64::try_from(power).is_err() {
                    return Some(Err(Failure::Overflow));
                }
            }
            power
        }
        _ => return None,
    };
    Some(integer(call.result, x))
}

/// A scalar as outputs write it.
pub(crate) fn shown(value: &Value, ty: &Type) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Float(x) => format!("{:?}", x.get()),
        Value::String(text) => text.clone(),
        Value::Id(id) => format!("{id:032x}"),
        Value::Decimal(scaled) => {
            let Type::Decimal(places) = ty else {
                panic!("a Decimal of type {ty:?}");
            };
            let places = *places as usize;
            let digits = scaled.unsigned_abs().to_string();
            let digits = format!(
                "{}{digits}",
                "0".repeat((places + 1).saturating_sub(digits.len()))
            );
            let sign = if *scaled < 0 { "-" } else { "" };
            match digits.split_at(digits.len() - places) {
                (whole, "") => format!("{sign}{whole}"),
                (whole, fraction) => format!("{sign}{whole}.{fraction}"),
            }
        }
        Value::Date(days) => super::calendar::date_text(*days),
        Value::Time(micros) => super::calendar::time_text(*micros),
        Value::Duration(micros) => super::calendar::duration_text(*micros),
        Value::Int(i) | Value::Nat(i) => i.to_string(),
        other => panic!("{other:?} is no scalar"),
    }
}
