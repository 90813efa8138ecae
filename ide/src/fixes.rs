//! Changes that put a mistake right and that need more than the checker knows when it reports it.
//!
//! Those of the checker itself stand in its diagnostics, and come first.

mod stratify;

use std::path::Path;

use sheaf_compiler::diagnostic::{Diagnostic, codes};
use sheaf_compiler::hir::print_type;
use sheaf_compiler::library::{MODULES, functions};
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::{Argument, EffectKind, Expr, ExprKind, ItemKind, Rule};
use sheaf_ir::Type;

use crate::TextEdit;
use crate::analysis::Analysis;
use crate::declarations::{Declaration, Kind};
use crate::diagnostics::Fix;
use crate::program::Program;

/// The most ways of binding a variable that are offered.
const WAYS: usize = 3;

/// What can be done about a mistake in the root file.
pub(crate) fn fixes(analysis: &Analysis, program: &Program, diagnostic: &Diagnostic) -> Vec<Fix> {
    let at = diagnostic.primary.span;
    let fixer = Fixer {
        analysis,
        program,
        text: program.text(Program::ROOT),
    };
    match diagnostic.code {
        codes::UNBOUND_VARIABLE => {
            let others = diagnostic.secondary.iter().map(|label| label.span);
            let all = std::iter::once(at).chain(others);
            all.flat_map(|span| fixer.bind(span)).take(WAYS).collect()
        }
        codes::WRONG_COLUMNS => fixer.columns(at),
        codes::UNKNOWN_NAME => fixer.import(at),
        codes::UNSTRATIFIED | codes::AGGREGATE_IN_CYCLE => {
            fixer.stratify(diagnostic).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

struct Fixer<'a> {
    analysis: &'a Analysis,
    program: &'a Program,
    text: &'a str,
}

impl Fixer<'_> {
    fn fix(&self, title: String, span: Span, text: String) -> Fix {
        self.fix_all(title, vec![(span, text)])
    }

    fn fix_all(&self, title: String, edits: Vec<(Span, String)>) -> Fix {
        let edits = edits.into_iter().map(|(span, text)| TextEdit {
            place: self.program.place(Program::ROOT, span),
            text,
        });
        Fix {
            title,
            edits: edits.collect(),
        }
    }

    /// The rule around a place.
    fn rule(&self, at: Span) -> Option<&Rule> {
        let items = &self.program.tree(Program::ROOT)?.tree.items;
        items.iter().find_map(|item| match &item.kind {
            ItemKind::Rule(rule) if item.span.contains(at.start) => Some(rule),
            _ => None,
        })
    }

    fn own(&self) -> impl Iterator<Item = &Declaration> {
        let all = self.program.declarations().all().iter();
        all.filter(|declaration| declaration.file == Program::ROOT)
    }

    /// Binds a variable by a relation that has a column of its name.
    fn bind(&self, at: Span) -> Vec<Fix> {
        let name = at.of(self.text);
        let Some(rule) = self.rule(at) else {
            return Vec::new();
        };
        let head = match &rule.effect.kind {
            EffectKind::Derive(head) => head.name.as_str(),
            _ => return Vec::new(),
        };
        let (end, before) = match (&rule.because, rule.conditions.last()) {
            (_, Some(last)) => (last.span.end, ", "),
            (Some(_), None) => return Vec::new(),
            (None, None) => (rule.effect.span.end, " if "),
        };
        let relations = self.own().filter(|declaration| {
            matches!(declaration.kind, Kind::Input | Kind::View | Kind::Table)
                && declaration.container.is_none()
                && declaration.name != head
                && declaration.parts.iter().any(|part| part.name == name)
        });
        relations
            .map(|relation| {
                let atom = match relation.parts.len() {
                    1 => format!("{}({name})", relation.name),
                    _ => format!("{}({name}: {name}, ..)", relation.name),
                };
                let title = format!("bind `{name}` by `{atom}`");
                self.fix(title, Span::new(end, end), format!("{before}{atom}"))
            })
            .collect()
    }

    /// Fills an atom up, or adds the columns to the view that a head has more.
    fn columns(&self, at: Span) -> Vec<Fix> {
        let Some(rule) = self.rule(at) else {
            return Vec::new();
        };
        if let EffectKind::Derive(head) = &rule.effect.kind
            && head.span.contains(at.start)
        {
            let declared = self
                .own()
                .find(|declaration| declaration.name == head.name.as_str());
            let more = declared.and_then(|declared| self.add_columns(declared, &head.arguments));
            return more.into_iter().collect();
        }
        // `edge(a)`: the bracket is the last one of the atom before an arrow.
        let atom = at.of(self.text);
        let end = atom.split("->").next().unwrap_or(atom).trim_end().len();
        let inside = atom[..end].strip_suffix(')');
        let Some(inside) = inside.filter(|inside| !inside.contains("..")) else {
            return Vec::new();
        };
        let close = at.start + inside.len() as u32;
        let rest = if inside.trim_end().ends_with('(') {
            ".."
        } else {
            ", .."
        };
        let title = "let `..` stand for the other columns".to_owned();
        vec![self.fix(title, Span::new(close, close), rest.to_owned())]
    }

    fn add_columns(&self, view: &Declaration, arguments: &[Argument<Expr>]) -> Option<Fix> {
        let last = view.parts.last()?;
        let more = arguments
            .get(view.parts.len()..)
            .filter(|more| !more.is_empty())?;
        let mut added = String::new();
        let mut names = Vec::new();
        for (index, argument) in more.iter().enumerate() {
            let ty = print_type(self.type_of(&argument.value)?);
            let name = match &argument.value.kind {
                ExprKind::Name(name) => name.as_str().to_owned(),
                _ => format!("column{}", view.parts.len() + index + 1),
            };
            added += &format!(", {name}: {ty}");
            names.push(format!("`{name}: {ty}`"));
        }
        // Behind the type of the last column.
        let behind = &self.text[last.span.end as usize..];
        let end = last.span.end as usize + behind.find(&last.ty)? + last.ty.len();
        let title = format!("add {} to `{}`", names.join(", "), view.name);
        Some(self.fix(title, Span::new(end as u32, end as u32), added))
    }

    fn type_of(&self, value: &Expr) -> Option<&Type> {
        let survey = self.program.survey();
        let same = |span: Span| match &value.kind {
            ExprKind::Name(name) => {
                let rule = self.rule(value.span);
                let is_near = rule.is_some_and(|rule| rule.span.contains(span.start));
                is_near && span.of(self.text) == name.as_str()
            }
            _ => span == value.span,
        };
        let all = survey.variables.iter().chain(&survey.expressions);
        let mut own = all.filter(|typed| typed.file == Program::ROOT);
        own.find(|typed| same(typed.span)).map(|typed| &typed.ty)
    }

    /// Brings in a function of the library, or what a file beside this one has.
    fn import(&self, at: Span) -> Vec<Fix> {
        let name = at.of(self.text);
        let mut paths = Vec::new();
        for (module, text) in MODULES {
            if functions(text).any(|known| known == name) {
                paths.push(format!("std.{module}.{name}"));
            }
        }
        let file = self.program.path(Program::ROOT);
        let folder = file.parent().unwrap_or(Path::new(""));
        let beside = self
            .analysis
            .files()
            .list(folder, "*.sheaf")
            .unwrap_or_default();
        for other in beside.iter().filter(|other| *other != file) {
            let symbols = self.analysis.public_names(other);
            let module = other.file_stem().unwrap_or_default().to_string_lossy();
            if symbols.iter().any(|known| known == name) {
                paths.push(format!("{module}.{name}"));
            }
        }
        let items = self
            .program
            .tree(Program::ROOT)
            .map(|parsed| &parsed.tree.items);
        let mut uses = items
            .into_iter()
            .flatten()
            .filter(|item| matches!(item.kind, ItemKind::Use(_)));
        let first = items.and_then(|items| items.first());
        let (at, after) = match (uses.next_back(), first) {
            (Some(last), _) => (last.span.end, true),
            // Before the documentation of the first item.
            (None, Some(first)) => (
                first
                    .docs
                    .first()
                    .map_or(first.span, |docs| docs.span)
                    .start,
                false,
            ),
            (None, None) => return Vec::new(),
        };
        let imports = paths.into_iter().map(|path| {
            let text = match after {
                true => format!("\nuse {path};"),
                false => format!("use {path};\n\n"),
            };
            self.fix(format!("bring in `{path}`"), Span::new(at, at), text)
        });
        imports.collect()
    }
}
