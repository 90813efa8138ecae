//! Values of literals: numbers, durations, strings.
//!
//! Invariants: what cannot be read is reported once, while lexing; the functions that build values
//! for the tree then give a stand-in and say nothing.

use std::sync::Arc;

use super::token::TokenKind;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

/// Units of durations with their length in microseconds.
const UNITS: [(&str, i64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberProblem {
    Malformed,
    TooLarge,
    UnknownUnit,
    FractionOfUnit,
    DurationTooLong,
}

impl NumberProblem {
    pub(super) fn diagnostic(self, file: FileId, span: Span, text: &str) -> Diagnostic {
        match self {
            Self::Malformed => {
                let diagnostic = Diagnostic::error(
                    codes::BAD_NUMBER,
                    file,
                    span,
                    format!("`{text}` is not a number"),
                );
                if text.starts_with("0x") || text.starts_with("0b") || text.starts_with("0o") {
                    diagnostic.note("Numbers are written in base ten.")
                } else {
                    diagnostic
                        .note("Numbers look like `12`, `1_000`, `2.5`, `1e-3`; durations like `5s`.")
                }
            }
            Self::TooLarge => Diagnostic::error(
                codes::BAD_NUMBER,
                file,
                span,
                format!("`{text}` is too large for any integer type"),
            )
            .note("The greatest `Int` and `Nat` is 9223372036854775807 (2⁶³−1).")
            .help("a `Float` has a point: write `.0` after it"),
            Self::UnknownUnit => {
                let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '.');
                let digits = &text[..text.len() - unit.len()];
                let diagnostic = Diagnostic::error(
                    codes::BAD_UNIT,
                    file,
                    span,
                    format!("`{unit}` is not a unit of time"),
                )
                .note("The units are `us`, `ms`, `s`, `min`, `h` and `d`.");
                match similar_unit(unit) {
                    Some(similar) => diagnostic.fix(
                        format!("write `{digits}{similar}`"),
                        span,
                        format!("{digits}{similar}"),
                    ),
                    None => diagnostic,
                }
            }
            Self::FractionOfUnit => Diagnostic::error(
                codes::BAD_NUMBER,
                file,
                span,
                format!("`{text}`: a duration is a whole number of its unit"),
            )
            .help("use a smaller unit: `1500ms` for one and a half seconds"),
            Self::DurationTooLong => Diagnostic::error(
                codes::BAD_NUMBER,
                file,
                span,
                format!("`{text}` is longer than any duration can be"),
            )
            .note("Durations are counted in microseconds in 64 bits: at most about 292,000 years."),
        }
    }
}

fn similar_unit(unit: &str) -> Option<&'static str> {
    match unit.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "m" | "mins" | "minute" | "minutes" => Some("min"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "day" | "days" => Some("d"),
        "msec" | "millis" | "milliseconds" => Some("ms"),
        "micros" | "microseconds" | "usec" => Some("us"),
        _ => None,
    }
}

/// Digits, fraction and exponent, then whatever letters follow.
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        from + bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    text.split_at(end)
}

/// What kind of number a text is, and what is wrong with it.
pub(super) fn classify_number(text: &str) -> (TokenKind, Option<NumberProblem>) {
    let (number, suffix) = split_number(text);
    let fractional = number.contains(['.', 'e', 'E']);
    if suffix.is_empty() {
        if fractional {
            return (TokenKind::Float, None);
        }
        let fits = plain(number).parse::<u64>().is_ok_and(|value| value <= 1 << 63);
        return (TokenKind::Int, (!fits).then_some(NumberProblem::TooLarge));
    }
    let problem = if number == "0" && suffix.starts_with(['x', 'b', 'o']) {
        return (TokenKind::Int, Some(NumberProblem::Malformed));
    } else if !suffix.bytes().all(|b| b.is_ascii_alphabetic()) {
        Some(NumberProblem::Malformed)
    } else if !UNITS.iter().any(|(unit, _)| *unit == suffix) {
        Some(NumberProblem::UnknownUnit)
    } else if fractional {
        Some(NumberProblem::FractionOfUnit)
    } else if micros(text).is_none() {
        Some(NumberProblem::DurationTooLong)
    } else {
        None
    };
    (TokenKind::Duration, problem)
}

fn plain(number: &str) -> String {
    number.chars().filter(|&c| c != '_').collect()
}

fn micros(text: &str) -> Option<i64> {
    let (number, suffix) = split_number(text);
    let (_, length) = UNITS.iter().find(|(unit, _)| *unit == suffix)?;
    plain(number).parse::<i64>().ok()?.checked_mul(*length)
}

