//! Finds fixpoints that no derivation has to leave: a column of every variable that goes unchanged
//! from body to head.
//!
//! If a set of columns is invariant then so is each of them, so single columns are tried, one for
//! each variable. A guess for one variable settles those it feeds on through the origins of its
//! columns; [`settle`] then checks the whole loop with every edge inside it local.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::placement::{Placement, matched, through};
use crate::plan::shape::{self, Input};
use crate::plan::{EdgeName, Route};
use crate::{NodeId, Operator, Program, Type};

/// How a colocated loop is wired.
#[derive(Debug)]
pub(super) struct Colocated {
    /// For each variable, its column.
    pub columns: BTreeMap<NodeId, usize>,
    /// Routes of the edges that come from outside the loop.
    pub routes: BTreeMap<EdgeName, Route>,
    /// Where the rows of each loop node are.
    pub placements: BTreeMap<NodeId, Placement>,
}

/// Guesses that are followed for one fixpoint; a bound against programs built to be slow.
const GUESSES: usize = 4096;
/// Choices of columns that are compared by price.
const SHOWN: usize = 4;

/// The choices of columns for a fixpoint that has some, the best first: the fewest broadcasts, then
/// columns that can take many values, then the first columns.
///
/// `looped` are the nodes in its loop, each after what feeds it, variables first.
pub(super) fn colocate(
    program: &Program,
    variables: &[NodeId],
    looped: &[NodeId],
) -> Vec<Colocated> {
    if looped.is_empty() {
        return Vec::new();
    }
    let origins = Origins::of(program, looped);
    let mut found: Vec<Colocated> = Vec::new();
    let mut guesses = GUESSES;
    let mut open: Vec<BTreeMap<NodeId, usize>> = vec![BTreeMap::new()];
    while let Some(assigned) = open.pop() {
        match origins.next(program, variables, &assigned) {
            Next::Refused => {}
            Next::Try(variable, columns) => open.extend(columns.into_iter().map(|column| {
                let mut more = assigned.clone();
                more.insert(variable, column);
                more
            })),
            Next::Complete => found.extend(settle(program, looped, &assigned)),
        }
        guesses -= 1;
        if guesses == 0 {
            break;
        }
    }
    found.sort_by_cached_key(|c| {
        let broadcasts = c
            .routes
            .values()
            .filter(|r| **r == Route::Broadcast)
            .count();
        let narrow = c
            .columns
            .iter()
            .filter(|(v, column)| program.graph[**v].output.columns[**column].1 == Type::Bool)
            .count();
        (
            broadcasts,
            narrow,
            variables
                .iter()
                .map(|v| c.columns[v])
                .collect::<Vec<usize>>(),
        )
    });
    found.truncate(SHOWN);
    found
}

/// For each column of each loop node, the variables' columns whose value it holds, and the
/// variables that the node depends on.
struct Origins {
    columns: BTreeMap<NodeId, Vec<BTreeSet<(NodeId, usize)>>>,
    bodies: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

enum Next {
    /// The assignment cannot be completed.
    Refused,
    /// This variable can have one of these columns.
    Try(NodeId, Vec<usize>),
    /// Every variable has a column.
    Complete,
}

impl Origins {
    fn of(program: &Program, nodes: &[NodeId]) -> Origins {
        let mut columns: BTreeMap<NodeId, Vec<BTreeSet<(NodeId, usize)>>> = BTreeMap::new();
        let mut bodies: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
        for &id in nodes {
            let arity = shape::arity(program, id);
            if shape::is_variable(program, id) {
                bodies.insert(id, BTreeSet::from([id]));
                columns.insert(id, (0..arity).map(|c| BTreeSet::from([(id, c)])).collect());
                continue;
            }
            let inputs = shape::inputs(program, id);
            bodies.insert(
                id,
                inputs
                    .iter()
                    .filter_map(|i| bodies.get(&i.from))
                    .flatten()
                    .copied()
                    .collect(),
            );
            let of = |port: u32| -> Vec<BTreeSet<(NodeId, usize)>> {
                let mut sides = inputs.iter().filter(|i| i.port == port).map(|i| {
                    columns
                        .get(&i.from)
                        .cloned()
                        .unwrap_or_else(|| vec![BTreeSet::new(); shape::arity(program, i.from)])
                });
                let Some(mut first) = sides.next() else {
                    return Vec::new();
                };
                for side in sides {
                    for (mine, theirs) in first.iter_mut().zip(side) {
                        mine.extend(theirs);
                    }
                }
                first
            };
            let operator = &program.graph[id].operator;
            let pick = |row: &[BTreeSet<(NodeId, usize)>], block| {
                shape::picks(block)
                    .into_iter()
                    .map(|p| p.and_then(|i| row.get(i).cloned()).unwrap_or_default())
                    .collect::<Vec<_>>()
            };
            let mut row = of(0);
            let mine = match operator {
                Operator::Map { block } | Operator::FlatMap { block, .. } => pick(&row, block),
                Operator::Join {
                    left_key,
                    right_key,
                    block,
                } => {
                    let width = row.len();
                    row.extend(of(1));
                    for (l, r) in left_key.iter().zip(right_key) {
                        let (l, r) = (*l, *r + width);
                        if l < row.len() && r < row.len() {
                            let both: BTreeSet<_> = row[l].union(&row[r]).copied().collect();
                            row[l].clone_from(&both);
                            row[r] = both;
                        }
                    }
                    pick(&row, block)
                }
                Operator::Combine { .. } => {
                    row.pop();
                    row
                }
                _ => row,
            };
            let mut mine = mine;
            mine.resize(arity, BTreeSet::new());
            columns.insert(id, mine);
        }
        Origins { columns, bodies }
    }

