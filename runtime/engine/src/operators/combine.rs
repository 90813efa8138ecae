//! Groups rows by all columns but the last and combines the last, whole or in two steps around an
//! exchange.
//!
//! Invariants:
//! - Results are given when the input is complete. Partial states may be given at any time: what is
//!   read in the end depends on the multiset of contributions only.
//! - Keys are slots: the number of a key is the number of its state.

use sheaf_ir::graph::Operator as Ir;
use sheaf_ir::{Combiner, NodeId, Program, Type};
use sheaf_kernels::combine::{Accumulator, accumulator, partial_type};
use sheaf_kernels::{Environment, Rows};

use super::queue::{Item, Queue};
use super::report::Reporter;
use super::{BuildError, output_rows};
use crate::container::{BATCH, KeyTable};
use crate::{Operator, Output, Progress};

/// Combines contributions or partial states.
pub(crate) struct Combine {
    keys: KeyTable,
    states: Box<dyn Accumulator>,
    /// Columns of the key; a row has one more.
    width: usize,
    /// Whether rows hold partial states instead of contributions.
    merges: bool,
    /// Whether partial states are given instead of results.
    partial: bool,
    reporter: Reporter,
    queue: Queue,
    /// While states are given: the next one.
    giving: Option<usize>,
    words: Vec<u64>,
    values: Vec<u64>,
    slots: Vec<u32>,
}

/// Partial states are given on when there are this many keys: what is gained by waiting for equal
/// keys is lost again to the cache.
const MOST_PARTIAL: usize = 1 << 16;

/// A combine in two steps, with an exchange by the key between them.
pub struct SplitCombine {
    /// Combines what a worker has, before the exchange.
    pub before: Box<dyn Operator>,
    /// Combines what the workers have, behind the exchange.
    pub after: Box<dyn Operator>,
    /// The columns of the rows between the two: the key as it is, then a partial state.
    pub types: Vec<Type>,
}

impl Combine {
    /// The combine of a node, in one step.
    pub fn new(
        program: &Program,
        id: NodeId,
        columns: &[(String, Type)],
        environment: &Environment,
    ) -> Result<Combine, BuildError> {
        let node = &program.graph[id];
        let failed = |reason: String| BuildError::Unsupported {
            node: node.name.clone(),
            reason,
        };
        let (Ir::Combine { combiner }, Some(((_, contribution), key))) =
            (&node.operator, columns.split_last())
        else {
            return Err(failed("there is nothing to combine".into()));
        };
        let states = accumulator(combiner, contribution, environment, node.span)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Combine {
            keys: KeyTable::new(key.len()),
            states,
            width: key.len(),
            merges: false,
            partial: false,
            reporter: Reporter::new(program, id, key.to_vec(), environment),
            queue: Queue::default(),
            giving: None,
            words: Vec::new(),
            values: Vec::new(),
            slots: Vec::new(),
        })
    }

    /// The combine of a node, in two steps; `None` where the first would save nothing.
    pub fn split(
        program: &Program,
        id: NodeId,
        columns: &[(String, Type)],
        environment: &Environment,
    ) -> Result<Option<SplitCombine>, BuildError> {
        let step = || Combine::new(program, id, columns, environment);
        let (before, after) = (step()?, step()?);
        let Ir::Combine { combiner } = &program.graph[id].operator else {
            return Ok(None);
        };
        if matches!(combiner, Combiner::Sorted | Combiner::Union) {
            return Ok(None);
        }
        let mut types: Vec<Type> = columns.iter().map(|(_, ty)| ty.clone()).collect();
        if let Some(last) = types.last_mut() {
            *last = partial_type(combiner, last);
        }
        Ok(Some(SplitCombine {
            before: Box::new(Combine {
                partial: true,
                ..before
            }),
            after: Box::new(Combine {
                merges: true,
                ..after
            }),
            types,
        }))
    }

    fn take(&mut self, rows: &Rows) {
        let arity = self.width + 1;
        let words = rows.words();
        self.values.clear();
        self.values
            .extend(words.iter().skip(self.width).step_by(arity));
        self.slots.clear();
        let (states, slots) = (&mut self.states, &mut self.slots);
        let mut slot = |number: u32| {
            if number as usize == states.len() {
                states.new_key();
            }
            slots.push(number);
        };
        if self.width == 0 {
            (0..rows.len()).for_each(|_| slot(0));
            self.keys.insert_batch(&[], |_| ());
        } else {
            self.words.clear();
            match self.width {
                1 => self.words.extend(words.iter().step_by(2)),
                width => words
                    .chunks_exact(arity)
                    .for_each(|row| self.words.extend_from_slice(&row[..width])),
            }
            self.keys.insert_batch(&self.words, slot);
        }
        if self.merges {
            for (&slot, &partial) in self.slots.iter().zip(&self.values) {
                self.states.merge(slot, partial);
            }
        } else {
            self.states.add_batch(&self.slots, &self.values);
        }
        if self.partial && self.states.len() >= MOST_PARTIAL {
            self.giving = Some(0);
        }
    }

    /// Gives the states from a slot on; tells how many.
    fn give(&mut self, slot: usize, output: &mut Output) -> usize {
        let end = self.states.len().min(slot + BATCH);
        output_rows(output, 0, self.width + 1);
        let (given, errors) = (&mut output.rows[0], &mut output.errors);
        for slot in slot..end {
            self.words.clear();
            self.keys.copy_words(slot..slot + 1, &mut self.words);
            let value = match self.partial {
                true => Ok(self.states.partial(slot as u32)),
                false => self.states.finish(slot as u32),
            };
            match value {
                Ok(value) => given.push_iter(self.words.iter().copied().chain([value])),
                Err(error) => errors.push(self.reporter.report(error, &self.words)),
            }
        }
        if end == self.states.len() {
            self.giving = None;
            self.keys.clear();
            self.states.clear();
        } else {
            self.giving = Some(end);
        }
        end - slot
    }
}

impl Operator for Combine {
    fn push(&mut self, port: usize, rows: Rows, _: &mut Output) {
        self.queue.push(port, rows);
    }

    fn close(&mut self, port: usize, _: &mut Output) {
        self.queue.close(port);
    }

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, fuel: &mut usize, output: &mut Output) -> Progress {
        while *fuel > 0 {
            let cost = match self.giving {
                Some(slot) => self.give(slot, output),
                None => match self.queue.pop(BATCH) {
                    None => return Progress::Done,
                    Some(Item::Close(_)) => {
                        self.giving = Some(0);
                        0
                    }
                    Some(Item::Rows(_, rows)) => {
                        self.take(&rows);
                        rows.len()
                    }
                },
            };
            *fuel = fuel.saturating_sub(cost);
        }
        Progress::More
    }

    fn memory(&self) -> usize {
        self.keys.memory() + self.states.bytes() + self.queue.memory()
    }
}
