//! Bytes, digests, identities, JSON and orders turned round.

use ErrorCode::{Conversion, Domain};
use sheaf_ir::function::JSON;

use super::*;

fn json(index: u32, payload: Option<Value>) -> Typed {
    let payload = payload.into_iter().collect();
    (Type::Named(JSON.into()), Value::Variant(index, payload))
}

/// JSON text of this many lists in each other.
fn nested(depth: usize) -> Typed {
    text(&("[".repeat(depth) + &"]".repeat(depth)))
}

fn nested_value(depth: usize) -> Value {
    let inner = Vec::from_iter((depth > 1).then(|| nested_value(depth - 1)));
    json(5, Some(Value::List(inner))).1
}

pub(super) fn results() -> Vec<Success> {
    use Function::{
        Add, Base64, FromBase64, FromHex, FromUtf8, Hex, JsonAt, ParseId, ParseJson, PrintJson,
        Reversed, Sha256, Slice, ToUtf8, Unreversed, Xxh3,
    };
    let json_text = |s: &str| json(4, Some(Value::String(s.into())));
    let json_int = |i: i64| json(2, Some(Value::Int(i)));
    let json_float = |x: f64| json(3, Some(Value::Float(Float::new(x))));
    let json_list = |items: Vec<Typed>| {
        json(
            5,
            Some(Value::List(items.into_iter().map(|i| i.1).collect())),
        )
    };
    let object = |entries: Vec<(&str, Typed)>| {
        let entries = entries.into_iter();
        let entries = entries.map(|(key, value)| (Value::String(key.into()), value.1));
        json(6, Some(Value::Map(entries.collect())))
    };
    let sample = || {
        object(vec![
            (
                "a",
                object(vec![(
                    "b",
                    json_list(vec![json_int(1), json_text("x\"\n\u{1}é")]),
                )]),
            ),
            ("c", json(0, None)),
        ])
    };
    let read = |from: &str, expected: Typed| (ParseJson, vec![text(from)], some(expected));
    let refused = |from: &str| (ParseJson, vec![text(from)], none(Type::Named(JSON.into())));
    let at = |path: &str, expected: Typed| (JsonAt, vec![sample(), text(path)], some(expected));
    let nowhere = |path: &str| {
        (
            JsonAt,
            vec![sample(), text(path)],
            none(Type::Named(JSON.into())),
        )
    };
    vec![
        (Add, vec![bytes(b"a\0"), bytes(b"b")], bytes(b"a\0b")),
        (Slice, vec![bytes(b"a\0b"), nat(1), nat(9)], bytes(b"\0b")),
        (Slice, vec![bytes(b"ab"), nat(2), nat(1)], bytes(b"")),
        (ToUtf8, vec![text("é")], bytes(&[0xc3, 0xa9])),
        (FromUtf8, vec![bytes(&[0xc3, 0xa9, 0])], some(text("é\0"))),
        (FromUtf8, vec![bytes(&[0xc3])], none(Type::String)),
        (Hex, vec![bytes(&[0, 0xaf])], text("00af")),
        (FromHex, vec![text("00aF")], some(bytes(&[0, 0xaf]))),
        (FromHex, vec![text("0")], none(Type::Bytes)),
        (FromHex, vec![text("0g")], none(Type::Bytes)),
        // RFC 4648 section 10.
        (Base64, vec![bytes(b"")], text("")),
        (Base64, vec![bytes(b"f")], text("Zg==")),
        (Base64, vec![bytes(b"fo")], text("Zm8=")),
        (Base64, vec![bytes(b"foobar")], text("Zm9vYmFy")),
        (Base64, vec![bytes(&[0xfb, 0xff])], text("+/8=")),
        (FromBase64, vec![text("Zm9vYg==")], some(bytes(b"foob"))),
        (FromBase64, vec![text("Zm9vYmFy")], some(bytes(b"foobar"))),
        (FromBase64, vec![text("Zm9vYh==")], none(Type::Bytes)),
        (FromBase64, vec![text("Zg")], none(Type::Bytes)),
        (FromBase64, vec![text("Zg==Zg==")], none(Type::Bytes)),
        (FromBase64, vec![text("Z===")], none(Type::Bytes)),
        (FromBase64, vec![text("Zm9_")], none(Type::Bytes)),
        // The vector of the reference implementation for no input.
        (Xxh3, vec![text("")], int(0x2d06800538d394c2)),
        (Xxh3, vec![bytes(b"")], int(0x2d06800538d394c2)),
        // FIPS 180-4.
        (
            Sha256,
            vec![bytes(b"abc")],
            bytes(&[
                0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
                0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
                0xf2, 0x00, 0x15, 0xad,
            ]),
        ),
        (
            ParseId,
            vec![text("00000000-0000-0000-0000-0000000000fF")],
            some(id(255)),
        ),
        (ParseId, vec![text("ff")], none(Type::Id)),
        (
            ParseId,
            vec![text("-000000000000000000000000000000ff")],
            none(Type::Id),
        ),
        (
            ParseId,
            vec![text("000000000000000000000000000000ff0")],
            none(Type::Id),
        ),
        read(" null ", json(0, None)),
        read("true", json(1, Some(Value::Bool(true)))),
        read("-12", json_int(-12)),
        read("9223372036854775808", json_float(9223372036854775808.0)),
        read("-0", json_float(0.0)),
        read("1.5e1", json_float(15.0)),
        read(r#""\u00e9\ud83d\ude00\n""#, json_text("é😀\n")),
        read("[]", json_list(vec![])),
        read(
            "[1,[\"x\"]]",
            json_list(vec![json_int(1), json_list(vec![json_text("x")])]),
        ),
        read(
            r#"{"b":1,"a":2,"b":3}"#,
            object(vec![("a", json_int(2)), ("b", json_int(3))]),
        ),
        (
            ParseJson,
            vec![nested(100)],
            some((Type::Named(JSON.into()), nested_value(100))),
        ),
        (ParseJson, vec![nested(101)], none(Type::Named(JSON.into()))),
        refused(""),
        refused("01"),
        refused("[1,]"),
        refused("{\"a\":1,}"),
        refused("{a:1}"),
        refused("1 2"),
        refused("NaN"),
        refused("1e400"),
        refused("\"\\ud800\""),
        refused("\"\n\""),
        (
            PrintJson,
            vec![sample()],
            text(r#"{"a":{"b":[1,"x\"\n\u0001é"]},"c":null}"#),
        ),
        (PrintJson, vec![json_float(1.0)], text("1.0")),
        (PrintJson, vec![json_float(1e300)], text("1e300")),
        (PrintJson, vec![json_float(f64::NAN)], text("null")),
        (
            PrintJson,
            vec![json_list(vec![json_list(vec![]), object(vec![])])],
            text("[[],{}]"),
        ),
        (
            PrintJson,
            vec![json(1, Some(Value::Bool(false)))],
            text("false"),
        ),
        at("", sample()),
        at("a.b[0]", json_int(1)),
        at("c", json(0, None)),
        nowhere("a.b[2]"),
        nowhere("a.b[99999999999999999999]"),
        nowhere("a.b.c"),
        nowhere("[0]"),
        nowhere("d"),
        (
            JsonAt,
            vec![
                json_list(vec![json_list(vec![json_int(7)])]),
                text("[0][0]"),
            ],
            some(json_int(7)),
        ),
        (Reversed, vec![bool(true)], bytes(&[0xfe])),
        (
            Reversed,
            vec![text("a\0")],
            bytes(&[!b'a', 0xff, 0, 0xff, 0xff]),
        ),
        (Unreversed(Type::Bool), vec![bytes(&[0xfe])], bool(true)),
        (
            Unreversed(Type::String),
            vec![bytes(&[!b'a', 0xff, 0, 0xff, 0xff])],
            text("a\0"),
        ),
        (
            Unreversed(Type::Option(Box::new(Type::Int))),
            vec![bytes(&[
                0xfe, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
            ])],
            some(int(1)),
        ),
    ]
}

pub(super) fn failures() -> Vec<Failing> {
    use Function::{JsonAt, Unreversed};
    let sample = || json(0, None);
    let bad = |path: &str, message| (JsonAt, vec![sample(), text(path)], Domain, message);
    vec![
        bad(".a", "\".a\" is no path such as a.b[0].c"),
        bad("a.", "\"a.\" is no path such as a.b[0].c"),
        bad("a..b", "\"a..b\" is no path such as a.b[0].c"),
        bad("a[x]", "\"a[x]\" is no path such as a.b[0].c"),
        bad("a[0", "\"a[0\" is no path such as a.b[0].c"),
        bad("a[0]b", "\"a[0]b\" is no path such as a.b[0].c"),
        bad("a.[0]", "\"a.[0]\" is no path such as a.b[0].c"),
        (
            Unreversed(Type::Bool),
            vec![bytes(&[0x01])],
            Conversion,
            "the bytes are not those of a reversed Bool",
        ),
        (
            Unreversed(Type::Int),
            vec![bytes(&[0xff; 9])],
            Conversion,
            "the bytes are not those of a reversed Int",
        ),
    ]
}

/// Greater values have lesser bytes, and lead back to themselves.
#[test]
fn reversed_turns_every_order_round() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        let ty = support::any_type().new_tree(&mut runner).unwrap().current();
        let [a, b] = [0, 1].map(|_| any_value(&ty).new_tree(&mut runner).unwrap().current());
        let reversed =
            |value: &Value| apply(&Function::Reversed, &[(ty.clone(), value.clone())]).unwrap();
        let (from_a, from_b) = (reversed(&a), reversed(&b));
        assert_eq!(from_a.cmp(&from_b), b.cmp(&a), "{a:?} and {b:?}");
        let back = apply(&Function::Unreversed(ty.clone()), &[(Type::Bytes, from_a)]);
        assert_eq!(back, Ok(a));
    }
}
