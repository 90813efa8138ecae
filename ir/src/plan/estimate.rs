//! How many rows each node gives, guessed from the sizes of the inputs.
//!
//! Invariants:
//! - A guess needs a guess for every input: what depends on an input of unknown size is unknown.
//! - Only sums, products, quotients and square roots, in an order fixed by names: the same numbers
//!   on every machine.
//!
//! The rules are those of System R (Selinger et al., 1979): equal values are spread evenly and
//! columns are independent. As nothing is known of values, a join is taken for one by a foreign
//! key: each row of the larger side finds partners, unless conditions have left them out.

use std::collections::BTreeMap;

use crate::plan::shape;
use crate::sizes::Sizes;
use crate::{Block, Expr, ExprKind, Function, NodeId, Nominal, Operator, Program, Type};

/// How many rows of an input share a value of one column.
const SHARED: f64 = 4.0;
/// How many elements a collection has.
const ELEMENTS: f64 = 8.0;
/// How many different elements there are for each square root of their number: words of a text are
/// so, by Heaps' law (1978).
const HEAPS: f64 = 20.0;
/// How many times more a recursion derives than it starts from.
const GROWTH: f64 = 10.0;
/// The part of rows that satisfy a comparison.
const COMPARED: f64 = 1.0 / 3.0;
/// The part of rows that satisfy any other condition.
const FILTERED: f64 = 0.5;
/// The part of rows that have a partner in another relation.
const PARTNERED: f64 = 0.5;

/// What is guessed of a node's rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    /// How many there are.
    pub rows: f64,
    /// How many different values each column has.
    distinct: Vec<f64>,
    /// The part of its relations' rows that conditions have left.
    kept: f64,
}

impl Estimate {
    fn new(rows: f64, distinct: Vec<f64>) -> Estimate {
        let rows = rows.clamp(0.0, 1e15);
        let distinct = distinct
            .into_iter()
            .map(|d| d.clamp(1.0, rows.max(1.0)))
            .collect();
        Estimate {
            rows,
            distinct,
            kept: 1.0,
        }
    }

    fn keeping(self, kept: f64) -> Estimate {
        Estimate { kept, ..self }
    }

    /// How many different values these columns have together.
    pub fn values(&self, columns: &[usize]) -> f64 {
        columns
            .iter()
            .filter_map(|c| self.distinct.get(*c))
            .product::<f64>()
            .min(self.rows)
            .max(1.0)
    }

    /// How many different rows there are.
    pub fn different(&self) -> f64 {
        let all: Vec<usize> = (0..self.distinct.len()).collect();
        self.values(&all).min(self.rows)
    }

    fn scaled(&self, part: f64) -> Estimate {
        Estimate::new(self.rows * part, self.distinct.clone()).keeping(self.kept * part)
    }

    fn plus(&self, other: &Estimate) -> Estimate {
        let distinct = self.distinct.iter().zip(&other.distinct);
        Estimate::new(
            self.rows + other.rows,
            distinct.map(|(a, b)| together(*a, *b)).collect(),
        )
        .keeping(self.kept.max(other.kept))
    }
}

/// How many different values there are in two columns together: constants differ, other values are
/// mostly the same.
fn together(a: f64, b: f64) -> f64 {
    if a.min(b) == 1.0 { a + b } else { a.max(b) }
}

/// Guesses for the nodes of which anything is known.
pub(super) struct Estimates(BTreeMap<NodeId, Estimate>);

impl Estimates {
    /// Guesses for a program whose inputs have these sizes.
    pub fn new(program: &Program, sizes: &Sizes) -> Estimates {
        let mut estimates = Estimates(BTreeMap::new());
        let order = shape::order(program);
        shape::settle(program, &order, |id| {
            let is_new = estimates.get(id).is_none();
            let estimate = is_new.then(|| estimates.of(program, sizes, id)).flatten();
            let is_settled = estimate.is_some();
            estimates.0.extend(estimate.map(|estimate| (id, estimate)));
            is_settled
        });
        estimates
    }

