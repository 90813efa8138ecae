//! Rows written in the program.

use sheaf_ir::{Block, Expr, NodeId, Program};
use sheaf_kernels::Rows;

use super::block::BlockRunner;
use super::{BuildError, Environment, output_rows};
use crate::{ErrorRow, Operator, Output, Progress};

/// Gives its rows once. On more than one worker only one may have it.
pub(crate) struct Values {
    given: bool,
    rows: Rows,
    errors: Vec<ErrorRow>,
}

impl Values {
    pub fn new(
        program: &Program,
        id: NodeId,
        rows: &[Vec<Expr>],
        environment: &Environment,
    ) -> Result<Values, BuildError> {
        let arity = program.graph[id].output.columns.len();
        let mut values = Values {
            given: false,
            rows: Rows::new(arity),
            errors: Vec::new(),
        };
        let mut unit = Rows::new(0);
        unit.push(&[]);
        for row in rows {
            let block = Block {
                conditions: Vec::new(),
                outputs: row.clone(),
            };
            let mut runner = BlockRunner::new(program, id, &block, None, Vec::new(), environment)?;
            runner.run(&unit, &mut values.rows, Some(&mut values.errors));
        }
        Ok(values)
    }
}

impl Operator for Values {
    fn push(&mut self, _: usize, _: Rows, _: &mut Output) {}

    fn close(&mut self, _: usize, _: &mut Output) {}

    fn end_epoch(&mut self, _: &mut Output) {}

    fn work(&mut self, _: &mut usize, output: &mut Output) -> Progress {
        if !std::mem::replace(&mut self.given, true) {
            let arity = self.rows.arity();
            output_rows(output, 0, arity).append(&std::mem::take(&mut self.rows));
            output.errors.append(&mut self.errors);
        }
        Progress::Done
    }

    fn memory(&self) -> usize {
        self.rows.words().len() * 8
    }
}
