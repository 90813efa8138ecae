//! Native kernels: filters and projections as machine code, made by Cranelift while the program runs.
//!
//! A block is lowered into a [`graph`] of pure operations on one row ([`lower`]), planned as one or
//! two loops ([`plan`]), emitted ([`emit`]), once more without checks for rows of small numbers
//! ([`narrow`]), and compiled ([`code`]) on a thread of its own. Until then the interpreter runs, and it
//! goes on computing what has no native form, as columns that the loop reads.
//!
//! Invariants:
//! - Native code only says which rows fail. They are given to the interpreter, which reports the
//!   error: rows and errors are the interpreter's, byte for byte and in the same order.
//! - Code depends on neither parameters nor symbols, and equal blocks share it.
//! - No thread is started before there is something to compile, and none is left when it is done.

mod code;
mod emit;
mod graph;
mod helpers;
mod lower;
mod narrow;
mod plan;
mod run;
mod share;

pub(crate) use run::Native;
pub(crate) use run::{Lanes, Lists};
pub use share::{Executor, KernelCounts, Kernels, Status};
