//! Calls of the program's functions.
//!
//! A call takes the lanes whose arguments have values into a frame of their own, where the
//! parameters are the first locals, and evaluates the body there. Recursion therefore ends where a
//! condition leaves no lane. How deep it may go is counted, not measured, so that the same rows fail
//! everywhere.

use std::sync::Arc;
use std::thread;

use sheaf_ir::{Expr, ExprKind, Span, Type};

use super::compile::Compiler;
use super::evaluate::{Node, Outcome, evaluate_all};
use super::frame::{Depth, Frame};
use super::vector::{Failures, Lanes, Vector};
use super::{CompileError, Context, Environment};
use crate::Interner;
use crate::{ErrorCode, EvalError, Rows, Types};

/// How many calls of functions may be inside each other; a row that needs more is an error.
pub const MAX_CALLS: usize = 1000;

/// After so many levels of expressions a call gets a stack of its own. A level takes about a
/// kilobyte; a body has at most [`super::MAX_DEPTH`] of them.
const LEVELS_OF_A_STACK: usize = 400;
/// Bytes of such a stack.
const STACK: usize = 4 << 20;

/// A function of the program, applied.
pub(crate) struct Call {
    /// Its number in [`Context::functions`].
    pub(crate) function: usize,
    pub(crate) name: String,
    pub(crate) arguments: Vec<Node>,
    pub(crate) span: Span,
    /// Levels of the expression around it.
    pub(crate) levels: usize,
}

impl Call {
    pub(crate) fn evaluate(&self, frame: &Frame, lanes: &Lanes) -> Outcome {
        let nothing = |failures| Outcome {
            vector: Vector::new(vec![0; frame.width]),
            failures,
        };
        if lanes.is_empty() {
            return nothing(Failures::default());
        }
        let (arguments, alive, mut failures) = evaluate_all(&self.arguments, frame, lanes);
        if alive.is_empty() {
            return nothing(failures);
        }
        let parents = (alive.len() < frame.width).then(|| alive.to_vec());
        let entered = match &parents {
            _ if frame.depth.calls >= MAX_CALLS => None,
            None => self.enter(frame, arguments, frame.width),
            Some(parents) => {
                let arguments = arguments.iter().map(|a| a.gather(parents)).collect();
                self.enter(frame, arguments, parents.len())
            }
        };
        let Some(outcome) = entered else {
            let error = Arc::new(self.too_deep());
            let mut own = Failures::default();
            alive.for_each(|lane| own.push_shared(lane, error.clone()));
            failures.merge(own);
            return nothing(failures);
        };
        match parents {
            None => outcome,
            Some(parents) => {
                failures.merge(outcome.failures.scatter(&parents));
                Outcome {
                    vector: outcome.vector.scatter(&parents, frame.width),
                    failures,
                }
            }
        }
    }

    /// Evaluates the body for arguments of this many lanes, on the stack or on a new one; `None` if
    /// the system has no memory for that.
    fn enter(&self, frame: &Frame, arguments: Vec<Vector>, width: usize) -> Option<Outcome> {
        let cx = frame.cx;
        let body = &cx.functions[self.function];
        let calls = frame.depth.calls + 1;
        let levels = frame.depth.levels + self.levels;
        let run = move |levels: usize| {
            let inner = Frame::of_call(cx, width, arguments, Depth { calls, levels });
            body.evaluate(&inner, &Lanes::All(width))
        };
        match levels < LEVELS_OF_A_STACK {
            true => Some(run(levels)),
            false => on_new_stack(move || run(0)),
        }
    }

    fn too_deep(&self) -> EvalError {
        EvalError {
            code: ErrorCode::Domain,
            span: self.span,
            message: format!(
                "`{}` calls itself too deeply: more than {MAX_CALLS} calls are inside each other",
                self.name
            ),
        }
    }
}

/// Runs something on a stack of its own and waits for it; `None` if there is no memory for one.
fn on_new_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, run)
            .ok()?;
        let result = thread.join();
        Some(result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// A function of the program, ready to be applied to words.
pub(crate) struct Applied {
    call: Node,
    functions: Vec<Node>,
}

impl Applied {
    /// The function of this name, for arguments of its parameters' types.
    pub(crate) fn new(name: &str, environment: &Environment) -> Result<Applied, CompileError> {
        let definition = environment
            .functions
            .get(name)
            .ok_or_else(|| CompileError {
                span: Span::default(),
                reason: format!("there is no function `{name}`"),
            })?;
        let argument = |(index, ty): (usize, &Type)| Expr {
            kind: ExprKind::Column(index),
            ty: ty.clone(),
            span: definition.span,
        };
        let arguments = definition.parameters.iter().enumerate().map(argument);
        let expr = Expr {
            kind: ExprKind::Invoke(name.to_string(), arguments.collect()),
            ty: definition.body.ty.clone(),
            span: definition.span,
        };
        let mut compiler = Compiler::new(environment, &definition.parameters);
        Ok(Applied {
            call: compiler.node(&expr, 0)?,
            functions: compiler.functions()?,
        })
    }

    /// What it gives for each row of arguments, or why there is nothing.
    pub(crate) fn apply(
        &self,
        arguments: &Rows,
        types: &Types,
        interner: &Interner,
    ) -> Vec<Result<u64, EvalError>> {
        let cx = Context {
            types,
            interner,
            functions: &self.functions,
        };
        let width = arguments.len();
        let frame = Frame::over_rows(&cx, arguments, 0, width);
        let (words, failures) = self.call.evaluate_words(&frame, &Lanes::All(width));
        let result = |lane| match failures.get(lane) {
            Some(error) => Err((**error).clone()),
            None => Ok(words[lane]),
        };
        (0..width).map(result).collect()
    }
}
