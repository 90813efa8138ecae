//! Test blocks: rows that are given, and what is expected then.

use std::collections::BTreeMap;

use sheaf_ir::{Combiner, Type};

use super::body::{Body, Place};
use super::names::Def;
use super::types::poison;
use super::{Checker, reads};
use crate::diagnostic::codes;
use crate::hir::{Condition, Expectation, Expr, GivenRow, Test};
use crate::source::Span;
use crate::syntax::ast::{self, ConditionKind, Given, ItemKind, Quantifier, TestStatementKind};

impl<'a> Checker<'a> {
    /// Checks every test of every module, and keeps those of the root file.
    pub(super) fn check_tests(&mut self) {
        for module in 0..self.modules.len() {
            let mut names: BTreeMap<&str, Span> = BTreeMap::new();
            for item in self.items(module) {
                let ItemKind::Test(test) = &item.kind else {
                    continue;
                };
                self.check_test(module, item.span, test);
                let (name, span) = (&*test.name.value, test.name.span);
                let Some(earlier) = names.get(name) else {
                    names.insert(name, span);
                    continue;
                };
                let file = self.file(module);
                self.report(
                    crate::diagnostic::Diagnostic::error(
                        codes::DECLARED_TWICE,
                        file,
                        span,
                        format!("two tests are called \"{name}\""),
                    )
                    .label("the second one")
                    .and(*earlier, "the first one")
                    .help("give each test a name of its own"),
                );
            }
        }
    }

    fn check_test(&mut self, module: usize, item: Span, test: &'a ast::Test) {
        if self.is_live_test(module, test) {
            return self.check_live_test(module, test);
        }
        let mut body = Body::new(self, module, Place::Test);
        let mut checked = Test {
            name: test.name.value.to_string(),
            given: Vec::new(),
            params: BTreeMap::new(),
            expectations: Vec::new(),
            variables: Vec::new(),
            span: body.span(item),
        };
        for statement in &test.statements {
            match &statement.kind {
                TestStatementKind::Given(given) => {
                    for given in given {
                        body.given(given, &mut checked);
                    }
                }
                TestStatementKind::Expect(expected) => {
                    for expected in expected {
                        body.expect(expected, &mut checked);
                    }
                }
                TestStatementKind::After(_)
                | TestStatementKind::In { .. }
                | TestStatementKind::Error => body.is_tainted = true,
            }
        }
        body.finish(test.name.span);
        if body.is_tainted {
            return;
        }
        checked.variables = std::mem::take(&mut body.variables);
        if checked.expectations.is_empty() {
            self.warn_of_empty_test(module, test);
        }
        if self.is_root_file(module) {
            self.program.tests.push(checked);
        }
    }

    /// A test without any expectation.
    pub(super) fn warn_of_empty_test(&mut self, module: usize, test: &ast::Test) {
        let diagnostic = crate::diagnostic::Diagnostic::lint(
            codes::EMPTY_TEST,
            self.file(module),
            test.name.span,
            "this test expects nothing",
        )
        .label("nothing can fail")
        .help("write `expect …;`");
        self.report(diagnostic);
    }
}

impl Body<'_, '_> {
    pub(super) fn given(&mut self, given: &ast::Given, test: &mut Test) {
        match given {
            Given::Param { name, value } => self.given_param(name, value, test),
            Given::Fact { head, .. } => {
                if let Some(row) = self.given_row(head) {
                    test.given.push(row);
                }
            }
        }
    }

    fn given_param(&mut self, name: &ast::Name, value: &ast::Expr, test: &mut Test) {
        match self.checker.param(self.module, name.as_str()) {
            Some(Def::Param(param)) => {
                let ty = self
                    .checker
                    .program
                    .params
                    .get(&param)
                    .map(|param| param.ty.clone());
                let value = self.check(value, &ty.unwrap_or_else(poison));
                self.refuse_reads(&value);
                test.params.insert(param, value);
            }
            Some(_) => self.is_tainted = true,
            None if self.checker.scopes[self.module].is_open => self.is_tainted = true,
            None => {
                let known: Vec<&str> = self.checker.scopes[self.module]
                    .params
                    .keys()
                    .map(String::as_str)
                    .collect();
                let near = super::suggest::nearest(name.as_str(), known.iter().copied());
                let near = near.map(str::to_owned);
                let diagnostic = self
                    .error(
                        codes::UNKNOWN_NAME,
                        name.span,
                        format!("there is no param `{}`", name.text),
                    )
                    .label("not declared");
                self.report(match near {
                    Some(near) => {
                        diagnostic.fix(format!("did you mean `{near}`?"), name.span, near)
                    }
                    None => diagnostic.help(format!("declare it: `param {}: Int;`", name.text)),
                });
            }
        }
    }

