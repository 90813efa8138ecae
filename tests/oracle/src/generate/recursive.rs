//! Recursion over the edges `i0`, in the shapes that people write.

use std::fmt::Write;

use super::kind::Kind;
use super::scope::Scope;
use super::{Generator, Relation};

/// A recursion through a lattice: its combiner, the kind of its values, its first rule and its steps.
struct Climb {
    combiner: &'static str,
    value: &'static str,
    columns: usize,
    start: &'static str,
    steps: &'static [&'static str],
}

/// `NAME` is the view. Steps of those with one column go against the edges or along them.
const CLIMBS: &[Climb] = &[
    Climb {
        combiner: "Min<Nat>",
        value: "Nat",
        columns: 2,
        start: "NAME(a, b) -> w if i0(a, b, w)",
        steps: &[
            "NAME(a, c) -> d + w if NAME(a, b) -> d, i0(b, c, w)",
            "NAME(a, c) -> d + w if NAME(a, b) -> d, NAME(b, c) -> w",
            "NAME(a, c) -> evened(d) + w if NAME(a, b) -> d, i0(b, c, w)",
            "NAME(a, c) -> evened(min(d, w)) if NAME(a, b) -> d, i0(b, c, w), d < 30",
            "NAME(a, c) -> max(d, w) if NAME(a, b) -> d, i0(b, c, w)",
            "NAME(a, c) -> d * w if NAME(a, b) -> d, i0(b, c, w)",
        ],
    },
    Climb {
        combiner: "Max<Nat>",
        value: "Nat",
        columns: 2,
        start: "NAME(a, b) -> w if i0(a, b, w)",
        steps: &[
            "NAME(a, c) -> min(d, w) if NAME(a, b) -> d, i0(b, c, w)",
            "NAME(a, c) -> capped(min(d, 90) + 3) if NAME(a, b) -> d, i0(b, c, _)",
            "NAME(a, c) -> evened(d) if NAME(a, b) -> d, i0(b, c, _)",
            "NAME(a, c) -> capped(d) if NAME(a, b) -> d, NAME(b, c) -> e, e > 2",
        ],
    },
    Climb {
        combiner: "Set<String>",
        value: "Set<String>",
        columns: 1,
        start: "NAME(a) -> {b} if i0(a, b, _)",
        steps: &[
            "NAME(a) -> s if i0(a, b, _), NAME(b) -> s",
            "NAME(a) -> with_start(s) if i0(a, b, _), NAME(b) -> s",
            "NAME(a) -> {x} if i0(a, b, _), NAME(b) -> s, x in s, x > \"a\"",
            "NAME(a) -> s.union({b}) if i0(a, b, _), NAME(b) -> s, s.len() > 1",
        ],
    },
    Climb {
        combiner: "Any",
        value: "Bool",
        columns: 1,
        start: "NAME(a) -> w > 2 if i0(a, _, w)",
        steps: &["NAME(b) -> x if i0(a, b, _), NAME(a) -> x"],
    },
    Climb {
        combiner: "Max<(Nat, String)>",
        value: "(Nat, String)",
        columns: 1,
        start: "NAME(a) -> (w, b) if i0(a, b, w)",
        steps: &["NAME(a) -> x if i0(a, b, _), NAME(b) -> x"],
    },
    Climb {
        combiner: "Map<String, Max<Nat>>",
        value: "Map<String, Nat>",
        columns: 1,
        start: "NAME(a) -> {b: w} if i0(a, b, w)",
        steps: &["NAME(a) -> m if i0(a, b, _), NAME(b) -> m"],
    },
    Climb {
        combiner: "Longest",
        value: "String",
        columns: 1,
        start: "NAME(a) -> a + b.repeat(min(w, 4)) if i0(a, b, w)",
        steps: &["NAME(a) -> x if i0(a, b, _), NAME(b) -> x"],
    },
    Climb {
        combiner: "Gathered",
        value: "Set<String>",
        columns: 1,
        start: "NAME(a) -> {b, b.upper()} if i0(a, b, _)",
        steps: &["NAME(a) -> x if i0(a, b, _), NAME(b) -> x"],
    },
    Climb {
        combiner: "Corner",
        value: "Option<(Int, Nat)>",
        columns: 1,
        start: "NAME(a) -> Some((as_int(3) - min(w, 9), w)) if i0(a, _, w)",
        steps: &["NAME(a) -> x if i0(a, b, _), NAME(b) -> x"],
    },
];

