//! The promises of the encoding: order, round trip, one encoding a value. The test vectors are in
//! the IR specification and checked by `tests/specification.rs`.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use sheaf_ir::encoding::{
    decode, decode_whole, encode, encode_inline, encode_whole, inline_value, inline_word,
};
use sheaf_ir::shard::{column_digest, inline_digest};
use sheaf_ir::value::Float;
use sheaf_ir::{Nominal, Type, Value};

fn types() -> BTreeMap<String, Nominal> {
    let boxed = Box::new(Type::Named("Tree".into()));
    BTreeMap::from([
        (
            "Tree".to_string(),
            Nominal::Enum(vec![
                ("Leaf".into(), vec![]),
                ("Node".into(), vec![Type::List(boxed), Type::Int]),
            ]),
        ),
        (
            "Pair".to_string(),
            Nominal::Record(vec![("a".into(), Type::String), ("b".into(), Type::Bool)]),
        ),
    ])
}

fn ty() -> impl Strategy<Value = Type> {
    let scalar = prop::sample::select(vec![
        Type::Bool,
        Type::Int,
        Type::Nat,
        Type::Float,
        Type::Decimal(2),
        Type::String,
        Type::Bytes,
        Type::Date,
        Type::Time,
        Type::Duration,
        Type::Id,
        Type::RowId,
        Type::Named("Tree".into()),
        Type::Named("Pair".into()),
    ]);
    scalar.prop_recursive(3, 5, 3, |ty| {
        let boxed = || ty.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Type::Option),
            boxed().prop_map(Type::List),
            boxed().prop_map(Type::Set),
            (boxed(), boxed()).prop_map(|(key, value)| Type::Map(key, value)),
            vec(ty.clone(), 0..3).prop_map(Type::Tuple),
        ]
    })
}

/// Numbers near each other and near the ends, so that order is tested where it is delicate.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-3i64..4, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
}

fn value_of(ty: &Type, depth: usize) -> BoxedStrategy<Value> {
    let all = |tys: &[Type], depth| tys.iter().map(|ty| value_of(ty, depth)).collect::<Vec<_>>();
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int => number().prop_map(Value::Int).boxed(),
        Type::Nat => number().prop_map(|n| Value::Nat(n & i64::MAX)).boxed(),
        Type::Float => {
            let special = prop::sample::select(vec![
                0.0,
                -0.0,
                f64::NAN,
                -f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MIN_POSITIVE,
                1.0,
                -1.0,
            ]);
            prop_oneof![any::<f64>(), any::<u64>().prop_map(f64::from_bits), special]
                .prop_map(|x| Value::Float(Float::new(x)))
                .boxed()
        }
        Type::Decimal(_) => number().prop_map(Value::Decimal).boxed(),
        Type::String => prop_oneof!["[\0\u{1}ab]{0,3}", any::<String>()]
            .prop_map(Value::String)
            .boxed(),
        Type::Bytes => {
            let byte = prop_oneof![Just(0u8), Just(1), Just(0xff), any::<u8>()];
            vec(byte, 0..4).prop_map(Value::Bytes).boxed()
        }
        Type::Date => number().prop_map(Value::Date).boxed(),
        Type::Time => number().prop_map(Value::Time).boxed(),
        Type::Duration => number().prop_map(Value::Duration).boxed(),
        Type::Id | Type::RowId => prop_oneof![0u128..3, any::<u128>()]
            .prop_map(Value::Id)
            .boxed(),
        Type::Option(inner) => option::of(value_of(inner, depth))
            .prop_map(|value| Value::Option(value.map(Box::new)))
            .boxed(),
        Type::List(inner) => vec(value_of(inner, depth), 0..3)
            .prop_map(Value::List)
            .boxed(),
        Type::Set(inner) => btree_set(value_of(inner, depth), 0..3)
            .prop_map(|items| Value::Set(items.into_iter().collect()))
            .boxed(),
        Type::Map(key, value) => btree_map(value_of(key, depth), value_of(value, depth), 0..3)
            .prop_map(|entries| Value::Map(entries.into_iter().collect()))
            .boxed(),
        Type::Tuple(parts) => all(parts, depth).prop_map(Value::Tuple).boxed(),
        Type::Named(name) => match &types()[name] {
            Nominal::Record(fields) => {
                let tys: Vec<Type> = fields.iter().map(|(_, ty)| ty.clone()).collect();
                all(&tys, depth).prop_map(Value::Tuple).boxed()
            }
            Nominal::Enum(variants) => {
                let usable = if depth == 0 { 1 } else { variants.len() };
                let of_variant = |index: usize| {
                    all(&variants[index].1, depth.saturating_sub(1))
                        .prop_map(move |payload| Value::Variant(index as u32, payload))
                        .boxed()
                };
                prop::strategy::Union::new((0..usable).map(of_variant)).boxed()
            }
        },
    }
}

/// A type with two values of it.
fn two_values() -> impl Strategy<Value = (Type, Value, Value)> {
    ty().prop_flat_map(|ty| {
        let value = value_of(&ty, 2);
        (Just(ty), value.clone(), value)
    })
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bytes_compare_like_values((_, a, b) in two_values()) {
        prop_assert_eq!(encoded(&a).cmp(&encoded(&b)), a.cmp(&b));
        prop_assert_eq!(encode_whole(&a).cmp(&encode_whole(&b)), a.cmp(&b));
        // Also where more follows.
        let (mut left, mut right) = (encoded(&a), encoded(&b));
        left.extend_from_slice(&[0xff; 9]);
        right.extend_from_slice(&[0; 9]);
        if a != b {
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }
    }

    #[test]
    fn bytes_decode_to_the_value((ty, a, b) in two_values()) {
        let types = types();
        prop_assert!(a.is_of(&ty, &types));
        prop_assert_eq!(decode_whole(&ty, &types, &encode_whole(&a)), Some(a.clone()));
        let both = [encoded(&a), encoded(&b)].concat();
        let mut rest = &both[..];
        prop_assert_eq!(decode(&ty, &types, &mut rest), Some(a));
        prop_assert_eq!(decode(&ty, &types, &mut rest), Some(b));
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn nothing_but_encodings_decodes(
        (ty, value, _) in two_values(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let types = types();
        let mut bytes = encode_whole(&value);
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(read) = decode_whole(&ty, &types, &bytes) {
            prop_assert!(read.is_of(&ty, &types));
            prop_assert_eq!(encode_whole(&read), bytes);
        }
    }

    #[test]
    fn words_and_values_agree((ty, value, _) in two_values()) {
        if let Some(word) = inline_word(&value) {
            prop_assert_eq!(inline_value(&ty, word), Some(value.clone()));
            let mut bytes = Vec::new();
            encode_inline(&ty, word, &mut bytes);
            prop_assert_eq!(&bytes, &encode_whole(&value));
            prop_assert_eq!(inline_digest(&ty, word), column_digest(&bytes));
        } else {
            prop_assert!(!ty.is_inline());
        }
    }
}

#[test]
fn deep_bytes_are_refused() {
    // Each level is a variant index and the tag of a list element.
    let bytes = [0, 1, 1].repeat(100_000);
    assert_eq!(
        decode_whole(&Type::Named("Tree".into()), &types(), &bytes),
        None
    );
}
