//! Where the rows of a collection are, and how operators carry that along.

use crate::Operator;
use crate::plan::Route;
use crate::plan::shape;

/// Where rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// Each row on some worker.
    Loose {
        /// Whether every worker is likely to have its share.
        balanced: bool,
    },
    /// Every row on the owner of its hash. For each position of the hashed key, the columns that
    /// hold its value: several after a join, never none. Without positions: all rows on one worker.
    Hashed(Vec<Vec<usize>>),
    /// Every row on worker 0.
    Single,
    /// Every row on every worker.
    Replicated,
}

impl Placement {
    /// Rows hashed by these columns.
    pub fn by(columns: &[usize]) -> Placement {
        Placement::Hashed(columns.iter().map(|c| vec![*c]).collect())
    }

    /// Each row somewhere, spread.
    pub fn loose() -> Placement {
        Placement::Loose { balanced: true }
    }

    /// Where rows are after travelling.
    pub fn after(&self, route: &Route) -> Placement {
        match route {
            Route::Local => self.clone(),
            Route::Hash(columns) => Placement::by(columns),
            Route::Broadcast => Placement::Replicated,
            Route::Gather => Placement::Single,
            Route::Balance => Placement::loose(),
        }
    }

    /// Whether the rows are hashed by exactly these columns, in this order.
    pub fn is_by(&self, columns: &[usize]) -> bool {
        matches!(self, Placement::Hashed(positions)
            if positions.len() == columns.len()
                && positions.iter().zip(columns).all(|(p, c)| p.contains(c)))
    }

    /// Whether rows that agree on `key` are on one worker (or on all).
    pub fn groups(&self, key: &[usize]) -> bool {
        match self {
            Placement::Loose { .. } => false,
            Placement::Hashed(positions) => {
                positions.iter().all(|p| p.iter().any(|c| key.contains(c)))
            }
            Placement::Single | Placement::Replicated => true,
        }
    }

    /// For each hashed position, an index into `key` that holds it; `None` if some position is not
    /// in the key.
    pub fn within(&self, key: &[usize]) -> Option<Vec<usize>> {
        match self {
            Placement::Hashed(positions) => positions
                .iter()
                .map(|p| key.iter().position(|c| p.contains(c)))
                .collect(),
            _ => None,
        }
    }

    /// Whether a left row and a right row that agree on the keys are on one worker.
    pub fn meets(&self, other: &Placement, left_key: &[usize], right_key: &[usize]) -> bool {
        match (self, other) {
            (Placement::Single, Placement::Single) => true,
            (Placement::Hashed(left), Placement::Hashed(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(l, r)| {
                        left_key
                            .iter()
                            .zip(right_key)
                            .any(|(a, b)| l.contains(a) && r.contains(b))
                    })
            }
            _ => false,
        }
    }

    /// What is known of rows that come from both.
    pub fn meet(&self, other: &Placement) -> Placement {
        match (self, other) {
            (Placement::Single, Placement::Single) => Placement::Single,
            (Placement::Replicated, Placement::Replicated) => Placement::Replicated,
            (Placement::Hashed(a), Placement::Hashed(b)) if a.len() == b.len() => {
                let shared: Vec<Vec<usize>> = a
                    .iter()
                    .zip(b)
                    .map(|(x, y)| x.iter().copied().filter(|c| y.contains(c)).collect())
                    .collect();
                if shared.iter().any(Vec::is_empty) {
                    Placement::loose()
                } else {
                    Placement::Hashed(shared)
                }
            }
            (Placement::Loose { balanced: false }, _)
            | (_, Placement::Loose { balanced: false }) => Placement::Loose { balanced: false },
            _ => Placement::loose(),
        }
    }

    /// Follows the columns: `picks[j]` is the input column that output column `j` repeats.
    pub fn project(&self, picks: &[Option<usize>]) -> Placement {
        let Placement::Hashed(positions) = self else {
            return self.clone();
        };
        let moved: Vec<Vec<usize>> = positions
            .iter()
            .map(|p| {
                (0..picks.len())
                    .filter(|j| picks[*j].is_some_and(|i| p.contains(&i)))
                    .collect()
            })
            .collect();
        if moved.iter().any(Vec::is_empty) {
            Placement::loose()
        } else {
            Placement::Hashed(moved)
        }
    }
}

/// Where a unary operator's output is, given where its input is. Grouping operators, unions and
/// everything else that keeps its columns keep the placement; a combined value is no column of the
/// input any more.
pub(super) fn through(operator: &Operator, input: &Placement, arity: usize) -> Placement {
    match operator {
        Operator::Map { block } | Operator::FlatMap { block, .. } => {
            input.project(&shape::picks(block))
        }
        Operator::Combine { .. } | Operator::Variable { combiner: Some(_) } => {
            let picks: Vec<Option<usize>> =
                (0..arity).map(|c| (c + 1 < arity).then_some(c)).collect();
            input.project(&picks)
        }
        _ => input.clone(),
    }
}

/// Where the output of an operator with two compared inputs is, given where the rows it works on
/// are. `left_arity` is the width of the left input.
pub(super) fn matched(
    operator: &Operator,
    left: &Placement,
    right: &Placement,
    left_arity: usize,
) -> Placement {
    let Operator::Join {
        left_key,
        right_key,
        block,
    } = operator
    else {
        return left.clone();
    };
    let equal = |column: usize| {
        left_key
            .iter()
            .zip(right_key)
            .filter(move |(l, r)| **l == column || **r + left_arity == column)
            .flat_map(move |(l, r)| [*l, *r + left_arity])
    };
    let base = match (left, right) {
        (Placement::Replicated, Placement::Hashed(positions)) => Placement::Hashed(
            positions
                .iter()
                .map(|p| p.iter().map(|c| c + left_arity).collect())
                .collect(),
        ),
        (Placement::Replicated, other) => other.clone(),
        (other, _) => other.clone(),
    };
    let joined = match base {
        Placement::Hashed(positions) => Placement::Hashed(
            positions
                .into_iter()
                .map(|p| {
                    let mut columns: Vec<usize> = p
                        .iter()
                        .flat_map(|c| equal(*c))
                        .chain(p.iter().copied())
                        .collect();
                    columns.sort_unstable();
                    columns.dedup();
                    columns
                })
                .collect(),
        ),
        other => other,
    };
    joined.project(&shape::picks(block))
}
