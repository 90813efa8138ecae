//! Formats of dates and times by the letters of strftime, in UTC.
//!
//! Invariant: what a format writes it reads again, if it holds the full year and every part down to
//! the microsecond.

use std::fmt::Write;

use super::{Civil, MICROS_PER_DAY, civil, day_of_year, days, weekday};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const LETTERS: &str = "YymdebBaAujHIpMSfzs";

/// A format, taken apart.
pub(crate) struct Format {
    items: Vec<Item>,
}

enum Item {
    Literal(char),
    /// One of [`LETTERS`].
    Part(char),
}

/// What a text says about a moment; what it does not say is the start of the year or day.
#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    hour_of_12: Option<i64>,
    is_afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    offset: i64,
    epoch_seconds: Option<i64>,
}

impl Format {
    /// Takes a format apart; the error says what is wrong with it.
    pub(crate) fn new(format: &str) -> Result<Format, String> {
        let mut items = Vec::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                items.push(Item::Literal(c));
                continue;
            }
            match chars.next() {
                Some('%') => items.push(Item::Literal('%')),
                Some('F') => items.extend(Format::new("%Y-%m-%d")?.items),
                Some('T') => items.extend(Format::new("%H:%M:%S")?.items),
                Some('R') => items.extend(Format::new("%H:%M")?.items),
                Some(letter) if LETTERS.contains(letter) => items.push(Item::Part(letter)),
                Some(letter) => return Err(format!("%{letter} is no part of a time")),
                None => return Err("it ends with a single %".into()),
            }
        }
        Ok(Format { items })
    }

    /// Whether a text of this format says the year.
    pub(crate) fn has_year(&self) -> bool {
        let is_year = |item: &Item| matches!(item, Item::Part('Y' | 'y' | 's'));
        self.items.iter().any(is_year)
    }

    /// Appends the moment so many microseconds after a day's midnight.
    pub(crate) fn write(&self, day: i64, of_day: i64, out: &mut String) {
        let date = civil(day);
        for item in &self.items {
            match item {
                Item::Literal(c) => out.push(*c),
                Item::Part(letter) => write_part(*letter, day, date, of_day, out),
            }
        }
    }

    /// The day and the microseconds of it that a whole text says; `None` if it is not of this format
    /// or there is no such moment.
    pub(crate) fn read(&self, text: &str) -> Option<(i64, i64)> {
        let mut parts = Parts::default();
        let mut rest = text;
        for item in &self.items {
            match item {
                Item::Literal(c) => rest = rest.strip_prefix(*c)?,
                Item::Part(letter) => read_part(*letter, &mut parts, &mut rest)?,
            }
        }
        rest.is_empty().then(|| parts.moment())?
    }
}

fn write_part(letter: char, day: i64, date: Civil, of_day: i64, out: &mut String) {
    let seconds = of_day / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let Civil { year, month, .. } = date;
    let weekday_name = || WEEKDAYS[weekday(day) as usize - 1];
    let month_name = || MONTHS[month as usize - 1];
    let written = match letter {
        'Y' if (0..=9999).contains(&year) => write!(out, "{year:04}"),
        'Y' => write!(out, "{year:+05}"),
        'y' => write!(out, "{:02}", year.rem_euclid(100)),
        'm' => write!(out, "{month:02}"),
        'd' => write!(out, "{:02}", date.day),
        'e' => write!(out, "{:2}", date.day),
        'b' => write!(out, "{}", &month_name()[..3]),
        'B' => write!(out, "{}", month_name()),
        'a' => write!(out, "{}", &weekday_name()[..3]),
        'A' => write!(out, "{}", weekday_name()),
        'u' => write!(out, "{}", weekday(day)),
        'j' => write!(out, "{:03}", day_of_year(day)),
        'H' => write!(out, "{hour:02}"),
        'I' => write!(out, "{:02}", (hour + 11) % 12 + 1),
        'p' => write!(out, "{}", if hour < 12 { "AM" } else { "PM" }),
        'M' => write!(out, "{minute:02}"),
        'S' => write!(out, "{second:02}"),
        'f' => write!(out, "{:06}", of_day % 1_000_000),
        'z' => write!(out, "+0000"),
        _ => write!(out, "{}", day as i128 * 86_400 + seconds as i128),
    };
    written.expect("a String takes any text");
}

