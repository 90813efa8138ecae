//! The operators inside a loop, as the executor sees them.

use std::time::Duration;

use sheaf_ir::Span;
use sheaf_kernels::Rows;

use super::variable::Variable;
use crate::container::{
    GrowingIndex, Index, Join as LatticeJoin, KeyTable, Payload, RowSet, StaticIndex,
};
use crate::operators::block::BlockRunner;
use crate::operators::matching::{Emitter, Side, rows_of};
use crate::operators::optional::Optional;
use crate::operators::semijoin::split;

/// One operator and whom it feeds.
pub(super) struct Stage {
    /// Name of the node.
    pub name: String,
    /// Where it was written.
    pub span: Span,
    /// Comes after all stages of its kind that it depends on, if it is invariant.
    pub rank: usize,
    /// Columns of its output.
    pub arity: usize,
    pub kind: Kind,
    pub consumers: Vec<Consumer>,
    /// Whether it depends on nothing that the loop derives.
    pub invariant: bool,
    /// Whether it may see values of a lattice that a later improvement supersedes: its failures
    /// count only if they happen again over the settled values.
    pub provisional: bool,
    /// Whether a provisional failure was seen.
    pub failed: bool,
    /// What it did.
    pub count: Count,
}

/// What a stage did on this worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub rows_in: u64,
    pub rows_out: u64,
    /// Greatest number of bytes held.
    pub memory: u64,
    pub active: Duration,
}

/// Where a stage's output goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consumer {
    pub stage: usize,
    pub port: usize,
    /// The number of the loop edge, if rows may leave the worker here.
    pub exit: Option<usize>,
}

pub(super) enum Kind {
    /// The variable's number.
    Variable(usize),
    /// A map, or a flat-map, which is given few rows at once.
    Block {
        runner: Box<BlockRunner>,
        flat: bool,
    },
    Join(Box<Join>),
    Semijoin(Box<Semijoin>),
    Antijoin(Antijoin),
    Union,
    Distinct(RowSet),
}

/// A join, or an outer join whose right side is complete before the loop starts.
pub(super) struct Join {
    pub sides: [Side; 2],
    pub states: [SideState; 2],
    /// By the side that probes.
    pub emitters: [Emitter; 2],
    /// What makes of matched pairs what the join gives; `None` if the emitters do all.
    pub block: Option<BlockRunner>,
    /// For an outer join: what becomes of right columns.
    pub optional: Option<Optional>,
    /// The side whose rows are gone through again to find the failures that stand.
    pub audited: usize,
}

/// What is kept of one side of a join.
pub(super) struct SideState {
    pub kept: Kept,
    /// Whether the side's rows depend on nothing that the loop derives.
    pub invariant: bool,
    /// The entry ports that its rows come from, if it is invariant.
    pub ports: Vec<usize>,
    /// Whether its rows must be kept even where no other side's row looks for them.
    pub audited_exit: bool,
    /// Columns that identify a lattice's row, if an improvement can replace it in place.
    pub identity: Option<Identity>,
}

pub(super) enum Kept {
    /// Rows only stream by.
    Nothing,
    /// Rows that came before the loop starts; not indexed yet.
    Collected(Payload),
    /// The index that the other side probes.
    Index(Index),
}

/// Finds a lattice's row in a growing index.
pub(super) struct Identity {
    columns: Vec<usize>,
    /// If the rows are those of the lattice itself: the join of its values, which are last.
    join: Option<LatticeJoin>,
    numbers: KeyTable,
    scratch: Vec<u64>,
}

impl SideState {
    /// Adds rows to whatever is kept of them.
    pub fn insert(&mut self, rows: &Rows) {
        let (words, arity, len) = (rows.words(), rows.arity(), rows.len());
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Collected(payload) => {
                let all: Vec<usize> = (0..arity).collect();
                payload.extend(words, arity, len, &all);
            }
            Kept::Index(Index::Growing(index)) => match &mut self.identity {
                None => index.insert_batch(words, arity, len),
                Some(identity) => identity.insert(index, rows),
            },
            Kept::Index(Index::Static(_)) => {
                debug_assert!(false, "a complete side got rows");
            }
        }
    }

    /// Turns what was collected into an index, static if no more rows can come.
    pub fn start(&mut self, side: &Side, complete: bool) {
        if let Kept::Collected(payload) = &self.kept {
            self.kept = Kept::Index(match complete {
                true => Index::from(StaticIndex::new(payload, &side.key)),
                false => Index::from(GrowingIndex::of(payload, &side.key)),
            });
        }
    }

    /// Chooses whether rows that the loop derives are kept: not if the other side is complete.
    fn follow(&mut self, side: &Side, other: &SideState) {
        if self.invariant {
            return;
        }
        let needed = !matches!(other.kept, Kept::Index(Index::Static(_)));
        if needed || self.audited_exit {
            self.kept = Kept::Index(Index::from(GrowingIndex::new(side.arity, &side.key)));
        }
    }

    pub fn index(&self) -> Option<&Index> {
        match &self.kept {
            Kept::Index(index) => Some(index),
            _ => None,
        }
    }

    fn clear(&mut self) {
        if self.invariant {
            return;
        }
        if let Kept::Index(Index::Growing(index)) = &mut self.kept {
            index.clear();
        }
        if let Some(identity) = &mut self.identity {
            identity.numbers.clear();
        }
    }

    fn memory(&self) -> usize {
        let kept = match &self.kept {
            Kept::Nothing => 0,
            Kept::Collected(payload) => payload.memory(),
            Kept::Index(index) => index.memory(),
        };
        kept + self.identity.as_ref().map_or(0, |i| i.numbers.memory())
    }
}