    fn given_row(&mut self, head: &ast::Head) -> Option<GivenRow> {
        let name = &head.name;
        let atom = ast::Atom {
            span: head.span,
            receiver: head.receiver.clone(),
            name: name.clone(),
            arguments: Vec::new(),
            rest: None,
            value: None,
        };
        let relation = match self.relation_of(&atom) {
            Some(Def::Relation(relation)) => relation,
            Some(Def::Function(_) | Def::Intrinsic(_)) => {
                self.function_as_atom(&atom, Quantifier::Exists(name.span));
                return None;
            }
            Some(_) => {
                self.is_tainted = true;
                return None;
            }
            None => {
                self.unknown_relation(&atom);
                return None;
            }
        };
        let declared = self.checker.program.relations.get(&relation)?;
        let (place, combined) = (super::place(declared.span), declared.combined.clone());
        let is_live = self.checker.live_kind(&relation).is_some();
        if self.checker.live.contains_key(&relation)
            && !is_live
            && self.checker.source_of(&relation).is_none()
        {
            // An input whose source is wrong.
            self.is_tainted = true;
            return None;
        }
        let Some(source) = self.checker.source_of(&relation).cloned() else {
            let what = self.checker.what_is(&relation);
            let diagnostic = self
                .error(
                    codes::GIVEN_VIEW,
                    name.span,
                    format!(
                        "`{}` is {what}, and only inputs, params and what happens are given",
                        name.text
                    ),
                )
                .label(what)
                .and_in(place.0, place.1, "declared here")
                .help(match what {
                    "a table" => "give the events or requests that write it",
                    "a timer" => "let time pass: `after 1s`",
                    _ => "give the rows of the inputs that it is derived from",
                });
            self.report(diagnostic);
            return None;
        };
        let keys = source.columns.len() - usize::from(combined.is_some());
        let written: Vec<usize> = (0..keys)
            .filter(|index| source.columns[*index].ty != Type::RowId)
            .collect();
        let names: Vec<String> = written
            .iter()
            .map(|index| source.columns[*index].name.clone())
            .collect();
        let found = self.place_arguments(name, &names, &head.arguments, false, head.span, place)?;
        let mut columns: Vec<Option<Expr>> = vec![None; source.columns.len()];
        for (index, argument) in written.into_iter().zip(found) {
            let value = self.check(argument?, &source.columns[index].ty);
            self.refuse_reads(&value);
            columns[index] = Some(value);
        }
        match (&head.value, &combined) {
            (None, None) => {}
            (Some(value), Some(combined)) => {
                let ty = &source.columns[keys].ty;
                let combiner = match combined.combiner {
                    Combiner::Lww => Combiner::One,
                    _ => combined.combiner.clone(),
                };
                let value = self.contribution(value, &combiner, ty);
                self.refuse_reads(&value);
                columns[keys] = Some(value);
            }
            (value, _) => {
                let span = value.as_ref().map_or(head.span, |value| value.span);
                let message = match value {
                    Some(_) => format!("`{}` has no value after `->`", name.text),
                    None => format!("`{}` needs a value after `->`", name.text),
                };
                let diagnostic = self
                    .error(codes::NO_VALUE, span, message)
                    .label("does not fit the declaration")
                    .and_in(place.0, place.1, "declared here")
                    .help("give a row as it is declared");
                self.report(diagnostic);
                return None;
            }
        }
        Some(GivenRow {
            relation,
            columns,
            span: self.span(head.span),
        })
    }

    /// What is given cannot depend on what is derived from it.
    fn refuse_reads(&mut self, value: &Expr) {
        let mut found = Vec::new();
        reads::in_expr(value, &mut found);
        let Some(read) = found.first() else { return };
        let (_, span) = super::place(read.span);
        let diagnostic = self
            .error(
                codes::NOT_CONSTANT,
                span,
                "what a test gives cannot read relations",
            )
            .label("reads a relation")
            .help("write the value itself");
        self.report(diagnostic);
    }

    pub(super) fn expect(&mut self, expected: &ast::Expectation, test: &mut Test) {
        let ast::Expectation::Condition(condition) = expected else {
            self.is_tainted = true;
            return;
        };
        if let ConditionKind::Atom {
            quantifier: Quantifier::Maybe(span),
            ..
        } = &condition.kind
        {
            self.meaningless(*span, "maybe");
            return;
        }
        if let ConditionKind::Let { .. } = &condition.kind {
            self.meaningless(condition.span, "let");
            return;
        }
        // A positive row is expected to exist; that is all an atom says here.
        let condition = match &condition.kind {
            ConditionKind::Atom {
                quantifier: Quantifier::Each,
                mode,
                atom,
            } if !matches!(
                self.relation_of(atom),
                Some(Def::Function(_) | Def::Intrinsic(_))
            ) =>
            {
                ast::Condition {
                    span: condition.span,
                    kind: ConditionKind::Atom {
                        quantifier: Quantifier::Exists(condition.span.before()),
                        mode: *mode,
                        atom: atom.clone(),
                    },
                }
            }
            _ => condition.clone(),
        };
        let is_each = matches!(
            &condition.kind,
            ConditionKind::In { quantifier: Quantifier::Each, pattern, .. } if !self.is_determined(pattern)
        );
        if is_each {
            self.meaningless(condition.span, "in");
            return;
        }
        for condition in self.conditions(std::slice::from_ref(&condition)) {
            match condition {
                Condition::Atom(atom) => test.expectations.push(Expectation::Row(atom)),
                Condition::Test { test: value, .. } => {
                    test.expectations.push(Expectation::Test(value));
                }
                Condition::Each { .. } | Condition::Let { .. } => self.is_tainted = true,
            }
        }
    }

    fn meaningless(&mut self, span: Span, word: &str) {
        let diagnostic = self
            .error(
                codes::BAD_EXPECTATION,
                span,
                format!("`{word}` expects nothing: a test names rows that must be there"),
            )
            .label("always holds")
            .help("expect a row, `not` a row, or a Bool expression");
        self.report(diagnostic);
    }
}
