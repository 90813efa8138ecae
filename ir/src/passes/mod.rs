//! Passes: each rewrites a valid program into a valid one that gives the same rows and failures.
//!
//! Invariants:
//! - A pass never makes a row fail that did not, nor saves one that did.
//! - In debug builds the verifier runs after every pass.
//! - Passes iterate nodes by name only, so that the same program comes out every time.

mod failure;
mod fold_constants;
mod fuse_expressions;
mod narrow_joins;
mod push_demand;
mod push_filters;
mod remove_dead_columns;
mod remove_dead_nodes;
mod remove_distinct;
mod reorder_joins;
mod rewrite;
mod share_subgraphs;
mod size;
#[cfg(test)]
mod tests;

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
pub const PASSES: &[Pass] = &[
    Pass {
        name: "fold_constants",
        summary: "computes what is the same for every row once, and drops conditions that are decided",
        apply: fold_constants::apply,
    },
    Pass {
        name: "fuse_expressions",
        summary: "makes one block of two where a map reads a map, flat-map or join alone",
        apply: fuse_expressions::apply,
    },
    Pass {
        name: "push_filters",
        summary: "moves conditions to where rows come from",
        apply: push_filters::apply,
    },
    Pass {
        name: "push_demand",
        summary: "derives of a recursion only what is asked for",
        apply: push_demand::apply,
    },
    Pass {
        name: "reorder_joins",
        summary: "joins the relations of a rule in the order that makes the fewest rows on the way",
        apply: reorder_joins::apply,
    },
    Pass {
        name: "narrow_joins",
        summary: "makes a semijoin of a join that only asks whether there is a partner",
        apply: narrow_joins::apply,
    },
    Pass {
        name: "remove_distinct",
        summary: "drops what makes rows distinct where keys or readers make it needless",
        apply: remove_distinct::apply,
    },
    Pass {
        name: "share_subgraphs",
        summary: "computes once what two nodes would compute alike",
        apply: share_subgraphs::apply,
    },
    Pass {
        name: "remove_dead_columns",
        summary: "leaves out columns that nobody reads",
        apply: remove_dead_columns::apply,
    },
    Pass {
        name: "remove_dead_nodes",
        summary: "takes away what nobody reads and what never has a row",
        apply: remove_dead_nodes::apply,
    },
];

/// How often the list of passes is gone through at most: one pass makes work for another before it.
const ROUNDS: usize = 3;

/// Runs the selected passes in order, and again as long as they change something, but not often.
pub fn optimize(program: &mut Program, selection: &Selection, world: &World) -> Vec<Applied> {
    let is_selected = |pass: &&Pass| match selection {
        Selection::All => true,
        Selection::Only(names) => names.contains(pass.name),
    };
    let passes: Vec<&Pass> = PASSES.iter().filter(is_selected).collect();
    let mut applied: Vec<Applied> = passes
        .iter()
        .map(|pass| Applied {
            name: pass.name,
            changes: 0,
        })
        .collect();
    for _ in 0..ROUNDS {
        let mut changes = 0;
        for (pass, applied) in passes.iter().zip(&mut applied) {
            let here = (pass.apply)(program, world);
            debug_assert_eq!(crate::verify::verify(program), Ok(()), "{}", pass.name);
            applied.changes += here;
            changes += here;
        }
        if changes == 0 {
            break;
        }
    }
    applied
}
