//! Wrong programs and what the checker says of them: the snapshot is the review.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeSet;

use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::diagnostic::{Severity, codes};
use sheaf_compiler::source::Sources;

mod common;
use common::{report, wrong, wrong_live};

fn snapshot(name: &str, cases: &[(&str, &str)]) {
    let reports: Vec<String> = cases
        .iter()
        .map(|(what, text)| format!("# {what}\n{}", report(text)))
        .collect();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, reports.join("\n\n"));
    });
}

#[test]
fn names() {
    snapshot("names", wrong::NAMES);
}

#[test]
fn types() {
    snapshot("types", wrong::TYPES);
}

#[test]
fn safety() {
    snapshot("safety", wrong::SAFETY);
}

#[test]
fn functions() {
    snapshot("functions", wrong::FUNCTIONS);
}

#[test]
fn strata() {
    snapshot("strata", wrong::STRATA);
}

#[test]
fn tests_and_connectors() {
    snapshot("tests_and_connectors", wrong::TESTS_AND_CONNECTORS);
}

#[test]
fn not_yet() {
    snapshot("not_yet", wrong::NOT_YET);
}

#[test]
fn generics() {
    snapshot("generics", wrong::GENERICS);
}

#[test]
fn one_mistake_is_one_message() {
    for (what, text) in wrong::all() {
        let mut sources = Sources::new();
        let root = sources.add("t", text.trim());
        let checked = check(&mut sources, root, &mut NoModules);
        assert_eq!(checked.diagnostics.len(), 1, "{what}:\n{}", report(text));
        let diagnostic = &checked.diagnostics[0];
        assert!(!diagnostic.help.is_empty(), "{what}: no advice");
        assert!(!diagnostic.primary.text.is_empty(), "{what}: no label");
        assert_eq!(
            checked.runnable().is_none(),
            diagnostic.severity == Severity::Error,
            "{what}"
        );
    }
}

#[test]
fn every_code_of_the_checker_is_shown() {
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let live = wrong_live::all().map(|(_, _, text)| text);
    for text in wrong::all().map(|(_, text)| text).chain(live) {
        let mut sources = Sources::new();
        let root = sources.add("t", text.trim());
        let checked = check(&mut sources, root, &mut NoModules);
        shown.extend(
            checked
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.code.as_str()),
        );
    }
    // Those of modules are shown by their own tests, broken laws by those of the command.
    shown.extend(["E0331", "E0332"]);
    let missing: Vec<&str> = codes::ALL
        .iter()
        .map(|(code, _)| code.as_str())
        .filter(|code| *code > "E0198" && *code < "E0700" && !shown.contains(code))
        .collect();
    assert!(missing.is_empty(), "not shown: {missing:?}");
}
