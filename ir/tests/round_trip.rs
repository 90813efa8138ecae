//! Every program survives text and bytes, and nothing that is read can do harm.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

mod common;

use proptest::prelude::*;
use sheaf_ir::binary::{self, BinaryError, content_hash};
use sheaf_ir::graph::Program;
use sheaf_ir::{infer, text, verify};

/// The same program with its nodes added in the opposite order.
fn reversed(program: &Program) -> Program {
    let mut other = Program {
        graph: Default::default(),
        ..program.clone()
    };
    let mut ids: Vec<_> = program.graph.node_indices().collect();
    ids.reverse();
    let map: std::collections::BTreeMap<_, _> = ids
        .iter()
        .map(|id| (*id, other.add(program.graph[*id].clone())))
        .collect();
    for id in ids {
        for (port, from) in program.inputs(id).into_iter().rev() {
            other.connect(map[&from], map[&id], port);
        }
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn text_reads_back_as_the_same_program(program in common::program()) {
        let printed = text::print(&program);
        let parsed = match text::parse(&printed) {
            Ok(parsed) => parsed,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{printed}"))),
        };
        // Bytes hold all there is: spans, files and names as well.
        prop_assert!(
            binary::to_bytes(&program) == binary::to_bytes(&parsed),
            "{printed}\n{}",
            text::print(&parsed)
        );
        prop_assert_eq!(&printed, &text::print(&parsed));
        let plain = text::parse(&text::print_plain(&program)).expect("plain text parses");
        prop_assert!(plain == program);
    }

    #[test]
    fn bytes_read_back_as_the_same_program(program in common::program()) {
        let bytes = binary::to_bytes(&program);
        let read = binary::from_bytes(&bytes).expect("own bytes are a program");
        prop_assert_eq!(&bytes, &binary::to_bytes(&read));
        prop_assert!(read == program);
        prop_assert_eq!(content_hash(&read), content_hash(&program));
    }

    #[test]
    fn the_order_of_nodes_is_not_seen(program in common::program()) {
        let other = reversed(&program);
        prop_assert!(other == program);
        prop_assert_eq!(text::print(&other), text::print(&program));
        prop_assert_eq!(binary::to_bytes(&other), binary::to_bytes(&program));
        prop_assert_eq!(content_hash(&other), content_hash(&program));
        prop_assert_eq!(verify::verify(&other), verify::verify(&program));
    }

    #[test]
    fn no_program_makes_the_verifier_or_inference_panic(program in common::program()) {
        let _ = verify::verify(&program);
        for id in program.graph.node_indices() {
            let _ = infer::collection(&program, id);
        }
        let mut annotated = program.clone();
        infer::annotate(&mut annotated);
        // What inference fills in is justified, save where there is no order to fill it in.
        let filled = ["set-justified", "key-justified", "label-justified", "key-form"];
        if let Err(violations) = verify::verify(&annotated)
            && !violations.iter().any(|violation| violation.invariant == "cycle-variable")
        {
            for violation in violations {
                let is_stored = violation.message.contains("is not a new key");
                prop_assert!(
                    is_stored || !filled.contains(&violation.invariant),
                    "{violation}\n{}",
                    text::print(&annotated)
                );
            }
        }
    }

    #[test]
    fn damaged_text_is_refused_or_read(
        program in common::program(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let mut text = text::print(&program);
        for (from, to) in cuts {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let (a, b) = (places[from.index(places.len())], places[to.index(places.len())]);
            let piece: String = text[a.min(b)..a.max(b)].chars().take(20).collect();
            // Either a piece comes twice or it is left out.
            match a < b {
                true => text.insert_str(a, &piece),
                false => text.replace_range(b..b + piece.len(), ""),
            }
            if text.is_empty() {
                break;
            }
        }
        if let Ok(program) = text::parse(&text) {
            let _ = verify::verify(&program);
        }
    }

    #[test]
    fn damaged_bytes_are_refused(
        program in common::program(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let bytes = binary::to_bytes(&program);
        let mut damaged = bytes.clone();
        damaged[at.index(bytes.len())] ^= byte.max(1);
        prop_assert!(binary::from_bytes(&damaged).is_err());
        prop_assert!(binary::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        // Even where the hash is right, what is read is an error or some program.
        let body = &mut damaged[44..];
        let mut whole = bytes[..12].to_vec();
        whole.extend_from_slice(blake3::hash(body).as_bytes());
        whole.extend_from_slice(body);
        if let Ok(program) = binary::from_bytes(&whole) {
            let _ = verify::verify(&program);
        }
    }
}

/// A binary program with this body and the right head.
fn with_head(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"sheaf-ir\x02\0\0\0".to_vec();
    bytes.extend_from_slice(blake3::hash(body).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn other_bytes_are_refused_by_name() {
    assert_eq!(
        binary::from_bytes(b"").err(),
        Some(BinaryError::NotAProgram)
    );
    assert_eq!(
        binary::from_bytes(b"PK\x03\x04").err(),
        Some(BinaryError::NotAProgram)
    );
    assert_eq!(
        binary::from_bytes(b"sheaf-ir").err(),
        Some(BinaryError::Damaged)
    );
    let mut bytes = binary::to_bytes(&Program::default());
    bytes[8] = 9;
    assert_eq!(
        binary::from_bytes(&bytes).err(),
        Some(BinaryError::Version(9))
    );
    let malformed = binary::from_bytes(&with_head(&[1; 300]));
    assert!(matches!(malformed, Err(BinaryError::Malformed(_))));
}

#[test]
fn nesting_cannot_exhaust_the_stack() {
    // A record whose only field is an Option of an Option of …: one byte a level.
    let mut body = vec![0, 0, 1, 1, b'R', 0, 1, 1, b'f'];
    body.extend_from_slice(&[12; 1_000_000]);
    assert!(matches!(
        binary::from_bytes(&with_head(&body)),
        Err(BinaryError::Malformed(_))
    ));
    for (open, close) in [
        ("neg(", ")"),
        ("[for give ", "]"),
        ("if(true, 1, ", ")"),
        ("(", ": Int)"),
    ] {
        for depth in [190, 1_000_000] {
            let program = format!(
                "sheaf-ir 1\nprogram \"deep\"\nvalues %v (n: Int) bag closed rows [({}1{})]",
                open.repeat(depth),
                close.repeat(depth)
            );
            match text::parse(&program) {
                Ok(program) => {
                    let bytes = binary::to_bytes(&program);
                    assert!(
                        binary::from_bytes(&bytes).expect("own bytes") == program,
                        "{open}"
                    );
                    let _ = verify::verify(&program);
                }
                Err(error) => assert!(error.expected.contains("nested"), "{error}"),
            }
        }
    }
    let types = format!(
        "sheaf-ir 1\nprogram \"deep\"\nparam p: {}",
        "Option<".repeat(1_000_000)
    );
    assert!(text::parse(&types).is_err());
    let values = format!(
        "sheaf-ir 1\nprogram \"deep\"\nparam p: Int = {}",
        "[".repeat(1_000_000)
    );
    assert!(text::parse(&values).is_err());
    let combiners = format!(
        "sheaf-ir 1\nprogram \"deep\"\ncombine %c (n: Int) set closed by {}",
        "map(".repeat(1_000_000)
    );
    assert!(text::parse(&combiners).is_err());
    let fixpoints = "fixpoint %f limit 1 {".repeat(100_000);
    assert!(text::parse(&format!("sheaf-ir 1\nprogram \"deep\"\n{fixpoints}")).is_err());
}
