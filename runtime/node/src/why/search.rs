//! Finds a proof of a row: goals are expanded breadth first, and what is proved is carried back as
//! soon as its premises are, until the row itself is.
//!
//! Invariants:
//! - A proof is well-founded: every step has a height, and rests on steps of lower ones only.
//! - The same proof comes out whatever the order of rows and the number of workers: goals of one
//!   distance are expanded together, ways and facts are numbered in canonical order.
//! - What is looked at is bounded by [`MAX_FACTS`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::base::{Base, Premise};
use super::expand::{Derivation, Expansion, Fact};
use super::replay::{Replay, fixpoint_of};

/// Facts, and ways to facts, after which a search gives up.
const MAX_FACTS: usize = 1_000_000;
/// Ways to one fact that are tried at first; more if they are not enough.
const WAYS: usize = 1000;
/// How many times more.
const MORE: usize = 64;
/// Ways to one fact that are tried when there was too much to look at.
const FEWER: [usize; 2] = [32, 4];

/// How a search ended.
pub enum Outcome {
    /// Steps, the row that was asked for first; each by the fact it proves.
    Proved(Vec<Step>),
    /// Every way leads back to itself, as far as values that stand at the end tell.
    Circular,
    /// There was too much to look at.
    TooMuch,
}

/// A step of a proof.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it proves.
    pub fact: Fact,
    /// How; `None` if it was read.
    pub derivation: Option<Derivation>,
    /// For each premise of the derivation that is a fact, the number of its step.
    pub premises: Vec<Option<usize>>,
}

impl Step {
    /// The facts among its premises.
    pub fn facts(&self) -> Vec<Fact> {
        let derivation = self.derivation.iter();
        let premises = derivation.flat_map(|derivation| &derivation.premises);
        premises.filter_map(Premise::fact).collect()
    }
}

#[derive(Default)]
struct Search {
    facts: Vec<Fact>,
    numbers: HashMap<Fact, usize>,
    ways: Vec<Vec<Way>>,
    /// Facts that were proved by running their recursion again, with their steps.
    replayed: HashMap<usize, Vec<Step>>,
    heights: Vec<Option<u32>>,
    /// By fact: ways that wait for it.
    waiting: Vec<Vec<(usize, usize)>>,
    ready: BinaryHeap<Reverse<(u32, usize)>>,
    /// Number of ways to all facts.
    tried: usize,
    /// Whether some facts have further ways.
    cut: bool,
}

struct Way {
    derivation: Derivation,
    /// Numbers of the facts among its premises, in their order.
    facts: Vec<usize>,
    /// How many of them are not proved, with repetitions.
    missing: usize,
}

/// Proves a row.
pub fn prove(base: &Base, goal: Fact) -> Outcome {
    let mut limit = WAYS;
    let mut fewer = FEWER.iter();
    let mut is_narrow = false;
    loop {
        let mut search = Search::default();
        match search.run(base, goal.clone(), limit) {
            Some(true) => return Outcome::Proved(search.proof()),
            // Where everything is connected with everything, some ways to each row will do.
            None => match fewer.next() {
                Some(next) => (limit, is_narrow) = (*next, true),
                None => return Outcome::TooMuch,
            },
            Some(false) if search.cut && is_narrow => return Outcome::TooMuch,
            Some(false) if search.cut => limit *= MORE,
            Some(false) if search.resort(base) => return Outcome::Proved(search.proof()),
            Some(false) => return Outcome::Circular,
        }
    }
}

impl Search {
    /// Whether the goal is proved; `None` if there is too much to look at.
    fn run(&mut self, base: &Base, goal: Fact, limit: usize) -> Option<bool> {
        self.number(goal);
        let mut expanded = 0;
        while self.heights[0].is_none() {
            let end = self.facts.len();
            if expanded == end {
                return Some(false);
            }
            for number in expanded..end {
                self.expand(base, number, limit);
                if self.facts.len().max(self.tried) > MAX_FACTS {
                    return None;
                }
            }
            expanded = end;
            self.carry();
        }
        Some(true)
    }

    /// The number of a fact, a new one if it is new.
    fn number(&mut self, fact: Fact) -> usize {
        if let Some(&number) = self.numbers.get(&fact) {
            return number;
        }
        let number = self.facts.len();
        self.numbers.insert(fact.clone(), number);
        self.facts.push(fact);
        self.ways.push(Vec::new());
        self.heights.push(None);
        self.waiting.push(Vec::new());
        number
    }

