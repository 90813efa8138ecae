//! Looking names up in what the checker found.

use std::collections::HashMap;

use sheaf_compiler::check::{ModuleNames, Named, homes, prelude};
use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::ast::Name;
use sheaf_ir::Type;

use crate::program::Program;

/// A declaration, by the place of its name.
pub(crate) type Target = (FileId, Span);

/// Names and types of one program.
pub(crate) struct Names<'p> {
    pub(crate) program: &'p Program,
    /// Types of expressions of one file.
    expressions: HashMap<Span, &'p Type>,
    /// Records and enums by qualified name.
    nominal: HashMap<String, Target>,
}

impl<'p> Names<'p> {
    /// For questions about one file.
    pub(crate) fn new(program: &'p Program, file: FileId) -> Names<'p> {
        let survey = program.survey();
        let expressions = survey.expressions.iter().filter(|typed| typed.file == file);
        let mut nominal = HashMap::new();
        for module in &survey.modules {
            let own = module.types.iter().filter(|(_, named)| !named.is_used);
            for (name, named) in own {
                nominal.insert(qualified(module, name), named.declared);
            }
        }
        Names {
            program,
            expressions: expressions.map(|typed| (typed.span, &typed.ty)).collect(),
            nominal,
        }
    }

    /// The type of the expression at a place.
    pub(crate) fn expression(&self, span: Span) -> Option<&'p Type> {
        self.expressions.get(&span).copied()
    }

    pub(crate) fn module(&self, index: usize) -> Option<&'p ModuleNames> {
        self.program.survey().modules.get(index)
    }

    /// The names that the top level of a file knows.
    pub(crate) fn of_file(&self, file: FileId) -> Option<&'p ModuleNames> {
        let mut modules = self.program.survey().modules.iter();
        modules.find(|module| module.file == file && module.service.is_none())
    }

    /// The names that a service knows whose name stands there.
    pub(crate) fn of_service(&self, file: FileId, name: Span) -> Option<&'p ModuleNames> {
        let mut modules = self.program.survey().modules.iter();
        modules.find(|module| module.file == file && module.service == Some(name))
    }

    /// What a name before `(` stands for.
    pub(crate) fn callable(&self, module: &ModuleNames, name: &str) -> Option<Target> {
        match module.callables.get(name) {
            Some(named) => Some(named.declared),
            None if prelude().contains(&name) => self.library("math", name),
            None => None,
        }
    }

    /// A function of the library.
    pub(crate) fn library(&self, module: &str, name: &str) -> Option<Target> {
        let module = self.library_module(module)?;
        let named = module.callables.get(name)?;
        (named.is_public && !named.is_used).then_some(named.declared)
    }

    pub(crate) fn library_module(&self, name: &str) -> Option<&'p ModuleNames> {
        let mut modules = self.program.survey().modules.iter();
        modules.find(|module| module.path.strip_prefix("std.") == Some(name))
    }

    /// What a member of a value of this type is.
    pub(crate) fn member(&self, ty: &Type, name: &str) -> Option<Target> {
        homes(ty)
            .into_iter()
            .find_map(|module| self.library(module, name))
    }

    /// The field of a record.
    pub(crate) fn field(&self, ty: &Type, name: &str) -> Option<Target> {
        let Type::Named(record) = ty else { return None };
        let plain = record.split('<').next().unwrap_or(record);
        self.part(*self.nominal.get(plain)?, name)
    }

    /// A column, field, parameter or variant of a declaration.
    pub(crate) fn part(&self, of: Target, name: &str) -> Option<Target> {
        let declaration = self.program.declarations().at(of.0, of.1)?;
        let part = declaration.parts.iter().find(|part| part.name == name)?;
        Some((of.0, part.span))
    }

    /// The module or service that names before a dot lead to, as seen from another.
    pub(crate) fn path(&self, from: &'p ModuleNames, path: &[&Name]) -> Option<&'p ModuleNames> {
        let (first, rest) = path.split_first()?;
        let named = match first.is_upper() {
            true => from.types.get(first.as_str()),
            false => from.modules.get(first.as_str()),
        };
        let found = named.and_then(|named: &Named| self.module(named.module?));
        match (found, rest) {
            (Some(module), []) => Some(module),
            (Some(module), rest) => self.path(module, rest),
            (None, [module]) if first.as_str() == "std" => self.library_module(module.as_str()),
            (None, _) => None,
        }
    }
}

fn qualified(module: &ModuleNames, name: &str) -> String {
    match module.path.is_empty() {
        true => name.to_owned(),
        false => format!("{}.{name}", module.path),
    }
}
