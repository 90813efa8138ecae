//! Comprehensions: clauses multiply and filter lanes, a gatherer makes one value of each outer lane.
//!
//! An element's lane carries the failures of its clauses along until a filter drops it; of those
//! that stay, the part that is written first is reported, for the first such element.

use std::sync::Arc;

use sheaf_ir::{Span, Type};

use super::evaluate::{Node, Outcome};
use super::frame::{Frame, Slot};
use super::generate::Generator;
use super::vector::{Failures, Lanes, Pending, Vector, Words};
use crate::combine::{ExactSum, at_key, conflict, integer_sum, round_quotient};
use crate::composite::{Types, take_part, take_word, write_element, write_end, write_word};
use crate::words::compare;
use crate::{EvalError, Interner};

pub(crate) struct Comprehension {
    pub(crate) gather: Gather,
    pub(crate) steps: Vec<Step>,
    /// `None` if the elements only count.
    pub(crate) element: Option<Node>,
    pub(crate) span: Span,
}

pub(crate) enum Step {
    Each { local: usize, generator: Generator },
    Let { local: usize, value: Node },
    Filter(Node),
}

pub(crate) enum Gather {
    List,
    Set,
    Map,
    Sum,
    Count,
    Min,
    Max,
    Avg,
    Top(Node),
}

impl Comprehension {
    pub(crate) fn evaluate(&self, frame: &Frame, lanes: &Lanes) -> Outcome {
        let mut failures = Failures::default();
        let mut limits = None;
        if let Gather::Top(limit) = &self.gather {
            let (words, failed) = limit.evaluate_words(frame, lanes);
            limits = Some(words);
            failures = failed;
        }
        let lanes = lanes.without(&failures);
        let mut gatherer = Gatherer::new(self, frame, limits);
        self.run(0, frame, &lanes, Pending::default(), None, &mut gatherer);
        gatherer.close();
        failures.merge(gatherer.failures);
        Outcome {
            vector: Vector::new(gatherer.words),
            failures,
        }
    }

    /// Runs the steps from one on. `roots` tells for each lane the lane of the comprehension.
    fn run(
        &self,
        first: usize,
        frame: &Frame,
        lanes: &Lanes,
        mut pending: Pending,
        roots: Option<&[u32]>,
        gatherer: &mut Gatherer,
    ) {
        let mut lanes = lanes.clone();
        for (index, step) in self.steps.iter().enumerate().skip(first) {
            match step {
                Step::Filter(condition) => {
                    let (holds, failures) = condition.evaluate_words(frame, &lanes);
                    lanes = lanes.holding(&holds, false, &failures);
                    pending.add(&failures, condition.span);
                }
                Step::Let { local, value } => {
                    let outcome = value.evaluate(frame, &lanes);
                    pending.add(&outcome.failures, value.span);
                    let slot = Slot {
                        vector: outcome.vector,
                        failures: outcome.failures,
                    };
                    frame.bind_local(*local, slot);
                }
                Step::Each { local, generator } => {
                    generator.for_each_chunk(frame, &lanes, |parents, slot| {
                        let inner = Frame::inside(frame, parents.clone());
                        let mut pending = pending.gather(&parents);
                        pending.add(&slot.failures, generator.span);
                        inner.bind_local(*local, slot);
                        let outer = |&parent: &u32| roots.map_or(parent, |r| r[parent as usize]);
                        let roots: Vec<u32> = parents.iter().map(outer).collect();
                        let all = Lanes::All(inner.width);
                        self.run(index + 1, &inner, &all, pending, Some(&roots), gatherer);
                    });
                    return;
                }
            }
            if lanes.is_empty() {
                return;
            }
        }
        let elements = self.element.as_ref().map(|element| {
            let (words, failures) = element.evaluate_words(frame, &lanes);
            pending.add(&failures, element.span);
            words
        });
        lanes.for_each(|lane| {
            gatherer.enter(roots.map_or(lane, |roots| roots[lane] as usize));
            match pending.get(lane) {
                Some(error) => gatherer.fail(error),
                None => gatherer.add(elements.as_ref().map_or(0, |words| words[lane])),
            }
        });
    }
}

/// Makes values of elements that come group by group.
struct Gatherer<'a> {
    comprehension: &'a Comprehension,
    types: &'a Types,
    interner: &'a Interner,
    limits: Option<Words>,
    words: Vec<u64>,
    failures: Failures,
    /// The open group: its lane, its state and its first failure.
    lane: Option<usize>,
    state: State,
    failed: Option<Arc<EvalError>>,
}

/// What a group has so far.
enum State {
    Words(Vec<u64>),
    Integers { total: i128, count: u64 },
    Floats { total: ExactSum, count: u64 },
    Extreme(Option<u64>),
}

impl<'a> Gatherer<'a> {
    fn new(comprehension: &'a Comprehension, frame: &Frame<'a>, limits: Option<Words>) -> Self {
        let mut gatherer = Gatherer {
            comprehension,
            types: frame.cx.types,
            interner: frame.cx.interner,
            limits,
            words: Vec::new(),
            failures: Failures::default(),
            lane: None,
            state: State::Extreme(None),
            failed: None,
        };
        gatherer.state = gatherer.empty();
        // A group without elements is never entered. Nothing overflows over nothing.
        let nothing = gatherer.finish(0).unwrap_or(0);
        gatherer.state = gatherer.empty();
        gatherer.words = vec![nothing; frame.width];
        gatherer
    }

