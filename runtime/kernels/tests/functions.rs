//! Every function at every kind of argument: what it gives, and in what words it fails.

mod support;

use std::collections::BTreeSet;

use sheaf_ir::value::Float;
use sheaf_ir::{Block, Expr, ExprKind, Function, Span, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, ErrorCode, EvalError, Rows, compile};
use support::types;

use ErrorCode::{Conversion, DivisionByZero, Domain, Overflow};

const SPAN: Span = Span {
    file: 1,
    start: 2,
    end: 3,
};

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

const DAY: i64 = 86_400_000_000;
const MAX: i64 = i64::MAX;
const MIN: i64 = i64::MIN;

/// Calls that succeed.
fn results() -> Vec<(Function, Vec<Typed>, Typed)> {
    use Function::*;
    let nan = f64::NAN;
    vec![
        (Add, vec![int(2), int(-3)], int(-1)),
        (Add, vec![nat(2), nat(3)], nat(5)),
        (Add, vec![float(0.1), float(0.2)], float(0.1 + 0.2)),
        (
            Add,
            vec![float(f64::MAX), float(f64::MAX)],
            float(f64::INFINITY),
        ),
        (Add, vec![decimal(2, 150), decimal(2, 5)], decimal(2, 155)),
        (Add, vec![duration(2), duration(-3)], duration(-1)),
        (Add, vec![time(5), duration(-6)], time(-1)),
        (Add, vec![date(3), duration(DAY)], date(4)),
        (Add, vec![date(3), duration(-1)], date(2)),
        (Add, vec![text("ab"), text("ç")], text("abç")),
        (
            Add,
            vec![list([int(1), int(2)]), list([int(3)])],
            list([int(1), int(2), int(3)]),
        ),
        (Sub, vec![int(MIN), int(MIN)], int(0)),
        (Sub, vec![nat(2), nat(5)], int(-3)),
        (Sub, vec![float(1.0), float(1.0)], float(0.0)),
        (Sub, vec![decimal(1, 5), decimal(1, 9)], decimal(1, -4)),
        (Sub, vec![duration(5), duration(9)], duration(-4)),
        (Sub, vec![time(5), time(9)], duration(-4)),
        (Sub, vec![time(5), duration(9)], time(-4)),
        (Sub, vec![date(3), date(1)], duration(2 * DAY)),
        (Sub, vec![date(3), duration(1)], date(2)),
        (Mul, vec![int(-4), int(5)], int(-20)),
        (Mul, vec![nat(4), nat(5)], nat(20)),
        (Mul, vec![float(-1.0), float(0.0)], float(0.0)),
        (Mul, vec![decimal(2, 150), decimal(1, 20)], decimal(3, 3000)),
        (Mul, vec![duration(7), int(-2)], duration(-14)),
        (Div, vec![int(-7), int(2)], int(-3)),
        (Div, vec![nat(7), nat(2)], nat(3)),
        (Div, vec![float(1.0), float(-4.0)], float(-0.25)),
        (Div, vec![duration(7), int(-2)], duration(-3)),
        (Div, vec![duration(7), duration(2)], int(3)),
        (Rem, vec![int(-7), int(2)], int(-1)),
        (Rem, vec![int(MIN), int(-1)], int(0)),
        (Rem, vec![nat(7), nat(4)], nat(3)),
        (Rem, vec![float(-7.5), float(2.0)], float(-1.5)),
        (Rem, vec![float(-4.0), float(2.0)], float(0.0)),
        (Rem, vec![duration(-7), duration(2)], duration(-1)),
        (Neg, vec![int(5)], int(-5)),
        (Neg, vec![nat(5)], int(-5)),
        (Neg, vec![float(0.0)], float(0.0)),
        (Neg, vec![decimal(1, 5)], decimal(1, -5)),
        (Neg, vec![duration(5)], duration(-5)),
        (Abs, vec![int(-5)], int(5)),
        (Abs, vec![nat(5)], nat(5)),
        (Abs, vec![float(-5.5)], float(5.5)),
        (Abs, vec![decimal(1, -5)], decimal(1, 5)),
        (Abs, vec![duration(-5)], duration(5)),
        (Eq, vec![float(nan), float(nan)], bool(true)),
        (Eq, vec![text("a"), text("a")], bool(true)),
        (Eq, vec![list([int(1)]), list([int(2)])], bool(false)),
        (Ne, vec![text("a"), text("b")], bool(true)),
        (Lt, vec![int(-1), int(0)], bool(true)),
        (Lt, vec![float(f64::INFINITY), float(nan)], bool(true)),
        (Lt, vec![float(-1.0), float(1.0)], bool(true)),
        (Lt, vec![text("Z"), text("a")], bool(true)),
        (Lt, vec![bool(false), bool(true)], bool(true)),
        (Lt, vec![none(Type::Int), some(int(MIN))], bool(true)),
        (
            Lt,
            vec![list([int(1), int(2)]), list([int(1)])],
            bool(false),
        ),
        (
            Lt,
            vec![tuple([int(-1), text("b")]), tuple([int(0), text("a")])],
            bool(true),
        ),
        (
            Lt,
            vec![shape(0, vec![]), shape(1, vec![float(0.0)])],
            bool(true),
        ),
        (Le, vec![int(3), int(3)], bool(true)),
        (Le, vec![text("b"), text("a")], bool(false)),
        (Gt, vec![id(2), id(1)], bool(true)),
        (Gt, vec![time(1), time(1)], bool(false)),
        (Ge, vec![date(1), date(1)], bool(true)),
        (Ge, vec![bytes(b"a"), bytes(b"a\0")], bool(false)),
        (And, vec![bool(true), bool(false)], bool(false)),
        (And, vec![bool(true), bool(true)], bool(true)),
        (Or, vec![bool(false), bool(true)], bool(true)),
        (Or, vec![bool(false), bool(false)], bool(false)),
        (Not, vec![bool(true)], bool(false)),
        (ToInt, vec![nat(3)], int(3)),
        (ToInt, vec![int(-3)], int(-3)),
        (ToInt, vec![float(-3.9)], int(-3)),
        (ToInt, vec![float(-9223372036854775808.0)], int(MIN)),
        (ToInt, vec![decimal(2, -399)], int(-3)),
        (ToInt, vec![decimal(200, MAX)], int(0)),
        (ToInt, vec![text("-12")], int(-12)),
        (ToNat, vec![int(3)], nat(3)),
        (ToNat, vec![nat(3)], nat(3)),
        (ToNat, vec![float(-0.5)], nat(0)),
        (ToNat, vec![decimal(1, 39)], nat(3)),
        (ToNat, vec![text("12")], nat(12)),
        (ToFloat, vec![int(MAX)], float(9223372036854775807.0)),
        (ToFloat, vec![nat(3)], float(3.0)),
        (ToFloat, vec![float(3.5)], float(3.5)),
        (ToFloat, vec![decimal(1, 1)], float(0.1)),
        (ToFloat, vec![text("-1e-3")], float(-0.001)),
        (ToFloat, vec![text("-0")], float(0.0)),
        (ToString, vec![bool(true)], text("true")),
        (ToString, vec![int(-3)], text("-3")),
        (ToString, vec![nat(3)], text("3")),
        (ToString, vec![float(1.0)], text("1.0")),
        (ToString, vec![decimal(2, -5)], text("-0.05")),
        (ToString, vec![text("a")], text("a")),
        (ToString, vec![date(0)], text("1970-01-01")),
        (ToString, vec![time(0)], text("1970-01-01T00:00:00Z")),
        (ToString, vec![duration(1_500_000)], text("1.5s")),
        (
            ToString,
            vec![id(255)],
            text("000000000000000000000000000000ff"),
        ),
        (Some, vec![text("a\0")], some(text("a\0"))),
        (Some, vec![none(Type::Int)], some(none(Type::Int))),
        (None(Type::String), vec![], none(Type::String)),
        (IsSome, vec![some(int(0))], bool(true)),
        (IsSome, vec![none(Type::Int)], bool(false)),
        (Unwrap, vec![some(text("a\0b"))], text("a\0b")),
        (Unwrap, vec![some(bool(true))], bool(true)),
        (Unwrap, vec![some(list([int(1)]))], list([int(1)])),
        (OptionOr, vec![some(int(1)), int(2)], int(1)),
        (OptionOr, vec![none(Type::Int), int(2)], int(2)),
        (Succeeds, vec![text("a")], bool(true)),
        (Tuple, vec![int(1), text("a")], tuple([int(1), text("a")])),
        (Tuple, vec![], (Type::unit(), Value::Tuple(vec![]))),
        (
            Field(1),
            vec![tuple([text("a\0"), float(-1.5)])],
            float(-1.5),
        ),
        (Field(0), vec![point(7, "p")], int(7)),
        (
            Record("Point".into()),
            vec![int(7), text("p")],
            point(7, "p"),
        ),
        (
            Variant("Shape".into(), 2),
            vec![text("s"), nat(1)],
            shape(2, vec![text("s"), nat(1)]),
        ),
        (Variant("Shape".into(), 0), vec![], shape(0, vec![])),
        (IsVariant(1), vec![shape(1, vec![float(0.5)])], bool(true)),
        (IsVariant(0), vec![shape(1, vec![float(0.5)])], bool(false)),
        (
            Payload(2, 1),
            vec![shape(2, vec![text("s"), nat(9)])],
            nat(9),
        ),
        (Len, vec![text("añb")], nat(3)),
        (Len, vec![bytes(b"a\0b")], nat(3)),
        (Len, vec![list([text("a\0"), text("")])], nat(2)),
        (Len, vec![set([int(1), int(1)])], nat(1)),
        (Len, vec![map([(int(1), text("x"))])], nat(1)),
        (Contains, vec![list([int(1), int(2)]), int(2)], bool(true)),
        (Contains, vec![set([text("a")]), text("")], bool(false)),
        (
            Contains,
            vec![map([(text("k"), int(1))]), text("k")],
            bool(true),
        ),
        (Contains, vec![text("abc"), text("bc")], bool(true)),
        (
            Indexed,
            vec![list([text("a"), text("b")])],
            list([tuple([nat(0), text("a")]), tuple([nat(1), text("b")])]),
        ),
        (Take, vec![list([int(1), int(2)]), nat(1)], list([int(1)])),
        (
            Take,
            vec![list([int(1), int(2)]), nat(MAX)],
            list([int(1), int(2)]),
        ),
        (Get, vec![list([text("a")]), nat(0)], some(text("a"))),
        (Get, vec![list([text("a")]), nat(1)], none(Type::String)),
        (
            Get,
            vec![map([(int(1), text("x")), (int(2), text("y"))]), int(2)],
            some(text("y")),
        ),
        (
            Get,
            vec![map([(int(1), text("x"))]), int(3)],
            none(Type::String),
        ),
        (
            Union,
            vec![set([int(1), int(3)]), set([int(2), int(3)])],
            set([int(1), int(2), int(3)]),
        ),
        (
            Intersect,
            vec![set([int(1), int(3)]), set([int(2), int(3)])],
            set([int(3)]),
        ),
        (
            Difference,
            vec![set([int(1), int(3)]), set([int(2), int(3)])],
            set([int(1)]),
        ),
        (
            ToSet,
            vec![list([int(2), int(1), int(2)])],
            set([int(1), int(2)]),
        ),
        (ToSet, vec![map([(int(1), text("x"))])], set([int(1)])),
        (ToSet, vec![set([int(1)])], set([int(1)])),
        (ToList, vec![set([int(2), int(1)])], list([int(1), int(2)])),
        (ToList, vec![list([int(2)])], list([int(2)])),
        (
            Sort,
            vec![list([int(2), int(-1), int(2)])],
            list([int(-1), int(2), int(2)]),
        ),
        (
            Reverse,
            vec![list([int(2), int(-1)])],
            list([int(-1), int(2)]),
        ),
        (
            List(Type::Int),
            vec![int(2), int(1)],
            list([int(2), int(1)]),
        ),
        (
            List(Type::Int),
            vec![],
            (Type::List(Box::new(Type::Int)), Value::List(vec![])),
        ),
        (
            Set(Type::Int),
            vec![int(2), int(1), int(2)],
            set([int(1), int(2)]),
        ),
        (
            Map(Type::Int, Type::String),
            vec![int(2), text("a"), int(1), text("b"), int(2), text("c")],
            map([(int(1), text("b")), (int(2), text("c"))]),
        ),
        (Lower, vec![text("ÀB")], text("àb")),
        (Lower, vec![text("ab")], text("ab")),
        (Upper, vec![text("straße")], text("STRASSE")),
        (Trim, vec![text("\u{a0} a b\n")], text("a b")),
        (
            Words,
            vec![text("don't—stop, ٣x")],
            list([text("don"), text("t"), text("stop"), text("٣x")]),
        ),
        (
            Split,
            vec![text("a,,b"), text(",")],
            list([text("a"), text(""), text("b")]),
        ),
        (
            JoinText,
            vec![list([text("a"), text("b")]), text(", ")],
            text("a, b"),
        ),
        (StartsWith, vec![text("abc"), text("ab")], bool(true)),
        (EndsWith, vec![text("abc"), text("ab")], bool(false)),
        (
            Replace,
            vec![text("aXbX"), text("X"), text("--")],
            text("a--b--"),
        ),
        (Least, vec![text("b"), text("a")], text("a")),
        (Least, vec![float(nan), float(1.0)], float(1.0)),
        (Greatest, vec![int(-1), int(-2)], int(-1)),
        (Floor, vec![float(-1.5)], float(-2.0)),
        (Ceil, vec![float(-0.5)], float(0.0)),
        (Round, vec![float(-2.5)], float(-3.0)),
        (Sqrt, vec![float(2.25)], float(1.5)),
        (Sqrt, vec![float(-1.0)], float(nan)),
        (
            Sliding,
            vec![time(25), duration(20), duration(10)],
            list([time(10), time(20)]),
        ),
        (
            Sliding,
            vec![time(-1), duration(20), duration(10)],
            list([time(-20), time(-10)]),
        ),
        (
            Sliding,
            vec![time(25), duration(2), duration(10)],
            (Type::List(Box::new(Type::Time)), Value::List(vec![])),
        ),
        (Tumbling, vec![time(-1), duration(10)], time(-10)),
        (Tumbling, vec![time(20), duration(10)], time(20)),
    ]
}

