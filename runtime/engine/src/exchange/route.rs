//! Splits batches by target, as the plan's route says.

use std::rc::Rc;
use std::sync::Arc;

use sheaf_ir::Type;
use sheaf_ir::plan::Route;
use sheaf_kernels::{Interner, Rows};
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::operate::FrontierInterest;

use super::Owner;
use super::dictionary::Departures;
use super::gate::Gate;
use super::parcel::Parcel;

/// Decides which workers get which rows of one edge.
pub(crate) struct Router {
    targets: Targets,
    workers: usize,
    own: usize,
    departures: Departures,
    interner: Arc<Interner>,
}

enum Targets {
    Owner(Owner),
    All,
    First,
    /// Round robin by batch; the next one.
    Next(usize),
}

impl Router {
    /// The router of an edge that carries rows of these types, on worker `own`. `None` if the rows
    /// stay where they are.
    pub fn new(
        route: &Route,
        types: &[Type],
        own: usize,
        workers: usize,
        departures: Departures,
        interner: Arc<Interner>,
    ) -> Option<Router> {
        if workers == 1 {
            return None;
        }
        let targets = match route {
            Route::Local => return None,
            Route::Hash(key) => Targets::Owner(Owner::new(key, types, workers)),
            Route::Broadcast => Targets::All,
            Route::Gather => Targets::First,
            Route::Balance => Targets::Next(own),
        };
        Some(Router {
            targets,
            workers,
            own,
            departures,
            interner,
        })
    }

    fn split(&mut self, rows: Rows, send: &mut impl FnMut(Parcel)) {
        let (own, interner, departures) = (self.own, &self.interner, &mut self.departures);
        let mut give = |target: usize, rows: Rows| {
            let texts = departures.texts(target, 0, &rows, interner);
            send(Parcel {
                target,
                sender: own,
                rows,
                texts,
                ..Parcel::default()
            });
        };
        match &mut self.targets {
            Targets::Owner(owner) => {
                let share = rows.len() / self.workers + 16;
                let mut parts: Vec<Rows> = (0..self.workers)
                    .map(|_| Rows::with_capacity(rows.arity(), share))
                    .collect();
                for (i, row) in rows.iter().enumerate() {
                    let part = &mut parts[owner.of(row, interner)];
                    part.push(row);
                    if let Some(weights) = &rows.weights {
                        part.weights.get_or_insert_default().push(weights[i]);
                    }
                }
                for (target, part) in parts.into_iter().enumerate() {
                    if !part.is_empty() {
                        give(target, part);
                    }
                }
            }
            Targets::All => {
                for target in 1..self.workers {
                    give(target, rows.clone());
                }
                give(0, rows);
            }
            Targets::First => give(0, rows),
            Targets::Next(next) => {
                let target = *next;
                *next = (target + 1) % self.workers;
                give(target, rows);
            }
        }
    }
}

/// Renders a router. Its output goes to an input with [`super::parcel::by_target`].
pub(crate) fn route<'scope>(
    name: &str,
    stream: Stream<'scope, u64, Parcel>,
    mut router: Router,
    gate: Rc<Gate>,
) -> Stream<'scope, u64, Parcel> {
    let mut builder = OperatorBuilder::new(name.to_string(), stream.scope());
    let mut input = builder.new_input(stream, Pipeline);
    builder.set_notify_for(0, FrontierInterest::Never);
    let (mut output, routed) = builder.new_output();
    builder.build(move |_| {
        move |_| {
            let mut session = output.activate();
            input.for_each(|capability, parcel| {
                let rows = std::mem::take(&mut parcel.rows);
                router.split(rows, &mut |mut parcel| {
                    gate.give(parcel.target, parcel.rows.len());
                    session.give(&capability, &mut parcel);
                });
            });
        }
    });
    routed
}
