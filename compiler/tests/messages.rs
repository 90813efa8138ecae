//! Wrong texts with everything the compiler says about them: the snapshots are the review.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::fmt::Write;

use sheaf_compiler::diagnostic::{Diagnostic, Label};
use sheaf_compiler::source::Sources;
use sheaf_compiler::syntax::parse;

/// Name of the snapshot and the wrong text.
const CASES: &[(&str, &str)] = &[
    (
        "missing_semicolon_between_rules",
        "r(a) if s(a)\nt(b) if s(b);",
    ),
    (
        "missing_semicolon_before_item",
        "r(a) if s(a)\nview t(b: Int);",
    ),
    ("missing_semicolon_at_end", "output r to csv(\"r.csv\")"),
    (
        "missing_semicolon_in_block",
        "service S {\n    on e(x) {\n        merge t(x)\n        reply ();\n    }\n}",
    ),
    (
        "let_without_semicolon",
        "fn f(a: Int) -> Int {\n    let b = a\n    b\n}",
    ),
    ("unclosed_parenthesis", "view r(a: Int;\nr(1);"),
    (
        "unclosed_service",
        "service S {\n    event e(x: Int);\n\nservice T {\n    event e(x: Int);\n}",
    ),
    (
        "unclosed_on_block",
        "service S {\n    on e(x) {\n        merge t(x);\n    on f(x) {\n        merge t(x);\n    }\n}",
    ),
    (
        "unmatched_brace",
        "service S {\n    on e(x) {\n        merge t(x);\n    }\n    }\n    event e(x: Int);\n}",
    ),
    (
        "missing_opening_brace",
        "service S\n    event e(x: Int);\n}\nview v(a: Int);",
    ),
    (
        "record_without_opening_brace",
        "record R a: Int }\nview v(a: Int);",
    ),
    ("datalog_arrow", "r(a, c) :- r(a, b), e(b, c)."),
    ("where_clause", "r(a) where s(a), a > 1;"),
    ("conditions_without_if", "r(a) s(a), a > 1;"),
    ("and_between_conditions", "r(a) if s(a) and t(a);"),
    ("alternatives", "r(a) if s(a) | t(a);"),
    ("two_heads", "r(a), q(a) if s(a);"),
    ("null", "r(a) if s(a, b), b != null;"),
    ("equals_in_condition", "r(a) if s(a), a = 3;"),
    ("double_equals_in_let", "r(a) if s(b), let a == b + 1;"),
    ("chained_comparison", "r(a) if s(a, b), 0 < a < b;"),
    ("not_on_a_bool", "r(a) if s(a, b), not b > 3;"),
    ("maybe_on_a_membership", "r(a) if maybe a in xs;"),
    ("wildcard_in_head", "r(a, _) if s(a, _);"),
    ("wildcard_in_expression", "r(a) if s(a), a + _ > 3;"),
    ("dots_in_head", "r(a: b, ..) if s(b);"),
    ("expression_as_let_pattern", "r(a) if s(a), let a + 1 = 3;"),
    (
        "expression_as_match_pattern",
        "fn f(a: Int) -> Int { match a { a + 1 => 2, _ => 3 } }",
    ),
    ("positional_after_named", "r(a) if s(src: a, b, 3);"),
    ("missing_comma_in_atom", "r(a) if s(a b);"),
    ("missing_comma_in_record", "record R { a: Int b: Int }"),
    ("missing_value", "r(a + ) if s(a);"),
    ("missing_condition", "r(a) if s(a), ;"),
    ("missing_type", "view r(a, b: Int);"),
    ("missing_type_after_colon", "param limit: ;"),
    ("missing_name", "view (a: Int);"),
    ("missing_columns", "view r -> Count;"),
    ("missing_to", "output r csv(\"r.csv\");"),
    ("missing_from", "input r(a: Int) csv(\"r.csv\");"),
    ("missing_else", "fn f(a: Int) -> Int { if a > 1 { 2 } }"),
    ("missing_body", "fn f(a: Int) -> Int;"),
    ("small_type", "view r(a: int, b: List<string>);"),
    (
        "capital_column",
        "input r(Name: String) from csv(\"r.csv\");",
    ),
    ("capital_relation", "view Reach(a: Int);"),
    ("small_record", "record line { a: Int }"),
    ("keyword_as_variable", "r(in) if s(in, b);"),
    ("keyword_as_relation", "view table(a: Int);"),
    (
        "head_without_parentheses",
        "service S { on e(x) { merge total -> x; } }",
    ),
    (
        "because_before_if",
        "service S { on e(x) { reply v because \"old is fine\" if sample t(x) -> v; } }",
    ),
    (
        "unterminated_string",
        "input r(a: Int) from csv(\"r.csv);\nview v(a: Int);",
    ),
    ("unknown_escape", "r(\"a\\d\") if s(a);"),
    ("single_quotes", "r('a') if s(a);"),
    ("typographic_quotes", "r(“a”) if s(a);"),
    ("hash_comment", "# a comment\nr(a) if s(a);"),
    ("block_comment", "/* a comment */\nr(a) if s(a);"),
    ("unknown_unit", "timer t every 5m;"),
    ("number_too_large", "r(99999999999999999999);"),
    ("hexadecimal", "r(0xff);"),
    ("foreign_function", "def f(a: Int) -> Int { a }"),
    ("foreign_declaration", ".decl edge(a: Int, b: Int)"),
    ("foreign_struct", "struct R { a: Int }"),
    ("return_in_function", "fn f(a: Int) -> Int { return a; }"),
    (
        "if_statement",
        "service S { on e(x) { if x > 3 { merge t(x); } } }",
    ),
    (
        "for_loop",
        "service S { on e(xs) { for x in xs { merge t(x); } } }",
    ),
    (
        "assignment_operator",
        "service S { on e(x) { t(x) += 1; } }",
    ),
    ("doubled_semicolon", "r(a) if s(a);;"),
    ("semicolon_between_columns", "view r(a: Int; b: Int);"),
    ("test_without_name", "test { expect r(1); }"),
    ("rule_in_test", "test \"t\" { r(1); expect r(1); }"),
    (
        "on_block_in_on_block",
        "service S {\n    on e(x) {\n        on f(y) { merge t(y); }\n    }\n}",
    ),
    ("stray_documentation", "view r(a: Int);\n/// about nothing"),
    (
        "late_file_documentation",
        "view r(a: Int);\n//! about the file",
    ),
    (
        "two_mistakes",
        "view r(a Int);\nr(a) if s(a), ;\nview s(a: Int);",
    ),
];

