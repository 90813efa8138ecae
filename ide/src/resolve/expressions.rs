//! Names in expressions, and what stands behind a dot.

use std::collections::HashMap;

use sheaf_compiler::syntax::ast::*;

use super::{Role, Walker, path_of};
use crate::names::Target;

impl<'p> Walker<'_, 'p> {
    pub(super) fn optional(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Wildcard | ExprKind::Error => {}
            ExprKind::Name(name) => match name.is_upper() {
                true => {
                    self.constructor(&[name]);
                }
                false => self.variable(name),
            },
            ExprKind::Call {
                function,
                arguments,
            } => {
                let target = match function.is_upper() {
                    true => self.constructor(&[function]),
                    false => self.callable_path(&[function], Role::Reads),
                };
                self.arguments(arguments, target);
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
            } => {
                let target = self.member(receiver, name, true);
                self.arguments(arguments, target);
            }
            ExprKind::Field { receiver, name } => {
                self.member(receiver, name, false);
            }
            ExprKind::Record { path, fields, .. } => {
                let target = self.constructor(&path.names.iter().collect::<Vec<_>>());
                for field in fields {
                    self.argument_name(Some(&field.name), target, field.value.span);
                    self.expr(&field.value);
                }
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                for part in parts {
                    self.expr(part);
                }
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
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
                    let mut scope = HashMap::new();
                    self.bind(&arm.pattern, &mut scope);
                    self.scopes.push(scope);
                    self.binds(&arm.pattern);
                    self.expr(&arm.body);
                    self.scopes.pop();
                }
            }
        }
    }

    /// What stands behind a dot: of a module, a service, an enum, or of a value.
    pub(super) fn member(&mut self, receiver: &Expr, name: &Name, is_call: bool) -> Option<Target> {
        if let Some(mut path) = path_of(receiver)
            && !self.is_visible(path[0].as_str())
        {
            path.push(name);
            if path[path.len() - 2].is_upper()
                && self
                    .names
                    .path(self.module, &path[..path.len() - 1])
                    .is_none()
            {
                return self.constructor(&path);
            }
            if self
                .names
                .path(self.module, &path[..path.len() - 1])
                .is_some()
            {
                return match name.is_upper() {
                    true => self.constructor(&path),
                    false => self.callable_path(&path, Role::Reads),
                };
            }
        }
        if let ExprKind::Call { function, .. } = &receiver.kind
            && function.is_upper()
            && self.names.path(self.module, &[function]).is_some()
        {
            return self.in_receiver(receiver, name, Role::Reads);
        }
        self.expr(receiver);
        let ty = self.names.expression(receiver.span)?;
        let target = match is_call {
            true => self.names.member(ty, name.as_str()),
            false => self.names.field(ty, name.as_str()),
        };
        self.note_some(name.span, target, Role::Reads)
    }

    pub(super) fn arguments(&mut self, arguments: &Arguments, target: Option<Target>) {
        for argument in &arguments.items {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.expr(&argument.value);
        }
        if let Some(comprehension) = &arguments.comprehension {
            self.comprehension(comprehension, None);
        }
    }

    pub(super) fn comprehension(&mut self, comprehension: &Comprehension, key: Option<&Expr>) {
        let mut scope = HashMap::new();
        self.bind_conditions(&comprehension.conditions, &mut scope);
        self.scopes.push(scope);
        self.optional(key);
        self.expr(&comprehension.element);
        self.conditions(&comprehension.conditions);
        self.scopes.pop();
    }

    pub(super) fn block(&mut self, block: &Block) {
        let depth = self.scopes.len();
        for binding in &block.lets {
            self.expr(&binding.value);
            let mut scope = HashMap::new();
            self.bind(&binding.pattern, &mut scope);
            self.scopes.push(scope);
            self.binds(&binding.pattern);
        }
        self.expr(&block.result);
        self.scopes.truncate(depth);
    }
}
