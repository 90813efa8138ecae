//! Scalars from text.
//!
//! Invariants:
//! - Exact or refused: a number that does not fit its type is never rounded into it, except that a
//!   Float is the nearest one and a Time finer than a microsecond is rounded down.
//! - White space around a value is ignored, except for String and Bytes, which are taken as they are.

use jiff::Timestamp;
use jiff::civil;
use sheaf_ir::Type;
use sheaf_ir::value::canonical_float;

/// What an integer means where a Time or Duration is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

impl Unit {
    /// The names that the option `unit` takes.
    pub const NAMES: [(&'static str, Unit); 4] = [
        ("s", Unit::Second),
        ("ms", Unit::Millisecond),
        ("us", Unit::Microsecond),
        ("ns", Unit::Nanosecond),
    ];

    /// An integer of this unit in microseconds; `None` if it does not fit.
    fn microseconds(self, n: i64) -> Option<i64> {
        match self {
            Unit::Second => n.checked_mul(1_000_000),
            Unit::Millisecond => n.checked_mul(1_000),
            Unit::Microsecond => Some(n),
            Unit::Nanosecond => Some(n.div_euclid(1_000)),
        }
    }
}

/// Why a text is no value of the type asked for, in a few words; empty if there is no more to say
/// than that it is not one.
pub type Refusal = &'static str;

/// The word of an [inline](Type::is_inline) type, from text without white space around it.
///
/// # Errors
/// The text is not a value of the type.
pub fn inline_word(ty: &Type, text: &[u8], unit: Option<Unit>) -> Result<u64, Refusal> {
    match ty {
        Type::Bool => boolean(text).map(u64::from),
        Type::Int => integer(text).map(|n| n as u64),
        Type::Nat => match integer(text) {
            Ok(n) if n < 0 => Err("it is negative"),
            other => other.map(|n| n as u64),
        },
        Type::Float => float(text),
        Type::Decimal(places) => decimal(text, *places).map(|n| n as u64),
        Type::Date => date(text).map(|n| n as u64),
        Type::Time => time(text, unit).map(|n| n as u64),
        Type::Duration => duration(text, unit).map(|n| n as u64),
        _ => Err(""),
    }
}

/// `true` and `false` in any case, 1 and 0.
fn boolean(text: &[u8]) -> Result<bool, Refusal> {
    match text {
        b"1" => Ok(true),
        b"0" => Ok(false),
        _ if text.eq_ignore_ascii_case(b"true") => Ok(true),
        _ if text.eq_ignore_ascii_case(b"false") => Ok(false),
        _ => Err(""),
    }
}

/// A decimal integer with an optional sign.
#[inline]
pub fn integer(text: &[u8]) -> Result<i64, Refusal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("");
    }
    // Accumulated below zero, where there is room for one more value than above.
    let mut n: i64 = 0;
    for digit in digits {
        n = n
            .checked_mul(10)
            .and_then(|n| n.checked_sub(i64::from(digit - b'0')))
            .ok_or("it does not fit 64 bits")?;
    }
    if negative {
        Ok(n)
    } else {
        n.checked_neg().ok_or("it does not fit 64 bits")
    }
}

fn float(text: &[u8]) -> Result<u64, Refusal> {
    let x: f64 = utf8(text)?.parse().map_err(|_| "")?;
    Ok(canonical_float(x).to_bits())
}

/// Digits with an optional sign, point and exponent, scaled by 10^`places`.
fn decimal(text: &[u8], places: u8) -> Result<i64, Refusal> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.iter().position(|b| b.eq_ignore_ascii_case(&b'e')) {
        Some(e) => (&rest[..e], integer(&rest[e + 1..])?),
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
        Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
        None => (mantissa, &[][..]),
    };
    let digits = || whole.iter().chain(fraction);
    if whole.len() + fraction.len() == 0 || !digits().all(u8::is_ascii_digit) {
        return Err("");
    }
    const WIDE: Refusal = "it does not fit 64 bits";
    // How many of the digits, zeros appended without end, stand before the scaled point.
    let keep = exponent
        .checked_add(whole.len() as i64 + i64::from(places))
        .ok_or(WIDE)?;
    let mut n: i64 = 0;
    let mut taken: i64 = 0;
    for digit in digits() {
        if taken >= keep {
            if *digit != b'0' {
                return Err("it has more places than the type");
            }
            continue;
        }
        n = n
            .checked_mul(10)
            .and_then(|n| n.checked_sub(i64::from(digit - b'0')))
            .ok_or(WIDE)?;
        taken += 1;
    }
    while n != 0 && taken < keep {
        n = n.checked_mul(10).ok_or(WIDE)?;
        taken += 1;
    }
    if negative {
        Ok(n)
    } else {
        n.checked_neg().ok_or(WIDE)
    }
}

