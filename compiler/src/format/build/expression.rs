//! Expressions and conditions.

use super::super::document::{Bracket, Breaks, Doc, Line};
use super::list::join;
use super::{Builder, Docs};
use crate::syntax::TokenKind;

/// What an expression looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A name or a literal, perhaps negative.
    Atom,
    /// Ends with the bracket that would be broken first.
    Bracketed,
    Other,
}

/// How tightly infix operators bind, loosest first; beyond are operands.
const LEVELS: u32 = 5;

fn level(operator: TokenKind) -> u32 {
    match operator {
        TokenKind::OrOr => 0,
        TokenKind::AndAnd => 1,
        TokenKind::Plus | TokenKind::Minus => 3,
        TokenKind::Star | TokenKind::Slash | TokenKind::Percent => 4,
        _ => 2,
    }
}

/// Operands with the operators before all but the first, not yet nested.
struct Chain<'t> {
    operands: std::vec::IntoIter<Docs<'t>>,
    operators: std::iter::Peekable<std::vec::IntoIter<(u32, Docs<'t>)>>,
}

impl<'t> Chain<'t> {
    /// Takes what the operators of `at_least` that level join, as a group per level.
    fn nest(&mut self, at_least: u32) -> Docs<'t> {
        if at_least == LEVELS {
            return self.operands.next().unwrap_or_default();
        }
        let mut first = self.nest(at_least + 1);
        let mut rest = Docs::new();
        while let Some((_, mut operator)) = self.operators.next_if(|next| next.0 == at_least) {
            rest.push(Doc::Line(Line::Plain));
            rest.append(&mut operator);
            rest.push(Doc::Space);
            rest.append(&mut self.nest(at_least + 1));
        }
        if rest.is_empty() {
            return first;
        }
        first.push(Doc::indent(rest));
        vec![Doc::group(first)]
    }
}

impl<'t> Builder<'t> {
    /// An expression or pattern. A record literal is read only if there may be `records`: where there
    /// may be none, a `{` begins a body.
    pub(super) fn expression(&mut self, records: bool, out: &mut Docs<'t>) -> Shape {
        self.leading(out);
        let mut first = Docs::new();
        let shape = self.operand(records, &mut first);
        let mut operands = vec![first];
        let mut operators = Vec::new();
        while let Some(kind) = self.kind().filter(|kind| kind.is_infix()) {
            let mut operator = Docs::new();
            self.token(&mut operator);
            operators.push((level(kind), operator));
            let mut operand = Docs::new();
            self.operand(records, &mut operand);
            operands.push(operand);
        }
        let shape = match operators.is_empty() {
            true => shape,
            false => Shape::Other,
        };
        let mut chain = Chain {
            operands: operands.into_iter(),
            operators: operators.into_iter().peekable(),
        };
        out.append(&mut chain.nest(0));
        shape
    }

    fn operand(&mut self, records: bool, out: &mut Docs<'t>) -> Shape {
        let start = self.at;
        while matches!(self.kind(), Some(TokenKind::Minus | TokenKind::Bang)) {
            self.token(out);
        }
        let is_plain = self.at == start;
        let shape = self.steps(records, out);
        match shape == Shape::Bracketed && !is_plain {
            true => Shape::Other,
            false => shape,
        }
    }

    /// A primary expression with what follows its dots.
    pub(super) fn steps(&mut self, records: bool, out: &mut Docs<'t>) -> Shape {
        let mut shape = self.primary(records, out);
        while self.optional(TokenKind::Dot, out) {
            shape = self.name(records, out);
        }
        shape
    }

    fn primary(&mut self, records: bool, out: &mut Docs<'t>) -> Shape {
        match self.kind() {
            Some(TokenKind::OpenParen) => self.arguments(out),
            Some(TokenKind::OpenBracket | TokenKind::OpenBrace) => self.collection(out),
            Some(TokenKind::If) => self.conditional(out),
            Some(TokenKind::Match) => {
                self.token_and_space(out);
                self.expression(false, out);
                out.push(Doc::Space);
                self.fields(out);
            }
            _ => return self.name(records, out),
        }
        Shape::Bracketed
    }

    /// A name or literal, with arguments or fields if there are any.
    fn name(&mut self, records: bool, out: &mut Docs<'t>) -> Shape {
        let is_upper = self.is_at(TokenKind::Upper);
        self.token(out);
        if self.is_at(TokenKind::OpenParen) {
            self.arguments(out);
        } else if is_upper && records && self.is_at(TokenKind::OpenBrace) {
            out.push(Doc::Space);
            self.fields(out);
        } else {
            return Shape::Atom;
        }
        Shape::Bracketed
    }

    /// `if c { a } else if d { b } else { c }`: all blocks are broken, or none.
    fn conditional(&mut self, out: &mut Docs<'t>) {
        self.leading(out);
        let mut docs = Docs::new();
        while self.is_at(TokenKind::If) {
            self.token_and_space(&mut docs);
            self.expression(false, &mut docs);
            docs.push(Doc::Space);
            self.block(Breaks::WithGroup, &mut docs);
            self.spaced_token(&mut docs);
        }
        self.block(Breaks::WithGroup, &mut docs);
        out.push(Doc::group(docs));
    }

    /// `{ let …; result }`
    pub(super) fn block(&mut self, breaks: Breaks, out: &mut Docs<'t>) {
        self.leading(out);
        let mut open = vec![self.bare()];
        self.trailing(&mut open);
        let mut lines = Vec::new();
        while self.is_at(TokenKind::Let) {
            let first = lines.is_empty();
            lines.push(self.statement(first).docs(0));
        }
        let has_lets = !lines.is_empty();
        let mut result = Docs::new();
        self.leading_apart(!has_lets, &mut result);
        result.push(Doc::Anchor);
        let mut expression = Docs::new();
        self.expression(true, &mut expression);
        self.leading_apart(false, &mut expression);
        result.push(Doc::indent(expression));
        lines.push(result);
        let close = self.bare();
        let inner = join(lines, || Doc::Newline);
        let bracket = Bracket::new(open, inner, close, Line::Plain, breaks);
        let bracket = match has_lets {
            true => bracket.broken(),
            false => bracket,
        };
        out.push(Doc::Bracket(Box::new(bracket)));
        self.trailing(out);
    }

    /// Conditions with their commas; `prefix` goes before the first.
    pub(super) fn conditions(&mut self, prefix: Docs<'t>, records: bool) -> Vec<Docs<'t>> {
        let mut items = Vec::new();
        let mut item = prefix;
        loop {
            self.condition(records, &mut item);
            let goes_on = self.optional(TokenKind::Comma, &mut item);
            items.push(std::mem::take(&mut item));
            // What a test is given may end with a comma.
            if !goes_on || self.is_at(TokenKind::Semicolon) {
                return items;
            }
        }
    }

    /// A condition, or what a test is given: `not e`, `e -> e`, `e in e`, `let e = e`, `e as name`.
    fn condition(&mut self, records: bool, out: &mut Docs<'t>) {
        use TokenKind::*;
        while let Some(Not | Exists | Maybe | Sample | Final | Let) = self.kind() {
            self.token_and_space(out);
        }
        self.expression(records, out);
        while let Some(Arrow | In | Equals | As) = self.kind() {
            self.spaced_token(out);
            self.expression(records, out);
        }
    }
}
