//! Proves a value of a recursion over lattices that rests on values which were replaced since: the
//! recursion is run again, round by round, for the keys that the value rests on.
//!
//! Invariants:
//! - A value of one round rests on values of earlier rounds only.
//! - What is run again reaches the same values: steps of a recursion are monotone, so a contribution
//!   on the way is made of the same keys as one that stands at the end.
//! - All keys of a round are computed before what they change is seen, so that no order shows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use sheaf_ir::{Combiner, NodeId, Operator};
use sheaf_kernels::Rows;
use sheaf_kernels::combine::accumulator;

use super::base::{Base, Found, Mode, Premise};
use super::expand::{Combined, Derivation, Fact, bind, decides_alone};
use super::search::{Outcome, Step, prove};
use super::table::Table;

/// Keys that are run again at most.
const MAX_KEYS: usize = 200_000;

/// A key of a variable; of a set, the whole row.
type Key = (NodeId, Arc<[u64]>);

/// A row and what makes it.
type Made = (Arc<[u64]>, Derivation);

/// A recursion that was run again for some keys.
pub struct Replay<'b> {
    base: &'b Base,
    /// The fixpoint.
    fixpoint: &'b str,
    keys: BTreeMap<Key, State>,
    /// What was derived: every value that a key had.
    steps: Vec<Step>,
    numbers: HashMap<Fact, usize>,
}

/// What is known of a key.
#[derive(Default)]
struct State {
    /// Keys whose rules read this one.
    readers: BTreeSet<Key>,
    /// Its row as of now.
    row: Option<Arc<[u64]>>,
}

/// The fixpoint that a row is derived in, if it is a row of a recursion over lattices.
pub fn fixpoint_of(base: &Base, id: NodeId) -> Option<&str> {
    let program = &base.program;
    let node = &program.graph[id];
    let home = node.fixpoint.as_deref()?;
    let is_lattice = |id: NodeId| {
        let node = &program.graph[id];
        let combined = matches!(node.operator, Operator::Variable { combiner: Some(_) });
        combined && node.fixpoint.as_deref() == Some(home)
    };
    let is_variable = matches!(node.operator, Operator::Variable { .. });
    (is_variable && program.graph.node_indices().any(is_lattice)).then_some(home)
}