/// `2013-01-31`, as days since 1970-01-01.
fn date(text: &[u8]) -> Result<i64, Refusal> {
    if text.len() < 10 {
        return Err("");
    }
    let date: civil::Date = utf8(text)?.parse().map_err(|_| "")?;
    // Trailing time of day would be dropped silently.
    if text.contains(&b':') {
        return Err("it has a time of day");
    }
    Ok(days(date))
}

fn days(date: civil::Date) -> i64 {
    let epoch = civil::date(1970, 1, 1);
    i64::from((date - epoch).get_days())
}

/// RFC 3339 (UTC where no offset is given), a date, or an integer of a unit; in microseconds.
fn time(text: &[u8], unit: Option<Unit>) -> Result<i64, Refusal> {
    if let Some(fast) = plain_time(text) {
        return Ok(fast);
    }
    match (integer(text), unit) {
        (Ok(n), Some(unit)) => return unit.microseconds(n).ok_or("it does not fit 64 bits"),
        (Ok(_), None) => return Err("for a number say which unit, such as unit: \"ms\""),
        (Err(refusal), _) if !refusal.is_empty() => return Err(refusal),
        _ => {}
    }
    let text = utf8(text)?;
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_nanosecond().div_euclid(1_000) as i64);
    }
    if let Ok(at) = text.parse::<civil::DateTime>() {
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| "")?;
        return Ok(at.timestamp().as_nanosecond().div_euclid(1_000) as i64);
    }
    Err("")
}

/// The most common form, `2013-01-01T10:00:00Z`, without a general parser.
fn plain_time(text: &[u8]) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text[range].iter().try_fold(0, |n, &b| {
            b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
        })
    };
    if text.len() != 20 || text[19] != b'Z' {
        return None;
    }
    if [text[4], text[7], text[10], text[13], text[16]] != *b"--T::" {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let date = civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    Some((days(date) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000)
}

/// Numbers with units one after the other (`1h30min`, `1.5s`, `-250ms`), or an integer of a unit;
/// in microseconds.
fn duration(text: &[u8], unit: Option<Unit>) -> Result<i64, Refusal> {
    const WIDE: Refusal = "it does not fit 64 bits";
    if let (Some(unit), Ok(n)) = (unit, integer(text)) {
        return unit.microseconds(n).ok_or(WIDE);
    }
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest.is_empty() {
        return Err("");
    }
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let number = rest
            .iter()
            .position(|b| !b.is_ascii_digit() && *b != b'.')
            .ok_or("a unit is missing, such as ms, s or min")?;
        let end = rest[number..]
            .iter()
            .position(|b| b.is_ascii_digit() || *b == b'.')
            .map_or(rest.len(), |end| number + end);
        // Six places of a second are a microsecond; each larger unit is a multiple of one.
        let (places, factor) = match utf8(&rest[number..end])? {
            "us" | "µs" => (0, 1),
            "ms" => (3, 1),
            "s" => (6, 1),
            "min" => (6, 60),
            "h" => (6, 3_600),
            "d" => (6, 86_400),
            _ => return Err("the units are us, ms, s, min, h and d"),
        };
        // Below zero, as in `integer`.
        let part = decimal(&rest[..number], places)?
            .checked_mul(-factor)
            .ok_or(WIDE)?;
        sum = sum.checked_add(part).ok_or(WIDE)?;
        rest = &rest[end..];
    }
    if negative {
        Ok(sum)
    } else {
        sum.checked_neg().ok_or(WIDE)
    }
}

/// 32 hexadecimal digits, with or without dashes.
pub fn id(text: &[u8]) -> Result<u128, Refusal> {
    let mut id: u128 = 0;
    let mut digits = 0;
    for &byte in text {
        if byte == b'-' && digits > 0 {
            continue;
        }
        let digit = (byte as char).to_digit(16).ok_or("")?;
        if digits == 32 {
            return Err("it has more than 32 digits");
        }
        id = id << 4 | u128::from(digit);
        digits += 1;
    }
    if digits == 32 {
        Ok(id)
    } else {
        Err("it needs 32 hexadecimal digits")
    }
}

fn utf8(text: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(text).map_err(|_| "it is not UTF-8")
}

/// The type as messages call it, with the forms of text it takes where they are not obvious.
pub fn describe(ty: &Type) -> String {
    match ty {
        Type::Bool => "Bool (true or false)".into(),
        Type::Decimal(places) => format!("Decimal({places})"),
        Type::Date => "Date (such as 2026-01-31)".into(),
        Type::Time => "Time (such as 2026-01-31T12:00:00Z)".into(),
        Type::Duration => "Duration (such as 1.5s)".into(),
        Type::Id => "Id (32 hexadecimal digits)".into(),
        _ => type_name(ty),
    }
}

