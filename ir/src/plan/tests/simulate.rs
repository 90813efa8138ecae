//! Runs random programs under their plans on one and on several pretended workers.
//!
//! Each worker sees only what the routes bring it, so a plan that keeps apart what must meet, or
//! that counts a row twice, gives other rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::Build;
use crate::plan::shape;
use crate::plan::{Plan, Route, choose, decide, validate};
use crate::sizes::Sizes;
use crate::{Combiner, ExprKind, NodeId, Operator, Program};

pub(crate) type Row = Vec<i64>;
/// The rows of a node, worker by worker.
type Spread = Vec<Vec<Row>>;

fn owner(row: &Row, columns: &[usize], workers: usize) -> usize {
    let digest = columns.iter().fold(7u64, |h, c| {
        (h ^ row[*c] as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7
    });
    digest as usize % workers
}

fn travel(from: &Spread, route: &Route) -> Spread {
    let workers = from.len();
    let mut to: Spread = vec![Vec::new(); workers];
    for (worker, rows) in from.iter().enumerate() {
        for (i, row) in rows.iter().enumerate() {
            match route {
                Route::Local => to[worker].push(row.clone()),
                Route::Hash(columns) => to[owner(row, columns, workers)].push(row.clone()),
                Route::Broadcast => to.iter_mut().for_each(|w| w.push(row.clone())),
                Route::Gather => to[0].push(row.clone()),
                Route::Balance => to[i % workers].push(row.clone()),
            }
        }
    }
    to
}

fn combine(combiner: &Combiner, rows: &[Row]) -> Vec<Row> {
    let mut groups: BTreeMap<Row, i64> = BTreeMap::new();
    for row in rows {
        let (value, key) = row.split_last().unwrap();
        groups
            .entry(key.to_vec())
            .and_modify(|v| match combiner {
                Combiner::Min => *v = (*v).min(*value),
                _ => *v += value,
            })
            .or_insert(*value);
    }
    groups
        .into_iter()
        .map(|(mut key, value)| {
            key.push(value);
            key
        })
        .collect()
}

fn key_of(row: &Row, key: &[usize]) -> Row {
    key.iter().map(|c| row[*c]).collect()
}

fn evaluate(operator: &Operator, ports: &[Vec<Row>; 2]) -> Vec<Row> {
    let project = |row: &Row, block: &crate::Block| -> Row {
        block
            .outputs
            .iter()
            .map(|e| match e.kind {
                ExprKind::Column(i) => row[i],
                _ => unreachable!("simulated blocks only pick"),
            })
            .collect()
    };
    let holds = |row: &Row, block: &crate::Block| {
        block.conditions.iter().all(|condition| {
            let columns: Vec<i64> = condition
                .children()
                .iter()
                .map(|side| match side.kind {
                    ExprKind::Column(i) => row[i],
                    _ => unreachable!("simulated conditions compare columns"),
                })
                .collect();
            columns[0] == columns[1]
        })
    };
    let [left, right] = ports;
    let partners =
        |key: &[usize]| -> BTreeSet<Row> { right.iter().map(|r| key_of(r, key)).collect() };
    match operator {
        Operator::Map { block } => left
            .iter()
            .filter(|r| holds(r, block))
            .map(|r| project(r, block))
            .collect(),
        Operator::Join {
            left_key,
            right_key,
            block,
        } => left
            .iter()
            .flat_map(|l| {
                right
                    .iter()
                    .filter(|r| key_of(l, left_key) == key_of(r, right_key))
                    .map(|r| [l.as_slice(), r.as_slice()].concat())
                    .filter(|row| holds(row, block))
                    .map(|row| project(&row, block))
            })
            .collect(),
        Operator::Semijoin {
            left_key,
            right_key,
        } => {
            let partners = partners(right_key);
            let mut rows = left.clone();
            rows.retain(|l| partners.contains(&key_of(l, left_key)));
            rows
        }
        Operator::Antijoin {
            left_key,
            right_key,
        } => {
            let partners = partners(right_key);
            let mut rows = left.clone();
            rows.retain(|l| !partners.contains(&key_of(l, left_key)));
            rows
        }
        Operator::Distinct | Operator::Variable { combiner: None } => {
            let rows: BTreeSet<Row> = left.iter().cloned().collect();
            rows.into_iter().collect()
        }
        Operator::Combine { combiner }
        | Operator::Variable {
            combiner: Some(combiner),
        } => combine(combiner, left),
        _ => left.clone(),
    }
}

/// What each sink gets, in order.
pub(crate) fn run(
    program: &Program,
    plan: &Plan,
    workers: usize,
    given: &BTreeMap<String, Vec<Row>>,
) -> BTreeMap<String, Vec<Row>> {
    let order = shape::order(program);
    let mut known: BTreeMap<NodeId, Spread> = order
        .iter()
        .map(|id| (*id, vec![Vec::new(); workers]))
        .collect();
    // Everything that is settled before a fixpoint, then the fixpoint round by round: as the order
    // puts variables first, one loop over the whole program until nothing changes does both. What
    // is derived from an unfinished negation is thrown away, except by variables, whose loops must
    // not read one; they start over with everything else.
    loop {
        let before = known.clone();
        for &id in &order {
            let mut arrived: Vec<[Vec<Row>; 2]> = vec![Default::default(); workers];
            for input in shape::inputs(program, id) {
                let route = plan
                    .routes
                    .get(&input.name)
                    .cloned()
                    .unwrap_or(Route::Local);
                let mut leaving = known[&input.from].clone();
                if plan.thinned.contains(&input.name) {
                    for rows in &mut leaving {
                        rows.sort();
                        rows.dedup();
                    }
                }
                if plan.split.contains(&input.name.to) {
                    for rows in &mut leaving {
                        let ports = [std::mem::take(rows), Vec::new()];
                        *rows = evaluate(&program.graph[id].operator, &ports);
                    }
                }
                for (worker, rows) in travel(&leaving, &route).into_iter().enumerate() {
                    arrived[worker][input.port as usize].extend(rows);
                }
            }
            let node = &program.graph[id];
            let mut spread: Spread = arrived
                .iter()
                .map(|ports| evaluate(&node.operator, ports))
                .collect();
            if let Operator::Source { .. } = node.operator {
                spread[workers - 1].clone_from(&given[&node.name]);
            }
            known.insert(id, spread);
        }
        if known == before {
            break;
        }
    }
    order
        .iter()
        .filter(|id| matches!(program.graph[**id].operator, Operator::Sink { .. }))
        .map(|id| {
            let spread = &known[id];
            assert!(spread[1..].iter().all(Vec::is_empty));
            let mut rows = spread[0].clone();
            rows.sort();
            (program.graph[*id].name.clone(), rows)
        })
        .collect()
}

/// Turns a list of numbers into choices, so that proptest can shrink them.
struct Choices<'a>(std::slice::Iter<'a, u32>);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.0.next().copied().unwrap_or(0) as usize % n
    }

    fn columns(&mut self, count: usize, arity: usize) -> Vec<usize> {
        (0..count).map(|_| self.below(arity)).collect()
    }
}

