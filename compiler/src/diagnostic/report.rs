//! The form of a diagnostic that leaves the process: `--format json`, editors.
//!
//! Invariants: lines and columns count from 1, columns in characters; offsets are bytes. Field names
//! are a promise to other programs: add, never rename.

use serde::Serialize;

use super::{Diagnostic, Label};
use crate::source::{FileId, Sources, Span};

/// A diagnostic with every place resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `E0101`
    pub code: String,
    /// `error`, `warning` or `lint`
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub primary: ReportLabel,
    /// What else is involved.
    pub secondary: Vec<ReportLabel>,
    /// Why.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<ReportHelp>,
}

/// A place and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportLabel {
    /// Name of the text.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Line after the last character.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// What is said; may be empty.
    pub text: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportHelp {
    /// In words.
    pub text: String,
    /// As edits; empty if a machine cannot do it.
    pub edits: Vec<ReportEdit>,
}

/// A replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportEdit {
    /// What is replaced; its `text` is the text that stands there.
    pub place: ReportLabel,
    /// By what.
    pub replacement: String,
}

impl Report {
    pub(super) fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let label = |label: &Label| place(label.file, label.span, label.text.clone(), sources);
        let help = diagnostic.help.iter().map(|help| ReportHelp {
            text: help.text.clone(),
            edits: help
                .edits
                .iter()
                .map(|edit| {
                    let text = edit.span.of(sources.get(edit.file).text()).to_owned();
                    ReportEdit {
                        place: place(edit.file, edit.span, text, sources),
                        replacement: edit.replacement.clone(),
                    }
                })
                .collect(),
        });
        Self {
            code: diagnostic.code.to_string(),
            severity: diagnostic.severity.to_string(),
            message: diagnostic.message.clone(),
            primary: label(&diagnostic.primary),
            secondary: diagnostic.secondary.iter().map(label).collect(),
            notes: diagnostic.notes.clone(),
            help: help.collect(),
        }
    }
}

fn place(file: FileId, span: Span, text: String, sources: &Sources) -> ReportLabel {
    let source = sources.get(file);
    let (start, end) = (source.position(span.start), source.position(span.end));
    ReportLabel {
        file: source.name().to_owned(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        start: span.start,
        end: span.end,
        text,
    }
}
