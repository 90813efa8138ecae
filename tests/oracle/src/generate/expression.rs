//! Expressions of a wanted kind, over the variables of a scope.

use super::kind::{Bindings, Kind};
use super::library::{FALLIBLE, TOTAL, Template};
use super::scope::Scope;
use super::{Generator, Signature};

/// Levels of calls in an expression.
const DEPTH: usize = 2;

impl Generator {
    /// An expression over what is bound. `fallible` allows what fails on some values.
    pub(super) fn expression(&mut self, kind: &Kind, scope: &Scope, fallible: bool) -> String {
        let depth = self.random.below(DEPTH + 1);
        self.nested(kind, scope, fallible, depth)
    }

    /// A Bool expression that is no leaf.
    pub(super) fn test(&mut self, scope: &Scope) -> String {
        let kind = match self.random.chance(70) {
            true => self.scalar(),
            false => self.kind(1),
        };
        let fallible = self.random.chance(45);
        let left = self.expression(&kind, scope, fallible);
        let right = self.expression(&kind, scope, false);
        let operator = self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        let test = format!("{left} {operator} {right}");
        match self.random.below(8) {
            0 => format!("!({test})"),
            1 => format!("{test} && {} > 0", self.expression(&Kind::Int, scope, true)),
            2 => format!("{test} || {} > 0", self.expression(&Kind::Int, scope, true)),
            3 => self.truth(scope, fallible, DEPTH),
            _ => test,
        }
    }

    /// A Bool expression as a condition, where a call behind an `Option` would be read as an atom.
    fn truth(&mut self, scope: &Scope, fallible: bool, depth: usize) -> String {
        match self.nested(&Kind::Bool, scope, fallible, depth) {
            text if text.starts_with("(Some(") => format!("{text} == true"),
            text => text,
        }
    }

    fn leaf(&mut self, kind: &Kind, scope: &Scope) -> String {
        let known = scope.of(kind);
        if !known.is_empty() && self.random.chance(88) {
            return self.random.pick(&known).clone();
        }
        match scope.variables.is_empty() || self.random.chance(30) {
            true => self.literal(kind),
            false => self.derived(kind, scope),
        }
    }

    /// A value that depends on some variable, of whatever kind that is.
    fn derived(&mut self, kind: &Kind, scope: &Scope) -> String {
        if let Some(parts) = self.parts(kind, scope, false, 0) {
            return parts;
        }
        let (variable, of) = self.random.pick(&scope.variables).clone();
        match kind {
            Kind::Int => format!("(std.hash.xxh3({variable}) % 5)"),
            Kind::Nat => format!("std.hash.xxh3({variable}).bit_and(3).to_nat()"),
            Kind::Bool => {
                let operator = *self.random.pick(&["<", "==", ">="]);
                format!("({variable} {operator} {})", self.literal(&of))
            }
            _ => {
                let bound = self.literal(&of);
                let (then, otherwise) = (self.literal(kind), self.literal(kind));
                format!("(if ({variable} < {bound}) {{ {then} }} else {{ {otherwise} }})")
            }
        }
    }

    fn nested(&mut self, kind: &Kind, scope: &Scope, fallible: bool, depth: usize) -> String {
        if depth == 0 {
            return self.leaf(kind, scope);
        }
        let depth = depth - 1;
        match self.random.below(12) {
            0..=1 => self.leaf(kind, scope),
            2 => {
                let test = self.nested(&Kind::Bool, scope, fallible, depth);
                let then = self.nested(kind, scope, fallible, depth);
                let otherwise = self.nested(kind, scope, fallible, depth);
                format!("(if ({test}) {{ {then} }} else {{ {otherwise} }})")
            }
            3 => self.matching(kind, scope, fallible, depth),
            4..=5 => self
                .comprehension(kind, scope, fallible, depth)
                .unwrap_or_else(|| self.leaf(kind, scope)),
            6 => self
                .parts(kind, scope, fallible, depth)
                .unwrap_or_else(|| self.leaf(kind, scope)),
            7 => self
                .own_call(kind, scope, fallible, depth)
                .unwrap_or_else(|| self.leaf(kind, scope)),
            _ => self
                .library_call(kind, scope, fallible, depth)
                .unwrap_or_else(|| self.leaf(kind, scope)),
        }
    }

