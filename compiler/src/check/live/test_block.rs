//! Tests over time: what they give, when, and which replies they expect.
//!
//! Inside `in Cart { … }` the names of the service are known by themselves. `as p` names an occurrence, of
//! which `p.id`, `p.at` and, for a request, the reply can be spoken of.

use std::collections::BTreeMap;

use sheaf_ir::Type;

use super::address::Address;
use super::state::{OCCURRENCE, occurrence};
use crate::check::Checker;
use crate::check::body::{Body, Place};
use crate::check::names::Def;
use crate::check::pattern::Taken;
use crate::check::suggest::nearest;
use crate::diagnostic::codes;
use crate::hir::{LiveKind, Test};
use crate::syntax::ast::{self, Given, Head, Name, Pattern, TestStatement, TestStatementKind};

/// What a test has given so far: what each name after `as` stands for.
type Occurrences = BTreeMap<String, String>;

impl Checker<'_> {
    /// Whether a test needs time, state or services.
    pub(in crate::check) fn is_live_test(&mut self, module: usize, test: &ast::Test) -> bool {
        let is_service = self.modules[module].owner.is_some();
        is_service
            || test
                .statements
                .iter()
                .any(|statement| match &statement.kind {
                    TestStatementKind::In { .. } | TestStatementKind::After(_) => true,
                    TestStatementKind::Given(given) => given.iter().any(|given| match given {
                        Given::Fact { head, alias } => {
                            alias.is_some() || self.is_live_head(module, head)
                        }
                        Given::Param { .. } => false,
                    }),
                    TestStatementKind::Expect(expected) => expected
                        .iter()
                        .any(|expected| matches!(expected, ast::Expectation::Reply { .. })),
                    TestStatementKind::Error => false,
                })
    }

    fn is_live_head(&mut self, module: usize, head: &Head) -> bool {
        let mut body = Body::new(self, module, Place::Test);
        match body.head_def(head) {
            Some(Def::Relation(relation)) => self.live_kind(&relation).is_some(),
            _ => false,
        }
    }

    /// Checks a test over time. It is no part of the program yet.
    pub(in crate::check) fn check_live_test(&mut self, module: usize, test: &ast::Test) {
        if self.is_root_file(module) {
            self.note_live(module, test.name.span, "a test over time");
        }
        self.types.insert(OCCURRENCE.to_owned(), occurrence());
        let mut body = Body::new(self, module, Place::Test);
        let mut scratch = Test {
            name: test.name.value.to_string(),
            given: Vec::new(),
            params: BTreeMap::new(),
            expectations: Vec::new(),
            variables: Vec::new(),
            span: body.span(test.name.span),
        };
        let mut names = Occurrences::new();
        let count = body.live_statements(&test.statements, &mut names, &mut scratch);
        body.finish_part(test.name.span);
        if count == 0 && !body.is_tainted {
            self.warn_of_empty_test(module, test);
        }
    }
}

impl Body<'_, '_> {
    /// Checks statements; gives how many things are expected.
    fn live_statements(
        &mut self,
        statements: &[TestStatement],
        names: &mut Occurrences,
        scratch: &mut Test,
    ) -> usize {
        let mut count = 0;
        for statement in statements {
            match &statement.kind {
                TestStatementKind::Given(given) => {
                    for given in given {
                        self.live_given(given, names, scratch);
                    }
                }
                TestStatementKind::Expect(expected) => {
                    for expected in expected {
                        count += 1;
                        match expected {
                            ast::Expectation::Reply { request, value, .. } => {
                                self.expect_reply(request, value, names);
                            }
                            condition => self.expect(condition, scratch),
                        }
                    }
                }
                TestStatementKind::After(delay) => {
                    self.check(delay, &Type::Duration);
                }
                TestStatementKind::In {
                    service,
                    statements,
                } => count += self.inside(service, statements, names, scratch),
                TestStatementKind::Error => self.is_tainted = true,
            }
        }
        count
    }

