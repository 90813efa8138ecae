//! The kernel of a block: conditions, then outputs, over a thousand rows or elements at a time.

use std::sync::Arc;

use sheaf_ir::{Block, Expr, Type};

use super::compile::Compiler;
use super::evaluate::Node;
use super::frame::Frame;
use super::generate::Generator;
use super::natively::{Chunk, Natively};
use super::vector::{Lanes, Pending, Words};
use super::{CompileError, Context, Environment};
use crate::native::{Native, Status};
use crate::{Fault, Kernel, RowError, Rows};

/// Rows that are evaluated together: a few columns of them stay in the first cache.
const CHUNK: usize = 1024;
/// Rows that native code is given together: the lists of lanes stay in the second cache.
const NATIVE_CHUNK: usize = 8192;
/// Where fewer than one lane in so many is left, outputs are computed on those lanes only.
const SPARSE: usize = 2;

pub(crate) fn compile(
    block: &Block,
    each: Option<&Expr>,
    inputs: &[Type],
    environment: &Environment,
) -> Result<Box<dyn Kernel>, CompileError> {
    let mut compiler = Compiler::new(environment, inputs);
    let each = match each {
        Some(collection) => {
            let (generator, element) = Generator::compile(collection, &mut compiler, 0)?;
            Some((generator, compiler.add_column(element)))
        }
        None => None,
    };
    let conditions: Vec<Node> = block
        .conditions
        .iter()
        .map(|condition| compiler.condition(condition, 0))
        .collect::<Result<_, _>>()?;
    let outputs: Vec<Node> = block
        .outputs
        .iter()
        .map(|output| compiler.node(output, 0))
        .collect::<Result<_, _>>()?;
    let status = Arc::<Status>::default();
    let element = each.as_ref().map(|(_, column)| *column);
    let native = match block.as_projection() {
        Some(_) if each.is_none() => None,
        _ => Native::new(block, inputs.len(), element, environment, &status),
    };
    let native = native.and_then(|native| {
        let natively = Natively::compile(native, &mut compiler);
        if natively.is_none() {
            status.leave("the depth of the block".into());
        }
        natively
    });
    let functions = compiler.functions()?;
    Ok(match (each, block.as_projection()) {
        (None, Some(columns)) => Box::new(Projection {
            arity: inputs.len(),
            columns,
        }),
        (each, _) => Box::new(Computation {
            block: Interpreted {
                arity: inputs.len(),
                each,
                conditions,
                outputs,
                functions,
                environment: environment.clone(),
            },
            native,
            status,
        }),
    })
}

/// A block that only picks columns.
struct Projection {
    arity: usize,
    columns: Vec<usize>,
}

impl Kernel for Projection {
    fn run(&mut self, input: &Rows, output: &mut Rows, _: &mut Vec<RowError>) {
        debug_assert_eq!(input.arity(), self.arity);
        let before = output.len();
        output.push_projected(input, &self.columns);
        copy_weights(input, output, before, 0..input.len());
    }
}

/// A block that computes.
struct Computation {
    block: Interpreted,
    native: Option<Natively>,
    status: Arc<Status>,
}

impl Kernel for Computation {
    fn run(&mut self, input: &Rows, output: &mut Rows, errors: &mut Vec<RowError>) {
        let rows = input.len();
        let native = self.native.as_mut();
        let native = native.and_then(|native| native.is_ready(rows).then_some(native));
        self.status.count(rows, native.is_some());
        self.block.run(native, input, output, errors);
    }

    fn status(&self) -> Option<&Arc<Status>> {
        Some(&self.status)
    }
}

pub(super) struct Interpreted {
    arity: usize,
    each: Option<(Generator, usize)>,
    conditions: Vec<Node>,
    outputs: Vec<Node>,
    functions: Vec<Node>,
    pub(super) environment: Environment,
}

impl Interpreted {
    fn run(
        &self,
        mut native: Option<&mut Natively>,
        input: &Rows,
        output: &mut Rows,
        errors: &mut Vec<RowError>,
    ) {
        debug_assert_eq!(input.arity(), self.arity);
        let cx = Context {
            types: &self.environment.types,
            interner: &self.environment.interner,
            functions: &self.functions,
        };
        let mut sink = Sink {
            input,
            output,
            errors,
        };
        let is_pure = native.as_ref().is_some_and(|native| native.is_pure());
        let size = if is_pure { NATIVE_CHUNK } else { CHUNK };
        for start in (0..input.len()).step_by(size) {
            let width = size.min(input.len() - start);
            let frame = Frame::over_rows(&cx, input, start, width);
            let rows = &input.words()[start * self.arity..(start + width) * self.arity];
            let mut run = |frame: &Frame, parents: Option<&[u32]>, pending: Pending| {
                let chunk = Chunk {
                    rows,
                    start,
                    parents,
                };
                if let Some(native) = &mut native
                    && pending.is_empty()
                    && native.run(self, frame, &chunk, &mut sink)
                {
                    return;
                }
                self.run_frame(frame, pending, &mut sink, |lane| chunk.row(lane));
            };
            match &self.each {
                None => run(&frame, None, Pending::default()),
                Some((generator, column)) => {
                    generator.for_each_chunk(&frame, &Lanes::All(width), |parents, slot| {
                        let mut pending = Pending::default();
                        pending.add(&slot.failures, generator.span);
                        let inner = Frame::inside(&frame, parents.clone());
                        inner.bind_column(*column, slot);
                        run(&inner, Some(&parents), pending);
                    });
                }
            }
        }
    }

