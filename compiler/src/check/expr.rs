//! Types of expressions, and the expressions of the checked program.
//!
//! Types flow up; a *hint*, the type that the place expects, flows down and decides literals, `None`
//! and empty collections. A hint is advice: [`Body::check`] is what insists.

use sheaf_ir::{Function, Type, Value, value::Float};

use super::body::{Body, Place};
use super::constant;
use super::names::Def;
use super::suggest::nearest;
use super::types::{has_hole, hole, is_poisoned, poison, show};
use crate::diagnostic::codes;
use crate::hir::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::ast::{self, Literal, Name, UnaryOperator};

impl Body<'_, '_> {
    /// An expression that must be of this type.
    pub(super) fn check(&mut self, expr: &ast::Expr, expected: &Type) -> Expr {
        let found = self.infer(expr, Some(expected));
        self.coerce(found, expected, expr.span)
    }

    /// An expression of any type.
    pub(super) fn infer(&mut self, expr: &ast::Expr, hint: Option<&Type>) -> Expr {
        let found = match self.descend(expr.span) {
            true => self.infer_kind(expr, hint.filter(|hint| !is_poisoned(hint))),
            false => self.poison(expr.span),
        };
        self.ascend();
        if !matches!(expr.kind, ast::ExprKind::Literal(_)) {
            self.note(expr.span, &found);
        }
        found
    }

    /// An expression of any type that is known.
    pub(super) fn infer_known(&mut self, expr: &ast::Expr, hint: Option<&Type>) -> Expr {
        let found = self.infer(expr, hint);
        self.settle(found, expr.span)
    }

    fn infer_kind(&mut self, expr: &ast::Expr, hint: Option<&Type>) -> Expr {
        let span = expr.span;
        match &expr.kind {
            ast::ExprKind::Literal(literal) => self.literal(literal, false, hint, span),
            ast::ExprKind::Name(name) if name.is_upper() => {
                self.construct(std::slice::from_ref(name), &[], hint, span)
            }
            ast::ExprKind::Name(name) => self.name(name),
            ast::ExprKind::Call {
                function,
                arguments,
            } => self.infer_call(function, arguments, hint, span),
            ast::ExprKind::Method {
                receiver,
                name,
                arguments,
            } => self.method(receiver, name, arguments, hint, span),
            ast::ExprKind::Field { receiver, name } => self.field(receiver, name, hint, span),
            ast::ExprKind::Record { path, fields, .. } => self.record(path, fields, hint, span),
            ast::ExprKind::Tuple(parts) => self.tuple(parts, hint, span),
            ast::ExprKind::List(parts) => self.list(parts, hint, span),
            ast::ExprKind::Set(parts) => self.set(parts, hint, span),
            ast::ExprKind::Map(entries) => self.map(entries, hint, span),
            ast::ExprKind::ListOf(comprehension) => self.list_of(comprehension, hint, span),
            ast::ExprKind::SetOf(comprehension) => self.set_of(comprehension, hint, span),
            ast::ExprKind::MapOf { key, value } => self.map_of(key, value, hint, span),
            ast::ExprKind::Unary { operator, operand } => {
                self.unary(*operator, operand, hint, span)
            }
            ast::ExprKind::Binary {
                operator,
                operator_span,
                left,
                right,
            } => self.binary(*operator, *operator_span, left, right, hint, span),
            ast::ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.conditional(condition, then, otherwise, hint, span),
            ast::ExprKind::Match { subject, arms } => self.infer_match(subject, arms, hint, span),
            ast::ExprKind::Wildcard | ast::ExprKind::Error => self.poison(span),
        }
    }

    // Literals

