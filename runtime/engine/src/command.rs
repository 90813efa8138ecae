//! Commands: one order of installing and dropping for all workers of all processes.
//!
//! They travel from worker 0 of process 0 through a dataflow of their own, so that every worker
//! sees the same sequence; each applies them between two steps.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use sheaf_ir::plan::Plan;
use sheaf_ir::{Program, Value};
use sheaf_kernels::{Executor, Kernels};
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;
use timely::dataflow::operators::generic::operator::source;
use timely::scheduling::SyncActivator;
use timely::worker::Worker;

use crate::cluster::lock;
use crate::engine::statistics::Counters;
use crate::engine::{Feeds, NodeStatistics, Outputs, Shared};

/// What every worker is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Renders a program.
    Install {
        /// Its number.
        id: u64,
        /// For other processes, the job; empty where there are none.
        job: Vec<u8>,
    },
    /// Ends a program.
    Drop {
        /// Its number.
        id: u64,
    },
    /// Ends the worker.
    Stop,
}

/// The sending end, in process 0; in other processes nobody sends.
#[derive(Debug, Default)]
pub(crate) struct Commander {
    queue: Mutex<VecDeque<Command>>,
    activator: Mutex<Option<SyncActivator>>,
    stopped: AtomicBool,
}

impl Commander {
    pub fn send(&self, command: Command) {
        lock(&self.queue).push_back(command);
        if let Some(activator) = &*lock(&self.activator) {
            // A worker that has ended takes no commands.
            let _ = activator.activate();
        }
    }

    /// Nothing is sent after this.
    pub fn stop(&self) {
        self.send(Command::Stop);
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// What is installed, as all workers of a process share it.
#[derive(Debug)]
pub(crate) struct Job {
    pub id: u64,
    pub name: String,
    pub program: Arc<Program>,
    pub plan: Plan,
    pub params: BTreeMap<String, Value>,
    /// Who executes kernels, and what those of this process share.
    pub kernels: Arc<Kernels>,
    /// In process 0 only.
    pub feeds: Option<Arc<Feeds>>,
    /// In process 0 only.
    pub outputs: Option<Arc<Outputs>>,
    pub statistics: Mutex<Statistics>,
}

/// What is known of the nodes' work.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    /// One entry per node and worker of this process.
    pub live: Vec<(String, Arc<Counters>)>,
    /// What other processes have reported.
    pub reported: Vec<NodeStatistics>,
}

/// A job as it goes to other processes.
#[derive(Serialize, Deserialize)]
struct Portable {
    name: String,
    /// In the IR's binary form.
    program: Vec<u8>,
    plan: Plan,
    params: BTreeMap<String, Value>,
    executor: Executor,
}

impl Job {
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let portable = Portable {
            name: self.name.clone(),
            program: sheaf_ir::binary::to_bytes(&self.program),
            plan: self.plan.clone(),
            params: self.params.clone(),
            executor: self.kernels.executor(),
        };
        postcard::to_stdvec(&portable).map_err(|error| error.to_string())
    }

    fn from_bytes(id: u64, bytes: &[u8]) -> Result<Job, String> {
        let portable: Portable = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        let program = sheaf_ir::binary::from_bytes(&portable.program);
        Ok(Job {
            id,
            name: portable.name,
            program: Arc::new(program.map_err(|error| error.to_string())?),
            plan: portable.plan,
            params: portable.params,
            kernels: Arc::new(Kernels::new(portable.executor)),
            feeds: None,
            outputs: None,
            statistics: Mutex::default(),
        })
    }

    /// The live count of a node on the calling worker.
    pub fn counters(&self, node: &str) -> Arc<Counters> {
        let counters = Arc::<Counters>::default();
        let live = (node.to_string(), Arc::clone(&counters));
        lock(&self.statistics).live.push(live);
        counters
    }

    pub fn statistics(&self) -> Vec<NodeStatistics> {
        let mut sums: BTreeMap<String, NodeStatistics> = BTreeMap::new();
        let known = lock(&self.statistics);
        let live = known.live.iter().flat_map(|(node, counters)| {
            std::iter::once(counters.read(node)).chain(counters.parts())
        });
        for one in live.chain(known.reported.iter().cloned()) {
            sums.entry(one.node.clone())
                .or_insert_with(|| NodeStatistics {
                    node: one.node.clone(),
                    ..NodeStatistics::default()
                })
                .add(&one);
        }
        for (node, counts) in self.kernels.counts() {
            if let Some(sum) = sums.get_mut(&node) {
                sum.kernels.add(&counts);
            }
        }
        sums.into_values().collect()
    }
}

/// The jobs of one process, each with the number of workers that have not dropped it yet.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<BTreeMap<u64, (Arc<Job>, usize)>>);

impl Jobs {
    pub fn add(&self, job: Arc<Job>, workers: usize) {
        lock(&self.0).insert(job.id, (job, workers));
    }

    /// The job of this number: known already, or read from what process 0 sent.
    pub fn get(&self, id: u64, bytes: &[u8], workers: usize) -> Result<Arc<Job>, String> {
        let mut jobs = lock(&self.0);
        if let Some((job, _)) = jobs.get(&id) {
            return Ok(Arc::clone(job));
        }
        let job = Arc::new(Job::from_bytes(id, bytes)?);
        jobs.insert(id, (Arc::clone(&job), workers));
        Ok(job)
    }

    /// One worker has dropped it. The job stays until the last one has, which may not even have
    /// rendered it yet.
    pub fn release(&self, id: u64) {
        let mut jobs = lock(&self.0);
        if let Some((_, workers)) = jobs.get_mut(&id) {
            *workers -= 1;
            if *workers == 0 {
                jobs.remove(&id);
            }
        }
    }
}

/// The receiving end on one worker.
#[derive(Clone, Default)]
pub(crate) struct Commands(Rc<RefCell<VecDeque<Command>>>);

impl Commands {
    /// Renders the dataflow that carries commands; the same on every worker, once. `shared` is
    /// given on worker 0 of process 0.
    pub fn render(worker: &mut Worker, shared: Option<Arc<Shared>>) -> Commands {
        let commands = Commands::default();
        let arrived = Rc::clone(&commands.0);
        worker.dataflow_named::<(), _, _>("commands", move |scope| {
            let workers = scope.peers() as u64;
            source(scope, "commands given", move |capability, info| {
                if let Some(shared) = &shared {
                    let activator = scope.worker().sync_activator_for(info.address.to_vec());
                    *lock(&shared.commander.activator) = Some(activator);
                }
                let capability = shared.as_ref().map(|_| capability);
                move |output| {
                    if let (Some(shared), Some(capability)) = (&shared, &capability) {
                        let mut session = output.session(capability);
                        for command in lock(&shared.commander.queue).drain(..) {
                            for target in 0..workers {
                                session.give((target, command.clone()));
                            }
                        }
                    }
                }
            })
            .sink(
                Exchange::new(|command: &(u64, Command)| command.0),
                "commands got",
                move |(input, _)| {
                    input.for_each(|_, commands| {
                        arrived.borrow_mut().extend(commands.drain(..).map(|c| c.1));
                    });
                },
            );
        });
        commands
    }

    /// The next command.
    pub fn next(&self) -> Option<Command> {
        self.0.borrow_mut().pop_front()
    }
}
