//! Combiners give one answer for a multiset of contributions: any order, any split into partials.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sheaf_ir::value::Float;
use sheaf_ir::{Combiner, Span, Type, Value};
use sheaf_kernels::combine::{Accumulator, ExactSum, Lattice, accumulator, partial_type};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, ErrorCode, EvalError, Interner};
use support::{any_type, any_value, environment, reference, types};

const SPAN: Span = Span {
    file: 3,
    start: 5,
    end: 8,
};

/// A combiner and a type of contributions that it is defined at.
fn any_combiner() -> impl Strategy<Value = (Combiner, Type)> {
    let numeric = prop::sample::select(vec![Type::Int, Type::Nat, Type::Float, Type::Decimal(2)]);
    let summed = prop_oneof![4 => numeric.clone(), 1 => Just(Type::Duration)];
    let any = prop::sample::select(vec![
        Combiner::Min,
        Combiner::Max,
        Combiner::One,
        Combiner::Sorted,
        Combiner::Top(0),
        Combiner::Top(1),
        Combiner::Top(3),
        Combiner::Top(u64::MAX),
    ]);
    let pair = Type::Tuple(vec![Type::Int, Type::Int]);
    let lattices = prop::sample::select(vec![
        (Combiner::Lattice("highest".into()), Type::Int),
        (Combiner::Lattice("interval".into()), pair),
        (Combiner::Lattice("alone".into()), Type::Int),
    ]);
    let plain = prop_oneof![
        2 => lattices,
        6 => (any, any_type()),
        1 => prop::sample::select(vec![Combiner::Any, Combiner::All]).prop_map(|c| (c, Type::Bool)),
        2 => any_type().prop_map(|t| (Combiner::Union, Type::Set(Box::new(t)))),
        1 => Just((Combiner::Count, Type::Nat)),
        2 => summed.prop_map(|t| (Combiner::Sum, t)),
        2 => numeric.prop_map(|t| (Combiner::Avg, t)),
        2 => any_type().prop_map(|t| (Combiner::Lww, Type::Tuple(vec![Type::Time, t]))),
    ];
    plain.prop_recursive(2, 2, 1, |inner| {
        (inner, any_type()).prop_map(|((combiner, value), key)| {
            let map = Type::Map(Box::new(key), Box::new(value));
            (Combiner::Map(Box::new(combiner)), map)
        })
    })
}

/// What a combiner makes of values, as the language says it.
fn expected(combiner: &Combiner, ty: &Type, values: &[Value]) -> Result<Value, ErrorCode> {
    let float = |v: &Value| match v {
        Value::Float(x) => x.get(),
        other => unreachable!("{other:?} is no float"),
    };
    let mut sorted = values.to_vec();
    sorted.sort();
    Ok(match combiner {
        Combiner::Min | Combiner::All => sorted[0].clone(),
        Combiner::Max | Combiner::Any => sorted[sorted.len() - 1].clone(),
        Combiner::Union => {
            let sets = values.iter().flat_map(|v| match v {
                Value::Set(items) => items.clone(),
                other => unreachable!("{other:?} is no set"),
            });
            Value::Set(sets.collect::<BTreeSet<_>>().into_iter().collect())
        }
        Combiner::Count | Combiner::Sum | Combiner::Avg if *ty == Type::Float => {
            let mut sum = ExactSum::default();
            values.iter().for_each(|v| sum.add(float(v)));
            let count = if *combiner == Combiner::Avg {
                values.len() as u64
            } else {
                1
            };
            Value::Float(Float::new(sum.divide(count)))
        }
        Combiner::Count | Combiner::Sum => {
            let sum: i128 = values.iter().map(|v| reference::int(v) as i128).sum();
            let sum = i64::try_from(sum).map_err(|_| ErrorCode::Overflow)?;
            match ty {
                Type::Nat => Value::Nat(sum),
                Type::Decimal(_) => Value::Decimal(sum),
                Type::Duration => Value::Duration(sum),
                _ => Value::Int(sum),
            }
        }
        Combiner::Avg => {
            let sum: i128 = values.iter().map(|v| reference::int(v) as i128).sum();
            let unit = if let Type::Decimal(n) = ty {
                10i128.pow(*n as u32)
            } else {
                1
            };
            let mean = reference::nearest(sum, values.len() as i128 * unit);
            Value::Float(Float::new(mean))
        }
        Combiner::Top(n) => {
            sorted.reverse();
            sorted.truncate(usize::try_from(*n).unwrap_or(usize::MAX));
            Value::List(sorted)
        }
        Combiner::Sorted => Value::List(sorted),
        Combiner::One if sorted[0] == sorted[sorted.len() - 1] => sorted[0].clone(),
        Combiner::One => return Err(ErrorCode::Conflict),
        Combiner::Lww => match &sorted[sorted.len() - 1] {
            Value::Tuple(parts) => parts[1].clone(),
            other => unreachable!("{other:?} is no tuple"),
        },
        Combiner::Map(inner) => {
            let Type::Map(_, value_type) = ty else {
                unreachable!("{ty:?} is no map");
            };
            let mut by_key: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
            for map in values {
                let Value::Map(entries) = map else {
                    unreachable!("{map:?} is no map");
                };
                for (key, value) in entries {
                    by_key.entry(key.clone()).or_default().push(value.clone());
                }
            }
            let entries = by_key
                .into_iter()
                .map(|(key, values)| Ok((key, expected(inner, value_type, &values)?)));
            Value::Map(entries.collect::<Result<_, _>>()?)
        }
        Combiner::Lattice(name) => {
            sorted.dedup();
            let part = |v: &Value, at: usize| match v {
                Value::Tuple(parts) => reference::int(&parts[at]),
                other => unreachable!("{other:?} is no tuple"),
            };
            match name.as_str() {
                "highest" => sorted[sorted.len() - 1].clone(),
                "alone" if sorted.len() > 1 => return Err(ErrorCode::DivisionByZero),
                "alone" => sorted[0].clone(),
                _ => {
                    let low = sorted.iter().map(|v| part(v, 0)).min();
                    let high = sorted.iter().map(|v| part(v, 1)).max();
                    let ends = [low, high].map(|end| Value::Int(end.unwrap_or_default()));
                    Value::Tuple(ends.to_vec())
                }
            }
        }
    })
}

