//! Words stand for values: conversion is exact, and order, digests and sorting are those of values.

mod support;

use proptest::prelude::*;
use sheaf_ir::encoding::encode_whole;
use sheaf_ir::shard::column_digest;
use sheaf_ir::value::Float;
use sheaf_ir::{Type, Value};
use sheaf_kernels::words::{
    canonical_bytes, column_digest_of, compare, display, sort_rows, value_of, word_of, write_json,
};
use sheaf_kernels::{Interner, Rows};
use support::{any_type, any_value, types};

fn typed_values(count: usize) -> impl Strategy<Value = (Type, Vec<Value>)> {
    any_type().prop_flat_map(move |ty| {
        let values = prop::collection::vec(any_value(&ty), count);
        (Just(ty), values)
    })
}

proptest! {
    #![proptest_config(support::cases(500))]

    #[test]
    fn words_round_trip((ty, values) in typed_values(1)) {
        let interner = Interner::new();
        let word = word_of(&values[0], &ty, &interner);
        prop_assert_eq!(&value_of(word, &ty, &types(), &interner), &values[0]);
        let mut bytes = Vec::new();
        canonical_bytes(word, &ty, &interner, &mut bytes);
        prop_assert_eq!(&bytes, &encode_whole(&values[0]));
        prop_assert_eq!(column_digest_of(word, &ty, &interner), column_digest(&bytes));
    }

    #[test]
    fn words_are_ordered_as_values((ty, values) in typed_values(2)) {
        let interner = Interner::new();
        let words: Vec<u64> = values.iter().map(|v| word_of(v, &ty, &interner)).collect();
        prop_assert_eq!(compare(words[0], words[1], &ty, &interner), values[0].cmp(&values[1]));
    }

    #[test]
    fn json_is_json((ty, values) in typed_values(1)) {
        let interner = Interner::new();
        let word = word_of(&values[0], &ty, &interner);
        let mut json = String::new();
        write_json(word, &ty, &types(), &interner, &mut json);
        prop_assert!(is_json(&json), "{}", json);
        display(word, &ty, &types(), &interner);
    }

    #[test]
    fn rows_are_sorted_as_values(
        (tys, table) in prop::collection::vec(any_type(), 1..5).prop_flat_map(|tys| {
            let row: Vec<_> = tys.iter().map(any_value).collect();
            (Just(tys), prop::collection::vec(row, 0..30))
        }),
        order in prop::collection::vec((0usize..5, any::<bool>()), 0..3),
        weighted in any::<bool>(),
        strangers in 0usize..2000,
    ) {
        let interner = Interner::new();
        for i in 0..strangers {
            interner.intern(format!("stranger {i}").as_bytes());
        }
        let order: Vec<(usize, bool)> = order.into_iter().filter(|o| o.0 < tys.len()).collect();
        let mut rows = Rows::new(tys.len());
        for row in &table {
            let words = row.iter().zip(&tys).map(|(v, t)| word_of(v, t, &interner));
            rows.push_iter(words);
        }
        let marked: Vec<(Vec<Value>, i64)> = table.into_iter().zip(1..).collect();
        if weighted {
            rows.weights = Some(marked.iter().map(|m| m.1).collect());
        }
        sort_rows(&mut rows, &tys, &order, &interner);

        let mut expected = marked;
        expected.sort_by(|(a, _), (b, _)| {
            order
                .iter()
                .map(|&(c, down)| if down { b[c].cmp(&a[c]) } else { a[c].cmp(&b[c]) })
                .find(|o| o.is_ne())
                .unwrap_or_else(|| a.cmp(b))
        });
        let sorted: Vec<Vec<Value>> = rows
            .iter()
            .map(|row| row.iter().zip(&tys).map(|(&w, t)| value_of(w, t, &types(), &interner)).collect())
            .collect();
        prop_assert_eq!(&sorted, &expected.iter().map(|e| e.0.clone()).collect::<Vec<_>>());
        if weighted {
            prop_assert_eq!(rows.weights.unwrap(), expected.iter().map(|e| e.1).collect::<Vec<_>>());
        }
    }
}

