//! Wrong programs, each with exactly one mistake, by family.

/// All of them.
pub fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [
        NAMES,
        TYPES,
        SAFETY,
        FUNCTIONS,
        STRATA,
        TESTS_AND_CONNECTORS,
        NOT_YET,
        GENERICS,
    ]
    .into_iter()
    .flatten()
}

pub const NAMES: &[(&str, &str)] = &[
    (
        "a relation misspelled",
        r#"
input depends(package: String, target: String) from csv("d.csv");
view leaf(package: String);
leaf(p) if depends(p, _), not depnds(_, p);
"#,
    ),
    (
        "a head misspelled",
        r#"
input a(x: Int) from csv("a.csv");
view double(x: Int);
double(x) if a(x);
duoble(x + x) if a(x);
"#,
    ),
    (
        "declared twice",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x);
view b(y: Int);
"#,
    ),
    (
        "a column twice",
        r#"
input a(x: Int, x: Int) from csv("a.csv");
"#,
    ),
    (
        "an unknown column",
        r#"
input flight(carrier: String, dep_delay: Int) from csv("f.csv");
view late(carrier: String);
late(c) if flight(carrier: c, dep_dealy: d, ..), d > 10;
"#,
    ),
    (
        "an unknown type",
        r#"
input a(x: Strng) from csv("a.csv");
view b(x: Int);
b(1) if a(_);
"#,
    ),
    (
        "a type of another language",
        r#"
input a(at: Timestamp) from csv("a.csv");
"#,
    ),
    (
        "an unknown field",
        r#"
record Line { sku: String, qty: Int }
view total() -> Sum<Int>;
input lines(line: Line) from ndjson("l.ndjson");
total() -> l.quantity if lines(l);
"#,
    ),
    (
        "a field of a scalar",
        r#"
input a(x: String) from csv("a.csv");
view b(x: Nat);
b(x.length) if a(x);
"#,
    ),
    (
        "a member without its call",
        r#"
input a(x: String) from csv("a.csv");
view b(x: Nat);
b(x.len) if a(x);
"#,
    ),
    (
        "an unknown member",
        r#"
input a(x: String) from csv("a.csv");
view b(x: String);
b(x.to_lowercase()) if a(x);
"#,
    ),
    (
        "an unknown variant",
        r#"
enum Shape { Point, Circle(Float) }
view shape(s: Shape);
shape(Shape.Cirle(1.0));
"#,
    ),
    (
        "an unknown constructor",
        r#"
view a(x: Option<Int>);
a(Sone(1));
"#,
    ),
    (
        "a variant of two enums",
        r#"
enum Light { Red, Green }
enum Paint { Red, Blue }
view b(n: Nat);
b(1) if let x = Red, x == Light.Red;
"#,
    ),
    (
        "an unknown record",
        r#"
record Line { sku: String }
view a(n: Nat);
a(1) if let x = Lin { sku: "a" }, x.sku == "a";
"#,
    ),
    (
        "not a function",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(twice(x)) if a(x);
"#,
    ),
    (
        "a function of the library without its module",
        r#"
input line(text: String) from text("*.txt");
view word(w: String);
word(w) if line(text: t), w in words(t);
"#,
    ),
    (
        "not in the library",
        r#"
use std.text.word;
input line(text: String) from text("*.txt");
view word(w: String);
word(w) if line(t), w in word(t);
"#,
    ),
    (
        "a function where a relation is needed",
        r#"
fn big(x: Int) -> Bool { x > 10 }
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x), not big(x);
"#,
    ),
    (
        "a relation where a value is needed",
        r#"
input a(x: Int) from csv("a.csv");
input price(x: Int) -> Max<Int> from csv("p.csv");
view b(x: Int);
b(x) if a(x), price(x) > 10;
"#,
    ),
    (
        "an unknown aggregate",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(summ(x for a(x)));
"#,
    ),
    (
        "an unknown module",
        r#"
use shop.prices.price;
view b(x: Int);
b(x) if price(x);
"#,
    ),
    (
        "an attribute that means nothing",
        r#"
@partion(x)
view b(x: Int);
b(1);
"#,
    ),
    (
        "a name outside for a view's column",
        r#"
view b(@name("X") x: Int);
b(1);
"#,
    ),
    (
        "a view without rules",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
"#,
    ),
    (
        "a variable that nothing reads",
        r#"
input a(x: Int, y: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x, y);
"#,
    ),
    (
        "a name that is brought in and never read",
        r#"
use std.text.{lower, upper};
view b(x: String);
b(lower("A"));
"#,
    ),
    (
        "a field given twice",
        r#"
record R { a: Int }
view b(r: R);
b(R { a: 1, a: 2 });
"#,
    ),
    (
        "a missing field",
        r#"
record R { a: Int, b: Int }
view c(r: R);
c(R { a: 1 });
"#,
    ),
];

