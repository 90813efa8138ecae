//! Dates and times in parts and by formats.

use ErrorCode::{Domain, Overflow};

use super::*;

/// 2024-02-29T13:05:09.25Z, a Thursday.
const LEAP_DAY: i64 = 1_709_211_909_250_000;

pub(super) fn results() -> Vec<Success> {
    use Function::{
        AddMonths, Day, DayOfYear, FormatTime, Hour, MakeDate, Minute, Month, ParseDate, ParseTime,
        Second, ToDate, ToTime, Weekday, Year,
    };
    let format = |format: &str, expected: &str| {
        (
            FormatTime,
            vec![time(LEAP_DAY), text(format)],
            text(expected),
        )
    };
    let read = |from: &str, format: &str, expected: i64| {
        (
            ParseTime,
            vec![text(from), text(format)],
            some(time(expected)),
        )
    };
    let refused =
        |from: &str, format: &str| (ParseTime, vec![text(from), text(format)], none(Type::Time));
    vec![
        (Year, vec![time(LEAP_DAY)], int(2024)),
        (Year, vec![date(-719_529)], int(-1)),
        (Year, vec![date(MIN)], int(-25_252_734_927_764_585)),
        (Month, vec![time(-1)], nat(12)),
        (Month, vec![date(19_782)], nat(2)),
        (Day, vec![time(LEAP_DAY)], nat(29)),
        (Day, vec![date(0)], nat(1)),
        (Hour, vec![time(LEAP_DAY)], nat(13)),
        (Hour, vec![time(-1)], nat(23)),
        (Minute, vec![time(LEAP_DAY)], nat(5)),
        (Second, vec![time(LEAP_DAY)], nat(9)),
        (Weekday, vec![time(LEAP_DAY)], nat(4)),
        (Weekday, vec![date(3)], nat(7)),
        (DayOfYear, vec![time(LEAP_DAY)], nat(60)),
        (DayOfYear, vec![date(-1)], nat(365)),
        (ToDate, vec![time(-1)], date(-1)),
        (ToTime, vec![date(2)], time(2 * DAY)),
        (
            MakeDate,
            vec![int(2024), int(2), int(29)],
            some(date(19_782)),
        ),
        (MakeDate, vec![int(2023), int(2), int(29)], none(Type::Date)),
        (MakeDate, vec![int(1900), int(2), int(29)], none(Type::Date)),
        (MakeDate, vec![int(0), int(1), int(1)], some(date(-719_528))),
        (MakeDate, vec![int(MAX), int(1), int(1)], none(Type::Date)),
        (MakeDate, vec![int(2024), int(13), int(1)], none(Type::Date)),
        (AddMonths, vec![date(19_782), int(12)], date(20_147)),
        (AddMonths, vec![date(30), int(1)], date(58)),
        (AddMonths, vec![date(0), int(-1)], date(-31)),
        format("%Y-%m-%d %H:%M:%S.%f", "2024-02-29 13:05:09.250000"),
        format("%F %T %R", "2024-02-29 13:05:09 13:05"),
        format("%a %A %b %B %e %y", "Thu Thursday Feb February 29 24"),
        format("%I %p %u %j %z %s %%", "01 PM 4 060 +0000 1709211909 %"),
        format("año", "año"),
        (
            FormatTime,
            vec![date(8), text("%e.%m.%Y %H h %I %p")],
            text(" 9.01.1970 00 h 12 AM"),
        ),
        (
            FormatTime,
            vec![date(2_932_897), text("%Y")],
            text("+10000"),
        ),
        (
            FormatTime,
            vec![date(-719_529), text("%Y %y")],
            text("-0001 99"),
        ),
        read("2024-02-29 13:05:09.25", "%F %T.%f", LEAP_DAY),
        read("29feb2024 1:05:09.25pm", "%d%b%Y %I:%M:%S.%f%p", LEAP_DAY),
        read(
            "Thursday, February 29 2024 14:05:09.25 +01:00",
            "%A, %B %d %Y %T.%f %z",
            LEAP_DAY,
        ),
        read("2024 060 13:05:09.250000Z", "%Y %j %T.%f%z", LEAP_DAY),
        read("1709211909.25", "%s.%f", LEAP_DAY),
        read("-1", "%s", -1_000_000),
        read("70", "%y", 0),
        read("19700101", "%Y%m%d", 0),
        read(
            "1970- 1-1 12 am",
            "%Y-%m-%d %I %p".replace("%m", " %m").as_str(),
            0,
        ),
        read("1970 Jan  1", "%Y %b %e", 0),
        read("+0001970", "%Y", 0),
        read("1970-01-01 00:00 -00:30", "%F %R %z", 1_800_000_000),
        refused("2023-02-29", "%F"),
        refused("2024-02-29x", "%F"),
        refused("2024-02-2", "%Y-%m-%d "),
        refused("Fri 2024-02-29", "%a %F"),
        refused("2024-02-29 366", "%F %j"),
        refused("2023 366", "%Y %j"),
        refused("24:00 1970", "%R %Y"),
        refused("23:60 1970", "%R %Y"),
        refused("13 PM 1970", "%I %p %Y"),
        refused("1970 +24:00", "%Y %z"),
        refused("9999999999999999999", "%s"),
        refused("+999999999", "%Y"),
        refused("", "%Y"),
        (
            ParseDate,
            vec![text("29.2.2024"), text("%d.%m.%Y")],
            some(date(19_782)),
        ),
        (
            ParseDate,
            vec![text("+999999999"), text("%Y")],
            some(date(365_241_780_107)),
        ),
        (
            ParseDate,
            vec![text("1970-01-01 23:00 -02:00"), text("%F %R %z")],
            some(date(1)),
        ),
        (
            ParseDate,
            vec![text("1970-00-01"), text("%F")],
            none(Type::Date),
        ),
    ]
}

pub(super) fn failures() -> Vec<Failing> {
    use Function::{AddMonths, FormatTime, ParseDate, ParseTime, ToTime};
    vec![
        (
            ToTime,
            vec![date(MAX)],
            Overflow,
            "+25252734927768524-07-27 does not fit Time",
        ),
        (
            AddMonths,
            vec![date(MAX), int(1)],
            Overflow,
            "add_months(+25252734927768524-07-27, 1) does not fit Date",
        ),
        (
            FormatTime,
            vec![time(0), text("%Q")],
            Domain,
            "\"%Q\" is no format of a time: %Q is no part of a time",
        ),
        (
            FormatTime,
            vec![date(0), text("5%")],
            Domain,
            "\"5%\" is no format of a time: it ends with a single %",
        ),
        (
            ParseTime,
            vec![text("12:00"), text("%R")],
            Domain,
            "\"%R\" is no format of a time: it does not say the year",
        ),
        (
            ParseDate,
            vec![text("1"), text("%d")],
            Domain,
            "\"%d\" is no format of a time: it does not say the year",
        ),
    ]
}
