//! Plans of hand-built graphs: what is chosen, that it is legal, and that the validator notices
//! when it is not.

mod prices;
pub(crate) mod simulate;

use std::collections::BTreeMap;

use crate::graph::Connector;
use crate::plan::{EdgeName, FixpointStrategy, Plan, Route, choose, validate};
use crate::sizes::Sizes;
use crate::{
    Block, Collection, Combiner, Expr, ExprKind, Function, Label, Multiplicity, Node, NodeId,
    Operator, Program, Span, Type,
};

/// A program under construction; every column is an `Int`.
#[derive(Default)]
pub(crate) struct Build {
    pub program: Program,
}

pub(super) fn column(i: usize) -> Expr {
    Expr {
        kind: ExprKind::Column(i),
        ty: Type::Int,
        span: Span::default(),
    }
}

pub(super) fn picks(columns: &[usize]) -> Block {
    Block {
        conditions: Vec::new(),
        outputs: columns.iter().map(|c| column(*c)).collect(),
    }
}

impl Build {
    pub fn node(
        &mut self,
        name: &str,
        fixpoint: Option<&str>,
        arity: usize,
        operator: Operator,
        inputs: &[(NodeId, u32)],
    ) -> NodeId {
        let id = self.program.add(Node {
            name: name.into(),
            operator,
            output: Collection {
                columns: (0..arity).map(|c| (format!("c{c}"), Type::Int)).collect(),
                multiplicity: Multiplicity::Bag,
                label: Label::Closed,
                keys: Vec::new(),
            },
            fixpoint: fixpoint.map(str::to_string),
            span: Span::default(),
        });
        for (from, port) in inputs {
            self.program.connect(*from, id, *port);
        }
        id
    }

    pub fn source(&mut self, name: &str, arity: usize) -> NodeId {
        let connector = Connector::default();
        self.node(name, None, arity, Operator::Source { connector }, &[])
    }

    pub fn sink(&mut self, from: NodeId) -> NodeId {
        let name = format!("out:{}", self.program.graph[from].name);
        let arity = self.program.graph[from].output.columns.len();
        let operator = Operator::Sink {
            connector: Connector::default(),
            order: Vec::new(),
            unordered: false,
        };
        self.node(&name, None, arity, operator, &[(from, 0)])
    }

    pub fn map(&mut self, name: &str, f: Option<&str>, from: NodeId, outputs: &[usize]) -> NodeId {
        let block = picks(outputs);
        self.node(
            name,
            f,
            outputs.len(),
            Operator::Map { block },
            &[(from, 0)],
        )
    }

    /// `outputs` count the left columns, then the right ones.
    pub fn join(
        &mut self,
        name: &str,
        f: Option<&str>,
        left: (NodeId, &[usize]),
        right: (NodeId, &[usize]),
        outputs: &[usize],
    ) -> NodeId {
        let operator = Operator::Join {
            left_key: left.1.to_vec(),
            right_key: right.1.to_vec(),
            block: picks(outputs),
        };
        self.node(
            name,
            f,
            outputs.len(),
            operator,
            &[(left.0, 0), (right.0, 1)],
        )
    }

    pub fn antijoin(
        &mut self,
        name: &str,
        f: Option<&str>,
        left: (NodeId, &[usize]),
        right: (NodeId, &[usize]),
    ) -> NodeId {
        let arity = self.program.graph[left.0].output.columns.len();
        let operator = Operator::Antijoin {
            left_key: left.1.to_vec(),
            right_key: right.1.to_vec(),
        };
        self.node(name, f, arity, operator, &[(left.0, 0), (right.0, 1)])
    }

    pub fn distinct(&mut self, name: &str, inputs: &[NodeId]) -> NodeId {
        let arity = self.program.graph[inputs[0]].output.columns.len();
        let inputs: Vec<(NodeId, u32)> = inputs.iter().map(|i| (*i, 0)).collect();
        self.node(name, None, arity, Operator::Distinct, &inputs)
    }

    pub fn combine(&mut self, name: &str, combiner: Combiner, input: NodeId) -> NodeId {
        let arity = self.program.graph[input].output.columns.len();
        self.node(
            name,
            None,
            arity,
            Operator::Combine { combiner },
            &[(input, 0)],
        )
    }

