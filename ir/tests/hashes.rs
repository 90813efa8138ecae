//! What content hashes see, and what they do not.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeSet;

use sheaf_ir::binary::{content_hash, node_hash, node_hashes, rule_hashes};
use sheaf_ir::{Program, text};

const PROGRAM: &str = r#"sheaf-ir 1
program "hashes"
file 0 "a.sheaf"
param limit: Int = 3
source %in @0:1..2 (k: String, xs: List<Int>) bag closed from ndjson("in")
map %out#1.1 @0:3..4 (k: String, n: Int) bag closed = %in give in.k, let($4 = sum(for $2 in in.xs give $2), add($4, param.limit))
map %out#2.1 (k: String, n: Int) bag closed = %in where eq(in.k, "a") give in.k, 1
combine %out (k: String, n: Int) set closed key(k) = %out#1.1, %out#2.1 by max
sink %out:out (k: String, n: Int) set closed key(k) = %out to csv("out")
"#;

fn program(text: &str) -> Program {
    text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The program with one piece of text replaced everywhere.
fn with(from: &str, to: &str) -> Program {
    assert!(PROGRAM.contains(from), "{from}");
    program(&PROGRAM.replace(from, to))
}

#[test]
fn names_of_steps_and_columns_spans_files_and_locals_are_not_seen() {
    let hash = content_hash(&program(PROGRAM));
    for (from, to) in [
        ("@0:3..4 ", ""),
        ("@0:1..2", "@0:5..900"),
        ("file 0 \"a.sheaf\"\n", ""),
        ("$4", "$0"),
        ("$2", "$77"),
        ("%out#1.1", "%out#abc.1"),
        ("%out#1.1", "%zzz#1"),
        ("bag closed = %in where", "bag closed = 0: %in where"),
    ] {
        let other = with(from, to);
        assert_eq!(content_hash(&other), hash, "{from} -> {to}");
    }
    // Equality sees the names of steps, for plans go by them; else it agrees.
    assert!(with("$4", "$0") == program(PROGRAM));
    assert!(with("@0:3..4 ", "") == program(PROGRAM));
    assert!(with("%out#1.1 @0:3..4 (k: String, n", "%out#1.1 (a: String, b") == program(PROGRAM));
    assert!(with("%out#1.1", "%zzz#1") != program(PROGRAM));
}

#[test]
fn meaning_is_seen() {
    let mut hashes = BTreeSet::from([content_hash(&program(PROGRAM))]);
    for (from, to) in [
        ("\"hashes\"", "\"other\""),
        ("= 3\n", "= 4\n"),
        ("param limit: Int = 3", "param limit: Int"),
        ("\"in\"", "\"elsewhere\""),
        ("\"a\"", "\"b\""),
        ("add", "sub"),
        ("by max", "by min"),
        (
            "sum(for $2 in in.xs give $2)",
            "sum(for $2 in in.xs give $4)",
        ),
        ("= %out#1.1, %out#2.1", "= %out#1.1"),
        ("= %out#1.1, %out#2.1", "= %out#1.1, %out#2.1, %out#2.1"),
        ("give in.k, 1", "give in.k, 2"),
        ("source %in @0:1..2 (k:", "source %in @0:1..2 (\"key\":"),
        (
            "(k: String, n: Int) set closed key(k) = %out to",
            "(k: String, n: Int) set closed = %out to",
        ),
    ] {
        let text = PROGRAM
            .replace("in.k", "in.#0")
            .replace("key(k)", "key(#0)");
        let (from, to) = (from.replace("in.k", "in.#0"), to.replace("in.k", "in.#0"));
        let from = from.replace("key(k)", "key(#0)");
        assert!(text.contains(&from), "{from}");
        let other = program(&text.replace(&from, &to));
        assert!(hashes.insert(content_hash(&other)), "{from} -> {to}");
        assert!(other != program(PROGRAM), "{from} -> {to}");
    }
}

#[test]
fn a_node_is_hashed_with_what_feeds_it() {
    let (a, b) = (program(PROGRAM), with("\"a\"", "\"b\""));
    let hash = |program: &Program, name: &str| {
        node_hash(program, program.find(name).expect("a node of this name"))
    };
    // The changed step, and the relation that its hash goes into; not what goes by name.
    assert_ne!(hash(&a, "out#2.1"), hash(&b, "out#2.1"));
    assert_ne!(hash(&a, "out"), hash(&b, "out"));
    assert_eq!(hash(&a, "out#1.1"), hash(&b, "out#1.1"));
    assert_eq!(hash(&a, "out:out"), hash(&b, "out:out"));
    let renamed = with("%out#1.1", "%zzz#7.3");
    assert_eq!(hash(&a, "out#1.1"), hash(&renamed, "zzz#7.3"));
    let (rules, others) = (rule_hashes(&a), rule_hashes(&b));
    assert_eq!(rules.keys().collect::<Vec<_>>(), ["out#1", "out#2"]);
    assert_eq!(rules["out#1"], others["out#1"]);
    assert_ne!(rules["out#2"], others["out#2"]);
}

const WITH_FUNCTIONS: &str = r#"sheaf-ir 1
program "functions"
fn bottom(): Int = 0
fn helper(Int): Int @0:1..2 = let($1 = 1, add($0, $1))
fn join(Int, Int): Int = greatest(invoke.helper($0), $1)
fn other(Int): Int = $0
lattice top: Int bottom bottom join join @0:3..4
source %in (k: String, n: Int) bag closed from csv("in")
map %out#1.1 (k: String, n: Int) bag closed = %in give in.k, invoke.other(in.n)
combine %out (k: String, n: Int) set closed key(k) = %out#1.1 by lattice top
combine %maximum (k: String, n: Int) set closed key(k) = %in by max
"#;

#[test]
fn a_node_is_hashed_with_the_functions_and_lattices_it_uses() {
    let before = program(WITH_FUNCTIONS);
    let hash = |program: &Program, name: &str| {
        node_hash(program, program.find(name).expect("a node of this name"))
    };
    for (from, to, changed) in [
        ("@0:1..2 ", "", &[][..]),
        (" @0:3..4", "", &[]),
        ("let($1 = 1, add($0, $1))", "let($7 = 1, add($0, $7))", &[]),
        ("let($1 = 1", "let($1 = 2", &["out"]),
        ("bottom(): Int = 0", "bottom(): Int = 1", &["out"]),
        (
            "other(Int): Int = $0",
            "other(Int): Int = 5",
            &["out#1.1", "out"],
        ),
    ] {
        assert!(WITH_FUNCTIONS.contains(from), "{from}");
        let after = program(&WITH_FUNCTIONS.replace(from, to));
        for name in ["in", "out#1.1", "out", "maximum"] {
            let is_changed = hash(&before, name) != hash(&after, name);
            assert_eq!(
                is_changed,
                changed.contains(&name),
                "{name}: {from} -> {to}"
            );
        }
        let is_changed = content_hash(&before) != content_hash(&after);
        assert_eq!(is_changed, !changed.is_empty(), "{from} -> {to}");
        assert_eq!(before != after, is_changed, "{from} -> {to}");
    }
}

#[test]
fn the_hash_of_a_node_is_that_of_the_text_in_the_specification() {
    let program = program(PROGRAM);
    let hashes = node_hashes(&program);
    let hash = |name: &str| hashes[&program.find(name).expect("a node of this name")];
    let step = "sheaf-ir node 1\nmap (String, Int) bag closed\n\
                where eq(in.#0, \"a\")\ngive in.#0, 1\n0 \"in\"";
    assert_eq!(hash("out#2.1"), *blake3::hash(step.as_bytes()).as_bytes());
    let relation = "sheaf-ir node 1\nsource \"in\" (k: String, xs: List<Int>) bag closed\n\
                    from ndjson(\"in\")";
    assert_eq!(hash("in"), *blake3::hash(relation.as_bytes()).as_bytes());
    let first = "sheaf-ir node 1\nmap (String, Int) bag closed\n\
                 give in.#0, let($0 = sum(for $1 in in.#1 give $1), add($0, param.limit))\n0 \"in\"";
    assert_eq!(hash("out#1.1"), *blake3::hash(first.as_bytes()).as_bytes());
    let mut inputs = [hash("out#1.1"), hash("out#2.1")]
        .map(|step| format!("0 {}", blake3::Hash::from(step).to_hex()));
    inputs.sort();
    let combine = format!(
        "sheaf-ir node 1\ncombine \"out\" (k: String, n: Int) set closed key(k)\nby max\n{}",
        inputs.join("\n")
    );
    assert_eq!(hash("out"), *blake3::hash(combine.as_bytes()).as_bytes());
}