pub const TYPES: &[(&str, &str)] = &[
    (
        "a column of the wrong type",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: String);
b(x) if a(x);
"#,
    ),
    (
        "an Int for a Nat",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Nat);
b(x) if a(x);
"#,
    ),
    (
        "types that do not add",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: String);
b("n" + x) if a(x);
"#,
    ),
    (
        "Int and Float do not mix",
        r#"
input a(x: Int, y: Float) from csv("a.csv");
view b(x: Float);
b(x * y) if a(x, y);
"#,
    ),
    (
        "types that cannot be compared",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x), x == "one";
"#,
    ),
    (
        "a join of different types",
        r#"
input a(x: Int) from csv("a.csv");
input c(x: String) from csv("c.csv");
view b(x: Int);
b(x) if a(x), c(x);
"#,
    ),
    (
        "a test that is no Bool",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x), x + 1;
"#,
    ),
    (
        "negating a string",
        r#"
input a(x: String) from csv("a.csv");
view b(x: String);
b(-x) if a(x);
"#,
    ),
    (
        "List without its type",
        r#"
view a(x: List);
a([1]);
"#,
    ),
    (
        "a scalar with types",
        r#"
view a(x: Int<Nat>);
a(1);
"#,
    ),
    (
        "Decimal without places",
        r#"
view a(x: Decimal);
a(1.0);
"#,
    ),
    (
        "Top without its number",
        r#"
input a(x: Int) from csv("a.csv");
view b() -> Top<Int>;
b() -> x if a(x);
"#,
    ),
    (
        "a combiner as a type",
        r#"
view a(x: Max<Int>);
a(1);
"#,
    ),
    (
        "a type as a combiner",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int) -> Int;
b(x) -> 1 if a(x);
"#,
    ),
    (
        "an unknown combiner",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int) -> Mx<Int>;
b(x) -> 1 if a(x);
"#,
    ),
    (
        "a combiner at the wrong type",
        r#"
input a(x: String) from csv("a.csv");
view b() -> Sum<String>;
b() -> x if a(x);
"#,
    ),
    (
        "a record that holds itself",
        r#"
record Tree { left: Tree, right: Tree }
"#,
    ),
    (
        "an alias that is itself",
        r#"
type A = B;
type B = List<A>;
"#,
    ),
    (
        "a number too large",
        r#"
view a(x: Int);
a(9223372036854775808);
"#,
    ),
    (
        "too many places",
        r#"
view a(x: Decimal(2));
a(1.005);
"#,
    ),
    (
        "not a date",
        r#"
view a(x: Date);
a("2026-02-30");
"#,
    ),
    (
        "elements of no type",
        r#"
view a(x: Nat);
a(n) if let xs = [], let n = xs.len();
"#,
    ),
    (
        "a list where a set is needed",
        r#"
view a(x: Set<Int>);
a([1]);
"#,
    ),
    (
        "an Option where a value is needed",
        r#"
input a(x: Option<Int>) from csv("a.csv");
view b(x: Int);
b(x) if a(x);
"#,
    ),
    (
        "a maybe variable is an Option",
        r#"
input a(x: Int) from csv("a.csv");
input c(x: Int, y: Int) from csv("c.csv");
view b(x: Int, y: Int);
b(x, y) if a(x), maybe c(x, y);
"#,
    ),
    (
        "elements of different types",
        r#"
view a(x: Nat);
a(xs.len()) if let xs = [1, "a"];
"#,
    ),
    (
        "a sum of strings",
        r#"
input a(x: String) from csv("a.csv");
view b(x: Int);
b(sum(x for a(x)));
"#,
    ),
    (
        "going through a number",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(y) if a(x), y in x;
"#,
    ),
    (
        "a pattern of another type",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(y) if a(Some(y));
"#,
    ),
    (
        "a tuple of another length",
        r#"
input a(x: (Int, Int)) from ndjson("a.ndjson");
view b(x: Int);
b(x) if a((x, _, _));
"#,
    ),
    (
        "branches of different types",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(if x > 0 { x } else { "none" }) if a(x);
"#,
    ),
    (
        "a missing case",
        r#"
enum Light { Red, Yellow, Green }
fn go(l: Light) -> Bool { match l { Light.Green => true, Red => false } }
"#,
    ),
    (
        "a missing case inside",
        r#"
fn f(x: Option<(Bool, Int)>) -> Int { match x { None => 0, Some((true, n)) => n } }
"#,
    ),
    (
        "a case that nothing reaches",
        r#"
fn f(x: Option<Int>) -> Int { match x { None => 0, Some(n) => n, _ => 1 } }
"#,
    ),
    (
        "arms of different types",
        r#"
fn f(x: Option<Int>) -> Int { match x { None => "none", Some(n) => n } }
"#,
    ),
];

