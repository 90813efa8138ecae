//! All rows of all inputs.

use sheaf_kernels::Rows;

use super::output_rows;
use crate::{Operator, Output, Progress};

/// Passes on whatever comes.
pub(crate) struct Union;

impl Operator for Union {
    fn push(&mut self, _: usize, rows: Rows, output: &mut Output) {
        output_rows(output, 0, rows.arity()).append(&rows);
    }

    fn close(&mut self, _: usize, _: &mut Output) {}

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, _: &mut usize, _: &mut Output) -> Progress {
        Progress::Done
    }

    fn memory(&self) -> usize {
        0
    }
}