    pub fn fixpoint(&mut self, name: &str, variables: &[&str]) {
        let operator = Operator::Fixpoint {
            limit: 1000,
            variables: variables.iter().map(|v| v.to_string()).collect(),
        };
        self.node(name, None, 0, operator, &[]);
    }

    pub fn variable(
        &mut self,
        name: &str,
        fixpoint: &str,
        arity: usize,
        combiner: Option<Combiner>,
        entries: &[NodeId],
    ) -> NodeId {
        let entries: Vec<(NodeId, u32)> = entries.iter().map(|i| (*i, 0)).collect();
        let operator = Operator::Variable { combiner };
        self.node(name, Some(fixpoint), arity, operator, &entries)
    }

    pub fn feed(&mut self, from: NodeId, variable: NodeId) {
        self.program.connect(from, variable, 0);
    }

    pub fn plan(&self) -> Plan {
        let plan = choose(&self.program, &Sizes::default());
        assert_eq!(validate(&self.program, &plan), Ok(()), "{plan:#?}");
        plan
    }
}

pub(super) fn route(plan: &Plan, from: &str, to: &str, port: u32) -> Route {
    let edge = EdgeName {
        from: from.into(),
        to: to.into(),
        port,
    };
    plan.routes.get(&edge).cloned().unwrap_or(Route::Local)
}

pub(super) fn colocated(columns: &[(&str, usize)]) -> FixpointStrategy {
    FixpointStrategy::Colocated {
        columns: columns
            .iter()
            .map(|(v, c)| (v.to_string(), vec![*c]))
            .collect(),
    }
}

/// `t(a, b) if edge(a, b)`, and one recursive rule.
fn closure(recursive: impl FnOnce(&mut Build, NodeId, NodeId) -> NodeId) -> Build {
    let mut b = Build::default();
    let edge = b.source("edge", 2);
    b.fixpoint("loop", &["t"]);
    let t = b.variable("t", "loop", 2, None, &[edge]);
    let step = recursive(&mut b, t, edge);
    b.feed(step, t);
    b.sink(t);
    b
}

pub(super) fn left_linear() -> Build {
    closure(|b, t, edge| b.join("step", Some("loop"), (t, &[1]), (edge, &[0]), &[0, 3]))
}

#[test]
pub(super) fn left_linear_closure_stays_with_its_source_column() {
    let plan = left_linear().plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("t", 0)]));
    assert_eq!(route(&plan, "edge", "t", 0), Route::Hash(vec![0]));
    assert_eq!(route(&plan, "edge", "step", 1), Route::Broadcast);
    assert_eq!(route(&plan, "t", "step", 0), Route::Local);
    assert_eq!(route(&plan, "step", "t", 0), Route::Local);
    assert_eq!(route(&plan, "t", "out:t", 0), Route::Gather);
}

#[test]
fn right_linear_closure_stays_with_its_target_column() {
    let plan =
        closure(|b, t, edge| b.join("step", Some("loop"), (edge, &[1]), (t, &[0]), &[0, 3])).plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("t", 1)]));
    assert_eq!(route(&plan, "edge", "t", 0), Route::Hash(vec![1]));
    assert_eq!(route(&plan, "edge", "step", 0), Route::Broadcast);
}

#[test]
fn non_linear_closure_is_exchanged() {
    let plan =
        closure(|b, t, _| b.join("step", Some("loop"), (t, &[1]), (t, &[0]), &[0, 3])).plan();
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
    assert_eq!(route(&plan, "step", "t", 0), Route::Hash(vec![0]));
    // Hashed by its first column the variable can stay where it is on the right side.
    assert_eq!(route(&plan, "t", "step", 0), Route::Hash(vec![1]));
    assert_eq!(route(&plan, "t", "step", 1), Route::Local);
}

#[test]
fn a_loop_that_is_linear_in_two_ways_is_exchanged() {
    let mut b = left_linear();
    let (t, edge) = (
        b.program.find("t").unwrap(),
        b.program.find("edge").unwrap(),
    );
    let other = b.join("other", Some("loop"), (edge, &[1]), (t, &[0]), &[0, 3]);
    b.feed(other, t);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
}

