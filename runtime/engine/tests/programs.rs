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

/// What reaches each node: the nodes, and the least and greatest cost on the way.
fn reaching(edges: &[(u64, u64, i64)]) -> BTreeMap<u64, (BTreeSet<usize>, BTreeSet<u64>)> {
    // By node: the numbers of the edges on any way to it.
    let mut ways: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
    loop {
        let mut changed = false;
        for (number, (from, to, _)) in edges.iter().enumerate() {
            let mut all = ways.get(from).cloned().unwrap_or_default();
            all.insert(number);
            let known = ways.entry(*to).or_default();
            let before = known.len();
            known.append(&mut all);
            changed |= known.len() > before;
        }
        if !changed {
            break;
        }
    }
    let with_sources = |(to, numbers): (u64, BTreeSet<usize>)| {
        let sources = numbers.iter().map(|n| edges[*n].0).collect();
        (to, (numbers, sources))
    };
    ways.into_iter().map(with_sources).collect()
}

#[test]
fn lattices_of_the_program_and_maps_climb_in_a_loop() {
    let edges = graph(25, 40);
    let inputs = Inputs::from([(
        "edge",
        edges
            .iter()
            .map(|(a, b, cost)| vec![name(*a), name(*b), Value::Int(*cost)])
            .collect(),
    )]);
    let pair = |low: i64, high: i64| Value::Tuple(vec![Value::Int(low), Value::Int(high)]);
    let mut steps: BTreeMap<u64, BTreeMap<Value, Vec<i64>>> = BTreeMap::new();
    for (from, to, cost) in &edges {
        let costs = steps.entry(*from).or_default().entry(name(*to));
        costs.or_default().push(*cost);
    }
    let sorted = |rows: Vec<Vec<Value>>| {
        let mut rows = rows;
        rows.sort();
        rows
    };
    let by_key = |costs: &BTreeMap<Value, Vec<i64>>| {
        let greatest = |costs: &Vec<i64>| {
            let mut costs = costs.clone();
            costs.sort_by(|a, b| b.cmp(a));
            Value::List(costs.into_iter().take(2).map(Value::Int).collect())
        };
        let entries = costs
            .iter()
            .map(|(to, costs)| (to.clone(), greatest(costs)));
        Value::Map(entries.collect())
    };
    let expected_steps = steps.iter().map(|(from, by)| vec![name(*from), by_key(by)]);
    let expected_steps = sorted(expected_steps.collect());
    let all = |by: &BTreeMap<Value, Vec<i64>>| by.values().flatten().copied().collect::<Vec<_>>();
    let expected_costs = steps.iter().map(|(from, by)| {
        let costs = all(by);
        let ends = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
        vec![name(*from), pair(*ends.0, *ends.1)]
    });
    let expected_costs = sorted(expected_costs.collect());
    let reaching = reaching(&edges);
    let expected_sources = reaching.iter().map(|(to, (numbers, _))| {
        let mut of: BTreeMap<Value, i64> = BTreeMap::new();
        for number in numbers {
            let (from, _, cost) = edges[*number];
            let weight = of.entry(name(from)).or_default();
            *weight = (*weight).max(cost * (cost + 1) / 2);
        }
        let of = of
            .into_iter()
            .map(|(from, weight)| (from, Value::Int(weight)));
        vec![name(*to), Value::Map(of.collect())]
    });
    let expected_sources = sorted(expected_sources.collect());
    let program = include_str!("programs/lattice.sir");
    let reference = std::cell::OnceCell::new();
    everywhere(program, &inputs, |outcome| {
        assert_eq!(outcome.errors, []);
        same(outcome.table("out:steps"), &expected_steps);
        same(outcome.table("out:costs"), &expected_costs);
        same(outcome.table("out:sources"), &expected_sources);
        let range = outcome.table("out:range").to_vec();
        assert_eq!(range.len(), reaching.len());
        for row in &range {
            // The last edge of a longer way widens by its cost in both directions.
            let Value::Tuple(ends) = &row[1] else {
                panic!("{row:?} has no pair");
            };
            let to = reaching.keys().find(|to| name(**to) == row[0]).unwrap();
            let costs = reaching[to].0.iter().map(|n| edges[*n].2);
            assert_eq!(ends[1], Value::Int(costs.max().unwrap()));
        }
        assert_eq!(&range, reference.get_or_init(|| range.clone()));
    });
}

#[test]
fn a_join_that_fails_is_an_error_and_no_row() {
    let rows = [
        ("a", "b", 1),
        ("b", "c", 1),
        ("c", "b", 2),
        ("c", "d", 2),
        ("c", "a", 3),
    ];
    let rows = rows.map(|(a, b, cost)| vec![text(a), text(b), Value::Int(cost)]);
    let inputs = Inputs::from([("edge", rows.to_vec())]);
    everywhere(
        include_str!("programs/failing_join.sir"),
        &inputs,
        |outcome| {
            // As at the limit of rounds, other workers may have settled rows; b, c and d have none.
            let reach = outcome.table("out:reach");
            assert!(reach.len() < 4, "{reach:?}");
            let found: Vec<&str> = outcome.errors.iter().map(|e| e.node.as_str()).collect();
            assert_eq!(found.first(), Some(&"first"));
            assert_eq!(outcome.errors[0].input[0].1, "c");
            assert_eq!(outcome.errors[0].error.message, "2 / 0 divides by zero");
            // Each worker stops at what fails there.
            assert!(found.len() > 1 && found[1..].iter().all(|node| *node == "reach"));
            assert_eq!(
                outcome.errors[1].error.message,
                "the join of the lattice fails for values that the recursion derives"
            );
            assert_eq!(
                outcome.table("out:first"),
                [[text("a"), Value::Int(1)], [text("b"), Value::Int(1)]]
            );
        },
    );
}
