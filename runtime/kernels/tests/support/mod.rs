//! Random types and values that belong to them.

#![allow(dead_code)] // Each test file uses a part of this.

pub mod expressions;
pub mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use proptest::prelude::*;
use sheaf_ir::function::{JSON, json_type};
use sheaf_ir::value::Float;
use sheaf_ir::{Nominal, Program, Type, Value};
use sheaf_kernels::{Environment, Types};

/// So many cases; a failure is printed and not written to the disk.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A record, a plain enum, one with payloads, a recursive one and that of JSON.
pub fn types() -> Types {
    let tree = Type::List(Box::new(Type::Named("Tree".into())));
    BTreeMap::from([
        (
            "Point".into(),
            Nominal::Record(vec![
                ("x".into(), Type::Int),
                ("label".into(), Type::String),
            ]),
        ),
        (
            "Colour".into(),
            Nominal::Enum(vec![("Red".into(), vec![]), ("Green".into(), vec![])]),
        ),
        (
            "Shape".into(),
            Nominal::Enum(vec![
                ("Empty".into(), vec![]),
                ("Circle".into(), vec![Type::Float]),
                ("Named".into(), vec![Type::String, Type::Nat]),
            ]),
        ),
        (
            "Tree".into(),
            Nominal::Enum(vec![
                ("Leaf".into(), vec![Type::Int]),
                ("Node".into(), vec![tree]),
            ]),
        ),
        (JSON.into(), json_type()),
    ])
}

/// Functions and lattices to call, in IR text.
const DEFINITIONS: &str = r#"sheaf-ir 1
program "definitions"
enum Tree { Leaf(Int), Node(List<Tree>) }
fn fibonacci(Int): Int = if(lt($0, 2), $0, add(invoke.fibonacci(sub($0, 1)), invoke.fibonacci(sub($0, 2))))
fn is_even(Int): Bool = if(eq($0, 0), true, invoke.is_odd(sub($0, 1)))
fn is_odd(Int): Bool = if(eq($0, 0), false, invoke.is_even(sub($0, 1)))
fn gcd(Int, Int): (Int, Int) = if(eq($1, 0), tuple($0, 0), let($2 = rem($0, $1), let($3 = invoke.gcd($1, $2), tuple(field<0>($3), add(field<1>($3), 1)))))
fn total(Tree): Int = if(is_variant<0>($0), payload<0, 0>($0), sum(for $1 in payload<1, 0>($0) give invoke.total($1)))
fn inverse(Int): Int = div(100, $0)
fn picks(Int, Bool): Int = if($1, invoke.inverse($0), 7)
fn countdown(Int): Int = @0:7..9 if(eq($0, 0), 0, invoke.countdown(sub($0, 1)))
fn zero(): Int = 0
fn highest(Int, Int): Int = greatest($0, $1)
lattice highest: Int bottom zero join highest
fn nowhere(): (Int, Int) = value (Int, Int) (9223372036854775807, -9223372036854775808)
fn around((Int, Int), (Int, Int)): (Int, Int) = tuple(least(field<0>($0), field<0>($1)), greatest(field<1>($0), field<1>($1)))
lattice interval: (Int, Int) bottom nowhere join around
fn alone(Int, Int): Int = if(eq($0, $1), $0, div($0, 0))
lattice alone: Int bottom zero join alone
"#;

/// Functions and lattices to call.
pub fn definitions() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| sheaf_ir::text::parse(DEFINITIONS).expect("the definitions parse"))
}

/// The types and definitions of this file.
pub fn environment() -> Environment {
    Environment {
        types: types(),
        ..Environment::new(definitions(), BTreeMap::new(), Default::default())
    }
}

/// Any type, composites nested up to a few levels.
pub fn any_type() -> BoxedStrategy<Type> {
    let leaf = prop::sample::select(vec![
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
        Type::Named("Point".into()),
        Type::Named("Colour".into()),
        Type::Named("Shape".into()),
        Type::Named("Tree".into()),
        Type::Named(JSON.into()),
    ]);
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| Type::Option(Box::new(t))),
            inner.clone().prop_map(|t| Type::List(Box::new(t))),
            inner.clone().prop_map(|t| Type::Set(Box::new(t))),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| Type::Map(Box::new(k), Box::new(v))),
            prop::collection::vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
    .boxed()
}

