//! What the actions of the grammar need besides tokens: the text, documentation, diagnostics.
//!
//! Invariants: actions never fail; what is wrong beyond the grammar is reported here and leaves an
//! `Error` node or a harmless stand-in.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::*;
use super::literal;
use super::token::{Trivia, TriviaKind};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::FileId;

/// State of one parse.
pub(super) struct Context<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    documentation: &'a Documentation,
    names: HashMap<&'a str, Arc<str>>,
    /// `_` and `..` read so far that no pattern has claimed.
    holes: Vec<Span>,
    /// Starts of what has taken its documentation.
    documented: Vec<u32>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: FileId, text: &'a str, documentation: &'a Documentation) -> Self {
        Self {
            file,
            text,
            documentation,
            names: HashMap::new(),
            holes: Vec::new(),
            documented: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Ends the parse of one stretch of text: what it found, or nothing if the parse failed.
    pub(super) fn finish(&mut self, succeeded: bool) -> Vec<Diagnostic> {
        let holes = std::mem::take(&mut self.holes);
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        if !succeeded {
            return Vec::new();
        }
        for span in holes {
            diagnostics.push(self.hole(span));
        }
        diagnostics
    }

    fn hole(&self, span: Span) -> Diagnostic {
        let what = span.of(self.text);
        let error =
            |message: String| Diagnostic::error(codes::NOT_AN_EXPRESSION, self.file, span, message);
        if what == "_" {
            error("`_` stands where a value is needed".to_owned())
                .label("has no value")
                .note("`_` matches anything: it may stand in a pattern, such as the columns of a condition.")
        } else {
            error("`..` stands where values are needed".to_owned())
                .label("has no values")
                .note("`..` leaves columns unnamed: it may stand in a condition's atom or in a record pattern.")
        }
    }

    /// Reports documentation that no item has taken.
    pub(super) fn stray_documentation(&self) -> Vec<Diagnostic> {
        let mut documented = self.documented.clone();
        documented.sort_unstable();
        let stray = self
            .documentation
            .blocks
            .iter()
            .filter_map(|(before, lines)| {
                let first = lines.first()?;
                if documented.binary_search(before).is_ok() {
                    return None;
                }
                let marker = Span::new(first.span.start, first.span.start + 3);
                Some(
                    Diagnostic::warning(
                        codes::STRAY_DOCUMENTATION,
                        self.file,
                        first.span,
                        "this documentation belongs to nothing",
                    )
                    .note("`///` documents the item, column, field or variant that follows it.")
                    .fix("make it a plain comment", marker, "//"),
                )
            });
        let late = self.documentation.late_file_lines.iter().map(|span| {
            Diagnostic::warning(
                codes::STRAY_DOCUMENTATION,
                self.file,
                *span,
                "`//!` documents a file, and stands before its first item",
            )
            .fix(
                "make it a plain comment",
                Span::new(span.start, span.start + 3),
                "//",
            )
        });
        stray.chain(late).collect()
    }

    /// What stands outside of a stretch of text belongs to items that were read earlier.
    pub(super) fn take_documentation_outside(&mut self, start: u32, end: u32) {
        let blocks = self.documentation.blocks.iter().map(|block| block.0);
        let outside = blocks.filter(|before| *before < start || *before >= end);
        self.documented.extend(outside);
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn docs(&mut self, start: u32) -> Vec<DocLine> {
        match self.documentation.before(start) {
            Some(lines) => {
                self.documented.push(start);
                lines.to_vec()
            }
            None => Vec::new(),
        }
    }

    pub(super) fn name(&mut self, start: u32, end: u32) -> Name {
        let span = Span::new(start, end);
        let text = span.of(self.text);
        let text = match self.names.get(text) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = text.into();
                self.names.insert(text, new.clone());
                new
            }
        };
        Name { span, text }
    }

    pub(super) fn string(&self, start: u32, end: u32) -> StringLiteral {
        let span = Span::new(start, end);
        StringLiteral {
            span,
            value: literal::string_value(span.of(self.text)),
        }
    }

    pub(super) fn int(&self, start: u32, end: u32) -> Literal {
        Literal::Int(literal::int_value(Span::new(start, end).of(self.text)))
    }

    pub(super) fn float(&self, start: u32, end: u32) -> Literal {
        let (value, text) = literal::float_value(Span::new(start, end).of(self.text));
        Literal::Float { value, text }
    }

    pub(super) fn duration(&self, start: u32, end: u32) -> Literal {
        Literal::Duration(literal::duration_value(Span::new(start, end).of(self.text)))
    }

    /// Remembers a `_` or `..` until a pattern claims it.
    pub(super) fn open_hole(&mut self, span: Span) {
        self.holes.push(span);
    }

    /// A pattern has a place for this `_` or `..`.
    pub(super) fn claim_hole(&mut self, span: Span) {
        if let Some(index) = self.holes.iter().rposition(|hole| *hole == span) {
            self.holes.swap_remove(index);
        }
    }
}

/// Documentation comments, each block with the start of the token it stands before.
#[derive(Debug, Default)]
pub(super) struct Documentation {
    /// `//!` lines before the first token.
    pub(super) file_lines: Vec<DocLine>,
    late_file_lines: Vec<Span>,
    blocks: Vec<(u32, Vec<DocLine>)>,
}

impl Documentation {
    /// Collects the documentation among `trivia`; `starts` are the starts of all tokens.
    pub(super) fn collect(
        text: &str,
        trivia: &[Trivia],
        starts: impl Iterator<Item = u32>,
    ) -> Self {
        let mut documentation = Self::default();
        let mut starts = starts.peekable();
        let first = starts.peek().copied().unwrap_or(u32::MAX);
        for &Trivia { kind, span } in trivia {
            let line = || DocLine {
                span,
                text: comment_text(span.of(text)),
            };
            match kind {
                TriviaKind::FileDocumentation if span.start < first => {
                    documentation.file_lines.push(line());
                }
                TriviaKind::FileDocumentation => documentation.late_file_lines.push(span),
                TriviaKind::Documentation => {
                    while starts.next_if(|start| *start < span.start).is_some() {}
                    let before = starts.peek().copied().unwrap_or(u32::MAX);
                    match documentation.blocks.last_mut() {
                        Some((last, lines)) if *last == before => lines.push(line()),
                        _ => documentation.blocks.push((before, vec![line()])),
                    }
                }
                TriviaKind::Whitespace | TriviaKind::Comment | TriviaKind::Unknown => {}
            }
        }
        documentation
    }

    /// What documents the token that starts there.
    pub(super) fn before(&self, start: u32) -> Option<&[DocLine]> {
        let index = self
            .blocks
            .binary_search_by_key(&start, |block| block.0)
            .ok()?;
        Some(&self.blocks[index].1)
    }
}

fn comment_text(comment: &str) -> String {
    let body = comment[3..].trim_end();
    body.strip_prefix(' ').unwrap_or(body).to_owned()
}
