//! `sheaf build`: the executable needs nothing but itself, and never acts as `sheaf`.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use sheaf_tests::{Finished, Project, has_client};

const PROGRAM: &str = r#"//! Who can reach whom.
//!
//! More about it.
param most: Int = 9;
input edge(a: Int, b: Int) from csv("edges.csv");

view path(a: Int, b: Int);
path(a, b) if edge(a, b), b <= most;
path(a, c) if path(a, b), edge(b, c), c <= most;

view ratio(n: Int);
ratio(100 / a) if edge(a, _);

output path to csv("out/path.csv");
"#;

const EDGES: &str = "a,b\n1,2\n2,3\n3,12\n";

/// A project in which the program is built, and an empty folder with the executable alone.
fn built() -> (Project, Project) {
    let project = Project::new(&[("reach.sheaf", PROGRAM), ("edges.csv", EDGES)]);
    let finished = project.run(&["build", "reach.sheaf"]).ok();
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("", "")
    );
    let alone = Project::new(&[]);
    fs::rename(project.path().join("reach"), alone.path().join("reach"))
        .or_else(|_| {
            let to = alone.path().join("reach");
            fs::copy(project.path().join("reach"), to).map(|_| ())
        })
        .expect("the executable moves");
    // Nothing that the program was made of is left.
    fs::remove_file(project.path().join("reach.sheaf")).expect("a file");
    (project, alone)
}

/// Runs an executable with an empty environment.
fn run(folder: &Path, executable: &str, arguments: &[&str]) -> Finished {
    Command::new(folder.join(executable))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("it starts")
        .into()
}

#[test]
fn it_runs_where_nothing_else_is() {
    let (_, alone) = built();
    let finished = run(alone.path(), "reach", &[]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(
        finished.stderr,
        "error: input edge: there is no file edges.csv\n  help: read another file: --input edge=path\n"
    );
    alone.write("edges.csv", EDGES);
    let finished = run(alone.path(), "reach", &[]).ok();
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("", "")
    );
    assert_eq!(alone.read("out/path.csv"), "a,b\n1,2\n1,3\n2,3\n");
    let mode = fs::metadata(alone.path().join("reach")).expect("a file");
    assert_eq!(mode.permissions().mode() & 0o111, 0o111);
}