#[test]
fn same_generation_is_exchanged() {
    let mut b = Build::default();
    let parent = b.source("parent", 2);
    let siblings = b.join("siblings", None, (parent, &[1]), (parent, &[1]), &[0, 2]);
    b.fixpoint("loop", &["sg"]);
    let sg = b.variable("sg", "loop", 2, None, &[siblings]);
    let up = b.join("up", Some("loop"), (sg, &[0]), (parent, &[1]), &[2, 1]);
    let down = b.join("down", Some("loop"), (up, &[1]), (parent, &[1]), &[0, 2]);
    b.feed(down, sg);
    b.sink(sg);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
    assert_eq!(route(&plan, "sg", "up", 0), Route::Local);
    assert_eq!(route(&plan, "up", "down", 0), Route::Hash(vec![1]));
}

/// `dist(a, c) -> min(d + cost) if dist(a, b) -> d, edge(b, c, cost)`.
fn min_path() -> Build {
    let mut b = Build::default();
    let edge = b.source("edge", 3);
    b.fixpoint("loop", &["dist"]);
    let dist = b.variable("dist", "loop", 3, Some(Combiner::Min), &[edge]);
    let sum = Expr {
        kind: ExprKind::Call(Function::Add, vec![column(2), column(5)]),
        ty: Type::Int,
        span: Span::default(),
    };
    let operator = Operator::Join {
        left_key: vec![1],
        right_key: vec![0],
        block: Block {
            conditions: Vec::new(),
            outputs: vec![column(0), column(4), sum],
        },
    };
    let step = b.node("step", Some("loop"), 3, operator, &[(dist, 0), (edge, 1)]);
    b.feed(step, dist);
    b.sink(dist);
    b
}

#[test]
fn shortest_paths_stay_with_their_source() {
    let plan = min_path().plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("dist", 0)]));
    assert_eq!(route(&plan, "edge", "step", 1), Route::Broadcast);
}

#[test]
fn a_lattice_is_never_partitioned_by_its_value() {
    // best(x) -> v if best(y) -> v, edge(y, x): only the value goes unchanged.
    let mut b = Build::default();
    let (edge, start) = (b.source("edge", 2), b.source("start", 2));
    b.fixpoint("loop", &["best"]);
    let best = b.variable("best", "loop", 2, Some(Combiner::Max), &[start]);
    let step = b.join("step", Some("loop"), (best, &[0]), (edge, &[0]), &[3, 1]);
    b.feed(step, best);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
    assert_eq!(route(&plan, "step", "best", 0), Route::Hash(vec![0]));
    assert_eq!(route(&plan, "best", "step", 0), Route::Local);
}

/// `even(a, c) if odd(a, b), edge(b, c)` and back, with `odd`'s columns turned round.
fn mutual() -> Build {
    let mut b = Build::default();
    let edge = b.source("edge", 2);
    let turned = b.map("turned", None, edge, &[1, 0]);
    b.fixpoint("loop", &["even", "odd"]);
    let even = b.variable("even", "loop", 2, None, &[]);
    let odd = b.variable("odd", "loop", 2, None, &[turned]);
    let to_even = b.join("to_even", Some("loop"), (odd, &[0]), (edge, &[0]), &[1, 3]);
    let to_odd = b.join("to_odd", Some("loop"), (even, &[1]), (edge, &[0]), &[3, 0]);
    b.feed(to_even, even);
    b.feed(to_odd, odd);
    b.sink(even);
    b
}

#[test]
fn mutual_recursion_agrees_on_columns() {
    let plan = mutual().plan();
    assert_eq!(
        plan.fixpoints["loop"],
        colocated(&[("even", 0), ("odd", 1)])
    );
    assert_eq!(route(&plan, "turned", "odd", 0), Route::Hash(vec![1]));
}

#[test]
fn variables_may_join_where_the_key_equates_their_columns() {
    // p(k, c) if p(k, b), q(k, c); q(k, b) if p(k, b): everything keeps k.
    let mut b = Build::default();
    let seed = b.source("seed", 2);
    b.fixpoint("loop", &["p", "q"]);
    let p = b.variable("p", "loop", 2, None, &[seed]);
    let q = b.variable("q", "loop", 2, None, &[seed]);
    let both = b.join("both", Some("loop"), (p, &[0]), (q, &[0]), &[0, 3]);
    let copy = b.map("copy", Some("loop"), p, &[0, 1]);
    b.feed(both, p);
    b.feed(copy, q);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("p", 0), ("q", 0)]));
}

