//! Hosts a worker-local [`Operator`] as one timely operator.
//!
//! Invariants:
//! - A capability for the current epoch is held until the operator has nothing more to give at it;
//!   an operator that waits for its inputs to close gives its rows at the last epoch.
//! - An activation touches about [`FUEL`] rows and then lets others have their turn; a failed
//!   generation or a shut gate stops it within a few thousand.
//! - A finished operator is dropped, and its memory with it.

mod collector;
mod inbox;
mod source;
mod timely_operator;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sheaf_kernels::{Interner, Rows};
use timely::scheduling::Activator;

use crate::cluster::{Generation, Place};
use crate::engine::NodeStatistics;
use crate::engine::statistics::Counters;
use crate::exchange::dictionary::{Arrivals, Departures};
use crate::exchange::gate::{Gate, Gates, Giver};
use crate::exchange::parcel::Parcel;
use crate::fixpoint::LoopOperator;
use crate::{ErrorRow, Operator, Output, Progress};

pub(crate) use collector::{SinkEdge, collect};
use inbox::{Inbox, Next};
pub(crate) use source::source;
pub(crate) use timely_operator::{Guest, InputEdge, host, host_loop};

/// Rows that one activation may touch.
const FUEL: usize = 1 << 16;
/// Rows that are touched between two looks at gates and failure.
const SLICE: usize = 1 << 12;
/// Rows in a batch, at most.
const BATCH: usize = 1 << 12;

/// What is hosted.
pub(crate) enum Share {
    /// Anything else.
    Plain(Box<dyn Operator>),
    /// A fixpoint whose derivations travel between workers.
    Loop(Box<dyn LoopOperator>),
}

impl Share {
    fn operator(&mut self) -> &mut dyn Operator {
        match self {
            Share::Plain(operator) => &mut **operator,
            Share::Loop(operator) => &mut **operator,
        }
    }
}

/// What an operator tells beside its rows; gathered on worker 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// A derivation failed.
    Error(ErrorRow),
    /// A node of another process has finished.
    Finished(NodeStatistics),
}

/// A report and the worker that sent it.
pub(crate) type SentReport = (usize, Report);

/// What every hosted operator of an installation needs on one worker.
#[derive(Clone)]
pub(crate) struct Context {
    pub place: Place,
    pub worker: usize,
    pub generation: Arc<Generation>,
    pub interner: Arc<Interner>,
}

/// How taking up rows is told to who sent them.
pub(crate) enum Uptake {
    /// The rows came from the same worker.
    Local(Rc<Gate>),
    /// The rows may have come from any worker.
    Exchanged(Giver, Arrivals),
}

/// What an activation gives.
pub(super) enum Give {
    /// Rows on an output.
    Rows(usize, Parcel),
    /// Rows round the loop.
    Away(Parcel),
    /// A report.
    Report(Report),
    /// The epoch that capabilities are moved to.
    Epoch(u64),
    /// Nothing comes any more.
    Finish,
}

/// The exchanged loop of a fixpoint.
pub(crate) struct LoopChannel {
    pub departures: Departures,
    pub uptake: (Giver, Arrivals),
    pub gate: Rc<Gate>,
}

/// One hosted operator, apart from timely's streams and capabilities.
pub(super) struct Machine {
    name: String,
    share: Option<Share>,
    inbox: Inbox<Parcel>,
    ports: Vec<usize>,
    uptakes: Vec<Uptake>,
    channel: Option<LoopChannel>,
    gates: Gates,
    /// The gate that reports of all operators of this worker go through.
    report_gate: Rc<Gate>,
    arities: Vec<usize>,
    output: Output,
    phase: Phase,
    /// Whether a fixpoint was told that it settles for the last time.
    settled_last: bool,
    counters: Arc<Counters>,
    context: Context,
    activator: Activator,
}

/// What the operator is busy with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Working,
    Settling,
    /// It has settled the current epoch.
    Settled,
}

