//! Lists by position, and maps.

use ErrorCode::Domain;

use super::*;

pub(super) fn results() -> Vec<Success> {
    use Function::{Distinct, Find, Range, Slice, ToList, ToMap, Zip};
    let ints = |items: &[i64]| {
        let items = items.iter().map(|&i| Value::Int(i)).collect();
        (Type::List(Box::new(Type::Int)), Value::List(items))
    };
    let pairs = || list([tuple([int(2), text("a")]), tuple([int(1), text("b\0")])]);
    vec![
        (Slice, vec![ints(&[1, 2, 3]), nat(1), nat(2)], ints(&[2])),
        (
            Slice,
            vec![ints(&[1, 2, 3]), nat(1), nat(MAX)],
            ints(&[2, 3]),
        ),
        (Slice, vec![ints(&[1, 2, 3]), nat(3), nat(0)], ints(&[])),
        (
            Find,
            vec![list([text("a"), text("b"), text("b")]), text("b")],
            some(nat(1)),
        ),
        (Find, vec![ints(&[1]), int(2)], none(Type::Nat)),
        (
            Zip,
            vec![ints(&[2, 1, 0]), list([text("a"), text("b\0")])],
            pairs(),
        ),
        (Distinct, vec![ints(&[2, 1, 2, 1, 3])], ints(&[2, 1, 3])),
        (Distinct, vec![ints(&[])], ints(&[])),
        (Range, vec![int(-1), int(2)], ints(&[-1, 0, 1])),
        (Range, vec![int(2), int(2)], ints(&[])),
        (Range, vec![int(MAX), int(MIN)], ints(&[])),
        (Range, vec![int(MAX - 1), int(MAX)], ints(&[MAX - 1])),
        (
            ToMap,
            vec![pairs()],
            map([(int(1), text("b\0")), (int(2), text("a"))]),
        ),
        (
            ToMap,
            vec![list([
                tuple([text("k"), int(1)]),
                tuple([text(""), int(2)]),
                tuple([text("k"), int(3)]),
            ])],
            map([(text(""), int(2)), (text("k"), int(3))]),
        ),
        (
            ToList,
            vec![map([(int(1), text("b\0")), (int(2), text("a"))])],
            list([tuple([int(1), text("b\0")]), tuple([int(2), text("a")])]),
        ),
    ]
}

pub(super) fn failures() -> Vec<Failing> {
    vec![
        (
            Function::Range,
            vec![int(0), int(10_000_001)],
            Domain,
            "range(0, 10000001) is longer than 10000000",
        ),
        (
            Function::Range,
            vec![int(MIN), int(MAX)],
            Domain,
            "range(-9223372036854775808, 9223372036854775807) is longer than 10000000",
        ),
    ]
}
