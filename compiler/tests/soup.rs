//! Any text at all: the parser never panics, covers every byte, and never hides a mistake.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use proptest::prelude::*;
use sheaf_compiler::source::FileId;
use sheaf_compiler::syntax::parse;

mod common;

/// Words of the language, so that soups come close to programs.
const WORDS: &[&str] = &[
    "view",
    "input",
    "rule",
    "service",
    "S",
    "on",
    "e",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "a",
    "b",
    ":",
    "Int",
    ",",
    ";",
    "if",
    "else",
    "match",
    "=>",
    "->",
    "let",
    "=",
    "==",
    "<",
    ">",
    "+",
    "-",
    "!",
    "&&",
    ".",
    "..",
    "_",
    "@",
    "pub",
    "fn",
    "lattice",
    "test",
    "\"t\"",
    "given",
    "expect",
    "in",
    "for",
    "not",
    "maybe",
    "sample",
    "final",
    "because",
    "merge",
    "send",
    "to",
    "reply",
    "from",
    "late",
    "by",
    "after",
    "1",
    "2.5",
    "5s",
    "Some",
    "true",
    "#",
    "'",
    "\"",
    "/*",
    "//",
    "///",
    "//!",
    "\n",
    "\n    ",
    "\n        ",
    "é",
    "→",
    "|",
    ":-",
    "0x",
    "record",
    "enum",
    "use",
    "coordinate",
    "agent",
    "extern",
    "type",
    "param",
    "output",
    "table",
    "monotone",
    "as",
    "exists",
    "remove",
    "seal",
];

fn check(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(FileId(0), text);
    let tokens: u32 = parsed.tokens.iter().map(|token| token.span.len()).sum();
    let trivia: u32 = parsed.trivia.iter().map(|trivia| trivia.span.len()).sum();
    prop_assert_eq!((tokens + trivia) as usize, text.len());
    let shown = format!("{:?}", parsed.tree);
    prop_assert!(parsed.has_errors() || !shown.contains("Error"), "{}", shown);
    for diagnostic in &parsed.diagnostics {
        let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
        let spans = labels.map(|label| label.span);
        let edits = diagnostic
            .help
            .iter()
            .flat_map(|help| &help.edits)
            .map(|edit| edit.span);
        for span in spans.chain(edits) {
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
        prop_assert!(!diagnostic.message.is_empty() && !diagnostic.code.title().is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn soup_of_words(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
        check(&words.join(" "))?;
    }

    #[test]
    fn soup_of_characters(text in "\\PC{0,40}") {
        check(&text)?;
    }

    #[test]
    fn programs_cut_and_joined(from in 0usize..8, to in 0usize..8, start in 0.0f64..1.0, end in 0.0f64..1.0) {
        let programs = common::programs();
        let cut = |text: &str, share: f64| {
            let mut at = (text.len() as f64 * share) as usize;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (first, second) = (&programs[from].1, &programs[to].1);
        check(&format!("{}{}", &first[..cut(first, start)], &second[cut(second, end)..]))?;
    }
}