    fn empty(&self) -> State {
        match (&self.comprehension.gather, self.element_type()) {
            (Gather::List | Gather::Set | Gather::Map | Gather::Top(_), _) => {
                State::Words(Vec::new())
            }
            (Gather::Min | Gather::Max, _) => State::Extreme(None),
            (Gather::Sum | Gather::Avg, Type::Float) => State::Floats {
                total: ExactSum::default(),
                count: 0,
            },
            (Gather::Sum | Gather::Avg | Gather::Count, _) => {
                State::Integers { total: 0, count: 0 }
            }
        }
    }

    fn element_type(&self) -> &'a Type {
        let element = self.comprehension.element.as_ref();
        element.map_or(&Type::Nat, |element| &element.ty)
    }

    /// The next elements belong to this lane.
    fn enter(&mut self, lane: usize) {
        if self.lane != Some(lane) {
            self.close();
            self.lane = Some(lane);
        }
    }

    fn add(&mut self, word: u64) {
        let ty = self.element_type();
        match &mut self.state {
            State::Words(words) => words.push(word),
            State::Integers { total, count } => {
                *total += word as i64 as i128;
                *count += 1;
            }
            State::Floats { total, count } => {
                total.add(f64::from_bits(word));
                *count += 1;
            }
            State::Extreme(best) => {
                let order = best.map(|best| compare(word, best, ty, self.interner));
                let better = match self.comprehension.gather {
                    Gather::Min => order.is_none_or(|o| o.is_lt()),
                    _ => order.is_none_or(|o| o.is_gt()),
                };
                if better {
                    *best = Some(word);
                }
            }
        }
    }

    fn fail(&mut self, error: &Arc<EvalError>) {
        self.failed.get_or_insert_with(|| error.clone());
    }

    /// Ends the open group.
    fn close(&mut self) {
        let Some(lane) = self.lane.take() else {
            return;
        };
        let result = match self.failed.take() {
            Some(error) => Err(error),
            None => self.finish(lane).map_err(Arc::new),
        };
        match result {
            Ok(word) => self.words[lane] = word,
            Err(error) => self.failures.push_shared(lane, error),
        }
        self.state = self.empty();
    }

    fn finish(&mut self, lane: usize) -> Result<u64, EvalError> {
        let ty = self.element_type();
        let interner = self.interner;
        let state = std::mem::replace(&mut self.state, State::Extreme(None));
        Ok(match (state, &self.comprehension.gather) {
            (State::Words(mut words), gather) => {
                match gather {
                    Gather::Set | Gather::Map => {
                        words.sort_unstable_by(|&a, &b| compare(a, b, ty, interner));
                        words.dedup();
                        if matches!(gather, Gather::Map) {
                            self.check_keys(&words)?;
                        }
                    }
                    Gather::Top(_) => {
                        let limit = self.limits.as_ref().map_or(0, |limits| limits[lane]);
                        words.sort_unstable_by(|&a, &b| compare(b, a, ty, interner));
                        // A limit below zero is none at all.
                        words.truncate(usize::try_from(limit as i64).unwrap_or(0));
                    }
                    _ => {}
                }
                self.list(&words)
            }
            (State::Extreme(best), _) => self.option(best, ty),
            (State::Integers { count, .. }, Gather::Count) => count,
            (State::Integers { total, .. }, Gather::Sum) => {
                integer_sum(total, ty, self.comprehension.span)?
            }
            (State::Integers { total, count }, _) => {
                let places = if let Type::Decimal(places) = ty {
                    *places
                } else {
                    0
                };
                let mean = (count > 0).then(|| round_quotient(total, count, places).to_bits());
                self.option(mean, &Type::Float)
            }
            (State::Floats { total, .. }, Gather::Sum) => total.round().to_bits(),
            (State::Floats { total, count }, _) => {
                let mean = (count > 0).then(|| total.divide(count).to_bits());
                self.option(mean, &Type::Float)
            }
        })
    }

    /// That no two of these pairs, ascending and without duplicates, have the same key. Of several
    /// keys the least is reported, with its least and its greatest value.
    fn check_keys(&self, pairs: &[u64]) -> Result<(), EvalError> {
        let Type::Tuple(parts) = self.element_type() else {
            unreachable!("the type was checked when the comprehension was compiled");
        };
        let (types, interner) = (self.types, self.interner);
        let split = |&pair: &u64| {
            let mut bytes = interner.get(pair);
            (take_part(&parts[0], types, &mut bytes), bytes)
        };
        let mut same_key = pairs.chunk_by(|a, b| split(a).0 == split(b).0);
        let Some(values) = same_key.find(|pairs| pairs.len() > 1) else {
            return Ok(());
        };
        let value = |mut bytes: &[u8]| take_word(&parts[1], types, &mut bytes, interner);
        let (mut key, least) = split(&values[0]);
        let (_, greatest) = split(&values[values.len() - 1]);
        let error = conflict(
            value(least),
            value(greatest),
            &parts[1],
            types,
            interner,
            self.comprehension.span,
        );
        let key = take_word(&parts[0], types, &mut key, interner);
        Err(at_key(error, key, &parts[0], types, interner))
    }

    fn list(&self, words: &[u64]) -> u64 {
        let (mut bytes, mut element) = (Vec::new(), Vec::new());
        for &word in words {
            element.clear();
            write_word(self.element_type(), word, self.interner, &mut element);
            write_element(&element, &mut bytes);
        }
        write_end(&mut bytes);
        self.interner.intern(&bytes)
    }

    fn option(&self, word: Option<u64>, ty: &Type) -> u64 {
        let mut bytes = vec![word.is_some() as u8];
        if let Some(word) = word {
            write_word(ty, word, self.interner, &mut bytes);
        }
        self.interner.intern(&bytes)
    }
}
