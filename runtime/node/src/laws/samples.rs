//! Values to try laws on: small ones, smallest first, and random ones.
//!
//! Invariant: the same type gives the same values, whatever the machine.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::value::Float;
use sheaf_ir::{Nominal, Type, Value};

/// Records and enums by name.
pub(super) type Types = BTreeMap<String, Nominal>;

/// How deep lists, sets and maps nest in samples.
const DEPTH: usize = 3;

/// At most so many small values of a type, the smallest first.
pub(super) fn small(ty: &Type, types: &Types, limit: usize) -> Vec<Value> {
    let mut values = small_within(ty, types, limit, DEPTH);
    values.truncate(limit);
    values
}

fn small_within(ty: &Type, types: &Types, limit: usize, depth: usize) -> Vec<Value> {
    let inner = |ty: &Type| match depth {
        0 => Vec::new(),
        _ => small_within(ty, types, limit, depth - 1),
    };
    let of_ints = |make: fn(i64) -> Value| [0, 1, -1, 2].map(make).to_vec();
    match ty {
        Type::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Type::Int => of_ints(Value::Int),
        Type::Nat => [0, 1, 2, 3].map(Value::Nat).to_vec(),
        Type::Float => [0.0, 1.0, -1.0, 0.5, f64::NAN]
            .map(|x| Value::Float(Float::new(x)))
            .to_vec(),
        Type::Decimal(_) => of_ints(Value::Decimal),
        Type::String => ["", "a", "b", "ab"]
            .map(|s| Value::String(s.into()))
            .to_vec(),
        Type::Bytes => [&[][..], &[0], &[1]]
            .map(|b| Value::Bytes(b.to_vec()))
            .to_vec(),
        Type::Date => of_ints(Value::Date),
        Type::Time => of_ints(Value::Time),
        Type::Duration => of_ints(Value::Duration),
        Type::Id | Type::RowId => [0, 1, 2].map(Value::Id).to_vec(),
        Type::Option(ty) => {
            let some = inner(ty)
                .into_iter()
                .map(|v| Value::Option(Some(Box::new(v))));
            std::iter::once(Value::Option(None)).chain(some).collect()
        }
        Type::List(ty) => {
            let items = inner(ty);
            let mut lists = subsets(&items, Value::List);
            if let [first, second, ..] = items.as_slice() {
                lists.push(Value::List(vec![second.clone(), first.clone()]));
                lists.push(Value::List(vec![first.clone(), first.clone()]));
            }
            lists
        }
        Type::Set(ty) => subsets(&inner(ty), |mut items| {
            items.sort();
            Value::Set(items)
        }),
        Type::Map(key, value) => {
            let pair = Type::Tuple(vec![(**key).clone(), (**value).clone()]);
            let maps = subsets(&inner(&pair), |pairs| {
                let entries = pairs.into_iter().filter_map(|pair| match pair {
                    Value::Tuple(parts) => <[Value; 2]>::try_from(parts).ok(),
                    _ => None,
                });
                let entries: BTreeMap<Value, Value> = entries.map(|[k, v]| (k, v)).collect();
                Value::Map(entries.into_iter().collect())
            });
            let mut seen = BTreeSet::new();
            maps.into_iter()
                .filter(|map| seen.insert(map.clone()))
                .collect()
        }
        Type::Tuple(parts) => product(parts, types, limit, depth)
            .into_iter()
            .map(Value::Tuple)
            .collect(),
        Type::Named(name) => match types.get(name) {
            Some(Nominal::Record(fields)) => {
                let parts: Vec<Type> = fields.iter().map(|(_, ty)| ty.clone()).collect();
                let records = product(&parts, types, limit, depth);
                records.into_iter().map(Value::Tuple).collect()
            }
            Some(Nominal::Enum(variants)) => {
                let payloads = variants.iter().zip(0u32..).map(|((_, payload), index)| {
                    let payloads = product(payload, types, limit, depth).into_iter();
                    payloads.map(|parts| Value::Variant(index, parts)).collect()
                });
                interleaved(payloads.collect())
            }
            None => Vec::new(),
        },
    }
}

/// What is made of nothing, of each value and of each two of the first.
fn subsets(items: &[Value], make: impl Fn(Vec<Value>) -> Value) -> Vec<Value> {
    let mut made = vec![make(Vec::new())];
    made.extend(items.iter().take(4).map(|item| make(vec![item.clone()])));
    for (index, first) in items.iter().take(3).enumerate() {
        for second in items.iter().take(3).skip(index + 1) {
            made.push(make(vec![first.clone(), second.clone()]));
        }
    }
    made
}