pub const SAFETY: &[(&str, &str)] = &[
    (
        "a variable of the head that nothing binds",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view reach(src: String, dst: String);
reach(a, c) if edge(a, _);
"#,
    ),
    (
        "a slip in a variable",
        r#"
input flight(carrier: String, delay: Int) from csv("f.csv");
view late(carrier: String);
late(carier) if flight(carrier, delay), delay > 10, carrier != "";
"#,
    ),
    (
        "a variable only under not",
        r#"
input a(x: Int) from csv("a.csv");
input c(x: Int, y: Int) from csv("c.csv");
view b(x: Int);
b(x) if a(x), not c(x, y);
"#,
    ),
    (
        "a variable only under not and in the head",
        r#"
input c(x: Int) from csv("c.csv");
view b(x: Int);
b(x) if not c(x);
"#,
    ),
    (
        "exists binds nothing",
        r#"
input a(x: Int) from csv("a.csv");
input c(x: Int, y: Int) from csv("c.csv");
view b(x: Int);
b(x) if a(x), exists c(x, y);
"#,
    ),
    (
        "lets that need each other",
        r#"
view b(x: Int);
b(x) if let x = y + 1, let y = x - 1;
"#,
    ),
    (
        "a list that needs its own element",
        r#"
view b(x: Int);
b(x) if x in [x, 1];
"#,
    ),
    (
        "two maybe bind one variable",
        r#"
input a(x: Int) from csv("a.csv");
input c(x: Int, y: Int) from csv("c.csv");
input d(x: Int, y: Int) from csv("d.csv");
view b(x: Int, y: Option<Int>);
b(x, y) if a(x), maybe c(x, y), maybe d(x, y);
"#,
    ),
    (
        "too few columns",
        r#"
input edge(src: String, dst: String, cost: Nat) from csv("e.csv");
view reach(src: String, dst: String);
reach(a, b) if edge(a, b);
"#,
    ),
    (
        "too many columns",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view reach(src: String, dst: String);
reach(a, b) if edge(a, b, _);
"#,
    ),
    (
        "a named column is missing",
        r#"
input edge(src: String, dst: String, cost: Nat) from csv("e.csv");
view reach(src: String, dst: String);
reach(a, b) if edge(src: a, dst: b);
"#,
    ),
    (
        "a column stands twice",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view reach(src: String);
reach(a) if edge(a, src: "x", ..);
"#,
    ),
    (
        "a head with too few columns",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view reach(src: String, dst: String);
reach(a) if edge(a, _);
"#,
    ),
    (
        "a value that the view does not have",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view reach(src: String, dst: String);
reach(a, b) -> 1 if edge(a, b);
"#,
    ),
    (
        "a value is missing",
        r#"
input edge(src: String, dst: String, cost: Nat) from csv("e.csv");
view dist(src: String, dst: String) -> Min<Nat>;
dist(a, b) if edge(a, b, _);
"#,
    ),
    (
        "a value read from a view without one",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
view far(src: String, dst: String);
far(a, b) if edge(a, b) -> d, d > 3;
"#,
    ),
    (
        "a rule for an input",
        r#"
input edge(src: String, dst: String) from csv("e.csv");
edge(a, b) if edge(b, a);
"#,
    ),
    (
        "because without sample",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x) because "it is fine";
"#,
    ),
];

