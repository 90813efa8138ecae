//! Measures native code: `cargo run --release -p sheaf-kernels --example native [ROUNDS]`.
//!
//! Each block runs over the same four million rows in batches of 8192, in turn by the interpreter, by
//! native code and by a loop written by hand over the same words with the same checks. Medians of CPU
//! time of the thread, in nanoseconds a row, and ratios.

use std::sync::Arc;

use sheaf_ir::value::Float;
use sheaf_ir::{Block, Expr, ExprKind, Function, Span, Type, Value};
use sheaf_kernels::{Environment, Executor, Kernels, RowError, Rows, compile};

const BATCH: usize = 8192;
const BATCHES: usize = 64;
/// Passes over the batches in a round.
const PASSES: usize = 8;

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.map_or(9, |rounds| rounds.parse().expect("rounds are a number"));
    println!(
        "ns a row            interpreted  native  by hand   interpreted/native  native/by hand"
    );
    for case in [filter(), arithmetic(), mixed(), division(), floats()] {
        measure(&case, rounds);
    }
}

struct Case {
    name: &'static str,
    types: Vec<Type>,
    block: Block,
    by_hand: fn(&[u64], &mut Vec<u64>, &mut Vec<u32>),
}

fn measure(case: &Case, rounds: usize) {
    let mut state = 1u64;
    let mut random = |index: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let number = (state >> 33) % 1000;
        match case.types[index % 4] {
            Type::Float => (number as f64 / 10.0).to_bits(),
            _ => number,
        }
    };
    let batches: Vec<Rows> = (0..BATCHES)
        .map(|_| Rows::from_words(4, (0..BATCH * 4).map(&mut random).collect()))
        .collect();
    let mut kernels = [Executor::Interpreter, Executor::Native].map(|executor| {
        let environment = Environment::default().with_kernels(Arc::new(Kernels::new(executor)));
        compile(&case.block, None, &case.types, &environment).expect("the block compiles")
    });
    let width = case.block.outputs.len();
    let mut times = [const { Vec::new() }; 3];
    let mut answers = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (way, kernel) in kernels.iter_mut().enumerate() {
            let (mut output, mut errors) = (Rows::new(width), Vec::<RowError>::new());
            let start = cpu();
            for _ in 0..PASSES {
                for batch in &batches {
                    output.clear();
                    kernel.run(batch, &mut output, &mut errors);
                }
            }
            times[way].push(cpu() - start);
            answers[way] = output.into_words();
        }
        let (mut output, mut failed) = (Vec::new(), Vec::new());
        let start = cpu();
        for _ in 0..PASSES {
            for batch in &batches {
                output.clear();
                (case.by_hand)(batch.words(), &mut output, &mut failed);
            }
        }
        times[2].push(cpu() - start);
        answers[2] = output;
    }
    assert!(
        answers[0] == answers[1] && answers[1] == answers[2],
        "{}",
        case.name
    );
    let [interpreted, native, by_hand] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] / (BATCH * BATCHES * PASSES) as f64
    });
    println!(
        "{:20}{interpreted:11.2}{native:8.2}{by_hand:9.2}{:21.2}{:16.2}",
        case.name,
        interpreted / native,
        native / by_hand
    );
}

/// CPU time of this thread in nanoseconds, as Linux counts it.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let first = text.split(' ').next().expect("a first number");
    first.parse().expect("nanoseconds")
}

fn int(word: u64) -> i64 {
    word as i64
}

/// Many conditions, nothing computed.
fn filter() -> Case {
    let [a, b, c, d] = ints();
    Case {
        name: "filter",
        types: vec![Type::Int; 4],
        block: Block {
            conditions: vec![
                call(Function::Lt, [&a, &constant(700)]),
                call(Function::Ne, [&b, &constant(0)]),
                call(
                    Function::Or,
                    [
                        &call(Function::Gt, [&c, &d]),
                        &call(
                            Function::Eq,
                            [&call(Function::Rem, [&c, &constant(7)]), &constant(3)],
                        ),
                    ],
                ),
                call(
                    Function::Ge,
                    [&call(Function::Add, [&a, &d]), &constant(300)],
                ),
            ],
            outputs: vec![a.clone(), d.clone()],
        },
        by_hand: |words, output, failed| {
            for (index, row) in words.chunks_exact(4).enumerate() {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| int(row[i]));
                if a < 700 && b != 0 && (c > d || c % 7 == 3) {
                    match a.checked_add(d) {
                        Some(sum) if sum >= 300 => output.extend([a as u64, d as u64]),
                        Some(_) => {}
                        None => failed.push(index as u32),
                    }
                }
            }
        },
    }
}

