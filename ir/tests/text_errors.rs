//! What the text parser says about mistakes: line, column, what was expected, what was found.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use proptest::prelude::*;
use sheaf_ir::text;

fn error(body: &str) -> String {
    let text = format!("sheaf-ir 1\nprogram \"p\"\n{body}");
    match text::parse(&text) {
        Ok(_) => panic!("{body} parses"),
        Err(error) => error.to_string(),
    }
}

const SOURCE: &str = "source %e (a: Int, b: Int, b: Int) bag closed from csv(\"e\")\n";

#[test]
fn mistakes_are_told_where_they_are() {
    let cases = [
        (
            "nonsense",
            "3:1: expected `file`, `record`, `enum`, `fn`, `lattice`, `param` or an operator, found `nonsense`",
        ),
        (
            "source e",
            "3:8: expected the name of a node, such as `%edge`, found `e`",
        ),
        ("source %e (a Int)", "3:14: expected `:`, found `Int`"),
        (
            "source %e (a: Int b: Int)",
            "3:19: expected `,` or `)`, found `b`",
        ),
        (
            "source %e (a: Int) closed",
            "3:20: expected `set` or `bag`, found `closed`",
        ),
        (
            "source %e (a: Int) bag closed from csv(\"e\"",
            "3:43: expected `,` or `)`, found the end of the text",
        ),
        (
            "source %é (a: Int) bag closed from csv(\"e\", x: )",
            "3:48: expected a value, found `)`",
        ),
        (
            "source %e (a: \"open",
            "3:15: expected a closing `\"` on the same line, found `\"open`",
        ),
        (
            "param p: Nat = 9223372036854775808",
            "3:16: expected a number such as `5`, `5n`, `5.0`, `5.25d` or `5ms` within its range, found `9223372036854775808`",
        ),
        (
            "param p: Date = date\"2023-02-29\"",
            "3:17: expected a literal such as `x\"00ff\"`, `date\"2024-01-31\"`, `time\"2024-01-31T12:00:00Z\"` or `id\"…\"` with 32 digits, found `date\"2023-02-29\"`",
        ),
        (
            "param p: Int\nparam p: Int",
            "4:7: expected a parameter that is not declared yet, found `p`",
        ),
        (
            "record R { }\nenum R { }",
            "4:6: expected a type that is not defined yet, found `R`",
        ),
        (
            "fn f(): Int = 1\nfn f(): Int = 1",
            "4:4: expected a function that is not defined yet, found `f`",
        ),
        (
            "fn f(Int): Int = gt($0, 1)",
            "3:18: expected an expression of type Int, found `gt`",
        ),
        (
            "fn f(Int): Int monotone(up) = $0",
            "3:25: expected `natural` or `lattice` and a name, found `up`",
        ),
        (
            "lattice l: Int join f bottom f",
            "3:16: expected `bottom`, found `join`",
        ),
        (
            "combine %c (n: Int) set closed by map(most)",
            "3:39: expected a combiner: min, max, any, all, union, count, sum, avg, top(n), one, sorted, lww, map(combiner) or lattice name, found `most`",
        ),
        (
            "file 1 \"a\"",
            "3:1: expected files numbered from 0 without gaps, found `file`",
        ),
        (
            "fixpoint %f limit 5 {",
            "3:22: expected `}`, found the end of the text",
        ),
        (
            "fixpoint %f limit 5 { param x: Int }",
            "3:23: expected an operator or `}`, found `param`",
        ),
        (
            "\u{7f}",
            "3:1: expected a token of IR text, found `\\u{7f}`",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(error(body), expected, "{body}");
    }
    let after_source = [
        (
            "map %m (a: Int) bag closed = %x give in.a",
            "4:30: expected the name of a node that exists, found `%x`",
        ),
        (
            "map %m (a: Int) bag closed = %e give in.c",
            "4:41: expected a column (there are a, b, b), found `c`",
        ),
        (
            "map %m (a: Int) bag closed = %e give in.b",
            "4:41: expected a position such as `#0` (the name is not unique), found `b`",
        ),
        (
            "map %m (a: Int) bag closed = %e give left.a",
            "4:38: expected `in` (there is one input), found `left`",
        ),
        (
            "map %m (a: Int) bag closed = %e give element",
            "4:38: expected `element` only in the block of a flat_map, found `element`",
        ),
        (
            "map %m (a: Int) bag closed = %e give plus(in.a)",
            "4:38: expected the name of a function, found `plus`",
        ),
        (
            "map %m (a: Int) bag closed = %e give if(true, 1)",
            "4:38: expected `if` with three arguments, found `if`",
        ),
        (
            "map %m (a: Int) bag closed = %e give [for in.a]",
            "4:43: expected a local, such as `$0`, found `in`",
        ),
        (
            "combine %m (a: Int) set closed = %e by mean",
            "4:40: expected a combiner: min, max, any, all, union, count, sum, avg, top(n), one, sorted, lww, map(combiner) or lattice name, found `mean`",
        ),
    ];
    for (body, expected) in after_source {
        assert_eq!(error(&format!("{SOURCE}{body}")), expected, "{body}");
    }
    let version = text::parse("sheaf-ir 2\nprogram \"p\"").map(|_| ());
    let version = version.map_err(|error| error.to_string());
    assert_eq!(
        version,
        Err("1:10: expected version 1 of the text form, found `2`".to_string())
    );
    assert!(text::parse("").is_err());
}

#[test]
fn comments_and_blank_space_mean_nothing() {
    let dense = "sheaf-ir 1 program\"\"source %e(a:Int)bag closed from csv(\"e\")";
    let loose = "// first\nsheaf - ir 1 program \"\" // a\n\n source\n %e ( a : Int , )\nbag closed // b\nfrom csv(\"e\",)//";
    let read = |text| text::print(&text::parse(text).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(read(dense), read(loose));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = text::parse(&text);
        let _ = text::parse(&format!("sheaf-ir 1\nprogram \"p\"\n{text}"));
    }

    #[test]
    fn no_tokens_make_the_parser_panic(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "source", "map", "join", "fixpoint", "values", "sink", "%a", "%b", "(", ")", "[",
                "]", "{", "}", "<", ">", ",", ":", "=", ".", "-", "a", "in", "left", "for", "give",
                "where", "if", "let", "value", "some", "Int", "List", "set", "closed", "key", "#0",
                "$0", "@0:1..2", "5", "5n", "\"t\"", "from", "on", "by", "limit", "rows", "each",
            ]),
            0..60,
        ),
    ) {
        let text = format!("{SOURCE}{}", tokens.join(" "));
        let _ = text::parse(&format!("sheaf-ir 1\nprogram \"p\"\n{text}"));
    }
}
