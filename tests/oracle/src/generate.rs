//! Random programs with random inputs: joins, mutual recursion, negation, every combiner, `maybe`,
//! `exists`, comprehensions and errors, over domains small enough that things meet.
//!
//! Every generated program is well formed and ends: recursion derives only values that its body
//! binds, except over lattices that are bounded.

use std::fmt::Write;

use crate::random::Random;

/// A program and the files it reads.
#[derive(Clone, Debug)]
pub struct Case {
    /// Source text of `program.sheaf`.
    pub program: String,
    /// File name, header line and data lines of each input.
    pub inputs: Vec<(String, String, Vec<String>)>,
    /// Names of the relations it publishes, each as `NAME.csv`.
    pub outputs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Nat,
    Float,
    String,
    Bool,
    Option,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Int => "Int",
            Kind::Nat => "Nat",
            Kind::Float => "Float",
            Kind::String => "String",
            Kind::Bool => "Bool",
            Kind::Option => "Option<Int>",
        }
    }
}

/// A relation that later rules may read.
#[derive(Clone, Debug)]
struct Relation {
    name: String,
    columns: Vec<Kind>,
    /// What is read after `->`; `Err` is a type that the generator does not compute with.
    value: Option<Result<Kind, ()>>,
}

struct Generator {
    random: Random,
    relations: Vec<Relation>,
    text: String,
    outputs: Vec<String>,
}

/// The variables that a rule under construction has bound.
#[derive(Default)]
struct Scope {
    variables: Vec<(String, Kind)>,
    conditions: Vec<String>,
    /// What `maybe` bound; read in expressions only, since in an atom it would no longer be bound by `maybe` alone.
    optional: Vec<String>,
    next: usize,
}

impl Scope {
    fn fresh(&mut self, kind: Kind) -> String {
        let name = format!("v{}", self.next);
        self.next += 1;
        self.variables.push((name.clone(), kind));
        name
    }

    fn of(&self, kind: Kind) -> Vec<String> {
        self.variables
            .iter()
            .filter(|v| v.1 == kind)
            .map(|v| v.0.clone())
            .collect()
    }
}

/// The program of this seed.
pub fn generate(seed: u64) -> Case {
    let mut generator = Generator {
        random: Random::new(seed),
        relations: Vec::new(),
        text: format!("//! Random program {seed}.\n"),
        outputs: Vec::new(),
    };
    let inputs = generator.inputs();
    let views = 2 + generator.random.below(4);
    for index in 0..views {
        match generator.random.below(10) {
            0..4 => generator.set_view(index),
            4..7 => generator.combined_view(index),
            _ => generator.recursive_view(index),
        }
    }
    for name in generator.outputs.clone() {
        let _ = writeln!(generator.text, "output {name} to csv(\"{name}.csv\");");
    }
    Case {
        program: generator.text,
        inputs,
        outputs: generator.outputs,
    }
}

