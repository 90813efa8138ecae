//! Views with a combiner: aggregates, lattices of the language and of the program, maps of either.

use super::kind::Kind;
use super::library::LATTICES;
use super::scope::Scope;
use super::{Generator, Relation};

/// A combiner with what it takes and gives.
#[derive(Clone, Debug)]
struct Combiner {
    text: String,
    takes: Takes,
    value: Kind,
}

/// How a contribution is written.
#[derive(Clone, Debug)]
enum Takes {
    /// One, which may be left out.
    Count,
    /// An expression.
    Value(Kind),
    /// A moment and a value.
    Stamped(Kind),
    /// A set, often of one element.
    Elements(Kind),
    /// A map of one pair.
    Entry(Kind, Box<Combiner>),
}

impl Generator {
    /// A view of one or two rules whose contributions are combined.
    pub(super) fn combined_view(&mut self, index: usize) {
        let name = format!("a{index}");
        let mut scope = Scope::of_rule();
        self.body(&mut scope);
        let columns = self.columns(0, &scope);
        let combiner = self.combiner(&scope, true);
        self.declare(&name, &columns, Some((&combiner.text, &combiner.value)));
        self.combined_rule(&name, &columns, &combiner, scope);
        if self.random.chance(50) {
            let mut scope = Scope::of_rule();
            self.body(&mut scope);
            self.combined_rule(&name, &columns, &combiner, scope);
        }
        self.relations.push(Relation {
            name,
            columns,
            value: Some(combiner.value),
        });
    }

    fn combined_rule(&mut self, name: &str, columns: &[Kind], combiner: &Combiner, scope: Scope) {
        let head = self.head(columns, &scope);
        let head = match (&combiner.takes, self.random.chance(40)) {
            (Takes::Count, true) => format!("{name}({head})"),
            _ => format!("{name}({head}) -> {}", self.contribution(combiner, &scope)),
        };
        self.rule(head, scope);
    }

    fn contribution(&mut self, combiner: &Combiner, scope: &Scope) -> String {
        let fallible = self.random.chance(30);
        match &combiner.takes {
            Takes::Count => self.expression(&Kind::Nat, scope, fallible),
            Takes::Value(Kind::Bool) => self.test(scope),
            Takes::Value(kind) => self.expression(kind, scope, fallible),
            Takes::Stamped(kind) => {
                let at = self.expression(&Kind::Time, scope, fallible);
                format!("Lww({at}, {})", self.expression(kind, scope, fallible))
            }
            Takes::Elements(kind) => match self.random.chance(70) {
                true => format!("{{{}}}", self.expression(kind, scope, fallible)),
                false => self.expression(&Kind::set(kind.clone()), scope, fallible),
            },
            Takes::Entry(key, inner) => {
                let key = self.expression(key, scope, fallible);
                format!("{{{key}: {}}}", self.contribution(inner, scope))
            }
        }
    }

    fn combiner(&mut self, scope: &Scope, may_be_map: bool) -> Combiner {
        let number = self
            .random
            .pick(&[
                Kind::Int,
                Kind::Nat,
                Kind::Float,
                Kind::Decimal(2),
                Kind::Duration,
            ])
            .clone();
        let any = self.kind_in(scope);
        let of = |text: String, takes: Kind, value: Kind| Combiner {
            text,
            takes: Takes::Value(takes),
            value,
        };
        match self.random.below(if may_be_map { 17 } else { 12 }) {
            0 | 1 => Combiner {
                text: "Count".to_string(),
                takes: Takes::Count,
                value: Kind::Nat,
            },
            2 | 3 => of(format!("Sum<{number}>"), number.clone(), number),
            4 => {
                let number = self
                    .random
                    .pick(&[Kind::Int, Kind::Float, Kind::Nat])
                    .clone();
                of(format!("Avg<{number}>"), number, Kind::Float)
            }
            5 => {
                let text = *self.random.pick(&["Any", "All"]);
                of(text.to_string(), Kind::Bool, Kind::Bool)
            }
            6 | 7 => {
                let (ordered, kind) = self.ordered(scope);
                let word = *self.random.pick(&["Min", "Max"]);
                of(format!("{word}<{ordered}>"), kind.clone(), kind)
            }
            8 => {
                let (ordered, kind) = self.ordered(scope);
                let text = match self.random.below(4) {
                    0 => format!("Sorted<{ordered}>"),
                    n => format!("Top<{ordered}>({n})"),
                };
                of(text, kind.clone(), Kind::list(kind))
            }
            9 => Combiner {
                text: format!("Set<{any}>"),
                takes: Takes::Elements(any.clone()),
                value: Kind::set(any),
            },
            10 => of(format!("One<{any}>"), any.clone(), any),
            // `Lww(at, v)` stands alone, not in a map.
            12 => Combiner {
                text: format!("Lww<{any}>"),
                takes: Takes::Stamped(any.clone()),
                value: any,
            },
            11 => {
                let (name, kind) = *self.random.pick(LATTICES);
                let kind = Kind::parse(kind);
                of(name.to_string(), kind.clone(), kind)
            }
            _ => {
                let key = self.scalar();
                let inner = self.combiner(scope, false);
                Combiner {
                    text: format!("Map<{key}, {}>", inner.text),
                    value: Kind::map(key.clone(), inner.value.clone()),
                    takes: Takes::Entry(key, Box::new(inner)),
                }
            }
        }
    }

    /// What an order is taken of, perhaps turned round in parts, with the kind that it reads as.
    fn ordered(&mut self, scope: &Scope) -> (String, Kind) {
        let kind = self.kind_in(scope);
        match self.random.below(4) {
            0 => (format!("Rev<{kind}>"), kind),
            1 => {
                let other = self.scalar();
                let text = match self.random.chance(50) {
                    true => format!("({kind}, Rev<{other}>)"),
                    false => format!("(Rev<{kind}>, {other})"),
                };
                (text, Kind::Tuple(vec![kind, other]))
            }
            _ => (kind.to_string(), kind),
        }
    }
}
