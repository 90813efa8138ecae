//! Types and names of output columns.

use crate::{Expr, ExprKind, NodeId, Operator, Program, Type};

/// The types of a node's output columns. `None` where the operator does not say, or not in this
/// place: sources and stored tables, unions of nothing, and operators whose inputs are missing or
/// of no use to them.
pub fn columns(program: &Program, id: NodeId) -> Option<Vec<Type>> {
    let node = &program.graph[id];
    let has_input = |port| program.inputs(id).iter().any(|(at, _)| *at == port);
    let input = |port| {
        let columns = program.input_columns(id, port);
        has_input(port).then(|| {
            columns
                .iter()
                .map(|(_, ty)| ty.clone())
                .collect::<Vec<Type>>()
        })
    };
    Some(match &node.operator {
        Operator::Source { .. } | Operator::StateRead { .. } => return None,
        Operator::Values { rows } => rows.first()?.iter().map(|e| e.ty.clone()).collect(),
        Operator::Map { block }
        | Operator::FlatMap { block, .. }
        | Operator::Join { block, .. } => block.outputs.iter().map(|e| e.ty.clone()).collect(),
        Operator::OuterJoin { right_columns, .. } => {
            let right = input(1)?;
            let mut columns = input(0)?;
            for column in right_columns {
                columns.push(Type::Option(Box::new(right.get(*column)?.clone())));
            }
            columns
        }
        Operator::Combine { combiner }
        | Operator::Variable {
            combiner: Some(combiner),
        } => {
            let mut columns = input(0)?;
            let contribution = columns.pop()?;
            columns.push(combiner.result_type(&contribution)?);
            columns
        }
        Operator::Fixpoint { .. } => Vec::new(),
        Operator::Extern { .. } => {
            let mut columns = input(0)?;
            columns.push(node.output.columns.last()?.1.clone());
            columns
        }
        Operator::Semijoin { .. }
        | Operator::Antijoin { .. }
        | Operator::Union
        | Operator::Distinct
        | Operator::Variable { combiner: None }
        | Operator::Exchange { .. }
        | Operator::Broadcast
        | Operator::Sink { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. }
        | Operator::OrderPoint { .. } => input(0)?,
    })
}

/// Names for a node's output columns: those of the input columns they come from, else by number.
pub fn names(program: &Program, id: NodeId) -> Vec<String> {
    let node = &program.graph[id];
    let input = |port| {
        program
            .input_columns(id, port)
            .iter()
            .map(|(name, _)| name.as_str())
    };
    let seen: Vec<&str> = match node.operator {
        Operator::Join { .. } => input(0).chain(input(1)).collect(),
        Operator::FlatMap { .. } => input(0).chain(["element"]).collect(),
        _ => input(0).collect(),
    };
    let of_expr = |(index, expr): (usize, &Expr)| match expr.kind {
        ExprKind::Column(column) if column < seen.len() => seen[column].to_string(),
        _ => format!("c{index}"),
    };
    match &node.operator {
        Operator::Map { block }
        | Operator::FlatMap { block, .. }
        | Operator::Join { block, .. } => block.outputs.iter().enumerate().map(of_expr).collect(),
        Operator::Values { rows } => {
            let width = rows.first().map_or(0, Vec::len);
            (0..width).map(|index| format!("c{index}")).collect()
        }
        Operator::OuterJoin { right_columns, .. } => {
            let right: Vec<&str> = input(1).collect();
            let picked = right_columns
                .iter()
                .map(|column| right.get(*column).copied().unwrap_or_default());
            input(0).chain(picked).map(str::to_string).collect()
        }
        Operator::Extern { function, .. } => input(0)
            .chain([function.as_str()])
            .map(str::to_string)
            .collect(),
        Operator::Fixpoint { .. } => Vec::new(),
        _ => input(0).map(str::to_string).collect(),
    }
}
