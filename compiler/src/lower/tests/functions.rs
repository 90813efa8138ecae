//! The functions that random rules use, on values.

use std::collections::BTreeMap;

use sheaf_ir::encoding::{decode_whole, encode_whole};
use sheaf_ir::{Function, Value};

/// `None` where the function fails. `And`, `Or`, `OptionOr` and `Succeeds` are the caller's.
pub(super) fn apply(function: &Function, arguments: &[Value]) -> Option<Value> {
    use Value::{Bool, Int, Nat};
    let list = |v: &Value| match v {
        Value::List(items) | Value::Set(items) => items.clone(),
        other => unreachable!("{other:?} is no list"),
    };
    Some(match (function, arguments) {
        (Function::Add, [Int(a), Int(b)]) => Int(a + b),
        (Function::Div, [Int(_), Int(0)]) => return None,
        (Function::Div, [Int(a), Int(b)]) => Int(a / b),
        (Function::Eq, [a, b]) => Bool(a == b),
        (Function::Ne, [a, b]) => Bool(a != b),
        (Function::Lt, [a, b]) => Bool(a < b),
        (Function::Gt, [a, b]) => Bool(a > b),
        (Function::Not, [Bool(a)]) => Bool(!a),
        (Function::Greatest, [a, b]) => a.max(b).clone(),
        (Function::ToInt, [Nat(n)]) => Int(*n),
        (Function::Some, [a]) => Value::Option(Some(Box::new(a.clone()))),
        (Function::None(_), []) => Value::Option(None),
        (Function::IsSome, [Value::Option(a)]) => Bool(a.is_some()),
        (Function::Unwrap, [Value::Option(a)]) => a.as_deref()?.clone(),
        (Function::Tuple, parts) => Value::Tuple(parts.to_vec()),
        (Function::Field(i), [Value::Tuple(parts)]) => parts[*i as usize].clone(),
        (Function::List(_), parts) => Value::List(parts.to_vec()),
        (Function::Set(_), parts) => set(parts.to_vec()),
        (Function::Len, [Value::Map(entries)]) => Nat(entries.len() as i64),
        (Function::Len, [a]) => Nat(list(a).len() as i64),
        (Function::Sort, [a]) => {
            let mut items = list(a);
            items.sort();
            Value::List(items)
        }
        (Function::Map(..), parts) => {
            let pairs = parts.chunks(2).map(|pair| Value::Tuple(pair.to_vec()));
            map(pairs.collect())?
        }
        (Function::Reversed, [a]) => {
            Value::Bytes(encode_whole(a).into_iter().map(|byte| !byte).collect())
        }
        (Function::Unreversed(ty), [Value::Bytes(turned)]) => {
            let bytes: Vec<u8> = turned.iter().map(|byte| !byte).collect();
            decode_whole(ty, &BTreeMap::new(), &bytes)?
        }
        (Function::Reverse, [a]) => Value::List(list(a).into_iter().rev().collect()),
        (Function::Take, [a, Nat(n)]) => {
            Value::List(list(a).into_iter().take(*n as usize).collect())
        }
        other => unreachable!("{other:?} is not used by random rules"),
    })
}

pub(super) fn set(mut items: Vec<Value>) -> Value {
    items.sort();
    items.dedup();
    Value::Set(items)
}

/// The map of pairs; `None` if a key has two values.
pub(super) fn map(pairs: Vec<Value>) -> Option<Value> {
    let Value::Set(pairs) = set(pairs) else {
        unreachable!("a set is made");
    };
    let entry = |pair| match pair {
        Value::Tuple(parts) => (parts[0].clone(), parts[1].clone()),
        other => unreachable!("{other:?} is no pair"),
    };
    let entries: Vec<(Value, Value)> = pairs.into_iter().map(entry).collect();
    let is_map = entries.windows(2).all(|two| two[0].0 != two[1].0);
    is_map.then_some(Value::Map(entries))
}

/// The sum of Ints or Nats, as `nat` says for the empty one.
pub(super) fn sum(items: &[Value], nat: bool) -> Value {
    let total: i64 = items
        .iter()
        .map(|v| match v {
            Value::Int(n) | Value::Nat(n) => *n,
            other => unreachable!("{other:?} is no number"),
        })
        .sum();
    if nat {
        Value::Nat(total)
    } else {
        Value::Int(total)
    }
}

/// What `Top` and `Sorted` make.
pub(super) fn sorted(mut items: Vec<Value>) -> Vec<Value> {
    items.sort();
    items
}
