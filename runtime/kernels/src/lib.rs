//! Expressions over batches of rows: the batch ABI, symbols, the interpreter, and combiners' states.
//!
//! Invariants:
//! - One batch ABI ([`Rows`] in, [`Rows`] and [`RowError`]s out) for every executor.
//! - Symbols are numbers of one process: they decide no order, no hash and no placement, and leave
//!   the process only beside their text.
//! - A failing row is an error beside the batch, never a panic and never a wrong row.

mod calendar;
pub mod combine;
mod composite;
mod display;
pub mod error;
pub mod fault;
pub mod interner;
pub mod interpret;
pub mod kernel;
pub mod native;
pub mod rows;
mod sort;
pub mod words;

pub use composite::Types;
pub use error::{ErrorCode, EvalError, RowError};
pub use fault::Fault;
pub use interner::Interner;
pub use interpret::{CompileError, Environment, compile};
pub use kernel::Kernel;
pub use native::{Executor, KernelCounts, Kernels};
pub use rows::Rows;
