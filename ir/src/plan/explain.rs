//! A plan as plain data for people and editors: one line for each operator.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::choice::{Choice, Kind};
use crate::plan::estimate::Estimates;
use crate::plan::placement::Placement;
use crate::plan::price::Prices;
use crate::plan::shape::{self, Input};
use crate::plan::{Decided, FixpointStrategy, Plan, Route, validate, words};
use crate::sizes::Sizes;
use crate::{Label, Multiplicity, NodeId, Operator, Program, Span};

/// A plan, explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The program's qualified name.
    pub program: String,
    /// How many workers the prices are for.
    pub workers: usize,
    /// Each operator after what feeds it, as far as there is no loop; those of one relation
    /// together.
    pub lines: Vec<Line>,
}

/// One operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The node's name.
    pub name: String,
    /// The relation it belongs to, by qualified name.
    pub relation: String,
    /// The same without the module.
    pub relation_name: String,
    /// What it does, as in the text form of the IR.
    pub operator: String,
    /// The same with its particulars, in words.
    pub words: String,
    /// The fixpoint in whose loop it runs.
    pub fixpoint: Option<String>,
    /// How many rows it is guessed to give.
    pub rows: Option<u64>,
    /// Its own price: its part of the busiest worker's work, in rows put into a table.
    pub price: Option<u64>,
    /// `closed`, `growing` or `changing`.
    pub label: String,
    /// `set` or `bag`.
    pub multiplicity: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Columns that determine the row.
    pub keys: Vec<Vec<String>>,
    /// Where its rows are.
    pub placement: String,
    /// What it reads.
    pub inputs: Vec<Incoming>,
    /// What was decided about it.
    pub choices: Vec<Choice>,
    /// Where it comes from.
    pub span: Span,
    /// The same in lines and columns, if there is a text.
    pub place: Option<Place>,
}

/// What an operator reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// The node that gives the rows.
    pub from: String,
    /// The port they come to.
    pub port: u32,
    /// How they travel.
    pub travel: Travel,
    /// The same in words.
    pub words: String,
    /// Whether the edge is inside a loop.
    pub inner: bool,
}

/// How rows travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Travel {
    /// They stay on their worker.
    Local,
    /// To the owner of their key.
    Hash,
    /// To every worker.
    Broadcast,
    /// To one worker.
    Gather,
    /// To any worker.
    Balance,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Explains what was decided for a program; `locate` finds spans in the texts.
pub fn explain(
    program: &Program,
    decided: &Decided,
    sizes: &Sizes,
    locate: &dyn Fn(Span) -> Option<Place>,
) -> Explanation {
    let mut choices: BTreeMap<&str, Vec<Choice>> = BTreeMap::new();
    for choice in &decided.choices {
        choices
            .entry(&choice.node)
            .or_default()
            .push(choice.clone());
    }
    let placements = validate::placements(program, &decided.plan);
    let prices = Prices::new(program, Estimates::new(program, sizes), decided.workers);
    let mut lines: Vec<Line> = Vec::new();
    for id in by_relation(program) {
        let node = &program.graph[id];
        let own = choices.remove(node.name.as_str()).unwrap_or_default();
        let explainer = Explainer {
            program,
            plan: &decided.plan,
            placements: &placements,
            prices: &prices,
        };
        let relation = relation(&node.name);
        let names = |columns: &[usize]| -> Vec<String> {
            let name = |c: &usize| words::column(program, id, *c);
            columns.iter().map(name).collect()
        };
        let all: Vec<usize> = (0..node.output.columns.len()).collect();
        lines.push(Line {
            name: node.name.clone(),
            relation: relation.to_string(),
            relation_name: words::short(relation).to_string(),
            operator: node.operator.name().to_string(),
            words: explainer.operator(id),
            fixpoint: node.fixpoint.clone(),
            rows: decided.rows.get(&node.name).map(|rows| rows.round() as u64),
            price: explainer.price(id, &own).map(|price| price.round() as u64),
            label: match node.output.label {
                Label::Closed => "closed",
                Label::Growing => "growing",
                Label::Changing => "changing",
            }
            .to_string(),
            multiplicity: match node.output.multiplicity {
                Multiplicity::Set => "set",
                Multiplicity::Bag => "bag",
            }
            .to_string(),
            columns: names(&all),
            keys: node.output.keys.iter().map(|key| names(key)).collect(),
            placement: placements
                .get(&id)
                .map_or_else(String::new, |at| words::placement(program, id, at)),
            inputs: explainer.inputs(id),
            choices: own,
            span: node.span,
            place: locate(node.span),
        });
    }
    Explanation {
        program: program.name.clone(),
        workers: decided.workers,
        lines,
    }
}

