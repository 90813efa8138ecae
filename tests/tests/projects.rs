//! `sheaf init`, and what makes the command pleasant: completions and manual pages.

use std::fs;
use std::process::Command;

use sheaf_tests::{Project, has_client};

const TEMPLATES: [&str; 3] = ["data", "datalog", "text"];

#[test]
fn every_template_is_a_sound_project() {
    for template in TEMPLATES {
        let project = Project::new(&[]);
        let finished = project
            .run(&["init", "My-Shop", "--template", template])
            .ok();
        assert!(finished.stdout.contains("My-Shop/my_shop.sheaf\n"));
        let folder = project.path().join("My-Shop");
        let run = |arguments: &[&str]| sheaf_tests::run(&folder, arguments).ok();
        let checked = run(&["check", "my_shop.sheaf"]);
        assert_eq!(checked.stderr, "my_shop.sheaf: no errors\n");
        let tested = run(&["test"]);
        assert!(tested.stdout.contains("0 failed"), "{}", tested.stdout);
        assert!(
            !tested.stdout.contains("0 tests passed"),
            "{}",
            tested.stdout
        );
        run(&["fmt", "--check"]);
        run(&["run", "my_shop.sheaf"]);
        assert!(folder.join("out").is_dir());
        let readme = fs::read_to_string(folder.join("README.md")).expect("a README");
        assert!(readme.contains("sheaf run my_shop.sheaf"), "{readme}");
        let ignored = fs::read_to_string(folder.join(".gitignore")).expect("a .gitignore");
        assert_eq!(ignored, "/out\n/my_shop\n");
    }
}

#[test]
fn nothing_is_overwritten() {
    let project = Project::new(&[("README.md", "mine"), ("other.txt", "")]);
    let finished = project.run(&["init", "."]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished
            .stderr
            .starts_with("error: . already has README.md\n"),
        "{}",
        finished.stderr
    );
    assert_eq!(project.read("README.md"), "mine");
    assert!(!project.has("sheaf.toml"));
    let finished = project.run(&["init", "x", "--template", "none"]);
    assert_eq!(finished.code, Some(2));
}

#[test]
fn bash_completes_with_the_script() {
    if !has_client("bash") {
        return;
    }
    let project = Project::new(&[]);
    let script = project.run(&["completions", "bash"]).ok().stdout;
    project.write("sheaf.bash", script);
    let completed = |words: &str| {
        let last = words.split(' ').count() - 1;
        let text = format!(
            "source ./sheaf.bash; COMP_WORDS=({words}); COMP_CWORD={last}; \
             _sheaf sheaf \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{last} - 1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &text])
            .current_dir(project.path())
            .output()
            .expect("bash starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(completed("sheaf ru"), "run\n");
    assert_eq!(completed("sheaf run --on-error f"), "fail\n");
    assert!(!completed("sheaf w").contains("worker"));
}

#[test]
fn there_is_a_script_for_each_shell() {
    let project = Project::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = project.run(&["completions", shell]).ok().stdout;
        assert!(script.contains("on-error"), "{shell}");
    }
}

#[test]
fn manual_pages_are_well_formed() {
    let project = Project::new(&[]);
    let page = project.run(&["man"]).ok().stdout;
    assert!(page.contains(".SH SYNOPSIS"), "{page}");
    project.run(&["man", "--out", "man"]).ok();
    assert_eq!(project.read("man/sheaf.1"), page);
    let run = project.read("man/sheaf-run.1");
    assert!(run.contains("sheaf run"), "{run}");
    assert!(!project.has("man/sheaf-worker.1"));
    if !has_client("groff") {
        return;
    }
    for entry in fs::read_dir(project.path().join("man")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww"])
            .arg(&path)
            .output()
            .expect("groff starts");
        assert!(output.status.success(), "{}", path.display());
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert_eq!(complaints, "", "{}", path.display());
    }
}
