//! Messages with the text in question, drawn from the libraries' plain data.

use std::io::IsTerminal;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use sheaf_compiler::diagnostic::{Diagnostic, Help, Label, Severity};
use sheaf_compiler::source::{FileId, Sources};
use sheaf_node::run::Failure;

/// Draws messages, in colour where the stream shows it.
pub struct Pen {
    renderer: Renderer,
}

impl Pen {
    /// For a stream that people may look at.
    pub fn new(stream: &impl IsTerminal) -> Pen {
        let colour = stream.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Pen {
            renderer: renderer.decor_style(DecorStyle::Ascii),
        }
    }

    /// A compiler's message.
    pub fn diagnostic(&self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Lint => Level::WARNING.with_name("lint"),
        };
        let mut main = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code.as_str())
            .elements(snippets(diagnostic, sources));
        for note in &diagnostic.notes {
            main = main.element(Level::NOTE.message(note.as_str()));
        }
        let mut groups = Vec::new();
        for help in &diagnostic.help {
            if help.edits.is_empty() {
                main = main.element(Level::HELP.message(help.text.as_str()));
            } else {
                groups.push(suggestion(help, sources));
            }
        }
        groups.insert(0, main);
        self.renderer.render(&groups)
    }

    /// An error at a place in a text, without a code.
    pub fn place(
        &self,
        message: &str,
        (file, start, end): (FileId, u32, u32),
        notes: &[String],
        sources: &Sources,
    ) -> String {
        let source = sources.get(file);
        let annotation = AnnotationKind::Primary.span(clamp(source.text(), start, end));
        let snippet = Snippet::source(source.text()).path(source.name());
        let mut group = Level::ERROR
            .primary_title(message)
            .element(snippet.annotation(annotation));
        for note in notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        self.renderer.render(&[group])
    }

    /// A row that failed, and how often.
    pub fn failure(&self, failure: &Failure, times: u64, sources: &Sources) -> String {
        let message = failure.message();
        let mut group = Level::ERROR
            .primary_title(message.as_str())
            .id(failure.code())
            .elements(None::<Snippet<'_, annotate_snippets::Annotation<'_>>>);
        let mut notes = Vec::new();
        if let Failure::Row(row) = failure {
            let span = row.error.span;
            let known = sources.iter().any(|(file, _)| file == FileId(span.file));
            if known && span.end > 0 {
                let source = sources.get(FileId(span.file));
                let range = clamp(source.text(), span.start, span.end);
                let annotation = AnnotationKind::Primary.span(range);
                let snippet = Snippet::source(source.text()).path(source.name());
                group = group.element(snippet.annotation(annotation));
            } else {
                notes.push(format!("in {}", row.node));
            }
            if !row.input.is_empty() {
                let cells: Vec<String> = row
                    .input
                    .iter()
                    .map(|(name, text)| format!("{name} = {text}"))
                    .collect();
                notes.push(format!("the row is {}", cells.join(", ")));
            }
        }
        if times > 1 {
            notes.push(format!("this happened {times} times"));
        }
        for note in &notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        self.renderer.render(&[group])
    }
}

/// A snippet for each file that the message points into, that of the primary label first.
fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut labels: Vec<(&Label, AnnotationKind)> =
        vec![(&diagnostic.primary, AnnotationKind::Primary)];
    let secondary = diagnostic.secondary.iter();
    labels.extend(secondary.map(|label| (label, AnnotationKind::Context)));
    let mut files: Vec<FileId> = Vec::new();
    for (label, _) in &labels {
        if !files.contains(&label.file) {
            files.push(label.file);
        }
    }
    files
        .into_iter()
        .map(|file| {
            let source = sources.get(file);
            let mut snippet = Snippet::source(source.text()).path(source.name());
            for (label, kind) in labels.iter().filter(|(label, _)| label.file == file) {
                let range = clamp(source.text(), label.span.start, label.span.end);
                let annotation = kind.span(range);
                snippet = snippet.annotation(match label.text.as_str() {
                    "" => annotation,
                    text => annotation.label(text),
                });
            }
            snippet
        })
        .collect()
}

/// What to do next, shown as the text would be.
fn suggestion<'a>(help: &'a Help, sources: &'a Sources) -> Group<'a> {
    let mut group = Level::HELP
        .secondary_title(help.text.as_str())
        .elements(None::<Snippet<'_, Patch<'_>>>);
    let mut files: Vec<FileId> = help.edits.iter().map(|edit| edit.file).collect();
    files.dedup();
    for file in files {
        let source = sources.get(file);
        let mut snippet = Snippet::source(source.text()).path(source.name());
        for edit in help.edits.iter().filter(|edit| edit.file == file) {
            let range = clamp(source.text(), edit.span.start, edit.span.end);
            snippet = snippet.patch(Patch::new(range, edit.replacement.as_str()));
        }
        group = group.element(snippet);
    }
    group
}

/// A range that lies in the text, on boundaries of characters.
fn clamp(text: &str, start: u32, end: u32) -> Range<usize> {
    let fit = |offset: u32| {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = fit(start);
    start..fit(end).max(start)
}
