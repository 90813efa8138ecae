//! Test blocks: the program with given rows in place of its sources, and one sink for each
//! expectation.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::graph::Connector;
use sheaf_ir::{Expr, ExprKind, NodeId, Operator, Program, Span};

use super::body::{Wanted, evaluate};
use super::emit::Emit;
use super::expressions::{Scope, column};
use super::pipe::Pipe;
use super::{constants, finish, lower_relations};
use crate::hir::{self, Arg, Atom, Condition, Quantifier};

/// A test block, ready to run.
#[derive(Clone, Debug)]
pub struct LoweredTest {
    /// The program. Its sources have the format `given`; its sinks have the format `collect`: one
    /// `out:relation` for each relation that an expectation names, and those of [`Expectation`].
    pub program: Program,
    /// The rows of every source, also of those that get none; ascending by source.
    pub given: Vec<Given>,
    /// Values of params, over no columns.
    pub params: BTreeMap<String, Expr>,
    /// What must hold, in the order of the text.
    pub expectations: Vec<Expectation>,
}

/// The rows of one source.
#[derive(Clone, Debug)]
pub struct Given {
    /// The name of the source node.
    pub source: String,
    /// The relation, as the text names it.
    pub relation: String,
    /// Rows in the order of the text: one expression over no columns for each column of the
    /// source, a constant where the text allows; `None` for a RowId.
    pub rows: Vec<Vec<Option<Expr>>>,
}

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What its sink must hold.
    pub kind: ExpectationKind,
    /// The name of its sink.
    pub sink: String,
    /// For a row of a relation with a value after `->`: the sink with the rows of the same key, to
    /// tell what is there instead.
    pub found: Option<String>,
    /// The relation that is asked, if it is one.
    pub relation: Option<String>,
    /// Where it is written.
    pub span: Span,
}

/// What must be in the sink of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectationKind {
    /// At least one row.
    Some,
    /// No row.
    None,
    /// One row of one column, which is true.
    True,
}

/// The program of test block number `index`; `None` if there is no such block.
pub fn lower_test(source: &hir::Program, index: usize) -> Option<LoweredTest> {
    let test = source.tests.get(index)?;
    let mut emit = lower_relations(source);
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let mut expectations = Vec::new();
    for (number, expectation) in test.expectations.iter().enumerate() {
        emit.variables = test.variables.clone();
        let name = format!("expect:{number}");
        expectations.push(match expectation {
            hir::Expectation::Row(atom) => {
                shown.insert(&atom.relation);
                expect_row(&mut emit, atom, &name)
            }
            hir::Expectation::Test(expr) => {
                relations(expr, &mut shown);
                expect_true(&mut emit, expr, &name)
            }
        });
    }
    for relation in shown {
        let node = emit.relations[relation];
        collect(&mut emit, node, relation, source.relations[relation].span);
    }
    let given = give(&mut emit, test);
    let params = test.params.iter().map(|(name, value)| {
        let value = Scope::default().lower(value);
        (name.clone(), as_constant(value))
    });
    Some(LoweredTest {
        params: params.collect(),
        program: finish(emit.program),
        given,
        expectations,
    })
}

/// Cuts the sources off from the outside; the rows they get instead.
fn give(emit: &mut Emit, test: &hir::Test) -> Vec<Given> {
    let mut given = Vec::new();
    for id in emit.program.nodes_by_name() {
        let node = &mut emit.program.graph[id];
        let Operator::Source { connector } = &mut node.operator else {
            continue;
        };
        connector.format = "given".to_string();
        connector.path.clear();
        connector.options.clear();
        let rows = test
            .given
            .iter()
            .filter(|row| row.relation == connector.relation)
            .map(|row| {
                let lower = |e: &hir::Expr| as_constant(Scope::default().lower(e));
                row.columns.iter().map(|c| c.as_ref().map(lower)).collect()
            });
        given.push(Given {
            source: node.name.clone(),
            relation: connector.relation.clone(),
            rows: rows.collect(),
        });
    }
    given
}

