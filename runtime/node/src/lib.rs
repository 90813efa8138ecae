//! Runs a program: sources and sinks, worker processes, shuffled tests.
//!
//! Invariants:
//! - The outside world enters through [`environment::Environment`] alone.
//! - All outputs of a run appear together when it has succeeded, or none does.
//! - The order of rows in an input, batches, workers and processes cannot be seen in an output.

mod affected;
pub mod environment;
pub mod laws;
pub mod names;
pub mod run;
pub mod sink;
pub mod source;
pub mod testing;
pub mod why;

pub use affected::Reason;
