//! Right and wrong lattices and functions.

use std::time::Instant;

use super::*;

const LATTICES: &str = r#"
fn zero(): Int = 0
fn least(): Int = -9223372036854775808
fn most(): Int = 9223372036854775807
fn nothing(): Set<String> = set<String>()
fn maximum(Int, Int): Int = greatest($0, $1)
fn minimum(Int, Int): Int = least($0, $1)
fn both(Set<String>, Set<String>): Set<String> = union($0, $1)
lattice highest: Int bottom least join maximum
lattice lowest: Int bottom most join minimum
lattice members: Set<String> bottom nothing join both
"#;

fn program(definitions: &str) -> Program {
    let text = format!("sheaf-ir 1\nprogram \"laws\"\n{LATTICES}{definitions}");
    let program = sheaf_ir::text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    sheaf_ir::verify::verify(&program).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    program
}

/// The laws that are broken, and how.
fn broken(definitions: &str) -> Vec<(String, &'static str, String)> {
    let found = counterexamples(&program(definitions));
    let plain = |c: Counterexample| (c.name, c.law.name(), c.text);
    found.into_iter().map(plain).collect()
}

fn one(definitions: &str) -> (&'static str, String) {
    let found = broken(definitions);
    match found.as_slice() {
        [(name, law, text)] => {
            assert!(name == "l" || name == "f", "{name}");
            (law, text.clone())
        }
        other => panic!("{definitions}\n{other:?}"),
    }
}

#[test]
fn right_lattices_and_functions_have_no_counterexample() {
    let definitions = r#"
record Version { at: Int, by: String }
enum Tree { Leaf, Node(List<Tree>) }
fn nowhere(): (Int, Set<String>) = tuple(-9223372036854775808, set<String>())
fn pairwise((Int, Set<String>), (Int, Set<String>)): (Int, Set<String>) = tuple(greatest(field<0>($0), field<0>($1)), union(field<1>($0), field<1>($1)))
lattice pair: (Int, Set<String>) bottom nowhere join pairwise
fn first(): Version = record<Version>(-9223372036854775808, "")
fn newer(Version, Version): Version = greatest($0, $1)
lattice newest: Version bottom first join newer
fn leaf(): Tree = variant<Tree, 0>()
fn greater(Tree, Tree): Tree = greatest($0, $1)
lattice tree: Tree bottom leaf join greater
fn add_one(Int): Int monotone(natural, natural) = add($0, 1)
fn size(Set<String>): Nat monotone(natural, natural) = len($0)
fn tagged((Int, Set<String>), String): (Int, Set<String>) monotone(lattice pair, natural, lattice pair) = tuple(field<0>($0), union(field<1>($0), set<String>("x")))
fn opposite(Int): Int monotone(lattice lowest, lattice highest) = if(eq($0, -9223372036854775808), 9223372036854775807, neg($0))
"#;
    assert_eq!(broken(definitions), []);
}

#[test]
fn wrong_lattices_are_refused_by_their_smallest_counterexample() {
    for (bottom, join, law, text) in [
        ("0", "$0", "commutative", "join(0, 1) = 0, join(1, 0) = 1"),
        ("0", "add($0, $1)", "idempotent", "join(1, 1) = 2"),
        (
            "0",
            "greatest($0, $1)",
            "bottom",
            "bottom() = 0, join(0, -1) = 0",
        ),
        ("0", "0", "idempotent", "join(1, 1) = 0"),
        (
            "0",
            "abs(sub($0, $1))",
            "associative",
            "join(join(0, -1), 1) = 0, join(0, join(-1, 1)) = 2",
        ),
        (
            "0",
            "if(eq($0, $1), $0, div(1, sub(0, 0)))",
            "total",
            "join(0, 1) fails: 1 / 0 divides by zero",
        ),
        (
            "-9223372036854775808",
            "if(gt($0, 1000), add($0, sub($1, $1)), greatest($0, $1))",
            "commutative",
            "",
        ),
    ] {
        let found = one(&format!(
            "fn bottom(): Int = {bottom}\nfn join(Int, Int): Int = {join}\n\
             lattice l: Int bottom bottom join join\n"
        ));
        if text.is_empty() {
            assert_eq!(found.0, law, "{join}: {}", found.1);
        } else {
            assert_eq!(found, (law, text.to_string()), "{join}");
        }
    }
}

