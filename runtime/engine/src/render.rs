//! Renders a program and its plan into one dataflow, alike on every worker.
//!
//! Invariants:
//! - The order of rendering follows from the program's names alone: units in topological order, ties
//!   by name; edges by port, then by the source's name.
//! - Every node is one operator, a fixpoint with all nodes in its loop another.
//! - What the plan does not say travels locally; sinks and reports always gather on worker 0.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use sheaf_ir::plan::{EdgeName, Plan, Route};
use sheaf_ir::{NodeId, Operator as Node, Program, Type, Value};
use sheaf_kernels::{Interner, Rows};
use timely::dataflow::operators::Concatenate;
use timely::dataflow::{Scope, Stream};
use timely::worker::Worker;

use crate::cluster::Place;
use crate::command::Job;
use crate::engine::{Shared, is_fed};
use crate::exchange::dictionary::{Arrivals, Departures, symbol_columns};
use crate::exchange::gate::{Credit, Gate, Gates};
use crate::exchange::parcel::Parcel;
use crate::exchange::{Router, route};
use crate::host::{
    Context, Guest, InputEdge, LoopChannel, Report, Share, SinkEdge, Uptake, collect, host,
    host_loop, source,
};
use crate::{Operator, Output, Progress};

/// What is to be built: one worker's share of a node or of a whole fixpoint.
pub(crate) struct Request<'a> {
    pub program: &'a Program,
    pub plan: &'a Plan,
    /// The node; for a fixpoint, its node.
    pub id: NodeId,
    pub params: &'a BTreeMap<String, Value>,
    pub interner: &'a Arc<Interner>,
    pub worker: usize,
    pub workers: usize,
}

/// An edge of the graph: from, to, port.
pub(crate) type Edge = (NodeId, NodeId, u32);

/// What was built.
pub(crate) struct Built {
    pub share: Share,
    /// For each port of the operator, the edges of the graph that feed it.
    pub ports: Vec<Vec<Edge>>,
    /// For each output, the node whose rows it gives.
    pub outputs: Vec<NodeId>,
    /// Of a fixpoint whose derivations travel: for each edge of the loop, the types of its rows.
    pub round: Option<Vec<Vec<Type>>>,
}

/// Builds operators.
pub(crate) type Factory = fn(&Request) -> Result<Built, String>;

/// Finds out, without a worker, whether a job can be rendered.
pub(crate) fn check(job: &Job, factory: Factory, interner: &Arc<Interner>) -> Result<(), String> {
    for name in job.params.keys() {
        if !job.program.params.contains_key(name) {
            return Err(format!("there is no parameter `{name}`"));
        }
    }
    let mut given: BTreeSet<NodeId> = BTreeSet::new();
    for id in order(&job.program)? {
        let node = &job.program.graph[id];
        if is_fed(&node.operator) {
            given.insert(id);
        } else if let Node::Sink { .. } = node.operator {
            let (_, from) = only_input(&job.program, id)?;
            check_given(&job.program, &given, from)?;
        } else {
            let built = build(job, factory, interner, id, 0, 1)?;
            for (from, ..) in built.ports.iter().flatten() {
                check_given(&job.program, &given, *from)?;
            }
            given.extend(built.outputs);
        }
    }
    Ok(())
}

fn check_given(program: &Program, given: &BTreeSet<NodeId>, from: NodeId) -> Result<(), String> {
    match given.contains(&from) {
        true => Ok(()),
        false => Err(format!(
            "`{}` is read outside its fixpoint but is no variable of it",
            program.graph[from].name
        )),
    }
}

/// Renders a job on this worker.
pub(crate) fn render(
    worker: &mut Worker,
    place: Place,
    shared: &Shared,
    job: &Arc<Job>,
    credit: &Credit,
) -> Result<(), String> {
    let order = order(&job.program)?;
    let context = Context {
        place,
        worker: worker.index(),
        generation: Arc::clone(&shared.generation),
        interner: Arc::clone(&shared.interner),
    };
    worker.dataflow_named::<u64, _, _>(&job.name, |scope| {
        let mut rendering = Rendering {
            scope,
            job,
            credit,
            context,
            factory: shared.factory,
            streams: BTreeMap::new(),
            reports: Vec::new(),
            sinks: Vec::new(),
            channels: 0,
        };
        let rendered = order.into_iter().try_for_each(|id| rendering.unit(id));
        rendering.finish();
        rendered
    })
}

