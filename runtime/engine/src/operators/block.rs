//! A block, ready to run: a choice of columns, or a kernel.

use sheaf_ir::{Block, Expr, NodeId, Program, Type};
use sheaf_kernels::{Kernel, RowError, Rows, compile};

use super::report::Reporter;
use super::{BuildError, Environment};
use crate::ErrorRow;

/// A compiled block with what it takes to report its failures.
pub(crate) struct BlockRunner {
    form: Form,
    arity: usize,
    reporter: Reporter,
    failures: Vec<RowError>,
}

enum Form {
    /// Which column each output is.
    Projection(Vec<usize>),
    Kernel(Box<dyn Kernel>),
}

impl BlockRunner {
    /// Compiles the block (and collection) of a node over rows of the given columns.
    pub fn new(
        program: &Program,
        id: NodeId,
        block: &Block,
        each: Option<&Expr>,
        columns: Vec<(String, Type)>,
        environment: &Environment,
    ) -> Result<BlockRunner, BuildError> {
        let form = match block.as_projection() {
            Some(projection) if each.is_none() => Form::Projection(projection),
            _ => {
                let types: Vec<Type> = columns.iter().map(|(_, ty)| ty.clone()).collect();
                let kernel = compile(block, each, &types, environment).map_err(|error| {
                    BuildError::Expression {
                        node: program.graph[id].name.clone(),
                        reason: error.to_string(),
                    }
                })?;
                if let Some(status) = kernel.status() {
                    let node = &program.graph[id];
                    let name = node.fixpoint.as_ref().unwrap_or(&node.name);
                    environment.kernels.note(name, status);
                }
                Form::Kernel(kernel)
            }
        };
        Ok(BlockRunner {
            form,
            arity: block.outputs.len(),
            reporter: Reporter::new(program, id, columns, environment),
            failures: Vec::new(),
        })
    }

    /// Columns of the output.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// The columns it picks, if that is all it does.
    pub fn projection(&self) -> Option<&[usize]> {
        match &self.form {
            Form::Projection(columns) => Some(columns),
            Form::Kernel(_) => None,
        }
    }

    /// Runs over a batch; rows are appended to `rows` and failures to `errors`, if anyone wants
    /// them. Tells whether failures were passed over.
    pub fn run(
        &mut self,
        input: &Rows,
        rows: &mut Rows,
        errors: Option<&mut Vec<ErrorRow>>,
    ) -> bool {
        match &mut self.form {
            Form::Projection(columns) => {
                for row in input.iter() {
                    rows.push_iter(columns.iter().map(|&c| row[c]));
                }
                false
            }
            Form::Kernel(kernel) => {
                self.failures.clear();
                kernel.run(input, rows, &mut self.failures);
                if let Some(errors) = errors {
                    for RowError { row, error } in self.failures.drain(..) {
                        errors.push(self.reporter.report(error, input.row(row as usize)));
                    }
                    return false;
                }
                !self.failures.is_empty()
            }
        }
    }
}
