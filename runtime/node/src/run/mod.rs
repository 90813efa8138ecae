//! One batch run: sources are read and fed, sinks are gathered, sorted and written.
//!
//! Invariants:
//! - Outputs get their names together, after the last row of the last one is written; a run with
//!   failed rows writes none unless it was told to skip or collect them.
//! - Neither the number of workers nor the order of arrival can be seen in an output or a report.
//! - Cancelled, a run returns within a fraction of a second, unless the environment blocks it.

mod failures;
mod feed;
mod materialise;
mod optimize;
mod planning;
mod prepare;
mod processes;
mod profile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use sheaf_engine::{Config, Engine, EngineError, Installation, NodeStatistics, OutputEvent};
use sheaf_ir::Program;
use sheaf_ir::passes::Selection;
use sheaf_ir::plan::decide;
use sheaf_ir::plan::reads::reads;
use sheaf_kernels::Rows;

use crate::affected::{Reason, affected};
use crate::environment::{Draft, Environment};
use crate::sink::{Format, SinkError, Writer};
use crate::source::{Skips, SourceError};

pub use failures::{Failure, Failures, Locate};
use feed::Feeding;
pub(crate) use materialise::materialise;
pub use optimize::optimize;
pub use planning::{Planned, plan};
pub use processes::{Invitation, Launch, serve};
pub use profile::{OperatorStatistics, RuleStatistics};
pub use sheaf_kernels::{Executor, KernelCounts};

/// Bytes of input below which one worker is enough: starting more costs more than they bring.
const SMALL: u64 = 1 << 20;
/// How many bytes of text a byte of a compressed file stands for, roughly.
const PACKED: u64 = 5;
/// Bytes of a cell of text, roughly.
const CELL: u64 = 8;
/// Bytes of a line of text, roughly.
const LINE: u64 = 48;
/// How often progress is told and cancellation looked for.
const GLANCE: Duration = Duration::from_millis(50);
/// Different failures that are kept to be shown.
const SHOWN: usize = 1000;

/// What happens to rows that cannot be read or on which a rule fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The run fails and writes no output.
    #[default]
    Fail,
    /// They are left out.
    Skip,
    /// They are left out, and written to a file of their own.
    Collect,
}

/// What a run is told beside its program.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Worker threads of each process. If it is not said: one for each core, divided by the
    /// processes; but one in all if the inputs together have less than about 1 MB.
    pub workers: Option<usize>,
    /// Processes on this machine; 0 is 1.
    pub processes: usize,
    /// Where the program's relative paths begin.
    pub base: PathBuf,
    /// Other paths for inputs, by name; relative ones begin in the current folder.
    pub inputs: BTreeMap<String, String>,
    /// Other paths for outputs, by name, and outputs of views that have none; `-` is standard output.
    pub outputs: BTreeMap<String, String>,
    /// Values of parameters, as text.
    pub params: BTreeMap<String, String>,
    /// How outputs are laid out on standard output.
    pub format: Option<Format>,
    /// Which passes rewrite the program before it runs.
    pub passes: Selection,
    /// Who executes expressions.
    pub kernels: Executor,
    /// What happens to rows that fail.
    pub on_error: OnError,
    /// Where collected failures go.
    pub errors: PathBuf,
}

/// The outside of a run.
pub struct Surroundings<'a> {
    /// Files and standard streams.
    pub environment: Arc<dyn Environment>,
    /// Starts further processes; `None` where there can be none.
    pub launch: Option<&'a Launch<'a>>,
    /// Set from outside to end the run.
    pub cancel: &'a AtomicBool,
    /// Told now and then how far the run is.
    pub progress: &'a mut dyn FnMut(&Progress),
    /// Where in the sources of the program spans are, for what is written about failed rows.
    pub locate: &'a Locate<'a>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// What is being done.
    pub phase: Phase,
    /// Rows read.
    pub read: u64,
    /// Rows that came out.
    pub out: u64,
}

