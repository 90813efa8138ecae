//! Whether rules run where their data is, and the plan as a drawing: what the planner says.
//!
//! Sizes of inputs are not known here, so the plan is that for inputs of middling size.

use std::collections::BTreeSet;

use sheaf_compiler::lower::lower;
use sheaf_compiler::source::{FileId, Span};
use sheaf_ir::passes::{Selection, World, optimize};
use sheaf_ir::plan::{Explanation, Place, Travel, decide, drawing, explain};
use sheaf_ir::sizes::Sizes;

use crate::analysis::Analysis;
use crate::program::Program;

/// How many workers a plan is made for.
const WORKERS: usize = 4;

/// The plan of a program.
pub(crate) struct Planned(Explanation);

impl Planned {
    /// Nothing for a program that cannot be run.
    pub(crate) fn new(program: &Program, selection: &Selection) -> Option<Planned> {
        let mut lowered = lower(program.checked().runnable()?);
        let sizes = Sizes::default();
        let world = World {
            sizes: &sizes,
            evaluate: &|_, _| None,
        };
        optimize(&mut lowered, selection, &world);
        let decided = decide(&lowered, &sizes, WORKERS);
        let locate = |span| locate(program, span);
        Some(Planned(explain(&lowered, &decided, &sizes, &locate)))
    }

    /// How rows travel for the rules of a relation, in sentences: of one rule, or of all.
    pub(crate) fn travels(&self, relation: &str, rule: Option<(FileId, Span)>) -> Vec<String> {
        let is_asked = |span: sheaf_ir::Span| {
            rule.is_none_or(|(file, rule)| {
                FileId(span.file) == file && rule.start <= span.start && span.end <= rule.end
            })
        };
        let lines = self.0.lines.iter();
        let own = lines.filter(|line| line.relation == relation && is_asked(line.span));
        let own: Vec<_> = own.collect();
        let mut sentences = BTreeSet::new();
        for line in &own {
            for input in line
                .inputs
                .iter()
                .filter(|input| input.travel != Travel::Local)
            {
                let from = self.0.lines.iter().find(|other| other.name == input.from);
                let what = match from {
                    Some(from) if from.relation != relation => {
                        format!("rows of `{}`", from.relation_name)
                    }
                    _ => "what it derives".to_owned(),
                };
                sentences.insert(format!("{what} travel: {}", input.words));
            }
        }
        if sentences.is_empty() && !own.is_empty() {
            sentences.insert("runs where its data is: no row travels".to_owned());
        }
        sentences.into_iter().collect()
    }
}

impl Analysis {
    /// The plan of the program whose root a file is, drawn as SVG; its nodes know their places.
    ///
    /// # Errors
    /// There is none: why.
    pub fn plan_drawing(&self, file: &std::path::Path) -> Result<String, String> {
        let program = self.program(file);
        let planned = Planned::new(&program, &Selection::All);
        match planned {
            Some(Planned(explanation)) => Ok(drawing::svg(&explanation)),
            None if program.checked().has_errors() => {
                Err("the program has errors: put them right to see its plan".to_owned())
            }
            None => Err("this version does not run live programs, so there is no plan".to_owned()),
        }
    }
}

fn locate(program: &Program, span: sheaf_ir::Span) -> Option<Place> {
    let file = FileId(span.file);
    let is_known = program.sources().iter().any(|(known, _)| known == file);
    if span.end == 0 || !is_known {
        return None;
    }
    let source = program.sources().get(file);
    let position = source.position(span.start);
    Some(Place {
        file: source.name().to_owned(),
        line: position.line,
        column: position.column,
    })
}