    /// A literal, which takes the type that is expected where it can.
    #[inline(never)]
    pub(super) fn literal(
        &mut self,
        literal: &Literal,
        is_negated: bool,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        match literal {
            Literal::Bool(value) => self.constant(Value::Bool(*value), Type::Bool, span),
            Literal::Int(value) => {
                let value = if is_negated { -*value } else { *value };
                self.integer(value, hint, span)
            }
            Literal::Float { value, text } => {
                let places = match hint {
                    Some(Type::Decimal(places)) => *places,
                    _ => {
                        let value = if is_negated { -*value } else { *value };
                        return self.constant(Value::Float(Float::new(value)), Type::Float, span);
                    }
                };
                let sign = if is_negated { "-" } else { "" };
                match constant::decimal(&format!("{sign}{text}"), places) {
                    Some(scaled) => {
                        self.constant(Value::Decimal(scaled), Type::Decimal(places), span)
                    }
                    None => self.out_of_range(&Type::Decimal(places), span),
                }
            }
            Literal::String(text) => self.text(text, hint, span),
            Literal::Duration(micros) => {
                let micros = if is_negated {
                    micros.saturating_neg()
                } else {
                    *micros
                };
                self.constant(Value::Duration(micros), Type::Duration, span)
            }
        }
    }

    fn integer(&mut self, value: i128, hint: Option<&Type>, span: Span) -> Expr {
        let fits = i64::try_from(value);
        match (hint, fits) {
            (Some(Type::Float), _) => {
                self.constant(Value::Float(Float::new(value as f64)), Type::Float, span)
            }
            (Some(ty @ Type::Decimal(places)), _) => {
                let scaled = constant::decimal(&value.to_string(), *places);
                match scaled {
                    Some(scaled) => self.constant(Value::Decimal(scaled), ty.clone(), span),
                    None => self.out_of_range(ty, span),
                }
            }
            (Some(Type::Int), Ok(value)) => self.constant(Value::Int(value), Type::Int, span),
            (_, Ok(value)) if value < 0 => self.constant(Value::Int(value), Type::Int, span),
            (_, Ok(value)) => self.constant(Value::Nat(value), Type::Nat, span),
            (Some(ty @ Type::Nat), Err(_)) => self.out_of_range(ty, span),
            (_, Err(_)) => self.out_of_range(&Type::Int, span),
        }
    }

    #[inline(never)]
    fn text(&mut self, text: &str, hint: Option<&Type>, span: Span) -> Expr {
        let value = match hint {
            Some(Type::Date) => constant::date(text).map(Value::Date),
            Some(Type::Time) => constant::time(text).map(Value::Time),
            Some(Type::Id | Type::RowId) => Some(Value::Id(constant::identity(text))),
            _ => return self.constant(Value::String(text.to_owned()), Type::String, span),
        };
        let ty = hint.cloned().unwrap_or(Type::String);
        match value {
            Some(value) => self.constant(value, ty, span),
            None => {
                let message = format!("\"{text}\" is not a `{}`", show(&ty));
                let diagnostic = self
                    .error(codes::BAD_LITERAL, span, message)
                    .label("cannot be read")
                    .help(match ty {
                        Type::Date => "write it as in \"2026-03-31\"",
                        _ => "write it as in \"2026-03-31T12:00:00Z\"",
                    });
                self.report(diagnostic);
                self.poison(span)
            }
        }
    }

    #[inline(never)]
    fn out_of_range(&mut self, ty: &Type, span: Span) -> Expr {
        let note = match ty {
            Type::Nat => "A `Nat` is from 0 to 9223372036854775807.".to_owned(),
            Type::Decimal(places) => {
                format!(
                    "A `Decimal({places})` has {places} places after the point and 18 digits in all."
                )
            }
            _ => "An `Int` is from -9223372036854775808 to 9223372036854775807.".to_owned(),
        };
        let diagnostic = self
            .error(
                codes::BAD_LITERAL,
                span,
                format!("this number does not fit into `{}`", show(ty)),
            )
            .label("does not fit")
            .note(note)
            .help(match ty {
                Type::Decimal(places) => {
                    format!("write at most {places} places, or use a type with more")
                }
                _ => "use a `Float`, or a smaller number".to_owned(),
            });
        self.report(diagnostic);
        self.poison(span)
    }

