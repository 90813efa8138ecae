//! What comes out of an installation: a bounded queue between worker 0 and whoever asks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sheaf_kernels::Rows;
use timely::scheduling::SyncActivator;

use crate::cluster::lock;
use crate::{EngineError, ErrorRow};

/// Words of rows that may wait to be asked for: 8 MB.
const LIMIT: usize = 1 << 20;
/// How long a wait may miss that the engine has failed.
const GLANCE: Duration = Duration::from_millis(50);

/// Something that came out of an installation.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputEvent {
    /// Rows of a sink, some of those it gets at this epoch.
    Rows {
        /// Name of the sink's node.
        sink: String,
        /// Their epoch.
        epoch: u64,
        /// The rows, in this process's symbols.
        rows: Rows,
    },
    /// A derivation that failed.
    Error(ErrorRow),
    /// All rows of all sinks, and all errors, of epochs before this one have come.
    Frontier(u64),
    /// Nothing comes any more.
    Done,
}

/// The queue of one installation.
#[derive(Debug)]
pub(crate) struct Outputs {
    state: Mutex<State>,
    arrived: Condvar,
    /// Callers that are feeding: while there are any, the queue has no bound, for the one who feeds
    /// may be the one who reads.
    feeding: AtomicUsize,
}

#[derive(Debug)]
struct State {
    events: VecDeque<OutputEvent>,
    words: usize,
    frontier: Option<u64>,
    /// Wakes the operator that fills the queue, when it waits for room.
    waiting: Option<SyncActivator>,
}

/// While it lives, the queue takes everything.
pub(crate) struct Feeding<'a>(&'a Outputs);

impl Drop for Feeding<'_> {
    fn drop(&mut self) {
        self.0.feeding.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Outputs {
    pub fn new() -> Arc<Outputs> {
        Arc::new(Outputs {
            state: Mutex::new(State {
                events: VecDeque::new(),
                words: 0,
                frontier: Some(0),
                waiting: None,
            }),
            arrived: Condvar::new(),
            feeding: AtomicUsize::new(0),
        })
    }

    /// Says that the caller is about to feed.
    pub fn expect(&self) -> Feeding<'_> {
        self.feeding.fetch_add(1, Ordering::SeqCst);
        if let Some(waiting) = lock(&self.state).waiting.take() {
            // A worker that has ended needs no waking.
            let _ = waiting.activate();
        }
        Feeding(self)
    }

    pub fn frontier(&self) -> Option<u64> {
        lock(&self.state).frontier
    }

    /// Takes the next event, or nothing if none comes in time. What came before a failure is lost.
    pub fn next(
        &self,
        timeout: Duration,
        check: impl Fn() -> Result<(), EngineError>,
    ) -> Result<Option<OutputEvent>, EngineError> {
        let deadline = Instant::now() + timeout;
        let mut state = lock(&self.state);
        loop {
            if let Some(event) = state.events.pop_front() {
                if let OutputEvent::Rows { rows, .. } = &event {
                    state.words -= size(rows);
                    if state.words < LIMIT / 2
                        && let Some(waiting) = state.waiting.take()
                    {
                        // A worker that has ended needs no waking.
                        let _ = waiting.activate();
                    }
                }
                return Ok(Some(event));
            }
            check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            state = self
                .arrived
                .wait_timeout(state, left.min(GLANCE))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Whether rows may be put; if not, `activator` is called when they may.
    pub fn has_room(&self, activator: &SyncActivator) -> bool {
        let mut state = lock(&self.state);
        if state.words < LIMIT || self.feeding.load(Ordering::SeqCst) > 0 {
            return true;
        }
        state.waiting = Some(activator.clone());
        false
    }

    /// Puts rows or an error.
    pub fn put(&self, event: OutputEvent) {
        let mut state = lock(&self.state);
        if let OutputEvent::Rows { rows, .. } = &event {
            state.words += size(rows);
        }
        state.events.push_back(event);
        drop(state);
        self.arrived.notify_all();
    }

    /// Moves the frontier and says so, if it has moved.
    pub fn advance(&self, frontier: Option<u64>) {
        let mut state = lock(&self.state);
        if state.frontier == frontier {
            return;
        }
        state.frontier = frontier;
        state.events.push_back(match frontier {
            Some(epoch) => OutputEvent::Frontier(epoch),
            None => OutputEvent::Done,
        });
        drop(state);
        self.arrived.notify_all();
    }
}

/// A row without columns takes room as well.
fn size(rows: &Rows) -> usize {
    rows.words().len().max(rows.len())
}
