//! Whether rows can still come or go, and where climbing values are read in ways that are not
//! monotone.

use std::collections::BTreeMap;

use crate::graph::OrderKind;
use crate::nesting::{Nesting, topological};
use crate::{Block, Combiner, Expr, ExprKind, Label, NodeId, Operator, Program};

use super::trend::{Trend, trend};

/// How climbing lattice values move through a program.
#[derive(Clone, Debug, Default)]
pub struct Movements {
    /// What is wrong with how a node reads them, where something is.
    broken: BTreeMap<NodeId, String>,
}

impl Movements {
    /// Those of a program in which nothing climbs.
    pub fn none() -> Movements {
        Movements::default()
    }

    /// Why a node is not monotone in a value that climbs; `None` if it is.
    pub fn broken(&self, id: NodeId) -> Option<&str> {
        self.broken.get(&id).map(String::as_str)
    }
}

/// How the values of growing lattices move outside of loops and past them.
pub fn movements(program: &Program) -> Movements {
    follow(program, |id, _| {
        program.graph[id].output.label == Label::Growing
    })
}

/// How the values of recursive lattices move inside their loops, whatever the labels.
pub(crate) fn loop_movements(program: &Program, nesting: &Nesting) -> Movements {
    follow(program, |id, reader| {
        matches!(program.graph[id].operator, Operator::Variable { .. })
            && nesting
                .parent(id)
                .is_some_and(|fixpoint| nesting.is_inside(reader, fixpoint))
    })
}

/// The label of a node's output, derived from its operator and its inputs' annotations.
pub fn label(program: &Program, id: NodeId, movements: &Movements) -> Label {
    use Label::{Changing, Closed, Growing};
    let node = &program.graph[id];
    let inputs = program.inputs(id);
    let of_port = |port: u32| {
        let sources = inputs.iter().filter(|(at, _)| *at == port);
        let labels = sources.map(|(_, from)| program.graph[*from].output.label);
        labels.max().unwrap_or(Closed)
    };
    let all = of_port(0).max(of_port(1));
    let derived = match &node.operator {
        Operator::Source { .. } => node.output.label,
        Operator::StateRead { .. } => node.output.label.max(Growing),
        Operator::Values { .. } | Operator::Fixpoint { .. } => Closed,
        Operator::Antijoin { .. } | Operator::OuterJoin { .. } => match of_port(1) {
            Closed => of_port(0),
            Growing | Changing => Changing,
        },
        Operator::Combine { combiner } => match of_port(0) {
            Growing if !combiner.is_climbing() => Changing,
            label => label,
        },
        Operator::OrderPoint { kind, .. } => match kind {
            // What is emitted stays emitted.
            OrderKind::Final | OrderKind::Sample | OrderKind::Coordinate => all.min(Growing),
            OrderKind::Late => all,
        },
        Operator::Map { .. }
        | Operator::FlatMap { .. }
        | Operator::Join { .. }
        | Operator::Semijoin { .. }
        | Operator::Union
        | Operator::Distinct
        | Operator::Variable { .. }
        | Operator::Exchange { .. }
        | Operator::Broadcast
        | Operator::Sink { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. }
        | Operator::Extern { .. } => all,
    };
    match movements.broken(id) {
        Some(_) => Changing,
        None => derived,
    }
}

/// What moves in the rows of a node.
#[derive(Clone, Default)]
struct Moving {
    /// Trends by column; missing ones are fixed.
    columns: Vec<Trend>,
    /// Whether a row may come once more for each value that was replaced.
    repeats: bool,
}

impl Moving {
    fn column(&self, index: usize) -> Trend {
        self.columns.get(index).copied().unwrap_or(Trend::Fixed)
    }

    fn any(&self, columns: &[usize]) -> bool {
        columns
            .iter()
            .any(|column| self.column(*column) != Trend::Fixed)
    }

    fn moves(&self) -> bool {
        self.columns.iter().any(|trend| *trend != Trend::Fixed)
    }
}

