//! Mends brackets: puts in what is missing and leaves out what is too much.
//!
//! Invariants: the brackets of the result match. A text whose brackets match comes back unchanged; in
//! any other, lines and indentation tell which bracket is the odd one.

use super::MAX_DEPTH;
use super::layout::Layout;
use super::token::{Token, TokenKind};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

/// Tokens with matching brackets.
pub(super) struct Mended {
    pub(super) tokens: Vec<Token>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Offsets at which something was mended: whatever else is wrong there has been reported.
    pub(super) places: Vec<u32>,
}

/// Mends the brackets of a text.
pub(super) fn mend(file: FileId, text: &str, tokens: &[Token], layout: &Layout) -> Mended {
    let mended = Mended {
        tokens: Vec::with_capacity(tokens.len() + 4),
        diagnostics: Vec::new(),
        places: Vec::new(),
    };
    if are_matched(tokens) {
        return Mended { tokens: tokens.to_vec(), ..mended };
    }
    let mut mender = Mender {
        file,
        text,
        tokens,
        layout,
        open: Vec::new(),
        statement: Statement::default(),
        mended,
    };
    for index in 0..tokens.len() {
        mender.step(index);
    }
    mender.close_to(0, tokens.len());
    mender.mended
}

fn are_matched(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if let Some(closing) = token.kind.closing() {
            open.push(closing);
        } else if token.kind.is_closing() && open.pop() != Some(token.kind) {
            return false;
        }
    }
    open.is_empty()
}

/// An open bracket.
struct Open {
    kind: TokenKind,
    span: Span,
    line: u32,
    /// Indentation of its own line, and of the statement that it is part of.
    line_indent: u32,
    indent: u32,
    role: Role,
    /// The statement that goes on behind it.
    around: Statement,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Holds items or statements.
    Body,
    /// The braces of an `if`, `else` or `match`.
    Block,
    /// Parentheses, lists, sets, record literals.
    Value,
}

/// What is known about the statement being read.
#[derive(Clone, Copy, Default)]
struct Statement {
    /// Its first token.
    start: Option<usize>,
    /// The keyword that calls for a body that has not begun.
    header: Option<usize>,
}

struct Mender<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a [Token],
    layout: &'a Layout,
    open: Vec<Open>,
    statement: Statement,
    mended: Mended,
}

