//! What the formatter promises: one style, the same tokens, every comment, in linear time.
// The crate is pure; its tests read programs and the clock.
#![allow(clippy::disallowed_methods)]

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

#[test]
fn the_style_breaks_the_outermost_construct_first() {
    let style = include_str!("format/style.sheaf");
    assert_eq!(checked(style), style);
    // Its layout follows from its tokens alone.
    let tokens = contents(style).0;
    assert_eq!(checked(&tokens.join(" ")), style);
    assert_eq!(checked(&tokens.join("\n")), style);
}

#[test]
fn comments_stay_where_they_are_understood() {
    let text = include_str!("format/comments.txt");
    let (before, after) = text.split_once("----\n").expect("two parts");
    assert_eq!(checked(before), after);
    assert_eq!(checked(after), after);
}

#[test]
fn empty_lines_are_kept_one_at_a_time_between_statements_and_elements() {
    let text = "\n\n//! file\n\n\n\nview r(a: Int);\n\n// why\n\nr(1);\n/// docs\n\n\nview s(\n\n\
        a: Int,\n\n\nb: Int, );\nservice S {\n\n\nevent e();\n\n\n\n// last\n\n}\n\n\n";
    let expected = "//! file\n\nview r(a: Int);\n\n// why\n\nr(1);\n/// docs\nview s(\n    a: Int,\n\n    \
        b: Int,\n);\nservice S {\n    event e();\n\n    // last\n}\n";
    assert_eq!(checked(text), expected);
    assert_eq!(checked(" \r\n\t\n"), "");
    assert_eq!(checked("// only\r\n"), "// only\n");
}

#[test]
fn the_ifs_of_one_relation_are_aligned_if_their_arrows_are() {
    let aligned = "d(a, b) -> x     if e(a, b, x);\n\
        d(a, c) -> x + y if f(a, b) -> x, e(b, c, y); // far\n";
    assert_eq!(checked(&aligned.replace("     if", " if")), aligned);
    let apart = [
        // Other relations, other columns, too far apart, an empty line, a comment, a fact.
        "d(a) -> x if e(a, x);\nf(a) -> x + y if e(a, x);\n",
        "d(a) -> x if e(a, x);\nd(ab) -> x + y if e(a, x);\n",
        "d(a) -> x if e(a, x);\nd(b) -> a_name_with_many_letters if e(a, x);\n",
        "d(a) -> x if e(a, x);\n\nd(b) -> x + y if e(a, x);\n",
        "d(a) -> x if e(a, x);\n// other\nd(b) -> x + y if e(a, x);\n",
        "d(a) -> 1;\nd(b) -> x + y if e(a, x);\n",
    ];
    for text in apart {
        assert_eq!(checked(text), text);
    }
}

#[test]
fn a_text_with_syntax_errors_is_refused_with_its_diagnostics() {
    for text in [
        "view r(a: Int)",
        "r(a) if ;",
        "/* no */ r(1);",
        "r('a');",
        "}",
    ] {
        let problems = format(text).expect_err(text);
        assert_eq!(problems, parse(FileId(0), text).diagnostics);
        assert!(problems.iter().any(|problem| problem.is_error()), "{text}");
        assert!(format_range(text, Span::new(0, 1)).is_err());
    }
    // A warning is no reason to refuse.
    assert_eq!(checked("r( 1 );\n/// stray"), "r(1);\n/// stray\n");
}

#[test]
fn a_range_is_formatted_by_edits_around_its_tokens() {
    let text = "view r( a:Int );\nr( 1 ); // one\nr( 2 );";
    let edits = |start, end| format_range(text, Span::new(start, end)).expect("right");
    let applied = |edits: &[(Span, String)]| {
        let mut result = text.to_owned();
        for (span, replacement) in edits.iter().rev() {
            result.replace_range(span.start as usize..span.end as usize, replacement);
        }
        result
    };
    let whole = edits(0, text.len() as u32);
    assert_eq!(applied(&whole), formatted(text));
    let second_line = edits(17, 23);
    assert_eq!(
        applied(&second_line),
        "view r( a:Int );\nr(1); // one\nr( 2 );"
    );
    let result = applied(&whole);
    assert_eq!(format_range(&result, Span::new(0, 99)), Ok(Vec::new()));
}

#[test]
fn formatting_takes_linear_time() {
    let size = 20_000;
    let list = |open: &str, part: &str, close: &str| format!("{open}{}{close}", part.repeat(size));
    let part: String = common::programs()
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    let texts = [
        part.repeat(size / part.lines().count()),
        list("r(1) if s(1)", ", s(2)", ";"),
        list("r([1", ", 2", "]);"),
        list("r(f(1)", ", f(2)", ");"),
        list("r(1) if s(1)", ", // why\ns(2)", ";"),
        list("", "// comment\n", "r(1);"),
        list("", "d(a) -> x if e(a, x); // same\n", ""),
        list("", "d(a) -> x if e(a, x);", ""),
        list("service S {", "on e(a) { merge t(a); }", "}"),
        list("record R { a: Int", ", b: Int", " }"),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        let result = formatted(&text);
        assert!(
            start.elapsed().as_secs() < 5,
            "{:?}: {:.60}",
            start.elapsed(),
            text
        );
        assert_eq!(formatted(&result), result);
    }
}

#[test]
fn the_deepest_text_needs_no_large_stack() {
    let depth = MAX_DEPTH as usize - 4;
    let nested = |open: &str, inner: &str, close: &str| {
        format!("r({}{inner}{});", open.repeat(depth), close.repeat(depth))
    };
    let texts = [
        nested("(", "1", ")"),
        nested("[1, ", "1", "]"),
        nested("f(a, ", "1", ",)"),
        nested("", "a", " + a"),
        nested("!", "a", ""),
        format!(
            "fn f() -> Int {{ {} {{ 2 }} }}",
            "if a { 1 } else ".repeat(depth)
        ),
        format!("{}{}", "service S { ".repeat(depth), "}".repeat(depth)),
    ];
    let thread = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || texts.iter().map(|text| checked(text).len()).sum::<usize>());
    let length = thread.expect("a thread").join().expect("no overflow");
    assert!(length > 0);
}
