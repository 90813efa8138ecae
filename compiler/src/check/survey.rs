//! What an editor asks of a check beyond the program: what names mean where, and the types of
//! expressions and variables, also of rules that are wrong and became no part of the program.

use std::collections::BTreeMap;

use sheaf_ir::Type;

use super::names::{Def, Entry};
use super::types::is_poisoned;
use super::{Checker, library};
use crate::source::{FileId, Span};

/// What a check found out on its way.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The names of every file and, after all files, of every service.
    pub modules: Vec<ModuleNames>,
    /// Types of expressions, in the order in which they were found. Several may have one place.
    pub expressions: Vec<Typed>,
    /// Types of variables, by a place where each is bound.
    pub variables: Vec<Typed>,
}

/// A type and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// Which text.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
    /// The type.
    pub ty: Type,
}

/// What names stand for in one module.
#[derive(Clone, Debug, Default)]
pub struct ModuleNames {
    /// The text that it stands in.
    pub file: FileId,
    /// Its path, such as `shop.prices`; empty for the root file.
    pub path: String,
    /// Of a service or agent: its name in the declaration.
    pub service: Option<Span>,
    /// Relations and functions.
    pub callables: BTreeMap<String, Named>,
    /// Params.
    pub params: BTreeMap<String, Named>,
    /// Types, services and agents.
    pub types: BTreeMap<String, Named>,
    /// Modules.
    pub modules: BTreeMap<String, Named>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where it is declared: the name in the declaration. Of a module, the start of its file.
    pub declared: (FileId, Span),
    /// Of a module or service: its index in [`Survey::modules`].
    pub module: Option<usize>,
    /// Whether others may use it.
    pub is_public: bool,
    /// Whether it is declared elsewhere and only known here.
    pub is_used: bool,
}

/// The modules of the standard library, below `std`, in which a member of a value of this type is
/// looked for, in this order.
pub fn homes(ty: &Type) -> Vec<&str> {
    library::homes(ty)
}

/// The functions of the standard library that are known everywhere; all are of `std.math`.
pub fn prelude() -> &'static [&'static str] {
    library::PRELUDE
}

/// The aggregates, which take `e for conditions` in parentheses.
pub fn aggregates() -> &'static [&'static str] {
    library::AGGREGATES
}

impl Survey {
    /// Notes the type of an expression or variable, if it is known.
    pub(super) fn note(list: &mut Vec<Typed>, place: sheaf_ir::Span, ty: &Type) {
        if !is_poisoned(ty) {
            let (file, span) = super::place(place);
            list.push(Typed {
                file,
                span,
                ty: ty.clone(),
            });
        }
    }
}

impl Checker<'_> {
    /// The names of all modules, as they stand at the end of a check.
    pub(super) fn names(&self) -> Vec<ModuleNames> {
        let mut places = BTreeMap::new();
        for scope in &self.scopes {
            for names in [&scope.callables, &scope.params, &scope.types] {
                let own = names.values().filter(|entry| !entry.is_used);
                for entry in own.filter(|entry| entry.def != Def::Silent) {
                    places.insert(&entry.def, (entry.file, entry.span));
                }
            }
        }
        let named = |entry: &Entry| {
            let module = match entry.def {
                Def::Module(index) | Def::Service(index) => Some(index),
                _ => None,
            };
            let declared = match (&entry.def, places.get(&entry.def)) {
                (Def::Module(index), _) => (self.file(*index), Span::default()),
                (_, Some(place)) => *place,
                (_, None) => (entry.file, entry.span),
            };
            Named {
                declared,
                module,
                is_public: entry.public,
                is_used: entry.is_used,
            }
        };
        let all = |names: &BTreeMap<String, Entry>| {
            let names = names.iter();
            names
                .map(|(name, entry)| (name.clone(), named(entry)))
                .collect()
        };
        let modules = self.scopes.iter().zip(self.modules);
        modules
            .map(|(scope, module)| ModuleNames {
                file: module.file,
                path: module.path.clone(),
                service: module.owner.as_ref().map(|owner| owner.name.span),
                callables: all(&scope.callables),
                params: all(&scope.params),
                types: all(&scope.types),
                modules: all(&scope.modules),
            })
            .collect()
    }
}
