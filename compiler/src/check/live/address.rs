//! Addresses: which service or agent an expression names, and one instance of an agent by its key.

use crate::check::body::Body;
use crate::check::expr::path_of;
use crate::check::names::Def;
use crate::check::types::is_poisoned;
use crate::diagnostic::codes;
use crate::source::Span;
use crate::syntax::ast::{self, Arguments, ExprKind, Name};

use super::service::OwnerKind;

/// What an expression before a dot, or after `to`, stands for.
pub(in crate::check) enum Address<'e> {
    /// A service or agent, by the index of its module, with what stands in parentheses behind it.
    Service(usize, Option<&'e Arguments>),
    /// Broken; reported elsewhere.
    Silent,
    /// Anything else.
    Other,
}

impl Body<'_, '_> {
    /// The service that an expression names; silent.
    pub(in crate::check) fn address<'e>(&mut self, expr: &'e ast::Expr) -> Address<'e> {
        let (def, arguments) = match &expr.kind {
            ExprKind::Call {
                function,
                arguments,
            } if function.is_upper() => {
                let def = self.checker.type_name(self.module, function.as_str());
                (def, Some(arguments))
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
            } if name.is_upper() => (self.type_of_path(path_of(receiver), name), Some(arguments)),
            ExprKind::Name(name) if name.is_upper() => {
                (self.checker.type_name(self.module, name.as_str()), None)
            }
            ExprKind::Field { receiver, name } if name.is_upper() => {
                (self.type_of_path(path_of(receiver), name), None)
            }
            ExprKind::Error => return Address::Silent,
            _ => return Address::Other,
        };
        match def {
            Some(Def::Service(service)) => Address::Service(service, arguments),
            Some(Def::Silent) => Address::Silent,
            None if self.checker.scopes[self.module].is_open => Address::Silent,
            _ => Address::Other,
        }
    }

    fn type_of_path(&mut self, path: Option<Vec<Name>>, name: &Name) -> Option<Def> {
        let path = path?;
        let (other, rest) = self.checker.through_module(self.module, &path)?;
        if !rest.is_empty() {
            return None;
        }
        self.checker.public_type(self.module, other, name)
    }

    /// A name of a service's own, seen from outside.
    pub(in crate::check) fn member_of(&mut self, service: usize, name: &Name) -> Option<Def> {
        let entry = self.checker.scopes[service].callables.get(name.as_str())?;
        match &entry.def {
            Def::Silent => Some(Def::Silent),
            def if !entry.is_used => Some(def.clone()),
            _ => None,
        }
    }

    /// Checks that an agent's instance is found by its key, and a service by its name alone.
    pub(in crate::check) fn check_address(
        &mut self,
        service: usize,
        arguments: Option<&Arguments>,
        span: Span,
    ) {
        let checker = &self.checker;
        let Some(owner) = &checker.modules[service].owner else {
            return;
        };
        let is_agent = matches!(owner.kind, OwnerKind::Agent(_));
        let (name, noun) = (owner.name.as_str(), owner.kind.noun());
        match (
            is_agent,
            arguments.map(|arguments| arguments.items.as_slice()),
        ) {
            (false, None) => {}
            (true, Some([key])) => match self.checker.effects.keys.get(&service) {
                Some(column) => {
                    let ty = column.ty.clone();
                    self.check(&key.value, &ty);
                }
                None => self.is_tainted = true,
            },
            (true, found) => {
                let found = match found.map_or(0, <[_]>::len) {
                    0 => "no key".to_owned(),
                    count => format!("{count} keys"),
                };
                let diagnostic = self
                    .error(
                        codes::NOT_AN_ADDRESS,
                        span,
                        format!("`{name}` is an agent, and one of them is found by its key"),
                    )
                    .label(found)
                    .help(format!("write `{name}(key)`"));
                self.report(diagnostic);
            }
            (false, Some(_)) => {
                let message = format!("`{name}` is a {noun}, and has no key");
                let diagnostic = self
                    .error(codes::NOT_AN_ADDRESS, span, message)
                    .label("no key needed")
                    .fix(format!("write `{name}`"), span, name.to_owned());
                self.report(diagnostic);
            }
        }
    }

    /// The same for what stands before an atom's name, if that is a service.
    pub(in crate::check) fn check_instance(&mut self, receiver: &ast::Expr) {
        if let Address::Service(service, arguments) = self.address(receiver) {
            self.check_address(service, arguments, receiver.span);
        }
    }

    /// Binds the key of the agent in which a rule stands.
    pub(in crate::check) fn bind_key(&mut self) {
        if let Some(key) = self.checker.effects.keys.get(&self.module).cloned() {
            let (_, span) = crate::check::place(key.span);
            self.is_tainted |= is_poisoned(&key.ty);
            self.parameter(&key.name, key.ty, span);
        }
    }
}
