//! Generic types: each use is a copy of its own, named with its types (`Pair<Int, String>`).
//!
//! Invariants:
//! - A type parameter is *rigid* within its declaration: a type of its own, of which nothing is known
//!   but that its values can be compared. Rigid types never leave the checker.
//! - A copy is made once; while its parts are found out it can already be named, so that a type may
//!   hold lists of itself.

use std::collections::BTreeMap;

use sheaf_ir::{Nominal, Type};

use super::Checker;
use super::types::{has_hole, is_poisoned, poison, qualified};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Name};

/// A declaration with type parameters.
pub(super) struct Template<'a> {
    pub(super) module: usize,
    /// Qualified name.
    pub(super) name: String,
    pub(super) item: TemplateItem<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum TemplateItem<'a> {
    Record(&'a ast::Record),
    Enum(&'a ast::Enum),
    Alias(&'a ast::TypeAlias),
}

impl<'a> Template<'a> {
    pub(super) fn generics(&self) -> &'a [Name] {
        match self.item {
            TemplateItem::Record(item) => &item.generics,
            TemplateItem::Enum(item) => &item.generics,
            TemplateItem::Alias(item) => &item.generics,
        }
    }

    pub(super) fn declared(&self) -> &'a Name {
        match self.item {
            TemplateItem::Record(item) => &item.name,
            TemplateItem::Enum(item) => &item.name,
            TemplateItem::Alias(item) => &item.name,
        }
    }
}

/// What type parameters stand for.
pub(super) type Bindings = BTreeMap<String, Type>;

/// The type of a type parameter within the declaration `owner`.
pub(super) fn rigid(owner: &str, name: &str) -> Type {
    Type::Named(format!("'{name}#{owner}"))
}

/// True if a type parameter is part of the type.
pub(super) fn is_rigid(ty: &Type) -> bool {
    match ty {
        Type::Named(name) => name.contains('\''),
        Type::Option(inner) | Type::List(inner) | Type::Set(inner) => is_rigid(inner),
        Type::Map(key, value) => is_rigid(key) || is_rigid(value),
        Type::Tuple(parts) => parts.iter().any(is_rigid),
        _ => false,
    }
}

impl<'a> Checker<'a> {
    /// Runs `inner` with these meanings of type parameters, and no others.
    pub(super) fn with_types<T>(
        &mut self,
        arguments: Bindings,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outside = std::mem::replace(&mut self.type_arguments, arguments);
        let result = inner(self);
        self.type_arguments = outside;
        result
    }

    /// The type parameters of a declaration as types of their own.
    pub(super) fn rigid_types(
        &mut self,
        module: usize,
        generics: &[Name],
        owner: &str,
    ) -> Bindings {
        self.refuse_doubles(module, generics.iter(), "type parameter");
        generics
            .iter()
            .map(|name| (name.as_str().to_owned(), rigid(owner, name.as_str())))
            .collect()
    }

    /// The copy of a generic type at these types.
    pub(super) fn instantiate(&mut self, index: usize, types: Vec<Type>) -> Type {
        if types.iter().any(is_poisoned) {
            return poison();
        }
        let template = &self.templates[index];
        let (module, item) = (template.module, template.item);
        let names = template.generics().iter();
        let bindings: Bindings = names
            .map(|name| name.as_str().to_owned())
            .zip(types.iter().cloned())
            .collect();
        if let TemplateItem::Alias(alias) = item {
            return self.with_types(bindings, |checker| checker.resolve_type(module, &alias.ty));
        }
        let shown: Vec<String> = types.iter().map(qualified).collect();
        let name = format!("{}<{}>", template.name, shown.join(", "));
        if types.iter().any(has_hole) {
            return poison();
        }
        if !self.instances.contains_key(&name) {
            self.instances.insert(name.clone(), (index, types));
            let nominal = self.with_types(bindings, |checker| match item {
                TemplateItem::Record(record) => {
                    Nominal::Record(checker.fields(module, &record.fields))
                }
                TemplateItem::Enum(item) => Nominal::Enum(checker.variants(module, item)),
                TemplateItem::Alias(_) => Nominal::Record(Vec::new()),
            });
            self.types.insert(name.clone(), nominal);
        }
        Type::Named(name)
    }

    /// The fields of a record, each name once.
    pub(super) fn fields(&mut self, module: usize, columns: &[ast::Column]) -> Vec<(String, Type)> {
        let mut fields: Vec<(String, Type)> = Vec::new();
        for field in columns {
            let ty = self.resolve_type(module, &field.ty);
            if !fields.iter().any(|(name, _)| name == field.name.as_str()) {
                fields.push((field.name.as_str().to_owned(), ty));
            }
        }
        fields
    }

    /// The variants of an enum, each name once.
    pub(super) fn variants(&mut self, module: usize, item: &ast::Enum) -> Vec<(String, Vec<Type>)> {
        let mut variants: Vec<(String, Vec<Type>)> = Vec::new();
        for variant in &item.variants {
            let types = variant.types.iter();
            let types = types.map(|ty| self.resolve_type(module, ty)).collect();
            let name = variant.name.as_str();
            if !variants.iter().any(|(known, _)| known == name) {
                variants.push((name.to_owned(), types));
            }
        }
        variants
    }

