//! The closure of a complete graph derives each pair by way of every node: time, memory and abort
//! under 216 million derivations.
//!
//! A binary of its own, since it looks at the memory of its whole process.

mod common;

use std::time::{Duration, Instant};

use common::{Cluster, PATIENCE, parse};
use sheaf_engine::{EngineError, Installation, OutputEvent};
use sheaf_kernels::Rows;

const NODES: u64 = 600;

/// The most memory this process ever had, in kilobytes.
#[cfg(target_os = "linux")]
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn peak() -> Option<u64> {
    None
}

fn feed(cluster: &Cluster, installation: &Installation) {
    let interner = cluster.engine.interner();
    let names: Vec<u64> = (0..NODES)
        .map(|i| interner.intern(format!("node {i}").as_bytes()))
        .collect();
    for from in &names {
        let words = names.iter().flat_map(|to| [*from, *to]).collect();
        let rows = Rows::from_words(2, words);
        installation.feed("edge", rows, 0).unwrap();
    }
    installation.close().unwrap();
}

#[test]
fn a_complete_graph_fits_in_little_memory_and_can_be_aborted() {
    for (program, name) in [
        (include_str!("programs/double.sir"), "exchanged"),
        (include_str!("programs/single.sir"), "colocated"),
    ] {
        let (program, plan) = parse(program);
        for shape in [(1, 2), (2, 1)] {
            let begin = Instant::now();
            let cluster = Cluster::start(shape);
            let installation = cluster.install(&program, &plan);
            feed(&cluster, &installation);
            let mut count = 0;
            loop {
                match installation.next_output(PATIENCE).unwrap() {
                    Some(OutputEvent::Rows { rows, .. }) => count += rows.len() as u64,
                    Some(OutputEvent::Done) => break,
                    Some(_) => {}
                    None => panic!("nothing came for {PATIENCE:?}"),
                }
            }
            assert_eq!(count, NODES * NODES);
            cluster.end();
            eprintln!(
                "{name}, {shape:?} (processes, workers): {:.2?}, {:?} kB at most so far",
                begin.elapsed(),
                peak()
            );
        }
    }
    if let Some(peak) = peak() {
        assert!(peak < 250_000, "{peak} kB");
    }
    let (program, plan) = parse(include_str!("programs/double.sir"));
    let cluster = Cluster::start((2, 1));
    let installation = cluster.install(&program, &plan);
    feed(&cluster, &installation);
    std::thread::sleep(Duration::from_millis(200));
    let begin = Instant::now();
    cluster.engine.abort();
    assert_eq!(installation.advance(1), Err(EngineError::Aborted));
    cluster.abandon();
    assert!(begin.elapsed() < Duration::from_secs(1));
}
