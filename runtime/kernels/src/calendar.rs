//! Dates, times and durations as text, over the whole range of 64 bits.

use std::fmt::Write;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Appends days since 1970-01-01 as `2026-11-21`. Years outside 0–9999 have a sign, as in ISO 8601.
pub(crate) fn write_date(days: i64, out: &mut String) {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let z = days as i128 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + (month <= 2) as i128;
    let written = if (0..=9999).contains(&year) {
        write!(out, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(out, "{year:+05}-{month:02}-{day:02}")
    };
    written.expect("a String takes any text");
}

/// Appends microseconds since 1970-01-01T00:00:00Z as RFC 3339 in UTC: `2026-11-21T14:25:29.5Z`.
pub(crate) fn write_time(micros: i64, out: &mut String) {
    write_date(micros.div_euclid(MICROS_PER_DAY), out);
    let of_day = micros.rem_euclid(MICROS_PER_DAY) as u64;
    let seconds = of_day / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(out, "T{hour:02}:{minute:02}:{second:02}").expect("a String takes any text");
    write_fraction(of_day % 1_000_000, 6, out);
    out.push('Z');
}

/// Appends microseconds as `90s`, `1.5s`, `20ms` or `7us`: the largest of these units that leaves a whole part.
pub(crate) fn write_duration(micros: i64, out: &mut String) {
    let size = micros.unsigned_abs();
    let (unit, digits, name) = match size {
        0 => (1_000_000, 6, "s"),
        1..1_000 => (1, 0, "us"),
        1_000..1_000_000 => (1_000, 3, "ms"),
        _ => (1_000_000, 6, "s"),
    };
    let sign = if micros < 0 { "-" } else { "" };
    write!(out, "{sign}{}", size / unit).expect("a String takes any text");
    write_fraction(size % unit, digits, out);
    out.push_str(name);
}

/// Appends `.` and a fraction of this many digits without its final zeros; nothing if it is zero.
fn write_fraction(fraction: u64, digits: usize, out: &mut String) {
    if fraction != 0 {
        write!(out, ".{fraction:0digits$}").expect("a String takes any text");
        out.truncate(out.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: fn(i64, &mut String), x: i64) -> String {
        let mut out = String::new();
        write(x, &mut out);
        out
    }

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
        ] {
            assert_eq!(text(write_date, days), expected);
        }
        assert!(text(write_date, i64::MAX).starts_with("+25252734927768524-"));
        assert!(text(write_date, i64::MIN).starts_with("-25252734927764585-"));
    }

    #[test]
    fn times() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_700_000_000_500_000, "2023-11-14T22:13:20.5Z"),
        ] {
            assert_eq!(text(write_time, micros), expected);
        }
    }

    #[test]
    fn durations() {
        for (micros, expected) in [
            (0, "0s"),
            (7, "7us"),
            (-1_500, "-1.5ms"),
            (1_500_000, "1.5s"),
            (5_400_000_000, "5400s"),
            (i64::MIN, "-9223372036854.775808s"),
        ] {
            assert_eq!(text(write_duration, micros), expected);
        }
    }
}
