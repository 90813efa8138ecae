//! Every form of the language, from the design of the language of data and the language of time, is
//! read without a word; what it is read as is checked where a form has two readings.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_compiler::syntax::ast::*;
use sheaf_compiler::syntax::{MAX_DEPTH, parse};

mod common;

/// Texts that hold every form.
const FORMS: &[&str] = &[
    // The first program.
    r#"
//! Which packages does each package pull in, directly or not?
input depends(package: String, target: String) from csv("depends.csv");

view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);

/// How much a package brings with it.
view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

/// Nothing depends on these.
view leaf(package: String);
leaf(p) if depends(p, _), not depends(_, p);

output weight to csv("weight.csv");

test "a chain is followed to its end" {
    given depends("a", "b"), depends("b", "c");
    expect needs("a", "c"), weight("a") -> 2, leaf("a");
}
"#,
    // Items.
    "use std.text.{words, lower}; use std.time.sliding; use shop; use a.b as c; use a.{b as c, D,};",
    "type Node = String; type Pair<A, B> = (A, B); type Nothing = (); type Alias = ((Int));",
    "record R<T> { f: T } record Empty {} enum E<T> { A, B(T), C(Int, String), } enum Only { One }",
    "record R { /// doc\n @name(\"date_time\") at: Time, type: String, from: Int, if: Int }",
    "fn f(a: Int) -> Int { let b = a + 1; let (c, d) = (b, b); if c > d { c } else if d > c { d } else { 0 } }",
    "monotone fn g<T>(xs: Set<T>) -> Nat { xs.len() }",
    "fn m(v: Option<(Int, Shape)>) -> Int { match v { Some((n, Shape.Circle(r))) => n, Some((0, _)) => -1, None => 0 } }",
    "fn k(l: Line) -> Int { match l { Line { sku: \"a\", .. } => 1, Line { sku, qty } => qty, shop.Line { .. } => 2, -5 => 3, } }",
    "lattice L on (Int, Int) { fn bottom() -> (Int, Int) { (0, 0) } fn join(a: (Int, Int), b: (Int, Int)) -> (Int, Int) { a } }",
    "lattice Pair<T> on List<T> { fn bottom() -> List<T> { [] } }",
    "input r(a: Int, b: Option<Int>) -> Min<Int> from csv(\"r.csv\", header: false, null: [\"NA\"]);",
    "input bid(auction: Int, @name(\"date_time\") at: Time) from ndjson(\"e.jsonl\", path: \"Bid\", unit: \"ms\") late 5s by at;",
    "input price(sku: String, at: Time) -> Lww<Int> from http(by: at); input row(id: RowId) from stdin();",
    "param p: Int; param models: Set<String> = {\"a\", \"b\"}; param empty: Map<Int, Int> = {}; param limit: Nat = 3 * (2 + 1);",
    "view r(a: Int); view s() -> Count; view t(a: Int) -> Top<(Nat, Int)>(3); view u(a: Int) -> Sum<Decimal(2)>; view w(a: Int) -> Map<Int, Set<Rev<Int>>>;",
    "output r to csv(\"r.csv\", order: [-revenue, date]); output final r to stdout(); output Cart.item to table(order: none);",
    "extern wasm \"m.wasm\" { fn f(a: String) -> List<String>; } extern onnx \"c.onnx\" { /// doc\n fn infer(x: List<Float>) -> Vote; }",
    "extern http \"url\" as Fetch { @slo(p99: 50ms) request get(url: String) -> Page; }",
    "@http(\"/cart\") @slo(p99: 50ms) @partition(user) @consistency(causal) @durability(async) @on(gpu) @auth(role: \"admin\") @plain pub view r(a: Int);",
    // Conditions.
    "r(a) if edge(a, b, _); r(a) if edge(src: a, ..), bid(auction: a, at, ..), plane(type: t, ..), depot(..);",
    "r(d) if dist(a, b) -> d; r(a) if dist(a, b); r(a) if dist(a, b) -> (d, _), dist(b, a) -> Some(3), dist(a, a) -> -1;",
    "r(t, m) if flight(t), maybe plane(tailnum: t, model: m, ..), maybe dist(t, t) -> d;",
    "r(a) if not s(a, _), exists t(a), not a in xs, exists a in ys, !(a > 3), a == 1 || a == 2 && a != 3;",
    "r(x) if s(xs), x in xs, (i, x) in xs.indexed(), (k, v) in {1: 2}, Some(y) in ys, x + 1 in zs;",
    "r(y) if s(x), let y = x + 1, let (a, 2) = p(x), let Some(z) = q, let _ = w;",
    "r(i + 1, x) if r(i, x), i < 10; n(0); n(x + 1) if n(x); reach() -> true if a(); w(k) if s(k);",
    "weight(p) -> 1 if needs(p, _); feed(user) -> (t.at, id, t) if tweet(id) -> t, t.author == author;",
    "r(10 / d) if x(d), d != 0; r(a) if is_blank(a), a.is_blank(), std.text.is_blank(a), Cart.item(a, _) -> n;",
    "r(if a > 1 { 2 } else { 3 }) -> if a > 1 { {1} } else { {} } if s(a);",
    // Expressions.
    "r(1, 2.5, 1e3, 1_000, \"a\\n\\\"\\u{e9}\", true, false, 50ms, 5s, 30min, 2h, 1d, 7us);",
    "r([], [1, 2,], {}, {1}, {1, 2}, {1: 2, 3: 4}, (1, 2), (1, 2,), (), ((1)));",
    "r([e for s(e)], {e for e in xs, e > 1}, {k: v for s(k) -> v}, [Line { sku, qty } for item(sku) -> qty, qty > 0]);",
    "r(sum(e for s(e)), count(1 for s(_)), min(v.score for v in votes, v.label == l), top(3, x for s(x)), max((sum(v for v in vs), l) for l in {v.l for v in vs}));",
    "r(-a * b + c % d - e / f, !a == b, - -a, a.b.c(1).d, f(g(x)), a.type, a.if, a.match(1), f(n: 1, type: 2), Shape.Circle(2.0), Shape.Empty, std.a.b(1));",
    "r(Line { sku: \"a\", qty: 1 }, shop.Line { sku, }, Empty {}, Lww(at, v), None, Some(None));",
    "r(match x { 1 => \"a\", \"b\" => \"c\", (a, _) => a, true => 1, 5s => 2, 2.5 => 3, E.A => 4, });",
    "r(from, to, type, event, input) if edge(from, to), by > late, after < every, table.view(test) == given;",
    // Service, agent, events.
    "event e(a: Int); message m(a: Int); request q(a: Int) -> T; request p() -> Unit; timer t every 1s; timer u every interval * 2;",
    "service S { table r(a: Int) -> Count; param p: Int; view v(a: Int); v(a) if r(a); on e(a) { merge r(a); } pub event e(a: Int); }",
    "agent A(key: String) { table clock() -> Max<Time>; on tick(now) { merge clock() -> now; } }",
    "on e(a, _, Some(b), Line { sku, .. }, 3) as r if a > 3, sample s(a) -> v, a in {1, 2} { let c = a + v; merge t(c, r.id, r.at) -> c; let d = 2; reply d; }",
    "on e(x: a, ..) { merge t(a) -> a; merge t(a, 1); remove t(a, _); seal t(a, _); send m(a) to A(a); send m(a) to S; schedule e(a) after 40ms; reply a; reply (); e(a + 1); }",
    "on e(a) { e(a) if sample t(a) -> b, b > 1 because \"fine\"; reply v if maybe final votes(a) -> v; remove t(a, _) because \"done\"; reply R { a, b: [1] } because \"x\"; reply [a for sample t(a)] because \"y\"; }",
    "merge votes(id) -> {infer(m, x)} if features(id, x), m in models; send join() to Node(r) if r in ranks; seal votes(id) if votes(id) -> v, v.len() >= models.len();",
    "r(a) if final Account(from).take(r.id, n) -> true, maybe final votes(id) -> v, not sample price(sku), exists sample price(sku), sample Cart.item(a, b) -> c;",
    "coordinate close by session because \"every add\" { on checkout(session) { seal item(session, _); } }",
    "coordinate both by {a, b} because \"locks\" { on move(a, b) { merge x(a) -> 1; } } coordinate c by k { }",
    // Tests.
    "test \"t\" { given put(\"a\", \"1\") as p, get(\"a\") as g, limit = 3, dist(\"a\", \"b\") -> 2; after 500ms; expect p -> (), g -> None, not leaf(\"b\"), value(\"a\") -> \"2\", dist(\"a\", x) -> d, d < 3; }",
    "test \"t\" { in Cart { given add(\"s1\", \"pen\", -1); expect item(\"s1\", \"pen\") -> 3; } in Node(3) { given Node(2).join(); } }",
    "",
    "//! only a comment",
];

