//! Rules of views: head, conditions, and what they read.

use sheaf_ir::{Combiner, Type, Value};

use super::Checker;
use super::body::{Body, Place};
use super::expr::path_of;
use super::names::Def;
use super::types::poison;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Expr, ExprKind, Head, RelationKind, Rule};
use crate::source::Span;
use crate::syntax::ast::{self, EffectKind, ItemKind};

impl<'a> Checker<'a> {
    /// Checks every rule of every module.
    pub(super) fn check_rules(&mut self) {
        for module in 0..self.modules.len() {
            for item in self.items(module) {
                if let ItemKind::Rule(rule) = &item.kind
                    && let EffectKind::Derive(head) = &rule.effect.kind
                    && !self.recall_rule(module, rule.span)
                {
                    let before = self.before_rule(module);
                    self.check_rule(module, rule, head);
                    self.keep_rule(rule.span, before);
                }
            }
        }
        self.sort_rules();
        self.warn_of_empty_views();
    }

    fn check_rule(&mut self, module: usize, rule: &'a ast::Rule, head: &'a ast::Head) {
        let relation = match self.head_relation(module, head) {
            Outcome::View(relation) => Some(relation),
            Outcome::Wrong => None,
            Outcome::Silent => return,
        };
        if let Some(relation) = &relation {
            self.derived.insert(relation.clone());
        }
        let mut body = Body::new(self, module, Place::Rule);
        body.head.clone_from(&relation);
        let conditions = body.conditions(&rule.conditions);
        if let Some(because) = &rule.because
            && !body.is_tainted
        {
            let diagnostic = body
                .error(
                    codes::BECAUSE_WITHOUT_SAMPLE,
                    because.span,
                    "there is nothing here that needs a reason",
                )
                .label("not needed")
                .note("`because` says why a stale answer is good enough, and this rule always gives the settled one.")
                .help("remove it, or make it a comment");
            body.report(diagnostic);
        }
        let Some(relation) = relation else {
            body.is_tainted = true;
            return body.finish(rule.span);
        };
        let head = body.head(head, &relation);
        body.finish(rule.span);
        if body.is_tainted {
            return;
        }
        let Some(head) = head else { return };
        let (variables, span) = (std::mem::take(&mut body.variables), body.span(rule.span));
        self.program.rules.push(Rule {
            head,
            conditions,
            variables,
            span,
        });
    }

    /// The view that a rule derives.
    fn head_relation(&mut self, module: usize, head: &ast::Head) -> Outcome {
        let file = self.file(module);
        if let Some(receiver) = &head.receiver {
            let path = path_of(receiver);
            let is_silent = path.as_ref().is_none_or(|path| {
                path[0].is_upper() && self.type_name(module, path[0].as_str()).is_some()
            });
            if is_silent || self.scopes[module].is_open {
                return Outcome::Silent;
            }
            let through = path.and_then(|path| {
                self.through_module(module, &path)
                    .map(|(other, rest)| (other, rest.is_empty()))
            });
            match through {
                Some((other, true))
                    if self.scopes[other]
                        .callables
                        .contains_key(head.name.as_str()) =>
                {
                    self.rule_of_another_module(module, &head.name, None);
                }
                _ => self.report(
                    Diagnostic::error(
                        codes::UNKNOWN_NAME,
                        file,
                        head.name.span,
                        format!("there is no view `{}` there", head.name.text),
                    )
                    .label("not declared")
                    .help("a rule derives a view of its own file"),
                ),
            }
            return Outcome::Wrong;
        }
        match self.callable(module, head.name.as_str()) {
            Some(Def::Relation(relation)) => {
                let own = self.modules[module].qualify(head.name.as_str());
                let declared = self.program.relations.get(&relation);
                let place = declared.map(|declared| super::place(declared.span));
                let is_view = declared.is_some_and(|d| matches!(d.kind, RelationKind::View));
                let is_input = declared.is_some_and(|d| matches!(d.kind, RelationKind::Input(_)));
                if relation != own {
                    self.rule_of_another_module(module, &head.name, place);
                    return Outcome::Wrong;
                }
                if self.live_kind(&relation).is_some() {
                    return Outcome::Silent;
                }
                if is_view && !self.live.contains_key(&relation) {
                    return Outcome::View(relation);
                }
                if !is_input && !self.live.contains_key(&relation) {
                    return Outcome::Silent;
                }
                let mut diagnostic = Diagnostic::error(
                    codes::RULE_FOR_INPUT,
                    file,
                    head.name.span,
                    format!(
                        "`{}` is an input, and a rule cannot derive it",
                        head.name.text
                    ),
                )
                .label("an input")
                .note("The rows of an input come from its source alone.");
                if let Some((file, span)) = place {
                    diagnostic = diagnostic.and_in(file, span, "declared here");
                }
                self.report(
                    diagnostic
                        .help("declare a view, and derive it from the input and by this rule"),
                );
                Outcome::Wrong
            }
            Some(Def::Silent) => Outcome::Silent,
            Some(_) => {
                self.not_a_relation(module, &head.name, "a rule derives a view");
                Outcome::Wrong
            }
            None => {
                self.unknown_callable(module, &head.name);
                Outcome::Wrong
            }
        }
    }