/// The value of an integer token; 0 if it was refused.
pub(super) fn int_value(text: &str) -> i128 {
    plain(text).parse().unwrap_or(0)
}

/// The value of a float token and its digits without `_`.
pub(super) fn float_value(text: &str) -> (f64, Arc<str>) {
    let digits = plain(text);
    (digits.parse().unwrap_or(0.0), digits.into())
}

/// The value of a duration token in microseconds; 0 if it was refused.
pub(super) fn duration_value(text: &str) -> i64 {
    micros(text).unwrap_or(0)
}

/// An escape that cannot be read: where in the string's inside, and how long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EscapeProblem {
    start: usize,
    end: usize,
}

impl EscapeProblem {
    /// `start` is the offset of `inner`, the text between the quotes.
    pub(super) fn diagnostic(&self, file: FileId, start: u32, inner: &str) -> Diagnostic {
        let span = Span::new(start + self.start as u32, start + self.end as u32);
        let escape = &inner[self.start..self.end];
        Diagnostic::error(
            codes::BAD_ESCAPE,
            file,
            span,
            format!("`{escape}` is not an escape"),
        )
        .note("The escapes are `\\n`, `\\t`, `\\r`, `\\0`, `\\\\`, `\\\"` and `\\u{1F600}`.")
        .fix("for a backslash itself write two", span.before(), "\\")
    }
}

/// Resolves the escapes of a string's inside.
pub(super) fn unescape(inner: &str) -> Result<Arc<str>, EscapeProblem> {
    if !inner.contains('\\') {
        return Ok(inner.into());
    }
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let start = inner.len() - rest.len() + at;
        let escape = &rest[at + 1..];
        let Some(letter) = escape.chars().next() else {
            return Err(EscapeProblem { start, end: inner.len() });
        };
        let mut length = letter.len_utf8();
        match letter {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            '0' => value.push('\0'),
            '\\' | '"' => value.push(letter),
            'u' => match unicode_escape(escape) {
                Some((character, end)) => {
                    value.push(character);
                    length = end;
                }
                None => return Err(EscapeProblem { start, end: start + 2 }),
            },
            _ => return Err(EscapeProblem { start, end: start + 1 + length }),
        }
        rest = &escape[length..];
    }
    value.push_str(rest);
    Ok(value.into())
}

/// `u{1F600}`: the character and the length of the escape without backslash.
fn unicode_escape(escape: &str) -> Option<(char, usize)> {
    let hex = escape.strip_prefix("u{")?;
    let end = hex.find('}')?;
    if !(1..=6).contains(&end) || !hex[..end].bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(&hex[..end], 16).ok()?)?;
    Some((character, end + 3))
}

/// The value of a string token with its quotes; what it holds as it stands if it was refused.
pub(super) fn string_value(text: &str) -> Arc<str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = quote.map_or(text, |quote| {
        let inner = &text[1..];
        inner.strip_suffix(quote).unwrap_or(inner)
    });
    unescape(inner).unwrap_or_else(|_| inner.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        let kind = |text| classify_number(text);
        assert_eq!(kind("1_000"), (TokenKind::Int, None));
        assert_eq!(kind("9223372036854775808"), (TokenKind::Int, None));
        assert_eq!(kind("9223372036854775809").1, Some(NumberProblem::TooLarge));
        assert_eq!(kind("2.5"), (TokenKind::Float, None));
        assert_eq!(kind("1e-3"), (TokenKind::Float, None));
        assert_eq!(kind("5min"), (TokenKind::Duration, None));
        assert_eq!(kind("5m").1, Some(NumberProblem::UnknownUnit));
        assert_eq!(kind("1.5s").1, Some(NumberProblem::FractionOfUnit));
        assert_eq!(kind("0x1f").1, Some(NumberProblem::Malformed));
        assert_eq!(kind("9999999999d").1, Some(NumberProblem::DurationTooLong));
    }

    #[test]
    fn values_are_exact() {
        assert_eq!(int_value("9_223_372_036_854_775_808"), 1 << 63);
        assert_eq!(float_value("1_0.50"), (10.5, "10.50".into()));
        assert_eq!(duration_value("30min"), 1_800_000_000);
    }

    #[test]
    fn escapes_are_resolved_or_refused_where_they_stand() {
        assert_eq!(&*unescape(r#"a\n\"\u{e9}\\"#).unwrap(), "a\n\"é\\");
        assert_eq!(unescape(r"ab\q").unwrap_err(), EscapeProblem { start: 2, end: 4 });
        assert_eq!(unescape(r"\u{110000}").unwrap_err(), EscapeProblem { start: 0, end: 2 });
    }
}
