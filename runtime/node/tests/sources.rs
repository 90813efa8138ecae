//! Every source format on files as they come: friendly, odd and hostile.

mod memory;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use memory::Memory;
use proptest::prelude::*;
use sheaf_ir::encoding::{decode_whole, inline_value};
use sheaf_ir::graph::Connector;
use sheaf_ir::{Type, Value};
use sheaf_kernels::Interner;
use sheaf_node::source::{BadInput, Event, Source, SourceError, Stopped};

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn text(s: &str) -> Value {
    Value::String(s.into())
}

struct Case {
    connector: Connector,
    columns: Vec<(String, Type)>,
    memory: Memory,
}

impl Case {
    fn new(format: &str, columns: &[(&str, Type)], content: impl AsRef<[u8]>) -> Case {
        Case {
            connector: Connector {
                relation: "m.r".into(),
                format: format.into(),
                path: "in".into(),
                options: BTreeMap::new(),
                columns: columns.iter().map(|(name, _)| name.to_string()).collect(),
            },
            columns: columns
                .iter()
                .map(|(name, ty)| (name.to_string(), ty.clone()))
                .collect(),
            memory: Memory::with(&[("in", content.as_ref())]),
        }
    }

    fn option(mut self, name: &str, value: Value) -> Case {
        self.connector.options.insert(name.into(), value);
        self
    }

