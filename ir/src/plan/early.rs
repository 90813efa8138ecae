//! What is done to rows before they travel: repeated ones dropped, contributions combined.

use crate::plan::choice::{Candidate, Choice, Kind, pick};
use crate::plan::price::Prices;
use crate::plan::shape::{self, Input};
use crate::plan::{Plan, Route};
use crate::{Combiner, Multiplicity, NodeId, Operator, Program};

/// Whether rows that come to a node on a port may be repeated without changing what it gives.
pub(super) fn absorbs(operator: &Operator, port: u32) -> bool {
    match operator {
        Operator::Distinct | Operator::Variable { combiner: None } => true,
        Operator::Combine { combiner }
        | Operator::Variable {
            combiner: Some(combiner),
        } => combiner.is_idempotent(),
        Operator::Semijoin { .. } | Operator::Antijoin { .. } => port == 1,
        _ => false,
    }
}

/// Whether a combine can run in two steps: partial states are no larger than what they are made of.
pub(super) fn splits(program: &Program, id: NodeId) -> bool {
    let node = &program.graph[id];
    let Operator::Combine { combiner } = &node.operator else {
        return false;
    };
    node.fixpoint.is_none() && !matches!(combiner, Combiner::Sorted | Combiner::Union)
}

/// The one route of all edges of a combine that leads elsewhere.
pub(super) fn one_route(plan: &Plan, inputs: &[Input]) -> Option<Route> {
    let mut routes = inputs.iter().map(|input| plan.routes.get(&input.name));
    let first = routes.next()??;
    let travels = matches!(first, Route::Hash(_) | Route::Gather);
    (travels && routes.all(|route| route == Some(first))).then(|| first.clone())
}

/// Decides for every edge along which rows travel.
pub(super) fn decide(program: &Program, prices: &Prices, plan: &mut Plan) -> Vec<Choice> {
    let mut choices = Vec::new();
    for id in program.nodes_by_name() {
        let inputs = shape::inputs(program, id);
        let split = split(program, prices, plan, id, &inputs);
        let is_split = matches!(split, Some((true, _)));
        if let Some((_, choice)) = split {
            choices.push(choice);
        }
        if is_split {
            plan.split.insert(program.graph[id].name.clone());
            continue;
        }
        for input in inputs {
            if let Some((thin, choice)) = thin(program, prices, plan, id, &input) {
                choices.push(choice);
                if thin {
                    plan.thinned.insert(input.name);
                }
            }
        }
    }
    choices
}

fn split(
    program: &Program,
    prices: &Prices,
    plan: &Plan,
    id: NodeId,
    inputs: &[Input],
) -> Option<(bool, Choice)> {
    if !splits(program, id) {
        return None;
    }
    let route = one_route(plan, inputs)?;
    let sources: Vec<NodeId> = inputs.iter().map(|input| input.from).collect();
    let groups = prices.estimates.rows(id);
    let priced = groups.and_then(|groups| prices.combined(&sources, groups, &route));
    let words = [
        "combined where they meet",
        "combined before they travel, too",
    ];
    two(program, id, "one step", words, priced)
}

fn thin(
    program: &Program,
    prices: &Prices,
    plan: &Plan,
    id: NodeId,
    input: &Input,
) -> Option<(bool, Choice)> {
    let repeats = program.graph[input.from].output.multiplicity == Multiplicity::Bag;
    let route = plan.routes.get(&input.name)?;
    let travels = !matches!(route, Route::Local | Route::Balance);
    if input.inner || !repeats || !travels || !absorbs(&program.graph[id].operator, input.port) {
        return None;
    }
    let priced = prices.thinned(input.from, route);
    let words = [
        "every row travels",
        "repeated rows are dropped before they travel",
    ];
    two(program, id, "one look fewer at each row", words, priced)
}

/// A choice between doing nothing and something.
fn two(
    program: &Program,
    id: NodeId,
    rule: &str,
    words: [&str; 2],
    prices: Option<[f64; 2]>,
) -> Option<(bool, Choice)> {
    let candidates = [false, true].map(|what| Candidate {
        what,
        words: words[usize::from(what)].to_string(),
        price: prices.map(|p| p[usize::from(what)]),
    });
    pick(
        &program.graph[id].name,
        Kind::Early,
        rule,
        candidates.into(),
    )
}
