//! `sheaf explain --order FILE`

use std::path::Path;

use sheaf_compiler::source::{FileId, Sources};
use sheaf_node::environment::System;

use crate::compile::{self, Loaded};
use crate::{Outcome, print};

/// Headings of the columns.
const HEADINGS: [&str; 5] = ["PLACE", "WORD", "WHAT", "WHY", "COST"];

/// Lists every use of the five words that let order matter, with its reason and its cost.
pub fn order(file: &Path) -> Outcome {
    let compiled = match compile::load(file, &System::default()) {
        Ok(Loaded::Source(compiled)) => compiled,
        Ok(Loaded::Graph(_)) => {
            print::error(format_args!("{} is not a source text", file.display()), &[]);
            return Outcome::Failure;
        }
        Err(error) => {
            print::error(error, &[]);
            return Outcome::Failure;
        }
    };
    compiled.complain();
    if !compiled.is_sound() {
        return Outcome::Failure;
    }
    let points = compiled
        .program
        .live
        .iter()
        .flat_map(|live| &live.order_points);
    let rows: Vec<[String; 5]> = points
        .map(|point| {
            [
                place(point.span, &compiled.sources),
                point.word.as_str().to_string(),
                point.about.clone(),
                point.reason.clone(),
                point.cost.clone(),
            ]
        })
        .collect();
    if rows.is_empty() {
        print::line(format_args!(
            "{}: order matters nowhere; every shuffle gives the same result",
            file.display()
        ));
        return Outcome::Success;
    }
    table(&rows);
    Outcome::Success
}

fn place(span: sheaf_ir::Span, sources: &Sources) -> String {
    let source = sources.get(FileId(span.file));
    let position = source.position(span.start);
    format!("{}:{}:{}", source.name(), position.line, position.column)
}

/// Prints rows in columns as wide as their widest cell.
fn table(rows: &[[String; 5]]) {
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).max(HEADINGS[column].len())
        })
        .collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths);
        let padded: Vec<String> = padded
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        print::line(padded.join("  ").trim_end());
    };
    line(&HEADINGS);
    for row in rows {
        line(&row.each_ref().map(String::as_str));
    }
}
