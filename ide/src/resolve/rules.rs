//! Names in rules: heads, effects, conditions, patterns.

use std::collections::HashMap;

use sheaf_compiler::check::ModuleNames;
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::*;

use super::{Occurrence, Role, Walker, path_of};
use crate::names::Target;

impl<'p> Walker<'_, 'p> {
    pub(super) fn rule(&mut self, rule: &Rule) {
        let mut scope = HashMap::new();
        self.bind_conditions(&rule.conditions, &mut scope);
        self.scopes.push(scope);
        self.effect(&rule.effect);
        self.conditions(&rule.conditions);
        self.scopes.pop();
    }

    pub(super) fn effect(&mut self, effect: &Effect) {
        match &effect.kind {
            EffectKind::Derive(head) | EffectKind::Merge(head) => self.head(head, Role::Writes),
            EffectKind::Remove(atom) | EffectKind::Seal(atom) => self.atom(atom, Role::Writes),
            EffectKind::Send { message, to } => {
                let to = match &to.kind {
                    ExprKind::Call { function, .. } => Some(function),
                    ExprKind::Name(name) => Some(name),
                    _ => None,
                }
                .and_then(|name| self.names.path(self.module, &[name]));
                self.head_in(message, Role::Writes, to);
                if let EffectKind::Send { to, .. } = &effect.kind {
                    self.expr(to);
                }
            }
            EffectKind::Schedule { event, after } => {
                self.head(event, Role::Writes);
                self.expr(after);
            }
            EffectKind::Reply(value) => self.expr(value),
            EffectKind::Error => {}
        }
    }

    pub(super) fn head(&mut self, head: &Head, role: Role) {
        self.head_in(head, role, None);
    }

    pub(super) fn head_in(&mut self, head: &Head, role: Role, other: Option<&'p ModuleNames>) {
        let target = match (&head.receiver, other) {
            (Some(receiver), _) => self.in_receiver(receiver, &head.name, role),
            (None, Some(other)) => {
                let target = self.names.callable(other, head.name.as_str());
                let target =
                    target.or_else(|| self.names.callable(self.module, head.name.as_str()));
                self.note_some(head.name.span, target, role)
            }
            (None, None) => self.callable_path(&[&head.name], role),
        };
        for argument in &head.arguments {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.expr(&argument.value);
        }
        self.optional(head.value.as_ref());
    }

    /// What a name stands for behind a module, a service or an agent's instance.
    pub(super) fn in_receiver(
        &mut self,
        receiver: &Expr,
        name: &Name,
        role: Role,
    ) -> Option<Target> {
        if let ExprKind::Call {
            function,
            arguments,
        } = &receiver.kind
        {
            self.arguments(arguments, None);
            return self.callable_path(&[function, name], role);
        }
        let mut path = path_of(receiver)?;
        path.push(name);
        self.callable_path(&path, role)
    }

    /// The name of a named argument.
    pub(super) fn argument_name(&mut self, name: Option<&Name>, of: Option<Target>, value: Span) {
        let Some(name) = name else { return };
        let part = of.and_then(|of| self.names.part(of, name.as_str()));
        if let Some((file, declared)) = part {
            self.found.push(Occurrence {
                span: name.span,
                file,
                declared,
                role: Role::Reads,
                is_shorthand: name.span == value,
            });
        }
    }

    pub(super) fn conditions(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            self.condition(condition);
        }
    }

    pub(super) fn condition(&mut self, condition: &Condition) {
        match &condition.kind {
            ConditionKind::Atom { atom, .. } => self.atom(atom, Role::Reads),
            ConditionKind::In {
                pattern,
                collection,
                ..
            } => {
                self.binds(pattern);
                self.expr(collection);
            }
            ConditionKind::Let { pattern, value } => {
                self.binds(pattern);
                self.expr(value);
            }
            ConditionKind::Test(test) => self.expr(test),
            ConditionKind::Error => {}
        }
    }

    pub(super) fn atom(&mut self, atom: &Atom, role: Role) {
        let target = match &atom.receiver {
            Some(receiver) => self.in_receiver(receiver, &atom.name, role),
            None => self.callable_path(&[&atom.name], role),
        };
        for argument in &atom.arguments {
            self.argument_name(argument.name.as_ref(), target, argument.value.span);
            self.pattern(&argument.value);
        }
        if let Some(value) = &atom.value {
            self.pattern(value);
        }
    }

    /// A pattern that is not a column.
    pub(super) fn binds(&mut self, pattern: &Pattern) {
        let outer = std::mem::replace(&mut self.binding, Role::Binds);
        self.pattern(pattern);
        self.binding = outer;
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => self.variable(name),
            PatternKind::Tuple(parts) => {
                for part in parts {
                    self.pattern(part);
                }
            }
            PatternKind::Constructor { path, arguments } => {
                self.constructor(&path.names.iter().collect::<Vec<_>>());
                for argument in arguments {
                    self.pattern(argument);
                }
            }
            PatternKind::Record { path, fields, .. } => {
                let target = self.constructor(&path.names.iter().collect::<Vec<_>>());
                for field in fields {
                    self.argument_name(Some(&field.name), target, field.pattern.span);
                    self.pattern(&field.pattern);
                }
            }
            PatternKind::Expr(expr) => self.expr(expr),
            PatternKind::Wildcard | PatternKind::Literal(_) | PatternKind::Error => {}
        }
    }

    /// A record, an enum, or a variant of one.
    pub(super) fn constructor(&mut self, path: &[&Name]) -> Option<Target> {
        let (last, before) = path.split_last()?;
        if let Some((of, before)) = before.split_last().filter(|(of, _)| of.is_upper())
            && let Some(module) = self.leading_names(before)
            && let Some(named) = module.types.get(of.as_str())
        {
            self.reads(of.span, named.declared);
            let variant = self.names.part(named.declared, last.as_str());
            return self.note_some(last.span, variant, Role::Reads);
        }
        let module = self.leading_names(before)?;
        let target = module.types.get(last.as_str())?.declared;
        self.reads(last.span, target);
        Some(target)
    }
}
