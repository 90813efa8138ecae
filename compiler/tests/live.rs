//! Live programs: right ones check clean, wrong ones give one diagnostic each, and order means nothing.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::check::{Checked, NoModules, check};
use sheaf_compiler::source::Sources;

mod common;

fn check_text(text: &str) -> (Checked, String) {
    let mut sources = Sources::new();
    let root = sources.add("t", text.trim());
    let checked = check(&mut sources, root, &mut NoModules);
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| d.short(&sources))
        .collect();
    (checked, lines.join("\n"))
}

#[test]
fn right_programs_check_clean() {
    let wrong: Vec<String> = common::programs()
        .into_iter()
        .map(|(name, text)| (name, check_text(&text).1))
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| format!("{name}:\n{lines}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
