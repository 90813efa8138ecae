//! Random edits: however a text came about, what is published is what a fresh check says of it.
//!
//! `SHEAF_EDITS=50000` makes that many edits in each of the four runs, and then also asks that memory
//! has not grown; `SHEAF_EDITS_SEED` replays others.

mod common;

use common::Client;
use serde_json::{Value, json};
use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::diagnostic::Severity;
use sheaf_compiler::source::Sources;
use sheaf_lsp::Options;

const FILE: &str = "/edits.sheaf";

const BASE: &str = r#"//! Wer braucht was? 😀
input dépend(package: String, target: String) from csv("d.csv");

/// Directly or not — « indirect ».
view needs(package: String, target: String);
needs(p, t) if dépend(p, t);
needs(p, t) if needs(p, q), dépend(q, t), q != "ß😀";

view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

record Line { sku: String, qty: Int }
enum Shape { Dot, Circle(Float) }

fn twice(x: Int) -> Int {
    let y = x * 2;
    match y { 0 => 1, other => other + 1 }
}

view heavy(name: String, value: Int);
heavy(n, v) if weight(p) -> w, let n = p.upper(), let v = twice(w), not dépend(_, p);

table stock(item: String) -> Max<Int>;
event sold(item: String, n: Int);
on sold(item, n) { merge stock(item) -> n; }

output heavy to csv("heavy.csv");

test "é chain" {
    given dépend("a", "😀"), dépend("😀", "c");
    expect needs("a", "c"), weight("a") -> 2;
}
"#;

/// What is written in place of what was there.
const WRITTEN: &[&str] = &[
    "",
    "",
    "",
    "a",
    "ß",
    "😀",
    "\n",
    "\r\n",
    " ",
    "(",
    ")",
    "{",
    "}",
    ",",
    ";",
    "\"",
    "// ",
    "///",
    "->",
    "if ",
    "not ",
    "needs(p, t)",
    "view é(x: Int);\n",
    "1",
    "0.5",
    "x.upper()",
    "use std.text.words;\n",
    "..",
    "_",
    "@",
    "let z = 1, ",
    "\u{301}",
    "test \"x\" { ",
    "[e for e in xs]",
    "on ",
    "service S {",
];

/// Sebastiano Vigna's splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// The position of an offset, counted by hand. A `\r` alone ends a line, too.
fn position(text: &str, offset: usize, encoding: &str) -> Value {
    let (mut line, mut character) = (0, 0);
    for (at, c) in text[..offset].char_indices() {
        let is_pair = c == '\r' && text[at + 1..].starts_with('\n');
        if c == '\n' || c == '\r' && !is_pair {
            (line, character) = (line + 1, 0);
        } else {
            character += if encoding == "utf-8" {
                c.len_utf8()
            } else {
                c.len_utf16()
            };
        }
    }
    json!({ "line": line, "character": character })
}

/// What a fresh check says: code, severity, place.
fn expected(text: &str, encoding: &str) -> Vec<Value> {
    let mut sources = Sources::new();
    let root = sources.add(FILE, text);
    let checked = check(&mut sources, root, &mut NoModules);
    let diagnostics = checked.diagnostics.iter();
    diagnostics
        .map(|diagnostic| {
            let span = diagnostic.primary.span;
            let message = diagnostic.message.clone();
            json!([
                diagnostic.code.as_str(),
                match diagnostic.severity {
                    Severity::Error => 1,
                    Severity::Warning => 2,
                    Severity::Lint => 3,
                },
                position(text, span.start as usize, encoding),
                position(text, span.end as usize, encoding),
                message,
            ])
        })
        .collect()
}