impl<'b> Replay<'b> {
    /// Runs a recursion again for what these rows rest on; `None` if that is too much, or a value
    /// cannot be computed again.
    pub fn new(base: &'b Base, fixpoint: &'b str, goals: Vec<Fact>) -> Option<Replay<'b>> {
        let mut replay = Replay {
            base,
            fixpoint,
            keys: BTreeMap::new(),
            steps: Vec::new(),
            numbers: HashMap::new(),
        };
        if !replay.collect(goals) {
            return None;
        }
        let nodes: BTreeSet<NodeId> = replay.keys.keys().map(|(node, _)| *node).collect();
        let settled: Vec<_> = nodes
            .iter()
            .filter_map(|&id| {
                let empty = Rows::new(base.columns(id).len());
                Some((id, base.replace(id, Rc::new(Table::new(empty)))?))
            })
            .collect();
        let ended = replay.run();
        for (id, table) in settled {
            base.replace(id, table);
        }
        ended.then_some(replay)
    }

    /// Whether a node is a relation of the recursion.
    fn is_own(&self, id: NodeId) -> bool {
        let node = &self.base.program.graph[id];
        matches!(node.operator, Operator::Variable { .. })
            && node.fixpoint.as_deref() == Some(self.fixpoint)
    }

    fn combiner(&self, id: NodeId) -> Option<&Combiner> {
        match &self.base.program.graph[id].operator {
            Operator::Variable { combiner } => combiner.as_ref(),
            _ => None,
        }
    }

    fn key(&self, id: NodeId, row: &[u64]) -> Key {
        let width = row.len() - usize::from(self.combiner(id).is_some() && !row.is_empty());
        (id, row[..width].into())
    }

    /// Every contribution to a key, as tables stand now.
    fn contributions(&self, (id, key): &Key) -> Vec<(NodeId, Found)> {
        let mut bound = bind(key);
        bound.resize(self.base.columns(*id).len(), None);
        let mut found = Vec::new();
        for rule in self.base.sources(*id, 0) {
            let _ = self.base.rows(rule, &bound, Mode::Ways, &mut |batch| {
                found.extend(batch.into_iter().map(|f| (rule, f)));
                ControlFlow::Continue(())
            });
        }
        found
    }

    /// Finds the keys that rows rest on, through settled values; false if there are too many.
    fn collect(&mut self, goals: Vec<Fact>) -> bool {
        let mut pending: Vec<Key> = Vec::new();
        for goal in goals {
            let key = self.key(goal.node, &goal.row);
            if !self.keys.contains_key(&key) {
                self.keys.insert(key.clone(), State::default());
                pending.push(key);
            }
        }
        while let Some(reader) = pending.pop() {
            for (_, found) in self.contributions(&reader) {
                for premise in found.premises {
                    let Premise::Fact(node, row) = premise else {
                        continue;
                    };
                    if !self.is_own(node) {
                        continue;
                    }
                    let key = self.key(node, &row);
                    let state = self.keys.entry(key.clone()).or_insert_with(|| {
                        pending.push(key);
                        State::default()
                    });
                    state.readers.insert(reader.clone());
                }
            }
            if self.keys.len() > MAX_KEYS {
                return false;
            }
        }
        true
    }

    /// Runs until nothing changes; false if a value cannot be computed.
    fn run(&mut self) -> bool {
        let mut changed: BTreeSet<Key> = self.keys.keys().cloned().collect();
        while !changed.is_empty() {
            let mut news: Vec<(Key, Arc<[u64]>, Derivation)> = Vec::new();
            for key in &changed {
                match self.value(key) {
                    Ok(Some((row, derivation))) => {
                        if self.keys[key].row.as_ref() != Some(&row) {
                            news.push((key.clone(), row, derivation));
                        }
                    }
                    Ok(None) => {}
                    Err(()) => return false,
                }
            }
            changed.clear();
            let mut nodes = BTreeSet::new();
            for (key, row, derivation) in news {
                self.step(key.0, &row, derivation);
                nodes.insert(key.0);
                if let Some(state) = self.keys.get_mut(&key) {
                    state.row = Some(row);
                    changed.extend(state.readers.iter().cloned());
                }
            }
            for id in nodes {
                let mut rows = Rows::new(self.base.columns(id).len());
                let known = self.keys.iter().filter(|((node, _), _)| *node == id);
                for row in known.filter_map(|(_, state)| state.row.as_ref()) {
                    rows.push(row);
                }
                self.base.replace(id, Rc::new(Table::new(rows)));
            }
        }
        true
    }

    /// The value of a key as tables stand now, and what makes it.
    fn value(&self, key: &Key) -> Result<Option<Made>, ()> {
        let mut found = self.contributions(key);
        found.sort_by(|a, b| self.order(a, b));
        let Some((rule, first)) = found.first() else {
            return Ok(None);
        };
        let Some(combiner) = self.combiner(key.0) else {
            let derivation = Derivation {
                rule: *rule,
                premises: first.premises.clone(),
                combined: None,
            };
            return Ok(Some((first.row.clone(), derivation)));
        };
        let last = key.1.len();
        let ty = &self.base.columns(*rule)[last].1;
        if *ty != self.base.columns(key.0)[last].1 {
            return Err(());
        }
        let span = self.base.program.graph[key.0].span;
        let combine = |words: &[u64]| -> Result<u64, ()> {
            let states = accumulator(combiner, ty, self.base.environment(), span);
            let mut states = states.map_err(|_| ())?;
            let slot = states.new_key();
            words.iter().for_each(|word| states.add(slot, *word));
            states.finish(slot).map_err(|_| ())
        };
        // Contributions that change nothing are not needed.
        let mut words: Vec<u64> = Vec::new();
        let mut kept: Vec<&(NodeId, Found)> = Vec::new();
        let mut value = None;
        for one in &found {
            words.push(one.1.row[last]);
            let joined = combine(&words)?;
            if value == Some(joined) {
                words.pop();
                continue;
            }
            if decides_alone(combiner) {
                words.clear();
                words.push(joined);
                kept.clear();
            }
            value = Some(joined);
            kept.push(one);
        }
        let Some(value) = value else {
            return Ok(None);
        };
        let combined = (!decides_alone(combiner)).then(|| Combined {
            total: found.len() as u64,
            shown: kept
                .iter()
                .map(|(rule, f)| (*rule, f.row.clone(), f.premises.len()))
                .collect(),
        });
        let derivation = Derivation {
            rule: kept[0].0,
            premises: kept.iter().flat_map(|(_, f)| f.premises.clone()).collect(),
            combined,
        };
        let row = key.1.iter().copied().chain([value]).collect();
        Ok(Some((row, derivation)))
    }

    fn order(&self, a: &(NodeId, Found), b: &(NodeId, Found)) -> Ordering {
        let ranks = self.base.rank(a.0).cmp(&self.base.rank(b.0));
        ranks.then_with(|| self.base.compare_premises(&a.1.premises, &b.1.premises))
    }

    /// Takes note of a value.
    fn step(&mut self, node: NodeId, row: &Arc<[u64]>, derivation: Derivation) {
        let fact = Fact {
            node,
            row: row.clone(),
        };
        self.numbers.entry(fact.clone()).or_insert(self.steps.len());
        self.steps.push(Step {
            fact,
            derivation: Some(derivation),
            premises: Vec::new(),
        });
    }

    /// The steps that prove a row, if it came again. What is no row of the recursion is proved by
    /// itself.
    pub fn proof(&self, goal: &Fact) -> Option<Vec<Step>> {
        let mut steps: Vec<Step> = Vec::new();
        let mut placed: HashMap<Fact, usize> = HashMap::new();
        let mut pending = vec![goal.clone()];
        while let Some(fact) = pending.pop() {
            if placed.contains_key(&fact) {
                continue;
            }
            let offset = steps.len();
            placed.insert(fact.clone(), offset);
            if !self.is_own(fact.node) {
                let Outcome::Proved(proof) = prove(self.base, fact) else {
                    return None;
                };
                steps.extend(proof.into_iter().map(|mut step| {
                    let premises = step.premises.iter_mut().flatten();
                    premises.for_each(|premise| *premise += offset);
                    step
                }));
                continue;
            }
            let step = self.steps[*self.numbers.get(&fact)?].clone();
            pending.extend(step.facts().into_iter().rev());
            steps.push(step);
        }
        for step in steps.iter_mut().filter(|step| self.is_own(step.fact.node)) {
            let derivation = step.derivation.iter();
            let premises = derivation.flat_map(|derivation| &derivation.premises);
            let number = |premise: &Premise| placed.get(&premise.fact()?).copied();
            step.premises = premises.map(number).collect();
        }
        Some(steps)
    }
}
