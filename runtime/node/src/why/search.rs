//! Finds a proof of a row: goals are expanded breadth first, and what is proved is carried back as
//! soon as its premises are, until the row itself is.
//!
//! Invariants:
//! - A proof is well-founded: every step has a height, and rests on steps of lower ones only.
//! - The same proof comes out whatever the order of rows and the number of workers: goals of one
//!   distance are expanded together, ways and facts are numbered in canonical order.
//! - What is looked at is bounded by [`MAX_FACTS`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::base::{Base, Premise};
use super::expand::{Derivation, Expansion, Fact};

/// Facts after which the search gives up.
const MAX_FACTS: usize = 2_000_000;
/// Ways to one fact that are tried at first; more if they are not enough.
const WAYS: usize = 1000;
/// How many more.
const MORE: usize = 64;

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

#[derive(Default)]
struct Search {
    facts: Vec<Fact>,
    numbers: HashMap<Fact, usize>,
    ways: Vec<Vec<Way>>,
    leaves: Vec<bool>,
    heights: Vec<Option<u32>>,
    /// By fact: ways that wait for it.
    waiting: Vec<Vec<(usize, usize)>>,
    ready: BinaryHeap<Reverse<(u32, usize)>>,
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
    loop {
        let mut search = Search::default();
        match search.run(base, goal.clone(), limit) {
            Some(true) => return Outcome::Proved(search.proof(base)),
            Some(false) if search.cut => limit *= MORE,
            Some(false) => return Outcome::Circular,
            None => return Outcome::TooMuch,
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
            if end > MAX_FACTS {
                return None;
            }
            for number in expanded..end {
                self.expand(base, number, limit);
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
        self.leaves.push(false);
        self.heights.push(None);
        self.waiting.push(Vec::new());
        number
    }

    fn expand(&mut self, base: &Base, number: usize, limit: usize) {
        let (ways, cut) = match base.expand(&self.facts[number], limit) {
            Expansion::Leaf => {
                self.leaves[number] = true;
                self.ready.push(Reverse((0, number)));
                return;
            }
            Expansion::Ways { ways, cut } => (ways, cut),
        };
        self.cut |= cut;
        for derivation in ways {
            let premises = derivation.premises.iter();
            let facts: Vec<Fact> = premises
                .filter_map(|premise| match premise {
                    Premise::Fact(node, row) => Some(Fact {
                        node: *node,
                        row: row.clone(),
                    }),
                    _ => None,
                })
                .collect();
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

    /// The steps that prove fact 0, depth first.
    fn proof(&mut self, _: &Base) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut placed: HashMap<usize, usize> = HashMap::new();
        let mut pending = vec![0];
        let mut chosen: Vec<Vec<usize>> = Vec::new();
        while let Some(fact) = pending.pop() {
            if placed.contains_key(&fact) {
                continue;
            }
            placed.insert(fact, steps.len());
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
