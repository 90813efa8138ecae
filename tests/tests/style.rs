//! Formatting and lints are part of the tests: what clippy warns of does not land.

use std::process::Command;

fn cargo(arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(sheaf_tests::root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo {}\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn formatted() {
    cargo(&["fmt", "--all", "--check"]);
}

#[test]
fn free_of_lints() {
    cargo(&[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
}
