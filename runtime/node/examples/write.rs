//! Seconds of sorting and writing rows of two strings: `write PATH ROWS`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use sheaf_ir::Type;
use sheaf_ir::graph::Connector;
use sheaf_kernels::{Interner, Rows};
use sheaf_node::environment::System;
use sheaf_node::sink::Sink;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(rows)) = (arguments.next(), arguments.next()) else {
        return Err("usage: write PATH ROWS".into());
    };
    let interner = Interner::new();
    let words: Vec<u64> = (0..64_000)
        .map(|i| interner.intern(format!("lib-{}-dev", (i * 7919) % 64_000).as_bytes()))
        .collect();
    let mut batch = Rows::new(2);
    let mut state: u64 = 1;
    for _ in 0..rows.parse::<u64>()? {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        batch.push(&[
            words[(state >> 33) as usize % words.len()],
            words[(state >> 13) as usize % words.len()],
        ]);
    }
    let connector = Connector {
        relation: "r".into(),
        format: "csv".into(),
        path,
        ..Connector::default()
    };
    let columns = ["a", "b"].map(|name| (name.to_string(), Type::String));
    let types = Arc::new(BTreeMap::new());
    let sink = Sink::new(
        &connector,
        &columns,
        &types,
        (&[], false),
        Path::new(""),
        None,
    )?;
    let start = Instant::now();
    let mut writer = sink.open(&System::default())?;
    writer.take(batch, &interner)?;
    writer.finish(&interner, &AtomicBool::new(false))?;
    writer.commit()?;
    println!("{:.3} s", start.elapsed().as_secs_f64());
    Ok(())
}