/// Follows the values of lattices from node to node. `climbs(lattice, reader)` says whether a
/// lattice still climbs where it is read.
fn follow(program: &Program, climbs: impl Fn(NodeId, NodeId) -> bool) -> Movements {
    let mut movements = Movements::default();
    let mut moving: BTreeMap<NodeId, Moving> = BTreeMap::new();
    for id in topological(program) {
        let inputs = program.inputs(id);
        let mut ports = [Moving::default(), Moving::default()];
        for (port, from) in &inputs {
            let seen = match lattice(program, *from) {
                Some(seen) if climbs(*from, id) => seen,
                Some(_) => Moving::default(),
                None => moving.get(from).cloned().unwrap_or_default(),
            };
            let port = &mut ports[(*port as usize).min(1)];
            port.repeats |= seen.repeats;
            port.columns
                .resize(port.columns.len().max(seen.columns.len()), Trend::Fixed);
            for (column, trend) in seen.columns.iter().enumerate() {
                if port.columns[column] == Trend::Fixed {
                    port.columns[column] = *trend;
                } else if *trend != Trend::Fixed && *trend != port.columns[column] {
                    port.columns[column] = Trend::Any;
                }
            }
        }
        // Feedback comes after the variable in this order, and is looked at where it is made.
        let result = match &program.graph[id].operator {
            Operator::Variable { .. } => Ok(Moving::default()),
            operator => transfer(program, id, operator, &ports),
        };
        match result {
            Ok(result) => {
                moving.insert(id, result);
            }
            Err(reason) => {
                movements.broken.insert(id, reason);
            }
        }
    }
    for id in program.graph.node_indices() {
        let Operator::Variable { combiner } = &program.graph[id].operator else {
            continue;
        };
        for (_, from) in program.inputs(id) {
            let seen = match lattice(program, from) {
                Some(seen) if climbs(from, id) => seen,
                Some(_) => continue,
                None => moving.get(&from).cloned().unwrap_or_default(),
            };
            if let Err(reason) = gathers(
                program,
                combiner.as_ref(),
                &seen,
                program.graph[id].output.columns.len(),
            ) {
                movements.broken.entry(id).or_insert(reason);
            }
        }
    }
    movements
}

/// What moves in a variable's or combiner's rows while it climbs; `None` for other nodes.
fn lattice(program: &Program, id: NodeId) -> Option<Moving> {
    let node = &program.graph[id];
    let combiner = match &node.operator {
        Operator::Variable { combiner } => combiner.as_ref(),
        Operator::Combine { combiner } => Some(combiner),
        _ => return None,
    };
    let trend = match combiner {
        None => return Some(Moving::default()),
        Some(combiner) => Trend::of(combiner, program).unwrap_or(Trend::Any),
    };
    let mut columns = vec![Trend::Fixed; node.output.columns.len()];
    *columns.last_mut()? = trend;
    Some(Moving {
        columns,
        repeats: false,
    })
}

