//! The language server and a real editor. The tests of `tools/editors/tests` ask the same server
//! more; continuous integration runs them beside these.

use std::process::Command;

use sheaf_tests::{Finished, Project, binary, has_client, root};

#[test]
fn neovim_works_with_the_server() {
    if !has_client("nvim") {
        return;
    }
    let project = Project::new(&[]);
    let folder = root().join("tools/editors/neovim");
    let path = folder.display();
    let finished: Finished = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n"])
        .args(["--cmd", &format!("set rtp^={path}")])
        .args(["-c", &format!("luafile {path}/test.lua")])
        .current_dir(project.path())
        .env("SHEAF", binary())
        .env("XDG_STATE_HOME", project.path())
        .env("XDG_CACHE_HOME", project.path())
        .output()
        .expect("nvim starts")
        .into();
    let finished = finished.ok();
    assert!(
        finished.stdout.contains("as they should be"),
        "{}\n{}",
        finished.stdout,
        finished.stderr
    );
}

/// What an editor runs above a test.
#[test]
fn one_test_of_a_file_can_be_run() {
    let tests = "view a(x: Int);\na(1);\n\ntest \"one\" {\n    expect a(1);\n}\n\ntest \"two\" {\n    expect a(2);\n}\n";
    let project = Project::new(&[("a.sheaf", tests)]);
    let finished = project.run(&["test", "a.sheaf", "--only", "one"]).ok();
    assert!(
        finished.stdout.contains("1 test passed, 0 failed"),
        "{}",
        finished.stdout
    );
    let finished = project.run(&["test", "a.sheaf", "--only", "three"]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.contains("there is no test \"three\""),
        "{}",
        finished.stderr
    );
}
