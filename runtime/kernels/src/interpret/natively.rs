//! A block whose loops are native: the interpreter computes the columns that they need, and what
//! becomes of rows that fail.

use std::sync::Arc;

use sheaf_ir::Expr;

use super::block::{Interpreted, Sink, copy_weights};
use super::compile::Compiler;
use super::evaluate::Node;
use super::frame::Frame;
use super::vector::{Lanes, Pending, Words};
use crate::native::{self, Lists, Native};

/// The native side of a kernel.
pub(super) struct Natively {
    native: Native,
    /// What is interpreted for the first of two loops, and for the main one.
    columns: [Vec<Column>; 2],
    lists: [Lists; 2],
}

struct Column {
    node: Node,
    /// Whether its failures are a column, too.
    can_fail: bool,
}

/// The lanes of a frame over some rows.
pub(super) struct Chunk<'a> {
    /// The rows' words.
    pub(super) rows: &'a [u64],
    /// The number of the first row in the batch.
    pub(super) start: usize,
    /// The row of each lane, if it is not the lane itself.
    pub(super) parents: Option<&'a [u32]>,
}

impl Chunk<'_> {
    /// The row of a lane, in the batch.
    pub(super) fn row(&self, lane: usize) -> usize {
        self.start + self.parents.map_or(lane, |parents| parents[lane] as usize)
    }
}

impl Natively {
    /// Compiles what is interpreted; `None` if it cannot be.
    pub(super) fn compile(native: Native, compiler: &mut Compiler) -> Option<Natively> {
        let mut column = |(expr, can_fail): (&Expr, bool)| {
            let node = compiler.node(expr, 0).ok()?;
            Some(Column { node, can_fail })
        };
        let mut compile = |columns: Vec<(&Expr, bool)>| -> Option<Vec<Column>> {
            columns.into_iter().map(&mut column).collect()
        };
        let [first, main] = native.columns();
        Some(Natively {
            columns: [compile(first)?, compile(main)?],
            native,
            lists: Default::default(),
        })
    }

    /// Whether rows can be given to it now.
    pub(super) fn is_ready(&mut self, rows: usize) -> bool {
        self.native.is_ready(rows)
    }

    /// Whether the interpreter has nothing to compute.
    pub(super) fn is_pure(&self) -> bool {
        self.columns.iter().all(Vec::is_empty)
    }

    /// Filters and projects the lanes of a frame; gives back whether it did.
    pub(super) fn run(
        &mut self,
        block: &Interpreted,
        frame: &Frame,
        chunk: &Chunk,
        sink: &mut Sink,
    ) -> bool {
        let [first, main] = &mut self.lists;
        let [first_columns, main_columns] = &self.columns;
        let environment = &block.environment;
        let before = sink.output.len();
        first.failed.clear();
        if self.native.has_first() {
            let Some(columns) = compute(first_columns, frame) else {
                return false;
            };
            let lanes = native::Lanes {
                count: frame.width,
                rows: chunk.rows,
                parents: chunk.parents,
                columns: &slices(&columns),
            };
            self.native
                .run(true, &lanes, environment, first, &mut Vec::new());
            let picked = Arc::new(std::mem::take(&mut first.kept));
            main.kept.clear();
            main.failed.clear();
            if !picked.is_empty() {
                let inner = Frame::inside(frame, picked.clone());
                let Some(columns) = compute(main_columns, &inner) else {
                    return false;
                };
                let rows = picked.iter().map(|&lane| match chunk.parents {
                    Some(parents) => parents[lane as usize],
                    None => lane,
                });
                let lanes = native::Lanes {
                    count: picked.len(),
                    rows: chunk.rows,
                    parents: Some(&rows.collect::<Vec<u32>>()),
                    columns: &slices(&columns),
                };
                sink.output.append_with(|words| {
                    self.native.run(false, &lanes, environment, main, words);
                    main.kept.len()
                });
                let numbers = main.kept.iter_mut().chain(&mut main.failed);
                numbers.for_each(|lane| *lane = picked[*lane as usize]);
            }
        } else {
            let Some(columns) = compute(main_columns, frame) else {
                return false;
            };
            let lanes = native::Lanes {
                count: frame.width,
                rows: chunk.rows,
                parents: chunk.parents,
                columns: &slices(&columns),
            };
            sink.output.append_with(|words| {
                self.native.run(false, &lanes, environment, main, words);
                main.kept.len()
            });
        }
        if sink.output.len() > before {
            let kept = main.kept.iter().map(|&lane| chunk.row(lane as usize));
            copy_weights(sink.input, sink.output, before, kept);
        }
        if !(first.failed.is_empty() && main.failed.is_empty()) {
            let mut failed = [&first.failed[..], &main.failed].concat();
            failed.sort_unstable();
            let failed = Arc::new(failed);
            let inner = Frame::inside(frame, failed.clone());
            let row = |lane: usize| chunk.row(failed[lane] as usize);
            block.run_frame(&inner, Pending::default(), sink, row);
        }
        true
    }
}

/// The columns on all lanes of a frame; `None` if one fails that was thought not to.
fn compute(columns: &[Column], frame: &Frame) -> Option<Vec<Words>> {
    let mut computed = Vec::with_capacity(columns.len());
    for column in columns {
        let (words, failures) = column.node.evaluate_words(frame, &Lanes::All(frame.width));
        computed.push(words);
        if column.can_fail {
            let mut failed = vec![0; frame.width];
            failures.lanes().for_each(|lane| failed[lane] = 1);
            computed.push(Arc::new(failed));
        } else if !failures.is_empty() {
            return None;
        }
    }
    Some(computed)
}

fn slices(columns: &[Words]) -> Vec<&[u64]> {
    columns.iter().map(|column| &column[..]).collect()
}
