//! Expressions in text: everything is written as a call, so there is no precedence.
//!
//! ```text
//! add(left.cost, right.#1)          @0:10..20 unwrap(in.x)         if(c, a, b)
//! let($0 = e, body)                 [for $0 in in.xs, if lt($0, 5) give $0]
//! sum(for $1 in in.xs give $1)      value List<Int> [1, 2]         (e: Type)
//! ```
//!
//! A span stands before its expression; one that has none inherits that of what it stands in.
//! `(e: Type)` is written only where an expression claims a type that its parts do not give.

use crate::typing::Scope;
use crate::{Clause, Expr, ExprKind, Function, Gather, Span, Type, Value};

use super::lexer::Token;
use super::literal::{print_text, print_type, print_type_name, print_value, print_word, push};
use super::parser::{Parsed, Parser};
use super::print::Style;
use super::sides::{Sides, find_column};

/// What the expressions of one place see, and how they are written.
pub(super) struct Context<'a> {
    pub scope: Scope<'a>,
    pub sides: Sides<'a>,
}

/// Appends an expression; `inherited` is the span it has without saying so.
pub(super) fn print_expr(
    out: &mut String,
    expr: &Expr,
    inherited: Span,
    context: &mut Context,
    style: Style,
) {
    let mut inner = inherited;
    if style.spans && expr.span != inherited {
        inner = expr.span;
        push(
            out,
            format_args!("@{}:{}..{} ", inner.file, inner.start, inner.end),
        );
    }
    if let ExprKind::Constant(value) = &expr.kind {
        return print_constant(out, value, &expr.ty, context);
    }
    let derived = context.scope.type_of(&expr.kind).unwrap_or(Type::unit());
    let claims_other = derived != expr.ty;
    if claims_other {
        out.push('(');
    }
    print_kind(out, &expr.kind, inner, context, style);
    if claims_other {
        out.push_str(": ");
        print_type(out, &expr.ty);
        out.push(')');
    }
}

fn print_constant(out: &mut String, value: &Value, ty: &Type, context: &Context) {
    let is_own_type = matches!(
        (value, ty),
        (Value::Bool(_), Type::Bool)
            | (Value::Int(_), Type::Int)
            | (Value::Nat(_), Type::Nat)
            | (Value::Float(_), Type::Float)
            | (Value::Decimal(_), Type::Decimal(_))
            | (Value::String(_), Type::String)
            | (Value::Bytes(_), Type::Bytes)
            | (Value::Date(_), Type::Date)
            | (Value::Time(_), Type::Time)
            | (Value::Duration(_), Type::Duration)
            | (Value::Id(_), Type::Id)
    );
    if !is_own_type {
        out.push_str("value ");
        print_type(out, ty);
        out.push(' ');
    }
    print_value(out, value, Some(ty), context.scope.types);
}

