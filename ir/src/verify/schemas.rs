//! Columns that come in, columns that go out, and the columns operators name.

use std::collections::BTreeSet;

use crate::{Combiner, NodeId, Operator, Type, infer};

use super::Verifier;

pub(super) fn check(v: &mut Verifier, id: NodeId) {
    let program = v.program;
    let node = &program.graph[id];
    let width = node.output.columns.len();
    check_inputs(v, id);
    if let Some((left_key, right_key)) = node.operator.keys() {
        check_keys(v, id, left_key, right_key);
    }
    match &node.operator {
        Operator::Source { connector } => check_connector(v, id, connector.columns.len()),
        Operator::Values { rows } => {
            for row in rows.iter().filter(|row| row.len() != width) {
                let message = format!("a row has {} values for {width} columns", row.len());
                v.at("values-width", id, message);
            }
            let has_type = |row: &Vec<crate::Expr>| {
                row.len() != width
                    || row
                        .iter()
                        .zip(&node.output.columns)
                        .all(|(e, (_, ty))| e.ty == *ty)
            };
            if !rows.iter().all(has_type) {
                v.at(
                    "column-type",
                    id,
                    "a row has a value of another type than its column",
                );
            }
            return;
        }
        Operator::OuterJoin { right_columns, .. } => check_range(v, id, right_columns, 1),
        Operator::Exchange { key } => check_range(v, id, key, 0),
        Operator::Combine { combiner } => check_combiner(v, id, combiner),
        Operator::Variable {
            combiner: Some(combiner),
        } => check_combiner(v, id, combiner),
        Operator::Sink {
            connector, order, ..
        } => {
            check_connector(v, id, connector.columns.len());
            let mut seen = BTreeSet::new();
            for (column, _) in order {
                if *column >= width || !seen.insert(column) {
                    let message = format!("column #{column} of {width} stands in the order");
                    v.at("sink-order", id, message);
                }
            }
        }
        _ => {}
    }
    check_output(v, id);
}

fn check_output(v: &mut Verifier, id: NodeId) {
    let node = &v.program.graph[id];
    let Some(types) = infer::columns(v.program, id) else {
        return;
    };
    if types.len() != node.output.columns.len() {
        let message = format!(
            "{} gives {} columns, but {} are declared",
            node.operator.name(),
            types.len(),
            node.output.columns.len()
        );
        v.at("column-count", id, message);
        return;
    }
    for (index, ((name, declared), derived)) in node.output.columns.iter().zip(types).enumerate() {
        if *declared != derived {
            let message = format!("column #{index} {name} is {derived}, not {declared}");
            v.at("column-type", id, message);
        }
    }
}

fn check_inputs(v: &mut Verifier, id: NodeId) {
    let program = v.program;
    let types = |from: NodeId| -> Vec<&Type> {
        program.graph[from]
            .output
            .columns
            .iter()
            .map(|(_, ty)| ty)
            .collect()
    };
    let mut inputs = program.inputs(id).into_iter();
    let Some((_, first)) = inputs.next() else {
        return;
    };
    if !program.graph[id].operator.is_variadic() {
        return;
    }
    for (_, from) in inputs {
        if types(from) != types(first) {
            let message = format!(
                "%{} and %{} have different columns",
                program.graph[first].name, program.graph[from].name
            );
            v.at("input-schema", id, message);
        }
    }
}

fn check_range(v: &mut Verifier, id: NodeId, columns: &[usize], port: u32) {
    let width = v.program.input_columns(id, port).len();
    for column in columns.iter().filter(|column| **column >= width) {
        let message = format!("there is no column #{column} on port {port}, which has {width}");
        v.at("key-range", id, message);
    }
}

fn check_keys(v: &mut Verifier, id: NodeId, left_key: &[usize], right_key: &[usize]) {
    let before = v.violations.len();
    check_range(v, id, left_key, 0);
    check_range(v, id, right_key, 1);
    if v.violations.len() > before {
        return;
    }
    let left = v.program.input_columns(id, 0);
    let right = v.program.input_columns(id, 1);
    let types_match = left_key
        .iter()
        .zip(right_key)
        .all(|(l, r)| left[*l].1 == right[*r].1);
    if left_key.len() != right_key.len() || !types_match {
        v.at("key-match", id, "the keys differ in length or in a type");
    }
}

fn check_combiner(v: &mut Verifier, id: NodeId, combiner: &Combiner) {
    let node = &v.program.graph[id];
    let has_input = !v.program.inputs(id).is_empty();
    let columns = match has_input {
        true => v.program.input_columns(id, 0),
        false => &node.output.columns,
    };
    match columns.last() {
        None => v.at("value-column", id, "there is no column to combine"),
        Some((_, ty)) if has_input && combiner.result_type(ty).is_none() => {
            let message = format!("{} is not defined at {ty}", combiner.name());
            v.at("combiner-type", id, message);
        }
        Some((_, ty)) => {
            if let Some(name) = combiner.lattice() {
                check_lattice(v, id, name, merged(combiner, ty));
            }
        }
    }
}

/// The type of what the combiner inside all maps merges.
fn merged<'a>(combiner: &Combiner, ty: &'a Type) -> &'a Type {
    match (combiner, ty) {
        (Combiner::Map(inner), Type::Map(_, value)) => merged(inner, value),
        _ => ty,
    }
}

fn check_lattice(v: &mut Verifier, id: NodeId, name: &str, ty: &Type) {
    match v.program.lattices.get(name) {
        None => {
            let message = format!("there is no lattice {name}");
            v.at("combiner-lattice", id, message);
        }
        Some(lattice) if lattice.ty != *ty => {
            let message = format!("the lattice {name} is of {}, not {ty}", lattice.ty);
            v.at("combiner-lattice", id, message);
        }
        Some(_) => {}
    }
}

fn check_connector(v: &mut Verifier, id: NodeId, named: usize) {
    let width = v.program.graph[id].output.columns.len();
    if named != 0 && named != width {
        let message = format!("{named} columns are named outside, {width} inside");
        v.at("connector-columns", id, message);
    }
}
