//! Faults planted in a build of their own must be noticed: a suite that passes on them is no suite.
//!
//! Each test runs one check three times: on the sound binary, on the planted build with no fault
//! active, where it must pass, and with its fault, where it must fail.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use sheaf_tests::{Project, binary, root};

/// Builds the binary with the faults in it, in a folder of its own so that the sound one stays; not
/// optimised, which is built sooner.
fn planted() -> &'static PathBuf {
    static PLANTED: OnceLock<PathBuf> = OnceLock::new();
    PLANTED.get_or_init(|| {
        let target = root().join("target/planted");
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "sheaf",
                "--features",
                "planted-faults",
            ])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(root())
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the planted build fails");
        target
            .join("debug")
            .join(format!("sheaf{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A program, how it is run, and what it must write.
struct Check {
    program: &'static str,
    input: String,
    arguments: &'static [&'static str],
    expected: String,
}

impl Check {
    /// Whether a binary passes, under a fault or none.
    fn passes(&self, binary: &PathBuf, fault: Option<&str>) -> bool {
        let project = Project::new(&[("p.sheaf", self.program), ("x.csv", &self.input)]);
        let mut command = Command::new(binary);
        command
            .current_dir(project.path())
            .args(["run", "p.sheaf"])
            .args(self.arguments);
        command.env_remove("SHEAF_FAULT");
        if let Some(fault) = fault {
            command.env("SHEAF_FAULT", fault);
        }
        let output = command.output().expect("sheaf starts");
        output.status.success() && project.has("r.csv") && project.read("r.csv") == self.expected
    }

    fn catches(&self, fault: &str) {
        assert!(
            self.passes(&binary().to_path_buf(), None),
            "the sound build fails {fault}'s check"
        );
        assert!(
            self.passes(planted(), None),
            "the planted build fails without a fault"
        );
        assert!(
            !self.passes(planted(), Some(fault)),
            "{fault} goes unnoticed"
        );
    }
}

#[test]
fn distinct_instead_of_derivations_is_caught() {
    Check {
        program: "input x(a: Int, b: Int) from csv(\"x.csv\");\nview r(a: Int) -> Sum<Int>;\n\
            r(a) -> b if x(a, b);\noutput r to csv(\"r.csv\");\n",
        input: "a,b\n1,5\n1,5\n2,7\n".into(),
        arguments: &["--workers", "1"],
        expected: "a,r\n1,10\n2,7\n".into(),
    }
    .catches("distinct-derivations");
}

#[test]
fn a_dropped_delta_is_caught() {
    Check {
        program: "input x(a: Int, b: Int) from csv(\"x.csv\");\nview r(a: Int);\nr(0);\n\
            r(b) if r(a), x(a, b);\noutput r to csv(\"r.csv\");\n",
        input: "a,b\n0,1\n1,2\n2,3\n".into(),
        arguments: &["--workers", "1"],
        expected: "a\n0\n1\n2\n3\n".into(),
    }
    .catches("dropped-delta");
}

#[test]
fn placement_by_symbol_number_is_caught() {
    // Two processes number what they derive differently, so equal keys would land on two workers.
    // Enough rows for both to get some.
    const KEYS: usize = 41;
    const ROUNDS: usize = 1000;
    let input: String = (0..KEYS * ROUNDS)
        .map(|i| format!("key{:02},1\n", i * 7 % KEYS))
        .collect();
    let expected: String = (0..KEYS)
        .map(|k| format!("key{k:02}!,{ROUNDS}\n"))
        .collect();
    Check {
        program: "input x(k: String, n: Int) from csv(\"x.csv\");\n\
            view y(k: String, n: Int) -> Count;\ny(k + \"!\", n) if x(k, n);\n\
            view r(k: String) -> Sum<Nat>;\nr(k) -> n if y(k, _) -> n;\n\
            output r to csv(\"r.csv\");\n",
        input: format!("k,n\n{input}"),
        arguments: &["--processes", "2", "--workers", "1"],
        expected: format!("k,r\n{expected}"),
    }
    .catches("symbol-placement");
}

#[test]
fn an_error_of_a_rejected_row_is_caught() {
    Check {
        program: "input x(d: Int) from csv(\"x.csv\");\nview r(d: Int);\n\
            r(d) if x(d), 10 / d > 2, 10 / (d - 1) > 1;\noutput r to csv(\"r.csv\");\n",
        input: "d\n0\n2\n3\n9\n".into(),
        arguments: &["--workers", "1"],
        expected: "d\n2\n3\n".into(),
    }
    .catches("eager-errors");
}

#[test]
fn a_naive_float_sum_is_caught() {
    Check {
        program: "input x(f: Float) from csv(\"x.csv\");\nview r() -> Sum<Float>;\n\
            r() -> f if x(f);\noutput r to csv(\"r.csv\");\n",
        input: "f\n1e16\n1.0\n-1e16\n".into(),
        arguments: &["--workers", "1"],
        expected: "r\n1.0\n".into(),
    }
    .catches("naive-float-sum");
}