    // Names and members

    #[inline(never)]
    fn name(&mut self, name: &Name) -> Expr {
        if let Some(id) = self.lookup(name.as_str()) {
            return self.read(id, name.span);
        }
        match self.checker.param(self.module, name.as_str()) {
            Some(Def::Param(param)) if self.place != Place::Constant => {
                let ty = self
                    .checker
                    .program
                    .params
                    .get(&param)
                    .map(|param| param.ty.clone());
                let ty = ty.unwrap_or_else(poison);
                self.is_tainted |= is_poisoned(&ty);
                return self.expr(ExprKind::Param(param), ty, name.span);
            }
            Some(Def::Silent) => return self.poison(name.span),
            _ => {}
        }
        self.unbound(name);
        self.poison(name.span)
    }

    /// Reports a name that no condition binds; once for each name.
    #[inline(never)]
    pub(super) fn unbound(&mut self, name: &Name) {
        let text = name.as_str();
        if !self.first_report(text) {
            self.bind(text, poison(), name.span);
            return;
        }
        let is_callable = self.checker.callable(self.module, text).is_some();
        let diagnostic = match self.place {
            Place::Constant => self
                .error(
                    codes::NOT_CONSTANT,
                    name.span,
                    format!("`{text}` is not a constant, and one is needed here"),
                )
                .label("not a constant")
                .help("write a literal"),
            Place::Function => self
                .error(
                    codes::UNBOUND_VARIABLE,
                    name.span,
                    format!("there is no variable `{text}`"),
                )
                .label("not a parameter, not bound by `let`")
                .help("add it to the parameters, or bind it with `let`"),
            Place::Test => self
                .error(
                    codes::UNBOUND_VARIABLE,
                    name.span,
                    format!("`{text}` has no value: a test knows no variables"),
                )
                .label("not bound")
                .help("write a literal, or `_` in an expected row if any value will do"),
            Place::Rule => {
                let diagnostic = self
                    .error(
                        codes::UNBOUND_VARIABLE,
                        name.span,
                        format!("no condition binds the variable `{text}`"),
                    )
                    .label("not bound");
                let diagnostic = match self.unbinding.get(text) {
                    Some(span) if *span != name.span => {
                        diagnostic.and(*span, "`not` and `exists` bind nothing")
                    }
                    _ => diagnostic,
                };
                diagnostic
                    .note("A variable gets its values from a column of an atom, from `x in xs`, or from `let x = …`.")
            }
        };
        let names: Vec<&str> = self.names().collect();
        let near = nearest(text, names.iter().copied()).map(str::to_owned);
        let diagnostic = match near {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
            None if is_callable && self.place != Place::Constant => diagnostic.help(format!(
                "`{text}` is a relation or function: read it with parentheses, in a condition or comprehension"
            )),
            None if self.place == Place::Rule => {
                let place = self.where_to_bind(text);
                diagnostic.help(format!("{place}, or use a variable that is bound"))
            }
            None => diagnostic,
        };
        self.report_unbound(text, diagnostic);
        self.bind(text, poison(), name.span);
    }

