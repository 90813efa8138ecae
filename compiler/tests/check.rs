//! Right programs check clean and mean what the language pages say.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::check::{Checked, NoModules, check};
use sheaf_compiler::hir;
use sheaf_compiler::source::Sources;

mod common;
use common::{programs, right};

fn check_text(text: &str) -> (Checked, String) {
    let mut sources = Sources::new();
    let root = sources.add("test.sheaf", text);
    let checked = check(&mut sources, root, &mut NoModules);
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| d.short(&sources))
        .collect();
    (checked, lines.join("\n"))
}

#[test]
fn programs_of_the_language_pages_are_right() {
    for (name, text) in programs() {
        let (checked, lines) = check_text(&text);
        assert_eq!(lines, "", "{name}");
        let is_finite = ["paths.sheaf", "wordcount.sheaf", "hot_items.sheaf"].contains(&&*name);
        assert_eq!(checked.runnable().is_some(), is_finite, "{name}");
    }
}

#[test]
fn the_meaning_of_right_programs() {
    let mut reports = Vec::new();
    for (what, text) in right::ALL {
        let (checked, lines) = check_text(text);
        assert_eq!(lines, "", "{what}: {text}");
        let source: Vec<String> = text
            .trim()
            .lines()
            .map(|line| format!("  | {line}"))
            .collect();
        reports.push(format!(
            "# {what}\n{}\n{}",
            source.join("\n"),
            hir::print(&checked.program)
        ));
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("right", reports.join("\n"));
    });
}

#[test]
fn every_expression_has_the_type_its_function_gives() {
    let texts = right::ALL.iter().map(|(_, text)| (*text).to_owned());
    for text in texts.chain(programs().into_iter().map(|(_, text)| text)) {
        let (checked, _) = check_text(&text);
        let program = &checked.program;
        for rule in &program.rules {
            let outputs = rule.head.columns.iter().chain(&rule.head.contribution);
            common::walk::exprs_of(&rule.conditions, outputs, &mut |expr| {
                if let hir::ExprKind::Call(function, arguments) = &expr.kind {
                    let types: Vec<_> = arguments.iter().map(|a| a.ty.clone()).collect();
                    let found = function.result_type(&types, &program.types);
                    assert_eq!(found.as_ref(), Some(&expr.ty), "{}", hir::print_rule(rule));
                }
                if let hir::ExprKind::Variable(id) = &expr.kind {
                    assert_eq!(rule.variables[*id].ty, expr.ty, "{}", hir::print_rule(rule));
                }
            });
            let relation = &program.relations[&rule.head.relation];
            let expected = relation.columns.iter().map(|column| &column.ty);
            assert!(
                rule.head
                    .columns
                    .iter()
                    .map(|column| &column.ty)
                    .eq(expected)
            );
            assert_eq!(
                rule.head.contribution.as_ref().map(|value| &value.ty),
                relation
                    .combined
                    .as_ref()
                    .map(|combined| &combined.contribution)
            );
        }
    }
}

#[test]
fn a_live_source_labels_what_reads_it() {
    let (checked, _) = check_text(
        "input a(x: Int) from kafka(\"t\");\nview b(x: Int);\nb(x) if a(x);\n\
         view c(x: Int);\nc(x) if b(x), not d(x);\nview d(x: Int);\nd(x) if b(x), x > 3;\n\
         view n() -> Count;\nn() if b(_);\nview t() -> Top<Int>(3);\nt() -> x if b(x);\n",
    );
    let label = |name: &str| checked.program.relations[name].label;
    assert_eq!(label("a"), sheaf_ir::Label::Growing);
    assert_eq!(label("b"), sheaf_ir::Label::Growing);
    assert_eq!(label("c"), sheaf_ir::Label::Changing);
    assert_eq!(label("n"), sheaf_ir::Label::Growing);
    assert_eq!(label("t"), sheaf_ir::Label::Changing);
    let reasons = |name: &str| -> Vec<String> {
        let relation = &checked.program.relations[name];
        relation
            .label_reason
            .iter()
            .map(|reason| reason.text.clone())
            .collect()
    };
    assert_eq!(
        reasons("c"),
        [
            "`not` over `d`, whose rows still arrive",
            "reads `b`",
            "reads `a`",
            "rows of `a` keep arriving"
        ]
    );
}

