//! Derives of a recursion only what is asked for (magic sets, Bancilhon and others 1986, for linear rules).
//!
//! Rule: every reader outside the loop asks for some columns only: by comparing them with constants or
//! parameters, or by joining them with a small relation that does not rest on the recursion. If each rule
//! hands the columns from its head to its one recursive relation unchanged, what enters the loop is filtered
//! by what is asked for. If the columns come by way of relations that the rule joins, a loop of its own
//! first derives what is asked for in turn, and what enters and what is derived is filtered by that.
//!
//! Nothing in the loop may fail or compute values, for derivations that are dropped would have failed or
//! gone on; so the rules are free of negation and aggregation of what they derive, too. A recursion with
//! several recursive relations, or rules that read it twice, stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::visit::{Dfs, EdgeFiltered};

use crate::nesting::loops;
use crate::{
    Block, Collection, Expr, ExprKind, Function, Label, Multiplicity, Node, NodeId, Operator,
    Program, Type,
};

use super::World;
use super::failure::{loop_can_fail, node_can_fail};
use super::push_filters::{filter_input, insert, step_name};
use super::rewrite::{Names, picks, refresh};
use super::size::Estimates;

/// How much smaller than a recursion a relation must be that asks for some of it.
const SMALLER: f64 = 4.0;
/// The rounds that a loop may take which derives what is asked for.
const LIMIT: u64 = 2_000_000;