fn print_kind(out: &mut String, kind: &ExprKind, span: Span, context: &mut Context, style: Style) {
    let print = |out: &mut String, expr: &Expr, context: &mut Context| {
        print_expr(out, expr, span, context, style);
    };
    let print_all = |out: &mut String, exprs: &[Expr], context: &mut Context| {
        out.push('(');
        for (index, expr) in exprs.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            print(out, expr, context);
        }
        out.push(')');
    };
    match kind {
        ExprKind::Column(index) => context.sides.print(out, *index, style.names),
        ExprKind::Local(local) => push(out, format_args!("${local}")),
        ExprKind::Constant(value) => print_value(out, value, None, context.scope.types),
        ExprKind::Param(name) => {
            out.push_str("param.");
            print_word(out, name);
        }
        ExprKind::Call(function, arguments) => {
            print_function(out, function);
            print_all(out, arguments, context);
        }
        ExprKind::Invoke(function, arguments) => {
            out.push_str("invoke.");
            print_type_name(out, function);
            print_all(out, arguments, context);
        }
        ExprKind::If(parts) => {
            out.push_str("if");
            print_all(out, &parts[..], context);
        }
        ExprKind::Let { local, value, body } => {
            push(out, format_args!("let(${local} = "));
            print(out, value, context);
            out.push_str(", ");
            context.scope.bind(*local, value.ty.clone());
            print(out, body, context);
            context.scope.unbind();
            out.push(')');
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            let close = match gather {
                Gather::List => "]",
                Gather::Set => "}",
                _ => ")",
            };
            match gather {
                Gather::List => out.push('['),
                Gather::Set => out.push('{'),
                Gather::Sum => out.push_str("sum("),
                Gather::Count => out.push_str("count("),
                Gather::Min => out.push_str("min("),
                Gather::Max => out.push_str("max("),
                Gather::Avg => out.push_str("avg("),
                Gather::Map => out.push_str("map_of("),
                Gather::Top(n) => {
                    out.push_str("top(");
                    print(out, n, context);
                    out.push_str(", ");
                }
            }
            out.push_str("for");
            let mut bound = 0;
            for (index, clause) in clauses.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { " " });
                match clause {
                    Clause::Each { local, collection } => {
                        push(out, format_args!("${local} in "));
                        print(out, collection, context);
                        let element = collection.ty.element().unwrap_or(Type::unit());
                        context.scope.bind(*local, element);
                        bound += 1;
                    }
                    Clause::Let { local, value } => {
                        push(out, format_args!("${local} = "));
                        print(out, value, context);
                        context.scope.bind(*local, value.ty.clone());
                        bound += 1;
                    }
                    Clause::Filter(condition) => {
                        out.push_str("if ");
                        print(out, condition, context);
                    }
                }
            }
            out.push_str(" give ");
            print(out, element, context);
            out.push_str(close);
            for _ in 0..bound {
                context.scope.unbind();
            }
        }
    }
}

fn print_function(out: &mut String, function: &Function) {
    out.push_str(function.name());
    match function {
        Function::Record(name) => {
            out.push('<');
            print_type_name(out, name);
            out.push('>');
        }
        Function::Variant(name, index) => {
            out.push('<');
            print_type_name(out, name);
            push(out, format_args!(", {index}>"));
        }
        Function::Field(index) | Function::IsVariant(index) => {
            push(out, format_args!("<{index}>"));
        }
        Function::Payload(variant, index) => push(out, format_args!("<{variant}, {index}>")),
        Function::ToDecimal(places) | Function::ParseDecimal(places) => {
            push(out, format_args!("<{places}>"));
        }
        Function::None(ty) | Function::List(ty) | Function::Set(ty) | Function::Unreversed(ty) => {
            out.push('<');
            print_type(out, ty);
            out.push('>');
        }
        Function::Map(key, value) => {
            out.push('<');
            print_type(out, key);
            out.push_str(", ");
            print_type(out, value);
            out.push('>');
        }
        _ => {}
    }
}

impl<'a> Parser<'a> {
    /// Items separated by commas.
    pub(super) fn exprs(
        &mut self,
        close: char,
        inherited: Span,
        context: &mut Context,
    ) -> Parsed<Vec<Expr>> {
        Ok(self.list(close, |p| p.expr(inherited, context))?.0)
    }

    /// An expression.
    pub(super) fn expr(&mut self, inherited: Span, context: &mut Context) -> Parsed<Expr> {
        self.nested(|p| {
            let span = p.span().unwrap_or(inherited);
            if p.take_punct('(') {
                let mut expr = p.expr(span, context)?;
                p.punct(':')?;
                expr.ty = p.ty()?;
                p.punct(')')?;
                return Ok(expr);
            }
            if p.take_word("value") {
                let ty = p.ty()?;
                let kind = ExprKind::Constant(p.value()?);
                return Ok(Expr { kind, ty, span });
            }
            if let Some((value, ty)) = p.scalar()? {
                let kind = ExprKind::Constant(value);
                return Ok(Expr { kind, ty, span });
            }
            let kind = p.kind(span, context)?;
            let ty = context.scope.type_of(&kind).unwrap_or(Type::unit());
            Ok(Expr { kind, ty, span })
        })
    }

