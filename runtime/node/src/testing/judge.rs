//! What a test expects, compared with what is there, in words.

use std::collections::BTreeSet;

use sheaf_ir::{Type, Value};
use sheaf_kernels::Interner;
use sheaf_kernels::words::{word_of, write_json};

use super::{Answer, Expected, Holds, Ready, RowsByName, Unmet};
use crate::names;

/// Rows that are shown of what is there instead.
const SHOWN: usize = 10;

/// The expectations that do not hold.
pub fn judge(case: &Ready, rows: &RowsByName) -> Vec<Unmet> {
    let of = |sink: &str| rows.get(sink).map_or(&[][..], Vec::as_slice);
    let mut unmet = Vec::new();
    for expected in &case.expected {
        let there = of(&expected.sink);
        let holds = match expected.holds {
            Holds::Some => !there.is_empty(),
            Holds::None => there.is_empty(),
            Holds::True => there == [[Value::Bool(true)]],
        };
        if holds {
            continue;
        }
        let relation = expected.relation.as_deref().unwrap_or_default();
        let (message, sink) = match expected.holds {
            Holds::None => ("this is there, and should not be", Some(&expected.sink)),
            Holds::True => ("this is not true", None),
            Holds::Some => match &expected.same_key {
                Some(same_key) if of(same_key).is_empty() => {
                    ("there is no row with this key", None)
                }
                Some(same_key) => ("there is another value", Some(same_key)),
                None => ("there is no such row", None),
            },
        };
        let whole = format!("out:{relation}");
        // Without better, the relation as it is.
        let sink = sink.unwrap_or(&whole);
        unmet.push(Unmet {
            span: expected.span,
            message: message.to_string(),
            found: show(case, expected, sink, of(sink)),
        });
    }
    unmet
}

/// Some rows of a sink as the text of a program would have them.
fn show(case: &Ready, expected: &Expected, sink: &str, rows: &[Vec<Value>]) -> Vec<String> {
    let relation = expected.relation.as_deref().unwrap_or_default();
    let types = types(case, sink);
    let keyed = expected.same_key.is_some();
    let shown = rows.iter().take(SHOWN);
    let mut lines: Vec<String> = shown
        .map(|row| line(case, relation, row, &types, keyed))
        .collect();
    if rows.len() > SHOWN {
        lines.push(format!("… and {} more", rows.len() - SHOWN));
    }
    lines
}

/// Given rows, a line each.
pub fn given(case: &Ready, given: &RowsByName) -> Vec<String> {
    given
        .iter()
        .flat_map(|(source, rows)| {
            let types = types(case, source);
            let relation = case.relations.get(source).unwrap_or(source);
            rows.iter()
                .map(move |row| line(case, relation, row, &types, false))
        })
        .collect()
}

/// How another answer differs from the simplest, a line each.
pub fn differences(case: &Ready, simplest: &Answer, other: &Answer) -> Vec<String> {
    let mut lines = Vec::new();
    for (sink, rows) in &simplest.rows {
        let others = other.rows.get(sink).map_or(&[][..], Vec::as_slice);
        let (mine, theirs): (BTreeSet<_>, BTreeSet<_>) =
            (rows.iter().collect(), others.iter().collect());
        let types = types(case, sink);
        let name = sink.trim_start_matches("out:");
        for row in mine.difference(&theirs) {
            lines.push(format!("lacks {}", line(case, name, row, &types, false)));
        }
        for row in theirs.difference(&mine) {
            lines.push(format!("has {}", line(case, name, row, &types, false)));
        }
        if mine == theirs && rows.len() != others.len() {
            let (n, m) = (others.len(), rows.len());
            lines.push(format!("has {n} rows of {name} instead of {m}"));
        }
    }
    for error in &other.errors {
        if !simplest.errors.contains(error) {
            lines.push(format!("fails in {}: {}", error.node, error.error.message));
        }
    }
    lines
}

fn types(case: &Ready, node: &str) -> Vec<Type> {
    let node = case.program.find(node);
    node.map_or_else(Vec::new, |id| {
        let columns = case.program.graph[id].output.columns.iter();
        columns.map(|(_, ty)| ty.clone()).collect()
    })
}

/// `relation(a, b)`, or `relation(a) -> b` if the last column is a value behind a key.
fn line(case: &Ready, relation: &str, row: &[Value], types: &[Type], keyed: bool) -> String {
    let interner = Interner::new();
    let mut cells: Vec<String> = row
        .iter()
        .zip(types)
        .map(|(value, ty)| {
            let mut text = String::new();
            let word = word_of(value, ty, &interner);
            write_json(word, ty, &case.program.types, &interner, &mut text);
            text
        })
        .collect();
    let value = if keyed { cells.pop() } else { None };
    let name = names::short(relation);
    let row = format!("{name}({})", cells.join(", "));
    match value {
        Some(value) => format!("{row} -> {value}"),
        None => row,
    }
}