    #[inline(never)]
    fn field(
        &mut self,
        receiver: &ast::Expr,
        name: &Name,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some(mut path) = path_of(receiver)
            && (path[0].is_upper() || self.is_module(&path[0]))
        {
            path.push(name.clone());
            return match name.is_upper() {
                true => self.construct(&path, &[], hint, span),
                false => self.not_a_member(&path, span),
            };
        }
        let value = self.infer_known(receiver, None);
        if is_poisoned(&value.ty) {
            return self.poison(span);
        }
        let fields = match &value.ty {
            Type::Named(record) => self.checker.types.get(record),
            _ => None,
        };
        let fields: Vec<String> = match fields {
            Some(sheaf_ir::Nominal::Record(fields)) => {
                fields.iter().map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        if let Some(index) = fields.iter().position(|field| field == name.as_str()) {
            return self.call(Function::Field(index as u32), vec![value], span);
        }
        let message = format!("`{}` has no field `{}`", show(&value.ty), name.text);
        let diagnostic = self
            .error(codes::UNKNOWN_FIELD, name.span, message)
            .label("no such field");
        let near = nearest(name.as_str(), fields.iter().map(String::as_str));
        let is_member = |name: &str| {
            let mut homes = super::library::homes(&value.ty).into_iter();
            homes.any(|home| super::library::names_in(home).contains(&name))
        };
        let member = super::library::foreign(name.as_str())
            .filter(|name| is_member(name))
            .or_else(|| is_member(name.as_str()).then_some(name.as_str()));
        let diagnostic = match near {
            Some(near) => diagnostic.fix(
                format!("did you mean `{near}`?"),
                name.span,
                near.to_owned(),
            ),
            None if member.is_some() => {
                let text = format!("{}()", member.unwrap_or_default());
                diagnostic.fix(format!("write `{text}`"), name.span, text)
            }
            None if fields.is_empty() => match &value.ty {
                Type::Tuple(_) => {
                    diagnostic.help("take a tuple apart with a pattern: `let (a, b) = …`")
                }
                _ => diagnostic.help("only records have fields"),
            },
            None => diagnostic.help(format!("its fields are `{}`", fields.join("`, `"))),
        };
        self.report(diagnostic);
        self.poison(span)
    }

    /// True if a name stands for a module, or begins a path into the standard library.
    pub(super) fn is_module(&mut self, name: &Name) -> bool {
        if self.is_bound(name.as_str()) {
            return false;
        }
        let is_used = self.checker.scopes[self.module]
            .modules
            .contains_key(name.as_str());
        is_used || name.as_str() == "std" && !self.checker.is_param(self.module, "std")
    }

    /// A path that begins with a module or service and ends in no value.
    #[inline(never)]
    fn not_a_member(&mut self, path: &[Name], span: Span) -> Expr {
        let is_silent = match path {
            [first, ..] if first.is_upper() => {
                self.checker.type_name(self.module, first.as_str()) == Some(Def::Silent)
            }
            _ => false,
        };
        if is_silent || self.checker.scopes[self.module].is_open {
            return self.poison(span);
        }
        let names: Vec<&str> = path.iter().map(Name::as_str).collect();
        let diagnostic = self
            .error(
                codes::UNKNOWN_NAME,
                span,
                format!("`{}` is not a value", names.join(".")),
            )
            .label("not a value")
            .help("call it with parentheses if it is a function; params come in with `use`");
        self.report(diagnostic);
        self.poison(span)
    }

    // Collections and tuples

    #[inline(never)]
    fn tuple(&mut self, parts: &[ast::Expr], hint: Option<&Type>, span: Span) -> Expr {
        let hints: &[Type] = match hint {
            Some(Type::Tuple(types)) if types.len() == parts.len() => types,
            _ => &[],
        };
        let parts: Vec<Expr> = parts
            .iter()
            .enumerate()
            .map(|(index, part)| match hints.get(index) {
                Some(hint) if !has_hole(hint) => self.check(part, hint),
                _ => self.infer(part, None),
            })
            .collect();
        let types = parts.iter().map(|part| part.ty.clone()).collect();
        self.expr(
            ExprKind::Call(Function::Tuple, parts),
            Type::Tuple(types),
            span,
        )
    }

    #[inline(never)]
    fn list(&mut self, parts: &[ast::Expr], hint: Option<&Type>, span: Span) -> Expr {
        let hint = match hint {
            Some(Type::List(inner)) => Some(&**inner),
            _ => None,
        };
        let (parts, ty) = self.elements(parts, hint);
        let kind = ExprKind::Call(Function::List(ty.clone()), parts);
        self.expr(kind, Type::List(Box::new(ty)), span)
    }

    #[inline(never)]
    fn set(&mut self, parts: &[ast::Expr], hint: Option<&Type>, span: Span) -> Expr {
        if let (Some(Type::Map(key, value)), []) = (hint, parts) {
            let kind = ExprKind::Call(
                Function::Map((**key).clone(), (**value).clone()),
                Vec::new(),
            );
            return self.expr(kind, Type::Map(key.clone(), value.clone()), span);
        }
        let hint = match hint {
            Some(Type::Set(inner)) => Some(&**inner),
            _ => None,
        };
        let (parts, ty) = self.elements(parts, hint);
        let kind = ExprKind::Call(Function::Set(ty.clone()), parts);
        self.expr(kind, Type::Set(Box::new(ty)), span)
    }

    #[inline(never)]
    fn map(&mut self, entries: &[(ast::Expr, ast::Expr)], hint: Option<&Type>, span: Span) -> Expr {
        let (key, value) = match hint {
            Some(Type::Map(key, value)) => (Some(&**key), Some(&**value)),
            _ => (None, None),
        };
        let (keys, values): (Vec<&ast::Expr>, Vec<&ast::Expr>) =
            entries.iter().map(|(key, value)| (key, value)).unzip();
        let (keys, key) = self.elements(keys, key);
        let (values, value) = self.elements(values, value);
        let parts = keys
            .into_iter()
            .zip(values)
            .flat_map(|(key, value)| [key, value]);
        let kind = ExprKind::Call(Function::Map(key.clone(), value.clone()), parts.collect());
        self.expr(kind, Type::Map(Box::new(key), Box::new(value)), span)
    }

    /// Expressions of one type, and the type.
    #[inline(never)]
    fn elements<'e>(
        &mut self,
        parts: impl IntoIterator<Item = &'e ast::Expr>,
        hint: Option<&Type>,
    ) -> (Vec<Expr>, Type) {
        let parts: Vec<&ast::Expr> = parts.into_iter().collect();
        if let Some(hint) = hint.filter(|hint| !has_hole(hint)) {
            let parts = parts.iter().map(|part| self.check(part, hint)).collect();
            return (parts, hint.clone());
        }
        // The widest of them, found out first, decides for all.
        let mut ty = hole();
        let mut found = Vec::new();
        for part in &parts {
            // Nat is no hint: an Int may follow, and then all are Ints.
            let known = Some(&ty)
                .filter(|ty| !has_hole(ty) && **ty != Type::Nat)
                .cloned();
            let element = self.infer(part, known.as_ref());
            let is_wider = has_hole(&ty)
                || ty == Type::Nat && element.ty == Type::Int
                || is_poisoned(&element.ty);
            if is_wider && !has_hole(&element.ty) {
                ty = element.ty.clone();
            }
            found.push(element);
        }
        if is_poisoned(&ty) {
            return (found, poison());
        }
        let found = found
            .into_iter()
            .zip(&parts)
            .map(|(element, part)| self.coerce(element, &ty, part.span))
            .collect();
        (found, ty)
    }

    // Operators and control

    #[inline(never)]
    fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: &ast::Expr,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if operator == UnaryOperator::Not {
            let value = self.check(operand, &Type::Bool);
            return self.call(Function::Not, vec![value], span);
        }
        if let ast::ExprKind::Literal(literal) = &operand.kind
            && matches!(
                literal,
                Literal::Int(_) | Literal::Float { .. } | Literal::Duration(_)
            )
        {
            return self.literal(literal, true, hint, span);
        }
        let value = self.infer_known(operand, hint);
        if is_poisoned(&value.ty) {
            return self.poison(span);
        }
        if !value.ty.is_numeric() && value.ty != Type::Duration {
            let message = format!("`-` is not defined for `{}`", show(&value.ty));
            let diagnostic = self
                .error(codes::NOT_DEFINED, span, message)
                .label(format!("`{}`", show(&value.ty)))
                .help("it negates numbers and durations; a Bool is negated with `!`");
            self.report(diagnostic);
            return self.poison(span);
        }
        self.call(Function::Neg, vec![value], span)
    }

