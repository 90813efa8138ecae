//! Runs a region: new rows of variables are taken in order of their generation and pushed through
//! the loop until nothing new comes.
//!
//! Invariant: besides variables, indexes of joins and what came from outside, only a bounded stack of
//! tasks holds rows (see `dataflow`).

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use sheaf_kernels::{ErrorCode, EvalError, Rows};

use super::audit::Audit;
use super::chunk::Chunks;
use super::dataflow::Task;
use super::exit::Departures;
use super::stage::{Kind, Region};
use super::variable::Variable;
use super::{Away, LoopOperator};
use crate::container::{BATCH, Matches, Payload};
use crate::operators::matching::rows_of;
use crate::operators::output_rows;
use crate::{ErrorRow, NodeStatistics, Operator, Output, Progress};

/// A fixpoint, or one worker's share of it.
pub(super) struct Fixpoint {
    pub region: Region,
    pub departures: Option<Departures>,
    /// By entry port.
    closed: Vec<bool>,
    /// What came on entry ports and is not delivered yet.
    inbox: VecDeque<(usize, Rows)>,
    /// What came from other workers.
    arrivals: VecDeque<Away>,
    /// Rows of invariant antijoins that came before the loop starts, with their stage.
    pub held: Vec<(usize, Rc<Rows>)>,
    /// By variable: rows that came before the loop starts.
    pub entries: Vec<Payload>,
    phase: Phase,
    /// Whether the current epoch has ended.
    ended: bool,
    /// Whether nothing came since the loop was last found quiet.
    quiet: bool,
    chunks: Option<Chunks>,
    pub tasks: Vec<Task>,
    pub audit: Option<Audit>,
    pub room: Vec<Vec<u64>>,
    pub matches: Vec<Vec<Matches>>,
    /// When the last piece of work ended.
    clock: Instant,
}

/// What the executor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Collecting rows from outside; nothing is derived.
    Filling,
    /// Taking what was collected through the invariant part.
    Entering,
    /// Deriving.
    Running,
    /// Giving settled lattice values: of this variable, from this row on.
    Giving(usize, usize),
    /// Finding the failures that stand.
    Auditing,
    /// All was given.
    Finished,
    /// The limit was reached.
    Stopped,
}

