//! Passes: each rewrites a valid program into a valid one that gives the same rows and failures.
//!
//! Invariants:
//! - A pass never makes a row fail that did not, nor saves one that did.
//! - In debug builds the verifier runs after every pass.
//! - Passes iterate nodes by name only, so that the same program comes out every time.

use std::collections::BTreeSet;

use crate::sizes::Sizes;
use crate::{Expr, Program, Value};

/// One rewriting.
pub struct Pass {
    /// How it is named on the command line: a verb and its object, such as `fold_constants`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Rewrites the program; how many places it changed.
    pub apply: fn(&mut Program, &World) -> usize,
}

/// What passes are told beside the program.
pub struct World<'a> {
    /// Sizes of the inputs.
    pub sizes: &'a Sizes,
    /// The value of an expression without columns and params; `None` if it fails or is not known.
    pub evaluate: &'a dyn Fn(&Program, &Expr) -> Option<Value>,
}

/// Which passes run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// Those of these names; none if it is empty.
    Only(BTreeSet<String>),
}

/// A pass that ran and how often it changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The pass.
    pub name: &'static str,
    /// Places it changed.
    pub changes: usize,
}

/// All passes, in the order in which they run.
pub const PASSES: &[Pass] = &[];

/// Runs the selected passes in order.
pub fn optimize(program: &mut Program, selection: &Selection, world: &World) -> Vec<Applied> {
    let mut applied = Vec::new();
    for pass in PASSES {
        if let Selection::Only(names) = selection
            && !names.contains(pass.name)
        {
            continue;
        }
        let changes = (pass.apply)(program, world);
        debug_assert_eq!(crate::verify::verify(program), Ok(()), "{}", pass.name);
        applied.push(Applied {
            name: pass.name,
            changes,
        });
    }
    applied
}
