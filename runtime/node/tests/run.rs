//! Whole runs in an environment of their own: overrides, failures, all or nothing.

mod memory;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use memory::Memory;
use sheaf_node::run::{OnError, RunError, RunOptions, RunReport, Surroundings, run};
use sheaf_node::sink::Format;

const CLOSURE: &str = r#"
sheaf-ir 1
program "closure"
source %edge (a: String, b: String) bag closed from csv("edges.csv")
map %path#1.1 (a: String, b: String) bag closed = %edge give in.a, in.b
fixpoint %path.loop limit 2000000 {
  variable %path (a: String, b: String) set closed = %path#1.1, %path#2.1
  join %path#2.1 (a: String, b: String) bag closed = %path, %edge on [b] = [a] give left.a, right.b
}
sink %out:path (a: String, b: String) set closed = %path to csv("out/path.csv")
"#;

const RATIOS: &str = r#"
sheaf-ir 1
program "ratios"
param least: Int = 0
source %pair (name: String, a: Int, b: Int) bag closed from csv("pairs.csv")
map %ratio#1.1 (name: String, q: Int) bag closed = %pair
    where ge(in.a, param.least)
    give in.name, div(in.a, in.b)
distinct %ratio (name: String, q: Int) set closed = %ratio#1.1
map %count#1.1 (count: Nat) bag closed = %ratio give 1n
combine %count (count: Nat) set closed key() = %count#1.1 by count
map %named#1.1 (name: String) bag closed = %pair give in.name
distinct %named (name: String) set closed = %named#1.1
antijoin %without#1.1 (name: String) set closed = %named, %ratio on [name] = [name]
distinct %without (name: String) set closed = %without#1.1
sink %out:ratio (name: String, q: Int) set closed = %ratio to csv("ratio.csv")
sink %out:count (count: Nat) set closed = %count to tsv("count.tsv")
"#;

const PAIRS: &[u8] = b"name,a,b\nx,10,2\ny,7,0\nz,9,3\n";

fn options() -> RunOptions {
    RunOptions {
        workers: Some(2),
        errors: PathBuf::from("errors.ndjson"),
        ..RunOptions::default()
    }
}

fn go(program: &str, memory: &Memory, options: &RunOptions) -> Result<RunReport, RunError> {
    let program = sheaf_ir::text::parse(program).expect("a program");
    run(
        program,
        options,
        Surroundings {
            environment: Arc::new(memory.clone()),
            launch: None,
            cancel: &AtomicBool::new(false),
            progress: &mut |_| {},
            locate: &|_| None,
        },
    )
}

fn one(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_string(), value.to_string())])
}

#[test]
fn a_closure_is_the_same_on_any_number_of_workers() {
    for workers in 1..=3 {
        let memory = Memory::with(&[("edges.csv", b"b,a\nb,a\nc,b\na,c\nc,b\n")]);
        let options = RunOptions {
            workers: Some(workers),
            ..options()
        };
        let report = go(CLOSURE, &memory, &options).unwrap();
        assert!(report.written);
        let rows = "a,a\na,b\na,c\nb,a\nb,b\nb,c\nc,a\nc,b\nc,c\n";
        assert_eq!(memory.file("out/path.csv").unwrap(), format!("a,b\n{rows}"));
        assert_eq!((report.inputs[0].rows, report.outputs[0].rows), (4, 9));
    }
}

#[test]
fn what_travels_between_workers_is_counted_by_rule() {
    for workers in 1..=2 {
        let memory = Memory::with(&[("edges.csv", b"b,a\nb,a\nc,b\na,c\nc,b\n")]);
        let options = RunOptions {
            workers: Some(workers),
            ..options()
        };
        let report = go(CLOSURE, &memory, &options).unwrap();
        let rules = &report.statistics.rules;
        let travelled: u64 = rules.iter().map(|rule| rule.exchanged_rows).sum();
        assert_eq!(travelled > 0, workers > 1, "{rules:?}");
        for rule in rules {
            // Both columns of a row; texts stay in the process.
            assert_eq!(rule.exchanged_bytes, 16 * rule.exchanged_rows);
            let operators = rule.operators.iter();
            let sum: u64 = operators.map(|operator| operator.exchanged_rows).sum();
            assert_eq!(sum, rule.exchanged_rows);
        }
    }
}

