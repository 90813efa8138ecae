//! Every program gives the same bytes, and reports the same error rows, with all passes, with none, and with
//! each of them alone.

use sheaf_ir::passes::PASSES;
use sheaf_tests::Project;

/// Programs with something for every pass, and with rows that fail around it.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "bound recursion",
        "
input edge(a: String, b: String) from csv(\"edge.csv\");
input start(a: String) from csv(\"start.csv\");
param origin: String = \"n5\";
view reach(a: String, b: String);
reach(a, b) if edge(a, b);
reach(a, c) if reach(a, b), edge(b, c);
view mine(b: String);
mine(b) if reach(\"n1\", b);
view back(a: String, b: String);
back(a, b) if edge(a, b);
back(a, c) if edge(a, b), back(b, c);
view yours(b: String);
yours(b) if back(origin, b);
view started(a: String, b: String);
started(a, b) if start(a), back(a, b);
output mine to csv(\"mine.csv\");
output yours to csv(\"yours.csv\");
output started to csv(\"started.csv\");
",
    ),
    (
        "rows that fail in a bound recursion",
        "
input edge(a: Int, b: Int) from csv(\"number.csv\");
view far(a: Int, b: Int);
far(a, b) if edge(a, b);
far(a, c) if far(a, b), edge(b, c), 100 / (c - 5) > 0;
view mine(b: Int);
mine(b) if far(1, b);
output mine to csv(\"mine.csv\");
",
    ),
    (
        "joins in a bad order",
        "
input edge(a: Int, b: Int) from csv(\"number.csv\");
input live(o: Int, p: Int) from csv(\"live.csv\");
view flow(o: Int, p: Int, n: Int);
flow(o, p, 0) if live(o, p);
flow(o, q, n) if live(o, q), edge(p, q), live(_, p), flow(o, p, n), p != q;
view counted(o: Int) -> Count;
counted(o) if live(o, p), edge(p, q), live(o, q);
view failing(o: Int, x: Int);
failing(o, 10 / (p - q)) if live(o, p), edge(p, q), live(o, q);
output flow to csv(\"flow.csv\");
output counted to csv(\"counted.csv\");
output failing to csv(\"failing.csv\");
",
    ),
    (
        "views nobody reads, conditions that are decided, rules alike",
        "
input edge(a: Int, b: Int) from csv(\"number.csv\");
view unread(a: Int);
unread(10 / (a - 3)) if edge(a, _);
view quiet(a: Int);
quiet(a) if edge(a, _);
view one(a: Int);
one(a) if edge(a, b), 1 + 1 == 2, b > 2;
view other(a: Int);
other(a) if edge(a, b), 1 + 1 == 2, b > 2;
view never(a: Int);
never(a) if edge(a, _), 1 > 2;
view least(a: Int) -> Min<Int>;
least(a) -> b if edge(a, b);
view some(b: Int);
some(b) if least(4) -> b;
view total(a: Int) -> Sum<Int>;
total(a) -> 9223372036854775807 - b if edge(a, b);
view part(n: Int);
part(n) if total(2) -> n;
output one to csv(\"one.csv\");
output other to csv(\"other.csv\");
output never to csv(\"never.csv\");
output some to csv(\"some.csv\");
output part to csv(\"part.csv\");
",
    ),
];

fn project(program: &str) -> Project {
    let numbers = |a: u64, b: u64| format!("{},{}\n", a % 12, b % 12);
    let pairs: Vec<(u64, u64)> = (0..30u64).map(|i| (i * i + 1, i * 7 + 3)).collect();
    let edges: String = pairs
        .iter()
        .map(|(a, b)| format!("n{},n{}\n", a % 12, b % 12))
        .collect();
    let number: String = pairs.iter().map(|(a, b)| numbers(*a, *b)).collect();
    let live: String = (0..40u64).map(|i| numbers(i / 10, i * 5)).collect();
    Project::new(&[
        ("program.sheaf", program.trim_start()),
        ("edge.csv", &format!("a,b\n{edges}")),
        ("start.csv", "a\nn2\n"),
        ("number.csv", &format!("a,b\n{number}")),
        ("live.csv", &format!("o,p\n{live}")),
    ])
}

/// Everything that a run leaves behind.
fn outcome(program: &str, arguments: &[&str]) -> Vec<(String, String)> {
    let project = project(program);
    let finished = project.run(&[&["run", "program.sheaf"], arguments].concat());
    let mut files: Vec<(String, String)> = std::fs::read_dir(project.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .map(|name| (name.clone(), project.read(&name)))
        .collect();
    files.sort();
    files.push(("exit".into(), format!("{:?}", finished.code)));
    files.push(("stdout".into(), finished.stdout));
    files.push(("stderr".into(), finished.stderr));
    files
}

#[test]
fn passes_change_no_byte() {
    for (name, program) in PROGRAMS {
        for workers in ["1", "3"] {
            for on_error in ["fail", "collect"] {
                let told = ["--workers", workers, "--on-error", on_error];
                let with = |passes: &str| {
                    let arguments = [&told[..], &["--passes", passes][..]].concat();
                    outcome(program, &arguments)
                };
                let plain = with("none");
                let written = plain.iter().filter(|(file, _)| file != "stdout").count();
                assert!(on_error == "fail" || written > 7, "{name}: {plain:?}");
                assert_eq!(with("all"), plain, "{name}, {told:?}, all");
                if workers == "1" {
                    for pass in PASSES {
                        assert_eq!(with(pass.name), plain, "{name}, {told:?}, {}", pass.name);
                    }
                }
            }
        }
    }
}
