//! Reads a wrong text part by part: items, and the statements of the bodies that cannot be read whole.
//!
//! Invariants: brackets match (see [`super::brackets`]). A part that can be read is in the tree; one
//! that cannot is an `Error` node, and has one diagnostic unless something in it was reported before.

use super::ast::*;
use super::brackets::{calls_for_body, opens_body};
use super::context::Context;
use super::layout::Layout;
use super::message::{Failure, explain};
use super::parse::{Stretch, Stuck, read};
use super::token::{Token, TokenKind};
use super::MAX_DEPTH;
use crate::diagnostic::{Diagnostic, codes};

/// Bodies within bodies that are read part by part; deeper ones are read whole or not at all.
const MAX_BODIES: u32 = 8;

/// State of a recovery.
pub(super) struct Recovery<'c, 'a, 't> {
    context: &'c mut Context<'a>,
    tokens: &'t [Token],
    layout: &'t Layout,
    /// For each opening bracket, where it closes; `usize::MAX` elsewhere.
    partners: Vec<usize>,
    /// Offsets at which something has been reported, ascending.
    reported: &'t [u32],
    /// Offsets at which the text gets too deep, ascending.
    deep: &'t [u32],
    bodies: u32,
    diagnostics: Vec<Diagnostic>,
}

/// A stretch of tokens that should be one item or statement.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    /// The keyword that says what it is.
    keyword: usize,
    /// The `{` of its body.
    body: Option<usize>,
}

