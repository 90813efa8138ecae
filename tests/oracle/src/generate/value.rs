//! Random values: in the rows of inputs, and written as expressions.

use sheaf_ir::Value;
use sheaf_ir::value::Float;

use super::Generator;
use super::kind::Kind;
use super::nominal::Shape;
use crate::function::set;

/// Days around one year's end and the leap day of the next but one.
const DAYS: [i64; 5] = [20_452, 20_453, 20_454, 21_244, -1];
/// Moments near them, one with a fraction of a second.
const MICROS: [i64; 4] = [
    1_767_139_200_000_000,
    1_767_142_800_000_000,
    1_767_225_599_500_000,
    0,
];
const SPANS: [i64; 5] = [0, 1, 1_500_000, 3_600_000_000, -86_400_000_000];
const IDS: [u128; 3] = [1, 0x6d1c_0b7e_2f0e_4a55_8d6b_0a5b_3f6c_9d10, u128::MAX];
const TEXTS: [&str; 6] = ["a", "b", "c", "d", "e", "é"];
/// More levels of a recursive enum than this are not generated.
const MAX_DEPTH: usize = 2;

impl Generator {
    /// A value for a row of an input.
    pub(super) fn sample(&mut self, kind: &Kind, depth: usize) -> Value {
        let random = &mut self.random;
        match kind {
            Kind::Bool => Value::Bool(random.chance(50)),
            Kind::Int => Value::Int(match random.below(40) {
                0 => i64::MAX,
                1 => i64::MIN,
                _ => random.below(9) as i64 - 3,
            }),
            Kind::Nat => Value::Nat(match random.below(40) {
                0 => i64::MAX,
                _ => random.below(6) as i64,
            }),
            Kind::Float => {
                let values = [0.1, 0.2, 0.3, 1e16, -1e16, 1.0, -0.0, 2.5, f64::NAN, 1e300];
                Value::Float(Float::new(*random.pick(&values)))
            }
            Kind::Decimal(_) => Value::Decimal(match random.below(40) {
                0 => i64::MAX,
                _ => random.below(9) as i64 * 25 - 50,
            }),
            Kind::String => Value::String(match random.below(12) {
                0 => "ab-c".to_string(),
                1 => " D e, 12".to_string(),
                _ => random.pick(&TEXTS).to_string(),
            }),
            Kind::Bytes => Value::Bytes(random.pick(&TEXTS).as_bytes().to_vec()),
            Kind::Date => Value::Date(*random.pick(&DAYS)),
            Kind::Time => Value::Time(*random.pick(&MICROS)),
            Kind::Duration => Value::Duration(*random.pick(&SPANS)),
            Kind::Id => Value::Id(*random.pick(&IDS)),
            Kind::Option(_) if random.chance(30) => Value::Option(None),
            Kind::Option(inner) => Value::Option(Some(Box::new(self.sample(inner, depth)))),
            Kind::List(inner) => Value::List(self.samples(inner, depth)),
            Kind::Set(inner) => set(self.samples(inner, depth)),
            Kind::Map(key, value) => {
                let Value::Set(keys) = set(self.samples(key, depth)) else {
                    unreachable!("a set is a set");
                };
                let entries = keys.into_iter().map(|key| (key, self.sample(value, depth)));
                Value::Map(entries.collect())
            }
            Kind::Tuple(parts) => {
                Value::Tuple(parts.iter().map(|part| self.sample(part, depth)).collect())
            }
            Kind::Named(..) => match kind.shape() {
                Shape::Record(fields) => {
                    let fields = fields.iter().map(|(_, kind)| self.sample(kind, depth));
                    Value::Tuple(fields.collect())
                }
                Shape::Enum(variants) => {
                    let index = match depth < MAX_DEPTH {
                        true => self.random.below(variants.len()),
                        false => 0,
                    };
                    let parts = variants[index].1.iter();
                    let parts = parts.map(|kind| self.sample(kind, depth + 1)).collect();
                    Value::Variant(index as u32, parts)
                }
            },
            Kind::Parameter(name) => panic!("{name} stands for nothing"),
        }
    }

    fn samples(&mut self, kind: &Kind, depth: usize) -> Vec<Value> {
        (0..self.random.below(4))
            .map(|_| self.sample(kind, depth))
            .collect()
    }