#[test]
fn paths_begin_at_the_base_and_overrides_do_not() {
    let memory = Memory::with(&[
        ("dir/edges.csv", b"a,b\nx,y\n"),
        ("other.tsv", b"a\tb\np\tq\n"),
    ]);
    let mut options = RunOptions {
        base: PathBuf::from("dir"),
        ..options()
    };
    go(CLOSURE, &memory, &options).unwrap();
    assert_eq!(memory.file("dir/out/path.csv").unwrap(), "a,b\nx,y\n");
    options.inputs = one("edge", "other.tsv");
    options.outputs = one("path", "here.ndjson");
    go(CLOSURE, &memory, &options).unwrap();
    let rows = "{\"a\":\"p\",\"b\":\"q\"}\n";
    assert_eq!(memory.file("here.ndjson").unwrap(), rows);
    assert_eq!(memory.file("dir/out/path.csv").unwrap(), "a,b\nx,y\n");
}

#[test]
fn outputs_go_to_standard_output_in_any_format() {
    let memory = Memory::with(&[("edges.csv", b"a,b\nx,y\n")]);
    let mut options = RunOptions {
        outputs: one("edge", "-"),
        ..options()
    };
    go(CLOSURE, &memory, &options).unwrap();
    assert_eq!(memory.printed(), "a,b\nx,y\n", "also of what has no output");
    assert!(memory.file("out/path.csv").is_some());
    options.outputs = one("path", "-");
    options.format = Some(Format::Ndjson);
    go(CLOSURE, &memory, &options).unwrap();
    assert!(memory.printed().ends_with("{\"a\":\"x\",\"b\":\"y\"}\n"));
}

#[test]
fn a_failed_row_fails_the_run() {
    let memory = Memory::with(&[("pairs.csv", PAIRS)]);
    let report = go(RATIOS, &memory, &options()).unwrap();
    assert!(!report.written);
    assert_eq!(report.failures.total(), 1);
    let (failure, _) = report.failures.iter().next().unwrap();
    assert_eq!(failure.code(), "E0902");
    assert_eq!(memory.file("ratio.csv"), None);
}

#[test]
fn a_failed_row_is_skipped_and_what_may_be_wrong_is_named() {
    let memory = Memory::with(&[("pairs.csv", PAIRS)]);
    let options = RunOptions {
        on_error: OnError::Skip,
        ..options()
    };
    let report = go(RATIOS, &memory, &options).unwrap();
    assert_eq!(memory.file("ratio.csv").unwrap(), "name,q\nx,5\nz,3\n");
    assert_eq!(memory.file("count.tsv").unwrap(), "count\n2\n");
    assert_eq!(memory.file("errors.ndjson"), None);
    let affected: Vec<&str> = report.affected.iter().map(|a| a.0.as_str()).collect();
    assert_eq!(affected, ["count", "without"]);
}

#[test]
fn failed_rows_are_collected() {
    let memory = Memory::with(&[("pairs.csv", b"name,a,b\nx,10,2\ny,7,0\nz,?,3\nw,7,0\n")]);
    let options = RunOptions {
        on_error: OnError::Collect,
        ..options()
    };
    let report = go(RATIOS, &memory, &options).unwrap();
    assert_eq!(report.failures.total(), 3);
    let errors = memory.file("errors.ndjson").unwrap();
    let lines: Vec<serde_json::Value> = errors
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["file"], "pairs.csv");
    assert_eq!(
        (&lines[0]["line"], &lines[0]["column"]),
        (&4.into(), &3.into())
    );
    assert_eq!(lines[1]["code"], "E0902");
    assert_eq!(memory.file("ratio.csv").unwrap(), "name,q\nx,5\n");
}

