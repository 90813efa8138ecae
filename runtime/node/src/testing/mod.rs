//! `sheaf test`: one test block under many shuffles.
//!
//! A seed says how the given rows are fed: in which order, in how many epochs and batches, on how
//! many workers. Seed 0 is the simplest: one batch, in the order of the text, on one worker. What
//! is expected is looked up after seed 0; every other seed must give the same rows and errors. Some seeds
//! run the program as it was written, the others after all passes.
//!
//! Invariant: a seed replays exactly, as far as it decides anything.

mod judge;
mod shuffle;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sheaf_engine::{Config, Engine, ErrorRow, Installation, OutputEvent};
use sheaf_ir::passes::Selection;
use sheaf_ir::plan::choose;
use sheaf_ir::shard::column_digest;
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{Block, Expr, ExprKind, Node, Operator, Program, Span, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, ErrorCode, EvalError, Executor, Interner, Rows, compile};

use shuffle::Shuffle;

use crate::run::{RunError, optimize};

/// Seeds that each test runs under if nobody says otherwise.
pub const SEEDS: u64 = 20;
/// After this long a test is tried under no further seeds, unless it has failed.
const ENOUGH: Duration = Duration::from_secs(5);
/// How often cancellation is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// Rows by the name of a node.
pub type RowsByName = BTreeMap<String, Vec<Vec<Value>>>;

/// A test block, lowered.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// What it promises.
    pub name: String,
    /// The program; sources are fed with what is given, sinks are looked at and not written.
    pub program: Program,
    /// Values of parameters, over no columns.
    pub params: BTreeMap<String, Expr>,
    /// What is given to sources.
    pub given: Vec<Given>,
    /// What is expected of sinks.
    pub expected: Vec<Expected>,
}

/// The rows that a test gives to one source.
#[derive(Clone, Debug)]
pub struct Given {
    /// Name of the source's node.
    pub source: String,
    /// Name of the relation.
    pub relation: String,
    /// An expression over no columns for each column, in the order of the text; `None` for a row's
    /// identity.
    pub rows: Vec<Vec<Option<Expr>>>,
}

/// What a test expects of one sink.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What must be in it.
    pub holds: Holds,
    /// Name of the sink's node.
    pub sink: String,
    /// A sink that has the rows of the same key, if there is a value behind the key.
    pub same_key: Option<String>,
    /// Name of the relation that is asked, if it is one.
    pub relation: Option<String>,
    /// Where it is written.
    pub span: Span,
}

/// What must be in a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// At least one row.
    Some,
    /// No row.
    None,
    /// One row of one column, which is true.
    True,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Where it is written.
    pub span: Span,
    /// What is wrong, in words.
    pub message: String,
    /// What is there instead, a row each.
    pub found: Vec<String>,
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
    /// As few given rows as still differ, a line each.
    pub given: Vec<String>,
    /// What differs, a line each.
    pub differences: Vec<String>,
}

/// Engines that tests run on, started when they are needed.
#[derive(Default)]
pub struct Bench {
    kernels: Executor,
    engines: BTreeMap<usize, Engine>,
}

/// What a run gave.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    rows: RowsByName,
    errors: Vec<ErrorRow>,
}

impl Bench {
    /// A bench on which this executor runs.
    pub fn new(kernels: Executor) -> Bench {
        Bench {
            kernels,
            engines: BTreeMap::new(),
        }
    }

    /// Runs a test.
    ///
    /// # Errors
    /// The engine fails, the test is cancelled, or what it gives cannot be computed.
    pub fn run(
        &mut self,
        case: &TestCase,
        seeds: Seeds,
        cancel: &AtomicBool,
    ) -> Result<Verdict, RunError> {
        let start = Instant::now();
        let case = match Ready::new(case) {
            Ok(ready) => ready,
            Err(error) => return Ok(Verdict::Errors(vec![error])),
        };
        let simplest = self.answer(&case, &case.given, 0, cancel)?;
        if !simplest.errors.is_empty() {
            return Ok(Verdict::Errors(simplest.errors));
        }
        let unmet = judge::judge(&case, &simplest.rows);
        if !unmet.is_empty() {
            return Ok(Verdict::Failed(unmet));
        }
        let tried: Vec<u64> = match seeds {
            Seeds::First(count) => (1..count).collect(),
            Seeds::Only(seed) => vec![seed],
        };
        let mut passed = 1;
        for seed in tried {
            if self.answer(&case, &case.given, seed, cancel)? != simplest {
                let divergence = self.shrink(&case, seed, cancel)?;
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
        case: &Ready,
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
            given: judge::given(case, &given),
            differences: judge::differences(case, &simplest, &shuffled),
        })
    }

