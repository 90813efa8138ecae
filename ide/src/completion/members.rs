//! What stands behind a dot: of modules, services, enums and values.

use std::path::Path;

use sheaf_compiler::check::{ModuleNames, homes};
use sheaf_compiler::hir::print_type;
use sheaf_compiler::syntax::TokenKind;
use sheaf_compiler::syntax::ast::Name;
use sheaf_ir::Type;

use super::{CompletionKind, List};
use crate::declarations::Kind;
use crate::program::Program;

impl List<'_, '_> {
    /// What stands behind `use`.
    pub(super) fn modules(&mut self) {
        let path = self
            .cursor
            .before
            .iter()
            .skip(1)
            .filter(|token| matches!(token.kind, TokenKind::Lower | TokenKind::Upper));
        let path: Vec<&str> = path.map(|token| self.cursor.text(token)).collect();
        match path.as_slice() {
            [] => {
                self.word("std", CompletionKind::Module, "the standard library", 2);
                let folder = self.file.parent().unwrap_or(Path::new(""));
                let files = self
                    .analysis
                    .files()
                    .list(folder, "*.sheaf")
                    .unwrap_or_default();
                let own = self.file;
                for file in files.iter().filter(|file| *file != own) {
                    let name = file.file_stem().unwrap_or_default().to_string_lossy();
                    self.word(&name, CompletionKind::Module, "module", 1);
                }
            }
            ["std"] => {
                for (name, _) in sheaf_compiler::library::MODULES {
                    self.word(name, CompletionKind::Module, "module", 1);
                }
            }
            ["std", module, ..] => {
                if let Some(text) = sheaf_compiler::library::text(module) {
                    for name in sheaf_compiler::library::functions(text) {
                        self.word(
                            name,
                            CompletionKind::Declared(Kind::Function),
                            "function",
                            1,
                        );
                    }
                }
            }
            path => {
                let path = path.join(".");
                let modules = &self.cursor.program.survey().modules;
                let module = modules.iter().find(|module| module.path == path);
                if let Some(module) = module {
                    self.public(module);
                }
            }
        }
    }

    /// What others may use of a module.
    pub(super) fn public(&mut self, module: &ModuleNames) {
        let all = module
            .callables
            .iter()
            .chain(&module.types)
            .chain(&module.params);
        for (name, named) in all.filter(|(_, named)| named.is_public) {
            if let Some(declaration) = self.declaration(named.declared) {
                let kind = CompletionKind::Declared(declaration.kind);
                self.word(name, kind, &declaration.signature(), 1);
            }
        }
    }

    /// What stands behind a dot.
    pub(super) fn members(&mut self) {
        let cursor = self.cursor;
        let dot = cursor.before.len() - 1;
        let path = cursor.path_before(dot);
        let names = cursor.names_of(path);
        let names: Vec<&Name> = names.iter().collect();
        if !names.is_empty() {
            if let Some(module) = cursor.names.path(cursor.module, &names) {
                return self.of_module(module);
            }
            if let [name] = names.as_slice() {
                if name.as_str() == "std" {
                    for (module, _) in sheaf_compiler::library::MODULES {
                        self.word(module, CompletionKind::Module, "module", 1);
                    }
                    return;
                }
                if name.is_upper() {
                    return self.variants(name.as_str());
                }
            }
            if let [std, module] = names.as_slice()
                && std.as_str() == "std"
            {
                return self.of_library(module.as_str());
            }
        }
        if let Some(ty) = self.receiver_type() {
            self.of_value(&ty);
        }
    }

    pub(super) fn of_module(&mut self, module: &ModuleNames) {
        for (name, named) in &module.callables {
            let Some(declaration) = self.declaration(named.declared) else {
                continue;
            };
            if named.is_used || !(named.is_public || module.service.is_some()) {
                continue;
            }
            match declaration.is_function() {
                true => self.function(name.clone(), &declaration, false),
                false => self.atom(name.clone(), &declaration, true),
            }
        }
    }

    pub(super) fn variants(&mut self, name: &str) {
        let Some(named) = self.cursor.module.types.get(name) else {
            return;
        };
        let Some(declaration) = self.declaration(named.declared) else {
            return;
        };
        for part in declaration
            .parts
            .iter()
            .filter(|_| declaration.kind == Kind::Enum)
        {
            let kind = CompletionKind::Declared(Kind::Variant);
            self.word(&part.name, kind, &part.ty, 1);
        }
    }

    /// Functions of a module of the library that the program may not have loaded.
    pub(super) fn of_library(&mut self, module: &str) {
        for declaration in self.analysis.library(module) {
            self.function(declaration.name.clone(), &declaration, false);
        }
    }

    pub(super) fn of_value(&mut self, ty: &Type) {
        for module in homes(ty) {
            for declaration in self.analysis.library(module) {
                let first = declaration.parts.first().map(|part| part.ty.as_str());
                if first.is_some_and(|first| may_be(first, ty)) {
                    self.function(declaration.name.clone(), &declaration, true);
                }
            }
        }
        let Type::Named(record) = ty else { return };
        let record = record.rsplit('.').next().unwrap_or(record);
        let all = self.cursor.program.declarations().all().iter();
        let records = all.filter(|declaration| declaration.kind == Kind::Record);
        for declaration in records.filter(|declaration| declaration.name == record) {
            for part in &declaration.parts {
                self.word(
                    &part.name,
                    CompletionKind::Declared(Kind::Column),
                    &part.ty,
                    0,
                );
            }
        }
    }

    /// The type of what stands before the dot at the cursor.
    pub(super) fn receiver_type(&self) -> Option<Type> {
        let cursor = self.cursor;
        let end = cursor.before.iter().rev().nth(1)?.span.end;
        let of = |program: &Program| {
            let typed = program.survey().expressions.iter();
            let typed = typed.filter(|typed| typed.file == Program::ROOT && typed.span.end == end);
            // The largest is what the dot applies to.
            typed
                .min_by_key(|typed| typed.span.start)
                .map(|typed| typed.ty.clone())
        };
        // With the statement finished, and a member that nothing has.
        let text = cursor.program.text(Program::ROOT);
        let (before, after) = text.split_at_checked(cursor.offset as usize)?;
        let mut open = Vec::new();
        for token in cursor.before {
            match token.kind.closing() {
                Some(closing) => open.push(closing),
                None if token.kind.is_closing() => drop(open.pop()),
                None => {}
            }
        }
        let closing: String = open.iter().rev().map(|kind| kind.describe()).collect();
        let line = before.len() + after.find('\n').unwrap_or(after.len());
        let is_last = cursor.next.is_none_or(|next| {
            next.span.start as usize >= line && !next.kind.is_closing() || next.kind.begins_item()
        });
        let finished = match is_last {
            true => format!("{before}member{closing};{after}"),
            false => format!("{before}member{after}"),
        };
        of(&self.analysis.with(self.file, &finished)).or_else(|| of(cursor.program))
    }
}

/// Whether a parameter that is declared so may take a value of this type, as far as its head says.
fn may_be(declared: &str, ty: &Type) -> bool {
    let head = |text: &str| text.split(['<', '(']).next().unwrap_or_default().to_owned();
    let (declared, actual) = (head(declared), head(&print_type(ty)));
    // A type parameter is one capital letter.
    declared.len() == 1
        || declared == actual
        || matches!((&*declared, &*actual), ("Int", "Nat"))
        || declared.is_empty()
}
