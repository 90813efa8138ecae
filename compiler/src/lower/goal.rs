//! A question about one relation: the program without its outputs, and which rows are meant.

use sheaf_ir::{Block, Operator, Program};

use super::test_block::matching_rows;
use super::{finish, lower_relations};
use crate::hir::{self, Expectation, Quantifier};

/// A question about rows of a relation.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The program, without sinks.
    pub program: Program,
    /// The relation's qualified name, which is also that of its node.
    pub relation: String,
    /// Which of its rows are meant: its conditions are over the relation's columns, its outputs are
    /// these columns.
    pub block: Block,
}

/// The question that the only expectation of a test block is, if it is one about rows that are
/// there; `None` otherwise. What the test gives is not looked at.
pub fn lower_goal(source: &hir::Program, test: &hir::Test) -> Option<Goal> {
    let [Expectation::Row(atom)] = test.expectations.as_slice() else {
        return None;
    };
    if atom.quantifier != Quantifier::Exists {
        return None;
    }
    let mut emit = lower_relations(source);
    emit.variables = test.variables.clone();
    let node = matching_rows(&mut emit, atom, "goal");
    let block = match emit.program.graph.remove_node(node)?.operator {
        Operator::Map { block } => block,
        _ => return None,
    };
    Some(Goal {
        program: finish(emit.program),
        relation: atom.relation.clone(),
        block,
    })
}
