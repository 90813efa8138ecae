//! Parquet: a source reads back what a sink wrote, and no damage is a panic.
#![cfg(feature = "parquet")]

mod memory;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use memory::Memory;
use proptest::prelude::*;
use sheaf_ir::graph::Connector;
use sheaf_ir::value::Float;
use sheaf_ir::{Nominal, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Interner, Rows};
use sheaf_node::sink::{Sink, SinkError};
use sheaf_node::source::{Event, Source, SourceError, Stopped};

type Columns = Vec<(String, Type)>;

fn columns(columns: &[(&str, Type)]) -> Columns {
    columns
        .iter()
        .map(|(name, ty)| (name.to_string(), ty.clone()))
        .collect()
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn types() -> Arc<BTreeMap<String, Nominal>> {
    let colour = Nominal::Enum(vec![("Red".into(), vec![]), ("Blue".into(), vec![])]);
    let point = Nominal::Record(vec![("x".into(), Type::Int)]);
    Arc::new(BTreeMap::from([
        ("m.Colour".to_string(), colour),
        ("m.Point".to_string(), point),
    ]))
}

fn connector() -> Connector {
    Connector {
        relation: "m.r".into(),
        format: "parquet".into(),
        path: "r.parquet".into(),
        ..Connector::default()
    }
}

fn write(memory: &Memory, columns: &Columns, rows: &[Vec<Value>]) -> Result<(), SinkError> {
    let interner = Interner::new();
    let base = Path::new("");
    let sink = Sink::new(&connector(), columns, &types(), (&[], true), base, None)?;
    let mut writer = sink.open(memory)?;
    let mut words = Rows::new(columns.len());
    for row in rows {
        let cells = row.iter().zip(columns);
        words.push_iter(cells.map(|(value, (_, ty))| word_of(value, ty, &interner)));
    }
    writer.take(words, &interner)?;
    writer.finish(&interner, &AtomicBool::new(false))?;
    writer.commit()
}

type Read = (Vec<Vec<Value>>, Vec<String>);

fn read(memory: &Memory, columns: &Columns) -> Result<Read, SourceError> {
    let mut connector = connector();
    let unit = Value::String("us".into());
    connector.options.insert("unit".into(), unit);
    let source = Source::new(&connector, columns, &types(), Path::new(""), memory)?;
    let interner = Interner::new();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    let read = source.read(memory, &interner, &mut |event| {
        match event {
            Event::Rows(batch) => {
                for row in batch.iter() {
                    let cells = row.iter().zip(columns);
                    let values =
                        cells.map(|(&word, (_, ty))| value_of(word, ty, &types(), &interner));
                    rows.push(values.collect());
                }
            }
            Event::Bad(input) => bad.push(input.to_string()),
        }
        ControlFlow::Continue(())
    });
    match read {
        Ok(count) => assert_eq!(count, rows.len() as u64),
        Err(Stopped::Failed(error)) => return Err(error),
        Err(Stopped::Unwanted) => unreachable!("every event was wanted"),
    }
    Ok((rows, bad))
}

fn all_types() -> Columns {
    columns(&[
        ("a", Type::String),
        ("b", Type::Int),
        ("c", Type::Nat),
        ("d", Type::Float),
        ("e", Type::Bool),
        ("f", Type::Decimal(3)),
        ("g", Type::Bytes),
        ("h", Type::Date),
        ("i", Type::Time),
        ("j", Type::Duration),
        ("k", Type::Id),
        ("l", Type::Named("m.Colour".into())),
        ("m", option(Type::Int)),
        ("n", option(Type::String)),
        ("o", list(Type::Int)),
        ("p", option(list(option(Type::String)))),
        ("q", Type::Set(Box::new(Type::Nat))),
    ])
}

fn row() -> impl Strategy<Value = Vec<Value>> {
    let maybe = |value: Value, there: bool| Value::Option(there.then(|| Box::new(value)));
    (
        any::<(i64, f64, bool, u128)>(),
        (
            ".{0,6}",
            any::<bool>(),
            any::<bool>(),
            -700_000i64..2_900_000,
        ),
        proptest::collection::vec((".{0,3}", any::<bool>(), any::<i64>()), 0..4),
    )
        .prop_map(move |((i, x, b, id), (s, o, p, day), items)| {
            let text = |s: &str| Value::String(s.into());
            let nat = i & i64::MAX;
            let strings = items
                .iter()
                .map(|(s, there, _)| maybe(text(s), *there))
                .collect();
            let mut nats: Vec<i64> = items.iter().map(|(_, _, n)| n & i64::MAX).collect();
            nats.sort();
            nats.dedup();
            vec![
                text(&s),
                Value::Int(i),
                Value::Nat(nat),
                Value::Float(Float::new(x)),
                Value::Bool(b),
                Value::Decimal(i),
                Value::Bytes(i.to_be_bytes().to_vec()),
                Value::Date(day),
                Value::Time(day * 86_400_000_000 + (nat & 0xffff)),
                Value::Duration(i),
                Value::Id(id),
                Value::Variant(u32::from(b), vec![]),
                maybe(Value::Int(i), o),
                maybe(text(&s), p),
                Value::List(items.iter().map(|(_, _, n)| Value::Int(*n)).collect()),
                maybe(Value::List(strings), o),
                Value::Set(nats.into_iter().map(Value::Nat).collect()),
            ]
        })
}

proptest! {
    #[test]
    fn a_source_reads_back_what_a_sink_wrote(rows in proptest::collection::vec(row(), 0..12)) {
        let memory = Memory::default();
        let columns = all_types();
        write(&memory, &columns, &rows).unwrap();
        let (found, bad) = read(&memory, &columns).unwrap();
        prop_assert_eq!(bad, Vec::<String>::new());
        prop_assert_eq!(found, rows);
    }
}

#[test]
fn many_rows_are_several_row_groups() {
    let memory = Memory::default();
    let columns = columns(&[("n", Type::Int), ("s", option(Type::String))]);
    let rows: Vec<Vec<Value>> = (0..140_000)
        .map(|n| {
            let text = Value::String(format!("{}", n % 97));
            let some = Value::Option((n % 3 > 0).then(|| Box::new(text)));
            vec![Value::Int(n), some]
        })
        .collect();
    write(&memory, &columns, &rows).unwrap();
    assert!(read(&memory, &columns).unwrap().0 == rows);
}

#[test]
fn bad_rows_have_their_place_and_columns_are_checked() {
    let memory = Memory::default();
    let wide = columns(&[("n", option(Type::Int)), ("s", Type::String)]);
    let row = |n: Option<i64>| {
        let n = Value::Option(n.map(|n| Box::new(Value::Int(n))));
        vec![n, Value::String("x".into())]
    };
    write(&memory, &wide, &[row(Some(4)), row(Some(-3)), row(None)]).unwrap();
    let (rows, bad) = read(&memory, &columns(&[("n", Type::Nat)])).unwrap();
    assert_eq!(rows, [[Value::Nat(4)]]);
    assert_eq!(
        bad,
        [
            "r.parquet:2:1: expected Nat in column n, found -3: it is negative",
            "r.parquet:3:1: expected Nat in column n, found nothing",
        ]
    );
    let error = read(&memory, &columns(&[("m", Type::Int)])).unwrap_err();
    assert_eq!(error.message, "r.parquet has no column m");
    assert_eq!(error.help[0], "its columns are n, s");
    let error = read(&memory, &columns(&[("s", Type::Int)])).unwrap_err();
    assert!(
        error.message.contains("column s is") && error.message.contains("cannot be read as Int"),
        "{}",
        error.message
    );
}

#[test]
fn what_has_no_form_is_refused_before_a_row_is_written() {
    let memory = Memory::default();
    for ty in [
        Type::Named("m.Point".into()),
        Type::Tuple(vec![Type::Int, Type::Int]),
        Type::Map(Box::new(Type::Int), Box::new(Type::Int)),
        list(list(Type::Int)),
        option(option(Type::Int)),
    ] {
        let error = write(&memory, &columns(&[("c", ty.clone())]), &[]).unwrap_err();
        assert!(error.message.contains("has no form in Parquet"), "{ty}");
        assert!(!error.help.is_empty());
    }
}

#[test]
fn no_damage_is_a_panic() {
    let memory = Memory::default();
    let columns = all_types();
    let rows: Vec<Vec<Value>> = {
        use proptest::strategy::ValueTree;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let several = proptest::collection::vec(row(), 5..6);
        several.new_tree(&mut runner).unwrap().current()
    };
    write(&memory, &columns, &rows).unwrap();
    let path = Path::new("r.parquet");
    let whole = memory.files.lock().unwrap()[path].clone();
    for place in 0..whole.len() {
        for bit in [0, 3, 7] {
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << bit;
            memory
                .files
                .lock()
                .unwrap()
                .insert(path.to_path_buf(), damaged);
            // Rows, bad rows or an error: all are right.
            let _ = read(&memory, &columns);
        }
    }
    for length in 0..whole.len() {
        let cut = whole[..length].to_vec();
        memory.files.lock().unwrap().insert(path.to_path_buf(), cut);
        assert!(read(&memory, &columns).is_err(), "{length} bytes");
    }
}