#[test]
fn every_form_is_read_without_a_word() {
    for form in FORMS {
        let mut sources = Sources::new();
        let file = sources.add("form.sheaf", *form);
        let parsed = parse(file, form);
        let shown: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|d| d.short(&sources))
            .collect();
        assert!(shown.is_empty(), "{form}\n{shown:#?}");
    }
}

#[test]
fn every_program_is_read_without_a_word() {
    let programs = common::programs();
    assert_eq!(programs.len(), 8);
    for (name, text) in programs {
        let parsed = parse(FileId(0), &text);
        assert_eq!(parsed.diagnostics, [], "{name}");
        assert!(!parsed.tree.docs.is_empty(), "{name}");
    }
}

#[test]
fn tokens_and_trivia_cover_every_byte_once() {
    let wrong = [
        "r(a # b\n 'x' “y” \u{0} ∀x /* z */ \"u",
        "\u{feff}view é(a: Int);\r\n",
    ];
    let texts = FORMS.iter().chain(&wrong).map(|text| text.to_string());
    for text in texts.chain(common::programs().into_iter().map(|(_, text)| text)) {
        let parsed = parse(FileId(0), &text);
        let mut spans: Vec<Span> = parsed.tokens.iter().map(|token| token.span).collect();
        spans.extend(parsed.trivia.iter().map(|trivia| trivia.span));
        spans.sort();
        let mut end = 0;
        for span in spans {
            assert_eq!(span.start, end, "{text:?}");
            assert!(text.is_char_boundary(span.end as usize) && !span.is_empty());
            end = span.end;
        }
        assert_eq!(end as usize, text.len(), "{text:?}");
    }
}