    fn kind(&mut self, span: Span, context: &mut Context) -> Parsed<ExprKind> {
        let expected = "an expression";
        let word = match self.peek() {
            Token::Local(local) => {
                self.advance();
                return Ok(ExprKind::Local(*local));
            }
            Token::Punct('[') => {
                self.advance();
                return self.comprehension(Gather::List, ']', span, context);
            }
            Token::Punct('{') => {
                self.advance();
                return self.comprehension(Gather::Set, '}', span, context);
            }
            Token::Word(word) => *word,
            _ => return self.error(expected),
        };
        let start = self.place();
        self.advance();
        match word {
            "in" | "left" | "right" => self.column(start, word, context),
            "element" => {
                if !context.sides.element {
                    return self.error_at(start, "`element` only in the block of a flat_map");
                }
                Ok(ExprKind::Column(context.sides.left.len()))
            }
            "param" => {
                self.punct('.')?;
                Ok(ExprKind::Param(self.word("the name of a parameter")?))
            }
            "if" => {
                self.punct('(')?;
                let parts = self.exprs(')', span, context)?;
                match <[Expr; 3]>::try_from(parts) {
                    Ok(parts) => Ok(ExprKind::If(Box::new(parts))),
                    Err(_) => self.error_at(start, "`if` with three arguments"),
                }
            }
            "let" => {
                self.punct('(')?;
                let local = self.local()?;
                self.punct('=')?;
                let value = Box::new(self.expr(span, context)?);
                self.punct(',')?;
                context.scope.bind(local, value.ty.clone());
                let body = self.expr(span, context);
                context.scope.unbind();
                self.punct(')')?;
                Ok(ExprKind::Let {
                    local,
                    value,
                    body: Box::new(body?),
                })
            }
            "invoke" => {
                self.punct('.')?;
                let function = self.qualified("the name of a function of the program")?;
                self.punct('(')?;
                let arguments = self.exprs(')', span, context)?;
                Ok(ExprKind::Invoke(function, arguments))
            }
            "sum" | "count" | "min" | "max" | "avg" | "map_of" | "top" => {
                self.punct('(')?;
                let gather = match word {
                    "sum" => Gather::Sum,
                    "count" => Gather::Count,
                    "min" => Gather::Min,
                    "max" => Gather::Max,
                    "avg" => Gather::Avg,
                    "map_of" => Gather::Map,
                    _ => {
                        let n = self.expr(span, context)?;
                        self.punct(',')?;
                        Gather::Top(Box::new(n))
                    }
                };
                self.comprehension(gather, ')', span, context)
            }
            _ => {
                let function = self.function(start, word)?;
                self.punct('(')?;
                let arguments = self.exprs(')', span, context)?;
                Ok(ExprKind::Call(function, arguments))
            }
        }
    }

    fn local(&mut self) -> Parsed<usize> {
        match self.peek() {
            Token::Local(local) => {
                self.advance();
                Ok(*local)
            }
            _ => self.error("a local, such as `$0`"),
        }
    }

    fn column(&mut self, start: usize, side: &str, context: &Context) -> Parsed<ExprKind> {
        let sides = &context.sides;
        let (columns, offset) = match (side, sides.right) {
            ("left", Some(_)) | ("in", None) => (sides.left, 0),
            ("right", Some(right)) => (right, sides.left.len()),
            (_, None) => return self.error_at(start, "`in` (there is one input)"),
            (_, Some(_)) => return self.error_at(start, "`left` or `right`"),
        };
        self.punct('.')?;
        let index = self.column_of(columns)?;
        match index.checked_add(offset) {
            Some(index) => Ok(ExprKind::Column(index)),
            None => self.error_at(start, "a smaller position"),
        }
    }