/// The parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Inputs are being read, rules already run on what was read.
    Reading,
    /// Everything is read.
    Running,
    /// Outputs are being written.
    Writing,
}

/// What a run did.
#[derive(Debug)]
pub struct RunReport {
    /// Inputs, ascending by name.
    pub inputs: Vec<InputReport>,
    /// Outputs, in the order of the program.
    pub outputs: Vec<OutputReport>,
    /// Rows that failed.
    pub failures: Failures,
    /// Whether outputs were written.
    pub written: bool,
    /// Where collected failures were written.
    pub collected: Option<PathBuf>,
    /// Where rows were left out: views that may therefore hold wrong rows, and why.
    pub affected: Vec<(String, BTreeSet<Reason>)>,
    /// Times and sizes.
    pub statistics: Statistics,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// Its qualified name.
    pub relation: String,
    /// Rows read.
    pub rows: u64,
    /// Records that were no rows.
    pub bad: u64,
    /// What was not read because nobody needs it.
    #[serde(skip_serializing_if = "Skips::is_nothing")]
    pub skipped: Skips,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputReport {
    /// Its qualified name.
    pub relation: String,
    /// Where it went.
    pub target: String,
    /// Rows.
    pub rows: u64,
}

/// Times and sizes of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Statistics {
    /// From the start until the last input was read.
    pub read: Duration,
    /// From the start until the last row was derived; includes `read`, which it overlaps.
    pub run: Duration,
    /// Sorting and writing outputs after that.
    pub write: Duration,
    /// Workers of each process.
    pub workers: usize,
    /// Processes.
    pub processes: usize,
    /// Most memory held at once, summed over processes, in bytes; `None` if it cannot be known.
    pub peak_memory: Option<u64>,
    /// What each operator did.
    #[serde(skip)]
    pub nodes: Vec<NodeStatistics>,
    /// The same by rule, most time first.
    #[serde(skip)]
    pub rules: Vec<RuleStatistics>,
}

/// Why there was no run, or it did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What was asked for does not fit the program.
    #[error("{message}")]
    Usage {
        /// What is wrong, in one sentence.
        message: String,
        /// What to do next.
        help: Vec<String>,
    },
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The engine failed.
    #[error(transparent)]
    Engine(EngineError),
    /// It was cancelled.
    #[error("interrupted")]
    Interrupted,
}

impl RunError {
    /// What to do next.
    pub fn help(&self) -> &[String] {
        match self {
            RunError::Usage { help, .. } => help,
            RunError::Source(error) => &error.help,
            RunError::Sink(error) => &error.help,
            _ => &[],
        }
    }

    fn usage(message: impl Into<String>, help: impl Into<Vec<String>>) -> RunError {
        RunError::Usage {
            message: message.into(),
            help: help.into(),
        }
    }
}

impl From<EngineError> for RunError {
    fn from(error: EngineError) -> RunError {
        match error {
            EngineError::Aborted => RunError::Interrupted,
            other => RunError::Engine(other),
        }
    }
}

