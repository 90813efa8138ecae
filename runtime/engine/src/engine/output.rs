//! What comes out of an installation: a bounded queue between worker 0 and whoever asks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// How often somebody asked for an event.
    reads: AtomicU64,
}

#[derive(Debug)]
struct State {
    events: VecDeque<OutputEvent>,
    words: usize,
    frontier: Option<u64>,
    /// Whether the queue has no bound until somebody reads.
    lifted: bool,
    /// Wakes the operator that fills the queue, when it waits for room.
    waiting: Option<SyncActivator>,
}

impl Outputs {
    pub fn new() -> Arc<Outputs> {
        Arc::new(Outputs {
            state: Mutex::new(State {
                events: VecDeque::new(),
                words: 0,
                frontier: Some(0),
                lifted: false,
                waiting: None,
            }),
            arrived: Condvar::new(),
            reads: AtomicU64::new(0),
        })
    }

    /// How often somebody asked for an event.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Somebody who feeds is stuck. If nobody has read since `reads`, nobody may until the feeding
    /// is done, so the queue takes everything for the time being. Gives the present `reads`.
    pub fn relieve(&self, reads: u64) -> u64 {
        let now = self.reads();
        if now == reads {
            let mut state = lock(&self.state);
            state.lifted = true;
            if let Some(waiting) = state.waiting.take() {
                // A worker that has ended needs no waking.
                let _ = waiting.activate();
            }
        }
        now
    }

    pub fn frontier(&self) -> Option<u64> {
        lock(&self.state).frontier
    }

    /// Takes the next event, or nothing if none comes in time. After a failure, what had come
    /// before it still comes first.
    pub fn next(
        &self,
        timeout: Duration,
        check: impl Fn() -> Result<(), EngineError>,
    ) -> Result<Option<OutputEvent>, EngineError> {
        let deadline = Instant::now() + timeout;
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&self.state);
        state.lifted = false;
        loop {
            if let Some(event) = state.events.pop_front() {
                state.words -= size(&event);
                if state.words < LIMIT / 2
                    && let Some(waiting) = state.waiting.take()
                {
                    // A worker that has ended needs no waking.
                    let _ = waiting.activate();
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
        if state.words < LIMIT || state.lifted {
            return true;
        }
        state.waiting = Some(activator.clone());
        false
    }

    /// Puts rows or an error.
    pub fn put(&self, event: OutputEvent) {
        let mut state = lock(&self.state);
        state.words += size(&event);
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

/// Words that an event takes up, about. A row without columns takes room as well.
fn size(event: &OutputEvent) -> usize {
    match event {
        OutputEvent::Rows { rows, .. } => rows.words().len().max(rows.len()),
        OutputEvent::Error(error) => {
            let input = error
                .input
                .iter()
                .map(|(name, value)| name.len() + value.len());
            32 + (error.error.message.len() + input.sum::<usize>()) / 8
        }
        OutputEvent::Frontier(_) | OutputEvent::Done => 0,
    }
}