/// The units in the order in which they are rendered: each by its node or its fixpoint's node.
fn order(program: &Program) -> Result<Vec<NodeId>, String> {
    let by_name = program.nodes_by_name();
    let ids: BTreeMap<&str, NodeId> = by_name
        .iter()
        .map(|id| (program.graph[*id].name.as_str(), *id))
        .collect();
    let unit_of = |mut id: NodeId| -> Result<NodeId, String> {
        // Fixpoints nest no deeper than there are nodes.
        for _ in 0..=by_name.len() {
            match &program.graph[id].fixpoint {
                None => return Ok(id),
                Some(around) => {
                    id = *ids
                        .get(around.as_str())
                        .ok_or_else(|| format!("there is no fixpoint `{around}`"))?;
                }
            }
        }
        Err("fixpoints are nested in each other".to_string())
    };
    let mut feeds: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    let mut needs: BTreeMap<&str, (NodeId, BTreeSet<NodeId>)> = BTreeMap::new();
    for &id in &by_name {
        let unit = unit_of(id)?;
        let name = program.graph[unit].name.as_str();
        needs.entry(name).or_insert_with(|| (unit, BTreeSet::new()));
        for (_, from) in program.inputs(id) {
            let from = unit_of(from)?;
            if from != unit {
                feeds.entry(from).or_default().insert(unit);
                needs
                    .entry(name)
                    .or_insert_with(|| (unit, BTreeSet::new()))
                    .1
                    .insert(from);
            }
        }
    }
    let mut ready: BTreeSet<&str> = needs
        .iter()
        .filter(|(_, (_, needs))| needs.is_empty())
        .map(|(name, _)| *name)
        .collect();
    let mut order = Vec::new();
    while let Some(name) = ready.pop_first() {
        let unit = needs[name].0;
        order.push(unit);
        for fed in feeds.get(&unit).into_iter().flatten() {
            let fed = program.graph[*fed].name.as_str();
            if let Some((_, needs)) = needs.get_mut(fed) {
                needs.remove(&unit);
                if needs.is_empty() {
                    ready.insert(fed);
                }
            }
        }
    }
    if order.len() < needs.len() {
        return Err("there is a cycle outside any fixpoint".to_string());
    }
    Ok(order)
}

fn only_input(program: &Program, id: NodeId) -> Result<(u32, NodeId), String> {
    match program.inputs(id)[..] {
        [input] => Ok(input),
        _ => Err(format!("`{}` needs one input", program.graph[id].name)),
    }
}

fn types_of(program: &Program, id: NodeId) -> Vec<Type> {
    let columns = &program.graph[id].output.columns;
    columns.iter().map(|(_, ty)| ty.clone()).collect()
}

fn build(
    job: &Job,
    factory: Factory,
    interner: &Arc<Interner>,
    id: NodeId,
    worker: usize,
    workers: usize,
) -> Result<Built, String> {
    let node = &job.program.graph[id];
    let passes = matches!(node.operator, Node::Exchange { .. } | Node::Broadcast);
    // Rows written in the program come from one worker.
    let silent = matches!(node.operator, Node::Values { .. }) && worker != 0;
    if passes || silent {
        let inputs = job.program.inputs(id);
        return Ok(Built {
            share: Share::Plain(Box::new(Pass)),
            ports: match passes {
                true => vec![inputs.iter().map(|(p, from)| (*from, id, *p)).collect()],
                false => Vec::new(),
            },
            outputs: vec![id],
            round: None,
        });
    }
    factory(&Request {
        program: &job.program,
        plan: &job.plan,
        id,
        params: &job.params,
        interner,
        worker,
        workers,
    })
    .map_err(|error| format!("`{}`: {error}", node.name))
}

/// Gives its rows as they are, batch by batch; all that exchanges and broadcasts need once rows were routed.
struct Pass;

impl Operator for Pass {
    fn push(&mut self, _: usize, rows: Rows, output: &mut Output) {
        output.rows[0] = rows;
    }
    fn close(&mut self, _: usize, _: &mut Output) {}
    fn end_epoch(&mut self, _: &mut Output) {}
    fn work(&mut self, _: &mut usize, _: &mut Output) -> Progress {
        Progress::Done
    }
    fn memory(&self) -> usize {
        0
    }
}

/// A rendered output: its rows, the gates of its operator, its number among the outputs.
#[derive(Clone)]
struct Given<'scope> {
    stream: Stream<'scope, u64, Parcel>,
    gates: Gates,
    output: usize,
}

/// A dataflow that is being rendered.
struct Rendering<'scope, 'a> {
    scope: Scope<'scope, u64>,
    job: &'a Arc<Job>,
    credit: &'a Credit,
    context: Context,
    factory: Factory,
    /// By the node whose rows it carries.
    streams: BTreeMap<NodeId, Given<'scope>>,
    reports: Vec<Stream<'scope, u64, Vec<Report>>>,
    sinks: Vec<SinkEdge<'scope>>,
    channels: usize,
}

