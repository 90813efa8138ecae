//! Patterns taken apart: tests, and values for the names that they bind.
//!
//! Invariant: a value that a pattern takes out cannot fail where the tests before it hold.

use sheaf_ir::{Function, Type};

use super::body::Body;
use super::construct::Constructor;
use super::names::Def;
use super::types::{is_poisoned, poison, show};
use crate::diagnostic::codes;
use crate::hir::Expr;
use crate::source::Span;
use crate::syntax::ast::{self, Literal, Name, Pattern, PatternKind};

/// What a pattern asks of a value and takes from it.
#[derive(Default)]
pub(super) struct Taken<'p> {
    /// Bool expressions, each of which cannot fail where those before it hold.
    pub(super) tests: Vec<Expr>,
    /// Names that were not bound before, with their values.
    pub(super) binds: Vec<(Name, Expr)>,
    /// Parts that must equal an expression.
    pub(super) equal: Vec<(Expr, &'p ast::Expr)>,
}

impl<'a> Body<'_, 'a> {
    /// Takes `value` apart. Names in scope are equality tests, all others are bound, but not yet
    /// brought into scope.
    #[inline(never)]
    pub(super) fn take_apart<'p>(
        &mut self,
        pattern: &'p Pattern,
        value: Expr,
        taken: &mut Taken<'p>,
    ) {
        let span = pattern.span;
        match &pattern.kind {
            PatternKind::Wildcard => {}
            PatternKind::Error => self.poison_names(pattern, taken),
            PatternKind::Name(name) => self.take_name(name, value, taken),
            PatternKind::Literal(literal) => {
                let expected = Some(&value.ty).filter(|ty| !is_poisoned(ty));
                let constant = self.pattern_literal(literal, expected, span);
                if let Some(test) = self.equal(value, constant, span) {
                    taken.tests.push(test);
                }
            }
            PatternKind::Expr(expr) => taken.equal.push((value, expr)),
            PatternKind::Tuple(parts) => match value.ty.clone() {
                Type::Tuple(types) if types.len() == parts.len() => {
                    for (index, part) in parts.iter().enumerate() {
                        let value =
                            self.call(Function::Field(index as u32), vec![value.clone()], span);
                        self.take_apart(part, value, taken);
                    }
                }
                ty => {
                    if !is_poisoned(&ty) {
                        let what = match parts.len() {
                            0 => "`()`".to_owned(),
                            count => format!("a tuple of {count}"),
                        };
                        self.does_not_match(&what, &ty, span);
                    }
                    self.poison_names(pattern, taken);
                }
            },
            PatternKind::Constructor { path, arguments } => {
                self.take_constructor(pattern, path, arguments, value, taken);
            }
            PatternKind::Record { path, fields, rest } => {
                self.take_record(pattern, path, fields, rest.is_some(), value, taken);
            }
        }
    }

    fn take_name(&mut self, name: &Name, value: Expr, taken: &mut Taken<'_>) {
        let same = if let Some(id) = self.lookup(name.as_str()) {
            self.read(id, name.span)
        } else if let Some((_, earlier)) = taken
            .binds
            .iter()
            .find(|(earlier, _)| earlier.text == name.text)
        {
            earlier.clone()
        } else if let Some(param) = self.param_pattern(name) {
            param
        } else {
            taken.binds.push((name.clone(), value));
            return;
        };
        if let Some(test) = self.equal(value, same, name.span) {
            taken.tests.push(test);
        }
    }

    /// The param that a name in a pattern stands for, if it is one.
    pub(super) fn param_pattern(&mut self, name: &Name) -> Option<Expr> {
        if self.is_bound(name.as_str()) {
            return None;
        }
        match self.checker.param(self.module, name.as_str())? {
            Def::Param(param) => {
                let ty = self
                    .checker
                    .program
                    .params
                    .get(&param)
                    .map(|param| param.ty.clone());
                let ty = ty.unwrap_or_else(poison);
                Some(self.expr(crate::hir::ExprKind::Param(param), ty, name.span))
            }
            _ => Some(self.poison(name.span)),
        }
    }

    /// A literal in a pattern, which may be negative.
    pub(super) fn pattern_literal(
        &mut self,
        literal: &Literal,
        expected: Option<&Type>,
        span: Span,
    ) -> Expr {
        match literal {
            Literal::Float { text, .. } if text.starts_with('-') => {
                let positive = literal.to_expr(span);
                self.infer(&positive, expected)
            }
            _ => self.literal(literal, false, expected, span),
        }
    }

    /// `a == b`, at one type; reports types that do not fit.
    pub(super) fn equal(&mut self, value: Expr, other: Expr, span: Span) -> Option<Expr> {
        if is_poisoned(&value.ty) || is_poisoned(&other.ty) {
            self.is_tainted = true;
            return None;
        }
        match self.unify(value, other) {
            Ok((value, other)) => Some(self.call(Function::Eq, vec![value, other], span)),
            Err((value, other)) => {
                self.mismatch(&other, &value, span);
                None
            }
        }
    }

    #[inline(never)]
    fn take_constructor<'p>(
        &mut self,
        pattern: &'p Pattern,
        path: &ast::Path,
        arguments: &'p [Pattern],
        value: Expr,
        taken: &mut Taken<'p>,
    ) {
        let span = pattern.span;
        let hint = value.ty.clone();
        let name = path.last().as_str();
        let Some(constructor) = self.constructor(&path.names, Some(&hint)) else {
            return self.poison_names(pattern, taken);
        };
        let (expected, payload) = match &constructor {
            Constructor::Silent => {
                self.is_tainted = true;
                return self.poison_names(pattern, taken);
            }
            Constructor::None => (None, 0),
            Constructor::Some => (None, 1),
            Constructor::Variant(of, _, types) | Constructor::Generic(_, of, _, types) => {
                (Some(Type::Named(of.clone())), types.len())
            }
        };
        if is_poisoned(&hint) {
            return self.poison_names(pattern, taken);
        }
        let fits = match (&expected, &hint) {
            (Some(expected), hint) => expected == hint,
            (None, Type::Option(_)) => true,
            (None, _) => false,
        };
        if !fits {
            self.does_not_match(&format!("`{name}`"), &hint, path.span);
            return self.poison_names(pattern, taken);
        }
        if !self.expect_payload(name, payload, arguments.len(), span) {
            return self.poison_names(pattern, taken);
        }
        match constructor {
            Constructor::None => {
                let test = self.call(Function::IsSome, vec![value], span);
                let test = self.call(Function::Not, vec![test], span);
                taken.tests.push(test);
            }
            Constructor::Some => {
                let test = self.call(Function::IsSome, vec![value.clone()], span);
                taken.tests.push(test);
                let inner = self.call(Function::Unwrap, vec![value], span);
                self.take_apart(&arguments[0], inner, taken);
            }
            Constructor::Variant(of, index, _) => {
                if self.variants_of(&of) > 1 {
                    let test = self.call(Function::IsVariant(index), vec![value.clone()], span);
                    taken.tests.push(test);
                }
                for (place, argument) in arguments.iter().enumerate() {
                    let function = Function::Payload(index, place as u32);
                    let part = self.call(function, vec![value.clone()], span);
                    self.take_apart(argument, part, taken);
                }
            }
            Constructor::Generic(..) | Constructor::Silent => {}
        }
    }

    fn variants_of(&self, of: &str) -> usize {
        match self.checker.types.get(of) {
            Some(sheaf_ir::Nominal::Enum(variants)) => variants.len(),
            _ => 1,
        }
    }

    #[inline(never)]
    fn take_record<'p>(
        &mut self,
        pattern: &'p Pattern,
        path: &ast::Path,
        given: &'p [ast::FieldPattern],
        has_rest: bool,
        value: Expr,
        taken: &mut Taken<'p>,
    ) {
        let Some((of, fields)) = self.record_type(path, Some(&value.ty)) else {
            return self.poison_names(pattern, taken);
        };
        let names: Vec<&Name> = given.iter().map(|field| &field.name).collect();
        if is_poisoned(&value.ty) || !self.known_fields(&of, &fields, &names) {
            return self.poison_names(pattern, taken);
        }
        if value.ty != Type::Named(of) {
            let ty = value.ty.clone();
            self.does_not_match(&format!("`{}`", path.last().text), &ty, path.span);
            return self.poison_names(pattern, taken);
        }
        let missing: Vec<&str> = fields
            .iter()
            .map(|(field, _)| field.as_str())
            .filter(|field| !names.iter().any(|name| name.as_str() == *field))
            .collect();
        if !missing.is_empty() && !has_rest {
            let diagnostic = self
                .error(
                    codes::WRONG_ARGUMENTS,
                    pattern.span,
                    format!(
                        "this pattern leaves out the field `{}`",
                        missing.join("`, `")
                    ),
                )
                .label("incomplete")
                .help("name every field, or write `..` at the end");
            self.report(diagnostic);
        }
        for field in given {
            let index = fields
                .iter()
                .position(|(name, _)| name == field.name.as_str());
            let Some(index) = index else { continue };
            let function = Function::Field(index as u32);
            let part = self.call(function, vec![value.clone()], field.name.span);
            self.take_apart(&field.pattern, part, taken);
        }
    }

    #[inline(never)]
    fn does_not_match(&mut self, what: &str, ty: &Type, span: Span) {
        let diagnostic = self
            .error(
                codes::PATTERN_TYPE,
                span,
                format!("{what} never fits a value of type `{}`", show(ty)),
            )
            .label(format!("the value is `{}`", show(ty)))
            .help("use a pattern of that type, or a name to take the whole value");
        self.report(diagnostic);
    }

    /// Binds every name of a pattern that is wrong to poison, so that they are not reported again.
    fn poison_names(&mut self, pattern: &Pattern, taken: &mut Taken<'_>) {
        self.is_tainted = true;
        let mut names = super::mentions::Names::new();
        super::mentions::bound_by(pattern, &mut names);
        for name in names {
            if !self.is_bound(name) && !self.checker.is_param(self.module, name) {
                let value = self.poison(pattern.span);
                let name = Name {
                    span: pattern.span,
                    text: name.into(),
                };
                taken.binds.push((name, value));
            }
        }
    }

    /// True if nothing in a pattern is left open: it is one value.
    pub(super) fn is_determined(&self, pattern: &Pattern) -> bool {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Error => false,
            PatternKind::Name(name) => {
                self.is_bound(name.as_str()) || self.checker.is_param(self.module, name.as_str())
            }
            PatternKind::Literal(_) | PatternKind::Expr(_) => true,
            PatternKind::Tuple(parts)
            | PatternKind::Constructor {
                arguments: parts, ..
            } => parts.iter().all(|part| self.is_determined(part)),
            PatternKind::Record { fields, rest, .. } => {
                rest.is_none()
                    && fields
                        .iter()
                        .all(|field| self.is_determined(&field.pattern))
            }
        }
    }
}