fn arity(b: &Build, id: NodeId) -> usize {
    b.program.graph[id].output.columns.len()
}

/// A row-by-row or matching operator over nodes of `own`, and of `other` on the right.
fn grow(
    b: &mut Build,
    c: &mut Choices,
    name: &str,
    fixpoint: Option<&str>,
    own: &[NodeId],
    other: &[NodeId],
) -> NodeId {
    let left = own[c.below(own.len())];
    let width = arity(b, left);
    let kind = c.below(5);
    if kind == 0 {
        let outputs = 1 + c.below(3);
        let outputs = c.columns(outputs, width);
        return b.map(name, fixpoint, left, &outputs);
    }
    let right = other[c.below(other.len())];
    let key = c.below(3);
    let (left_key, right_key) = (c.columns(key, width), c.columns(key, arity(b, right)));
    match kind {
        1 => b.antijoin(name, fixpoint, (left, &left_key), (right, &right_key)),
        2 => {
            let operator = Operator::Semijoin {
                left_key,
                right_key,
            };
            b.node(name, fixpoint, width, operator, &[(left, 0), (right, 1)])
        }
        _ => {
            let outputs = 1 + c.below(3);
            let outputs = c.columns(outputs, width + arity(b, right));
            b.join(
                name,
                fixpoint,
                (left, &left_key),
                (right, &right_key),
                &outputs,
            )
        }
    }
}

fn outside(b: &mut Build, c: &mut Choices, nodes: &mut Vec<NodeId>, prefix: &str) {
    for i in 0..1 + c.below(4) {
        let name = format!("{prefix}{i}");
        let from = nodes[c.below(nodes.len())];
        let node = match c.below(5) {
            0 => b.distinct(&name, &[from]),
            1 => b.combine(&name, Combiner::Sum, from),
            2 => b.combine(&name, Combiner::Min, from),
            _ => grow(b, c, &name, None, nodes, nodes),
        };
        nodes.push(node);
    }
}

