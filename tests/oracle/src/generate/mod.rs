//! Random programs with random inputs: joins, patterns, mutual recursion, negation, every combiner,
//! `maybe`, `exists`, comprehensions, functions, records, enums and errors, over domains small enough
//! that things meet.
//!
//! Every generated program is well formed and ends: recursion derives only values that its body
//! binds, except over lattices that are bounded.

mod combined;
mod condition;
mod expression;
pub mod kind;
mod library;
pub mod nominal;
mod recursive;
mod scope;
mod value;

use std::fmt::Write;

use sheaf_ir::Value;

use crate::random::Random;
use crate::write;
use kind::Kind;
use scope::Scope;

/// A program and the files it reads.
#[derive(Clone, Debug)]
pub struct Case {
    /// Source text of `program.sheaf`.
    pub program: String,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// What it publishes.
    pub outputs: Vec<Output>,
}

/// An input and its file.
#[derive(Clone, Debug)]
pub struct Input {
    /// Name of the relation.
    pub relation: String,
    /// Name of the file.
    pub file: String,
    /// The first line, if the format has one.
    pub header: Option<String>,
    /// Each row as a line and as values.
    pub rows: Vec<(String, Vec<Value>)>,
}

/// A relation that is published.
#[derive(Clone, Debug)]
pub struct Output {
    /// Name of the relation.
    pub relation: String,
    /// Name of the file: it ends with the format.
    pub file: String,
    /// Names and kinds of its columns, the value last.
    pub columns: Vec<(String, Kind)>,
}

/// A relation that later rules may read.
#[derive(Clone, Debug)]
struct Relation {
    name: String,
    columns: Vec<Kind>,
    /// What is read after `->`.
    value: Option<Kind>,
}

/// A function of the program.
#[derive(Clone, Debug)]
struct Signature {
    name: String,
    parameters: Vec<Kind>,
    result: Kind,
    fallible: bool,
}

struct Generator {
    random: Random,
    relations: Vec<Relation>,
    functions: Vec<Signature>,
    text: String,
    outputs: Vec<Output>,
    /// Variables of comprehensions and matches so far.
    locals: usize,
}

/// The program of this seed.
pub fn generate(seed: u64) -> Case {
    let mut generator = Generator {
        random: Random::new(seed),
        relations: Vec::new(),
        functions: Vec::new(),
        text: format!("//! Random program {seed}.\n"),
        outputs: Vec::new(),
        locals: 0,
    };
    for index in 0..generator.random.below(3) {
        generator.function(index);
    }
    let inputs = generator.inputs();
    let views = 2 + generator.random.below(4);
    for index in 0..views {
        match generator.random.below(10) {
            0..4 => generator.set_view(index),
            4..7 => generator.combined_view(index),
            _ => generator.recursive_view(index),
        }
    }
    generator.publish();
    generator.declare_mentioned();
    Case {
        program: generator.text,
        inputs,
        outputs: generator.outputs,
    }
}

impl Generator {
    /// A type that csv has a cell for.
    fn scalar(&mut self) -> Kind {
        let common = [Kind::Int, Kind::String, Kind::Nat, Kind::Float, Kind::Bool];
        let rare = [
            Kind::Decimal(2),
            Kind::Date,
            Kind::Time,
            Kind::Duration,
            Kind::Bytes,
            Kind::Id,
        ];
        match self.random.chance(75) {
            true => self.random.pick(&common).clone(),
            false => self.random.pick(&rare).clone(),
        }
    }

    /// A type with so many levels of composites at most.
    fn kind(&mut self, depth: usize) -> Kind {
        if depth == 0 || self.random.chance(60) {
            return self.scalar();
        }
        let mut part = || self.kind(depth - 1);
        let (a, b) = (part(), part());
        match self.random.below(11) {
            0..3 => Kind::option(a),
            3 => Kind::list(a),
            4 => Kind::set(a),
            5 => Kind::map(a, b),
            6 => Kind::Tuple(vec![a, b]),
            7 => {
                let name = *self.random.pick(&["Point", "Label", "Shade"]);
                Kind::Named(name, Vec::new())
            }
            8 => Kind::Named("Pair", vec![a, b]),
            9 => Kind::Named("Either", vec![a, b]),
            _ => Kind::Named("Tree", vec![a]),
        }
    }

