//! Which names are variables where: each is bound once in its scope.

use std::collections::HashMap;

use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::*;

use super::{Role, Walker};

impl<'p> Walker<'_, 'p> {
    pub(super) fn is_visible(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains_key(name))
    }

    /// Enters the names that conditions bind and that nothing around them does.
    pub(super) fn bind_conditions(
        &self,
        conditions: &[Condition],
        scope: &mut HashMap<String, Span>,
    ) {
        for condition in conditions {
            match &condition.kind {
                ConditionKind::Atom { atom, .. } => self.bind_atom(atom, scope),
                ConditionKind::In { pattern, .. } | ConditionKind::Let { pattern, .. } => {
                    self.bind(pattern, scope);
                }
                ConditionKind::Test(_) | ConditionKind::Error => {}
            }
        }
    }

    pub(super) fn bind_atom(&self, atom: &Atom, scope: &mut HashMap<String, Span>) {
        let arguments = atom.arguments.iter().map(|argument| &argument.value);
        for pattern in arguments.chain(&atom.value) {
            self.bind(pattern, scope);
        }
    }

    pub(super) fn bind(&self, pattern: &Pattern, scope: &mut HashMap<String, Span>) {
        match &pattern.kind {
            PatternKind::Name(name) => {
                let text = name.as_str();
                if !self.is_visible(text) && !self.module.params.contains_key(text) {
                    scope.entry(text.to_owned()).or_insert(name.span);
                }
            }
            PatternKind::Tuple(parts)
            | PatternKind::Constructor {
                arguments: parts, ..
            } => {
                for part in parts {
                    self.bind(part, scope);
                }
            }
            PatternKind::Record { fields, .. } => {
                for field in fields {
                    self.bind(&field.pattern, scope);
                }
            }
            PatternKind::Wildcard
            | PatternKind::Literal(_)
            | PatternKind::Expr(_)
            | PatternKind::Error => {}
        }
    }

    /// A variable or param.
    pub(super) fn variable(&mut self, name: &Name) {
        let text = name.as_str();
        let bound = self.scopes.iter().rev().find_map(|scope| scope.get(text));
        if let Some(&declared) = bound {
            let role = match declared == name.span {
                true => self.binding,
                false => Role::Reads,
            };
            return self.note(name.span, (self.file, declared), role);
        }
        if let Some(named) = self.module.params.get(text) {
            return self.reads(name.span, named.declared);
        }
        // Nothing binds it: it stands for itself, so that its other uses are found.
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(text.to_owned(), name.span);
            self.note(name.span, (self.file, name.span), Role::Declares);
        }
    }
}
