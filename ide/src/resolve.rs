//! What every name in a file stands for.
//!
//! Names of declarations are looked up in what the checker found; variables are matched here, by the
//! scopes of rules, comprehensions and functions. Where a rule is wrong, its variables still have scopes.

mod blocks;
mod expressions;
mod rules;
mod scopes;

use std::collections::HashMap;

use sheaf_compiler::check::ModuleNames;
use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::ast::*;

use crate::names::{Names, Target};
use crate::program::Program;

/// A name and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Where it is written.
    pub span: Span,
    /// The file of the declaration.
    pub file: FileId,
    /// The name in the declaration; of a variable, the place that binds it; of a module, the start of
    /// its file.
    pub declared: Span,
    /// What the name does here.
    pub role: Role,
    /// It names a column or field and a variable at once, as in `plane(type: t, model)`.
    pub is_shorthand: bool,
}

/// What a name does where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is declared, or bound by a column.
    Declares,
    /// It is bound by `let`, `in` or `match`.
    Binds,
    /// Rows of it are made: the head of a rule, the target of an effect.
    Writes,
    /// It is read.
    Reads,
}

/// All names of a file that stand for something, in the order of the text.
pub(crate) fn resolve(program: &Program, file: FileId) -> Vec<Occurrence> {
    let names = Names::new(program, file);
    let (Some(parsed), Some(module)) = (program.tree(file), names.of_file(file)) else {
        return Vec::new();
    };
    let mut walker = Walker {
        names: &names,
        file,
        module,
        scopes: Vec::new(),
        found: Vec::new(),
        binding: Role::Declares,
    };
    walker.items(&parsed.tree.items);
    let mut found = walker.found;
    found.sort_by_key(|occurrence| (occurrence.span, occurrence.is_shorthand, occurrence.role));
    found.dedup_by_key(|occurrence| (occurrence.span, occurrence.file, occurrence.declared));
    found
}

struct Walker<'n, 'p> {
    names: &'n Names<'p>,
    file: FileId,
    module: &'p ModuleNames,
    /// Variables with the places that bind them, innermost scope last.
    scopes: Vec<HashMap<String, Span>>,
    found: Vec<Occurrence>,
    /// What the names of a pattern do that it binds.
    binding: Role,
}

