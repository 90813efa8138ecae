//! Why a row is not there: for each rule, how far its conditions go and which one fails first.
//!
//! Invariant: nothing depends on the order of rows: of several candidates, the first in canonical
//! order is told.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sheaf_ir::{Block, Expr, NodeId, Operator, Span, Type};

use super::base::{Base, Found, Mode, Premise};
use super::expand::bind;
use super::show::{Absence, Row};
use super::table::Bound;

/// Candidates that are looked at more closely.
const CANDIDATES: usize = 64;

/// Why a row is not there.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What was asked for.
    pub row: Row,
    /// A row that has another value for the same key, or does not fit a pattern, if that is why.
    pub other: Option<Row>,
    /// The rules that could have given it, nearest first.
    pub misses: Vec<Miss>,
    /// Whether it is an input.
    pub is_input: bool,
    /// For an input: the rows that agree in one of the columns that were asked for, counted.
    pub partly: Vec<(Row, u64)>,
    /// Rows on which rules of the relation failed.
    pub failed: u64,
}

/// A rule that gave no such row.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The name of its last node.
    pub rule: String,
    /// Where its head is written.
    pub span: Span,
    /// How many of its conditions held.
    pub held: usize,
    /// The first that did not.
    pub cause: Cause,
}

/// What failed first.
#[derive(Clone, Debug)]
pub enum Cause {
    /// There is no row at all.
    NoRow(Absence),
    /// There are these rows, but none that fits them.
    NoPartner(Vec<Row>, Absence),
    /// The condition here is false, or fails, on these rows.
    False {
        /// Where it is written.
        span: Span,
        /// Whether it failed.
        failed: bool,
        /// Columns that it reads, with their values.
        read: Vec<(String, String)>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// The rule gives another value for a column.
    Other {
        /// The column.
        column: String,
        /// What the rule gives; `None` if that failed.
        given: Option<String>,
        /// Where it is written.
        span: Span,
        /// The rows that it gives it for.
        rows: Vec<Row>,
    },
    /// There is a row that must not be there.
    Present(Vec<Row>),
    /// It is not among the facts of the program.
    NotWritten,
    /// A collection has no element that fits.
    NoElement {
        /// Where it is written.
        span: Span,
        /// The rows that it is of.
        rows: Vec<Row>,
    },
}

/// Explains why no row of a relation agrees with what is bound.
pub fn refusal(base: &Base, id: NodeId, bound: &[Option<u64>]) -> Refusal {
    let mut refusal = Refusal {
        row: base.show(id, bound),
        other: None,
        misses: Vec::new(),
        is_input: false,
        partly: Vec::new(),
        failed: 0,
    };
    // A pattern that no value of a column tells may be all that does not fit.
    let (near, _) = base.select(id, bound, |_| true, 1);
    if let Some(near) = near.first() {
        refusal.other = Some(base.show(id, &bind(near)));
        return refusal;
    }
    let mut key = bound.to_vec();
    if base.is_keyed(id)
        && let Some(value) = key.last_mut()
    {
        let asked = value.take().is_some();
        let (rows, _) = base.select(id, &key, |_| true, 1);
        refusal.other = rows
            .first()
            .filter(|_| asked)
            .map(|r| base.show(id, &bind(r)));
        if refusal.other.is_some() {
            return refusal;
        }
    }
    let mut rules: BTreeMap<&str, Miss> = BTreeMap::new();
    for rule in base.rules(id) {
        if let Operator::Source { .. } = base.program.graph[rule].operator {
            refusal.is_input = true;
            refusal.partly = base.partly(rule, bound);
            continue;
        }
        let (held, cause) = base.miss(rule, &key);
        let node = &base.program.graph[rule];
        // Ways of one rule for failing rows are nodes of their own.
        let name = node
            .name
            .rsplit_once('.')
            .map_or(&*node.name, |(rule, _)| rule);
        let is_nearer = rules.get(name).is_none_or(|known| known.held < held);
        if is_nearer {
            let miss = Miss {
                rule: node.name.clone(),
                span: node.span,
                held,
                cause,
            };
            rules.insert(name, miss);
        }
    }
    refusal.misses = rules.into_values().collect();
    refusal.misses.sort_by_key(|miss| {
        let span = miss.span;
        (std::cmp::Reverse(miss.held), span.file, span.start)
    });
    // Without facts the node of facts is nothing that anybody wrote.
    refusal.misses.retain(|miss| {
        let node = base.program.find(&miss.rule);
        !node.is_some_and(|id| match &base.program.graph[id].operator {
            Operator::Values { rows } => rows.is_empty(),
            _ => false,
        })
    });
    refusal
}

impl Base {
    /// The last nodes of the rules of a relation; its source if it is an input.
    pub fn rules(&self, id: NodeId) -> Vec<NodeId> {
        match &self.program.graph[id].operator {
            Operator::Combine { .. }
            | Operator::Distinct
            | Operator::Union
            | Operator::Variable { .. } => self.sources(id, 0).collect(),
            Operator::Map { .. } if self.is_keyed(id) => self.rules(self.source(id, 0)),
            _ => vec![id],
        }
    }

