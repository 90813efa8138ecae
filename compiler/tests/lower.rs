//! Right programs as IR: what they become, that it is legal, and that it survives its text form.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::hir;
use sheaf_compiler::lower::{ExpectationKind, lower, lower_test};
use sheaf_compiler::source::Sources;
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{ExprKind, Operator, Program, Value, plan, text, verify};

mod common;
use common::{programs, right};

fn checked(source: &str) -> Option<hir::Program> {
    let mut sources = Sources::new();
    let root = sources.add("test.sheaf", source);
    let checked = check(&mut sources, root, &mut NoModules);
    checked.runnable().cloned()
}

/// Lowers a right program and makes sure that everybody who takes it over will.
fn lowered(source: &str) -> Program {
    let program = lower(&checked(source).unwrap_or_else(|| panic!("not right: {source}")));
    assert_legal(&program, source);
    program
}

fn assert_legal(program: &Program, source: &str) {
    let printed = text::print(program);
    assert_eq!(verify::verify(program), Ok(()), "{source}\n{printed}");
    let plan = plan::choose(program, &Sizes::default());
    assert_eq!(
        plan::validate(program, &plan),
        Ok(()),
        "{source}\n{printed}"
    );
    let parsed = text::parse(&printed).unwrap_or_else(|e| panic!("{e:?}\n{printed}"));
    assert_eq!(text::print(&parsed), printed, "{source}");
}

#[test]
fn right_programs_and_their_tests_are_legal() {
    let beside = programs();
    let texts = right::ALL.iter().map(|(_, text)| *text);
    let mut count = 0;
    for source in texts.chain(beside.iter().map(|(_, text)| text.as_str())) {
        let Some(program) = checked(source) else {
            continue;
        };
        count += 1;
        assert_legal(&lower(&program), source);
        for index in 0..program.tests.len() {
            let test = lower_test(&program, index).expect("a test");
            assert_legal(&test.program, source);
        }
    }
    assert!(count >= right::ALL.len() + 3);
}

