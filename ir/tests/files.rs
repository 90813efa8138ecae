//! Programs written by hand: what they print, that they are right, and which rule each wrong one
//! breaks.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::fs;
use std::path::{Path, PathBuf};

use sheaf_ir::text;
use sheaf_ir::verify::{INVARIANTS, verify};

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of test files")
        .map(|entry| entry.expect("a test file").path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a readable test file");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// A text without the comment in front.
fn without_comment(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn right_programs_print_as_they_are_written_and_verify() {
    for (path, text) in files("files") {
        let name = path.display();
        let program = text::parse(&text).unwrap_or_else(|error| panic!("{name}:{error}"));
        let printed = text::print(&program);
        if std::env::var_os("SHEAF_BLESS").is_some() {
            let comment = &text[..text.len() - without_comment(&text).len()];
            fs::write(&path, format!("{comment}{printed}")).expect("a writable test file");
        } else {
            assert_eq!(printed, without_comment(&text), "{name}");
        }
        if let Err(violations) = verify(&program) {
            let lines: Vec<String> = violations.iter().map(|v| v.to_string()).collect();
            panic!("{name}:\n{}", lines.join("\n"));
        }
    }
}

#[test]
fn wrong_programs_break_the_rule_they_name() {
    let mut covered = Vec::new();
    let mut wrong = Vec::new();
    for (path, text) in files("corrupt") {
        let name = path.display();
        let program = text::parse(&text).unwrap_or_else(|error| panic!("{name}:{error}"));
        let expected: Vec<&str> = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("// "))
            .expect("a first line that names the invariants")
            .split(", ")
            .collect();
        let violations = verify(&program).err().unwrap_or_default();
        let mut found: Vec<&str> = violations.iter().map(|v| v.invariant).collect();
        found.sort();
        found.dedup();
        let mut sorted = expected.clone();
        sorted.sort();
        if found != sorted {
            let lines: Vec<String> = violations.iter().map(|v| format!("\n  {v}")).collect();
            wrong.push(format!("{name}:{}", lines.concat()));
        }
        covered.push(expected[0].to_string());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, _) in INVARIANTS {
        assert!(
            covered.iter().any(|c| c == name),
            "no test file breaks {name}"
        );
    }
}