    /// For each column that is bound: how many rows agree in it, beside those that agree in all
    /// columns before.
    fn partly(&self, id: NodeId, bound: &[Option<u64>]) -> Vec<(Row, u64)> {
        let columns = bound.iter().enumerate().filter(|(_, word)| word.is_some());
        columns
            .map(|(column, word)| {
                let mut one = self.unbound(id);
                one[column] = *word;
                let (_, count) = self.select(id, &one, |_| true, 0);
                (self.show(id, &one), count)
            })
            .collect()
    }

    /// Why a node has no row that agrees with what is bound: how many conditions held, and the
    /// first that did not.
    fn miss(&self, id: NodeId, bound: &[Option<u64>]) -> (usize, Cause) {
        if self.table(id).is_some() {
            return (0, Cause::NoRow(self.absence(id, bound)));
        }
        let node = &self.program.graph[id];
        match &node.operator {
            Operator::Values { .. } => (0, Cause::NotWritten),
            Operator::Map { block } | Operator::FlatMap { block, .. } => {
                let input = self.source(id, 0);
                let inner = self.pull(id, block, bound, self.columns(input).len());
                // What conditions and head say themselves may not fit what is asked for.
                let inner = inner.unwrap_or_else(|| self.unbound(input));
                if !self.has(input, &inner) {
                    return self.miss(input, &inner);
                }
                let candidates = self.candidates(input, &inner);
                let held = self.atoms(input);
                if let Operator::FlatMap { each, .. } = &node.operator {
                    let rows = candidates.first().map_or(Vec::new(), |c| self.shown(c));
                    return (
                        held,
                        Cause::NoElement {
                            span: each.span,
                            rows,
                        },
                    );
                }
                let types = self.types(input);
                let names = self.names(input);
                self.blocked(id, block, (&types, &names), bound, &candidates, held)
            }
            Operator::Join {
                left_key,
                right_key,
                block,
            } => {
                let (left, right) = (self.source(id, 0), self.source(id, 1));
                let unbound = || [self.unbound(left), self.unbound(right)];
                let sides = self.sides(id, block, left_key, right_key, bound);
                let [left_bound, right_bound] = sides.unwrap_or_else(unbound);
                if !self.has(left, &left_bound) {
                    return self.miss(left, &left_bound);
                }
                let held = self.atoms(left);
                if !self.has(right, &right_bound) {
                    let (more, cause) = self.miss(right, &right_bound);
                    return (held + more, cause);
                }
                let mut pairs = Vec::new();
                let mut alone = None;
                for candidate in self.candidates(left, &left_bound) {
                    let key = self.key(right, &candidate.row, left_key, right_key);
                    let wanted = merge(&right_bound, &key);
                    match wanted.filter(|wanted| self.has(right, wanted)) {
                        None => alone = alone.or(Some((candidate, key))),
                        Some(wanted) => {
                            let partners = self.candidates(right, &wanted).into_iter();
                            pairs.extend(partners.map(|partner| Found {
                                row: candidate.row.iter().chain(&*partner.row).copied().collect(),
                                premises: [&candidate.premises[..], &partner.premises].concat(),
                            }));
                        }
                    }
                }
                match alone {
                    Some((candidate, key)) if pairs.is_empty() => {
                        let wanted = merge(&right_bound, &key).unwrap_or(key);
                        let absence = self.absence(right, &wanted);
                        (held, Cause::NoPartner(self.shown(&candidate), absence))
                    }
                    _ => {
                        let types = [self.types(left), self.types(right)].concat();
                        let names = [self.names(left), self.names(right)].concat();
                        let held = held + self.atoms(right);
                        self.blocked(id, block, (&types, &names), bound, &pairs, held)
                    }
                }
            }
            Operator::Semijoin {
                left_key,
                right_key,
            }
            | Operator::Antijoin {
                left_key,
                right_key,
            } => {
                let (left, right) = (self.source(id, 0), self.source(id, 1));
                if !self.has(left, bound) {
                    return self.miss(left, bound);
                }
                let held = self.atoms(left);
                let Some(candidate) = self.candidates(left, bound).into_iter().next() else {
                    return (held, Cause::NotWritten);
                };
                let key = self.key(right, &candidate.row, left_key, right_key);
                if matches!(node.operator, Operator::Antijoin { .. }) {
                    let there = self.candidates(right, &key).into_iter().next();
                    let rows = there.map_or(Vec::new(), |found| self.shown(&found));
                    return (held, Cause::Present(rows));
                }
                let absence = self.absence(right, &key);
                (held, Cause::NoPartner(self.shown(&candidate), absence))
            }
            Operator::OuterJoin { .. } => {
                let left = self.source(id, 0);
                let width = self.columns(left).len();
                match self.has(left, &bound[..width]) {
                    false => self.miss(left, &bound[..width]),
                    true => (self.atoms(left), Cause::NoRow(self.absence(id, bound))),
                }
            }
            _ => {
                let misses = self.sources(id, 0).map(|input| self.miss(input, bound));
                let none = || (0, Cause::NoRow(self.absence(id, bound)));
                misses.max_by_key(|(held, _)| *held).unwrap_or_else(none)
            }
        }
    }

