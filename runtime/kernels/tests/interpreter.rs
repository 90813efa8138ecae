//! The interpreter means what the scalar reference means, whatever the batches.

mod support;

use proptest::prelude::*;
use sheaf_ir::{Block, Clause, Expr, ExprKind, Function, Gather, Span, Type, Value};
use sheaf_kernels::interpret::MAX_DEPTH;
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, Interner, Kernel, RowError, Rows, compile};
use support::expressions::{Maker, any_row, palette, show_block};
use support::{environment, reference, types};

type Answer = Result<Vec<Value>, reference::Failure>;

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
                "row {:?} of\n{}", row, show_block(&block, each.as_ref())
            );
        }
    }
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    let span = Span::default();
    Expr { kind, ty, span }
}

fn column(index: usize, ty: Type) -> Expr {
    expr(ExprKind::Column(index), ty)
}

fn int(i: i64) -> Expr {
    expr(ExprKind::Constant(Value::Int(i)), Type::Int)
}

fn nat(i: i64) -> Expr {
    expr(ExprKind::Constant(Value::Nat(i)), Type::Nat)
}

fn compiles(output: &Expr, column: &Type) -> bool {
    let columns = std::slice::from_ref(column);
    compile(&give(vec![output.clone()]), None, columns, &environment()).is_ok()
}

fn call(function: Function, arguments: Vec<Expr>) -> Expr {
    let tys: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
    let ty = function.result_type(&tys, &types()).unwrap();
    expr(ExprKind::Call(function, arguments), ty)
}

fn give(outputs: Vec<Expr>) -> Block {
    Block {
        conditions: vec![],
        outputs,
    }
}

#[test]
fn rows_keep_their_order_and_errors_their_rows() {
    // 10 / x for x in -2000 ..= 2000, if it is not 5.
    let quotient = call(Function::Div, vec![int(10), column(0, Type::Int)]);
    let block = Block {
        conditions: vec![call(Function::Ne, vec![quotient.clone(), int(5)])],
        outputs: vec![quotient, column(0, Type::Int)],
    };
    let input = Rows::from_words(1, (-2000..=2000i64).map(|x| x as u64).collect());
    let (mut output, mut errors) = (Rows::new(2), Vec::new());
    compile(&block, None, &[Type::Int], &environment())
        .unwrap()
        .run(&input, &mut output, &mut errors);
    let expected: Vec<i64> = (-2000..=2000)
        .filter(|&x| x != 0 && 10 / x != 5)
        .flat_map(|x| [10 / x, x])
        .collect();
    assert!(output.words().iter().map(|&w| w as i64).eq(expected));
    let [error] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!(
        (error.row, error.error.message.as_str()),
        (2000, "10 / 0 divides by zero")
    );
}

#[test]
fn a_product_of_lists_needs_little_memory_and_time() {
    // sum(1 for x in xs, y in xs, z in xs if x = y): 200³ elements a row.
    let ty = Type::List(Box::new(Type::Int));
    let each = |local| Clause::Each {
        local,
        collection: column(0, ty.clone()),
    };
    let local = |i| expr(ExprKind::Local(i), Type::Int);
    let clauses = vec![
        each(1),
        each(2),
        each(3),
        Clause::Filter(call(Function::Eq, vec![local(1), local(2)])),
    ];
    let count = ExprKind::Comprehension {
        gather: Gather::Count,
        clauses,
        element: Box::new(int(1)),
    };
    let environment = environment();
    let xs = Value::List((0..200).map(Value::Int).collect());
    let input = Rows::from_words(1, vec![word_of(&xs, &ty, &environment.interner)]);
    let (mut output, mut errors) = (Rows::new(1), Vec::new());
    compile(
        &give(vec![expr(count, Type::Nat)]),
        None,
        &[ty],
        &environment,
    )
    .unwrap()
    .run(&input, &mut output, &mut errors);
    assert_eq!((output.words(), errors), (&[200 * 200][..], vec![]));
}

#[test]
fn rows_without_columns_are_counted() {
    let environment = environment();
    let mut input = Rows::new(0);
    input.push(&[]);
    input.push(&[]);
    for (outputs, words) in [(vec![], vec![]), (vec![int(7)], vec![7, 7])] {
        let mut output = Rows::new(outputs.len());
        compile(&give(outputs), None, &[], &environment)
            .unwrap()
            .run(&input, &mut output, &mut Vec::new());
        assert_eq!((output.len(), output.words()), (2, words.as_slice()));
    }
}

#[test]
fn parameters_are_constants() {
    let mut environment = environment();
    environment.params.insert("p".into(), (Type::Int, 7));
    let param = expr(ExprKind::Param("p".into()), Type::Int);
    let sum = call(Function::Add, vec![param, column(0, Type::Int)]);
    let mut output = Rows::new(1);
    compile(&give(vec![sum]), None, &[Type::Int], &environment)
        .unwrap()
        .run(&Rows::from_words(1, vec![1]), &mut output, &mut Vec::new());
    assert_eq!(output.words(), [8]);
}

