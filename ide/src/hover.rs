//! What a name stands for: declaration, type, label with the path that caused it, documentation. What the
//! reference says of a word of the language.

use std::path::Path;

use sheaf_compiler::hir::{Relation, RelationKind, print_type};
use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::TokenKind;
use sheaf_ir::{Label, Type};

use crate::Place;
use crate::analysis::Analysis;
use crate::declarations::Declaration;
use crate::program::Program;
use crate::reference::entries;
use crate::rename::statement_around;
use crate::resolve::{Occurrence, Role};

/// What is to be shown of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The name in the text.
    pub span: Span,
    /// Its declaration or type, as Sheaf text.
    pub code: String,
    /// Whether rows can still come or go, and the path from there to the cause.
    pub label: Option<LabelShown>,
    /// Other sentences.
    pub facts: Vec<String>,
    /// Its documentation, as Markdown.
    pub docs: String,
}

/// A label with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelShown {
    /// `closed`, `growing` or `changing`.
    pub label: &'static str,
    /// From the relation to the source or operator that caused it.
    pub path: Vec<(Place, String)>,
}

/// The word for a label.
pub(crate) fn label_word(label: Label) -> &'static str {
    match label {
        Label::Closed => "closed",
        Label::Growing => "growing",
        Label::Changing => "changing",
    }
}

impl Analysis {
    /// What stands at an offset of a file.
    pub fn hover(&self, file: &Path, offset: u32) -> Option<Hover> {
        let program = self.program(file);
        let Some(occurrence) = program.occurrence_at(Program::ROOT, offset) else {
            return word(&program, offset);
        };
        let mut hover = Hover {
            span: occurrence.span,
            code: String::new(),
            label: None,
            facts: Vec::new(),
            docs: String::new(),
        };
        if let Some(declaration) = program.declaration(occurrence) {
            describe(&program, declaration, occurrence, &mut hover);
        } else if let Some((of, part)) = program
            .declarations()
            .part_at(occurrence.file, occurrence.declared)
        {
            hover.code = match part.ty.is_empty() {
                true => part.name.clone(),
                false if of.kind == crate::Kind::Enum => format!("{}({})", part.name, part.ty),
                false => part.to_string(),
            };
            hover
                .facts
                .push(format!("of the {} `{}`", of.kind.word(), of.name));
            hover.docs = part.docs.clone();
        } else if occurrence.declared == Span::default() {
            let path = program.path(occurrence.file);
            hover.code = format!("module {}", program.slice(Program::ROOT, occurrence.span));
            hover.facts.push(format!("the file `{}`", path.display()));
            if let Some(parsed) = program.tree(occurrence.file) {
                hover.docs = crate::declarations::docs(&parsed.tree.docs);
            }
        } else {
            let name = program.slice(Program::ROOT, occurrence.span);
            let ty = variable_type(&program, occurrence)?;
            hover.code = format!("{name}: {}", print_type(ty));
        }
        Some(hover)
    }
}

/// What the reference says of a word of the language: a builtin type, a keyword.
fn word(program: &Program, offset: u32) -> Option<Hover> {
    let tokens = &program.tree(Program::ROOT)?.tokens;
    let after = tokens.partition_point(|token| token.span.start <= offset);
    let token = tokens[..after].last()?;
    // Behind a dot it is a member, before a colon the name of a column, whatever it means elsewhere.
    let is_member = after > 1 && tokens[after - 2].kind == TokenKind::Dot;
    let is_name = tokens
        .get(after)
        .is_some_and(|next| next.kind == TokenKind::Colon);
    if token.span.end < offset || is_member || is_name {
        return None;
    }
    let entries = entries(program.slice(Program::ROOT, token.span));
    let docs = match entries.as_slice() {
        [] => return None,
        [only] => only.text(),
        several => {
            let lines = several
                .iter()
                .map(|entry| format!("- {} `{}`: {}", entry.kind, entry.code, entry.text()));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    let mut codes: Vec<&str> = entries.iter().map(|entry| entry.code).collect();
    codes.dedup();
    Some(Hover {
        span: token.span,
        code: codes.join("\n"),
        label: None,
        facts: Vec::new(),
        docs,
    })
}

/// The type of the variable that an occurrence speaks of.
pub(crate) fn variable_type<'p>(program: &'p Program, occurrence: &Occurrence) -> Option<&'p Type> {
    let survey = program.survey();
    let all = program.occurrences(occurrence.file).iter();
    let same: Vec<Span> = all
        .filter(|other| (other.file, other.declared) == (occurrence.file, occurrence.declared))
        .map(|other| other.span)
        .collect();
    let known = |file: FileId, span: Span| file == occurrence.file && same.contains(&span);
    let mut found = survey.variables.iter().chain(&survey.expressions);
    found
        .find(|typed| known(typed.file, typed.span))
        .map(|typed| &typed.ty)
}

/// The relation that a declaration declares, if the program has it.
pub(crate) fn relation<'p>(
    program: &'p Program,
    declaration: &Declaration,
) -> Option<&'p Relation> {
    let mut relations = program.checked().program.relations.values();
    relations.find(|relation| {
        let span = relation.span;
        (FileId(span.file), Span::new(span.start, span.end))
            == (declaration.file, declaration.name_span)
    })
}

fn describe(program: &Program, declaration: &Declaration, at: &Occurrence, hover: &mut Hover) {
    hover.code = declaration.header.clone();
    hover.docs = declaration.docs.clone();
    if let Some(container) = &declaration.container {
        hover.facts.push(format!("of `{container}`"));
    }
    if let Some(relation) = relation(program, declaration) {
        let path = relation.label_reason.iter().map(|reason| {
            let span = Span::new(reason.span.start, reason.span.end);
            let place = program.place(FileId(reason.span.file), span);
            (place, reason.text.clone())
        });
        hover.label = Some(LabelShown {
            label: label_word(relation.label),
            path: path.collect(),
        });
        if let Some(combined) = &relation.combined {
            hover.facts.push(format!(
                "read as `{}`; each contribution is `{}`",
                print_type(&combined.result),
                print_type(&combined.contribution)
            ));
        }
        if relation.kind == RelationKind::View
            && let Some(planned) = program.planned()
        {
            let rule = (at.role == Role::Writes)
                .then(|| (Program::ROOT, statement_around(program, at.span)));
            hover.facts.extend(planned.travels(&relation.name, rule));
        }
    }
}
