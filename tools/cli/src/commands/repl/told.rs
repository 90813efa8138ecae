//! Messages about what was typed, at the lines that were typed.
//!
//! What is typed is checked as the end of one program. The places in messages are moved from there to
//! texts of their own: what was typed before, and the question.

use sheaf_compiler::diagnostic::{Diagnostic, Label};
use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_node::run::{Failure, Failures};

use crate::render::Pen;

/// The file of the whole program.
const ROOT: FileId = FileId(0);

/// The most failed rows that are shown.
const SHOWN: usize = 10;

/// The texts of a program, with parts of it as texts of their own.
pub struct Told {
    sources: Sources,
    /// Ascending, with where each begins in the program. What is before the first is the loaded file.
    parts: Vec<(u32, FileId)>,
}

impl Told {
    /// Parts of the root text, ascending: where they begin, what messages call them, and their texts.
    pub fn new<'p>(
        sources: &Sources,
        parts: impl IntoIterator<Item = (usize, &'p str, &'p str)>,
    ) -> Told {
        let mut sources = sources.clone();
        let parts = parts
            .into_iter()
            .map(|(start, name, text)| (start as u32, sources.add(name, text)))
            .collect();
        Told { sources, parts }
    }

    /// A message, as it is shown.
    pub fn diagnostic(&self, diagnostic: &Diagnostic) -> String {
        let mut diagnostic = diagnostic.clone();
        self.put_label(&mut diagnostic.primary);
        diagnostic
            .secondary
            .iter_mut()
            .for_each(|label| self.put_label(label));
        for edit in diagnostic.help.iter_mut().flat_map(|help| &mut help.edits) {
            (edit.file, edit.span) = self.place(edit.file, edit.span);
        }
        Pen::new(&std::io::stderr()).diagnostic(&diagnostic, &self.sources)
    }

    /// Failed rows, as they are shown: the first ones.
    pub fn failures(&self, failures: &Failures) -> Vec<String> {
        let pen = Pen::new(&std::io::stderr());
        let mut left = failures.total();
        let mut shown = Vec::new();
        for (failure, times) in failures.iter().take(SHOWN) {
            let mut failure = failure.clone();
            if let Failure::Row(row) = &mut failure {
                let span = &mut row.error.span;
                let own = Span::new(span.start, span.end);
                let (file, own) = self.place(FileId(span.file), own);
                (span.file, span.start, span.end) = (file.0, own.start, own.end);
            }
            shown.push(pen.failure(&failure, times, &self.sources));
            left = left.saturating_sub(times);
        }
        if left > 0 {
            shown.push(format!("… and {left} more"));
        }
        shown
    }

    fn put_label(&self, label: &mut Label) {
        (label.file, label.span) = self.place(label.file, label.span);
    }

    /// A place of the program in the part that it begins in. What was put between two parts counts as the
    /// start of the later one.
    fn place(&self, file: FileId, span: Span) -> (FileId, Span) {
        let after = self
            .parts
            .partition_point(|(start, _)| *start <= span.start);
        let Some(&(start, part)) = self.parts[..after].last().filter(|_| file == ROOT) else {
            return (file, span);
        };
        let end = self.sources.get(part).text().len() as u32;
        match self.parts.get(after) {
            Some(&(_, next)) if span.start > start + end => (next, Span::default()),
            _ => {
                let within = |offset: u32| (offset - start).min(end);
                (part, Span::new(within(span.start), within(span.end)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_part_that_they_begin_in() {
        let mut sources = Sources::new();
        sources.add("program.sheaf", "loaded\ntyped\nhead if\nquestion\n;");
        let library = sources.add("std/text.sheaf", "library");
        let told = Told::new(
            &sources,
            [(7, "typed", "typed\n"), (21, "question", "question")],
        );
        let at = |start, end| {
            let (file, span) = told.place(ROOT, Span::new(start, end));
            let source = told.sources.get(file);
            format!("{} `{}`", source.name(), span.of(source.text()))
        };
        assert_eq!(at(0, 6), "program.sheaf `loaded`");
        assert_eq!(at(7, 12), "typed `typed`");
        assert_eq!(at(14, 18), "question ``", "the head that was put before it");
        assert_eq!(at(22, 24), "question `ue`");
        assert_eq!(at(21, 31), "question `question`");
        assert_eq!(
            told.place(library, Span::new(9, 11)),
            (library, Span::new(9, 11))
        );
    }
}
