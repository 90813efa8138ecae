//! Right programs, each with what it shows.

pub const ALL: &[(&str, &str)] = &[
    (
        "the first program a user meets",
        r##"
input depends(package: String, target: String) from csv("depends.csv");
view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);
view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);
view leaf(package: String);
leaf(p) if depends(p, _), not depends(_, p);
output weight to csv("weight.csv");
test "a chain is followed to its end" {
    given depends("a", "b"), depends("b", "c");
    expect needs("a", "c"), weight("a") -> 2, leaf("a");
}
"##,
    ),
    (
        "columns by name, constants, repeated variables, params",
        r##"
param limit: Nat = 3;
input edge(src: String, dst: String, cost: Nat) from csv("e.csv");
view a(x: String);
a(x) if edge(src: x, cost: limit, ..);
a(x) if edge(x, x, 5);
a(src) if edge(cost: limit + 1, src, ..);
"##,
    ),
    (
        "facts, and Nat widens to Int",
        r##"
input n(x: Nat) from csv("n.csv");
input i(x: Int) from csv("i.csv");
view r(x: Int);
r(-1);
r(x) if n(x);
r(x + 1) if n(x), i(x);
r(x - y) if n(x), n(y), x > y;
"##,
    ),
    (
        "literals take the type beside them",
        r##"
input p(price: Decimal(2), rate: Float, at: Time, day: Date) from csv("p.csv");
view r(total: Decimal(2), rate: Float);
r(price * 3 + 0.50, rate * 2) if p(price, rate, at, day), price > 10, rate != 1, at >= "2026-01-01", day < "2026-02-01";
"##,
    ),
    (
        "maybe, not, exists",
        r##"
input flight(tail: String, delay: Option<Int>) from csv("f.csv", null: ["NA"]);
input plane(tail: String, model: String, year: Option<Int>) from csv("p.csv");
view a(tail: String, model: Option<String>);
a(t, m) if flight(t, _), maybe plane(tail: t, model: m, ..);
view b(tail: String);
b(t) if flight(t, Some(d)), d > 10, not plane(t, _, None), exists plane(t, _, Some(_));
view c(tail: String, year: Option<Int>);
c(t, y) if flight(t, _), maybe plane(t, "A320", Some(y));
"##,
    ),
    (
        "an expression as a key under not",
        r##"
input a(x: Int) from csv("a.csv");
view r(x: Int);
r(x) if a(x), not a(x + 1), maybe a(10 / x);
"##,
    ),
    (
        "elements and membership",
        r##"
input line(text: String, tags: Set<String>) from ndjson("l.ndjson");
input stop(word: String) from csv("s.csv");
view word(i: Nat, w: String);
word(i, w) if line(text: t, ..), (i, w) in t.words().indexed(), !t.contains("#");
view tagged(w: String);
tagged(w) if line(tags: ts, ..), stop(w), w in ts;
tagged(w) if line(t, ts), w in t.words(), not w in ts, exists ("x", _) in {"x": 1};
"##,
    ),
    (
        "two lists multiply, whichever is first",
        r##"
input l(xs: List<Int>, ys: List<Int>) from ndjson("l.ndjson");
view r(x: Int) -> Count;
r(x) if l(xs, ys), x in xs, x in ys;
"##,
    ),
    (
        "a let before what needs it, in any order",
        r##"
input a(x: Int) from csv("a.csv");
view r(x: Int);
r(z) if z > 0, let z = y * 2, let y = x + 1, a(x);
r(y) if a(x), let (y, 1) = (x, x);
"##,
    ),
    (
        "False beats error",
        r##"
input x(d: Int) from csv("x.csv");
view r(y: Int);
r(10 / d) if x(d), d != 0;
"##,
    ),
    (
        "records and enums",
        r##"
record Line { sku: String, qty: Int }
enum Shape { Point, Circle(Float), Box(Float, Float) }
input order(id: Int, lines: List<Line>, shape: Shape) from ndjson("o.ndjson");
view qty(id: Int) -> Sum<Int>;
qty(id) -> l.qty if order(id, ls, _), l in ls;
qty(id) -> n if order(id, ls, _), Line { qty: n, .. } in ls, n > 1;
view area(id: Int, a: Float);
area(id, match s { Point => 0.0, Circle(r) => 3.0 * r * r, Shape.Box(w, h) => w * h }) if order(id, _, s);
view circle(id: Int, r: Float);
circle(id, r) if order(id, _, Circle(r));
view made(l: Line, s: Shape);
made(Line { sku: "a", qty: 1 }, Shape.Box(1, 2));
"##,
    ),
    (
        "functions are put in place",
        r##"
input a(x: Int, y: Option<Int>) from csv("a.csv");
fn double(x: Int) -> Int { let two = 2; x * two }
fn sign(x: Int) -> String { if x < 0 { "-" } else if x == 0 { "0" } else { "+" } }
fn best(xs: List<Int>) -> Option<Int> { max(double(x) for x in xs, x > 0) }
fn value(y: Option<Int>) -> Int { match y { Some(v) => v, None => -1 } }
view r(x: Int, s: String, b: Option<Int>);
r(double(x), sign(value(y)), best([x, 1])) if a(x, y);
"##,
    ),
    (
        "every combiner",
        r##"
input a(k: String, x: Int, at: Time, b: Bool) from csv("a.csv");
view v1(k: String) -> Min<Int>; v1(k) -> x if a(k, x, _, _);
view v2(k: String) -> Max<Int>; v2(k) -> x if a(k, x, _, _);
view v3() -> Any; v3() -> b if a(_, _, _, b);
view v4() -> All; v4() -> b if a(_, _, _, b);
view v5(k: String) -> Set<Int>; v5(k) -> {x} if a(k, x, _, _);
view v6(k: String) -> Count; v6(k) if a(k, _, _, _);
view v7(k: String) -> Sum<Int>; v7(k) -> x if a(k, x, _, _);
view v8(k: String) -> Avg<Int>; v8(k) -> x if a(k, x, _, _);
view v9(k: String) -> Top<(Int, String)>(3); v9(k) -> (x, k) if a(k, x, _, _);
view w1(k: String) -> One<Int>; w1(k) -> x if a(k, x, _, _);
view w2(k: String) -> Sorted<Int>; w2(k) -> x if a(k, x, _, _);
view w3(k: String) -> Lww<Int>; w3(k) -> Lww(at, x) if a(k, x, at, _);
"##,
    ),
    (
        "inputs with combiners and names outside",
        r##"
input price(sku: String, at: Time) -> Lww<Int> from csv("p.csv", by: at);
input bid(@name("date_time") at: Time, id: RowId) from ndjson("b.ndjson", unit: "ms") late 5s by at;
view r(sku: String, p: Int);
r(s, p) if price(s) -> p;
test "the later price counts" {
    given price("a", "2026-01-01") -> 3, price("a", "2026-01-02") -> 4, bid("2026-01-01");
    expect price("a") -> 4, r("a", 4), not r("a", 3), count(1 for bid(_, _)) == 1;
}
"##,
    ),
    (
        "comprehensions over relations",
        r##"
input sale(shop: String, item: String, n: Nat) from csv("s.csv");
view report(shop: String, total: Nat, best: Option<Nat>, items: List<String>);
report(s, sum(n for sale(s, _, n)), max(n for sale(s, _, n), n > 1), [i for sale(s, i, _)]) if sale(s, _, _);
view top3() -> One<List<(Nat, String)>>;
top3() -> top(3, (n, i) for sale(_, i, n));
"##,
    ),
    (
        "recursion through lattices",
        r##"
input edge(a: String, b: String, cost: Nat) from csv("e.csv");
view dist(a: String, b: String) -> Min<Nat>;
dist(a, b) -> c if edge(a, b, c);
dist(a, c) -> d + cost if dist(a, b) -> d, edge(b, c, cost), d + cost < 1000;
view width(a: String, b: String) -> Max<Nat>;
width(a, b) -> c if edge(a, b, c);
width(a, c) -> min(w, cost) if width(a, b) -> w, edge(b, c, cost);
view from(a: String) -> Set<String>;
from(b) -> {a} if edge(a, b, _);
from(c) -> s if from(b) -> s, edge(b, c, _);
from(c) -> {x} if from(b) -> s, edge(b, c, _), x in s, s.len() >= 2;
view reached(a: String) -> Any;
reached("start") -> true;
reached(b) -> true if reached(a) -> true, edge(a, b, _);
"##,
    ),
    (
        "mutual recursion and strata",
        r##"
input edge(a: Int, b: Int) from csv("e.csv");
view odd(a: Int, b: Int);
view even(a: Int, b: Int);
odd(a, b) if edge(a, b);
odd(a, c) if even(a, b), edge(b, c);
even(a, c) if odd(a, b), edge(b, c);
view only(a: Int, b: Int);
only(a, b) if odd(a, b), not even(a, b);
"##,
    ),
];
