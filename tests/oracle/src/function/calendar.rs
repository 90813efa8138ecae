//! Dates, times and durations.
//!
//! Another library knows the calendar of some thousand years; the calendar repeats every 400.

use jiff::civil::{self, Weekday};
use regex::Regex;
use sheaf_ir::{Function, Value};

use super::{Call, Failure, Outcome, integer, option, string};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days of 400 years, which are whole weeks.
const CYCLE: i64 = 146_097;
const EPOCH: civil::Date = civil::date(1970, 1, 1);
/// More windows over one moment than this are an error.
const MAX_WINDOWS: i128 = 1_000_000;

/// A day of the years 1970 to 2369, and how many times 400 years it was moved.
fn moved(days: i64) -> (civil::Date, i128) {
    let within = days.rem_euclid(CYCLE);
    let date = EPOCH.saturating_add(jiff::Span::new().days(within));
    (date, days.div_euclid(CYCLE) as i128)
}

fn year(days: i64) -> i128 {
    let (date, cycles) = moved(days);
    date.year() as i128 + 400 * cycles
}

fn days(year: i128, month: i128, day: i128) -> Option<i64> {
    let near = i16::try_from(2000 + year.rem_euclid(400)).ok()?;
    let date = civil::Date::new(near, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let since = EPOCH.until(date).ok()?.get_days() as i128;
    i64::try_from(since + (year - near as i128) / 400 * CYCLE as i128).ok()
}

fn weekday(date: civil::Date) -> i64 {
    Weekday::to_monday_one_offset(date.weekday()) as i64
}

pub(super) fn date_text(days: i64) -> String {
    format(days, 0, "%Y-%m-%d").expect("a good format")
}

pub(super) fn time_text(micros: i64) -> String {
    let (day, of_day) = (
        micros.div_euclid(MICROS_PER_DAY),
        micros.rem_euclid(MICROS_PER_DAY),
    );
    let text = format(day, of_day, "%Y-%m-%dT%H:%M:%S.%f").expect("a good format");
    format!("{}Z", without_zeros(&text))
}

pub(super) fn duration_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    let text = match size {
        1..1_000 => return format!("{sign}{size}us"),
        1_000..1_000_000 => format!("{}.{:03}", size / 1_000, size % 1_000),
        _ => format!("{}.{:06}", size / 1_000_000, size % 1_000_000),
    };
    let unit = if (1_000..1_000_000).contains(&size) {
        "ms"
    } else {
        "s"
    };
    format!("{sign}{}{unit}", without_zeros(&text))
}

/// A fraction without its final zeros.
fn without_zeros(text: &str) -> &str {
    text.trim_end_matches('0').trim_end_matches('.')
}