    /// Why the block of a node lets none of these rows pass.
    fn blocked(
        &self,
        id: NodeId,
        block: &Block,
        (types, names): (&[Type], &[String]),
        bound: &[Option<u64>],
        candidates: &[Found],
        held: usize,
    ) -> (usize, Cause) {
        let value = |expr: &Expr, row: &[u64]| {
            let block = Block {
                conditions: Vec::new(),
                outputs: vec![expr.clone()],
            };
            self.compute(&block, types, row).map(|row| row[0])
        };
        let mut nearest: Option<(usize, Cause)> = None;
        for candidate in candidates {
            let rows = self.shown(candidate);
            let mut conditions = block.conditions.iter().enumerate();
            let failing = conditions.find(|(_, c)| value(c, &candidate.row) != Some(1));
            let (passed, cause) = match failing {
                Some((number, condition)) => {
                    let failed = value(condition, &candidate.row).is_none();
                    let read = self.read(condition, types, names, &candidate.row);
                    let span = condition.span;
                    let cause = Cause::False {
                        span,
                        failed,
                        read,
                        rows,
                    };
                    (number, cause)
                }
                None => {
                    let mut outputs = block.outputs.iter().zip(bound).enumerate();
                    let other = outputs.find_map(|(column, (output, bound))| {
                        let wanted = (*bound)?;
                        let given = value(output, &candidate.row);
                        (given != Some(wanted)).then_some((column, output, given))
                    });
                    let Some((column, output, given)) = other else {
                        continue;
                    };
                    let given = given.map(|word| self.text(word, &output.ty));
                    let cause = Cause::Other {
                        column: self.columns(id)[column].0.clone(),
                        given,
                        span: output.span,
                        rows,
                    };
                    (block.conditions.len(), cause)
                }
            };
            if nearest.as_ref().is_none_or(|(known, _)| *known < passed) {
                nearest = Some((passed, cause));
            }
        }
        match nearest {
            Some((passed, cause)) => (held + passed, cause),
            None => (held, Cause::NotWritten),
        }
    }

    /// Columns that an expression reads, with their values in a row.
    fn read(
        &self,
        expr: &Expr,
        types: &[Type],
        names: &[String],
        row: &[u64],
    ) -> Vec<(String, String)> {
        let mut columns: Vec<usize> = Vec::new();
        expr.walk(&mut |e| match e.kind {
            sheaf_ir::ExprKind::Column(column) if !columns.contains(&column) => {
                columns.push(column);
            }
            _ => {}
        });
        let known = columns.into_iter().filter(|column| *column < row.len());
        known
            .map(|c| (names[c].clone(), self.text(row[c], &types[c])))
            .collect()
    }

    fn text(&self, word: u64, ty: &Type) -> String {
        let mut text = String::new();
        sheaf_kernels::words::write_json(word, ty, &self.program.types, &self.interner, &mut text);
        text
    }

    fn names(&self, id: NodeId) -> Vec<String> {
        self.columns(id)
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The first rows of a node in canonical order.
    fn candidates(&self, id: NodeId, bound: &[Option<u64>]) -> Vec<Found> {
        let mut kept: Vec<Found> = Vec::new();
        let _ = self.rows(id, bound, Mode::Bag, &mut |batch| {
            for found in batch {
                let order = |known: &Found| {
                    self.compare_rows(id, &known.row, &found.row)
                        .then_with(|| self.compare_premises(&known.premises, &found.premises))
                };
                let at = kept.partition_point(|known| order(known).is_le());
                if at < CANDIDATES {
                    kept.insert(at, found);
                    kept.truncate(CANDIDATES);
                }
            }
            ControlFlow::Continue(())
        });
        kept
    }

    /// The rows of tables that a row rests on.
    fn shown(&self, found: &Found) -> Vec<Row> {
        let premises = found.premises.iter();
        premises
            .filter_map(|premise| match premise {
                Premise::Fact(node, row) => Some(self.show(*node, &bind(row))),
                _ => None,
            })
            .collect()
    }

    /// How many conditions stand behind a node's rows: its tables and the tests in between.
    fn atoms(&self, id: NodeId) -> usize {
        if self.table(id).is_some() {
            return 1;
        }
        let inputs = self.sources(id, 0).chain(self.sources(id, 1));
        let own = match &self.program.graph[id].operator {
            Operator::Map { block } | Operator::Join { block, .. } => block.conditions.len(),
            _ => 0,
        };
        own + inputs.map(|input| self.atoms(input)).sum::<usize>()
    }
}

/// What both say; `None` if they contradict each other.
fn merge(a: &[Option<u64>], b: &[Option<u64>]) -> Option<Bound> {
    a.iter()
        .zip(b)
        .map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) if a != b => None,
            _ => Some(a.or(*b)),
        })
        .collect()
}