/// Restricts recursions; how many.
pub(super) fn apply(program: &mut Program, world: &World) -> usize {
    let estimates = Estimates::of(program, world.sizes);
    let mut changes = 0;
    let mut names = Names::of(program);
    let ids = program.nodes_by_name();
    let loops: BTreeMap<String, Vec<NodeId>> = loops(program, &ids)
        .into_iter()
        .map(|(name, nodes)| (name.to_string(), nodes))
        .collect();
    for id in ids {
        let Operator::Fixpoint { variables, .. } = &program.graph[id].operator else {
            continue;
        };
        let [variable] = variables.as_slice() else {
            continue;
        };
        let looped = loops.get(&program.graph[id].name);
        if let (Some(variable), Some(looped)) = (names.find(variable), looped)
            && restrict(program, &mut names, id, looped, variable, &estimates)
        {
            changes += 1;
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

/// Who asks for some columns of the recursion.
enum Asker {
    /// Compares columns with what is the same for all rows.
    Constants(NodeId, BTreeMap<usize, Expr>),
    /// Joins columns with those of another relation.
    Relation(NodeId, BTreeMap<usize, usize>),
}

impl Asker {
    fn columns(&self) -> BTreeSet<usize> {
        match self {
            Asker::Constants(_, values) => values.keys().copied().collect(),
            Asker::Relation(_, columns) => columns.keys().copied().collect(),
        }
    }
}

/// How a rule hands on what is asked for.
struct Rule {
    /// The node that feeds the variable.
    head: NodeId,
    /// For each relation on the way: how it is joined to what is asked for. Empty if the columns go from
    /// the head to the body unchanged.
    steps: Vec<Step>,
    /// For each column asked for: its place in what the last step gives.
    body: Vec<usize>,
}

/// A relation that what is asked for is joined with, and what is known afterwards.
struct Step {
    relation: NodeId,
    key: Vec<usize>,
    relation_key: Vec<usize>,
    /// Over what was known, then the relation's columns.
    picked: Vec<usize>,
}

fn restrict(
    program: &mut Program,
    names: &mut Names,
    fixpoint: NodeId,
    looped: &[NodeId],
    variable: NodeId,
    estimates: &Estimates,
) -> bool {
    let name = program.graph[fixpoint].name.clone();
    let is_inside = |id: NodeId| program.graph[id].fixpoint.as_ref() == Some(&name);
    let is_safe = program.graph[fixpoint].fixpoint.is_none()
        && !loop_can_fail(program, looped)
        && !looped.iter().any(|id| node_can_fail(program, *id));
    let is_set = matches!(
        program.graph[variable].operator,
        Operator::Variable { combiner: None }
    );
    let was_restricted = names.find(&step_name(&program.graph[variable].name, "asked"));
    if !is_safe || !is_set || was_restricted.is_some() {
        return false;
    }
    let readers = program.outputs(variable);
    let mut askers = Vec::new();
    for (reader, port) in readers.into_iter().filter(|(id, _)| !is_inside(*id)) {
        match asker(program, variable, reader, port, estimates) {
            Some(asker) => askers.push(asker),
            None => return false,
        }
    }
    let common = askers.iter().map(Asker::columns).reduce(|a, b| &a & &b);
    let Some(common) = common.filter(|columns| !columns.is_empty()) else {
        return false;
    };
    let all: Vec<usize> = common.iter().copied().collect();
    let choices = std::iter::once(all.clone()).chain(all.iter().map(|c| vec![*c]));
    for columns in choices {
        let heads = program.inputs(variable).into_iter().map(|(_, from)| from);
        let (inner, entries): (Vec<NodeId>, Vec<NodeId>) = heads.partition(|id| is_inside(*id));
        let rules: Option<Vec<Rule>> = inner
            .iter()
            .map(|head| rule(program, &name, variable, *head, &columns))
            .collect();
        if let Some(rules) = rules {
            rewrite(
                program, names, variable, &columns, &askers, &entries, &rules,
            );
            return true;
        }
    }
    false
}

fn asker(
    program: &Program,
    variable: NodeId,
    reader: NodeId,
    port: u32,
    estimates: &Estimates,
) -> Option<Asker> {
    let operator = &program.graph[reader].operator;
    match operator {
        Operator::Map { block } => {
            let mut values = BTreeMap::new();
            for (column, value) in block.conditions.iter().filter_map(comparison) {
                values.entry(column).or_insert_with(|| value.clone());
            }
            (!values.is_empty()).then_some(Asker::Constants(reader, values))
        }
        Operator::Join { .. } | Operator::Semijoin { .. } => {
            let (left_key, right_key) = operator.keys()?;
            let (_, other) = program
                .inputs(reader)
                .into_iter()
                .find(|(at, _)| *at != port)?;
            let (own, others) = match port {
                0 => (left_key, right_key),
                _ => (right_key, left_key),
            };
            let is_small = estimates.rows(other) * SMALLER <= estimates.rows(variable) / SMALLER;
            let columns: BTreeMap<usize, usize> =
                own.iter().copied().zip(others.iter().copied()).collect();
            let is_apart = || other != variable && !rests_on(program, other, variable);
            (is_small && !columns.is_empty() && is_apart())
                .then_some(Asker::Relation(other, columns))
        }
        _ => None,
    }
}

/// The column that a condition compares with a constant or parameter, and that.
fn comparison(condition: &Expr) -> Option<(usize, &Expr)> {
    let ExprKind::Call(Function::Eq, sides) = &condition.kind else {
        return None;
    };
    let constant = |e: &Expr| matches!(e.kind, ExprKind::Constant(_) | ExprKind::Param(_));
    match sides.as_slice() {
        [one, other] => match (&one.kind, &other.kind) {
            (ExprKind::Column(index), _) if constant(other) => Some((*index, other)),
            (_, ExprKind::Column(index)) if constant(one) => Some((*index, one)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a node depends on another one.
fn rests_on(program: &Program, id: NodeId, on: NodeId) -> bool {
    let graph = EdgeFiltered::from_fn(&program.graph, |_| true);
    let mut search = Dfs::new(&graph, on);
    while let Some(reached) = search.next(&graph) {
        if reached == id {
            return true;
        }
    }
    false
}

/// How a rule hands columns of its head on to the variable that it reads.
fn rule(
    program: &Program,
    fixpoint: &str,
    variable: NodeId,
    head: NodeId,
    columns: &[usize],
) -> Option<Rule> {
    let unchanged = follow(program, fixpoint, variable, head, columns, false)?;
    if unchanged.steps.is_empty() && unchanged.body == (0..columns.len()).collect::<Vec<_>>() {
        return Some(unchanged);
    }
    let joined = follow(program, fixpoint, variable, head, columns, true)?;
    (!joined.steps.is_empty()).then_some(joined)
}

/// Follows the columns of a head down to the variable. Known columns of the node at hand are listed with
/// their place in what is asked for so far.
fn follow(
    program: &Program,
    fixpoint: &str,
    variable: NodeId,
    head: NodeId,
    columns: &[usize],
    join: bool,
) -> Option<Rule> {
    let mut at = head;
    let mut known: Vec<(usize, usize)> = columns.iter().copied().zip(0..).collect();
    let mut steps = Vec::new();
    while at != variable {
        let is_looped = |id: NodeId| program.graph[id].fixpoint.as_deref() == Some(fixpoint);
        let inputs = program.inputs(at);
        let inner: Vec<(u32, NodeId)> = inputs
            .iter()
            .copied()
            .filter(|(_, from)| is_looped(*from))
            .collect();
        let [(port, next)] = inner[..] else {
            return None;
        };
        let through = |block: &Block| -> Vec<(usize, usize)> {
            let source = |(output, place): &(usize, usize)| match block.outputs[*output].kind {
                ExprKind::Column(index) => Some((index, *place)),
                _ => None,
            };
            known.iter().filter_map(source).collect()
        };
        match &program.graph[at].operator {
            Operator::Map { block } => known = through(block),
            Operator::Semijoin { .. } | Operator::Antijoin { .. } if port == 0 => {}
            Operator::Union | Operator::Distinct if inputs.len() == 1 => {}
            Operator::Join {
                left_key,
                right_key,
                block,
            } => {
                let (_, other) = inputs.iter().copied().find(|(at, _)| *at != port)?;
                let width = program.input_columns(at, 0).len();
                let split = |column: usize| match column.checked_sub(width) {
                    Some(column) => (1, column),
                    None => (0, column),
                };
                let (own_key, other_key) = match port {
                    0 => (left_key, right_key),
                    _ => (right_key, left_key),
                };
                let (mut own, mut others) = (Vec::new(), Vec::new());
                for (index, place) in through(block) {
                    let (side, column) = split(index);
                    match side == port {
                        true => own.push((column, place)),
                        false => others.push((column, place)),
                    }
                }
                for (mine, theirs) in own_key.iter().zip(other_key) {
                    if let Some((_, place)) = own.iter().find(|(c, _)| c == mine).copied() {
                        if !others.iter().any(|(c, _)| c == theirs) {
                            others.push((*theirs, place));
                        }
                    } else if let Some((_, place)) =
                        others.iter().find(|(c, _)| c == theirs).copied()
                    {
                        own.push((*mine, place));
                    }
                }
                if join && !others.is_empty() {
                    // What is known of this side, then the key of the relation.
                    let before = known_width(columns.len(), &steps);
                    let mut picked: Vec<usize> = Vec::new();
                    let mut next_known = Vec::new();
                    for (column, place) in &own {
                        next_known.push((*column, picked.len()));
                        picked.push(*place);
                    }
                    for (mine, theirs) in own_key.iter().zip(other_key) {
                        if !next_known.iter().any(|(c, _)| c == mine) {
                            next_known.push((*mine, picked.len()));
                            picked.push(before + theirs);
                        }
                    }
                    steps.push(Step {
                        relation: other,
                        key: others.iter().map(|(_, place)| *place).collect(),
                        relation_key: others.iter().map(|(column, _)| *column).collect(),
                        picked,
                    });
                    own = next_known;
                }
                known = own;
            }
            _ => return None,
        }
        at = next;
    }
    let body: Option<Vec<usize>> = columns
        .iter()
        .map(|column| {
            known
                .iter()
                .find(|(c, _)| c == column)
                .map(|(_, place)| *place)
        })
        .collect();
    match (body, join) {
        (Some(body), _) => Some(Rule { head, steps, body }),
        // Not unchanged; whether it is to be had by joining is another question.
        (None, false) => Some(Rule {
            head,
            steps,
            body: Vec::new(),
        }),
        (None, true) => None,
    }
}

fn known_width(start: usize, steps: &[Step]) -> usize {
    steps.last().map_or(start, |step| step.picked.len())
}

fn rewrite(
    program: &mut Program,
    names: &mut Names,
    variable: NodeId,
    columns: &[usize],
    askers: &[Asker],
    entries: &[NodeId],
    rules: &[Rule],
) {
    let is_unchanged = rules.iter().all(|rule| rule.steps.is_empty());
    if let ([Asker::Constants(reader, _)], true) = (askers, is_unchanged) {
        let asks = |condition: &Expr| {
            comparison(condition).is_some_and(|(column, _)| columns.contains(&column))
        };
        // All that is left fulfils these, so the reader need not ask again.
        let mut moved = Vec::new();
        if let Operator::Map { block } = &mut program.graph[*reader].operator {
            (moved, block.conditions) = block.conditions.drain(..).partition(asks);
        }
        for entry in entries {
            filter_input(program, names, *entry, variable, 0, moved.clone());
        }
        return;
    }
    let asked = asked(program, names, variable, columns, askers, rules);
    for entry in entries {
        ask(program, names, *entry, variable, columns, asked);
    }
    for rule in rules.iter().filter(|rule| !rule.steps.is_empty()) {
        ask(program, names, rule.head, variable, columns, asked);
    }
}

/// Adds a node beside the recursion.
fn add(
    program: &mut Program,
    names: &mut Names,
    variable: NodeId,
    step: &str,
    operator: Operator,
    columns: Vec<(String, Type)>,
    fixpoint: Option<String>,
) -> NodeId {
    let of = &program.graph[variable];
    let (name, span) = (step_name(&of.name, step), of.span);
    let node = Node {
        name,
        operator,
        output: Collection {
            columns,
            multiplicity: Multiplicity::Bag,
            label: Label::Closed,
            keys: Vec::new(),
        },
        fixpoint,
        span,
    };
    names.add(program, node)
}

/// Builds what derives the values that are asked for, in turn.
fn asked(
    program: &mut Program,
    names: &mut Names,
    variable: NodeId,
    columns: &[usize],
    askers: &[Asker],
    rules: &[Rule],
) -> NodeId {
    let span = program.graph[variable].span;
    let given = &program.graph[variable].output.columns;
    let types: Vec<(String, Type)> = columns.iter().map(|c| given[*c].clone()).collect();
    let mut seeds = Vec::new();
    for asker in askers {
        seeds.push(match asker {
            Asker::Constants(_, values) => {
                let row = columns.iter().map(|c| values[c].clone()).collect();
                let operator = Operator::Values { rows: vec![row] };
                add(
                    program,
                    names,
                    variable,
                    "asked.seed",
                    operator,
                    types.clone(),
                    None,
                )
            }
            Asker::Relation(other, of) => {
                let picked: Vec<usize> = columns.iter().map(|c| of[c]).collect();
                let block = picks(&picked, &program.graph[*other].output.columns, span);
                let operator = Operator::Map { block };
                let seed = add(
                    program,
                    names,
                    variable,
                    "asked.seed",
                    operator,
                    types.clone(),
                    None,
                );
                program.connect(*other, seed, 0);
                seed
            }
        });
    }
    if rules.iter().all(|rule| rule.steps.is_empty()) {
        let asked = add(
            program,
            names,
            variable,
            "asked",
            Operator::Distinct,
            types,
            None,
        );
        for seed in seeds {
            program.connect(seed, asked, 0);
        }
        return asked;
    }
    let asked = add(
        program,
        names,
        variable,
        "asked",
        Operator::Variable { combiner: None },
        types,
        None,
    );
    let operator = Operator::Fixpoint {
        limit: LIMIT,
        variables: vec![program.graph[asked].name.clone()],
    };
    let looped = add(
        program,
        names,
        variable,
        "asked.loop",
        operator,
        Vec::new(),
        None,
    );
    program.graph[looped].output = Collection::nothing();
    let home = Some(program.graph[looped].name.clone());
    program.graph[asked].fixpoint.clone_from(&home);
    for seed in seeds {
        program.connect(seed, asked, 0);
    }
    for rule in rules {
        let mut at = asked;
        let last = rule.steps.len().saturating_sub(1);
        for (number, step) in rule.steps.iter().enumerate() {
            let picked: Vec<usize> = match number == last {
                true => rule.body.iter().map(|place| step.picked[*place]).collect(),
                false => step.picked.clone(),
            };
            let row: Vec<(String, Type)> = [at, step.relation]
                .iter()
                .flat_map(|id| program.graph[*id].output.columns.clone())
                .collect();
            let operator = Operator::Join {
                left_key: step.key.clone(),
                right_key: step.relation_key.clone(),
                block: picks(&picked, &row, span),
            };
            let columns = picked.iter().map(|c| row[*c].clone()).collect();
            let join = add(
                program,
                names,
                variable,
                "asked.next",
                operator,
                columns,
                home.clone(),
            );
            program.connect(at, join, 0);
            program.connect(step.relation, join, 1);
            at = join;
        }
        if at != asked {
            program.connect(at, asked, 0);
        }
    }
    asked
}

/// Lets only those rows reach the variable that are asked for.
fn ask(
    program: &mut Program,
    names: &mut Names,
    from: NodeId,
    variable: NodeId,
    columns: &[usize],
    asked: NodeId,
) {
    let given = program.graph[from].output.columns.clone();
    let home = &program.graph[variable].fixpoint;
    let looped = program.graph[from].fixpoint == *home;
    let operator = Operator::Semijoin {
        left_key: columns.to_vec(),
        right_key: (0..columns.len()).collect(),
    };
    let home = looped.then(|| home.clone()).flatten();
    let filter = add(program, names, variable, "wanted", operator, given, home);
    insert(program, from, filter, variable, 0);
    program.connect(asked, filter, 1);
}
