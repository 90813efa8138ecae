//! Every sink format, and that a source reads back what a sink wrote.

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
use sheaf_node::sink::{Format, Sink, SinkError};
use sheaf_node::source::{Event, Source};

fn text(s: &str) -> Value {
    Value::String(s.into())
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn some(value: Value) -> Value {
    Value::Option(Some(Box::new(value)))
}

fn types() -> Arc<BTreeMap<String, Nominal>> {
    let point = Nominal::Record(vec![
        ("x".into(), Type::Int),
        ("y".into(), option(Type::String)),
    ]);
    let shape = Nominal::Enum(vec![
        ("Dot".into(), vec![]),
        (
            "Box".into(),
            vec![Type::Named("m.Point".into()), Type::Float],
        ),
    ]);
    Arc::new(BTreeMap::from([
        ("m.Point".to_string(), point),
        ("m.Shape".to_string(), shape),
    ]))
}

fn connector(format: &str, path: &str) -> Connector {
    Connector {
        relation: "m.r".into(),
        format: format.into(),
        path: path.into(),
        ..Connector::default()
    }
}

struct Case {
    connector: Connector,
    columns: Vec<(String, Type)>,
    order: Vec<(usize, bool)>,
    unordered: bool,
    format: Option<Format>,
}

impl Case {
    fn new(format: &str, columns: &[(&str, Type)]) -> Case {
        Case {
            connector: connector(format, "out"),
            columns: columns
                .iter()
                .map(|(name, ty)| (name.to_string(), ty.clone()))
                .collect(),
            order: Vec::new(),
            unordered: false,
            format: None,
        }
    }

    fn write(&self, memory: &Memory, rows: &[Vec<Value>]) -> Result<(), SinkError> {
        let interner = Interner::new();
        let order = (self.order.as_slice(), self.unordered);
        let sink = Sink::new(
            &self.connector,
            &self.columns,
            &types(),
            order,
            Path::new(""),
            self.format,
        )?;
        let mut writer = sink.open(memory)?;
        for row in rows {
            let mut batch = Rows::new(self.columns.len());
            batch.push_iter(
                row.iter()
                    .zip(&self.columns)
                    .map(|(value, (_, ty))| word_of(value, ty, &interner)),
            );
            writer.take(batch, &interner)?;
        }
        writer.finish(&interner, &AtomicBool::new(false))?;
        assert_eq!(memory.file("out"), None, "nothing before the commit");
        writer.commit()
    }

    fn file(&self, rows: &[Vec<Value>]) -> String {
        let memory = Memory::default();
        self.write(&memory, rows).unwrap();
        memory.file("out").unwrap()
    }
}

const TWO: [(&str, Type); 2] = [("word", Type::String), ("count", Type::Nat)];

fn counts() -> Vec<Vec<Value>> {
    [("b", 2), ("é", 10), ("a", 2), ("Z", 9), ("", 1)]
        .iter()
        .map(|(w, n)| vec![text(w), Value::Nat(*n)])
        .collect()
}

#[test]
fn rows_ascend_by_their_columns() {
    let case = Case::new("csv", &TWO);
    assert_eq!(
        case.file(&counts()),
        "word,count\n,1\nZ,9\na,2\nb,2\né,10\n"
    );
}

#[test]
fn an_order_is_followed_and_completed() {
    let mut case = Case::new("csv", &TWO);
    case.order = vec![(1, true)];
    assert_eq!(
        case.file(&counts()),
        "word,count\né,10\nZ,9\na,2\nb,2\n,1\n"
    );
}

#[test]
fn without_order_rows_go_as_they_come() {
    let mut case = Case::new("csv", &TWO);
    case.unordered = true;
    assert_eq!(
        case.file(&counts()),
        "word,count\nb,2\né,10\na,2\nZ,9\n,1\n"
    );
}

#[test]
fn csv_quotes_only_where_it_must() {
    let columns = [("a,b", Type::String), ("n", Type::Int)];
    let rows = ["x,y", "say \"hi\"", "two\nlines", " plain ", "cr\r"]
        .map(|t| vec![text(t), Value::Int(-1)]);
    assert_eq!(
        Case::new("csv", &columns).file(&rows),
        "\"a,b\",n\n plain ,-1\n\"cr\r\",-1\n\"say \"\"hi\"\"\",-1\n\"two\nlines\",-1\n\"x,y\",-1\n"
    );
    let single = Case::new("csv", &[("a", option(Type::Int))]);
    assert_eq!(single.file(&[vec![Value::Option(None)]]), "a\n\"\"\n");
}

#[test]
fn an_empty_output_has_its_header() {
    assert_eq!(Case::new("csv", &TWO).file(&[]), "word,count\n");
    assert_eq!(Case::new("ndjson", &TWO).file(&[]), "");
}

#[test]
fn tsv_refuses_what_it_cannot_hold() {
    let memory = Memory::default();
    let mut case = Case::new("tsv", &TWO);
    let rows = [vec![text("a\tb"), Value::Nat(1)]];
    let error = case.write(&memory, &rows).unwrap_err();
    assert!(error.message.contains("line break"), "{error}");
    assert_eq!(memory.file("out"), None);
    case.connector
        .options
        .insert("quote".into(), Value::Bool(true));
    assert_eq!(case.file(&rows), "word\tcount\n\"a\tb\"\t1\n");
}

#[test]
fn ndjson_keeps_types() {
    let columns = [
        ("name \"q\"", Type::String),
        ("n", option(Type::Int)),
        ("l", Type::List(Box::new(Type::Float))),
        ("s", Type::Named("m.Shape".into())),
    ];
    let float = |x| Value::Float(Float::new(x));
    let point = Value::Tuple(vec![Value::Int(1), Value::Option(None)]);
    let rows = [
        vec![
            text("a\"\n"),
            Value::Option(None),
            Value::List(vec![float(1.0), float(f64::NAN)]),
            Value::Variant(0, vec![]),
        ],
        vec![
            text("b"),
            some(Value::Int(5)),
            Value::List(vec![]),
            Value::Variant(1, vec![point, float(0.5)]),
        ],
    ];
    assert_eq!(
        Case::new("ndjson", &columns).file(&rows),
        concat!(
            "{\"name \\\"q\\\"\":\"a\\\"\\n\",\"n\":null,\"l\":[1.0,\"NaN\"],\"s\":\"Dot\"}\n",
            "{\"name \\\"q\\\"\":\"b\",\"n\":5,\"l\":[],\"s\":{\"Box\":[{\"x\":1,\"y\":null},0.5]}}\n",
        )
    );
}

#[test]
fn standard_output_in_any_format() {
    let rows = [vec![text("a\u{1b}[2J"), Value::Nat(12)]];
    let printed = |case: &Case| {
        let memory = Memory::default();
        case.write(&memory, &rows[..]).unwrap();
        memory.printed()
    };
    let mut case = Case::new("stdout", &TWO);
    case.connector.path = String::new();
    assert_eq!(printed(&case), "word,count\na\u{1b}[2J,12\n");
    case.format = Some(Format::Ndjson);
    assert_eq!(printed(&case), "{\"word\":\"a\\u001b[2J\",\"count\":12}\n");
    case.format = Some(Format::Table);
    let table = printed(&case);
    assert!(table.contains("word") && table.contains("12"), "{table}");
    assert!(!table.contains('\u{1b}'), "control characters are escaped");
    case.format = None;
    case.connector.format = "csv".into();
    case.connector.path = "-".into();
    assert_eq!(printed(&case), "word,count\na\u{1b}[2J,12\n");
}

#[test]
fn options_are_checked() {
    let memory = Memory::default();
    let mut case = Case::new("csv", &TWO);
    case.connector
        .options
        .insert("delimiter".into(), text(";;"));
    assert!(case.write(&memory, &[]).is_err());
    case.connector.options.insert("delimiter".into(), text(";"));
    assert_eq!(case.file(&[]), "word;count\n");
    case.connector.options.insert("colour".into(), text("red"));
    assert!(case.write(&memory, &[]).is_err());
    let mut packed = Case::new("csv", &TWO);
    packed.connector.path = "out.csv.gz".into();
    assert!(packed.write(&memory, &[]).is_err());
    let error = Case::new("xml", &TWO).write(&memory, &[]).unwrap_err();
    assert!(error.help[0].contains("csv, tsv, ndjson, parquet, table"));
}

/// A value of each type that a file must bring back.
fn cells() -> impl Strategy<Value = Vec<Value>> {
    let float = prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)];
    // Beyond the years that RFC 3339 knows no text can bring a time back.
    let time = -60_000_000_000_000_000i64..250_000_000_000_000_000;
    (
        "\\PC*|[\",\n\r\t;]*",
        any::<i64>(),
        float,
        proptest::option::of("[a-z,\"]{1,5}"),
        time,
        proptest::collection::vec(proptest::option::of(any::<i64>()), 0..4),
        any::<bool>(),
        any::<i32>(),
    )
        .prop_map(|(s, i, f, o, t, l, b, small)| {
            let number = |n: Option<i64>| Value::Option(n.map(|n| Box::new(Value::Int(n))));
            let float = |f| Value::Float(Float::new(f));
            vec![
                text(&s),
                Value::Int(i),
                float(f),
                Value::Option(o.map(|o| Box::new(text(&o)))),
                Value::Time(t),
                Value::List(l.into_iter().map(number).collect()),
                Value::Decimal(i),
                Value::Duration(i64::from(small)),
                Value::Date(i64::from(small) % 700_000),
                Value::Id((i as u128) << 64 | t as u128),
                if b {
                    Value::Variant(0, vec![])
                } else {
                    let point = Value::Tuple(vec![Value::Int(i), some(text(&s))]);
                    Value::Variant(1, vec![point, float(f)])
                },
                Value::Map(vec![(Value::Int(i), Value::Bool(b))]),
            ]
        })
}