    /// A value as an expression that is of this kind wherever it stands: it needs no annotation.
    pub(super) fn literal(&mut self, kind: &Kind) -> String {
        let random = &mut self.random;
        match kind {
            Kind::Bool => random.pick(&["(true)", "(false)"]).to_string(),
            Kind::Int => format!("as_int({})", random.below(7) as i64 - 2),
            Kind::Nat => format!("({})", random.below(4)),
            Kind::Float => {
                let texts = ["0.1", "1.0", "2.5", "1e16", "-0.3"];
                format!("({})", random.pick(&texts))
            }
            Kind::Decimal(_) => {
                let texts = ["0.00", "0.25", "1.50", "-0.75"];
                format!("as_decimal({})", random.pick(&texts))
            }
            Kind::String => {
                let texts = ["a", "b", "c", "z", "", "a b", "12", "{\"a\": [7, true]}"];
                format!("{:?}", random.pick(&texts))
            }
            Kind::Bytes => format!("{:?}.to_utf8()", random.pick(&TEXTS)),
            Kind::Date => {
                let texts = ["2025-12-31", "2026-01-01", "2028-02-29"];
                format!("as_date({:?})", random.pick(&texts))
            }
            Kind::Time => {
                let texts = [
                    "2025-12-31T01:00:00Z",
                    "2026-01-01",
                    "1970-01-01T00:00:00.5Z",
                ];
                format!("as_time({:?})", random.pick(&texts))
            }
            Kind::Duration => format!("({})", random.pick(&["1us", "90min", "0s", "-24h"])),
            Kind::Id => format!("std.id.parse_id(\"{:032x}\").unwrap()", random.pick(&IDS)),
            Kind::Option(inner) => {
                let is_some = random.chance(65);
                let inner = self.literal(inner);
                match is_some {
                    true => format!("(Some({inner}))"),
                    false => format!("[{inner}].get(9)"),
                }
            }
            Kind::List(inner) => match random.below(3) {
                0 => format!("[{}].drop(1)", self.literal(inner)),
                1 => format!("[{}]", self.literal(inner)),
                _ => format!("[{}, {}]", self.literal(inner), self.literal(inner)),
            },
            Kind::Set(inner) => match random.below(3) {
                0 => format!("[{}].drop(1).to_set()", self.literal(inner)),
                1 => format!("{{{}}}", self.literal(inner)),
                _ => format!("{{{}, {}}}", self.literal(inner), self.literal(inner)),
            },
            Kind::Map(key, value) => {
                let is_empty = random.chance(25);
                let (key, value) = (self.literal(key), self.literal(value));
                match is_empty {
                    true => format!("[({key}, {value})].drop(1).to_map()"),
                    false => format!("{{{key}: {value}}}"),
                }
            }
            Kind::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.literal(part)).collect();
                format!("({})", parts.join(", "))
            }
            Kind::Named(..) => self.construct(kind, &mut |this, kind| this.literal(kind)),
            Kind::Parameter(name) => panic!("{name} stands for nothing"),
        }
    }

    /// A record or enum of parts that `part` writes, without need of an annotation.
    pub(super) fn construct(
        &mut self,
        kind: &Kind,
        part: &mut dyn FnMut(&mut Generator, &Kind) -> String,
    ) -> String {
        match (kind.shape(), kind) {
            (Shape::Record(fields), Kind::Named(name, _)) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(field, kind)| format!("{field}: {}", part(self, kind)))
                    .collect();
                format!("({name} {{ {} }})", fields.join(", "))
            }
            // A variant alone says one of the two types.
            (_, Kind::Named("Either", arguments)) => {
                let sides: Vec<String> = arguments.iter().map(|kind| part(self, kind)).collect();
                let is_left = self.literal(&Kind::Bool);
                format!("either({}, {is_left})", sides.join(", "))
            }
            (_, Kind::Named("Tree", arguments)) => {
                let leaf = part(self, &arguments[0]);
                match self.random.below(3) {
                    0 => format!("Leaf({leaf})"),
                    1 => format!("Node([Leaf({leaf})])"),
                    _ => {
                        let other = part(self, &arguments[0]);
                        format!("Node([Leaf({leaf}), Node([Leaf({other})])])")
                    }
                }
            }
            (Shape::Enum(variants), _) => {
                let (name, kinds) = self.random.pick(&variants).clone();
                let parts: Vec<String> = kinds.iter().map(|kind| part(self, kind)).collect();
                match parts.is_empty() {
                    true => name.to_string(),
                    false => format!("{name}({})", parts.join(", ")),
                }
            }
            (_, other) => panic!("{other} is no record or enum"),
        }
    }
}
