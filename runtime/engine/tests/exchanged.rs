//! What came to a node from other workers is counted, and nothing else.

mod common;

use std::collections::BTreeMap;

use common::{Cluster, Inputs, drain, parse, text};
use sheaf_engine::NodeStatistics;
use sheaf_ir::Value;
use sheaf_ir::plan::{EdgeName, Route};

const PROGRAM: &str = r#"
sheaf-ir 1
program "pairs"
source %big (a: String, n: Int) bag closed from csv("big.csv")
source %small (a: String, m: Int) bag closed from csv("small.csv")
join %both (n: Int, m: Int) bag closed = %big, %small
    on [a] = [a]
    give left.n, right.m
sink %out:both (n: Int, m: Int) bag closed = %both to csv("both.csv")
"#;

const SMALL: u64 = 40;
const NAME: &str = "name 00";

/// What is counted where the small relation goes to every worker and the large one stays.
fn statistics(shape: (usize, usize)) -> BTreeMap<String, NodeStatistics> {
    let (program, mut plan) = parse(PROGRAM);
    let edge = |from: &str, port| EdgeName {
        from: from.to_string(),
        to: "both".to_string(),
        port,
    };
    plan.routes.remove(&edge("big", 0));
    plan.routes.insert(edge("small", 1), Route::Broadcast);
    let name = |i: u64| text(format!("name {:02}", i % SMALL));
    let rows = |count: u64| (0..count).map(move |i| vec![name(i), Value::Int(i as i64)]);
    let inputs = Inputs::from([
        ("big", rows(9000).collect()),
        ("small", rows(SMALL).collect()),
    ]);
    let cluster = Cluster::start(shape);
    let installation = cluster.install(&program, &plan);
    for (source, rows) in &inputs {
        let rows = cluster.rows(&common::types(&program, source), rows);
        installation.feed(source, rows, 0).unwrap();
    }
    installation.close().unwrap();
    drain(&cluster, &program, &installation);
    let statistics = installation.statistics().into_iter();
    let statistics = statistics.map(|node| (node.node.clone(), node)).collect();
    cluster.end();
    statistics
}

#[test]
fn with_one_worker_nothing_travels() {
    for node in statistics((1, 1)).values() {
        assert_eq!((node.exchanged_rows, node.exchanged_bytes), (0, 0));
    }
}

#[test]
fn between_workers_rows_travel() {
    let nodes = statistics((1, 2));
    let both = &nodes["both"];
    // Each worker has the other one's rows from elsewhere.
    assert_eq!(both.rows_in, 9000 + 2 * SMALL);
    assert_eq!(both.exchanged_rows, SMALL);
    assert_eq!(both.exchanged_bytes, SMALL * 16);
    let sink = &nodes["out:both"];
    assert_eq!(sink.rows_in, 9000);
    assert!(sink.exchanged_rows <= 9000);
    assert_eq!(sink.exchanged_bytes, sink.exchanged_rows * 16);
}

#[test]
fn between_processes_texts_travel_too() {
    let both = &statistics((2, 1))["both"];
    assert_eq!(both.exchanged_rows, SMALL);
    let texts = SMALL * NAME.len() as u64;
    assert_eq!(both.exchanged_bytes, SMALL * 16 + texts);
}
