//! What is chosen where sizes are known, and that the reasons are told.

use super::{Build, colocated, left_linear, route, triangles};
use crate::plan::drawing::svg;
use crate::plan::{
    Decided, EdgeName, FixpointStrategy, Kind, Plan, Route, decide, explain, validate,
};
use crate::sizes::Sizes;
use crate::{Combiner, NodeId};

fn sizes(rows: &[(&str, u64)]) -> Sizes {
    Sizes {
        rows: rows.iter().map(|(n, r)| (n.to_string(), *r)).collect(),
    }
}

fn planned(build: &Build, rows: &[(&str, u64)], workers: usize) -> Decided {
    let decided = decide(&build.program, &sizes(rows), workers);
    assert_eq!(validate(&build.program, &decided.plan), Ok(()));
    decided
}

fn join_of(two: impl FnOnce(&mut Build, NodeId, NodeId) -> NodeId) -> Build {
    let mut b = Build::default();
    let (large, small) = (b.source("large", 3), b.source("small", 2));
    let join = two(&mut b, large, small);
    b.sink(join);
    b
}

#[test]
fn a_small_side_goes_everywhere_and_the_large_one_stays() {
    let b = join_of(|b, l, s| b.join("join", None, (l, &[1]), (s, &[0]), &[0, 4]));
    let few = planned(&b, &[("large", 1_000_000), ("small", 100)], 2);
    assert_eq!(route(&few.plan, "small", "join", 1), Route::Broadcast);
    assert_ne!(route(&few.plan, "large", "join", 0), Route::Hash(vec![1]));
    let choice = few.choices.iter().find(|c| c.node == "join").unwrap();
    assert_eq!(choice.kind, Kind::Meet);
    assert!(choice.rejected.len() >= 2, "{choice:?}");
    let least = choice.rejected.iter().filter_map(|r| r.price);
    assert!(least.fold(f64::INFINITY, f64::min) > choice.price.unwrap());

    let many = planned(&b, &[("large", 1_000_000), ("small", 900_000)], 2);
    assert_eq!(route(&many.plan, "small", "join", 1), Route::Hash(vec![0]));
    // Nobody knows how large one of them is.
    let unknown = planned(&b, &[("large", 1_000_000)], 2);
    assert_eq!(
        route(&unknown.plan, "small", "join", 1),
        Route::Hash(vec![0])
    );
}

#[test]
fn a_small_left_side_goes_everywhere_only_where_each_row_counts_once() {
    let rows = [("large", 100), ("small", 1_000_000)];
    let b = join_of(|b, l, s| b.join("join", None, (l, &[1]), (s, &[0]), &[0, 4]));
    let plan = planned(&b, &rows, 2).plan;
    assert_eq!(route(&plan, "large", "join", 0), Route::Broadcast);
    let b = join_of(|b, l, s| b.antijoin("join", None, (l, &[1]), (s, &[0])));
    let plan = planned(&b, &rows, 2).plan;
    assert_ne!(route(&plan, "large", "join", 0), Route::Broadcast);
}

#[test]
fn one_worker_and_small_inputs_are_planned_by_the_rules() {
    let b = triangles();
    let plan = b.plan();
    assert_eq!(planned(&b, &[("edge", 50)], 8).plan, plan);
    assert_eq!(
        planned(&b, &[("edge", 1_000_000)], 1).plan.routes,
        plan.routes
    );
}

#[test]
fn a_loop_over_few_values_is_not_colocated() {
    // Everything starts from a handful of rows but reads millions.
    let b = {
        let mut b = Build::default();
        let (start, edge) = (b.source("start", 2), b.source("edge", 2));
        b.fixpoint("loop", &["t"]);
        let t = b.variable("t", "loop", 2, None, &[start]);
        let step = b.join("step", Some("loop"), (t, &[1]), (edge, &[0]), &[0, 3]);
        b.feed(step, t);
        b.sink(t);
        b
    };
    let rows = [("start", 4), ("edge", 10_000_000)];
    let plan = planned(&b, &rows, 8).plan;
    assert_eq!(plan.fixpoints["loop"], FixpointStrategy::Exchanged);
    let plan = planned(&left_linear(), &[("edge", 1_000_000)], 8).plan;
    assert_eq!(plan.fixpoints["loop"], colocated(&[("t", 0)]));
}

