//! The timely side of a hosted operator: streams, capabilities, frontiers, and the loop of a
//! fixpoint, whose quiet timely's progress tracking detects.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::core::{ConnectLoop, Enter, Feedback, Leave};
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::{Capability, InputCapability};
use timely::dataflow::{Scope, Stream};
use timely::order::Product;
use timely::progress::Timestamp;
use timely::progress::frontier::MutableAntichain;

use crate::Output;
use crate::engine::statistics::Counters;
use crate::exchange::gate::{Gate, Gates};
use crate::exchange::parcel::{Parcel, by_target};

use super::inbox::Inbox;
use super::{Context, Give, LoopChannel, Machine, Phase, Rows, SentReport, Share, Uptake};

/// A timestamp that is an epoch, perhaps with trips round a loop.
trait Clock: Timestamp {
    fn epoch(&self) -> u64;
    fn start_of(epoch: u64) -> Self;
}

impl Clock for u64 {
    fn epoch(&self) -> u64 {
        *self
    }
    fn start_of(epoch: u64) -> u64 {
        epoch
    }
}

/// An epoch and the number of trips round the loop.
type Trips = Product<u64, u64>;

impl Clock for Trips {
    fn epoch(&self) -> u64 {
        self.outer
    }
    fn start_of(epoch: u64) -> Trips {
        Product::new(epoch, 0)
    }
}

/// A stream that feeds a port.
pub(crate) struct InputEdge<'scope, T: Timestamp> {
    pub port: usize,
    pub stream: Stream<'scope, T, Parcel>,
    pub uptake: Uptake,
}

/// What a hosted operator gives.
pub(crate) struct Hosted<'scope, T: Timestamp> {
    pub outputs: Vec<Stream<'scope, T, Parcel>>,
    pub reports: Stream<'scope, T, Vec<SentReport>>,
    /// Where the gates of edges from its outputs belong.
    pub gates: Gates,
}

/// What is hosted, under which name and with how many ports and columns.
pub(crate) struct Guest {
    pub name: String,
    pub share: Share,
    pub ports: usize,
    /// Columns of each output.
    pub arities: Vec<usize>,
    pub counters: Arc<Counters>,
    pub context: Context,
    pub report_gate: Rc<Gate>,
}

/// Renders an operator without a loop.
pub(crate) fn host<'scope>(
    scope: Scope<'scope, u64>,
    guest: Guest,
    edges: Vec<InputEdge<'scope, u64>>,
) -> Hosted<'scope, u64> {
    assemble(scope, guest, edges, None).0
}

/// Renders a fixpoint whose derivations travel between workers.
pub(crate) fn host_loop<'scope>(
    scope: Scope<'scope, u64>,
    guest: Guest,
    edges: Vec<InputEdge<'scope, u64>>,
    channel: LoopChannel,
) -> Hosted<'scope, u64> {
    scope.iterative::<u64, _, _>(|inner| {
        let edges = edges
            .into_iter()
            .map(|edge| InputEdge {
                port: edge.port,
                stream: edge.stream.enter(inner),
                uptake: edge.uptake,
            })
            .collect();
        let (handle, round) = inner.feedback(Product::new(0, 1));
        let (hosted, away) = assemble(inner, guest, edges, Some((channel, round)));
        if let Some(away) = away {
            away.connect_loop(handle);
        }
        Hosted {
            outputs: hosted
                .outputs
                .into_iter()
                .map(|output| output.leave(scope))
                .collect(),
            reports: hosted.reports.leave(scope),
            gates: hosted.gates,
        }
    })
}

type Drain<T> = Box<dyn FnMut(&mut dyn FnMut(InputCapability<T>, Parcel))>;

/// Rows that came round the loop for an epoch, and the right to answer them.
type Rounds<T> = BTreeMap<u64, (Capability<T>, Vec<Parcel>)>;

