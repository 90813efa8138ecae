//! CPU seconds of reading a file: `read FORMAT PATH column:Type…` with types String, Int, Float,
//! Time (milliseconds) and, behind a `?`, Options that take NA.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use sheaf_ir::graph::Connector;
use sheaf_ir::{Type, Value};
use sheaf_kernels::Interner;
use sheaf_node::environment::System;
use sheaf_node::source::{Event, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(format), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: read FORMAT PATH column:Type…".into());
    };
    let mut columns = Vec::new();
    let mut options = BTreeMap::new();
    for column in arguments {
        if let Some((name, value)) = column.split_once('=') {
            options.insert(name.to_string(), Value::String(value.to_string()));
            continue;
        }
        let (name, ty) = column.split_once(':').ok_or("column:Type")?;
        let scalar = match ty.trim_end_matches('?') {
            "String" => Type::String,
            "Int" => Type::Int,
            "Float" => Type::Float,
            "Time" => Type::Time,
            other => return Err(format!("no type {other}").into()),
        };
        let ty = if ty.ends_with('?') {
            options.insert("null".to_string(), Value::String("NA".to_string()));
            Type::Option(Box::new(scalar))
        } else {
            scalar
        };
        columns.push((name.to_string(), ty));
    }
    let connector = Connector {
        relation: "r".into(),
        format,
        path,
        options,
        columns: columns.iter().map(|(name, _)| name.clone()).collect(),
    };
    let types = Arc::new(BTreeMap::new());
    let source = Source::new(
        &connector,
        &columns,
        &types,
        Path::new(""),
        &System::default(),
    )?;
    let interner = Interner::new();
    let start = Instant::now();
    let mut bad = 0;
    let rows = source
        .read(&System::default(), &interner, &mut |event| {
            if let Event::Bad(input) = event {
                bad += 1;
                if bad < 5 {
                    eprintln!("{input}");
                }
            }
            ControlFlow::Continue(())
        })
        .map_err(|stopped| format!("{stopped:?}"))?;
    println!(
        "{rows} rows, {bad} bad, {} texts, {:.3} s",
        interner.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
