//! Every way to run a fixpoint gives what naive iteration gives: local, chunk by chunk, in several
//! epochs, and on several workers that exchange rows over a network that reorders everything.

mod case;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sheaf_ir::plan::{Plan, Route};
use sheaf_ir::{Block, Combiner, Function, Operator as Ir, Type};
use sheaf_kernels::ErrorCode;

use crate::operators::testing::*;
use case::Case;

type Row = Vec<u64>;

fn edges(nodes: u64, most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(prop::collection::vec(0..nodes, 2), 0..most)
}

fn join(left: usize, right: usize, block: Block) -> Ir {
    Ir::Join {
        left_key: vec![left],
        right_key: vec![right],
        block,
    }
}

fn compose(left: &BTreeSet<Row>, right: &BTreeSet<Row>) -> BTreeSet<Row> {
    let mut pairs = BTreeSet::new();
    for l in left {
        let from = right.range(vec![l[1]]..vec![l[1] + 1]);
        pairs.extend(from.map(|r| vec![l[0], r[1]]));
    }
    pairs
}

fn closure(edges: &[Row]) -> BTreeSet<Row> {
    let edges: BTreeSet<Row> = edges.iter().cloned().collect();
    let mut all = edges.clone();
    loop {
        let before = all.len();
        all.extend(compose(&all, &edges));
        if all.len() == before {
            return all;
        }
    }
}

fn hash(columns: &[usize]) -> Route {
    Route::Hash(columns.to_vec())
}

/// `path(a, c) if path(a, b), edge(b, c)`.
fn linear(edges: &[Row]) -> Case {
    let mut case = Case::new(&[("edge", 2, edges)], &[("path", 2, None)]);
    case.rule(
        "step",
        join(1, 0, columns(&[0, 3])),
        2,
        &["path", "edge"],
        "path",
    );
    case.entry("edge", "path");
    case.routes = vec![
        ("edge", "path", 0, hash(&[0, 1])),
        ("edge", "step", 1, hash(&[0])),
        ("path", "step", 0, hash(&[1])),
        ("step", "path", 0, hash(&[0, 1])),
    ];
    case.colocated = Some([("path".into(), vec![0])].into());
    case
}

/// The least sums of weights over paths.
fn least(edges: &[Row]) -> BTreeMap<(u64, u64), u64> {
    let mut least: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    let mut todo: Vec<Row> = edges.to_vec();
    while let Some(row) = todo.pop() {
        let known = least.entry((row[0], row[1])).or_insert(u64::MAX);
        if row[2] < *known {
            *known = row[2];
            let next = edges.iter().filter(|e| e[0] == row[1]);
            todo.extend(next.map(|e| vec![row[0], e[1], row[2] + e[2]]));
        }
    }
    least
}

fn weighted(nodes: u64, most: usize) -> impl Strategy<Value = Vec<Row>> {
    let edge = (0..nodes, 0..nodes, 1..50u64).prop_map(|(a, b, w)| vec![a, b, w]);
    prop::collection::vec(edge, 0..most)
}

