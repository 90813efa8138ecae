//! Conditions: in which order they can be checked, and that every variable is bound.
//!
//! The order of the text means nothing. Positive atoms come first, since columns bind whatever stands
//! in them; then, round by round, whatever has the variables it needs. A `let` comes before any `x in
//! xs`, and of several generators that are ready those come first whose variables no waiting `let`
//! binds; the others of that kind all at once, so that none turns another into a membership test.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::body::Body;
use super::mentions::{self, Names};
use super::names::Def;
use super::pattern::Taken;
use super::types::poison;
use crate::diagnostic::codes;
use crate::hir::{Condition, Expr};
use crate::source::Span;
use crate::syntax::ast::{self, ConditionKind, Pattern, PatternKind, Quantifier};

/// A condition that waits for variables.
pub(super) struct Waiting<'p> {
    pub(super) what: What<'p>,
    pub(super) span: Span,
    /// Names that must be bound before.
    needs: BTreeSet<String>,
}

pub(super) enum What<'p> {
    Let(&'p Pattern, &'p ast::Expr),
    In(Quantifier, &'p Pattern, &'p ast::Expr),
    Test(&'p ast::Expr),
    /// `not`, `exists`, `maybe`
    Atom(Quantifier, &'p ast::Atom, String),
    /// The service or agent before the name of an atom.
    Address(&'p ast::Expr),
    /// A part of a pattern that must equal an expression.
    Equal(Expr, &'p ast::Expr),
    /// Nothing is known of it.
    Silent(Vec<String>),
}

impl<'a> Body<'_, 'a> {
    /// Checks a conjunction. The names that it binds stay in scope.
    #[inline(never)]
    pub(super) fn conditions(&mut self, conditions: &[ast::Condition]) -> Vec<Condition> {
        let conditions: Vec<Cow<'_, ast::Condition>> = conditions
            .iter()
            .map(|condition| self.read_condition(condition))
            .collect();
        let binders = self.binders(&conditions);
        let mut out = Vec::new();
        let mut waiting = Vec::new();
        // Columns that are names bind first, of whichever atom; the parts of patterns after them.
        let narrow = self.narrow_names(&conditions);
        let mut parts = Vec::new();
        for condition in &conditions {
            self.sort_in(
                condition,
                &binders,
                &narrow,
                &mut out,
                &mut parts,
                &mut waiting,
            );
        }
        for (value, pattern) in parts {
            let mut taken = Taken::default();
            self.take_apart(pattern, value, &mut taken);
            self.emit_taken(taken, pattern.span, &binders, &mut out, &mut waiting);
        }
        self.refuse_double_maybe(&conditions, &binders);
        self.schedule(waiting, &binders, &mut out);
        out
    }

    /// A condition as what it turns out to be, now that names are known: `f(x)` may be a relation or
    /// a function, `m.f(x)` too.
    fn read_condition<'p>(&mut self, condition: &'p ast::Condition) -> Cow<'p, ast::Condition> {
        match &condition.kind {
            ConditionKind::Atom {
                quantifier, atom, ..
            } => match self.relation_of(atom) {
                Some(Def::Function(_) | Def::Intrinsic(_) | Def::Foreign(_)) => {
                    let call = atom.to_call().filter(|_| *quantifier == Quantifier::Each);
                    match call {
                        Some(call) => Cow::Owned(ast::Condition {
                            span: condition.span,
                            kind: ConditionKind::Test(call),
                        }),
                        None => {
                            self.function_as_atom(atom, *quantifier);
                            let kind = ConditionKind::Error;
                            Cow::Owned(ast::Condition {
                                span: condition.span,
                                kind,
                            })
                        }
                    }
                }
                Some(Def::Relation(relation)) => self.read_call(condition, &relation),
                _ => Cow::Borrowed(condition),
            },
            ConditionKind::Test(ast::Expr {
                span,
                kind:
                    ast::ExprKind::Method {
                        receiver,
                        name,
                        arguments,
                    },
            }) => {
                let path = super::expr::path_of(receiver);
                let is_module = path.is_some_and(|path| self.is_module(&path[0]));
                if !is_module || name.is_upper() || arguments.comprehension.is_some() {
                    return Cow::Borrowed(condition);
                }
                let atom = ast::Atom {
                    span: *span,
                    receiver: Some(receiver.clone()),
                    name: name.clone(),
                    arguments: arguments.items.iter().map(as_pattern).collect(),
                    rest: arguments.rest,
                    value: None,
                };
                match self.relation_of(&atom) {
                    Some(Def::Relation(_) | Def::Silent) => Cow::Owned(ast::Condition {
                        span: condition.span,
                        kind: ConditionKind::Atom {
                            quantifier: Quantifier::Each,
                            mode: ast::ReadMode::Bare,
                            atom,
                        },
                    }),
                    _ => Cow::Borrowed(condition),
                }
            }
            _ => Cow::Borrowed(condition),
        }
    }

    /// The names that these conditions bind: not those of the outside, not params.
    #[inline(never)]
    fn binders(&self, conditions: &[Cow<'_, ast::Condition>]) -> Binders {
        let (mut direct, mut maybe) = (Names::new(), Names::new());
        for condition in conditions {
            match &condition.kind {
                ConditionKind::Atom {
                    quantifier, atom, ..
                } => {
                    let patterns = atom.arguments.iter().map(|argument| &argument.value);
                    for pattern in patterns.chain(&atom.value) {
                        match quantifier {
                            Quantifier::Each => mentions::bound_by(pattern, &mut direct),
                            Quantifier::Maybe(_) => mentions::bound_by(pattern, &mut maybe),
                            Quantifier::Not(_) | Quantifier::Exists(_) => {}
                        }
                    }
                }
                ConditionKind::In {
                    quantifier: Quantifier::Each,
                    pattern,
                    ..
                }
                | ConditionKind::Let { pattern, .. } => mentions::bound_by(pattern, &mut direct),
                _ => {}
            }
        }
        let is_own =
            |name: &&&str| !self.is_bound(name) && !self.checker.is_param(self.module, name);
        let owned = |names: &Names<'_>| -> BTreeSet<String> {
            names
                .iter()
                .filter(is_own)
                .map(|name| (*name).to_owned())
                .collect()
        };
        let (direct, mut maybe) = (owned(&direct), owned(&maybe));
        maybe.retain(|name| !direct.contains(name));
        Binders { direct, maybe }
    }

    /// Checks what can be checked at once, and lets the rest wait.
    #[inline(never)]
    fn sort_in<'p>(
        &mut self,
        condition: &'p ast::Condition,
        binders: &Binders,
        narrow: &BTreeSet<String>,
        out: &mut Vec<Condition>,
        parts: &mut Vec<(Expr, &'p Pattern)>,
        waiting: &mut Vec<Waiting<'p>>,
    ) {
        let span = condition.span;
        let mut names = Names::new();
        let what = match &condition.kind {
            ConditionKind::Error => {
                self.is_tainted = true;
                return;
            }
            ConditionKind::Test(test) => {
                mentions::in_expr(test, &mut names);
                What::Test(test)
            }
            ConditionKind::Let { pattern, value } => {
                mentions::in_expr(value, &mut names);
                What::Let(pattern, value)
            }
            ConditionKind::In {
                quantifier,
                pattern,
                collection,
            } => {
                mentions::in_expr(collection, &mut names);
                mentions::needed_by(pattern, &mut names);
                if *quantifier != Quantifier::Each {
                    mentions::in_pattern(pattern, &mut names);
                    self.note_unbinding(pattern);
                }
                What::In(*quantifier, pattern, collection)
            }
            ConditionKind::Atom {
                quantifier,
                mode,
                atom,
            } => {
                let relation = match self.relation_of(atom) {
                    Some(Def::Relation(relation)) => relation,
                    def => {
                        if def.is_none() {
                            self.unknown_relation(atom);
                        }
                        self.is_tainted = true;
                        let mut bound = Names::new();
                        for pattern in atom
                            .arguments
                            .iter()
                            .map(|argument| &argument.value)
                            .chain(&atom.value)
                        {
                            mentions::bound_by(pattern, &mut bound);
                        }
                        let bound = bound.into_iter().map(str::to_owned).collect();
                        let what = What::Silent(bound);
                        let needs = BTreeSet::new();
                        waiting.push(Waiting { what, span, needs });
                        return;
                    }
                };
                if self.refuse_atom(&atom.name) {
                    mentions::in_atom(atom, &mut names);
                    let bound = names.into_iter().map(str::to_owned).collect();
                    let what = What::Silent(bound);
                    let needs = BTreeSet::new();
                    waiting.push(Waiting { what, span, needs });
                    return;
                }
                self.read_mode(*mode, atom, span);
                if let Some(receiver) = &atom.receiver {
                    let mut names = Names::new();
                    mentions::in_expr(receiver, &mut names);
                    let needs = binders.among(&names);
                    let what = What::Address(receiver);
                    waiting.push(Waiting { what, span, needs });
                }
                if *quantifier == Quantifier::Each {
                    self.positive_atom(atom, &relation, narrow, out, parts);
                    return;
                }
                mentions::in_atom(atom, &mut names);
                if let Quantifier::Maybe(_) = quantifier {
                    let mut own = Names::new();
                    for pattern in atom
                        .arguments
                        .iter()
                        .map(|argument| &argument.value)
                        .chain(&atom.value)
                    {
                        mentions::bound_by(pattern, &mut own);
                    }
                    names.retain(|name| !own.contains(name) || binders.direct.contains(*name));
                } else {
                    for pattern in atom
                        .arguments
                        .iter()
                        .map(|argument| &argument.value)
                        .chain(&atom.value)
                    {
                        self.note_unbinding(pattern);
                    }
                }
                What::Atom(*quantifier, atom, relation)
            }
        };
        let needs = binders.among(&names);
        waiting.push(Waiting { what, span, needs });
    }

    /// Remembers names that stand where nothing is bound, for messages.
    fn note_unbinding(&mut self, pattern: &Pattern) {
        let mut names = Names::new();
        mentions::bound_by(pattern, &mut names);
        for name in names {
            self.unbinding
                .entry(name.to_owned())
                .or_insert(pattern.span);
        }
    }

    /// Adds what a pattern asks and gives, and lets its equality tests wait.
    pub(super) fn emit_taken<'p>(
        &mut self,
        taken: Taken<'p>,
        span: Span,
        binders: &Binders,
        out: &mut Vec<Condition>,
        waiting: &mut Vec<Waiting<'p>>,
    ) {
        for test in taken.tests {
            out.push(Condition::Test {
                span: test.span,
                test,
                can_fail: false,
            });
        }
        for (name, value) in taken.binds {
            let variable = self.bind(name.as_str(), value.ty.clone(), name.span);
            out.push(Condition::Let {
                variable,
                span: value.span,
                value,
                can_fail: false,
            });
        }
        for (value, expr) in taken.equal {
            let mut names = Names::new();
            mentions::in_expr(expr, &mut names);
            let needs = binders.among(&names);
            let what = What::Equal(value, expr);
            waiting.push(Waiting { what, span, needs });
        }
    }

    #[inline(never)]
    pub(super) fn schedule<'p>(
        &mut self,
        mut waiting: Vec<Waiting<'p>>,
        binders: &Binders,
        out: &mut Vec<Condition>,
    ) {
        loop {
            let ready =
                |body: &Self, one: &Waiting<'_>| one.needs.iter().all(|name| body.is_bound(name));
            let next = waiting
                .iter()
                .position(|one| ready(self, one) && !self.is_generator(one));
            if let Some(next) = next {
                let one = waiting.remove(next);
                self.emit(one, false, binders, out, &mut waiting);
                continue;
            }
            let later: BTreeSet<String> = waiting
                .iter()
                .filter_map(|one| match &one.what {
                    What::Let(pattern, _) => Some(*pattern),
                    _ => None,
                })
                .flat_map(|pattern| {
                    let mut names = Names::new();
                    mentions::bound_by(pattern, &mut names);
                    names.into_iter().map(str::to_owned)
                })
                .collect();
            let generators: Vec<usize> = (0..waiting.len())
                .filter(|index| ready(self, &waiting[*index]))
                .collect();
            let preferred: Vec<usize> = generators
                .iter()
                .copied()
                .filter(|index| !self.binds_any(&waiting[*index], &later))
                .collect();
            let chosen = if preferred.is_empty() {
                generators
            } else {
                preferred
            };
            if chosen.is_empty() {
                break;
            }
            let mut fired = Vec::new();
            for index in chosen.into_iter().rev() {
                fired.push(waiting.remove(index));
            }
            for one in fired.into_iter().rev() {
                self.emit(one, true, binders, out, &mut waiting);
            }
        }
        if !waiting.is_empty() {
            self.report_circle(&waiting);
            for name in binders.direct.iter().chain(&binders.maybe) {
                if !self.is_bound(name) {
                    self.bind(name, poison(), waiting[0].span);
                }
            }
            for one in std::mem::take(&mut waiting) {
                let mut rest = Vec::new();
                self.emit(one, false, binders, out, &mut rest);
            }
        }
    }

    /// True for `p in xs` that binds something.
    fn is_generator(&self, one: &Waiting<'_>) -> bool {
        match &one.what {
            What::In(Quantifier::Each, pattern, _) => !self.is_determined(pattern),
            _ => false,
        }
    }

    fn binds_any(&self, one: &Waiting<'_>, names: &BTreeSet<String>) -> bool {
        let What::In(_, pattern, _) = &one.what else {
            return false;
        };
        let mut bound = Names::new();
        mentions::bound_by(pattern, &mut bound);
        bound
            .iter()
            .any(|name| names.contains(*name) && !self.is_bound(name))
    }

    /// Reports conditions that wait for each other.
    #[inline(never)]
    fn report_circle(&mut self, waiting: &[Waiting<'_>]) {
        let mut names: Vec<&str> = waiting
            .iter()
            .flat_map(|one| &one.needs)
            .filter(|name| !self.is_bound(name))
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return;
        }
        let shown = names.join("`, `");
        let message = match names.as_slice() {
            [_] => format!("the variable `{shown}` is needed to compute itself"),
            _ => format!("the variables `{shown}` are needed to compute each other"),
        };
        let first = waiting.iter().map(|one| one.span).min().unwrap_or_default();
        let mut diagnostic = self
            .error(codes::CIRCULAR_BINDING, first, message)
            .label("waits for a variable");
        for one in waiting.iter().filter(|one| one.span != first).take(3) {
            diagnostic = diagnostic.and(one.span, "waits, too");
        }
        let diagnostic = diagnostic
            .note("A `let` or `x in xs` needs all variables of its right side.")
            .help(
                "bind one of them by an atom, or rename the variable that is meant to be another",
            );
        self.report(diagnostic);
    }

    /// Two `maybe` atoms that bind the same variable would have to agree whether it is there.
    #[inline(never)]
    fn refuse_double_maybe(&mut self, conditions: &[Cow<'_, ast::Condition>], binders: &Binders) {
        for name in &binders.maybe {
            let mut places: Vec<Span> = Vec::new();
            for condition in conditions {
                let ConditionKind::Atom {
                    quantifier: Quantifier::Maybe(_),
                    atom,
                    ..
                } = &condition.kind
                else {
                    continue;
                };
                let mut names = Names::new();
                for pattern in atom
                    .arguments
                    .iter()
                    .map(|argument| &argument.value)
                    .chain(&atom.value)
                {
                    mentions::bound_by(pattern, &mut names);
                }
                if names.contains(name.as_str()) {
                    places.push(condition.span);
                }
            }
            places.sort();
            let [first, second, ..] = places.as_slice() else {
                continue;
            };
            let diagnostic = self
                .error(
                    codes::BOUND_BY_TWO_MAYBE,
                    *second,
                    format!("two `maybe` conditions bind the variable `{name}`"),
                )
                .label("binds it, too")
                .and(*first, "binds it")
                .note("Each gives its own `Some` or `None`; nothing says which one counts.")
                .help("use two names and compare them, or bind the variable by an atom without `maybe`");
            self.report(diagnostic);
            self.bind(name, poison(), *first);
        }
    }
}

/// The names that a conjunction binds.
#[derive(Default)]
pub(super) struct Binders {
    /// By atoms, `in` and `let`.
    direct: BTreeSet<String>,
    /// By `maybe` alone.
    maybe: BTreeSet<String>,
}

impl Binders {
    fn among(&self, names: &Names<'_>) -> BTreeSet<String> {
        names
            .iter()
            .filter(|name| self.direct.contains(**name) || self.maybe.contains(**name))
            .map(|name| (*name).to_owned())
            .collect()
    }
}

/// An argument of a call read as a pattern.
fn as_pattern(argument: &ast::Argument<ast::Expr>) -> ast::Argument<Pattern> {
    let kind = match &argument.value.kind {
        ast::ExprKind::Name(name) if !name.is_upper() => PatternKind::Name(name.clone()),
        ast::ExprKind::Literal(literal) => PatternKind::Literal(literal.clone()),
        ast::ExprKind::Wildcard => PatternKind::Wildcard,
        ast::ExprKind::Error => PatternKind::Error,
        _ => PatternKind::Expr(Box::new(argument.value.clone())),
    };
    ast::Argument {
        span: argument.span,
        name: argument.name.clone(),
        value: Pattern {
            span: argument.value.span,
            kind,
        },
    }
}
