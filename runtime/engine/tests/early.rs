//! What is done before rows travel changes no row and no failure, and fewer rows travel.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Cluster, Inputs, SHAPES, drain, parse, run, text};
use sheaf_ir::plan::{Plan, validate};
use sheaf_ir::{Program, Value};

/// The plan with every early step that is legal.
fn hasty(program: &Program, plan: &Plan) -> Plan {
    let mut hasty = plan.clone();
    let mut keep = |change: &dyn Fn(&mut Plan)| {
        let mut changed = hasty.clone();
        change(&mut changed);
        if validate(program, &changed).is_ok() {
            hasty = changed;
        }
    };
    for id in program.nodes_by_name() {
        let name = &program.graph[id].name;
        keep(&|plan| plan.split.extend([name.clone()]));
    }
    for edge in plan.routes.keys() {
        keep(&|plan| plan.thinned.extend([edge.clone()]));
    }
    hasty
}

fn everywhere(program: &str, inputs: &Inputs, split: usize, thinned: usize) {
    let (program, plan) = parse(program);
    let hasty = hasty(&program, &plan);
    let early = (hasty.split.len(), hasty.thinned.len());
    assert!(early.0 >= split && early.1 >= thinned, "{early:?}");
    let (plain, hasty) = ((Arc::clone(&program), plan), (program, hasty));
    for shape in SHAPES {
        let cluster = Cluster::start(shape);
        for epochs in [1, 3] {
            let expected = run(&cluster, &plain, inputs, epochs);
            assert!(!expected.tables.is_empty());
            let outcome = run(&cluster, &hasty, inputs, epochs);
            assert_eq!(outcome, expected, "{shape:?}, {epochs} epochs");
        }
        cluster.end();
    }
}

fn flights() -> Inputs {
    let flights = (0..900u64).map(|i| {
        let delay = match i % 7 {
            0 => Value::Option(None),
            n => Value::Option(Some(Box::new(Value::Int(n as i64 * 3 - 5)))),
        };
        vec![text(format!("carrier {}", i % 11)), delay]
    });
    let names = (0..8).map(|i| vec![text(format!("carrier {i}")), text(format!("name {i}"))]);
    Inputs::from([("flight", flights.collect()), ("airline", names.collect())])
}

#[test]
fn combines_in_two_steps() {
    everywhere(include_str!("programs/average.sir"), &flights(), 3, 0);
}

#[test]
fn a_failing_lattice_in_two_steps() {
    let edges = [("a", "b", 1), ("b", "c", 2), ("a", "c", 4), ("d", "e", 5)];
    let edges = edges.map(|(a, b, cost)| vec![text(a), text(b), Value::Int(cost)]);
    let inputs = Inputs::from([("edge", edges.to_vec())]);
    everywhere(include_str!("programs/failing_join.sir"), &inputs, 1, 1);
}

#[test]
fn repeated_rows_enter_a_loop_once() {
    let edges = (0..600).map(|i| vec![text(i % 20), text((i * 7 + 1) % 20)]);
    let inputs = Inputs::from([("edge", edges.collect())]);
    everywhere(include_str!("programs/closure.sir"), &inputs, 0, 1);
}

#[test]
fn fewer_rows_travel() {
    let (program, plan) = parse(include_str!("programs/average.sir"));
    let hasty = hasty(&program, &plan);
    let inputs = flights();
    let cluster = Cluster::start((1, 2));
    let taken = |plan: &Plan| -> BTreeMap<String, u64> {
        let installation = cluster.install(&program, plan);
        for (source, rows) in &inputs {
            let rows = cluster.rows(&common::types(&program, source), rows);
            installation.feed(source, rows, 0).unwrap();
        }
        installation.close().unwrap();
        drain(&cluster, &program, &installation);
        let statistics = installation.statistics().into_iter();
        statistics.map(|node| (node.node, node.rows_in)).collect()
    };
    let (before, after) = (taken(&plan), taken(&hasty));
    assert_eq!(before["flights"], 900);
    assert_eq!(after["flights#early"], 900);
    // Each worker gives each of the 11 carriers once.
    assert!(after["flights"] <= 22, "{after:?}");
    cluster.end();
}
