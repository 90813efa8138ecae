//! What the columns and locals of a batch are while an expression runs over it.
//!
//! A flat-map or a generator of a comprehension makes an inner frame whose lanes each stand for one
//! lane of the outer one; what is read from outside is gathered once and kept.

use std::cell::RefCell;
use std::sync::Arc;

use super::Context;
use super::vector::{Failures, Vector};
use crate::Rows;

/// A value a lane, or why there is none.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) vector: Vector,
    pub(crate) failures: Failures,
}

/// The variables of one batch.
pub(crate) struct Frame<'a> {
    pub(crate) cx: &'a Context<'a>,
    /// Number of lanes.
    pub(crate) width: usize,
    /// How deep it lies in calls of functions.
    pub(crate) depth: Depth,
    source: Source<'a>,
    columns: RefCell<Vec<Option<Slot>>>,
    locals: RefCell<Vec<Option<Slot>>>,
}

/// How deep something lies in calls of functions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Depth {
    /// Calls around it.
    pub(crate) calls: usize,
    /// Levels of expressions around the innermost call, on the stack that it runs on.
    pub(crate) levels: usize,
}

enum Source<'a> {
    /// Nothing: all that a function's body reads are its parameters.
    Nothing,
    /// Rows from `start` on.
    Rows { rows: &'a Rows, start: usize },
    /// For each lane, the lane of the outer frame.
    Outer {
        outer: &'a Frame<'a>,
        parents: Arc<Vec<u32>>,
    },
}

impl<'a> Frame<'a> {
    /// A frame over `width` rows from `start` on.
    pub(crate) fn over_rows(
        cx: &'a Context<'a>,
        rows: &'a Rows,
        start: usize,
        width: usize,
    ) -> Frame<'a> {
        Frame {
            cx,
            width,
            depth: Depth::default(),
            source: Source::Rows { rows, start },
            columns: RefCell::default(),
            locals: RefCell::default(),
        }
    }

    /// A frame whose lane `i` stands for lane `parents[i]` of `outer`.
    pub(crate) fn inside(outer: &'a Frame<'a>, parents: Arc<Vec<u32>>) -> Frame<'a> {
        Frame {
            cx: outer.cx,
            width: parents.len(),
            depth: outer.depth,
            source: Source::Outer { outer, parents },
            columns: RefCell::default(),
            locals: RefCell::default(),
        }
    }

    /// The frame of a function's body: its parameters are the first locals.
    pub(crate) fn of_call(
        cx: &'a Context<'a>,
        width: usize,
        parameters: Vec<Vector>,
        depth: Depth,
    ) -> Frame<'a> {
        let slot = |vector| {
            Some(Slot {
                vector,
                failures: Failures::default(),
            })
        };
        Frame {
            cx,
            width,
            depth,
            source: Source::Nothing,
            columns: RefCell::default(),
            locals: RefCell::new(parameters.into_iter().map(slot).collect()),
        }
    }

    pub(crate) fn column(&self, index: usize) -> Slot {
        read(&self.columns, index, || match &self.source {
            Source::Rows { rows, start } => {
                let arity = rows.arity();
                let words = &rows.words()[start * arity..(start + self.width) * arity];
                Slot::new(words.chunks_exact(arity).map(|row| row[index]).collect())
            }
            Source::Outer { outer, parents } => outer.column_of(index, parents),
            Source::Nothing => unreachable!("a function's body reads no columns"),
        })
    }

    /// A column on some lanes; only they are taken out of the rows.
    fn column_of(&self, index: usize, lanes: &[u32]) -> Slot {
        let known = self
            .columns
            .borrow()
            .get(index)
            .is_some_and(Option::is_some);
        match &self.source {
            Source::Rows { rows, start } if !known => {
                let arity = rows.arity();
                let words = &rows.words()[start * arity + index..];
                Slot::new(
                    lanes
                        .iter()
                        .map(|&lane| words[lane as usize * arity])
                        .collect(),
                )
            }
            _ => self.column(index).gather(lanes),
        }
    }

    pub(crate) fn local(&self, index: usize) -> Slot {
        read(&self.locals, index, || match &self.source {
            Source::Rows { .. } | Source::Nothing => {
                unreachable!("a local is bound before it is read")
            }
            Source::Outer { outer, parents } => outer.local(index).gather(parents),
        })
    }

    pub(crate) fn bind_column(&self, index: usize, slot: Slot) {
        write(&self.columns, index, slot);
    }

    pub(crate) fn bind_local(&self, index: usize, slot: Slot) {
        write(&self.locals, index, slot);
    }
}

impl Slot {
    fn new(words: Vec<u64>) -> Slot {
        Slot {
            vector: Vector::new(words),
            failures: Failures::default(),
        }
    }

    fn gather(&self, parents: &[u32]) -> Slot {
        Slot {
            vector: self.vector.gather(parents),
            failures: self.failures.gather(parents),
        }
    }
}

fn read(slots: &RefCell<Vec<Option<Slot>>>, index: usize, make: impl FnOnce() -> Slot) -> Slot {
    if let Some(Some(slot)) = slots.borrow().get(index) {
        return slot.clone();
    }
    let slot = make();
    write(slots, index, slot.clone());
    slot
}

fn write(slots: &RefCell<Vec<Option<Slot>>>, index: usize, slot: Slot) {
    let mut slots = slots.borrow_mut();
    if slots.len() <= index {
        slots.resize(index + 1, None);
    }
    slots[index] = Some(slot);
}
