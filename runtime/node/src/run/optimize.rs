//! Runs the passes with what this crate knows: sizes of files, and values through the interpreter.

use std::collections::BTreeMap;
use std::sync::Arc;

use sheaf_ir::passes::{self, Selection, World};
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{Block, Expr, Program, Value};
use sheaf_kernels::words::value_of;
use sheaf_kernels::{Environment, Interner, Rows, compile};

/// The program after the selected passes.
pub fn optimize(mut program: Program, selection: &Selection, sizes: &Sizes) -> Program {
    let world = World {
        sizes,
        evaluate: &evaluate,
    };
    passes::optimize(&mut program, selection, &world);
    program
}

/// The value of an expression without columns and params, if it has one.
fn evaluate(program: &Program, expression: &Expr) -> Option<Value> {
    let interner = Arc::new(Interner::new());
    let environment = Environment::new(program, BTreeMap::new(), Arc::clone(&interner));
    let block = Block {
        conditions: Vec::new(),
        outputs: vec![expression.clone()],
    };
    let mut kernel = compile(&block, None, &[], &environment).ok()?;
    let (mut input, mut output, mut errors) = (Rows::new(0), Rows::new(1), Vec::new());
    input.push(&[]);
    kernel.run(&input, &mut output, &mut errors);
    let word = output.iter().next()?[0];
    Some(value_of(
        word,
        &expression.ty,
        &environment.types,
        &interner,
    ))
}
