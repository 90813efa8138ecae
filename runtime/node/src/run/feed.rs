//! Readers: one thread a source, feeding the engine while it already works.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use sheaf_engine::{EngineError, Installation};
use sheaf_kernels::Interner;

use super::{Failure, Failures, InputReport, OnError, RunError, RunOptions};
use crate::environment::Environment;
use crate::source::{BadInput, Event, Skipped, Skips, Source, SourceError, Stopped};

/// Bad records of one input after which a run that will fail anyway reads no further.
const ENOUGH: u64 = 20;

/// What a reader tells.
enum News {
    Bad(usize, BadInput),
    Done(usize, Result<u64, Stopped>, Option<EngineError>),
}

/// The readers of a run.
pub struct Feeding {
    news: Receiver<News>,
    /// Rows read by all.
    rows: Arc<AtomicU64>,
    /// Node and what is known so far.
    inputs: Vec<(String, InputReport)>,
    /// For each of them what is passed over.
    skipped: Vec<Arc<Skipped>>,
    running: usize,
    fails: bool,
    read: Duration,
}

/// Starts reading; a source is closed behind its last row.
///
/// The threads are not waited for when the run ends early: one may be blocked on standard input.
pub fn start(
    sources: Vec<(String, Source)>,
    installation: &Arc<Installation>,
    interner: &Arc<Interner>,
    environment: &Arc<dyn Environment>,
    options: &RunOptions,
) -> Feeding {
    let (sender, news) = channel();
    let rows = Arc::new(AtomicU64::new(0));
    let fails = options.on_error == OnError::Fail;
    let (mut inputs, mut skipped) = (Vec::new(), Vec::new());
    for (index, (node, source)) in sources.into_iter().enumerate() {
        inputs.push((
            node.clone(),
            InputReport {
                relation: source.relation().to_string(),
                rows: 0,
                bad: 0,
                skipped: Skips::default(),
            },
        ));
        skipped.push(source.skipped());
        let reader = Reader {
            index,
            node,
            installation: installation.clone(),
            interner: interner.clone(),
            environment: environment.clone(),
            sender: sender.clone(),
            rows: rows.clone(),
            fails,
        };
        thread::spawn(move || reader.run(source));
    }
    if inputs.is_empty() {
        // Without sources the program's own facts are all there is. A failure shows elsewhere.
        let _ = installation.close();
    }
    Feeding {
        news,
        rows,
        running: inputs.len(),
        inputs,
        skipped,
        fails,
        read: Duration::ZERO,
    }
}

struct Reader {
    index: usize,
    node: String,
    installation: Arc<Installation>,
    interner: Arc<Interner>,
    environment: Arc<dyn Environment>,
    sender: Sender<News>,
    rows: Arc<AtomicU64>,
    fails: bool,
}

impl Reader {
    fn run(self, source: Source) {
        let mut bad = 0;
        let mut lost = None;
        let read = source.read(
            self.environment.as_ref(),
            &self.interner,
            &mut |event| match event {
                Event::Rows(rows) => {
                    self.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
                    // Of a run that has failed only the other bad records are of interest.
                    if self.fails && bad > 0 {
                        return ControlFlow::Continue(());
                    }
                    match self.installation.feed(&self.node, rows, 0) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(error) => {
                            lost = Some(error);
                            ControlFlow::Break(())
                        }
                    }
                }
                Event::Bad(input) => {
                    bad += 1;
                    let heard = self.sender.send(News::Bad(self.index, input)).is_ok();
                    if heard && !(self.fails && bad >= ENOUGH) {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                }
            },
        );
        // A run that fails for bad input is ended as a whole; it must not seem complete before.
        if read.is_ok() && !(self.fails && bad > 0) {
            lost = self.installation.close_source(&self.node).err().or(lost);
        }
        // The installation must be gone before the news, for the run drops its engine after them.
        let Reader {
            index,
            installation,
            sender,
            ..
        } = self;
        drop(installation);
        // Nobody listens to a run that has ended.
        let _ = sender.send(News::Done(index, read, lost));
    }
}

/// A reader that ended without a word: a defect of this crate.
fn lost_reader() -> RunError {
    RunError::Engine(EngineError::Worker("a reader ended early".to_string()))
}

impl Feeding {
    /// Takes up what readers told.
    ///
    /// # Errors
    /// A source cannot be read, or the engine takes no more.
    pub fn poll(&mut self, start: Instant, failures: &mut Failures) -> Result<(), RunError> {
        loop {
            match self.news.try_recv() {
                Ok(news) => self.hear(news, start, failures)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) if self.running == 0 => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(lost_reader()),
            }
        }
    }

    /// Takes up the rest, when every source is closed: all readers are about to end.
    ///
    /// # Errors
    /// As [`Feeding::poll`].
    pub fn finish(&mut self, start: Instant, failures: &mut Failures) -> Result<(), RunError> {
        while self.running > 0 {
            match self.news.recv() {
                Ok(news) => self.hear(news, start, failures)?,
                Err(_) => return Err(lost_reader()),
            }
        }
        Ok(())
    }

    fn hear(
        &mut self,
        news: News,
        start: Instant,
        failures: &mut Failures,
    ) -> Result<(), RunError> {
        match news {
            News::Bad(index, bad) => {
                let (node, report) = &mut self.inputs[index];
                report.bad += 1;
                failures.add(Failure::Input(node.clone(), bad));
            }
            News::Done(index, read, lost) => {
                self.running -= 1;
                self.read = start.elapsed();
                match read {
                    Ok(rows) => self.inputs[index].1.rows = rows,
                    Err(Stopped::Failed(error)) => return Err(SourceError::into(error)),
                    Err(Stopped::Unwanted) => {}
                }
                if let Some(error) = lost {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Whether every source has been read.
    pub fn is_done(&self) -> bool {
        self.running == 0
    }

    /// Whether the run cannot succeed, and all there is to say about its inputs is known.
    pub fn is_hopeless(&self) -> bool {
        self.fails && self.running == 0 && self.inputs.iter().any(|(_, report)| report.bad > 0)
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// When the last source was read.
    pub fn read(&self) -> Duration {
        self.read
    }

    /// What was read from each input.
    pub fn reports(&self) -> Vec<InputReport> {
        self.inputs
            .iter()
            .zip(&self.skipped)
            .map(|((_, report), skipped)| InputReport {
                skipped: skipped.counts(),
                ..report.clone()
            })
            .collect()
    }
}