impl Identity {
    pub fn new(columns: Vec<usize>, join: Option<LatticeJoin>) -> Identity {
        Identity {
            join,
            numbers: KeyTable::new(columns.len()),
            columns,
            scratch: Vec::new(),
        }
    }

    /// Adds rows, or replaces those with the same identity.
    fn insert(&mut self, index: &mut GrowingIndex, rows: &Rows) {
        for row in rows.iter() {
            self.scratch.clear();
            self.scratch.extend(self.columns.iter().map(|&c| row[c]));
            let mut number = 0;
            self.numbers.insert_batch(&self.scratch, |n| number = n);
            let number = number as usize;
            if number == index.len() {
                index.insert_batch(row, rows.arity(), 1);
                continue;
            }
            if let Some(join) = &self.join {
                let value = row.len() - 1;
                let known = index.word(number, value);
                if let Some(joined) = known.and_then(|known| join.join(known, row[value])) {
                    index.replace(number, value, joined);
                }
                continue;
            }
            for column in (0..row.len()).filter(|c| !self.columns.contains(c)) {
                index.replace(number, column, row[column]);
            }
        }
    }
}

/// Rows of the left side pass when their key is known on the right side, in whatever order the two
/// come.
pub(super) struct Semijoin {
    pub sides: [Side; 2],
    /// Left rows by key.
    pub left: SideState,
    /// Keys of the right side.
    pub right: RowSet,
    pub right_invariant: bool,
    pub right_ports: Vec<usize>,
    /// Emits left rows that a right key finds.
    pub emitter: Emitter,
}

/// Rows of the left side pass when their key is unknown on the right side, which is complete before
/// the loop starts.
pub(super) struct Antijoin {
    pub sides: [Side; 2],
    pub right: RowSet,
}

impl Antijoin {
    /// The left rows that pass.
    pub fn pass(&self, rows: &Rows, room: &mut Vec<Vec<u64>>) -> Rows {
        let words = room.pop().unwrap_or_default();
        let mut passed = rows_of(rows.arity(), 0, words);
        split(rows, &self.sides[0].key, &self.right, |known, row| {
            if !known {
                passed.push(row);
            }
        });
        passed
    }
}

impl Stage {
    /// All that came so far from the invariant part is there; `closed` tells, by entry port, from
    /// where nothing more will come.
    pub fn start(&mut self, closed: &[bool]) {
        match &mut self.kind {
            Kind::Join(join) if !self.invariant => {
                for (side, state) in join.sides.iter().zip(&mut join.states) {
                    let complete = state.ports.iter().all(|&port| closed[port]);
                    state.start(side, complete);
                }
                let [left, right] = &mut join.states;
                left.follow(&join.sides[0], right);
                right.follow(&join.sides[1], left);
            }
            Kind::Semijoin(semijoin) if !self.invariant => {
                let complete = semijoin.right_ports.iter().all(|&port| closed[port]);
                let needed = !(semijoin.right_invariant && complete);
                if needed && !semijoin.left.invariant {
                    let index = GrowingIndex::new(semijoin.sides[0].arity, &semijoin.sides[0].key);
                    semijoin.left.kept = Kept::Index(Index::from(index));
                }
            }
            _ => {}
        }
    }

    /// Forgets what belongs to one chunk.
    pub fn clear(&mut self) {
        self.failed = false;
        match &mut self.kind {
            Kind::Join(join) => join.states.iter_mut().for_each(SideState::clear),
            Kind::Semijoin(semijoin) => {
                semijoin.left.clear();
                if !semijoin.right_invariant {
                    semijoin.right.clear();
                }
            }
            Kind::Distinct(seen) if !self.invariant => seen.clear(),
            _ => {}
        }
    }

    /// Bytes held, apart from variables.
    pub fn memory(&self) -> usize {
        match &self.kind {
            Kind::Join(join) => join.states.iter().map(SideState::memory).sum(),
            Kind::Semijoin(semijoin) => semijoin.left.memory() + semijoin.right.memory(),
            Kind::Antijoin(antijoin) => antijoin.right.memory(),
            Kind::Distinct(seen) => seen.memory(),
            Kind::Variable(_) | Kind::Block { .. } | Kind::Union => 0,
        }
    }
}

/// Everything that a fixpoint is compiled into.
pub(super) struct Region {
    pub stages: Vec<Stage>,
    pub variables: Vec<Variable>,
    /// The stage of each variable.
    pub variable_stages: Vec<usize>,
    /// Whether anyone outside reads the variable.
    pub wanted: Vec<bool>,
    /// By entry port: the stage and its port.
    pub entries: Vec<(usize, usize)>,
    /// Entry ports that must be closed before anything is derived.
    pub awaited: Vec<usize>,
    /// For a colocated fixpoint: by variable, the columns it is partitioned by.
    pub partition: Option<Vec<Vec<usize>>>,
    /// By loop edge: the stage it comes from, the stage and the port it leads to.
    pub loop_edges: Vec<(usize, usize, usize)>,
    pub limit: u64,
}
