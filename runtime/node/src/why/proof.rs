//! A proof as plain data.

use sheaf_ir::{NodeId, Operator, Span};

use super::base::{Base, Premise};
use super::expand::bind;
use super::search::Step;
use super::show::{Absence, Row};

/// Steps that prove a row; the row that was asked for is step 0.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Each rests on steps that rest on others, down to what was read, and never on itself.
    pub steps: Vec<ProofStep>,
    /// How many rows match the question; the first of them, in ascending order, is proved.
    pub matching: u64,
}

/// One row and how it came about.
#[derive(Clone, Debug)]
pub struct ProofStep {
    /// The row.
    pub row: Row,
    /// Whether its value was replaced later: the row is not there at the end.
    pub passing: bool,
    /// Why it is there.
    pub reason: Reason,
}

/// Why a row is there.
#[derive(Clone, Debug)]
pub enum Reason {
    /// It was read.
    Input(Option<Place>),
    /// By a rule.
    Rule(Use),
    /// Contributions make its value.
    Combined {
        /// `Count`, `Min`, …: as the IR names it.
        combiner: &'static str,
        /// How many contributions there are; `None` if one of them is the value.
        total: Option<u64>,
        /// Some of them, the first in ascending order: what each contributes, and by which rule.
        contributions: Vec<(Row, Use)>,
    },
}

/// A rule that was used.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name of its last node.
    pub rule: String,
    /// Where its head is written.
    pub span: Span,
    /// What it was used on.
    pub parts: Vec<Part>,
}

/// A premise.
#[derive(Clone, Debug)]
pub enum Part {
    /// The row of this step.
    Step(usize),
    /// There is no such row.
    Absent(Absence),
    /// It is written in the program.
    Written(Span),
}

/// Where a row was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

/// The steps of a search as plain data. Places of what was read are filled in later.
pub fn proof(base: &Base, steps: &[Step], matching: u64) -> Proof {
    let steps = steps.iter().map(|step| {
        let row = base.show(step.fact.node, &bind(&step.fact.row));
        ProofStep {
            reason: reason(base, step),
            passing: !base.has(step.fact.node, &bind(&step.fact.row)),
            row,
        }
    });
    Proof {
        steps: steps.collect(),
        matching,
    }
}

fn reason(base: &Base, step: &Step) -> Reason {
    let Some(derivation) = &step.derivation else {
        return Reason::Input(None);
    };
    let mut parts: Vec<Part> = derivation
        .premises
        .iter()
        .zip(&step.premises)
        .map(|(premise, number)| part(base, premise, *number))
        .collect();
    let combiner = match &base.program.graph[step.fact.node].operator {
        Operator::Combine { combiner }
        | Operator::Variable {
            combiner: Some(combiner),
        } => combiner.name(),
        _ => return Reason::Rule(used(base, derivation.rule, parts)),
    };
    match &derivation.combined {
        None => {
            let rule = derivation.rule;
            let row = base.show(step.fact.node, &bind(&step.fact.row));
            Reason::Combined {
                combiner,
                total: None,
                contributions: vec![(row, used(base, rule, parts))],
            }
        }
        Some(combined) => Reason::Combined {
            combiner,
            total: Some(combined.total),
            contributions: combined
                .shown
                .iter()
                .map(|(rule, row, premises)| {
                    let rest = parts.split_off((*premises).min(parts.len()));
                    let own = std::mem::replace(&mut parts, rest);
                    let mut row = base.show(*rule, &bind(row));
                    (row.within, row.keyed) = (false, true);
                    (row, used(base, *rule, own))
                })
                .collect(),
        },
    }
}

fn used(base: &Base, rule: NodeId, parts: Vec<Part>) -> Use {
    let node = &base.program.graph[rule];
    Use {
        rule: node.name.clone(),
        span: node.span,
        parts,
    }
}

fn part(base: &Base, premise: &Premise, number: Option<usize>) -> Part {
    match premise {
        Premise::Fact(..) => Part::Step(number.unwrap_or(0)),
        Premise::Written(span) => Part::Written(*span),
        Premise::Absent(node, key) => {
            let mut bound = base.unbound(*node);
            for (column, word) in key {
                bound[*column] = Some(*word);
            }
            Part::Absent(base.absence(*node, &bound))
        }
    }
}