    fn run(&self) -> Result<(Vec<Vec<Value>>, Vec<BadInput>), SourceError> {
        let types = Arc::new(BTreeMap::new());
        let source = Source::new(
            &self.connector,
            &self.columns,
            &types,
            Path::new(""),
            &self.memory,
        )?;
        let interner = Interner::new();
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        let read = source.read(&self.memory, &interner, &mut |event| {
            match event {
                Event::Rows(batch) => {
                    for row in batch.iter() {
                        let values = row.iter().zip(&self.columns).map(|(&word, (_, ty))| {
                            inline_value(ty, word).unwrap_or_else(|| {
                                decode_whole(ty, &types, interner.get(word)).expect("its encoding")
                            })
                        });
                        rows.push(values.collect());
                    }
                }
                Event::Bad(input) => bad.push(input),
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

    /// Rows of a source without bad input.
    fn rows(&self) -> Vec<Vec<Value>> {
        let (rows, bad) = self.run().unwrap();
        assert_eq!(bad, []);
        rows
    }

    /// Number of rows, and what was bad in words.
    fn bad(&self) -> (usize, Vec<String>) {
        let (rows, bad) = self.run().unwrap();
        (rows.len(), bad.iter().map(|b| b.to_string()).collect())
    }

    fn error(&self) -> SourceError {
        self.run().unwrap_err()
    }
}

const TWO: [(&str, Type); 2] = [("name", Type::String), ("n", Type::Int)];

#[test]
fn csv_matches_columns_by_name_and_reads_no_others() {
    let case = Case::new("csv", &TWO, "n,other,name\n1,\u{fe},a\n-2,?,b\n");
    assert_eq!(
        case.rows(),
        [[text("a"), Value::Int(1)], [text("b"), Value::Int(-2)]]
    );
}

#[test]
fn csv_byte_order_mark_carriage_returns_blank_lines_and_no_final_line_end() {
    let case = Case::new("csv", &TWO, "\u{feff}name,n\r\n\r\na,1\r\n\nb,2");
    assert_eq!(
        case.rows(),
        [[text("a"), Value::Int(1)], [text("b"), Value::Int(2)]]
    );
}

#[test]
fn csv_quotes() {
    let columns = [("a", Type::String), ("b", Type::String)];
    let content = "\"a\",b\n\"x,\"\"y\"\"\",\"two\nlines\"\n\"\",\"\"\r\nplain,\"end\"";
    assert_eq!(
        Case::new("csv", &columns, content).rows(),
        [
            [text("x,\"y\""), text("two\nlines")],
            [text(""), text("")],
            [text("plain"), text("end")]
        ]
    );
}

#[test]
fn csv_quotes_gone_wrong_are_bad_input_and_reading_goes_on() {
    let case = Case::new("csv", &TWO, "name,n\na\"b,1\n\"c\"d,2\ne,3\n\"f,4\ng,5\n");
    let (rows, bad) = case.bad();
    assert_eq!(rows, 1);
    assert_eq!(bad.len(), 3);
    assert!(bad[0].starts_with("in:2:2: expected a cell without quotes"));
    assert!(bad[1].starts_with("in:3:4: expected a delimiter"));
    assert!(bad[2].starts_with("in:5:1: expected a closing quote"));
    let unquoted = case.option("quote", Value::Bool(false));
    assert_eq!(unquoted.rows().len(), 5);
}

#[test]
fn csv_cells_of_the_wrong_type_say_where() {
    let case = Case::new(
        "csv",
        &TWO,
        "name,n\na,1\n\"é\né\",x\nb,99999999999999999999\n",
    );
    assert_eq!(
        case.bad(),
        (
            1,
            vec![
                "in:4:4: expected Int in column n, found \"x\"".to_string(),
                "in:5:3: expected Int in column n, found \"99999999999999999999\": \
                 it does not fit 64 bits"
                    .to_string()
            ]
        )
    );
}

#[test]
fn csv_ragged_rows_and_invalid_text() {
    let case = Case::new("csv", &TWO, b"name,n\na,1,2\nb\n\xff,3\nc,4\n");
    let (rows, bad) = case.bad();
    assert_eq!(rows, 1);
    assert_eq!(
        bad[0],
        "in:2:5: expected 2 cells as in the first line, found 3 cells: \"a,1,2\""
    );
    assert_eq!(
        bad[1],
        "in:3:1: expected 2 cells as in the first line, found 1 cell: \"b\""
    );
    assert!(bad[2].starts_with("in:4:1: expected String in column name"));
    assert!(bad[2].ends_with("it is not UTF-8"));
}

#[test]
fn csv_headers_that_do_not_fit() {
    let missing = Case::new("csv", &TWO, "Name,count\n").error();
    assert_eq!(missing.message, "in has no columns name, n");
    assert_eq!(missing.help[0], "its columns are Name, count");
    assert!(missing.help[1].contains("did you mean Name?"));
    let delimiter = Case::new("csv", &TWO, "name;n\n").error();
    assert!(delimiter.help.last().unwrap().contains("delimiter"));
    let twice = Case::new("csv", &TWO, "n,name,n\n").error();
    assert!(
        twice
            .message
            .contains("two columns named n, the 1st and the 3rd")
    );
    // Only columns that are read need to be unambiguous.
    assert_eq!(
        Case::new("csv", &TWO, "x,n,name,x\n1,2,a,3\n").rows().len(),
        1
    );
    let empty = Case::new("csv", &TWO, "").error();
    assert!(empty.message.contains("header line is missing"));
    let utf16 = Case::new("csv", &TWO, b"\xff\xfen\0").error();
    assert!(utf16.message.contains("UTF-16"));
}

#[test]
fn csv_options() {
    let positions = Case::new("csv", &TWO, "a;1;x\nb;2;y\n")
        .option("header", Value::Bool(false))
        .option("delimiter", text(";"));
    assert_eq!(
        positions.rows(),
        [[text("a"), Value::Int(1)], [text("b"), Value::Int(2)]]
    );
    let columns = [("at", Type::Time), ("delay", option(Type::Float))];
    let nulls = Case::new("csv", &columns, "at,delay\n1500,NA\n-1,2.5\n0,\n")
        .option("null", Value::List(vec![text("NA")]))
        .option("unit", text("ms"));
    let float = |x| Value::Float(sheaf_ir::value::Float::new(x));
    assert_eq!(
        nulls.rows(),
        [
            [Value::Time(1_500_000), Value::Option(None)],
            [
                Value::Time(-1000),
                Value::Option(Some(Box::new(float(2.5))))
            ],
            [Value::Time(0), Value::Option(None)],
        ]
    );
    let unknown = Case::new("csv", &TWO, "").option("path", text("x")).error();
    assert!(unknown.message.contains("no option path"));
}

#[test]
fn equal_rows_have_their_own_identity() {
    let columns = [("name", Type::String), ("id", Type::RowId)];
    let rows = Case::new("csv", &columns, "name,n\na,1\na,1\n").rows();
    assert_eq!(rows[0][0], rows[1][0]);
    assert_ne!(rows[0][1], rows[1][1]);
    let tsv = Case::new("tsv", &columns, "n\tname\n1\ta\n1\ta\n").rows();
    assert_eq!(rows, tsv, "an identity is of the relation and the ordinal");
}

#[test]
fn tsv_takes_quotes_as_they_are() {
    let case = Case::new("tsv", &TWO, "name\tn\n5\" disk\t1\n\"q\t2\n");
    assert_eq!(
        case.rows(),
        [
            [text("5\" disk"), Value::Int(1)],
            [text("\"q"), Value::Int(2)]
        ]
    );
    let quoted =
        Case::new("tsv", &TWO, "name\tn\n\"a\tb\"\t1\n").option("quote", Value::Bool(true));
    assert_eq!(quoted.rows(), [[text("a\tb"), Value::Int(1)]]);
}

#[test]
fn text_lines_have_numbers_and_documents() {
    let columns = [
        ("no", Type::Int),
        ("text", Type::String),
        ("doc", Type::String),
    ];
    let case = Case::new("text", &columns, "one\r\n\nthree");
    assert_eq!(
        case.rows(),
        [
            [Value::Int(1), text("one"), text("in")],
            [Value::Int(2), text(""), text("in")],
            [Value::Int(3), text("three"), text("in")],
        ]
    );
    let wrong = Case::new("text", &[("line", Type::String)], "x").error();
    assert!(wrong.help[0].contains("doc, no, text"));
    let (rows, bad) = Case::new("text", &[("text", Type::String)], b"a\nb\xffc\n").bad();
    assert_eq!(rows, 1);
    assert!(bad[0].starts_with("in:2:2: "), "{}", bad[0]);
}

#[test]
fn files_of_a_glob_are_read_in_order() {
    let mut case = Case::new("text", &[("doc", Type::String)], "");
    case.memory = Memory::with(&[("d/b.txt", b"x"), ("d/a.txt", b"x\ny"), ("d/c.csv", b"x")]);
    case.connector.path = "d/*.txt".into();
    assert_eq!(
        case.rows(),
        [[text("a.txt")], [text("a.txt")], [text("b.txt")]]
    );
    case.connector.path = "d/*.none".into();
    assert!(case.error().message.contains("there is no file d/*.none"));
}

#[test]
fn standard_input_in_any_format() {
    let mut case = Case::new("stdin", &TWO, "");
    case.memory.input = b"name,n\na,1\n".to_vec();
    assert_eq!(case.rows().len(), 1);
    case.memory.input = b"{\"n\":1,\"name\":\"a\"}\n".to_vec();
    assert_eq!(case.option("format", text("ndjson")).rows().len(), 1);
    let mut dash = Case::new("tsv", &TWO, "");
    dash.connector.path = "-".into();
    dash.memory.input = b"name\tn\na\t1\n".to_vec();
    assert_eq!(dash.rows().len(), 1);
}

#[test]
fn ndjson_fields() {
    let columns = [
        ("name", Type::String),
        ("n", option(Type::Int)),
        ("tags", Type::List(Box::new(Type::String))),
    ];
    let content = concat!(
        "{\"tags\":[\"x\"],\"name\":\"a\\u00e9\",\"other\":{\"deep\":[1]}}\n",
        "  \n",
        "{\"name\":\"b\",\"n\":7,\"tags\":[]}"
    );
    let some = Value::Option(Some(Box::new(Value::Int(7))));
    assert_eq!(
        Case::new("ndjson", &columns, content).rows(),
        [
            [
                text("aé"),
                Value::Option(None),
                Value::List(vec![text("x")])
            ],
            [text("b"), some, Value::List(vec![])],
        ]
    );
}

#[test]
fn ndjson_paths_pass_over_other_lines() {
    let columns = [("auction", Type::Int), ("at", Type::Time)];
    let content = concat!(
        "{\"Person\":{\"id\":1}}\n{\"Bid\":{\"auction\":5,\"at\":3}}\n[1]\n7\n",
        "{\"Bid\":{\"at\":4,\"auction\":6}}\n"
    );
    let case = Case::new("ndjson", &columns, content)
        .option("path", text("Bid"))
        .option("unit", text("s"));
    assert_eq!(
        case.rows(),
        [
            [Value::Int(5), Value::Time(3_000_000)],
            [Value::Int(6), Value::Time(4_000_000)]
        ]
    );
    let nested = Case::new(
        "ndjson",
        &[("x", Type::Int)],
        "{\"a\":{\"b\":{\"x\":1}}}\n{\"a\":3}\n{\"a\":{}}\n",
    );
    assert_eq!(nested.option("path", text("a.b")).rows().len(), 1);
}

#[test]
fn ndjson_that_is_wrong_says_where() {
    let content = concat!(
        "{\"name\":\"a\",\"n\":\"x\"}\n",
        "{\"name\":\"a\"}\n",
        "{\"name\":\"a\",\"n\":1\n",
        "[1]\n",
        "{\"name\":\"a\",\"n\":1,\"n\":2}\n",
        "{\"Name\":\"a\",\"n\":1}\n",
        "{\"name\":null,\"n\":1}\n",
        "{\"name\":\"a\",\"n\":1}\n",
    );
    let (rows, bad) = Case::new("ndjson", &TWO, content).bad();
    assert_eq!(rows, 1);
    assert_eq!(bad[0], "in:1:17: expected Int in column n, found \"x\"");
    assert_eq!(bad[1], "in:2:1: expected a field n, found only name");
    assert!(bad[2].starts_with("in:3:"), "{}", bad[2]);
    assert_eq!(bad[3], "in:4:1: expected a JSON object, found [1]");
    assert!(bad[4].starts_with("in:5:23: expected the field once in column n"));
    assert!(
        bad[5].ends_with("only Name, n; did you mean Name?"),
        "{}",
        bad[5]
    );
    assert!(bad[6].starts_with("in:7:9: expected String in column name"));
}

#[test]
fn a_deep_line_is_bad_input() {
    let deep = format!("{}\n", "{\"a\":".repeat(100_000));
    let (rows, bad) = Case::new("ndjson", &TWO, &deep).bad();
    assert_eq!((rows, bad.len()), (0, 1));
}

/// Every format, with options that matter, on these bytes.
fn each_format(bytes: &[u8], granule: usize) {
    let columns = [
        ("a", option(Type::Int)),
        ("text", Type::String),
        ("id", Type::RowId),
        ("l", Type::List(Box::new(Type::Float))),
    ];
    for format in ["csv", "tsv", "ndjson", "text"] {
        let used = if format == "text" {
            &columns[1..3]
        } else {
            &columns
        };
        let mut case = Case::new(format, used, bytes);
        case.memory.granule = granule;
        let whole = case.run();
        case.memory.granule = 0;
        assert_eq!(case.run(), whole, "reads of another size");
        if matches!(format, "csv" | "tsv") {
            let _ = case.option("header", Value::Bool(false)).run();
        } else if format == "ndjson" {
            let _ = case.option("path", text("a.b")).run();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, granule in 1usize..7) {
        each_format(&bytes, granule);
    }

    #[test]
    fn no_nearly_right_text_panics(
        text in "(a|text|l|1|,|\t|\"|\n|\r|\\{|\\}|\\[|\\]|:|é|\u{0}){0,60}",
        granule in 1usize..7,
    ) {
        each_format(text.as_bytes(), granule);
        each_format(format!("a,text,l\n{text}").as_bytes(), granule);
        each_format(format!("a\ttext\tl\n{text}").as_bytes(), granule);
        each_format(format!("{{\"a\":1,\"text\":\"x\",\"l\":[{text}").as_bytes(), granule);
    }

    #[test]
    fn csv_reads_back_what_is_quoted(cells in proptest::collection::vec(("\\PC*|[\",\n\r]*", any::<i64>()), 0..20)) {
        let mut content = String::from("name,n\n");
        for (cell, n) in &cells {
            content += &format!("\"{}\",{n}\r\n", cell.replace('"', "\"\""));
        }
        let rows = Case::new("csv", &TWO, &content).rows();
        let expected: Vec<Vec<Value>> = cells
            .iter()
            .map(|(cell, n)| vec![text(cell), Value::Int(*n)])
            .collect();
        prop_assert_eq!(rows, expected);
    }
}