impl<'c, 'a, 't> Recovery<'c, 'a, 't> {
    pub(super) fn new(
        context: &'c mut Context<'a>,
        tokens: &'t [Token],
        layout: &'t Layout,
        reported: &'t [u32],
        deep: &'t [u32],
    ) -> Self {
        let partners = partners(tokens);
        let (bodies, diagnostics) = (0, Vec::new());
        Self { context, tokens, layout, partners, reported, deep, bodies, diagnostics }
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// All items of the file.
    pub(super) fn items(&mut self) -> Vec<Item> {
        self.items_in(0, self.tokens.len())
    }

    fn items_in(&mut self, start: usize, end: usize) -> Vec<Item> {
        let mut items = Vec::new();
        self.each_part(start, end, TokenKind::BeginItems, |this, part, outcome| match outcome {
            Ok(stretch) => items.append(&mut stretch.items()),
            Err(()) => items.push(this.broken_item(part)),
        });
        items
    }

    fn on_statements(&mut self, start: usize, end: usize) -> Vec<OnStatement> {
        let mut statements = Vec::new();
        self.each_part(start, end, TokenKind::BeginOn, |this, part, outcome| match outcome {
            Ok(stretch) => statements.append(&mut stretch.on()),
            Err(()) => statements.push(OnStatement::Error(this.span(part.start, part.end))),
        });
        statements
    }

    fn test_statements(&mut self, start: usize, end: usize) -> Vec<TestStatement> {
        let mut statements = Vec::new();
        self.each_part(start, end, TokenKind::BeginTest, |this, part, outcome| match outcome {
            Ok(stretch) => statements.append(&mut stretch.test()),
            Err(()) => statements.push(this.broken_test_statement(part)),
        });
        statements
    }

    /// Cuts a stretch into parts and reads each; `Err` says that a part is still to be taken apart,
    /// or lost.
    fn each_part(
        &mut self,
        start: usize,
        end: usize,
        begin: TokenKind,
        mut take: impl FnMut(&mut Self, Part, Result<Stretch, ()>),
    ) {
        let mut at = start;
        while at < end {
            let part = self.next_part(at, end);
            at = part.end;
            let stuck = match self.read_part(part.start, part.end, None, begin) {
                Ok(stretch) => {
                    take(self, part, Ok(stretch));
                    continue;
                }
                Err(stuck) => stuck,
            };
            if self.container(part).is_some() {
                take(self, part, Err(()));
                continue;
            }
            let Some(failure) = self.failure(part, stuck) else {
                take(self, part, Err(()));
                continue;
            };
            let explanation = explain(&failure);
            if !self.is_reported(part.start, part.end) {
                self.diagnostics.push(explanation.diagnostic);
            }
            match explanation.missing_semicolon {
                Some(cut) if cut > part.start && cut < part.end => {
                    at = cut;
                    let part = Part { end: cut, ..part };
                    let place = self.tokens[cut - 1].span.after();
                    let semicolon = Token { kind: TokenKind::Semicolon, span: place };
                    let outcome = self.read_part(part.start, cut, Some(semicolon), begin);
                    take(self, part, outcome.map_err(|_| ()));
                }
                Some(cut) if cut == part.end => {
                    let place = self.tokens[cut - 1].span.after();
                    let semicolon = Token { kind: TokenKind::Semicolon, span: place };
                    let outcome = self.read_part(part.start, cut, Some(semicolon), begin);
                    take(self, part, outcome.map_err(|_| ()));
                }
                _ => take(self, part, Err(())),
            }
        }
    }

    /// The part that begins at `start`.
    fn next_part(&self, start: usize, end: usize) -> Part {
        let mut keyword = start;
        while keyword < end {
            match self.tokens[keyword].kind {
                TokenKind::Pub | TokenKind::Monotone => keyword += 1,
                TokenKind::At => {
                    keyword += 1;
                    if keyword < end && self.tokens[keyword].kind == TokenKind::Lower {
                        keyword += 1;
                    }
                    if keyword < end && self.tokens[keyword].kind == TokenKind::OpenParen {
                        keyword = self.partners[keyword] + 1;
                    }
                }
                _ => break,
            }
        }
        let keyword = keyword.min(end - 1);
        let kind = self.tokens[keyword].kind;
        let has_body = calls_for_body(kind) || kind == TokenKind::In;
        let mut at = keyword;
        while at < end {
            let token = self.tokens[at].kind;
            if at > keyword && self.layout.begins_line(at) && self.begins_part(kind, token) {
                return Part { start, end: at, keyword, body: None };
            }
            if token == TokenKind::Semicolon {
                return Part { start, end: at + 1, keyword, body: None };
            }
            if token == TokenKind::OpenBrace && has_body && opens_body(self.tokens, at) {
                let close = self.partners[at];
                return Part { start, end: close + 1, keyword, body: Some(at) };
            }
            at = match token.is_opening() {
                true => self.partners[at] + 1,
                false => at + 1,
            };
        }
        Part { start, end, keyword, body: None }
    }

    /// True if a line that begins with `token` ends a part of the kind `keyword`.
    fn begins_part(&self, keyword: TokenKind, token: TokenKind) -> bool {
        let goes_on = keyword == TokenKind::Lattice && token == TokenKind::On
            || matches!(keyword, TokenKind::Let) && token == TokenKind::Let;
        let begins = token.begins_statement() && token != TokenKind::Let
            || matches!(token, TokenKind::At | TokenKind::Given | TokenKind::Expect);
        begins && !goes_on
    }

    /// Reads a part, with `extra` behind it.
    fn read_part(
        &mut self,
        start: usize,
        end: usize,
        extra: Option<Token>,
        begin: TokenKind,
    ) -> Result<Stretch, Option<Stuck>> {
        if self.deep_place(start, end).is_some() {
            return Err(None);
        }
        let outcome = read(self.context, begin, self.tokens[start..end].iter().chain(&extra));
        self.diagnostics.append(&mut self.context.finish(outcome.is_ok()));
        outcome.map_err(Some)
    }

    /// What to explain about a part that cannot be read; too deep ones are reported here.
    fn failure(&mut self, part: Part, stuck: Option<Stuck>) -> Option<Failure<'_>> {
        if let Some(place) = self.deep_place(part.start, part.end) {
            let at = self.tokens.partition_point(|token| token.span.start < place);
            let span = self.tokens[at.min(self.tokens.len() - 1)].span;
            self.diagnostics.push(
                Diagnostic::error(
                    codes::TOO_DEEP,
                    self.context.file,
                    span,
                    format!("this is nested more than {MAX_DEPTH} levels deep"),
                )
                .label("too deep from here on")
                .note("Brackets count, and so do the operators of one expression.")
                .help("name parts of it with `let`, or in a view of their own"),
            );
            return None;
        }
        let stuck = stuck?;
        let at = match stuck.token {
            Some((offset, kind)) => (part.start..part.end)
                .find(|&at| self.tokens[at].span.start >= offset && self.tokens[at].kind == kind)
                .unwrap_or(part.end),
            None => part.end,
        };
        Some(Failure {
            file: self.context.file,
            text: self.context.text,
            tokens: self.tokens,
            layout: self.layout,
            start: part.start,
            keyword: part.keyword,
            end: part.end,
            at,
            expected: stuck.expected,
        })
    }

    /// The first place at which a stretch gets too deep.
    fn deep_place(&self, start: usize, end: usize) -> Option<u32> {
        let span = self.span(start, end);
        let first = self.deep.partition_point(|offset| *offset < span.start);
        self.deep.get(first).copied().filter(|offset| *offset < span.end)
    }