fn assemble<'scope, T: Clock>(
    scope: Scope<'scope, T>,
    guest: Guest,
    edges: Vec<InputEdge<'scope, T>>,
    round: Option<(LoopChannel, Stream<'scope, T, Parcel>)>,
) -> (Hosted<'scope, T>, Option<Stream<'scope, T, Parcel>>) {
    let mut builder = OperatorBuilder::new(guest.name.clone(), scope);
    let activator = scope.activator_for(builder.operator_info().address);
    let mut drains: Vec<Drain<T>> = Vec::new();
    let (mut ports, mut uptakes) = (Vec::new(), Vec::new());
    for edge in edges {
        drains.push(match &edge.uptake {
            Uptake::Local(_) => {
                let mut input = builder.new_input(edge.stream, Pipeline);
                Box::new(move |take| input.for_each(|c, p| take(c, std::mem::take(p))))
            }
            Uptake::Exchanged(..) => {
                let mut input = builder.new_input(edge.stream, by_target());
                Box::new(move |take| input.for_each(|c, p| take(c, std::mem::take(p))))
            }
        });
        ports.push(edge.port);
        uptakes.push(edge.uptake);
    }
    let (channel, mut round) = match round {
        Some((channel, stream)) => {
            let mut input = builder.new_input(stream, by_target());
            let drain: Drain<T> =
                Box::new(move |take| input.for_each(|c, p| take(c, std::mem::take(p))));
            (Some(channel), Some(drain))
        }
        None => (None, None),
    };
    let (mut outputs, streams): (Vec<_>, Vec<_>) = guest
        .arities
        .iter()
        .map(|_| builder.new_output::<Parcel>())
        .unzip();
    let (mut reports, report_stream) = builder.new_output::<Vec<SentReport>>();
    let (mut away, away_stream) = match &round {
        Some(_) => {
            let (output, stream) = builder.new_output::<Parcel>();
            (Some(output), Some(stream))
        }
        None => (None, None),
    };
    let gates = Gates::default();
    let away_number = outputs.len() + 1;
    let worker = guest.context.worker;
    let mut machine = Machine {
        name: guest.name,
        share: Some(guest.share),
        inbox: Inbox::new(ports.clone(), guest.ports),
        ports,
        uptakes,
        channel,
        gates: gates.clone(),
        report_gate: guest.report_gate,
        output: Output {
            rows: guest.arities.iter().map(|a| Rows::new(*a)).collect(),
            errors: Vec::new(),
        },
        arities: guest.arities,
        phase: Phase::Idle,
        settled_last: false,
        counters: guest.counters,
        context: guest.context,
        activator,
    };
    builder.build(move |mut capabilities| {
        // The right to send rows round the loop that derive from entries of the current epoch.
        let mut entering = round.as_ref().and_then(|_| capabilities.pop());
        // The right to send rows round the loop that derive from rows that came round.
        let mut circling: Option<Capability<T>> = None;
        let mut rounds: Rounds<T> = BTreeMap::new();
        move |frontiers: &[MutableAntichain<T>]| {
            for (edge, drain) in drains.iter_mut().enumerate() {
                drain(&mut |capability, parcel| {
                    machine.arrive(edge, capability.time().epoch(), parcel);
                });
                machine
                    .inbox
                    .set_frontier(edge, least_epoch(&frontiers[edge]));
            }
            if let Some(round) = &mut round {
                round(&mut |capability, parcel| {
                    let entry = rounds
                        .entry(capability.time().epoch())
                        .or_insert_with(|| (capability.retain(away_number), Vec::new()));
                    if capability.time() < entry.0.time() {
                        entry.0 = capability.retain(away_number);
                    }
                    entry.1.push(parcel);
                });
            }
            let looping = frontiers.get(drains.len()).and_then(least_epoch);
            machine.inbox.set_round(looping);
            let quiet = |now| looping.is_none_or(|epoch| epoch > now);
            loop {
                let now = machine.inbox.now();
                let came = rounds.remove(&now);
                if let Some((capability, _)) = &came
                    && circling
                        .as_ref()
                        .is_none_or(|c| capability.time() < c.time())
                {
                    circling = Some(capability.clone());
                }
                let mut current = now;
                let mut give = |given: Give| match given {
                    Give::Rows(number, mut parcel) => {
                        outputs[number]
                            .activate()
                            .give(&capabilities[number], &mut parcel);
                    }
                    Give::Report(report) => {
                        let right = &capabilities[outputs.len()];
                        reports.activate().give(right, &mut vec![(worker, report)]);
                    }
                    Give::Away(mut parcel) => {
                        let right = match &entering {
                            Some(right) if right.time().epoch() == current => Some(right),
                            _ => circling.as_ref(),
                        };
                        if let (Some(right), Some(away)) = (right, &mut away) {
                            away.activate().give(right, &mut parcel);
                        }
                    }
                    Give::Epoch(epoch) => {
                        current = epoch;
                        let start = T::start_of(epoch);
                        for right in &mut capabilities {
                            right.downgrade(&start);
                        }
                    }
                    Give::Finish => {
                        capabilities.clear();
                        entering = None;
                    }
                };
                for parcel in came.into_iter().flat_map(|c| c.1) {
                    machine.come_round(parcel);
                }
                machine.activate(&quiet, &mut give);
                if machine.inbox.now() == now || !rounds.contains_key(&machine.inbox.now()) {
                    break;
                }
            }
            if !machine.is_busy() {
                circling = None;
                match (machine.entries(), &mut entering) {
                    // The loop can be behind what enters it.
                    (Some(epoch), Some(right)) if right.time().epoch() < epoch => {
                        right.downgrade(&T::start_of(epoch));
                    }
                    (Some(_), _) => {}
                    (None, _) => entering = None,
                }
            }
        }
    });
    (
        Hosted {
            outputs: streams,
            reports: report_stream,
            gates,
        },
        away_stream,
    )
}

fn least_epoch<T: Clock>(frontier: &MutableAntichain<T>) -> Option<u64> {
    frontier.frontier().iter().map(Clock::epoch).min()
}
