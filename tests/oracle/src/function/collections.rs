//! Lists, sets and maps.

use sheaf_ir::{Function, Value};

use super::{Call, Failure, Outcome, option, set};

/// The longest list that `range` makes.
const MAX_RANGE: i128 = 10_000_000;

pub(super) fn apply(call: &Call) -> Option<Outcome> {
    use Value::{Bool, Int, List, Map, Nat, Set, Tuple};
    let pair = |(key, value): &(Value, Value)| Tuple(vec![key.clone(), value.clone()]);
    Some(Ok(match (call.function, call.arguments) {
        (Function::List(_), parts) => List(parts.to_vec()),
        (Function::Set(_), parts) => set(parts.to_vec()),
        (Function::Map(..), parts) => map(parts
            .chunks(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))),
        (Function::Add, [List(a), List(b)]) => List([a.as_slice(), b].concat()),
        (Function::Len, [List(a) | Set(a)]) => Nat(a.len() as i64),
        (Function::Len, [Map(a)]) => Nat(a.len() as i64),
        (Function::Contains, [List(a) | Set(a), b]) => Bool(a.contains(b)),
        (Function::Contains, [Map(a), b]) => Bool(a.iter().any(|(key, _)| key == b)),
        (Function::Get, [List(a), Nat(i)]) => option(a.get(*i as usize).cloned()),
        (Function::Get, [Map(a), b]) => option(
            a.iter()
                .find(|entry| entry.0 == *b)
                .map(|entry| entry.1.clone()),
        ),
        (Function::Indexed, [List(a)]) => {
            let indexed = (0..).zip(a).map(|(i, x)| Tuple(vec![Nat(i), x.clone()]));
            List(indexed.collect())
        }
        (Function::Take, [List(a), Nat(n)]) => List(a.iter().take(*n as usize).cloned().collect()),
        (Function::Slice, [List(a), Nat(start), Nat(end)]) => {
            let inside = (0..).zip(a).filter(|(i, _)| (*start..*end).contains(i));
            List(inside.map(|(_, x)| x.clone()).collect())
        }
        (Function::Find, [List(a), b]) => {
            option(a.iter().position(|x| x == b).map(|at| Nat(at as i64)))
        }
        (Function::Zip, [List(a), List(b)]) => {
            let pairs = a
                .iter()
                .zip(b)
                .map(|(a, b)| Tuple(vec![a.clone(), b.clone()]));
            List(pairs.collect())
        }
        (Function::Distinct, [List(a)]) => {
            let mut distinct = Vec::new();
            for x in a {
                if !distinct.contains(x) {
                    distinct.push(x.clone());
                }
            }
            List(distinct)
        }
        (Function::Range, [Int(from), Int(to)]) => {
            if *to as i128 - *from as i128 > MAX_RANGE {
                return Some(Err(Failure::Domain));
            }
            List((*from..*to).map(Int).collect())
        }
        (Function::ToMap, [List(a)]) => map(a.iter().map(|entry| match entry {
            Tuple(parts) => (parts[0].clone(), parts[1].clone()),
            other => panic!("{other:?} is no pair"),
        })),
        (Function::Union, [Set(a), Set(b)]) => set([a.as_slice(), b].concat()),
        (Function::Intersect, [Set(a), Set(b)]) => {
            Set(a.iter().filter(|x| b.contains(x)).cloned().collect())
        }
        (Function::Difference, [Set(a), Set(b)]) => {
            Set(a.iter().filter(|x| !b.contains(x)).cloned().collect())
        }
        (Function::ToSet, [List(a) | Set(a)]) => set(a.clone()),
        (Function::ToSet, [Map(a)]) => Set(a.iter().map(|entry| entry.0.clone()).collect()),
        (Function::ToList, [List(a) | Set(a)]) => List(a.clone()),
        (Function::ToList, [Map(a)]) => List(a.iter().map(pair).collect()),
        (Function::Sort, [List(a)]) => {
            let mut sorted = a.clone();
            sorted.sort();
            List(sorted)
        }
        (Function::Reverse, [List(a)]) => List(a.iter().rev().cloned().collect()),
        _ => return None,
    }))
}

/// Of equal keys the last wins.
fn map(entries: impl Iterator<Item = (Value, Value)>) -> Value {
    let mut map: Vec<(Value, Value)> = Vec::new();
    for entry in entries {
        map.retain(|known| known.0 != entry.0);
        map.push(entry);
    }
    map.sort();
    Value::Map(map)
}