proptest! {
    #[test]
    fn a_source_reads_back_what_a_sink_wrote(rows in proptest::collection::vec(cells(), 0..8)) {
        let columns = [
            ("a", Type::String),
            ("b", Type::Int),
            ("c", Type::Float),
            ("d", option(Type::String)),
            ("e", Type::Time),
            ("f", Type::List(Box::new(option(Type::Int)))),
            ("g", Type::Decimal(3)),
            ("h", Type::Duration),
            ("i", Type::Date),
            ("j", Type::Id),
            ("k", Type::Named("m.Shape".into())),
            ("l", Type::Map(Box::new(Type::Int), Box::new(Type::Bool))),
        ];
        for format in ["csv", "tsv", "ndjson"] {
            let mut case = Case::new(format, &columns);
            case.unordered = true;
            if format == "tsv" {
                case.connector.options.insert("quote".into(), Value::Bool(true));
            }
            let memory = Memory::default();
            case.write(&memory, &rows).unwrap();
            let source =
                Source::new(
                    &Connector { path: "out".into(), ..case.connector.clone() },
                    &case.columns,
                    &types(),
                    Path::new(""),
                    &memory,
                ).unwrap();
            let interner = Interner::new();
            let mut read = Vec::new();
            source.read(&memory, &interner, &mut |event| {
                match event {
                    Event::Rows(batch) => for row in batch.iter() {
                        read.push(row.iter().zip(&case.columns).map(|(&word, (_, ty))| {
                            value_of(word, ty, &types(), &interner)
                        }).collect::<Vec<_>>());
                    },
                    Event::Bad(bad) => panic!("{bad}"),
                }
                ControlFlow::Continue(())
            }).unwrap();
            prop_assert_eq!(&read, &rows, "{}", format);
        }
    }
}