/// `dist(a, c) -> d + w if dist(a, b) -> d, edge(b, c, w)`, as `Min`.
fn shortest(edges: &[Row]) -> Case {
    let mut case = Case::new(&[("edge", 3, edges)], &[("dist", 3, Some(Combiner::Min))]);
    let sum = block(vec![column(0), column(4), plus(column(2), column(5))]);
    case.rule("step", join(1, 0, sum), 3, &["dist", "edge"], "dist");
    case.entry("edge", "dist");
    case.routes = vec![
        ("edge", "dist", 0, hash(&[0, 1])),
        ("edge", "step", 1, hash(&[0])),
        ("dist", "step", 0, hash(&[1])),
        ("step", "dist", 0, hash(&[0, 1])),
    ];
    case.colocated = Some([("dist".into(), vec![0])].into());
    case
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn linear_closure(edges in edges(14, 40), seed: u64) {
        let expected = closure(&edges).into_iter().collect();
        linear(&edges).check(&[expected], seed)?;
    }

    #[test]
    fn non_linear_closure(edges in edges(12, 30), seed: u64) {
        let mut case = Case::new(&[("edge", 2, &edges)], &[("path", 2, None)]);
        case.rule("step", join(1, 0, columns(&[0, 3])), 2, &["path", "path"], "path");
        case.entry("edge", "path");
        case.routes = vec![
            ("edge", "path", 0, hash(&[0, 1])),
            ("path", "step", 0, hash(&[1])),
            ("path", "step", 1, hash(&[0])),
            ("step", "path", 0, hash(&[0, 1])),
        ];
        case.check(&[closure(&edges).into_iter().collect()], seed)?;
    }

    #[test]
    fn three_relations_of_one_fixpoint(edges in edges(9, 24), seed: u64) {
        // path(a, d) if path(a, b), path(b, c), path(c, d): paths of odd length.
        let mut case = Case::new(&[("edge", 2, &edges)], &[("path", 2, None)]);
        case.rule("two", join(1, 0, columns(&[0, 3])), 2, &["path", "path"], "");
        case.rule("three", join(1, 0, columns(&[0, 3])), 2, &["two", "path"], "path");
        case.entry("edge", "path");
        case.routes = vec![
            ("edge", "path", 0, hash(&[0, 1])),
            ("path", "two", 0, hash(&[1])),
            ("path", "two", 1, hash(&[0])),
            ("two", "three", 0, hash(&[1])),
            ("path", "three", 1, hash(&[0])),
            ("three", "path", 0, hash(&[0, 1])),
        ];
        let edges: BTreeSet<Row> = edges.into_iter().collect();
        let mut odd = edges.clone();
        loop {
            let before = odd.len();
            odd.extend(compose(&compose(&odd, &edges), &edges));
            if odd.len() == before {
                break;
            }
        }
        case.check(&[odd.into_iter().collect()], seed)?;
    }

    #[test]
    fn mutual_recursion(edges in edges(10, 30), seed: u64) {
        // odd(a, c) if even(a, b), edge(b, c); even(a, c) if odd(a, b), edge(b, c).
        let mut case = Case::new(&[("edge", 2, &edges)], &[("even", 2, None), ("odd", 2, None)]);
        case.rule("more_odd", join(1, 0, columns(&[0, 3])), 2, &["even", "edge"], "odd");
        case.rule("more_even", join(1, 0, columns(&[0, 3])), 2, &["odd", "edge"], "even");
        case.entry("edge", "odd");
        case.routes = vec![
            ("edge", "odd", 0, hash(&[0, 1])),
            ("edge", "more_odd", 1, Route::Broadcast),
            ("edge", "more_even", 1, hash(&[0])),
            ("odd", "more_even", 0, hash(&[1])),
            ("more_even", "even", 0, hash(&[0, 1])),
            ("more_odd", "odd", 0, hash(&[0, 1])),
        ];
        case.colocated = Some([("even".into(), vec![0]), ("odd".into(), vec![0])].into());
        let edges: BTreeSet<Row> = edges.into_iter().collect();
        let (mut even, mut odd) = (BTreeSet::new(), edges.clone());
        loop {
            let before = (even.len(), odd.len());
            even.extend(compose(&odd, &edges));
            odd.extend(compose(&even, &edges));
            if (even.len(), odd.len()) == before {
                break;
            }
        }
        case.check(&[even.into_iter().collect(), odd.into_iter().collect()], seed)?;
    }

    #[test]
    fn least_paths(edges in weighted(10, 30), seed: u64) {
        let expected = least(&edges).into_iter().map(|((a, b), w)| vec![a, b, w]).collect();
        shortest(&edges).check(&[expected], seed)?;
    }

    #[test]
    fn least_paths_by_halves(edges in weighted(8, 24), seed: u64) {
        // dist(a, c) -> d + e if dist(a, b) -> d, dist(b, c) -> e: both sides climb.
        let mut case = Case::new(&[("edge", 3, &edges)], &[("dist", 3, Some(Combiner::Min))]);
        let sum = block(vec![column(0), column(4), plus(column(2), column(5))]);
        case.rule("step", join(1, 0, sum), 3, &["dist", "dist"], "dist");
        case.entry("edge", "dist");
        case.routes = vec![
            ("edge", "dist", 0, hash(&[0, 1])),
            ("dist", "step", 0, hash(&[1])),
            ("dist", "step", 1, hash(&[0])),
            ("step", "dist", 0, hash(&[0, 1])),
        ];
        let expected = least(&edges).into_iter().map(|((a, b), w)| vec![a, b, w]).collect();
        case.check(&[expected], seed)?;
    }

    #[test]
    fn guarded_steps(edges in edges(10, 40), good in prop::collection::vec(0..10u64, 0..5), bad in prop::collection::vec(0..10u64, 0..4), seed: u64) {
        // path(a, c) if path(a, b), edge(b, c), exists open(b), not closed(c), where `open` grows
        // with the loop: every target of a path from 0 is open.
        let good: Vec<Row> = good.into_iter().map(|g| vec![g]).collect();
        let bad: Vec<Row> = bad.into_iter().map(|b| vec![b]).collect();
        let mut case = Case::new(
            &[("edge", 2, &edges), ("good", 1, &good), ("bad", 1, &bad)],
            &[("open", 1, None), ("path", 2, None)],
        );
        let keys = |left: usize, right: usize| (vec![left], vec![right]);
        let (left_key, right_key) = keys(1, 0);
        case.rule("passing", Ir::Semijoin { left_key, right_key }, 2, &["path", "open"], "");
        case.rule("step", join(1, 0, columns(&[0, 3])), 2, &["passing", "edge"], "");
        let (left_key, right_key) = keys(1, 0);
        case.rule("allowed", Ir::Antijoin { left_key, right_key }, 2, &["step", "bad"], "path");
        let from_zero = Block {
            conditions: vec![call(Function::Eq, vec![column(0), constant(0)], Type::Bool)],
            outputs: vec![column(1)],
        };
        case.rule("opened", Ir::Map { block: from_zero }, 1, &["path"], "open");
        case.entry("edge", "path");
        case.entry("good", "open");
        case.routes = vec![
            ("edge", "path", 0, hash(&[0, 1])),
            ("good", "open", 0, hash(&[0])),
            ("bad", "allowed", 1, Route::Broadcast),
            ("edge", "step", 1, hash(&[0])),
            ("path", "passing", 0, hash(&[1])),
            ("open", "passing", 1, hash(&[0])),
            ("allowed", "path", 0, hash(&[0, 1])),
            ("opened", "open", 0, hash(&[0])),
        ];
        let mut path: BTreeSet<Row> = edges.iter().cloned().collect();
        let mut open: BTreeSet<Row> = good.iter().cloned().collect();
        loop {
            let before = (path.len(), open.len());
            let passing = path.iter().filter(|p| open.contains(&vec![p[1]])).cloned().collect();
            let step = compose(&passing, &edges.iter().cloned().collect());
            path.extend(step.into_iter().filter(|p| !bad.contains(&vec![p[1]])));
            open.extend(path.iter().filter(|p| p[0] == 0).map(|p| vec![p[1]]));
            if (path.len(), open.len()) == before {
                break;
            }
        }
        case.check(&[open.into_iter().collect(), path.into_iter().collect()], seed)?;
    }

    #[test]
    fn invariant_parts_inside_the_loop(edges in edges(10, 30), bad in prop::collection::vec(0..10u64, 0..4), seed: u64) {
        // path(a, c) if path(a, b), edge(b, c), not bad(b), with the last two joined in the loop.
        let bad: Vec<Row> = bad.into_iter().map(|b| vec![b]).collect();
        let mut case = Case::new(&[("edge", 2, &edges), ("bad", 1, &bad)], &[("path", 2, None)]);
        let operator = Ir::Antijoin { left_key: vec![0], right_key: vec![0] };
        case.rule("good_edge", operator, 2, &["edge", "bad"], "");
        case.rule("step", join(1, 0, columns(&[0, 3])), 2, &["path", "good_edge"], "path");
        case.entry("edge", "path");
        case.routes = vec![
            ("edge", "path", 0, hash(&[0, 1])),
            ("bad", "good_edge", 1, hash(&[0])),
            ("edge", "good_edge", 0, hash(&[0])),
            ("path", "step", 0, hash(&[1])),
            ("step", "path", 0, hash(&[0, 1])),
        ];
        case.colocated = Some([("path".into(), vec![0])].into());
        let mut path: BTreeSet<Row> = edges.iter().cloned().collect();
        let good = edges.iter().filter(|e| !bad.contains(&vec![e[0]])).cloned().collect();
        loop {
            let before = path.len();
            path.extend(compose(&path, &good));
            if path.len() == before {
                break;
            }
        }
        case.check(&[path.into_iter().collect()], seed)?;
    }

    #[test]
    fn only_failures_of_settled_values_count(edges in weighted(8, 24), huge in prop::collection::vec((0..8u64, 0..8u64), 0..6), seed: u64) {
        // Edges so long that a path over two of them overflows.
        let most = i64::MAX as u64 - 10;
        let long = huge.into_iter().map(|(a, b)| vec![a, b, most]);
        let edges: Vec<Row> = edges.into_iter().chain(long).collect();
        let mut least: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        edges.iter().for_each(|e| {
            let known = least.entry((e[0], e[1])).or_insert(e[2]);
            *known = e[2].min(*known);
        });
        loop {
            let before = least.clone();
            for (&(a, b), &d) in &before {
                for e in edges.iter().filter(|e| e[0] == b) {
                    let sum = d + e[2];
                    if sum <= i64::MAX as u64 {
                        let known = least.entry((a, e[1])).or_insert(sum);
                        *known = sum.min(*known);
                    }
                }
            }
            if least == before {
                break;
            }
        }
        let fails = |((_, b), d): (&(u64, u64), &u64), e: &&Row| e[0] == *b && d + e[2] > i64::MAX as u64;
        let failures: usize = least
            .iter()
            .map(|dist| edges.iter().filter(|e| fails(dist, e)).count())
            .sum();
        let expected: Vec<Row> = least.iter().map(|(&(a, b), &d)| vec![a, b, d]).collect();
        let case = shortest(&edges);
        let plain = Plan::default();
        for (way, given) in [
            ("local", case.local(&plain, 1, seed)),
            ("three epochs", case.local(&plain, 3, seed)),
            ("chunks", case.local(&case.cut(), 1, seed)),
            ("three workers", case.spread(3, 1, seed)),
            ("three workers, three epochs", case.spread(3, 3, seed)),
        ] {
            prop_assert_eq!(&given.sorted(0), &expected, "{}", way);
            prop_assert_eq!(given.errors.len(), failures, "{}", way);
            prop_assert!(given.errors.iter().all(|e| e.error.code == ErrorCode::Overflow && e.node == "step"));
        }
    }
}

