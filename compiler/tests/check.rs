//! Right programs check clean, and the programs of the language pages give "not yet" and nothing else.

use sheaf_compiler::check::{Checked, NoModules, check};
use sheaf_compiler::diagnostic::codes;
use sheaf_compiler::source::Sources;

mod common;
use common::programs;

fn check_text(text: &str) -> (Checked, String) {
    let mut sources = Sources::new();
    let root = sources.add("test.sheaf", text);
    let checked = check(&mut sources, root, &mut NoModules);
    let lines: Vec<String> = checked.diagnostics.iter().map(|d| d.short(&sources)).collect();
    (checked, lines.join("\n"))
}

#[test]
fn programs_of_the_language_pages_are_right_up_to_not_yet() {
    for (name, text) in programs() {
        let (checked, lines) = check_text(&text);
        let others = checked.diagnostics.iter().filter(|d| d.code != codes::NOT_YET).count();
        assert_eq!(others, 0, "{name}:\n{lines}");
        let is_finite = ["paths.sheaf", "wordcount.sheaf", "hot_items.sheaf"].contains(&&*name);
        assert_eq!(checked.diagnostics.is_empty(), is_finite, "{name}:\n{lines}");
        println!("{name}:\n{lines}");
    }
}
