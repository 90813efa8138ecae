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

use sheaf_ir::plan::{Plan, Route};
use sheaf_ir::{NodeId, Operator as Node, Program, Type};
use sheaf_kernels::words::word_of;
use sheaf_kernels::{Interner, Rows};
use timely::dataflow::operators::Concatenate;
use timely::dataflow::{Scope, Stream};
use timely::worker::Worker;

use crate::cluster::Place;
use crate::command::Job;
use crate::engine::{Shared, is_fed};
use crate::exchange::dictionary::{Arrivals, Departures, symbol_columns};
use crate::exchange::gate::{Credit, Gate, Gates, Giver};
use crate::exchange::parcel::Parcel;
use crate::exchange::{Owner, Router, route};
use crate::fixpoint::Exits;
use crate::host::{
    Context, Guest, InputEdge, LoopChannel, SentReport, Share, SinkEdge, Uptake, collect, host,
    host_loop, source,
};
use crate::operators::{self, Entry, Environment, Shape};
use crate::{Operator, Output, Progress};

/// What is to be built: one worker's share of a node, or of the whole fixpoint of a node.
pub(crate) struct Request<'a> {
    pub program: &'a Program,
    pub plan: &'a Plan,
    pub id: NodeId,
    pub environment: &'a Environment,
    /// How it is connected.
    pub shape: &'a Shape,
    pub worker: usize,
    pub workers: usize,
}

/// Follows a node's name where what is counted was done before rows travelled to it.
const EARLY: &str = "#early";

/// Builds operators.
pub(crate) type Factory = fn(&Request) -> Result<Share, String>;

/// Builds the engine's own operators.
pub(crate) fn operators(request: &Request) -> Result<Share, String> {
    let Request {
        program,
        plan,
        id,
        environment,
        shape,
        worker,
        workers,
    } = *request;
    if workers == 1 || shape.loop_edges.is_empty() {
        let built = operators::build(program, id, plan, environment);
        return Ok(Share::Plain(built.map_err(|error| error.to_string())?));
    }
    let owners: Vec<Owner> = shape
        .loop_edges
        .iter()
        .map(|edge| Owner::new(&edge.key, &types_of(program, edge.from), workers))
        .collect();
    let interner = Arc::clone(&environment.interner);
    let route = move |edge: usize, rows: &Rows, targets: &mut Vec<usize>| {
        targets.extend(rows.iter().map(|row| owners[edge].of(row, &interner)));
    };
    let exits = Exits {
        worker,
        route: Box::new(route),
    };
    let built = operators::build_loop(program, id, plan, environment, exits);
    Ok(Share::Loop(built.map_err(|error| error.to_string())?))
}

/// Finds out, without a worker, whether a job can be rendered by `workers` workers.
pub(crate) fn check(
    job: &Job,
    factory: Factory,
    interner: &Arc<Interner>,
    workers: usize,
) -> Result<(), String> {
    // Nothing runs here, so there is nothing to compile or count.
    let environment = environment(job, interner)?.with_kernels(Arc::default());
    let mut given: BTreeSet<NodeId> = BTreeSet::new();
    for id in order(&job.program)? {
        let node = &job.program.graph[id];
        let shape = shape_of(job, id)?;
        if let Some(entry) = shape.entries.iter().find(|e| !given.contains(&e.from)) {
            return Err(format!(
                "`{}` is read outside its fixpoint but is no variable of it",
                entry.edge.from
            ));
        }
        if !is_fed(&node.operator) && !matches!(node.operator, Node::Sink { .. }) {
            build(job, factory, &environment, id, &shape, (0, workers))?;
        }
        given.extend(shape.outputs);
    }
    Ok(())
}

fn shape_of(job: &Job, id: NodeId) -> Result<Shape, String> {
    operators::shape(&job.program, id, &job.plan).map_err(|error| error.to_string())
}