#[test]
fn what_overflows_only_far_out_is_found_by_random_values() {
    let (law, text) = one(
        "fn join(Int, Int): Int = div(add(add($0, $1), abs(sub($0, $1))), 2)\n\
         lattice l: Int bottom least join join\n",
    );
    assert_eq!(law, "total");
    assert!(
        text.contains(" fails: ") && text.contains("does not fit Int"),
        "{text}"
    );
    let (law, text) = one(
        "fn bottom(): Int = div(zero(), zero())\nfn join(Int, Int): Int = greatest($0, $1)\n\
         lattice l: Int bottom bottom join join\n"
            .replace("zero()", "invoke.zero()")
            .as_str(),
    );
    assert_eq!(
        (law, text.as_str()),
        ("total", "bottom() fails: 0 / 0 divides by zero")
    );
}

#[test]
fn functions_that_fall_are_refused() {
    for (function, text) in [
        (
            "fn f(Int): Int monotone(natural, natural) = neg($0)",
            "f(0) = 0, f(1) = -1",
        ),
        (
            "fn f(Set<String>): Int monotone(natural, natural) = sub(5, to_int(len($0)))",
            "f({}) = 5, f({\"\"}) = 4",
        ),
        (
            "fn f(Int): Int monotone(lattice lowest, lattice highest) = $0",
            "f(1) = 1, f(0) = 0",
        ),
        (
            "fn f(Int, Set<String>): Set<String> monotone(natural, natural, natural) = if(gt($0, 0), nothing(), $1)",
            "f(0, {\"\"}) = {\"\"}, f(1, {\"\"}) = {}",
        ),
    ] {
        let function = function.replace("nothing()", "invoke.nothing()");
        assert_eq!(one(&function), ("monotone", text.to_string()), "{function}");
    }
}

#[test]
fn a_function_over_a_wrong_lattice_is_not_tried() {
    let found = broken(
        "fn join(Int, Int): Int = $0\nlattice l: Int bottom zero join join\n\
         fn f(Int): Int monotone(lattice l, lattice l) = neg($0)\n",
    );
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), found[0].1), ("l", "commutative"));
}

#[test]
fn values_are_shown_as_a_program_writes_them() {
    let (_, text) = one(r#"
record Stock { count: Nat, "by": Map<String, Option<Int>>, tags: List<Shape> }
enum Shape { Empty, Circle(Float) }
fn bottom(): Stock = record<Stock>(0n, map<String, Option<Int>>(), list<Shape>())
fn join(Stock, Stock): Stock = record<Stock>(1n, map<String, Option<Int>>("a\"", some(2)), list<Shape>(variant<Shape, 0>(), variant<Shape, 1>(0.5)))
lattice l: Stock bottom bottom join join
"#);
    let stock = "Stock { count: 0, by: {:}, tags: [] }";
    let joined = "Stock { count: 1, by: {\"a\\\"\": Some(2)}, tags: [Empty, Circle(0.5)] }";
    assert_eq!(text, format!("join({stock}, {stock}) = {joined}"));
}

#[test]
fn laws_of_a_small_lattice_take_little_time() {
    let program = program("");
    // Other work on the machine may get in the way of some tries.
    let time = || {
        let start = Instant::now();
        assert_eq!(counterexamples(&program), []);
        start.elapsed() / 3
    };
    let each = (0..10).map(|_| time()).min().unwrap_or_default();
    assert!(each.as_millis() < 50, "{each:?} for each lattice");
}
