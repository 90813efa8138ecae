//! Transitive closure of a graph by the fixpoint operator alone, timed.
//!
//! `cargo run --release -p sheaf-engine --example closure -- edges.tsv [colocated|local]`
//! reads lines of two tab-separated numbers; `complete:600` makes a complete graph instead.

use std::time::Instant;

use sheaf_engine::operators::{Environment, build};
use sheaf_engine::{Output, Progress};
use sheaf_ir::graph::{Collection, Label, Multiplicity};
use sheaf_ir::plan::{FixpointStrategy, Plan};
use sheaf_ir::{Block, Expr, ExprKind, Node, NodeId, Operator, Program, Span, Type};
use sheaf_kernels::Rows;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "complete:600".into());
    let colocated = arguments
        .next()
        .is_none_or(|strategy| strategy == "colocated");
    let start = Instant::now();
    let edges = match path.strip_prefix("complete:") {
        Some(nodes) => complete(nodes.parse().expect("a number of nodes")),
        None => read(&path),
    };
    let loaded = start.elapsed();
    let (program, fixpoint) = closure();
    let mut plan = Plan::default();
    if colocated {
        let columns = [("path".to_string(), vec![0])].into();
        let strategy = FixpointStrategy::Colocated { columns };
        plan.fixpoints.insert("loop".into(), strategy);
    }
    let environment = Environment::default();
    let mut operator = build(&program, fixpoint, &plan, &environment).expect("it builds");
    let mut output = Output::default();
    for port in 0..2 {
        for words in edges.chunks(2 * 1024) {
            let rows = Rows::from_words(2, words.to_vec());
            operator.push(port, rows, &mut output);
        }
        operator.close(port, &mut output);
    }
    operator.end_epoch(&mut output);
    let (mut pairs, mut calls, mut memory) = (0, 0, 0);
    loop {
        let progress = operator.work(&mut 65536, &mut output);
        calls += 1;
        for rows in &mut output.rows {
            pairs += rows.len();
            rows.clear();
        }
        if calls % 64 == 0 {
            memory = memory.max(operator.memory());
        }
        if progress == Progress::Done {
            break;
        }
    }
    println!(
        "{} edges, {pairs} pairs; read {:.3} s, all {:.3} s, {calls} calls, {} MB in the operator",
        edges.len() / 2,
        loaded.as_secs_f64(),
        start.elapsed().as_secs_f64(),
        memory >> 20,
    );
}

fn complete(nodes: u64) -> Vec<u64> {
    let pairs = (0..nodes).flat_map(|a| (0..nodes).map(move |b| [a, b]));
    pairs.filter(|[a, b]| a != b).flatten().collect()
}

fn read(path: &str) -> Vec<u64> {
    let text = std::fs::read(path).expect("the file can be read");
    let mut words = Vec::new();
    let mut number = None;
    for byte in text {
        match byte {
            b'0'..=b'9' => number = Some(number.unwrap_or(0) * 10 + (byte - b'0') as u64),
            _ => words.extend(number.take()),
        }
    }
    words.extend(number);
    words
}

/// `path(a, b) if edge(a, b); path(a, c) if path(a, b), edge(b, c);`
fn closure() -> (Program, NodeId) {
    let mut program = Program::default();
    let mut add = |name: &str, operator: Operator, inside: bool| {
        let column = |name: &str| (name.to_string(), Type::Nat);
        program.add(Node {
            name: name.into(),
            operator,
            output: Collection {
                columns: vec![column("a"), column("b")],
                multiplicity: Multiplicity::Set,
                label: Label::Closed,
                keys: Vec::new(),
            },
            fixpoint: inside.then(|| "loop".into()),
            span: Span::default(),
        })
    };
    let column = |c: usize| Expr {
        kind: ExprKind::Column(c),
        ty: Type::Nat,
        span: Span::default(),
    };
    let edge = add(
        "edge",
        Operator::Source {
            connector: Default::default(),
        },
        false,
    );
    let fixpoint = add(
        "loop",
        Operator::Fixpoint {
            limit: 2_000_000,
            variables: vec!["path".into()],
        },
        false,
    );
    let path = add("path", Operator::Variable { combiner: None }, true);
    let step = add(
        "step",
        Operator::Join {
            left_key: vec![1],
            right_key: vec![0],
            block: Block {
                conditions: Vec::new(),
                outputs: vec![column(0), column(3)],
            },
        },
        true,
    );
    let out = add("out", Operator::Union, false);
    program.connect(edge, path, 0);
    program.connect(path, step, 0);
    program.connect(edge, step, 1);
    program.connect(step, path, 0);
    program.connect(path, out, 0);
    (program, fixpoint)
}
