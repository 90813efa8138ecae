//! Containers against maps of the standard library, through every change of form.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sheaf_ir::{Combiner, Type};

use super::*;
use crate::operators::testing::{environment, rows};

type Row = Vec<u64>;

/// Batches of rows: small words first, then perhaps wider ones.
fn batches(arity: usize) -> impl Strategy<Value = Vec<Vec<Row>>> {
    let batch =
        |word: BoxedStrategy<u64>| prop::collection::vec(prop::collection::vec(word, arity), 0..80);
    let small = prop::collection::vec(batch((0..30u64).boxed()), 0..6);
    let ids = prop::collection::vec(batch((0..1u64 << 20).boxed()), 0..3);
    let odd = prop_oneof![
        0..30u64,
        Just(u64::MAX),
        Just(u32::MAX as u64),
        Just((u32::MAX as u64) - 1),
        Just(!0x5DEE_CE66_D1CE_4E5Bu64),
        any::<u64>(),
    ];
    let odd = prop::collection::vec(batch(odd.boxed()), 0..3);
    (small, ids, odd).prop_map(|(a, b, c)| [a, b, c].concat())
}

fn words_of(batch: &[Row]) -> Vec<u64> {
    batch.concat()
}

fn check_set(arity: usize, batches: &[Vec<Row>]) -> Result<(), TestCaseError> {
    let mut set = RowSet::new(arity);
    for round in 0..2 {
        let mut known: BTreeSet<Row> = BTreeSet::new();
        for batch in batches {
            let news = set.insert_batch(&rows(arity, batch));
            let mut expected = batch.clone();
            expected.retain(|row| known.insert(row.clone()));
            let mut given = rows(arity, &[]);
            set.copy_rows(news, &mut given);
            prop_assert_eq!(&given, &rows(arity, &expected), "round {}", round);
        }
        prop_assert_eq!(set.len(), known.len());
        for row in batches.concat() {
            prop_assert!(set.contains(&row));
            let other: Row = row.iter().map(|w| w ^ 1 << 50).collect();
            prop_assert_eq!(set.contains(&other), known.contains(&other));
        }
        set.clear();
        prop_assert!(set.is_empty());
        prop_assert!(batches.concat().iter().all(|row| !set.contains(row)));
    }
    Ok(())
}

fn check_keys(arity: usize, batches: &[Vec<Row>]) -> Result<(), TestCaseError> {
    let mut table = KeyTable::new(arity);
    let mut known: BTreeMap<Row, u32> = BTreeMap::new();
    for batch in batches {
        let mut expected = Vec::new();
        for row in batch {
            let next = known.len() as u32;
            expected.push(*known.entry(row.clone()).or_insert(next));
        }
        let mut numbers = Vec::new();
        table.insert_batch(&words_of(batch), |number| numbers.push(number));
        prop_assert_eq!(numbers, expected);
    }
    for (row, &number) in &known {
        prop_assert_eq!(table.find(row), Some(number));
        let mut words = Vec::new();
        table.copy_words(number as usize..number as usize + 1, &mut words);
        prop_assert_eq!(&words, row);
    }
    Ok(())
}

fn check_indexes(arity: usize, key: &[usize], batches: &[Vec<Row>]) -> Result<(), TestCaseError> {
    let mut growing = GrowingIndex::new(arity, key);
    let mut payload = Payload::new(arity);
    let all: Vec<usize> = (0..arity).collect();
    for batch in batches {
        growing.insert_batch(&words_of(batch), arity, batch.len());
        payload.extend(&words_of(batch), arity, batch.len(), &all);
    }
    let others: Vec<usize> = (0..arity).filter(|c| !key.contains(c)).collect();
    let mut expected: BTreeMap<Row, Vec<Row>> = BTreeMap::new();
    for row in batches.concat() {
        let pick = |columns: &[usize]| columns.iter().map(|&c| row[c]).collect::<Row>();
        expected.entry(pick(key)).or_default().push(pick(&others));
    }
    expected.values_mut().for_each(|rows| rows.sort());
    let indexes = [
        Index::from(StaticIndex::new(&payload, key)),
        Index::from(GrowingIndex::of(&payload, key)),
        Index::from(growing),
    ];
    for index in &indexes {
        prop_assert_eq!(index.len(), batches.concat().len());
        for wanted in expected.keys().cloned().chain([vec![12345; key.len()]]) {
            let mut found = Vec::new();
            let mut matches = index.find(&wanted);
            while !matches.is_empty() {
                let mut row = Vec::new();
                index.payload().copy_row(matches.at as usize, &mut row);
                found.push(row);
                matches.at = index.next(matches.at);
            }
            found.sort();
            prop_assert_eq!(found, expected.get(&wanted).cloned().unwrap_or_default());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn row_sets(one in batches(1), two in batches(2), three in batches(3), five in batches(5)) {
        check_set(1, &one)?;
        check_set(2, &two)?;
        check_set(3, &three)?;
        check_set(5, &five)?;
    }

    #[test]
    fn key_tables(one in batches(1), two in batches(2), four in batches(4), six in batches(6)) {
        check_keys(1, &one)?;
        check_keys(2, &two)?;
        check_keys(4, &four)?;
        check_keys(6, &six)?;
    }

    #[test]
    fn indexes(two in batches(2), three in batches(3)) {
        check_indexes(2, &[0], &two)?;
        check_indexes(2, &[1], &two)?;
        check_indexes(2, &[], &two)?;
        check_indexes(2, &[1, 0], &two)?;
        check_indexes(3, &[2], &three)?;
        check_indexes(3, &[0, 2], &three)?;
    }

    #[test]
    fn lattices(batches in batches(2), least: bool) {
        let combiner = if least { Combiner::Min } else { Combiner::Max };
        let join = Join::new(&combiner, &Type::Int, &environment()).unwrap();
        let mut map = LatticeMap::new(2, join);
        let mut known: BTreeMap<u64, i64> = BTreeMap::new();
        for batch in &batches {
            let mut improved = BTreeSet::new();
            for row in batch {
                let new = row[1] as i64;
                let better = |old: i64| if least { new < old } else { new > old };
                if known.get(&row[0]).is_none_or(|&old| better(old)) {
                    known.insert(row[0], new);
                    improved.insert(row[0]);
                }
            }
            map.merge_batch(&rows(2, batch));
            let mut taken = rows(2, &[]);
            map.take_improved(usize::MAX, &mut taken);
            let taken: BTreeMap<u64, i64> = taken.iter().map(|r| (r[0], r[1] as i64)).collect();
            let expected = improved.into_iter().map(|key| (key, known[&key])).collect();
            prop_assert_eq!(taken, expected);
        }
        prop_assert_eq!(map.len(), known.len());
    }

    #[test]
    fn what_is_remembered_was_there(batches in batches(2)) {
        let mut recent = Recent::new(2, None);
        let mut known = BTreeSet::new();
        for row in batches.concat() {
            let news = recent.is_news(&row);
            prop_assert!(known.insert(row) <= news);
        }
    }
}

#[test]
fn a_large_set_grows_and_shrinks() {
    let mut set = RowSet::new(2);
    let all: Vec<Row> = (0..200_000u64).map(|i| vec![i % 500, i / 500]).collect();
    assert_eq!(set.insert_batch(&rows(2, &all)), 0..200_000);
    assert_eq!(set.insert_batch(&rows(2, &all)), 200_000..200_000);
    let full = set.memory();
    for _ in 0..2 {
        set.clear();
        set.insert_batch(&rows(2, &all[..10]));
    }
    assert_eq!(set.len(), 10);
    assert!(set.memory() < full / 2);
}