impl Generator {
    /// A condition on relations that are complete, sometimes.
    fn guard(&mut self, bound: &[&str]) -> String {
        if !self.random.chance(35) {
            return String::new();
        }
        let mut scope = Scope::default();
        let bound = bound.iter().map(|v| (v.to_string(), Kind::String));
        scope.variables.extend(bound);
        let relation = self.random.pick(&self.relations).clone();
        let arguments = self.arguments(&relation.columns, &mut scope, false);
        let prefix = *self.random.pick(&["not", "exists"]);
        format!(", {prefix} {}({arguments})", relation.name)
    }

    /// A recursive view, or two that read each other.
    pub(super) fn recursive_view(&mut self, index: usize) {
        let name = format!("r{index}");
        match self.random.below(12) {
            0 | 1 => {
                let step = *self.random.pick(&[
                    "NAME(a, b), i0(b, c, _)",
                    "i0(a, b, _), NAME(b, c)",
                    "NAME(a, b), NAME(b, c)",
                    "NAME(b, a), i0(b, c, w), w > 0",
                    "i0(d, a, _), NAME(d, b), i0(b, c, _)",
                ]);
                let guard = self.guard(&["a", "b", "c"]);
                let step = step.replace("NAME", &name);
                let start = format!("{name}(a, b) if i0(a, b, _)");
                self.recursion(&name, 2, &[start, format!("{name}(a, c) if {step}{guard}")]);
            }
            2 => {
                let other = format!("m{index}");
                let guard = self.guard(&["a", "b", "c"]);
                let rules = [
                    format!("{name}(a, b) if i0(a, b, _)"),
                    format!("{name}(a, c) if {other}(a, b), i0(b, c, _)"),
                ];
                let step = format!("{other}(a, c) if {name}(a, b), i0(b, c, _){guard}");
                self.recursion(&name, 2, &rules);
                self.recursion(&other, 2, &[step]);
            }
            3 => {
                let start = *self.random.pick(&["a", "b", "c"]);
                let guard = self.guard(&["a", "b"]);
                let step = format!("{name}(b) if {name}(a), i0(a, b, _){guard}");
                self.recursion(&name, 1, &[format!("{name}({start:?})"), step]);
            }
            4 => {
                // Same generation: two recursive columns, joined on both sides.
                let rules = [
                    format!("{name}(a, b) if i0(p, a, _), i0(p, b, _)"),
                    format!("{name}(a, b) if i0(p, a, _), {name}(p, q), i0(q, b, _)"),
                ];
                self.recursion(&name, 2, &rules);
            }
            5 => self.structured_recursion(name),
            _ => self.climb(name),
        }
    }

    /// A recursion whose rows hold a tuple, an option or a record that its rules take apart.
    fn structured_recursion(&mut self, name: String) {
        let (kind, pattern, next) = *self.random.pick(&[
            ("(String, Bool)", "(b, x)", "(c, !x)"),
            ("Option<String>", "Some(b)", "Some(c)"),
            (
                "Pair<String, Nat>",
                "Pair { first: b, second: n }",
                "(Pair { first: c, second: (n + 1) % 3 })",
            ),
            ("Tree<String>", "Leaf(b)", "Leaf(c)"),
        ]);
        let start = pattern
            .replace('x', "true")
            .replace("second: n", "second: 0");
        let kind = Kind::parse(kind);
        let columns = [Kind::String, kind];
        self.declare(&name, &columns, None);
        let _ = writeln!(self.text, "{name}(a, {start}) if i0(a, b, _);");
        let guard = self.guard(&["a", "b", "c"]);
        let _ = writeln!(
            self.text,
            "{name}(a, {next}) if {name}(a, {pattern}), i0(b, c, _){guard};"
        );
        self.relations.push(Relation {
            name,
            columns: columns.to_vec(),
            value: None,
        });
    }

    fn recursion(&mut self, name: &str, width: usize, rules: &[String]) {
        let columns = vec![Kind::String; width];
        self.declare(name, &columns, None);
        for rule in rules {
            let _ = writeln!(self.text, "{rule};");
        }
        self.relations.push(Relation {
            name: name.to_string(),
            columns,
            value: None,
        });
    }

    fn climb(&mut self, name: String) {
        let climb = self.random.pick(CLIMBS);
        let columns = vec![Kind::String; climb.columns];
        let value = Kind::parse(climb.value);
        self.declare(&name, &columns, Some((climb.combiner, &value)));
        let _ = writeln!(self.text, "{};", climb.start.replace("NAME", &name));
        for _ in 0..1 + self.random.below(2) {
            let bound: &[&str] = match climb.columns {
                1 => &["a", "b"],
                _ => &["a", "b", "c"],
            };
            let guard = self.guard(bound);
            let step = self.random.pick(climb.steps).replace("NAME", &name);
            let _ = writeln!(self.text, "{step}{guard};");
        }
        self.relations.push(Relation {
            name,
            columns,
            value: Some(value),
        });
    }
}