    /// Finds what the type parameters in `pattern` must be so that it is `found`: adds to `bindings`.
    /// A Nat may widen to an Int. False if there is no way.
    pub(super) fn infer_types(
        &self,
        pattern: &Type,
        found: &Type,
        bindings: &mut Bindings,
    ) -> bool {
        if is_poisoned(found) || is_poisoned(pattern) {
            return true;
        }
        match (pattern, found) {
            (Type::Named(name), _) if name.starts_with('\'') && bindings.contains_key(name) => {
                let known = bindings[name].clone();
                let is_wider = has_hole(&known) || known == Type::Nat && *found == Type::Int;
                if is_wider {
                    bindings.insert(name.clone(), found.clone());
                }
                is_wider
                    || has_hole(found)
                    || super::types::agree(&known, found)
                    || known == Type::Int && *found == Type::Nat
            }
            (Type::Named(name), _) if name.starts_with('\'') => {
                bindings.insert(name.clone(), found.clone());
                true
            }
            (Type::Named(a), Type::Named(b)) => {
                match (self.instances.get(a), self.instances.get(b)) {
                    (Some((one, inner)), Some((other, types))) if one == other => inner
                        .iter()
                        .zip(types)
                        .all(|(inner, ty)| self.infer_types(inner, ty, bindings)),
                    _ => a == b || b == "_",
                }
            }
            (Type::Option(a), Type::Option(b))
            | (Type::List(a), Type::List(b))
            | (Type::Set(a), Type::Set(b)) => self.infer_types(a, b, bindings),
            (Type::Map(a, c), Type::Map(b, d)) => {
                self.infer_types(a, b, bindings) && self.infer_types(c, d, bindings)
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| self.infer_types(a, b, bindings))
            }
            (Type::Int, Type::Nat) => true,
            _ => pattern == found,
        }
    }

    /// The type with its type parameters replaced, as far as `bindings` has them; an open one is a hole.
    pub(super) fn substitute(&mut self, ty: &Type, bindings: &Bindings) -> Type {
        let boxed = |checker: &mut Self, ty: &Type| Box::new(checker.substitute(ty, bindings));
        match ty {
            Type::Named(name) if name.starts_with('\'') => match bindings.get(name) {
                Some(ty) => ty.clone(),
                None => super::types::hole(),
            },
            Type::Named(name) if name.contains('\'') => match self.instances.get(name).cloned() {
                Some((index, types)) => {
                    let types: Vec<Type> = types
                        .iter()
                        .map(|ty| self.substitute(ty, bindings))
                        .collect();
                    match types.iter().any(has_hole) {
                        true => super::types::hole(),
                        false => self.instantiate(index, types),
                    }
                }
                None => ty.clone(),
            },
            Type::Option(inner) => Type::Option(boxed(self, inner)),
            Type::List(inner) => Type::List(boxed(self, inner)),
            Type::Set(inner) => Type::Set(boxed(self, inner)),
            Type::Map(key, value) => Type::Map(boxed(self, key), boxed(self, value)),
            Type::Tuple(parts) => Type::Tuple(
                parts
                    .iter()
                    .map(|ty| self.substitute(ty, bindings))
                    .collect(),
            ),
            _ => ty.clone(),
        }
    }

    /// The copy of a template that `ty` is.
    pub(super) fn copy_of(&self, index: usize, ty: Option<&Type>) -> Option<String> {
        let Some(Type::Named(name)) = ty else {
            return None;
        };
        let (template, _) = self.instances.get(name)?;
        (*template == index).then(|| name.clone())
    }

    /// A template at its own type parameters, with what they are called: to infer what they stand for.
    pub(super) fn rigid_copy(&mut self, index: usize) -> Option<String> {
        let template = &self.templates[index];
        let (name, generics) = (template.name.clone(), template.generics());
        let types = generics
            .iter()
            .map(|generic| rigid(&name, generic.as_str()))
            .collect();
        match self.instantiate(index, types) {
            Type::Named(name) if name != "?" => Some(name),
            _ => None,
        }
    }

    /// Checks that a generic type gets as many types as it has parameters.
    pub(super) fn resolve_template(
        &mut self,
        module: usize,
        span: Span,
        index: usize,
        arguments: &[ast::Type],
    ) -> Type {
        let template = &self.templates[index];
        let (name, expected) = (template.declared().text.clone(), template.generics().len());
        let types: Vec<Type> = arguments
            .iter()
            .map(|ty| self.resolve_type(module, ty))
            .collect();
        match self.expect_arity(module, span, &name, types.len(), expected) {
            true => self.instantiate(index, types),
            false => poison(),
        }
    }

    /// Reports that nothing tells what a type parameter stands for.
    pub(super) fn untold_types(&mut self, module: usize, span: Span, what: &str) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::UNKNOWN_ELEMENT,
                file,
                span,
                format!("nothing tells the types of this {what}"),
            )
            .label("of which type?")
            .help("use it where its type is known: as a column, an argument, the result of a function"),
        );
    }
}