impl Generator {
    fn inputs(&mut self) -> Vec<(String, String, Vec<String>)> {
        let mut files = Vec::new();
        // Always one edge relation, so that recursion has something to follow.
        let mut shapes = vec![vec![Kind::String, Kind::String, Kind::Nat]];
        for _ in 0..1 + self.random.below(3) {
            let width = 1 + self.random.below(3);
            let kinds = [
                Kind::Int,
                Kind::Int,
                Kind::String,
                Kind::Float,
                Kind::Nat,
                Kind::Option,
                Kind::Bool,
            ];
            shapes.push((0..width).map(|_| *self.random.pick(&kinds)).collect());
        }
        for (index, columns) in shapes.into_iter().enumerate() {
            let name = format!("i{index}");
            let declared: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(i, k)| format!("c{i}: {}", k.name()))
                .collect();
            let _ = writeln!(
                self.text,
                "input {name}({}) from csv(\"{name}.csv\");",
                declared.join(", ")
            );
            let header: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).collect();
            let mut rows: Vec<String> = Vec::new();
            for _ in 0..2 + self.random.below(16) {
                if !rows.is_empty() && self.random.chance(15) {
                    let again = self.random.pick(&rows).clone();
                    rows.push(again);
                    continue;
                }
                let cells: Vec<String> = columns.iter().map(|k| self.cell(*k)).collect();
                // A lone empty field is quoted, or its line would be blank and skipped.
                rows.push(match cells.as_slice() {
                    [empty] if empty.is_empty() => "\"\"".to_string(),
                    _ => cells.join(","),
                });
            }
            files.push((format!("{name}.csv"), header.join(","), rows));
            self.relations.push(Relation {
                name,
                columns,
                value: None,
            });
        }
        files
    }

    /// A field of an input file.
    fn cell(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Option if self.random.chance(30) => String::new(),
            Kind::Int | Kind::Option => match self.random.below(40) {
                0 => i64::MAX.to_string(),
                1 => i64::MIN.to_string(),
                _ => (self.random.below(9) as i64 - 3).to_string(),
            },
            Kind::Nat => match self.random.below(40) {
                0 => i64::MAX.to_string(),
                _ => self.random.below(6).to_string(),
            },
            Kind::Float => {
                let values = [
                    "0.1", "0.2", "0.3", "1e16", "-1e16", "1.0", "-0.0", "2.5", "NaN", "1e300",
                ];
                self.random.pick(&values).to_string()
            }
            Kind::String => self
                .random
                .pick(&["a", "b", "c", "d", "e", "é"])
                .to_string(),
            Kind::Bool => self.random.pick(&["true", "false"]).to_string(),
        }
    }

    /// A literal in the program.
    fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => (self.random.below(7) as i64 - 2).to_string(),
            Kind::Nat => self.random.below(4).to_string(),
            Kind::Float => self.random.pick(&["0.1", "1.0", "2.5", "1e16"]).to_string(),
            Kind::String => format!("{:?}", self.random.pick(&["a", "b", "c", "z"])),
            Kind::Bool => self.random.pick(&["true", "false"]).to_string(),
            Kind::Option => match self.random.below(3) {
                0 => "None".to_string(),
                _ => format!("Some({})", self.random.below(4)),
            },
        }
    }

    /// Arguments of an atom. `bind` says whether new variables may appear.
    fn arguments(&mut self, columns: &[Kind], scope: &mut Scope, bind: bool) -> String {
        let mut written = Vec::new();
        for &kind in columns {
            let known = scope.of(kind);
            let roll = self.random.below(100);
            written.push(if roll < 28 && !known.is_empty() {
                self.random.pick(&known).clone()
            } else if roll < 85 && bind {
                scope.fresh(kind)
            } else if roll < 88 && kind != Kind::Float {
                self.literal(kind)
            } else {
                "_".to_string()
            });
        }
        written.join(", ")
    }

    fn atom(&mut self, scope: &mut Scope) {
        let relation = self.random.pick(&self.relations).clone();
        self.atom_of(&relation, scope);
    }

    fn atom_of(&mut self, relation: &Relation, scope: &mut Scope) {
        let arguments = self.arguments(&relation.columns, scope, true);
        let mut text = format!("{}({arguments})", relation.name);
        match relation.value {
            Some(Ok(kind)) if self.random.chance(80) => {
                let variable = scope.fresh(kind);
                let _ = write!(text, " -> {variable}");
            }
            _ => {}
        }
        scope.conditions.push(text);
    }

    /// A body: atoms, then whatever else there is room for.
    fn body(&mut self, scope: &mut Scope) {
        for _ in 0..1 + self.random.below(3) {
            self.atom(scope);
        }
        for _ in 0..self.random.below(3) {
            self.condition(scope);
        }
    }

    fn condition(&mut self, scope: &mut Scope) {
        match self.random.below(10) {
            9 => self.atom(scope),
            0 | 1 => {
                let prefix = *self.random.pick(&["not", "exists"]);
                let relation = self.random.pick(&self.relations).clone();
                let arguments = self.arguments(&relation.columns, scope, false);
                scope
                    .conditions
                    .push(format!("{prefix} {}({arguments})", relation.name));
            }
            2 => {
                // Only Int columns bind new variables under `maybe`: they read as Option<Int>.
                let relation = self.random.pick(&self.relations).clone();
                let mut written = Vec::new();
                for &kind in &relation.columns {
                    let known = scope.of(kind);
                    written.push(if kind == Kind::Int && self.random.chance(60) {
                        let variable = format!("v{}", scope.next);
                        scope.next += 1;
                        scope.optional.push(variable.clone());
                        variable
                    } else if !known.is_empty() && self.random.chance(70) {
                        self.random.pick(&known).clone()
                    } else {
                        "_".to_string()
                    });
                }
                scope
                    .conditions
                    .push(format!("maybe {}({})", relation.name, written.join(", ")));
            }
            3 => {
                let items: Vec<String> = (0..1 + self.random.below(3))
                    .map(|_| self.expression(Kind::Int, scope, false))
                    .collect();
                let variable = scope.fresh(Kind::Int);
                scope
                    .conditions
                    .push(format!("{variable} in [{}]", items.join(", ")));
            }
            4 => {
                let kind = *self
                    .random
                    .pick(&[Kind::Int, Kind::Int, Kind::Float, Kind::String]);
                let fallible = self.random.chance(50);
                let value = self.expression(kind, scope, fallible);
                // Named only now: a `let` does not see its own variable.
                let variable = scope.fresh(kind);
                scope.conditions.push(format!("let {variable} = {value}"));
            }
            _ => {
                let test = self.test(scope);
                scope.conditions.push(test);
            }
        }
    }

    /// A Bool expression.
    fn test(&mut self, scope: &mut Scope) -> String {
        let kind = *self
            .random
            .pick(&[Kind::Int, Kind::Int, Kind::Nat, Kind::String, Kind::Float]);
        let fallible = self.random.chance(35);
        let left = self.expression(kind, scope, fallible);
        let right = self.expression(kind, scope, false);
        let operator = self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        let test = format!("{left} {operator} {right}");
        match self.random.below(8) {
            0 => format!("!({test})"),
            1 => {
                let other = self.expression(Kind::Int, scope, true);
                format!("{test} && {other} > 0")
            }
            2 => {
                let other = self.expression(Kind::Int, scope, true);
                format!("{test} || {other} > 0")
            }
            _ => test,
        }
    }

    /// An expression over what is bound. `fallible` allows division, and sums that may overflow.
    fn expression(&mut self, kind: Kind, scope: &Scope, fallible: bool) -> String {
        let known = scope.of(kind);
        let leaf = |this: &mut Generator| {
            if !known.is_empty() && this.random.chance(88) {
                this.random.pick(&known).clone()
            } else {
                this.literal(kind)
            }
        };
        let first = leaf(self);
        match kind {
            Kind::Int if fallible => {
                let second = leaf(self);
                let operator = *self.random.pick(&["+", "-", "*", "/", "%"]);
                format!("({first} {operator} {second})")
            }
            Kind::Int => {
                let options = [scope.of(Kind::Option), scope.optional.clone()].concat();
                match self.random.below(6) {
                    0 if !options.is_empty() => {
                        format!("{}.or({first})", self.random.pick(&options))
                    }
                    1 => {
                        let second = leaf(self);
                        format!("(if {first} < {second} {{ {first} }} else {{ {second} }})")
                    }
                    2 => {
                        let second = leaf(self);
                        let third = leaf(self);
                        format!("max(x for x in [{first}, {second}], x != {third}).or(7)")
                    }
                    3 => {
                        let second = leaf(self);
                        format!("count(x for x in [{first}, {second}], x < 3).to_int()")
                    }
                    _ => first,
                }
            }
            Kind::Float if fallible || self.random.chance(30) => {
                let second = leaf(self);
                let operator = *self.random.pick(&["+", "-", "*"]);
                format!("({first} {operator} {second})")
            }
            Kind::String if self.random.chance(20) => {
                let second = leaf(self);
                format!("({first} + {second})")
            }
            _ => first,
        }
    }

    fn head_kinds(&mut self) -> Vec<Kind> {
        let kinds = [
            Kind::Int,
            Kind::Int,
            Kind::String,
            Kind::String,
            Kind::Float,
            Kind::Option,
        ];
        (0..1 + self.random.below(3))
            .map(|_| *self.random.pick(&kinds))
            .collect()
    }

    /// A head whose columns are of these kinds, over what the body binds.
    fn head(&mut self, columns: &[Kind], scope: &Scope) -> String {
        let mut written = Vec::new();
        for &kind in columns {
            let fallible = self.random.chance(35);
            written.push(self.expression(kind, scope, fallible));
        }
        written.join(", ")
    }

    fn rule(&mut self, head: String, scope: Scope) {
        let mut conditions = scope.conditions;
        self.random.shuffle(&mut conditions);
        let _ = writeln!(self.text, "{head} if {};", conditions.join(", "));
    }

    fn declare(&mut self, name: &str, columns: &[Kind], combiner: Option<&str>) {
        let declared: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(i, k)| format!("c{i}: {}", k.name()))
            .collect();
        let _ = writeln!(
            self.text,
            "view {name}({}){};",
            declared.join(", "),
            combiner.map(|c| format!(" -> {c}")).unwrap_or_default()
        );
        self.outputs.push(name.to_string());
    }

    fn set_view(&mut self, index: usize) {
        let name = format!("s{index}");
        let columns = self.head_kinds();
        self.declare(&name, &columns, None);
        for _ in 0..1 + self.random.below(2) {
            let mut scope = Scope::default();
            self.body(&mut scope);
            let head = self.head(&columns, &scope);
            self.rule(format!("{name}({head})"), scope);
        }
        self.relations.push(Relation {
            name,
            columns,
            value: None,
        });
    }

    fn combined_view(&mut self, index: usize) {
        let name = format!("a{index}");
        let columns: Vec<Kind> = (0..self.random.below(3))
            .map(|_| *self.random.pick(&[Kind::Int, Kind::String, Kind::Option]))
            .collect();
        let scalars = [Kind::Int, Kind::String, Kind::Float, Kind::Nat];
        let numbers = [Kind::Int, Kind::Float, Kind::Nat];
        let scalar = *self.random.pick(&scalars);
        let number = *self.random.pick(&numbers);
        let (combiner, contribution, value): (String, Kind, Result<Kind, ()>) =
            match self.random.below(12) {
                0 | 1 => ("Count".into(), Kind::Nat, Ok(Kind::Nat)),
                2 | 3 => (format!("Sum<{}>", number.name()), number, Ok(number)),
                4 => (format!("Avg<{}>", number.name()), number, Ok(Kind::Float)),
                5 => (format!("Min<{}>", scalar.name()), scalar, Ok(scalar)),
                6 => (format!("Max<{}>", scalar.name()), scalar, Ok(scalar)),
                7 => ("Any".into(), Kind::Bool, Ok(Kind::Bool)),
                8 => ("All".into(), Kind::Bool, Ok(Kind::Bool)),
                9 => (format!("Set<{}>", scalar.name()), scalar, Err(())),
                _ => (
                    format!("Top<{}>({})", scalar.name(), 1 + self.random.below(3)),
                    scalar,
                    Err(()),
                ),
            };
        self.declare(&name, &columns, Some(&combiner));
        for _ in 0..1 + self.random.below(2) {
            let mut scope = Scope::default();
            self.body(&mut scope);
            let head = self.head(&columns, &scope);
            let fallible = self.random.chance(20);
            let contributed = match contribution {
                Kind::Bool => self.test(&mut scope),
                kind => self.expression(kind, &scope, fallible),
            };
            let head = match (combiner.as_str(), self.random.chance(40)) {
                ("Count", true) => format!("{name}({head})"),
                _ if combiner.starts_with("Set") => format!("{name}({head}) -> {{{contributed}}}"),
                _ => format!("{name}({head}) -> {contributed}"),
            };
            self.rule(head, scope);
        }
        self.relations.push(Relation {
            name,
            columns,
            value: Some(value),
        });
    }

    /// Recursion over the edges `i0`, in the shapes that people write.
    fn recursive_view(&mut self, index: usize) {
        let name = format!("r{index}");
        let nodes = [Kind::String, Kind::String];
        let guard = |this: &mut Generator, bound: &[&str]| {
            if !this.random.chance(35) {
                return String::new();
            }
            let mut scope = Scope::default();
            scope
                .variables
                .extend(bound.iter().map(|v| (v.to_string(), Kind::String)));
            let relation = this.random.pick(&this.relations).clone();
            let arguments = this.arguments(&relation.columns, &mut scope, false);
            let prefix = *this.random.pick(&["not", "exists"]);
            format!(", {prefix} {}({arguments})", relation.name)
        };
        match self.random.below(8) {
            0 | 1 => {
                let guard = guard(self, &["a", "b", "c"]);
                let step = *self.random.pick(&[
                    "NAME(a, b), i0(b, c, _)",
                    "i0(a, b, _), NAME(b, c)",
                    "NAME(a, b), NAME(b, c)",
                    "NAME(b, a), i0(b, c, w), w > 0",
                    "i0(d, a, _), NAME(d, b), i0(b, c, _)",
                ]);
                self.declare(&name, &nodes, None);
                let step = step.replace("NAME", &name);
                let _ = writeln!(self.text, "{name}(a, b) if i0(a, b, _);");
                let _ = writeln!(self.text, "{name}(a, c) if {step}{guard};");
                self.relations.push(Relation {
                    name,
                    columns: nodes.to_vec(),
                    value: None,
                });
            }
            2 => {
                let other = format!("m{index}");
                self.declare(&name, &nodes, None);
                self.declare(&other, &nodes, None);
                let guard = guard(self, &["a", "b", "c"]);
                let _ = writeln!(self.text, "{name}(a, b) if i0(a, b, _);");
                let _ = writeln!(
                    self.text,
                    "{other}(a, c) if {name}(a, b), i0(b, c, _){guard};"
                );
                let _ = writeln!(self.text, "{name}(a, c) if {other}(a, b), i0(b, c, _);");
                for name in [name, other] {
                    self.relations.push(Relation {
                        name,
                        columns: nodes.to_vec(),
                        value: None,
                    });
                }
            }
            3 => {
                self.declare(&name, &[Kind::String], None);
                let guard = guard(self, &["a", "b"]);
                let start = self.literal(Kind::String);
                let _ = writeln!(self.text, "{name}({start});");
                let _ = writeln!(self.text, "{name}(b) if {name}(a), i0(a, b, _){guard};");
                self.relations.push(Relation {
                    name,
                    columns: vec![Kind::String],
                    value: None,
                });
            }
            4 => {
                // Same generation: two recursive columns, joined on both sides.
                self.declare(&name, &nodes, None);
                let _ = writeln!(self.text, "{name}(a, b) if i0(p, a, _), i0(p, b, _);");
                let _ = writeln!(
                    self.text,
                    "{name}(a, b) if i0(p, a, _), {name}(p, q), i0(q, b, _);"
                );
                self.relations.push(Relation {
                    name,
                    columns: nodes.to_vec(),
                    value: None,
                });
            }
            5 => {
                self.declare(&name, &nodes, Some("Min<Nat>"));
                let guard = guard(self, &["a", "b", "c"]);
                let _ = writeln!(self.text, "{name}(a, b) -> w if i0(a, b, w);");
                let step = *self.random.pick(&[
                    "NAME(a, b) -> d, i0(b, c, w)",
                    "NAME(a, b) -> d, NAME(b, c) -> w",
                ]);
                let step = step.replace("NAME", &name);
                let _ = writeln!(self.text, "{name}(a, c) -> d + w if {step}{guard};");
                let value = Some(Ok(Kind::Nat));
                self.relations.push(Relation {
                    name,
                    columns: nodes.to_vec(),
                    value,
                });
            }
            6 => {
                // Widest path.
                self.declare(&name, &nodes, Some("Max<Nat>"));
                let _ = writeln!(self.text, "{name}(a, b) -> w if i0(a, b, w);");
                let _ = writeln!(
                    self.text,
                    "{name}(a, c) -> min(d, w) if {name}(a, b) -> d, i0(b, c, w);"
                );
                let value = Some(Ok(Kind::Nat));
                self.relations.push(Relation {
                    name,
                    columns: nodes.to_vec(),
                    value,
                });
            }
            _ => {
                self.declare(&name, &[Kind::String], Some("Set<String>"));
                let _ = writeln!(self.text, "{name}(a) -> {{b}} if i0(a, b, _);");
                let _ = writeln!(self.text, "{name}(a) -> s if i0(a, b, _), {name}(b) -> s;");
                let value = Some(Err(()));
                self.relations.push(Relation {
                    name,
                    columns: vec![Kind::String],
                    value,
                });
            }
        }
    }
}
