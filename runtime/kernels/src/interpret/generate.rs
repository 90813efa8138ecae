//! Generators: the elements of a collection as lanes of an inner frame.
//!
//! Invariants:
//! - A list that a function makes only to be taken apart (`words`, `split`, `sliding`, `indexed`) is
//!   never built; nor are the tuples in a list, a map or `indexed`, unless somebody needs one whole.
//! - Where the collection fails there is one lane whose element has that failure: conditions that
//!   do not look at the element can still drop it.

use std::sync::Arc;

use sheaf_ir::{Expr, ExprKind, Function, Span, Type};

use super::compile::Compiler;
use super::evaluate::{Node, evaluate_all_words};
use super::frame::{Frame, Slot};
use super::functions::{element_parts, for_each_word, sliding_starts, split_text};
use super::vector::{Failures, Lanes, Vector, Words};
use super::{CompileError, Context, MAX_DEPTH};
use crate::EvalError;
use crate::composite::{Elements, take_word};

/// Elements are handed on when there are about this many.
const CHUNK: usize = 1024;

/// A collection to be taken apart.
pub(crate) struct Generator {
    source: Source,
    operands: Vec<Node>,
    pub(crate) span: Span,
}

enum Source {
    /// Of a value of collection type.
    Elements {
        collection: Type,
        element: Type,
        parts: Option<Vec<Type>>,
    },
    Words,
    Split(Span),
    Sliding(Span),
    Indexed(Box<Source>),
}

impl Generator {
    /// Compiles a collection; gives the type of its elements, too.
    pub(crate) fn compile(
        expr: &Expr,
        compiler: &mut Compiler,
        depth: usize,
    ) -> Result<(Generator, Type), CompileError> {
        let element = match &expr.ty {
            Type::List(element) | Type::Set(element) => (**element).clone(),
            Type::Map(key, value) => Type::Tuple(vec![(**key).clone(), (**value).clone()]),
            _ => return Err(compiler.error(expr, "only a list, set or map has elements")),
        };
        let (source, operands) = match fused(expr, compiler, depth) {
            Some((source, operands)) => {
                let operands = operands.iter().map(|e| compiler.node(e, depth + 1));
                (source, operands.collect::<Result<_, _>>()?)
            }
            None => {
                let whole = compiler.node(expr, depth)?;
                (elements(&expr.ty, &element), vec![whole])
            }
        };
        let generator = Generator {
            source,
            operands,
            span: expr.span,
        };
        Ok((generator, element))
    }

    /// Calls `f` with the elements of some lanes, a chunk at a time: for each its lane, and its value.
    pub(crate) fn for_each_chunk(
        &self,
        frame: &Frame,
        lanes: &Lanes,
        mut f: impl FnMut(Arc<Vec<u32>>, Slot),
    ) {
        let (operands, _, failed) = evaluate_all_words(&self.operands, frame, lanes);
        let mut chunk = Chunk::new(self.source.width());
        lanes.for_each(|lane| {
            let expanded = match failed.get(lane) {
                Some(error) => Err(error.clone()),
                None => self
                    .source
                    .expand(&operands, lane, frame.cx, &mut chunk.columns)
                    .map_err(Arc::new),
            };
            chunk.close_lane(lane, expanded);
            if chunk.parents.len() >= CHUNK {
                let (parents, slot) = chunk.take(&self.source);
                f(parents, slot);
            }
        });
        if !chunk.parents.is_empty() {
            let (parents, slot) = chunk.take(&self.source);
            f(parents, slot);
        }
    }
}

/// What a well-typed list-making call is made of, if its list need not be built.
fn fused<'e>(expr: &'e Expr, compiler: &Compiler, depth: usize) -> Option<(Source, &'e [Expr])> {
    let ExprKind::Call(function, arguments) = &expr.kind else {
        return None;
    };
    if depth > MAX_DEPTH || !compiler.is_typed(function, arguments, &expr.ty) {
        return None;
    }
    Some(match (function, arguments.as_slice()) {
        (Function::Words, _) => (Source::Words, arguments),
        (Function::Split, _) => (Source::Split(expr.span), arguments),
        (Function::Sliding, _) => (Source::Sliding(expr.span), arguments),
        (Function::ToList, [inner]) => fused(inner, compiler, depth + 1)?,
        (Function::Indexed, [inner]) => {
            let (source, operands) = fused(inner, compiler, depth + 1).or_else(|| {
                let Type::List(element) = &inner.ty else {
                    return None;
                };
                Some((elements(&inner.ty, element), arguments.as_slice()))
            })?;
            (Source::Indexed(Box::new(source)), operands)
        }
        _ => return None,
    })
}

