//! What the language promises, asked of the binary as a user would ask it.

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sheaf_tests::{LAYOUTS, Project, sheaf};

/// The layouts whose memory is bounded.
const BOUNDED: &[&[&str]] = &[
    &["--workers", "1"],
    &["--workers", "2"],
    &["--processes", "2", "--workers", "1"],
];

/// Runs to the end while watching the resident memory of the process and its children together.
/// Returns exit code, standard output, standard error and the peak in bytes.
fn watched(project: &Project, arguments: &[&str]) -> (Option<i32>, String, String, u64) {
    let mut child = sheaf(project.path())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sheaf starts");
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        peak = peak.max(resident(child.id()));
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
        peak,
    )
}

/// Resident bytes of a process and its children, from /proc.
fn resident(process: u32) -> u64 {
    let own = std::fs::read_to_string(format!("/proc/{process}/statm"))
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok())
        .unwrap_or(0)
        * 4096;
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"))
        .unwrap_or_default();
    own + children
        .split_whitespace()
        .filter_map(|c| c.parse().ok())
        .map(resident)
        .sum::<u64>()
}

#[test]
fn a_rejected_row_is_no_error_in_either_order() {
    for body in ["x(d), d != 0", "d != 0, x(d)"] {
        let program = format!(
            "input x(d: Int) from csv(\"x.csv\");\nview r(q: Int);\nr(10 / d) if {body};\n\
             output r to csv(\"r.csv\");\n"
        );
        let project = Project::new(&[("p.sheaf", &program), ("x.csv", "d\n0\n1\n2\n")]);
        project.run(&["run", "p.sheaf"]).ok();
        assert_eq!(project.read("r.csv"), "q\n5\n10\n");
    }
}

#[test]
fn division_by_zero_is_an_error_row_with_a_place() {
    let program = "input x(d: Int) from csv(\"x.csv\");\nview r(q: Int);\nr(10 / d) if x(d);\n\
                   output r to csv(\"r.csv\");\n";
    for layout in LAYOUTS {
        let project = Project::new(&[("p.sheaf", program), ("x.csv", "d\n0\n1\n2\n")]);
        let finished = project.run(&[&["run", "p.sheaf"], *layout].concat());
        assert_eq!(finished.code, Some(1), "{layout:?}");
        assert!(finished.stderr.contains("E0902"), "{}", finished.stderr);
        assert!(
            finished.stderr.contains("p.sheaf:3:3"),
            "{}",
            finished.stderr
        );
        assert!(!project.has("r.csv"), "a failed run leaves no output");
    }
}

#[test]
fn errors_of_superseded_derivations_vanish() {
    let program = "input edge(src: String, dst: String, cost: Nat) from csv(\"edges.csv\");\n\
         view dist(src: String, dst: String) -> Min<Nat>;\n\
         dist(a, b) -> cost if edge(a, b, cost);\n\
         dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost);\n\
         output dist to csv(\"dist.csv\");\n";
    let edges = "src,dst,cost\na,b,9223372036854775807\nb,c,1\na,q,1\nq,b,1\n";
    for layout in LAYOUTS {
        let project = Project::new(&[("p.sheaf", program), ("edges.csv", edges)]);
        project.run(&[&["run", "p.sheaf"], *layout].concat()).ok();
        assert_eq!(
            project.read("dist.csv"),
            "src,dst,dist\na,b,2\na,c,3\na,q,1\nb,c,1\nq,b,1\nq,c,2\n"
        );
    }
}

#[test]
fn an_overflow_that_settles_is_reported() {
    let program = "input edge(src: String, dst: String, cost: Nat) from csv(\"edges.csv\");\n\
         view dist(src: String, dst: String) -> Min<Nat>;\n\
         dist(a, b) -> cost if edge(a, b, cost);\n\
         dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost);\n\
         output dist to csv(\"dist.csv\");\n";
    let edges = "src,dst,cost\na,b,9223372036854775807\nb,c,1\n";
    for layout in LAYOUTS {
        let project = Project::new(&[("p.sheaf", program), ("edges.csv", edges)]);
        let finished = project.run(&[&["run", "p.sheaf"], *layout].concat());
        assert_eq!(finished.code, Some(1), "{layout:?}");
        assert!(finished.stderr.contains("E0901"), "{}", finished.stderr);
    }
}

#[test]
fn sums_are_exact_inside_in_every_order() {
    let program = "input x(n: Int, f: Float) from csv(\"x.csv\");\nview total() -> Sum<Int>;\n\
         total() -> n if x(n, _);\nview real() -> Sum<Float>;\nreal() -> f if x(_, f);\n\
         output total to csv(\"total.csv\");\noutput real to csv(\"real.csv\");\n";
    let rows = [
        "9223372036854775807,1e308",
        "1,1e308",
        "-1,-1e308",
        "0,-1e308",
        "0,0.1",
        "0,0.2",
    ];
    for turn in 0..rows.len() {
        let mut text = String::from("n,f\n");
        for i in 0..rows.len() {
            let _ = writeln!(text, "{}", rows[(i * 5 + turn) % rows.len()]);
        }
        let project = Project::new(&[("p.sheaf", program), ("x.csv", &text)]);
        project.run(&["run", "p.sheaf", "--workers", "2"]).ok();
        assert_eq!(
            project.read("total.csv"),
            "total\n9223372036854775807\n",
            "{text}"
        );
        assert_eq!(
            project.read("real.csv"),
            "real\n0.30000000000000004\n",
            "{text}"
        );
    }
}

