//! A block that tells which of its input rows each output row is of.

use std::sync::Arc;

use sheaf_ir::{Block, Expr, ExprKind, Span, Type};
use sheaf_kernels::{CompileError, Environment, Kernel, Rows, compile};

/// A compiled block whose last output is the number of the input row.
pub struct Traced {
    kernel: Box<dyn Kernel>,
    inputs: usize,
    outputs: usize,
}

impl Traced {
    /// Compiles a block over columns of these types; with `each`, that of a flat-map.
    ///
    /// # Errors
    /// None for a program that the verifier accepts.
    pub fn new(
        block: &Block,
        each: Option<&Expr>,
        inputs: &[Type],
        environment: &Environment,
    ) -> Result<Traced, CompileError> {
        let arity = inputs.len();
        let mut block = block.clone();
        // The number is the column behind the input's; an element comes after it.
        for expr in block.conditions.iter_mut().chain(&mut block.outputs) {
            expr.walk_mut(&mut |e| match &mut e.kind {
                ExprKind::Column(column) if *column >= arity => *column += 1,
                _ => {}
            });
        }
        let outputs = block.outputs.len();
        block.outputs.push(Expr {
            kind: ExprKind::Column(arity),
            ty: Type::Int,
            span: Span::default(),
        });
        let mut types = inputs.to_vec();
        types.push(Type::Int);
        Ok(Traced {
            kernel: compile(&block, each, &types, environment)?,
            inputs: arity,
            outputs,
        })
    }

    /// The outputs of some rows, each with the number of its row. Rows that fail give none.
    pub fn run<'r>(&mut self, rows: impl Iterator<Item = &'r [u64]>) -> Vec<(usize, Arc<[u64]>)> {
        let mut input = Rows::new(self.inputs + 1);
        for (number, row) in rows.enumerate() {
            let number = number as u64;
            input.push_iter(row.iter().copied().chain(std::iter::once(number)));
        }
        let mut output = Rows::new(self.outputs + 1);
        self.kernel.run(&input, &mut output, &mut Vec::new());
        output
            .iter()
            .map(|row| (row[self.outputs] as usize, row[..self.outputs].into()))
            .collect()
    }
}
