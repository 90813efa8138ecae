//! The forms of items and of the lines of a test, up to where they end.

use super::super::document::{Doc, Fill, Line};
use super::{Builder, Docs};
use crate::syntax::TokenKind;

/// What comes after the part of a statement that its first word tells how to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing has been read: it is a rule.
    Rule,
    /// `;`
    Semicolon,
    /// Nothing: it ended with the braces around fields or variants.
    Fields,
    /// `{ statements }`, on the line of its header if there may be and it is short.
    Body { may_be_flat: bool },
    /// `{ let …; result }`
    Block,
}

impl<'t> Builder<'t> {
    /// Reads a statement up to where it ends.
    pub(super) fn item(&mut self, out: &mut Docs<'t>) -> Ending {
        use TokenKind::*;
        let Some(kind) = self.kind() else {
            return Ending::Rule;
        };
        let body = Ending::Body { may_be_flat: false };
        let short_body = Ending::Body { may_be_flat: true };
        match kind {
            Use => self.use_names(out),
            Type => {
                self.declared_type(out);
                self.spaced_token(out);
                self.ty(out);
            }
            Record => {
                self.declared_type(out);
                out.push(Doc::Space);
                self.declared_fields(out);
                return Ending::Fields;
            }
            Enum => {
                self.declared_type(out);
                out.push(Doc::Space);
                self.variants(out);
                return Ending::Fields;
            }
            Monotone | Fn => {
                if kind == Monotone {
                    self.token_and_space(out);
                }
                self.signature(out);
                if self.is_at(OpenBrace) {
                    return Ending::Block;
                }
            }
            Lattice => {
                self.declared_type(out);
                self.spaced_token(out);
                self.ty(out);
                return body;
            }
            Input => self.input(out),
            Param => {
                self.token_and_space(out);
                self.token(out);
                self.token_and_space(out);
                self.ty(out);
                if self.is_at(Equals) {
                    self.spaced_token(out);
                    self.expression(true, out);
                }
            }
            View | Table | Event | Message | Request => self.signature(out),
            Output => {
                self.token_and_space(out);
                if self.is_at(Final) {
                    self.token_and_space(out);
                }
                self.steps(false, out);
                self.clause(Self::steps_of_connector, out);
            }
            Extern => {
                self.token_and_space(out);
                self.token_and_space(out);
                self.token(out);
                self.alias(out);
                return short_body;
            }
            Timer => {
                self.token_and_space(out);
                self.token(out);
                self.spaced_token(out);
                self.expression(true, out);
            }
            Service | Test => {
                self.token_and_space(out);
                self.token(out);
                return body;
            }
            Agent => {
                self.token_and_space(out);
                self.token(out);
                self.columns(out);
                return body;
            }
            Coordinate => {
                self.token_and_space(out);
                self.token(out);
                self.spaced_token(out);
                self.expression(false, out);
                if self.is_at(Because) {
                    self.clause(Self::token, out);
                }
                return body;
            }
            On => {
                self.token_and_space(out);
                self.steps(false, out);
                self.alias(out);
                if self.is_at(If) {
                    let mut prefix = Docs::new();
                    self.token_and_space(&mut prefix);
                    let conditions = self.conditions(prefix, false);
                    out.push(Doc::Fill(Fill::new(conditions, true, true)));
                }
                return short_body;
            }
            Let => {
                self.token_and_space(out);
                self.expression(true, out);
                self.spaced_token(out);
                self.expression(true, out);
            }
            Given | Expect => {
                self.token_and_space(out);
                let items = self.conditions(Docs::new(), true);
                out.push(Doc::Fill(Fill::new(items, false, true)));
            }
            After => {
                self.token_and_space(out);
                self.expression(true, out);
            }
            In => {
                self.token_and_space(out);
                self.expression(false, out);
                return body;
            }
            _ => return Ending::Rule,
        }
        Ending::Semicolon
    }

    /// `record R<T>`
    fn declared_type(&mut self, out: &mut Docs<'t>) {
        self.token_and_space(out);
        self.token(out);
        self.generics(out);
    }

    /// `view r(a: Int) -> C`, `fn f<T>(a: T) -> T`
    fn signature(&mut self, out: &mut Docs<'t>) {
        self.declared_type(out);
        self.columns(out);
        if self.is_at(TokenKind::Arrow) {
            self.spaced_token(out);
            self.ty(out);
        }
    }

    /// `use a.b.{c, d}`, `use a.b as c`
    fn use_names(&mut self, out: &mut Docs<'t>) {
        self.token_and_space(out);
        self.token(out);
        while self.optional(TokenKind::Dot, out) {
            match self.is_at(TokenKind::OpenBrace) {
                true => self.used_names(out),
                false => self.token(out),
            }
        }
        self.alias(out);
    }

    /// ` as name`, or nothing.
    fn alias(&mut self, out: &mut Docs<'t>) {
        if self.is_at(TokenKind::As) {
            self.spaced_token(out);
            self.token(out);
        }
    }

    /// `input r(…) -> C from source(…) late d by column`
    fn input(&mut self, out: &mut Docs<'t>) {
        self.signature(out);
        self.clause(Self::steps_of_connector, out);
        if self.is_at(TokenKind::Late) {
            self.clause(Self::bound, out);
        }
    }

    /// A keyword and what belongs to it, on a line of its own if the whole is broken.
    fn clause(&mut self, rest: fn(&mut Self, &mut Docs<'t>), out: &mut Docs<'t>) {
        out.push(Doc::Line(Line::Hug));
        self.token_and_space(out);
        rest(self, out);
    }

    fn steps_of_connector(&mut self, out: &mut Docs<'t>) {
        self.steps(false, out);
    }

    /// `5s by at`
    fn bound(&mut self, out: &mut Docs<'t>) {
        self.expression(true, out);
        self.spaced_token(out);
        self.token(out);
    }
}