/// Runs a valid program to its end.
///
/// Failed rows are no error of the run: see [`RunReport::failures`] and [`RunReport::written`].
///
/// # Errors
/// Options that do not fit the program, sources or sinks that cannot be opened, a lost process,
/// cancellation.
pub fn run(
    program: Program,
    options: &RunOptions,
    mut surroundings: Surroundings<'_>,
) -> Result<RunReport, RunError> {
    let start = Instant::now();
    let environment = &surroundings.environment.clone();
    let prepared = prepare::prepare(program, options, environment.as_ref())?;
    let inputs = prepared.inputs;
    let sizes = inputs.sizes;
    // Views are told by their names in the program as it was written.
    let written_program = prepared.program.clone();
    let program = Arc::new(optimize(prepared.program, &options.passes, &sizes));
    let collected = match options.on_error {
        OnError::Collect => Some(environment.create(&options.errors).map_err(|error| {
            RunError::usage(format!("{}: {error}", options.errors.display()), vec![])
        })?),
        _ => None,
    };
    let writers = prepared
        .sinks
        .into_iter()
        .map(|(node, sink)| Ok((node, sink.open(environment.as_ref())?)))
        .collect::<Result<Vec<(String, Writer)>, SinkError>>()?;

    let started = start_engine(options, inputs.size, surroundings.launch)?;
    let (engine, mut followers) = (started.engine, started.followers);
    let plan = decide(&program, &sizes, engine.workers()).plan;
    let mut sources = inputs.sources;
    for (node, source) in &mut sources {
        if let Some(id) = program.find(node) {
            source.narrow(reads(&program, id, &inputs.params));
        }
    }
    let installation = engine.install_with(
        &program.name,
        program.clone(),
        plan,
        inputs.params,
        options.kernels,
    )?;
    let installation = Arc::new(installation);
    let interner = engine.interner().clone();
    let mut feeding = feed::start(sources, &installation, &interner, environment, options);
    let mut gathering = Gathering {
        start,
        failures: Failures::keeping(match options.on_error {
            OnError::Collect => usize::MAX,
            _ => SHOWN,
        }),
        rows: 0,
    };
    let mut writers = writers;
    // Whether nobody reads the only output any more.
    let alone = writers.len() == 1;
    let take = &mut |sink: &str, rows| {
        let writer = writers.iter_mut().find(|(node, _)| node == sink);
        let gone = writer.map_or(Ok(false), |(_, w)| quietly(w.take(rows, &interner)))?;
        Ok(gone && alone)
    };
    match gathering.drive(&mut feeding, &installation, &mut surroundings, take) {
        Ok(Ended::Complete) => {}
        Ok(Ended::Early) => engine.abort(),
        Err(error) => {
            engine.abort();
            return Err(error);
        }
    }
    let Gathering {
        failures,
        rows: out,
        ..
    } = gathering;
    let derived = start.elapsed();
    let mut statistics = Statistics {
        read: feeding.read(),
        run: derived,
        write: Duration::ZERO,
        workers: started.workers,
        processes: started.processes,
        peak_memory: None,
        nodes: installation.statistics(),
        rules: Vec::new(),
    };
    statistics.rules = profile::profile(&program, &statistics.nodes);
    let inputs = feeding.reports();
    drop(feeding);
    drop(installation);
    let followers_peak = followers
        .as_ref()
        .and_then(|f| f.peak_memory(environment.as_ref()));
    drop(engine);
    if let Some(followers) = &mut followers {
        followers.dismiss();
    }

    let written = failures.total() == 0 || options.on_error != OnError::Fail;
    let mut report = RunReport {
        inputs,
        outputs: Vec::new(),
        affected: match written {
            true => affected(
                &written_program,
                &failures.iter().map(|(f, _)| f.node().to_string()).collect(),
            ),
            false => Vec::new(),
        },
        failures,
        written,
        collected: None,
        statistics: Statistics::default(),
    };
    if written {
        for (_, writer) in &mut writers {
            if surroundings.cancel.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            (surroundings.progress)(&Progress {
                elapsed: start.elapsed(),
                phase: Phase::Writing,
                read: report.inputs.iter().map(|input| input.rows).sum(),
                out,
            });
            report.outputs.push(OutputReport {
                relation: writer.sink().relation.clone(),
                target: writer.sink().target.to_string(),
                rows: writer.rows(),
            });
            quietly(writer.finish(&interner, surroundings.cancel))?;
        }
        if surroundings.cancel.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let locate = surroundings.locate;
        let failures = &report.failures;
        report.collected = commit(writers, collected, failures, &program, locate, options)?;
    }
    statistics.write = start.elapsed() - derived;
    statistics.peak_memory = match (environment.peak_memory(None), followers.is_some()) {
        (Some(own), true) => followers_peak.map(|theirs| own + theirs),
        (own, _) => own,
    };
    report.statistics = statistics;
    Ok(report)
}

