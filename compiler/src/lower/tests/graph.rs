//! A naive evaluator of graphs without recursion.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{
    Block, Clause, Combiner, Expr, ExprKind, Function, Gather, NodeId, Operator, Program, Type,
    Value,
};

use super::functions::{apply, map, set, sorted, sum};
use super::{Facts, Outcome, Row};

type Locals = BTreeMap<usize, Value>;
/// A value, or where it failed.
type Evaluated = Result<Value, u32>;

pub(super) fn run(program: &Program, facts: &Facts) -> Outcome {
    let mut known: BTreeMap<NodeId, Vec<Row>> = BTreeMap::new();
    let mut errors = BTreeSet::new();
    let order = petgraph_order(program);
    for id in order {
        let mut ports: [Vec<Row>; 2] = Default::default();
        for (port, from) in program.inputs(id) {
            ports[port as usize].extend(known[&from].iter().cloned());
        }
        let node = &program.graph[id];
        let rows = match &node.operator {
            Operator::Source { .. } => facts[&node.name].clone(),
            operator => evaluate(operator, &ports, &mut errors),
        };
        known.insert(id, rows);
    }
    let out = program.find("out").expect("a view `out`");
    let mut rows = known[&out].clone();
    rows.sort();
    Outcome { rows, errors }
}

/// Each node after its inputs.
fn petgraph_order(program: &Program) -> Vec<NodeId> {
    let mut order: Vec<NodeId> = Vec::new();
    while order.len() < program.graph.node_count() {
        let next = program.nodes_by_name().into_iter().find(|id| {
            !order.contains(id) && program.inputs(*id).iter().all(|(_, f)| order.contains(f))
        });
        order.push(next.expect("no recursion"));
    }
    order
}

fn key(row: &Row, columns: &[usize]) -> Row {
    columns.iter().map(|c| row[*c].clone()).collect()
}

fn evaluate(
    operator: &Operator,
    [left, right]: &[Vec<Row>; 2],
    errors: &mut BTreeSet<u32>,
) -> Vec<Row> {
    let matches = |row: &Row, left_key: &[usize], right_key: &[usize]| -> Vec<Row> {
        right
            .iter()
            .filter(|r| key(r, right_key) == key(row, left_key))
            .cloned()
            .collect()
    };
    let mut out = Vec::new();
    match operator {
        Operator::Values { rows } => {
            for row in rows {
                let block = Block {
                    conditions: Vec::new(),
                    outputs: row.clone(),
                };
                out.extend(apply_block(&block, &Vec::new(), errors));
            }
        }
        Operator::Map { block } => {
            for row in left {
                out.extend(apply_block(block, row, errors));
            }
        }
        Operator::FlatMap { each, block } => {
            for row in left {
                match eval(each, row, &mut Locals::new()) {
                    Err(at) => {
                        errors.insert(at);
                    }
                    Ok(collection) => {
                        for element in elements(collection) {
                            let mut row = row.clone();
                            row.push(element);
                            out.extend(apply_block(block, &row, errors));
                        }
                    }
                }
            }
        }
        Operator::Join {
            left_key,
            right_key,
            block,
        } => {
            for row in left {
                for partner in matches(row, left_key, right_key) {
                    let both = [row.clone(), partner].concat();
                    out.extend(apply_block(block, &both, errors));
                }
            }
        }
        Operator::Semijoin {
            left_key,
            right_key,
        } => {
            out.extend(
                left.iter()
                    .filter(|r| !matches(r, left_key, right_key).is_empty())
                    .cloned(),
            );
        }
        Operator::Antijoin {
            left_key,
            right_key,
        } => {
            out.extend(
                left.iter()
                    .filter(|r| matches(r, left_key, right_key).is_empty())
                    .cloned(),
            );
        }
        Operator::OuterJoin {
            left_key,
            right_key,
            right_columns,
        } => {
            for row in left {
                let partners = matches(row, left_key, right_key);
                if partners.is_empty() {
                    let nones = right_columns.iter().map(|_| Value::Option(None));
                    out.push(row.iter().cloned().chain(nones).collect());
                }
                for partner in partners {
                    let somes = right_columns
                        .iter()
                        .map(|c| Value::Option(Some(Box::new(partner[*c].clone()))));
                    out.push(row.iter().cloned().chain(somes).collect());
                }
            }
        }
        Operator::Union | Operator::Sink { .. } => out.extend(left.iter().cloned()),
        Operator::Distinct => {
            let rows: BTreeSet<Row> = left.iter().cloned().collect();
            out.extend(rows);
        }
        Operator::Combine { combiner } => {
            let mut groups: BTreeMap<Row, Vec<Value>> = BTreeMap::new();
            for row in left {
                let (value, key) = row.split_last().expect("a value column");
                groups.entry(key.to_vec()).or_default().push(value.clone());
            }
            for (mut row, values) in groups {
                row.push(combine(combiner, values));
                out.push(row);
            }
        }
        other => unreachable!("{other:?} does not occur without recursion"),
    }
    out
}