pub const FUNCTIONS: &[(&str, &str)] = &[
    (
        "a function calls itself",
        r#"
fn f(n: Nat) -> Nat { if n == 0 { 1 } else { f(n) } }
"#,
    ),
    (
        "functions call each other",
        r#"
fn even(n: Int) -> Bool { if n == 0 { true } else { odd(n - 1) } }
fn odd(n: Int) -> Bool { if n == 0 { false } else { even(n - 1) } }
"#,
    ),
    (
        "a function reads a relation",
        r#"
input a(x: Int) from csv("a.csv");
fn total() -> Int { sum(x for a(x)) }
"#,
    ),
    (
        "a function without result",
        r#"
fn f(x: Int) { x + 1 }
"#,
    ),
    (
        "a result of the wrong type",
        r#"
fn f(x: Int) -> String { x + 1 }
"#,
    ),
    (
        "no such variable in a function",
        r#"
fn f(x: Int) -> Int { y + 1 }
"#,
    ),
    (
        "a let that may not fit",
        r#"
fn f(x: Option<Int>) -> Int { let Some(y) = x; y }
"#,
    ),
    (
        "a let of a name that has a value",
        r#"
fn f(x: Int) -> Int { let x = 2; x }
"#,
    ),
    (
        "too few arguments",
        r#"
fn f(x: Int, y: Int) -> Int { x + y }
view a(x: Int);
a(f(1));
"#,
    ),
    (
        "no such parameter",
        r#"
use std.time.sliding;
input bid(at: Time) from csv("b.csv");
view w(at: Time);
w(s) if bid(at), s in sliding(at, width: 10s, step: 2s);
"#,
    ),
    (
        "a library function at the wrong type",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Nat);
b(x.len()) if a(x);
"#,
    ),
    (
        "a default that is not constant",
        r#"
param limit: Int = 2 + 3;
"#,
    ),
    (
        "an expression that grows too large",
        r#"
fn a(x: Int) -> Int { x + x + x + x }
fn b(x: Int) -> Int { a(x) + a(x) + a(x) + a(x) }
fn c(x: Int) -> Int { b(x) + b(x) + b(x) + b(x) }
fn d(x: Int) -> Int { c(x) + c(x) + c(x) + c(x) }
fn e(x: Int) -> Int { d(x) + d(x) + d(x) + d(x) }
fn f(x: Int) -> Int { e(x) + e(x) + e(x) + e(x) }
fn g(x: Int) -> Int { f(x) + f(x) + f(x) + f(x) }
fn h(x: Int) -> Int { g(x) + g(x) + g(x) + g(x) }
fn i(x: Int) -> Int { h(x) + h(x) + h(x) + h(x) }
"#,
    ),
];

pub const STRATA: &[(&str, &str)] = &[
    (
        "win if not win",
        r#"
input move(a: String, b: String) from csv("m.csv");
view win(a: String);
win(a) if move(a, b), not win(b);
"#,
    ),
    (
        "not, through another view",
        r#"
input node(a: String) from csv("n.csv");
view p(a: String);
view q(a: String);
view r(a: String);
p(a) if node(a), not q(a);
q(a) if r(a);
r(a) if p(a);
"#,
    ),
    (
        "maybe in a circle",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int, y: Option<Int>);
b(x, None) if a(x);
b(x, Some(x)) if a(x), maybe b(x, y), y == None;
"#,
    ),
    (
        "a comprehension in a circle",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Nat);
b(0) if a(_);
b(n) if a(_), let n = count(1 for b(_));
"#,
    ),
    (
        "counting in a circle",
        r#"
input a(x: Nat) from csv("a.csv");
view b(x: Nat) -> Count;
b(x) -> 1 if a(x);
b(n) -> 1 if b(x) -> n, a(x);
"#,
    ),
    (
        "the best in a circle",
        r#"
input edge(a: Int, b: Int) from csv("e.csv");
view best(a: Int) -> Top<Int>(3);
best(a) -> b if edge(a, b);
best(a) -> c if edge(a, b), best(b) -> cs, c in cs;
"#,
    ),
    (
        "a difference on the way",
        r#"
input edge(a: String, b: String, cost: Int) from csv("e.csv");
view dist(a: String) -> Min<Int>;
dist(a) -> 0 if edge(a, _, _);
dist(b) -> cost - d if dist(a) -> d, edge(a, b, cost);
"#,
    ),
    (
        "a climbing value as a key",
        r#"
input edge(a: String, b: String) from csv("e.csv");
view dist(a: String) -> Min<Nat>;
view at(d: Nat, a: String);
dist(a) -> 0 if edge(a, _);
at(d, a) if dist(a) -> d;
dist(b) -> 1 if at(_, a), edge(a, b);
"#,
    ),
    (
        "an equality on the way",
        r#"
input edge(a: String, b: String) from csv("e.csv");
view dist(a: String) -> Min<Nat>;
dist(a) -> 0 if edge(a, _);
dist(b) -> d + 1 if dist(a) -> d, edge(a, b), d != 3;
"#,
    ),
    (
        "a threshold that turns false again",
        r#"
input edge(a: String, b: String) from csv("e.csv");
view size(a: String) -> Set<String>;
size(a) -> {b} if edge(a, b);
size(a) -> s if edge(a, b), size(b) -> s, s.len() < 3;
"#,
    ),
    (
        "Min and Max against each other",
        r#"
input edge(a: String, b: String) from csv("e.csv");
view low(a: String) -> Min<Int>;
view high(a: String) -> Max<Int>;
low(a) -> 0 if edge(a, _);
high(a) -> d if low(a) -> d;
low(b) -> d if high(a) -> d, edge(a, b);
"#,
    ),
    (
        "an endless climb",
        r#"
input edge(a: String, b: String, cost: Nat) from csv("e.csv");
view longest(a: String) -> Max<Nat>;
longest(a) -> 0 if edge(a, _, _);
longest(b) -> d + cost if longest(a) -> d, edge(a, b, cost);
"#,
    ),
];