    /// Runs the program once.
    fn answer(
        &mut self,
        case: &Ready,
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
        let program = case.program_of(seed);
        let plan = choose(program, &Sizes::default());
        let params = case.params.clone();
        let installation =
            engine.install_with(&case.name, program.clone(), plan, params, self.kernels)?;
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
                        let values = rows
                            .iter()
                            .map(|row| values(row, node, &case.program, engine.interner()));
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
    case: &Ready,
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

/// A test whose given rows and parameters are values.
struct Ready {
    name: String,
    program: Arc<Program>,
    optimized: Arc<Program>,
    params: BTreeMap<String, Value>,
    given: RowsByName,
    /// By source: the relation's name.
    relations: BTreeMap<String, String>,
    expected: Vec<Expected>,
}

impl Ready {
    /// The program as a seed runs it: rewritten by the passes, but for every third as it was written.
    fn program_of(&self, seed: u64) -> &Arc<Program> {
        match seed % 3 {
            1 => &self.program,
            _ => &self.optimized,
        }
    }

    fn new(case: &TestCase) -> Result<Ready, ErrorRow> {
        let mut params = BTreeMap::new();
        for (name, value) in &case.params {
            params.insert(name.clone(), evaluate(value, case, name)?);
        }
        let mut given = RowsByName::new();
        for source in &case.given {
            let identity = u128::from(column_digest(source.relation.as_bytes())) << 64;
            let rows = given.entry(source.source.clone()).or_default();
            for (row, ordinal) in source.rows.iter().zip(0u128..) {
                let cells = row.iter().map(|cell| match cell {
                    Some(expr) => evaluate(expr, case, &source.relation),
                    None => Ok(Value::Id(identity | ordinal)),
                });
                rows.push(cells.collect::<Result<_, _>>()?);
            }
        }
        let relations = case.given.iter();
        Ok(Ready {
            name: case.name.clone(),
            program: Arc::new(case.program.clone()),
            optimized: Arc::new(optimize(
                case.program.clone(),
                &Selection::All,
                &Sizes::default(),
            )),
            params,
            given,
            relations: relations
                .map(|g| (g.source.clone(), g.relation.clone()))
                .collect(),
            expected: case.expected.clone(),
        })
    }
}

/// The value of an expression over no columns.
fn evaluate(expr: &Expr, case: &TestCase, node: &str) -> Result<Value, ErrorRow> {
    if let ExprKind::Constant(value) = &expr.kind {
        return Ok(value.clone());
    }
    let failed = |error: EvalError| ErrorRow {
        node: node.to_string(),
        error,
        input: Vec::new(),
    };
    let interner = Arc::new(Interner::new());
    let environment = Environment::new(&case.program, BTreeMap::new(), interner.clone());
    let block = Block {
        conditions: Vec::new(),
        outputs: vec![expr.clone()],
    };
    let mut kernel = compile(&block, None, &[], &environment).map_err(|error| {
        failed(EvalError {
            code: ErrorCode::Domain,
            span: error.span,
            message: error.reason,
        })
    })?;
    let mut unit = Rows::new(0);
    unit.push(&[]);
    let (mut output, mut errors) = (Rows::new(1), Vec::new());
    kernel.run(&unit, &mut output, &mut errors);
    match errors.pop() {
        Some(error) => Err(failed(error.error)),
        None => Ok(value_of(
            output.row(0)[0],
            &expr.ty,
            &case.program.types,
            &interner,
        )),
    }
}
