//! `sheaf test`: one test block under many shuffles.
//!
//! A seed says how the given rows are fed: in which order, in how many epochs and batches, on how
//! many workers. Seed 0 is the simplest: one batch, in the order of the text, on one worker. What
//! is expected is looked up after seed 0; every other seed must give the same rows and errors.
//!
//! Invariant: a seed replays exactly, as far as it decides anything.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sheaf_engine::{Config, Engine, ErrorRow, Installation, OutputEvent};
use sheaf_ir::plan::choose;
use sheaf_ir::{Node, Operator, Program, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Interner, Rows};

use crate::run::RunError;

/// Seeds that each test runs under if nobody says otherwise.
pub const SEEDS: u64 = 20;
/// After this long a test is tried under no further seeds, unless it has failed.
const ENOUGH: Duration = Duration::from_secs(5);
/// The most workers a seed chooses.
const MOST_WORKERS: u64 = 3;
/// How often cancellation is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// Rows by the name of a node.
pub type RowsByName = BTreeMap<String, Vec<Vec<Value>>>;

/// A test block, lowered: a program whose sinks hold what the test looks at.
pub struct TestCase {
    /// What it promises.
    pub name: String,
    /// The program; sources are fed with what is given, sinks are looked at and not written.
    pub program: Arc<Program>,
    /// Values of parameters.
    pub params: BTreeMap<String, Value>,
    /// Rows by source node, in the order of the text.
    pub given: RowsByName,
    /// From the rows of every sink node, ascending: what of the expected does not hold.
    #[allow(clippy::type_complexity)]
    pub judge: Box<dyn Fn(&RowsByName) -> Vec<Unmet>>,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Where it is written.
    pub span: sheaf_ir::Span,
    /// What is wrong, in words.
    pub message: String,
}

/// Which seeds a test runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// The first so many.
    First(u64),
    /// One, beside the simplest.
    Only(u64),
}

/// How a test ended.
#[derive(Debug)]
pub enum Verdict {
    /// Everything held, under so many seeds.
    Passed(u64),
    /// It fails however rows are fed.
    Failed(Vec<Unmet>),
    /// Rules failed on rows.
    Errors(Vec<ErrorRow>),
    /// The answer depends on how rows are fed, which must never be.
    Diverged(Divergence),
}

/// Rows that do not give the same answer under two seeds.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The seed that differs from seed 0.
    pub seed: u64,
    /// How it feeds.
    pub feeding: String,
    /// As few given rows as still differ, by source node.
    pub given: RowsByName,
    /// What differs, a line each.
    pub differences: Vec<String>,
}

/// Engines that tests run on, started when they are needed.
#[derive(Default)]
pub struct Bench {
    engines: BTreeMap<usize, Engine>,
}

/// What a run gave.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    rows: RowsByName,
    errors: Vec<ErrorRow>,
}

impl Bench {
    /// Runs a test.
    ///
    /// # Errors
    /// The engine fails, or the test is cancelled.
    pub fn run(
        &mut self,
        case: &TestCase,
        seeds: Seeds,
        cancel: &AtomicBool,
    ) -> Result<Verdict, RunError> {
        let start = Instant::now();
        let simplest = self.answer(case, &case.given, 0, cancel)?;
        if !simplest.errors.is_empty() {
            return Ok(Verdict::Errors(simplest.errors));
        }
        let unmet = (case.judge)(&simplest.rows);
        if !unmet.is_empty() {
            return Ok(Verdict::Failed(unmet));
        }
        let tried: Vec<u64> = match seeds {
            Seeds::First(count) => (1..count).collect(),
            Seeds::Only(seed) => vec![seed],
        };
        let mut passed = 1;
        for seed in tried {
            if self.answer(case, &case.given, seed, cancel)? != simplest {
                let divergence = self.shrink(case, seed, cancel)?;
                return Ok(Verdict::Diverged(divergence));
            }
            passed += 1;
            if start.elapsed() > ENOUGH {
                break;
            }
        }
        Ok(Verdict::Passed(passed))
    }

