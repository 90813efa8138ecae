//! Rows that leave the worker along the edges of a loop.

use sheaf_kernels::Rows;

use super::{Away, Exits};
use crate::container::Recent;
use crate::operators::matching::rows_of;

/// Splits the rows of loop edges by the worker that owns them and keeps those of others.
pub(super) struct Departures {
    exits: Exits,
    edges: Vec<Edge>,
    away: Vec<Away>,
    targets: Vec<usize>,
    news: Rows,
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
            news: Rows::default(),
        }
    }

    /// Appends the rows that this worker owns to `here`; keeps the others.
    pub fn split(&mut self, number: usize, generation: u64, rows: &Rows, here: &mut Rows) {
        let Departures {
            exits,
            edges,
            away,
            targets,
            news,
        } = self;
        let edge = &mut edges[number];
        // Finding the owner of a row costs more than finding out that it was there before.
        let rows = match &mut edge.recent {
            None => rows,
            Some(recent) => {
                let mut room = std::mem::take(news).into_words();
                room.clear();
                *news = rows_of(rows.arity(), 0, room);
                rows.iter()
                    .filter(|row| recent.is_news(row))
                    .for_each(|row| news.push(row));
                &*news
            }
        };
        targets.clear();
        (exits.route)(number, rows, targets);
        for (row, &worker) in rows.iter().zip(&*targets) {
            if worker == exits.worker {
                here.push(row);
                continue;
            }
            if edge.open.len() <= worker {
                edge.open.resize(worker + 1, None);
            }
            let parcel = match edge.open[worker] {
                Some(at) if away[at].rows.len() < PARCEL => &mut away[at],
                _ => {
                    edge.open[worker] = Some(away.len());
                    away.push(Away {
                        edge: number,
                        worker,
                        generation,
                        rows: Rows::new(rows.arity()),
                    });
                    let last = away.len() - 1;
                    &mut away[last]
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
