//! One statement: an item, a rule, a line of a test.

use super::super::document::{Breaks, Doc, Fill, Line, NEVER, sum};
use super::item::Ending;
use super::{Builder, Docs};
use crate::syntax::TokenKind;

/// A statement with what stands around it.
pub(super) struct Statement<'t> {
    /// Comments, empty lines and attributes before it.
    before: Docs<'t>,
    form: Form<'t>,
    /// The comment behind it.
    after: Docs<'t>,
    /// It has neither body nor attributes.
    pub(super) is_short: bool,
}

enum Form<'t> {
    Rule(Rule<'t>),
    Other(Docs<'t>),
}

/// `effect if conditions because "…";`
struct Rule<'t> {
    effect: Docs<'t>,
    /// The relation, and the width of what stands before the arrow: of a head with a value.
    key: Option<(&'t str, u32)>,
    /// With the `if` in the first.
    conditions: Option<Fill<'t>>,
    because: Docs<'t>,
    semicolon: Docs<'t>,
}

impl<'t> Statement<'t> {
    /// Width of what stands before the `if` of a rule whose `if` may be aligned.
    pub(super) fn head_width(&self) -> Option<u32> {
        match &self.form {
            Form::Rule(rule) if rule.key.is_some() => Some(width(&rule.effect)),
            _ => None,
        }
    }

    /// Width on one line, without what stands around it.
    pub(super) fn width(&self) -> u32 {
        match &self.form {
            Form::Rule(rule) => {
                let conditions = rule.conditions.as_ref().map_or(0, |fill| fill.width);
                sum([width(&rule.effect), conditions, width(&rule.semicolon)].into_iter())
            }
            Form::Other(_) => NEVER,
        }
    }

    /// True if `next` is a rule of the same relation, with its arrow in the same column.
    pub(super) fn aligns_with(&self, next: &Self) -> bool {
        let key = |statement: &Self| match &statement.form {
            Form::Rule(rule) => rule.key,
            Form::Other(_) => None,
        };
        next.before.is_empty() && key(self).is_some() && key(self) == key(next)
    }

    /// The document, with the head of an aligned rule padded to that column.
    pub(super) fn docs(self, column: u32) -> Docs<'t> {
        let pad = self.head_width().map(|width| column.saturating_sub(width));
        let mut docs = self.before;
        docs.push(Doc::Anchor);
        match self.form {
            Form::Other(mut form) => docs.append(&mut form),
            Form::Rule(rule) => {
                let mut inner = rule.effect;
                inner.extend(pad.filter(|pad| *pad > 0).map(Doc::Pad));
                inner.extend(rule.conditions.map(Doc::Fill));
                let mut outer = vec![Doc::group(inner)];
                if !rule.because.is_empty() {
                    outer.push(Doc::Line(Line::Hug));
                    outer.extend(rule.because);
                }
                let mut whole = vec![Doc::group(outer)];
                whole.extend(rule.semicolon);
                docs.push(Doc::indent(whole));
            }
        }
        docs.extend(self.after);
        docs
    }
}

fn width(docs: &[Doc<'_>]) -> u32 {
    sum(docs.iter().map(Doc::width))
}

impl<'t> Builder<'t> {
    /// The next statement; before the `first` of a body no empty line is kept.
    pub(super) fn statement(&mut self, first: bool) -> Statement<'t> {
        let mut before = Docs::new();
        self.leading_apart(first, &mut before);
        let has_attributes = self.attributes(&mut before);
        let mut docs = Docs::new();
        if self.is_at(TokenKind::Pub) {
            self.token_and_space(&mut docs);
        }
        let mut after = Docs::new();
        let form = match self.item(&mut docs) {
            Ending::Rule => Form::Rule(self.rule(docs, &mut after)),
            Ending::Semicolon => {
                let mut whole = vec![Doc::group(docs)];
                self.leading(&mut whole);
                whole.push(self.bare());
                self.trailing(&mut after);
                Form::Other(vec![Doc::indent(whole)])
            }
            Ending::Fields => Form::Other(vec![Doc::indent(docs)]),
            ending @ (Ending::Body { .. } | Ending::Block) => {
                let header = Doc::group(vec![Doc::indent(docs), Doc::Line(Line::Brace)]);
                let mut whole = vec![header];
                match ending {
                    Ending::Body { may_be_flat } => self.body(may_be_flat, &mut whole),
                    _ => self.block(Breaks::AsBody, &mut whole),
                }
                Form::Other(whole)
            }
        };
        let is_short = !has_attributes && self.ended_with_semicolon();
        Statement {
            before,
            form,
            after,
            is_short,
        }
    }

    fn ended_with_semicolon(&self) -> bool {
        let last = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        last.is_some_and(|token| token.kind == TokenKind::Semicolon)
    }

    /// The attributes of an item on a line of their own.
    fn attributes(&mut self, out: &mut Docs<'t>) -> bool {
        let mut attributes = Vec::new();
        while self.is_at(TokenKind::At) {
            let mut attribute = Docs::new();
            self.attribute(&mut attribute);
            attributes.push(attribute);
        }
        let has_attributes = !attributes.is_empty();
        if has_attributes {
            out.push(Doc::Fill(Fill::new(attributes, false, false)));
            out.push(Doc::Newline);
            self.leading(out);
        }
        has_attributes
    }

    /// The rest of a rule whose first words are read.
    fn rule(&mut self, mut effect: Docs<'t>, after: &mut Docs<'t>) -> Rule<'t> {
        let key = self.effect(&mut effect);
        let conditions = self.is_at(TokenKind::If).then(|| {
            let mut prefix = Docs::new();
            self.token_and_space(&mut prefix);
            Fill::new(self.conditions(prefix, true), true, true)
        });
        let mut because = Docs::new();
        if self.is_at(TokenKind::Because) {
            self.token_and_space(&mut because);
            self.token(&mut because);
        }
        let mut semicolon = Docs::new();
        self.leading(&mut semicolon);
        semicolon.push(self.bare());
        self.trailing(after);
        let may_align = conditions.is_some() && because.is_empty();
        Rule {
            effect,
            key: key.filter(|_| may_align),
            conditions,
            because,
            semicolon,
        }
    }

    /// What a rule derives or does. The relation, and the columns before the arrow, of a head with
    /// a value.
    fn effect(&mut self, out: &mut Docs<'t>) -> Option<(&'t str, u32)> {
        use TokenKind::*;
        let name = self.tokens.get(self.at)?.span.of(self.text);
        let mut is_head = false;
        match self.kind() {
            Some(Reply) => {
                self.token_and_space(out);
                self.expression(true, out);
            }
            Some(Merge | Remove | Seal | Send | Schedule) => {
                self.token_and_space(out);
                self.steps(true, out);
            }
            _ => {
                is_head = true;
                self.steps(true, out);
            }
        }
        let columns = width(out);
        let is_head = is_head && self.is_at(Arrow);
        if let Some(Arrow | To | After) = self.kind() {
            self.spaced_token(out);
            self.expression(true, out);
        }
        is_head.then_some((name, columns))
    }
}
