//! One step of a proof: all ways in which a row of a table follows from other rows.

use std::ops::ControlFlow;
use std::sync::Arc;

use sheaf_ir::{Combiner, NodeId, Operator};
use sheaf_kernels::words::compare;

use super::base::{Base, Found, Mode, Premise, agrees};

/// Contributions to a combined value that are proved.
pub const SHOWN: usize = 3;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fact {
    /// The table.
    pub node: NodeId,
    /// The row.
    pub row: Arc<[u64]>,
}

/// One way in which a row follows from others.
#[derive(Clone, Debug)]
pub struct Derivation {
    /// The last node of the rule.
    pub rule: NodeId,
    /// What it rests on; with contributions, what they rest on, one after the other.
    pub premises: Vec<Premise>,
    /// For a value that several contributions make together.
    pub combined: Option<Combined>,
}

/// Contributions of a combined value.
#[derive(Clone, Debug)]
pub struct Combined {
    /// How many there are.
    pub total: u64,
    /// Those that are shown: the rule of each, its row, and how many premises it has.
    pub shown: Vec<(NodeId, Arc<[u64]>, usize)>,
}

/// How a row came about.
#[derive(Clone, Debug)]
pub enum Expansion {
    /// It was read.
    Leaf,
    /// In one of these ways, in canonical order.
    Ways {
        /// The ways.
        ways: Vec<Derivation>,
        /// Whether there are more than the limit.
        cut: bool,
    },
}

impl Base {
    /// All ways to a row, or the first `limit` of them.
    pub fn expand(&self, fact: &Fact, limit: usize) -> Expansion {
        let id = fact.node;
        let exact = bind(&fact.row);
        let mut ways = Vec::new();
        let mut cut = false;
        match &self.program.graph[id].operator {
            Operator::Source { .. } => return Expansion::Leaf,
            Operator::Combine { combiner }
            | Operator::Variable {
                combiner: Some(combiner),
            } => {
                if decides_alone(combiner) {
                    for rule in self.sources(id, 0) {
                        self.ways(rule, true, &exact, limit, &mut ways, &mut cut);
                    }
                } else {
                    ways.extend(self.combined(id, combiner, &fact.row));
                }
            }
            Operator::Distinct | Operator::Union | Operator::Variable { .. } => {
                for rule in self.sources(id, 0) {
                    self.ways(rule, true, &exact, limit, &mut ways, &mut cut);
                }
            }
            _ => self.ways(id, false, &exact, limit, &mut ways, &mut cut),
        }
        Expansion::Ways { ways, cut }
    }

    /// Adds the ways of one rule.
    fn ways(
        &self,
        rule: NodeId,
        kept: bool,
        bound: &[Option<u64>],
        limit: usize,
        ways: &mut Vec<Derivation>,
        cut: &mut bool,
    ) {
        let mut found: Vec<Vec<Premise>> = Vec::new();
        let visit = &mut |batch: Vec<Found>| {
            found.extend(batch.into_iter().map(|f| f.premises));
            if found.len() > 2 * limit {
                *cut |= self.first(&mut found, limit);
            }
            ControlFlow::Continue(())
        };
        let _ = match kept {
            true => self.rows(rule, bound, Mode::Ways, visit),
            false => self.derive(rule, bound, Mode::Ways, visit),
        };
        *cut |= self.first(&mut found, limit);
        ways.extend(found.into_iter().map(|premises| Derivation {
            rule,
            premises,
            combined: None,
        }));
    }

    /// Keeps the first ways in canonical order, each once; whether others are lost.
    fn first(&self, found: &mut Vec<Vec<Premise>>, limit: usize) -> bool {
        found.sort_by(|a, b| self.compare_premises(a, b));
        found.dedup();
        let lost = found.len() > limit;
        found.truncate(limit);
        lost
    }

    /// How contributions make a value together.
    fn combined(&self, id: NodeId, combiner: &Combiner, row: &[u64]) -> Option<Derivation> {
        let mut key = bind(row);
        if let Some(value) = key.last_mut() {
            *value = None;
        }
        let last = row.len().checked_sub(1)?;
        let descending = matches!(combiner, Combiner::Top(_) | Combiner::Lww);
        let keep = match combiner {
            Combiner::Lww => 1,
            _ => SHOWN,
        };
        let mut total = 0;
        let mut kept: Vec<(NodeId, Found)> = Vec::new();
        for rule in self.sources(id, 0) {
            let ty = self.columns(rule)[last].1.clone();
            let order = |a: &(NodeId, Found), b: &(NodeId, Found)| {
                let values = compare(a.1.row[last], b.1.row[last], &ty, &self.interner);
                let values = match (descending, combiner) {
                    (true, _) => values.reverse(),
                    (false, Combiner::Sorted) => values,
                    // Where all contributions count, what they rest on is the shorter order.
                    _ => std::cmp::Ordering::Equal,
                };
                values
                    .then_with(|| self.rank(a.0).cmp(&self.rank(b.0)))
                    .then_with(|| self.compare_premises(&a.1.premises, &b.1.premises))
            };
            let _ = self.rows(rule, &key, Mode::Bag, &mut |batch| {
                total += batch.len() as u64;
                for found in batch {
                    let found = (rule, found);
                    if kept.len() < keep {
                        kept.push(found);
                        kept.sort_by(order);
                    } else if kept.last().is_some_and(|last| order(&found, last).is_lt()) {
                        kept.pop();
                        let at = kept.partition_point(|k| order(k, &found).is_le());
                        kept.insert(at, found);
                    }
                }
                ControlFlow::Continue(())
            });
        }
        if kept.is_empty() {
            return None;
        }
        let shown = kept
            .iter()
            .map(|(rule, found)| (*rule, Arc::clone(&found.row), found.premises.len()))
            .collect();
        let rule = kept[0].0;
        Some(Derivation {
            rule,
            premises: kept.into_iter().flat_map(|(_, f)| f.premises).collect(),
            combined: Some(Combined { total, shown }),
        })
    }

    /// All rows of a table that agree with what is bound and satisfy a test, in canonical order; at
    /// most `limit`, and whether there are more.
    pub fn select(
        &self,
        id: NodeId,
        bound: &[Option<u64>],
        test: impl Fn(&[u64]) -> bool,
        limit: usize,
    ) -> (Vec<Arc<[u64]>>, u64) {
        let (mut kept, mut total): (Vec<Arc<[u64]>>, u64) = (Vec::new(), 0);
        let _ = self.rows(id, bound, Mode::Bag, &mut |batch| {
            for found in batch {
                if !agrees(&found.row, bound) || !test(&found.row) {
                    continue;
                }
                total += 1;
                let at = kept.partition_point(|k| self.compare_rows(id, k, &found.row).is_le());
                if at < limit {
                    kept.insert(at, found.row);
                    kept.truncate(limit);
                }
            }
            ControlFlow::Continue(())
        });
        (kept, total)
    }
}

/// Every column with its value.
pub fn bind(row: &[u64]) -> Vec<Option<u64>> {
    row.iter().copied().map(Some).collect()
}

/// Whether a value is one of the contributions.
pub fn decides_alone(combiner: &Combiner) -> bool {
    matches!(
        combiner,
        Combiner::Min | Combiner::Max | Combiner::Any | Combiner::All | Combiner::One
    )
}