pub(super) fn apply(call: &Call) -> Option<Outcome> {
    use Value::{Date, Duration, Int, Nat, String as Text, Time};
    let nat = |n: i64| Some(Ok(Nat(n)));
    let (day, of_day) = match call.arguments.first()? {
        Time(micros) => (
            micros.div_euclid(MICROS_PER_DAY),
            micros.rem_euclid(MICROS_PER_DAY),
        ),
        Date(days) => (*days, 0),
        _ => (0, 0),
    };
    let date = moved(day).0;
    let clock = civil::DateTime::from(date)
        .saturating_add(jiff::Span::new().microseconds(of_day))
        .time();
    match (call.function, call.arguments) {
        (Function::Year, _) => Some(integer(call.result, year(day))),
        (Function::Month, _) => nat(date.month() as i64),
        (Function::Day, _) => nat(date.day() as i64),
        (Function::Weekday, _) => nat(weekday(date)),
        (Function::DayOfYear, _) => nat(date.day_of_year() as i64),
        (Function::Hour, _) => nat(clock.hour() as i64),
        (Function::Minute, _) => nat(clock.minute() as i64),
        (Function::Second, _) => nat(clock.second() as i64),
        (Function::ToDate, _) => Some(Ok(Date(day))),
        (Function::ToTime, _) => Some(integer(call.result, day as i128 * MICROS_PER_DAY as i128)),
        (Function::MakeDate, [Int(y), Int(m), Int(d)]) => {
            let days = days(*y as i128, *m as i128, *d as i128);
            Some(Ok(option(days.map(Date))))
        }
        (Function::AddMonths, [_, Int(n)]) => {
            let month = year(day) * 12 + date.month() as i128 - 1 + *n as i128;
            let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
            // The last day that the month has.
            let later = (1..=date.day())
                .rev()
                .find_map(|day| days(year, month, day as i128));
            Some(later.map(Date).ok_or(Failure::Overflow))
        }
        (Function::FormatTime, [_, Text(wanted)]) => {
            let text = format(day, of_day, wanted);
            Some(text.map(string).ok_or(Failure::Domain))
        }
        (Function::ParseTime | Function::ParseDate, [Text(text), Text(format)]) => {
            Some(read(text, format).map(|moment| {
                option(moment.and_then(|(day, of_day)| match call.function {
                    Function::ParseDate => Some(Date(day)),
                    _ => {
                        let micros = day as i128 * MICROS_PER_DAY as i128 + of_day as i128;
                        i64::try_from(micros).ok().map(Time)
                    }
                }))
            }))
        }
        (Function::Tumbling, [Time(at), Duration(size)]) => {
            if *size <= 0 {
                return Some(Err(Failure::Domain));
            }
            let (at, size) = (*at as i128, *size as i128);
            Some(integer(call.result, at.div_euclid(size) * size))
        }
        (Function::Sliding, [Time(at), Duration(size), Duration(step)]) => {
            let [at, size, step] = [at, size, step].map(|x| *x as i128);
            if size <= 0 || step <= 0 || size / step > MAX_WINDOWS {
                return Some(Err(Failure::Domain));
            }
            let mut starts = Vec::new();
            let mut start = at.div_euclid(step) * step;
            while start > at - size {
                starts.push(start);
                start -= step;
            }
            let starts = starts.into_iter().rev();
            let times: Option<Vec<Value>> = starts
                .map(|start| i64::try_from(start).ok().map(Time))
                .collect();
            Some(times.map(Value::List).ok_or(Failure::Overflow))
        }
        _ => None,
    }
}

/// The letters of a format, those that stand for several spelled out; `None` if it is no format.
fn letters(format: &str) -> Option<Vec<(bool, char)>> {
    let mut letters = Vec::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            letters.push((false, c));
            continue;
        }
        match chars.next()? {
            '%' => letters.push((false, '%')),
            'F' => letters.extend(self::letters("%Y-%m-%d")?),
            'T' => letters.extend(self::letters("%H:%M:%S")?),
            'R' => letters.extend(self::letters("%H:%M")?),
            c if "YymdebBaAujHIpMSfzs".contains(c) => letters.push((true, c)),
            _ => return None,
        }
    }
    Some(letters)
}

fn format(day: i64, of_day: i64, format: &str) -> Option<String> {
    let moment =
        civil::DateTime::from(moved(day).0).saturating_add(jiff::Span::new().microseconds(of_day));
    let year = year(day);
    let parts = letters(format)?.into_iter().map(|letter| match letter {
        (false, c) => c.to_string(),
        (true, 'Y') if (0..10_000).contains(&year) => format!("{year:04}"),
        (true, 'Y') => format!("{year:+05}"),
        (true, 'y') => format!("{:02}", year.rem_euclid(100)),
        (true, 'f') => format!("{:06}", of_day % 1_000_000),
        (true, 'z') => "+0000".into(),
        (true, 's') => (day as i128 * 86_400 + of_day as i128 / 1_000_000).to_string(),
        (true, c) => moment.strftime(&format!("%{c}")).to_string(),
    });
    Some(parts.collect())
}

