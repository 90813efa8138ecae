//! Names in the grammar: which of them may stand where they do.
//!
//! Invariant: a name that is refused is reported, and used all the same where that does no harm.

use super::ast::*;
use super::context::Context;
use super::token::keyword;
use crate::diagnostic::{Diagnostic, codes};

impl Context<'_> {
    /// A lower-case name for a declared relation, function or column.
    pub(super) fn declared_lower(&mut self, name: Name, what: &str) -> Name {
        if name.is_upper() {
            let mut lower: String = name.text.to_string();
            if let Some(first) = name.text.chars().next() {
                lower = first
                    .to_lowercase()
                    .chain(name.text.chars().skip(1))
                    .collect();
            }
            let diagnostic = Diagnostic::error(
                codes::WRONG_CASE,
                self.file,
                name.span,
                format!("the name of {what} begins with a small letter"),
            )
            .label("begins with a capital")
            .note("Capitals are for types, constructors, services and agents.");
            let diagnostic = if what == "a column" {
                diagnostic.fix(
                    "keep the name of the source in an attribute",
                    name.span,
                    format!("@name(\"{}\") {lower}", name.text),
                )
            } else {
                diagnostic.fix(format!("write `{lower}`"), name.span, lower)
            };
            self.report(diagnostic);
        }
        name
    }

    /// The name of a declared relation or function, with which rules and calls can begin.
    pub(super) fn declared_relation(&mut self, name: Name, what: &str) -> Name {
        if let Some(word) = keyword(&name.text).filter(|word| word.begins_statement()) {
            let word = word.describe();
            self.report(
                Diagnostic::error(
                    codes::KEYWORD_AS_NAME,
                    self.file,
                    name.span,
                    format!("`{word}` is a keyword and cannot name {what}"),
                )
                .label("a keyword")
                .note("Keywords are free as names of columns, fields, arguments and variables.")
                .help("choose another name"),
            );
        }
        self.declared_lower(name, what)
    }

    /// A capitalised name for a declared type, service or variant.
    pub(super) fn declared_upper(&mut self, name: Name, what: &str) -> Name {
        if !name.is_upper() {
            let upper = capitalised(&name.text);
            self.report(
                Diagnostic::error(
                    codes::WRONG_CASE,
                    self.file,
                    name.span,
                    format!("the name of {what} begins with a capital"),
                )
                .label("begins with a small letter")
                .fix(format!("write `{upper}`"), name.span, upper),
            );
        }
        name
    }

    /// The name of a type as it is used.
    pub(super) fn type_path(&mut self, span: Span, names: Vec<Name>) -> Option<Path> {
        let last = names.last()?;
        if !last.is_upper() {
            let known = match &*last.text {
                "int" | "i64" | "integer" | "long" | "i32" | "bigint" => "Int",
                "nat" | "u64" | "uint" | "unsigned" | "u32" => "Nat",
                "string" | "str" | "text" | "varchar" => "String",
                "bool" | "boolean" => "Bool",
                "float" | "double" | "f64" | "number" | "real" => "Float",
                "timestamp" | "datetime" => "Time",
                "uuid" => "Id",
                "unit" | "void" => "Unit",
                _ => "",
            };
            let upper = match known {
                "" => capitalised(&last.text),
                known => known.to_owned(),
            };
            let diagnostic = Diagnostic::error(
                codes::WRONG_CASE,
                self.file,
                last.span,
                format!("`{}` is not a type: types begin with a capital", last.text),
            )
            .label("a type is needed here")
            .fix(format!("write `{upper}`"), last.span, upper);
            self.report(diagnostic);
            return None;
        }
        Some(Path { span, names })
    }

    /// The path before the braces of a record.
    pub(super) fn record_path(&mut self, receiver: Expr, name: Name) -> Option<Path> {
        if !is_path(&receiver) {
            self.report(Diagnostic::error(
                codes::UNEXPECTED,
                self.file,
                receiver.span,
                "only a module can stand before the name of a record",
            ));
            return None;
        }
        let span = receiver.span.to(name.span);
        let mut names = path_names(receiver);
        names.push(name);
        Some(Path { span, names })
    }

    /// A variable, or a word that other languages have a value for.
    pub(super) fn variable(&mut self, name: Name) -> ExprKind {
        if matches!(&*name.text, "null" | "nil" | "NULL") {
            self.report(
                Diagnostic::error(
                    codes::FOREIGN_WORD,
                    self.file,
                    name.span,
                    format!("there is no `{}`", name.text),
                )
                .label("not a value")
                .note("What may be absent has type `Option<T>`, and is `None` or `Some(x)`.")
                .fix("write `None`", name.span, "None"),
            );
            return ExprKind::Error;
        }
        ExprKind::Name(name)
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// True for `a`, `a.b`, `a.b.c`.
pub(super) fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Field { receiver, .. } => is_path(receiver),
        _ => false,
    }
}

/// The names of an expression for which [`is_path`] holds.
pub(super) fn path_names(expr: Expr) -> Vec<Name> {
    match expr.kind {
        ExprKind::Field { receiver, name } => {
            let mut names = path_names(*receiver);
            names.push(name);
            names
        }
        ExprKind::Name(name) => vec![name],
        _ => Vec::new(),
    }
}
