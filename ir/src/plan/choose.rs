//! Chooses how rows travel: each keyed operator's inputs go where equal keys meet, and nothing
//! moves that is already there.

use std::collections::BTreeMap;

use crate::nesting::loops;
use crate::plan::choice::{Candidate, Choice, Kind, pick};
use crate::plan::colocate::{Colocated, colocate};
use crate::plan::estimate::Estimates;
use crate::plan::matching::Meeting;
use crate::plan::placement::{Placement, matched, through};
use crate::plan::price::Prices;
use crate::plan::shape::{self, Input};
use crate::plan::{EdgeName, FixpointStrategy, Plan, Route, early, words};
use crate::sizes::Sizes;
use crate::{NodeId, Operator, Program};

/// A plan with what it was decided by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decided {
    /// The plan.
    pub plan: Plan,
    /// Every decision, by the order of nodes' names.
    pub choices: Vec<Choice>,
    /// How many rows each node is guessed to give, by its name; those that are not listed depend
    /// on inputs of unknown size.
    pub rows: BTreeMap<String, f64>,
    /// How many workers the prices are for.
    pub workers: usize,
}

/// How many workers a plan is priced for when nobody says.
const WORKERS: usize = 2;

/// A legal plan for any number of workers, where nobody knows how many there will be. See [`decide`].
pub fn choose(program: &Program, sizes: &Sizes) -> Plan {
    decide(program, sizes, WORKERS).plan
}

/// A legal plan for any number of workers, at the prices for so many, with the reasons for it.
/// Deterministic. Where sizes are not known, or make no
/// clear difference, it follows rules:
/// - Rows of a source are spread where their reader needs no key.
/// - Joins and their relatives hash both sides by the key, or as much of it as one side is hashed
///   by already; without a key the right side is broadcast.
/// - Grouping operators hash by those columns of their key that most of their readers want.
/// - A fixpoint is colocated if it has an invariant column, else exchanged.
///
/// Where they are known, the cheapest of all legal ways is taken, node by node, each with what its
/// readers would have to move; and combines run in two steps and repeated rows are dropped
/// before they travel if that is cheaper.
pub fn decide(program: &Program, sizes: &Sizes, workers: usize) -> Decided {
    let estimates = Estimates::new(program, sizes);
    let mut chooser = Chooser {
        program,
        prices: Prices::new(program, estimates, workers),
        plan: Plan::default(),
        choices: Vec::new(),
        placements: BTreeMap::new(),
        colocated: BTreeMap::new(),
    };
    let order = shape::order(program);
    let loops = loops(program, &order);
    for (name, variables) in shape::fixpoints(program) {
        let looped = variables
            .first()
            .and_then(|first| loops.get(program.graph[*first].fixpoint.as_deref()?));
        chooser.start_fixpoint(name, &variables, looped.map_or(&[], Vec::as_slice));
    }
    let (variables, others): (Vec<NodeId>, Vec<NodeId>) = order
        .into_iter()
        .partition(|id| shape::is_variable(program, *id));
    for id in others.into_iter().chain(variables) {
        chooser.place(id);
    }
    let Chooser {
        prices,
        mut plan,
        mut choices,
        ..
    } = chooser;
    choices.extend(early::decide(program, &prices, &mut plan));
    choices.sort_by(|a, b| a.node.cmp(&b.node));
    let known = program.graph.node_indices();
    let rows = known
        .filter_map(|id| Some((program.graph[id].name.clone(), prices.estimates.rows(id)?)))
        .collect();
    Decided {
        plan,
        choices,
        rows,
        workers,
    }
}

struct Chooser<'a> {
    program: &'a Program,
    prices: Prices<'a>,
    plan: Plan,
    choices: Vec<Choice>,
    placements: BTreeMap<NodeId, Placement>,
    colocated: BTreeMap<String, Colocated>,
}