/// The type as it is written in a program.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Decimal(places) => format!("Decimal({places})"),
        Type::Option(inner) => format!("Option<{}>", type_name(inner)),
        Type::List(inner) => format!("List<{}>", type_name(inner)),
        Type::Set(inner) => format!("Set<{}>", type_name(inner)),
        Type::Map(key, value) => format!("Map<{}, {}>", type_name(key), type_name(value)),
        Type::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(type_name).collect();
            format!("({})", parts.join(", "))
        }
        Type::Named(name) => name.rsplit('.').next().unwrap_or(name).to_string(),
        scalar => format!("{scalar:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(ty: Type, text: &str) -> Result<i64, Refusal> {
        inline_word(&ty, text.as_bytes(), None).map(|w| w as i64)
    }

    #[test]
    fn integers_to_the_edge() {
        assert_eq!(word(Type::Int, "-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(word(Type::Int, "+9223372036854775807"), Ok(i64::MAX));
        assert!(word(Type::Int, "9223372036854775808").is_err());
        assert_eq!(word(Type::Nat, "-1"), Err("it is negative"));
        for bad in ["", "-", "+", "1.0", "1e3", "0x10", "1_000", "٣"] {
            assert!(word(Type::Int, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let two = |text| word(Type::Decimal(2), text);
        assert_eq!(two("12.34"), Ok(1234));
        assert_eq!(two("-0.5"), Ok(-50));
        assert_eq!(two("7"), Ok(700));
        assert_eq!(two("1.2300"), Ok(123));
        assert_eq!(two("1e3"), Ok(100_000));
        assert_eq!(two("125e-1"), Ok(1250));
        assert_eq!(two("0e999999999"), Ok(0));
        assert_eq!(two(".5"), Ok(50));
        assert_eq!(two("-92233720368547758.08"), Ok(i64::MIN));
        for bad in [
            "1.234",
            "1e-3",
            "92233720368547758.08",
            ".",
            "",
            "1e99",
            "1e",
        ] {
            assert!(two(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_in_every_form() {
        let at = 1_356_998_400_000_000;
        for text in [
            "2013-01-01",
            "2013-01-01T00:00:00Z",
            "2013-01-01 00:00:00",
            "2013-01-01T01:00:00+01:00",
            "2013-01-01T00:00:00.000000999Z",
        ] {
            assert_eq!(word(Type::Time, text), Ok(at), "{text}");
        }
        assert_eq!(
            word(Type::Time, "1969-12-31T23:59:59.9999999Z"),
            Ok(-1),
            "rounded down"
        );
        assert!(word(Type::Time, "1356998400").is_err());
        let seconds = inline_word(&Type::Time, b"1356998400", Some(Unit::Second));
        assert_eq!(seconds, Ok(at as u64));
        for bad in [
            "2013-02-30T00:00:00Z",
            "2013-13-01",
            "noon",
            "2013-01-01T24:00:00Z",
        ] {
            assert!(word(Type::Time, bad).is_err(), "{bad}");
        }
        assert_eq!(word(Type::Date, "2013-01-01"), Ok(15706));
        assert!(word(Type::Date, "2013-01-01T10:00:00").is_err());
    }

    #[test]
    fn durations_add_up() {
        assert_eq!(word(Type::Duration, "1h30min"), Ok(5_400_000_000));
        assert_eq!(word(Type::Duration, "1.5s"), Ok(1_500_000));
        assert_eq!(word(Type::Duration, "-250ms"), Ok(-250_000));
        assert_eq!(word(Type::Duration, "3us"), Ok(3));
        for bad in ["1", "ms", "1x", "1..5s", "1.5us", "999999999d", ""] {
            assert!(word(Type::Duration, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_are_hexadecimal() {
        assert_eq!(id(b"00000000-0000-0000-0000-0000000000ff"), Ok(255));
        assert!(id(b"ff").is_err());
        assert!(id(&[b'f'; 33]).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text: Vec<u8>, near in "[-+0-9.eEhmsundTZ: ]{0,24}") {
            for ty in [
                Type::Bool, Type::Int, Type::Nat, Type::Float, Type::Decimal(0),
                Type::Decimal(255), Type::Date, Type::Time, Type::Duration,
            ] {
                for unit in [None, Some(Unit::Second), Some(Unit::Nanosecond)] {
                    let _ = inline_word(&ty, &text, unit);
                    let _ = inline_word(&ty, near.as_bytes(), unit);
                }
            }
            let _ = id(&text);
        }

        #[test]
        fn integers_read_back(n: i64) {
            prop_assert_eq!(integer(n.to_string().as_bytes()), Ok(n));
        }

        #[test]
        fn plain_times_agree_with_the_general_parser(seconds in -62_135_596_800i64..253_402_300_799) {
            let text = Timestamp::from_second(seconds).unwrap().to_string();
            prop_assert_eq!(plain_time(text.as_bytes()), Some(seconds * 1_000_000));
        }
    }
}
