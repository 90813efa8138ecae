//! Random rules, evaluated by the letter of the language and as lowered graphs.
//!
//! The two evaluators share only the meaning of single functions.

mod checked;
mod functions;
mod graph;
mod random;
mod reversal;

use std::collections::BTreeMap;

use proptest::prelude::*;
use sheaf_ir::Value;

use super::lower;

type Row = Vec<Value>;

/// Rows of the inputs, by name.
type Facts = BTreeMap<String, Vec<Row>>;

fn facts() -> impl Strategy<Value = Facts> {
    let rows = |arity: usize| {
        prop::collection::vec(
            prop::collection::vec((0i64..3).prop_map(Value::Int), arity),
            0..4,
        )
    };
    (rows(2), rows(2), rows(1)).prop_map(|(a, b, c)| {
        BTreeMap::from([
            ("a".to_string(), a),
            ("b".to_string(), b),
            ("c".to_string(), c),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_lowered_rule_means_what_it_says(
        numbers in prop::collection::vec(0u32..840, 200),
        facts in facts(),
    ) {
        let program = random::program(&numbers);
        let lowered = lower(&program);
        prop_assert_eq!(sheaf_ir::verify::verify(&lowered), Ok(()));
        let expected = checked::run(&program, &facts);
        let found = graph::run(&lowered, &facts);
        let text = || format!("{}\n{}", random::show(&program.rules[0]), sheaf_ir::text::print(&lowered));
        // Which of several failures of one derivation is told may differ where one rests on
        // another; that there is one may not.
        prop_assert_eq!(
            found.errors.is_empty(),
            expected.errors.is_empty(),
            "errors {:?} {:?}\n{}", found.errors, expected.errors, text()
        );
        prop_assert!(
            found.errors.is_subset(&expected.errors),
            "errors {:?} {:?}\n{}", found.errors, expected.errors, text()
        );
        if expected.errors.is_empty() {
            prop_assert_eq!(found.rows, expected.rows, "{}", text());
        }
    }
}

/// What a program gives.
#[derive(Debug, Default)]
struct Outcome {
    /// Rows of the view `out`, ascending.
    rows: Vec<Row>,
    /// Starts of the spans of what failed.
    errors: std::collections::BTreeSet<u32>,
}
