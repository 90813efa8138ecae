//! The vectorised interpreter: a block is compiled into a tree whose nodes compute a column at a time.
//!
//! Invariants:
//! - Rows are taken about a thousand at a time, so that columns stay in the cache; types are looked
//!   at when the block is compiled and at most once a column afterwards.
//! - A lane that fails goes on as a failure beside the column: `if`, `and`, `or`, `option_or` and
//!   lists of conditions drop it where they are decided without it.
//! - Working memory is bounded by the batch and the lists in it, not by products of lists:
//!   generators give their elements chunk by chunk.
//! - A function of the program is compiled once for each block that uses it. A call takes the lanes
//!   that need it into a frame of their own, so recursion ends where no lane is left; calls nest at
//!   most [`MAX_CALLS`] deep, and no depth up to that exhausts the stack.

mod block;
mod call;
mod compile;
mod comprehension;
mod evaluate;
mod frame;
mod functions;
mod generate;
mod natively;
mod vector;

use std::collections::BTreeMap;
use std::sync::Arc;

use sheaf_ir::{Block, Expr, FunctionDefinition, Lattice, Program, Span, Type};

use crate::{Interner, Kernel, Kernels, Types};

/// What expressions are compiled against.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Records and enums.
    pub types: Types,
    /// Values of the parameters, as words.
    pub params: BTreeMap<String, (Type, u64)>,
    /// Functions of the program.
    pub functions: Arc<BTreeMap<String, FunctionDefinition>>,
    /// Lattices of the program.
    pub lattices: Arc<BTreeMap<String, Lattice>>,
    /// Symbols of this process.
    pub interner: Arc<Interner>,
    /// Who executes kernels, and what they share.
    pub kernels: Arc<Kernels>,
}

impl Environment {
    /// What a program declares, with values for its parameters.
    pub fn new(
        program: &Program,
        params: BTreeMap<String, (Type, u64)>,
        interner: Arc<Interner>,
    ) -> Environment {
        Environment {
            types: program.types.clone(),
            params,
            functions: Arc::new(program.functions.clone()),
            lattices: Arc::new(program.lattices.clone()),
            interner,
            kernels: Arc::default(),
        }
    }

    /// With another executor.
    pub fn with_kernels(self, kernels: Arc<Kernels>) -> Environment {
        Environment { kernels, ..self }
    }
}

/// What is the same for all nodes while a batch runs.
pub(crate) struct Context<'a> {
    pub(crate) types: &'a Types,
    pub(crate) interner: &'a Interner,
    /// Bodies of the functions that are called, by the numbers that calls have.
    pub(crate) functions: &'a [evaluate::Node],
}

/// Why a block cannot run. None of these comes from a program that the IR's verifier accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CompileError {
    /// The expression that is wrong.
    pub span: Span,
    /// What is wrong with it.
    pub reason: String,
}

pub(crate) use call::Applied;
pub use call::MAX_CALLS;
pub(crate) use functions::scalar;

/// Expressions nested deeper than this are refused; each generator of a comprehension is a level.
pub use sheaf_ir::expression::MAX_DEPTH;

/// Compiles a block over rows of these types. With `each`, the block runs once for every element of
/// that collection and sees it as one more column.
pub fn compile(
    block: &Block,
    each: Option<&Expr>,
    inputs: &[Type],
    environment: &Environment,
) -> Result<Box<dyn Kernel>, CompileError> {
    block::compile(block, each, inputs, environment)
}
