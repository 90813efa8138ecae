//! `sheaf run --why` and `--why-not`: proofs that check, refusals that say what failed first, and the
//! same answer whatever the order of rows and the number of workers.

use serde_json::Value as Json;
use sheaf_tests::{LAYOUTS, Project};

/// Packages that need each other, a negation and a count.
const PACKAGES: &str = r#"input depends(package: String, target: String) from csv("depends.csv");

view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);

view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

view leaf(package: String);
leaf(p) if depends(p, _), not depends(_, p);

view seed(name: String, at: Int);
seed("x", 1);
seed("y", 2);

view late(name: String);
late(n) if seed(n, at), at > 3;

output needs to csv("needs.csv");
"#;

/// A cycle `a → b → c → a`, and `d` before it.
const DEPENDS: &str = "package,target\na,b\nb,c\nc,a\nd,a\n";

/// Journeys, the cheapest of which counts, with a journey that costs nothing.
const PATHS: &str = r#"input edge(src: String, dst: String, cost: Nat) from ndjson("edges.ndjson");

view dist(src: String, dst: String) -> Min<Nat>;
dist(a, b) -> cost if edge(a, b, cost);
dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost);

output dist to csv("dist.csv");
"#;

const EDGES: &str = r#"{"src": "a", "dst": "c", "cost": 9}
{"src": "a", "dst": "b", "cost": 2}

{"src": "b", "dst": "c", "cost": 3}
{"src": "c", "dst": "b", "cost": 0}
"#;

fn packages() -> Project {
    Project::new(&[("p.sheaf", PACKAGES), ("depends.csv", DEPENDS)])
}

/// The answer to a question that is answered as expected.
fn answer(project: &Project, program: &str, flag: &str, row: &str) -> String {
    let finished = project.run(&["run", program, flag, row]).ok();
    assert_eq!(finished.stderr, "", "{row}");
    finished.stdout
}