    /// A type of which there are variables, mostly.
    fn kind_in(&mut self, scope: &Scope) -> Kind {
        match !scope.variables.is_empty() && self.random.chance(70) {
            true => self.random.pick(&scope.variables).1.clone(),
            false => self.kind(1),
        }
    }

    /// A new variable of a comprehension or match.
    fn local(&mut self, kind: &Kind, scope: &mut Scope) -> String {
        let name = format!("w{}", self.locals);
        self.locals += 1;
        scope.variables.push((name.clone(), kind.clone()));
        name
    }

    fn inputs(&mut self) -> Vec<Input> {
        // Always one edge relation, so that recursion has something to follow.
        let mut shapes = vec![vec![Kind::String, Kind::String, Kind::Nat]];
        for _ in 0..1 + self.random.below(3) {
            let width = 1 + self.random.below(3);
            let is_csv = self.random.chance(60);
            let mut columns = Vec::new();
            while columns.len() < width {
                let kind = match is_csv {
                    true if self.random.chance(20) => Kind::option(self.scalar()),
                    true => self.scalar(),
                    false => self.kind(2),
                };
                if write::is_readable(&kind) {
                    columns.push(kind);
                }
            }
            shapes.push(columns);
        }
        let shapes = shapes.into_iter().enumerate();
        shapes
            .map(|(index, columns)| self.input(index, columns))
            .collect()
    }

