//! The language server and a real editor. The tests of `tools/editors/tests` ask the same server
//! more; continuous integration runs them beside these.

use std::path::Path;
use std::process::Command;

use sheaf_tests::{Finished, Project, binary, has_client, root};

/// Runs one of the scripts of the plugin, which says itself whether all is well.
fn neovim(folder: &Path, runtime: &str, script: &str, arguments: &[&str]) {
    let plugin = root().join("tools/editors/neovim");
    let plugin = plugin.display();
    let finished: Finished = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n"])
        .args(["--cmd", &format!("set rtp^={plugin}{runtime}")])
        .args(["-c", &format!("luafile {plugin}/{script}")])
        .args(arguments)
        .current_dir(folder)
        .env("SHEAF", binary())
        .env("XDG_STATE_HOME", folder)
        .env("XDG_CACHE_HOME", folder)
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

#[test]
fn neovim_works_with_the_server() {
    if has_client("nvim") {
        neovim(Project::new(&[]).path(), "", "test.lua", &[]);
    }
}

#[test]
fn neovim_colours_with_the_parser() {
    if !has_client("nvim") {
        return;
    }
    let project = Project::new(&[("parser/.keep", "")]);
    let source = root().join("tools/editors/tree-sitter-sheaf/src");
    let compiled: Finished = Command::new("cc")
        .args(["-shared", "-fPIC", "-I"])
        .arg(&source)
        .arg(source.join("parser.c"))
        .args(["-o", "parser/sheaf.so"])
        .current_dir(project.path())
        .output()
        .expect("a C compiler")
        .into();
    compiled.ok();
    let runtime = format!(",{}", project.path().display());
    let file = root().join("examples/debian/debian.sheaf");
    let file = file.to_string_lossy();
    neovim(project.path(), &runtime, "colours.lua", &[&file]);
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
