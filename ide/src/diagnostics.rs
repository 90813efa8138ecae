//! What is wrong with a file, as an editor shows it.

use std::path::Path;

use sheaf_compiler::diagnostic::{Code, Diagnostic, Severity, codes};
use sheaf_compiler::package::MANIFEST;
use sheaf_compiler::source::Span;

use crate::analysis::Analysis;
use crate::fixes::fixes;
use crate::program::Program;
use crate::{Place, TextEdit};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where in the file that was asked about.
    pub span: Span,
    /// The kind of mistake.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, where, why, and what to do next, in lines.
    pub message: String,
    /// Other places that are involved.
    pub related: Vec<Related>,
    /// What a machine can do about it.
    pub fixes: Vec<Fix>,
    /// It is about something that nothing uses.
    pub is_unused: bool,
}

/// Another place that a mistake involves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What about it.
    pub text: String,
}

/// A change that puts a mistake right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in words.
    pub title: String,
    /// All of it together.
    pub edits: Vec<TextEdit>,
}

impl Analysis {
    /// What is wrong with a file: the diagnostics of the program whose root it is, as far as they are
    /// about the file itself.
    pub fn mistakes(&self, file: &Path) -> Vec<Mistake> {
        let program = self.program(file);
        let own = program.checked().diagnostics.iter();
        own.filter(|diagnostic| diagnostic.primary.file == Program::ROOT)
            .map(|diagnostic| mistake(&program, diagnostic))
            .collect()
    }

    /// What can be done about the mistakes of a file that touch a range: its mistakes, each with all
    /// its fixes.
    pub fn fixable(&self, file: &Path, range: Span) -> Vec<Mistake> {
        let program = self.program(file);
        let own = program.checked().diagnostics.iter();
        let own = own.filter(|diagnostic| {
            let span = diagnostic.primary.span;
            let is_own = diagnostic.primary.file == Program::ROOT;
            is_own && span.start <= range.end && range.start <= span.end
        });
        own.map(|diagnostic| {
            let mut mistake = mistake(&program, diagnostic);
            mistake.fixes.extend(fixes(self, &program, diagnostic));
            mistake
        })
        .collect()
    }

    /// What a check of a file finds wrong in other files, by file: modules that are not open, and
    /// manifests.
    pub fn mistakes_elsewhere(&self, root: &Path) -> Vec<(std::path::PathBuf, Mistake)> {
        let program = self.program(root);
        let all = program.checked().diagnostics.iter();
        all.filter(|diagnostic| diagnostic.primary.file != Program::ROOT)
            .map(|diagnostic| {
                let path = program.path(diagnostic.primary.file).to_path_buf();
                (path, mistake(&program, diagnostic))
            })
            .filter(|(path, _)| path.ends_with(MANIFEST) || !self.open().contains_key(path))
            .collect()
    }
}

fn mistake(program: &Program, diagnostic: &Diagnostic) -> Mistake {
    let mut message = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        message += &format!(": {}", diagnostic.primary.text);
    }
    for note in &diagnostic.notes {
        message += &format!("\n{note}");
    }
    for help in &diagnostic.help {
        message += &format!("\nhelp: {}", help.text);
    }
    let related = diagnostic.secondary.iter().map(|label| Related {
        place: program.place(label.file, label.span),
        text: label.text.clone(),
    });
    let fixes = diagnostic.help.iter().filter(|help| !help.edits.is_empty());
    let fixes = fixes.map(|help| Fix {
        title: help.text.clone(),
        edits: help
            .edits
            .iter()
            .map(|edit| TextEdit {
                place: program.place(edit.file, edit.span),
                text: edit.replacement.clone(),
            })
            .collect(),
    });
    let unused = [
        codes::UNUSED_USE,
        codes::UNREAD_VARIABLE,
        codes::UNREACHABLE_CASE,
    ];
    Mistake {
        span: diagnostic.primary.span,
        code: diagnostic.code,
        severity: diagnostic.severity,
        message,
        related: related.collect(),
        fixes: fixes.collect(),
        is_unused: unused.contains(&diagnostic.code),
    }
}
