//! Functions and lattices of a program in text.
//!
//! ```text
//! fn math.clamp(Int, Int): Int monotone(natural, natural, natural) @0:1..9 = least($0, $1)
//! lattice math.Clock: Int bottom math.zero join math.later @0:10..20
//! ```
//!
//! The parameters are the locals `$0`, `$1`, … of the body. Orders are those of the parameters,
//! then that of the result.

use crate::graph::{FunctionDefinition, Lattice, Order};
use crate::typing::Scope;
use crate::{Expr, ExprKind, Program, Type, Value};

use super::expressions::{Context, print_expr};
use super::items::Draft;
use super::literal::{print_type, print_type_name, separated};
use super::parser::{Parsed, Parser};
use super::print::{Style, print_span};
use super::sides::Sides;

/// Appends a function and the end of its line.
pub(crate) fn print_function(out: &mut String, program: &Program, name: &str, style: Style) {
    let Some(function) = program.functions.get(name) else {
        return;
    };
    out.push_str("fn ");
    print_type_name(out, name);
    out.push('(');
    separated(out, &function.parameters, print_type);
    out.push_str("): ");
    print_type(out, &function.body.ty);
    if let Some(orders) = &function.monotone {
        out.push_str(" monotone(");
        separated(out, orders, |out, order| match order {
            Order::Natural => out.push_str("natural"),
            Order::Lattice(lattice) => {
                out.push_str("lattice ");
                print_type_name(out, lattice);
            }
        });
        out.push(')');
    }
    print_span(out, function.span, style);
    out.push_str(" = ");
    let mut context = Context {
        scope: Scope::of_function(program, &function.parameters),
        sides: Sides::NONE,
    };
    print_expr(out, &function.body, function.span, &mut context, style);
    out.push('\n');
}

/// Appends a lattice and the end of its line.
pub(crate) fn print_lattice(out: &mut String, program: &Program, name: &str, style: Style) {
    let Some(lattice) = program.lattices.get(name) else {
        return;
    };
    out.push_str("lattice ");
    print_type_name(out, name);
    out.push_str(": ");
    print_type(out, &lattice.ty);
    out.push_str(" bottom ");
    print_type_name(out, &lattice.bottom);
    out.push_str(" join ");
    print_type_name(out, &lattice.join);
    print_span(out, lattice.span, style);
    out.push('\n');
}

impl Parser<'_> {
    /// What follows `fn`.
    pub(super) fn function_definition(&mut self, draft: &mut Draft) -> Parsed<()> {
        let start = self.place();
        let name = self.qualified("the name of a function")?;
        self.punct('(')?;
        let (parameters, _) = self.list(')', Self::ty)?;
        self.punct(':')?;
        let result = self.ty()?;
        let monotone = match self.take_word("monotone") {
            true => {
                self.punct('(')?;
                Some(self.list(')', Self::order)?.0)
            }
            false => None,
        };
        let span = self.span().unwrap_or_default();
        self.punct('=')?;
        let body_start = self.place();
        let mut body = self.with_context(Sides::NONE, None, |p, context| {
            for (local, ty) in parameters.iter().enumerate() {
                context.scope.bind(local, ty.clone());
            }
            p.expr(span, context)
        })?;
        if self.heads.is_none() {
            // What the body is made of is not known yet.
            body = Expr {
                kind: ExprKind::Constant(Value::Tuple(Vec::new())),
                ty: result,
                span,
            };
        } else if body.ty != result {
            return self.error_at(body_start, &format!("an expression of type {result}"));
        }
        let function = FunctionDefinition {
            parameters,
            body,
            monotone,
            span,
        };
        match draft.program.functions.insert(name, function) {
            None => Ok(()),
            Some(_) => self.error_at(start, "a function that is not defined yet"),
        }
    }

    fn order(&mut self) -> Parsed<Order> {
        if self.take_word("natural") {
            return Ok(Order::Natural);
        }
        if self.take_word("lattice") {
            return Ok(Order::Lattice(self.qualified("the name of a lattice")?));
        }
        self.error("`natural` or `lattice` and a name")
    }

    /// What follows `lattice`.
    pub(super) fn lattice(&mut self, draft: &mut Draft) -> Parsed<()> {
        let start = self.place();
        let name = self.qualified("the name of a lattice")?;
        self.punct(':')?;
        let ty: Type = self.ty()?;
        self.keyword("bottom")?;
        let bottom = self.qualified("the name of a function")?;
        self.keyword("join")?;
        let join = self.qualified("the name of a function")?;
        let lattice = Lattice {
            ty,
            bottom,
            join,
            span: self.span().unwrap_or_default(),
        };
        match draft.program.lattices.insert(name, lattice) {
            None => Ok(()),
            Some(_) => self.error_at(start, "a lattice that is not defined yet"),
        }
    }
}