/// Name of the snapshot and the program.
const CASES: &[(&str, &str)] = &[
    (
        "closure",
        "
input edge(a: Int, b: Int) from csv(\"e.csv\");
view reach(a: Int, b: Int);
reach(a, b) if edge(a, b);
reach(a, c) if edge(b, c), reach(a, b);
output reach to csv(\"r.csv\");
",
    ),
    (
        "closure_not_linear",
        "
input edge(a: Int, b: Int) from csv(\"e.csv\");
view reach(a: Int, b: Int);
reach(a, b) if edge(a, b);
reach(a, c) if reach(a, b), reach(b, c);
",
    ),
    (
        "shortest_paths",
        "
input edge(a: Int, b: Int, cost: Nat) from csv(\"e.csv\");
view dist(a: Int, b: Int) -> Min<Nat>;
dist(a, b) -> c if edge(a, b, c);
dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost);
",
    ),
    (
        "mutual_recursion",
        "
input next(a: Int, b: Int) from csv(\"e.csv\");
view even(a: Int);
view odd(a: Int);
even(0);
odd(b) if even(a), next(a, b);
even(b) if odd(a), next(a, b);
",
    ),
    (
        "counting",
        "
input needs(p: String, q: String) from csv(\"n.csv\");
view weight(p: String) -> Count;
weight(p) if needs(p, _);
output weight to csv(\"w.csv\", order: [-weight, p]);
",
    ),
    (
        "facts",
        "
param limit: Int = 3;
view r(a: Int, b: String);
r(1, \"x\");
r(limit, \"y\");
",
    ),
    (
        "constants_and_repeated_variables",
        "
input e(a: Int, b: Int, c: String) from csv(\"e.csv\");
input f(a: Int) from csv(\"f.csv\");
view r(a: Int);
r(a) if f(a), e(a, a, \"x\");
",
    ),
    (
        "negation_and_existence",
        "
input e(a: Int, b: Int) from csv(\"e.csv\");
view leaf(a: Int);
leaf(a) if e(a, _), not e(_, a);
view inner(a: Int);
inner(b) if e(_, b), exists e(b, 1);
",
    ),
    (
        "negation_beyond_a_key",
        "
input e(a: Int, b: Int) from csv(\"e.csv\");
input pair(a: Int, p: (Int, Int)) from ndjson(\"p.ndjson\");
view r(a: Int);
r(a) if e(a, b), not pair(a, (b, _));
",
    ),
    (
        "maybe",
        "
input flight(t: String) from csv(\"f.csv\");
input plane(t: String, model: String, year: Option<Int>) from csv(\"p.csv\");
view a(t: String, model: Option<String>, year: Option<Int>);
a(t, m, y) if flight(t), maybe plane(t, m, Some(y));
",
    ),
    (
        "elements",
        "
use std.text.{lower, words};
input line(text: String) from text(\"l.txt\");
view count(word: String) -> Count;
count(lower(w)) -> 1 if line(text), w in words(text);
",
    ),
    (
        "false_beats_error",
        "
input x(d: Int) from csv(\"x.csv\");
view r(y: Int);
r(10 / d) if x(d), d != 0;
",
    ),
    (
        "a_failing_let_in_the_last_block",
        "
input x(d: Int) from csv(\"x.csv\");
input y(d: Int, e: Int) from csv(\"y.csv\");
view r(q: Int, e: Int);
r(q, e) if let q = 10 / d, x(d), q > 2, y(d, e);
",
    ),
    (
        "a_failing_key_after_everything_else",
        "
input x(d: Int) from csv(\"x.csv\");
input y(d: Int, e: Int) from csv(\"y.csv\");
view r(e: Int);
r(e) if x(d), let q = 10 / d, y(q, e), d < 7;
",
    ),
    (
        "a_failing_key_beside_a_failing_test",
        "
input x(d: Int, f: Int) from csv(\"x.csv\");
input y(d: Int, e: Int) from csv(\"y.csv\");
view r(e: Int);
r(e) if x(d, f), let q = 10 / d, y(q, e), 10 / f > 3;
",
    ),
    (
        "failing_rows_go_their_own_way",
        "
input x(d: Int, f: Int) from csv(\"x.csv\");
input y(d: Int, e: Int) from csv(\"y.csv\");
view r(e: Int, g: Int);
r(e, g) if x(d, f), let q = 10 / d, y(q, e), let p = 10 / f, y(p, g);
",
    ),
    (
        "comprehension_grouped",
        "
input order(id: Int) from csv(\"o.csv\");
input line(order: Int, price: Float) from csv(\"l.csv\");
view total(id: Int, t: Float);
total(o, sum(p for line(o, p))) if order(o);
",
    ),
    (
        "comprehension_asked_for_what_is_there",
        "
input a(x: Int) from csv(\"a.csv\");
input b(x: Int, y: Int) from csv(\"b.csv\");
view r(x: Int, ys: List<Int>);
r(x, [y for b(x, z), b(z, y), y > x]) if a(x);
",
    ),
    (
        "comprehension_that_can_fail",
        "
input a(x: Int) from csv(\"a.csv\");
input b(x: Int, y: Int) from csv(\"b.csv\");
view r(x: Int, ys: List<Int>);
r(x, [10 / y for b(x, y), y != 0]) if a(x);
",
    ),
    (
        "comprehension_in_a_loop",
        "
input e(a: Int, b: Int) from csv(\"e.csv\");
view r(a: Int, n: Nat);
r(a, 0) if e(a, _);
r(b, count(c for e(b, c))) if r(a, _), e(a, b);
",
    ),
    (
        "products_last",
        "
input a(x: Int) from csv(\"a.csv\");
input b(x: Int, y: Int) from csv(\"b.csv\");
input c(z: Int) from csv(\"c.csv\");
view r(x: Int, z: Int);
r(x, z) if a(x), c(z), b(x, z);
view s(x: Int, z: Int);
s(x, z) if a(x), c(z);
",
    ),
    (
        "inputs_with_combiners",
        "
input price(item: String, at: Time) -> Lww<Float> from csv(\"p.csv\", by: at);
input best(item: String) -> Max<Int> from csv(\"b.csv\");
view r(item: String, p: Float);
r(i, p) if price(i) -> p, best(i) -> n, n > 3;
",
    ),
];

#[test]
fn what_programs_become() {
    let mut failed = Vec::new();
    for (name, source) in CASES {
        let program = lowered(source);
        let plan = plan::choose(&program, &Sizes::default());
        let mut report: String = source
            .trim()
            .lines()
            .map(|line| format!("// {line}\n"))
            .collect();
        report.push_str(&text::print_plain(&program));
        for (fixpoint, strategy) in &plan.fixpoints {
            report.push_str(&format!("// {fixpoint}: {strategy:?}\n"));
        }
        let shown = std::panic::catch_unwind(|| {
            insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!(format!("lower_{name}"), report);
            });
        });
        failed.extend(shown.err().map(|_| *name));
    }
    assert_eq!(failed, [""; 0]);
}

#[test]
fn names_do_not_depend_on_the_order_of_the_text() {
    let one = "
input e(a: Int, b: Int) from csv(\"e.csv\");
view r(a: Int, b: Int);
r(a, b) if e(a, b);
r(a, c) if r(a, b), e(b, c);
view s(a: Int);
s(a) if r(a, a);
";
    let other = "
view s(who: Int);
s(loop_) if r(loop_, loop_);
r(x, z) if r(x, y), e(y, z);

input e(a: Int, b: Int) from csv(\"e.csv\");
r(from_, to_) if e(from_, to_);
view r(a: Int, b: Int);
";
    let names = |program: &Program| -> Vec<String> {
        let ids = program.nodes_by_name();
        ids.iter()
            .map(|id| program.graph[*id].name.clone())
            .collect()
    };
    assert_eq!(names(&lowered(one)), names(&lowered(other)));
}

#[test]
fn a_rule_that_stands_twice_counts_twice() {
    let program = lowered(
        "
input e(a: Int) from csv(\"e.csv\");
view n() -> Count;
n() if e(_);
n() if e(_);
",
    );
    let n = program.find("n").expect("the view");
    assert_eq!(program.inputs(n).len(), 2);
}

#[test]
fn tests_give_rows_and_ask_sinks() {
    let program = checked(
        "
param k: Int = 2;
input e(a: Int, b: Int) from csv(\"e.csv\");
view r(a: Int) -> Max<Int>;
r(a) -> b * k if e(a, b);
test \"doubles\" {
    given e(1, -4), e(1, 5), k = 3;
    expect r(1) -> 15, not r(2), sum(n for r(_) -> n) == 15;
}
",
    )
    .expect("right");
    let test = lower_test(&program, 0).expect("a test");
    assert_legal(&test.program, "doubles");
    assert!(lower_test(&program, 1).is_none());

    let [given] = test.given.as_slice() else {
        panic!("one source: {:?}", test.given)
    };
    assert_eq!((given.source.as_str(), given.relation.as_str()), ("e", "e"));
    let rows: Vec<Vec<Value>> = given
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| match cell.as_ref().map(|e| &e.kind) {
                    Some(ExprKind::Constant(value)) => value.clone(),
                    other => panic!("no constant: {other:?}"),
                })
                .collect()
        })
        .collect();
    assert_eq!(
        rows,
        [[1, -4], [1, 5]].map(|row| row.map(Value::Int).to_vec())
    );
    assert_eq!(test.params.keys().collect::<Vec<_>>(), ["k"]);

    let kinds: Vec<ExpectationKind> = test.expectations.iter().map(|e| e.kind).collect();
    let expected = [
        ExpectationKind::Some,
        ExpectationKind::None,
        ExpectationKind::True,
    ];
    assert_eq!(kinds, expected);
    assert!(test.expectations[0].found.is_some());
    for expectation in &test.expectations {
        let sinks = std::iter::once(&expectation.sink).chain(&expectation.found);
        for sink in sinks {
            let id = test
                .program
                .find(sink)
                .unwrap_or_else(|| panic!("no {sink}"));
            let Operator::Sink { connector, .. } = &test.program.graph[id].operator else {
                panic!("{sink} is no sink")
            };
            assert_eq!(connector.format, "collect");
        }
    }
    assert!(test.program.find("out:r").is_some());
}
