//! Measures the interpreter: `cargo run --release -p sheaf-kernels --example blocks [TEXT FILE]`.
//!
//! 1. Filter and two projections over four Int columns, 32 different batches of 1024 rows:
//!    `where a < 500 and b != 0; a * 3 + b - c, if c > d then (c - d) * b else d * 2`.
//! 2. The words of a text, line by line, lower-cased.

use std::time::Instant;

use sheaf_ir::{Block, Expr, ExprKind, Function, Span, Type, Value};
use sheaf_kernels::{Environment, Rows, compile};

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

fn call(function: Function, arguments: Vec<Expr>) -> Expr {
    let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
    let ty = function
        .result_type(&types, &Default::default())
        .expect("well typed");
    expr(ExprKind::Call(function, arguments), ty)
}

fn main() {
    let environment = Environment::default();
    integers(&environment);
    if let Some(path) = std::env::args().nth(1) {
        let text = std::fs::read_to_string(&path).expect("the text can be read");
        words(&environment, &text);
    }
}

fn integers(environment: &Environment) {
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| column(i, Type::Int));
    let two = |f: Function, x: &Expr, y: &Expr| call(f, vec![x.clone(), y.clone()]);
    let difference = two(Function::Sub, &c, &d);
    let arms = [
        two(Function::Gt, &c, &d),
        two(Function::Mul, &difference, &b),
        two(Function::Mul, &d, &int(2)),
    ];
    let sum = two(Function::Add, &two(Function::Mul, &a, &int(3)), &b);
    let block = Block {
        conditions: vec![
            two(Function::Lt, &a, &int(500)),
            two(Function::Ne, &b, &int(0)),
        ],
        outputs: vec![
            two(Function::Sub, &sum, &c),
            expr(ExprKind::If(Box::new(arms)), Type::Int),
        ],
    };
    let projection = Block {
        conditions: vec![],
        outputs: vec![d.clone(), b.clone()],
    };
    let mut state = 1u64;
    let mut random = |_| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % 1000
    };
    let batches: Vec<Rows> = (0..32)
        .map(|_| Rows::from_words(4, (0..4096).map(&mut random).collect()))
        .collect();
    for (name, block) in [
        ("filter and 2 projections", block),
        ("projection", projection),
    ] {
        let mut kernel = compile(&block, None, &vec![Type::Int; 4], environment).expect("compiles");
        let mut output = Rows::new(2);
        let start = Instant::now();
        const REPEATS: usize = 500;
        for _ in 0..REPEATS {
            for batch in &batches {
                output.clear();
                kernel.run(batch, &mut output, &mut Vec::new());
            }
        }
        report(name, start, REPEATS * 32 * 1024, "rows");
    }
}

fn words(environment: &Environment, text: &str) {
    let lines: Vec<u64> = text
        .lines()
        .map(|l| environment.interner.intern(l.as_bytes()))
        .collect();
    let rows = Rows::from_words(1, lines);
    let each = call(Function::Words, vec![column(0, Type::String)]);
    let block = Block {
        conditions: vec![],
        outputs: vec![call(Function::Lower, vec![column(1, Type::String)])],
    };
    let mut kernel = compile(&block, Some(&each), &[Type::String], environment).expect("compiles");
    let mut output = Rows::new(1);
    let start = Instant::now();
    kernel.run(&rows, &mut output, &mut Vec::new());
    report("words", start, output.len(), "words");
    println!(
        "{} bytes, {} symbols",
        text.len(),
        environment.interner.len()
    );
}

fn report(what: &str, start: Instant, count: usize, unit: &str) {
    let elapsed = start.elapsed();
    let each = elapsed.as_nanos() as f64 / count as f64;
    println!("{what}: {count} {unit} in {elapsed:.2?}, {each:.1} ns each");
}
