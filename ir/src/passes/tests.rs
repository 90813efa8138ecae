//! Random graphs give the same rows before and after each pass, and after all of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{PASSES, Selection, World, optimize};
use crate::plan::tests::simulate::{program, rows, run};
use crate::plan::{choose, validate};
use crate::sizes::Sizes;
use crate::verify::verify;
use crate::{Operator, Program, infer};

/// Takes some outputs away, so that there is something to melt together and to drop.
fn with_fewer_sinks(mut program: Program, numbers: &[u32]) -> Program {
    for (at, id) in program.nodes_by_name().into_iter().enumerate() {
        let is_sink = matches!(program.graph[id].operator, Operator::Sink { .. });
        if is_sink && numbers.get(at).is_some_and(|number| number % 3 > 0) {
            program.graph.remove_node(id);
        }
    }
    infer::annotate(&mut program);
    program
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn passes_keep_rows(
        numbers in prop::collection::vec(0u32..60, 120),
        sinks in prop::collection::vec(0u32..60, 40),
        x in rows(2),
        y in rows(3),
        sizes in (1u64..100_000, 1u64..100_000),
    ) {
        let before = with_fewer_sinks(program(&numbers).program, &sinks);
        prop_assert_eq!(verify(&before), Ok(()));
        let given = BTreeMap::from([("x".to_string(), x), ("y".to_string(), y)]);
        let rows = BTreeMap::from([("x".to_string(), sizes.0), ("y".to_string(), sizes.1)]);
        let sizes = Sizes { rows };
        let wanted = run(&before, &choose(&before, &sizes), 1, &given);
        let one = PASSES.iter().map(|pass| Selection::Only(BTreeSet::from([pass.name.to_string()])));
        for selection in one.chain([Selection::All]) {
            let mut after = before.clone();
            let world = World { sizes: &sizes, evaluate: &|_, _| None };
            optimize(&mut after, &selection, &world);
            prop_assert_eq!(verify(&after), Ok(()), "{:?}", &selection);
            let plan = choose(&after, &sizes);
            prop_assert_eq!(validate(&after, &plan), Ok(()), "{:?}", &selection);
            for workers in [1, 2] {
                prop_assert_eq!(&run(&after, &plan, workers, &given), &wanted, "{:?}", &selection);
            }
        }
    }
}