#[test]
fn a_large_program_is_checked_in_time() {
    let mut text = String::from(
        "input e(a: Int, b: Int) from csv(\"e.csv\");\nview v0(a: Int);\nv0(a) if e(a, _);\n",
    );
    for index in 1..4000 {
        text.push_str(&format!(
            "view v{index}(a: Int);\nv{index}(b + 1) if v{}(a), e(a, b), a < b, not v0(b);\n",
            index - 1
        ));
    }
    let started = std::time::Instant::now();
    let (checked, lines) = check_text(&text);
    println!("8,000 lines in {:?}", started.elapsed());
    assert_eq!(lines, "");
    assert_eq!(checked.program.strata.len(), 4001);
}

#[test]
fn deep_and_large_programs_never_overflow() {
    let shapes = [
        ("(", ")"),
        ("-", ""),
        ("x + ", ""),
        ("abs(", ")"),
        ("if x > 0 { 1 } else { ", " }"),
        ("if x > 0 { 1 } else if x > 1 { 2 } else { ", " }"),
        ("match x { 0 => 1, y => ", " }"),
        ("sum(", " for z in [1])"),
        ("sum(x for x in [", "])"),
    ];
    for depth in [10, 60, 80, 100, 120, 240, 250, 1000] {
        for (open, close) in shapes {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            check_text(&format!("fn f(x: Int) -> Int {{ {open}x{close} }}"));
        }
    }
    let repeated =
        |count: usize, part: &dyn Fn(usize) -> String| -> String { (0..count).map(part).collect() };
    let lets = repeated(3000, &|i| format!("let a{i} = x + {i}; "));
    check_text(&format!("fn f(x: Int) -> Int {{ {lets} x }}"));
    let arms = repeated(3000, &|i| format!("{i} => {i}, "));
    check_text(&format!(
        "fn f(x: Int) -> Int {{ match x {{ {arms} _ => 0 }} }}"
    ));
    let chain = repeated(1000, &|i| {
        format!("fn f{i}(x: Int) -> Int {{ f{}(x) + 1 }}\n", i + 1)
    });
    check_text(&format!(
        "{chain} fn f1000(x: Int) -> Int {{ x }} view a(x: Int); a(f0(1));"
    ));
    let records = repeated(3000, &|i| {
        format!("record R{i} {{ a: R{0}, b: R{0} }}\n", i + 1)
    });
    check_text(&format!("{records} record R3000 {{ a: Int }}"));
    let aliases = repeated(3000, &|i| format!("type T{i} = List<T{}>;\n", i + 1));
    check_text(&format!(
        "{aliases} type T3000 = Int; view a(x: T0); a([]);"
    ));
    let columns = repeated(2000, &|i| format!("c{i}: Int, "));
    check_text(&format!(
        "input a({columns}) from csv(\"a\"); view b(x: Int); b(c1) if a(c1: c1, ..);"
    ));
}

#[test]
fn literals_and_steps_are_taken_as_they_are_meant() {
    for text in [
        // Places of a literal are those it is written with.
        "fn gross(net: Decimal(2)) -> Decimal(4) { net * 1.19 }\nview a(x: Decimal(4));\na(gross(1.00));",
        "fn half(x: Decimal(2)) -> Decimal(2) { x / 2 }\nview a(x: Decimal(2));\na(half(1.00));",
        // Elements of literals take the type that is needed.
        "view a(x: List<Int>, y: Set<Int>);\na([1] + [2], {1}.union({2}));",
        // A date may be written beside one.
        "input e(d: Date) from csv(\"e.csv\");\nview a(x: Duration);\na(d - \"2026-01-01\") if e(d);",
        // The shortest way with what comes before.
        "input e(a: String, b: String, n: Nat) from csv(\"e.csv\");\nview way(a: String, b: String) -> Min<(Nat, String)>;\nway(a, b) -> (n, a) if e(a, b, n);\nway(a, c) -> (d + n, b) if way(a, b) -> (d, _), e(b, c, n);",
        // Functions may follow the shape of a value.
        "enum Tree<T> { Leaf(T), Node(Tree2<T>) }\nrecord Tree2<T> { left: List<Tree<T>>, right: List<Tree<T>> }\nfn size<T>(t: Tree<T>) -> Nat {\n    match t {\n        Leaf(_) => 1,\n        Node(Tree2 { left, right }) => sum(size(x) for x in left) + sum(size(x) for x in right),\n    }\n}\nview a(n: Nat);\na(size(Leaf(1)));",
    ] {
        let mut sources = Sources::new();
        let root = sources.add("t", text);
        let checked = check(&mut sources, root, &mut NoModules);
        let messages: Vec<String> = checked
            .diagnostics
            .iter()
            .map(|d| d.short(&sources))
            .collect();
        assert!(messages.is_empty(), "{text}\n{messages:?}");
        assert!(checked.runnable().is_some());
    }
}