/// Calls that fail.
fn failures() -> Vec<(Function, Vec<Typed>, ErrorCode, &'static str)> {
    use Function::*;
    vec![
        (
            Add,
            vec![int(MAX), int(1)],
            Overflow,
            "9223372036854775807 + 1 does not fit Int",
        ),
        (
            Add,
            vec![nat(MAX), nat(1)],
            Overflow,
            "9223372036854775807 + 1 does not fit Nat",
        ),
        (
            Add,
            vec![decimal(2, MAX), decimal(2, 1)],
            Overflow,
            "92233720368547758.07 + 0.01 does not fit Decimal(2)",
        ),
        (
            Add,
            vec![time(MAX), duration(1)],
            Overflow,
            "+294247-01-10T04:00:54.775807Z + 1us does not fit Time",
        ),
        (
            Add,
            vec![duration(MIN), duration(-1)],
            Overflow,
            "-9223372036854.775808s + -1us does not fit Duration",
        ),
        (
            Add,
            vec![date(MAX), duration(DAY)],
            Overflow,
            "+25252734927768524-07-27 + 86400s does not fit Date",
        ),
        (
            Sub,
            vec![int(MIN), int(1)],
            Overflow,
            "-9223372036854775808 - 1 does not fit Int",
        ),
        (
            Sub,
            vec![time(MIN), time(1)],
            Overflow,
            "-290308-12-21T19:59:05.224192Z - 1970-01-01T00:00:00.000001Z does not fit Duration",
        ),
        (
            Sub,
            vec![date(200_000_000), date(0)],
            Overflow,
            "+549551-05-28 - 1970-01-01 does not fit Duration",
        ),
        (
            Mul,
            vec![int(MIN), int(-1)],
            Overflow,
            "-9223372036854775808 * -1 does not fit Int",
        ),
        (
            Mul,
            vec![decimal(1, MAX), decimal(1, 20)],
            Overflow,
            "922337203685477580.7 * 2.0 does not fit Decimal(2)",
        ),
        (
            Mul,
            vec![duration(MAX), int(2)],
            Overflow,
            "9223372036854.775807s * 2 does not fit Duration",
        ),
        (
            Div,
            vec![int(MIN), int(-1)],
            Overflow,
            "-9223372036854775808 / -1 does not fit Int",
        ),
        (
            Div,
            vec![int(10), int(0)],
            DivisionByZero,
            "10 / 0 divides by zero",
        ),
        (
            Div,
            vec![nat(10), nat(0)],
            DivisionByZero,
            "10 / 0 divides by zero",
        ),
        (
            Div,
            vec![float(1.0), float(0.0)],
            DivisionByZero,
            "1.0 / 0.0 divides by zero",
        ),
        (
            Div,
            vec![duration(5_000_000), int(0)],
            DivisionByZero,
            "5s / 0 divides by zero",
        ),
        (
            Div,
            vec![duration(MIN), int(-1)],
            Overflow,
            "-9223372036854.775808s / -1 does not fit Duration",
        ),
        (
            Div,
            vec![duration(1), duration(0)],
            DivisionByZero,
            "1us / 0s divides by zero",
        ),
        (
            Rem,
            vec![int(10), int(0)],
            DivisionByZero,
            "10 % 0 divides by zero",
        ),
        (
            Rem,
            vec![float(1.0), float(0.0)],
            DivisionByZero,
            "1.0 % 0.0 divides by zero",
        ),
        (
            Neg,
            vec![int(MIN)],
            Overflow,
            "-(-9223372036854775808) does not fit Int",
        ),
        (
            Abs,
            vec![int(MIN)],
            Overflow,
            "abs(-9223372036854775808) does not fit Int",
        ),
        (
            ToInt,
            vec![float(9223372036854775808.0)],
            Conversion,
            "9.223372036854776e18 cannot be converted to Int",
        ),
        (
            ToInt,
            vec![float(f64::NAN)],
            Conversion,
            "NaN cannot be converted to Int",
        ),
        (
            ToInt,
            vec![text("12x")],
            Conversion,
            "\"12x\" cannot be converted to Int",
        ),
        (
            ToInt,
            vec![text(" 12")],
            Conversion,
            "\" 12\" cannot be converted to Int",
        ),
        (
            ToNat,
            vec![int(-1)],
            Conversion,
            "-1 cannot be converted to Nat",
        ),
        (
            ToNat,
            vec![float(-1.0)],
            Conversion,
            "-1.0 cannot be converted to Nat",
        ),
        (
            ToNat,
            vec![decimal(1, -10)],
            Conversion,
            "-1.0 cannot be converted to Nat",
        ),
        (
            ToNat,
            vec![text("-1")],
            Conversion,
            "\"-1\" cannot be converted to Nat",
        ),
        (
            ToFloat,
            vec![text("one")],
            Conversion,
            "\"one\" cannot be converted to Float",
        ),
        (Unwrap, vec![none(Type::Int)], Domain, "unwrap of None"),
        (
            Payload(1, 0),
            vec![shape(0, vec![])],
            Domain,
            "the value is Empty, not Circle",
        ),
        (
            Split,
            vec![text("ab"), text("")],
            Domain,
            "split(\"ab\", \"\") has an empty separator",
        ),
        (
            Sliding,
            vec![time(0), duration(0), duration(1)],
            Domain,
            "sliding(1970-01-01T00:00:00Z, 0s, 1us) needs a size and step above zero",
        ),
        (
            Sliding,
            vec![time(0), duration(MAX), duration(1)],
            Domain,
            "sliding(1970-01-01T00:00:00Z, 9223372036854.775807s, 1us) gives more than 1000000 windows",
        ),
        (
            Sliding,
            vec![time(MIN), duration(10), duration(7)],
            Overflow,
            "sliding(-290308-12-21T19:59:05.224192Z, 10us, 7us) does not fit Time",
        ),
        (
            Tumbling,
            vec![time(0), duration(-1)],
            Domain,
            "tumbling(1970-01-01T00:00:00Z, -1us): the size must be above zero",
        ),
        (
            Tumbling,
            vec![time(MIN), duration(10)],
            Overflow,
            "tumbling(-290308-12-21T19:59:05.224192Z, 10us) does not fit Time",
        ),
    ]
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
    ] {
        assert!(named.contains(name), "{name} is not tested");
    }
}
