//! Types as written, and how types fit together.
//!
//! Invariants: [`poison`] stands for a type that could not be found out and fits everything; a
//! [`hole`] is the element type of `None`, `[]` or `{}` before a place gives it one. Neither is left
//! in a program without diagnostics.

use sheaf_ir::Type;

use super::Checker;
use super::generic::Bindings;
use super::names::Def;
use super::suggest::nearest;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Literal, TypeKind};

/// A type alias on the way to its meaning.
pub(super) struct Alias<'a> {
    module: usize,
    item: &'a ast::TypeAlias,
    state: AliasState,
}

enum AliasState {
    Fresh,
    InProgress,
    Known(Type),
}

impl<'a> Alias<'a> {
    pub(super) fn new(module: usize, item: &'a ast::TypeAlias) -> Self {
        let state = AliasState::Fresh;
        Self {
            module,
            item,
            state,
        }
    }
}

/// The type of what is wrong and has been reported.
pub(super) fn poison() -> Type {
    Type::Named("?".to_owned())
}

/// A type that the place will tell.
pub(super) fn hole() -> Type {
    Type::Named("_".to_owned())
}

fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Named(other) => other == name,
        Type::Option(inner) | Type::List(inner) | Type::Set(inner) => is_named(inner, name),
        Type::Map(key, value) => is_named(key, name) || is_named(value, name),
        Type::Tuple(parts) => parts.iter().any(|part| is_named(part, name)),
        _ => false,
    }
}

/// True if something in the type is poison.
pub(super) fn is_poisoned(ty: &Type) -> bool {
    is_named(ty, "?")
}

/// True if something in the type is a hole.
pub(super) fn has_hole(ty: &Type) -> bool {
    is_named(ty, "_")
}

/// True if the types are equal as far as they are known.
pub(super) fn agree(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Named(a), Type::Named(b)) if a == b => true,
        (Type::Named(name), _) | (_, Type::Named(name)) if name == "?" || name == "_" => true,
        (Type::Option(a), Type::Option(b))
        | (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b)) => agree(a, b),
        (Type::Map(a, c), Type::Map(b, d)) => agree(a, b) && agree(c, d),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b))
        }
        _ => a == b,
    }
}

/// A type as a user writes it: names without their modules.
pub(super) fn show(ty: &Type) -> String {
    short_name(&qualified(ty))
}

/// Every name in the text of a type without its module, and type parameters as they are written.
pub(super) fn short_name(text: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || "_.'#".contains(character);
    let mut short = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(length);
        let name = name.split('#').next().unwrap_or(name);
        let name = name.trim_start_matches('\'');
        short.push_str(name.rsplit('.').next().unwrap_or(name));
        let between = behind.find(is_part).unwrap_or(behind.len());
        short.push_str(&behind[..between]);
        rest = &behind[between..];
    }
    short
}

/// A type with the qualified names of records and enums.
pub(super) fn qualified(ty: &Type) -> String {
    match ty {
        Type::Bool => "Bool".into(),
        Type::Int => "Int".into(),
        Type::Nat => "Nat".into(),
        Type::Float => "Float".into(),
        Type::Decimal(places) => format!("Decimal({places})"),
        Type::String => "String".into(),
        Type::Bytes => "Bytes".into(),
        Type::Date => "Date".into(),
        Type::Time => "Time".into(),
        Type::Duration => "Duration".into(),
        Type::Id => "Id".into(),
        Type::RowId => "RowId".into(),
        Type::Option(inner) => format!("Option<{}>", qualified(inner)),
        Type::List(inner) => format!("List<{}>", qualified(inner)),
        Type::Set(inner) => format!("Set<{}>", qualified(inner)),
        Type::Map(key, value) => format!("Map<{}, {}>", qualified(key), qualified(value)),
        Type::Tuple(parts) if parts.is_empty() => "Unit".into(),
        Type::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(qualified).collect();
            format!("({})", parts.join(", "))
        }
        Type::Named(name) => name.clone(),
    }
}