    fn next(
        &self,
        program: &Program,
        variables: &[NodeId],
        assigned: &BTreeMap<NodeId, usize>,
    ) -> Next {
        let mut free: Option<(NodeId, Vec<usize>)> = None;
        for (&variable, &column) in assigned {
            for input in shape::inputs(program, variable) {
                let Some(bodies) = self.bodies.get(&input.from) else {
                    continue;
                };
                let empty = BTreeSet::new();
                let origins = self.columns[&input.from].get(column).unwrap_or(&empty);
                for body in bodies {
                    let columns: Vec<usize> = origins
                        .iter()
                        .filter(|(from, _)| from == body)
                        .map(|(_, c)| *c)
                        .filter(|c| allowed(program, *body, *c))
                        .collect();
                    match assigned.get(body) {
                        Some(chosen) if columns.contains(chosen) => {}
                        None if !columns.is_empty() => {
                            free.get_or_insert((*body, columns));
                        }
                        _ => return Next::Refused,
                    }
                }
            }
        }
        let first_free = variables.iter().find(|v| !assigned.contains_key(v));
        match (free, first_free) {
            (Some((variable, columns)), _) => Next::Try(variable, columns),
            (None, Some(variable)) => Next::Try(
                *variable,
                (0..shape::arity(program, *variable))
                    .filter(|c| allowed(program, *variable, *c))
                    .collect(),
            ),
            (None, None) => Next::Complete,
        }
    }
}

/// Whether a variable may be partitioned by a column: not by a lattice's value.
fn allowed(program: &Program, variable: NodeId, column: usize) -> bool {
    shape::grouping(program, variable).is_some_and(|g| g.contains(&column))
}

/// Routes for a loop whose inner edges are all local, if that gives the right rows.
fn settle(
    program: &Program,
    nodes: &[NodeId],
    columns: &BTreeMap<NodeId, usize>,
) -> Option<Colocated> {
    let mut loop_ = Colocated {
        columns: columns.clone(),
        routes: BTreeMap::new(),
        placements: columns
            .iter()
            .map(|(v, c)| (*v, Placement::by(&[*c])))
            .collect(),
    };
    for &id in nodes {
        if !shape::is_variable(program, id) {
            let placement = loop_.place(program, id)?;
            // Nobody outside could tell the copies apart.
            let read_outside = program
                .outputs(id)
                .iter()
                .any(|(to, _)| program.graph[*to].fixpoint != program.graph[id].fixpoint);
            if placement == Placement::Replicated && read_outside {
                return None;
            }
            loop_.placements.insert(id, placement);
        }
    }
    for (&variable, &column) in columns {
        for input in shape::inputs(program, variable) {
            if !input.inner {
                loop_.routes.insert(input.name, Route::Hash(vec![column]));
            } else if !loop_.placements.get(&input.from)?.is_by(&[column]) {
                return None;
            }
        }
    }
    Some(loop_)
}

impl Colocated {
    /// Where a loop node's rows are; `None` if an inner edge would have to move rows.
    fn place(&mut self, program: &Program, id: NodeId) -> Option<Placement> {
        let operator = &program.graph[id].operator;
        if matches!(operator, Operator::Fixpoint { .. } | Operator::Sink { .. }) {
            return None;
        }
        let inputs = shape::inputs(program, id);
        match operator.keys() {
            Some((left_key, right_key)) => {
                let [left, right] = inputs.as_slice() else {
                    return None;
                };
                let product = matches!(operator, Operator::Join { .. });
                let (l, r) = self.match_sides(left, right, left_key, right_key, product)?;
                let width = shape::arity(program, left.from);
                Some(matched(operator, &l, &r, width))
            }
            None => self.place_merge(program, id, &inputs),
        }
    }

