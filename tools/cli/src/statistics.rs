//! `--stats`: times and sizes of a run, for people or as one JSON object.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};
use sheaf_compiler::source::{FileId, Sources};
use sheaf_ir::Span;
use sheaf_node::run::{KernelCounts, OperatorStatistics, RuleStatistics, RunReport};

use crate::commands::run::locate;

/// Characters of a rule that are shown.
const WIDEST: usize = 60;

use crate::print::count;

/// As one JSON object; times in milliseconds, sizes in bytes.
pub fn to_json(report: &RunReport, sources: &Sources, compile: Duration) -> Value {
    let statistics = &report.statistics;
    let nodes: Vec<Value> = statistics
        .nodes
        .iter()
        .map(|node| {
            json!({
                "node": node.node,
                "rows_in": node.rows_in,
                "exchanged_rows": node.exchanged_rows,
                "exchanged_bytes": node.exchanged_bytes,
                "rows_out": node.rows_out,
                "errors": node.errors,
                "memory": node.memory,
                "active_ms": milliseconds(node.active),
                "kernels": node.kernels,
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
        "rules": statistics.rules.iter().map(|rule| rule_to_json(rule, sources)).collect::<Vec<_>>(),
    })
}

/// What a rule did and its operators did, with where they are written.
fn rule_to_json(rule: &RuleStatistics, sources: &Sources) -> Value {
    let mut object = json!(rule);
    object["active_ms"] = json!(milliseconds(rule.active));
    place(&mut object, rule.span, sources);
    let operators = rule.operators.iter().map(|operator| {
        let mut object = json!(operator);
        object["active_ms"] = json!(milliseconds(operator.active));
        place(&mut object, operator.span, sources);
        object
    });
    object["operators"] = operators.collect();
    object
}

fn place(object: &mut Value, span: Span, sources: &Sources) {
    if let Some((line, column)) = locate(span, sources) {
        object["file"] = json!(sources.get(FileId(span.file)).name());
        object["line"] = json!(line);
        object["column"] = json!(column);
    }
}

/// Rules as a table, most time first; with `operators`, what each of their operators did below them.
pub fn to_rule_table(report: &RunReport, sources: &Sources, operators: bool) -> String {
    let rules = &report.statistics.rules;
    let all: Duration = rules.iter().map(|rule| rule.active).sum();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    table.set_header([
        right("time".into()),
        right("share".into()),
        right("rows".into()),
        right("moved".into()),
        right("exchanged".into()),
        right("memory".into()),
        Cell::new("where"),
        Cell::new("what"),
    ]);
    let mut row = |active: Duration,
                   [rows, bytes, exchanged, memory]: [u64; 4],
                   place: String,
                   what: String| {
        let share = 100.0 * active.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
        table.add_row([
            right(format!("{:.1} ms", milliseconds(active))),
            right(format!("{share:.0}%")),
            right(rows.to_string()),
            right(size(bytes)),
            right(size(exchanged)),
            right(size(memory)),
            Cell::new(place),
            Cell::new(what),
        ]);
    };
    for rule in rules {
        let what = match rule.kind {
            "rule" => match rule.name.ends_with("#facts") {
                true => format!("facts of {}", rule.relation),
                false => text(rule.span, sources).unwrap_or_else(|| rule.name.clone()),
            },
            "recursion" => format!("the loop of {}", rule.relation),
            "relation" => format!("rows of {}, each once or combined", rule.relation),
            kind => format!("{kind} {}", rule.relation),
        };
        let counts = [rule.rows, rule.bytes, rule.exchanged_bytes, rule.memory];
        row(rule.active, counts, at(rule.span, sources), what);
        for operator in rule.operators.iter().filter(|_| operators) {
            let OperatorStatistics {
                rows_out,
                bytes,
                exchanged_bytes,
                memory,
                ..
            } = operator;
            let what = format!("  {} of {} rows", operator.operator, operator.rows_in);
            let counts = [*rows_out, *bytes, *exchanged_bytes, *memory];
            row(operator.active, counts, at(operator.span, sources), what);
        }
    }
    let sum = |of: fn(&RuleStatistics) -> u64| rules.iter().map(of).sum::<u64>();
    let total = [
        sum(|r| r.rows),
        sum(|r| r.bytes),
        sum(|r| r.exchanged_bytes),
        sum(|r| r.memory),
    ];
    row(all, total, String::new(), "in all".into());
    table.trim_fmt()
}

/// File and line of a span.
fn at(span: Span, sources: &Sources) -> String {
    locate(span, sources).map_or_else(String::new, |(line, _)| {
        let name = sources.get(FileId(span.file)).name();
        let name = name.rsplit('/').next().unwrap_or(name);
        format!("{name}:{line}")
    })
}

/// The beginning of the rule whose head begins at a span, in one line.
fn text(span: Span, sources: &Sources) -> Option<String> {
    locate(span, sources)?;
    let source = sources.get(FileId(span.file)).text();
    let rest = source.get(span.start as usize..)?;
    let words: Vec<&str> = rest.split(';').next()?.split_whitespace().collect();
    let line = words.join(" ");
    Some(match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    })
}

fn size(bytes: u64) -> String {
    match bytes {
        0 => "0".to_string(),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// The whole run as a table.
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
    row("kernels".into(), kernels(report));
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

/// How many kernels were native, could have been, and are left to the interpreter.
fn kernels(report: &RunReport) -> String {
    let mut sum = KernelCounts::default();
    for node in &report.statistics.nodes {
        sum.add(&node.kernels);
    }
    let interpreted: u64 = sum.interpreted.values().sum();
    format!(
        "{} native, {} with few rows, {interpreted} interpreted",
        sum.native, sum.waiting
    )
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
