//! Every program with one token deleted, doubled, or replaced by `;`: never a panic, always a
//! diagnostic where the result is no longer a program, and hardly ever more than one.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::source::{FileId, Sources};
use sheaf_compiler::syntax::{Parsed, TokenKind, parse};

mod common;
use common::programs;

/// A mutated text, what was done to it, and what the parser says.
struct Mutant {
    what: String,
    text: String,
    parsed: Parsed,
}

fn mutants(text: &str) -> Vec<Mutant> {
    let tokens = parse(FileId(0), text).tokens;
    let mut mutants = Vec::with_capacity(tokens.len() * 3);
    for token in tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        let original = &text[start..end];
        for (verb, replacement) in [
            ("delete", String::new()),
            ("double", format!("{original} {original}")),
            ("replace", ";".to_owned()),
        ] {
            if replacement == original {
                continue;
            }
            let mutated = format!("{}{replacement}{}", &text[..start], &text[end..]);
            let line = text[..start].matches('\n').count() + 1;
            mutants.push(Mutant {
                what: format!("{verb} `{original}` on line {line}"),
                parsed: parse(FileId(0), &mutated),
                text: mutated,
            });
        }
    }
    mutants
}

#[test]
fn one_wrong_token_costs_about_one_diagnostic() {
    let show = std::env::var("SHEAF_SHOW_MUTANTS").is_ok();
    let (mut count, mut diagnostics, mut silent, mut worst) = (0, 0, 0, 0);
    for (name, text) in programs() {
        for mutant in mutants(&text) {
            let found = mutant.parsed.diagnostics.len();
            if show && found != 1 {
                let mut sources = Sources::new();
                sources.add(&*name, mutant.text.clone());
                println!("{name}: {}: {found}", mutant.what);
                for diagnostic in &mutant.parsed.diagnostics {
                    println!("    {}", diagnostic.short(&sources));
                }
            }
            count += 1;
            diagnostics += found;
            silent += usize::from(found == 0);
            worst = worst.max(found);
        }
    }
    let mean = diagnostics as f64 / (count - silent) as f64;
    println!("{count} mutants, {silent} still right in form, mean {mean:.3}, at most {worst}");
    assert!(mean <= 1.2, "mean {mean}");
    assert!(worst <= 6, "at most {worst}");
}

#[test]
fn a_mutant_without_diagnostic_is_a_program_again() {
    for (name, text) in programs() {
        for mutant in mutants(&text) {
            let errors = mutant.parsed.has_errors();
            let marks = has_error_node(&format!("{:?}", mutant.parsed.tree));
            assert!(
                errors || !marks,
                "{name}: {}: an error node without a diagnostic",
                mutant.what
            );
        }
    }
}

/// Looks for error nodes in the printed tree, so that no kind of node is forgotten.
fn has_error_node(tree: &str) -> bool {
    tree.contains("Error")
}

#[test]
fn one_broken_item_leaves_the_others_alone() {
    for (name, text) in programs() {
        let right = parse(FileId(0), &text);
        let declared = common::declared(&right.tree);
        let (mut kept, mut total) = (0, 0);
        for mutant in mutants(&text) {
            let left = common::declared(&mutant.parsed.tree);
            total += declared.len();
            kept += declared.iter().filter(|name| left.contains(name)).count();
        }
        let share = kept as f64 / total as f64;
        println!("{name}: {share:.3} of the declarations stay in the tree");
        assert!(share > 0.9, "{name}: {share}");
    }
}

#[test]
fn two_wrong_tokens_never_panic() {
    for (name, text) in programs() {
        let tokens = parse(FileId(0), &text).tokens;
        for (index, token) in tokens.iter().enumerate() {
            let other = tokens[(index * 7919 + 31) % tokens.len()];
            let (first, second) = if token.span < other.span {
                (*token, other)
            } else {
                (other, *token)
            };
            let mutated = format!(
                "{}{}{}",
                &text[..first.span.start as usize],
                &text[first.span.end as usize..second.span.start.max(first.span.end) as usize],
                &text[second.span.end as usize..],
            );
            let parsed = parse(FileId(0), &mutated);
            assert!(parsed.tree.span.end as usize == mutated.len(), "{name}");
            assert!(
                parsed
                    .tokens
                    .iter()
                    .all(|token| token.kind != TokenKind::BeginItems)
            );
        }
    }
}
