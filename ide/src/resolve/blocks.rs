//! Names in `on` blocks and tests.

use std::collections::HashMap;

use sheaf_compiler::syntax::ast::*;

use super::{Role, Walker};

impl<'p> Walker<'_, 'p> {
    pub(super) fn on(&mut self, on: &On) {
        let mut scope = HashMap::new();
        self.bind_atom(&on.event, &mut scope);
        self.bind_conditions(&on.conditions, &mut scope);
        if let Some(alias) = &on.alias {
            scope.insert(alias.as_str().to_owned(), alias.span);
        }
        for statement in &on.statements {
            if let OnStatement::Let(binding) = statement {
                self.bind(&binding.pattern, &mut scope);
            }
        }
        self.scopes.push(scope);
        self.atom(&on.event, Role::Reads);
        if let Some(alias) = &on.alias {
            self.variable(alias);
        }
        self.conditions(&on.conditions);
        for statement in &on.statements {
            match statement {
                OnStatement::Let(binding) => {
                    self.binds(&binding.pattern);
                    self.expr(&binding.value);
                }
                OnStatement::Rule(rule) => self.rule(rule),
                OnStatement::Error(_) => {}
            }
        }
        self.scopes.pop();
    }

    pub(super) fn test_statement(&mut self, statement: &TestStatement) {
        match &statement.kind {
            TestStatementKind::Given(given) => {
                for given in given {
                    self.given(given);
                }
            }
            TestStatementKind::Expect(expectations) => {
                for expectation in expectations {
                    match expectation {
                        Expectation::Condition(condition) => self.condition(condition),
                        Expectation::Reply { request, value, .. } => {
                            self.variable(request);
                            self.pattern(value);
                        }
                    }
                }
            }
            TestStatementKind::After(time) => self.expr(time),
            TestStatementKind::In {
                service,
                statements,
            } => {
                self.expr(service);
                let name = match &service.kind {
                    ExprKind::Name(name) | ExprKind::Call { function: name, .. } => Some(name),
                    _ => None,
                };
                let inner = name.and_then(|name| self.names.path(self.module, &[name]));
                let outer = self.module;
                self.module = inner.unwrap_or(outer);
                for statement in statements {
                    self.test_statement(statement);
                }
                self.module = outer;
            }
            TestStatementKind::Error => {}
        }
    }

    pub(super) fn given(&mut self, given: &Given) {
        match given {
            Given::Fact { head, alias } => {
                self.head(head, Role::Writes);
                if let Some(alias) = alias {
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.insert(alias.as_str().to_owned(), alias.span);
                    }
                    self.variable(alias);
                }
            }
            Given::Param { name, value } => {
                if let Some(named) = self.module.params.get(name.as_str()) {
                    self.note(name.span, named.declared, Role::Writes);
                }
                self.expr(value);
            }
        }
    }
}
