//! What the formatter promises: one style, the same tokens, every comment, in linear time.

use proptest::prelude::*;
use sheaf_compiler::format::{WIDTH, format, format_range};
use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::{MAX_DEPTH, TriviaKind, parse};

mod common;
#[path = "format/generator.rs"]
mod generator;
#[path = "format/respacing.rs"]
mod respacing;

/// The formatted text.
fn formatted(text: &str) -> String {
    format(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// The programs beside the tests, and the examples of the project.
fn programs() -> Vec<(String, String)> {
    let mut programs = common::programs();
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut found = 0;
    for folder in std::fs::read_dir(examples).expect("the folder of examples") {
        let folder = folder.expect("an entry").path();
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = file.expect("an entry").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "sheaf")
            {
                let text = std::fs::read_to_string(&path).expect("a program");
                programs.push((path.display().to_string(), text));
                found += 1;
            }
        }
    }
    assert!(found >= 3, "examples were found");
    programs.sort();
    programs
}

/// A comment: its text, the number of the token after it, and whether it ends a line of code.
type Comment = (String, usize, bool);

/// The tokens and comments of a text.
fn contents(text: &str) -> (Vec<String>, Vec<Comment>) {
    let parsed = parse(FileId(0), text);
    assert!(!parsed.has_errors(), "{:#?}\n{text}", parsed.diagnostics);
    let is_comment = |kind| !matches!(kind, TriviaKind::Whitespace);
    let comments = parsed
        .trivia
        .iter()
        .filter(|trivia| is_comment(trivia.kind));
    let comments = comments.map(|trivia| {
        let start = trivia.span.start;
        let next = parsed
            .tokens
            .partition_point(|token| token.span.start < start);
        let line = text[..start as usize].lines().next_back().unwrap_or("");
        let begins_line = text[..start as usize].ends_with('\n') || line.trim().is_empty();
        let ends_code = trivia.kind == TriviaKind::Comment && next > 0 && !begins_line;
        (trivia.span.of(text).trim_end().to_owned(), next, ends_code)
    });
    let tokens = parsed.tokens.iter();
    let tokens = tokens.map(|token| token.span.of(text).to_owned());
    (tokens.collect(), comments.collect())
}

/// Checks everything that holds for every text; returns the formatted text.
fn check(text: &str) -> Result<String, TestCaseError> {
    let once = formatted(text);
    prop_assert_eq!(contents(text), contents(&once), "{}", once);
    prop_assert_eq!(&formatted(&once), &once, "formatted twice, of\n{}", text);
    let ends_well = once.ends_with('\n') && !once.ends_with("\n\n");
    prop_assert!(once.is_empty() || ends_well, "{once:?}");
    prop_assert!(!once.starts_with('\n') && !once.contains("\n\n\n"));
    let bad_end = |line: &str| line.ends_with([' ', '\t', '\r']);
    prop_assert!(!once.lines().any(bad_end), "{}", once);
    Ok(once)
}

fn checked(text: &str) -> String {
    check(text).unwrap_or_else(|problem| panic!("{problem}"))
}

fn is_too_long(line: &str) -> bool {
    line.chars().count() > WIDTH as usize && !line.trim_start().starts_with("//")
}

#[test]
fn programs_in_the_style_stay_as_they_are() {
    let mut unchanged = 0;
    for (name, text) in programs() {
        let result = checked(&text);
        if !text.lines().any(is_too_long) {
            assert_eq!(result, text, "{name}");
            unchanged += 1;
        }
    }
    assert!(unchanged >= 7, "{unchanged}");
}

#[test]
fn only_lines_that_are_too_long_are_broken() {
    let mut broken = Vec::new();
    for (name, text) in programs() {
        let result = formatted(&text);
        assert!(!result.lines().any(is_too_long), "{name}\n{result}");
        let mut new = result.lines();
        for line in text.lines().filter(|line| !is_too_long(line)) {
            for instead in new.by_ref().take_while(|candidate| *candidate != line) {
                broken.push(instead.to_owned());
            }
        }
        assert_eq!(new.next(), None, "{name}: lines went missing or moved");
    }
    let expected = r#"                total: sum(
                    qty * cents for final item(session, sku) -> qty, sample price(sku) -> cents
                ),
input bid(auction: Int, @name("date_time") at: Time)
    from ndjson("events.jsonl", path: "Bid", unit: "ms")
    late 5s by at;
    let best = max(
        (sum(v.score for v in votes, v.label == l), l) for l in {v.label for v in votes}
    );
    feed(user) -> (t.at, id, t) if follows(user, author) -> true,
        tweet(id) -> t, t.author == author;"#;
    assert_eq!(broken.join("\n"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default()
    })]

    #[test]
    fn however_a_program_is_spaced_it_is_formatted_to_one_form(which in 0usize..64, seed: u64) {
        let programs = programs();
        let (_, text) = &programs[which % programs.len()];
        let mut dice = respacing::Dice::new(seed);
        let respaced = respacing::respaced(text, &mut dice);
        prop_assert_eq!(check(&respaced)?, formatted(text), "of\n{}", respaced);
    }

    #[test]
    fn random_programs_have_one_form(choices in proptest::collection::vec(any::<u16>(), 0..300), seed: u64) {
        let tokens = generator::program(&choices);
        let mut dice = respacing::Dice::new(seed);
        let first = check(&respacing::joined(&tokens, 0, &mut dice))?;
        let second = check(&respacing::joined(&tokens, 0, &mut dice))?;
        prop_assert_eq!(&first, &second);
        prop_assert!(!first.lines().any(is_too_long), "{}", first);
    }

    #[test]
    fn comments_may_stand_anywhere(choices in proptest::collection::vec(any::<u16>(), 0..300), seed: u64) {
        let tokens = generator::program(&choices);
        let mut dice = respacing::Dice::new(seed);
        check(&respacing::joined(&tokens, 5, &mut dice))?;
    }
}