impl Fixpoint {
    pub fn new(region: Region, departures: Option<Departures>) -> Fixpoint {
        Fixpoint {
            departures,
            closed: vec![false; region.entries.len()],
            inbox: VecDeque::new(),
            arrivals: VecDeque::new(),
            held: Vec::new(),
            entries: region
                .variable_stages
                .iter()
                .map(|&stage| Payload::new(region.stages[stage].arity))
                .collect(),
            phase: Phase::Filling,
            ended: false,
            quiet: false,
            chunks: None,
            tasks: Vec::new(),
            audit: None,
            room: Vec::new(),
            matches: Vec::new(),
            clock: Instant::now(),
            region,
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.iter().all(|&closed| closed)
    }

    /// Whether rows are derived, so that variables and indexes exist.
    pub fn is_started(&self) -> bool {
        !matches!(self.phase, Phase::Filling | Phase::Entering)
    }

    /// Brings an entry row to its stage.
    fn enter(&mut self, port: usize, rows: Rows, output: &mut Output) {
        let (stage, stage_port) = self.region.entries[port];
        self.arrive(stage, stage, stage_port, 0, Rc::new(rows), output);
    }

    /// All that the loop reads from the start is there: indexes are built, variables filled.
    fn start(&mut self) {
        let closed = self.is_closed();
        for stage in &mut self.region.stages {
            stage.start(&self.closed);
        }
        let entries = std::mem::take(&mut self.entries);
        self.phase = Phase::Running;
        match &self.region.partition {
            Some(columns) if closed => {
                self.chunks = Some(Chunks::new(entries, columns));
                self.next_chunk();
            }
            _ => {
                for (variable, entries) in self.region.variables.iter_mut().zip(&entries) {
                    let mut words = Vec::with_capacity(BATCH * entries.width());
                    for start in (0..entries.len()).step_by(BATCH) {
                        let end = entries.len().min(start + BATCH);
                        words.clear();
                        (start..end).for_each(|row| entries.copy_row(row, &mut words));
                        let rows = rows_of(entries.width(), end - start, words);
                        variable.insert(&rows, 0);
                        words = rows.into_words();
                    }
                }
            }
        }
    }

    /// Loads the next chunk of a colocated fixpoint, if there is one.
    fn next_chunk(&mut self) -> bool {
        let Some(chunks) = &mut self.chunks else {
            return false;
        };
        self.region.variables.iter_mut().for_each(|v| v.clear());
        self.region.stages.iter_mut().for_each(|s| s.clear());
        let more = chunks.next(&mut self.region.variables);
        if !more {
            self.chunks = None;
        }
        more
    }

    /// Does one piece of work; tells about how many rows it touched, or `None` if there is nothing
    /// to derive.
    fn step(&mut self, output: &mut Output) -> Option<usize> {
        if let Some(task) = self.tasks.pop() {
            let stage = self.stage_of(&task);
            let cost = self.run(task, output);
            self.charge(stage);
            return Some(cost);
        }
        if self.phase == Phase::Auditing {
            return self.audit_step(output);
        }
        if let Some((port, rows)) = self.inbox.pop_front() {
            let cost = rows.len();
            self.enter(port, rows, output);
            self.charge(self.region.entries[port].0);
            return Some(cost);
        }
        if self.phase == Phase::Entering {
            return self.release();
        }
        if let Some(away) = self.arrivals.pop_front() {
            let (from, stage, port) = self.region.loop_edges[away.edge];
            let cost = away.rows.len();
            let rows = Rc::new(away.rows);
            self.arrive(from, stage, port, away.generation, rows, output);
            self.charge(stage);
            return Some(cost);
        }
        self.take_delta(output)
    }

    /// Gives on rows of invariant antijoins whose right side is now complete.
    fn release(&mut self) -> Option<usize> {
        let ranks = self.held.iter().map(|h| self.region.stages[h.0].rank);
        let rank = ranks.min()?;
        let stages = &self.region.stages;
        let (ready, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|h| stages[h.0].rank == rank);
        self.held = held;
        let mut cost = 1;
        for (stage, rows) in ready {
            let Kind::Antijoin(antijoin) = &self.region.stages[stage].kind else {
                continue;
            };
            cost += rows.len();
            let rows = antijoin.pass(&rows, &mut self.room);
            self.deliver(stage, 0, rows);
        }
        Some(cost)
    }

    /// Takes new rows of the variable whose rows are of the oldest generation.
    fn take_delta(&mut self, output: &mut Output) -> Option<usize> {
        let variables = self.region.variables.iter().enumerate();
        let (generation, variable) = variables
            .filter_map(|(v, variable)| Some((variable.next_generation()?, v)))
            .min()?;
        let stage = self.region.variable_stages[variable];
        let arity = self.region.stages[stage].arity;
        let mut rows = rows_of(arity, 0, self.room.pop().unwrap_or_default());
        let taken = &mut self.region.variables[variable];
        taken.take(BATCH, &mut rows);
        if self.region.wanted[variable] && !taken.is_lattice() {
            output_rows(output, variable, arity).append(&rows);
        }
        let cost = rows.len() + 1;
        self.deliver(stage, generation + 1, rows);
        self.charge(stage);
        Some(cost)
    }

    /// The stage that a task is work of.
    fn stage_of(&self, task: &Task) -> usize {
        match task {
            Task::Deliver { stage, next, .. } => self.region.stages[*stage].consumers[*next].stage,
            Task::Expand { stage, .. } | Task::Flatten { stage, .. } => *stage,
        }
    }

    /// Counts the time since the last piece of work as a stage's.
    fn charge(&mut self, stage: usize) {
        let now = Instant::now();
        self.region.stages[stage].count.active += now - self.clock;
        self.clock = now;
    }

    /// Takes note of what stages and variables hold.
    fn measure(&mut self) {
        for stage in &mut self.region.stages {
            let held = match &stage.kind {
                Kind::Variable(variable) => self.region.variables[*variable].memory(),
                _ => stage.memory(),
            };
            stage.count.memory = stage.count.memory.max(held as u64);
        }
    }

    /// The limit was reached by a rule.
    pub fn stop(&mut self, from: usize, output: &mut Output) {
        let message = format!(
            "the rule still derives something new after {} rounds",
            self.region.limit
        );
        self.halt(from, ErrorCode::IterationLimit, message, output);
    }

    /// Ends the fixpoint if values of a lattice could not be joined. Which ones met depends on the
    /// order in which they were derived, so the error names none.
    fn stop_at_failed_join(&mut self, output: &mut Output) {
        let mut variables = self.region.variables.iter();
        if self.phase != Phase::Stopped
            && let Some(variable) = variables.position(Variable::has_failed)
        {
            let stage = self.region.variable_stages[variable];
            let message = "the join of the lattice fails for values that the recursion derives";
            self.halt(stage, ErrorCode::Domain, message.to_string(), output);
        }
    }

    /// Ends the fixpoint with an error of a stage; what it derived is not given.
    fn halt(&mut self, stage: usize, code: ErrorCode, message: String, output: &mut Output) {
        let stage = &self.region.stages[stage];
        output.errors.push(ErrorRow {
            node: stage.name.clone(),
            error: EvalError {
                code,
                span: stage.span,
                message,
            },
            input: Vec::new(),
        });
        self.phase = Phase::Stopped;
        self.tasks.clear();
        self.inbox.clear();
        self.arrivals.clear();
        self.chunks = None;
        self.region.variables.iter_mut().for_each(|v| v.clear());
        self.region.stages.iter_mut().for_each(|s| s.clear());
    }

    /// Gives settled rows of lattice variables until fuel ends.
    fn give(&mut self, variable: usize, row: usize, output: &mut Output) -> usize {
        let Some(known) = self.region.variables.get(variable) else {
            self.phase = self.begin_audit();
            return 1;
        };
        if !known.is_lattice() || !self.region.wanted[variable] || row >= known.len() {
            self.phase = Phase::Giving(variable + 1, 0);
            return 1;
        }
        let end = known.len().min(row + BATCH);
        let arity = self.region.stages[self.region.variable_stages[variable]].arity;
        known.copy_rows(row..end, output_rows(output, variable, arity));
        self.phase = Phase::Giving(variable, end);
        end - row
    }

    fn begin_audit(&mut self) -> Phase {
        self.audit = Audit::new(&self.region);
        match self.audit {
            Some(_) => Phase::Auditing,
            None => self.after_audit(),
        }
    }

    fn after_audit(&mut self) -> Phase {
        self.measure();
        match self.next_chunk() {
            true => Phase::Running,
            false => Phase::Finished,
        }
    }

    /// What to do when nothing is left to derive.
    fn on_quiet(&mut self) -> Progress {
        match self.phase {
            Phase::Entering => self.start(),
            Phase::Running if self.chunks.is_some() => self.phase = Phase::Giving(0, 0),
            // Others may still send something: the host settles.
            Phase::Running if self.departures.is_some() => return Progress::Done,
            Phase::Running => {
                self.settle(true);
                if self.phase == Phase::Running {
                    return Progress::Done;
                }
            }
            Phase::Auditing => {
                self.audit = None;
                self.phase = self.after_audit();
            }
            _ => return Progress::Done,
        }
        Progress::More
    }
}

impl Operator for Fixpoint {
    fn push(&mut self, port: usize, rows: Rows, output: &mut Output) {
        if self.phase == Phase::Stopped || rows.is_empty() {
            return;
        }
        self.quiet = false;
        let (stage, _) = self.region.entries[port];
        let copied = matches!(
            self.region.stages[stage].kind,
            Kind::Variable(_) | Kind::Join(_)
        );
        if self.phase == Phase::Filling && copied && !self.region.stages[stage].invariant {
            // Only copied to where the loop will read it.
            self.enter(port, rows, output);
        } else {
            self.inbox.push_back((port, rows));
        }
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.closed[port] = true;
        // Other workers may still send something: the last settling tells.
        let alone = self.departures.is_none();
        if alone && self.is_closed() && self.quiet && self.phase == Phase::Running {
            self.phase = Phase::Giving(0, 0);
        }
    }

