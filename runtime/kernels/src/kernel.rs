//! What every executor of expressions offers.

use std::sync::Arc;

use crate::native::Status;
use crate::{RowError, Rows};

/// A compiled [`sheaf_ir::Block`] (with or without a flat-map's collection in front).
///
/// Deterministic: same rows in, same rows and errors out, in the same order.
pub trait Kernel: Send {
    /// Evaluates the block for each row of `input`, appending rows to `output` and failures to
    /// `errors`. Input and output arity are fixed when the kernel is compiled.
    fn run(&mut self, input: &Rows, output: &mut Rows, errors: &mut Vec<RowError>);

    /// What becomes of it; `None` for what needs no executor.
    fn status(&self) -> Option<&Arc<Status>> {
        None
    }
}