#[test]
fn bad_input_fails_the_run_with_every_place() {
    let memory = Memory::with(&[("pairs.csv", b"name,a,b\nx,1,2\ny,?,3\nz,1\n")]);
    let report = go(RATIOS, &memory, &options()).unwrap();
    assert!(!report.written);
    let messages: Vec<String> = report.failures.iter().map(|(f, _)| f.message()).collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].starts_with("pairs.csv:3:3: expected Int in column a"));
    assert!(messages[1].starts_with("pairs.csv:4:"));
    assert_eq!(memory.file("ratio.csv"), None);
}

#[test]
fn all_outputs_or_none() {
    let memory = Memory::with(&[("pairs.csv", b"name,a,b\n\"a\tb\",10,2\n")]);
    let options = RunOptions {
        outputs: one("named", "named.tsv"),
        ..options()
    };
    let error = go(RATIOS, &memory, &options).unwrap_err();
    assert!(error.to_string().contains("named.tsv"), "{error}");
    assert_eq!(memory.file("ratio.csv"), None);
    assert_eq!(memory.file("count.tsv"), None);
}

#[test]
fn params_are_read_by_their_type() {
    let memory = Memory::with(&[("pairs.csv", PAIRS)]);
    let mut options = RunOptions {
        params: one("least", "9"),
        ..options()
    };
    let report = go(RATIOS, &memory, &options).unwrap();
    assert!(report.written, "the row that would fail is not wanted");
    assert_eq!(memory.file("ratio.csv").unwrap(), "name,q\nx,5\nz,3\n");
    options.params = one("least", "many");
    let error = go(RATIOS, &memory, &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "param least: expected Int, found \"many\""
    );
    options.params = one("lest", "1");
    let error = go(RATIOS, &memory, &options).unwrap_err();
    assert_eq!(error.help()[1], "did you mean least?");
}

#[test]
fn what_does_not_fit_the_program_is_refused_with_help() {
    let memory = Memory::with(&[("edges.csv", b"a,b\n")]);
    let refused = |options: RunOptions| match go(CLOSURE, &memory, &options) {
        Err(RunError::Usage { message, help }) => (message, help),
        other => panic!("{other:?}"),
    };
    let (message, help) = refused(RunOptions {
        inputs: one("edgs", "x.csv"),
        ..options()
    });
    assert_eq!(message, "there is no input edgs");
    assert_eq!(help, ["its inputs are edge", "did you mean edge?"]);
    let (message, _) = refused(RunOptions {
        outputs: one("pth", "x.csv"),
        ..options()
    });
    assert_eq!(message, "there is no view pth");
    let quiet = CLOSURE.lines().filter(|line| !line.starts_with("sink"));
    let quiet: Vec<&str> = quiet.collect();
    let error = go(&quiet.join("\n"), &memory, &options()).unwrap_err();
    assert!(error.to_string().contains("no output"), "{error}");
    assert!(
        error.help()[0].contains("--output path=-"),
        "{:?}",
        error.help()
    );
}

#[test]
fn standard_input_is_read_once() {
    let program = CLOSURE.replace(
        "sink ",
        "source %more (a: String) bag closed from stdin()\nsink %out:more (a: String) bag closed \
         = %more to stdout()\nsink ",
    );
    let options = RunOptions {
        inputs: one("edge", "-"),
        ..options()
    };
    let error = go(&program, &Memory::default(), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "inputs edge, more all read standard input"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = go(CLOSURE, &Memory::default(), &options()).unwrap_err();
    assert_eq!(error.to_string(), "input edge: there is no file edges.csv");
}

#[test]
fn a_cancelled_run_writes_nothing() {
    let memory = Memory::with(&[("edges.csv", b"a,b\nx,y\n")]);
    let program = sheaf_ir::text::parse(CLOSURE).unwrap();
    let surroundings = Surroundings {
        environment: Arc::new(memory.clone()),
        launch: None,
        cancel: &AtomicBool::new(true),
        progress: &mut |_| {},
        locate: &|_| None,
    };
    let ended = run(program, &options(), surroundings);
    assert!(matches!(ended, Err(RunError::Interrupted)));
    assert_eq!(memory.file("out/path.csv"), None);
}