    /// The guess for a node.
    pub fn get(&self, id: NodeId) -> Option<&Estimate> {
        self.0.get(&id)
    }

    /// How many rows a node gives.
    pub fn rows(&self, id: NodeId) -> Option<f64> {
        self.get(id).map(|estimate| estimate.rows)
    }

    fn of(&self, program: &Program, sizes: &Sizes, id: NodeId) -> Option<Estimate> {
        let node = &program.graph[id];
        let columns = &node.output.columns;
        let inputs = program.inputs(id);
        let port = |number: u32| inputs.iter().find(|(port, _)| *port == number);
        let side = |number: u32| self.get(port(number)?.1);
        let estimate = match &node.operator {
            Operator::Source { .. } | Operator::StateRead { .. } => {
                let rows = *sizes.rows.get(&node.name)? as f64;
                let distinct = columns
                    .iter()
                    .map(|(_, ty)| bound(program, ty).min(rows / SHARED));
                Estimate::new(rows, distinct.collect())
            }
            Operator::Values { rows } => {
                let count = rows.len() as f64;
                Estimate::new(count, vec![count; columns.len()])
            }
            Operator::Map { block } => through(program, side(0)?, block),
            Operator::FlatMap { block, .. } => {
                let from = side(0)?;
                let mut distinct = from.distinct.clone();
                let elements = from.rows * ELEMENTS;
                distinct.push(HEAPS * elements.sqrt());
                let each = Estimate::new(elements, distinct).keeping(from.kept);
                through(program, &each, block)
            }
            Operator::Join {
                left_key,
                right_key,
                block,
            } => through(
                program,
                &joined(side(0)?, side(1)?, left_key, right_key),
                block,
            ),
            Operator::Semijoin { .. } | Operator::Antijoin { .. } => {
                side(1)?;
                side(0)?.scaled(PARTNERED)
            }
            Operator::OuterJoin {
                left_key,
                right_key,
                right_columns,
            } => {
                let (left, right) = (side(0)?, side(1)?);
                let all = joined(left, right, left_key, right_key);
                let mut distinct = left.distinct.clone();
                distinct.extend(right_columns.iter().map(|c| right.values(&[*c])));
                Estimate::new(all.rows.max(left.rows), distinct).keeping(left.kept)
            }
            Operator::Variable { .. } => self.variable(program, id)?,
            Operator::Fixpoint { .. } => Estimate::new(0.0, Vec::new()),
            Operator::Extern { .. } => {
                let from = side(0)?;
                let mut distinct = from.distinct.clone();
                distinct.resize(columns.len(), from.rows);
                Estimate::new(from.rows, distinct)
            }
            _ => {
                let all = inputs
                    .iter()
                    .map(|(_, from)| self.get(*from))
                    .collect::<Option<Vec<_>>>()?;
                let mut all = all.into_iter().cloned();
                let first = all.next()?;
                all.fold(first, |sum, next| sum.plus(&next))
            }
        };
        Some(match &node.operator {
            Operator::Distinct => {
                let rows = estimate.different();
                Estimate::new(rows, estimate.distinct).keeping(estimate.kept)
            }
            Operator::Combine { .. } => {
                let key: Vec<usize> = (0..columns.len().saturating_sub(1)).collect();
                let rows = estimate.values(&key);
                Estimate::new(rows, estimate.distinct).keeping(estimate.kept)
            }
            _ => estimate,
        })
    }

    /// What a recursion comes to: a bounded multiple of what it starts from.
    fn variable(&self, program: &Program, id: NodeId) -> Option<Estimate> {
        let inputs = shape::inputs(program, id);
        let (inner, entries): (Vec<_>, Vec<_>) = inputs.iter().partition(|i| i.inner);
        if entries.is_empty() {
            let mut known = inner.iter().filter_map(|i| self.get(i.from)).cloned();
            let first = known.next()?;
            return Some(known.fold(first, |sum, next| sum.plus(&next)));
        }
        let mut entries = entries.iter().map(|i| self.get(i.from).cloned());
        let first = entries.next()??;
        let start = entries.try_fold(first, |sum, next| Some(sum.plus(&next?)))?;
        let key = shape::grouping(program, id).unwrap_or_default();
        let grown = if inner.is_empty() { 1.0 } else { GROWTH };
        // Rows are made of values that are there already, or nearly.
        let distinct: Vec<f64> = start.distinct.iter().map(|d| d * grown).collect();
        let rows = start.rows * grown;
        let all = Estimate::new(rows, distinct);
        let most = all.values(&key);
        Some(Estimate::new(rows.min(most), start.distinct))
    }
}

