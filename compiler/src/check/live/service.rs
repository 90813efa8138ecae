//! Services and agents: modules inside the module they stand in.
//!
//! Invariants: what a service declares has the service's name before its own (`Cart.item`); inside it
//! the names of the file around are known, and none of them is declared again.

use crate::check::modules::Module;
use crate::check::names::{Def, Entry, Space};
use crate::check::{Checker, place};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Column, Service};
use crate::source::Span;
use crate::syntax::ast::{self, Item, ItemKind, Name};

/// What a service is, and where it stands.
pub(in crate::check) struct Owner {
    /// The index of the module around it.
    pub(in crate::check) parent: usize,
    pub(in crate::check) name: Name,
    pub(in crate::check) kind: OwnerKind,
}

/// The kinds of services.
pub(in crate::check) enum OwnerKind {
    Service,
    /// With its key as declared.
    Agent(Vec<ast::Column>),
    /// `extern http`, with its address.
    Outside(String),
}

impl OwnerKind {
    /// The noun of messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            OwnerKind::Service => "service",
            OwnerKind::Agent(_) => "agent",
            OwnerKind::Outside(_) => "service outside",
        }
    }
}

/// Adds a module for each service, agent and service outside.
pub(in crate::check) fn add_services(modules: &mut Vec<Module>) {
    for parent in 0..modules.len() {
        let module = &modules[parent];
        let inner: Vec<Module> = module
            .sound_items()
            .filter_map(|item| {
                let (name, kind, items) = match &item.kind {
                    ItemKind::Service(service) => {
                        (&service.name, OwnerKind::Service, service.items.clone())
                    }
                    ItemKind::Agent(agent) => {
                        let kind = OwnerKind::Agent(agent.key.clone());
                        (&agent.name, kind, agent.items.clone())
                    }
                    ItemKind::Extern(foreign) if foreign.host.as_str() == "http" => {
                        let kind = OwnerKind::Outside(foreign.location.value.to_string());
                        (foreign.alias.as_ref()?, kind, requests(foreign))
                    }
                    _ => return None,
                };
                let name = name.clone();
                let owner = Owner { parent, name, kind };
                Some(module.inside(owner, items))
            })
            .collect();
        modules.extend(inner);
    }
}

/// The requests of a service outside, as items.
fn requests(foreign: &ast::Extern) -> Vec<Item> {
    let members = foreign.members.iter().filter(|member| member.is_request);
    members
        .map(|member| Item {
            span: member.span,
            docs: member.docs.clone(),
            attributes: member.attributes.clone(),
            public: Some(member.span.before()),
            kind: ItemKind::Request(member.signature.clone()),
        })
        .collect()
}

impl Checker<'_> {
    /// What the name of a service stands for that is declared there.
    pub(in crate::check) fn service_named_at(&self, parent: usize, name: &Name) -> Def {
        let index = self.modules.iter().position(|module| {
            module
                .owner
                .as_ref()
                .is_some_and(|owner| owner.parent == parent && owner.name.span == name.span)
        });
        index.map_or(Def::Silent, Def::Service)
    }

    /// Lets services see the names of the file that they stand in.
    pub(in crate::check) fn inherit_names(&mut self) {
        for module in 0..self.modules.len() {
            let Some(owner) = &self.modules[module].owner else {
                continue;
            };
            let parent = owner.parent;
            self.scopes[module].is_open |= self.scopes[parent].is_open;
            for space in [Space::Callable, Space::Param, Space::Type, Space::Module] {
                for (name, entry) in self.scopes[parent].space(space).clone() {
                    self.inherit(module, space, name, entry);
                }
            }
        }
    }

    fn inherit(&mut self, module: usize, space: Space, name: String, outer: Entry) {
        let own = self.scopes[module].space(space).get(&name);
        let Some(own) = own.cloned() else {
            let entry = Entry {
                public: true,
                is_used: true,
                ..outer
            };
            self.scopes[module].space(space).insert(name, entry);
            return;
        };
        if own.def == Def::Silent || outer.def == Def::Silent {
            return;
        }
        self.report(
            Diagnostic::error(
                codes::DECLARED_TWICE,
                own.file,
                own.span,
                format!("`{name}` is declared in this service and outside it"),
            )
            .label("the second time")
            .and_in(outer.file, outer.span, "the first time")
            .note("Inside a service the names of its file are known, and a name has one meaning.")
            .help("rename one of them"),
        );
    }

    /// The module of the service that a module is, or its own file's.
    pub(super) fn service_of_module(&self, module: usize) -> Option<&Owner> {
        self.modules[module].owner.as_ref()
    }

    /// Resolves the keys of agents, and reports items that cannot stand where they do.
    pub(in crate::check) fn declare_service(&mut self, module: usize) {
        let modules = self.modules;
        let Some(owner) = &modules[module].owner else {
            return;
        };
        let file = self.file(module);
        if let OwnerKind::Agent(key) = &owner.kind {
            match key.as_slice() {
                [key] => {
                    self.check_column_attributes(module, &key.attributes, false);
                    let column = Column {
                        name: key.name.as_str().to_owned(),
                        ty: self.resolve_type(module, &key.ty),
                        span: self.span(module, key.name.span),
                    };
                    self.effects.keys.insert(module, column);
                }
                _ => self.report(
                    Diagnostic::error(
                        codes::AGENT_KEY,
                        file,
                        owner.name.span,
                        format!("the agent `{}` needs exactly one key", owner.name.text),
                    )
                    .label(format!("{} keys", key.len()))
                    .note("An agent is one per key, and found by it.")
                    .help("write one column; a record or tuple holds several parts"),
                ),
            }
        }
        for item in self.items(module) {
            let (what, span) = match &item.kind {
                ItemKind::Use(_) => ("`use`", item.span),
                ItemKind::Service(inner) => ("a service", inner.name.span),
                ItemKind::Agent(inner) => ("an agent", inner.name.span),
                _ => continue,
            };
            self.misplaced(module, span, what, "move it out of this service");
        }
    }

    /// Reports an item that cannot stand where it does.
    pub(super) fn misplaced(&mut self, module: usize, span: Span, what: &str, advice: &str) {
        // A lost brace may have put it here.
        if self.modules[module].is_broken {
            return;
        }
        let file = self.file(module);
        let message = match self.service_of_module(module) {
            Some(owner) => format!(
                "{what} cannot stand inside the {} `{}`",
                owner.kind.noun(),
                owner.name.text
            ),
            None => format!("{what} cannot stand outside a service or agent"),
        };
        self.report(
            Diagnostic::error(codes::MISPLACED_ITEM, file, span, message)
                .label("not here")
                .help(advice),
        );
    }

    /// Services for the checked program.
    pub(super) fn services(&self) -> Vec<Service> {
        let mut services: Vec<Service> = self
            .modules
            .iter()
            .enumerate()
            .filter_map(|(index, module)| {
                let owner = module.owner.as_ref()?;
                Some(Service {
                    name: module.path.clone(),
                    key: self.effects.keys.get(&index).cloned(),
                    outside: match &owner.kind {
                        OwnerKind::Outside(address) => Some(address.clone()),
                        _ => None,
                    },
                    span: self.span(index, owner.name.span),
                })
            })
            .collect();
        services.sort_by(|a, b| (&a.name, a.span).cmp(&(&b.name, b.span)));
        services
    }

    /// Where a relation is declared.
    pub(super) fn declared(&self, relation: &str) -> Option<(crate::source::FileId, Span)> {
        let relation = self.program.relations.get(relation)?;
        Some(place(relation.span))
    }
}
