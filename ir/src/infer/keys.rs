//! Whether rows repeat, and which columns determine them.
//!
//! A key is a functional dependency: rows that agree on it are equal. In a set, no two rows agree
//! on a key. All columns together always are one, so that one is never listed.

use crate::graph::OrderKind;
use crate::{
    Block, Collection, ExprKind, Function, Multiplicity, NodeId, Operator, Program, Type, Value,
};

/// No more keys than this are derived for one node.
const MAX_KEYS: usize = 16;

/// What is known of how rows differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinctness {
    /// Whether rows may repeat.
    pub multiplicity: Multiplicity,
    /// Minimal keys other than all columns, ascending.
    pub keys: Vec<Vec<usize>>,
}

/// How the rows of a node differ, derived from its operator and its inputs' annotations.
pub fn distinctness(program: &Program, id: NodeId) -> Distinctness {
    use Multiplicity::{Bag, Set};
    let node = &program.graph[id];
    let inputs = program.inputs(id);
    let input = |port: u32| {
        let (_, from) = inputs.iter().find(|(at, _)| *at == port)?;
        Some(&program.graph[*from].output)
    };
    let only_input = (inputs.len() == 1).then(|| input(0)).flatten();
    let like = |input: Option<&Collection>| match input {
        Some(input) => (input.multiplicity, known_keys(input)),
        None => (Bag, Vec::new()),
    };
    let bag = (Bag, Vec::new());
    let width = node.output.columns.len();
    let (multiplicity, keys) = match &node.operator {
        Operator::Source { .. } => {
            let columns = node.output.columns.iter().enumerate();
            let keys: Vec<Vec<usize>> = columns
                .filter(|(_, (_, ty))| *ty == Type::RowId)
                .map(|(index, _)| vec![index])
                .collect();
            (if keys.is_empty() { Bag } else { Set }, keys)
        }
        Operator::StateRead { .. } => (Set, known_keys(&node.output)),
        Operator::Values { rows } if rows.len() <= 1 => (Set, vec![Vec::new()]),
        Operator::Values { rows } => {
            let constant = |column: usize| -> Option<Vec<&Value>> {
                rows.iter()
                    .map(|row| match &row.get(column)?.kind {
                        ExprKind::Constant(value) => Some(value),
                        _ => None,
                    })
                    .collect()
            };
            let columns: Vec<Option<Vec<&Value>>> = (0..width).map(constant).collect();
            let keys: Vec<Vec<usize>> = (0..width)
                .filter(|column| columns[*column].clone().is_some_and(all_differ))
                .map(|column| vec![column])
                .collect();
            let known: Vec<Vec<&Value>> = columns.into_iter().flatten().collect();
            let rows_differ = all_differ(
                (0..rows.len())
                    .map(|row| known.iter().map(|c| c[row]).collect::<Vec<_>>())
                    .collect(),
            );
            (if rows_differ { Set } else { Bag }, keys)
        }
        Operator::Map { block } => match input(0) {
            None => bag,
            Some(from) => {
                let kept = Kept::of(block, from.columns.len(), &[]);
                kept.project(from.multiplicity, candidates(from))
            }
        },
        Operator::FlatMap { each, block } => match input(0) {
            None => bag,
            Some(from) => {
                let element = from.columns.len();
                let mut keys = candidates(from);
                keys.iter_mut().for_each(|key| key.push(element));
                let repeats = matches!(each.ty, Type::List(_));
                let multiplicity = if repeats { Bag } else { from.multiplicity };
                Kept::of(block, element + 1, &[]).project(multiplicity, keys)
            }
        },
        Operator::Join {
            left_key,
            right_key,
            block,
        } => match (input(0), input(1)) {
            (Some(left), Some(right)) => join(left, right, left_key, right_key, block),
            _ => bag,
        },
        Operator::OuterJoin {
            right_columns,
            right_key,
            ..
        } => match (input(0), input(1)) {
            (Some(left), Some(right)) => outer_join(left, right, right_key, right_columns),
            _ => bag,
        },
        Operator::Union => match (only_input, inputs.len()) {
            (_, 0) => (Set, vec![Vec::new()]),
            (input, 1) => like(input),
            _ => bag,
        },
        Operator::Distinct => (Set, like(only_input).1),
        Operator::Combine { .. } => {
            let group: Vec<usize> = (0..width.saturating_sub(1)).collect();
            let mut keys = like(only_input).1;
            keys.retain(|key| key.iter().all(|column| group.contains(column)));
            keys.push(group);
            (Set, keys)
        }
        Operator::Variable { combiner: None } => (Set, Vec::new()),
        Operator::Variable { combiner: Some(_) } => {
            (Set, vec![(0..width.saturating_sub(1)).collect()])
        }
        Operator::Fixpoint { .. } => (Set, Vec::new()),
        Operator::OrderPoint { kind, .. } => match kind {
            // What was read once may be read again with another value.
            OrderKind::Sample | OrderKind::Coordinate => bag,
            OrderKind::Final | OrderKind::Late => like(input(0)),
        },
        Operator::Semijoin { .. }
        | Operator::Antijoin { .. }
        | Operator::Exchange { .. }
        | Operator::Broadcast
        | Operator::Sink { .. }
        | Operator::StateWrite { .. }
        | Operator::Effect { .. } => like(input(0)),
        Operator::Extern { .. } => match input(0) {
            Some(from) => (from.multiplicity, candidates(from)),
            None => bag,
        },
    };
    Distinctness {
        multiplicity,
        keys: minimal(keys, width),
    }
}

