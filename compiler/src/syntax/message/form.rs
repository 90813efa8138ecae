//! What each kind of item is called, and what it looks like.

use super::Failure;
use crate::diagnostic::Diagnostic;
use crate::syntax::token::TokenKind;

/// Name and right form for each keyword; rules have none.
const FORMS: &[(TokenKind, &str, &str)] = &[
    (TokenKind::Use, "`use`", "use std.text.{words, lower};"),
    (TokenKind::Type, "type alias", "type Node = String;"),
    (TokenKind::Record, "record", "record Line { sku: String, qty: Int }"),
    (TokenKind::Enum, "enum", "enum Shape { Empty, Circle(Float) }"),
    (TokenKind::Fn, "function", "fn double(x: Int) -> Int { x * 2 }"),
    (TokenKind::Lattice, "lattice", "lattice Hull on Box { fn bottom() -> Box { … } fn join(a: Box, b: Box) -> Box { … } }"),
    (TokenKind::Input, "input", "input edge(src: String, dst: String) from csv(\"edges.csv\");"),
    (TokenKind::Param, "param", "param limit: Int = 10;"),
    (TokenKind::View, "view", "view dist(src: String, dst: String) -> Min<Nat>;"),
    (TokenKind::Output, "output", "output dist to csv(\"dist.csv\");"),
    (TokenKind::Extern, "extern block", "extern wasm \"m.wasm\" { fn f(a: String) -> Int; }"),
    (TokenKind::Table, "table", "table stock(sku: String) -> Sum<Int>;"),
    (TokenKind::Event, "event", "event late(order: Id);"),
    (TokenKind::Message, "message", "message ping(at: Time);"),
    (TokenKind::Request, "request", "request get(key: String) -> Option<String>;"),
    (TokenKind::Timer, "timer", "timer beat every 1s;"),
    (TokenKind::Service, "service", "service Cart { … }"),
    (TokenKind::Agent, "agent", "agent Node(rank: Int) { … }"),
    (TokenKind::Coordinate, "`coordinate` block", "coordinate close by session because \"…\" { on … }"),
    (TokenKind::On, "`on` block", "on add(sku, qty) { merge stock(sku) -> qty; }"),
    (TokenKind::Test, "test", "test \"what it promises\" { given a(1); expect b(2); }"),
    (TokenKind::Given, "`given`", "given edge(\"a\", \"b\", 1);"),
    (TokenKind::Expect, "`expect`", "expect dist(\"a\", \"b\") -> 1, not reach(\"b\", \"a\");"),
    (TokenKind::After, "`after`", "after 500ms;"),
    (TokenKind::In, "`in` block", "in Cart { given …; expect …; }"),
    (TokenKind::Let, "`let`", "let total = price * qty;"),
    (TokenKind::Merge, "effect", "merge stock(sku) -> qty;"),
    (TokenKind::Remove, "effect", "remove draft(id, _) because \"…\";"),
    (TokenKind::Seal, "effect", "seal votes(id);"),
    (TokenKind::Send, "effect", "send ping(at) to Node(n) if n in ranks;"),
    (TokenKind::Schedule, "effect", "schedule late(id) after 40ms;"),
    (TokenKind::Reply, "effect", "reply v if maybe sample value(key) -> v because \"…\";"),
    (TokenKind::Lower, "rule", "reach(a, c) if reach(a, b), edge(b, c);"),
];

/// What the part is called in messages.
pub(super) fn name(failure: &Failure<'_>) -> &'static str {
    find(failure).map_or("part", |(_, name, _)| name)
}

/// Adds what the part should look like.
pub(super) fn note(failure: &Failure<'_>, diagnostic: Diagnostic) -> Diagnostic {
    match find(failure) {
        Some((_, name, form)) => {
            let article = if name.starts_with(['a', 'e', 'i', 'o']) || name.starts_with("`on`") || name.starts_with("`in`") {
                "An"
            } else {
                "A"
            };
            diagnostic.note(format!("{article} {name} looks like `{form}`."))
        }
        None => diagnostic,
    }
}

fn find(failure: &Failure<'_>) -> Option<&'static (TokenKind, &'static str, &'static str)> {
    let keyword = failure.tokens[failure.keyword].kind;
    FORMS.iter().find(|(kind, _, _)| *kind == keyword)
}
