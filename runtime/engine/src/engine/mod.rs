//! The engine as others see it: start workers, install programs, feed rows, take outputs.
//!
//! Invariants:
//! - Plain data in and out; a symbol in rows is of this engine's interner.
//! - Several installations live side by side; dropping one leaves the others alone.
//! - What is installed and dropped reaches all workers of all processes in one order.
//! - No call waits for ever: a lost process, a failed worker and [`Engine::abort`] end every wait.

mod input;
mod output;
pub(crate) mod statistics;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sheaf_ir::plan::Plan;
use sheaf_ir::{Operator as Node, Program, Value};
use sheaf_kernels::{Executor, Interner, Kernels, Rows};

use crate::cluster::{self, Failure, Generation, Membership, Place, Running};
use crate::command::{Command, Commander, Job, Jobs};
use crate::render::{self, Factory};

pub(crate) use input::{Feed, Feeds};
pub use output::OutputEvent;
pub(crate) use output::Outputs;
pub use statistics::NodeStatistics;

/// How an engine runs.
#[derive(Debug)]
pub struct Config {
    /// Worker threads in this process; followers take the leader's number.
    pub workers: usize,
    /// The processes it runs in.
    pub membership: Membership,
}

impl Config {
    /// One process with so many workers.
    pub fn alone(workers: usize) -> Config {
        Config {
            workers,
            membership: Membership::Alone,
        }
    }
}

/// Why the engine cannot do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The processes did not find each other, or no thread could be started.
    #[error("the engine did not start: {0}")]
    Start(String),
    /// The program or its plan cannot be rendered.
    #[error("the program cannot be installed: {0}")]
    Install(String),
    /// There is no such source.
    #[error("there is no source named `{0}`")]
    UnknownSource(String),
    /// Rows for an epoch or source that has been closed.
    #[error("epoch {epoch} of source `{source_name}` is closed")]
    Closed {
        /// The source.
        source_name: String,
        /// The epoch that was fed.
        epoch: u64,
    },
    /// Rows of the wrong number of columns.
    #[error("source `{source_name}` has {expected} columns, rows have {found}")]
    Arity {
        /// The source.
        source_name: String,
        /// Its columns.
        expected: usize,
        /// The rows' columns.
        found: usize,
    },
    /// Another process is gone.
    #[error("lost process {process}: {reason}")]
    Lost {
        /// Its number.
        process: usize,
        /// What was seen of it.
        reason: String,
    },
    /// A worker failed: a defect of the engine or of an operator.
    #[error("a worker failed: {0}")]
    Worker(String),
    /// Somebody called [`Engine::abort`].
    #[error("aborted")]
    Aborted,
    /// The engine was dropped.
    #[error("the engine has stopped")]
    Stopped,
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> EngineError {
        match failure {
            Failure::Aborted => EngineError::Aborted,
            Failure::Lost { process, reason } => EngineError::Lost { process, reason },
            Failure::Worker(message) => EngineError::Worker(message),
        }
    }
}

/// What the engine, its installations and its workers share in one process.
pub(crate) struct Shared {
    pub interner: Arc<Interner>,
    pub generation: Arc<Generation>,
    pub commander: Commander,
    pub jobs: Jobs,
    pub factory: Factory,
}

impl Shared {
    fn new(factory: Factory) -> Arc<Shared> {
        Arc::new(Shared {
            interner: Arc::new(Interner::new()),
            generation: Arc::new(Generation::default()),
            commander: Commander::default(),
            jobs: Jobs::default(),
            factory,
        })
    }

    /// Why nothing goes on any more, if so.
    fn check(&self) -> Result<(), EngineError> {
        if self.generation.has_failed() {
            return Err(match self.generation.failure() {
                Some(failure) => failure.into(),
                None => EngineError::Stopped,
            });
        }
        if self.commander.has_stopped() {
            return Err(EngineError::Stopped);
        }
        Ok(())
    }
}

/// A running engine: this process's workers, and with them the other processes'.
pub struct Engine {
    shared: Arc<Shared>,
    place: Place,
    running: Option<Running>,
    next: AtomicU64,
}

/// Ends an engine's work from any thread, such as one that waits for Ctrl-C.
#[derive(Clone)]
pub struct Aborter(Arc<Shared>);

impl Aborter {
    /// See [`Engine::abort`].
    pub fn abort(&self) {
        self.0.generation.fail(Failure::Aborted);
    }
}

impl Engine {
    /// Starts the workers of the process that leads (or is alone). Returns when all processes have
    /// met.
    pub fn start(config: Config) -> Result<Engine, EngineError> {
        Engine::start_with(render::operators, config)
    }

    fn start_with(factory: Factory, config: Config) -> Result<Engine, EngineError> {
        if matches!(config.membership, Membership::Follower { .. }) {
            return Err(EngineError::Start(
                "a follower serves, only the leader starts".into(),
            ));
        }
        let shared = Shared::new(factory);
        let running = run(&shared, config)?;
        Ok(Engine {
            place: running.place,
            shared,
            running: Some(running),
            next: AtomicU64::new(0),
        })
    }

    /// Runs the workers of a process that follows, until the leader stops.
    ///
    /// # Errors
    /// If the leader is not found, or a process is lost before the leader has stopped.
    pub fn serve(config: Config) -> Result<(), EngineError> {
        Engine::serve_with(render::operators, config)
    }