    /// A column of these by name or position. Names are not resolved the first time over a text.
    pub(super) fn column_of(&mut self, columns: &[(String, Type)]) -> Parsed<usize> {
        let start = self.place();
        if let Token::Position(index) = self.peek() {
            self.advance();
            return Ok(*index);
        }
        let name = self.word("the name of a column or a position such as `#0`")?;
        if self.heads.is_none() {
            return Ok(0);
        }
        find_column(&name, columns).or_else(|expected| self.error_at(start, &expected))
    }

    fn comprehension(
        &mut self,
        gather: Gather,
        close: char,
        span: Span,
        context: &mut Context,
    ) -> Parsed<ExprKind> {
        self.keyword("for")?;
        let mut bound = 0;
        let parsed = self.clauses_and_element(span, context, &mut bound);
        for _ in 0..bound {
            context.scope.unbind();
        }
        let (clauses, element) = parsed?;
        self.punct(close)?;
        Ok(ExprKind::Comprehension {
            gather,
            clauses,
            element: Box::new(element),
        })
    }

    fn clauses_and_element(
        &mut self,
        span: Span,
        context: &mut Context,
        bound: &mut usize,
    ) -> Parsed<(Vec<Clause>, Expr)> {
        let mut clauses = Vec::new();
        while !self.take_word("give") {
            if !clauses.is_empty() && !self.take_punct(',') {
                return self.error("`,` or `give`");
            }
            if self.take_word("if") {
                clauses.push(Clause::Filter(self.expr(span, context)?));
                continue;
            }
            let local = self.local()?;
            *bound += 1;
            if self.take_punct('=') {
                let value = self.expr(span, context)?;
                context.scope.bind(local, value.ty.clone());
                clauses.push(Clause::Let { local, value });
            } else if self.take_word("in") {
                let collection = self.expr(span, context)?;
                let element = collection.ty.element().unwrap_or(Type::unit());
                context.scope.bind(local, element);
                clauses.push(Clause::Each { local, collection });
            } else {
                return self.error("`in` or `=`");
            }
        }
        Ok((clauses, self.expr(span, context)?))
    }

    fn function(&mut self, start: usize, name: &str) -> Parsed<Function> {
        let simple = Function::SIMPLE.iter().find(|(simple, _)| *simple == name);
        if let Some((_, function)) = simple
            && !self.is_punct('<')
        {
            return Ok(function.clone());
        }
        let index = |p: &mut Self| p.whole("a position");
        let parameterised = matches!(
            name,
            "record"
                | "variant"
                | "field"
                | "is_variant"
                | "payload"
                | "none"
                | "list"
                | "set"
                | "map"
                | "to_decimal"
                | "parse_decimal"
                | "unreversed"
        );
        if !parameterised {
            return self.error_at(start, "the name of a function");
        }
        self.punct('<')?;
        let function = match name {
            "record" => Function::Record(self.type_name()?),
            "variant" => {
                let name = self.type_name()?;
                self.punct(',')?;
                Function::Variant(name, index(self)?)
            }
            "field" => Function::Field(index(self)?),
            "is_variant" => Function::IsVariant(index(self)?),
            "payload" => {
                let variant = index(self)?;
                self.punct(',')?;
                Function::Payload(variant, index(self)?)
            }
            "none" => Function::None(self.ty()?),
            "list" => Function::List(self.ty()?),
            "set" => Function::Set(self.ty()?),
            "to_decimal" => Function::ToDecimal(self.whole("a number of places")?),
            "parse_decimal" => Function::ParseDecimal(self.whole("a number of places")?),
            "unreversed" => Function::Unreversed(self.ty()?),
            _ => {
                let key = self.ty()?;
                self.punct(',')?;
                Function::Map(key, self.ty()?)
            }
        };
        self.punct('>')?;
        Ok(function)
    }
}

/// Appends a name or, if there is none, nothing.
pub(super) fn print_optional_text(out: &mut String, keyword: &str, text: Option<&String>) {
    if let Some(text) = text {
        push(out, format_args!(" {keyword} "));
        print_text(out, text);
    }
}
