//! Programs with one token deleted, doubled, or replaced by `;`, parsed and checked: never a panic,
//! hardly ever more than one diagnostic, and none only where the result is another right program.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::source::{FileId, Sources};
use sheaf_compiler::syntax::parse;

mod common;

fn mutants(text: &str) -> Vec<(String, String)> {
    let mut mutants = Vec::new();
    for token in parse(FileId(0), text).tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        let original = &text[start..end];
        let line = text[..start].matches('\n').count() + 1;
        let doubled = format!("{original} {original}");
        for (verb, replacement) in [("delete", ""), ("double", &*doubled), ("replace", ";")] {
            if replacement != original {
                let mutated = format!("{}{replacement}{}", &text[..start], &text[end..]);
                mutants.push((format!("{verb} `{original}` on line {line}"), mutated));
            }
        }
    }
    mutants
}

#[test]
fn one_wrong_token_costs_about_one_diagnostic() {
    let show = std::env::var("SHEAF_SHOW_MUTANTS").is_ok();
    let (mut count, mut total, mut silent, mut worst) = (0, 0, 0, 0);
    for (name, text) in common::programs() {
        let diagnostics = |text: &str| {
            let mut sources = Sources::new();
            let root = sources.add(&*name, text);
            let checked = check(&mut sources, root, &mut NoModules);
            let lines: Vec<String> = checked
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.short(&sources))
                .collect();
            (
                lines,
                checked
                    .diagnostics
                    .iter()
                    .filter(|d| d.code.as_str() != "E0199")
                    .count(),
            )
        };
        let (mut own, mut own_total, mut own_silent) = (0, 0, 0);
        for (what, mutated) in mutants(&text) {
            let (lines, found) = diagnostics(&mutated);
            own += 1;
            own_total += found;
            own_silent += usize::from(found == 0);
            worst = worst.max(found);
            if show && found != 1 {
                println!("{name}: {what}: {found}\n    {}", lines.join("\n    "));
            }
        }
        println!(
            "{name}: {own} mutants, {own_silent} without diagnostic, mean of the others {:.3}",
            own_total as f64 / (own - own_silent) as f64
        );
        count += own;
        total += own_total;
        silent += own_silent;
    }
    let mean = total as f64 / (count - silent) as f64;
    println!("{count} mutants, {silent} without diagnostic, mean {mean:.3}, at most {worst}");
    assert!(mean <= 1.3, "mean {mean}");
    assert!(worst <= 6, "at most {worst}");
}