#[test]
fn a_proof_on_a_cycle_ends_at_lines_of_the_input() {
    let project = packages();
    assert_eq!(
        answer(&project, "p.sheaf", "--why", r#"needs("a", "a")"#),
        r#"needs("a", "a")
  by p.sheaf:5: needs(p, t) if needs(p, q), depends(q, t);
  needs("a", "c")
    by p.sheaf:5: needs(p, t) if needs(p, q), depends(q, t);
    needs("a", "b")
      by p.sheaf:4: needs(p, t) if depends(p, t);
      depends("a", "b")  -- depends.csv:2
    depends("b", "c")  -- depends.csv:3
  depends("c", "a")  -- depends.csv:4
"#
    );
}

#[test]
fn a_count_shows_its_contributions() {
    let project = packages();
    let text = answer(&project, "p.sheaf", "--why", r#"weight("d") -> 3"#);
    let first = r#"weight("d") -> 3
  Count of 3 contributions:
  1 by p.sheaf:8: weight(p) -> 1 if needs(p, _);
    needs("d", "a")
"#;
    assert!(text.starts_with(first), "{text}");
}

#[test]
fn a_negation_and_a_fact_are_premises() {
    let project = packages();
    assert_eq!(
        answer(&project, "p.sheaf", "--why", "leaf(_)"),
        r#"leaf("d")
  by p.sheaf:11: leaf(p) if depends(p, _), not depends(_, p);
  no row depends(_, "d")
  depends("d", "a")  -- depends.csv:5
"#
    );
    assert_eq!(
        answer(&project, "p.sheaf", "--why", "seed(_, _)"),
        "seed(\"x\", 1)  -- p.sheaf:14\n(1 other row matches, too)\n"
    );
}

#[test]
fn the_least_way_is_proved_although_another_costs_nothing() {
    let project = Project::new(&[("p.sheaf", PATHS), ("edges.ndjson", EDGES)]);
    assert_eq!(
        answer(&project, "p.sheaf", "--why", r#"dist("a", "c") -> 5"#),
        r#"dist("a", "c") -> 5
  Min: by p.sheaf:5: dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost);
  dist("a", "b") -> 2
    Min: by p.sheaf:4: dist(a, b) -> cost if edge(a, b, cost);
    edge("a", "b", 2)  -- edges.ndjson:2
  edge("b", "c", 3)  -- edges.ndjson:4
"#
    );
}

#[test]
fn every_reason_why_not() {
    let project = packages();
    let why_not = |row: &str| answer(&project, "p.sheaf", "--why-not", row);
    assert_eq!(
        why_not(r#"needs("a", "d")"#),
        r#"needs("a", "d") does not hold
  p.sheaf:5: needs(p, t) if needs(p, q), depends(q, t);
    there is no row depends(_, "d")
  p.sheaf:4: needs(p, t) if depends(p, t);
    there is no row depends("a", "d")
"#
    );
    assert_eq!(
        why_not(r#"weight("d") -> 4"#),
        "weight(\"d\") -> 4 does not hold: there is weight(\"d\") -> 3\n"
    );
    assert_eq!(
        why_not(r#"leaf("a")"#),
        r#"leaf("a") does not hold
  p.sheaf:11: leaf(p) if depends(p, _), not depends(_, p);
    there is depends("c", "a"), which must not be (ask --why)
"#
    );
    assert_eq!(
        why_not(r#"late("y")"#),
        r#"late("y") does not hold
  p.sheaf:18: late(n) if seed(n, at), at > 3;
    there is seed("y", 2), but `at > 3` is false for at = 2
"#
    );
    assert_eq!(
        why_not(r#"seed("z", _)"#),
        "seed(\"z\", _) does not hold\n  it is not among the facts of seed\n"
    );
    assert_eq!(
        why_not(r#"depends("a", "z")"#),
        "depends(\"a\", \"z\") does not hold\n  its input has no such row\n    1 row depends(\"a\", _)\n    no row depends(_, \"z\")\n"
    );
}

#[test]
fn what_nobody_derives_and_what_nobody_gives() {
    let project = Project::new(&[
        (
            "p.sheaf",
            "input a(x: Int) from csv(\"a.csv\");\nview b(x: Int);\noutput b to csv(\"b.csv\");\n",
        ),
        ("a.csv", "x\n"),
    ]);
    let why_not = |row| {
        project
            .run(&["run", "p.sheaf", "--why-not", row])
            .ok()
            .stdout
    };
    assert_eq!(
        why_not("b(_)"),
        "b(_) does not hold\n  it has no rules and no facts\n"
    );
    assert_eq!(
        why_not("a(_)"),
        "a(_) does not hold\n  its input has no such row\n"
    );
}

#[test]
fn the_other_answer_is_a_failure() {
    let project = packages();
    let finished = project.run(&["run", "p.sheaf", "--why", r#"needs("a", "z")"#]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished
            .stdout
            .starts_with("needs(\"a\", \"z\") does not hold\n")
    );
    let finished = project.run(&["run", "p.sheaf", "--why-not", r#"needs("a", "b")"#]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished
            .stdout
            .contains("depends(\"a\", \"b\")  -- depends.csv:2")
    );
    assert!(!project.has("needs.csv"), "a question writes nothing");
}

#[test]
fn a_wrong_question_is_told_at_its_own_text() {
    let project = packages();
    for (row, code, at) in [
        ("neds(_, _)", "E0201", "question:1:1"),
        (r#"needs("a")"#, "E03", "question:1:"),
        (r#"needs("a", 3)"#, "E03", "question:1:12"),
        (r#"needs("a", "#, "E01", "question:1:"),
    ] {
        let finished = project.run(&["run", "p.sheaf", "--why", row]);
        assert_eq!(finished.code, Some(2), "{row}");
        assert!(finished.stderr.contains(code), "{row}: {}", finished.stderr);
        assert!(finished.stderr.contains(at), "{row}: {}", finished.stderr);
        assert_eq!(
            finished.stderr.matches("error[").count(),
            1,
            "{row}: {}",
            finished.stderr
        );
    }
    for row in [
        r#"not needs("a", "z")"#,
        "1 < 2",
        r#"needs("a", "b"), needs("b", "c")"#,
    ] {
        let finished = project.run(&["run", "p.sheaf", "--why", row]);
        assert_eq!(finished.code, Some(2), "{row}");
        assert!(
            finished.stderr.contains("is not a row of a relation"),
            "{row}"
        );
    }
}

#[test]
fn params_and_records_mean_what_they_mean_in_the_program() {
    let program = r#"record Point { x: Int, y: Int }

param limit: Int;

input at(name: String, x: Int, y: Int) from tsv("at.tsv");

view near(name: String, where: Point);
near(n, Point { x: x, y: y }) if at(n, x, y), x < limit;

output near to ndjson("near.ndjson");
"#;
    let project = Project::new(&[
        ("p.sheaf", program),
        ("at.tsv", "name\tx\ty\nu\t1\t2\nv\t7\t7\n"),
    ]);
    let ask =
        |flag: &str, row: &str| project.run(&["run", "p.sheaf", "--param", "limit=5", flag, row]);
    let finished = ask("--why", "near(_, Point { x: limit - 4, y: 2 })").ok();
    assert!(
        finished.stdout.contains("at(\"u\", 1, 2)  -- at.tsv:2"),
        "{}",
        finished.stdout
    );
    let finished = ask("--why-not", r#"near("v", _)"#).ok();
    assert!(
        finished.stdout.contains("`x < limit` is false for x = 7"),
        "{}",
        finished.stdout
    );
}

#[test]
fn leaves_name_lines_of_every_format() {
    let program = |source: &str| {
        format!(
            "input r(text: String) from {source};\n\nview v(text: String);\nv(t) if r(t);\n\noutput v to csv(\"v.csv\");\n"
        )
    };
    let csv = "text\n\"two\nlines\"\n\nx\n";
    let packed = zstd::encode_all(csv.as_bytes(), 0).expect("zstd");
    for (file, source, content, line) in [
        ("r.csv", r#"csv("r.csv")"#, csv.as_bytes(), 5),
        ("r.csv.zst", r#"csv("r.csv.zst")"#, &packed, 5),
        ("r.tsv", r#"tsv("r.tsv")"#, b"text\ny\nx\n", 3),
        (
            "r.ndjson",
            r#"ndjson("r.ndjson")"#,
            b"\n{\"text\":\"x\"}\n",
            2,
        ),
        ("r.txt", r#"text("*.txt")"#, b"y\ny\nx\nx\n", 3),
    ] {
        let project = Project::new(&[("p.sheaf", &program(source))]);
        project.write(file, content);
        let text = answer(&project, "p.sheaf", "--why", r#"v("x")"#);
        assert!(
            text.contains(&format!("r(\"x\")  -- {file}:{line}\n")),
            "{text}"
        );
    }
}

#[test]
fn order_workers_and_processes_change_line_numbers_only() {
    let without_places = |text: String| -> String {
        let lines = text
            .lines()
            .map(|line| line.split("  -- ").next().unwrap_or(line));
        lines.map(|line| format!("{line}\n")).collect()
    };
    // Several ways of the same length from each node to each.
    let mut lines: Vec<String> = Vec::new();
    for i in 0..30 {
        for step in [1, 2, 5] {
            lines.push(format!("n{i},n{}", (i + step) % 30));
        }
    }
    let questions = [
        ("--why", r#"needs("n0", "n29")"#),
        ("--why", "weight(_)"),
        ("--why-not", r#"needs("n0", "z")"#),
        ("--why-not", r#"leaf("n4")"#),
    ];
    for (flag, row) in questions {
        let mut first: Option<String> = None;
        for (turn, layout) in LAYOUTS.iter().enumerate() {
            lines.rotate_left(17 * turn);
            let text = format!("package,target\n{}\n", lines.join("\n"));
            let project = Project::new(&[("p.sheaf", PACKAGES), ("depends.csv", &text)]);
            let arguments = [&["run", "p.sheaf", flag, row], *layout].concat();
            let found = without_places(project.run(&arguments).ok().stdout);
            assert_eq!(
                *first.get_or_insert(found.clone()),
                found,
                "{row} {layout:?}"
            );
        }
    }
}

#[test]
fn a_long_chain_is_proved() {
    let mut text = "package,target\n".to_string();
    for i in 0..400 {
        text += &format!("n{i},n{}\n", i + 1);
    }
    let project = Project::new(&[("p.sheaf", PACKAGES), ("depends.csv", &text)]);
    let arguments = [
        "run",
        "p.sheaf",
        "--format",
        "ndjson",
        "--why",
        r#"needs("n0", "n400")"#,
    ];
    let finished = project.run(&arguments).ok();
    let proof: Json = serde_json::from_str(&finished.stdout).expect("JSON");
    let steps = proof["steps"].as_array().expect("steps");
    // Every edge, and every pair from the first node.
    assert_eq!(steps.len(), 800);
    let leaves = steps.iter().filter(|step| step["by"] == "input");
    let mut lines: Vec<u64> = leaves
        .map(|step| step["line"].as_u64().expect("a line"))
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, (2..402).collect::<Vec<u64>>());
}

#[test]
fn rows_that_failed_are_mentioned() {
    let program = r#"input n(x: Int) from csv("n.csv");

view inverse(x: Int, y: Int);
inverse(x, 100 / x) if n(x);

output inverse to csv("out.csv");
"#;
    let project = Project::new(&[("p.sheaf", program), ("n.csv", "x\n0\n5\n")]);
    let finished = project
        .run(&["run", "p.sheaf", "--why-not", "inverse(0, _)"])
        .ok();
    assert!(finished.stderr.contains("E0902"), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("rules of inverse failed on 1 row"),
        "{}",
        finished.stdout
    );
}
