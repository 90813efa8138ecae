//! Functions of the program: recursion over whole batches means what it means value by value, and
//! however deep it goes it ends with a value or an error.

mod support;

use std::thread;

use proptest::prelude::*;
use sheaf_ir::{Block, Expr, ExprKind, Function, Program, Span, Type, Value, text};
use sheaf_kernels::interpret::MAX_CALLS;
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, ErrorCode, EvalError, Rows, compile};
use support::{any_value, definitions, environment, reference};

const SPAN: Span = Span {
    file: 1,
    start: 2,
    end: 3,
};

/// A function applied to the columns of a row.
fn call(program: &Program, name: &str) -> Expr {
    let function = &program.functions[name];
    let argument = |(index, ty): (usize, &Type)| Expr {
        kind: ExprKind::Column(index),
        ty: ty.clone(),
        span: SPAN,
    };
    let arguments = function.parameters.iter().enumerate().map(argument);
    Expr {
        kind: ExprKind::Invoke(name.into(), arguments.collect()),
        ty: function.body.ty.clone(),
        span: SPAN,
    }
}

/// What an expression gives for each row.
fn results(
    expr: &Expr,
    columns: &[Type],
    table: &[Vec<Value>],
    environment: &Environment,
) -> Vec<Result<Value, EvalError>> {
    let block = Block {
        conditions: Vec::new(),
        outputs: vec![expr.clone()],
    };
    let mut kernel = compile(&block, None, columns, environment).expect("it compiles");
    let mut rows = Rows::new(columns.len());
    for row in table {
        let words = row.iter().zip(columns);
        rows.push_iter(words.map(|(v, ty)| word_of(v, ty, &environment.interner)));
    }
    rows.weights = Some((0..table.len() as i64).collect());
    let (mut output, mut errors) = (Rows::new(1), Vec::new());
    kernel.run(&rows, &mut output, &mut errors);
    let mut results: Vec<Option<Result<Value, EvalError>>> = vec![None; table.len()];
    for (at, &row) in output.weights.take().unwrap_or_default().iter().enumerate() {
        let word = output.row(at)[0];
        let value = value_of(word, &expr.ty, &environment.types, &environment.interner);
        results[row as usize] = Some(Ok(value));
    }
    for error in errors {
        results[error.row as usize] = Some(Err(error.error));
    }
    let result = |r: Option<_>| r.expect("a row has a result");
    results.into_iter().map(result).collect()
}

fn ints(values: impl IntoIterator<Item = i64>) -> Vec<Vec<Value>> {
    values.into_iter().map(|v| vec![Value::Int(v)]).collect()
}

fn agrees(name: &str, table: &[Vec<Value>]) -> Result<(), TestCaseError> {
    let expr = call(definitions(), name);
    let columns = &definitions().functions[name].parameters;
    let found = results(&expr, columns, table, &environment());
    for (row, found) in table.iter().zip(found) {
        let scope = reference::Scope {
            columns: row.iter().cloned().map(Ok).collect(),
            ..Default::default()
        };
        let expected = reference::evaluate(&expr, &scope);
        prop_assert_eq!(
            found.map_err(|e| (e.span, e.code)),
            expected,
            "{}({:?})",
            name,
            row
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(support::cases(300))]

    #[test]
    fn recursion_means_the_same_over_batches(
        small in prop::collection::vec(0i64..14, 0..40),
        pairs in prop::collection::vec((-200i64..200, -200i64..200), 0..40),
        trees in prop::collection::vec(any_value(&Type::Named("Tree".into())), 0..12),
        divided in prop::collection::vec((-2i64..3, any::<bool>()), 0..40),
    ) {
        agrees("fibonacci", &ints(small.iter().copied()))?;
        agrees("is_even", &ints(small))?;
        let pair = |(a, b): (i64, i64)| vec![Value::Int(a), Value::Int(b)];
        agrees("gcd", &pairs.into_iter().map(pair).collect::<Vec<_>>())?;
        let one = |tree: Value| vec![tree];
        agrees("total", &trees.into_iter().map(one).collect::<Vec<_>>())?;
        // An error only where the arm is taken, and where it is written.
        let divided = divided.into_iter().map(|(n, b)| vec![Value::Int(n), Value::Bool(b)]);
        agrees("picks", &divided.collect::<Vec<_>>())?;
    }
}

#[test]
fn many_rows_of_different_depths_are_called_together() {
    let table = ints((0..5000).map(|n| n % 900));
    let found = results(
        &call(definitions(), "is_even"),
        &[Type::Int],
        &table,
        &environment(),
    );
    for (n, found) in (0..5000).map(|n| n % 900).zip(found) {
        assert_eq!(found, Ok(Value::Bool(n % 2 == 0)));
    }
}

/// Runs on a stack as small as that of a worker.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.expect("a thread").join().expect("the test holds");
}

#[test]
fn too_deep_a_call_is_an_error_of_its_row() {
    on_small_stack(|| {
        let deepest = MAX_CALLS as i64 - 1;
        let table = ints([3, deepest + 1, deepest, i64::MAX, 0]);
        let expr = call(definitions(), "countdown");
        let found = results(&expr, &[Type::Int], &table, &environment());
        let zero = Ok(Value::Int(0));
        assert_eq!([&found[0], &found[2], &found[4]], [&zero; 3]);
        for found in [&found[1], &found[3]] {
            let error = found.as_ref().expect_err("it is too deep");
            assert_eq!(error.code, ErrorCode::Domain);
            assert_eq!((error.span.start, error.span.end), (7, 9));
            assert_eq!(
                error.message,
                "`countdown` calls itself too deeply: more than 1000 calls are inside each other"
            );
        }
    });
}

