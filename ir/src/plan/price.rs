//! What moving and keeping rows costs.
//!
//! Invariants:
//! - A price is the work of the busiest worker. Its unit is one row put into a table; only
//!   comparisons of prices mean something.
//! - With one worker nothing moves, so moving is free.

use crate::plan::Route;
use crate::plan::estimate::{Estimate, Estimates};
use crate::plan::placement::Placement;
use crate::plan::shape;
use crate::{NodeId, Operator, Program};

/// Putting a row into a table, or looking it up.
const KEEP: f64 = 1.0;
/// Finding the target of a row, sending and receiving it, apart from its columns.
const MOVE: f64 = 0.5;
/// Copying a column of a row that travels.
const COLUMN: f64 = 0.1;
/// Looking a row up among those that were sent lately.
const CHECK: f64 = 0.3;
/// A row that goes round a loop between workers, compared to one that stays: it waits for others,
/// and the working set of the loop is the whole relation.
const ROUND: f64 = 2.0;
/// Rows that are remembered before an exchange.
const REMEMBERED: f64 = 16_384.0;
/// Keys that are combined before an exchange until their states are sent on.
const COMBINED: f64 = 65_536.0;

/// Prices for one program.
pub(super) struct Prices<'a> {
    program: &'a Program,
    pub estimates: Estimates,
    workers: f64,
}

impl<'a> Prices<'a> {
    pub fn new(program: &'a Program, estimates: Estimates, workers: usize) -> Prices<'a> {
        Prices {
            program,
            estimates,
            workers: workers.max(1) as f64,
        }
    }

    fn is_fed(&self, id: NodeId) -> bool {
        matches!(self.program.graph[id].operator, Operator::Source { .. })
    }

    fn moved(&self, id: NodeId) -> f64 {
        if self.workers == 1.0 {
            return 0.0;
        }
        MOVE + COLUMN * shape::arity(self.program, id) as f64
    }

    /// The busiest worker's part of rows that are hashed by these columns.
    fn hashed(&self, from: &Estimate, columns: &[usize]) -> f64 {
        1.0 / self.workers.min(from.values(columns))
    }

    fn part(&self, from: &Estimate, at: &Placement) -> f64 {
        match at {
            Placement::Loose { .. } => 1.0 / self.workers,
            Placement::Hashed(positions) => {
                let columns: Vec<usize> = positions.iter().map(|p| p[0]).collect();
                self.hashed(from, &columns)
            }
            Placement::Single | Placement::Replicated => 1.0,
        }
    }

    /// Moving the rows of a node.
    pub fn travel(&self, id: NodeId, route: &Route) -> Option<f64> {
        let from = self.estimates.get(id)?;
        let part = match route {
            Route::Local => return Some(0.0),
            Route::Hash(columns) => self.hashed(from, columns),
            // What comes from outside is handed to one worker or another anyway.
            Route::Balance if self.is_fed(id) => return Some(0.0),
            Route::Balance => 1.0 / self.workers,
            Route::Broadcast | Route::Gather => 1.0,
        };
        Some(from.rows * part * self.moved(id))
    }

    /// Keeping the rows of a node in a table where they are.
    pub fn keep(&self, id: NodeId, at: &Placement) -> Option<f64> {
        let from = self.estimates.get(id)?;
        Some(from.rows * self.part(from, at) * KEEP)
    }

    /// What a node's rows have to travel later, if readers want them together by these keys.
    pub fn onward(&self, id: NodeId, at: &Placement, keys: &[Vec<usize>]) -> f64 {
        let Some(from) = self.estimates.get(id) else {
            return 0.0;
        };
        let apart = keys.iter().filter(|key| !at.groups(key)).count() as f64;
        apart * from.rows / self.workers * self.moved(id)
    }

    /// Moving and keeping rows round an exchanged loop.
    pub fn round(&self, id: NodeId) -> Option<f64> {
        let rows = self.estimates.rows(id)?;
        Some(ROUND * rows / self.workers * (self.moved(id) + KEEP))
    }

    /// Keeping the rows of a loop node where this column of one of its variables' rows says.
    pub fn colocated(&self, id: NodeId, variable: NodeId, column: usize) -> Option<f64> {
        let rows = self.estimates.rows(id)?;
        let spread = self.estimates.get(variable)?;
        Some(rows * self.hashed(spread, &[column]) * KEEP)
    }

    /// Dropping repeated rows of a node before they travel: the price without and with it.
    pub fn thinned(&self, id: NodeId, route: &Route) -> Option<[f64; 2]> {
        let from = self.estimates.get(id)?;
        let whole = self.travel(id, route)? + self.keep(id, &Placement::loose().after(route))?;
        let different = from.different();
        let repeated = (from.rows - different * self.workers).max(0.0);
        let dropped = repeated * (REMEMBERED / different).min(1.0);
        let left = (from.rows - dropped) / from.rows.max(1.0);
        Some([whole, from.rows / self.workers * CHECK + whole * left])
    }

    /// Combining rows of some nodes by their first columns: in one step, and in two.
    pub fn combined(&self, ids: &[NodeId], groups: f64, route: &Route) -> Option<[f64; 2]> {
        let (mut whole, mut rows) = (0.0, 0.0);
        for &id in ids {
            whole += self.travel(id, route)?;
            whole += self.keep(id, &Placement::loose().after(route))?;
            rows += self.estimates.rows(id)?;
        }
        let partial = if groups > COMBINED {
            rows
        } else {
            rows.min(groups * self.workers)
        };
        let left = partial / rows.max(1.0);
        Some([whole, rows / self.workers * KEEP + whole * left])
    }
}
