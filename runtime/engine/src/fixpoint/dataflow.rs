//! Pushes batches through the stages of a loop, depth-first.
//!
//! Invariants:
//! - The stack of tasks is no deeper than the longest path between two variables: every task gives
//!   at most a batch (a flat-map: what a few rows become) before its consumers run.
//! - A row is put in its own side's index before it probes the other side's, and no third batch
//!   comes to the join in between: each pair is found exactly once.

use std::rc::Rc;

use sheaf_kernels::Rows;

use super::executor::Fixpoint;
use super::stage::Kind;
use crate::Output;
use crate::container::BATCH;
use crate::operators::matching::{Probe, rows_of};
use crate::operators::semijoin::{keys_of, split};

/// What is to be done with a batch.
pub(super) enum Task {
    /// Give the output of a stage to its consumers from number `next` on. Variables that it reaches
    /// take it as of this generation.
    Deliver {
        stage: usize,
        next: usize,
        generation: u64,
        rows: Rc<Rows>,
    },
    /// Emit matches of a batch that came on a port.
    Expand {
        stage: usize,
        port: usize,
        generation: u64,
        probe: Probe<Rc<Rows>>,
    },
    /// Give rows from `at` on to a flat-map.
    Flatten {
        stage: usize,
        at: usize,
        generation: u64,
        rows: Rc<Rows>,
    },
}

/// Rows that a flat-map is given at once: each may become many.
const FLAT_BATCH: usize = 64;

impl Fixpoint {
    /// Gives output of a stage to all its consumers.
    pub fn deliver(&mut self, stage: usize, generation: u64, rows: Rows) {
        self.region.stages[stage].count.rows_out += rows.len() as u64;
        if rows.is_empty() || self.region.stages[stage].consumers.is_empty() {
            self.recycle(rows);
            return;
        }
        self.tasks.push(Task::Deliver {
            stage,
            next: 0,
            generation,
            rows: Rc::new(rows),
        });
    }

    fn recycle(&mut self, rows: Rows) {
        if self.room.len() < 64 {
            let mut words = rows.into_words();
            words.clear();
            self.room.push(words);
        }
    }

    fn recycle_shared(&mut self, rows: Rc<Rows>) {
        if let Ok(rows) = Rc::try_unwrap(rows) {
            self.recycle(rows);
        }
    }

    /// Does one task; tells about how many rows it touched.
    pub fn run(&mut self, task: Task, output: &mut Output) -> usize {
        match task {
            Task::Deliver {
                stage,
                next,
                generation,
                rows,
            } => {
                let consumers = &self.region.stages[stage].consumers;
                let consumer = consumers[next];
                if next + 1 < consumers.len() {
                    self.tasks.push(Task::Deliver {
                        stage,
                        next: next + 1,
                        generation,
                        rows: rows.clone(),
                    });
                }
                let cost = rows.len();
                match (consumer.exit, &mut self.departures) {
                    (Some(_), _) if self.audit.is_some() => {}
                    (Some(edge), Some(departures)) => {
                        let words = self.room.pop().unwrap_or_default();
                        let mut here = rows_of(rows.arity(), 0, words);
                        departures.split(edge, generation, &rows, &mut here);
                        self.recycle_shared(rows);
                        let (to, port) = (consumer.stage, consumer.port);
                        self.arrive(stage, to, port, generation, Rc::new(here), output);
                    }
                    _ => {
                        let (to, port) = (consumer.stage, consumer.port);
                        self.arrive(stage, to, port, generation, rows, output);
                    }
                }
                cost
            }
            Task::Expand {
                stage,
                port,
                generation,
                probe,
            } => self.expand(stage, port, generation, probe, output),
            Task::Flatten {
                stage,
                at,
                generation,
                rows,
            } => self.flatten(stage, at, generation, rows, output),
        }
    }