fn read_part(letter: char, parts: &mut Parts, rest: &mut &str) -> Option<()> {
    match letter {
        'Y' => parts.year = Some(read_year(rest)?),
        'y' => {
            let year = digits(rest, 2, 2)?;
            parts.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
        }
        'm' => parts.month = Some(digits(rest, 1, 2)?),
        'd' => parts.day = Some(digits(rest, 1, 2)?),
        'e' => {
            *rest = rest.strip_prefix(' ').unwrap_or(rest);
            parts.day = Some(digits(rest, 1, 2)?);
        }
        'b' | 'B' => parts.month = Some(name(rest, &MONTHS)?),
        'a' | 'A' => parts.weekday = Some(name(rest, &WEEKDAYS)?),
        'u' => parts.weekday = Some(digits(rest, 1, 1)?),
        'j' => parts.day_of_year = Some(digits(rest, 1, 3)?),
        'H' => parts.hour = Some(digits(rest, 1, 2)?),
        'I' => parts.hour_of_12 = Some(digits(rest, 1, 2)?),
        'p' => {
            let half = rest.get(..2)?.to_ascii_uppercase();
            parts.is_afternoon = Some(match half.as_str() {
                "AM" => false,
                "PM" => true,
                _ => return None,
            });
            *rest = &rest[2..];
        }
        'M' => parts.minute = digits(rest, 1, 2)?,
        'S' => parts.second = digits(rest, 1, 2)?,
        'f' => {
            let before = rest.len();
            let fraction = digits(rest, 1, 6)?;
            parts.micros = fraction * 10i64.pow(6 - (before - rest.len()) as u32);
        }
        'z' => parts.offset = read_offset(rest)?,
        _ => {
            let negative = sign(rest) == Some(true);
            let seconds = digits(rest, 1, 19)?;
            parts.epoch_seconds = Some(if negative { -seconds } else { seconds });
        }
    }
    Some(())
}

impl Parts {
    fn moment(&self) -> Option<(i64, i64)> {
        if let Some(seconds) = self.epoch_seconds {
            let of_day = seconds.rem_euclid(86_400) * 1_000_000 + self.micros;
            return Some((seconds.div_euclid(86_400), of_day));
        }
        let year = self.year?;
        let day = match (self.month, self.day, self.day_of_year) {
            (None, None, Some(nth)) => days(year, 1, 1)?.checked_add(nth - 1)?,
            (month, day, _) => days(year, month.unwrap_or(1), day.unwrap_or(1))?,
        };
        let agrees = |said: Option<i64>, is: i64| said.is_none_or(|said| said == is);
        let agree =
            agrees(self.day_of_year, day_of_year(day)) && agrees(self.weekday, weekday(day));
        let hour = match (self.hour, self.hour_of_12, self.is_afternoon) {
            (Some(hour @ 0..24), ..) => hour,
            (None, Some(hour @ 1..=12), afternoon) => {
                hour % 12 + 12 * afternoon.unwrap_or(false) as i64
            }
            (None, None, _) => 0,
            _ => return None,
        };
        if !agree || civil(day).year != year || self.minute > 59 || self.second > 59 {
            return None;
        }
        let of_day =
            ((hour * 60 + self.minute) * 60 + self.second) * 1_000_000 + self.micros - self.offset;
        let day = day.checked_add(of_day.div_euclid(MICROS_PER_DAY))?;
        Some((day, of_day.rem_euclid(MICROS_PER_DAY)))
    }
}

/// Takes a sign: whether it is a minus.
fn sign(rest: &mut &str) -> Option<bool> {
    let negative = match rest.as_bytes().first()? {
        b'-' => true,
        b'+' => false,
        _ => return None,
    };
    *rest = &rest[1..];
    Some(negative)
}

/// Four digits, or with a sign as many as there are.
fn read_year(rest: &mut &str) -> Option<i64> {
    match sign(rest) {
        Some(negative) => {
            let year = digits(rest, 1, 19)?;
            Some(if negative { -year } else { year })
        }
        None => digits(rest, 4, 4),
    }
}

/// An offset from UTC in microseconds.
fn read_offset(rest: &mut &str) -> Option<i64> {
    if let Some(behind) = rest.strip_prefix(['Z', 'z']) {
        *rest = behind;
        return Some(0);
    }
    let negative = sign(rest)?;
    let hours = digits(rest, 2, 2)?;
    *rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = digits(rest, 2, 2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = (hours * 60 + minutes) * 60_000_000;
    Some(if negative { -offset } else { offset })
}

/// Takes as many digits as there are, within bounds.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i64> {
    let bytes = rest.as_bytes().iter();
    let count = bytes.take(most).take_while(|b| b.is_ascii_digit()).count();
    if count < least {
        return None;
    }
    let (number, behind) = rest.split_at(count);
    *rest = behind;
    number.parse().ok()
}

/// Takes a name, in full or its first three letters: its number from 1.
fn name(rest: &mut &str, names: &[&str]) -> Option<i64> {
    let starts = |name: &str| {
        let head = rest.get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    let (number, length) = (1..).zip(names).find_map(|(number, name)| {
        let full = starts(name).then_some(name.len());
        let length = full.or_else(|| starts(&name[..3]).then_some(3))?;
        Some((number, length))
    })?;
    *rest = &rest[length..];
    Some(number)
}
