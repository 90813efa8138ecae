//! Chooses how rows travel: each keyed operator's inputs go where equal keys meet, and nothing
//! moves that is already there.

use std::collections::BTreeMap;

use crate::plan::colocate::{Colocated, colocate};
use crate::plan::placement::{Placement, matched, through};
use crate::plan::shape::{self, Input};
use crate::plan::{EdgeName, FixpointStrategy, Plan, Route};
use crate::sizes::Sizes;
use crate::{NodeId, Operator, Program};

/// A legal plan for any number of workers. Deterministic. It follows rules:
/// - Rows of a source are spread where their reader needs no key.
/// - Joins and their relatives hash both sides by the key, or as much of it as one side is hashed
///   by already; without a key the right side is broadcast.
/// - Grouping operators hash by those columns of their key that most of their readers want.
/// - A fixpoint is colocated if it has an invariant column, else exchanged.
pub fn choose(program: &Program, _sizes: &Sizes) -> Plan {
    let mut chooser = Chooser {
        program,
        plan: Plan::default(),
        placements: BTreeMap::new(),
        colocated: BTreeMap::new(),
    };
    for (name, variables) in shape::fixpoints(program) {
        chooser.start_fixpoint(name, &variables);
    }
    let order = shape::order(program);
    let (variables, others): (Vec<NodeId>, Vec<NodeId>) = order
        .into_iter()
        .partition(|id| shape::is_variable(program, *id));
    for id in others.into_iter().chain(variables) {
        chooser.place(id);
    }
    chooser.plan
}

struct Chooser<'a> {
    program: &'a Program,
    plan: Plan,
    placements: BTreeMap<NodeId, Placement>,
    colocated: BTreeMap<String, Colocated>,
}