fn elements(collection: &Type, element: &Type) -> Source {
    Source::Elements {
        collection: collection.clone(),
        element: element.clone(),
        parts: element_parts(collection),
    }
}

impl Source {
    /// Columns of words that an element takes.
    fn width(&self) -> usize {
        match self {
            Source::Elements { parts, .. } => parts.as_ref().map_or(1, Vec::len),
            Source::Words | Source::Split(_) | Source::Sliding(_) => 1,
            Source::Indexed(inner) => 1 + inner.width(),
        }
    }

    /// Appends the elements of one lane to the columns; says how many.
    fn expand(
        &self,
        operands: &[Words],
        lane: usize,
        cx: &Context,
        columns: &mut [Vec<u64>],
    ) -> Result<usize, EvalError> {
        let text = |operand: usize| cx.interner.get(operands[operand][lane]);
        let before = columns[0].len();
        match self {
            Source::Elements {
                collection,
                element,
                parts,
            } => {
                for mut bytes in Elements::new(collection, cx.types, text(0)) {
                    let types = parts.as_deref().unwrap_or(std::slice::from_ref(element));
                    for (column, ty) in columns.iter_mut().zip(types) {
                        column.push(take_word(ty, cx.types, &mut bytes, cx.interner));
                    }
                }
            }
            Source::Words => {
                for_each_word(text(0), |word| columns[0].push(cx.interner.intern(word)));
            }
            Source::Split(span) => split_text(text(0), text(1), *span, |part| {
                columns[0].push(cx.interner.intern(part));
            })?,
            Source::Sliding(span) => {
                let [at, size, step] = [0, 1, 2].map(|i| operands[i][lane] as i64);
                sliding_starts(at, size, step, *span, |start| columns[0].push(start as u64))?;
            }
            Source::Indexed(inner) => {
                let (index, columns) = columns.split_at_mut(1);
                let count = inner.expand(operands, lane, cx, columns)?;
                index[0].extend(0..count as u64);
                return Ok(count);
            }
        }
        Ok(columns[0].len() - before)
    }

    /// The elements as a vector.
    fn vector(&self, columns: &mut impl Iterator<Item = Vec<u64>>) -> Vector {
        let mut next = || Vector::new(columns.next().expect("a column for each part"));
        match self {
            Source::Elements {
                parts: Some(parts), ..
            } => Vector::Tuple(Arc::new(parts.iter().map(|_| next()).collect())),
            Source::Indexed(inner) => {
                let index = next();
                Vector::Tuple(Arc::new(vec![index, inner.vector(columns)]))
            }
            _ => next(),
        }
    }
}

/// Elements on their way.
struct Chunk {
    parents: Vec<u32>,
    columns: Vec<Vec<u64>>,
    failures: Failures,
}

impl Chunk {
    fn new(width: usize) -> Chunk {
        Chunk {
            parents: Vec::new(),
            columns: vec![Vec::new(); width],
            failures: Failures::default(),
        }
    }

    /// Says what became of a lane.
    fn close_lane(&mut self, lane: usize, expanded: Result<usize, Arc<EvalError>>) {
        let count = expanded.unwrap_or_else(|error| {
            let at = self.parents.len();
            for column in &mut self.columns {
                column.truncate(at);
                column.push(0);
            }
            self.failures.push_shared(at, error);
            1
        });
        let parent = lane as u32;
        self.parents.extend(std::iter::repeat_n(parent, count));
    }

    fn take(&mut self, source: &Source) -> (Arc<Vec<u32>>, Slot) {
        let mut columns = self.columns.iter_mut().map(std::mem::take);
        let slot = Slot {
            vector: source.vector(&mut columns),
            failures: std::mem::take(&mut self.failures),
        };
        (Arc::new(std::mem::take(&mut self.parents)), slot)
    }
}
