//! Renders a plan into timely dataflow and runs it.
//!
//! Invariants:
//! - Only this crate names timely types, and none of them is in its public interface.
//! - Every worker renders the same operators in the same order; nothing iterates a hash map where
//!   the order could be seen.
//! - No index holds a timestamp. Deltas flow at once; what is not monotone waits for its inputs to close.
//! - No globals: interner, kernels and configuration hang on an engine; two can live in one process.

mod cluster;
mod command;
pub mod container;
pub mod engine;
mod exchange;
pub mod fixpoint;
mod host;
pub mod operator;
pub mod operators;
mod render;

pub use cluster::Membership;
pub use engine::{Aborter, Config, Engine, EngineError, Installation, NodeStatistics, OutputEvent};
pub use exchange::{Owner, owner_of};
pub use operator::{ErrorRow, Operator, Output, Progress};