impl Chooser<'_> {
    fn start_fixpoint(&mut self, name: String, variables: &[NodeId]) {
        let strategy = match colocate(self.program, variables) {
            Some(found) => {
                self.placements.extend(found.placements.clone());
                let columns = found
                    .columns
                    .iter()
                    .map(|(v, c)| (self.program.graph[*v].name.clone(), vec![*c]))
                    .collect();
                self.colocated.insert(name.clone(), found);
                FixpointStrategy::Colocated { columns }
            }
            None => {
                for &variable in variables {
                    let columns = self.grouping_columns(variable);
                    self.placements.insert(variable, Placement::by(&columns));
                }
                FixpointStrategy::Exchanged
            }
        };
        self.plan.fixpoints.insert(name, strategy);
    }

    /// The columns by which a variable's or grouping node's rows are hashed when nothing else
    /// decides; empty if there is no key.
    fn grouping_columns(&self, id: NodeId) -> Vec<usize> {
        let allowed = shape::grouping(self.program, id).unwrap_or_default();
        shape::most_useful(&allowed, &shape::demands(self.program, id))
    }

    fn place(&mut self, id: NodeId) {
        let program = self.program;
        let node = &program.graph[id];
        let inputs = shape::inputs(program, id);
        if let Some(found) = node.fixpoint.as_ref().and_then(|f| self.colocated.get(f)) {
            let routes: Vec<(Input, Route)> = inputs
                .into_iter()
                .filter_map(|i| found.routes.get(&i.name).cloned().map(|r| (i, r)))
                .collect();
            for (input, route) in routes {
                self.send(&input, route);
            }
            return;
        }
        let placement = match &node.operator {
            Operator::Variable { .. } => {
                let columns = self.hashed_columns(id);
                for input in &inputs {
                    self.send(input, Route::Hash(columns.clone()));
                }
                return;
            }
            Operator::Source { .. } | Operator::StateRead { .. } => {
                Placement::Loose { balanced: false }
            }
            Operator::Values { .. } | Operator::Fixpoint { .. } => Placement::loose(),
            Operator::Distinct | Operator::Combine { .. } => self.place_grouping(id, &inputs),
            Operator::Sink { .. } => self.send_all(&inputs, Route::Gather),
            Operator::Exchange { key } => self.send_all(&inputs, Route::Hash(key.clone())),
            operator => match shape::keys(operator) {
                Some((left_key, right_key)) => {
                    self.place_matching(id, &inputs, left_key, right_key)
                }
                None => self.place_rowwise(id, &inputs),
            },
        };
        self.placements.insert(id, placement);
    }

    /// The columns of a variable that was placed when its fixpoint started.
    fn hashed_columns(&self, variable: NodeId) -> Vec<usize> {
        match self.placements.get(&variable) {
            Some(Placement::Hashed(positions)) => positions.iter().map(|p| p[0]).collect(),
            _ => Vec::new(),
        }
    }

    /// Operators that look at one row at a time: rows stay, except that those of a source are
    /// spread before any work is done on them.
    fn place_rowwise(&mut self, id: NodeId, inputs: &[Input]) -> Placement {
        let program = self.program;
        let operator = &program.graph[id].operator;
        let free = match operator {
            Operator::Map { block } => block.as_projection().is_some(),
            Operator::FlatMap { .. } | Operator::Extern { .. } => false,
            _ => true,
        };
        let arrived = inputs.iter().map(|input| {
            let from = self.placement(input.from);
            match from {
                Placement::Loose { balanced: false } if !free && !input.inner => {
                    self.send(input, Route::Balance)
                }
                _ => self.send(input, Route::Local),
            }
        });
        let arrived: Vec<Placement> = arrived.collect();
        let met = arrived
            .into_iter()
            .reduce(|a, b| a.meet(&b))
            .unwrap_or_else(Placement::loose);
        through(operator, &met, shape::arity(program, id))
    }

    fn place_grouping(&mut self, id: NodeId, inputs: &[Input]) -> Placement {
        let program = self.program;
        let key = shape::grouping(program, id).unwrap_or_default();
        let route = if key.is_empty() && program.graph[id].fixpoint.is_none() {
            Route::Gather
        } else {
            // Stay with the columns that keep the most inputs where they are.
            let kept: Vec<Vec<usize>> = inputs
                .iter()
                .filter_map(|i| self.kept_columns(i.from, &key))
                .collect();
            let most = kept.iter().max_by_key(|columns| {
                inputs
                    .iter()
                    .filter(|i| self.placement(i.from).is_by(columns))
                    .count()
            });
            Route::Hash(match most {
                Some(columns) => columns.clone(),
                None => self.grouping_columns(id),
            })
        };
        let placement = self.send_all(inputs, route);
        through(
            &program.graph[id].operator,
            &placement,
            shape::arity(program, id),
        )
    }

    /// The columns of `key` that a node's rows are hashed by already.
    fn kept_columns(&self, from: NodeId, key: &[usize]) -> Option<Vec<usize>> {
        let at = self.placement(from).within(key)?;
        (!at.is_empty()).then(|| at.into_iter().map(|i| key[i]).collect())
    }

    fn place_matching(
        &mut self,
        id: NodeId,
        inputs: &[Input],
        left_key: &[usize],
        right_key: &[usize],
    ) -> Placement {
        let program = self.program;
        let operator = &program.graph[id].operator;
        let [left, right] = inputs else {
            // Not a right program: the verifier says so.
            return self.send_all(inputs, Route::Local);
        };
        let (to_left, to_right) = self.match_sides(left, right, left_key, right_key);
        let l = self.send(left, to_left);
        let r = self.send(right, to_right);
        matched(operator, &l, &r, shape::arity(program, left.from))
    }

    fn match_sides(
        &self,
        left: &Input,
        right: &Input,
        left_key: &[usize],
        right_key: &[usize],
    ) -> (Route, Route) {
        let (l, r) = (self.placement(left.from), self.placement(right.from));
        let hint = matches!(self.program.graph[right.from].operator, Operator::Broadcast);
        if (left_key.is_empty() || hint) && !right.inner {
            let spread = matches!(l, Placement::Loose { balanced: false }) && !left.inner;
            let stay = if spread { Route::Balance } else { Route::Local };
            return (stay, Route::Broadcast);
        }
        if !left_key.is_empty() && l.meets(&r, left_key, right_key) && l != Placement::Single {
            return (Route::Local, Route::Local);
        }
        let along = |placement: &Placement, key: &[usize], other: &[usize]| {
            placement
                .within(key)
                .filter(|at| !at.is_empty())
                .map(|at| at.into_iter().map(|i| other[i]).collect::<Vec<usize>>())
        };
        if let Some(columns) = along(&l, left_key, right_key) {
            (Route::Local, Route::Hash(columns))
        } else if let Some(columns) = along(&r, right_key, left_key) {
            (Route::Hash(columns), Route::Local)
        } else {
            (
                Route::Hash(left_key.to_vec()),
                Route::Hash(right_key.to_vec()),
            )
        }
    }

    fn placement(&self, id: NodeId) -> Placement {
        self.placements
            .get(&id)
            .cloned()
            .unwrap_or(Placement::Loose { balanced: true })
    }

    fn send_all(&mut self, inputs: &[Input], route: Route) -> Placement {
        inputs
            .iter()
            .map(|input| self.send(input, route.clone()))
            .collect::<Vec<_>>()
            .into_iter()
            .reduce(|a, b| a.meet(&b))
            .unwrap_or_else(Placement::loose)
    }

    /// Routes an edge, unless its rows are there already; where they are afterwards.
    fn send(&mut self, input: &Input, route: Route) -> Placement {
        let from = self.placement(input.from);
        let there = match &route {
            Route::Hash(columns) => from.is_by(columns) && !columns.is_empty(),
            _ => false,
        };
        if there || route == Route::Local {
            return from;
        }
        let placement = from.after(&route);
        self.plan.routes.insert(EdgeName::clone(&input.name), route);
        placement
    }
}