#[test]
fn an_outside_relation_is_hashed_where_the_key_holds_the_column() {
    // t(a, c) if t(a, b), allowed(a, b, c): nothing needs to be broadcast.
    let mut b = Build::default();
    let (start, allowed) = (b.source("start", 2), b.source("allowed", 3));
    b.fixpoint("loop", &["t"]);
    let t = b.variable("t", "loop", 2, None, &[start]);
    let step = b.join(
        "step",
        Some("loop"),
        (t, &[0, 1]),
        (allowed, &[0, 1]),
        &[0, 4],
    );
    b.feed(step, t);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("t", 0)]));
    assert_eq!(route(&plan, "allowed", "step", 1), Route::Hash(vec![0]));
}

/// `t(a, c) if t(a, b), edge(b, c), not blocked(c)`.
fn negation_inside() -> Build {
    let mut b = Build::default();
    let (edge, blocked) = (b.source("edge", 2), b.source("blocked", 1));
    b.fixpoint("loop", &["t"]);
    let t = b.variable("t", "loop", 2, None, &[edge]);
    let step = b.join("step", Some("loop"), (t, &[1]), (edge, &[0]), &[0, 3]);
    let free = b.antijoin("free", Some("loop"), (step, &[1]), (blocked, &[0]));
    b.feed(free, t);
    b.sink(t);
    b
}

#[test]
fn negation_of_an_outside_relation_does_not_leave_the_loop() {
    let plan = negation_inside().plan();
    assert_eq!(plan.fixpoints["loop"], colocated(&[("t", 0)]));
    assert_eq!(route(&plan, "blocked", "free", 1), Route::Broadcast);
}

/// `tri(a, b, c) if edge(a, b), edge(b, c), edge(c, a)`, counted by `a`.
pub(super) fn triangles() -> Build {
    let mut b = Build::default();
    let edge = b.source("edge", 2);
    let two = b.join("two", None, (edge, &[1]), (edge, &[0]), &[0, 1, 3]);
    let three = b.join("three", None, (two, &[2, 0]), (edge, &[0, 1]), &[0, 1, 2]);
    let tri = b.distinct("tri", &[three]);
    let ones = b.map("ones", None, tri, &[0, 1]);
    let count = b.combine("count", Combiner::Sum, ones);
    b.sink(count);
    b
}

#[test]
pub(super) fn triangles_meet_by_keys_and_skip_needless_exchanges() {
    let plan = triangles().plan();
    assert_eq!(route(&plan, "edge", "two", 0), Route::Hash(vec![1]));
    assert_eq!(route(&plan, "edge", "two", 1), Route::Hash(vec![0]));
    assert_eq!(route(&plan, "two", "three", 0), Route::Hash(vec![2, 0]));
    // Equal triangles have equal (c, a), so they are together already.
    assert_eq!(route(&plan, "three", "tri", 0), Route::Local);
    // Equal (a) need not have equal (c, a).
    assert_eq!(route(&plan, "ones", "count", 0), Route::Hash(vec![0]));
}

#[test]
fn a_set_is_hashed_by_what_its_readers_want() {
    let mut b = Build::default();
    let (a, other) = (b.source("a", 3), b.source("other", 2));
    let set = b.distinct("set", &[a]);
    let join = b.join("join", None, (set, &[2]), (other, &[0]), &[0, 2]);
    b.sink(join);
    let plan = b.plan();
    assert_eq!(route(&plan, "a", "set", 0), Route::Hash(vec![2]));
    assert_eq!(route(&plan, "set", "join", 0), Route::Local);
}

#[test]
fn products_and_totals() {
    let mut b = Build::default();
    let (x, y) = (b.source("x", 1), b.source("y", 1));
    let pairs = b.join("pairs", None, (x, &[]), (y, &[]), &[0]);
    let total = b.combine("total", Combiner::Sum, pairs);
    b.sink(total);
    let plan = b.plan();
    assert_eq!(route(&plan, "x", "pairs", 0), Route::Balance);
    assert_eq!(route(&plan, "y", "pairs", 1), Route::Broadcast);
    assert_eq!(route(&plan, "pairs", "total", 0), Route::Gather);
}

