//! The code of one kernel: asking for it, and running its loops.

use std::sync::Arc;

use super::code::Buffers;
use super::plan::{Plan, plan};
use super::share::{Executor, Kernels, Slot, Status};
use crate::Fault;
use crate::interpret::Environment;
use sheaf_ir::{Block, Expr};

/// Rows after which code is asked for: making it costs about as much as it saves on so many.
const ENOUGH: usize = 16_384;

/// The native side of a kernel.
pub(crate) struct Native {
    plan: Plan,
    kernels: Arc<Kernels>,
    status: Arc<Status>,
    rows: usize,
    code: Progress,
}

enum Progress {
    /// Too few rows so far.
    Waiting,
    Requested(Vec<Arc<Slot>>),
    Ready(Vec<Arc<Slot>>),
    Refused,
}

/// What a loop did to its lanes.
#[derive(Default)]
pub(crate) struct Lists {
    /// Those that it kept, ascending.
    pub(crate) kept: Vec<u32>,
    /// Those that fail, or may, ascending.
    pub(crate) failed: Vec<u32>,
}

/// What a loop reads.
pub(crate) struct Lanes<'a> {
    pub(crate) count: usize,
    /// Whole rows.
    pub(crate) rows: &'a [u64],
    /// The row of each lane, if it is not the lane itself.
    pub(crate) parents: Option<&'a [u32]>,
    /// A word a lane for each interpreted column.
    pub(crate) columns: &'a [&'a [u64]],
}

impl Native {
    /// The native side of a block, if it has one; the status says why not.
    pub(crate) fn new(
        block: &Block,
        arity: usize,
        element: Option<usize>,
        environment: &Environment,
        status: &Arc<Status>,
    ) -> Option<Native> {
        let reason = if environment.kernels.executor() == Executor::Interpreter {
            "as asked for".to_string()
        } else if Fault::ALL.iter().any(|fault| fault.is_planted()) {
            "a planted fault".to_string()
        } else {
            match plan(block, arity, element, environment) {
                Ok(plan) => {
                    return Some(Native {
                        plan,
                        kernels: Arc::clone(&environment.kernels),
                        status: Arc::clone(status),
                        rows: 0,
                        code: Progress::Waiting,
                    });
                }
                Err(reason) => reason,
            }
        };
        status.leave(reason);
        None
    }

    /// The expressions that the interpreter computes for the first loop, if there are two, and for
    /// the main one; and for each whether its failures follow it.
    pub(crate) fn columns(&self) -> [Vec<(&Expr, bool)>; 2] {
        let first = self.plan.first.as_ref();
        [first, Some(&self.plan.main)].map(|stage| {
            let columns = stage.iter().flat_map(|stage| &stage.interpreted);
            columns.map(|c| (&c.expr, c.can_fail)).collect()
        })
    }

    /// Whether there are two loops.
    pub(crate) fn has_first(&self) -> bool {
        self.plan.first.is_some()
    }

    /// Whether so many rows can be given to it now.
    pub(crate) fn is_ready(&mut self, rows: usize) -> bool {
        self.rows += rows;
        if matches!(self.code, Progress::Waiting)
            && (self.rows >= ENOUGH || self.kernels.executor() == Executor::Native)
        {
            let stages = self.plan.first.iter().chain([&self.plan.main]);
            let slots = stages.map(|stage| self.kernels.request(&stage.routine));
            self.code = Progress::Requested(slots.collect());
        }
        if let Progress::Requested(slots) = &self.code {
            let made: Option<Vec<_>> = slots.iter().map(|slot| slot.get()).collect();
            let refused = made.map(|made| made.into_iter().find_map(|code| code.as_ref().err()));
            match refused {
                None => {}
                Some(Some(reason)) => {
                    self.status.leave(reason.clone());
                    self.code = Progress::Refused;
                }
                Some(None) => self.code = Progress::Ready(slots.clone()),
            }
        }
        matches!(self.code, Progress::Ready(_))
    }

    /// Runs the first loop or the main one; `output` takes the rows of the lanes that are kept.
    ///
    /// # Panics
    /// If [`Native::is_ready`] did not say so before.
    pub(crate) fn run(
        &self,
        is_first: bool,
        lanes: &Lanes,
        environment: &Environment,
        lists: &mut Lists,
        output: &mut Vec<u64>,
    ) {
        let stage = match (is_first, &self.plan.first) {
            (true, Some(first)) => first,
            _ => &self.plan.main,
        };
        let code = match &self.code {
            Progress::Ready(slots) => {
                let slot = if is_first {
                    slots.first()
                } else {
                    slots.last()
                };
                slot.and_then(|slot| slot.get()?.as_ref().ok())
            }
            _ => None,
        };
        let buffers = Buffers {
            rows: lanes.rows,
            parents: lanes.parents,
            columns: lanes.columns,
            pool: &stage.pool,
            kept: &mut lists.kept,
            failed: &mut lists.failed,
        };
        code.expect("only what is ready runs").run(
            lanes.count,
            buffers,
            &environment.interner,
            output,
        );
    }
}
