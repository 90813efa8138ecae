//! The proleptic Gregorian calendar, and dates, times and durations as text, over the whole range of
//! 64 bits.

pub(crate) mod format;

use std::fmt::Write;

/// Microseconds of a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A date in parts.
#[derive(Clone, Copy)]
pub(crate) struct Civil {
    /// Astronomical: 0 is 1 BC.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
}

/// The parts of so many days since 1970-01-01.
pub(crate) fn civil(days: i64) -> Civil {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let z = days as i128 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    Civil {
        year: (year_of_era + era * 400 + (month <= 2) as i128) as i64,
        month: month as i64,
        day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as i64,
    }
}

/// Days since 1970-01-01; `None` where there is no such date or it is beyond 64 bits.
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
        return None;
    }
    // Hinnant, days_from_civil.
    let year = year as i128 - (month <= 2) as i128;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i128 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i128 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i64::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// Days of a month from 1 to 12.
pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + is_leap as i64,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 1 (Monday) to 7.
pub(crate) fn weekday(days: i64) -> i64 {
    (days.rem_euclid(7) + 3) % 7 + 1
}

/// 1 to 366.
pub(crate) fn day_of_year(days: i64) -> i64 {
    let Civil { year, month, day } = civil(days);
    (1..month)
        .map(|month| month_length(year, month))
        .sum::<i64>()
        + day
}

/// Appends days since 1970-01-01 as `2026-11-21`. Years outside 0–9999 have a sign, as in ISO 8601.
pub(crate) fn write_date(days: i64, out: &mut String) {
    let Civil { year, month, day } = civil(days);
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
    fn parts_lead_back_to_the_day() {
        let far = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];
        for day in (-1_000_000..1_000_000).step_by(13).chain(far) {
            let Civil {
                year,
                month,
                day: of_month,
            } = civil(day);
            assert_eq!(days(year, month, of_month), Some(day));
            assert!((1..=366).contains(&day_of_year(day)));
        }
        assert_eq!(
            [days(2023, 2, 29), days(2024, 13, 1), days(2024, 1, 0)],
            [None; 3]
        );
        assert_eq!(days(i64::MAX, 1, 1), None);
        assert_eq!(
            [weekday(0), weekday(3), weekday(4), weekday(-1)],
            [4, 7, 1, 3]
        );
        assert_eq!(
            [day_of_year(0), day_of_year(-1), day_of_year(19_782)],
            [1, 365, 60]
        );
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
