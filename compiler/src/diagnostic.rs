//! What the compiler has to say to the user, as plain data.
//!
//! Invariants:
//! - One diagnostic per mistake; one [`Code`] per kind of mistake.
//! - The message stands alone: [`Diagnostic::short`] prints no label, note or help. It says what is
//!   wrong; labels say where, notes why, helps what to do next.
//! - No rendering with carets here: a shell draws it from the same data.

mod code;
mod page;
mod report;

use std::fmt;

pub use code::{Code, codes};
pub use report::{Report, ReportEdit, ReportHelp, ReportLabel};

use crate::source::{FileId, Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program runs, but probably not as meant.
    Warning,
    /// The program runs as meant, but could be written better.
    Lint,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Lint => "lint",
        })
    }
}

/// A place in a text and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Which text.
    pub file: FileId,
    /// Where in it; an empty span points between two characters.
    pub span: Span,
    /// A few words, lower case, no full stop; may be empty for the primary label.
    pub text: String,
}

/// A replacement of the text at a place; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which text.
    pub file: FileId,
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// In words.
    pub text: String,
    /// The same as edits, where a machine can do it; all of them together.
    pub edits: Vec<Edit>,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: one sentence, lower case, no full stop, understandable alone.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// What else is involved.
    pub secondary: Vec<Label>,
    /// Why: whole sentences.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<Help>,
}

impl Diagnostic {
    fn new(severity: Severity, code: Code, file: FileId, span: Span, message: String) -> Self {
        Self {
            code,
            severity,
            message,
            primary: Label {
                file,
                span,
                text: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// An error at a place.
    pub fn error(code: Code, file: FileId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, file, span, message.into())
    }

    /// A warning at a place.
    pub fn warning(code: Code, file: FileId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, file, span, message.into())
    }

    /// A lint at a place.
    pub fn lint(code: Code, file: FileId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Lint, code, file, span, message.into())
    }

    /// What the caret at the primary place says.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Another place in the same file.
    pub fn and(self, span: Span, text: impl Into<String>) -> Self {
        let file = self.primary.file;
        self.and_in(file, span, text)
    }

    /// Another place, perhaps in another file.
    pub fn and_in(mut self, file: FileId, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            file,
            span,
            text: text.into(),
        });
        self
    }

    /// Why it is wrong.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// What to do next, in words.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(Help {
            text: text.into(),
            edits: Vec::new(),
        });
        self
    }

    /// What to do next, with one edit in the same file.
    pub fn fix(self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix_all(text, vec![(span, replacement.into())])
    }

    /// What to do next, with edits in the same file.
    pub fn fix_all(mut self, text: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        let file = self.primary.file;
        let edits = edits
            .into_iter()
            .map(|(span, replacement)| Edit {
                file,
                span,
                replacement,
            })
            .collect();
        self.help.push(Help {
            text: text.into(),
            edits,
        });
        self
    }

    /// The same about an equal text: every place in this file is now in `file`.
    pub(crate) fn moved_to(&self, file: FileId) -> Diagnostic {
        let mut moved = self.clone();
        moved.primary.file = file;
        let labels = moved.secondary.iter_mut().map(|label| &mut label.file);
        let edits = moved.help.iter_mut().flat_map(|help| &mut help.edits);
        for place in labels.chain(edits.map(|edit| &mut edit.file)) {
            *place = file;
        }
        moved
    }

    /// True for errors: the program is refused.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// One line: `cart.sheaf:12:5: error[E0101]: message`.
    pub fn short(&self, sources: &Sources) -> String {
        let source = sources.get(self.primary.file);
        let position = source.position(self.primary.span.start);
        format!(
            "{}:{}:{}: {}[{}]: {}",
            source.name(),
            position.line,
            position.column,
            self.severity,
            self.code,
            self.message
        )
    }

    /// With names, lines and columns in place of ids and offsets, ready to be serialised.
    pub fn report(&self, sources: &Sources) -> Report {
        Report::new(self, sources)
    }
}

/// Puts diagnostics in the order of the text: by file, then position, then code.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|d| (d.primary.file, d.primary.span, d.code));
}