    fn input(&mut self, index: usize, columns: Vec<Kind>) -> Input {
        let name = format!("i{index}");
        let names: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).collect();
        let format = match columns.iter().all(Kind::is_scalar) {
            true => "csv",
            false => "ndjson",
        };
        let file = format!("{name}.{format}");
        let declared = declared(&columns);
        let _ = writeln!(
            self.text,
            "input {name}({declared}) from {format}({file:?});"
        );
        let named: Vec<(String, Kind)> = names.iter().cloned().zip(columns.clone()).collect();
        let mut rows: Vec<(String, Vec<Value>)> = Vec::new();
        let count = match index {
            0 => 2 + self.random.below(16),
            _ => 2 + self.random.below(7),
        };
        for _ in 0..count {
            if !rows.is_empty() && self.random.chance(15) {
                let again = self.random.pick(&rows).clone();
                rows.push(again);
                continue;
            }
            let row: Vec<Value> = columns.iter().map(|kind| self.sample(kind, 0)).collect();
            let line = match format {
                "csv" => write::csv_line(&row, &named),
                _ => write::json_line(&row, &named),
            };
            rows.push((line, row));
        }
        self.relations.push(Relation {
            name: name.clone(),
            columns,
            value: None,
        });
        Input {
            relation: name,
            file,
            header: (format == "csv").then(|| names.join(",")),
            rows,
        }
    }

    /// A function of the program with a random body.
    fn function(&mut self, index: usize) {
        let name = format!("f{index}");
        let parameters: Vec<Kind> = (0..1 + self.random.below(2))
            .map(|_| self.kind(1))
            .collect();
        let result = self.kind(1);
        let fallible = self.random.chance(30);
        let mut scope = Scope::default();
        let variables = ["x", "y"].iter().map(|name| name.to_string());
        scope
            .variables
            .extend(variables.zip(parameters.iter().cloned()));
        let taken: Vec<String> = scope
            .variables
            .iter()
            .map(|(name, kind)| format!("{name}: {kind}"))
            .collect();
        let binding = match self.random.chance(40) {
            true => {
                let kind = self.kind(1);
                let value = self.expression(&kind, &scope, fallible);
                format!("let {} = {value}; ", self.local(&kind, &mut scope))
            }
            false => String::new(),
        };
        let body = self.expression(&result, &scope, fallible);
        let taken = taken.join(", ");
        let _ = writeln!(
            self.text,
            "fn {name}({taken}) -> {result} {{ {binding}{body} }}"
        );
        self.functions.push(Signature {
            name,
            parameters,
            result,
            fallible,
        });
    }

    /// A head whose columns are of these kinds, over what the body binds.
    fn head(&mut self, columns: &[Kind], scope: &Scope) -> String {
        let mut written = Vec::new();
        for kind in columns {
            let fallible = self.random.chance(45);
            written.push(self.expression(kind, scope, fallible));
        }
        written.join(", ")
    }

    fn rule(&mut self, head: String, scope: Scope) {
        let mut conditions = scope.conditions;
        self.random.shuffle(&mut conditions);
        let _ = writeln!(self.text, "{head} if {};", conditions.join(", "));
    }

    /// Declares a view, with a combiner and what it gives, and publishes it.
    fn declare(&mut self, name: &str, columns: &[Kind], combiner: Option<(&str, &Kind)>) {
        let text = combiner
            .map(|(text, _)| format!(" -> {text}"))
            .unwrap_or_default();
        let _ = writeln!(self.text, "view {name}({}){text};", declared(columns));
        let names = (0..).map(|i| format!("c{i}"));
        let mut columns: Vec<(String, Kind)> = names.zip(columns.iter().cloned()).collect();
        columns.extend(combiner.map(|(_, value)| (name.to_string(), value.clone())));
        let format = match columns.iter().all(|(_, kind)| kind.is_scalar()) {
            true => "csv",
            false => "ndjson",
        };
        self.outputs.push(Output {
            relation: name.to_string(),
            file: format!("{name}.{format}"),
            columns,
        });
    }

    fn set_view(&mut self, index: usize) {
        let name = format!("s{index}");
        let mut scope = Scope::of_rule();
        self.body(&mut scope);
        let columns = self.columns(1, &scope);
        self.declare(&name, &columns, None);
        self.set_rule(&name, &columns, scope);
        if self.random.chance(50) {
            let mut scope = Scope::of_rule();
            self.body(&mut scope);
            self.set_rule(&name, &columns, scope);
        }
        self.relations.push(Relation {
            name,
            columns,
            value: None,
        });
    }

    fn set_rule(&mut self, name: &str, columns: &[Kind], scope: Scope) {
        let head = self.head(columns, &scope);
        self.rule(format!("{name}({head})"), scope);
    }

    /// Kinds of three columns at most, fit for what a body binds.
    fn columns(&mut self, least: usize, scope: &Scope) -> Vec<Kind> {
        let count = least + self.random.below(3);
        (0..count).map(|_| self.kind_in(scope)).collect()
    }

    fn publish(&mut self) {
        for output in &self.outputs {
            let (relation, file) = (&output.relation, &output.file);
            let format = file.rsplit('.').next().unwrap_or_default();
            let _ = writeln!(self.text, "output {relation} to {format}({file:?});");
        }
    }

    /// Adds the declarations that the program, or one of them, mentions.
    fn declare_mentioned(&mut self) {
        let functions = library::DECLARATIONS
            .iter()
            .map(|(name, text)| (vec![*name], text.to_string()));
        let types = nominal::ALL
            .iter()
            .map(|nominal| (nominal.names(), nominal.declaration()));
        let mut left: Vec<(Vec<&str>, String)> = functions.chain(types).collect();
        loop {
            let words: std::collections::BTreeSet<&str> = self
                .text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            let (mentioned, rest): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(names, _)| names.iter().any(|name| words.contains(name)));
            if mentioned.is_empty() {
                return;
            }
            for (_, text) in mentioned {
                let _ = writeln!(self.text, "{text}");
            }
            left = rest;
        }
    }
}

/// Columns as a declaration names them.
fn declared(columns: &[Kind]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(i, kind)| format!("c{i}: {kind}"))
        .collect();
    columns.join(", ")
}