    fn end_epoch(&mut self, _: &mut Output) {
        self.ended = true;
    }

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        self.clock = Instant::now();
        loop {
            match self.phase {
                Phase::Stopped | Phase::Finished => return Progress::Done,
                Phase::Filling => {
                    let ready = self.region.awaited.iter().all(|&port| self.closed[port]);
                    if !self.ended || !ready {
                        return Progress::Done;
                    }
                    self.phase = Phase::Entering;
                }
                Phase::Running if !self.ended && self.chunks.is_none() => return Progress::Done,
                _ => {}
            }
            if *fuel == 0 {
                return Progress::More;
            }
            let cost = match self.phase {
                Phase::Giving(variable, row) => Some(self.give(variable, row, output)),
                _ => self.step(output),
            };
            self.stop_at_failed_join(output);
            match cost {
                Some(cost) => *fuel = fuel.saturating_sub(cost),
                None => {
                    if self.on_quiet() == Progress::Done {
                        return Progress::Done;
                    }
                }
            }
        }
    }

    fn memory(&self) -> usize {
        let rows = |rows: &Rows| rows.words().len() * 8;
        let variables: usize = self.region.variables.iter().map(|v| v.memory()).sum();
        let stages: usize = self.region.stages.iter().map(|s| s.memory()).sum();
        let entries: usize = self.entries.iter().map(Payload::memory).sum();
        let inbox: usize = self.inbox.iter().map(|(_, r)| rows(r)).sum();
        let arrivals: usize = self.arrivals.iter().map(|a| rows(&a.rows)).sum();
        variables
            + stages
            + entries
            + inbox
            + arrivals
            + self.chunks.as_ref().map_or(0, Chunks::memory)
            + self.departures.as_ref().map_or(0, Departures::memory)
    }

    fn parts(&self) -> Vec<NodeStatistics> {
        let stages = self.region.stages.iter();
        stages
            .map(|stage| NodeStatistics {
                node: stage.name.clone(),
                rows_in: stage.count.rows_in,
                rows_out: stage.count.rows_out,
                memory: stage.count.memory,
                active: stage.count.active,
                ..NodeStatistics::default()
            })
            .collect()
    }
}

impl LoopOperator for Fixpoint {
    fn push_loop(&mut self, edge: usize, generation: u64, rows: Rows) {
        if self.phase != Phase::Stopped && !rows.is_empty() {
            self.quiet = false;
            self.arrivals.push_back(Away {
                edge,
                worker: 0,
                generation,
                rows,
            });
        }
    }

    fn take_away(&mut self) -> Vec<Away> {
        self.departures
            .as_mut()
            .map_or_else(Vec::new, Departures::take)
    }

    fn settle(&mut self, last: bool) {
        self.ended = false;
        self.quiet = true;
        if self.phase == Phase::Running && self.is_closed() && last {
            self.phase = Phase::Giving(0, 0);
        }
    }
}
