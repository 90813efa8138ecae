//! From plain data to the protocol's types.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types as lsp;
use sheaf_compiler::diagnostic::Severity;
use sheaf_compiler::source::Span;
use sheaf_ide::{Analysis, Hover, Mistake, Place};

use crate::documents::Documents;
use crate::lines::{Encoding, Lines};
use crate::uri;

/// The texts and positions of one request.
pub struct Context {
    pub analysis: Analysis,
    pub documents: Arc<Documents>,
    pub encoding: Encoding,
    /// Folders of the client's workspace.
    pub folders: Arc<Vec<PathBuf>>,
    lines: RefCell<HashMap<PathBuf, Indexed>>,
}

/// A text and where its lines begin.
type Indexed = (Arc<str>, Arc<Lines>);

impl Context {
    pub fn new(
        analysis: Analysis,
        documents: Arc<Documents>,
        encoding: Encoding,
        folders: Arc<Vec<PathBuf>>,
    ) -> Context {
        Context {
            analysis,
            documents,
            encoding,
            folders,
            lines: RefCell::default(),
        }
    }

    /// The text of a file; empty if there is none.
    pub fn text(&self, path: &Path) -> Indexed {
        if let Some(known) = self.lines.borrow().get(path) {
            return known.clone();
        }
        let text = self.analysis.text(path).unwrap_or_default();
        let indexed = (text.clone(), Arc::new(Lines::new(&text)));
        self.lines
            .borrow_mut()
            .insert(path.to_path_buf(), indexed.clone());
        indexed
    }

    pub fn range(&self, path: &Path, span: Span) -> lsp::Range {
        let (text, lines) = self.text(path);
        lines.range(&text, span, self.encoding)
    }

    pub fn span(&self, path: &Path, range: lsp::Range) -> Span {
        let (text, lines) = self.text(path);
        lines.span(&text, range, self.encoding)
    }

    pub fn offset(&self, path: &Path, position: lsp::Position) -> u32 {
        let (text, lines) = self.text(path);
        lines.offset(&text, position, self.encoding)
    }

    /// The URI of a file, as the client names it if it is open. A module of the standard library is
    /// written to a file first, so that the client can show it.
    pub fn uri(&self, path: &Path) -> lsp::Uri {
        match self.documents.get(path) {
            Some(document) => document.uri.clone(),
            None if path.starts_with("std") => self.library(path),
            None => uri::from_path(path),
        }
    }

    fn library(&self, path: &Path) -> lsp::Uri {
        let folder = format!("sheaf-{}", env!("CARGO_PKG_VERSION"));
        let file = std::env::temp_dir().join(folder).join(path);
        let (text, _) = self.text(path);
        let is_there = std::fs::read(&file).is_ok_and(|known| known == text.as_bytes());
        if !is_there {
            // Where it cannot be written the client says that there is no such file.
            let _ = file.parent().map(std::fs::create_dir_all);
            let _ = std::fs::write(&file, text.as_bytes());
        }
        uri::from_path(&file)
    }

    pub fn location(&self, place: &Place) -> lsp::Location {
        lsp::Location {
            uri: self.uri(&place.file),
            range: self.range(&place.file, place.span),
        }
    }

    pub fn diagnostic(&self, path: &Path, mistake: &Mistake) -> lsp::Diagnostic {
        let related: Vec<_> = mistake
            .related
            .iter()
            .map(|related| lsp::DiagnosticRelatedInformation {
                location: self.location(&related.place),
                message: related.text.clone(),
            })
            .collect();
        lsp::Diagnostic {
            range: self.range(path, mistake.span),
            severity: Some(match mistake.severity {
                Severity::Error => lsp::DiagnosticSeverity::Error,
                Severity::Warning => lsp::DiagnosticSeverity::Warning,
                // A hint is nothing but grey, which is enough for what nothing uses.
                Severity::Lint if mistake.is_unused => lsp::DiagnosticSeverity::Hint,
                Severity::Lint => lsp::DiagnosticSeverity::Information,
            }),
            code: Some(lsp::Code::String(mistake.code.as_str().to_owned())),
            source: Some("sheaf".to_owned()),
            message: lsp::Message::String(mistake.message.clone()),
            tags: mistake
                .is_unused
                .then(|| vec![lsp::DiagnosticTag::Unnecessary]),
            related_information: (!related.is_empty()).then_some(related),
            ..lsp::Diagnostic::default()
        }
    }

    pub fn hover(&self, path: &Path, hover: &Hover) -> lsp::Hover {
        lsp::Hover {
            contents: lsp::Contents::MarkupContent(markdown(self.hover_text(hover))),
            range: Some(self.range(path, hover.span)),
        }
    }

    fn hover_text(&self, hover: &Hover) -> String {
        let mut text = format!("```sheaf\n{}\n```", hover.code);
        if let Some(label) = &hover.label {
            text += &format!("\n\n**{}**", label.label);
            for (place, reason) in &label.path {
                let line = self.range(&place.file, place.span).start.line + 1;
                let uri = self.uri(&place.file);
                let name = place.file.file_name().unwrap_or_default().to_string_lossy();
                text += &format!("\n- {reason} ([{name}:{line}]({uri}#L{line}))");
            }
        }
        for fact in &hover.facts {
            text += &format!("\n\n{fact}");
        }
        if !hover.docs.is_empty() {
            text += &format!("\n\n---\n\n{}", hover.docs);
        }
        text
    }
}

pub fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent {
        kind: lsp::MarkupKind::Markdown,
        value,
    }
}
