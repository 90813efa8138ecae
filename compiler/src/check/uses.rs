//! What `use` brings in: names of other modules, and modules.
//!
//! Invariants: what a path leads to was decided when files were read ([`super::modules`]). A name that
//! another module has from `use` is seen only if that `use` is `pub`. A `use` that leads nowhere is
//! reported once, and what it was to bring in is silent.

use super::Checker;
use super::circles::Use;
use super::library;
use super::names::{Def, Entry, Space};
use super::suggest::nearest;
use crate::diagnostic::{Diagnostic, codes};
use crate::library::ROOT as LIBRARY;
use crate::source::FileId;
use crate::syntax::ast::{self, ItemKind, Name};

impl Checker<'_> {
    /// Gives every `use` its meaning.
    pub(super) fn resolve_uses(&mut self) {
        let mut missing = Vec::new();
        for module in self.modules_by_use() {
            // A module sees of itself what it declares, never what it brings in.
            let mut found = Vec::new();
            for item in self.items(module) {
                if let ItemKind::Use(used) = &item.kind {
                    for name in &used.names {
                        self.resolve_use(module, item, used, name, &mut found, &mut missing);
                    }
                }
            }
            for (space, name, entry) in found {
                self.declare(module, space, &name, entry);
            }
        }
        let together = self.report_circles();
        for (module, other, diagnostic) in missing {
            // In a circle, a name that is not there may be one that was to come round it.
            if !together.contains(&(module, other)) {
                self.report(diagnostic);
            }
        }
    }

    fn resolve_use(
        &mut self,
        module: usize,
        item: &ast::Item,
        used: &ast::Use,
        name: &ast::UseName,
        found: &mut Vec<(Space, String, Entry)>,
        missing: &mut Vec<(usize, usize, Diagnostic)>,
    ) {
        let path: Vec<&str> = used.module.iter().map(Name::as_str).collect();
        let here = name.alias.as_ref().unwrap_or(&name.name);
        let mut add = |space: Space, entry: Entry| {
            found.push((space, here.as_str().to_owned(), entry));
        };
        let entry = |def: Def, file: FileId| Entry {
            def,
            file,
            span: here.span,
            public: item.public.is_some(),
            is_used: true,
        };
        let joined = path.join(".");
        let full = match joined.is_empty() {
            true => name.name.as_str().to_owned(),
            false => format!("{joined}.{}", name.name.as_str()),
        };
        let file = self.file(module);
        let inner = self.target(module, &full);
        let outer = self.target(module, &joined);
        let mut any = false;
        let mut hidden = None;
        if let Some(other) = outer {
            for space in [Space::Callable, Space::Param, Space::Type, Space::Module] {
                let names = self.scopes[other].space(space);
                let Some(target) = names.get(name.name.as_str()).cloned() else {
                    continue;
                };
                let is_visible = target.public || target.def == Def::Silent;
                // A module that the other one uses for itself does not hide a file.
                let is_own = matches!(space, Space::Module) || target.is_used && inner.is_some();
                if !is_visible && is_own {
                    continue;
                }
                any = true;
                if !is_visible {
                    hidden = Some(target.clone());
                }
                add(space, entry(target.def, file));
            }
        }
        if let Some(index) = inner.filter(|_| !any) {
            any = true;
            add(Space::Module, entry(Def::Module(index), file));
            self.note_use(module, index, name);
        } else if let Some(other) = outer {
            self.note_use(module, other, name);
        }
        if let Some(target) = hidden {
            self.not_public(module, &name.name, &target, &joined);
        }
        if any {
            return;
        }
        for space in [Space::Callable, Space::Param, Space::Type, Space::Module] {
            let is_type = matches!(space, Space::Type);
            if is_type == here.is_upper() {
                add(space, self.silent(module, here.span, true));
            }
        }
        self.scopes[module].is_open = true;
        if path.first() == Some(&LIBRARY) {
            return self.unknown_std(module, &used.module, &name.name);
        }
        let unreadable = &self.modules[module].unreadable;
        if unreadable.contains(&joined) || unreadable.contains(&full) {
            return;
        }
        if let Some(other) = outer.filter(|other| !self.scopes[*other].is_open) {
            missing.push((
                module,
                other,
                self.unknown_use(module, other, &joined, name),
            ));
        }
    }

    fn note_use(&mut self, from: usize, to: usize, name: &ast::UseName) {
        let span = name.name.span;
        self.uses.push(Use { from, to, span });
    }

    /// The module that a path leads to which a `use` of a module names.
    fn target(&self, module: usize, path: &str) -> Option<usize> {
        let targets = &self.modules[module].targets;
        match targets.get(path) {
            Some(path) => self.module_index(path),
            None => self
                .module_index(path)
                .filter(|index| self.modules[*index].is_library),
        }
    }

    /// The module that the program knows by a path.
    pub(super) fn module_index(&self, path: &str) -> Option<usize> {
        let is_named = |module: &super::Module| module.path == path && module.owner.is_none();
        self.modules.iter().position(is_named)
    }

    pub(super) fn not_public(&mut self, module: usize, name: &Name, target: &Entry, path: &str) {
        let file = self.file(module);
        let (there, help) = match target.is_used {
            true => (
                "brought in here, without `pub`",
                "write `pub` before this `use`",
            ),
            false => (
                "declared here, without `pub`",
                "write `pub` before its declaration",
            ),
        };
        self.report(
            Diagnostic::error(
                codes::NOT_PUBLIC,
                file,
                name.span,
                format!("`{}` of module `{path}` is not public", name.text),
            )
            .label("not public")
            .and_in(target.file, target.span, there)
            .help(help),
        );
    }

    /// A name that a module does not declare.
    fn unknown_use(
        &self,
        module: usize,
        other: usize,
        path: &str,
        name: &ast::UseName,
    ) -> Diagnostic {
        let scope = &self.scopes[other];
        let spaces = [&scope.callables, &scope.params, &scope.types];
        let names = spaces.into_iter().flatten();
        let visible = names.filter(|(_, entry)| entry.public || !entry.is_used);
        let near = nearest(name.name.as_str(), visible.map(|(name, _)| name.as_str()));
        let diagnostic = Diagnostic::error(
            codes::NOT_IN_MODULE,
            self.file(module),
            name.name.span,
            format!("module `{path}` has no `{}`", name.name.text),
        )
        .label("not declared there");
        match near {
            Some(near) => diagnostic.fix(
                format!("did you mean `{near}`?"),
                name.name.span,
                near.to_owned(),
            ),
            None => diagnostic.help("look the name up in the module's file"),
        }
    }

    /// A path into the standard library that leads nowhere.
    pub(super) fn unknown_std(&mut self, module: usize, path: &[Name], name: &Name) {
        let file = self.file(module);
        let inner: Vec<&str> = path.iter().skip(1).map(Name::as_str).collect();
        let full: Vec<&str> = path.iter().map(Name::as_str).collect();
        let message = format!(
            "the standard library has no `{}.{}`",
            full.join("."),
            name.text
        );
        let diagnostic =
            Diagnostic::error(codes::NOT_IN_STD, file, name.span, message).label("not there");
        let names = library::names_in(&inner.join("."));
        let elsewhere = library::modules_with(name.as_str());
        let diagnostic = match (
            nearest(name.as_str(), names.iter().copied()),
            elsewhere.first(),
        ) {
            (Some(near), _) => diagnostic.fix(
                format!("did you mean `{near}`?"),
                name.span,
                near.to_owned(),
            ),
            (None, Some(module)) => diagnostic.help(format!("it is `std.{module}.{}`", name.text)),
            (None, None) if names.is_empty() => diagnostic.help(format!(
                "its modules are {}",
                library::modules()
                    .map(|module| format!("`std.{module}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            (None, None) => diagnostic.help(format!("it has `{}`", names.join("`, `"))),
        };
        self.report(diagnostic);
    }

    /// Reports names that `use` brings in and nothing reads.
    pub(super) fn report_unused(&mut self) {
        let mut found = Vec::new();
        for (module, scope) in self.scopes.iter().enumerate() {
            if self.modules[module].is_broken || self.modules[module].is_library {
                continue;
            }
            let spaces = [
                &scope.callables,
                &scope.params,
                &scope.types,
                &scope.modules,
            ];
            for (name, entry) in spaces.into_iter().flatten() {
                let used = self.used.get(&module);
                let is_read = used.is_some_and(|used| used.contains(name));
                if entry.is_used && !entry.public && entry.def != Def::Silent && !is_read {
                    found.push((entry.file, entry.span, name.clone()));
                }
            }
        }
        for (file, span, name) in found {
            self.report(
                Diagnostic::lint(
                    codes::UNUSED_USE,
                    file,
                    span,
                    format!("nothing reads `{name}`, which is brought in here"),
                )
                .label("not read in this file")
                .help("remove it; a slip of the pen otherwise"),
            );
        }
    }
}
