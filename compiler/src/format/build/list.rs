//! Brackets and what they hold: arguments, columns, collections, types.

use super::super::document::{Bracket, Breaks, Doc, Fill, Line};
use super::expression::Shape;
use super::{Builder, Docs};
use crate::syntax::TokenKind;

/// How one element of a list is read.
type Element<'t> = fn(&mut Builder<'t>, &mut Docs<'t>) -> Shape;

impl<'t> Builder<'t> {
    /// `(…)` after a name, or a tuple.
    pub(super) fn arguments(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Soft, false, Self::argument, out);
    }

    /// `[…]`, `{…}`; short elements fill their lines.
    pub(super) fn collection(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Soft, true, Self::argument, out);
    }

    /// `{ … }` after the name of a record, or after what is matched.
    pub(super) fn fields(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Plain, false, Self::argument, out);
    }

    /// `(a: T, …)`
    pub(super) fn columns(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Soft, false, Self::column, out);
    }

    /// `{ a: T, … }`
    pub(super) fn declared_fields(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Plain, false, Self::column, out);
    }

    /// `{ A, B(T), … }`
    pub(super) fn variants(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Plain, false, Self::variant, out);
    }

    /// `{a, b as c}` of a `use`.
    pub(super) fn used_names(&mut self, out: &mut Docs<'t>) {
        self.bracket(Line::Soft, true, Self::used_name, out);
    }

    fn bracket(&mut self, padding: Line, fills: bool, element: Element<'t>, out: &mut Docs<'t>) {
        self.leading(out);
        let mut open = vec![self.bare()];
        self.trailing(&mut open);
        let mut items: Vec<Docs<'t>> = Vec::new();
        let mut all_atoms = true;
        let mut hugs = padding == Line::Soft && open.len() == 1;
        let mut ends_with_comma = false;
        while !self.at_close() {
            let mut item = Docs::new();
            self.leading_apart(items.is_empty(), &mut item);
            hugs &= items.is_empty() && item.is_empty();
            let shape = element(self, &mut item);
            all_atoms &= shape == Shape::Atom;
            hugs &= shape == Shape::Bracketed && !matches!(item.last(), Some(Doc::Trailing(_)));
            ends_with_comma = self.optional(TokenKind::Comma, &mut item);
            items.push(item);
        }
        let mut last = Docs::new();
        self.leading_apart(items.is_empty(), &mut last);
        hugs &= last.is_empty() && !ends_with_comma;
        let close = self.bare();
        if items.is_empty() && last.is_empty() && open.len() == 1 {
            out.append(&mut open);
            out.push(close);
        } else if hugs {
            out.append(&mut open);
            out.extend(items.into_iter().flatten());
            out.push(close);
        } else {
            let mut inner = match fills && all_atoms {
                true => vec![Doc::Fill(Fill::new(items, false, false))],
                false => join(items, || Doc::Line(Line::Plain)),
            };
            inner.append(&mut last);
            let bracket = Bracket::new(open, inner, close, padding, Breaks::Alone);
            let bracket = match ends_with_comma {
                true => bracket.broken(),
                false => bracket,
            };
            out.push(Doc::Bracket(Box::new(bracket)));
        }
        self.trailing(out);
    }

    /// `e`, `name: e`, `pattern => e`, `..`, or `e for conditions`.
    fn argument(&mut self, out: &mut Docs<'t>) -> Shape {
        let mut docs = Docs::new();
        let mut shape = self.expression(true, &mut docs);
        if self.optional(TokenKind::Colon, &mut docs) {
            docs.push(Doc::Space);
            self.expression(true, &mut docs);
            shape = Shape::Other;
        } else if self.is_at(TokenKind::FatArrow) {
            self.spaced_token(&mut docs);
            self.expression(true, &mut docs);
            shape = Shape::Other;
        }
        if !self.is_at(TokenKind::For) {
            out.append(&mut docs);
            return shape;
        }
        docs.push(Doc::Line(Line::Plain));
        self.leading(&mut docs);
        docs.push(Doc::Anchor);
        let mut clause = Docs::new();
        self.token_and_space(&mut clause);
        let conditions = self.conditions(Docs::new(), true);
        clause.push(Doc::Fill(Fill::new(conditions, false, true)));
        docs.push(Doc::indent(clause));
        out.push(Doc::group(docs));
        Shape::Other
    }

    fn column(&mut self, out: &mut Docs<'t>) -> Shape {
        while self.is_at(TokenKind::At) {
            self.attribute(out);
            out.push(Doc::Space);
        }
        self.token(out);
        self.token_and_space(out);
        self.ty(out);
        Shape::Other
    }

    fn variant(&mut self, out: &mut Docs<'t>) -> Shape {
        self.token(out);
        if self.is_at(TokenKind::OpenParen) {
            self.types(out);
        }
        Shape::Other
    }

    fn used_name(&mut self, out: &mut Docs<'t>) -> Shape {
        self.token(out);
        if self.is_at(TokenKind::As) {
            self.spaced_token(out);
            self.token(out);
        }
        Shape::Atom
    }

    /// `@name(args)`
    pub(super) fn attribute(&mut self, out: &mut Docs<'t>) {
        self.token(out);
        self.token(out);
        if self.is_at(TokenKind::OpenParen) {
            self.arguments(out);
        }
    }

    /// A type, which is never broken.
    pub(super) fn ty(&mut self, out: &mut Docs<'t>) {
        if self.is_at(TokenKind::OpenParen) {
            return self.types(out);
        }
        self.token(out);
        while self.optional(TokenKind::Dot, out) {
            self.token(out);
        }
        if self.is_at(TokenKind::Less) {
            self.types(out);
        }
        if self.is_at(TokenKind::OpenParen) {
            self.on_one_line(|builder, out| _ = builder.expression(true, out), out);
        }
    }

    /// `<T, U>` or nothing.
    pub(super) fn generics(&mut self, out: &mut Docs<'t>) {
        if self.is_at(TokenKind::Less) {
            self.types(out);
        }
    }

    /// `<T, U>`, `(T, U)`
    fn types(&mut self, out: &mut Docs<'t>) {
        if self.kind_after(1) == Some(TokenKind::Greater) {
            // `<>` is one token, and no generics.
            self.token_and_space(out);
            return self.token(out);
        }
        self.on_one_line(Self::ty, out);
    }

    fn on_one_line(&mut self, element: fn(&mut Self, &mut Docs<'t>), out: &mut Docs<'t>) {
        self.token(out);
        let at_end = |builder: &Self| builder.at_close() || builder.is_at(TokenKind::Greater);
        while !at_end(self) {
            element(self, out);
            if self.optional(TokenKind::Comma, out) && !at_end(self) {
                out.push(Doc::Space);
            }
        }
        self.token(out);
    }
}

/// All lists in one, with something between each two.
pub(super) fn join<'t>(lists: Vec<Docs<'t>>, between: impl Fn() -> Doc<'t>) -> Docs<'t> {
    let mut joined = Docs::new();
    for mut list in lists {
        if !joined.is_empty() {
            joined.push(between());
        }
        joined.append(&mut list);
    }
    joined
}