/// The conditions of the only rule of `text`.
fn conditions(text: &str) -> Vec<ConditionKind> {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    match parsed.tree.items.into_iter().next().map(|item| item.kind) {
        Some(ItemKind::Rule(rule)) => rule.conditions.into_iter().map(|c| c.kind).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_condition_is_an_atom_if_it_has_the_form_of_one() {
    let is_atom = |text: &str| {
        let conditions = conditions(&format!("r(a) if {text};"));
        matches!(conditions[..], [ConditionKind::Atom { .. }])
    };
    assert!(is_atom("edge(a, b)"));
    assert!(is_atom("Cart.item(a, b)"));
    assert!(is_atom("Account(a).take(b)"));
    assert!(is_atom("not std.graph.edge(a)"));
    assert!(is_atom("x.y(a) -> b"));
    assert!(!is_atom("xs.contains(a)"));
    assert!(!is_atom("all(x > 1 for x in xs)"));
    assert!(!is_atom("edge(a, b) && true"));
    assert!(!is_atom("(a, b) in edges"));
}

#[test]
fn an_atom_can_be_read_as_a_call() {
    let atom = |text: &str| match conditions(&format!("r(a) if {text};")).pop() {
        Some(ConditionKind::Atom { atom, .. }) => atom,
        other => panic!("{other:?}"),
    };
    let call =
        atom("f(a, -1, Some(x), E.A, E.B(2), (a, b), Line { sku, qty: 2 }, a + 1, n: \"s\")");
    let Some(Expr {
        kind: ExprKind::Call { arguments, .. },
        ..
    }) = call.to_call()
    else {
        panic!("{call:?}")
    };
    // The same arguments, read as an expression in the first place.
    let parsed = parse(
        FileId(0),
        "r(f(a, -1, Some(x), E.A, E.B(2), (a, b), Line { sku, qty: 2 }, a + 1, n: \"s\"));",
    );
    let ItemKind::Rule(rule) = &parsed.tree.items[0].kind else {
        panic!()
    };
    let EffectKind::Derive(head) = &rule.effect.kind else {
        panic!()
    };
    let ExprKind::Call {
        arguments: direct, ..
    } = &head.arguments[0].value.kind
    else {
        panic!()
    };
    assert_eq!(arguments.items.len(), direct.items.len());
    for (converted, direct) in arguments.items.iter().zip(&direct.items) {
        let strip = |value: &Expr| {
            let shown = format!("{:?}", value.kind);
            shown
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .collect::<String>()
        };
        assert_eq!(strip(&converted.value), strip(&direct.value));
        assert_eq!(
            converted.name.as_ref().map(|n| &n.text),
            direct.name.as_ref().map(|n| &n.text)
        );
    }
    assert_eq!(atom("f(a, _)").to_call(), None);
    assert_eq!(atom("f(a: b, ..)").to_call(), None);
    assert_eq!(atom("f(a) -> b").to_call(), None);
}

#[test]
fn operators_bind_as_in_arithmetic() {
    let parsed = parse(FileId(0), "r(a || b && c == d + e * -f.g);");
    let ItemKind::Rule(rule) = &parsed.tree.items[0].kind else {
        panic!()
    };
    let EffectKind::Derive(head) = &rule.effect.kind else {
        panic!()
    };
    assert_eq!(
        nested(&head.arguments[0].value),
        "(a || (b && (c == (d + (e * (-f.g))))))"
    );
    let parsed = parse(FileId(0), "r(a - b - c / d / e);");
    let ItemKind::Rule(rule) = &parsed.tree.items[0].kind else {
        panic!()
    };
    let EffectKind::Derive(head) = &rule.effect.kind else {
        panic!()
    };
    assert_eq!(
        nested(&head.arguments[0].value),
        "((a - b) - ((c / d) / e))"
    );
}

/// An expression of names, with all parentheses.
fn nested(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.text.to_string(),
        ExprKind::Field { receiver, name } => format!("{}.{}", nested(receiver), name.text),
        ExprKind::Unary { operand, .. } => format!("(-{})", nested(operand)),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } => {
            format!("({} {} {})", nested(left), operator.as_str(), nested(right))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_may_mix_scripts() {
    for name in ["größe", "Ünit", "été2", "a_é_b", "Ωmega", "ñ"] {
        let kind = if name.starts_with(char::is_uppercase) {
            "record"
        } else {
            "param"
        };
        let text = match kind {
            "record" => format!("record {name} {{ a: Int }}"),
            _ => format!("param {name}: Int;"),
        };
        let parsed = parse(FileId(0), &text);
        assert_eq!(parsed.diagnostics.len(), 0, "{text}");
        let found = match &parsed.tree.items[0].kind {
            ItemKind::Record(record) => &record.name,
            ItemKind::Param(param) => &param.name,
            other => panic!("{other:?}"),
        };
        assert_eq!(found.as_str(), name);
        assert_eq!(found.is_upper(), kind == "record");
    }
}

#[test]
fn documentation_and_attributes_reach_what_they_stand_before() {
    let text = "//! file\n/// one\n/// two\n@http(\"/a\") pub view r(\n    /// column\n    @name(\"A\") a: Int);";
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.tree.docs[0].text, "file");
    let item = &parsed.tree.items[0];
    assert_eq!(
        item.docs.iter().map(|line| &*line.text).collect::<Vec<_>>(),
        ["one", "two"]
    );
    assert_eq!(&*item.attributes[0].name.text, "http");
    assert!(item.public.is_some());
    let ItemKind::View(view) = &item.kind else {
        panic!()
    };
    assert_eq!(view.columns[0].docs[0].text, "column");
    assert_eq!(&*view.columns[0].attributes[0].name.text, "name");
}

#[test]
fn named_arguments_may_stand_for_themselves() {
    let conditions = conditions("r(a) if bid(auction: a, at, ..);");
    let [ConditionKind::Atom { atom, .. }] = &conditions[..] else {
        panic!()
    };
    let names: Vec<_> = atom
        .arguments
        .iter()
        .map(|a| a.name.as_ref().map(|n| &*n.text))
        .collect();
    assert_eq!(names, [Some("auction"), Some("at")]);
    assert!(atom.rest.is_some());
}

#[test]
fn deep_text_is_refused_before_it_is_parsed() {
    let many = 100_000;
    let deep = [
        format!("r({}1{});", "(".repeat(many), ")".repeat(many)),
        format!("r({}", "(".repeat(many)),
        format!("r({}{});", "[".repeat(many), ")".repeat(many)),
        format!("r({}a);", "!".repeat(many)),
        format!("r({}a);", "- ".repeat(many)),
        format!("r(a{});", " + a".repeat(many)),
        format!("r(a{});", ".b".repeat(many)),
        format!("r(a{});", ".b(1)".repeat(many)),
        format!(
            "view r(a: {}Int{});",
            "List<".repeat(many),
            ">".repeat(many)
        ),
        format!(
            "fn f() -> Int {{ {} {{ 2 }} }}",
            "if a { 1 } else ".repeat(many)
        ),
        format!("{}{}", "service S { ".repeat(many), "}".repeat(many)),
        format!(
            "test \"t\" {{ {}{} }}",
            "in S { ".repeat(many),
            "}".repeat(many)
        ),
        "{".repeat(many),
        "}".repeat(many),
        "@".repeat(many),
        "r(".repeat(many),
    ];
    // A small stack, as threads have it.
    let thread = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || {
            for text in deep {
                let start: String = text.chars().take(20).collect();
                let parsed = parse(FileId(0), &text);
                assert!(parsed.has_errors(), "{start}");
                assert!(
                    parsed.diagnostics.len() < 4,
                    "{start}: {}",
                    parsed.diagnostics.len()
                );
            }
        });
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn text_just_below_the_limit_is_read() {
    let depth = MAX_DEPTH as usize - 4;
    let texts = [
        format!("r({}1{});", "(".repeat(depth), ")".repeat(depth)),
        format!("r({}1{});", "[".repeat(depth), "]".repeat(depth)),
        format!("r(a{});", " + a".repeat(depth)),
    ];
    for text in texts {
        assert_eq!(parse(FileId(0), &text).diagnostics, [], "{text}");
    }
}

#[test]
fn many_mistakes_take_linear_time() {
    let lines = 4_000;
    let texts = [
        "r(a if s(a);\n",
        "}\n",
        ")\n",
        "r(a) if s(a)\n",
        "service S {\n",
        "'",
        "view\n",
        "r(a) if ;\n",
    ];
    for text in texts {
        let start = std::time::Instant::now();
        let parsed = parse(FileId(0), &text.repeat(lines));
        assert!(parsed.has_errors());
        assert!(
            start.elapsed().as_secs() < 5,
            "{text:?} took {:?}",
            start.elapsed()
        );
    }
}

/// `cargo test --release -p sheaf-compiler --test language -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn ten_thousand_lines_parse_in_60_ms() {
    let part: String = common::programs()
        .into_iter()
        .map(|(_, text)| text.replace("//!", "//"))
        .collect();
    let lines = part.matches('\n').count();
    let text = part.repeat(10_000_usize.div_ceil(lines));
    let mut best = std::time::Duration::MAX;
    for _ in 0..10 {
        let start = std::time::Instant::now();
        let parsed = parse(FileId(0), &text);
        best = best.min(start.elapsed());
        assert_eq!(parsed.diagnostics, []);
    }
    let broken = format!("{text}\nview r(a Int);");
    let start = std::time::Instant::now();
    assert_eq!(parse(FileId(0), &broken).diagnostics.len(), 1);
    let recovered = start.elapsed();
    let (lines, bytes) = (text.matches('\n').count(), text.len());
    println!("{lines} lines, {bytes} bytes: {best:?}; with a mistake {recovered:?}");
    assert!(best.as_millis() < 60, "{best:?}");
}
