//! Functions that call themselves end if each call hands over a part of what came in.
//!
//! One parameter of each function of a circle is chosen; every call on the circle must hand over, for the
//! chosen parameter of what it calls, a part of the chosen parameter of the function it stands in, or
//! that value itself; and no circle may hand on the value itself all the way round. Values are finite
//! trees, so that comes to an end. This is structural recursion, a simple form of size-change
//! termination (Lee, Jones, Ben-Amram 2001).
//!
//! A part is what a pattern, a field or a generator takes out of a value. Members that only rearrange
//! (`reverse`, `indexed`, …) keep the parts, but what they give is itself not one.

use std::collections::BTreeMap;

use crate::syntax::ast::{
    self, Arguments, Block, ConditionKind, Expr, ExprKind, Function, Pattern, PatternKind,
};

/// How an expression is related to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// Of which parameter.
    parameter: usize,
    /// Within the value, not the value itself.
    is_strict: bool,
    shape: Shape,
}

/// What an expression that is related to a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The value or a part of it.
    Whole,
    /// A collection or option of parts.
    Parts,
    /// A collection of tuples that hold parts.
    Tuples,
}

/// Members whose result holds parts of what they are called on and nothing else of its type.
const KEEP_PARTS: &[&str] = &[
    "drop", "first", "get", "keys", "last", "or", "reverse", "slice", "sort", "take", "to_list",
    "to_set", "values",
];
const KEEP_IN_TUPLES: &[&str] = &["entries", "indexed", "zip"];

/// A call on a circle: for each parameter of the caller, and each of what is called, how they are
/// related: by whether the part is strict.
struct Call {
    from: usize,
    to: usize,
    relations: Vec<(usize, usize, bool)>,
}

/// Finds the function that a path names in a call that stands in another one.
pub(super) type Calling<'c> = dyn Fn(&[String], usize) -> Option<usize> + 'c;

/// The most choices of parameters that are tried.
const MAX_CHOICES: usize = 10_000;

/// Whether these functions, which all call each other, end.
pub(super) fn ends(functions: &BTreeMap<usize, &Function>, calling: &Calling<'_>) -> bool {
    let mut calls = Vec::new();
    for (index, function) in functions {
        let mut walk = Walk {
            from: *index,
            functions,
            calling,
            known: BTreeMap::new(),
            calls: &mut calls,
        };
        for (parameter, column) in function.signature.columns.iter().enumerate() {
            let part = Part {
                parameter,
                is_strict: false,
                shape: Shape::Whole,
            };
            walk.known
                .insert(column.name.as_str().to_owned(), Some(part));
        }
        walk.block(&function.body);
    }
    let arities: Vec<(usize, usize)> = functions
        .iter()
        .map(|(index, function)| (*index, function.signature.columns.len()))
        .collect();
    choices(&arities)
        .take(MAX_CHOICES)
        .any(|choice| decreases(&choice, &calls))
}

/// Every choice of one parameter for each function.
fn choices(arities: &[(usize, usize)]) -> impl Iterator<Item = BTreeMap<usize, usize>> {
    let total = arities
        .iter()
        .map(|(_, arity)| *arity)
        .try_fold(1usize, usize::checked_mul)
        .unwrap_or(usize::MAX);
    (0..total).map(|number| {
        let mut rest = number;
        arities
            .iter()
            .map(|(function, arity)| {
                let parameter = rest % arity;
                rest /= arity;
                (*function, parameter)
            })
            .collect()
    })
}

/// Whether the chosen parameters never grow, and shrink on every circle.
fn decreases(choice: &BTreeMap<usize, usize>, calls: &[Call]) -> bool {
    let mut same: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for call in calls {
        let (from, to) = (choice[&call.from], choice[&call.to]);
        let relation = call
            .relations
            .iter()
            .find(|(parameter, argument, _)| (*parameter, *argument) == (from, to));
        match relation {
            None => return false,
            Some((_, _, true)) => {}
            Some((_, _, false)) => same.entry(call.from).or_default().push(call.to),
        }
    }
    // Calls that hand on the value itself must not lead back: take away what leads nowhere.
    loop {
        let ended: Vec<usize> = same
            .iter()
            .filter(|(_, next)| next.iter().all(|to| !same.contains_key(to)))
            .map(|(from, _)| *from)
            .collect();
        if ended.is_empty() {
            return same.is_empty();
        }
        same.retain(|from, _| !ended.contains(from));
    }
}

/// A walk through one function: what its names stand for, and the calls it makes.
struct Walk<'w> {
    from: usize,
    functions: &'w BTreeMap<usize, &'w Function>,
    calling: &'w Calling<'w>,
    /// Names in scope; those that are no part of a parameter stand for nothing.
    known: BTreeMap<String, Option<Part>>,
    calls: &'w mut Vec<Call>,
}