#[test]
fn messages() {
    for (name, text) in CASES {
        let mut sources = Sources::new();
        let file = sources.add("a.sheaf", *text);
        let parsed = parse(file, text);
        assert!(!parsed.diagnostics.is_empty(), "{name} is accepted");
        let mut shown = format!("{text}\n");
        for diagnostic in &parsed.diagnostics {
            shown.push_str("----\n");
            show(diagnostic, &sources, &mut shown);
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(*name, shown);
        });
    }
}

fn show(diagnostic: &Diagnostic, sources: &Sources, out: &mut String) {
    let _ = writeln!(out, "{}", diagnostic.short(sources));
    let text = sources.get(diagnostic.primary.file).text();
    let mut label = |marker: &str, label: &Label| {
        let place = sources.get(label.file).position(label.span.start);
        let (line, column) = (place.line, place.column);
        let _ = writeln!(
            out,
            "  {marker} {line}:{column} `{}` {}",
            label.span.of(text),
            label.text
        );
    };
    label("^", &diagnostic.primary);
    diagnostic
        .secondary
        .iter()
        .for_each(|secondary| label("-", secondary));
    for note in &diagnostic.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for help in &diagnostic.help {
        let _ = write!(out, "  help: {}", help.text);
        for edit in &help.edits {
            let _ = write!(out, " [{:?} => {:?}]", edit.span.of(text), edit.replacement);
        }
        let _ = writeln!(out);
    }
}

#[test]
fn every_wrong_text_has_one_diagnostic_unless_it_has_two_mistakes() {
    for (name, text) in CASES {
        let found = parse(Default::default(), text).diagnostics.len();
        let expected = match *name {
            "equals_twice" | "two_mistakes" | "small_type" => 2,
            _ => 1,
        };
        assert!(found <= expected, "{name}: {found}");
    }
}

#[test]
fn applying_every_fix_of_a_message_leaves_fewer_errors() {
    for (name, text) in CASES {
        let before = parse(Default::default(), text);
        for diagnostic in &before.diagnostics {
            for help in diagnostic.help.iter().filter(|help| !help.edits.is_empty()) {
                let mut edits = help.edits.clone();
                edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
                let mut fixed = (*text).to_owned();
                for edit in edits {
                    fixed.replace_range(
                        edit.span.start as usize..edit.span.end as usize,
                        &edit.replacement,
                    );
                }
                let after = parse(Default::default(), &fixed).diagnostics;
                let same = after.iter().any(|left| {
                    left.code == diagnostic.code && left.primary.span == diagnostic.primary.span
                });
                assert!(!same, "{name}: {:?} does not mend {fixed:?}", help.text);
            }
        }
    }
}