    /// Takes given rows away as long as the answers under seed 0 and `seed` still differ.
    fn shrink(
        &mut self,
        case: &TestCase,
        seed: u64,
        cancel: &AtomicBool,
    ) -> Result<Divergence, RunError> {
        let start = Instant::now();
        let mut given = case.given.clone();
        let mut smaller = true;
        while smaller && start.elapsed() < ENOUGH {
            smaller = false;
            let places: Vec<(String, usize)> = given
                .iter()
                .flat_map(|(name, rows)| (0..rows.len()).map(|i| (name.clone(), i)))
                .rev()
                .collect();
            for (name, index) in places {
                let mut fewer = given.clone();
                if let Some(rows) = fewer.get_mut(&name) {
                    rows.remove(index);
                }
                let simplest = self.answer(case, &fewer, 0, cancel)?;
                if self.answer(case, &fewer, seed, cancel)? != simplest {
                    given = fewer;
                    smaller = true;
                }
            }
        }
        let simplest = self.answer(case, &given, 0, cancel)?;
        let shuffled = self.answer(case, &given, seed, cancel)?;
        let count = given.values().map(Vec::len).sum();
        Ok(Divergence {
            seed,
            feeding: Shuffle::new(seed, count).to_string(),
            given,
            differences: differences(&simplest, &shuffled),
        })
    }

    /// Runs the program once.
    fn answer(
        &mut self,
        case: &TestCase,
        given: &RowsByName,
        seed: u64,
        cancel: &AtomicBool,
    ) -> Result<Answer, RunError> {
        let count = given.values().map(Vec::len).sum();
        let shuffle = Shuffle::new(seed, count);
        let engine = match self.engines.entry(shuffle.workers) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Engine::start(Config::alone(shuffle.workers))?)
            }
        };
        let plan = choose(&case.program);
        let installation =
            engine.install(&case.name, case.program.clone(), plan, case.params.clone())?;
        feed(&installation, case, given, &shuffle, engine.interner())?;
        let mut answer = Answer::default();
        let sinks = nodes(&case.program, |o| matches!(o, Operator::Sink { .. }));
        for name in sinks.keys() {
            answer.rows.insert(name.to_string(), Vec::new());
        }
        loop {
            if cancel.load(Ordering::Relaxed) {
                engine.abort();
                return Err(RunError::Interrupted);
            }
            match installation.next_output(GLANCE)? {
                None | Some(OutputEvent::Frontier(_)) => {}
                Some(OutputEvent::Done) => break,
                Some(OutputEvent::Error(row)) => answer.errors.push(row),
                Some(OutputEvent::Rows { sink, rows, .. }) => {
                    if let Some(node) = sinks.get(sink.as_str()) {
                        let values = rows.iter().map(|row| {
                            values(row, node, &case.program, engine.interner())
                        });
                        answer.rows.entry(sink).or_default().extend(values);
                    }
                }
            }
        }
        answer.errors.sort();
        answer.rows.values_mut().for_each(|rows| rows.sort());
        Ok(answer)
    }
}

/// Nodes of some kind by name.
fn nodes(program: &Program, kind: impl Fn(&Operator) -> bool) -> BTreeMap<&str, &Node> {
    program
        .graph
        .node_weights()
        .filter(|node| kind(&node.operator))
        .map(|node| (node.name.as_str(), node))
        .collect()
}

fn values(row: &[u64], node: &Node, program: &Program, interner: &Interner) -> Vec<Value> {
    row.iter()
        .zip(&node.output.columns)
        .map(|(&word, (_, ty))| value_of(word, ty, &program.types, interner))
        .collect()
}

/// Feeds given rows as a shuffle says.
fn feed(
    installation: &Installation,
    case: &TestCase,
    given: &RowsByName,
    shuffle: &Shuffle,
    interner: &Interner,
) -> Result<(), RunError> {
    let sources = nodes(&case.program, |o| matches!(o, Operator::Source { .. }));
    let all: Vec<(&str, Vec<u64>)> = given
        .iter()
        .filter_map(|(name, rows)| Some((sources.get(name.as_str())?, rows)))
        .flat_map(|(node, rows)| {
            let types: Vec<&Type> = node.output.columns.iter().map(|(_, ty)| ty).collect();
            rows.iter().map(move |row| {
                let words = row.iter().zip(&types);
                let words = words.map(|(value, ty)| word_of(value, ty, interner));
                (node.name.as_str(), words.collect())
            })
        })
        .collect();
    let mut rest = shuffle.order.as_slice();
    for (epoch, batches) in shuffle.epochs.iter().enumerate() {
        for size in batches {
            let (batch, behind) = rest.split_at(*size);
            rest = behind;
            let mut by_source: BTreeMap<&str, Rows> = BTreeMap::new();
            for index in batch {
                let (source, words) = &all[*index];
                by_source
                    .entry(source)
                    .or_insert_with(|| Rows::new(words.len()))
                    .push(words);
            }
            for (source, rows) in by_source {
                installation.feed(source, rows, epoch as u64)?;
            }
        }
        installation.advance(epoch as u64 + 1)?;
    }
    installation.close()?;
    Ok(())
}

