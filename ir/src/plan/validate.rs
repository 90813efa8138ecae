//! Re-derives from routes alone that rows which must meet do, and that none is counted twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::placement::{Placement, matched, through};
use crate::plan::shape::{self, Input};
use crate::plan::{FixpointStrategy, Plan, Route, early};
use crate::{NodeId, Operator, Program};

/// Whether a plan is legal for a (verified) program; else every reason why not, in a fixed order.
///
/// Where rows are is derived as a greatest fixed point: round a loop it starts from "anywhere one
/// likes" and is weakened until it holds.
pub fn validate(program: &Program, plan: &Plan) -> Result<(), Vec<String>> {
    let mut check = Check {
        program,
        plan,
        placements: BTreeMap::new(),
        faults: Vec::new(),
    };
    check.names();
    for id in check.place() {
        check.node(id);
    }
    if check.faults.is_empty() {
        Ok(())
    } else {
        Err(check.faults)
    }
}

/// Where the rows of each node are under a plan.
pub(super) fn placements(program: &Program, plan: &Plan) -> BTreeMap<NodeId, Placement> {
    let mut check = Check {
        program,
        plan,
        placements: BTreeMap::new(),
        faults: Vec::new(),
    };
    check.place();
    check.placements
}

struct Check<'a> {
    program: &'a Program,
    plan: &'a Plan,
    /// A node that is not in it has not been reached: its rows may be assumed anywhere.
    placements: BTreeMap<NodeId, Placement>,
    faults: Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, id: NodeId, what: impl std::fmt::Display) {
        let name = &self.program.graph[id].name;
        self.faults.push(format!("{name}: {what}"));
    }

    /// Derives where rows are; the nodes in order.
    fn place(&mut self) -> Vec<NodeId> {
        let order = shape::order(self.program);
        shape::settle(self.program, &order, |id| self.derive(id));
        order
    }

    /// Everything the plan names exists, and every fixpoint has a strategy.
    fn names(&mut self) {
        let mut arities = BTreeMap::new();
        let mut fed = BTreeSet::new();
        for id in self.program.nodes_by_name() {
            for input in shape::inputs(self.program, id) {
                arities.insert(input.name, shape::arity(self.program, input.from));
                fed.insert(self.program.graph[id].name.as_str());
            }
        }
        for (edge, route) in &self.plan.routes {
            let place = format!("{} -> {}[{}]", edge.from, edge.to, edge.port);
            match (arities.get(edge), route) {
                (None, _) => self.faults.push(format!("{place}: no such edge")),
                (Some(arity), Route::Hash(columns)) if columns.iter().any(|c| c >= arity) => {
                    self.faults.push(format!("{place}: column out of range"));
                }
                _ => {}
            }
        }
        for edge in &self.plan.thinned {
            if !arities.contains_key(edge) {
                let place = format!("{} -> {}[{}]", edge.from, edge.to, edge.port);
                self.faults
                    .push(format!("{place}: no such edge to drop rows before"));
            }
        }
        for name in &self.plan.split {
            if !fed.contains(name.as_str()) {
                self.faults
                    .push(format!("{name}: no such node to run in two steps"));
            }
        }
        let fixpoints: BTreeMap<String, _> = shape::fixpoints(self.program).into_iter().collect();
        for name in fixpoints.keys() {
            if !self.plan.fixpoints.contains_key(name) {
                self.faults.push(format!("{name}: no strategy"));
            }
        }
        for name in self.plan.fixpoints.keys() {
            if !fixpoints.contains_key(name) {
                self.faults.push(format!("{name}: no such fixpoint"));
            }
        }
    }

    fn route(&self, input: &Input) -> Route {
        self.plan
            .routes
            .get(&input.name)
            .cloned()
            .unwrap_or(Route::Local)
    }

    /// Where the rows of an edge arrive, if its source was reached.
    fn arrival(&self, input: &Input) -> Option<Placement> {
        match self.route(input) {
            Route::Local => self.placements.get(&input.from).cloned(),
            route => Some(Placement::loose().after(&route)),
        }
    }

    /// Derives where the rows of a node are; whether that is new.
    fn derive(&mut self, id: NodeId) -> bool {
        let operator = &self.program.graph[id].operator;
        let inputs = shape::inputs(self.program, id);
        let arity = shape::arity(self.program, id);
        let placement = match (operator.keys(), inputs.as_slice()) {
            (Some(_), [left, right]) => self
                .arrival(left)
                .zip(self.arrival(right))
                .map(|(l, r)| matched(operator, &l, &r, shape::arity(self.program, left.from))),
            (_, []) => Some(Placement::loose()),
            _ => inputs
                .iter()
                .filter_map(|i| self.arrival(i))
                .reduce(|a, b| a.meet(&b))
                .map(|met| through(operator, &met, arity)),
        };
        let Some(placement) = placement else {
            return false;
        };
        // Only ever weaker than before, so that the iteration ends.
        let before = self.placements.get(&id);
        let weaker = before.map_or(placement.clone(), |before| before.meet(&placement));
        let is_new = before != Some(&weaker);
        self.placements.insert(id, weaker);
        is_new
    }

    fn node(&mut self, id: NodeId) {
        let program = self.program;
        let operator = &program.graph[id].operator;
        let inputs = shape::inputs(program, id);
        for input in &inputs {
            let replicated = self.placements.get(&input.from) == Some(&Placement::Replicated);
            let route = self.route(input);
            if replicated && route != Route::Local {
                self.fault(id, format!("takes every copy of {} along", input.name.from));
            }
            if input.inner && !matches!(route, Route::Local | Route::Hash(_)) {
                self.fault(id, format!("an edge inside a loop may not be {route:?}"));
            }
        }
        let arrivals: Vec<Placement> = inputs.iter().filter_map(|i| self.arrival(i)).collect();
        let copies = arrivals
            .iter()
            .filter(|p| **p == Placement::Replicated)
            .count();
        match operator.keys() {
            Some((left_key, right_key)) => {
                if let [l, r] = arrivals.as_slice() {
                    let join = matches!(operator, Operator::Join { .. });
                    let legal = *r == Placement::Replicated
                        || (join && *l == Placement::Replicated)
                        || l.meets(r, left_key, right_key);
                    if !legal {
                        self.fault(id, "rows that agree on the keys do not meet");
                    }
                }
            }
            None if copies > 0 && copies < arrivals.len() => {
                self.fault(id, "some inputs are on every worker and some are not");
            }
            None => self.one_input(id, &arrivals),
        }
        self.early(id, &inputs);
        self.fixpoint(id, &inputs);
    }

    /// Rows are dropped only before edges that rows travel along, and only where one is as good as
    /// many; only combines run in two steps, with everything between the two on one route.
    fn early(&mut self, id: NodeId, inputs: &[Input]) {
        let program = self.program;
        let operator = &program.graph[id].operator;
        for input in inputs {
            if !self.plan.thinned.contains(&input.name) {
                continue;
            }
            if !early::absorbs(operator, input.port) {
                self.fault(
                    id,
                    format!("counts how often {} gives a row", input.name.from),
                );
            }
            if input.inner || matches!(self.route(input), Route::Local | Route::Balance) {
                self.fault(
                    id,
                    format!("keeps what {} gives where it is", input.name.from),
                );
            }
        }
        if !self.plan.split.contains(&program.graph[id].name) {
            return;
        }
        if !early::splits(program, id) {
            self.fault(id, "cannot run in two steps");
        }
        if early::one_route(self.plan, inputs).is_none() {
            self.fault(id, "has no one route between its two steps");
        }
        if inputs.iter().any(|i| self.plan.thinned.contains(&i.name)) {
            self.fault(id, "runs in two steps and drops rows before them");
        }
    }

    fn one_input(&mut self, id: NodeId, arrivals: &[Placement]) {
        let program = self.program;
        let operator = &program.graph[id].operator;
        let Some(met) = arrivals.iter().cloned().reduce(|a, b| a.meet(&b)) else {
            return;
        };
        if let Some(key) = shape::grouping(program, id)
            && !met.groups(&key)
        {
            self.fault(id, "rows with equal keys do not meet");
        }
        match operator {
            Operator::Sink { .. } if met != Placement::Single => {
                self.fault(id, "a sink's rows must be gathered");
            }
            Operator::Variable { .. } | Operator::StateWrite { .. } | Operator::Effect { .. }
                if met == Placement::Replicated =>
            {
                self.fault(id, "would happen on every worker");
            }
            _ => {}
        }
    }

    /// In a colocated fixpoint the inner edges are local and the variables where the plan says.
    fn fixpoint(&mut self, id: NodeId, inputs: &[Input]) {
        let node = &self.program.graph[id];
        let Some(FixpointStrategy::Colocated { columns }) = node
            .fixpoint
            .as_ref()
            .and_then(|f| self.plan.fixpoints.get(f))
        else {
            return;
        };
        let columns = shape::is_variable(self.program, id)
            .then(|| columns.get(&node.name).cloned().unwrap_or_default());
        for input in inputs {
            if input.inner && self.route(input) != Route::Local {
                self.fault(id, "rows leave their worker inside a colocated loop");
            }
        }
        match columns {
            Some(columns) if columns.is_empty() => self.fault(id, "no columns to partition by"),
            Some(columns) => {
                let placed = inputs
                    .iter()
                    .filter_map(|i| self.arrival(i))
                    .all(|p| p.is_by(&columns));
                if !placed {
                    self.fault(id, format!("rows are not where columns {columns:?} say"));
                }
            }
            None => {}
        }
    }
}