pub(super) const SCALARS: &[(&str, Type)] = &[
    ("Bool", Type::Bool),
    ("Bytes", Type::Bytes),
    ("Date", Type::Date),
    ("Duration", Type::Duration),
    ("Float", Type::Float),
    ("Id", Type::Id),
    ("Int", Type::Int),
    ("Nat", Type::Nat),
    ("RowId", Type::RowId),
    ("String", Type::String),
    ("Time", Type::Time),
    ("Unit", Type::Tuple(Vec::new())),
];

pub(super) const CONTAINERS: &[(&str, usize)] =
    &[("List", 1), ("Map", 2), ("Option", 1), ("Set", 1)];

pub(super) const COMBINERS: &[&str] = &[
    "All", "Any", "Avg", "Count", "Lww", "Map", "Max", "Min", "One", "Rev", "Set", "Sorted", "Sum",
    "Top",
];

/// The deepest a type may nest, through aliases.
const MAX_TYPE_DEPTH: usize = 100;

/// The most places of a Decimal: 10¹⁸ is the last power of ten in 64 bits.
pub(super) const MAX_PLACES: i128 = 18;

impl Checker<'_> {
    /// The meaning of a written type; poison if it has none.
    pub(super) fn resolve_type(&mut self, module: usize, ty: &ast::Type) -> Type {
        self.type_depth += 1;
        let resolved = match self.type_depth > MAX_TYPE_DEPTH {
            true => self.too_deep(module, ty.span),
            false => self.resolve_type_kind(module, ty),
        };
        self.type_depth -= 1;
        resolved
    }

    fn too_deep(&mut self, module: usize, span: Span) -> Type {
        let file = self.file(module);
        let message =
            format!("with its aliases this type is nested more than {MAX_TYPE_DEPTH} levels deep");
        self.report(
            Diagnostic::error(codes::TOO_LARGE, file, span, message)
                .label("too deep")
                .help("put a record between"),
        );
        poison()
    }

    fn resolve_type_kind(&mut self, module: usize, ty: &ast::Type) -> Type {
        let (path, generics, arguments) = match &ty.kind {
            TypeKind::Error => return poison(),
            TypeKind::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.resolve_type(module, part));
                return Type::Tuple(parts.collect());
            }
            TypeKind::Named {
                path,
                generics,
                arguments,
            } => (path, generics, arguments),
        };
        let name = path.last();
        if let ([only], Some(ty)) = (&path.names[..], self.type_arguments.get(name.as_str())) {
            let resolved = ty.clone();
            self.expect_arity(module, only.span, name.as_str(), generics.len(), 0);
            return resolved;
        }
        let def = self.type_path(module, path);
        if let Some(def) = def {
            let resolved = match def {
                Def::Nominal(name) => Type::Named(name),
                Def::Alias(index) => self.resolve_alias(index, module, ty.span),
                Def::Lattice(index) => self.lattice_type(index),
                Def::Template(index) => {
                    return self.resolve_template(module, ty.span, index, generics);
                }
                _ => return poison(),
            };
            self.expect_arity(module, ty.span, name.as_str(), generics.len(), 0);
            return resolved;
        }
        if path.names.len() > 1 {
            return self.unknown_type(module, path);
        }
        let places = match arguments.as_slice() {
            [] => None,
            [argument] if name.as_str() == "Decimal" => Some(argument),
            [first, ..] => {
                self.superfluous_arguments(module, first.span, name.as_str());
                return poison();
            }
        };
        if name.as_str() == "Decimal" {
            self.expect_arity(module, ty.span, "Decimal", generics.len(), 0);
            return self.resolve_decimal(module, ty.span, places);
        }
        if let Some((_, scalar)) = SCALARS.iter().find(|(scalar, _)| *scalar == name.as_str()) {
            self.expect_arity(module, ty.span, name.as_str(), generics.len(), 0);
            return scalar.clone();
        }
        let container = CONTAINERS
            .iter()
            .find(|(container, _)| *container == name.as_str());
        if let Some((container, arity)) = container {
            let mut inner = generics
                .iter()
                .map(|ty| Box::new(self.resolve_type(module, ty)))
                .collect::<Vec<_>>();
            if !self.expect_arity(module, ty.span, container, inner.len(), *arity) {
                return poison();
            }
            return match (*container, inner.pop(), inner.pop()) {
                ("List", Some(element), _) => Type::List(element),
                ("Set", Some(element), _) => Type::Set(element),
                ("Option", Some(element), _) => Type::Option(element),
                (_, Some(value), Some(key)) => Type::Map(key, value),
                _ => poison(),
            };
        }
        if COMBINERS.contains(&name.as_str()) {
            let file = self.file(module);
            self.report(
                Diagnostic::error(
                    codes::NOT_A_TYPE,
                    file,
                    ty.span,
                    format!("`{}` is a combiner, and a type is needed", name.text),
                )
                .label("not a type")
                .note("A combiner follows `->` in a declaration and says how contributions to one key merge.")
                .help("write the type of the values"),
            );
            return poison();
        }
        self.unknown_type(module, path)
    }

    /// What a path of types means: a declared name, perhaps through a module.
    pub(super) fn type_path(&mut self, module: usize, path: &ast::Path) -> Option<Def> {
        if let [name] = path.names.as_slice() {
            return self.type_name(module, name.as_str());
        }
        if let Some((other, [name])) = self.through_module(module, &path.names) {
            return self.public_type(module, other, name);
        }
        match (
            self.type_name(module, path.names[0].as_str()),
            &path.names[1..],
        ) {
            (Some(Def::Silent), _) => Some(Def::Silent),
            (Some(Def::Service(service)), [name]) => self.type_name(service, name.as_str()),
            _ => None,
        }
    }

    fn resolve_alias(&mut self, index: usize, module: usize, span: Span) -> Type {
        match &self.aliases[index].state {
            AliasState::Known(ty) => return ty.clone(),
            AliasState::InProgress => {
                let file = self.file(module);
                let name = self.aliases[index].item.name.text.clone();
                self.report(
                    Diagnostic::error(
                        codes::ENDLESS_TYPE,
                        file,
                        span,
                        format!("the alias `{name}` stands for itself"),
                    )
                    .label("leads back to itself")
                    .note("An alias is another name for a type, and is replaced by it.")
                    .help("use a `record` or an `enum`, which may hold lists of itself"),
                );
                self.aliases[index].state = AliasState::Known(poison());
                return poison();
            }
            AliasState::Fresh => {}
        }
        let (home, item) = (self.aliases[index].module, self.aliases[index].item);
        self.aliases[index].state = AliasState::InProgress;
        let nothing = Bindings::new();
        let ty = self.with_types(nothing, |checker| checker.resolve_type(home, &item.ty));
        if matches!(self.aliases[index].state, AliasState::InProgress) {
            self.aliases[index].state = AliasState::Known(ty.clone());
            return ty;
        }
        poison()
    }

    /// Gives every alias its meaning, so that a wrong one is reported though nobody uses it.
    pub(super) fn resolve_aliases(&mut self) {
        let mut order: Vec<usize> = (0..self.aliases.len()).collect();
        order.sort_by_key(|index| {
            (
                self.aliases[*index].module,
                self.aliases[*index].item.name.text.clone(),
            )
        });
        for index in order {
            let (module, span) = (
                self.aliases[index].module,
                self.aliases[index].item.name.span,
            );
            self.resolve_alias(index, module, span);
        }
    }

    /// What an alias stands for, once aliases are resolved.
    pub(super) fn alias_type(&self, index: usize) -> Option<Type> {
        match &self.aliases[index].state {
            AliasState::Known(ty) => Some(ty.clone()),
            AliasState::Fresh | AliasState::InProgress => None,
        }
    }

    fn resolve_decimal(&mut self, module: usize, span: Span, places: Option<&ast::Expr>) -> Type {
        let number = match places.map(|places| &places.kind) {
            Some(ExprKind::Literal(Literal::Int(number))) => Some(*number),
            Some(ExprKind::Error) => return poison(),
            _ => None,
        };
        if let Some(number) = number.filter(|number| (0..=MAX_PLACES).contains(number)) {
            return Type::Decimal(number as u8);
        }
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::TYPE_ARGUMENTS,
                file,
                span,
                format!("`Decimal` needs its number of places, from 0 to {MAX_PLACES}"),
            )
            .label("how many places?")
            .help("write `Decimal(2)` for two places after the point"),
        );
        poison()
    }

    fn superfluous_arguments(&mut self, module: usize, span: Span, name: &str) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::TYPE_ARGUMENTS,
                file,
                span,
                format!("the type `{name}` takes nothing in parentheses"),
            )
            .label("not needed")
            .help("remove the parentheses; element types stand in `<…>`"),
        );
    }

    pub(super) fn expect_arity(
        &mut self,
        module: usize,
        span: Span,
        name: &str,
        found: usize,
        expected: usize,
    ) -> bool {
        if found == expected {
            return true;
        }
        let file = self.file(module);
        let message = match expected {
            0 => format!("the type `{name}` takes no types in `<…>`"),
            1 => format!("`{name}` needs one type in `<…>`, and there are {found}"),
            _ => format!("`{name}` needs {expected} types in `<…>`, and there are {found}"),
        };
        let example = match (name, expected) {
            (_, 0) => format!("write `{name}`"),
            ("Map", _) => "write `Map<String, Int>`, for example".to_owned(),
            _ => {
                let types = vec!["Int"; expected].join(", ");
                format!("write `{name}<{types}>`, for example")
            }
        };
        self.report(
            Diagnostic::error(codes::TYPE_ARGUMENTS, file, span, message)
                .label("wrong number of types")
                .help(example),
        );
        false
    }

    fn unknown_type(&mut self, module: usize, path: &ast::Path) -> Type {
        if self.scopes[module].is_open {
            return poison();
        }
        let name = path.last();
        let shown: Vec<&str> = path.names.iter().map(ast::Name::as_str).collect();
        let own = self.scopes[module].types.iter();
        let own = own
            .filter(|(_, entry)| entry.def != Def::Silent)
            .map(|(name, _)| name.as_str());
        let known = own
            .chain(SCALARS.iter().map(|(name, _)| *name))
            .chain(CONTAINERS.iter().map(|(name, _)| *name))
            .chain(["Decimal"]);
        let foreign = match name.as_str() {
            "Integer" | "Long" | "I64" | "BigInt" => Some("Int"),
            "Str" | "Text" | "Varchar" => Some("String"),
            "Boolean" => Some("Bool"),
            "Double" | "F64" | "Real" | "Number" => Some("Float"),
            "DateTime" | "Datetime" | "Timestamp" | "Instant" => Some("Time"),
            "Array" | "Vec" | "Seq" => Some("List"),
            "Maybe" | "Optional" => Some("Option"),
            "Dict" | "HashMap" => Some("Map"),
            "Uuid" | "UUID" => Some("Id"),
            _ => None,
        };
        let near = foreign
            .or_else(|| nearest(name.as_str(), known))
            .map(str::to_owned);
        let file = self.file(module);
        let diagnostic = Diagnostic::error(
            codes::UNKNOWN_TYPE,
            file,
            name.span,
            format!("there is no type `{}`", shown.join(".")),
        )
        .label("not declared");
        self.report(match near {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
            None => diagnostic.help("declare it with `record`, `enum` or `type`, or `use` it"),
        });
        if let [name] = path.names.as_slice() {
            // One message for each unknown name and file.
            self.silence_type(module, name);
        }
        poison()
    }
}