fn found(published: &[Value], expected: &[Value]) -> Vec<Value> {
    let found = published
        .iter()
        .zip(expected.iter().map(Some).chain(std::iter::repeat(None)));
    found
        .map(|(diagnostic, expected)| {
            let text = diagnostic["message"].as_str().expect("a text");
            // The message stands first, before what else there is to say.
            let wanted = expected.and_then(|expected| expected[4].as_str());
            let message = wanted
                .filter(|wanted| text.starts_with(wanted))
                .unwrap_or(text);
            let range = &diagnostic["range"];
            // What nothing uses is only a hint.
            let severity = diagnostic["severity"].as_u64();
            json!([
                diagnostic["code"],
                severity.map(|severity| severity.min(3)),
                range["start"],
                range["end"],
                message
            ])
        })
        .collect()
}

/// Resident memory in pages.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split(' ').nth(1)?.parse().ok()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Edits a text at random and compares after every hundredth time.
fn edit(encoding: &str, seed: u64) {
    let edits = number("SHEAF_EDITS").unwrap_or(500) as usize;
    let seed = number("SHEAF_EDITS_SEED").unwrap_or(seed);
    let mut random = Random(seed);
    let mut client = Client::start(Options::default(), encoding);
    let mut text = BASE.to_owned();
    client.open(FILE, &text);
    let mut early = None;
    for count in 1..=edits {
        let change = if count % 1500 == 0 {
            text = BASE.to_owned();
            json!({ "text": text })
        } else {
            let boundaries: Vec<usize> = text
                .char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .collect();
            let start = random.below(boundaries.len());
            let most = if text.len() > 3000 { 60 } else { 6 };
            let end = (start + random.below(most)).min(boundaries.len() - 1);
            let (start, end) = (boundaries[start], boundaries[end]);
            let written = WRITTEN[random.below(WRITTEN.len())];
            let range = json!({ "start": position(&text, start, encoding), "end": position(&text, end, encoding) });
            // A place between `\r` and `\n` has no position of its own.
            let splits_line_end =
                |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
            if splits_line_end(start) || splits_line_end(end) {
                json!({ "range": { "start": position(&text, 0, encoding), "end": position(&text, 0, encoding) }, "text": "" })
            } else {
                text.replace_range(start..end, written);
                json!({ "range": range, "text": written })
            }
        };
        let version = client.change(FILE, json!([change]));
        if count % 100 == 0 {
            let published = client.diagnostics(FILE, version);
            let expected = expected(&text, encoding);
            let found = found(&published, &expected);
            assert_eq!(
                found, expected,
                "seed {seed}, {encoding}, after {count} edits:\n{text}"
            );
        }
        // Other requests on half a text must not fail either.
        if count % 25 == 0 {
            let end = position(&text, random_boundary(&text, &mut random), encoding);
            let at =
                json!({ "textDocument": { "uri": format!("file://{FILE}") }, "position": end });
            let document = json!({ "textDocument": { "uri": format!("file://{FILE}") } });
            for method in [
                "textDocument/completion",
                "textDocument/hover",
                "textDocument/signatureHelp",
            ] {
                client.request(method, at.clone());
            }
            for method in [
                "textDocument/semanticTokens/full",
                "textDocument/documentSymbol",
                "textDocument/foldingRange",
            ] {
                client.request(method, document.clone());
            }
        }
        if count == edits / 5 {
            early = memory();
        }
    }
    client.stop();
    if let (Some(early), Some(late)) = (early, memory()) {
        println!(
            "{encoding}, seed {seed}, {edits} edits: {early} pages after a fifth, {late} at the end"
        );
        if edits >= 50_000 {
            assert!(
                late * 10 <= early * 11,
                "memory grew from {early} to {late} pages"
            );
        }
    }
}

fn random_boundary(text: &str, random: &mut Random) -> usize {
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    match boundaries.len() {
        0 => 0,
        count => boundaries[random.below(count)],
    }
}

#[test]
fn edits_in_bytes() {
    edit("utf-8", 1);
}

#[test]
fn other_edits_in_bytes() {
    edit("utf-8", 2);
}

#[test]
fn edits_in_units() {
    edit("utf-16", 3);
}

#[test]
fn other_edits_in_units() {
    edit("utf-16", 4);
}
