//! Back-pressure: how many rows are on their way along an edge, and who waits for them to arrive.
//!
//! Timely's queues have no bound, so an operator looks at the gates of its outgoing edges before it
//! works. A gate counts rows from when they are given until the consumer takes them up; across
//! workers the consumer's worker sends credit back. Since every edge has a gate of its own
//! and a consumer takes up rows whenever its own gates are open, the consumers furthest down
//! can always go on, and nothing waits in a circle.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;
use timely::dataflow::operators::generic::operator::source;
use timely::scheduling::Activator;
use timely::worker::Worker;

/// Rows that may be on their way along an edge to one worker.
const LIMIT: usize = 1 << 15;
/// Rows a consumer takes up before it says so.
const CREDIT: usize = LIMIT / 8;

/// The gate of one edge on the worker that sends.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Rows on their way, by target.
    under_way: Vec<Cell<usize>>,
    /// Whether the consumer is on the same worker.
    local: bool,
    waiting: RefCell<Vec<Activator>>,
}

impl Gate {
    /// The gate of an edge that stays on its worker.
    pub fn local() -> Rc<Gate> {
        Gate::new(1, true)
    }

    fn new(targets: usize, local: bool) -> Rc<Gate> {
        Rc::new(Gate {
            under_way: vec![Cell::new(0); targets],
            local,
            waiting: RefCell::default(),
        })
    }

    /// Whether more may be given. If not, `activator` is called when it opens; whoever asks goes to
    /// sleep if the answer is no, so that few wait here.
    pub fn is_open(&self, activator: &Activator) -> bool {
        let open = self.under_way.iter().all(|n| n.get() < LIMIT);
        if !open {
            self.waiting.borrow_mut().push(activator.clone());
        }
        open
    }

    /// Rows were given.
    pub fn give(&self, target: usize, rows: usize) {
        let under_way = &self.under_way[target];
        under_way.set(under_way.get() + rows);
    }

    /// Rows were taken up.
    pub fn take(&self, target: usize, rows: usize) {
        let under_way = &self.under_way[target];
        under_way.set(under_way.get().saturating_sub(rows));
        if under_way.get() < LIMIT {
            for activator in self.waiting.borrow_mut().drain(..) {
                activator.activate();
            }
        }
    }
}

/// The gates of the edges that leave an operator, each with the number of the output it belongs to;
/// they are added while the operator's consumers are rendered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gates(Rc<RefCell<Vec<NumberedGate>>>);

type NumberedGate = (usize, Rc<Gate>);

impl Gates {
    /// Another edge leaves.
    pub fn add(&self, output: usize, gate: Rc<Gate>) {
        self.0.borrow_mut().push((output, gate));
    }

    /// Whether more may be given. If not, `activator` is called by every gate that opens.
    pub fn are_open(&self, activator: &Activator) -> bool {
        let gates = self.0.borrow();
        gates
            .iter()
            .fold(true, |open, (_, gate)| gate.is_open(activator) && open)
    }

    /// Rows were given on an output. Edges to other workers are counted where they are split.
    pub fn give(&self, output: usize, rows: usize) {
        for (number, gate) in self.0.borrow().iter() {
            if *number == output && gate.local {
                gate.give(0, rows);
            }
        }
    }
}

/// Names an exchanged edge alike on all workers: installation and number within it.
pub(crate) type Channel = (u64, usize);

/// The credit that one worker gives and gets.
#[derive(Clone)]
pub(crate) struct Credit {
    gates: Rc<RefCell<BTreeMap<Channel, Rc<Gate>>>>,
    /// Sender, channel, rows.
    outgoing: Rc<RefCell<Vec<(usize, Channel, usize)>>>,
    activator: Activator,
}

impl Credit {
    /// Renders the dataflow that carries credit; the same on every worker, once.
    pub fn render(worker: &mut Worker) -> Credit {
        let gates: Rc<RefCell<BTreeMap<Channel, Rc<Gate>>>> = Rc::default();
        let outgoing: Rc<RefCell<Vec<(usize, Channel, usize)>>> = Rc::default();
        let (to_gates, from_consumers) = (Rc::clone(&gates), Rc::clone(&outgoing));
        let activator = worker.dataflow_named::<(), _, _>("credit", move |scope| {
            let own = scope.index();
            let mut activator = None;
            source(scope, "credit given", |capability, info| {
                activator = Some(scope.activator_for(info.address));
                move |output| {
                    let mut session = output.session(&capability);
                    for (sender, channel, rows) in from_consumers.borrow_mut().drain(..) {
                        session.give((sender, own, channel, rows));
                    }
                }
            })
            .sink(
                Exchange::new(|credit: &(usize, usize, Channel, usize)| credit.0 as u64),
                "credit got",
                move |(input, _)| {
                    input.for_each(|_, credits| {
                        for (_, consumer, channel, rows) in credits.drain(..) {
                            if let Some(gate) = to_gates.borrow().get(&channel) {
                                gate.take(consumer, rows);
                            }
                        }
                    });
                },
            );
            activator
        });
        Credit {
            gates,
            outgoing,
            activator: activator.expect("the source's constructor has run"),
        }
    }

    /// The gate of an exchanged edge.
    pub fn gate(&self, channel: Channel, workers: usize) -> Rc<Gate> {
        let gate = Gate::new(workers, false);
        self.gates.borrow_mut().insert(channel, Rc::clone(&gate));
        gate
    }

    /// Forgets an installation.
    pub fn forget(&self, installation: u64) {
        self.gates.borrow_mut().retain(|c, _| c.0 != installation);
    }

    /// What a consumer needs to give credit on a channel.
    pub fn giver(&self, channel: Channel, workers: usize) -> Giver {
        Giver {
            channel,
            owed: vec![0; workers],
            outgoing: Rc::clone(&self.outgoing),
            activator: self.activator.clone(),
        }
    }
}

/// Tells senders that their rows were taken up.
pub(crate) struct Giver {
    channel: Channel,
    /// Rows taken up and not yet told, by sender.
    owed: Vec<usize>,
    outgoing: Rc<RefCell<Vec<(usize, Channel, usize)>>>,
    activator: Activator,
}

impl Giver {
    /// Rows of a sender were taken up.
    pub fn take(&mut self, sender: usize, rows: usize) {
        let owed = &mut self.owed[sender];
        *owed += rows;
        if *owed >= CREDIT {
            let rows = std::mem::take(owed);
            self.outgoing
                .borrow_mut()
                .push((sender, self.channel, rows));
            self.activator.activate();
        }
    }
}