/// Contributions with the key (0 … 3) that each belongs to, twice in different orders, and cuts.
type Case = (
    (Combiner, Type),
    Vec<(u32, Value)>,
    Vec<(u32, Value)>,
    Vec<usize>,
);

fn any_case() -> impl Strategy<Value = Case> {
    any_combiner().prop_flat_map(|(combiner, ty)| {
        let few = prop::collection::vec(any_value(&ty), 1..4);
        let contributions = few.prop_flat_map(|few| {
            prop::collection::vec((0u32..3, prop::sample::select(few)), 1..60)
        });
        contributions.prop_flat_map(move |all| {
            let shuffled = Just(all.clone()).prop_shuffle();
            let cuts = prop::collection::vec(0usize..60, 0..3);
            (
                Just((combiner.clone(), ty.clone())),
                Just(all),
                shuffled,
                cuts,
            )
        })
    })
}

fn filled(
    (combiner, ty): &(Combiner, Type),
    contributions: &[(u32, Value)],
    environment: &Environment,
) -> Box<dyn Accumulator> {
    let mut states = accumulator(combiner, ty, environment, SPAN).unwrap();
    for key in 0..3 {
        assert_eq!(states.new_key(), key);
    }
    let slots: Vec<u32> = contributions.iter().map(|c| c.0).collect();
    let words = contributions
        .iter()
        .map(|c| word_of(&c.1, ty, &environment.interner));
    states.add_batch(&slots, &words.collect::<Vec<_>>());
    states
}

proptest! {
    #![proptest_config(support::cases(3000))]

    #[test]
    fn order_and_split_do_not_matter((kind, all, shuffled, cuts) in any_case()) {
        let environment = environment();
        let result = kind.0.result_type(&kind.1).unwrap();
        let mut whole = filled(&kind, &all, &environment);

        // Partial states cross to another process, whose symbols are others.
        let elsewhere = self::environment();
        elsewhere.interner.intern(b"something else");
        let mut merged = accumulator(&kind.0, &kind.1, &elsewhere, SPAN).unwrap();
        (0..3).for_each(|key| assert_eq!(merged.new_key(), key));
        let partial_type = partial_type(&kind.0, &kind.1);
        let mut rest = &shuffled[..];
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (part, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            let mut partial = filled(&kind, part, &environment);
            for key in 0..3 {
                if part.iter().any(|c| c.0 == key) {
                    let state = partial.partial(key);
                    let state = value_of(state, &partial_type, &types(), &environment.interner);
                    merged.merge(key, word_of(&state, &partial_type, &elsewhere.interner));
                }
            }
        }

        for key in 0..3 {
            let values: Vec<Value> = all.iter().filter(|c| c.0 == key).map(|c| c.1.clone()).collect();
            if values.is_empty() {
                continue;
            }
            let read = |r: Result<u64, EvalError>, i: &Interner| r.map(|w| value_of(w, &result, &types(), i));
            let a = read(whole.finish(key), &environment.interner);
            let b = read(merged.finish(key), &elsewhere.interner);
            prop_assert_eq!(&a, &b);
            if let Err(error) = &a {
                let in_join = error.code == ErrorCode::DivisionByZero;
                prop_assert_eq!(error.span, if in_join { Span::default() } else { SPAN });
            }
            prop_assert_eq!(a.map_err(|e| e.code), expected(&kind.0, &kind.1, &values));
        }
    }

    #[test]
    fn joins_climb_to_what_accumulators_read((kind, all, _, _) in any_case()) {
        let environment = environment();
        let (combiner, ty) = &kind;
        let Ok(lattice) = Lattice::new(combiner, ty, &environment, SPAN) else {
            prop_assert!(!combiner.is_idempotent());
            return Ok(());
        };
        let values: Vec<Value> = all.into_iter().map(|c| c.1).collect();
        let mut words = values.iter().map(|v| word_of(v, ty, &environment.interner));
        let mut state = words.next().unwrap();
        let mut failed = None;
        for word in words {
            match lattice.join(state, word) {
                Ok(None) => {}
                Ok(Some(climbed)) => {
                    prop_assert_ne!(climbed, state);
                    prop_assert_eq!(lattice.join(climbed, word), Ok(None));
                    state = climbed;
                }
                Err(error) => failed = Some(error.code),
            }
        }
        let result = combiner.result_type(ty).unwrap();
        let found = match failed {
            Some(code) => Err(code),
            None => Ok(value_of(lattice.read(state), &result, &types(), &environment.interner)),
        };
        prop_assert_eq!(found, expected(combiner, ty, &values));
    }
}