impl Machine {
    /// Takes note of rows that came.
    fn arrive(&mut self, edge: usize, epoch: u64, parcel: Parcel) {
        self.inbox.put(edge, epoch, parcel);
    }

    /// Hands over rows that came round the loop in the current epoch; always at once, for other
    /// workers may wait for it, and what is known already goes no further.
    fn come_round(&mut self, mut parcel: Parcel) {
        let (Some(channel), Some(Share::Loop(share))) = (&mut self.channel, &mut self.share) else {
            return;
        };
        let (giver, arrivals) = &mut channel.uptake;
        self.counters.arrived(&parcel, self.context.worker);
        giver.take(parcel.sender, parcel.rows.len());
        arrivals.translate(&mut parcel, &self.context.interner);
        Counters::add(&self.counters.rows_in, parcel.rows.len() as u64);
        share.push_loop(parcel.edge, parcel.generation, parcel.rows);
        self.phase = Phase::Working;
    }

    /// Whether the operator may still derive something in the current epoch.
    fn is_busy(&self) -> bool {
        self.phase == Phase::Working
    }

    /// The least later epoch in which the operator can still get rows, once the current epoch has
    /// ended on all ports; until then, the current one. `None` if no more can come.
    fn entries(&self) -> Option<u64> {
        self.inbox.upcoming()
    }

    /// One activation. `quiet` says whether nothing comes round the loop in this epoch any more.
    fn activate(&mut self, quiet: &dyn Fn(u64) -> bool, give: &mut impl FnMut(Give)) {
        let start = Instant::now();
        self.run(quiet, give);
        if let Some(share) = &mut self.share {
            let memory = share.operator().memory() as u64;
            self.counters.memory.fetch_max(memory, Ordering::Relaxed);
        }
        let spent = start.elapsed().as_nanos() as u64;
        Counters::add(&self.counters.active_nanoseconds, spent);
    }

    fn run(&mut self, quiet: &dyn Fn(u64) -> bool, give: &mut impl FnMut(Give)) {
        let mut fuel = FUEL;
        while self.share.is_some() {
            if self.context.generation.has_failed() || !self.is_open() {
                return;
            }
            if fuel == 0 {
                self.activator.activate();
                return;
            }
            let used = match self.phase {
                Phase::Working | Phase::Settling => self.work(fuel.min(SLICE), give),
                Phase::Idle | Phase::Settled => match self.proceed(quiet, give) {
                    Some(rows) => rows,
                    None => return,
                },
            };
            fuel = fuel.saturating_sub(used);
        }
    }

    fn is_open(&self) -> bool {
        let round = |channel: &LoopChannel| channel.gate.is_open(&self.activator);
        self.gates.are_open(&self.activator)
            && self.report_gate.is_open(&self.activator)
            && self.channel.as_ref().is_none_or(round)
    }

    /// Lets the operator work; says how much it did.
    fn work(&mut self, slice: usize, give: &mut impl FnMut(Give)) -> usize {
        let mut left = slice;
        let Some(share) = &mut self.share else {
            return slice;
        };
        let progress = share.operator().work(&mut left, &mut self.output);
        if progress == Progress::Done {
            self.phase = match self.phase {
                Phase::Settling => Phase::Settled,
                _ => Phase::Idle,
            };
        }
        self.ship(give);
        // Work that claims to cost nothing must not keep others waiting.
        slice.saturating_sub(left).max(1)
    }