/// A function whose recursive call lies as deep in its body as it may.
fn deep_body(open: &str, close: &str, levels: usize) -> Program {
    let source = format!(
        "sheaf-ir 1\nprogram \"deep\"\nfn f(Int): Int = if(eq($0, 0), 0, {}invoke.f(sub($0, 1)){})",
        open.repeat(levels),
        close.repeat(levels),
    );
    text::parse(&source).expect("it parses")
}

#[test]
fn deep_bodies_do_not_exhaust_the_stack() {
    on_small_stack(|| {
        for (open, close, levels) in [
            ("neg(neg(", "))", 95),
            ("if(lt($0, 0), 1, ", ")", 190),
            ("unwrap(some(", "))", 90),
            ("sum(for give ", ")", 190),
            ("option_or(none<Int>(), ", ")", 190),
            ("field<0>(tuple(", "))", 95),
        ] {
            let program = deep_body(open, close, levels);
            let environment = Environment::new(&program, Default::default(), Default::default());
            let table = ints([MAX_CALLS as i64 - 1, MAX_CALLS as i64, 1]);
            let found = results(&call(&program, "f"), &[Type::Int], &table, &environment);
            assert_eq!(found[0], Ok(Value::Int(0)), "{open}");
            assert!(found[1].is_err(), "{open}");
            assert_eq!(found[2], Ok(Value::Int(0)), "{open}");
        }
        // A generator is a level of its own: each has a chunk of elements.
        let open: String = (1..95)
            .map(|i| format!("sum(for ${i} in list<Int>(1) give "))
            .collect();
        let source = format!(
            "sheaf-ir 1\nprogram \"deep\"\nfn f(Int): Int = if(eq($0, 0), 0, {open}invoke.f(sub($0, 1)){})",
            ")".repeat(94),
        );
        let program = text::parse(&source).expect("it parses");
        let environment = Environment::new(&program, Default::default(), Default::default());
        let table = ints([MAX_CALLS as i64 - 1, MAX_CALLS as i64]);
        let found = results(&call(&program, "f"), &[Type::Int], &table, &environment);
        assert_eq!(found[0], Ok(Value::Int(0)));
        assert!(found[1].is_err());
    });
}

#[test]
fn a_map_has_one_value_for_a_key() {
    let source = "sheaf-ir 1\nprogram \"maps\"\n\
                  fn f(List<(String, Int)>): Map<String, Int> = @0:1..5 map_of(for $1 in $0 give $1)";
    let program = text::parse(source).expect("it parses");
    let environment = Environment::new(&program, Default::default(), Default::default());
    let pairs = |pairs: &[(&str, i64)]| {
        let pair = |(key, value): &(&str, i64)| {
            Value::Tuple(vec![Value::String(key.to_string()), Value::Int(*value)])
        };
        vec![Value::List(pairs.iter().map(pair).collect())]
    };
    let table = [
        pairs(&[("b", 1), ("a", -1), ("b", 1)]),
        pairs(&[]),
        pairs(&[("b", 2), ("c", 7), ("b", -1), ("c", 8), ("b", 3)]),
        pairs(&[("b", 3), ("c", 8), ("c", 7), ("b", 2), ("b", -1), ("a", 1)]),
    ];
    let columns = &program.functions["f"].parameters;
    let found = results(&call(&program, "f"), columns, &table, &environment);
    let entry = |key: &str, value| (Value::String(key.into()), Value::Int(value));
    assert_eq!(
        found[0],
        Ok(Value::Map(vec![entry("a", -1), entry("b", 1)]))
    );
    assert_eq!(found[1], Ok(Value::Map(Vec::new())));
    for found in &found[2..] {
        let error = found.as_ref().expect_err("keys repeat");
        assert_eq!(error.code, ErrorCode::Conflict);
        assert_eq!((error.span.start, error.span.end), (1, 5));
        assert_eq!(
            error.message,
            "at key \"b\": -1 and 3 are both given where there may be only one value"
        );
    }
}

#[test]
fn what_is_wrong_with_a_call_is_found_when_it_is_compiled() {
    let environment = environment();
    let expr = |kind: ExprKind| Expr {
        kind,
        ty: Type::Int,
        span: SPAN,
    };
    let column = || expr(ExprKind::Column(0));
    let text = Expr {
        kind: ExprKind::Call(Function::ToString, vec![column()]),
        ty: Type::String,
        span: SPAN,
    };
    for (name, arguments) in [
        ("nothing", vec![column()]),
        ("fibonacci", vec![]),
        ("fibonacci", vec![column(), column()]),
        ("fibonacci", vec![text]),
        ("is_even", vec![column()]),
    ] {
        let block = Block {
            conditions: Vec::new(),
            outputs: vec![expr(ExprKind::Invoke(name.into(), arguments))],
        };
        assert!(
            compile(&block, None, &[Type::Int], &environment).is_err(),
            "{name}"
        );
    }
}