/// The relation that a node belongs to.
fn relation(name: &str) -> &str {
    let name = name.strip_prefix("out:").unwrap_or(name);
    &name[..name.find('#').unwrap_or(name.len())]
}

/// All nodes: relation by relation, in the order in which relations are complete, and within one
/// in the order in which rows pass; otherwise as they stand in the text.
fn by_relation(program: &Program) -> Vec<NodeId> {
    let passed = passing(program);
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, id) in passed.iter().enumerate() {
        if !matches!(program.graph[*id].operator, Operator::Sink { .. }) {
            last.insert(relation(&program.graph[*id].name), at);
        }
    }
    let mut sorted: Vec<(usize, &str, bool, usize, NodeId)> = passed
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let node = &program.graph[*id];
            let name = relation(&node.name);
            let end = last.get(name).copied().unwrap_or(at);
            let follows = !matches!(node.operator, Operator::Fixpoint { .. });
            (end, name, follows, at, *id)
        })
        .collect();
    sorted.sort();
    sorted.into_iter().map(|(.., id)| id).collect()
}

/// All nodes, each after what feeds it, except round loops.
fn passing(program: &Program) -> Vec<NodeId> {
    let place = |id: &NodeId| {
        let node = &program.graph[*id];
        (node.span.file, node.span.start, node.name.clone())
    };
    let feeding = |id: NodeId| -> Vec<NodeId> {
        let is_variable = shape::is_variable(program, id);
        let inputs = shape::inputs(program, id).into_iter();
        let mut feeding: Vec<NodeId> = inputs
            .filter(|input| !(is_variable && input.inner))
            .map(|input| input.from)
            .collect();
        // The last is taken first.
        feeding.sort_by_key(|from| std::cmp::Reverse(place(from)));
        feeding
    };
    let mut all: Vec<NodeId> = program.graph.node_indices().collect();
    all.sort_by_key(place);
    let mut seen: BTreeSet<NodeId> = BTreeSet::new();
    let mut passed = Vec::with_capacity(all.len());
    for start in all {
        if !seen.insert(start) {
            continue;
        }
        let mut open = vec![(start, feeding(start))];
        while let Some((id, left)) = open.last_mut() {
            match left.pop() {
                Some(next) if seen.insert(next) => open.push((next, feeding(next))),
                Some(_) => {}
                None => {
                    passed.push(*id);
                    open.pop();
                }
            }
        }
    }
    passed
}

struct Explainer<'a> {
    program: &'a Program,
    plan: &'a Plan,
    placements: &'a BTreeMap<NodeId, Placement>,
    prices: &'a Prices<'a>,
}