impl<'p> Walker<'_, 'p> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        for attribute in &item.attributes {
            self.attribute(attribute);
        }
        match &item.kind {
            ItemKind::Use(used) => self.used(used),
            ItemKind::TypeAlias(alias) => {
                self.declares(&alias.name);
                self.ty(&alias.ty);
            }
            ItemKind::Record(record) => {
                self.declares(&record.name);
                self.columns(&record.fields);
            }
            ItemKind::Enum(declared) => {
                self.declares(&declared.name);
                for variant in &declared.variants {
                    self.declares(&variant.name);
                    self.types(&variant.types);
                }
            }
            ItemKind::Function(function) => {
                self.signature(&function.signature);
                let mut scope = HashMap::new();
                for column in &function.signature.columns {
                    scope.insert(column.name.as_str().to_owned(), column.name.span);
                }
                self.scopes.push(scope);
                self.block(&function.body);
                self.scopes.pop();
            }
            ItemKind::Lattice(lattice) => {
                self.declares(&lattice.name);
                self.ty(&lattice.on);
                for function in &lattice.functions {
                    self.item(function);
                }
            }
            ItemKind::Input(input) => {
                self.signature(&input.signature);
                self.connector(&input.source);
                if let Some(late) = &input.late {
                    self.expr(&late.bound);
                    let column = late.column.as_str();
                    let columns = &input.signature.columns;
                    if let Some(column) = columns.iter().find(|known| known.name.as_str() == column)
                    {
                        let target = (self.file, column.name.span);
                        self.reads(late.column.span, target);
                    }
                }
            }
            ItemKind::Param(param) => {
                self.declares(&param.name);
                self.ty(&param.ty);
                self.optional(param.default.as_ref());
            }
            ItemKind::View(signature)
            | ItemKind::Table(signature)
            | ItemKind::Event(signature)
            | ItemKind::Message(signature)
            | ItemKind::Request(signature) => self.signature(signature),
            ItemKind::Output(output) => {
                self.callable_path(
                    &output.relation.names.iter().collect::<Vec<_>>(),
                    Role::Reads,
                );
                self.connector(&output.sink);
            }
            ItemKind::Extern(foreign) => {
                if let Some(alias) = &foreign.alias {
                    self.declares(alias);
                }
                for member in &foreign.members {
                    self.signature(&member.signature);
                }
            }
            ItemKind::Timer(timer) => {
                self.declares(&timer.name);
                self.expr(&timer.every);
            }
            ItemKind::Service(service) => {
                self.declares(&service.name);
                self.inside(&service.name, HashMap::new(), &service.items);
            }
            ItemKind::Agent(agent) => {
                self.declares(&agent.name);
                self.columns(&agent.key);
                let keys = agent.key.iter();
                let keys = keys.map(|key| (key.name.as_str().to_owned(), key.name.span));
                self.inside(&agent.name, keys.collect(), &agent.items);
            }
            ItemKind::Coordinate(coordinate) => {
                self.declares(&coordinate.name);
                self.items(&coordinate.items);
            }
            ItemKind::On(on) => self.on(on),
            ItemKind::Rule(rule) => self.rule(rule),
            ItemKind::Test(test) => {
                self.scopes.push(HashMap::new());
                for statement in &test.statements {
                    self.test_statement(statement);
                }
                self.scopes.pop();
            }
            ItemKind::Error(_) => {}
        }
    }

    /// The items of a service, which knows more names.
    fn inside(&mut self, name: &Name, scope: HashMap<String, Span>, items: &[Item]) {
        let inner = self.names.of_service(self.file, name.span);
        let outer = self.module;
        self.module = inner.unwrap_or(outer);
        self.scopes.push(scope);
        self.items(items);
        self.scopes.pop();
        self.module = outer;
    }

    fn attribute(&mut self, attribute: &Attribute) {
        for argument in &attribute.arguments {
            self.expr(&argument.value);
        }
    }

    fn used(&mut self, used: &Use) {
        let path: Vec<&str> = used.module.iter().map(Name::as_str).collect();
        let path = path.join(".");
        let modules = &self.names.program.survey().modules;
        let leads = modules
            .iter()
            .find(|module| module.path == path && module.service.is_none());
        if let (Some(module), Some(last)) = (leads.filter(|_| !path.is_empty()), used.module.last())
        {
            self.reads(last.span, (module.file, Span::default()));
        }
        for name in &used.names {
            let here = name.alias.as_ref().unwrap_or(&name.name);
            let module = self.module;
            let spaces = [
                &module.callables,
                &module.params,
                &module.types,
                &module.modules,
            ];
            let named = spaces
                .into_iter()
                .find_map(|space| space.get(here.as_str()));
            if let Some(named) = named.filter(|named| named.is_used) {
                self.reads(name.name.span, named.declared);
                if let Some(alias) = &name.alias {
                    self.reads(alias.span, named.declared);
                }
            }
        }
    }

    fn signature(&mut self, signature: &Signature) {
        self.declares(&signature.name);
        self.columns(&signature.columns);
        if let Some(result) = &signature.result {
            self.ty(result);
        }
    }

    fn columns(&mut self, columns: &[Column]) {
        for column in columns {
            self.declares(&column.name);
            self.ty(&column.ty);
        }
    }

    fn types(&mut self, types: &[Type]) {
        for ty in types {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named {
                path,
                generics,
                arguments,
            } => {
                self.type_path(&path.names);
                self.types(generics);
                for argument in arguments {
                    self.expr(argument);
                }
            }
            TypeKind::Tuple(parts) => self.types(parts),
            TypeKind::Error => {}
        }
    }

    /// `Line`, `shop.Line`, `Cart.Line`
    fn type_path(&mut self, names: &[Name]) -> Option<Target> {
        let (last, before) = names.split_last()?;
        let module = self.leading(before)?;
        let target = module.types.get(last.as_str())?.declared;
        self.reads(last.span, target);
        Some(target)
    }

    /// The module that names before the last one lead to; those names are noted.
    fn leading(&mut self, before: &[Name]) -> Option<&'p ModuleNames> {
        let names: Vec<&Name> = before.iter().collect();
        self.leading_names(&names)
    }

    fn leading_names(&mut self, before: &[&Name]) -> Option<&'p ModuleNames> {
        let Some((last, _)) = before.split_last() else {
            return Some(self.module);
        };
        let module = self.names.path(self.module, before)?;
        self.reads(last.span, (module.file, module.service.unwrap_or_default()));
        Some(module)
    }

    /// A relation or function by its path.
    fn callable_path(&mut self, names: &[&Name], role: Role) -> Option<Target> {
        let (last, before) = names.split_last()?;
        let module = self.leading_names(before)?;
        let target = self.names.callable(module, last.as_str())?;
        self.note(last.span, target, role);
        Some(target)
    }

    fn connector(&mut self, connector: &Connector) {
        for argument in &connector.arguments {
            self.expr(&argument.value);
        }
    }

    // What is found

    fn declares(&mut self, name: &Name) {
        self.note(name.span, (self.file, name.span), Role::Declares);
    }

    fn reads(&mut self, span: Span, target: Target) {
        self.note(span, target, Role::Reads);
    }

    fn note_some(&mut self, span: Span, target: Option<Target>, role: Role) -> Option<Target> {
        self.note(span, target?, role);
        target
    }

    fn note(&mut self, span: Span, (file, declared): Target, role: Role) {
        self.found.push(Occurrence {
            span,
            file,
            declared,
            role,
            is_shorthand: false,
        });
    }
}

/// An expression that is names joined by dots.
fn path_of(expr: &Expr) -> Option<Vec<&Name>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![name]),
        ExprKind::Field { receiver, name } => {
            let mut path = path_of(receiver)?;
            path.push(name);
            Some(path)
        }
        _ => None,
    }
}
