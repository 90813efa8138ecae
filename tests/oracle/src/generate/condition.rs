//! Conditions: atoms with patterns, quantifiers, elements, bindings and tests.

use std::fmt::Write;

use super::kind::Kind;
use super::nominal::Shape;
use super::scope::Scope;
use super::{Generator, Relation};

impl Generator {
    /// Arguments of an atom. `bind` says whether new variables may appear.
    pub(super) fn arguments(&mut self, columns: &[Kind], scope: &mut Scope, bind: bool) -> String {
        let written: Vec<String> = columns
            .iter()
            .map(|kind| self.argument(kind, scope, bind))
            .collect();
        written.join(", ")
    }

    fn argument(&mut self, kind: &Kind, scope: &mut Scope, bind: bool) -> String {
        let known = scope.bound(kind);
        let roll = self.random.below(100);
        if roll < 28 && !known.is_empty() {
            self.random.pick(&known).clone()
        } else if roll < 55 && !kind.is_scalar() || roll < 40 && matches!(kind, Kind::Option(_)) {
            self.pattern(kind, scope, bind)
        } else if roll < 85 && bind {
            scope.fresh(kind)
        } else if roll < 88 && matches!(kind, Kind::Int | Kind::Nat | Kind::String | Kind::Bool) {
            self.constant(kind)
        } else {
            "_".to_string()
        }
    }

    /// A literal pattern.
    fn constant(&mut self, kind: &Kind) -> String {
        match kind {
            Kind::Int => (self.random.below(7) as i64 - 2).to_string(),
            Kind::Nat => self.random.below(4).to_string(),
            Kind::String => format!("{:?}", self.random.pick(&["a", "b", "c", "z"])),
            _ => self.random.pick(&["true", "false"]).to_string(),
        }
    }

    /// A pattern that takes a value apart, where there is something to take apart.
    fn pattern(&mut self, kind: &Kind, scope: &mut Scope, bind: bool) -> String {
        match kind {
            Kind::Option(_) if self.random.chance(25) => "None".to_string(),
            Kind::Option(inner) => format!("Some({})", self.argument(inner, scope, bind)),
            Kind::Tuple(parts) => format!("({})", self.arguments(parts, scope, bind)),
            Kind::Named(name, _) => match kind.shape() {
                Shape::Record(fields) => {
                    let kept = match self.random.chance(30) {
                        true => &fields[..1],
                        false => &fields[..],
                    };
                    let mut written: Vec<String> = kept
                        .iter()
                        .map(|(field, kind)| {
                            format!("{field}: {}", self.argument(kind, scope, bind))
                        })
                        .collect();
                    if kept.len() < fields.len() {
                        written.push("..".to_string());
                    }
                    format!("{name} {{ {} }}", written.join(", "))
                }
                Shape::Enum(variants) => {
                    let (variant, parts) = self.random.pick(&variants).clone();
                    match parts.is_empty() {
                        true => variant.to_string(),
                        false => format!("{variant}({})", self.arguments(&parts, scope, bind)),
                    }
                }
            },
            _ if bind => scope.fresh(kind),
            _ => "_".to_string(),
        }
    }

    fn atom(&mut self, scope: &mut Scope) {
        let relation = self.random.pick(&self.relations).clone();
        let text = self.atom_of(&relation, scope);
        scope.conditions.push(text);
    }

    fn atom_of(&mut self, relation: &Relation, scope: &mut Scope) -> String {
        let arguments = self.arguments(&relation.columns, scope, true);
        let mut text = format!("{}({arguments})", relation.name);
        if let Some(kind) = &relation.value
            && self.random.chance(80)
        {
            let pattern = match self.random.chance(25) {
                true => self.pattern(kind, scope, true),
                false => scope.fresh(kind),
            };
            let _ = write!(text, " -> {pattern}");
        }
        text
    }

    /// A relation that a comprehension may read, if relations may be read.
    pub(super) fn readable(&mut self, scope: &Scope) -> Option<Relation> {
        scope
            .reads
            .then(|| self.random.pick(&self.relations).clone())
    }

