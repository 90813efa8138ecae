//! Programs of one fixpoint, and the ways to run them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sheaf_ir::plan::{EdgeName, FixpointStrategy, Plan, Route};
use sheaf_ir::{Combiner, NodeId, Operator as Ir, Program};
use sheaf_kernels::Rows;

use super::Row;
use crate::container::hash::hash_words;
use crate::fixpoint::{Away, Exits, LoopOperator};
use crate::operators::testing::*;
use crate::operators::{build, build_loop, shape};
use crate::{Output, Progress};

/// A program with one fixpoint, and how it may be exchanged or cut.
pub struct Case {
    pub graph: Graph,
    pub fixpoint: NodeId,
    /// Rows of each source, by name.
    sources: BTreeMap<String, Vec<Row>>,
    pub routes: Vec<(&'static str, &'static str, u32, Route)>,
    pub colocated: Option<BTreeMap<String, Vec<usize>>>,
}

impl Case {
    pub fn new(
        sources: &[(&str, usize, &[Row])],
        variables: &[(&str, usize, Option<Combiner>)],
    ) -> Case {
        let mut graph = Graph::default();
        for (name, arity, _) in sources {
            graph.source(name, *arity);
        }
        let operator = Ir::Fixpoint {
            limit: 2_000_000,
            variables: variables.iter().map(|v| v.0.to_string()).collect(),
        };
        let fixpoint = graph.node("loop", operator, &[], None, &[]);
        for (name, arity, combiner) in variables {
            let combiner = combiner.clone();
            let id = graph.node(
                name,
                Ir::Variable { combiner },
                &ints(*arity),
                Some("loop"),
                &[],
            );
            graph.node(
                &format!("{name}#out"),
                Ir::Union,
                &ints(*arity),
                None,
                &[id],
            );
        }
        Case {
            graph,
            fixpoint,
            sources: sources
                .iter()
                .map(|(name, _, rows)| (name.to_string(), rows.to_vec()))
                .collect(),
            routes: Vec::new(),
            colocated: None,
        }
    }

    pub fn id(&self, name: &str) -> NodeId {
        self.graph.program.find(name).unwrap()
    }

    /// Adds a node in the loop that feeds `to`, if that is not empty.
    pub fn rule(&mut self, name: &str, operator: Ir, arity: usize, inputs: &[&str], to: &str) {
        let inputs: Vec<NodeId> = inputs.iter().map(|name| self.id(name)).collect();
        let id = self
            .graph
            .node(name, operator, &ints(arity), Some("loop"), &inputs);
        if !to.is_empty() {
            let to = self.id(to);
            self.graph.program.connect(id, to, 0);
        }
    }

    pub fn entry(&mut self, from: &str, to: &str) {
        let (from, to) = (self.id(from), self.id(to));
        self.graph.program.connect(from, to, 0);
    }

    pub fn program(&self) -> &Program {
        &self.graph.program
    }

    pub fn ports(&self, plan: &Plan) -> Vec<Vec<Row>> {
        let shape = shape(self.program(), self.fixpoint, plan).unwrap();
        let rows = |from: &str| self.sources[from].clone();
        shape.entries.iter().map(|e| rows(&e.edge.from)).collect()
    }

    pub fn local(&self, plan: &Plan, epochs: usize, seed: u64) -> Given {
        let environment = environment();
        let mut operator = build(self.program(), self.fixpoint, plan, &environment).unwrap();
        feed_epochs(&mut *operator, &self.ports(plan), epochs, seed)
    }

    pub fn cut(&self) -> Plan {
        let mut plan = Plan::default();
        if let Some(columns) = self.colocated.clone() {
            let strategy = FixpointStrategy::Colocated { columns };
            plan.fixpoints.insert("loop".into(), strategy);
        }
        plan
    }

    pub fn exchanged(&self) -> Plan {
        let mut plan = Plan::default();
        for (from, to, port, route) in &self.routes {
            let edge = EdgeName {
                from: from.to_string(),
                to: to.to_string(),
                port: *port,
            };
            plan.routes.insert(edge, route.clone());
        }
        plan.fixpoints
            .insert("loop".into(), FixpointStrategy::Exchanged);
        plan
    }

    /// Runs on some workers; each gives its share of the outputs.
    pub fn spread(&self, workers: usize, epochs: usize, seed: u64) -> Given {
        Network::new(self, workers, seed).run(epochs)
    }