    fn place_merge(
        &mut self,
        program: &Program,
        id: NodeId,
        inputs: &[Input],
    ) -> Option<Placement> {
        let operator = &program.graph[id].operator;
        let known: Option<Placement> = inputs
            .iter()
            .filter(|i| i.inner)
            .map(|i| self.placements.get(&i.from).cloned())
            .reduce(|a, b| Some(a?.meet(&b?)))
            .unwrap_or(Some(Placement::Replicated));
        let (route, placement) = match known? {
            Placement::Replicated if !inputs.is_empty() => {
                (Route::Broadcast, Placement::Replicated)
            }
            Placement::Hashed(positions) => (
                Route::Hash(positions.iter().map(|p| p[0]).collect()),
                Placement::Hashed(positions),
            ),
            _ => return None,
        };
        if shape::grouping(program, id).is_some_and(|key| !placement.groups(&key)) {
            return None;
        }
        let outer = inputs.iter().filter(|i| !i.inner);
        let placement = outer.fold(placement, |placement, input| {
            let met = placement.meet(&placement.after(&route));
            self.routes.insert(input.name.clone(), route.clone());
            met
        });
        Some(through(operator, &placement, shape::arity(program, id)))
    }

    fn match_sides(
        &mut self,
        left: &Input,
        right: &Input,
        left_key: &[usize],
        right_key: &[usize],
        product: bool,
    ) -> Option<(Placement, Placement)> {
        let side = |input: &Input| match input.inner {
            true => self.placements.get(&input.from).cloned().map(Some),
            false => Some(None),
        };
        // `None`: from outside, free to choose.
        let (l, r) = (side(left)?, side(right)?);
        let along = |inner: &Placement, key: &[usize], other: &[usize]| {
            inner
                .within(key)
                .map(|at| at.into_iter().map(|i| other[i]).collect::<Vec<usize>>())
        };
        let replicated = Placement::Replicated;
        Some(match (l, r) {
            (None, None) => {
                self.route(left, Route::Broadcast);
                self.route(right, Route::Broadcast);
                (replicated.clone(), replicated)
            }
            (Some(Placement::Replicated), None) => {
                self.route(right, Route::Broadcast);
                (replicated.clone(), replicated)
            }
            (None, Some(Placement::Replicated)) => {
                self.route(left, Route::Broadcast);
                (replicated.clone(), replicated)
            }
            (Some(l @ Placement::Hashed(_)), None) => match along(&l, left_key, right_key) {
                Some(columns) => {
                    let r = Placement::by(&columns);
                    self.route(right, Route::Hash(columns));
                    (l, r)
                }
                None => {
                    self.route(right, Route::Broadcast);
                    (l, replicated)
                }
            },
            (None, Some(r @ Placement::Hashed(_))) => match along(&r, right_key, left_key) {
                Some(columns) => {
                    let l = Placement::by(&columns);
                    self.route(left, Route::Hash(columns));
                    (l, r)
                }
                None if product => {
                    self.route(left, Route::Broadcast);
                    (replicated, r)
                }
                None => return None,
            },
            (Some(l), Some(r)) if l.meets(&r, left_key, right_key) => (l, r),
            (
                Some(l @ (Placement::Hashed(_) | Placement::Replicated)),
                Some(Placement::Replicated),
            ) => (l, replicated),
            (Some(Placement::Replicated), Some(r @ Placement::Hashed(_))) if product => {
                (replicated, r)
            }
            _ => return None,
        })
    }

    fn route(&mut self, input: &Input, route: Route) {
        self.routes.insert(input.name.clone(), route);
    }
}
