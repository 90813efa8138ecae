//! What goes into an installation: queues between whoever feeds and the workers of this process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use sheaf_ir::Program;
use sheaf_kernels::Rows;
use timely::scheduling::SyncActivator;

use crate::EngineError;
use crate::cluster::lock;

/// Words of rows that may wait in one source's queues: 4 MB.
const LIMIT: usize = 1 << 19;
/// How long a wait may miss that the engine has failed.
const GLANCE: Duration = Duration::from_millis(50);

/// The sources of an installation, by their nodes' names.
#[derive(Debug)]
pub(crate) struct Feeds(BTreeMap<String, Feed>);

impl Feeds {
    pub fn new(program: &Program, workers: usize) -> Arc<Feeds> {
        let feeds = program
            .graph
            .node_weights()
            .filter(|node| super::is_fed(&node.operator))
            .map(|node| {
                let feed = Feed::new(node.output.columns.len(), workers);
                (node.name.clone(), feed)
            });
        Arc::new(Feeds(feeds.collect()))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn all(&self) -> impl Iterator<Item = &Feed> {
        self.0.values()
    }

    pub fn get(&self, source: &str) -> Option<&Feed> {
        self.0.get(source)
    }
}

/// One source.
#[derive(Debug)]
pub(crate) struct Feed {
    pub arity: usize,
    state: Mutex<State>,
    taken: Condvar,
}

#[derive(Debug)]
struct State {
    /// The least epoch that may be fed; `None` when the source is closed.
    frontier: Option<u64>,
    /// By worker of this process.
    queues: Vec<Queue>,
    words: usize,
    next: usize,
}

#[derive(Debug, Default)]
struct Queue {
    batches: VecDeque<(u64, Rows)>,
    activator: Option<SyncActivator>,
}

impl Queue {
    fn wake(&self) {
        if let Some(activator) = &self.activator {
            // A worker that has ended needs no waking.
            let _ = activator.activate();
        }
    }
}

impl Feed {
    fn new(arity: usize, workers: usize) -> Feed {
        Feed {
            arity,
            state: Mutex::new(State {
                frontier: Some(0),
                queues: (0..workers).map(|_| Queue::default()).collect(),
                words: 0,
                next: 0,
            }),
            taken: Condvar::new(),
        }
    }

    /// Gives rows to the next worker; says whether the epoch was still open. While it has to wait
    /// it calls `stuck` now and then, whose error ends it.
    pub fn give(
        &self,
        rows: Rows,
        epoch: u64,
        mut stuck: impl FnMut() -> Result<(), EngineError>,
    ) -> Result<bool, EngineError> {
        let mut state = lock(&self.state);
        while state.words >= LIMIT {
            let (woken, timeout) = self
                .taken
                .wait_timeout(state, GLANCE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() {
                stuck()?;
            }
        }
        if state.frontier.is_none_or(|f| epoch < f) {
            return Ok(false);
        }
        state.words += size(&rows);
        let next = state.next;
        state.next = (next + 1) % state.queues.len();
        let queue = &mut state.queues[next];
        queue.batches.push_back((epoch, rows));
        queue.wake();
        Ok(true)
    }

    pub fn advance(&self, epoch: u64) {
        let mut state = lock(&self.state);
        if state.frontier.is_some_and(|f| f < epoch) {
            state.frontier = Some(epoch);
            state.queues.iter().for_each(Queue::wake);
        }
    }

    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.frontier = None;
        state.queues.iter().for_each(Queue::wake);
    }

    /// The worker's source operator is there.
    pub fn attach(&self, worker: usize, activator: SyncActivator) {
        lock(&self.state).queues[worker].activator = Some(activator);
    }

    /// The next rows for a worker, and how far its source is once it has taken them up: the least
    /// epoch of which rows can still come, `None` when no more can.
    pub fn take(&self, worker: usize) -> (Option<(u64, Rows)>, Option<u64>) {
        let mut state = lock(&self.state);
        let batch = state.queues[worker].batches.pop_front();
        if let Some((_, rows)) = &batch {
            state.words -= size(rows);
            self.taken.notify_all();
        }
        let waiting = state.queues[worker].batches.iter().map(|b| b.0).min();
        let frontier = state.frontier.into_iter().chain(waiting).min();
        (batch, frontier)
    }
}

/// A row without columns takes room as well.
fn size(rows: &Rows) -> usize {
    rows.words().len().max(rows.len())
}