pub const TESTS_AND_CONNECTORS: &[(&str, &str)] = &[
    (
        "an unknown source",
        r#"
input a(x: Int) from cvs("a.csv");
"#,
    ),
    (
        "a source without path",
        r#"
input a(x: Int) from csv();
"#,
    ),
    (
        "an unknown option",
        r#"
input a(x: Int) from csv("a.csv", headers: false);
"#,
    ),
    (
        "an option of the wrong type",
        r#"
input a(x: Int) from csv("a.csv", header: "no");
"#,
    ),
    (
        "an unknown unit",
        r#"
input a(x: Time) from csv("a.csv", unit: "min");
"#,
    ),
    (
        "Lww without its time",
        r#"
input a(x: Int) -> Lww<Int> from csv("a.csv");
"#,
    ),
    (
        "late by a column that is no time",
        r#"
input a(x: Int) from csv("a.csv") late 5s by x;
"#,
    ),
    (
        "order by an unknown column",
        r#"
input a(word: String) from csv("a.csv");
view count(word: String) -> Count;
count(w) -> 1 if a(w);
output count to csv("c.csv", order: [-cuont, word]);
"#,
    ),
    (
        "an output of nothing",
        r#"
output nothing to csv("c.csv");
"#,
    ),
    (
        "an unknown sink",
        r#"
input a(x: Int) from csv("a.csv");
output a to stdot();
"#,
    ),
    (
        "two outputs to one file",
        r#"
input a(x: Int) from csv("a.csv");
input b(x: Int) from csv("b.csv");
output a to csv("c.csv");
output b to csv("c.csv");
"#,
    ),
    (
        "a view is given",
        r#"
input a(x: Int) from csv("a.csv");
view b(x: Int);
b(x) if a(x);
test "given" { given b(1); expect b(1); }
"#,
    ),
    (
        "a given row of the wrong type",
        r#"
input a(x: Int) from csv("a.csv");
test "given" { given a("one"); expect a(1); }
"#,
    ),
    (
        "a variable in an expectation",
        r#"
input a(x: Int) from csv("a.csv");
test "given" { given a(1); expect a(x); }
"#,
    ),
    (
        "an expectation of the wrong type",
        r#"
input a(word: String) from csv("a.csv");
view count(word: String) -> Count;
count(w) -> 1 if a(w);
test "counts" { given a("to"); expect count("to") -> "one"; }
"#,
    ),
    (
        "maybe in an expectation",
        r#"
input a(x: Int) from csv("a.csv");
test "given" { given a(1); expect maybe a(1); }
"#,
    ),
    (
        "a test that expects nothing",
        r#"
input a(x: Int) from csv("a.csv");
test "given" { given a(1); }
"#,
    ),
    (
        "an unknown param",
        r#"
param limit: Int;
view a(x: Int);
a(limit);
test "given" { given limt = 3; expect a(3); }
"#,
    ),
    (
        "two tests of one name",
        r#"
view a(x: Int);
a(1);
test "one" { expect a(1); }
test "one" { expect not a(2); }
"#,
    ),
];

pub const NOT_YET: &[(&str, &str)] = &[
    (
        "counted rounds",
        r#"
input edge(a: String, b: String) from csv("e.csv");
view rank(i: Nat, a: String) -> Sum<Float>;
rank(0, a) -> 1.0 if edge(a, _);
rank(i + 1, b) -> r if rank(i, a) -> r, edge(a, b), i < 10;
"#,
    ),
    (
        "a generic lattice",
        r#"
lattice Firsts<T> on List<T> { fn bottom() -> List<T> { [] } fn join(a: List<T>, b: List<T>) -> List<T> { max(a, b) } }
view a() -> Firsts<Int>;
a() -> [1];
"#,
    ),
];

