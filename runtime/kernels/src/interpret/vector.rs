//! Columns of values for the lanes of a batch, and the lanes that count or failed.
//!
//! Invariants:
//! - A vector has a word for every lane of its frame. Only those of the lanes it was asked for mean
//!   something; the others are any numbers, and symbols among them must not be looked up.
//! - Lanes and failures are ascending, a lane at most once.

use std::sync::Arc;

use sheaf_ir::{Span, Type};

use super::Context;
use crate::EvalError;
use crate::composite::write_word;

/// One word a lane.
pub(crate) type Words = Arc<Vec<u64>>;

/// One value a lane.
#[derive(Clone)]
pub(crate) enum Vector {
    /// The values' words.
    Words(Words),
    /// Tuples whose parts were computed and that nobody needed whole: no symbol yet.
    Tuple(Arc<Vec<Vector>>),
}

impl Vector {
    pub(crate) fn new(words: Vec<u64>) -> Vector {
        Vector::Words(Arc::new(words))
    }

    /// The words on these lanes; `ty` is the type of the values.
    pub(crate) fn words(&self, ty: &Type, lanes: &Lanes, cx: &Context, width: usize) -> Words {
        let (parts, types) = match (self, ty) {
            (Vector::Words(words), _) => return words.clone(),
            (Vector::Tuple(parts), Type::Tuple(types)) => (parts, types),
            _ => unreachable!("only tuples are kept in parts"),
        };
        let parts: Vec<Words> = parts
            .iter()
            .zip(types)
            .map(|(part, ty)| part.words(ty, lanes, cx, width))
            .collect();
        let mut words = vec![0; width];
        let mut bytes = Vec::new();
        lanes.for_each(|lane| {
            bytes.clear();
            for (part, ty) in parts.iter().zip(types) {
                write_word(ty, part[lane], cx.interner, &mut bytes);
            }
            words[lane] = cx.interner.intern(&bytes);
        });
        Arc::new(words)
    }

    /// The values of a wider frame: lane `i` has what lane `parents[i]` had.
    pub(crate) fn gather(&self, parents: &[u32]) -> Vector {
        match self {
            Vector::Words(words) => {
                Vector::new(parents.iter().map(|&p| words[p as usize]).collect())
            }
            Vector::Tuple(parts) => {
                Vector::Tuple(Arc::new(parts.iter().map(|p| p.gather(parents)).collect()))
            }
        }
    }

    /// The opposite of [`Vector::gather`]: lane `parents[i]` of a frame of this width has what lane
    /// `i` had.
    pub(crate) fn scatter(&self, parents: &[u32], width: usize) -> Vector {
        match self {
            Vector::Words(words) => {
                let mut scattered = vec![0; width];
                for (&parent, &word) in parents.iter().zip(&words[..]) {
                    scattered[parent as usize] = word;
                }
                Vector::new(scattered)
            }
            Vector::Tuple(parts) => {
                let parts = parts.iter().map(|part| part.scatter(parents, width));
                Vector::Tuple(Arc::new(parts.collect()))
            }
        }
    }
}

/// Some lanes of a frame.
#[derive(Clone)]
pub(crate) enum Lanes {
    /// The first `n`: all.
    All(usize),
    Some(Arc<Vec<u32>>),
}

