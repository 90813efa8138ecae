//! The IR specification (`docs/ir.md`) is what the crate does: its tables, examples and vectors.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use sheaf_ir::binary::{content_hash, from_bytes, to_bytes};
use sheaf_ir::encoding::{decode_whole, encode_whole};
use sheaf_ir::passes::PASSES;
use sheaf_ir::shard::{column_digest, key_digest, shard_of};
use sheaf_ir::verify::{INVARIANTS, verify};
use sheaf_ir::{Function, Program, Type, Value, text};

const PAGE: &str = include_str!("../../docs/ir.md");

/// The text of the section with this number.
fn section(number: usize) -> &'static str {
    let start = PAGE
        .find(&format!("\n## {number}. "))
        .expect("a section of this number");
    let rest = &PAGE[start + 1..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The cells of all table rows in a text, without the lines below the heads.
fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_string()).collect()
        })
        .collect()
}

/// What stands between the first pair of backticks.
fn code(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(fence.as_str())
        .skip(1)
        .map(|rest| &rest[..rest.find("```").expect("an end of the block")])
        .collect()
}

/// A value written in IR text, with the types of the page.
fn value(ty: &str, value: &str) -> (Type, Value, Program) {
    let types = blocks("types").concat();
    let program = format!("sheaf-ir 1\nprogram \"v\"\n{types}param v: {ty} = {value}");
    let program = text::parse(&program).unwrap_or_else(|error| panic!("{value}: {error}"));
    verify(&program).unwrap_or_else(|violations| panic!("{violations:?}"));
    let param = program.params["v"].clone();
    (param.ty, param.default.expect("a value"), program)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_invariant_is_on_the_page() {
    let listed: Vec<(String, String)> = rows(section(16))
        .into_iter()
        .skip(1)
        .map(|row| (code(&row[0]).to_string(), row[1].clone()))
        .collect();
    let known: Vec<(String, String)> = INVARIANTS
        .iter()
        .map(|(name, meaning)| (name.to_string(), meaning.to_string()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn every_pass_is_on_the_page_in_the_order_in_which_they_run() {
    let listed: Vec<(String, String)> = rows(section(18))
        .into_iter()
        .skip(1)
        .map(|row| (code(&row[0]).to_string(), row[1].clone()))
        .collect();
    let known: Vec<(String, String)> = PASSES
        .iter()
        .map(|pass| (pass.name.to_string(), pass.summary.to_string()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn every_function_is_on_the_page_in_the_order_of_the_binary_form() {
    let table = section(6).split("\n#### ").next().expect("a table");
    let listed: Vec<String> = rows(table)
        .into_iter()
        .skip(1)
        .map(|row| {
            code(&row[0])
                .split('<')
                .next()
                .unwrap_or_default()
                .to_string()
        })
        .collect();
    let parameterised = [
        Function::Record(String::new()),
        Function::Variant(String::new(), 0),
        Function::Field(0),
        Function::IsVariant(0),
        Function::Payload(0, 0),
        Function::None(Type::Int),
        Function::List(Type::Int),
        Function::Set(Type::Int),
        Function::Map(Type::Int, Type::Int),
        Function::ToDecimal(0),
        Function::ParseDecimal(0),
        Function::Unreversed(Type::Int),
    ];
    let simple = Function::SIMPLE.iter().map(|(_, function)| function);
    let known: Vec<&Function> = simple.chain(&parameterised).collect();
    let names: Vec<&str> = known.iter().map(|function| function.name()).collect();
    assert_eq!(listed, names);
    for (index, function) in known.into_iter().enumerate() {
        let bytes = postcard::to_stdvec(function).expect("a function has bytes");
        let (row, _): (u32, _) = postcard::take_from_bytes(&bytes).expect("bytes begin with a row");
        assert_eq!(row as usize, index, "{}", function.name());
    }
}

#[test]
fn every_operator_and_combiner_is_on_the_page() {
    let everything = include_str!("files/everything.sir");
    let program = text::parse(everything).expect("the file of everything parses");
    let names = |section_number: usize| -> Vec<String> {
        let rows = rows(section(section_number)).into_iter();
        rows.map(|row| code(&row[0]).to_string()).collect()
    };
    for node in program.graph.node_weights() {
        let name = node.operator.name().to_string();
        assert!(names(8).contains(&name), "{name}");
        assert!(section(13).contains(&name), "{name}");
    }
    let combiners = "min max any all union count sum avg top(n) one sorted lww map(c) lattice l";
    let listed = names(9).into_iter().filter(|name| !name.is_empty());
    assert_eq!(listed.collect::<Vec<_>>().join(" "), combiners);
}

#[test]
fn examples_print_as_they_stand_and_verify() {
    for example in [blocks("sir"), blocks("vector")].concat() {
        let program = text::parse(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
        if let Err(violations) = verify(&program) {
            panic!("{violations:?}\n{example}");
        }
    }
    for example in blocks("sir") {
        let program = text::parse(example).expect("an example parses");
        assert_eq!(text::print(&program), example);
    }
}

#[test]
fn encoding_vectors_hold() {
    let vectors = rows(section(3)).into_iter().filter(|row| row.len() == 3);
    let mut count = 0;
    for row in vectors.skip(1) {
        let (ty, value, program) = value(code(&row[0]), code(&row[1]));
        let bytes = encode_whole(&value);
        assert_eq!(hex(&bytes), code(&row[2]), "{row:?}");
        assert_eq!(decode_whole(&ty, &program.types, &bytes), Some(value));
        count += 1;
    }
    assert!(count >= 40, "{count} vectors");
}

#[test]
fn shard_vectors_hold() {
    let mut count = 0;
    for row in rows(section(4)).into_iter().skip(1) {
        let (_, key, _) = value(code(&row[0]), code(&row[1]));
        let Value::Tuple(columns) = key else {
            panic!("{row:?} is not a tuple of columns");
        };
        let digests: Vec<u64> = columns
            .iter()
            .map(|column| column_digest(&encode_whole(column)))
            .collect();
        let digest = key_digest(&digests);
        assert_eq!(format!("{digest:016x}"), code(&row[2]), "{row:?}");
        assert_eq!(shard_of(digest).to_string(), row[3], "{row:?}");
        count += 1;
    }
    assert!(count >= 10, "{count} vectors");
}

#[test]
fn the_binary_vector_holds() {
    let program = text::parse(blocks("vector")[0]).expect("the vector parses");
    let lines: Vec<&str> = blocks("hex").into_iter().flat_map(str::lines).collect();
    let (hash, bytes) = lines.split_last().expect("bytes and a hash");
    assert_eq!(hex(&to_bytes(&program)), bytes.concat());
    assert_eq!(hex(&content_hash(&program)), *hash);
    assert!(from_bytes(&to_bytes(&program)).expect("own bytes") == program);
}