    /// A call of a template whose result is of this kind.
    fn library_call(
        &mut self,
        kind: &Kind,
        scope: &Scope,
        fallible: bool,
        depth: usize,
    ) -> Option<String> {
        let tables: &[&[Template]] = match fallible {
            true => &[FALLIBLE, FALLIBLE, TOTAL],
            false => &[TOTAL],
        };
        let table = self.random.pick(tables);
        let fitting: Vec<(Bindings, &str)> = table
            .iter()
            .filter_map(|(result, text)| {
                let mut bindings = Bindings::new();
                let fits = Kind::parse(result).fits(kind, &mut bindings);
                fits.then_some((bindings, *text))
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let (mut bindings, text) = self.random.pick(&fitting).clone();
        let mut written = String::new();
        let mut pieces = text.split('{');
        written += pieces.next().unwrap_or_default();
        for piece in pieces {
            let (hole, behind) = piece.split_once('}')?;
            for parameter in ['A', 'B', 'K', 'T', 'V'] {
                if !bindings.contains_key(&parameter) && mentions(hole, parameter) {
                    bindings.insert(parameter, self.kind_in(scope));
                }
            }
            let hole = Kind::parse(hole).with(&bindings);
            written += &self.nested(&hole, scope, fallible, depth);
            written += behind;
        }
        Some(written)
    }

    /// A call of a random function of the program.
    fn own_call(
        &mut self,
        kind: &Kind,
        scope: &Scope,
        fallible: bool,
        depth: usize,
    ) -> Option<String> {
        let fitting: Vec<Signature> = self
            .functions
            .iter()
            .filter(|function| function.result == *kind && (fallible || !function.fallible))
            .cloned()
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let function = self.random.pick(&fitting).clone();
        let arguments: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| self.nested(parameter, scope, fallible, depth))
            .collect();
        Some(format!("{}({})", function.name, arguments.join(", ")))
    }

    /// A `match` on an option or an enum.
    fn matching(&mut self, kind: &Kind, scope: &Scope, fallible: bool, depth: usize) -> String {
        let mut inner = scope.clone();
        let mut other = scope.clone();
        let (subject, one, two) = match self.random.below(3) {
            0 => {
                let element = self.kind_in(scope);
                let subject = self.nested(&Kind::option(element.clone()), scope, fallible, depth);
                let local = self.local(&element, &mut inner);
                (subject, format!("Some({local})"), "None".to_string())
            }
            1 => {
                let subject = self.nested(&Kind::Named("Shade", vec![]), scope, fallible, depth);
                let local = self.local(&Kind::Int, &mut inner);
                (subject, format!("Mixed({local})"), "_".to_string())
            }
            _ => {
                let sides = [self.kind_in(scope), self.scalar()];
                let either = Kind::Named("Either", sides.to_vec());
                let subject = self.nested(&either, scope, fallible, depth);
                let left = self.local(&sides[0], &mut inner);
                let right = self.local(&sides[1], &mut other);
                (subject, format!("Left({left})"), format!("Right({right})"))
            }
        };
        let first = self.nested(kind, &inner, fallible, depth);
        let second = self.nested(kind, &other, fallible, depth);
        format!("(match {subject} {{ {one} => {first}, {two} => {second} }})")
    }

    /// A collection, tuple, record or enum of expressions.
    fn parts(
        &mut self,
        kind: &Kind,
        scope: &Scope,
        fallible: bool,
        depth: usize,
    ) -> Option<String> {
        Some(match kind {
            Kind::Option(inner) => {
                format!("(Some({}))", self.nested(inner, scope, fallible, depth))
            }
            Kind::List(inner) | Kind::Set(inner) => {
                let count = 1 + self.random.below(3);
                let items: Vec<String> = (0..count)
                    .map(|_| self.nested(inner, scope, fallible, depth))
                    .collect();
                let items = items.join(", ");
                match kind {
                    Kind::List(_) => format!("[{items}]"),
                    _ => format!("{{{items}}}"),
                }
            }
            Kind::Map(key, value) => {
                // Two keys may be equal, and then conflict.
                let count = if fallible { 2 } else { 1 };
                let entries: Vec<String> = (0..count)
                    .map(|_| {
                        let key = self.nested(key, scope, fallible, depth);
                        format!("{key}: {}", self.nested(value, scope, fallible, depth))
                    })
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Kind::Tuple(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| self.nested(part, scope, fallible, depth))
                    .collect();
                format!("({})", parts.join(", "))
            }
            Kind::Named(..) => self.construct(kind, &mut |this, part| {
                this.nested(part, scope, fallible, depth)
            }),
            _ => return None,
        })
    }

    /// A comprehension, over a collection or what rules may read.
    fn comprehension(
        &mut self,
        kind: &Kind,
        scope: &Scope,
        fallible: bool,
        depth: usize,
    ) -> Option<String> {
        let mut inner = scope.clone();
        let mut conditions = Vec::new();
        let relation = self.random.chance(40).then(|| self.readable(scope));
        let relation = relation.flatten();
        let over_rows = relation.is_some();
        match relation {
            Some(relation) => conditions.push(self.local_atom(&relation, &mut inner)),
            None => {
                let element = self.kind_in(scope);
                let kind = match self.random.below(4) {
                    0 => Kind::set(element.clone()),
                    _ => Kind::list(element.clone()),
                };
                let collection = self.nested(&kind, scope, fallible, depth);
                let local = self.local(&element, &mut inner);
                conditions.push(format!("{local} in {collection}"));
            }
        }
        if self.random.chance(25) {
            let element = self.scalar();
            let collection = self.nested(&Kind::list(element.clone()), &inner, false, depth);
            let local = self.local(&element, &mut inner);
            conditions.push(format!("{local} in {collection}"));
        }
        if self.random.chance(40) {
            conditions.push(self.truth(&inner, fallible, depth));
        }
        let conditions = conditions.join(", ");
        let mut each = |kind: &Kind| self.nested(kind, &inner, fallible, depth);
        Some(match kind {
            Kind::Nat => format!("count({} for {conditions})", each(&Kind::Int)),
            Kind::Float => format!("sum({} for {conditions})", each(kind)),
            // Over rows a sum is checked for each group, also for those that no derivation asks for;
            // such sums stay small here.
            Kind::Int if over_rows => format!("sum({} % 7 for {conditions})", each(kind)),
            Kind::Int | Kind::Decimal(_) | Kind::Duration if fallible && !over_rows => {
                format!("sum({} for {conditions})", each(kind))
            }
            Kind::List(element) => {
                let element = each(element);
                match self.random.below(4) {
                    0 => format!("top(2, {element} for {conditions})"),
                    _ => format!("[{element} for {conditions}]"),
                }
            }
            Kind::Set(element) => format!("{{{} for {conditions}}}", each(element)),
            Kind::Map(key, value) if fallible => {
                let (key, value) = (each(key), each(value));
                format!("{{{key}: {value} for {conditions}}}")
            }
            Kind::Option(element) => {
                let value = each(element);
                match (&**element, self.random.below(3)) {
                    (Kind::Float, 0) => format!("avg({value} for {conditions})"),
                    (_, 1) => format!("min({value} for {conditions})"),
                    _ => format!("max({value} for {conditions})"),
                }
            }
            _ => return None,
        })
    }
}

/// Whether the text of a kind has this type parameter.
fn mentions(text: &str, parameter: char) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.char_indices().any(|(at, c)| {
        let before = text[..at].chars().next_back();
        let behind = text[at..].chars().nth(1);
        c == parameter && !is_letter(before) && !is_letter(behind)
    })
}
