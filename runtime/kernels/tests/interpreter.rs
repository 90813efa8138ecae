//! The interpreter means what the scalar reference means, whatever the batches.

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use sheaf_ir::{Block, Expr, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, Interner, Kernel, RowError, Rows, compile};
use support::expressions::{Maker, any_row, palette};
use support::{reference, types};

type Answer = Result<Vec<Value>, reference::Failure>;

fn environment() -> Environment {
    Environment {
        types: types(),
        params: Default::default(),
        interner: Arc::new(Interner::new()),
    }
}

fn rows_of(table: &[Vec<Value>], columns: &[Type], interner: &Interner) -> Rows {
    let mut rows = Rows::new(columns.len());
    for row in table {
        rows.push_iter(
            row.iter()
                .zip(columns)
                .map(|(v, t)| word_of(v, t, interner)),
        );
    }
    rows
}

/// Runs a kernel over batches of some size; the answers of each input row in order.
fn answers(
    kernel: &mut dyn Kernel,
    table: &[Vec<Value>],
    columns: &[Type],
    outputs: &[Type],
    environment: &Environment,
    batch: usize,
) -> Vec<Vec<Answer>> {
    let mut answers = vec![Vec::new(); table.len()];
    for (start, part) in (0..).step_by(batch).zip(table.chunks(batch)) {
        let mut input = rows_of(part, columns, &environment.interner);
        // A weight tells which input row an output row comes from.
        input.weights = Some((0..part.len() as i64).collect());
        let (mut output, mut errors) = (Rows::new(outputs.len()), Vec::<RowError>::new());
        kernel.run(&input, &mut output, &mut errors);
        for (i, &row) in output.weights.take().unwrap_or_default().iter().enumerate() {
            let values = output.row(i).iter().zip(outputs);
            let values =
                values.map(|(&w, t)| value_of(w, t, &environment.types, &environment.interner));
            answers[start + row as usize].push(Ok(values.collect()));
        }
        for RowError { row, error } in errors {
            assert!(!error.message.is_empty());
            answers[start + row as usize].push(Err((error.span, error.code)));
        }
    }
    answers
}

/// Rows first, then errors: their order among each other is not kept.
fn expected(block: &Block, each: Option<&Expr>, row: &[Value]) -> Vec<Answer> {
    let (rows, errors): (Vec<Answer>, Vec<Answer>) = reference::block(block, each, row)
        .into_iter()
        .partition(Result::is_ok);
    [rows, errors].concat()
}

fn any_table() -> impl Strategy<Value = (Vec<Type>, Vec<Vec<Value>>)> {
    prop::collection::vec(prop::sample::select(palette()), 1..6).prop_flat_map(|columns| {
        let rows = prop::collection::vec(any_row(&columns), 0..12);
        (Just(columns), rows)
    })
}

proptest! {
    #![proptest_config(support::cases(6000))]

    #[test]
    fn random_blocks_mean_what_the_reference_says(
        (columns, table) in any_table(),
        depth in 0usize..6,
        seed: u64,
        batch in 1usize..13,
    ) {
        let (block, each) = Maker::new(seed, &columns).block(depth);
        let environment = environment();
        let outputs: Vec<Type> = block.outputs.iter().map(|o| o.ty.clone()).collect();
        let mut kernel = compile(&block, each.as_ref(), &columns, &environment).unwrap();
        let found = answers(&mut *kernel, &table, &columns, &outputs, &environment, batch);
        for (row, found) in table.iter().zip(found) {
            prop_assert_eq!(
                found,
                expected(&block, each.as_ref(), row),
                "row {:?} of {:#?} over {:#?}", row, block, each
            );
        }
    }
}