/// How many values a type has, at most.
fn bound(program: &Program, ty: &Type) -> f64 {
    match ty {
        Type::Bool => 2.0,
        Type::Option(inner) => 1.0 + bound(program, inner),
        Type::Tuple(parts) => parts.iter().map(|part| bound(program, part)).product(),
        Type::Named(name) => match program.types.get(name) {
            Some(Nominal::Enum(variants)) if variants.iter().all(|(_, p)| p.is_empty()) => {
                variants.len() as f64
            }
            _ => f64::INFINITY,
        },
        _ => f64::INFINITY,
    }
}

/// The pairs of rows that agree on the keys; columns of the left, then of the right.
fn joined(left: &Estimate, right: &Estimate, left_key: &[usize], right_key: &[usize]) -> Estimate {
    let [(large, _), (small, key)] = match left.rows >= right.rows {
        true => [(left, left_key), (right, right_key)],
        false => [(right, right_key), (left, left_key)],
    };
    let rows = match key.is_empty() {
        true => left.rows * right.rows,
        false => large.rows * small.rows / small.values(key) * small.kept,
    };
    let mut distinct = left.distinct.clone();
    distinct.extend(&right.distinct);
    for (a, b) in left_key.iter().zip(right_key) {
        let b = b + left.distinct.len();
        if *a < distinct.len() && b < distinct.len() {
            let least = distinct[*a].min(distinct[b]);
            distinct[*a] = least;
            distinct[b] = least;
        }
    }
    Estimate::new(rows, distinct).keeping(left.kept * right.kept)
}

/// What a block keeps and makes of rows.
fn through(program: &Program, from: &Estimate, block: &Block) -> Estimate {
    let part: f64 = block
        .conditions
        .iter()
        .map(|condition| selectivity(from, condition))
        .product();
    let kept = from.scaled(part);
    let distinct = block.outputs.iter().map(|output| {
        let read = columns(output);
        kept.values(&read).min(bound(program, &output.ty))
    });
    Estimate::new(kept.rows, distinct.collect()).keeping(kept.kept)
}

/// The part of rows that satisfy a condition.
fn selectivity(from: &Estimate, condition: &Expr) -> f64 {
    let ExprKind::Call(function, arguments) = &condition.kind else {
        return FILTERED;
    };
    match (function, arguments.as_slice()) {
        (Function::And, [a, b]) => selectivity(from, a) * selectivity(from, b),
        (Function::Or, [a, b]) => {
            let (a, b) = (selectivity(from, a), selectivity(from, b));
            a + b - a * b
        }
        (Function::Not, [a]) => 1.0 - selectivity(from, a),
        (Function::Eq, [a, b]) => equal(from, a, b),
        (Function::Ne, [a, b]) => 1.0 - equal(from, a, b),
        (Function::Lt | Function::Le | Function::Gt | Function::Ge, _) => COMPARED,
        _ => FILTERED,
    }
}

fn equal(from: &Estimate, a: &Expr, b: &Expr) -> f64 {
    let values = from.values(&columns(a)).max(from.values(&columns(b)));
    if values > 1.0 { 1.0 / values } else { FILTERED }
}

/// The columns that an expression reads.
fn columns(expression: &Expr) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = vec![expression];
    while let Some(next) = open.pop() {
        if let ExprKind::Column(column) = next.kind
            && !found.contains(&column)
        {
            found.push(column);
        }
        open.extend(next.children());
    }
    found.sort_unstable();
    found
}