fn counted(combiner: Combiner) -> Build {
    let mut b = Build::default();
    let x = b.source("x", 3);
    let key = b.map("key", None, x, &[2]);
    let total = b.combine("total", combiner, key);
    b.sink(total);
    b
}

#[test]
fn totals_are_combined_before_they_travel() {
    let plan = planned(&counted(Combiner::Sum), &[("x", 1_000_000)], 2).plan;
    assert!(plan.split.contains("total"), "{plan:?}");
    let plan = planned(&counted(Combiner::Sum), &[("x", 300)], 2).plan;
    assert!(plan.split.is_empty());
    // A partial state is as large as all that it is made of.
    let plan = planned(&counted(Combiner::Sorted), &[("x", 1_000_000)], 2).plan;
    assert!(plan.split.is_empty());
}

#[test]
fn repeated_rows_are_dropped_before_they_travel() {
    let mut b = Build::default();
    let x = b.source("x", 2);
    b.program.graph[x].output.columns[1].1 = crate::Type::Bool;
    let flags = b.map("flags", None, x, &[1]);
    b.program.graph[flags].output.columns[0].1 = crate::Type::Bool;
    let set = b.distinct("set", &[flags]);
    b.sink(set);
    let edge = EdgeName {
        from: "flags".into(),
        to: "set".into(),
        port: 0,
    };
    let plan = planned(&b, &[("x", 1_000_000)], 2).plan;
    assert!(plan.thinned.contains(&edge), "{plan:?}");
}

#[test]
fn early_steps_in_the_wrong_place_are_noticed() {
    let legal = planned(&counted(Combiner::Sum), &[("x", 1_000_000)], 2).plan;
    let build = counted(Combiner::Sum);
    let illegal = |change: &dyn Fn(&mut Plan)| {
        let mut plan = legal.clone();
        change(&mut plan);
        validate(&build.program, &plan).unwrap_err()
    };
    let edge = EdgeName {
        from: "key".into(),
        to: "total".into(),
        port: 0,
    };
    let faults = illegal(&|plan| {
        plan.split.clear();
        plan.thinned.insert(edge.clone());
    });
    assert_eq!(faults, ["total: counts how often key gives a row"]);
    let faults = illegal(&|plan| drop(plan.routes.remove(&edge)));
    assert!(faults.contains(&"total: has no one route between its two steps".to_string()));
    let faults = illegal(&|plan| plan.split.extend(["key".to_string()]));
    assert!(faults.contains(&"key: cannot run in two steps".to_string()));
    let faults = illegal(&|plan| plan.split.extend(["gone".to_string()]));
    assert_eq!(faults, ["gone: no such node to run in two steps"]);
}

#[test]
fn explanations_hold_every_operator_and_drawings_too() {
    for build in [triangles(), left_linear(), counted(Combiner::Sum)] {
        let known = sizes(&[("edge", 1_000_000), ("x", 1_000_000)]);
        let decided = decide(&build.program, &known, 2);
        let explanation = explain(&build.program, &decided, &known, &|_| None);
        let drawing = svg(&explanation);
        for id in build.program.nodes_by_name() {
            let name = &build.program.graph[id].name;
            let lines = explanation.lines.iter().filter(|line| line.name == *name);
            assert_eq!(lines.count(), 1, "{name}");
            assert!(drawing.contains(&format!("data-name=\"{name}\"")), "{name}");
        }
        let told = explanation.lines.iter().map(|line| line.choices.len());
        assert_eq!(told.sum::<usize>(), decided.choices.len());
        assert_eq!(drawing, svg(&explanation));
    }
}