    /// Rows come to a port of a stage, from another or from outside.
    pub fn arrive(
        &mut self,
        from: usize,
        stage: usize,
        port: usize,
        generation: u64,
        rows: Rc<Rows>,
        output: &mut Output,
    ) {
        if rows.is_empty() {
            return self.recycle_shared(rows);
        }
        if let Some(audit) = &self.audit
            && !audit.relevant[stage]
        {
            return;
        }
        let auditing = self.audit.is_some();
        let started = self.is_started();
        let target = &mut self.region.stages[stage];
        target.count.rows_in += rows.len() as u64;
        match &mut target.kind {
            Kind::Variable(variable) => {
                let variable = *variable;
                if !started {
                    let all: Vec<usize> = (0..rows.arity()).collect();
                    self.entries[variable].extend(rows.words(), rows.arity(), rows.len(), &all);
                } else {
                    let news = self.region.variables[variable].insert(&rows, generation);
                    if news > 0 && generation > self.region.limit {
                        self.stop(from, output);
                    }
                }
                self.recycle_shared(rows);
            }
            Kind::Block { flat: true, .. } => self.tasks.push(Task::Flatten {
                stage,
                at: 0,
                generation,
                rows,
            }),
            Kind::Block { runner, .. } => {
                let words = self.room.pop().unwrap_or_default();
                let mut given = rows_of(runner.arity(), 0, words);
                let provisional = target.provisional && !auditing;
                let errors = (!provisional).then_some(&mut output.errors);
                target.failed |= runner.run(&rows, &mut given, errors);
                self.recycle_shared(rows);
                self.deliver(stage, generation, given);
            }
            Kind::Join(join) => {
                let mut rows = rows;
                if auditing {
                    if port != join.audited {
                        return;
                    }
                } else {
                    if port == 1
                        && let Some(optional) = &mut join.optional
                    {
                        rows = Rc::new(optional.wrap(&rows));
                    }
                    join.states[port].insert(&rows);
                }
                let Some(index) = join.states[1 - port].index() else {
                    return;
                };
                let found = self.matches.pop().unwrap_or_default();
                let probe = Probe::new(rows.clone(), &join.sides[port].key, index, found);
                let mut unmatched = Rows::new(join.emitters[port].arity());
                if let Some(optional) = &join.optional {
                    for (row, _) in rows.iter().zip(probe.unmatched()).filter(|r| r.1) {
                        optional.push_unmatched(row, &mut unmatched);
                    }
                }
                self.tasks.push(Task::Expand {
                    stage,
                    port,
                    generation,
                    probe,
                });
                self.deliver(stage, generation, unmatched);
            }
            Kind::Semijoin(semijoin) => {
                if port == 0 {
                    let words = self.room.pop().unwrap_or_default();
                    let mut passed = rows_of(rows.arity(), 0, words);
                    let mut waiting = Rows::new(rows.arity());
                    let key = &semijoin.sides[0].key;
                    split(&rows, key, &semijoin.right, |known, row| match known {
                        true => passed.push(row),
                        false => waiting.push(row),
                    });
                    if !auditing {
                        semijoin.left.insert(&waiting);
                    }
                    self.deliver(stage, generation, passed);
                } else if !auditing {
                    let keys = keys_of(&rows, &semijoin.sides[1].key);
                    let new = semijoin.right.insert_batch(&keys);
                    let mut news = Rows::new(keys.arity());
                    semijoin.right.copy_rows(new, &mut news);
                    if let Some(index) = semijoin.left.index() {
                        let all: Vec<usize> = (0..news.arity()).collect();
                        let found = self.matches.pop().unwrap_or_default();
                        let probe = Probe::new(Rc::new(news), &all, index, found);
                        self.tasks.push(Task::Expand {
                            stage,
                            port,
                            generation,
                            probe,
                        });
                    }
                }
            }
            Kind::Antijoin(antijoin) => {
                if port == 1 {
                    antijoin
                        .right
                        .insert_batch(&keys_of(&rows, &antijoin.sides[1].key));
                } else if !started {
                    self.held.push((stage, rows));
                } else {
                    let passed = antijoin.pass(&rows, &mut self.room);
                    self.deliver(stage, generation, passed);
                }
            }
            Kind::Distinct(seen) if !auditing => {
                let words = self.room.pop().unwrap_or_default();
                let mut news = rows_of(rows.arity(), 0, words);
                let new = seen.insert_batch(&rows);
                seen.copy_rows(new, &mut news);
                self.deliver(stage, generation, news);
            }
            Kind::Union | Kind::Distinct(_) => {
                target.count.rows_out += rows.len() as u64;
                if !target.consumers.is_empty() {
                    self.tasks.push(Task::Deliver {
                        stage,
                        next: 0,
                        generation,
                        rows,
                    });
                }
            }
        }
    }

    /// Emits the next batch of a probe.
    fn expand(
        &mut self,
        stage: usize,
        port: usize,
        generation: u64,
        mut probe: Probe<Rc<Rows>>,
        output: &mut Output,
    ) -> usize {
        let auditing = self.audit.is_some();
        let mut words = self.room.pop().unwrap_or_default();
        let target = &mut self.region.stages[stage];
        let (given, emitted) = match &mut target.kind {
            Kind::Join(join) => {
                let Some(index) = join.states[1 - port].index() else {
                    return 1;
                };
                let emitter = &mut join.emitters[port];
                let emitted = probe.advance(index, emitter, BATCH, &mut words);
                let pairs = rows_of(emitter.arity(), emitted, words);
                match &mut join.block {
                    None => (pairs, emitted),
                    Some(runner) => {
                        let words = self.room.pop().unwrap_or_default();
                        let mut given = rows_of(runner.arity(), 0, words);
                        let provisional = target.provisional && !auditing;
                        let errors = (!provisional).then_some(&mut output.errors);
                        target.failed |= runner.run(&pairs, &mut given, errors);
                        self.recycle(pairs);
                        (given, emitted)
                    }
                }
            }
            Kind::Semijoin(semijoin) => {
                let Some(index) = semijoin.left.index() else {
                    return 1;
                };
                let emitter = &mut semijoin.emitter;
                let emitted = probe.advance(index, emitter, BATCH, &mut words);
                (rows_of(emitter.arity(), emitted, words), emitted)
            }
            _ => return 1,
        };
        if probe.is_done() {
            let (rows, found) = probe.into_parts();
            self.matches.push(found);
            self.recycle_shared(rows);
        } else {
            self.tasks.push(Task::Expand {
                stage,
                port,
                generation,
                probe,
            });
        }
        self.deliver(stage, generation, given);
        emitted + 1
    }

    /// Gives a flat-map its next rows.
    fn flatten(
        &mut self,
        stage: usize,
        at: usize,
        generation: u64,
        rows: Rc<Rows>,
        output: &mut Output,
    ) -> usize {
        let auditing = self.audit.is_some();
        let end = rows.len().min(at + FLAT_BATCH);
        let arity = rows.arity();
        let part = rows.words()[at * arity..end * arity].to_vec();
        let part = rows_of(arity, end - at, part);
        let target = &mut self.region.stages[stage];
        let Kind::Block { runner, .. } = &mut target.kind else {
            return 1;
        };
        let mut given = Rows::new(runner.arity());
        let provisional = target.provisional && !auditing;
        let errors = (!provisional).then_some(&mut output.errors);
        target.failed |= runner.run(&part, &mut given, errors);
        if end < rows.len() {
            self.tasks.push(Task::Flatten {
                stage,
                at: end,
                generation,
                rows,
            });
        }
        let cost = given.len() + FLAT_BATCH;
        self.deliver(stage, generation, given);
        cost
    }
}
