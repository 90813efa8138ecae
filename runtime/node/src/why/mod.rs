//! Why a row is there, and why one is not: proofs and refusals, found after a run.
//!
//! A program is run without passes for the rows of every relation that the question rests on. A proof
//! is then searched from the row that is asked for back to what was read ([`search`]), on the graph
//! itself, so that it serves every front end: what stands between two relations is a rule.
//!
//! Invariants:
//! - A proof is finite and well-founded, on cyclic data too, and its leaves name file and line.
//! - The order of rows, the number of workers and processes change nothing but line numbers.
//! - Nothing is written.

mod base;
mod expand;
mod order;
mod places;
mod proof;
mod refusal;
mod replay;
mod report;
mod search;
mod show;
mod table;
mod text;
mod traced;

use std::collections::BTreeSet;

use sheaf_ir::{Block, ExprKind, Function, NodeId, Operator, Program};

use crate::names;
use crate::run::{Failures, RunError, RunOptions, Surroundings, materialise};
use base::Base;
use expand::Fact;
use search::Outcome;

pub use proof::{Part, Place, Proof, ProofStep, Reason, Use};
pub use refusal::{Cause, Miss, Refusal};
pub use report::{Excerpt, Texts};
pub use show::{Absence, Row};

/// A question about rows of a relation.
#[derive(Clone, Debug)]
pub struct Question {
    /// The program, without sinks.
    pub program: Program,
    /// The name of the relation's node.
    pub relation: String,
    /// Which rows are meant: conditions over the relation's columns, which are also the outputs.
    pub block: Block,
}

/// What there is to say.
#[derive(Debug)]
pub enum Answer {
    /// A row matches, and this proves it.
    Proof(Proof),
    /// A row matches, but no proof was found.
    Unproved {
        /// The row.
        row: Row,
        /// Why not.
        reason: &'static str,
    },
    /// No row matches.
    Refusal(Refusal),
    /// Inputs could not be read, so that nothing was derived.
    BadInput,
}

/// An answer, and the rows that failed on the way.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Rows that failed, of everything that was run.
    pub failures: Failures,
}

/// Runs what a question rests on and answers it.
///
/// # Errors
/// As for [`crate::run::run`]; besides, a relation that the program does not have.
pub fn ask(
    question: Question,
    options: &RunOptions,
    surroundings: Surroundings<'_>,
) -> Result<Answered, RunError> {
    let environment = surroundings.environment.clone();
    let mut program = question.program;
    let missing = || RunError::Usage {
        message: format!("there is no relation {}", question.relation),
        help: Vec::new(),
    };
    let goal = program.find(&question.relation).ok_or_else(missing)?;
    let needed = Base::upstream(&program, goal);
    let mut options = options.clone();
    let others = program.nodes_by_name().into_iter();
    for id in others.filter(|id| !needed.contains(id)).collect::<Vec<_>>() {
        if let Some(node) = program.graph.remove_node(id)
            && let Operator::Source { connector } = node.operator
        {
            // An input that the question does not rest on is not read, wherever it is.
            options.inputs.remove(&connector.relation);
            options.inputs.remove(names::short(&connector.relation));
        }
    }
    let tables = needed
        .into_iter()
        .filter(|id| base::is_table(&program, *id));
    let tables: BTreeSet<NodeId> = tables.collect();
    let made = materialise(program.clone(), &tables, &options, surroundings)?;
    if !made.complete {
        return Ok(Answered {
            answer: Answer::BadInput,
            failures: made.failures,
        });
    }
    let base = Base::new(program, made.tables, &made.params, made.interner);
    let bound = bound(&base, goal, &question.block);
    let block = base.traced(&question.block, &base.types(goal));
    let is_meant = |row: &[u64]| {
        let mut block = block.as_ref().map(|block| block.borrow_mut());
        let given = block.as_mut().map(|block| block.run(std::iter::once(row)));
        given.is_some_and(|rows| !rows.is_empty())
    };
    // All conditions are usually told by what is bound.
    let told = question.block.conditions.len() == bound.iter().flatten().count();
    let (rows, matching) = base.select(goal, &bound, |row| told || is_meant(row), 1);
    let answer = match rows.first() {
        None => {
            let mut refusal = refusal::refusal(&base, goal, &bound);
            let own = |node: &str| node.split('#').next() == Some(&question.relation);
            let failures = made.failures.iter();
            refusal.failed = failures
                .filter(|(failure, _)| own(failure.node()))
                .map(|(_, times)| times)
                .sum();
            Answer::Refusal(refusal)
        }
        Some(row) => {
            let fact = Fact {
                node: goal,
                row: row.clone(),
            };
            let shown = base.show(goal, &expand::bind(row));
            let unproved = |reason| Answer::Unproved { row: shown, reason };
            match search::prove(&base, fact) {
                Outcome::Proved(steps) => {
                    let mut proof = proof::proof(&base, &steps, matching);
                    places::fill(&base, &steps, &mut proof, made.sources, &*environment)?;
                    Answer::Proof(proof)
                }
                Outcome::Circular => unproved("every way to it leads back to itself"),
                Outcome::TooMuch => unproved("there is too much to look at"),
            }
        }
    };
    Ok(Answered {
        answer,
        failures: made.failures,
    })
}

/// What a question says of each column.
fn bound(base: &Base, id: NodeId, block: &Block) -> Vec<Option<u64>> {
    let mut bound = base.unbound(id);
    for condition in &block.conditions {
        let ExprKind::Call(Function::Eq, sides) = &condition.kind else {
            continue;
        };
        let [held, wanted] = sides.as_slice() else {
            continue;
        };
        if let (ExprKind::Column(column), Some(word)) = (&held.kind, base.constant(wanted)) {
            bound[*column] = Some(word);
        }
    }
    bound
}