#[test]
fn it_takes_the_options_of_a_run() {
    let (_, alone) = built();
    alone.write("other.tsv", EDGES.replace(',', "\t"));
    for how in [
        &["--workers", "1"][..],
        &["--workers", "3"],
        &["--processes", "2", "--workers", "1"],
        &["--processes", "2", "--workers", "2"],
    ] {
        let what = [
            "--input",
            "edge=other.tsv",
            "--param",
            "most=20",
            "--output",
            "path=-",
        ];
        let finished = run(alone.path(), "reach", &[&what, how].concat()).ok();
        assert_eq!(
            finished.stdout, "a,b\n1,2\n1,3\n1,12\n2,3\n2,12\n3,12\n",
            "{how:?}"
        );
    }
    let what = ["--input", "edge=other.tsv", "--stats", "json"];
    let finished = run(alone.path(), "reach", &what).ok();
    let statistics: serde_json::Value =
        serde_json::from_str(finished.stderr.trim()).expect("statistics");
    assert_eq!(statistics["inputs"][0]["rows"], 3);
    let wrong = run(alone.path(), "reach", &["--param", "least=2"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("there is no param least"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn help_and_version_are_the_programs() {
    let (_, alone) = built();
    let help = run(alone.path(), "reach", &["--help"]).ok().stdout;
    for part in [
        "Who can reach whom.\n",
        "Usage: reach [OPTIONS]\n",
        "--on-error <HOW>",
        "Parameters:\n  most: Int\n",
        "Inputs:\n  edge (edges.csv)\n",
        "Outputs:\n  path (out/path.csv)\n",
    ] {
        assert!(help.contains(part), "{part:?} in\n{help}");
    }
    assert!(!help.contains("More about it"), "{help}");
    let version = run(alone.path(), "reach", &["--version"]).ok().stdout;
    assert!(version.starts_with("reach (built by sheaf "), "{version}");
}

#[test]
fn errors_show_the_text_that_is_not_there() {
    let (_, alone) = built();
    alone.write("edges.csv", "a,b\n0,1\n");
    let finished = run(alone.path(), "reach", &["--output", "ratio=-"]);
    assert_eq!(finished.code, Some(1));
    for part in [
        "error[E0902]",
        "reach.sheaf:12:7",
        "ratio(100 / a) if edge(a, _);",
    ] {
        assert!(
            finished.stderr.contains(part),
            "{part:?} in\n{}",
            finished.stderr
        );
    }
}

#[test]
fn it_does_not_act_as_sheaf() {
    let (_, alone) = built();
    alone.write("reach.sheaf", PROGRAM);
    for arguments in [
        &["build", "reach.sheaf"][..],
        &["check"],
        &["run", "reach.sheaf"],
    ] {
        let finished = run(alone.path(), "reach", arguments);
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
        assert_eq!(finished.stdout, "");
    }
    let finished = run(alone.path(), "reach", &["check"]);
    assert_eq!(
        finished.stderr,
        "error: reach holds its program, and takes options only\n  help: `reach --help` lists them\n"
    );
}

#[test]
fn without_its_payload_it_says_so() {
    if !has_client("strip") {
        return;
    }
    let (_, alone) = built();
    let stripped = Command::new("strip")
        .args(["reach", "-o", "stripped"])
        .current_dir(alone.path())
        .status();
    assert!(stripped.is_ok_and(|status| status.success()));
    for arguments in [
        &[][..],
        &["--version"],
        &["check", "reach.sheaf"],
        &["help"],
    ] {
        let finished = run(alone.path(), "stripped", arguments);
        assert_eq!(finished.code, Some(1), "{arguments:?}");
        assert_eq!(finished.stdout, "");
        assert!(
            finished.stderr.starts_with("error: payload missing: "),
            "{}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains("build it again"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn a_damaged_payload_is_noticed() {
    let (_, alone) = built();
    let whole = fs::read(alone.path().join("reach")).expect("a file");
    let executable = |name: &str, bytes: &[u8]| {
        alone.write(name, bytes);
        let path = alone.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
        run(alone.path(), name, &["--version"])
    };
    let mut bytes = whole.clone();
    let place = bytes.len() - 100;
    bytes[place] ^= 1;
    let finished = executable("damaged", &bytes);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.starts_with("error: payload damaged: "),
        "{}",
        finished.stderr
    );
    let finished = executable("short", &whole[..whole.len() - 10]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.starts_with("error: payload missing: "),
        "{}",
        finished.stderr
    );
}

#[test]
fn what_build_refuses() {
    let project = Project::new(&[
        ("reach.sheaf", PROGRAM),
        ("wrong.sheaf", "view a(x: Int);\na(y) if b(y);\n"),
        ("folder/file", ""),
    ]);
    for (arguments, code, message) in [
        (
            &["build", "reach.sheaf", "-o", "reach.sheaf"][..],
            2,
            "would be overwritten",
        ),
        (
            &["build", "reach.sheaf", "--out", "folder"],
            2,
            "folder is a folder",
        ),
        (&["build", "wrong.sheaf"], 1, "E02"),
        (&["build", "none.sheaf"], 1, "none.sheaf"),
    ] {
        let finished = project.run(arguments);
        assert_eq!(
            finished.code,
            Some(code),
            "{arguments:?}: {}",
            finished.stderr
        );
        assert!(finished.stderr.contains(message), "{}", finished.stderr);
    }
    assert_eq!(project.read("reach.sheaf"), PROGRAM);
    assert!(!project.has("wrong"));
}

#[test]
fn the_same_program_gives_the_same_executable() {
    let project = Project::new(&[("reach.sheaf", PROGRAM)]);
    let bytes = |name: &str| {
        let _ = fs::remove_file(project.path().join("reach"));
        project.run(&["build", "reach.sheaf"]).ok();
        fs::rename(project.path().join("reach"), project.path().join(name)).expect("a file");
        fs::read(project.path().join(name)).expect("a file")
    };
    assert!(bytes("first") == bytes("second"));
}