/// The day, and the microseconds of it, that a text says.
fn read(text: &str, format: &str) -> Result<Option<(i64, i64)>, Failure> {
    let letters = letters(format).ok_or(Failure::Domain)?;
    if !letters
        .iter()
        .any(|(is_part, c)| *is_part && "Yys".contains(*c))
    {
        return Err(Failure::Domain);
    }
    let mut pattern = String::new();
    for (is_part, c) in &letters {
        pattern += &match (is_part, c) {
            (false, c) => regex::escape(&c.to_string()),
            (true, 'Y') => r"([+-]\d{1,19}|\d{4})".into(),
            (true, 'y') => r"(\d{2})".into(),
            (true, 'j') => r"(\d{1,3})".into(),
            (true, 'u') => r"(\d)".into(),
            (true, 'f') => r"(\d{1,6})".into(),
            (true, 's') => r"([+-]?\d{1,19})".into(),
            (true, 'p') => "([AaPp][Mm])".into(),
            (true, 'z') => r"(Z|z|[+-]\d{2}:?\d{2})".into(),
            (true, 'b' | 'B' | 'a' | 'A') => "([A-Za-z]{3,9})".into(),
            (true, 'e') => r" ?(\d{1,2})".into(),
            (true, _) => r"(\d{1,2})".into(),
        };
    }
    let pattern = Regex::new(&format!(r"(?-u)\A(?:{pattern})\z"));
    let Ok(pattern) = pattern else {
        panic!("{format:?} gives no pattern");
    };
    let Some(groups) = pattern.captures(text) else {
        return Ok(None);
    };
    let parts = letters
        .iter()
        .filter(|letter| letter.0)
        .map(|letter| letter.1);
    let parts: Vec<(char, &str)> = parts
        .zip(groups.iter().skip(1).flatten().map(|g| g.as_str()))
        .collect();
    Ok(moment(&parts))
}

fn moment(parts: &[(char, &str)]) -> Option<(i64, i64)> {
    let last = |letter: char| {
        parts
            .iter()
            .rev()
            .find(|part| part.0 == letter)
            .map(|part| part.1)
    };
    let number = |letter: char| last(letter).map(|text| text.parse::<i64>());
    let number = |letter: char| number(letter).transpose().ok();
    let micros = match last('f') {
        Some(fraction) => format!("{fraction:0<6}").parse::<i64>().ok()?,
        None => 0,
    };
    if let Some(seconds) = number('s')? {
        let of_day = seconds.rem_euclid(86_400) * 1_000_000 + micros;
        return Some((seconds.div_euclid(86_400), of_day));
    }
    let short = number('y')?.map(|year| if year < 69 { 2000 + year } else { 1900 + year });
    let year = number('Y')?.or(short)? as i128;
    let named = |letters: [char; 2], names: &str| match last(letters[0]).or(last(letters[1])) {
        None => Some(None),
        Some(name) => names
            .split(' ')
            .position(|full| {
                name.eq_ignore_ascii_case(full) || name.eq_ignore_ascii_case(&full[..3])
            })
            .map(|at| Some(at as i64 + 1)),
    };
    let months =
        "January February March April May June July August September October November December";
    let weekdays = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday";
    let month = number('m')?.or(named(['b', 'B'], months)?);
    let day = number('d')?.or(number('e')?);
    let nth = number('j')?;
    let date = match (month, day, nth) {
        (None, None, Some(nth)) => days(year, 1, 1)? + nth - 1,
        _ => days(year, month.unwrap_or(1) as i128, day.unwrap_or(1) as i128)?,
    };
    let known = moved(date).0;
    let said = number('u')?.or(named(['a', 'A'], weekdays)?);
    let agrees = said.is_none_or(|said| said == weekday(known))
        && nth.is_none_or(|nth| nth == known.day_of_year() as i64);
    let afternoon = last('p').is_some_and(|half| half.eq_ignore_ascii_case("pm"));
    let hour = match (number('H')?, number('I')?) {
        (Some(hour), _) => hour,
        (None, Some(hour @ 1..=12)) => hour % 12 + if afternoon { 12 } else { 0 },
        (None, Some(_)) => return None,
        (None, None) => 0,
    };
    let (minute, second) = (number('M')?.unwrap_or(0), number('S')?.unwrap_or(0));
    if !agrees || self::year(date) != year || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = match last('z') {
        None | Some("Z" | "z") => 0,
        Some(text) => {
            let digits = text[1..].replace(':', "");
            let (hours, minutes) = (
                digits[..2].parse::<i64>().ok()?,
                digits[2..].parse::<i64>().ok()?,
            );
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) * 60_000_000;
            if text.starts_with('-') {
                -offset
            } else {
                offset
            }
        }
    };
    let of_day = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros - offset;
    Some((
        date + of_day.div_euclid(MICROS_PER_DAY),
        of_day.rem_euclid(MICROS_PER_DAY),
    ))
}
