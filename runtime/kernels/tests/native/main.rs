//! Native code gives the rows and errors of the interpreter, on random blocks and rows.
//!
//! `SHEAF_NATIVE_BLOCKS=1000000` makes a long run, `SHEAF_NATIVE_SEED=17` replays one block.

mod generator;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use generator::{Case, DEFINITIONS, Generator, Random, params};
use sheaf_ir::{Block, Expr, ExprKind, Function, Program, Type};
use sheaf_kernels::words::word_of;
use sheaf_kernels::{Environment, Executor, Interner, Kernels, RowError, Rows, compile};

/// Rows of a batch: enough for every path, and short enough for many blocks.
const ROWS: usize = 48;

type Answer = (Rows, Vec<RowError>);

fn environment(executor: Executor, interner: &Arc<Interner>, random: &mut Random) -> Environment {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| sheaf_ir::text::parse(DEFINITIONS).expect("it parses"));
    let param = |(name, ty): (&str, Type)| {
        let word = word_of(&random.value(&ty), &ty, interner);
        (name.to_string(), (ty, word))
    };
    let params: BTreeMap<_, _> = params().into_iter().map(param).collect();
    let environment = Environment::new(program, params, Arc::clone(interner));
    environment.with_kernels(Arc::new(Kernels::new(executor)))
}

fn rows(columns: &[Type], interner: &Interner, random: &mut Random) -> Rows {
    let mut rows = Rows::new(columns.len());
    for _ in 0..ROWS {
        rows.push_iter(
            columns
                .iter()
                .map(|ty| word_of(&random.value(ty), ty, interner)),
        );
    }
    if random.below(2) == 0 {
        rows.weights = Some((0..ROWS as i64).collect());
    }
    rows
}

/// What a block does to a batch, twice: the second time behind what is there.
fn answer(case: &Case, input: &Rows, environment: &Environment) -> Answer {
    let each = case.each.as_ref();
    let mut kernel = compile(&case.block, each, &case.columns, environment)
        .unwrap_or_else(|error| panic!("{error}: {case}"));
    let mut output = Rows::new(case.block.outputs.len());
    let mut errors = Vec::new();
    for _ in 0..2 {
        kernel.run(input, &mut output, &mut errors);
    }
    if let Some(status) = kernel.status() {
        environment.kernels.note("", status);
    }
    (output, errors)
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        writeln!(f, "columns {:?}", self.columns)?;
        for (what, exprs) in [
            ("each", self.each.iter().collect::<Vec<_>>()),
            ("if", self.block.conditions.iter().collect()),
            ("give", self.block.outputs.iter().collect()),
        ] {
            for expr in exprs {
                writeln!(f, "{what} {}", show(expr))?;
            }
        }
        Ok(())
    }
}

fn show(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(show).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Column(i) => format!("c{i}"),
        ExprKind::Local(i) => format!("x{i}"),
        ExprKind::Constant(value) => format!("{value:?}"),
        ExprKind::Param(name) => name.clone(),
        ExprKind::Call(function, arguments) => format!("{function:?}({})", list(arguments)),
        ExprKind::Invoke(name, arguments) => format!("{name}({})", list(arguments)),
        ExprKind::If(parts) => format!("if({})", list(&parts[..])),
        ExprKind::Let { local, value, body } => {
            format!("let x{local} = {} in {}", show(value), show(body))
        }
        ExprKind::Comprehension { .. } => "[…]".into(),
    }
}

/// Whether both executors do the same to a batch.
fn agrees(case: &Case, input: &Rows, both: &[Environment; 2]) -> bool {
    let [interpreted, native] = both.each_ref().map(|e| answer(case, input, e));
    interpreted == native
}

/// Fails with the smallest case and the first row on which both differ.
fn report(seed: u64, case: Case, input: &Rows, both: &[Environment; 2]) -> ! {
    let case = shrunk(case, input, both);
    let one = |index: usize| {
        let mut one = Rows::new(input.arity());
        one.push(input.row(index));
        one
    };
    let guilty = (0..input.len())
        .map(one)
        .find(|row| !agrees(&case, row, both));
    let input = guilty.unwrap_or_else(|| input.clone());
    let [interpreted, native] = both.each_ref().map(|e| answer(&case, &input, e));
    let counts = both[1].kernels.counts();
    panic!(
        "seed {seed}\n{case}over {input:?}\ninterpreted {interpreted:?}\nnative {native:?}\n{counts:?}"
    );
}

/// A smaller case on which they still differ.
fn shrunk(mut case: Case, input: &Rows, both: &[Environment; 2]) -> Case {
    'again: loop {
        for smaller in smaller(&case) {
            if !agrees(&smaller, input, both) {
                case = smaller;
                continue 'again;
            }
        }
        return case;
    }
}

fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let block = &case.block;
    let mut with = |block: Block| {
        cases.push(Case {
            block,
            ..case.clone()
        });
    };
    for which in 0..2 {
        let list = |block: &mut Block| match which {
            0 => std::mem::take(&mut block.conditions),
            _ => std::mem::take(&mut block.outputs),
        };
        let exprs = list(&mut block.clone());
        for index in 0..exprs.len() {
            let mut replaced = |expr: Option<Expr>| {
                let mut exprs = exprs.clone();
                exprs.splice(index..=index, expr);
                let mut block = block.clone();
                match which {
                    0 => block.conditions = exprs,
                    _ => block.outputs = exprs,
                }
                with(block);
            };
            replaced(None);
            for expr in smaller_exprs(&exprs[index]) {
                replaced(Some(expr));
            }
        }
    }
    cases
}

/// With one expression inside replaced by one of the same type inside that.
fn smaller_exprs(expr: &Expr) -> Vec<Expr> {
    let binds = matches!(expr.kind, ExprKind::Let { .. });
    let children = expr.children();
    let same = children.iter().filter(|c| !binds && c.ty == expr.ty);
    let mut smaller: Vec<Expr> = same.map(|child| (*child).clone()).collect();
    for (index, child) in children.iter().enumerate() {
        for child in smaller_exprs(child) {
            let mut expr = expr.clone();
            *expr.children_mut()[index] = child;
            smaller.push(expr);
        }
    }
    smaller
}

/// The seed that is being tried: a helper that panics ends the process.
static SEED: AtomicU64 = AtomicU64::new(0);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number"))
    })
}

#[test]
fn random_blocks_give_the_same_rows_and_errors() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("SHEAF_NATIVE_SEED={}", SEED.load(Ordering::Relaxed));
        hook(info);
    }));
    let seeds = match number("SHEAF_NATIVE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SHEAF_NATIVE_BLOCKS").unwrap_or(10_000),
    };
    let many = seeds.end - seeds.start >= 1000;
    let (mut native, mut failures) = (0, 0);
    let mut interner = Arc::new(Interner::new());
    for seed in seeds {
        if seed % 10_000 == 0 {
            // Symbols are never forgotten.
            interner = Arc::new(Interner::new());
        }
        SEED.store(seed, Ordering::Relaxed);
        let mut generator = Generator::new(seed);
        let case = generator.case();
        let input = rows(&case.columns, &interner, &mut generator.random);
        let both = [Executor::Interpreter, Executor::Native]
            .map(|executor| environment(executor, &interner, &mut Random(seed)));
        let [interpreted, natively] = both.each_ref().map(|e| answer(&case, &input, e));
        if interpreted != natively {
            report(seed, case, &input, &both);
        }
        failures += interpreted.1.len();
        native += both[1]
            .kernels
            .counts()
            .values()
            .map(|c| c.native)
            .sum::<u64>();
        if many && seed % 10_000 == 9_999 {
            println!(
                "{} blocks, {native} native, {failures} failing rows",
                seed + 1
            );
        }
    }
    println!("{native} native, {failures} failing rows");
    assert!(!many || native > 5_000, "only {native} were native");
    assert!(!many || failures > 50_000, "only {failures} rows failed");
}

/// Native code has a loop for small numbers: what counts as small must never let an overflow pass.
#[test]
fn numbers_near_powers_of_two_overflow_as_they_should() {
    let int = |kind| Expr {
        kind,
        ty: Type::Int,
        span: Default::default(),
    };
    let call = |function: Function, arguments: &[&Expr]| {
        int(ExprKind::Call(
            function,
            arguments.iter().map(|&argument| argument.clone()).collect(),
        ))
    };
    let [a, b, c] = [0, 1, 2].map(|column| int(ExprKind::Column(column)));
    let product = call(Function::Mul, &[&a, &b]);
    let difference = call(Function::Sub, &[&a, &b]);
    let outputs = [
        call(Function::Add, &[&product, &c]),
        call(Function::Mul, &[&product, &c]),
        call(Function::Mul, &[&difference, &difference]),
        call(Function::Sub, &[&call(Function::Neg, &[&a]), &b]),
        call(Function::Add, &[&call(Function::Abs, &[&a]), &c]),
        call(
            Function::Div,
            &[
                &product,
                &call(Function::Add, &[&c, &call(Function::Rem, &[&a, &b])]),
            ],
        ),
    ];
    let powers = (13..64).flat_map(|bits| [-1, 0, 1].map(|more| (1i64 << bits).wrapping_add(more)));
    let numbers: Vec<i64> = powers
        .flat_map(|number| [number, number.wrapping_neg()])
        .chain([-1, 0, 1, 3])
        .collect();
    let interner = Arc::new(Interner::new());
    for output in outputs {
        let case = Case {
            columns: vec![Type::Int; 3],
            each: None,
            block: Block {
                conditions: Vec::new(),
                outputs: vec![output],
            },
        };
        let mut input = Rows::new(3);
        for &a in &numbers {
            for &b in &numbers {
                for c in [0, 1, -1, a, b] {
                    input.push_iter([a, b, c].map(|number| number as u64).into_iter());
                }
            }
        }
        let both = [Executor::Interpreter, Executor::Native]
            .map(|executor| environment(executor, &interner, &mut Random(1)));
        if !agrees(&case, &input, &both) {
            report(0, case, &input, &both);
        }
    }
}