    /// True if something in a stretch has been reported.
    fn is_reported(&self, start: usize, end: usize) -> bool {
        let span = self.span(start, end);
        let first = self.reported.partition_point(|offset| *offset < span.start);
        self.reported.get(first).is_some_and(|offset| *offset <= span.end)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.tokens.get(start..end) {
            Some([first, .., last]) => first.span.to(last.span),
            Some([only]) => only.span,
            _ => Span::default(),
        }
    }

    /// The body of a part that can be taken apart.
    fn container(&self, part: Part) -> Option<(usize, usize)> {
        let body = part.body?;
        let splits = matches!(
            self.tokens[part.keyword].kind,
            TokenKind::Service
                | TokenKind::Agent
                | TokenKind::Coordinate
                | TokenKind::Lattice
                | TokenKind::On
                | TokenKind::Test
                | TokenKind::In
        );
        (splits && self.bodies < MAX_BODIES).then(|| (body, self.partners[body]))
    }

    /// Reads the header of a container with an empty body.
    fn read_header(&mut self, part: Part, body: usize, close: usize, begin: TokenKind) -> Option<Stretch> {
        let extra = Some(self.tokens[close]);
        match self.read_part(part.start, body + 1, extra, begin) {
            Ok(stretch) => Some(stretch),
            Err(stuck) => {
                let header = Part { end: body + 1, ..part };
                let explanation = self.failure(header, stuck).map(|failure| explain(&failure));
                if let Some(explanation) = explanation
                    && !self.is_reported(part.start, body + 1)
                {
                    self.diagnostics.push(explanation.diagnostic);
                }
                None
            }
        }
    }

    fn broken_item(&mut self, part: Part) -> Item {
        let error = Item {
            span: self.span(part.start, part.end),
            docs: Vec::new(),
            attributes: Vec::new(),
            public: None,
            kind: ItemKind::Error(self.declared_name(part)),
        };
        let Some((body, close)) = self.container(part) else { return error };
        let header = self.read_header(part, body, close, TokenKind::BeginItems);
        let mut item = header.and_then(|stretch| stretch.items().pop()).unwrap_or(error);
        self.bodies += 1;
        match self.tokens[part.keyword].kind {
            TokenKind::On => {
                let read = self.on_statements(body + 1, close);
                if let ItemKind::On(On { statements, .. }) = &mut item.kind {
                    *statements = read;
                }
            }
            TokenKind::Test => {
                let read = self.test_statements(body + 1, close);
                if let ItemKind::Test(Test { statements, .. }) = &mut item.kind {
                    *statements = read;
                }
            }
            _ => {
                let read = self.items_in(body + 1, close);
                match &mut item.kind {
                    ItemKind::Service(Service { items, .. })
                    | ItemKind::Agent(Agent { items, .. })
                    | ItemKind::Coordinate(Coordinate { items, .. })
                    | ItemKind::Lattice(Lattice { functions: items, .. }) => *items = read,
                    _ => {}
                }
            }
        }
        self.bodies -= 1;
        item
    }

    fn broken_test_statement(&mut self, part: Part) -> TestStatement {
        let span = self.span(part.start, part.end);
        let error = TestStatement { span, kind: TestStatementKind::Error };
        let Some((body, close)) = self.container(part) else { return error };
        let header = self.read_header(part, body, close, TokenKind::BeginTest);
        let mut statement = header.and_then(|stretch| stretch.test().pop()).unwrap_or(error);
        self.bodies += 1;
        let read = self.test_statements(body + 1, close);
        if let TestStatementKind::In { statements, .. } = &mut statement.kind {
            *statements = read;
        }
        self.bodies -= 1;
        statement
    }

    /// The name that a broken item declares or derives, if it can be told.
    fn declared_name(&mut self, part: Part) -> Option<Name> {
        let keyword = self.tokens[part.keyword].kind;
        let at = match keyword {
            TokenKind::Lower => part.keyword,
            TokenKind::Use | TokenKind::On | TokenKind::Test | TokenKind::Output => return None,
            _ => part.keyword + 1,
        };
        let token = self.tokens.get(at).filter(|_| at < part.end)?;
        let is_name = matches!(token.kind, TokenKind::Lower | TokenKind::Upper);
        is_name.then(|| self.context.name(token.span.start, token.span.end))
    }
}

/// For each opening bracket, the index of the one that closes it.
fn partners(tokens: &[Token]) -> Vec<usize> {
    let mut partners = vec![usize::MAX; tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.is_opening() {
            open.push(index);
        } else if token.kind.is_closing()
            && let Some(opening) = open.pop()
        {
            partners[opening] = index;
        }
    }
    partners
}
