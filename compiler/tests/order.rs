//! Order means nothing: shuffled items and conditions give the same diagnostics and the same program.
//! And nothing makes the checker panic.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use proptest::prelude::*;
use sheaf_compiler::check::{Checked, NoModules, check};
use sheaf_compiler::hir;
use sheaf_compiler::source::{FileId, Sources};
use sheaf_compiler::syntax::ast::{Item, ItemKind};
use sheaf_compiler::syntax::parse;

mod common;
use common::{programs, right, wrong};

fn checked(text: &str) -> (Sources, Checked) {
    let mut sources = Sources::new();
    let root = sources.add("t", text);
    let checked = check(&mut sources, root, &mut NoModules);
    (sources, checked)
}

/// Codes and messages, without places.
fn messages(checked: &Checked) -> Vec<String> {
    let mut messages: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code, d.message))
        .collect();
    messages.sort();
    messages
}

/// What a program means, whatever the order of its conditions.
fn meaning(program: &hir::Program) -> Vec<String> {
    let mut lines = vec![format!(
        "{:?}",
        program
            .strata
            .iter()
            .map(|s| (&s.relations, s.recursive))
            .collect::<Vec<_>>()
    )];
    let mut rules: Vec<String> = program
        .rules
        .iter()
        .map(|rule| {
            let text = hir::print_rule(rule);
            let (head, body) = text.split_once(" if ").unwrap_or((&text, ""));
            // Variables that the checker made are numbered in the order of the text.
            let body: String = body.chars().filter(|c| !c.is_ascii_digit()).collect();
            let mut conditions: Vec<&str> = body.split(", ").collect();
            conditions.sort_unstable();
            format!("{head} if {}", conditions.join(", "))
        })
        .collect();
    rules.sort();
    lines.append(&mut rules);
    lines
}

/// The order in which things stand after a shuffle.
fn permutation(length: usize, seed: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    for index in (1..length).rev() {
        *seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        order.swap(index, (*seed >> 33) as usize % (index + 1));
    }
    order
}

/// The text with its items in another order, and the conditions of each rule.
fn shuffled(text: &str, seed: u64) -> String {
    let mut seed = seed;
    let items = parse(FileId(0), text).tree.items;
    let order = permutation(items.len(), &mut seed);
    order
        .iter()
        .map(|index| item_text(&items[*index], text, &mut seed) + "\n")
        .collect()
}

fn item_text(item: &Item, text: &str, seed: &mut u64) -> String {
    let whole = item.span.of(text);
    let ItemKind::Rule(rule) = &item.kind else {
        return whole.to_owned();
    };
    let [first, .., last] = rule.conditions.as_slice() else {
        return whole.to_owned();
    };
    let order = permutation(rule.conditions.len(), seed);
    let conditions: Vec<&str> = order
        .iter()
        .map(|index| rule.conditions[*index].span.of(text))
        .collect();
    let before = &text[item.span.start as usize..first.span.start as usize];
    let after = &text[last.span.end as usize..item.span.end as usize];
    format!("{before}{}{after}", conditions.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn order_changes_nothing(seed: u64) {
        let wrong = wrong::all().filter(|(_, text)| !parse(FileId(0), text).has_errors());
        for (what, text) in right::ALL.iter().chain(wrong) {
            // Which of two equal generators is compared with the other means nothing, but is seen.
            if what.contains("multiply") || what.contains("too large") {
                continue;
            }
            let text = text.trim();
            let (_, expected) = checked(text);
            let other = shuffled(text, seed);
            let (_, found) = checked(&other);
            prop_assert_eq!(messages(&found), messages(&expected), "{}:\n{}", what, other);
            prop_assert_eq!(meaning(&found.program), meaning(&expected.program), "{}:\n{}", what, other);
        }
    }
}

/// Every token of every program, with what follows it up to the next.
fn all_tokens() -> Vec<String> {
    let mut tokens = Vec::new();
    let texts = programs().into_iter().map(|(_, text)| text);
    let more = right::ALL.iter().map(|(_, text)| (*text).to_owned());
    for text in texts.chain(more) {
        for token in parse(FileId(0), &text).tokens {
            tokens.push(token.span.of(&text).to_owned());
        }
    }
    tokens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mutated_programs_never_panic(which: usize, edits in prop::collection::vec((any::<usize>(), any::<usize>(), 0..4u8), 1..5)) {
        let tokens = all_tokens();
        let texts: Vec<String> = right::ALL
            .iter()
            .map(|(_, text)| (*text).to_owned())
            .chain(programs().into_iter().map(|(_, text)| text))
            .collect();
        let text = &texts[which % texts.len()];
        let mut words: Vec<String> =
            parse(FileId(0), text).tokens.iter().map(|token| token.span.of(text).to_owned()).collect();
        for (place, other, kind) in edits {
            let place = place % words.len().max(1);
            let other = tokens[other % tokens.len()].clone();
            match kind {
                0 if words.len() > 1 => { words.remove(place); }
                1 => words.insert(place, other),
                2 => words[place] = other,
                _ => { let end = (place + 1 + other.len()) % words.len().max(1); words.swap(place, end); }
            }
        }
        let mutated = words.join(" ");
        let (sources, checked) = checked(&mutated);
        for diagnostic in &checked.diagnostics {
            diagnostic.report(&sources);
        }
        hir::print(&checked.program);
        if parse(FileId(0), &mutated).has_errors() {
            prop_assert!(checked.has_errors());
        }
    }
}