/// Sums, differences and products, all checked.
fn arithmetic() -> Case {
    let [a, b, c, d] = ints();
    let product = call(Function::Mul, [&a, &b]);
    let sum = call(
        Function::Add,
        [&call(Function::Mul, [&a, &constant(3)]), &b],
    );
    let square = call(
        Function::Mul,
        [
            &call(Function::Sub, [&c, &d]),
            &call(Function::Sub, [&c, &d]),
        ],
    );
    Case {
        name: "arithmetic",
        types: vec![Type::Int; 4],
        block: Block {
            conditions: vec![],
            outputs: vec![
                call(Function::Sub, [&sum, &c]),
                call(Function::Add, [&product, &square]),
                call(
                    Function::Sub,
                    [
                        &call(Function::Mul, [&product, &c]),
                        &call(Function::Neg, [&d]),
                    ],
                ),
            ],
        },
        by_hand: |words, output, failed| {
            for (index, row) in words.chunks_exact(4).enumerate() {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| int(row[i]));
                let computed = || {
                    let product = a.checked_mul(b)?;
                    let difference = c.checked_sub(d)?;
                    Some([
                        a.checked_mul(3)?.checked_add(b)?.checked_sub(c)?,
                        product.checked_add(difference.checked_mul(difference)?)?,
                        product.checked_mul(c)?.checked_sub(d.checked_neg()?)?,
                    ])
                };
                match computed() {
                    Some(values) => output.extend(values.map(|value| value as u64)),
                    None => failed.push(index as u32),
                }
            }
        },
    }
}

/// A filter that half of the rows pass, and a choice.
fn mixed() -> Case {
    let [a, b, c, d] = ints();
    let arms = [
        call(Function::Gt, [&c, &d]),
        call(Function::Mul, [&call(Function::Sub, [&c, &d]), &b]),
        call(Function::Mul, [&d, &constant(2)]),
    ];
    let sum = call(
        Function::Add,
        [&call(Function::Mul, [&a, &constant(3)]), &b],
    );
    Case {
        name: "filter and choice",
        types: vec![Type::Int; 4],
        block: Block {
            conditions: vec![
                call(Function::Lt, [&a, &constant(500)]),
                call(Function::Ne, [&b, &constant(0)]),
            ],
            outputs: vec![
                call(Function::Sub, [&sum, &c]),
                expr(ExprKind::If(Box::new(arms)), Type::Int),
            ],
        },
        by_hand: |words, output, failed| {
            for (index, row) in words.chunks_exact(4).enumerate() {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| int(row[i]));
                if a >= 500 || b == 0 {
                    continue;
                }
                let computed = || {
                    let first = a.checked_mul(3)?.checked_add(b)?.checked_sub(c)?;
                    let second = match c > d {
                        true => c.checked_sub(d)?.checked_mul(b)?,
                        false => d.checked_mul(2)?,
                    };
                    Some([first, second])
                };
                match computed() {
                    Some(values) => output.extend(values.map(|value| value as u64)),
                    None => failed.push(index as u32),
                }
            }
        },
    }
}

/// Quotients by columns.
fn division() -> Case {
    let [a, b, c, d] = ints();
    let divisor = call(Function::Add, [&b, &constant(1)]);
    Case {
        name: "division",
        types: vec![Type::Int; 4],
        block: Block {
            conditions: vec![call(Function::Lt, [&c, &constant(500)])],
            outputs: vec![
                call(Function::Div, [&call(Function::Mul, [&a, &d]), &divisor]),
                call(Function::Rem, [&a, &divisor]),
            ],
        },
        by_hand: |words, output, failed| {
            for (index, row) in words.chunks_exact(4).enumerate() {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| int(row[i]));
                if c >= 500 {
                    continue;
                }
                let computed = || {
                    let divisor = b.checked_add(1)?;
                    let rest = match divisor {
                        0 => return None,
                        _ => a.wrapping_rem(divisor),
                    };
                    Some([a.checked_mul(d)?.checked_div(divisor)?, rest])
                };
                match computed() {
                    Some(values) => output.extend(values.map(|value| value as u64)),
                    None => failed.push(index as u32),
                }
            }
        },
    }
}

/// Floats, with what makes them canonical.
fn floats() -> Case {
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| column(i, Type::Float));
    let number = |x: f64| expr(ExprKind::Constant(Value::Float(Float::new(x))), Type::Float);
    let product = call(Function::Mul, [&a, &b]);
    Case {
        name: "floats",
        types: vec![Type::Float; 4],
        block: Block {
            conditions: vec![call(Function::Lt, [&c, &number(80.0)])],
            outputs: vec![
                call(Function::Add, [&product, &call(Function::Mul, [&c, &d])]),
                call(
                    Function::Sub,
                    [&call(Function::Mul, [&product, &number(0.5)]), &d],
                ),
            ],
        },
        by_hand: |words, output, _| {
            let canonical = |x: f64| if x.is_nan() { f64::NAN } else { x + 0.0 };
            for row in words.chunks_exact(4) {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| f64::from_bits(row[i]));
                if c < 80.0 {
                    let values = [a * b + c * d, a * b * 0.5 - d];
                    output.extend(values.map(|value| canonical(value).to_bits()));
                }
            }
        },
    }
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    let span = Span::default();
    Expr { kind, ty, span }
}

fn column(index: usize, ty: Type) -> Expr {
    expr(ExprKind::Column(index), ty)
}

fn ints() -> [Expr; 4] {
    [0, 1, 2, 3].map(|i| column(i, Type::Int))
}

fn constant(i: i64) -> Expr {
    expr(ExprKind::Constant(Value::Int(i)), Type::Int)
}

fn call<const N: usize>(function: Function, arguments: [&Expr; N]) -> Expr {
    let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
    let ty = function
        .result_type(&types, &Default::default())
        .expect("well typed");
    let arguments = arguments.map(Expr::clone).to_vec();
    expr(ExprKind::Call(function, arguments), ty)
}
