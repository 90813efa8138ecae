//! `--stats`: times and sizes of a run, for people or as one JSON object.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};
use sheaf_node::run::RunReport;

use crate::print::count;

/// As one JSON object; times in milliseconds, sizes in bytes.
pub fn to_json(report: &RunReport, compile: Duration) -> Value {
    let statistics = &report.statistics;
    let nodes: Vec<Value> = statistics
        .nodes
        .iter()
        .map(|node| {
            json!({
                "node": node.node,
                "rows_in": node.rows_in,
                "rows_out": node.rows_out,
                "errors": node.errors,
                "memory": node.memory,
                "active_ms": milliseconds(node.active),
            })
        })
        .collect();
    json!({
        "compile_ms": milliseconds(compile),
        "read_ms": milliseconds(statistics.read),
        "run_ms": milliseconds(statistics.run),
        "write_ms": milliseconds(statistics.write),
        "workers": statistics.workers,
        "processes": statistics.processes,
        "peak_memory": statistics.peak_memory,
        "inputs": report.inputs,
        "outputs": report.outputs,
        "error_rows": report.failures.total(),
        "nodes": nodes,
    })
}

/// As a table.
pub fn to_table(report: &RunReport, compile: Duration) -> String {
    let statistics = &report.statistics;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut row = |name: String, value: String| {
        table.add_row([
            Cell::new(name),
            Cell::new(value).set_alignment(CellAlignment::Right),
        ]);
    };
    let time = |duration| format!("{:.1} ms", milliseconds(duration));
    row("compile".into(), time(compile));
    row("read".into(), time(statistics.read));
    row("run".into(), time(statistics.run));
    row("write".into(), time(statistics.write));
    for input in &report.inputs {
        row(
            format!("rows of {}", input.relation),
            input.rows.to_string(),
        );
        let skips = input.skipped;
        if !skips.is_nothing() {
            let what = [
                count(skips.row_groups, "row group"),
                count(skips.rows, "row"),
                count(skips.columns, "column chunk"),
            ];
            row(format!("not read of {}", input.relation), what.join(", "));
        }
    }
    for output in &report.outputs {
        let name = format!("rows of {} to {}", output.relation, output.target);
        row(name, output.rows.to_string());
    }
    row("error rows".into(), report.failures.total().to_string());
    row("workers".into(), statistics.workers.to_string());
    row("processes".into(), statistics.processes.to_string());
    if let Some(bytes) = statistics.peak_memory {
        row(
            "peak memory".into(),
            format!("{:.1} MB", bytes as f64 / 1e6),
        );
    }
    table.trim_fmt()
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