    #[inline(never)]
    fn conditional(
        &mut self,
        condition: &ast::Expr,
        then: &ast::Block,
        otherwise: &ast::Block,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let condition = self.check(condition, &Type::Bool);
        let first = self.block(then, hint);
        let known = Some(first.ty.clone()).filter(|ty| !has_hole(ty) && !is_poisoned(ty));
        let second = self.block(otherwise, hint.or(known.as_ref()));
        match self.unify(first, second) {
            Ok((first, second)) => {
                let ty = match is_poisoned(&first.ty) {
                    true => second.ty.clone(),
                    false => first.ty.clone(),
                };
                let parts = Box::new([condition, first, second]);
                self.expr(ExprKind::If(parts), ty, span)
            }
            Err((first, second)) => {
                let message = format!(
                    "the branches have different types: `{}` and `{}`",
                    show(&first),
                    show(&second)
                );
                let diagnostic = self
                    .error(codes::BRANCHES_DIFFER, otherwise.result.span, message)
                    .label(format!("`{}`", show(&second)))
                    .and(then.result.span, format!("`{}`", show(&first)))
                    .help("make both branches of one type");
                self.report(diagnostic);
                self.poison(span)
            }
        }
    }

    /// `{ let …; result }`
    #[inline(never)]
    pub(super) fn block(&mut self, block: &ast::Block, hint: Option<&Type>) -> Expr {
        let mark = self.enter();
        let mut bindings = Vec::new();
        let mut descended = 0;
        for binding in &block.lets {
            descended += 1;
            if !self.descend(binding.span) {
                break;
            }
            self.block_let(binding, &mut bindings);
        }
        let mut result = self.infer(&block.result, hint);
        for _ in 0..descended {
            self.ascend();
        }
        self.leave(mark);
        for (variable, value) in bindings.into_iter().rev() {
            result = bind_in(variable, value, result);
        }
        result
    }
}

