//! What each rule of a program did: the counts of operators, put together by where they are written.
//!
//! Invariant: no time is counted twice. A fixpoint's own time is what the nodes in its loop do not
//! account for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use sheaf_engine::NodeStatistics;
use sheaf_ir::{Operator, Program, Span};

/// Bytes of a cell.
const WORD: u64 = 8;

/// What the operators of one rule, relation or output did together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleStatistics {
    /// The rule's name (`needs#1f2e3d4c`), or that of a relation or output.
    pub name: String,
    /// What it is: `rule`, `relation`, `recursion`, `input`, `output`.
    pub kind: &'static str,
    /// The relation that it gives rows to.
    pub relation: String,
    /// Where it is written.
    #[serde(skip)]
    pub span: Span,
    /// Rows that its last operator gave.
    pub rows: u64,
    /// Bytes that came in and went out of its operators, at 8 a cell.
    pub bytes: u64,
    /// Rows that came to its operators from other workers.
    pub exchanged_rows: u64,
    /// Bytes of these rows, at 8 a cell, and of the texts that those from other processes need.
    pub exchanged_bytes: u64,
    /// Failures.
    pub errors: u64,
    /// Greatest number of bytes held, summed over workers and operators.
    pub memory: u64,
    /// Time spent working, summed over workers.
    #[serde(skip)]
    pub active: Duration,
    /// Its operators, in the order of their names.
    pub operators: Vec<OperatorStatistics>,
}

/// What one operator did.
#[derive(Clone, Debug, Serialize)]
pub struct OperatorStatistics {
    /// The node's name.
    pub node: String,
    /// The operator's name in IR text.
    pub operator: &'static str,
    /// Where it is written.
    #[serde(skip)]
    pub span: Span,
    /// Rows taken.
    pub rows_in: u64,
    /// Rows given.
    pub rows_out: u64,
    /// Bytes taken and given, at 8 a cell.
    pub bytes: u64,
    /// Rows taken that came from other workers.
    pub exchanged_rows: u64,
    /// Bytes of these rows, at 8 a cell, and of the texts that those from other processes need.
    pub exchanged_bytes: u64,
    /// Failures.
    pub errors: u64,
    /// Greatest number of bytes held, summed over workers.
    pub memory: u64,
    /// Time spent working, summed over workers.
    #[serde(skip)]
    pub active: Duration,
}

/// Puts counts together by rule, most time first.
pub fn profile(program: &Program, nodes: &[NodeStatistics]) -> Vec<RuleStatistics> {
    let mut loops: BTreeMap<&str, (Duration, u64)> = BTreeMap::new();
    let counted: BTreeMap<&str, &NodeStatistics> = nodes
        .iter()
        .map(|node| (node.node.as_str(), node))
        .collect();
    for node in program.graph.node_weights() {
        if let (Some(fixpoint), Some(count)) = (&node.fixpoint, counted.get(node.name.as_str())) {
            let inside = loops.entry(fixpoint).or_default();
            inside.0 += count.active;
            inside.1 += count.memory;
        }
    }
    let mut rules: BTreeMap<&str, RuleStatistics> = BTreeMap::new();
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        let Some(count) = counted.get(node.name.as_str()) else {
            continue;
        };
        let (inside, held) = loops.get(node.name.as_str()).copied().unwrap_or_default();
        let width = |columns: &[_]| columns.len() as u64 * WORD;
        let mut bytes = count.rows_out * width(&node.output.columns);
        bytes += count.rows_in * width(program.input_columns(id, 0));
        let operator = OperatorStatistics {
            node: node.name.clone(),
            operator: node.operator.name(),
            span: node.span,
            rows_in: count.rows_in,
            rows_out: count.rows_out,
            bytes,
            exchanged_rows: count.exchanged_rows,
            exchanged_bytes: count.exchanged_bytes,
            errors: count.errors,
            memory: count.memory.saturating_sub(held),
            active: count.active.saturating_sub(inside),
        };
        let name = match node.name.split_once('#') {
            // `needs#1f2e3d4c.2` is a step of a rule.
            Some(_) => match node.name.rsplit_once('.') {
                Some((rule, step)) if !step.contains('#') => rule,
                _ => node.name.as_str(),
            },
            None => node.name.as_str(),
        };
        let rule = rules.entry(name).or_insert_with(|| RuleStatistics {
            name: name.to_string(),
            kind: kind(&node.operator, name),
            relation: relation(name).to_string(),
            span: node.span,
            ..RuleStatistics::default()
        });
        // Steps are named in the order in which rows go through them.
        (rule.rows, rule.span) = (operator.rows_out, operator.span);
        rule.bytes += operator.bytes;
        rule.exchanged_rows += operator.exchanged_rows;
        rule.exchanged_bytes += operator.exchanged_bytes;
        rule.errors += operator.errors;
        rule.memory += operator.memory;
        rule.active += operator.active;
        rule.operators.push(operator);
    }
    let mut rules: Vec<RuleStatistics> = rules.into_values().collect();
    rules.sort_by(|a, b| (b.active, &a.name).cmp(&(a.active, &b.name)));
    rules
}

fn kind(operator: &Operator, name: &str) -> &'static str {
    match operator {
        Operator::Source { .. } => "input",
        Operator::Sink { .. } => "output",
        Operator::Fixpoint { .. } => "recursion",
        _ if name.contains('#') => "rule",
        _ => "relation",
    }
}

fn relation(name: &str) -> &str {
    let name = name.split_once(':').map_or(name, |(_, relation)| relation);
    name.split('#').next().unwrap_or(name)
}