    /// Tells the operator the next thing; says what that cost, or nothing when it has to wait.
    fn proceed(
        &mut self,
        quiet: &dyn Fn(u64) -> bool,
        give: &mut impl FnMut(Give),
    ) -> Option<usize> {
        let share = self.share.as_mut()?;
        let settled = matches!(share, Share::Plain(_)) || self.phase == Phase::Settled;
        let mut unsettled = false;
        let next = self.inbox.next(|| {
            unsettled = !settled;
            settled
        });
        let mut cost = 1;
        match next {
            Next::Push(edge, mut parcel) => {
                cost = parcel.rows.len();
                match &mut self.uptakes[edge] {
                    Uptake::Local(gate) => gate.take(0, cost),
                    Uptake::Exchanged(giver, arrivals) => {
                        self.counters.arrived(&parcel, self.context.worker);
                        giver.take(parcel.sender, cost);
                        arrivals.translate(&mut parcel, &self.context.interner);
                    }
                }
                Counters::add(&self.counters.rows_in, cost as u64);
                let port = self.ports[edge];
                share.operator().push(port, parcel.rows, &mut self.output);
                self.phase = Phase::Working;
            }
            Next::Close(port) => {
                share.operator().close(port, &mut self.output);
                self.phase = Phase::Working;
            }
            Next::EndEpoch => {
                share.operator().end_epoch(&mut self.output);
                self.phase = Phase::Working;
            }
            Next::Advance(epoch) => {
                give(Give::Epoch(epoch));
                self.phase = Phase::Idle;
            }
            Next::Finish => match share {
                // While it settled, the others ended the epochs that were still open then.
                Share::Loop(share) if !self.settled_last => {
                    self.settled_last = true;
                    share.settle(true);
                    self.phase = Phase::Settling;
                }
                _ => self.finish(give),
            },
            Next::Wait => match share {
                Share::Loop(share) if unsettled && quiet(self.inbox.now()) => {
                    self.settled_last = self.inbox.is_last();
                    share.settle(self.settled_last);
                    self.phase = Phase::Settling;
                }
                _ => return None,
            },
        }
        self.ship(give);
        Some(cost)
    }

    fn finish(&mut self, give: &mut impl FnMut(Give)) {
        if let Some(mut share) = self.share.take() {
            let memory = share.operator().memory() as u64;
            self.counters.memory.fetch_max(memory, Ordering::Relaxed);
            self.counters.end(share.operator().parts());
        }
        if self.context.place.process != 0 {
            let finished = self.counters.read(&self.name);
            for node in std::iter::once(finished).chain(self.counters.parts()) {
                give(Give::Report(Report::Finished(node)));
            }
        }
        give(Give::Finish);
    }

    /// Gives what the operator has put out, in batches of bounded size.
    fn ship(&mut self, give: &mut impl FnMut(Give)) {
        for (number, rows) in self.output.rows.iter_mut().enumerate() {
            if rows.is_empty() {
                continue;
            }
            Counters::add(&self.counters.rows_out, rows.len() as u64);
            let rows = std::mem::replace(rows, Rows::new(self.arities[number]));
            self.gates.give(number, rows.len());
            for batch in batches(rows) {
                give(Give::Rows(number, Parcel::local(batch)));
            }
        }
        if !self.output.errors.is_empty() {
            Counters::add(&self.counters.errors, self.output.errors.len() as u64);
            self.report_gate.give(0, self.output.errors.len());
            for error in self.output.errors.drain(..) {
                give(Give::Report(Report::Error(error)));
            }
        }
        if let (Some(channel), Some(Share::Loop(share))) = (&mut self.channel, &mut self.share) {
            for away in share.take_away() {
                let interner = &self.context.interner;
                channel.gate.give(away.worker, away.rows.len());
                let texts = channel
                    .departures
                    .texts(away.worker, away.edge, &away.rows, interner);
                give(Give::Away(Parcel {
                    target: away.worker,
                    sender: self.context.worker,
                    edge: away.edge,
                    generation: away.generation,
                    rows: away.rows,
                    texts,
                }));
            }
        }
    }
}

/// The same rows in batches of at most [`BATCH`].
pub(crate) fn batches(rows: Rows) -> Vec<Rows> {
    if rows.len() <= BATCH {
        return vec![rows];
    }
    (0..rows.len())
        .step_by(BATCH)
        .map(|start| {
            let end = rows.len().min(start + BATCH);
            let mut batch = Rows::with_capacity(rows.arity(), end - start);
            for i in start..end {
                batch.push(rows.row(i));
            }
            batch.weights = rows.weights.as_ref().map(|w| w[start..end].to_vec());
            batch
        })
        .collect()
}
