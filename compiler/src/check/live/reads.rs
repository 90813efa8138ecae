//! How atoms read: the words before them, and all atoms of an effect.

use std::borrow::Cow;

use super::state::{Effect, Mode, Read};
use crate::check::body::{Body, Place};
use crate::diagnostic::codes;
use crate::hir::{Atom, Condition, Expr, ExprKind, Gather, LiveKind, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, ConditionKind, PatternKind, ReadMode};

impl Body<'_, '_> {
    /// Remembers how an atom of an effect reads; reports `sample` and `final` where every read is of
    /// what is settled.
    pub(in crate::check) fn read_mode(
        &mut self,
        mode: ReadMode,
        atom: &ast::Atom,
        condition: Span,
    ) {
        let read = match mode {
            ReadMode::Bare => Read::Bare,
            ReadMode::Sample(span) => Read::Sample(span),
            ReadMode::Final(span) => Read::Final(span),
        };
        if self.is_effect {
            let mode = Mode {
                read,
                atom: atom.span,
                is_addressed: atom.receiver.is_some(),
            };
            for span in [atom.span, condition] {
                let span = self.span(span);
                self.checker.effects.modes.insert(span, mode);
            }
            return;
        }
        let (word, span) = match read {
            Read::Bare => return,
            Read::Sample(span) => ("sample", span),
            Read::Final(span) => ("final", span),
        };
        let (message, note) = match self.place {
            Place::Test => (
                format!("a test needs no `{word}`: it looks when everything is settled"),
                "`expect` holds when nothing but timers is pending.",
            ),
            _ => (
                format!("a view needs no `{word}`: it may change its mind"),
                "A view is recomputed when what it reads changes; only an effect cannot be taken back.",
            ),
        };
        let rest = Span::new(span.start, atom.span.start);
        let diagnostic = self
            .error(codes::NEEDLESS_WORD, span, message)
            .label("not needed")
            .note(note)
            .fix(format!("remove `{word}`"), rest, "");
        self.report(diagnostic);
    }
}

impl Body<'_, '_> {
    /// A call of a request has values for arguments, not patterns: what can be read as an expression is.
    pub(in crate::check) fn read_call<'p>(
        &self,
        condition: &'p ast::Condition,
        relation: &str,
    ) -> Cow<'p, ast::Condition> {
        let is_call = self.checker.live_kind(relation) == Some(LiveKind::Request);
        let ConditionKind::Atom {
            quantifier,
            mode: mode @ (ReadMode::Sample(_) | ReadMode::Final(_)),
            atom,
        } = &condition.kind
        else {
            return Cow::Borrowed(condition);
        };
        if !is_call {
            return Cow::Borrowed(condition);
        }
        let mut atom = atom.clone();
        for argument in &mut atom.arguments {
            let pattern = &mut argument.value;
            let is_made = matches!(
                pattern.kind,
                PatternKind::Tuple(_)
                    | PatternKind::Constructor { .. }
                    | PatternKind::Record { .. }
            );
            if is_made && let Some(expr) = pattern.to_expr() {
                pattern.kind = PatternKind::Expr(Box::new(expr));
            }
        }
        Cow::Owned(ast::Condition {
            span: condition.span,
            kind: ConditionKind::Atom {
                quantifier: *quantifier,
                mode: *mode,
                atom,
            },
        })
    }
}

/// An atom with the comprehension around it, if there is one.
pub(super) struct Found<'e> {
    pub(super) atom: &'e Atom,
    /// Inside a comprehension.
    pub(super) is_nested: bool,
}

/// All atoms of an effect but the event that it waits for.
pub(super) fn of_effect(effect: &Effect) -> Vec<Found<'_>> {
    let mut found = of_body(&effect.conditions, &effect.values);
    if let Some((event, span)) = &effect.event {
        found.retain(|one| one.atom.span != *span || one.atom.relation != *event);
    }
    found
}

/// All atoms of conditions and values.
pub(super) fn of_body<'e>(conditions: &'e [Condition], values: &'e [Expr]) -> Vec<Found<'e>> {
    let mut found = Vec::new();
    in_conditions(conditions, false, &mut found);
    for value in values {
        in_expr(value, &mut found);
    }
    found
}

fn in_conditions<'e>(conditions: &'e [Condition], is_nested: bool, found: &mut Vec<Found<'e>>) {
    for condition in conditions {
        if let Condition::Atom(atom) = condition {
            found.push(Found { atom, is_nested });
        }
        for expr in exprs_of(condition) {
            in_expr(expr, found);
        }
    }
}

fn in_expr<'e>(expr: &'e Expr, found: &mut Vec<Found<'e>>) {
    if let ExprKind::Comprehension { conditions, .. } = &expr.kind {
        in_conditions(conditions, true, found);
    }
    for part in parts_of(expr) {
        in_expr(part, found);
    }
}

/// The expressions of a condition.
pub(super) fn exprs_of(condition: &Condition) -> Vec<&Expr> {
    match condition {
        Condition::Atom(atom) => atom.filter.iter().collect(),
        Condition::Each { collection, .. } => vec![collection],
        Condition::Let { value, .. } => vec![value],
        Condition::Test { test, .. } => vec![test],
    }
}

/// The expressions inside an expression, without those in conditions of a comprehension.
pub(super) fn parts_of(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => Vec::new(),
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => arguments.iter().collect(),
        ExprKind::If(parts) => parts.iter().collect(),
        ExprKind::Let { value, body, .. } => vec![value, body],
        ExprKind::Comprehension {
            gather, element, ..
        } => {
            let mut parts = vec![&**element];
            if let Gather::Top(limit) = gather {
                parts.push(limit);
            }
            parts
        }
    }
}

/// All variables that an expression mentions, local ones included.
pub(in crate::check) fn variables_of(expr: &Expr) -> Vec<VariableId> {
    let mut found = Vec::new();
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            ExprKind::Variable(id) => found.push(*id),
            ExprKind::Comprehension { conditions, .. } => {
                for condition in conditions {
                    if let Condition::Atom(atom) = condition {
                        found.extend(atom.arguments.iter().filter_map(|argument| match argument {
                            crate::hir::Arg::Variable(id) => Some(*id),
                            _ => None,
                        }));
                    }
                    rest.extend(exprs_of(condition));
                }
            }
            _ => {}
        }
        rest.extend(parts_of(expr));
    }
    found
}