    /// All ways to run it give these rows.
    pub fn check(&self, expected: &[Vec<Row>], seed: u64) -> Result<(), TestCaseError> {
        let plain = Plan::default();
        let mut ways = vec![
            ("local", self.local(&plain, 1, seed)),
            ("three epochs", self.local(&plain, 3, seed)),
            ("three workers", self.spread(3, 1, seed)),
            ("three workers, three epochs", self.spread(3, 3, seed)),
        ];
        if self.colocated.is_some() {
            ways.push(("chunks", self.local(&self.cut(), 1, seed)));
            ways.push(("chunks, three epochs", self.local(&self.cut(), 3, seed)));
        }
        for (way, given) in ways {
            prop_assert_eq!(&given.errors, &[], "{}", way);
            for (output, expected) in expected.iter().enumerate() {
                prop_assert_eq!(&given.sorted(output), expected, "{}", way);
            }
        }
        Ok(())
    }
}

/// Workers and what is on its way between them.
struct Network {
    workers: Vec<Box<dyn LoopOperator>>,
    given: Given,
    /// Rows for entry ports: worker, port.
    entering: Vec<(usize, usize, Vec<Row>)>,
    travelling: Vec<Away>,
    random: Random,
    ports: usize,
}

fn owner(row: &[u64], key: &[usize], workers: usize) -> usize {
    (hash_words(key.iter().map(|&c| row[c])) >> 7) as usize % workers
}

impl Network {
    pub fn new(case: &Case, workers: usize, seed: u64) -> Network {
        let plan = case.exchanged();
        let environment = environment();
        let shape = shape(case.program(), case.fixpoint, &plan).unwrap();
        let build = |worker: usize| {
            let keys: Vec<Vec<usize>> = shape.loop_edges.iter().map(|e| e.key.clone()).collect();
            let exits = Exits {
                worker,
                route: Box::new(move |edge: usize, rows: &Rows, targets: &mut Vec<usize>| {
                    targets.extend(rows.iter().map(|row| owner(row, &keys[edge], workers)));
                }),
            };
            build_loop(case.program(), case.fixpoint, &plan, &environment, exits).unwrap()
        };
        let mut random = Random(seed);
        let mut entering = Vec::new();
        for entry in &shape.entries {
            for row in &case.sources[&entry.edge.from] {
                let targets: Vec<usize> = match &entry.route {
                    Route::Hash(key) => vec![owner(row, key, workers)],
                    Route::Broadcast => (0..workers).collect(),
                    _ => vec![random.below(workers)],
                };
                for worker in targets {
                    entering.push((worker, entry.port, vec![row.clone()]));
                }
            }
        }
        random.shuffle(&mut entering);
        Network {
            workers: (0..workers).map(build).collect(),
            given: Given::default(),
            entering,
            travelling: Vec::new(),
            random,
            ports: shape.entries.len(),
        }
    }

    pub fn work(&mut self, worker: usize) -> Progress {
        let mut output = Output::default();
        let fuel = 1 + self.random.below(300);
        let progress = self.workers[worker].work(&mut fuel.clone(), &mut output);
        self.travelling.extend(self.workers[worker].take_away());
        self.given.take(&mut output);
        progress
    }

    pub fn run(mut self, epochs: usize) -> Given {
        let count = self.workers.len();
        for epoch in 0..epochs {
            let last = epoch + 1 == epochs;
            let part = if last {
                0
            } else {
                self.random.below(self.entering.len() + 1)
            };
            let mut output = Output::default();
            for (worker, port, part) in self.entering.split_off(part) {
                self.workers[worker].push(port, rows(part[0].len(), &part), &mut output);
            }
            // Epochs end on the workers at different times.
            let mut ended = vec![false; count];
            loop {
                let worker = self.random.below(count);
                if !ended[worker] && self.random.below(4) == 0 {
                    if last {
                        (0..self.ports).for_each(|p| self.workers[worker].close(p, &mut output));
                    }
                    self.workers[worker].end_epoch(&mut output);
                    ended[worker] = true;
                }
                if !self.travelling.is_empty() {
                    let at = self.random.below(self.travelling.len());
                    let away = self.travelling.swap_remove(at);
                    self.workers[away.worker].push_loop(away.edge, away.generation, away.rows);
                }
                self.work(worker);
                if ended.iter().all(|&e| e) && self.travelling.is_empty() {
                    let done = |w: usize| self.work(w) == Progress::Done;
                    if (0..count).map(done).filter(|done| !done).count() == 0
                        && self.travelling.is_empty()
                    {
                        break;
                    }
                }
            }
            for worker in 0..count {
                self.workers[worker].settle(last);
                while self.work(worker) == Progress::More {}
                assert!(self.travelling.is_empty(), "settling sends nothing");
            }
        }
        self.given
    }
}
