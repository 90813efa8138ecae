//! The operator behind a source: takes what was fed to this worker, as fast as its consumers do.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use sheaf_kernels::Rows;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, Stream};

use crate::engine::Feeds;
use crate::engine::statistics::Counters;
use crate::exchange::gate::Gates;
use crate::exchange::parcel::Parcel;

use super::{Context, batches};

/// Renders a source. In processes that are not fed it is closed from the start.
pub(crate) fn source<'scope>(
    scope: Scope<'scope, u64>,
    name: &str,
    feeds: Option<Arc<Feeds>>,
    counters: Arc<Counters>,
    context: Context,
) -> (Stream<'scope, u64, Parcel>, Gates) {
    let mut builder = OperatorBuilder::new(name.to_string(), scope);
    let address = builder.operator_info().address;
    let activator = scope.activator_for(Rc::clone(&address));
    let (mut output, stream) = builder.new_output::<Parcel>();
    let gates = Gates::default();
    let shut = gates.clone();
    let worker = context.worker % context.place.workers;
    if let Some(feed) = feeds.as_ref().and_then(|f| f.get(name)) {
        let waker = scope.worker().sync_activator_for(address.to_vec());
        feed.attach(worker, waker);
    }
    let name = name.to_string();
    builder.build(move |mut capabilities| {
        let mut right = feeds.as_ref().and_then(|_| capabilities.pop());
        capabilities.clear();
        let mut pending: VecDeque<Rows> = VecDeque::new();
        let mut epoch = 0;
        move |_| {
            let Some(feed) = feeds.as_ref().and_then(|f| f.get(&name)) else {
                return;
            };
            let mut session = output.activate();
            while let Some(capability) = &mut right {
                if context.generation.has_failed() {
                    return;
                }
                if !shut.are_open(&activator) {
                    return;
                }
                if let Some(rows) = pending.pop_front() {
                    Counters::add(&counters.rows_out, rows.len() as u64);
                    shut.give(0, rows.len());
                    let mut parcel = Parcel::local(rows);
                    session.give(&capability.delayed(&epoch), &mut parcel);
                    continue;
                }
                match feed.take(worker) {
                    (Some((at, rows)), _) => {
                        epoch = at;
                        pending.extend(batches(rows));
                    }
                    (None, Some(frontier)) => {
                        capability.downgrade(&frontier);
                        return;
                    }
                    (None, None) => right = None,
                }
            }
        }
    });
    (stream, gates)
}