#[test]
fn the_closure_of_a_complete_graph_stays_small() {
    const NODES: usize = 600;
    let mut edges = String::from("a,b\n");
    for a in 0..NODES {
        for b in (0..NODES).filter(|b| *b != a) {
            let _ = writeln!(edges, "{a},{b}");
        }
    }
    let program = "input edge(a: Int, b: Int) from csv(\"edges.csv\");\nview path(a: Int, b: Int);\n\
         path(a, b) if edge(a, b);\npath(a, c) if path(a, b), edge(b, c);\n\
         output path to csv(\"path.csv\");\n";
    let project = Project::new(&[("p.sheaf", program), ("edges.csv", &edges)]);
    for layout in BOUNDED {
        let (code, _, stderr, peak) = watched(&project, &[&["run", "p.sheaf"], *layout].concat());
        assert_eq!(code, Some(0), "{layout:?}: {stderr}");
        assert_eq!(
            project.read("path.csv").lines().count() - 1,
            NODES * NODES,
            "{layout:?}"
        );
        assert!(peak < 250_000_000, "{layout:?}: {peak} bytes at the peak");
    }
}

#[test]
fn a_chain_of_a_million_edges_is_followed() {
    const LENGTH: usize = 1_000_000;
    let mut edges = String::from("a,b\n");
    for a in 0..LENGTH {
        let _ = writeln!(edges, "{a},{}", a + 1);
    }
    let program = "input edge(a: Int, b: Int) from csv(\"edges.csv\");\nview reach(a: Int);\n\
         reach(0);\nreach(b) if reach(a), edge(a, b);\n\
         view reached() -> Count;\nreached() if reach(_);\noutput reached to csv(\"reached.csv\");\n";
    let project = Project::new(&[("p.sheaf", program), ("edges.csv", &edges)]);
    project.run(&["run", "p.sheaf"]).ok();
    assert_eq!(
        project.read("reached.csv"),
        format!("reached\n{}\n", LENGTH + 1)
    );
}

#[test]
fn an_endless_recursion_ends_with_its_rule_named() {
    let program = "view n(x: Int);\nn(0);\nn(x + 1) if n(x);\noutput n to csv(\"n.csv\");\n";
    let project = Project::new(&[("p.sheaf", program)]);
    let (code, _, stderr, peak) = watched(&project, &["run", "p.sheaf"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("E0906"), "{stderr}");
    assert!(
        stderr.contains("n(x + 1) if n(x)"),
        "the rule is shown: {stderr}"
    );
    assert!(peak < 1_000_000_000, "{peak} bytes at the peak");
    assert!(!project.has("n.csv"), "a failed run leaves no output");
}

#[test]
fn an_interrupt_ends_a_run_and_leaves_no_half_written_file() {
    let mut edges = String::from("a,b\n");
    for a in 0..2000 {
        for b in 0..150 {
            let _ = writeln!(edges, "{a},{}", (a * 7 + b * 13) % 2000);
        }
    }
    let program = "input edge(a: Int, b: Int) from csv(\"edges.csv\");\nview path(a: Int, b: Int);\n\
         path(a, b) if edge(a, b);\npath(a, c) if path(a, b), path(b, c);\n\
         output path to csv(\"path.csv\");\n";
    for layout in LAYOUTS {
        let project = Project::new(&[("p.sheaf", program), ("edges.csv", &edges)]);
        let mut child = sheaf(project.path())
            .args([&["run", "p.sheaf"], *layout].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sheaf starts");
        std::thread::sleep(Duration::from_millis(600));
        assert!(
            child.try_wait().expect("a child").is_none(),
            "{layout:?}: it was to run longer"
        );
        let asked = Instant::now();
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .expect("kill is there");
        let status = child.wait().expect("a child");
        assert_eq!(status.code(), Some(130), "{layout:?}");
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{layout:?}: {:?}",
            asked.elapsed()
        );
        let left: Vec<_> = std::fs::read_dir(project.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left.len(), 2, "{layout:?} left {left:?}");
    }
}

#[test]
fn a_sum_that_no_derivation_asks_for_does_not_fail() {
    let program = "view shop(s: String);\nshop(\"x\");\nview sale(s: String, n: Int);\n\
        sale(\"x\", 1);\nsale(\"y\", 9223372036854775807);\nsale(\"y\", 1);\n\
        view a(s: String, n: Int);\na(s, sum(n for sale(s, n))) if shop(s);\n\
        output a to csv(\"a.csv\");\n";
    for layout in LAYOUTS {
        let project = Project::new(&[("p.sheaf", program)]);
        project.run(&[&["run", "p.sheaf"], *layout].concat()).ok();
        assert_eq!(project.read("a.csv"), "s,n\nx,1\n", "{layout:?}");
    }
}