/// An engine with the processes that follow this one.
struct Started {
    engine: Engine,
    followers: Option<processes::Followers>,
    /// Workers of each process.
    workers: usize,
    processes: usize,
}

/// Starts as many workers as the options say; `size` is that of the inputs in bytes.
fn start_engine(
    options: &RunOptions,
    size: Option<u64>,
    launch: Option<&Launch<'_>>,
) -> Result<Started, RunError> {
    let processes = options.processes.max(1);
    let workers = options
        .workers
        .unwrap_or_else(|| default_workers(size, processes))
        .max(1);
    let (engine, followers) = if processes == 1 {
        (Engine::start(Config::alone(workers))?, None)
    } else {
        let (engine, followers) = processes::lead(workers, processes, launch)?;
        (engine, Some(followers))
    };
    Ok(Started {
        engine,
        followers,
        workers,
        processes,
    })
}

/// How the derivation ended.
enum Ended {
    /// Everything came out.
    Complete,
    /// Nobody wants the rest.
    Early,
}

/// What comes out of a run while it goes on.
struct Gathering {
    start: Instant,
    failures: Failures,
    /// Rows that came out.
    rows: u64,
}

/// Takes rows of a sink; says whether nobody wants any more, of any sink.
type Take<'a> = dyn FnMut(&str, Rows) -> Result<bool, RunError> + 'a;

impl Gathering {
    /// Takes what comes until all has come.
    fn drive(
        &mut self,
        feeding: &mut Feeding,
        installation: &Installation,
        surroundings: &mut Surroundings<'_>,
        take: &mut Take<'_>,
    ) -> Result<Ended, RunError> {
        let mut unwanted = false;
        loop {
            if surroundings.cancel.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            feeding.poll(self.start, &mut self.failures)?;
            if feeding.is_hopeless() || unwanted {
                return Ok(Ended::Early);
            }
            (surroundings.progress)(&Progress {
                elapsed: self.start.elapsed(),
                phase: match feeding.is_done() {
                    true => Phase::Running,
                    false => Phase::Reading,
                },
                read: feeding.rows(),
                out: self.rows,
            });
            match installation.next_output(GLANCE)? {
                None | Some(OutputEvent::Frontier(_)) => {}
                Some(OutputEvent::Error(row)) => self.failures.add(Failure::Row(row)),
                Some(OutputEvent::Rows { sink, rows, .. }) => {
                    self.rows += rows.len() as u64;
                    unwanted |= take(&sink, rows)?;
                }
                Some(OutputEvent::Done) => {
                    feeding.finish(self.start, &mut self.failures)?;
                    return Ok(Ended::Complete);
                }
            }
        }
    }
}

/// Gives all files of a run their names.
fn commit(
    writers: Vec<(String, Writer)>,
    collected: Option<Box<dyn Draft>>,
    failures: &Failures,
    program: &Program,
    locate: &Locate<'_>,
    options: &RunOptions,
) -> Result<Option<PathBuf>, RunError> {
    let mut path = None;
    let fail = |error| RunError::usage(format!("{}: {error}", options.errors.display()), vec![]);
    let mut collected = collected;
    if let Some(draft) = &mut collected {
        failures
            .write(program, locate, draft.as_mut())
            .map_err(fail)?;
    }
    for (_, writer) in writers {
        writer.commit()?;
    }
    if let Some(draft) = collected {
        draft.commit().map_err(fail)?;
        path = Some(options.errors.clone());
    }
    Ok(path)
}

/// Whether standard output is gone, which is no error.
fn quietly(written: Result<(), SinkError>) -> Result<bool, SinkError> {
    match written {
        Err(error) if error.broken_pipe => Ok(true),
        other => other.map(|()| false),
    }
}

fn default_workers(size: Option<u64>, processes: usize) -> usize {
    if size.is_some_and(|bytes| bytes < SMALL) {
        return 1;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores / processes
}