impl<'scope> Rendering<'scope, '_> {
    fn workers(&self) -> usize {
        self.context.place.processes * self.context.place.workers
    }

    fn unit(&mut self, id: NodeId) -> Result<(), String> {
        let job = self.job;
        let node = &job.program.graph[id];
        if is_fed(&node.operator) {
            let (stream, gates) = source(
                self.scope,
                &node.name,
                job.feeds.clone(),
                job.counters(&node.name),
                self.context.clone(),
            );
            let output = 0;
            self.streams.insert(
                id,
                Given {
                    stream,
                    gates,
                    output,
                },
            );
            return Ok(());
        }
        if let Node::Sink { .. } = node.operator {
            let (port, from) = only_input(&job.program, id)?;
            let edge = self.edge((from, id, port), 0)?;
            self.sinks.push(SinkEdge {
                name: node.name.clone(),
                counters: job.counters(&node.name),
                edge,
            });
            return Ok(());
        }
        let built = build(
            job,
            self.factory,
            &self.context.interner,
            id,
            self.context.worker,
            self.workers(),
        )?;
        let mut edges = Vec::new();
        for (port, from) in built.ports.iter().enumerate() {
            for edge in from {
                edges.push(self.edge(*edge, port)?);
            }
        }
        let guest = Guest {
            name: node.name.clone(),
            share: built.share,
            ports: built.ports.len(),
            arities: built
                .outputs
                .iter()
                .map(|id| job.program.graph[*id].output.columns.len())
                .collect(),
            counters: job.counters(&node.name),
            context: self.context.clone(),
        };
        let hosted = match built.round {
            Some(round) if self.workers() > 1 => {
                let channel = self.channel(round.iter().map(|t| symbol_columns(t)).collect());
                host_loop(self.scope, guest, edges, channel)
            }
            _ => host(self.scope, guest, edges),
        };
        self.reports.push(hosted.reports);
        for (output, stream) in hosted.outputs.into_iter().enumerate() {
            self.streams.insert(
                built.outputs[output],
                Given {
                    stream,
                    gates: hosted.gates.clone(),
                    output,
                },
            );
        }
        Ok(())
    }

    /// The stream that carries rows along an edge to a port of the operator being rendered.
    fn edge(&mut self, edge: Edge, port: usize) -> Result<InputEdge<'scope, u64>, String> {
        let (from, to, _) = edge;
        let program = &self.job.program;
        let Some(given) = self.streams.get(&from).cloned() else {
            return Err(format!("`{}` gives no rows here", program.graph[from].name));
        };
        let types = types_of(program, from);
        let symbols = vec![symbol_columns(&types)];
        let (own, workers) = (self.context.worker, self.workers());
        let router = Router::new(
            &self.route_of(edge),
            &types,
            own,
            workers,
            Departures::new(symbols.clone(), self.context.place),
            Arc::clone(&self.context.interner),
        );
        let Some(router) = router else {
            let gate = Gate::local();
            given.gates.add(given.output, Rc::clone(&gate));
            return Ok(InputEdge {
                port,
                stream: given.stream,
                uptake: Uptake::Local(gate),
            });
        };
        let LoopChannel {
            gate,
            uptake: (giver, arrivals),
            ..
        } = self.channel(symbols);
        given.gates.add(given.output, Rc::clone(&gate));
        let name = format!("{} to {}", program.graph[from].name, program.graph[to].name);
        Ok(InputEdge {
            port,
            stream: route(&name, given.stream, router, gate),
            uptake: Uptake::Exchanged(giver, arrivals),
        })
    }

    /// A new channel between all workers.
    fn channel(&mut self, symbols: Vec<Vec<usize>>) -> LoopChannel {
        let (place, workers) = (self.context.place, self.workers());
        let channel = (self.job.id, self.channels);
        self.channels += 1;
        LoopChannel {
            departures: Departures::new(symbols.clone(), place),
            uptake: (
                self.credit.giver(channel, workers),
                Arrivals::new(symbols, place),
            ),
            gate: self.credit.gate(channel, workers),
        }
    }

    fn route_of(&self, (from, to, port): Edge) -> Route {
        let graph = &self.job.program.graph;
        let to = &graph[to];
        if let Node::Sink { .. } = to.operator {
            return Route::Gather;
        }
        let name = EdgeName {
            from: graph[from].name.clone(),
            to: to.name.clone(),
            port,
        };
        match (self.job.plan.routes.get(&name), &to.operator) {
            (Some(route), _) => route.clone(),
            (None, Node::Exchange { key }) => Route::Hash(key.clone()),
            (None, Node::Broadcast) => Route::Broadcast,
            (None, _) => Route::Local,
        }
    }

    fn finish(self) {
        let reports = self.scope.concatenate(self.reports);
        collect(
            self.scope,
            self.sinks,
            reports,
            Arc::clone(self.job),
            self.context,
        );
    }
}

/// The engine's own operators.
pub(crate) fn operators(request: &Request) -> Result<Built, String> {
    Err(format!("no operator for `{}`", request.program.graph[request.id].name))
}
