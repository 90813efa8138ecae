//! The command as a user sees it: exit codes, streams, interruption, start-up.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const GOOD: &str = r#"//! Who can reach whom.
input edge(a: Int, b: Int) from csv("edges.csv");

view path(a: Int, b: Int);
path(a, b) if edge(a, b);
path(a, c) if path(a, b), edge(b, c);

view lone(a: Int);
lone(a) if edge(a, _), not edge(_, a);

output path to csv("path.csv");

test "two steps are a path" {
    given edge(1, 2), edge(2, 3);
    expect path(1, 3), lone(1), not lone(2);
}
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn sheaf(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sheaf"));
    command.current_dir(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = sheaf(folder, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_run_writes_its_outputs_and_says_nothing() {
    let folder = folder(&[("p/p.sheaf", GOOD), ("p/edges.csv", "a,b\n1,2\n2,3\n")]);
    let (code, out, err) = run(folder.path(), &["run", "p/p.sheaf"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    let path = fs::read_to_string(folder.path().join("p/path.csv")).unwrap();
    assert_eq!(path, "a,b\n1,2\n1,3\n2,3\n");
    let views = [
        "run",
        "p/p.sheaf",
        "--output",
        "lone=-",
        "--format",
        "ndjson",
    ];
    let (code, out, _) = run(folder.path(), &views);
    assert_eq!((code, out.as_str()), (0, "{\"a\":1}\n"));
}

#[test]
fn standard_input_is_an_input() {
    let folder = folder(&[("p.sheaf", GOOD)]);
    let arguments = ["run", "p.sheaf", "--input", "edge=-", "--output", "lone=-"];
    let mut child = sheaf(folder.path(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"a,b\n7,8\n").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "a\n7\n");
}

#[test]
fn mistakes_are_shown_in_three_forms() {
    let wrong = GOOD.replace("if edge(a, b);", "if edgee(a, b);");
    let folder = folder(&[("p.sheaf", &wrong)]);
    let (code, full, err) = run(folder.path(), &["check", "p.sheaf"]);
    assert_eq!(code, 1);
    assert!(full.contains("p.sheaf:5:15"), "{full}");
    assert!(full.contains("path(a, b) if edgee(a, b);"), "{full}");
    assert!(full.contains('^'), "{full}");
    assert_eq!(err, "p.sheaf: 1 error\n");
    let (code, short, err) = run(folder.path(), &["check", "p.sheaf", "--format", "short"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(short.starts_with("p.sheaf:5:15: error[E02"), "{short}");
    assert_eq!(short.lines().count(), 1);
    let (_, json, _) = run(folder.path(), &["check", "p.sheaf", "--format", "json"]);
    let message: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(message["severity"], "error");
    assert_eq!(message["primary"]["line"], 5);
    let (code, out, err) = run(folder.path(), &["run", "p.sheaf"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("edgee"), "{err}");
    let code = message["code"].as_str().unwrap();
    let (status, title, _) = run(folder.path(), &["explain", code]);
    assert_eq!(status, 0);
    assert!(title.starts_with(code), "{title}");
}

#[test]
fn codes_are_explained() {
    let folder = folder(&[]);
    let (code, page, err) = run(folder.path(), &["explain", "E0301"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        page.starts_with("E0301: a value has the wrong type\n\n"),
        "{page}"
    );
    assert!(
        page.contains("\nWrong:\n    ") && page.contains("\nRight:\n    "),
        "{page}"
    );
    for short in ["e0301", "e301", "301"] {
        assert_eq!(run(folder.path(), &["explain", short]).1, page, "{short}");
    }
    let (code, page, _) = run(folder.path(), &["explain", "E0902"]);
    assert!(code == 0 && page.contains("divided by zero"), "{page}");
    let (code, list, _) = run(folder.path(), &["explain"]);
    assert!(code == 0 && list.lines().count() > 80, "{list}");
    assert!(
        list.contains("\nE0301: a value has the wrong type\n"),
        "{list}"
    );
    let (code, out, err) = run(folder.path(), &["explain", "E0390"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("did you mean E03"), "{err}");
}

#[test]
fn what_is_wrong_with_the_command_line_is_exit_2() {
    let folder = folder(&[("p.sheaf", GOOD), ("edges.csv", "a,b\n")]);
    for arguments in [
        &["run"][..],
        &["run", "p.sheaf", "--workers", "many"],
        &["run", "p.sheaf", "--input", "edgs=x.csv"],
        &["run", "p.sheaf", "--param", "x=1"],
        &["explain", "E9999"],
        &["worker"],
    ] {
        let mut command = sheaf(folder.path(), arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let (code, out, _) = run(folder.path(), &["--version"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("sheaf "), "{out}");
}

#[test]
fn modules_are_found_beside_the_program() {
    let module = "pub view twice(a: Int);\ntwice(2 * a) if base(a);\n\
                  view base(a: Int);\nbase(4);\n";
    let program = "use lib.numbers.twice;\nview v(a: Int);\nv(a) if twice(a);\n\
                   output v to stdout();\n";
    let folder = folder(&[("q/p.sheaf", program), ("q/lib/numbers.sheaf", module)]);
    let (code, out, err) = run(folder.path(), &["run", "q/p.sheaf"]);
    assert_eq!((code, out.as_str()), (0, "a\n8\n"), "{err}");
}

#[test]
fn tests_pass_or_say_what_is_there() {
    let failing = GOOD.replace("not lone(2)", "lone(2)");
    let folder = folder(&[("d/good.sheaf", GOOD), ("bad.sheaf", &failing)]);
    let (code, out, err) = run(folder.path(), &["test", "d"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("two steps are a path (20 shuffles)"), "{out}");
    assert!(out.ends_with("1 test passed, 0 failed\n"), "{out}");
    let (code, out, err) = run(folder.path(), &["test", ".", "--seeds", "3"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("1 test passed, 1 failed"), "{out}");
    assert!(err.contains("bad.sheaf:15:33"), "{err}");
    assert!(err.contains("lone(1)"), "what is there instead: {err}");
    let (code, out, _) = run(folder.path(), &["test", "d", "--seed", "7"]);
    assert_eq!(code, 0);
    assert!(out.contains("(2 shuffles)"), "{out}");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let rows: String = (0..200_000).map(|i| format!("{i},{}\n", i + 1)).collect();
    let program = "input edge(a: Int, b: Int) from csv(\"edges.csv\");\n\
                   output edge to stdout();\n";
    let folder = folder(&[("p.sheaf", program), ("edges.csv", &format!("a,b\n{rows}"))]);
    let mut child = sheaf(folder.path(), &["run", "p.sheaf"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "a,b\n");
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(err, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn statistics_as_one_json_object() {
    let folder = folder(&[("p.sheaf", GOOD), ("edges.csv", "a,b\n1,2\n2,3\n")]);
    let (code, _, err) = run(folder.path(), &["run", "--stats", "json", "p.sheaf"]);
    assert_eq!(code, 0);
    let statistics: serde_json::Value = serde_json::from_str(&err).unwrap();
    for time in ["compile_ms", "read_ms", "run_ms", "write_ms"] {
        assert!(statistics[time].as_f64().unwrap() >= 0.0, "{time}");
    }
    assert_eq!(statistics["inputs"][0]["rows"], 2);
    assert_eq!(statistics["outputs"][0]["rows"], 3);
    let (_, _, table) = run(folder.path(), &["run", "p.sheaf", "--stats"]);
    assert!(table.contains("compile"), "{table}");
}

/// A run that takes long on any machine.
fn long() -> tempfile::TempDir {
    let mut edges = String::from("a,b\n");
    for a in 0..3000u64 {
        for b in 0..100 {
            edges += &format!("{a},{}\n", (a * 7 + b * 13) % 3000);
        }
    }
    let program = GOOD.replace("path(a, b), edge(b, c)", "path(a, b), path(b, c)");
    folder(&[("p.sheaf", &program), ("edges.csv", &edges)])
}

fn start(folder: &Path, processes: &str) -> Child {
    let child = sheaf(
        folder,
        &["run", "p.sheaf", "--workers", "1", "--processes", processes],
    )
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    child
}

fn signal(name: &str, process: u32) {
    let process = process.to_string();
    let sent = Command::new("kill")
        .args([name, &process])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// The processes that a process started, from /proc.
fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .map(|c| c.parse().unwrap())
        .collect()
}

fn is_alive(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .any(|l| l.starts_with("State:") && !l.contains('Z'))
}

#[test]
fn an_interrupt_ends_every_process_and_leaves_nothing() {
    for processes in ["1", "2"] {
        let folder = long();
        let mut child = start(folder.path(), processes);
        let followers = children(child.id());
        assert_eq!(followers.len() + 1, processes.parse::<usize>().unwrap());
        let asked = Instant::now();
        signal("-INT", child.id());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130));
        assert!(
            asked.elapsed() < Duration::from_secs(3),
            "{:?}",
            asked.elapsed()
        );
        std::thread::sleep(Duration::from_millis(200));
        assert!(!followers.into_iter().any(is_alive));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn a_lost_process_is_an_error_that_names_it() {
    let folder = long();
    let child = start(folder.path(), "3");
    let followers = children(child.id());
    assert_eq!(followers.len(), 2);
    signal("-KILL", followers[1]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with("error: lost process 2"), "{err}");
    assert!(!followers.into_iter().any(is_alive));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn no_process_outlives_the_one_that_started_it() {
    let folder = long();
    let mut child = start(folder.path(), "3");
    let followers = children(child.id());
    assert_eq!(followers.len(), 2);
    signal("-KILL", child.id());
    child.wait().unwrap();
    let asked = Instant::now();
    while followers.iter().any(|f| is_alive(*f)) {
        assert!(
            asked.elapsed() < Duration::from_secs(3),
            "they are still there"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn programs_are_laid_out_in_place_or_named() {
    let wild = "view  a( x:Int );   // one\na( 1 ) ;\n";
    let tidy = "view a(x: Int);   // one\na(1);\n"; // the gap before a comment is the author's
    let folder = folder(&[("p.sheaf", wild), ("q/q.sheaf", tidy), ("r.txt", wild)]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (code, out, _) = run(folder.path(), &["fmt", "--check"]);
    assert_eq!((code, out.lines().count()), (1, 1));
    assert!(out.contains("p.sheaf") && read("p.sheaf") == wild);
    let (code, out, _) = run(folder.path(), &["fmt"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(
        (read("p.sheaf"), read("r.txt")),
        (tidy.to_owned(), wild.to_owned())
    );
    assert_eq!(run(folder.path(), &["fmt", "--check"]).0, 0);

    fs::write(folder.path().join("p.sheaf"), "view a(x: Int;\n").unwrap();
    let (code, _, err) = run(folder.path(), &["fmt", "p.sheaf"]);
    assert!(code == 1 && err.contains("E0103"), "{err}");
    assert_eq!(read("p.sheaf"), "view a(x: Int;\n");
}

#[test]
fn a_lattice_that_breaks_a_law_is_refused_with_the_smallest_example() {
    let first = "lattice First on Int {
    fn bottom() -> Int { 0 }
    fn join(a: Int, b: Int) -> Int { a }
}
view a() -> First;
a() -> 1;
";
    let falling = "monotone fn negated(x: Int) -> Int { -x }\nview a(x: Int);\na(negated(1));\n";
    let folder = folder(&[("first.sheaf", first), ("falling.sheaf", falling)]);
    for command in ["check", "run", "test"] {
        let (code, out, err) = run(folder.path(), &[command, "first.sheaf"]);
        let said = out + &err;
        assert!(code == 1 && said.contains("E0331"), "{command}: {said}");
        assert!(said.contains("join(0, 1) = 0, join(1, 0) = 1"), "{said}");
        let (code, out, err) = run(folder.path(), &[command, "falling.sheaf"]);
        assert!(code == 1 && (out + &err).contains("E0332"), "{command}");
    }
}

#[test]
fn the_library_and_the_examples_are_laid_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (code, out, err) = run(&root, &["fmt", "--check", "stdlib", "examples"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn collected_rows_name_line_and_column() {
    let program = "input n(x: Int) from csv(\"n.csv\");
view y(z: Int);
y(10 / x) if n(x);
output y to csv(\"y.csv\");
";
    let folder = folder(&[("p.sheaf", program), ("n.csv", "x\n5\n0\n")]);
    let (code, _, err) = run(folder.path(), &["run", "p.sheaf", "--on-error", "collect"]);
    assert_eq!(code, 0, "{err}");
    let errors = fs::read_to_string(folder.path().join("errors.ndjson")).unwrap();
    let row: serde_json::Value = serde_json::from_str(errors.trim()).unwrap();
    assert_eq!(
        (row["line"].as_u64(), row["column"].as_u64()),
        (Some(3), Some(3)),
        "{row}"
    );
}
