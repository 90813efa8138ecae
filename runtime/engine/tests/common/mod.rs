//! Runs IR programs on clusters of several shapes.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use sheaf_engine::{Config, Engine, EngineError, ErrorRow, Installation, Membership, OutputEvent};
use sheaf_ir::plan::{Plan, choose};
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{Program, Type, Value};
use sheaf_kernels::Rows;
use sheaf_kernels::words::{value_of, word_of};

/// Longer than anything takes, so that a hang is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);
const GENERATION: u64 = 11;

/// Processes and workers in each.
pub const SHAPES: [(usize, usize); 5] = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)];

/// The processes of one cluster, all in this one.
pub struct Cluster {
    pub engine: Engine,
    followers: Vec<JoinHandle<Result<(), EngineError>>>,
}

impl Cluster {
    pub fn start((processes, workers): (usize, usize)) -> Cluster {
        if processes == 1 {
            return Cluster {
                engine: Engine::start(Config::alone(workers)).unwrap(),
                followers: Vec::new(),
            };
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let leader = listener.local_addr().unwrap();
        let followers = (1..processes)
            .map(|process| {
                let membership = Membership::Follower {
                    leader,
                    process,
                    generation: GENERATION,
                    patience: PATIENCE,
                };
                std::thread::spawn(move || {
                    Engine::serve(Config {
                        workers,
                        membership,
                    })
                })
            })
            .collect();
        let membership = Membership::Leader {
            listener,
            processes,
            generation: GENERATION,
            patience: PATIENCE,
        };
        let engine = Engine::start(Config {
            workers,
            membership,
        });
        Cluster {
            engine: engine.unwrap(),
            followers,
        }
    }

    pub fn install(&self, program: &Arc<Program>, plan: &Plan) -> Installation {
        self.engine
            .install("test", Arc::clone(program), plan.clone(), BTreeMap::new())
            .unwrap()
    }

    /// Rows as words.
    pub fn rows(&self, types: &[Type], rows: &[Vec<Value>]) -> Rows {
        let mut words = Rows::new(types.len());
        for row in rows {
            let row = row.iter().zip(types);
            words.push_iter(row.map(|(v, ty)| word_of(v, ty, self.engine.interner())));
        }
        words
    }

    /// Ends it; every process must end in order.
    pub fn end(self) {
        drop(self.engine);
        for follower in self.followers {
            assert_eq!(follower.join().unwrap(), Ok(()));
        }
    }

    /// Ends it after it was aborted; every other process must say that it lost this one.
    pub fn abandon(self) {
        drop(self.engine);
        for follower in self.followers {
            let served = follower.join().unwrap();
            assert!(
                matches!(served, Err(EngineError::Lost { process: 0, .. })),
                "{served:?}"
            );
        }
    }
}

/// A program from its text, with a plan for any number of workers.
pub fn parse(text: &str) -> (Arc<Program>, Plan) {
    let program = sheaf_ir::text::parse(text).unwrap();
    if let Err(violations) = sheaf_ir::verify::verify(&program) {
        panic!("{violations:?}");
    }
    let plan = choose(&program, &Sizes::default());
    (Arc::new(program), plan)
}

pub fn types(program: &Program, node: &str) -> Vec<Type> {
    let id = program.find(node).unwrap();
    let columns = &program.graph[id].output.columns;
    columns.iter().map(|c| c.1.clone()).collect()
}

/// Rows by source.
pub type Inputs = BTreeMap<&'static str, Vec<Vec<Value>>>;

/// What came out, each sink's rows ascending.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    pub tables: BTreeMap<String, Vec<Vec<Value>>>,
    pub errors: Vec<ErrorRow>,
}

impl Outcome {
    pub fn table(&self, sink: &str) -> &[Vec<Value>] {
        self.tables.get(sink).map_or(&[], Vec::as_slice)
    }
}

/// Feeds all inputs in so many epochs and gathers what comes out.
pub fn run(
    cluster: &Cluster,
    (program, plan): &(Arc<Program>, Plan),
    inputs: &Inputs,
    epochs: usize,
) -> Outcome {
    let installation = cluster.install(program, plan);
    for epoch in 0..epochs {
        for (source, rows) in inputs {
            let part: Vec<_> = rows.iter().skip(epoch).step_by(epochs).cloned().collect();
            for rows in part.chunks(100) {
                let rows = cluster.rows(&types(program, source), rows);
                installation.feed(source, rows, epoch as u64).unwrap();
            }
        }
        installation.advance(epoch as u64 + 1).unwrap();
    }
    installation.close().unwrap();
    drain(cluster, program, &installation)
}

/// Everything until the end.
pub fn drain(cluster: &Cluster, program: &Program, installation: &Installation) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        match installation.next_output(PATIENCE).unwrap() {
            Some(OutputEvent::Rows { sink, rows, .. }) => {
                let types = types(program, &sink);
                let interner = cluster.engine.interner();
                let table = outcome.tables.entry(sink).or_default();
                table.extend(rows.iter().map(|row| {
                    row.iter()
                        .zip(&types)
                        .map(|(word, ty)| value_of(*word, ty, &program.types, interner))
                        .collect::<Vec<Value>>()
                }));
            }
            Some(OutputEvent::Error(error)) => outcome.errors.push(error),
            Some(OutputEvent::Frontier(_)) => {}
            Some(OutputEvent::Done) => break,
            None => panic!("nothing came for {PATIENCE:?}"),
        }
    }
    for table in outcome.tables.values_mut() {
        table.sort();
    }
    outcome.errors.sort();
    outcome
}

pub fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}