fn differences(simplest: &Answer, shuffled: &Answer) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, rows) in &simplest.rows {
        let others = shuffled.rows.get(name).map_or(&[][..], Vec::as_slice);
        let mut note = |how: &str, row: &Vec<Value>| lines.push(format!("{name}: {how} {row:?}"));
        let missing = rows.iter().filter(|row| !others.contains(row));
        missing.for_each(|row| note("lacks", row));
        let new = others.iter().filter(|row| !rows.contains(row));
        new.for_each(|row| note("has", row));
        if lines.is_empty() && rows.len() != others.len() {
            lines.push(format!(
                "{name}: {} rows instead of {}",
                others.len(),
                rows.len()
            ));
        }
    }
    for error in &shuffled.errors {
        if !simplest.errors.contains(error) {
            lines.push(format!("{} fails: {}", error.node, error.error.message));
        }
    }
    lines
}

/// How rows are fed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shuffle {
    workers: usize,
    /// A permutation of all given rows.
    order: Vec<usize>,
    /// For each epoch the sizes of its batches.
    epochs: Vec<Vec<usize>>,
}

impl fmt::Display for Shuffle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batches: usize = self.epochs.iter().map(Vec::len).sum();
        write!(
            f,
            "{} workers, {} epochs, {batches} batches",
            self.workers,
            self.epochs.len()
        )
    }
}

impl Shuffle {
    fn new(seed: u64, count: usize) -> Shuffle {
        let mut order: Vec<usize> = (0..count).collect();
        if seed == 0 {
            return Shuffle {
                workers: 1,
                order,
                epochs: vec![vec![count]],
            };
        }
        let mut dice = Dice(seed);
        let workers = 1 + dice.below(MOST_WORKERS) as usize;
        for i in (1..count).rev() {
            order.swap(i, dice.below(i as u64 + 1) as usize);
        }
        // Between all rows at once and each on its own.
        let most = match dice.below(4) {
            0 => count.max(1),
            1 => 1,
            _ => 1 + dice.below(count as u64 / 2 + 1) as usize,
        };
        let mut epochs = vec![Vec::new()];
        let mut left = count;
        while left > 0 {
            let size = (1 + dice.below(most as u64) as usize).min(left);
            left -= size;
            if let Some(epoch) = epochs.last_mut() {
                epoch.push(size);
            }
            if dice.below(3) == 0 {
                epochs.push(Vec::new());
            }
        }
        Shuffle {
            workers,
            order,
            epochs,
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): all that a seed decides follows from it.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u64) -> u64 {
        (u128::from(self.next()) * u128::from(n) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_feeds_every_row_once_and_replays() {
        for seed in 0..200 {
            for count in [0, 1, 2, 7, 50] {
                let shuffle = Shuffle::new(seed, count);
                assert_eq!(shuffle, Shuffle::new(seed, count));
                let mut order = shuffle.order.clone();
                order.sort();
                assert!(order.into_iter().eq(0..count));
                let fed: usize = shuffle.epochs.iter().flatten().sum();
                assert_eq!(fed, count);
                assert!((1..=MOST_WORKERS as usize).contains(&shuffle.workers));
            }
        }
    }

    #[test]
    fn seeds_differ() {
        let shuffles: Vec<Shuffle> = (0..SEEDS).map(|seed| Shuffle::new(seed, 6)).collect();
        let distinct = (1..shuffles.len()).filter(|i| !shuffles[..*i].contains(&shuffles[*i]));
        assert!(distinct.count() > 15);
        for workers in 1..=MOST_WORKERS as usize {
            assert!(shuffles.iter().any(|s| s.workers == workers));
        }
    }
}