fn combine(combiner: &Combiner, values: Vec<Value>) -> Value {
    match combiner {
        Combiner::Min => values.into_iter().min().expect("a group"),
        Combiner::Max => values.into_iter().max().expect("a group"),
        Combiner::Count => sum(&values, true),
        Combiner::Sum => sum(&values, false),
        Combiner::Sorted => Value::List(sorted(values)),
        Combiner::Union => set(values.into_iter().flat_map(elements).collect()),
        Combiner::Top(n) => {
            let descending = sorted(values).into_iter().rev();
            Value::List(descending.take(*n as usize).collect())
        }
        Combiner::Map(inner) => {
            let mut by_key: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
            for value in values {
                let Value::Map(entries) = value else {
                    unreachable!("maps are combined");
                };
                for (key, value) in entries {
                    by_key.entry(key).or_default().push(value);
                }
            }
            let entries = by_key.into_iter();
            Value::Map(entries.map(|(k, vs)| (k, combine(inner, vs))).collect())
        }
        other => unreachable!("{other:?} is not used by random rules"),
    }
}

fn elements(collection: Value) -> Vec<Value> {
    match collection {
        Value::List(items) | Value::Set(items) => items,
        Value::Map(entries) => entries
            .into_iter()
            .map(|(key, value)| Value::Tuple(vec![key, value]))
            .collect(),
        other => unreachable!("{other:?} is no collection"),
    }
}

fn apply_block(block: &Block, row: &Row, errors: &mut BTreeSet<u32>) -> Option<Row> {
    let mut first: Option<(u32, u32)> = None;
    for condition in &block.conditions {
        match eval(condition, row, &mut Locals::new()) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => return None,
            Err(at) => {
                let failure = (condition.span.start, at);
                first = Some(first.map_or(failure, |f| f.min(failure)));
            }
        }
    }
    if let Some((_, at)) = first {
        errors.insert(at);
        return None;
    }
    let mut out = Row::new();
    for output in &block.outputs {
        match eval(output, row, &mut Locals::new()) {
            Ok(value) => out.push(value),
            Err(at) => {
                errors.insert(at);
                return None;
            }
        }
    }
    Some(out)
}

fn eval(expr: &Expr, row: &Row, locals: &mut Locals) -> Evaluated {
    Ok(match &expr.kind {
        ExprKind::Column(i) => row[*i].clone(),
        ExprKind::Local(i) => locals[i].clone(),
        ExprKind::Constant(value) => value.clone(),
        ExprKind::Param(_) | ExprKind::Invoke(..) => {
            unreachable!("random rules use no params and functions")
        }
        ExprKind::If(parts) => match eval(&parts[0], row, locals)? {
            Value::Bool(true) => eval(&parts[1], row, locals)?,
            _ => eval(&parts[2], row, locals)?,
        },
        ExprKind::Let { local, value, body } => {
            let value = eval(value, row, locals)?;
            locals.insert(*local, value);
            eval(body, row, locals)?
        }
        ExprKind::Call(function, arguments) => {
            let values: Vec<Evaluated> = arguments.iter().map(|a| eval(a, row, locals)).collect();
            let decides = |b: bool| values.contains(&Ok(Value::Bool(b)));
            match function {
                Function::And if decides(false) => return Ok(Value::Bool(false)),
                Function::Or if decides(true) => return Ok(Value::Bool(true)),
                Function::Succeeds => return Ok(Value::Bool(values[0].is_ok())),
                Function::OptionOr => {
                    return match &values[0] {
                        Ok(Value::Option(Some(value))) => Ok((**value).clone()),
                        Ok(_) => values[1].clone(),
                        failed => failed.clone(),
                    };
                }
                _ => {}
            }
            let values: Vec<Value> = values.into_iter().collect::<Result<_, _>>()?;
            match function {
                Function::And => Value::Bool(true),
                Function::Or => Value::Bool(false),
                _ => apply(function, &values).ok_or(expr.span.start)?,
            }
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            let mut items = Vec::new();
            choose(clauses, element, row, locals, &mut items)?;
            made(gather, items, expr, row, locals)?
        }
    })
}

fn choose(
    clauses: &[Clause],
    element: &Expr,
    row: &Row,
    locals: &mut Locals,
    items: &mut Vec<Value>,
) -> Result<(), u32> {
    let Some((clause, rest)) = clauses.split_first() else {
        items.push(eval(element, row, locals)?);
        return Ok(());
    };
    match clause {
        Clause::Each { local, collection } => {
            for value in elements(eval(collection, row, locals)?) {
                locals.insert(*local, value);
                choose(rest, element, row, locals, items)?;
            }
        }
        Clause::Let { local, value } => {
            let value = eval(value, row, locals)?;
            locals.insert(*local, value);
            choose(rest, element, row, locals, items)?;
        }
        Clause::Filter(test) => {
            if eval(test, row, locals)? == Value::Bool(true) {
                choose(rest, element, row, locals, items)?;
            }
        }
    }
    Ok(())
}

fn made(
    gather: &Gather,
    items: Vec<Value>,
    whole: &Expr,
    row: &Row,
    locals: &mut Locals,
) -> Evaluated {
    let (ty, at) = (&whole.ty, whole.span.start);
    let option = |v: Option<Value>| Value::Option(v.map(Box::new));
    Ok(match gather {
        Gather::List => Value::List(items),
        Gather::Set => set(items),
        Gather::Map => map(items).ok_or(at)?,
        Gather::Sum => sum(&items, *ty == Type::Nat),
        Gather::Count => Value::Nat(items.len() as i64),
        Gather::Min => option(items.into_iter().min()),
        Gather::Max => option(items.into_iter().max()),
        Gather::Avg => unreachable!("random rules make no averages"),
        Gather::Top(count) => {
            let Value::Nat(n) = eval(count, row, locals)? else {
                unreachable!("a count is a Nat")
            };
            Value::List(sorted(items).into_iter().rev().take(n as usize).collect())
        }
    })
}