    fn inside(
        &mut self,
        address: &ast::Expr,
        statements: &[TestStatement],
        names: &mut Occurrences,
        scratch: &mut Test,
    ) -> usize {
        match self.address(address) {
            Address::Service(service, arguments) => {
                self.check_address(service, arguments, address.span);
                let home = std::mem::replace(&mut self.module, service);
                let count = self.live_statements(statements, names, scratch);
                self.module = home;
                count
            }
            Address::Silent => {
                self.is_tainted = true;
                1
            }
            Address::Other => {
                self.unknown_service(address);
                1
            }
        }
    }

    fn unknown_service(&mut self, address: &ast::Expr) {
        let text = address.span.of(self
            .checker
            .sources
            .get(self.checker.file(self.module))
            .text());
        let scope = &self.checker.scopes[self.module].types;
        let services = scope
            .iter()
            .filter(|(_, entry)| matches!(entry.def, Def::Service(_)));
        let near = nearest(text, services.map(|(name, _)| name.as_str())).map(str::to_owned);
        let diagnostic = self
            .error(
                codes::UNKNOWN_TYPE,
                address.span,
                format!("there is no service or agent `{text}`"),
            )
            .label("not declared");
        self.report(match near {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), address.span, near),
            None => diagnostic.help("declare it with `service`"),
        });
    }

    fn live_given(&mut self, given: &Given, names: &mut Occurrences, scratch: &mut Test) {
        let Given::Fact { head, alias } = given else {
            return self.given(given, scratch);
        };
        let relation = match self.head_def(head) {
            Some(Def::Relation(relation)) => Some(relation),
            _ => None,
        };
        let kind = relation
            .as_ref()
            .and_then(|relation| self.checker.live_kind(relation));
        let happens = matches!(
            kind,
            Some(LiveKind::Event | LiveKind::Message | LiveKind::Request)
        );
        if !happens {
            self.given(given, scratch);
            if let Some(alias) = alias {
                self.no_occurrence(
                    alias,
                    format!(
                        "`{}` is a fact, and only what happens gets a name",
                        head.name.text
                    ),
                    "remove `as` and the name",
                );
            }
            return;
        }
        let Some(relation) = relation else { return };
        if let Some(receiver) = &head.receiver {
            self.check_instance(receiver);
        }
        self.occurrence_head(head, &relation);
        let Some(alias) = alias else { return };
        if names.contains_key(alias.as_str()) {
            return self.no_occurrence(
                alias,
                format!("`{}` already names another occurrence", alias.text),
                "give it another name",
            );
        }
        names.insert(alias.as_str().to_owned(), relation);
        let ty = Type::Named(OCCURRENCE.to_owned());
        self.parameter(alias.as_str(), ty, alias.span);
    }

    fn expect_reply(&mut self, request: &Name, value: &Pattern, names: &Occurrences) {
        let Some(relation) = names.get(request.as_str()) else {
            let near = nearest(request.as_str(), names.keys().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name a request where it is given: `given q(…) as p`".to_owned(),
            };
            return self.no_occurrence(
                request,
                format!("nothing that was given is called `{}`", request.text),
                &help,
            );
        };
        let declared = self.checker.program.relations.get(relation);
        let reply = declared.and_then(|declared| declared.combined.as_ref());
        let Some(ty) = reply.map(|reply| reply.result.clone()) else {
            let what = self.checker.what_is(relation);
            return self.no_occurrence(
                request,
                format!(
                    "`{}` is {what}, and only a request has a reply",
                    request.text
                ),
                "expect a row of a table or view instead",
            );
        };
        let variable = self.fresh(ty.clone(), value.span);
        let subject = self.read(variable, value.span);
        let mut taken = Taken::default();
        self.take_apart(value, subject, &mut taken);
        for (name, _) in std::mem::take(&mut taken.binds) {
            self.unbound(&name);
        }
        for (part, expected) in std::mem::take(&mut taken.equal) {
            let ty = part.ty.clone();
            let other = self.infer(expected, Some(&ty));
            self.equal(part, other, expected.span);
        }
    }

    fn no_occurrence(&mut self, name: &Name, message: String, help: &str) {
        let diagnostic = self
            .error(codes::NO_OCCURRENCE, name.span, message)
            .label("not known")
            .help(help);
        self.report(diagnostic);
    }
}
