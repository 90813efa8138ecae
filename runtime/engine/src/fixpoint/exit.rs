//! Rows that leave the worker along the edges of a loop.

use sheaf_kernels::Rows;

use super::{Away, Exits};
use crate::container::Join;
use crate::container::hash::hash_words;

/// Splits the rows of loop edges by the worker that owns them and keeps those of others.
pub(super) struct Departures {
    exits: Exits,
    edges: Vec<Edge>,
    away: Vec<Away>,
    targets: Vec<usize>,
}

/// What is kept for one loop edge.
struct Edge {
    recent: Option<Recent>,
    /// By worker: the position of its open parcel in `away`.
    open: Vec<Option<usize>>,
}

/// A parcel is closed when it has this many rows.
const PARCEL: usize = 4096;

impl Departures {
    /// `recent` gives, for each loop edge, what keeps repeated rows from being sent again.
    pub fn new(exits: Exits, recent: Vec<Option<Recent>>) -> Departures {
        let edge = |recent| Edge {
            recent,
            open: Vec::new(),
        };
        Departures {
            exits,
            edges: recent.into_iter().map(edge).collect(),
            away: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Appends the rows that this worker owns to `here`; keeps the others.
    pub fn split(&mut self, number: usize, generation: u64, rows: &Rows, here: &mut Rows) {
        let edge = &mut self.edges[number];
        self.targets.clear();
        (self.exits.route)(number, rows, &mut self.targets);
        for (row, &worker) in rows.iter().zip(&self.targets) {
            if worker == self.exits.worker {
                here.push(row);
                continue;
            }
            if let Some(recent) = &mut edge.recent
                && !recent.is_news(row)
            {
                continue;
            }
            if edge.open.len() <= worker {
                edge.open.resize(worker + 1, None);
            }
            let parcel = match edge.open[worker] {
                Some(at) if self.away[at].rows.len() < PARCEL => &mut self.away[at],
                _ => {
                    edge.open[worker] = Some(self.away.len());
                    self.away.push(Away {
                        edge: number,
                        worker,
                        generation,
                        rows: Rows::new(rows.arity()),
                    });
                    let last = self.away.len() - 1;
                    &mut self.away[last]
                }
            };
            // A row that is thought younger than it is only makes the limit come later.
            parcel.generation = parcel.generation.min(generation);
            parcel.rows.push(row);
        }
    }

    /// All that was kept.
    pub fn take(&mut self) -> Vec<Away> {
        for edge in &mut self.edges {
            edge.open.clear();
        }
        std::mem::take(&mut self.away)
    }

    pub fn memory(&self) -> usize {
        let recent = |edge: &Edge| edge.recent.as_ref().map_or(0, |r| r.rows.capacity() * 8);
        let parcel = |away: &Away| away.rows.words().len() * 8;
        self.edges.iter().map(recent).sum::<usize>() + self.away.iter().map(parcel).sum::<usize>()
    }
}

/// A bounded, forgetful memory of rows that were sent.
///
/// For a set: a row is no news if it is remembered. For a lattice: if the value remembered for its
/// key is at least as high. Each slot holds the last row that fell into it.
pub(super) struct Recent {
    arity: usize,
    rows: Vec<u64>,
    full: Vec<bool>,
    join: Option<Join>,
}

/// Rows remembered per edge.
const SLOTS: usize = 1 << 14;

impl Recent {
    /// For rows of a set, or of a lattice with this join.
    pub fn new(arity: usize, join: Option<Join>) -> Recent {
        Recent {
            arity,
            rows: vec![0; SLOTS * arity],
            full: vec![false; SLOTS],
            join,
        }
    }

    /// Whether the row must be sent; it is remembered.
    pub fn is_news(&mut self, row: &[u64]) -> bool {
        let key = match self.join {
            Some(_) => &row[..self.arity - 1],
            None => row,
        };
        let slot = (hash_words(key.iter().copied()) >> 20) as usize % SLOTS;
        let known = &mut self.rows[slot * self.arity..(slot + 1) * self.arity];
        if self.full[slot] && known[..key.len()] == *key {
            match &mut self.join {
                None => return false,
                Some(join) => {
                    let value = self.arity - 1;
                    let Some(joined) = join.join(known[value], row[value]) else {
                        return false;
                    };
                    known[value] = joined;
                    return true;
                }
            }
        }
        self.full[slot] = true;
        known.copy_from_slice(row);
        true
    }
}