#[test]
fn a_product_of_two_variables_meets_on_one_worker() {
    let mut b = Build::default();
    let seed = b.source("seed", 2);
    b.fixpoint("loop", &["t"]);
    let t = b.variable("t", "loop", 2, None, &[seed]);
    let step = b.join("step", Some("loop"), (t, &[]), (t, &[]), &[0, 3]);
    b.feed(step, t);
    let plan = b.plan();
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
    assert_eq!(route(&plan, "t", "step", 0), Route::Hash(vec![]));
    assert_eq!(route(&plan, "t", "step", 1), Route::Hash(vec![]));
}

#[test]
fn a_source_is_spread_before_work_but_not_before_a_projection() {
    let mut b = Build::default();
    let a = b.source("a", 2);
    let picked = b.map("picked", None, a, &[1]);
    let operator = Operator::FlatMap {
        each: column(0),
        block: picks(&[1]),
    };
    let work = b.node("work", None, 1, operator, &[(picked, 0)]);
    b.sink(work);
    let plan = b.plan();
    assert_eq!(route(&plan, "a", "picked", 0), Route::Local);
    assert_eq!(route(&plan, "picked", "work", 0), Route::Balance);
}

#[test]
fn many_variables_do_not_blow_up() {
    // v0 → v1 → … → v0 over six columns each; none goes unchanged round the ring.
    let mut b = Build::default();
    let seed = b.source("seed", 6);
    let names: Vec<String> = (0..12).map(|i| format!("v{i:02}")).collect();
    b.fixpoint(
        "loop",
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let variables: Vec<NodeId> = names
        .iter()
        .map(|n| b.variable(n, "loop", 6, None, &[seed]))
        .collect();
    for i in 0..12 {
        let turned = b.map(
            &format!("m{i}"),
            Some("loop"),
            variables[i],
            &[1, 2, 3, 4, 5, 0],
        );
        b.feed(turned, variables[(i + 1) % 12]);
    }
    // Twelve turns by one are two full turns, so the ring does keep a column; a thirteenth edge
    // that turns once more breaks it.
    let plan = b.plan();
    assert!(matches!(
        plan.fixpoints["loop"],
        FixpointStrategy::Colocated { .. }
    ));
    let extra = b.map("extra", Some("loop"), variables[0], &[1, 2, 3, 4, 5, 0]);
    b.feed(extra, variables[0]);
    assert_eq!(b.plan().fixpoints["loop"], FixpointStrategy::Exchanged);
}

#[test]
fn every_damaged_route_is_noticed() {
    for build in [
        left_linear(),
        min_path(),
        mutual(),
        negation_inside(),
        triangles(),
    ] {
        let plan = build.plan();
        // Without any routes nothing meets.
        let bare = Plan {
            routes: BTreeMap::new(),
            fixpoints: plan.fixpoints.clone(),
            ..Plan::default()
        };
        assert!(validate(&build.program, &bare).is_err());
        for (edge, route) in &plan.routes {
            let mut damaged = plan.clone();
            let worse = match route {
                Route::Balance => continue,
                _ => Route::Balance,
            };
            damaged.routes.insert(edge.clone(), worse);
            assert!(
                validate(&build.program, &damaged).is_err(),
                "{edge:?} may be spread"
            );
            let target = build.program.find(&edge.to).unwrap();
            // One side of a join may well be broadcast; nothing else.
            let join = matches!(build.program.graph[target].operator, Operator::Join { .. });
            if *route != Route::Broadcast && !join {
                damaged.routes.insert(edge.clone(), Route::Broadcast);
                assert!(
                    validate(&build.program, &damaged).is_err(),
                    "{edge:?} may be broadcast"
                );
            }
        }
    }
}

#[test]
fn a_plan_for_another_program_is_refused() {
    let plan = triangles().plan();
    let faults = validate(&left_linear().program, &plan).unwrap_err();
    assert!(faults.iter().any(|f| f.contains("no such edge")));
    assert!(faults.contains(&"loop: no strategy".to_string()));
}

#[test]
fn corrupt_graphs_do_not_panic() {
    let mut b = Build::default();
    let a = b.source("a", 1);
    let join = b.join("join", None, (a, &[7]), (a, &[9]), &[3, 12]);
    let sum = b.combine("sum", Combiner::Sum, join);
    b.program.connect(sum, join, 0);
    b.fixpoint("loop", &["gone", "a"]);
    b.variable("v", "elsewhere", 0, Some(Combiner::Min), &[sum]);
    let plan = choose(&b.program, &Sizes::default());
    let _ = validate(&b.program, &plan);
}