    fn serve_with(factory: Factory, config: Config) -> Result<(), EngineError> {
        if !matches!(config.membership, Membership::Follower { .. }) {
            return Err(EngineError::Start("only a follower serves".into()));
        }
        let shared = Shared::new(factory);
        run(&shared, config)?.join();
        match shared.generation.failure() {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    /// The symbols of this process.
    pub fn interner(&self) -> &Arc<Interner> {
        &self.shared.interner
    }

    /// Number of workers over all processes.
    pub fn workers(&self) -> usize {
        self.place.processes * self.place.workers
    }

    /// Number of processes.
    pub fn processes(&self) -> usize {
        self.place.processes
    }

    /// Starts a program on all workers. The program must be valid and the plan legal for it.
    ///
    /// Every parameter of the program without a default must be in `params`.
    pub fn install(
        &self,
        name: &str,
        program: Arc<Program>,
        plan: Plan,
        params: BTreeMap<String, Value>,
    ) -> Result<Installation, EngineError> {
        self.install_with(name, program, plan, params, Executor::default())
    }

    /// Like [`Engine::install`], with a choice of who executes expressions.
    pub fn install_with(
        &self,
        name: &str,
        program: Arc<Program>,
        plan: Plan,
        params: BTreeMap<String, Value>,
        executor: Executor,
    ) -> Result<Installation, EngineError> {
        self.shared.check()?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let outputs = Outputs::new();
        let feeds = Feeds::new(&program, self.place.workers);
        let job = Arc::new(Job {
            id,
            name: name.to_string(),
            program,
            plan,
            params,
            kernels: Arc::new(Kernels::new(executor)),
            feeds: Some(Arc::clone(&feeds)),
            outputs: Some(Arc::clone(&outputs)),
            statistics: Mutex::default(),
        });
        render::check(
            &job,
            self.shared.factory,
            &self.shared.interner,
            self.workers(),
        )
        .map_err(EngineError::Install)?;
        let bytes = match self.place.processes {
            1 => Vec::new(),
            _ => job.to_bytes().map_err(EngineError::Install)?,
        };
        self.shared.jobs.add(Arc::clone(&job), self.place.workers);
        self.shared
            .commander
            .send(Command::Install { id, job: bytes });
        Ok(Installation {
            shared: Arc::clone(&self.shared),
            job,
            feeds,
            outputs,
        })
    }

    /// Ends all work at once, in all processes. Every call that waits returns
    /// [`EngineError::Aborted`]; in other processes, [`EngineError::Lost`].
    pub fn abort(&self) {
        self.shared.generation.fail(Failure::Aborted);
    }

    /// A handle that can abort from another thread.
    pub fn aborter(&self) -> Aborter {
        Aborter(Arc::clone(&self.shared))
    }

    /// Whether work can still go on, and if not, why.
    pub fn check(&self) -> Result<(), EngineError> {
        self.shared.check()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shared.commander.stop();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }
}

fn run(shared: &Arc<Shared>, config: Config) -> Result<Running, EngineError> {
    let for_workers = Arc::clone(shared);
    cluster::start(
        &shared.generation,
        config.workers,
        config.membership,
        move |worker, place| worker::run(worker, place, &for_workers),
    )
    .map_err(|error| EngineError::Start(error.to_string()))
}

/// A program that runs in an engine. It may be shared between threads; dropping it ends the program.
pub struct Installation {
    shared: Arc<Shared>,
    job: Arc<Job>,
    feeds: Arc<Feeds>,
    outputs: Arc<Outputs>,
}

impl Installation {
    /// Names of the nodes that are fed.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.feeds.names()
    }

    /// Gives rows to a source (a node's name) at an epoch that has not been closed. Waits while too
    /// many rows are on their way.
    pub fn feed(&self, source: &str, rows: Rows, epoch: u64) -> Result<(), EngineError> {
        let feed = self.feed_of(source)?;
        if feed.arity != rows.arity() {
            return Err(EngineError::Arity {
                source_name: source.to_string(),
                expected: feed.arity,
                found: rows.arity(),
            });
        }
        self.shared.check()?;
        let mut reads = self.outputs.reads();
        let open = feed.give(rows, epoch, || {
            reads = self.outputs.relieve(reads);
            self.shared.check()
        })?;
        match open {
            true => Ok(()),
            false => Err(EngineError::Closed {
                source_name: source.to_string(),
                epoch,
            }),
        }
    }

    /// Promises that no source gets rows of an earlier epoch any more.
    pub fn advance(&self, epoch: u64) -> Result<(), EngineError> {
        self.shared.check()?;
        for feed in self.feeds.all() {
            feed.advance(epoch);
        }
        Ok(())
    }

    /// Promises that one source gets no rows any more.
    pub fn close_source(&self, source: &str) -> Result<(), EngineError> {
        self.shared.check()?;
        self.feed_of(source)?.close();
        Ok(())
    }

    /// Promises that no source gets rows any more.
    pub fn close(&self) -> Result<(), EngineError> {
        self.shared.check()?;
        for feed in self.feeds.all() {
            feed.close();
        }
        Ok(())
    }

    /// The least epoch whose outputs may be incomplete; `None` when all is done.
    pub fn frontier(&self) -> Option<u64> {
        self.outputs.frontier()
    }

    /// The next thing that comes out; `None` if nothing does within `timeout`.
    pub fn next_output(&self, timeout: Duration) -> Result<Option<OutputEvent>, EngineError> {
        self.outputs.next(timeout, || self.shared.check())
    }

    /// What each node did so far, ascending by name.
    pub fn statistics(&self) -> Vec<NodeStatistics> {
        self.job.statistics()
    }

    fn feed_of(&self, source: &str) -> Result<&Feed, EngineError> {
        self.feeds
            .get(source)
            .ok_or_else(|| EngineError::UnknownSource(source.to_string()))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.shared
            .commander
            .send(Command::Drop { id: self.job.id });
    }
}

/// Nodes that are fed from outside.
pub(crate) fn is_fed(node: &Node) -> bool {
    matches!(node, Node::Source { .. } | Node::StateRead { .. })
}

#[cfg(test)]
mod tests;