impl Walk<'_> {
    fn block(&mut self, block: &Block) {
        let outside = self.known.clone();
        for binding in &block.lets {
            self.expr(&binding.value);
            let part = self.part(&binding.value);
            self.bind(&binding.pattern, part);
        }
        self.expr(&block.result);
        self.known = outside;
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call {
                function,
                arguments,
            } => {
                self.call(&[function.text.to_string()], arguments);
                self.arguments(arguments);
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
            } => {
                if let ExprKind::Name(before) = &receiver.kind {
                    self.call(&[before.text.to_string(), name.text.to_string()], arguments);
                }
                self.expr(receiver);
                self.arguments(arguments);
            }
            ExprKind::Field { receiver, .. } => self.expr(receiver),
            ExprKind::Record { fields, .. } => fields.iter().for_each(|f| self.expr(&f.value)),
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                parts.iter().for_each(|part| self.expr(part));
            }
            ExprKind::Map(entries) => entries.iter().for_each(|(key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            ExprKind::ListOf(comprehension) | ExprKind::SetOf(comprehension) => {
                self.comprehension(comprehension, None);
            }
            ExprKind::MapOf { key, value } => self.comprehension(value, Some(key)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.block(then);
                self.block(otherwise);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                for arm in arms {
                    let outside = self.known.clone();
                    self.bind_subject(&arm.pattern, subject);
                    self.expr(&arm.body);
                    self.known = outside;
                }
            }
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Wildcard | ExprKind::Error => {}
        }
    }

    fn arguments(&mut self, arguments: &Arguments) {
        for argument in &arguments.items {
            self.expr(&argument.value);
        }
        if let Some(comprehension) = &arguments.comprehension {
            self.comprehension(comprehension, None);
        }
    }

    fn comprehension(&mut self, comprehension: &ast::Comprehension, key: Option<&Expr>) {
        let outside = self.known.clone();
        // Conditions stand in any order, so what one binds another may have used before.
        for _ in &comprehension.conditions {
            for condition in &comprehension.conditions {
                match &condition.kind {
                    ConditionKind::In {
                        pattern,
                        collection,
                        ..
                    } => {
                        let element = self.part(collection).and_then(element_of);
                        self.bind(pattern, element);
                    }
                    ConditionKind::Let { pattern, value } => {
                        let part = self.part(value);
                        self.bind(pattern, part);
                    }
                    _ => {}
                }
            }
        }
        for condition in &comprehension.conditions {
            match &condition.kind {
                ConditionKind::Atom { atom, .. } => {
                    if let Some(call) = atom.to_call() {
                        self.expr(&call);
                    }
                }
                ConditionKind::In { collection, .. } => self.expr(collection),
                ConditionKind::Let { value, .. } => self.expr(value),
                ConditionKind::Test(test) => self.expr(test),
                ConditionKind::Error => {}
            }
        }
        key.into_iter().for_each(|key| self.expr(key));
        self.expr(&comprehension.element);
        self.known = outside;
    }

    /// Records a call of a function of the circle.
    fn call(&mut self, path: &[String], arguments: &Arguments) {
        let Some(to) = (self.calling)(path, self.from) else {
            return;
        };
        let Some(function) = self.functions.get(&to) else {
            return;
        };
        let mut relations = Vec::new();
        let mut positional = 0;
        for argument in &arguments.items {
            let index = match &argument.name {
                None => {
                    positional += 1;
                    Some(positional - 1)
                }
                Some(name) => function
                    .signature
                    .columns
                    .iter()
                    .position(|column| column.name.as_str() == name.as_str()),
            };
            if let (Some(index), Some(part)) = (index, self.part(&argument.value))
                && part.shape == Shape::Whole
            {
                relations.push((part.parameter, index, part.is_strict));
            }
        }
        self.calls.push(Call {
            from: self.from,
            to,
            relations,
        });
    }

    /// What an expression is of a parameter.
    fn part(&self, expr: &Expr) -> Option<Part> {
        match &expr.kind {
            ExprKind::Name(name) => *self.known.get(name.as_str())?,
            ExprKind::Field { receiver, .. } => {
                let part = self.part(receiver)?;
                (part.shape == Shape::Whole).then_some(Part {
                    is_strict: true,
                    ..part
                })
            }
            ExprKind::Method { receiver, name, .. } => {
                let part = self.part(receiver)?;
                let shape = match name.as_str() {
                    "unwrap" => return element_of(part),
                    name if KEEP_IN_TUPLES.contains(&name) => Shape::Tuples,
                    name if KEEP_PARTS.contains(&name) && part.shape != Shape::Tuples => {
                        Shape::Parts
                    }
                    name if KEEP_PARTS.contains(&name) => Shape::Tuples,
                    _ => return None,
                };
                Some(Part { shape, ..part })
            }
            _ => None,
        }
    }

    /// Binds the names of an arm's pattern; a tuple is taken apart as it is written.
    fn bind_subject(&mut self, pattern: &Pattern, subject: &Expr) {
        match (&pattern.kind, &subject.kind) {
            (PatternKind::Tuple(patterns), ExprKind::Tuple(parts))
                if patterns.len() == parts.len() =>
            {
                for (pattern, part) in patterns.iter().zip(parts) {
                    self.bind_subject(pattern, part);
                }
            }
            _ => {
                let part = self.part(subject);
                self.bind(pattern, part);
            }
        }
    }

    /// Binds the names of a pattern to parts of what it is matched with.
    fn bind(&mut self, pattern: &Pattern, part: Option<Part>) {
        let inside = part.map(|part| Part {
            is_strict: true,
            shape: Shape::Whole,
            ..part
        });
        match &pattern.kind {
            PatternKind::Name(name) => {
                // A name that is known already is a test of equality.
                let known = self.known.entry(name.as_str().to_owned()).or_default();
                *known = known.or(part);
            }
            PatternKind::Tuple(parts)
            | PatternKind::Constructor {
                arguments: parts, ..
            } => parts.iter().for_each(|part| self.bind(part, inside)),
            PatternKind::Record { fields, .. } => {
                fields
                    .iter()
                    .for_each(|field| self.bind(&field.pattern, inside));
            }
            PatternKind::Wildcard
            | PatternKind::Literal(_)
            | PatternKind::Expr(_)
            | PatternKind::Error => {}
        }
    }
}

/// An element of a collection that is, or holds, parts.
fn element_of(collection: Part) -> Option<Part> {
    let shape = match collection.shape {
        Shape::Whole | Shape::Parts => Shape::Whole,
        Shape::Tuples => Shape::Tuples,
    };
    Some(Part {
        is_strict: true,
        shape,
        ..collection
    })
}