pub const GENERICS: &[(&str, &str)] = &[
    (
        "a recursion on the same value",
        r#"
enum Tree { Leaf(Int), Node(List<Tree>) }
fn size(t: Tree) -> Nat {
    match t {
        Leaf(_) => 1,
        Node(children) => sum(size(t) for c in children),
    }
}
"#,
    ),
    (
        "a recursion that swaps what shrinks",
        r#"
enum Chain { End, Link(List<Chain>) }
fn zip(a: Chain, b: Chain) -> Nat {
    match a {
        End => 0,
        Link(rest) => sum(zip(b, r) for r in rest),
    }
}
"#,
    ),
    (
        "a type parameter too few",
        r#"
record Pair<A, B> { first: A, second: B }
view a(p: Pair<Int>);
a(Pair { first: 1, second: 2 });
"#,
    ),
    (
        "two types for one parameter",
        r#"
fn pick<T>(a: T, b: T) -> T { max(a, b) }
view a(x: Int);
a(pick(1, "one"));
"#,
    ),
    (
        "arithmetic on any type",
        r#"
fn double<T>(x: T) -> T { x + x }
view a(x: Int);
a(double(1));
"#,
    ),
    (
        "nothing tells a type parameter",
        r#"
fn nothing<T>() -> List<T> { [] }
view a(n: Nat);
a(nothing().len());
"#,
    ),
    (
        "an empty variant of any type",
        r#"
enum Box<T> { Empty, Full(T) }
view a(x: Bool);
a(true) if let x = Empty, x == x;
"#,
    ),
    (
        "a generic type without its types",
        r#"
enum Tree<T> { Leaf(T), Node(List<Tree<T>>) }
view a(t: Tree);
a(Leaf(1));
"#,
    ),
    (
        "a generic record that holds itself",
        r#"
record Bad<T> { value: T, next: Bad<T> }
"#,
    ),
    (
        "a type parameter twice",
        r#"
record Pair<A, A> { first: A }
"#,
    ),
    (
        "a member of another type",
        r#"
view a(x: Nat);
a([1, 2].upper().len());
"#,
    ),
    (
        "a map of two types of keys",
        r#"
input e(a: String, n: Int) from csv("e.csv");
view m() -> Map<Int, Sum<Int>>;
m() -> {a: n} if e(a, n);
"#,
    ),
    (
        "a map of what cannot be added",
        r#"
input e(a: String) from csv("e.csv");
view m() -> Map<String, Sum<String>>;
m() -> {a: a} if e(a);
"#,
    ),
    (
        "a key where pairs are",
        r#"
input e(a: String) from csv("e.csv");
param m: Map<String, Int>;
view a(x: String);
a(x) if e(x), "a" in m;
"#,
    ),
    (
        "Rev alone",
        r#"
input e(a: String) from csv("e.csv");
view m() -> Rev<String>;
m() -> a if e(a);
"#,
    ),
    (
        "a turned order in a recursion",
        r#"
input e(a: String, b: String, n: Int) from csv("e.csv");
view d(a: String, b: String) -> Min<Rev<Int>>;
d(a, b) -> n if e(a, b, n);
d(a, c) -> m if d(a, b), e(b, c, m);
"#,
    ),
    (
        "a lattice without join",
        r#"
lattice L on Int { fn bottom() -> Int { 0 } }
view a() -> L;
a() -> 1;
"#,
    ),
    (
        "a join of another type",
        r#"
lattice L on Int { fn bottom() -> Int { 0 } fn join(a: Int, b: Int) -> Bool { a < b } }
view a(x: Int);
a(1);
"#,
    ),
    (
        "a view in a lattice",
        r#"
lattice L on Int {
    fn bottom() -> Int { 0 }
    fn join(a: Int, b: Int) -> Int { max(a, b) }
    view a(x: Int);
}
"#,
    ),
    (
        "a step that is not declared monotone",
        r#"
lattice L on Int { fn bottom() -> Int { 0 } fn join(a: Int, b: Int) -> Int { max(a, b) } }
input e(a: String, b: String) from csv("e.csv");
view d(a: String) -> L;
d(a) -> 1 if e(a, _);
d(b) -> v + 1 if d(a) -> v, e(a, b), v < 10;
"#,
    ),
];
