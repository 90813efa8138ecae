//! Every operator gives what its naive counterpart over bags gives, under random batches,
//! interleavings of ports and fuel.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sheaf_ir::plan::Plan;
use sheaf_ir::{Block, Combiner, Expr, Function, Operator as Ir, Type, Value};
use sheaf_kernels::words::word_of;

use super::testing::*;
use super::{build, build_pre_distinct, build_split_combine};
use crate::{ErrorRow, Operator};

type Row = Vec<u64>;

/// Rows of two columns with few different words, some of them wide.
fn bag(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let word = prop_oneof![20 => 0..8u64, 1 => Just(u64::MAX), 1 => Just(i64::MAX as u64), 1 => Just(1 << 40), 1 => Just(u32::MAX as u64)];
    prop::collection::vec(prop::collection::vec(word, 2), 0..most)
}

fn binary(operator: Ir, arity: usize) -> Box<dyn Operator> {
    let mut graph = Graph::default();
    let left = graph.source("left", 2);
    let right = graph.source("right", 2);
    let id = graph.node("node", operator, &ints(arity), None, &[left, right]);
    build(&graph.program, id, &Plan::default(), &environment()).unwrap()
}

fn unary(operator: Ir, arity: usize) -> Box<dyn Operator> {
    let mut graph = Graph::default();
    let input = graph.source("input", 2);
    let id = graph.node("node", operator, &ints(arity), None, &[input]);
    build(&graph.program, id, &Plan::default(), &environment()).unwrap()
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

fn pairs<'a>(
    left: &'a [Row],
    right: &'a [Row],
) -> impl Iterator<Item = (&'a Row, &'a Row)> + Clone {
    left.iter().flat_map(|l| right.iter().map(move |r| (l, r)))
}

fn less(a: Expr, b: Expr) -> Expr {
    call(Function::Lt, vec![a, b], Type::Bool)
}

fn join(left_key: Vec<usize>, right_key: Vec<usize>, block: Block) -> Ir {
    Ir::Join {
        left_key,
        right_key,
        block,
    }
}

