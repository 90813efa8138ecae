//! Every function at every kind of argument: what it gives, in what words it fails, and that it
//! means at random values what the oracle says.

mod calendar;
mod collections;
mod data;
mod language;
mod numbers;
#[path = "../support/mod.rs"]
mod support;
mod text;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sheaf_ir::value::Float;
use sheaf_ir::{Block, Expr, ExprKind, Function, Span, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, ErrorCode, EvalError, Rows, compile};
use support::{any_value, reference, types};

const SPAN: Span = Span {
    file: 1,
    start: 2,
    end: 3,
};

const DAY: i64 = 86_400_000_000;
const MAX: i64 = i64::MAX;
const MIN: i64 = i64::MIN;

/// A call that succeeds.
type Success = (Function, Vec<Typed>, Typed);
/// A call that fails.
type Failing = (Function, Vec<Typed>, ErrorCode, &'static str);

fn results() -> Vec<Success> {
    [
        language::results(),
        numbers::results(),
        text::results(),
        calendar::results(),
        collections::results(),
        data::results(),
    ]
    .concat()
}

fn failures() -> Vec<Failing> {
    [
        language::failures(),
        numbers::failures(),
        text::failures(),
        calendar::failures(),
        collections::failures(),
        data::failures(),
    ]
    .concat()
}

/// Applies a function to values that come as columns.
fn apply(function: &Function, arguments: &[(Type, Value)]) -> Result<Value, EvalError> {
    let environment = Environment {
        types: types(),
        ..Environment::default()
    };
    let columns: Vec<Type> = arguments.iter().map(|a| a.0.clone()).collect();
    let result = function
        .result_type(&columns, &types())
        .unwrap_or_else(|| panic!("{function:?} is not defined at {columns:?}"));
    let exprs = columns.iter().enumerate().map(|(i, ty)| Expr {
        kind: ExprKind::Column(i),
        ty: ty.clone(),
        span: Span::default(),
    });
    let call = Expr {
        kind: ExprKind::Call(function.clone(), exprs.collect()),
        ty: result.clone(),
        span: SPAN,
    };
    let block = Block {
        conditions: vec![],
        outputs: vec![call],
    };
    let mut input = Rows::new(columns.len());
    let words = arguments
        .iter()
        .map(|(t, v)| word_of(v, t, &environment.interner));
    input.push_iter(words);
    let (mut output, mut errors) = (Rows::new(1), Vec::new());
    compile(&block, None, &columns, &environment)
        .unwrap()
        .run(&input, &mut output, &mut errors);
    assert_eq!(output.len() + errors.len(), 1);
    match errors.pop() {
        Some(failed) => {
            assert_eq!((failed.row, failed.error.span), (0, SPAN));
            Err(failed.error)
        }
        None => Ok(value_of(
            output.row(0)[0],
            &result,
            &types(),
            &environment.interner,
        )),
    }
}

type Typed = (Type, Value);

fn bool(b: bool) -> Typed {
    (Type::Bool, Value::Bool(b))
}
fn int(i: i64) -> Typed {
    (Type::Int, Value::Int(i))
}
fn nat(i: i64) -> Typed {
    (Type::Nat, Value::Nat(i))
}
fn float(x: f64) -> Typed {
    (Type::Float, Value::Float(Float::new(x)))
}
fn decimal(places: u8, i: i64) -> Typed {
    (Type::Decimal(places), Value::Decimal(i))
}
fn text(s: &str) -> Typed {
    (Type::String, Value::String(s.into()))
}
fn bytes(b: &[u8]) -> Typed {
    (Type::Bytes, Value::Bytes(b.into()))
}
fn date(d: i64) -> Typed {
    (Type::Date, Value::Date(d))
}
fn time(t: i64) -> Typed {
    (Type::Time, Value::Time(t))
}
fn duration(d: i64) -> Typed {
    (Type::Duration, Value::Duration(d))
}
fn id(i: u128) -> Typed {
    (Type::Id, Value::Id(i))
}
fn some((t, v): Typed) -> Typed {
    (Type::Option(Box::new(t)), Value::Option(Some(Box::new(v))))
}
fn none(t: Type) -> Typed {
    (Type::Option(Box::new(t)), Value::Option(None))
}
fn list<const N: usize>(items: [Typed; N]) -> Typed {
    let ty = items[0].0.clone();
    (
        Type::List(Box::new(ty)),
        Value::List(items.map(|i| i.1).into()),
    )
}
fn set<const N: usize>(items: [Typed; N]) -> Typed {
    let ty = items[0].0.clone();
    let items = BTreeSet::from(items.map(|i| i.1));
    (
        Type::Set(Box::new(ty)),
        Value::Set(items.into_iter().collect()),
    )
}
fn map<const N: usize>(entries: [(Typed, Typed); N]) -> Typed {
    let (key, value) = (entries[0].0.0.clone(), entries[0].1.0.clone());
    let entries = entries.map(|(k, v)| (k.1, v.1));
    (
        Type::Map(Box::new(key), Box::new(value)),
        Value::Map(entries.into()),
    )
}
fn tuple<const N: usize>(parts: [Typed; N]) -> Typed {
    let types = parts.iter().map(|p| p.0.clone()).collect();
    (Type::Tuple(types), Value::Tuple(parts.map(|p| p.1).into()))
}
fn point(x: i64, label: &str) -> Typed {
    let parts = vec![Value::Int(x), Value::String(label.into())];
    (Type::Named("Point".into()), Value::Tuple(parts))
}
fn shape(index: u32, payload: Vec<Typed>) -> Typed {
    let payload = payload.into_iter().map(|p| p.1).collect();
    (Type::Named("Shape".into()), Value::Variant(index, payload))
}

#[test]
fn functions_give_what_they_promise() {
    for (function, arguments, (ty, expected)) in results() {
        let types: Vec<Type> = arguments.iter().map(|a| a.0.clone()).collect();
        assert_eq!(
            function.result_type(&types, &support::types()),
            Some(ty),
            "{function:?}"
        );
        assert_eq!(
            apply(&function, &arguments),
            Ok(expected),
            "{function:?} of {arguments:?}"
        );
    }
}

#[test]
fn functions_fail_with_the_values_in_words() {
    for (function, arguments, code, message) in failures() {
        let types: Vec<Type> = arguments.iter().map(|a| a.0.clone()).collect();
        assert!(function.can_fail(&types), "{function:?} at {types:?}");
        let error = apply(&function, &arguments).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }
}

#[test]
fn functions_mean_what_the_oracle_says() {
    let lazy = [
        Function::And,
        Function::Or,
        Function::OptionOr,
        Function::Succeeds,
    ];
    let mut seen = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    let table = failures()
        .into_iter()
        .map(|(f, arguments, ..)| (f, arguments));
    let table = table.chain(
        results()
            .into_iter()
            .map(|(f, arguments, _)| (f, arguments)),
    );
    for (function, arguments) in table.filter(|call| !lazy.contains(&call.0)) {
        let check = |arguments: &[Typed]| {
            let columns: Vec<Type> = arguments.iter().map(|a| a.0.clone()).collect();
            let values = arguments.iter().map(|a| a.1.clone()).collect();
            let result = function.result_type(&columns, &types()).unwrap();
            let expected = reference::apply(&function, values, &columns, &result);
            assert!(
                expected.is_ok() || function.can_fail(&columns),
                "{function:?} of {arguments:?}"
            );
            let found = apply(&function, arguments).map_err(|error| error.code);
            assert_eq!(found, expected, "{function:?} of {arguments:?}");
        };
        check(&arguments);
        let columns: Vec<Type> = arguments.iter().map(|a| a.0.clone()).collect();
        if !seen.insert((function.clone(), columns.clone())) {
            continue;
        }
        for _ in 0..150 {
            let any = |ty: &Type| {
                let tree = any_value(ty).new_tree(&mut runner).unwrap();
                (ty.clone(), tree.current())
            };
            check(&columns.iter().map(any).collect::<Vec<_>>());
        }
    }
}

#[test]
fn every_function_is_in_the_table() {
    let named: BTreeSet<&str> = results().iter().map(|r| r.0.name()).collect();
    for (name, _) in Function::SIMPLE {
        assert!(named.contains(name), "{name} is not tested");
    }
    for name in [
        "record",
        "variant",
        "field",
        "is_variant",
        "payload",
        "none",
        "list",
        "set",
        "map",
        "to_decimal",
        "parse_decimal",
        "unreversed",
    ] {
        assert!(named.contains(name), "{name} is not tested");
    }
}
