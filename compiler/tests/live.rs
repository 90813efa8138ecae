//! Live programs: right ones check clean, wrong ones give one diagnostic each, and order means nothing.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::check::{Checked, NoModules, check, not_yet_run};
use sheaf_compiler::diagnostic::Diagnostic;
use sheaf_compiler::source::Sources;

mod common;
use common::wrong_live;

fn check_text(text: &str) -> (Checked, Sources) {
    let mut sources = Sources::new();
    let root = sources.add("t", text);
    let checked = check(&mut sources, root, &mut NoModules);
    (checked, sources)
}

/// Messages in short form.
fn lines(text: &str) -> String {
    let (checked, sources) = check_text(text);
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.short(&sources))
        .collect();
    lines.join("\n")
}

#[test]
fn right_programs_check_clean() {
    let wrong: Vec<String> = common::programs()
        .into_iter()
        .chain(common::live_programs())
        .map(|(name, text)| (name, lines(&text)))
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| format!("{name}:\n{lines}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_is_one_message_with_its_code() {
    let mut wrong = Vec::new();
    for (what, code, text) in wrong_live::all() {
        let (checked, _) = check_text(text.trim());
        let codes: Vec<&str> = checked
            .diagnostics
            .iter()
            .map(|d| d.code.as_str())
            .collect();
        let is_told = |d: &Diagnostic| !d.help.is_empty() && !d.primary.text.is_empty();
        if codes != [*code] || !checked.diagnostics.iter().all(is_told) {
            wrong.push(format!("# {what}: {code}\n{}", common::report(text)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} wrong",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn the_messages() {
    let cases: Vec<String> = wrong_live::all()
        .map(|(what, _, text)| format!("# {what}\n{}", common::report(text)))
        .collect();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("live", cases.join("\n\n"));
    });
}

/// The text with an edit of a help applied.
fn mended(text: &str, edits: &[sheaf_compiler::diagnostic::Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut text = text.to_owned();
    for edit in edits {
        let range = edit.span.start as usize..edit.span.end as usize;
        text.replace_range(range, &edit.replacement);
    }
    text
}

#[test]
fn a_fix_leaves_a_program_without_errors() {
    let mut count = 0;
    for (what, _, text) in wrong_live::all() {
        let text = text.trim();
        let (checked, _) = check_text(text);
        let helps = checked
            .diagnostics
            .iter()
            .flat_map(|diagnostic| &diagnostic.help);
        for help in helps.filter(|help| !help.edits.is_empty()) {
            let fixed = mended(text, &help.edits);
            let (checked, _) = check_text(&fixed);
            assert!(
                !checked.has_errors(),
                "{what}: {}\n{}",
                help.text,
                common::report(&fixed)
            );
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} fixes");
}

#[test]
fn a_live_program_is_refused_once_where_it_would_run() {
    let (checked, sources) =
        check_text("table seen(n: Int);\nevent note(n: Int);\non note(n) { merge seen(n); }\n");
    assert!(checked.diagnostics.is_empty() && checked.runnable().is_none());
    let refusal = not_yet_run(&checked.program).expect("a live program");
    assert_eq!(
        refusal.short(&sources),
        "t:1:7: error[E0199]: not yet: this version checks but does not yet run live programs"
    );
    let (checked, _) = check_text("view a(x: Int);\na(1);\n");
    assert!(checked.runnable().is_some() && not_yet_run(&checked.program).is_none());
}