    fn rule_of_another_module(
        &mut self,
        module: usize,
        name: &ast::Name,
        place: Option<(crate::source::FileId, Span)>,
    ) {
        let file = self.file(module);
        let mut diagnostic = Diagnostic::error(
            codes::FOREIGN_RULE,
            file,
            name.span,
            format!(
                "`{}` belongs to another module, which has all its rules",
                name.text
            ),
        )
        .label("not of this file");
        if let Some((file, span)) = place {
            diagnostic = diagnostic.and_in(file, span, "declared here");
        }
        self.report(diagnostic.help("declare a view of this file that reads it, and derive that"));
    }

    /// Rules in an order that does not depend on where they stand.
    fn sort_rules(&mut self) {
        let sources = self.sources;
        let key = |rule: &Rule| {
            let (file, span) = super::place(rule.span);
            let text = span.of(sources.get(file).text());
            let text: String = text
                .chars()
                .filter(|character| !character.is_whitespace())
                .collect();
            (rule.head.relation.clone(), text)
        };
        self.program.rules.sort_by_cached_key(key);
    }

    fn warn_of_empty_views(&mut self) {
        let mut empty = Vec::new();
        for (module, scope) in self.scopes.iter().enumerate() {
            if scope.is_open || self.modules[module].is_broken {
                continue;
            }
            for (name, entry) in &scope.callables {
                let Def::Relation(relation) = &entry.def else {
                    continue;
                };
                let is_view = self
                    .program
                    .relations
                    .get(relation)
                    .is_some_and(|declared| declared.kind == RelationKind::View);
                if is_view && !entry.is_used && !self.derived.contains(relation) {
                    empty.push((entry.file, entry.span, name.clone()));
                }
            }
        }
        for (file, span, name) in empty {
            self.report(
                Diagnostic::warning(
                    codes::NO_RULES,
                    file,
                    span,
                    format!("no rule derives the view `{name}`, so it is always empty"),
                )
                .label("always empty")
                .help(format!("write a rule: `{name}(…) if …;`")),
            );
        }
    }
}

/// What the name of a head means.
enum Outcome {
    View(String),
    /// Reported; the conditions can still be checked.
    Wrong,
    /// Belongs to what is broken or not yet run.
    Silent,
}

impl Body<'_, '_> {
    /// The head of a rule of a view, or of what merges into a table.
    pub(super) fn head(&mut self, head: &ast::Head, relation: &str) -> Option<Head> {
        let declared = self.checker.program.relations.get(relation)?;
        let names: Vec<String> = declared
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let types: Vec<Type> = declared
            .columns
            .iter()
            .map(|column| column.ty.clone())
            .collect();
        let combined = declared.combined.clone();
        let place = super::place(declared.span);
        let found =
            self.place_arguments(&head.name, &names, &head.arguments, false, head.span, place)?;
        let mut columns = Vec::new();
        for (argument, ty) in found.into_iter().zip(&types) {
            columns.push(match argument {
                Some(argument) => self.check(argument, ty),
                None => return None,
            });
        }
        let contribution = match (&head.value, combined) {
            (None, None) => None,
            (Some(value), Some(combined)) => {
                Some(self.contribution(value, &combined.combiner, &combined.contribution))
            }
            // `-> 1` may be left out.
            (None, Some(combined)) if combined.combiner == Combiner::Count => {
                Some(self.constant(Value::Nat(1), Type::Nat, head.span))
            }
            (None, Some(_)) => {
                let diagnostic = self
                    .error(
                        codes::NO_VALUE,
                        head.span,
                        format!("`{}` needs a value after `->`", head.name.text),
                    )
                    .label("which value?")
                    .and_in(place.0, place.1, "declared with a combiner")
                    .help(format!("write `{}(…) -> value if …;`", head.name.text));
                self.report(diagnostic);
                return None;
            }
            (Some(value), None) => {
                let diagnostic = self
                    .error(
                        codes::NO_VALUE,
                        value.span,
                        format!("`{}` has no value after `->`", head.name.text),
                    )
                    .label("nowhere to put it")
                    .and_in(place.0, place.1, "declared without `->`")
                    .help("declare it with a combiner, such as `-> Count`, or make it a column");
                self.report(diagnostic);
                return None;
            }
        };
        Some(Head {
            relation: relation.to_owned(),
            columns,
            contribution,
            span: self.span(head.span),
        })
    }

    /// What follows `->` in a head; `Lww(at, v)` is a pair.
    pub(super) fn contribution(
        &mut self,
        value: &ast::Expr,
        combiner: &Combiner,
        expected: &Type,
    ) -> Expr {
        let ast::ExprKind::Call {
            function,
            arguments,
        } = &value.kind
        else {
            return self.check(value, expected);
        };
        if *combiner != Combiner::Lww || function.as_str() != "Lww" {
            return self.check(value, expected);
        }
        let types: &[Type] = match expected {
            Type::Tuple(types) => types,
            _ => &[],
        };
        let names = ["at", "value"];
        let Some(found) = self.arrange("Lww", &names, &arguments.items, value.span) else {
            return self.poison(value.span);
        };
        let parts: Vec<Expr> = found
            .iter()
            .enumerate()
            .map(|(index, part)| self.check(part, types.get(index).unwrap_or(&poison())))
            .collect();
        let ty = Type::Tuple(parts.iter().map(|part| part.ty.clone()).collect());
        self.expr(
            ExprKind::Call(sheaf_ir::Function::Tuple, parts),
            ty,
            value.span,
        )
    }
}