    fn expand(&mut self, base: &Base, number: usize, limit: usize) {
        let (ways, cut) = match base.expand(&self.facts[number], limit) {
            Expansion::Leaf => {
                self.ready.push(Reverse((0, number)));
                return;
            }
            Expansion::Ways { ways, cut } => (ways, cut),
        };
        self.cut |= cut;
        self.tried += ways.len();
        for derivation in ways {
            let premises = derivation.premises.iter();
            let facts: Vec<Fact> = premises.filter_map(Premise::fact).collect();
            let facts: Vec<usize> = facts.into_iter().map(|fact| self.number(fact)).collect();
            let way = (number, self.ways[number].len());
            let mut missing = 0;
            for &fact in &facts {
                if self.heights[fact].is_none() {
                    self.waiting[fact].push(way);
                    missing += 1;
                }
            }
            self.ways[number].push(Way {
                derivation,
                facts,
                missing,
            });
            if missing == 0 {
                self.is_ready(way);
            }
        }
    }

    /// All premises of a way are proved.
    fn is_ready(&mut self, (fact, way): (usize, usize)) {
        let height = self.height(&self.ways[fact][way]);
        self.ready.push(Reverse((height, fact)));
    }

    /// The height of what a way proves, as far as its premises are proved.
    fn height(&self, way: &Way) -> u32 {
        let highest = way.facts.iter().filter_map(|fact| self.heights[*fact]);
        1 + highest.max().unwrap_or(0)
    }

    /// Carries what is proved to what waits for it, lower steps first.
    fn carry(&mut self) {
        while let Some(Reverse((height, fact))) = self.ready.pop() {
            if self.heights[fact].is_some() {
                continue;
            }
            self.heights[fact] = Some(height);
            for (waiting, way) in std::mem::take(&mut self.waiting[fact]) {
                self.ways[waiting][way].missing -= 1;
                if self.ways[waiting][way].missing == 0 {
                    self.is_ready((waiting, way));
                }
            }
        }
    }

    /// The best proved way to a fact: the lowest, then the one with the fewest premises, then the
    /// first.
    fn best(&self, fact: usize) -> Option<usize> {
        let proved = self.heights[fact]?;
        (0..self.ways[fact].len())
            .filter_map(|number| {
                let way = &self.ways[fact][number];
                let height = self.height(way);
                (way.missing == 0 && height <= proved).then_some((height, way.facts.len(), number))
            })
            .min()
            .map(|(_, _, number)| number)
    }

    /// Proves what settled values of recursions cannot prove by running these again; whether the goal
    /// is proved then.
    fn resort(&mut self, base: &Base) -> bool {
        let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let open = (0..self.facts.len()).filter(|fact| self.heights[*fact].is_none());
        for fact in open {
            if let Some(fixpoint) = fixpoint_of(base, self.facts[fact].node) {
                wanted.entry(fixpoint).or_default().push(fact);
            }
        }
        for (fixpoint, facts) in wanted {
            let goals = facts.iter().map(|fact| self.facts[*fact].clone());
            let Some(replay) = Replay::new(base, fixpoint, goals.collect()) else {
                continue;
            };
            // The first is the nearest to the goal, and all others may follow from it.
            for fact in facts {
                if self.heights[fact].is_none()
                    && let Some(steps) = replay.proof(&self.facts[fact])
                {
                    self.replayed.insert(fact, steps);
                    self.ready.push(Reverse((1, fact)));
                    self.carry();
                }
                if self.heights[0].is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// The steps that prove fact 0, depth first.
    fn proof(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut placed: HashMap<usize, usize> = HashMap::new();
        let mut pending = vec![0];
        // By step: the facts it rests on, if their numbers are still to be filled in.
        let mut chosen: Vec<Vec<usize>> = Vec::new();
        while let Some(fact) = pending.pop() {
            if placed.contains_key(&fact) {
                continue;
            }
            let offset = steps.len();
            placed.insert(fact, offset);
            if let Some(replayed) = self.replayed.get(&fact) {
                steps.extend(replayed.iter().cloned().map(|mut step| {
                    let premises = step.premises.iter_mut().flatten();
                    premises.for_each(|premise| *premise += offset);
                    step
                }));
                chosen.resize(steps.len(), Vec::new());
                continue;
            }
            let way = self.best(fact).map(|way| &self.ways[fact][way]);
            let facts = way.map_or(Vec::new(), |way| way.facts.clone());
            pending.extend(facts.iter().rev());
            steps.push(Step {
                fact: self.facts[fact].clone(),
                derivation: way.map(|way| way.derivation.clone()),
                premises: Vec::new(),
            });
            chosen.push(facts);
        }
        for (step, facts) in steps.iter_mut().zip(chosen) {
            if !step.premises.is_empty() {
                continue;
            }
            let mut facts = facts.into_iter();
            let derivation = step.derivation.iter();
            step.premises = derivation
                .flat_map(|derivation| &derivation.premises)
                .map(|premise| match premise {
                    Premise::Fact(..) => facts.next().map(|fact| placed[&fact]),
                    _ => None,
                })
                .collect();
        }
        steps
    }
}