impl Chooser<'_> {
    /// Takes the best of the candidates and remembers why.
    fn pick<T>(
        &mut self,
        node: &str,
        kind: Kind,
        rule: &str,
        candidates: Vec<Candidate<T>>,
    ) -> Option<T> {
        let (what, choice) = pick(node, kind, rule, candidates)?;
        self.choices.push(choice);
        Some(what)
    }

    /// Decides how a fixpoint runs; `looped` are the nodes in its loop, in the order of all.
    fn start_fixpoint(&mut self, name: String, variables: &[NodeId], looped: &[NodeId]) {
        let program = self.program;
        let exchanged = Candidate {
            what: None,
            words: "exchanged: every derivation goes to its owner".to_string(),
            price: self.price_of_exchanged(looped),
        };
        let mut candidates: Vec<Candidate<Option<Colocated>>> =
            colocate(program, variables, looped)
                .into_iter()
                .map(|found| Candidate {
                    words: words::colocated(program, &found.columns),
                    price: self.price_of_colocated(&found, looped),
                    what: Some(found),
                })
                .collect();
        let least = |c: &Candidate<_>| c.price.unwrap_or(f64::INFINITY);
        // Of equally cheap ones the first: the fewest broadcasts.
        candidates.sort_by(|a, b| least(a).total_cmp(&least(b)));
        let rule = match candidates.first() {
            Some(_) => "no derivation has to leave its worker",
            None => "no column of every variable goes unchanged from body to head",
        };
        candidates.push(exchanged);
        let strategy = match self.pick(&name, Kind::Loop, rule, candidates).flatten() {
            Some(found) => {
                self.placements.extend(found.placements.clone());
                let columns = found
                    .columns
                    .iter()
                    .map(|(v, c)| (program.graph[*v].name.clone(), vec![*c]))
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

    /// What enters a loop and where it goes, and what goes round in it.
    fn price_of_colocated(&self, found: &Colocated, looped: &[NodeId]) -> Option<f64> {
        let program = self.program;
        let mut price = 0.0;
        for &id in looped {
            for input in shape::inputs(program, id) {
                if let Some(route) = found.routes.get(&input.name) {
                    price += self.prices.travel(input.from, route)?;
                    price += self
                        .prices
                        .keep(input.from, &Placement::loose().after(route))?;
                }
                if let Some(&column) = found.columns.get(&id).filter(|_| input.inner) {
                    price += self.prices.colocated(input.from, id, column)?;
                }
            }
        }
        Some(price)
    }

    fn price_of_exchanged(&self, looped: &[NodeId]) -> Option<f64> {
        let program = self.program;
        looped.first()?;
        let mut price = 0.0;
        for &id in looped {
            for input in shape::inputs(program, id) {
                if !input.inner {
                    let all: Vec<usize> = (0..shape::arity(program, input.from)).collect();
                    let route = Route::Hash(all);
                    price += self.prices.travel(input.from, &route)?;
                    price += self
                        .prices
                        .keep(input.from, &Placement::loose().after(&route))?;
                } else if shape::is_variable(program, id) {
                    price += self.prices.round(input.from)?;
                }
            }
        }
        Some(price)
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
            operator => match operator.keys() {
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
        let node = &program.graph[id];
        let (routes, rule) = if key.is_empty() && node.fixpoint.is_none() {
            (vec![Route::Gather], "there is one group in all")
        } else {
            self.group_routes(id, inputs, &key)
        };
        let wanted = shape::demands(program, id);
        let candidates = routes.into_iter().map(|route| {
            let candidate = Candidate {
                words: words::routes(program, inputs.iter().map(|i| (i, self.going(i, &route)))),
                price: None,
                what: route,
            };
            let price = self.price_of_group(id, inputs, &candidate.what, &wanted);
            (candidate, price)
        });
        let candidates = priced(candidates.collect());
        let route = self.pick(&node.name, Kind::Group, rule, candidates);
        let placement = self.send_all(inputs, route.unwrap_or(Route::Gather));
        through(&node.operator, &placement, shape::arity(program, id))
    }

    /// By which columns a grouping node's rows may come together; first those of the rule.
    fn group_routes(
        &self,
        id: NodeId,
        inputs: &[Input],
        key: &[usize],
    ) -> (Vec<Route>, &'static str) {
        // Stay with the columns that keep the most inputs where they are.
        let kept: Vec<Vec<usize>> = inputs
            .iter()
            .filter_map(|i| self.kept_columns(i.from, key))
            .collect();
        let most = kept.iter().max_by_key(|columns| {
            inputs
                .iter()
                .filter(|i| self.placement(i.from).is_by(columns))
                .count()
        });
        let (first, rule) = match most {
            Some(columns) => (columns.clone(), "rows are where a part of the key says"),
            None => (
                self.grouping_columns(id),
                "rows go where most of the readers want them",
            ),
        };
        let mut all = vec![first];
        all.extend(kept);
        all.push(self.grouping_columns(id));
        all.push(key.to_vec());
        let mut routes: Vec<Route> = Vec::new();
        for columns in all {
            let route = Route::Hash(columns);
            if !routes.contains(&route) {
                routes.push(route);
            }
        }
        (routes, rule)
    }

    /// What a way costs here, and what its readers have to move.
    fn price_of_group(
        &self,
        id: NodeId,
        inputs: &[Input],
        route: &Route,
        wanted: &[Vec<usize>],
    ) -> Option<[f64; 2]> {
        let mut price = 0.0;
        let mut placement: Option<Placement> = None;
        for input in inputs {
            let going = self.going(input, route);
            let at = self.placement(input.from).after(&going);
            price += self.prices.travel(input.from, &going)?;
            price += self.prices.keep(input.from, &at)?;
            placement = Some(placement.map_or(at.clone(), |met| met.meet(&at)));
        }
        let arity = shape::arity(self.program, id);
        let at = through(&self.program.graph[id].operator, &placement?, arity);
        Some([price, self.prices.onward(id, &at, wanted)])
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
        let from = [self.placement(left.from), self.placement(right.from)];
        let meeting = Meeting {
            left,
            right,
            left_key,
            right_key,
            from: [&from[0], &from[1]],
            join: matches!(operator, Operator::Join { .. }),
            hint: matches!(program.graph[right.from].operator, Operator::Broadcast),
        };
        let (ways, rule) = meeting.ways();
        let wanted = shape::demands(program, id);
        let candidates = ways.into_iter().map(|(l, r)| {
            let sides = (self.going(left, &l), self.going(right, &r));
            let candidate = Candidate {
                words: words::sides(program, [left, right], [&sides.0, &sides.1]),
                price: None,
                what: (l, r),
            };
            let routes = [&sides.0, &sides.1];
            let price = self.price_of_meeting(id, [left, right], routes, &wanted);
            (candidate, price)
        });
        let candidates = priced(candidates.collect());
        let Some((to_left, to_right)) =
            self.pick(&program.graph[id].name, Kind::Meet, rule, candidates)
        else {
            return self.send_all(inputs, Route::Local);
        };
        let l = self.send(left, to_left);
        let r = self.send(right, to_right);
        matched(operator, &l, &r, shape::arity(program, left.from))
    }

    /// What a way costs here, and what its readers have to move.
    fn price_of_meeting(
        &self,
        id: NodeId,
        inputs: [&Input; 2],
        routes: [&Route; 2],
        wanted: &[Vec<usize>],
    ) -> Option<[f64; 2]> {
        let [l, r] = [0, 1].map(|i| self.placement(inputs[i].from).after(routes[i]));
        let mut price = 0.0;
        for (input, (route, at)) in inputs.into_iter().zip(routes.into_iter().zip([&l, &r])) {
            price += self.prices.travel(input.from, route)?;
            price += self.prices.keep(input.from, at)?;
        }
        let width = shape::arity(self.program, inputs[0].from);
        let at = matched(&self.program.graph[id].operator, &l, &r, width);
        Some([price, self.prices.onward(id, &at, wanted)])
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

    /// The route that an edge gets: rows that are there already stay.
    fn going(&self, input: &Input, route: &Route) -> Route {
        match route {
            Route::Hash(columns)
                if !columns.is_empty() && self.placement(input.from).is_by(columns) =>
            {
                Route::Local
            }
            _ => route.clone(),
        }
    }

    /// Routes an edge, unless its rows are there already; where they are afterwards.
    fn send(&mut self, input: &Input, route: Route) -> Placement {
        let from = self.placement(input.from);
        let going = self.going(input, &route);
        if going == Route::Local {
            return from;
        }
        let placement = from.after(&going);
        self.plan.routes.insert(EdgeName::clone(&input.name), going);
        placement
    }
}

/// Adds to what each way costs here what its readers have to move; but what they have to move
/// anyway is no difference.
fn priced<T>(ways: Vec<(Candidate<T>, Option<[f64; 2]>)>) -> Vec<Candidate<T>> {
    let later = ways.iter().filter_map(|(_, price)| Some((*price)?[1]));
    let anyway = later.fold(f64::INFINITY, f64::min);
    let with = |(candidate, price): (Candidate<T>, Option<[f64; 2]>)| Candidate {
        price: price.map(|[here, later]| here + later - anyway),
        ..candidate
    };
    ways.into_iter().map(with).collect()
}
