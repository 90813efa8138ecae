//! `sheaf explain --plan`: what it prints of two examples, that its JSON can be read, and that its
//! drawing is well-formed and shows every operator.
//!
//! The texts beside this file are what is printed; `SHEAF_BLESS=1` rewrites them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sheaf_ir::plan::{Explanation, Kind, Travel};
use sheaf_tests::{Finished, root, sheaf};

/// Asks about an example, without passes: what they do to a program is not this test's matter.
fn explained(example: &str, more: &[&str]) -> String {
    let file = format!("{example}/{example}.sheaf");
    let output = sheaf(&root().join("examples"))
        .args([
            "explain",
            "--plan",
            &file,
            "--workers",
            "2",
            "--passes",
            "none",
        ])
        .args(more)
        .output()
        .expect("sheaf runs");
    let finished = Finished::from(output);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stderr, "");
    finished.stdout
}

#[test]
fn the_plans_of_examples() {
    for example in ["debian", "wordcount"] {
        let printed = explained(example, &[]);
        let path: PathBuf = root().join(format!("tests/tests/plan/{example}.txt"));
        if std::env::var_os("SHEAF_BLESS").is_some() {
            std::fs::write(&path, &printed).expect("the text can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            printed == expected,
            "{} says otherwise:\n{printed}",
            path.display()
        );
    }
}

#[test]
fn the_json_form_says_what_was_chosen_and_what_not() {
    let explanation: Explanation =
        serde_json::from_str(&explained("debian", &["--json"])).expect("it is an explanation");
    assert_eq!(explanation.workers, 2);
    let choices = || explanation.lines.iter().flat_map(|line| &line.choices);
    let kinds: BTreeSet<String> = choices().map(|c| format!("{:?}", c.kind)).collect();
    assert!(kinds.len() >= 3, "{kinds:?}");
    let of_loop = choices().find(|c| c.kind == Kind::Loop).expect("a loop");
    assert!(of_loop.price.is_some());
    assert!(!of_loop.rejected.is_empty());
    for line in &explanation.lines {
        let place = line.place.as_ref().expect("every operator has a place");
        assert!(place.file.ends_with("debian.sheaf"), "{place}");
        assert!(place.line > 0);
        for input in &line.inputs {
            assert!(explanation.lines.iter().any(|l| l.name == input.from));
        }
    }
    let routes = explanation.lines.iter().flat_map(|line| &line.inputs);
    assert!(routes.filter(|i| i.travel != Travel::Local).count() > 0);
}

#[test]
fn the_drawing_shows_every_operator_with_its_place() {
    for example in ["debian", "wordcount", "paths"] {
        let explanation: Explanation =
            serde_json::from_str(&explained(example, &["--json"])).expect("it is an explanation");
        let drawing = explained(example, &["--svg"]);
        let document = roxmltree::Document::parse(&drawing).expect("it is well-formed");
        let nodes: Vec<_> = document
            .descendants()
            .filter(|element| element.attribute("class") == Some("node"))
            .collect();
        assert_eq!(nodes.len(), explanation.lines.len());
        for line in &explanation.lines {
            let node = nodes
                .iter()
                .find(|node| node.attribute("data-name") == Some(&line.name));
            let node = node.unwrap_or_else(|| panic!("{} is not drawn", line.name));
            let place = line.place.as_ref().expect("every operator has a place");
            let said = place.line.to_string();
            assert_eq!(node.attribute("data-line"), Some(said.as_str()));
            assert_eq!(node.attribute("data-file"), Some(place.file.as_str()));
        }
    }
}

#[test]
fn what_cannot_be_planned_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |arguments: &[&str]| {
        let output = sheaf(folder.path())
            .args(["explain", "--plan"])
            .args(arguments)
            .output();
        Finished::from(output.expect("sheaf runs"))
    };
    let missing = ask(&["nowhere.sheaf"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.starts_with("error: nowhere.sheaf"));
    // An input that is not there has no known size, which is no mistake of the plan.
    let program = "input n(x: Int) from csv(\"n.csv\");\nview m(x: Int);\nm(x) if n(x);\n";
    std::fs::write(folder.path().join("n.sheaf"), program).expect("a file");
    let unknown = ask(&["n.sheaf"]);
    assert_eq!(unknown.code, Some(0), "{}", unknown.stderr);
    let stranger = ask(&["n.sheaf", "--input", "k=k.csv"]);
    assert_eq!(stranger.code, Some(2));
    assert!(
        stranger.stderr.contains("there is no input k"),
        "{}",
        stranger.stderr
    );
}
