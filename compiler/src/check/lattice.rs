//! Lattices of the program: `lattice L on T { fn bottom() -> T { … } fn join(a: T, b: T) -> T { … } }`.
//!
//! Invariant: a lattice is a type (that of its values), a combiner, and a place of functions: what it
//! declares is called `L.join(a, b)`. That its functions keep the laws is tested when the program is
//! about to run, not here.

use sheaf_ir::Type;

use super::Checker;
use super::function::Definition as Function;
use super::names::Def;
use super::types::{agree, is_poisoned, poison, show};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir;
use crate::syntax::ast::{self, ItemKind};

/// A lattice with what is known of it.
pub(super) struct Definition<'a> {
    module: usize,
    item: &'a ast::Lattice,
    /// Qualified name.
    pub(super) name: String,
    /// The type of its values, once it is known.
    ty: Option<Type>,
    /// Its functions by index into the checker's.
    functions: Vec<usize>,
}

impl<'a> Checker<'a> {
    /// Enters a lattice and its functions.
    pub(super) fn declare_lattice(
        &mut self,
        module: usize,
        item: &'a ast::Lattice,
        name: String,
    ) -> Def {
        let mut functions = Vec::new();
        for inner in &item.functions {
            let ItemKind::Function(function) = &inner.kind else {
                continue;
            };
            let own = format!("{name}.{}", function.signature.name.text);
            let mut definition = Function::new(module, function, own);
            definition.is_by_name = true;
            self.functions.push(definition);
            functions.push(self.functions.len() - 1);
        }
        self.lattices.push(Definition {
            module,
            item,
            name,
            ty: None,
            functions,
        });
        Def::Lattice(self.lattices.len() - 1)
    }

    /// The type of a lattice's values.
    pub(super) fn lattice_type(&mut self, index: usize) -> Type {
        if let Some(ty) = &self.lattices[index].ty {
            return ty.clone();
        }
        let (module, item) = (self.lattices[index].module, self.lattices[index].item);
        // A lattice on itself has no values.
        self.lattices[index].ty = Some(poison());
        let nothing = super::generic::Bindings::new();
        let ty = self.with_types(nothing, |checker| checker.resolve_type(module, &item.on));
        self.lattices[index].ty = Some(ty.clone());
        ty
    }

    /// What a lattice calls `name`.
    pub(super) fn lattice_function(&self, index: usize, name: &str) -> Option<Def> {
        let lattice = &self.lattices[index];
        let found = lattice
            .functions
            .iter()
            .find(|index| self.functions[**index].item.signature.name.as_str() == name)?;
        Some(Def::Function(*found))
    }

    /// Checks that every lattice has its two functions, and enters it into the program.
    pub(super) fn check_lattices(&mut self) {
        for index in 0..self.lattices.len() {
            let ty = self.lattice_type(index);
            let (module, item) = (self.lattices[index].module, self.lattices[index].item);
            self.refuse_others(module, item);
            let bottom = self.lattice_part(index, "bottom", &ty, 0);
            let join = self.lattice_part(index, "join", &ty, 2);
            if let (Some(bottom), Some(join)) = (bottom, join) {
                let span = self.span(module, item.name.span);
                let lattice = hir::Lattice {
                    ty,
                    bottom,
                    join,
                    span,
                };
                let name = self.lattices[index].name.clone();
                self.program.lattices.insert(name, lattice);
            }
        }
    }

    /// Reports what stands in a lattice and is no function, and functions that stand there twice.
    fn refuse_others(&mut self, module: usize, item: &'a ast::Lattice) {
        let file = self.file(module);
        for inner in &item.functions {
            if !matches!(inner.kind, ItemKind::Function(_) | ItemKind::Error(_)) {
                self.report(
                    Diagnostic::error(
                        codes::LATTICE_PART,
                        file,
                        inner.span,
                        format!("the lattice `{}` can only hold functions", item.name.text),
                    )
                    .label("not a function")
                    .help("declare it outside of the lattice"),
                );
            }
        }
        let names = item.functions.iter().filter_map(|inner| match &inner.kind {
            ItemKind::Function(function) => Some(&function.signature.name),
            _ => None,
        });
        self.refuse_doubles(module, names, "function");
    }

    /// The qualified name of `bottom` or `join`; reports one that is missing or has other types.
    fn lattice_part(
        &mut self,
        index: usize,
        name: &str,
        ty: &Type,
        arity: usize,
    ) -> Option<String> {
        let lattice = &self.lattices[index];
        let (module, item) = (lattice.module, lattice.item);
        let file = self.file(module);
        let wanted = match arity {
            0 => format!("fn {name}() -> {}", show(ty)),
            _ => format!("fn {name}(a: {0}, b: {0}) -> {0}", show(ty)),
        };
        let Some(Def::Function(found)) = self.lattice_function(index, name) else {
            let is_damaged = item
                .functions
                .iter()
                .any(|f| matches!(f.kind, ItemKind::Error(_)));
            if !is_damaged && !is_poisoned(ty) {
                self.report(
                    Diagnostic::error(
                        codes::LATTICE_PART,
                        file,
                        item.name.span,
                        format!("the lattice `{}` lacks the function `{name}`", item.name.text),
                    )
                    .label(format!("`{name}` is missing"))
                    .note("A lattice has a least value, `bottom`, and the least value above two others, `join`.")
                    .help(format!("add `{wanted} {{ … }}`")),
                );
            }
            return None;
        };
        let function = &self.functions[found];
        if function.is_broken || is_poisoned(ty) {
            return None;
        }
        let fits = function.parameters.len() == arity
            && function.item.generics.is_empty()
            && function
                .parameters
                .iter()
                .chain([&function.result])
                .all(|found| agree(found, ty));
        if !fits {
            let span = function.item.signature.name.span;
            self.report(
                Diagnostic::error(
                    codes::LATTICE_PART,
                    file,
                    span,
                    format!(
                        "`{name}` of the lattice `{}` has other types",
                        item.name.text
                    ),
                )
                .label("does not fit the lattice")
                .and(item.on.span, format!("its values are `{}`", show(ty)))
                .help(format!("write `{wanted} {{ … }}`")),
            );
            return None;
        }
        Some(function.name.clone())
    }
}