/// `let variable = value in body`
pub(super) fn bind_in(variable: crate::hir::VariableId, value: Expr, body: Expr) -> Expr {
    let (ty, span) = (body.ty.clone(), body.span);
    let (value, body) = (Box::new(value), Box::new(body));
    let kind = ExprKind::Let {
        variable,
        value,
        body,
    };
    Expr { kind, ty, span }
}

/// The names of `a.b.C`; `None` for anything else.
pub(super) fn path_of(expr: &ast::Expr) -> Option<Vec<Name>> {
    match &expr.kind {
        ast::ExprKind::Name(name) => Some(vec![name.clone()]),
        ast::ExprKind::Field { receiver, name } => {
            let mut path = path_of(receiver)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}

/// True for an expression whose type its place decides: literals, `None`, empty collections and
/// what is made of nothing else.
pub(super) fn is_weak(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Literal(literal) => {
            !matches!(literal, Literal::Bool(_) | Literal::Duration(_))
        }
        ast::ExprKind::Name(name) => name.as_str() == "None",
        ast::ExprKind::Unary { operand, .. } => is_weak(operand),
        ast::ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } => super::binary::is_arithmetic(*operator) && is_weak(left) && is_weak(right),
        ast::ExprKind::Tuple(parts) | ast::ExprKind::List(parts) | ast::ExprKind::Set(parts) => {
            parts.iter().all(is_weak)
        }
        ast::ExprKind::Map(entries) => entries
            .iter()
            .all(|(key, value)| is_weak(key) && is_weak(value)),
        ast::ExprKind::Call {
            function,
            arguments,
        } => {
            function.as_str() == "Some"
                && arguments
                    .items
                    .iter()
                    .all(|argument| is_weak(&argument.value))
        }
        ast::ExprKind::If {
            then, otherwise, ..
        } => {
            let is_weak_block =
                |block: &ast::Block| block.lets.is_empty() && is_weak(&block.result);
            is_weak_block(then) && is_weak_block(otherwise)
        }
        _ => false,
    }
}
