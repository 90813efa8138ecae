//! Workers that have nothing to do sleep.

mod common;

use std::time::Duration;

use common::{Cluster, parse};

/// Clock ticks (hundredths of a second) of processor time that this process has used.
#[cfg(target_os = "linux")]
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn idle_workers_are_parked() {
    let cluster = Cluster::start((2, 2));
    let (program, plan) = parse(include_str!("programs/copy.sir"));
    let installation = cluster.install(&program, &plan);
    installation.advance(1).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let before = ticks();
    std::thread::sleep(Duration::from_millis(1000));
    assert!(ticks() - before < 10, "{} ticks", ticks() - before);
    drop(installation);
    cluster.end();
}