/// A recogniser of compact JSON, enough to see that nothing is left open or unquoted.
fn is_json(text: &str) -> bool {
    fn value(s: &[u8]) -> Option<&[u8]> {
        match s.first()? {
            b'[' => sequence(&s[1..], b']', value),
            b'{' => sequence(&s[1..], b'}', |s| value(string(s)?.strip_prefix(b":")?)),
            b'"' => string(s),
            b'n' => s.strip_prefix(b"null"),
            b't' => s.strip_prefix(b"true"),
            b'f' => s.strip_prefix(b"false"),
            _ => {
                let end = s
                    .iter()
                    .position(|b| !b"+-.0123456789eE".contains(b))
                    .unwrap_or(s.len());
                std::str::from_utf8(&s[..end]).ok()?.parse::<f64>().ok()?;
                Some(&s[end..])
            }
        }
    }
    fn string(s: &[u8]) -> Option<&[u8]> {
        let mut s = s.strip_prefix(b"\"")?;
        loop {
            match s.first()? {
                b'"' => return Some(&s[1..]),
                b'\\' => s = s.get(2..)?,
                0..=31 => return None,
                _ => s = &s[1..],
            }
        }
    }
    fn sequence(s: &[u8], end: u8, item: fn(&[u8]) -> Option<&[u8]>) -> Option<&[u8]> {
        if *s.first()? == end {
            return Some(&s[1..]);
        }
        let mut s = item(s)?;
        while s.first()? == &b',' {
            s = item(&s[1..])?;
        }
        (*s.first()? == end).then(|| &s[1..])
    }
    value(text.as_bytes()) == Some(b"")
}

#[test]
fn values_as_outputs_write_them() {
    let interner = Interner::new();
    let text = |s: &str| Value::String(s.into());
    let list = |t: Type| Type::List(Box::new(t));
    let option = |t: Type| Type::Option(Box::new(t));
    let some = |v: Value| Value::Option(Some(Box::new(v)));
    let named = |n: &str| Type::Named(n.into());
    let float = |x: f64| Value::Float(Float::new(x));
    for (ty, value, shown, json) in [
        (Type::Bool, Value::Bool(true), "true", "true"),
        (Type::Int, Value::Int(-7), "-7", "-7"),
        (Type::Float, float(1.0), "1.0", "1.0"),
        (Type::Float, float(0.1), "0.1", "0.1"),
        (Type::Float, float(1e300), "1e300", "1e300"),
        (Type::Float, float(f64::NAN), "NaN", "\"NaN\""),
        (Type::Decimal(2), Value::Decimal(-5), "-0.05", "-0.05"),
        (Type::Decimal(2), Value::Decimal(1250), "12.50", "12.50"),
        (Type::Decimal(0), Value::Decimal(3), "3", "3"),
        (Type::Date, Value::Date(0), "1970-01-01", "\"1970-01-01\""),
        (
            Type::Time,
            Value::Time(1),
            "1970-01-01T00:00:00.000001Z",
            "\"1970-01-01T00:00:00.000001Z\"",
        ),
        (
            Type::Duration,
            Value::Duration(1_500_000),
            "1.5s",
            "\"1.5s\"",
        ),
        (Type::String, text("a \"b\""), "a \"b\"", "\"a \\\"b\\\"\""),
        (Type::Bytes, Value::Bytes(vec![0, 255]), "00ff", "\"00ff\""),
        (
            Type::Id,
            Value::Id(1),
            "00000000000000000000000000000001",
            "\"00000000000000000000000000000001\"",
        ),
        (option(Type::String), Value::Option(None), "", "null"),
        (option(Type::String), some(text("x")), "x", "\"x\""),
        (
            list(Type::String),
            Value::List(vec![text("a"), text("b,")]),
            "[\"a\",\"b,\"]",
            "[\"a\",\"b,\"]",
        ),
        (Type::unit(), Value::Tuple(vec![]), "[]", "[]"),
        (
            Type::Map(Box::new(Type::Int), Box::new(Type::Bool)),
            Value::Map(vec![(Value::Int(1), Value::Bool(false))]),
            "{\"1\":false}",
            "{\"1\":false}",
        ),
        (
            Type::Map(Box::new(named("Colour")), Box::new(Type::Int)),
            Value::Map(vec![(Value::Variant(1, vec![]), Value::Int(2))]),
            "[[\"Green\",2]]",
            "[[\"Green\",2]]",
        ),
        (
            named("Point"),
            Value::Tuple(vec![Value::Int(1), text("p")]),
            "{\"x\":1,\"label\":\"p\"}",
            "{\"x\":1,\"label\":\"p\"}",
        ),
        (named("Colour"), Value::Variant(0, vec![]), "Red", "\"Red\""),
        (
            named("Shape"),
            Value::Variant(1, vec![float(2.5)]),
            "{\"Circle\":2.5}",
            "{\"Circle\":2.5}",
        ),
        (
            named("Shape"),
            Value::Variant(2, vec![text("s"), Value::Nat(1)]),
            "{\"Named\":[\"s\",1]}",
            "{\"Named\":[\"s\",1]}",
        ),
    ] {
        let word = word_of(&value, &ty, &interner);
        assert_eq!(display(word, &ty, &types(), &interner), shown);
        let mut out = String::new();
        write_json(word, &ty, &types(), &interner, &mut out);
        assert_eq!(out, json);
    }
}