impl Mender<'_> {
    fn step(&mut self, index: usize) {
        let Token { kind, span } = self.tokens[index];
        self.resynchronise(index);
        self.begin_missing_body(index);
        if self.statement.start.is_none() && !kind.is_closing() && kind != TokenKind::Semicolon {
            self.statement.start = Some(index);
        }
        if calls_for_body(kind) && self.statement.header.is_none() && self.is_in_body() {
            self.statement.header = Some(index);
        }
        if kind.is_opening() {
            self.push(index, kind, span);
        } else if kind == TokenKind::CloseBrace {
            self.close_brace(index);
        } else if kind.is_closing() {
            self.close_value(index);
        } else if kind == TokenKind::Semicolon {
            self.semicolon(index);
        } else {
            self.mended.tokens.push(self.tokens[index]);
        }
    }

    fn is_in_body(&self) -> bool {
        self.open.last().is_none_or(|open| open.role == Role::Body)
    }

    fn last(&self, index: usize) -> Option<TokenKind> {
        index.checked_sub(1).map(|last| self.tokens[last].kind)
    }

    /// A line that begins a statement closes what cannot hold it.
    fn resynchronise(&mut self, index: usize) {
        let kind = self.tokens[index].kind;
        if !self.layout.begins_line(index) || kind.is_closing() {
            return;
        }
        let begins = kind.begins_statement() && kind != TokenKind::Let
            || matches!(kind, TokenKind::Given | TokenKind::Expect);
        let follows_statement =
            matches!(self.last(index), Some(TokenKind::Semicolon | TokenKind::CloseBrace));
        let continues_lattice = kind == TokenKind::On
            && self.statement.header.is_some_and(|at| self.tokens[at].kind == TokenKind::Lattice);
        if !begins && !follows_statement || continues_lattice {
            return;
        }
        let indent = self.layout.indent(index);
        let keep = self.open.iter().rposition(|open| match open.role {
            Role::Body => open.indent < indent,
            Role::Block => !begins,
            Role::Value => !begins,
        });
        self.close_to(keep.map_or(0, |keep| keep + 1), index);
        if begins && self.statement.start.is_some_and(|start| indent <= self.layout.indent(start)) {
            let only_prefix = self.statement.start.is_some_and(|start| {
                let between = &self.tokens[start..index];
                between[0].kind == TokenKind::At || between.iter().all(|t| t.kind == TokenKind::Pub)
            });
            if !only_prefix {
                self.statement = Statement::default();
            }
        }
    }

    /// A header whose next line is indented has lost its `{`.
    fn begin_missing_body(&mut self, index: usize) {
        let Statement { start: Some(start), header: Some(header) } = self.statement else { return };
        let Token { kind, span } = self.tokens[index];
        let before = self.tokens[index - usize::from(index > 0)];
        let begins = kind.begins_statement()
            || matches!(
                kind,
                TokenKind::Lower
                    | TokenKind::Upper
                    | TokenKind::At
                    | TokenKind::Given
                    | TokenKind::Expect
                    | TokenKind::Let
            );
        if index <= header + 1
            || !self.is_in_body()
            || !self.layout.begins_line(index)
            || self.layout.indent(index) <= self.layout.indent(start)
            || !begins
            || !(before.kind.ends_operand() || before.kind == TokenKind::Greater)
            || self.tokens[header].kind == TokenKind::Lattice && kind == TokenKind::On
        {
            return;
        }
        let place = before.span.after();
        self.missing_body(header, place);
        self.push_body(start, Token { kind: TokenKind::OpenBrace, span: place }, index);
        self.mended.places.push(span.start);
    }

    fn missing_body(&mut self, header: usize, place: Span) {
        let word = self.tokens[header].kind.describe();
        let header = self.tokens[header].span;
        self.mended.places.extend([header.start, place.start]);
        self.mended.diagnostics.push(
            Diagnostic::error(
                codes::INCOMPLETE,
                self.file,
                place,
                format!("the `{{` of this `{word}` is missing"),
            )
            .label("`{` is missing here")
            .and(header, "the body belongs to this")
            .fix("begin the body", place, " {"),
        );
    }

    fn push_body(&mut self, start: usize, brace: Token, index: usize) {
        let around = Statement { start: self.statement.start, header: None };
        self.open.push(Open {
            kind: TokenKind::OpenBrace,
            span: brace.span,
            line: self.layout.line(index.saturating_sub(1)),
            line_indent: self.layout.indent(start),
            indent: self.layout.indent(start),
            role: Role::Body,
            around,
        });
        self.statement = Statement::default();
        self.mended.tokens.push(brace);
    }

    fn push(&mut self, index: usize, kind: TokenKind, span: Span) {
        let start = self.statement.start.unwrap_or(index);
        let is_body = kind == TokenKind::OpenBrace && opens_body(self.tokens, index);
        let role = match self.last(index) {
            _ if !is_body => Role::Value,
            _ if self.statement.header.is_some() && self.is_in_body() => Role::Body,
            Some(TokenKind::Upper) => Role::Value,
            _ => Role::Block,
        };
        let around = match role {
            Role::Body => Statement { start: self.statement.start, header: None },
            Role::Block | Role::Value => self.statement,
        };
        self.open.push(Open {
            kind,
            span,
            line: self.layout.line(index),
            line_indent: self.layout.indent(index),
            indent: self.layout.indent(start),
            role,
            around,
        });
        if role == Role::Body {
            self.statement = Statement::default();
        }
        self.mended.tokens.push(self.tokens[index]);
    }

    fn close_brace(&mut self, index: usize) {
        let braces = |open: &Open| open.kind == TokenKind::OpenBrace;
        let Some(mut at) = self.innermost(braces) else {
            return self.drop_closing(index);
        };
        let line = self.layout.line(index);
        if self.layout.begins_line(index) && self.open[at].line != line {
            let indent = self.layout.indent(index);
            let innermost = &self.open[at];
            if indent > innermost.indent.max(innermost.line_indent) {
                return self.drop_closing(index);
            }
            let fits = |open: &Open| braces(open) && (open.indent <= indent || open.line_indent <= indent);
            at = self.innermost(fits).unwrap_or(at);
        } else if self.last(index) == Some(TokenKind::CloseBrace)
            && self.layout.begins_line(index - 1)
            && self.open[at].line != line
        {
            return self.drop_closing(index);
        }
        self.close_to(at + 1, index);
        self.pop(index);
    }

    fn close_value(&mut self, index: usize) {
        let kind = self.tokens[index].kind;
        let found = self.innermost(|open| open.role == Role::Body || open.kind.closing() == Some(kind));
        match found.filter(|&at| self.open[at].role != Role::Body) {
            Some(at) => {
                self.close_to(at + 1, index);
                self.pop(index);
            }
            None => self.drop_closing(index),
        }
    }

    /// The innermost open bracket that fits; looks no further out than a right text can be deep, so
    /// that mending takes linear time.
    fn innermost(&self, fits: impl Fn(&Open) -> bool) -> Option<usize> {
        let outermost = self.open.len().saturating_sub(MAX_DEPTH as usize);
        self.open[outermost..].iter().rposition(fits).map(|at| outermost + at)
    }

    fn semicolon(&mut self, index: usize) {
        let keep = self.open.iter().rposition(|open| open.role != Role::Value);
        self.close_to(keep.map_or(0, |keep| keep + 1), index);
        if let Statement { start: Some(start), header: Some(header) } = self.statement
            && self.is_in_body()
            && index + 1 < self.tokens.len()
            && self.layout.begins_line(index + 1)
            && self.layout.indent(index + 1) > self.layout.indent(start)
        {
            let span = self.tokens[index].span;
            self.missing_body(header, span);
            return self.push_body(start, Token { kind: TokenKind::OpenBrace, span }, index);
        }
        self.statement = Statement::default();
        self.mended.tokens.push(self.tokens[index]);
    }

    /// Closes the innermost bracket with the token that stands there.
    fn pop(&mut self, index: usize) {
        if let Some(open) = self.open.pop() {
            self.after_closing(&open);
        }
        self.mended.tokens.push(self.tokens[index]);
    }

    fn after_closing(&mut self, open: &Open) {
        self.statement = match open.role {
            Role::Body => Statement::default(),
            Role::Block | Role::Value => open.around,
        };
    }

    /// Closes all brackets but the outermost `keep`, before the token at `index`.
    fn close_to(&mut self, keep: usize, index: usize) {
        if self.open.len() <= keep {
            return;
        }
        let place = match self.mended.tokens.last() {
            Some(last) => last.span.after(),
            None => Span::default(),
        };
        let unclosed: Vec<Open> = self.open.drain(keep..).rev().collect();
        let mut missing = String::new();
        for open in &unclosed {
            let closing = open.kind.closing().unwrap_or(TokenKind::CloseParen);
            missing.push_str(closing.describe());
            self.mended.tokens.push(Token { kind: closing, span: place });
            self.mended.places.push(open.span.start);
            self.after_closing(open);
        }
        self.mended.places.push(place.start);
        if let Some(token) = self.tokens.get(index) {
            self.mended.places.push(token.span.start);
        }
        // A bracket that recovery itself put in has been reported.
        let mut reported = unclosed.iter().filter(|open| !open.span.is_empty());
        let Some(first) = reported.next() else { return };
        let bracket = first.kind.describe();
        let mut diagnostic = Diagnostic::error(
            codes::UNCLOSED,
            self.file,
            first.span,
            format!("this `{bracket}` is not closed"),
        )
        .label("opened here")
        .and(place, match missing.len() {
            ..=8 => format!("`{missing}` is missing here, at the latest"),
            count => format!("{count} brackets are missing here, at the latest"),
        });
        for open in reported.take(3) {
            diagnostic = diagnostic.and(open.span, "nor is this one closed");
        }
        let insertion = match first.role {
            Role::Body => format!("\n{}{missing}", " ".repeat(first.indent as usize)),
            Role::Block | Role::Value => missing.clone(),
        };
        self.mended.diagnostics.push(match missing.len() {
            ..=8 => diagnostic.fix("close it", place, insertion),
            _ => diagnostic.help("close it"),
        });
    }

    fn drop_closing(&mut self, index: usize) {
        let Token { span, .. } = self.tokens[index];
        let bracket = span.of(self.text);
        let mut diagnostic = Diagnostic::error(
            codes::UNMATCHED,
            self.file,
            span,
            format!("this `{bracket}` closes nothing"),
        )
        .label("no bracket is open that it could close");
        self.mended.places.push(span.start);
        if let Some(header) = self.statement.header {
            let word = self.tokens[header].kind.describe();
            self.mended.places.push(self.tokens[header].span.start);
            diagnostic = diagnostic
                .and(self.tokens[header].span, format!("is the `{{` of this `{word}` missing?"));
        } else if let Some(open) = self.open.last() {
            let opening = open.kind.describe();
            diagnostic = diagnostic.and(open.span, format!("the innermost open bracket is this `{opening}`"));
        }
        self.mended.diagnostics.push(diagnostic.fix("remove it", span, ""));
    }
}

/// True for keywords of items that have a body in braces.
pub(super) fn calls_for_body(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Record
            | TokenKind::Enum
            | TokenKind::Fn
            | TokenKind::Lattice
            | TokenKind::Extern
            | TokenKind::Service
            | TokenKind::Agent
            | TokenKind::Coordinate
            | TokenKind::On
            | TokenKind::Test
    )
}

/// True if the `{` at `index` stands where an operand has ended, so that it cannot begin a set.
pub(super) fn opens_body(tokens: &[Token], index: usize) -> bool {
    let before = index.checked_sub(1).map(|before| tokens[before].kind);
    before.is_some_and(|kind| {
        kind.ends_operand() || matches!(kind, TokenKind::Greater | TokenKind::Else | TokenKind::Test)
    })
}
