//! Text: its scalars, white space, normal form, and regular expressions.

use ErrorCode::Domain;

use super::*;

fn texts<const N: usize>(parts: [&str; N]) -> Typed {
    let parts = parts.map(|part| Value::String(part.into()));
    (
        Type::List(Box::new(Type::String)),
        Value::List(parts.into()),
    )
}

pub(super) fn results() -> Vec<Success> {
    use Function::{
        Captures, Chars, Code, Find, FindAll, FromCode, IsMatch, Normalize, Repeat, ReplaceAll,
        Slice, TrimEnd, TrimStart,
    };
    let groups = Type::List(Box::new(Type::Option(Box::new(Type::String))));
    vec![
        (Chars, vec![text("aé\u{0}")], texts(["a", "é", "\u{0}"])),
        (Chars, vec![text("")], texts([])),
        (Slice, vec![text("añb"), nat(1), nat(2)], text("ñ")),
        (Slice, vec![text("añb"), nat(2), nat(MAX)], text("b")),
        (Slice, vec![text("añb"), nat(2), nat(1)], text("")),
        (Slice, vec![text("ab"), nat(MAX), nat(MAX)], text("")),
        (Slice, vec![text("abc"), nat(0), nat(2)], text("ab")),
        (Find, vec![text("añb"), text("b")], some(nat(2))),
        (Find, vec![text("ab"), text("")], some(nat(0))),
        (Find, vec![text("ab"), text("ba")], none(Type::Nat)),
        (Repeat, vec![text("ab"), nat(3)], text("ababab")),
        (Repeat, vec![text(""), nat(MAX)], text("")),
        (Repeat, vec![text("ab"), nat(0)], text("")),
        (TrimStart, vec![text("\u{a0} a ")], text("a ")),
        (TrimEnd, vec![text(" a\n\u{3000}")], text(" a")),
        (Normalize, vec![text("e\u{301}")], text("é")),
        (Normalize, vec![text("ab")], text("ab")),
        (Code, vec![text("€x")], some(nat(0x20ac))),
        (Code, vec![text("")], none(Type::Nat)),
        (FromCode, vec![nat(0x1f600)], some(text("😀"))),
        (FromCode, vec![nat(0)], some(text("\u{0}"))),
        (FromCode, vec![nat(0xd800)], none(Type::String)),
        (FromCode, vec![nat(1 << 32)], none(Type::String)),
        (IsMatch, vec![text("año 2026"), text(r"\d{4}$")], bool(true)),
        (IsMatch, vec![text("a"), text("^b")], bool(false)),
        (
            FindAll,
            vec![text("a1b22"), text(r"\d+")],
            texts(["1", "22"]),
        ),
        (FindAll, vec![text("ab"), text("x*")], texts(["", "", ""])),
        (
            Captures,
            vec![text("k=v"), text("(?<key>.)=(v)|(w)")],
            some((
                groups.clone(),
                Value::List(vec![
                    some(text("k=v")).1,
                    some(text("k")).1,
                    some(text("v")).1,
                    none(Type::String).1,
                ]),
            )),
        ),
        (Captures, vec![text("ab"), text("c")], none(groups)),
        (
            ReplaceAll,
            vec![text("a1b22"), text(r"(\d)+"), text("<${1}x$$>")],
            text("a<1x$>b<2x$>"),
        ),
        (
            ReplaceAll,
            vec![text("ab"), text(""), text("-")],
            text("-a-b-"),
        ),
        (
            ReplaceAll,
            vec![text("ab"), text("a"), text("$nobody")],
            text("b"),
        ),
    ]
}

pub(super) fn failures() -> Vec<Failing> {
    use Function::{Captures, FindAll, IsMatch, Repeat, ReplaceAll};
    let unclosed = "\"a(\" is no regular expression: unclosed group";
    vec![
        (
            Repeat,
            vec![text("ab"), nat((1 << 23) + 1)],
            Domain,
            "repeat of 2 bytes 8388609 times is longer than 16 MiB",
        ),
        (
            Repeat,
            vec![text("ab"), nat(MAX)],
            Domain,
            "repeat of 2 bytes 9223372036854775807 times is longer than 16 MiB",
        ),
        (IsMatch, vec![text("a"), text("a(")], Domain, unclosed),
        (FindAll, vec![text("a"), text("a(")], Domain, unclosed),
        (Captures, vec![text("a"), text("a(")], Domain, unclosed),
        (
            ReplaceAll,
            vec![text("a"), text("a("), text("")],
            Domain,
            unclosed,
        ),
        (
            IsMatch,
            vec![text("a"), text(r"(a)\1")],
            Domain,
            r#""(a)\\1" is no regular expression: backreferences are not supported"#,
        ),
    ]
}
