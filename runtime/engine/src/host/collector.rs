//! The operator that brings sinks' rows and all reports to whoever reads the outputs.

use std::collections::VecDeque;
use std::sync::Arc;

use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::InputCapability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, Stream};
use timely::progress::frontier::MutableAntichain;

use crate::cluster::lock;
use crate::command::Job;
use crate::engine::OutputEvent;
use crate::engine::statistics::Counters;
use crate::exchange::gate::Giver;
use crate::exchange::parcel::{Parcel, by_target};

use super::{Context, InputEdge, Report, SentReport, Uptake};

/// A sink: its node's name and what feeds it.
pub(crate) struct SinkEdge<'scope> {
    pub name: String,
    pub counters: Arc<Counters>,
    pub edge: InputEdge<'scope, u64>,
}

type Drain = Box<dyn FnMut(&mut dyn FnMut(InputCapability<u64>, Parcel))>;

/// Renders the collector. All rows and reports must have been routed to worker 0.
pub(crate) fn collect<'scope>(
    scope: Scope<'scope, u64>,
    sinks: Vec<SinkEdge<'scope>>,
    reports: (Stream<'scope, u64, Vec<SentReport>>, Giver),
    job: Arc<Job>,
    context: Context,
) {
    let mut builder = OperatorBuilder::new("outputs".to_string(), scope);
    let address = builder.operator_info().address;
    let activator = scope.worker().sync_activator_for(address.to_vec());
    let (reports, mut report_giver) = reports;
    let mut reported = builder.new_input(reports, Exchange::new(|_: &SentReport| 0));
    let mut drains: Vec<Drain> = Vec::new();
    let (mut names, mut counters, mut uptakes) = (Vec::new(), Vec::new(), Vec::new());
    for sink in sinks {
        drains.push(match &sink.edge.uptake {
            Uptake::Local(_) => {
                let mut input = builder.new_input(sink.edge.stream, Pipeline);
                Box::new(move |take| input.for_each(|c, p| take(c, std::mem::take(p))))
            }
            Uptake::Exchanged(..) => {
                let mut input = builder.new_input(sink.edge.stream, by_target());
                Box::new(move |take| input.for_each(|c, p| take(c, std::mem::take(p))))
            }
        });
        names.push(sink.name);
        counters.push(sink.counters);
        uptakes.push(sink.edge.uptake);
    }
    let mut pending: VecDeque<(usize, u64, Parcel)> = VecDeque::new();
    let mut pending_reports: VecDeque<(u64, SentReport)> = VecDeque::new();
    builder.build_reschedule(move |_| {
        move |frontiers: &[MutableAntichain<u64>]| {
            for (sink, drain) in drains.iter_mut().enumerate() {
                drain(&mut |capability, parcel| {
                    pending.push_back((sink, *capability.time(), parcel));
                });
            }
            // Reports reach worker 0, and only process 0 has outputs.
            let Some(outputs) = &job.outputs else {
                reported.for_each(|_, _| {});
                return false;
            };
            reported.for_each(|capability, reports| {
                let epoch = *capability.time();
                pending_reports.extend(reports.drain(..).map(|report| (epoch, report)));
            });
            if context.worker != 0 {
                return false;
            }
            while !pending_reports.is_empty() && outputs.has_room(&activator) {
                match pending_reports.pop_front() {
                    Some((_, (worker, Report::Error(error)))) => {
                        report_giver.take(worker, 1);
                        outputs.put(OutputEvent::Error(error));
                    }
                    Some((_, (_, Report::Finished(node)))) => {
                        lock(&job.statistics).reported.push(node);
                    }
                    None => {}
                }
            }
            while !pending.is_empty() && outputs.has_room(&activator) {
                if let Some((sink, epoch, mut parcel)) = pending.pop_front() {
                    let count = parcel.rows.len();
                    match &mut uptakes[sink] {
                        Uptake::Local(gate) => gate.take(0, count),
                        Uptake::Exchanged(giver, arrivals) => {
                            counters[sink].arrived(&parcel, context.worker);
                            giver.take(parcel.sender, count);
                            arrivals.translate(&mut parcel, &context.interner);
                        }
                    }
                    Counters::add(&counters[sink].rows_in, count as u64);
                    outputs.put(OutputEvent::Rows {
                        sink: names[sink].clone(),
                        epoch,
                        rows: parcel.rows,
                    });
                }
            }
            let coming = frontiers
                .iter()
                .filter_map(|f| f.frontier().iter().min().copied());
            let rows = pending.iter().map(|p| p.1);
            let reports = pending_reports.iter().map(|r| r.0);
            outputs.advance(coming.chain(rows).chain(reports).min());
            !pending.is_empty() || !pending_reports.is_empty()
        }
    });
}
