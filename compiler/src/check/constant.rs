//! Constants: literals as values, and expressions that are values as they stand.

use sheaf_ir::{Function, Type, Value};

use super::Checker;
use super::body::{Body, Place};
use super::types::is_poisoned;
use crate::diagnostic::codes;
use crate::hir::{Expr, ExprKind};
use crate::syntax::ast;

impl Checker<'_> {
    /// The value of an expression that must be a constant of this type; reports one that is not.
    pub(super) fn constant(
        &mut self,
        module: usize,
        expr: &ast::Expr,
        expected: &Type,
    ) -> Option<Value> {
        let mut body = Body::new(self, module, Place::Constant);
        let found = body.check(expr, expected);
        body.finish(expr.span);
        if body.is_tainted || is_poisoned(&found.ty) {
            return None;
        }
        let value = evaluate(&found);
        if value.is_none() {
            let diagnostic = body
                .error(
                    codes::NOT_CONSTANT,
                    expr.span,
                    "a constant is needed here, and this has to be computed",
                )
                .label("not a constant")
                .help("write the value itself");
            body.report(diagnostic);
        }
        value
    }
}

/// The value of an expression made of literals and constructors alone.
pub(super) fn evaluate(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        ExprKind::Call(function, arguments) => {
            let mut values = arguments.iter().map(evaluate).collect::<Option<Vec<_>>>()?;
            Some(match function {
                Function::Tuple | Function::Record(_) => Value::Tuple(values),
                Function::Variant(_, index) => Value::Variant(*index, values),
                Function::Some => Value::Option(values.pop().map(Box::new)),
                Function::None(_) => Value::Option(None),
                Function::List(_) => Value::List(values),
                Function::Set(_) => {
                    values.sort();
                    values.dedup();
                    Value::Set(values)
                }
                Function::Map(..) => {
                    let mut entries = std::collections::BTreeMap::new();
                    let mut values = values.into_iter();
                    while let (Some(key), Some(value)) = (values.next(), values.next()) {
                        entries.insert(key, value);
                    }
                    Value::Map(entries.into_iter().collect())
                }
                _ => return None,
            })
        }
        _ => None,
    }
}

/// A decimal number such as `-1.50` or `2e3`, scaled by 10ᵖˡᵃᶜᵉˢ; `None` if it does not fit exactly.
pub(super) fn decimal(text: &str, places: u8) -> Option<i64> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = whole.chars().chain(fraction.chars()).collect();
    let digits = digits.trim_start_matches('0');
    // Zeros to append; negative: digits to drop, which must be zeros.
    let shift = i32::from(places)
        .checked_add(exponent)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let digits = if digits.is_empty() {
        "0".to_owned()
    } else if shift >= 0 {
        if shift > 40 {
            return None;
        }
        format!("{digits}{}", "0".repeat(shift as usize))
    } else {
        let dropped = usize::try_from(-i64::from(shift)).ok()?;
        let kept = digits.len().checked_sub(dropped)?;
        let (kept, dropped) = digits.split_at(kept);
        if dropped.bytes().any(|digit| digit != b'0') {
            return None;
        }
        if kept.is_empty() {
            "0".to_owned()
        } else {
            kept.to_owned()
        }
    };
    let scaled: i128 = digits.parse().ok()?;
    i64::try_from(if is_negative { -scaled } else { scaled }).ok()
}

/// `2026-03-31` as days since 1970-01-01.
pub(super) fn date(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-').filter(|(year, _)| year.len() == 4)?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (number(year)?, two_digits(month)?, two_digits(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// RFC 3339, or a date alone, as microseconds since 1970-01-01T00:00:00Z.
pub(super) fn time(text: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000;
    let Some((day, clock)) = text.split_once(['T', 't', ' ']) else {
        return date(text)?.checked_mul(86_400 * SECOND);
    };
    let day = date(day)?;
    let (clock, offset) = match clock.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let (clock, offset) = clock.split_at(at);
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = offset[1..].split_once(':')?;
            let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (clock, sign * (hours * 60 + minutes))
        }
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let mut parts = clock.split(':');
    let hours = two_digits(parts.next()?)?;
    let minutes = two_digits(parts.next()?)?;
    let seconds = match parts.next() {
        Some(seconds) => two_digits(seconds)?,
        None => 0,
    };
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let micros = match fraction {
        Some(digits) if !digits.is_empty() && digits.len() <= 9 => {
            let digits = format!("{digits:0<9}");
            number(&digits)? / 1_000
        }
        Some(_) => return None,
        None => 0,
    };
    let seconds = ((day * 24 + hours) * 60 + minutes - offset) * 60 + seconds;
    seconds.checked_mul(SECOND)?.checked_add(micros)
}

fn number(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn two_digits(text: &str) -> Option<i64> {
    number(text).filter(|_| text.len() == 2)
}

/// The identity that a string literal stands for: 32 hexadecimal digits, with hyphens or without,
/// are themselves; any other text is hashed (FNV-1a, 128 bits).
pub(super) fn identity(text: &str) -> u128 {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    if digits.len() == 32
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Ok(identity) = u128::from_str_radix(&digits, 16)
    {
        return identity;
    }
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    text.bytes().fold(OFFSET, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal("1.50", 2), Some(150));
        assert_eq!(decimal("-1.5", 2), Some(-150));
        assert_eq!(decimal("1.505", 2), None);
        assert_eq!(decimal("1.500", 1), Some(15));
        assert_eq!(decimal("2e3", 0), Some(2000));
        assert_eq!(decimal("0.000", 2), Some(0));
        assert_eq!(decimal("100000000000000000000", 2), None);
        assert_eq!(decimal("1e-400", 2), None);
        assert_eq!(decimal("1e999999999", 2), None);
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2000-02-29"), Some(11_016));
        assert_eq!(date("1900-02-29"), None);
        assert_eq!(date("1969-12-31"), Some(-1));
        assert_eq!(time("1970-01-02"), Some(86_400_000_000));
        assert_eq!(time("1970-01-01T01:00:00.5+01:00"), Some(500_000));
        assert_eq!(time("1970-01-01T00:00Z"), Some(0));
        assert_eq!(time("1970-01-01T24:00:00Z"), None);
        assert_eq!(time("noon"), None);
    }
}
