//! Native kernels do what the interpreter does, on every example and every program of the manual
//! (`tests/tests/manual.rs`), and no filter or projection that could be native stays interpreted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sheaf_tests::{Project, root};

/// What the interpreter alone computes: functions over texts, tuples, records and collections, and
/// what takes a collection apart. A kernel may be interpreted for one of these reasons only.
const LEFT: &[&str] = &[
    "element",
    "lower",
    "words",
    "split",
    "tuple",
    "field",
    "a comprehension",
];

fn copy(from: &Path, to: &Project, below: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = below.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, to, &name),
            false => to.write(
                &name.to_string_lossy(),
                std::fs::read(&path).expect("a file"),
            ),
        }
    }
}

/// Every example in a folder of its own, and its program.
fn examples() -> Vec<(Project, String)> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("examples"))
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 3);
    let program = |folder: &PathBuf| {
        let project = Project::new(&[]);
        copy(folder, &project, Path::new(""));
        let name = folder.file_name().expect("a name").to_string_lossy();
        (project, format!("{name}.sheaf"))
    };
    folders.iter().map(program).collect()
}

#[test]
fn examples_give_the_same_bytes_natively() {
    for (project, program) in examples() {
        let [interpreted, native, automatic] =
            ["interpreter", "native", "automatic"].map(|kernels| {
                let arguments = ["run", &program, "--workers", "2", "--kernels", kernels];
                let finished = project.run(&arguments).ok();
                (finished.stdout, project.files())
            });
        assert!(interpreted == native, "{program}: interpreter and native");
        assert!(
            interpreted == automatic,
            "{program}: interpreter and automatic"
        );
    }
}

#[test]
fn filters_and_projections_of_the_examples_are_native() {
    let mut native = 0;
    for (project, program) in examples() {
        let arguments = ["run", &program, "--kernels", "native", "--stats", "json"];
        let finished = project.run(&arguments).ok();
        let statistics = finished.stderr.lines().last().expect("statistics");
        let statistics: Value = serde_json::from_str(statistics).expect("JSON");
        let mut left = BTreeMap::new();
        for node in statistics["nodes"].as_array().expect("nodes") {
            let kernels = &node["kernels"];
            native += kernels["native"].as_u64().expect("a count");
            for (reason, count) in kernels["interpreted"].as_object().expect("reasons") {
                left.insert(reason.clone(), count.clone());
            }
        }
        left.retain(|reason, _| !LEFT.contains(&reason.as_str()));
        assert!(
            left.is_empty(),
            "{program}: interpreted because of {left:?}"
        );
    }
    assert!(native > 0);
}

/// Rows enough for code to be asked for, and errors among them.
#[test]
fn automatic_kernels_become_native() {
    let rows: String = (0..200_000)
        .map(|i| format!("{i},{}\n", i % 1000))
        .collect();
    let project = Project::new(&[
        (
            "p.sheaf",
            "input a(x: Int, y: Int) from csv(\"a.csv\");\n\
             view b(x: Int, q: Int);\n\
             b(x, x * 7 / (y - 500) + x % 13) if a(x, y), x % 3 == 1 || y > 900;\n\
             output b to csv(\"b.csv\");\n",
        ),
        ("a.csv", &format!("x,y\n{rows}")),
    ]);
    let run = |kernels: &str| {
        let finished = project.run(&[
            "run",
            "p.sheaf",
            "--on-error",
            "collect",
            "--stats",
            "json",
            "--workers",
            "1",
            "--kernels",
            kernels,
        ]);
        let statistics = finished
            .stderr
            .lines()
            .last()
            .expect("statistics")
            .to_string();
        (project.files(), statistics)
    };
    let (interpreted, _) = run("interpreter");
    let (automatic, statistics) = run("automatic");
    assert!(interpreted == automatic);
    let statistics: Value = serde_json::from_str(&statistics).expect("JSON");
    let nodes = statistics["nodes"].as_array().expect("nodes");
    let natively: u64 = nodes
        .iter()
        .filter_map(|node| node["kernels"]["native_rows"].as_u64())
        .sum();
    assert!(natively > 0, "{statistics}");
}