impl Lanes {
    pub(crate) fn some(lanes: Vec<u32>) -> Lanes {
        Lanes::Some(Arc::new(lanes))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Lanes::All(n) => *n,
            Lanes::Some(lanes) => lanes.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn for_each(&self, mut f: impl FnMut(usize)) {
        match self {
            Lanes::All(n) => (0..*n).for_each(f),
            Lanes::Some(lanes) => lanes.iter().for_each(|&lane| f(lane as usize)),
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<u32> {
        match self {
            Lanes::All(n) => (0..*n as u32).collect(),
            Lanes::Some(lanes) => lanes.to_vec(),
        }
    }

    /// The lanes of which `keep` holds. It is called once a lane.
    #[inline]
    pub(crate) fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Lanes {
        // Written without a branch on `keep`, which is as good as random.
        let mut kept = vec![0; self.len()];
        let mut count = 0;
        self.for_each(|lane| {
            kept[count] = lane as u32;
            count += keep(lane) as usize;
        });
        if count == self.len() {
            return self.clone();
        }
        kept.truncate(count);
        Lanes::some(kept)
    }

    /// The lanes whose word is not zero (or, if `negated`, is zero), and those that failed.
    pub(crate) fn holding(&self, words: &[u64], negated: bool, failures: &Failures) -> Lanes {
        let holds = |word: u64| (word != 0) != negated;
        if !failures.is_empty() {
            return self.filter(|lane| failures.get(lane).is_some() || holds(words[lane]));
        }
        match self {
            Lanes::All(n) => {
                let words = &words[..*n];
                self.filter(|lane| holds(words[lane]))
            }
            Lanes::Some(_) => self.filter(|lane| holds(words[lane])),
        }
    }

    /// The lanes that did not fail.
    pub(crate) fn without(&self, failures: &Failures) -> Lanes {
        if failures.is_empty() {
            return self.clone();
        }
        let mut failed = failures.list.iter().map(|f| f.0 as usize).peekable();
        self.filter(|lane| {
            while failed.next_if(|&f| f < lane).is_some() {}
            failed.peek() != Some(&lane)
        })
    }
}

/// Lanes without a value, and why.
#[derive(Clone, Default)]
pub(crate) struct Failures {
    list: Vec<(u32, Arc<EvalError>)>,
}

impl Failures {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a lane behind all others.
    pub(crate) fn push(&mut self, lane: usize, error: EvalError) {
        self.push_shared(lane, Arc::new(error));
    }

    pub(crate) fn push_shared(&mut self, lane: usize, error: Arc<EvalError>) {
        let lane = lane as u32;
        debug_assert!(self.list.last().is_none_or(|last| last.0 < lane));
        self.list.push((lane, error));
    }

    /// The lanes.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = usize> {
        self.list.iter().map(|f| f.0 as usize)
    }

    pub(crate) fn get(&self, lane: usize) -> Option<&Arc<EvalError>> {
        let at = self.list.binary_search_by_key(&(lane as u32), |f| f.0);
        at.ok().map(|at| &self.list[at].1)
    }

    /// Adds others; where both have a lane, what was there first stays.
    pub(crate) fn merge(&mut self, others: Failures) {
        if others.is_empty() {
            return;
        }
        self.list.extend(others.list);
        self.list.sort_by_key(|f| f.0);
        self.list.dedup_by_key(|f| f.0);
    }

    /// Only those of some lanes.
    pub(crate) fn on(&self, lanes: &Lanes) -> Failures {
        if self.is_empty() {
            return Failures::default();
        }
        let mut on = Failures::default();
        lanes.for_each(|lane| {
            if let Some(error) = self.get(lane) {
                on.push_shared(lane, error.clone());
            }
        });
        on
    }

    /// The opposite of [`Failures::gather`], for ascending parents.
    pub(crate) fn scatter(&self, parents: &[u32]) -> Failures {
        let failures = self.list.iter();
        let list = failures.map(|(lane, error)| (parents[*lane as usize], error.clone()));
        Failures {
            list: list.collect(),
        }
    }

    /// Those of a wider frame, whose lane `i` stands for lane `parents[i]` of this one.
    pub(crate) fn gather(&self, parents: &[u32]) -> Failures {
        if self.is_empty() {
            return Failures::default();
        }
        let mut gathered = Failures::default();
        for (lane, &parent) in parents.iter().enumerate() {
            if let Some(error) = self.get(parent as usize) {
                gathered.push_shared(lane, error.clone());
            }
        }
        gathered
    }

    /// Keeps only the lanes of which `keep` holds.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        self.list.retain(|f| keep(f.0 as usize));
    }
}

/// Lanes that will be errors unless a condition turns out to be false: for each, the failure that
/// was written first.
#[derive(Clone, Default)]
pub(crate) struct Pending {
    list: Vec<(u32, Span, Arc<EvalError>)>,
}

impl Pending {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds the failures of a part that is written at `span`.
    pub(crate) fn add(&mut self, failures: &Failures, span: Span) {
        if failures.is_empty() {
            return;
        }
        let added = failures.list.iter();
        self.list
            .extend(added.map(|(lane, error)| (*lane, span, error.clone())));
        // Stable: of equal spans the one added first stays.
        self.list.sort_by_key(|f| (f.0, f.1));
        self.list.dedup_by_key(|f| f.0);
    }

    pub(crate) fn get(&self, lane: usize) -> Option<&Arc<EvalError>> {
        let at = self.list.binary_search_by_key(&(lane as u32), |f| f.0);
        at.ok().map(|at| &self.list[at].2)
    }

    pub(crate) fn gather(&self, parents: &[u32]) -> Pending {
        if self.is_empty() {
            return Pending::default();
        }
        let find = |parent: u32| self.list.binary_search_by_key(&parent, |f| f.0).ok();
        let list = (0u32..)
            .zip(parents)
            .filter_map(|(lane, &parent)| {
                let (_, span, error) = &self.list[find(parent)?];
                Some((lane, *span, error.clone()))
            })
            .collect();
        Pending { list }
    }
}