impl Explainer<'_> {
    /// What moving and keeping its inputs costs; for a fixpoint, the price of how it runs.
    fn price(&self, id: NodeId, choices: &[Choice]) -> Option<f64> {
        if let Some(whole) = choices.iter().find(|c| c.kind == Kind::Loop) {
            return whole.price;
        }
        let operator = &self.program.graph[id].operator;
        let mut price = 0.0;
        let early = choices.iter().find(|c| c.kind == Kind::Early);
        if let Some(early) = early {
            return early.price;
        }
        for input in shape::inputs(self.program, id) {
            let route = self.route(&input);
            price += self.prices.travel(input.from, &route)?;
            if operator.keys().is_some() || shape::grouping(self.program, id).is_some() {
                let at = match self.placements.get(&input.from) {
                    Some(at) => at.after(&route),
                    None => Placement::loose().after(&route),
                };
                price += self.prices.keep(input.from, &at)?;
            }
        }
        Some(price)
    }

    fn route(&self, input: &Input) -> Route {
        let planned = self.plan.routes.get(&input.name);
        planned.cloned().unwrap_or(Route::Local)
    }

    fn inputs(&self, id: NodeId) -> Vec<Incoming> {
        let split = self.plan.split.contains(&self.program.graph[id].name);
        shape::inputs(self.program, id)
            .into_iter()
            .map(|input| {
                let route = self.route(&input);
                let mut said = words::route(self.program, input.from, &route);
                if split {
                    said.push_str(", combined before");
                } else if self.plan.thinned.contains(&input.name) {
                    said.push_str(", repeated rows dropped before");
                }
                Incoming {
                    from: input.name.from,
                    port: input.port,
                    travel: match route {
                        Route::Local => Travel::Local,
                        Route::Hash(_) => Travel::Hash,
                        Route::Broadcast => Travel::Broadcast,
                        Route::Gather => Travel::Gather,
                        Route::Balance => Travel::Balance,
                    },
                    words: said,
                    inner: input.inner,
                }
            })
            .collect()
    }

    fn operator(&self, id: NodeId) -> String {
        let program = self.program;
        let node = &program.graph[id];
        let sides = || {
            let inputs = program.inputs(id);
            let (Some((left, right)), [(_, l), (_, r)]) = (node.operator.keys(), &inputs[..])
            else {
                return String::new();
            };
            if left.is_empty() {
                return " without a key".to_string();
            }
            let pairs: Vec<String> = left
                .iter()
                .zip(right)
                .map(|(a, b)| {
                    let a = words::column(program, *l, *a);
                    format!("{a} = {}", words::column(program, *r, *b))
                })
                .collect();
            format!(" on {}", pairs.join(", "))
        };
        match &node.operator {
            Operator::Source { connector } => match connector.path.as_str() {
                "" => format!("read {}", connector.format),
                path => format!("read {} {path}", connector.format),
            },
            Operator::Sink { connector, .. } => match connector.path.as_str() {
                "" => format!("write {}", connector.format),
                path => format!("write {} {path}", connector.format),
            },
            Operator::Values { rows } => match rows.len() {
                1 => "1 row of the program".to_string(),
                n => format!("{n} rows of the program"),
            },
            Operator::Map { block } => {
                let projects = block.outputs.iter().all(|output| {
                    matches!(
                        output.kind,
                        crate::ExprKind::Column(_) | crate::ExprKind::Constant(_)
                    )
                });
                match (block.conditions.is_empty(), projects) {
                    (true, true) => "project".to_string(),
                    (true, false) => "compute".to_string(),
                    (false, true) => "filter".to_string(),
                    (false, false) => "filter and compute".to_string(),
                }
            }
            Operator::FlatMap { .. } => "each element".to_string(),
            Operator::Join { .. } => format!("join{}", sides()),
            Operator::Semijoin { .. } => format!("if there is one{}", sides()),
            Operator::Antijoin { .. } => format!("if there is none{}", sides()),
            Operator::OuterJoin { .. } => format!("join if there is one{}", sides()),
            Operator::Combine { combiner } => format!("combine {}", combiner.name()),
            Operator::Variable { combiner } => match combiner {
                None => "recursive set".to_string(),
                Some(combiner) => format!("recursive {}", combiner.name()),
            },
            Operator::Fixpoint { .. } => match self.plan.fixpoints.get(&node.name) {
                Some(FixpointStrategy::Colocated { .. }) => "fixpoint, colocated".to_string(),
                Some(FixpointStrategy::Exchanged) => "fixpoint, exchanged".to_string(),
                None => "fixpoint".to_string(),
            },
            other => other.name().replace('_', " "),
        }
    }
}