fn environment(job: &Job, interner: &Arc<Interner>) -> Result<Environment, String> {
    if let Some(name) = job
        .params
        .keys()
        .find(|p| !job.program.params.contains_key(*p))
    {
        return Err(format!("there is no parameter `{name}`"));
    }
    let mut params = BTreeMap::new();
    for (name, param) in &job.program.params {
        let value = job.params.get(name).or(param.default.as_ref());
        let value = value.ok_or_else(|| format!("parameter `{name}` has no value"))?;
        let word = word_of(value, &param.ty, interner);
        params.insert(name.clone(), (param.ty.clone(), word));
    }
    let environment = Environment::new(&job.program, params, Arc::clone(interner));
    Ok(environment.with_kernels(Arc::clone(&job.kernels)))
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
    let environment = environment(job, &shared.interner)?;
    let context = Context {
        place,
        worker: worker.index(),
        generation: Arc::clone(&shared.generation),
        interner: Arc::clone(&shared.interner),
    };
    let workers = place.processes * place.workers;
    let reports = (job.id, 0);
    worker.dataflow_named::<u64, _, _>(&job.name, |scope| {
        let mut rendering = Rendering {
            scope,
            job,
            credit,
            context,
            environment,
            factory: shared.factory,
            streams: BTreeMap::new(),
            reports: Vec::new(),
            report_gate: credit.gate(reports, workers),
            report_giver: credit.giver(reports, workers),
            sinks: Vec::new(),
            channels: 1,
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

fn types_of(program: &Program, id: NodeId) -> Vec<Type> {
    let columns = &program.graph[id].output.columns;
    columns.iter().map(|(_, ty)| ty.clone()).collect()
}

fn build(
    job: &Job,
    factory: Factory,
    environment: &Environment,
    id: NodeId,
    shape: &Shape,
    (worker, workers): (usize, usize),
) -> Result<Share, String> {
    let operator = &job.program.graph[id].operator;
    let passes = matches!(operator, Node::Exchange { .. } | Node::Broadcast);
    // Rows written in the program come from one worker.
    let silent = matches!(operator, Node::Values { .. }) && worker != 0;
    if passes || silent {
        return Ok(Share::Plain(Box::new(Pass)));
    }
    factory(&Request {
        program: &job.program,
        plan: &job.plan,
        id,
        environment,
        shape,
        worker,
        workers,
    })
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

/// The operator that combines what the workers combined, and its input.
type SecondStep<'scope> = (Box<dyn Operator>, InputEdge<'scope, u64>);

/// A dataflow that is being rendered.
struct Rendering<'scope, 'a> {
    scope: Scope<'scope, u64>,
    job: &'a Arc<Job>,
    credit: &'a Credit,
    context: Context,
    environment: Environment,
    factory: Factory,
    /// By the node whose rows it carries.
    streams: BTreeMap<NodeId, Given<'scope>>,
    reports: Vec<Stream<'scope, u64, Vec<SentReport>>>,
    /// How reports are sent, and how taking them up is told.
    report_gate: Rc<Gate>,
    report_giver: Giver,
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
        let shape = shape_of(job, id)?;
        if let Node::Sink { .. } = node.operator {
            for entry in &shape.entries {
                let edge = self.edge(entry)?;
                self.sinks.push(SinkEdge {
                    name: node.name.clone(),
                    counters: job.counters(&node.name),
                    edge,
                });
            }
            return Ok(());
        }
        let place = (self.context.worker, self.workers());
        let (share, edges) = match self.in_two_steps(id, &shape)? {
            Some((after, edge)) => (Share::Plain(after), vec![edge]),
            None => {
                let share = build(job, self.factory, &self.environment, id, &shape, place)?;
                let edges = shape.entries.iter().map(|entry| self.edge(entry));
                (share, edges.collect::<Result<Vec<_>, String>>()?)
            }
        };
        let guest = Guest {
            name: node.name.clone(),
            ports: shape.entries.iter().map(|e| e.port + 1).max().unwrap_or(0),
            arities: shape
                .outputs
                .iter()
                .map(|id| job.program.graph[*id].output.columns.len())
                .collect(),
            counters: job.counters(&node.name),
            context: self.context.clone(),
            report_gate: Rc::clone(&self.report_gate),
            share,
        };
        let hosted = match guest.share {
            Share::Plain(_) => host(self.scope, guest, edges),
            Share::Loop(_) => {
                let symbols = shape
                    .loop_edges
                    .iter()
                    .map(|edge| symbol_columns(&types_of(&job.program, edge.from)))
                    .collect();
                let channel = self.channel(symbols);
                host_loop(self.scope, guest, edges, channel)
            }
        };
        self.reports.push(hosted.reports);
        for (output, stream) in hosted.outputs.into_iter().enumerate() {
            self.streams.insert(
                shape.outputs[output],
                Given {
                    stream,
                    gates: hosted.gates.clone(),
                    output,
                },
            );
        }
        Ok(())
    }

    /// The second step of a combine that the plan runs in two, and what leads to it; `None` for any
    /// other node, and where one step does as well.
    fn in_two_steps(
        &mut self,
        id: NodeId,
        shape: &Shape,
    ) -> Result<Option<SecondStep<'scope>>, String> {
        let program = &self.job.program;
        let name = &program.graph[id].name;
        let Some(first) = shape.entries.first() else {
            return Ok(None);
        };
        if self.workers() == 1 || !self.job.plan.split.contains(name) {
            return Ok(None);
        }
        let split = operators::build_split_combine(program, id, &self.environment);
        let Some(split) = split.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let mut edges = Vec::new();
        for entry in &shape.entries {
            let given = self.given(entry)?;
            let types = types_of(program, entry.from);
            edges.push(self.link(given, &types, &Route::Local, entry.port, name));
        }
        let given = self.early(name, split.before, edges, split.types.len());
        let edge = self.link(given, &split.types, &self.route_of(first), 0, name);
        Ok(Some((split.after, edge)))
    }

    /// Hosts what is done for a node before rows travel to it.
    fn early(
        &mut self,
        node: &str,
        operator: Box<dyn Operator>,
        edges: Vec<InputEdge<'scope, u64>>,
        arity: usize,
    ) -> Given<'scope> {
        let name = format!("{node}{EARLY}");
        let guest = Guest {
            ports: 1,
            arities: vec![arity],
            counters: self.job.counters(&name),
            name,
            context: self.context.clone(),
            report_gate: Rc::clone(&self.report_gate),
            share: Share::Plain(operator),
        };
        let hosted = host(self.scope, guest, edges);
        self.reports.push(hosted.reports);
        let stream = hosted.outputs.into_iter().next();
        Given {
            stream: stream.expect("there is an output for each arity"),
            gates: hosted.gates,
            output: 0,
        }
    }

    fn given(&self, entry: &Entry) -> Result<Given<'scope>, String> {
        let given = self.streams.get(&entry.from).cloned();
        given.ok_or_else(|| format!("`{}` gives no rows here", entry.edge.from))
    }

    /// The stream that carries rows along an edge, as its port's operator needs it.
    fn edge(&mut self, entry: &Entry) -> Result<InputEdge<'scope, u64>, String> {
        let mut given = self.given(entry)?;
        let types = types_of(&self.job.program, entry.from);
        if self.workers() > 1 && self.job.plan.thinned.contains(&entry.edge) {
            let local = self.link(given, &types, &Route::Local, 0, &entry.edge.to);
            let thin = operators::build_pre_distinct(types.len());
            given = self.early(&entry.edge.to, thin, vec![local], types.len());
        }
        let name = format!("{} to {}", entry.edge.from, entry.edge.to);
        Ok(self.link(given, &types, &self.route_of(entry), entry.port, &name))
    }

    /// Leads rows of these types to a port.
    fn link(
        &mut self,
        given: Given<'scope>,
        types: &[Type],
        by: &Route,
        port: usize,
        name: &str,
    ) -> InputEdge<'scope, u64> {
        let symbols = vec![symbol_columns(types)];
        let (own, workers) = (self.context.worker, self.workers());
        let router = Router::new(
            by,
            types,
            own,
            workers,
            Departures::new(symbols.clone(), self.context.place),
            Arc::clone(&self.context.interner),
        );
        let Some(router) = router else {
            let gate = Gate::local();
            given.gates.add(given.output, Rc::clone(&gate));
            return InputEdge {
                port,
                stream: given.stream,
                uptake: Uptake::Local(gate),
            };
        };
        let LoopChannel {
            gate,
            uptake: (giver, arrivals),
            ..
        } = self.channel(symbols);
        given.gates.add(given.output, Rc::clone(&gate));
        InputEdge {
            port,
            stream: route(name, given.stream, router, gate),
            uptake: Uptake::Exchanged(giver, arrivals),
        }
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

    fn route_of(&self, entry: &Entry) -> Route {
        let to = &self.job.program.graph[entry.to].operator;
        let from = &self.job.program.graph[entry.from].operator;
        let planned = self.job.plan.routes.contains_key(&entry.edge);
        match to {
            Node::Sink { .. } => Route::Gather,
            Node::Exchange { key } if !planned => Route::Hash(key.clone()),
            Node::Broadcast if !planned => Route::Broadcast,
            // What is fed goes to the workers of its process in turn already.
            _ if entry.route == Route::Balance
                && is_fed(from)
                && self.context.place.processes == 1 =>
            {
                Route::Local
            }
            _ => entry.route.clone(),
        }
    }

    fn finish(self) {
        let reports = self.scope.concatenate(self.reports);
        collect(
            self.scope,
            self.sinks,
            (reports, self.report_giver),
            Arc::clone(self.job),
            self.context,
        );
    }
}