    /// Filters and projects all lanes of a frame. `row` tells the input row of a lane.
    pub(super) fn run_frame(
        &self,
        frame: &Frame,
        mut pending: Pending,
        sink: &mut Sink,
        row: impl Fn(usize) -> usize,
    ) {
        let mut lanes = Lanes::All(frame.width);
        if Fault::EagerErrors.is_planted() {
            let mut eager = Pending::default();
            for condition in &self.conditions {
                eager.add(&condition.evaluate_words(frame, &lanes).1, condition.span);
            }
            lanes.for_each(|lane| {
                sink.errors.extend(eager.get(lane).map(|error| RowError {
                    row: row(lane) as u32,
                    error: (**error).clone(),
                }));
            });
        }
        for condition in &self.conditions {
            let (holds, failures) = condition.evaluate_words(frame, &lanes);
            lanes = lanes.holding(&holds, false, &failures);
            if lanes.is_empty() {
                return;
            }
            pending.add(&failures, condition.span);
        }
        if pending.is_empty() && lanes.len() * SPARSE < frame.width {
            let picked = Arc::new(lanes.to_vec());
            let inner = Frame::inside(frame, picked.clone());
            let all = Lanes::All(inner.width);
            let row = |lane: usize| row(picked[lane] as usize);
            return self.give(&inner, all, pending, sink, row);
        }
        self.give(frame, lanes, pending, sink, row);
    }

    /// Computes the output columns on some lanes.
    fn give(
        &self,
        frame: &Frame,
        mut lanes: Lanes,
        mut pending: Pending,
        sink: &mut Sink,
        row: impl Fn(usize) -> usize,
    ) {
        let columns: Vec<Words> = self
            .outputs
            .iter()
            .map(|output| {
                let (words, failures) = output.evaluate_words(frame, &lanes);
                pending.add(&failures, output.span);
                words
            })
            .collect();
        if !pending.is_empty() {
            lanes = lanes.filter(|lane| match pending.get(lane) {
                Some(error) => {
                    sink.errors.push(RowError {
                        row: row(lane) as u32,
                        error: (**error).clone(),
                    });
                    false
                }
                None => true,
            });
        }
        sink.write(&columns, &lanes, row);
    }
}

/// Where a batch comes from and what becomes of it.
pub(super) struct Sink<'a> {
    pub(super) input: &'a Rows,
    pub(super) output: &'a mut Rows,
    errors: &'a mut Vec<RowError>,
}

impl Sink<'_> {
    fn write(&mut self, columns: &[Words], lanes: &Lanes, row: impl Fn(usize) -> usize) {
        if lanes.is_empty() {
            return;
        }
        let before = self.output.len();
        let words = self.output.grow(lanes.len());
        for (index, column) in columns.iter().enumerate() {
            let rows = words.chunks_exact_mut(columns.len());
            match lanes {
                Lanes::All(_) => rows
                    .zip(&column[..])
                    .for_each(|(row, &word)| row[index] = word),
                Lanes::Some(lanes) => rows
                    .zip(&lanes[..])
                    .for_each(|(row, &lane)| row[index] = column[lane as usize]),
            }
        }
        if self.input.weights.is_some() || self.output.weights.is_some() {
            let rows: Vec<usize> = lanes.to_vec().iter().map(|&l| row(l as usize)).collect();
            copy_weights(self.input, self.output, before, rows.into_iter());
        }
    }
}

/// Gives the rows from `before` on the weights of the input rows they come from.
pub(super) fn copy_weights(
    input: &Rows,
    output: &mut Rows,
    before: usize,
    rows: impl Iterator<Item = usize>,
) {
    if input.weights.is_none() && output.weights.is_none() {
        return;
    }
    let weight = |row: usize| input.weights.as_ref().map_or(1, |weights| weights[row]);
    let weights = output.weights.get_or_insert_with(|| vec![1; before]);
    weights.extend(rows.map(weight));
}
