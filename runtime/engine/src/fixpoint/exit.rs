//! Rows that leave the worker along the edges of a loop.

use sheaf_kernels::Rows;

use super::{Away, Exits};
use crate::container::Recent;

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
        let recent = |edge: &Edge| edge.recent.as_ref().map_or(0, Recent::memory);
        let parcel = |away: &Away| away.rows.words().len() * 8;
        self.edges.iter().map(recent).sum::<usize>() + self.away.iter().map(parcel).sum::<usize>()
    }
}