fn all_differ<T: Ord>(mut values: Vec<T>) -> bool {
    values.sort();
    values.windows(2).all(|pair| pair[0] != pair[1])
}

/// The claimed keys that make sense.
fn known_keys(collection: &Collection) -> Vec<Vec<usize>> {
    let in_range = |key: &&Vec<usize>| key.iter().all(|c| *c < collection.columns.len());
    collection
        .keys
        .iter()
        .filter(in_range)
        .take(MAX_KEYS)
        .cloned()
        .collect()
}

/// The claimed keys, and all columns.
fn candidates(collection: &Collection) -> Vec<Vec<usize>> {
    let mut keys = known_keys(collection);
    keys.push((0..collection.columns.len()).collect());
    keys
}

/// Keys without those that contain another, and without that of all columns.
fn minimal(mut keys: Vec<Vec<usize>>, width: usize) -> Vec<Vec<usize>> {
    for key in &mut keys {
        key.sort_unstable();
        key.dedup();
    }
    keys.retain(|key| key.len() < width);
    keys.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for key in keys {
        if !kept
            .iter()
            .any(|smaller| smaller.iter().all(|c| key.contains(c)))
        {
            kept.push(key);
        }
    }
    kept.truncate(MAX_KEYS);
    kept.sort();
    kept
}

/// What is left of a block's input columns in its outputs.
struct Kept {
    /// Columns of equal value have the same class.
    class: Vec<usize>,
    /// Whether a class has one value in all rows.
    fixed: Vec<bool>,
    /// The first output that is a column of the class.
    output: Vec<Option<usize>>,
}

impl Kept {
    fn of(block: &Block, width: usize, equal: &[(usize, usize)]) -> Kept {
        let mut class: Vec<usize> = (0..width).collect();
        let mut fixed = vec![false; width];
        let mut unite = |a: usize, b: usize, fixed: &mut Vec<bool>| {
            if a < width && b < width {
                let (from, to) = (class[a].max(class[b]), class[a].min(class[b]));
                class
                    .iter_mut()
                    .filter(|c| **c == from)
                    .for_each(|c| *c = to);
                fixed[to] |= fixed[from];
            }
        };
        for (a, b) in equal {
            unite(*a, *b, &mut fixed);
        }
        let mut fix = Vec::new();
        for condition in &block.conditions {
            let ExprKind::Call(Function::Eq, sides) = &condition.kind else {
                continue;
            };
            match sides.iter().map(|side| &side.kind).collect::<Vec<_>>()[..] {
                [ExprKind::Column(a), ExprKind::Column(b)] => unite(*a, *b, &mut fixed),
                [
                    ExprKind::Column(a),
                    ExprKind::Constant(_) | ExprKind::Param(_),
                ]
                | [
                    ExprKind::Constant(_) | ExprKind::Param(_),
                    ExprKind::Column(a),
                ] => fix.push(*a),
                _ => {}
            }
        }
        for column in fix {
            if let Some(class) = class.get(column) {
                fixed[*class] = true;
            }
        }
        let mut output = vec![None; width];
        for (index, expr) in block.outputs.iter().enumerate() {
            if let ExprKind::Column(column) = expr.kind
                && let Some(class) = class.get(column)
            {
                output[*class].get_or_insert(index);
            }
        }
        Kept {
            class,
            fixed,
            output,
        }
    }