pub(crate) fn program(numbers: &[u32]) -> Build {
    let mut c = Choices(numbers.iter());
    let mut b = Build::default();
    let mut nodes = vec![b.source("x", 2), b.source("y", 3)];
    outside(&mut b, &mut c, &mut nodes, "a");
    let names = ["p", "q"];
    let names = &names[..1 + c.below(2)];
    b.fixpoint("loop", names);
    let variables: Vec<NodeId> = names
        .iter()
        .map(|name| {
            let entry = nodes[c.below(nodes.len())];
            let width = arity(&b, entry);
            b.variable(name, "loop", width, None, &[entry])
        })
        .collect();
    let mut inner = variables.clone();
    for i in 0..1 + c.below(3) {
        let name = format!("i{i}");
        // Negation reads only what is outside the loop.
        let both: Vec<NodeId> = match c.below(2) {
            0 => nodes.clone(),
            _ => inner.clone(),
        };
        let before = b.program.graph.node_count();
        let node = if both == nodes {
            grow(&mut b, &mut c, &name, Some("loop"), &inner, &nodes)
        } else {
            let (left, right) = (inner[c.below(inner.len())], inner[c.below(inner.len())]);
            let key = c.below(3);
            let (wide, width) = (arity(&b, left), arity(&b, right));
            let (left_key, right_key) = (c.columns(key, wide), c.columns(key, width));
            let outputs = 1 + c.below(3);
            let outputs = c.columns(outputs, wide + width);
            b.join(
                &name,
                Some("loop"),
                (left, &left_key),
                (right, &right_key),
                &outputs,
            )
        };
        assert_eq!(b.program.graph.node_count(), before + 1);
        inner.push(node);
    }
    for (i, &variable) in variables.iter().enumerate() {
        let from = inner[c.below(inner.len())];
        let (width, wanted) = (arity(&b, from), arity(&b, variable));
        // Mostly straight, so that invariant columns occur.
        let outputs: Vec<usize> = (0..wanted)
            .map(|j| match c.below(4) {
                0 => c.below(width),
                _ => j % width,
            })
            .collect();
        let back = b.map(&format!("back{i}"), Some("loop"), from, &outputs);
        b.feed(back, variable);
    }
    nodes.extend(variables);
    outside(&mut b, &mut c, &mut nodes, "z");
    for id in b.program.nodes_by_name() {
        let node = &b.program.graph[id];
        let readable =
            node.fixpoint.is_none() || matches!(node.operator, Operator::Variable { .. });
        if readable && !matches!(node.operator, Operator::Fixpoint { .. }) {
            b.sink(id);
        }
    }
    b
}

pub(crate) fn rows(arity: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(prop::collection::vec(0i64..4, arity), 0..7)
}

/// Sizes of which some are unknown and some large, so that prices decide.
fn sizes(x: u64, y: u64) -> Sizes {
    let known = [("x", x), ("y", y)]
        .into_iter()
        .filter(|(_, size)| *size % 5 != 0);
    let rows = known.map(|(name, size)| (name.to_string(), 10u64.pow((size % 9) as u32 + 1)));
    Sizes {
        rows: rows.collect(),
    }
}

/// Turns routes and early steps into others as long as the plan stays legal.
fn mutate(program: &Program, plan: &mut Plan, numbers: &[u32]) {
    let mut c = Choices(numbers.iter());
    let inputs: Vec<_> = program
        .nodes_by_name()
        .into_iter()
        .flat_map(|id| shape::inputs(program, id))
        .collect();
    for _ in 0..30 {
        let legal = plan.clone();
        let input = &inputs[c.below(inputs.len())];
        let arity = program.graph[input.from].output.columns.len();
        match c.below(7) {
            0 => plan.thinned.extend([input.name.clone()]),
            1 => plan.split.extend([input.name.to.clone()]),
            2 => drop(plan.routes.remove(&input.name)),
            3 => drop(plan.routes.insert(input.name.clone(), Route::Broadcast)),
            4 => drop(plan.routes.insert(input.name.clone(), Route::Gather)),
            _ => {
                let count = c.below(3);
                let columns = c.columns(count, arity.max(1));
                plan.routes.insert(input.name.clone(), Route::Hash(columns));
            }
        }
        if validate(program, plan).is_err() {
            *plan = legal;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_number_of_workers_gives_the_same_rows(
        numbers in prop::collection::vec(0u32..60, 120),
        x in rows(2),
        y in rows(3),
        size in (0u64..100, 0u64..100),
    ) {
        let build = program(&numbers);
        let plan = decide(&build.program, &sizes(size.0, size.1), 4).plan;
        prop_assert_eq!(validate(&build.program, &plan), Ok(()));
        let given = BTreeMap::from([("x".to_string(), x), ("y".to_string(), y)]);
        let one = run(&build.program, &plan, 1, &given);
        for workers in [2, 3] {
            prop_assert_eq!(&run(&build.program, &plan, workers, &given), &one);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_legal_plan_gives_the_same_rows(
        numbers in prop::collection::vec(0u32..60, 120),
        changes in prop::collection::vec(0u32..60, 150),
        x in rows(2),
        y in rows(3),
    ) {
        let build = program(&numbers);
        let plan = choose(&build.program, &Sizes::default());
        let mut changed = plan.clone();
        mutate(&build.program, &mut changed, &changes);
        let given = BTreeMap::from([("x".to_string(), x), ("y".to_string(), y)]);
        let one = run(&build.program, &plan, 1, &given);
        prop_assert_eq!(&run(&build.program, &changed, 3, &given), &one);
    }
}

#[test]
fn a_plan_without_its_routes_gives_other_rows() {
    let build = super::left_linear();
    let plan = choose(&build.program, &Sizes::default());
    let ring: Vec<Row> = (0..9).map(|i| vec![i, (i + 1) % 9]).collect();
    let given = BTreeMap::from([("edge".to_string(), ring)]);
    let right = run(&build.program, &plan, 3, &given);
    assert_eq!(right["out:t"].len(), 81);
    let mut damaged = plan;
    damaged.routes.retain(|edge, _| edge.to != "step");
    assert_ne!(run(&build.program, &damaged, 3, &given), right);
}
