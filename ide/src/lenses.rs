//! What can be done with a part of a file: run a test, show the plan.

use std::path::Path;

use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::ItemKind;

use crate::analysis::Analysis;
use crate::program::Program;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// What it is about.
    pub span: Span,
    /// What is done.
    pub action: Action,
}

/// What a lens does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs a test block.
    RunTest {
        /// What it promises.
        name: String,
    },
    /// Shows how the program runs.
    ShowPlan,
}

impl Analysis {
    /// What can be done with the parts of a file, in the order of the text.
    pub fn lenses(&self, file: &Path) -> Vec<Lens> {
        let program = self.program(file);
        let items = program.tree(Program::ROOT).map(|parsed| &parsed.tree.items);
        let mut lenses = Vec::new();
        let mut has_output = false;
        for item in items.into_iter().flatten() {
            match &item.kind {
                ItemKind::Test(test) => lenses.push(Lens {
                    span: item.span,
                    action: Action::RunTest {
                        name: test.name.value.to_string(),
                    },
                }),
                // One plan for the whole program.
                ItemKind::Output(_) if !has_output => {
                    has_output = true;
                    lenses.push(Lens {
                        span: item.span,
                        action: Action::ShowPlan,
                    });
                }
                _ => {}
            }
        }
        lenses
    }
}