    /// The keys that survive in the outputs. What was a set stays one if one of them does.
    fn project(
        &self,
        multiplicity: Multiplicity,
        keys: Vec<Vec<usize>>,
    ) -> (Multiplicity, Vec<Vec<usize>>) {
        let keys: Vec<Vec<usize>> = keys
            .iter()
            .filter_map(|key| self.project_key(key))
            .collect();
        let is_set = multiplicity == Multiplicity::Set && !keys.is_empty();
        let multiplicity = if is_set {
            Multiplicity::Set
        } else {
            Multiplicity::Bag
        };
        (multiplicity, keys)
    }

    fn project_key(&self, key: &[usize]) -> Option<Vec<usize>> {
        key.iter()
            .map(|column| self.class[*column])
            .filter(|class| !self.fixed[*class])
            .map(|class| self.output[class])
            .collect()
    }

    /// Whether all these columns have the value of a column in `range`, or a fixed one.
    fn are_determined_by(&self, columns: &[usize], range: std::ops::Range<usize>) -> bool {
        columns.iter().all(|column| {
            let class = self.class[*column];
            self.fixed[class] || range.clone().any(|other| self.class[other] == class)
        })
    }
}

fn join(
    left: &Collection,
    right: &Collection,
    left_key: &[usize],
    right_key: &[usize],
    block: &Block,
) -> (Multiplicity, Vec<Vec<usize>>) {
    let (left_width, right_width) = (left.columns.len(), right.columns.len());
    let width = left_width + right_width;
    let equal: Vec<(usize, usize)> = left_key
        .iter()
        .zip(right_key)
        .filter(|(_, right)| **right < right_width)
        .map(|(left, right)| (*left, left_width + right))
        .filter(|(left, _)| *left < left_width)
        .collect();
    let kept = Kept::of(block, width, &equal);
    let mut keys = Vec::new();
    for left_candidate in candidates(left) {
        for right_candidate in candidates(right) {
            let right_candidate: Vec<usize> = right_candidate
                .iter()
                .map(|column| left_width + column)
                .collect();
            if kept.are_determined_by(&right_candidate, 0..left_width) {
                keys.push(left_candidate.clone());
            } else if kept.are_determined_by(&left_candidate, left_width..width) {
                keys.push(right_candidate);
            } else {
                keys.push([left_candidate.clone(), right_candidate].concat());
            }
        }
    }
    kept.project(left.multiplicity.max(right.multiplicity), keys)
}

/// A left row comes with each of its partners, or once without.
fn outer_join(
    left: &Collection,
    right: &Collection,
    right_key: &[usize],
    right_columns: &[usize],
) -> (Multiplicity, Vec<Vec<usize>>) {
    let mut keys = Vec::new();
    for right_candidate in candidates(right) {
        let one_partner = right_candidate
            .iter()
            .all(|column| right_key.contains(column));
        let picked: Option<Vec<usize>> = right_candidate
            .iter()
            .map(|column| {
                let at = right_columns.iter().position(|picked| picked == column)?;
                Some(left.columns.len() + at)
            })
            .collect();
        for left_candidate in candidates(left) {
            if one_partner {
                keys.push(left_candidate);
            } else if let Some(picked) = &picked {
                keys.push([left_candidate, picked.clone()].concat());
            }
        }
    }
    let is_set = left.multiplicity.max(right.multiplicity) == Multiplicity::Set;
    let multiplicity = if is_set && !keys.is_empty() {
        Multiplicity::Set
    } else {
        Multiplicity::Bag
    };
    (multiplicity, keys)
}
