//! Routes and placements in words.

use std::collections::BTreeMap;

use crate::plan::Route;
use crate::plan::placement::Placement;
use crate::plan::shape::Input;
use crate::{NodeId, Program};

/// A node's name without the module that it is in.
pub(super) fn short(name: &str) -> &str {
    let relation = name.find(['#', ':']).unwrap_or(name.len());
    name[..relation]
        .rfind('.')
        .map_or(name, |dot| &name[dot + 1..])
}

/// The name of a column, or its number where there is no such column.
pub(super) fn column(program: &Program, id: NodeId, column: usize) -> String {
    let columns = &program.graph[id].output.columns;
    match columns.get(column) {
        Some((name, _)) if !name.is_empty() => name.clone(),
        _ => format!("column {column}"),
    }
}

/// The names of columns.
pub(super) fn columns(program: &Program, id: NodeId, numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(|c| column(program, id, *c)).collect();
    names.join(", ")
}

/// How rows of a node travel.
pub(super) fn route(program: &Program, from: NodeId, route: &Route) -> String {
    match route {
        Route::Local => "stays".to_string(),
        Route::Hash(key) if key.is_empty() => "to one worker".to_string(),
        Route::Hash(key) => format!("by {}", columns(program, from, key)),
        Route::Broadcast => "to every worker".to_string(),
        Route::Gather => "to worker 0".to_string(),
        Route::Balance => "spread evenly".to_string(),
    }
}

/// How the two sides of a join or one of its relatives travel.
pub(super) fn sides(program: &Program, inputs: [&Input; 2], routes: [&Route; 2]) -> String {
    let side = |i: usize| route(program, inputs[i].from, routes[i]);
    format!("left {}, right {}", side(0), side(1))
}

/// How several inputs travel; said once if it is the same for all.
pub(super) fn routes<'a>(
    program: &Program,
    inputs: impl Iterator<Item = (&'a Input, Route)>,
) -> String {
    let mut all: Vec<String> = Vec::new();
    for (input, going) in inputs {
        let said = route(program, input.from, &going);
        if !all.contains(&said) {
            all.push(said);
        }
    }
    all.join(" and ")
}

/// Where the rows of a node are.
pub(super) fn placement(program: &Program, id: NodeId, at: &Placement) -> String {
    match at {
        Placement::Loose { .. } => "anywhere".to_string(),
        Placement::Hashed(positions) if positions.is_empty() => "on one worker".to_string(),
        Placement::Hashed(positions) => {
            let first: Vec<usize> = positions.iter().map(|p| p[0]).collect();
            format!("by {}", columns(program, id, &first))
        }
        Placement::Single => "on worker 0".to_string(),
        Placement::Replicated => "on every worker".to_string(),
    }
}

/// The columns that a colocated loop is partitioned by.
pub(super) fn colocated(program: &Program, by: &BTreeMap<NodeId, usize>) -> String {
    let mut named: Vec<(&str, String)> = by
        .iter()
        .map(|(id, c)| (program.graph[*id].name.as_str(), column(program, *id, *c)))
        .collect();
    named.sort();
    let named: Vec<String> = named
        .into_iter()
        .map(|(variable, column)| format!("{} by {column}", short(variable)))
        .collect();
    format!("colocated: {}", named.join(", "))
}

/// A number in at most three digits and a letter.
pub fn short_number(number: f64) -> String {
    let mut number = number;
    for letter in ["", "k", "M", "G", "T"] {
        if number < 999.5 {
            return match letter {
                "" => format!("{number:.0}"),
                _ if number < 9.95 => format!("{number:.1}{letter}"),
                _ => format!("{number:.0}{letter}"),
            };
        }
        number /= 1000.0;
    }
    format!("{number:.0}P")
}

#[cfg(test)]
mod tests {
    use super::short_number;

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (999.4, "999"),
            (999.6, "1.0k"),
            (1234.0, "1.2k"),
            (9960.0, "10k"),
            (999_600.0, "1.0M"),
            (12_345_678.0, "12M"),
        ] {
            assert_eq!(short_number(number), text);
        }
    }
}
