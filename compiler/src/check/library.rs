//! The standard library as the checker sees it: ordinary modules, some of whose functions the IR has.
//!
//! A module of the library names such functions in `extern intrinsic "…" { fn lower(text: String) -> String; }`;
//! `@name("join_text")` gives the IR's name where it differs. What is written there serves to read and to
//! infer; whether a function is defined for some types [`Function::result_type`] decides.
//!
//! `x.f(…)` is the function `f` of the module of x's type, or else of `std.convert`, with `x` before
//! the other arguments.

use sheaf_ir::{Function, Type};

use super::Checker;
use super::generic::rigid;
use super::names::Def;
use crate::library::MODULES;
use crate::library::functions;
use crate::syntax::ast::{self, ExprKind, Literal};

/// A function of the library that the IR has.
pub(super) struct Intrinsic<'a> {
    pub(super) module: usize,
    pub(super) member: &'a ast::ExternMember,
    pub(super) function: Function,
    /// Types of the parameters; type parameters are rigid.
    pub(super) parameters: Vec<Type>,
    /// Type of the result.
    pub(super) result: Type,
}

impl<'a> Intrinsic<'a> {
    /// `None` for one that the IR does not have, which a test of the library refuses.
    pub(super) fn new(module: usize, member: &'a ast::ExternMember) -> Option<Self> {
        let name = intrinsic_name(member);
        let simple = Function::SIMPLE.iter().find(|(known, _)| *known == name);
        let function = match (simple, name) {
            (Some((_, function)), _) => function.clone(),
            // Each call says its places.
            (None, "to_decimal") => Function::ToDecimal(0),
            (None, "parse_decimal") => Function::ParseDecimal(0),
            (None, _) => return None,
        };
        Some(Self {
            module,
            member,
            function,
            parameters: Vec::new(),
            result: super::types::poison(),
        })
    }

    pub(super) fn name(&self) -> &'a str {
        self.member.signature.name.as_str()
    }
}

/// The IR's name of a member: that of `@name`, else its own.
fn intrinsic_name(member: &ast::ExternMember) -> &str {
    let given = member
        .attributes
        .iter()
        .find(|attribute| attribute.name.as_str() == "name")
        .and_then(|attribute| attribute.arguments.first());
    match given.map(|argument| &argument.value.kind) {
        Some(ExprKind::Literal(Literal::String(name))) => name,
        _ => member.signature.name.as_str(),
    }
}

/// The functions of `std.math` that are known everywhere.
pub(crate) const PRELUDE: &[&str] = &["abs", "max", "min"];

/// The aggregates, which take `e for conditions`.
pub(super) const AGGREGATES: &[&str] = &["avg", "count", "max", "min", "sum", "top"];

/// The modules below `std`.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// Names of the functions of a module, below `std`.
pub(super) fn names_in(module: &str) -> Vec<&'static str> {
    let text = MODULES.iter().find(|(name, _)| *name == module);
    text.map_or_else(Vec::new, |(_, text)| functions(text).collect())
}

/// The modules, below `std`, that have a function of this name.
pub(super) fn modules_with(function: &str) -> Vec<&'static str> {
    MODULES
        .iter()
        .filter(|(_, text)| functions(text).any(|name| name == function))
        .map(|(module, _)| *module)
        .collect()
}

/// The modules in which members of a type are looked for, in this order.
pub(super) fn homes(ty: &Type) -> Vec<&str> {
    let mut homes = match ty {
        Type::Int | Type::Nat | Type::Float | Type::Decimal(_) => vec!["math"],
        Type::String => vec!["text"],
        Type::Bytes => vec!["bytes"],
        Type::Date => vec!["date", "time"],
        Type::Time => vec!["time"],
        Type::Duration => vec!["duration", "time"],
        Type::Id => vec!["id"],
        Type::Option(_) => vec!["option"],
        Type::List(_) => vec!["list"],
        Type::Set(_) => vec!["set"],
        Type::Map(..) => vec!["map"],
        Type::Named(name) => match name
            .strip_prefix("std.")
            .and_then(|rest| rest.split_once('.'))
        {
            Some((module, _)) => vec![module],
            None => Vec::new(),
        },
        Type::Bool | Type::RowId | Type::Tuple(_) => Vec::new(),
    };
    homes.push("convert");
    homes
}

/// The member that is called `name` in other languages.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    let plain: String = name
        .chars()
        .filter(|character| *character != '_')
        .flat_map(char::to_lowercase)
        .collect();
    Some(match plain.as_str() {
        "length" | "size" | "count" => "len",
        "lowercase" | "tolower" | "tolowercase" | "lcase" => "lower",
        "uppercase" | "toupper" | "touppercase" | "ucase" => "upper",
        "unwrapor" | "orelse" | "getorelse" | "getordefault" | "default" | "coalesce" => "or",
        "strip" => "trim",
        "includes" | "has" | "containskey" | "haskey" => "contains",
        "substring" | "substr" => "slice",
        "indexof" => "find",
        "enumerate" => "indexed",
        "str" | "string" => "to_string",
        _ => return None,
    })
}

impl Checker<'_> {
    /// What a module of the library calls `name`, for others.
    pub(super) fn library_function(&self, module: &str, name: &str) -> Option<Def> {
        let path = format!("std.{module}");
        let index = self.modules.iter().position(|known| known.path == path)?;
        let entry = self.scopes[index].callables.get(name)?;
        (entry.public && !entry.is_used).then(|| entry.def.clone())
    }

    /// What `name` calls on a value of this type.
    pub(super) fn member(&self, ty: &Type, name: &str) -> Option<Def> {
        homes(ty)
            .into_iter()
            .find_map(|module| self.library_function(module, name))
    }

    /// Gives the functions that the IR has their types.
    pub(super) fn declare_intrinsics_types(&mut self) {
        for index in 0..self.intrinsics.len() {
            let (module, member) = (self.intrinsics[index].module, self.intrinsics[index].member);
            let owner = format!("i{index}");
            let bindings = member
                .generics
                .iter()
                .map(|name| (name.as_str().to_owned(), rigid(&owner, name.as_str())))
                .collect();
            let signature = &member.signature;
            let (parameters, result) = self.with_types(bindings, |checker| {
                let parameters = signature
                    .columns
                    .iter()
                    .map(|column| checker.resolve_type(module, &column.ty))
                    .collect();
                let result = match &signature.result {
                    Some(result) => checker.resolve_type(module, result),
                    None => super::types::poison(),
                };
                (parameters, result)
            });
            self.intrinsics[index].parameters = parameters;
            self.intrinsics[index].result = result;
        }
    }
}