fn as_constant(expr: Expr) -> Expr {
    match constants::literal(&expr) {
        Some(value) => Expr {
            kind: ExprKind::Constant(value),
            ..expr
        },
        None => expr,
    }
}

/// A sink for a node's rows; its name.
fn collect(emit: &mut Emit, from: NodeId, name: &str, span: Span) -> String {
    let columns = emit.columns(from).to_vec();
    let operator = Operator::Sink {
        connector: Connector {
            relation: name.to_string(),
            format: "collect".to_string(),
            columns: columns.iter().map(|(name, _)| name.clone()).collect(),
            ..Connector::default()
        },
        order: Vec::new(),
        unordered: false,
    };
    let sink = format!("out:{name}");
    let id = emit.named(&sink, operator, columns, &[(from, 0)], None, span);
    emit.program.graph[id].name.clone()
}

fn expect_row(emit: &mut Emit, atom: &Atom, name: &str) -> Expectation {
    let node = matching_rows(emit, atom, name);
    let sink = collect(emit, node, name, atom.span);
    let is_combined = emit.source.relations[&atom.relation].combined.is_some();
    let found = is_combined.then(|| {
        let mut same_key = atom.clone();
        same_key.filter.clear();
        if let Some(value) = same_key.arguments.last_mut() {
            *value = Arg::Wild;
        }
        let name = format!("found:{}", name.trim_start_matches("expect:"));
        let node = matching_rows(emit, &same_key, &name);
        collect(emit, node, &name, atom.span)
    });
    Expectation {
        kind: match atom.quantifier {
            Quantifier::Not => ExpectationKind::None,
            _ => ExpectationKind::Some,
        },
        sink,
        found,
        relation: Some(atom.relation.clone()),
        span: atom.span,
    }
}

/// The whole rows that match an atom.
pub(super) fn matching_rows(emit: &mut Emit, atom: &Atom, name: &str) -> NodeId {
    let mut pipe = Pipe::atom(emit, atom);
    for test in &atom.filter {
        let test = pipe.scope.lower(test);
        pipe.conditions.push(test);
    }
    let columns = emit.columns(emit.relations[&atom.relation]).to_vec();
    let outputs = columns
        .iter()
        .enumerate()
        .map(|(i, (_, ty))| column(i, ty.clone(), atom.span))
        .collect();
    let names = columns.into_iter().map(|(name, _)| name).collect();
    let node = pipe.finish(emit, outputs, names, atom.span);
    emit.name_steps(name);
    node
}

fn expect_true(emit: &mut Emit, expr: &hir::Expr, name: &str) -> Expectation {
    let wanted = Wanted {
        outputs: vec![expr.clone()],
        names: vec!["holds".to_string()],
        span: expr.span,
    };
    let start = Pipe::unit(expr.span);
    let nodes = evaluate(emit, start, &[], wanted);
    emit.name_steps(name);
    Expectation {
        kind: ExpectationKind::True,
        sink: collect(emit, nodes[0], name, expr.span),
        found: None,
        relation: None,
        span: expr.span,
    }
}

/// The relations that an expression reads.
fn relations<'h>(expr: &'h hir::Expr, found: &mut BTreeSet<&'h str>) {
    use hir::ExprKind;
    match &expr.kind {
        ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => {}
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().for_each(|a| relations(a, found));
        }
        ExprKind::If(parts) => parts.iter().for_each(|p| relations(p, found)),
        ExprKind::Let { value, body, .. } => {
            relations(value, found);
            relations(body, found);
        }
        ExprKind::Comprehension {
            conditions,
            element,
            ..
        } => {
            relations(element, found);
            for condition in conditions {
                match condition {
                    Condition::Atom(atom) => {
                        found.insert(&atom.relation);
                    }
                    Condition::Each { collection, .. } => relations(collection, found),
                    Condition::Let { value, .. } => relations(value, found),
                    Condition::Test { test, .. } => relations(test, found),
                }
            }
        }
    }
}
