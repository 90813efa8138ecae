//! One program gives the same rows on any number of workers and processes, in any number of epochs.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Cluster, Inputs, Outcome, SHAPES, parse, run, text};
use sheaf_ir::Value;

/// Runs a program on all shapes of cluster in 1, 3 and 50 epochs; `expect` looks at each outcome.
fn everywhere(program: &str, inputs: &Inputs, expect: impl Fn(&Outcome)) {
    let program = parse(program);
    for shape in SHAPES {
        let cluster = Cluster::start(shape);
        for epochs in [1, 3, 50] {
            eprintln!("{shape:?} (processes, workers), {epochs} epochs");
            expect(&run(&cluster, &program, inputs, epochs));
        }
        cluster.end();
    }
}

/// Fails with the difference only.
fn same(found: &[Vec<Value>], expected: &[Vec<Value>]) {
    let missing: Vec<_> = expected.iter().filter(|r| !found.contains(r)).collect();
    let strange: Vec<_> = found.iter().filter(|r| !expected.contains(r)).collect();
    assert!(
        missing.is_empty(),
        "{} missing, first {:?}",
        missing.len(),
        missing[0]
    );
    assert!(
        strange.is_empty(),
        "{} too many, first {:?}",
        strange.len(),
        strange[0]
    );
    assert_eq!(found.len(), expected.len(), "some rows came twice");
}

/// A pseudo-random graph, always the same, with edges of cost 1 to 9.
fn graph(nodes: u64, edges: u64) -> Vec<(u64, u64, i64)> {
    let mut state = 7u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    (0..edges)
        .map(|_| (next(nodes), next(nodes), next(9) as i64 + 1))
        .collect()
}

fn name(node: u64) -> Value {
    text(format!("node {node}"))
}

/// Cheapest costs from any node to any other in at least one step.
fn distances(edges: &[(u64, u64, i64)], limit: i64) -> BTreeMap<(u64, u64), i64> {
    let mut best: BTreeMap<(u64, u64), i64> = BTreeMap::new();
    for (from, to, cost) in edges {
        let known = best.entry((*from, *to)).or_insert(*cost);
        *known = (*known).min(*cost);
    }
    loop {
        let mut changed = false;
        for ((from, over), so_far) in best.clone() {
            for (_, to, cost) in edges.iter().filter(|e| e.0 == over && so_far < limit) {
                let known = best.entry((from, *to)).or_insert(i64::MAX);
                if so_far + cost < *known {
                    *known = so_far + cost;
                    changed = true;
                }
            }
        }
        if !changed {
            return best;
        }
    }
}

#[test]
fn closure() {
    let edges = graph(40, 70);
    let inputs = Inputs::from([(
        "depends",
        edges
            .iter()
            .map(|(a, b, _)| vec![name(*a), name(*b)])
            .collect(),
    )]);
    let mut expected: Vec<Vec<Value>> = distances(&edges, i64::MAX)
        .into_keys()
        .map(|(a, b)| vec![name(a), name(b)])
        .collect();
    expected.sort();
    everywhere(include_str!("programs/closure.sir"), &inputs, |outcome| {
        same(outcome.table("out:needs"), &expected);
        assert_eq!(outcome.errors, []);
    });
}

#[test]
fn closure_that_must_be_exchanged() {
    let edges = graph(40, 70);
    let inputs = Inputs::from([(
        "edge",
        edges
            .iter()
            .map(|(a, b, _)| vec![name(*a), name(*b)])
            .collect(),
    )]);
    let mut expected: Vec<Vec<Value>> = distances(&edges, i64::MAX)
        .into_keys()
        .map(|(a, b)| vec![name(a), name(b)])
        .collect();
    expected.sort();
    everywhere(include_str!("programs/double.sir"), &inputs, |outcome| {
        same(outcome.table("out:path"), &expected);
        assert_eq!(outcome.errors, []);
    });
}

#[test]
fn cheapest_paths() {
    let edges = graph(40, 90);
    let inputs = Inputs::from([(
        "edge",
        edges
            .iter()
            .map(|(a, b, cost)| vec![name(*a), name(*b), Value::Nat(*cost)])
            .collect(),
    )]);
    let mut expected: Vec<Vec<Value>> = distances(&edges, 100)
        .into_iter()
        .map(|((a, b), cost)| vec![name(a), name(b), Value::Nat(cost)])
        .collect();
    expected.sort();
    everywhere(include_str!("programs/min_path.sir"), &inputs, |outcome| {
        same(outcome.table("out:dist"), &expected);
        assert_eq!(outcome.errors, []);
    });
}

#[test]
fn negation_waits_for_the_end() {
    let roads = graph(60, 55);
    let town = |n: u64| match n {
        0 => text("Oslo"),
        1 => text("Bergen"),
        n => name(n),
    };
    let inputs = Inputs::from([(
        "road",
        roads
            .iter()
            .map(|(a, b, _)| vec![town(*a), town(*b)])
            .collect(),
    )]);
    let mut reached = BTreeSet::from([0, 1]);
    while let Some((from, ..)) = roads
        .iter()
        .find(|(a, b, _)| reached.contains(b) && !reached.contains(a))
    {
        reached.insert(*from);
    }
    let mut stranded: Vec<Vec<Value>> = roads
        .iter()
        .flat_map(|(a, b, _)| [*a, *b])
        .filter(|n| !reached.contains(n))
        .collect::<BTreeSet<u64>>()
        .into_iter()
        .map(|n| vec![town(n)])
        .collect();
    stranded.sort();
    assert!(!stranded.is_empty());
    everywhere(include_str!("programs/stranded.sir"), &inputs, |outcome| {
        same(outcome.table("out:stranded"), &stranded);
    });
}

#[test]
fn aggregates_see_every_row_once() {
    let delay = |i: i64| match i % 7 {
        0 => Value::Option(None),
        _ => Value::Option(Some(Box::new(Value::Int(i * 31 % 97 - 20)))),
    };
    let carrier = |i: i64| text(format!("C{}", i * i % 23));
    let flights: Vec<Vec<Value>> = (0..900).map(|i| vec![carrier(i), delay(i)]).collect();
    let airlines = (0..23).step_by(2);
    let airlines: Vec<Vec<Value>> = airlines
        .map(|i| vec![text(format!("C{i}")), text(format!("Airline {i}"))])
        .collect();
    let inputs = Inputs::from([("flight", flights), ("airline", airlines)]);
    let reference = std::cell::OnceCell::new();
    everywhere(include_str!("programs/average.sir"), &inputs, |outcome| {
        let table = outcome.table("out:busy").to_vec();
        // Squares modulo 23 take 12 values, each for far more than 10 of the flights.
        assert_eq!(table.len(), 12);
        let flights: i64 = table
            .iter()
            .map(|row| match row[2] {
                Value::Nat(n) => n,
                _ => 0,
            })
            .sum();
        assert_eq!(flights, 900);
        assert_eq!(&table, reference.get_or_init(|| table.clone()));
    });
}

#[test]
fn failures_are_reported_once_and_the_other_rows_come() {
    let rows = (0..200).map(|i| vec![Value::Int(i), Value::Int(i % 5)]);
    let inputs = Inputs::from([("pair", rows.collect())]);
    everywhere(include_str!("programs/divide.sir"), &inputs, |outcome| {
        assert_eq!(outcome.table("out:ratio").len(), 160);
        assert_eq!(outcome.errors.len(), 40);
        assert!(
            outcome
                .errors
                .iter()
                .all(|e| e.error.code.code() == "E0902")
        );
    });
}