/// `n(x + 1) if n(x)`.
fn counting(limit: u64) -> Case {
    let mut case = Case::new(&[("zero", 1, &[vec![0]])], &[("n", 1, None)]);
    let more = block(vec![plus(column(0), constant(1))]);
    case.rule("more", Ir::Map { block: more }, 1, &["n"], "n");
    case.entry("zero", "n");
    let fixpoint = case.fixpoint;
    if let Ir::Fixpoint { limit: known, .. } = &mut case.graph.program.graph[fixpoint].operator {
        *known = limit;
    }
    case.routes = vec![("zero", "n", 0, hash(&[0])), ("more", "n", 0, hash(&[0]))];
    case
}

#[test]
fn an_endless_climb_stops_at_the_limit() {
    for given in [
        counting(2_000_000).local(&Plan::default(), 1, 7),
        counting(3000).spread(3, 1, 7),
    ] {
        let error = &given.errors[0];
        assert_eq!(error.error.code, ErrorCode::IterationLimit);
        assert_eq!(error.node, "more");
    }
}

#[test]
fn a_long_chain_passes_the_limit() {
    let edges: Vec<Row> = (0..1_000_000).map(|i| vec![i, i + 1]).collect();
    let mut case = Case::new(
        &[("edge", 2, &edges), ("start", 1, &[vec![0]])],
        &[("reach", 1, None)],
    );
    case.rule(
        "step",
        join(0, 0, columns(&[2])),
        1,
        &["reach", "edge"],
        "reach",
    );
    case.entry("start", "reach");
    let given = case.local(&Plan::default(), 1, 3);
    assert_eq!(given.errors, []);
    assert_eq!(given.rows[0].len(), 1_000_001);
}

#[test]
fn a_complete_graph_is_closed_in_little_memory() {
    let edges: Vec<Row> = (0..200u64)
        .flat_map(|a| (0..200).map(move |b| vec![a, b]))
        .collect();
    let case = linear(&edges);
    assert_eq!(case.local(&case.cut(), 1, 1).rows[0].len(), 40_000);
    assert_eq!(case.spread(2, 1, 1).rows[0].len(), 40_000);
}