/// Integers with many small ones, so that equal values and ties occur, and with the extremes.
pub fn any_int() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => -4i64..5,
        2 => prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1, i64::MAX - 1, i64::MAX, 1 << 53]),
        1 => any::<i64>(),
    ]
}

/// Numbers with the special ones among them.
pub fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-8i32..9).prop_map(|i| i as f64 / 4.0),
        2 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN_POSITIVE, 5e-324,
            9.2e18, -9.3e18, 1e16,
        ]),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

/// Text with zeros, digits, spaces and letters beyond ASCII.
pub fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab ,]{0,4}",
        1 => "(-?[0-9]{1,3}(\\.[0-9])?)",
        1 => "[aÄß٣\u{0}\u{1} \u{ff}İ]{0,4}",
    ]
}

/// Any value of a type.
pub fn any_value(ty: &Type) -> BoxedStrategy<Value> {
    value_to_depth(ty, 4)
}

fn value_to_depth(ty: &Type, depth: u32) -> BoxedStrategy<Value> {
    let part = |t: &Type| value_to_depth(t, depth - 1);
    let parts = |ts: &[Type]| -> BoxedStrategy<Vec<Value>> {
        ts.iter().map(part).collect::<Vec<_>>().boxed()
    };
    let many = if depth == 0 { 0..1 } else { 0..4 };
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int => any_int().prop_map(Value::Int).boxed(),
        Type::Nat => any_int().prop_map(|i| Value::Nat(i & i64::MAX)).boxed(),
        Type::Float => any_float()
            .prop_map(|x| Value::Float(Float::new(x)))
            .boxed(),
        Type::Decimal(_) => any_int().prop_map(Value::Decimal).boxed(),
        Type::String => any_text().prop_map(Value::String).boxed(),
        Type::Bytes => prop::collection::vec(0u8..3, 0..4)
            .prop_map(Value::Bytes)
            .boxed(),
        Type::Date => any_int().prop_map(Value::Date).boxed(),
        Type::Time => any_int().prop_map(Value::Time).boxed(),
        Type::Duration => any_int().prop_map(Value::Duration).boxed(),
        Type::Id | Type::RowId => any::<u128>()
            .prop_map(|i| Value::Id(i >> (i & 127)))
            .boxed(),
        Type::Option(inner) if depth > 0 => prop::option::of(part(inner))
            .prop_map(|v| Value::Option(v.map(Box::new)))
            .boxed(),
        Type::Option(_) => Just(Value::Option(None)).boxed(),
        Type::List(inner) if depth > 0 => prop::collection::vec(part(inner), many)
            .prop_map(Value::List)
            .boxed(),
        Type::List(_) => Just(Value::List(vec![])).boxed(),
        Type::Set(inner) if depth > 0 => prop::collection::vec(part(inner), many)
            .prop_map(|v| Value::Set(BTreeSet::from_iter(v).into_iter().collect()))
            .boxed(),
        Type::Set(_) => Just(Value::Set(vec![])).boxed(),
        Type::Map(k, v) if depth > 0 => prop::collection::vec((part(k), part(v)), many)
            .prop_map(|v| Value::Map(BTreeMap::from_iter(v).into_iter().collect()))
            .boxed(),
        Type::Map(..) => Just(Value::Map(vec![])).boxed(),
        Type::Tuple(ts) if ts.is_empty() => Just(Value::Tuple(vec![])).boxed(),
        Type::Tuple(ts) => {
            let depth = depth.max(1);
            let parts: Vec<_> = ts.iter().map(|t| value_to_depth(t, depth - 1)).collect();
            parts.prop_map(Value::Tuple).boxed()
        }
        Type::Named(name) => match &types()[name] {
            Nominal::Record(fields) => {
                let ts: Vec<Type> = fields.iter().map(|f| f.1.clone()).collect();
                value_to_depth(&Type::Tuple(ts), depth)
            }
            Nominal::Enum(variants) => {
                let known = if depth == 0 { 1 } else { variants.len() };
                let choices: Vec<BoxedStrategy<Value>> = variants[..known]
                    .iter()
                    .zip(0u32..)
                    .map(|((_, payload), index)| {
                        let payload = if depth == 0 {
                            let leaves: Vec<_> =
                                payload.iter().map(|t| value_to_depth(t, 0)).collect();
                            leaves.boxed()
                        } else {
                            parts(payload)
                        };
                        payload.prop_map(move |p| Value::Variant(index, p)).boxed()
                    })
                    .collect();
                prop::strategy::Union::new(choices).boxed()
            }
        },
    }
}
