//! The life of one worker: apply commands, step, park.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use timely::worker::Worker;

use crate::cluster::{Failure, Place};
use crate::command::{Command, Commands};
use crate::exchange::gate::Credit;
use crate::render;

use super::Shared;

/// A parked worker looks around this often, though whoever has something for it wakes it.
const PARK: Duration = Duration::from_millis(500);

/// Runs until told to stop or the generation fails.
pub(crate) fn run(worker: &mut Worker, place: Place, shared: &Arc<Shared>) {
    let leads = worker.index() == 0;
    let commands = Commands::render(worker, leads.then(|| Arc::clone(shared)));
    let credit = Credit::render(worker);
    let mut dataflows: BTreeMap<u64, usize> = BTreeMap::new();
    while !shared.generation.has_failed() {
        while let Some(command) = commands.next() {
            match command {
                Command::Install { id, job } => {
                    dataflows.insert(id, worker.next_dataflow_index());
                    let rendered = shared
                        .jobs
                        .get(id, &job, place.workers)
                        .and_then(|job| render::render(worker, place, shared, &job, &credit));
                    if let Err(error) = rendered {
                        shared.generation.fail(Failure::Worker(error));
                        return;
                    }
                }
                Command::Drop { id } => {
                    if let Some(dataflow) = dataflows.remove(&id) {
                        worker.drop_dataflow(dataflow);
                    }
                    credit.forget(id);
                    shared.jobs.release(id);
                }
                Command::Stop => return,
            }
        }
        worker.step_or_park(Some(PARK));
    }
}