fn transfer(
    program: &Program,
    id: NodeId,
    operator: &Operator,
    [left, right]: &[Moving; 2],
) -> Result<Moving, String> {
    let left_width = program.input_columns(id, 0).len();
    let (left_key, right_key) = match operator {
        Operator::Exchange { key } => (&key[..], &[][..]),
        operator => operator.keys().unwrap_or_default(),
    };
    if left.any(left_key) || right.any(right_key) {
        return Err("joins on a value that still climbs".to_string());
    }
    Ok(match operator {
        Operator::Map { block } => of_block(program, block, left.columns.clone(), left)?,
        Operator::FlatMap { each, block } => {
            if !matches!(
                trend(each, &left.columns, program),
                Trend::Fixed | Trend::Gains
            ) {
                return Err("takes apart a value that still climbs".to_string());
            }
            let mut columns = left.columns.clone();
            columns.resize(left_width + 1, Trend::Fixed);
            let mut moving = of_block(program, block, columns, left)?;
            moving.repeats |= trend(each, &left.columns, program) != Trend::Fixed;
            moving
        }
        Operator::Join { block, .. } => {
            let mut columns = left.columns.clone();
            columns.resize(left_width, Trend::Fixed);
            columns.extend(&right.columns);
            let both = Moving {
                columns: columns.clone(),
                repeats: left.repeats || right.repeats,
            };
            of_block(program, block, columns, &both)?
        }
        Operator::OuterJoin { right_columns, .. } => {
            let mut moving = left.clone();
            moving.columns.resize(left_width, Trend::Fixed);
            moving
                .columns
                .extend(right_columns.iter().map(|column| right.column(*column)));
            moving.repeats |= right.repeats;
            moving
        }
        Operator::Distinct => {
            if left.moves() {
                return Err("collects values that are still replaced by others".to_string());
            }
            Moving::default()
        }
        Operator::Combine { combiner } => {
            gathers(
                program,
                Some(combiner),
                left,
                program.graph[id].output.columns.len(),
            )?;
            Moving::default()
        }
        Operator::Sink { .. } | Operator::Effect { .. } if left.repeats && !left.moves() => {
            return Err("counts a row once for each value that was replaced".to_string());
        }
        Operator::Extern { arguments, .. } => {
            all_fixed(program, arguments.iter(), &left.columns)?;
            left.clone()
        }
        Operator::OrderPoint { kind, .. } => match kind {
            OrderKind::Final | OrderKind::Sample | OrderKind::Coordinate => Moving::default(),
            OrderKind::Late => left.clone(),
        },
        Operator::Semijoin { .. }
        | Operator::Antijoin { .. }
        | Operator::Exchange { .. }
        | Operator::Union
        | Operator::Broadcast
        | Operator::Sink { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. } => left.clone(),
        Operator::Source { .. }
        | Operator::Values { .. }
        | Operator::Fixpoint { .. }
        | Operator::Variable { .. }
        | Operator::StateRead { .. } => Moving::default(),
    })
}

fn all_fixed<'a>(
    program: &Program,
    mut exprs: impl Iterator<Item = &'a Expr>,
    columns: &[Trend],
) -> Result<(), String> {
    if exprs.all(|expr| trend(expr, columns, program) == Trend::Fixed) {
        Ok(())
    } else {
        Err("calls foreign code with a value that still climbs".to_string())
    }
}

fn of_block(
    program: &Program,
    block: &Block,
    columns: Vec<Trend>,
    from: &Moving,
) -> Result<Moving, String> {
    for condition in &block.conditions {
        if !matches!(
            trend(condition, &columns, program),
            Trend::Fixed | Trend::Up
        ) {
            return Err("tests a value that still climbs in a way that may turn false".to_string());
        }
    }
    let outputs: Vec<Trend> = block
        .outputs
        .iter()
        .map(|expr| trend(expr, &columns, program))
        .collect();
    if outputs.contains(&Trend::Any) {
        return Err("computes something that does not climb from a value that does".to_string());
    }
    // A row whose moving column is left out, or only tested, comes again for each value of it.
    let is_kept = |(index, trend): (usize, &Trend)| {
        *trend == Trend::Fixed
            || block
                .outputs
                .iter()
                .any(|e| matches!(e.kind, ExprKind::Column(c) if c == index))
    };
    let repeats = !columns.iter().enumerate().all(is_kept);
    Ok(Moving {
        columns: outputs,
        repeats: from.repeats || repeats,
    })
}

/// Whether a relation may gather such rows: all but the last column fixed, the last one moving the
/// way of its combiner.
fn gathers(
    program: &Program,
    combiner: Option<&Combiner>,
    rows: &Moving,
    width: usize,
) -> Result<(), String> {
    let keys: Vec<usize> = (0..width.saturating_sub(1)).collect();
    if rows.any(&keys) {
        return Err("has a value that still climbs in its key".to_string());
    }
    let last = rows.column(width.saturating_sub(1));
    match combiner {
        None if last != Trend::Fixed => {
            Err("collects values that are still replaced by others".to_string())
        }
        None => Ok(()),
        Some(combiner) if !combiner.is_idempotent() => {
            if last != Trend::Fixed || rows.repeats {
                Err("counts a contribution once for each value that was replaced".to_string())
            } else {
                Ok(())
            }
        }
        Some(combiner) => {
            if last == Trend::Fixed || Trend::of(combiner, program) == Some(last) {
                Ok(())
            } else {
                Err("combines values that climb another way".to_string())
            }
        }
    }
}