fn map<const N: usize>(entries: [(&str, i64); N]) -> Value {
    let entries: BTreeMap<Value, Value> = entries
        .into_iter()
        .map(|(key, value)| (Value::String(key.into()), Value::Int(value)))
        .collect();
    Value::Map(entries.into_iter().collect())
}

#[test]
fn errors_name_the_values() {
    let environment = environment();
    for (combiner, ty, values, message) in [
        (
            Combiner::Sum,
            Type::Int,
            vec![Value::Int(i64::MAX), Value::Int(1)],
            "the sum 9223372036854775808 does not fit Int",
        ),
        (
            Combiner::Sum,
            Type::Decimal(2),
            vec![Value::Decimal(i64::MIN), Value::Decimal(-1)],
            "the sum -92233720368547758.09 does not fit Decimal(2)",
        ),
        (
            Combiner::One,
            Type::String,
            vec![Value::String("b".into()), Value::String("a".into())],
            "\"a\" and \"b\" are both given where there may be only one value",
        ),
        (
            Combiner::Map(Box::new(Combiner::One)),
            Type::Map(Box::new(Type::String), Box::new(Type::Int)),
            vec![
                map([("c", 1), ("b", 5)]),
                map([("c", 2), ("b", 3)]),
                map([("b", 4)]),
            ],
            "at key \"b\": 3 and 5 are both given where there may be only one value",
        ),
        (
            Combiner::Lattice("alone".into()),
            Type::Int,
            vec![Value::Int(9), Value::Int(5), Value::Int(7), Value::Int(5)],
            "5 / 0 divides by zero",
        ),
    ] {
        let contributions: Vec<(u32, Value)> = values.into_iter().map(|v| (0, v)).collect();
        let mut states = filled(&(combiner, ty), &contributions, &environment);
        assert_eq!(states.finish(0).unwrap_err().message, message);
    }
}

#[test]
fn cleared_states_start_again() {
    let environment = environment();
    for (combiner, ty) in [
        (Combiner::Sum, Type::Float),
        (Combiner::Avg, Type::Int),
        (Combiner::Min, Type::Int),
        (Combiner::Max, Type::String),
        (Combiner::One, Type::Nat),
        (Combiner::Top(2), Type::Nat),
        (Combiner::Sorted, Type::Nat),
    ] {
        let mut states = accumulator(&combiner, &ty, &environment, SPAN).unwrap();
        assert!(states.is_empty());
        let mut read = |i: i64| {
            let value = match ty {
                Type::Float => Value::Float(Float::new(i as f64)),
                Type::Nat => Value::Nat(i),
                Type::String => Value::String(i.to_string()),
                _ => Value::Int(i),
            };
            states.clear();
            let slot = states.new_key();
            states.add(slot, word_of(&value, &ty, &environment.interner));
            assert_eq!((slot, states.len()), (0, 1));
            states.finish(slot).unwrap()
        };
        let first = read(7);
        assert_ne!(read(8), first);
        assert_eq!(read(7), first);
    }
}

#[test]
fn undefined_combiners_are_refused() {
    let environment = environment();
    assert!(accumulator(&Combiner::Sum, &Type::String, &environment, SPAN).is_err());
    assert!(accumulator(&Combiner::Lww, &Type::Int, &environment, SPAN).is_err());
    let nothing = Combiner::Lattice("nothing".into());
    assert!(accumulator(&nothing, &Type::Int, &environment, SPAN).is_err());
    let highest = Combiner::Lattice("highest".into());
    assert!(accumulator(&highest, &Type::Nat, &environment, SPAN).is_err());
    assert!(Lattice::new(&highest, &Type::Nat, &environment, SPAN).is_err());
    assert!(Lattice::new(&Combiner::Sum, &Type::Int, &environment, SPAN).is_err());
}
