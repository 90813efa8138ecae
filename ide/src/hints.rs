//! What is not written and yet known: types of variables, labels and strata of views.

use std::collections::HashMap;
use std::path::Path;

use sheaf_compiler::hir::print_type;
use sheaf_compiler::source::Span;

use crate::analysis::Analysis;
use crate::declarations::Kind;
use crate::hover::{label_word, relation};
use crate::program::Program;
use crate::resolve::Role;

/// Something to be shown between two characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// Before which byte.
    pub offset: u32,
    /// What is shown.
    pub text: String,
    /// A type, in contrast to a label.
    pub is_type: bool,
}

impl Analysis {
    /// The hints of a part of a file, in the order of the text.
    pub fn hints(&self, file: &Path, range: Span) -> Vec<Hint> {
        let program = self.program(file);
        let mut hints = types(&program, range);
        hints.extend(labels(&program, range));
        hints.sort();
        hints
    }
}

/// Types of variables that `let`, `in` and `match` bind.
fn types(program: &Program, range: Span) -> Vec<Hint> {
    let in_root = |file| file == Program::ROOT;
    let variables = program.survey().variables.iter();
    let variables: HashMap<Span, _> = variables
        .filter(|typed| in_root(typed.file))
        .map(|typed| (typed.span, &typed.ty))
        .collect();
    let bound = program.occurrences(Program::ROOT).iter();
    bound
        .filter(|found| found.role == Role::Binds && range.contains(found.span.start))
        .filter_map(|found| {
            Some(Hint {
                offset: found.span.end,
                text: format!(": {}", print_type(variables.get(&found.span)?)),
                is_type: true,
            })
        })
        .collect()
}

/// Labels and strata, behind the declarations of views, tables and the like.
fn labels(program: &Program, range: Span) -> Vec<Hint> {
    let strata = &program.checked().program.strata;
    let mut numbers = HashMap::new();
    for (number, stratum) in strata.iter().enumerate() {
        for name in &stratum.relations {
            numbers.insert(name.as_str(), (number + 1, stratum.recursive));
        }
    }
    let own = program.declarations().all().iter();
    own.filter(|declaration| declaration.file == Program::ROOT)
        .filter(|declaration| range.contains(declaration.span.start))
        .filter(|declaration| matches!(declaration.kind, Kind::View | Kind::Table))
        .filter_map(|declaration| {
            let relation = relation(program, declaration)?;
            let mut text = label_word(relation.label).to_owned();
            if declaration.kind == Kind::View
                && let Some((number, is_recursive)) = numbers.get(relation.name.as_str())
            {
                text += &format!(", stratum {number}");
                if *is_recursive {
                    text += ", recursive";
                }
            }
            Some(Hint {
                offset: declaration.span.end,
                text,
                is_type: false,
            })
        })
        .collect()
}