proptest! {
    #[test]
    fn join_projects_pairs(left in bag(60), right in bag(60), seed: u64) {
        let mut operator = binary(join(vec![1], vec![0], columns(&[3, 0, 1, 2])), 4);
        let given = feed(&mut *operator, &[&left, &right], seed);
        let expected = pairs(&left, &right)
            .filter(|(l, r)| l[1] == r[0])
            .map(|(l, r)| vec![r[1], l[0], l[1], r[0]]);
        prop_assert_eq!(given.sorted(0), sorted(expected.collect()));
    }

    #[test]
    fn join_on_two_columns_or_one_twice(left in bag(60), right in bag(60), seed: u64) {
        let mut operator = binary(join(vec![0, 1], vec![1, 1], columns(&[0, 2])), 2);
        let given = feed(&mut *operator, &[&left, &right], seed);
        let expected = pairs(&left, &right)
            .filter(|(l, r)| l[0] == r[1] && l[1] == r[1])
            .map(|(l, r)| vec![l[0], r[0]]);
        prop_assert_eq!(given.sorted(0), sorted(expected.collect()));
    }

    #[test]
    fn join_without_key_or_columns_is_a_count_of_pairs(left in bag(50), right in bag(50), seed: u64) {
        let mut operator = binary(join(vec![], vec![], columns(&[])), 0);
        let given = feed(&mut *operator, &[&left, &right], seed);
        prop_assert_eq!(given.sorted(0).len(), left.len() * right.len());
    }

    #[test]
    fn join_filters_and_computes(left in bag(60), right in bag(60), seed: u64) {
        let block = Block {
            conditions: vec![less(column(0), column(3))],
            outputs: vec![plus(column(0), constant(1)), column(3)],
        };
        let mut operator = binary(join(vec![1], vec![0], block), 2);
        let given = feed(&mut *operator, &[&left, &right], seed);
        let expected = pairs(&left, &right)
            .filter(|(l, r)| l[1] == r[0] && (l[0] as i64) < r[1] as i64)
            .map(|(l, r)| vec![l[0].wrapping_add(1), r[1]]);
        prop_assert_eq!(given.sorted(0).len() + given.errors.len(), expected.clone().count());
        if given.errors.is_empty() {
            prop_assert_eq!(given.sorted(0), sorted(expected.collect()));
        }
    }

    #[test]
    fn semijoin_and_antijoin_split_the_left_side(left in bag(80), right in bag(12), seed: u64) {
        let keys = || (vec![1], vec![0]);
        let (left_key, right_key) = keys();
        let mut semijoin = binary(Ir::Semijoin { left_key, right_key }, 2);
        let (left_key, right_key) = keys();
        let mut antijoin = binary(Ir::Antijoin { left_key, right_key }, 2);
        let known = |l: &Row| right.iter().any(|r| r[0] == l[1]);
        let (with, without) = left.iter().cloned().partition(known);
        let given = feed(&mut *semijoin, &[&left, &right], seed);
        prop_assert_eq!(given.sorted(0), sorted(with));
        let given = feed(&mut *antijoin, &[&left, &right], seed);
        prop_assert_eq!(given.sorted(0), sorted(without));
    }

    #[test]
    fn outer_join_keeps_lonely_rows(left in bag(60), right in bag(20), seed: u64) {
        let mut graph = Graph::default();
        let inputs = [graph.source("left", 2), graph.source("right", 2)];
        let option = Type::Option(Box::new(Type::Int));
        let types = [Type::Int, Type::Int, option.clone()];
        let operator = Ir::OuterJoin { left_key: vec![1], right_key: vec![0], right_columns: vec![1] };
        let id = graph.node("node", operator, &types, None, &inputs);
        let environment = environment();
        let mut operator = build(&graph.program, id, &Plan::default(), &environment).unwrap();
        let given = feed(&mut *operator, &[&left, &right], seed);
        let some = |word: Option<u64>| {
            let value = word.map(|w| Box::new(Value::Int(w as i64)));
            word_of(&Value::Option(value), &option, &environment.interner)
        };
        let mut expected = Vec::new();
        for l in &left {
            let found: Vec<&Row> = right.iter().filter(|r| r[0] == l[1]).collect();
            expected.extend(found.iter().map(|r| vec![l[0], l[1], some(Some(r[1]))]));
            if found.is_empty() {
                expected.push(vec![l[0], l[1], some(None)]);
            }
        }
        prop_assert_eq!(given.sorted(0), sorted(expected));
    }

    #[test]
    fn union_keeps_and_distinct_drops_repetitions(all in bag(200), seed: u64) {
        let given = feed(&mut *unary(Ir::Union, 2), &[&all], seed);
        prop_assert_eq!(given.sorted(0), sorted(all.clone()));
        let mut once = sorted(all.clone());
        once.dedup();
        let given = feed(&mut *unary(Ir::Distinct, 2), &[&all], seed);
        prop_assert_eq!(given.sorted(0), once.clone());
        let given = feed(&mut *build_pre_distinct(2), &[&all], seed);
        let mut some = given.sorted(0);
        some.dedup();
        prop_assert_eq!(some, once);
    }

    #[test]
    fn map_filters_projects_and_reports(all in bag(200), seed: u64) {
        let block = Block {
            conditions: vec![less(column(0), constant(5))],
            outputs: vec![column(1), plus(column(1), constant(1))],
        };
        let given = feed(&mut *unary(Ir::Map { block }, 2), &[&all], seed);
        let kept = all.iter().filter(|r| (r[0] as i64) < 5);
        let (good, bad): (Vec<&Row>, Vec<&Row>) = kept.partition(|r| (r[1] as i64).checked_add(1).is_some());
        prop_assert_eq!(given.sorted(0), sorted(good.iter().map(|r| vec![r[1], r[1].wrapping_add(1)]).collect()));
        prop_assert_eq!(given.errors.len(), bad.len());
    }

    #[test]
    fn flat_map_gives_each_element(all in bag(100), seed: u64) {
        let list = Type::List(Box::new(Type::Int));
        let each = call(Function::List(Type::Int), vec![column(0), column(1), column(0)], list);
        let block = columns(&[2, 1]);
        let given = feed(&mut *unary(Ir::FlatMap { each, block }, 2), &[&all], seed);
        let expected = all.iter().flat_map(|r| [r[0], r[1], r[0]].map(|e| vec![e, r[1]]));
        prop_assert_eq!(given.sorted(0), sorted(expected.collect()));
    }
}

#[test]
fn values_are_given_once() {
    let mut graph = Graph::default();
    let rows = vec![
        vec![constant(1), plus(constant(1), constant(1))],
        vec![constant(3), constant(4)],
    ];
    let id = graph.node("node", Ir::Values { rows }, &ints(2), None, &[]);
    let mut operator = build(&graph.program, id, &Plan::default(), &environment()).unwrap();
    let given = feed(&mut *operator, &[] as &[Vec<Row>], 1);
    assert_eq!(given.sorted(0), [[1, 2], [3, 4]]);
}