#[test]
fn wrong_expressions_are_refused() {
    let not = |e| call(Function::Not, vec![e]);
    let deep = |n: usize| (0..n).fold(column(0, Type::Bool), |e, _| not(e));
    let wrap = |n: usize| {
        (0..n).fold(column(1, Type::List(Box::new(Type::Int))), |e, _| {
            let ty = e.ty.clone();
            let mut reversed = call(Function::Reverse, vec![e]);
            reversed.ty = ty;
            reversed
        })
    };
    let columns = [Type::Bool, Type::List(Box::new(Type::Int))];
    let bound = |body: Expr| {
        let ty = body.ty.clone();
        let kind = ExprKind::Let {
            local: 1,
            value: Box::new(int(1)),
            body: Box::new(body),
        };
        expr(kind, ty)
    };
    let reason = |output: Expr, each: Option<Expr>| {
        let error = compile(&give(vec![output]), each.as_ref(), &columns, &environment()).err();
        error.map(|error| error.reason)
    };
    assert_eq!(reason(deep(200), None), None);
    for (output, each, expected) in [
        (
            deep(201),
            None,
            "an expression is nested deeper than 200 levels",
        ),
        (
            int(1),
            Some(wrap(201)),
            "an expression is nested deeper than 200 levels",
        ),
        (int(1), Some(int(1)), "only a list, set or map has elements"),
        (column(2, Type::Int), None, "there is no column 2"),
        (column(0, Type::Int), None, "Bool is annotated as Int"),
        (
            expr(ExprKind::Local(1), Type::Int),
            None,
            "local 1 is not in scope",
        ),
        (bound(bound(int(1))), None, "local 1 is bound twice"),
        (
            expr(ExprKind::Param("p".into()), Type::Int),
            None,
            "there is no param `p`",
        ),
        (
            expr(ExprKind::Constant(Value::Nat(-1)), Type::Nat),
            None,
            "Nat(-1) is no Nat",
        ),
        (
            expr(
                ExprKind::Call(Function::Add, vec![int(1), column(0, Type::Bool)]),
                Type::Int,
            ),
            None,
            "`add` is not defined at (Int, Bool)",
        ),
        (
            expr(ExprKind::If(Box::new([int(1), int(1), int(1)])), Type::Int),
            None,
            "Int stands where Bool must",
        ),
    ] {
        assert_eq!(reason(output, each).as_deref(), Some(expected));
    }
}

/// Threads have 2 MiB of stack, here as in an engine.
#[test]
fn the_deepest_expressions_fit_the_stack() {
    let list = Type::List(Box::new(Type::Int));
    let element = |local| expr(ExprKind::Local(local), Type::Int);
    #[allow(clippy::type_complexity)] // Named once, used once.
    let nested: [(Expr, &dyn Fn(Expr, usize) -> Expr); 4] = [
        (column(0, list.clone()), &|inner, local| {
            let each = Clause::Each {
                local,
                collection: inner,
            };
            let kind = ExprKind::Comprehension {
                gather: Gather::List,
                clauses: vec![each],
                element: Box::new(element(local)),
            };
            expr(kind, list.clone())
        }),
        (column(0, list.clone()), &|inner, local| {
            let first = call(Function::Take, vec![column(0, list.clone()), nat(1)]);
            let kind = ExprKind::Comprehension {
                gather: Gather::List,
                clauses: vec![
                    Clause::Each {
                        local,
                        collection: first,
                    },
                    Clause::Filter(call(Function::Eq, vec![inner, column(0, list.clone())])),
                ],
                element: Box::new(element(local)),
            };
            expr(kind, list.clone())
        }),
        (int(0), &|inner, local| {
            let kind = ExprKind::Let {
                local,
                value: Box::new(inner),
                body: Box::new(element(local)),
            };
            expr(kind, Type::Int)
        }),
        (int(0), &|inner, _| {
            let condition = call(Function::Eq, vec![inner, int(0)]);
            let kind = ExprKind::If(Box::new([condition, int(0), int(1)]));
            expr(kind, Type::Int)
        }),
    ];
    for (leaf, wrap) in nested {
        let deepest = (1..MAX_DEPTH)
            .scan(leaf, |inner, local| {
                *inner = wrap(inner.clone(), local);
                Some(inner.clone())
            })
            .take_while(|e| compiles(e, &list))
            .last()
            .unwrap();
        let environment = environment();
        let xs = Value::List(vec![Value::Int(1)]);
        let input = Rows::from_words(1, vec![word_of(&xs, &list, &environment.interner)]);
        let (mut output, mut errors) = (Rows::new(1), Vec::new());
        compile(
            &give(vec![deepest]),
            None,
            std::slice::from_ref(&list),
            &environment,
        )
        .unwrap()
        .run(&input, &mut output, &mut errors);
        assert_eq!((output.len(), errors), (1, vec![]));
    }
}