/// One of each list, then the second of each, and so on.
fn interleaved(lists: Vec<Vec<Value>>) -> Vec<Value> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let nth = |n: usize| lists.iter().filter_map(move |list| list.get(n).cloned());
    (0..longest).flat_map(nth).collect()
}

/// Small values for each of these types together, the smallest first.
fn product(parts: &[Type], types: &Types, limit: usize, depth: usize) -> Vec<Vec<Value>> {
    let mut rows: Vec<(usize, Vec<Value>)> = vec![(0, Vec::new())];
    for ty in parts {
        let values = small_within(ty, types, limit, depth);
        let longer = rows.iter().flat_map(|(size, row)| {
            values.iter().enumerate().map(move |(index, value)| {
                let row = row.iter().chain([value]).cloned().collect();
                (size + index, row)
            })
        });
        rows = longer.collect();
        // Stable: of rows of one size the first part is the least.
        rows.sort_by_key(|(size, _)| *size);
        rows.truncate(limit);
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Random values (SplitMix64).
pub(super) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn int(&mut self) -> i64 {
        match self.below(8) {
            0 => [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX][self.below(4)],
            1 => self.next() as i64,
            2 => self.below(2001) as i64 - 1000,
            _ => self.below(17) as i64 - 8,
        }
    }

    /// A value of a type; `None` if its lists must nest too deep.
    pub(super) fn value(&mut self, ty: &Type, types: &Types) -> Option<Value> {
        self.value_within(ty, types, DEPTH)
    }

    fn value_within(&mut self, ty: &Type, types: &Types, depth: usize) -> Option<Value> {
        let count = match depth {
            0 => 0,
            _ => self.below(4),
        };
        Some(match ty {
            Type::Bool => Value::Bool(self.below(2) == 1),
            Type::Int => Value::Int(self.int()),
            Type::Nat => Value::Nat(self.int() & i64::MAX),
            Type::Float => Value::Float(Float::new(match self.below(8) {
                0 => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX][self.below(4)],
                _ => self.int() as f64 / 4.0,
            })),
            Type::Decimal(_) => Value::Decimal(self.int()),
            Type::String => {
                let letters = ['a', 'b', 'c', ' ', 'é'];
                let length = self.below(5);
                Value::String((0..length).map(|_| letters[self.below(5)]).collect())
            }
            Type::Bytes => {
                let length = self.below(4);
                Value::Bytes((0..length).map(|_| self.next() as u8).collect())
            }
            Type::Date => Value::Date(self.int()),
            Type::Time => Value::Time(self.int()),
            Type::Duration => Value::Duration(self.int()),
            Type::Id | Type::RowId => Value::Id(self.int() as u128),
            Type::Option(_) if self.below(3) == 0 || depth == 0 => Value::Option(None),
            Type::Option(ty) => {
                Value::Option(Some(Box::new(self.value_within(ty, types, depth - 1)?)))
            }
            Type::List(ty) => Value::List(self.values(ty, types, count, depth)?),
            Type::Set(ty) => {
                let items: BTreeSet<Value> =
                    self.values(ty, types, count, depth)?.into_iter().collect();
                Value::Set(items.into_iter().collect())
            }
            Type::Map(key, value) => {
                let keys = self.values(key, types, count, depth)?;
                let values = self.values(value, types, count, depth)?;
                let entries: BTreeMap<Value, Value> = keys.into_iter().zip(values).collect();
                Value::Map(entries.into_iter().collect())
            }
            Type::Tuple(parts) => Value::Tuple(self.parts(parts.iter(), types, depth)?),
            Type::Named(name) => match types.get(name)? {
                Nominal::Record(fields) => {
                    let parts = fields.iter().map(|(_, ty)| ty);
                    Value::Tuple(self.parts(parts, types, depth)?)
                }
                Nominal::Enum(variants) => {
                    let index = self.below(variants.len());
                    let payload = self.parts(variants.get(index)?.1.iter(), types, depth)?;
                    Value::Variant(index as u32, payload)
                }
            },
        })
    }

    fn values(
        &mut self,
        ty: &Type,
        types: &Types,
        count: usize,
        depth: usize,
    ) -> Option<Vec<Value>> {
        (0..count)
            .map(|_| self.value_within(ty, types, depth.saturating_sub(1)))
            .collect()
    }

    fn parts<'t>(
        &mut self,
        parts: impl Iterator<Item = &'t Type>,
        types: &Types,
        depth: usize,
    ) -> Option<Vec<Value>> {
        parts
            .map(|ty| self.value_within(ty, types, depth))
            .collect()
    }
}