#[test]
fn a_join_names_the_row_that_failed() {
    let block = block(vec![plus(column(1), column(3))]);
    let mut operator = binary(join(vec![0], vec![0], block), 1);
    let most = i64::MAX as u64;
    let given = feed(&mut *operator, &[vec![vec![1, most]], vec![vec![1, 2]]], 3);
    assert!(given.rows.iter().all(Vec::is_empty));
    let error = &given.errors[0];
    assert_eq!(error.node, "node");
    assert_eq!(error.input[1], ("c1".into(), most.to_string()));
    assert!(error.error.message.contains(&most.to_string()), "{error:?}");
}

#[test]
fn a_large_join_yields_by_fuel() {
    let many = |n: u64| (0..n).map(|i| vec![i, 0]).collect::<Vec<Row>>();
    let mut operator = binary(join(vec![1], vec![1], columns(&[0, 2])), 2);
    let mut output = crate::Output::default();
    operator.push(0, rows(2, &many(3000)), &mut output);
    operator.push(1, rows(2, &many(1000)), &mut output);
    let mut total = 0;
    let mut calls = 0;
    while operator.work(&mut 10_000, &mut output) == crate::Progress::More {
        assert!(output.rows.iter().all(|r| r.len() <= 12_000));
        total += output.rows.iter().map(|r| r.len()).sum::<usize>();
        output.rows.iter_mut().for_each(|r| r.clear());
        calls += 1;
    }
    total += output.rows.iter().map(|r| r.len()).sum::<usize>();
    assert_eq!(total, 3_000_000);
    assert!(calls > 250);
}

fn naive(combiner: &Combiner, rows: &[Row]) -> Vec<Row> {
    let mut groups: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    for row in rows {
        groups.entry(row[0]).or_default().push(row[1] as i64);
    }
    let combine = |values: &Vec<i64>| match combiner {
        Combiner::Min => values.iter().min().copied(),
        Combiner::Max => values.iter().max().copied(),
        Combiner::Sum => i64::try_from(values.iter().map(|&v| v as i128).sum::<i128>()).ok(),
        _ => None,
    };
    let result = |(key, values): (u64, Vec<i64>)| Some(vec![key, combine(&values)? as u64]);
    sorted(groups.into_iter().filter_map(result).collect())
}

proptest! {
    #[test]
    fn combine_in_one_step_or_two(all in bag(200), seed: u64, which in 0..3usize) {
        let combiner = [Combiner::Min, Combiner::Max, Combiner::Sum][which].clone();
        let expected = naive(&combiner, &all);
        let mut graph = Graph::default();
        let input = graph.source("input", 2);
        let id = graph.node("node", Ir::Combine { combiner }, &ints(2), None, &[input]);
        let environment = environment();
        let mut operator = build(&graph.program, id, &Plan::default(), &environment).unwrap();
        let given = feed(&mut *operator, &[&all], seed);
        prop_assert_eq!(given.sorted(0), expected.clone());
        let split = || build_split_combine(&graph.program, id, &environment).unwrap().unwrap();
        let half = all.len() / 2;
        let mut partial = Vec::new();
        for part in [&all[..half], &all[half..]] {
            let given = feed(&mut *split().before, &[part.to_vec()], seed);
            partial.extend(given.sorted(0));
        }
        let again = feed(&mut *split().after, &[partial], seed);
        prop_assert_eq!(again.sorted(0), expected);
        let as_set = |errors: Vec<ErrorRow>| errors.into_iter().collect::<BTreeSet<ErrorRow>>();
        prop_assert_eq!(as_set(again.errors), as_set(given.errors));
    }
}

#[test]
fn a_sum_over_everything_has_one_row_and_none_over_nothing() {
    let mut graph = Graph::default();
    let input = graph.source("input", 1);
    let combiner = Combiner::Sum;
    let id = graph.node("node", Ir::Combine { combiner }, &ints(1), None, &[input]);
    for (rows, expected) in [(vec![], vec![]), (vec![vec![3], vec![4]], vec![vec![7]])] {
        let mut operator = build(&graph.program, id, &Plan::default(), &environment()).unwrap();
        assert_eq!(feed(&mut *operator, &[rows], 1).sorted(0), expected);
    }
}