    /// An atom in a comprehension, whose new variables are its own.
    pub(super) fn local_atom(&mut self, relation: &Relation, inner: &mut Scope) -> String {
        let mut written = Vec::new();
        for kind in &relation.columns {
            let known = inner.bound(kind);
            let roll = self.random.below(100);
            written.push(if roll < 35 && !known.is_empty() {
                self.random.pick(&known).clone()
            } else if roll < 85 {
                self.local(kind, inner)
            } else {
                "_".to_string()
            });
        }
        let mut text = format!("{}({})", relation.name, written.join(", "));
        if let Some(kind) = &relation.value {
            let local = self.local(kind, inner);
            let _ = write!(text, " -> {local}");
        }
        text
    }

    /// A body: atoms, then whatever else there is room for.
    pub(super) fn body(&mut self, scope: &mut Scope) {
        for _ in 0..1 + self.random.below(3) {
            self.atom(scope);
        }
        for _ in 0..self.random.below(4) {
            self.condition(scope);
        }
    }

    fn condition(&mut self, scope: &mut Scope) {
        let text = match self.random.below(12) {
            0 | 1 => {
                let prefix = *self.random.pick(&["not", "exists"]);
                let relation = self.random.pick(&self.relations).clone();
                let arguments = self.arguments(&relation.columns, scope, false);
                format!("{prefix} {}({arguments})", relation.name)
            }
            2 => self.maybe(scope),
            3 => self.each(scope),
            4 => {
                // A membership test, of something whose elements fit.
                let kind = self.kind_in(scope);
                let element = self.expression(&kind, scope, false);
                let collection = self.expression(&Kind::list(kind), scope, false);
                let prefix = *self.random.pick(&["", "not ", "exists "]);
                format!("{prefix}({element}) in {collection}")
            }
            5 | 6 => {
                let kind = self.kind(1);
                let fallible = self.random.chance(50);
                let value = self.expression(&kind, scope, fallible);
                // Named only now: a `let` does not see its own variable.
                let pattern = match self.random.chance(40) {
                    true => self.pattern(&kind, scope, true),
                    false => scope.fresh(&kind),
                };
                format!("let {pattern} = {value}")
            }
            7 => return self.atom(scope),
            _ => self.test(scope),
        };
        scope.conditions.push(text);
    }

    fn maybe(&mut self, scope: &mut Scope) -> String {
        let relation = self.random.pick(&self.relations).clone();
        let mut written = Vec::new();
        let mut optional = Vec::new();
        for kind in relation.columns.iter().chain(&relation.value) {
            let known = scope.bound(kind);
            written.push(if self.random.chance(40) {
                let variable = scope.name();
                match kind {
                    // A pattern belongs to the match.
                    Kind::Option(_) if self.random.chance(50) => {
                        optional.push((variable.clone(), kind.clone()));
                        format!("Some({variable})")
                    }
                    _ => {
                        optional.push((variable.clone(), Kind::option(kind.clone())));
                        variable
                    }
                }
            } else if !known.is_empty() && self.random.chance(70) {
                self.random.pick(&known).clone()
            } else {
                "_".to_string()
            });
        }
        scope.optional.extend(optional);
        let value = relation.value.as_ref().and_then(|_| written.pop());
        let value = value.filter(|value| value != "_");
        let value = value
            .map(|value| format!(" -> {value}"))
            .unwrap_or_default();
        format!("maybe {}({}){value}", relation.name, written.join(", "))
    }

    /// The elements of a collection.
    fn each(&mut self, scope: &mut Scope) -> String {
        let element = self.kind_in(scope);
        let fallible = self.random.chance(35);
        match self.random.below(5) {
            0 => {
                let list = self.expression(&Kind::list(element.clone()), scope, fallible);
                let arguments = self.arguments(&[Kind::Nat, element], scope, true);
                format!("({arguments}) in {list}.indexed()")
            }
            1 => {
                let key = self.scalar();
                let kind = Kind::map(key.clone(), element.clone());
                let map = self.expression(&kind, scope, fallible);
                let arguments = self.arguments(&[key, element], scope, true);
                format!("({arguments}) in {map}")
            }
            2 => {
                let set = self.expression(&Kind::set(element.clone()), scope, fallible);
                let variable = scope.fresh(&element);
                format!("{variable} in {set}")
            }
            3 => {
                let list = self.expression(&Kind::list(element.clone()), scope, fallible);
                let pattern = self.pattern(&element, scope, true);
                format!("{pattern} in {list}")
            }
            _ => {
                let list = self.expression(&Kind::list(element.clone()), scope, fallible);
                let variable = scope.fresh(&element);
                format!("{variable} in {list}")
            }
        }
    }
}
