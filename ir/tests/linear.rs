//! The work of passes and planner grows as programs do: of programs of one kind, one that is eight times as large takes
//! about eight times as long.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write;

use sheaf_ir::passes::{Selection, World, optimize};
use sheaf_ir::plan::{choose, decide, explain, validate};
use sheaf_ir::sizes::Sizes;
use sheaf_ir::verify::verify;
use sheaf_ir::{Program, infer, text};

const SMALL: usize = 80;
const LARGE: usize = 8 * SMALL;
/// Between what is linear and what is not: 8 times the size takes 8 or 64 times the work.
const MOST: f64 = 20.0;

/// CPU time of this thread in nanoseconds: what else the machine does is no part of it.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0.0)
}

fn program(body: &str) -> Program {
    let written = format!(
        "sheaf-ir 1\nprogram \"generated\"\nsource %edge (a: String, b: String) bag closed from csv(\"e.csv\")\n{body}"
    );
    let mut program = text::parse(&written).unwrap_or_else(|error| panic!("{error}"));
    infer::annotate(&mut program);
    assert_eq!(verify(&program), Ok(()));
    program
}

/// Closures of one relation, or each of the one before.
fn loops(count: usize, in_a_row: bool) -> Program {
    let mut body = String::new();
    for i in 0..count {
        let from = match (in_a_row, i) {
            (true, 1..) => format!("reach{:04}", i - 1),
            _ => "edge".to_string(),
        };
        let name = format!("reach{i:04}");
        let _ = write!(
            body,
            "map %{name}#1 (a: String, b: String) bag closed = %{from} give in.a, in.b\n\
             fixpoint %{name}.loop limit 1000 {{\n\
               variable %{name} (a: String, b: String) set closed = %{name}#1, %{name}#2\n\
               join %{name}#2 (a: String, b: String) bag closed = %{name}, %edge\n\
                 on [b] = [a]\n\
                 where ne(left.a, right.b)\n\
                 give left.a, right.b\n\
             }}\n"
        );
        if !in_a_row || i + 1 == count {
            let _ = writeln!(
                body,
                "sink %out:{name} (a: String, b: String) set closed = %{name} to csv(\"{name}.csv\")"
            );
        }
    }
    program(&body)
}

/// Joins in a row, with a column on the way that nobody reads in the end.
fn steps(count: usize) -> Program {
    let mut body =
        "map %step0000 (a: String, b: String, c: String) bag closed = %edge give in.a, in.b, in.b\n".to_string();
    for i in 1..=count {
        let (from, name) = (format!("step{:04}", i - 1), format!("step{i:04}"));
        let _ = write!(
            body,
            "semijoin %{name}#1 (a: String, b: String, c: String) bag closed = %{from}, %edge on [b] = [a]\n\
             join %{name} (a: String, b: String, c: String) bag closed = %{name}#1, %edge\n\
               on [b] = [a]\n\
               give left.a, right.b, left.c\n"
        );
    }
    let _ = write!(
        body,
        "map %last (a: String) bag closed = %step{count:04} give in.a\n\
         sink %out:last (a: String) bag closed = %last to csv(\"last.csv\")\n"
    );
    program(&body)
}

/// The time for everything between a program and its explained plan.
fn work(program: &Program) -> f64 {
    let sizes = Sizes {
        rows: [("edge".to_string(), 100_000)].into(),
    };
    let world = World {
        sizes: &sizes,
        evaluate: &|_, _| None,
    };
    let once = || {
        let mut program = program.clone();
        let start = cpu();
        optimize(&mut program, &Selection::All, &world);
        let decided = decide(&program, &sizes, 2);
        assert_eq!(validate(&program, &decided.plan), Ok(()));
        assert_eq!(
            validate(&program, &choose(&program, &Sizes::default())),
            Ok(())
        );
        explain(&program, &decided, &sizes, &|_| None);
        cpu() - start
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn assert_linear(kind: &str, generate: impl Fn(usize) -> Program) {
    let (small, large) = (work(&generate(SMALL)), work(&generate(LARGE)));
    assert!(
        large <= MOST * small,
        "{kind}: {:.1} ms for {SMALL}, {:.1} ms for {LARGE}",
        small / 1e6,
        large / 1e6
    );
}

#[test]
fn loops_beside_each_other() {
    assert_linear("loops", |count| loops(count, false));
}

#[test]
fn loops_in_a_row() {
    assert_linear("loops in a row", |count| loops(count, true));
}

#[test]
fn joins_in_a_row() {
    assert_linear("joins in a row", steps);
}
