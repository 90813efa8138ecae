//! Dates and times in parts and by formats.

use sheaf_ir::{Function, Span, Type};

use super::cache::Cache;
use super::{Batch, Primitive, Signature, error, shown, utf8};
use crate::calendar::format::Format;
use crate::calendar::{MICROS_PER_DAY, civil, day_of_year, days, month_length, weekday};
use crate::{ErrorCode, EvalError};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let span = call.span;
    let is_time = call.arguments.first() == Some(&Type::Time);
    match call.function {
        Function::Year => Some(part_of_day(is_time, |day| civil(day).year)),
        Function::Month => Some(part_of_day(is_time, |day| civil(day).month)),
        Function::Day => Some(part_of_day(is_time, |day| civil(day).day)),
        Function::Weekday => Some(part_of_day(is_time, weekday)),
        Function::DayOfYear => Some(part_of_day(is_time, day_of_year)),
        Function::ToDate => Some(part_of_day(is_time, |day| day)),
        Function::Hour => Some(part_of_time(3_600_000_000, 24)),
        Function::Minute => Some(part_of_time(60_000_000, 60)),
        Function::Second => Some(part_of_time(1_000_000, 60)),
        Function::ToTime => Some(Box::new(move |batch, failures| {
            batch.try_each(failures, |lane| {
                let date = batch.word(0, lane);
                let micros = (date as i64).checked_mul(MICROS_PER_DAY);
                micros.map(|micros| micros as u64).ok_or_else(|| {
                    let message = format!("{} does not fit Time", shown(&Type::Date, date));
                    error(ErrorCode::Overflow, span, message)
                })
            })
        })),
        Function::MakeDate => Some(Box::new(|batch, _| {
            let mut out = Vec::new();
            batch.each(|lane| {
                let [year, month, day] = [0, 1, 2].map(|i| batch.word(i, lane) as i64);
                let date = days(year, month, day).map(|date| date as u64);
                batch.option_of(&Type::Date, date, &mut out)
            })
        })),
        Function::AddMonths => Some(Box::new(move |batch, failures| {
            batch.try_each(failures, |lane| {
                let [date, months] = [0, 1].map(|i| batch.word(i, lane));
                let later = add_months(date as i64, months as i64);
                later.map(|later| later as u64).ok_or_else(|| {
                    let [date, months] = [(Type::Date, date), (Type::Int, months)]
                        .map(|(ty, word)| shown(&ty, word));
                    let message = format!("add_months({date}, {months}) does not fit Date");
                    error(ErrorCode::Overflow, span, message)
                })
            })
        })),
        Function::FormatTime => Some(by_format(call, move |batch, lane, format, _| {
            let word = batch.word(0, lane) as i64;
            let (day, of_day) = if is_time { split(word) } else { (word, 0) };
            let mut text = String::new();
            format.write(day, of_day, &mut text);
            batch.intern(text.as_bytes())
        })),
        Function::ParseTime => Some(by_format(call, |batch, lane, format, out| {
            let moment = format.read(&utf8(batch.text(0, lane)));
            let micros = moment.and_then(|(day, of_day)| {
                let micros = day as i128 * MICROS_PER_DAY as i128 + of_day as i128;
                i64::try_from(micros).ok().map(|micros| micros as u64)
            });
            batch.option_of(&Type::Time, micros, out)
        })),
        Function::ParseDate => Some(by_format(call, |batch, lane, format, out| {
            let moment = format.read(&utf8(batch.text(0, lane)));
            batch.option_of(&Type::Date, moment.map(|(day, _)| day as u64), out)
        })),
        _ => None,
    }
}

/// The day of a moment and the microseconds of it.
fn split(micros: i64) -> (i64, i64) {
    (
        micros.div_euclid(MICROS_PER_DAY),
        micros.rem_euclid(MICROS_PER_DAY),
    )
}

fn part_of_day(is_time: bool, f: impl Fn(i64) -> i64 + Send + Sync + 'static) -> Primitive {
    Box::new(move |batch, _| match is_time {
        true => batch.unary(|a| f(split(a as i64).0) as u64),
        false => batch.unary(|a| f(a as i64) as u64),
    })
}

fn part_of_time(micros: i64, count: i64) -> Primitive {
    Box::new(move |batch, _| batch.unary(|a| (split(a as i64).1 / micros % count) as u64))
}

/// The same day of the month so many months later, or the last of that month.
pub(crate) fn add_months(date: i64, months: i64) -> Option<i64> {
    let from = civil(date);
    let month = from.year as i128 * 12 + (from.month - 1) as i128 + months as i128;
    let year = i64::try_from(month.div_euclid(12)).ok()?;
    let month = month.rem_euclid(12) as i64 + 1;
    days(year, month, from.day.min(month_length(year, month)))
}

/// A function of the second argument as a format; it is given a buffer.
fn by_format(
    call: &Signature,
    f: impl Fn(&Batch, usize, &Format, &mut Vec<u8>) -> u64 + Send + Sync + 'static,
) -> Primitive {
    let span = call.span;
    let reads = *call.function != Function::FormatTime;
    let formats = Cache::default();
    Box::new(move |batch, failures| {
        let mut out = Vec::new();
        batch.try_each(failures, |lane| {
            let format = formats.get(batch.word(1, lane), || {
                let format = Format::new(&utf8(batch.text(1, lane)))?;
                match reads && !format.has_year() {
                    true => Err("it does not say the year".to_string()),
                    false => Ok(format),
                }
            });
            match &*format {
                Ok(format) => Ok(f(batch, lane, format, &mut out)),
                Err(why) => Err(bad_format(batch, lane, why, span)),
            }
        })
    })
}

fn bad_format(batch: &Batch, lane: usize, why: &str, span: Span) -> EvalError {
    let format = utf8(batch.text(1, lane));
    let message = format!("{format:?} is no format of a time: {why}");
    error(ErrorCode::Domain, span, message)
}
