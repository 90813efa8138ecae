//! What expressions mean, one value at a time and as plainly as possible: the oracle of the interpreter.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::value::Float;
use sheaf_ir::{Block, Clause, Expr, ExprKind, Function, Gather, Span, Type, Value};
use sheaf_kernels::ErrorCode;
use sheaf_kernels::combine::ExactSum;
use sheaf_oracle::function::Failure as Failed;

/// Which expression failed, and how.
pub type Failure = (Span, ErrorCode);
pub type Result = std::result::Result<Value, Failure>;

/// The variables an expression sees. One that could not be computed fails wherever it is read.
#[derive(Clone, Default)]
pub struct Scope {
    pub columns: Vec<Result>,
    pub locals: BTreeMap<usize, Result>,
}

/// What a block makes of one row: rows, errors, in order.
pub fn block(
    block: &Block,
    each: Option<&Expr>,
    row: &[Value],
) -> Vec<std::result::Result<Vec<Value>, Failure>> {
    let scope = Scope {
        columns: row.iter().cloned().map(Ok).collect(),
        locals: BTreeMap::new(),
    };
    let Some(each) = each else {
        return Vec::from_iter(block_in(block, &scope, Vec::new()));
    };
    let elements = match evaluate(each, &scope) {
        Ok(collection) => elements(collection).into_iter().map(Ok).collect(),
        Err(failure) => vec![Err(failure)],
    };
    elements
        .into_iter()
        .filter_map(|element| {
            let failed = element.as_ref().err().map(|f| (each.span, *f));
            let mut scope = scope.clone();
            scope.columns.push(element);
            block_in(block, &scope, Vec::from_iter(failed))
        })
        .collect()
}

fn block_in(
    block: &Block,
    scope: &Scope,
    mut failures: Vec<(Span, Failure)>,
) -> Option<std::result::Result<Vec<Value>, Failure>> {
    for condition in &block.conditions {
        match evaluate(condition, scope) {
            Ok(Value::Bool(false)) => return None,
            Ok(_) => {}
            Err(failure) => failures.push((condition.span, failure)),
        }
    }
    let mut outputs = Vec::new();
    for output in &block.outputs {
        match evaluate(output, scope) {
            Ok(value) => outputs.push(value),
            Err(failure) => failures.push((output.span, failure)),
        }
    }
    Some(match failures.into_iter().min_by_key(|f| f.0) {
        Some((_, failure)) => Err(failure),
        None => Ok(outputs),
    })
}

pub fn evaluate(expr: &Expr, scope: &Scope) -> Result {
    match &expr.kind {
        ExprKind::Column(i) => scope.columns[*i].clone(),
        ExprKind::Local(i) => scope.locals[i].clone(),
        ExprKind::Constant(value) => Ok(value.clone()),
        ExprKind::Param(_) => unreachable!("no params here"),
        ExprKind::Call(Function::And, sides) => logic(false, sides, scope),
        ExprKind::Call(Function::Or, sides) => logic(true, sides, scope),
        ExprKind::Call(Function::OptionOr, sides) => match evaluate(&sides[0], scope)? {
            Value::Option(Some(value)) => Ok(*value),
            _ => evaluate(&sides[1], scope),
        },
        ExprKind::Call(Function::Succeeds, value) => {
            Ok(Value::Bool(evaluate(&value[0], scope).is_ok()))
        }
        ExprKind::Call(function, arguments) => {
            let values = arguments
                .iter()
                .map(|a| evaluate(a, scope))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
            apply(function, values, &types, &expr.ty).map_err(|code| (expr.span, code))
        }
        ExprKind::Invoke(name, arguments) => {
            let arguments = arguments.iter().map(|a| Ok(Ok(evaluate(a, scope)?)));
            let locals: std::result::Result<Vec<Result>, Failure> = arguments.collect();
            let scope = Scope {
                columns: Vec::new(),
                locals: locals?.into_iter().enumerate().collect(),
            };
            evaluate(&super::definitions().functions[name].body, &scope)
        }
        ExprKind::If(parts) => match evaluate(&parts[0], scope)? {
            Value::Bool(true) => evaluate(&parts[1], scope),
            _ => evaluate(&parts[2], scope),
        },
        ExprKind::Let { local, value, body } => {
            let value = evaluate(value, scope)?;
            let mut scope = scope.clone();
            scope.locals.insert(*local, Ok(value));
            evaluate(body, &scope)
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            let limit = match gather {
                Gather::Top(limit) => int(&evaluate(limit, scope)?).max(0) as usize,
                _ => 0,
            };
            let mut found = Vec::new();
            let counts = *gather == Gather::Count;
            run(
                clauses,
                element,
                counts,
                scope.clone(),
                Vec::new(),
                &mut found,
            );
            let found = found
                .into_iter()
                .collect::<std::result::Result<Vec<_>, _>>()?;
            gathered(gather, limit, found, &element.ty, expr.span)
        }
    }
}

fn logic(decides: bool, sides: &[Expr], scope: &Scope) -> Result {
    let decided = Ok(Value::Bool(decides));
    let (a, b) = (evaluate(&sides[0], scope), evaluate(&sides[1], scope));
    if a == decided || b == decided {
        return decided;
    }
    a.and(b)
}

fn run(
    clauses: &[Clause],
    element: &Expr,
    counts: bool,
    mut scope: Scope,
    mut failures: Vec<(Span, Failure)>,
    found: &mut Vec<Result>,
) {
    let Some((clause, rest)) = clauses.split_first() else {
        let value = if counts {
            Ok(Value::Nat(1))
        } else {
            evaluate(element, &scope)
        };
        if let Err(failure) = value {
            failures.push((element.span, failure));
        }
        found.push(match failures.into_iter().min_by_key(|f| f.0) {
            Some((_, failure)) => Err(failure),
            None => value,
        });
        return;
    };
    match clause {
        Clause::Filter(condition) => match evaluate(condition, &scope) {
            Ok(Value::Bool(false)) => return,
            Ok(_) => {}
            Err(failure) => failures.push((condition.span, failure)),
        },
        Clause::Let { local, value } => {
            let bound = evaluate(value, &scope);
            failures.extend(bound.as_ref().err().map(|f| (value.span, *f)));
            scope.locals.insert(*local, bound);
        }
        Clause::Each { local, collection } => {
            let bound: Vec<Result> = match evaluate(collection, &scope) {
                Ok(value) => elements(value).into_iter().map(Ok).collect(),
                Err(failure) => {
                    failures.push((collection.span, failure));
                    vec![Err(failure)]
                }
            };
            for value in bound {
                let mut scope = scope.clone();
                scope.locals.insert(*local, value);
                run(rest, element, counts, scope, failures.clone(), found);
            }
            return;
        }
    }
    run(rest, element, counts, scope, failures, found);
}

fn gathered(gather: &Gather, limit: usize, found: Vec<Value>, ty: &Type, span: Span) -> Result {
    let option = |v: Option<Value>| Value::Option(v.map(Box::new));
    Ok(match gather {
        Gather::List => Value::List(found),
        Gather::Set => Value::Set(BTreeSet::from_iter(found).into_iter().collect()),
        Gather::Map => {
            let mut entries = BTreeMap::new();
            for pair in found {
                let Value::Tuple(parts) = pair else {
                    unreachable!("{pair:?} is no pair");
                };
                let [key, value] = <[Value; 2]>::try_from(parts).expect("a pair");
                if entries.get(&key).is_some_and(|known| *known != value) {
                    return Err((span, ErrorCode::Conflict));
                }
                entries.insert(key, value);
            }
            Value::Map(entries.into_iter().collect())
        }
        Gather::Count => Value::Nat(found.len() as i64),
        Gather::Min => option(found.into_iter().min()),
        Gather::Max => option(found.into_iter().max()),
        Gather::Top(_) => {
            let mut found = found;
            found.sort_by(|a, b| b.cmp(a));
            found.truncate(limit);
            Value::List(found)
        }
        Gather::Sum | Gather::Avg if *ty == Type::Float => {
            let mut sum = ExactSum::default();
            found.iter().for_each(|v| sum.add(float(v)));
            match gather {
                Gather::Sum => number(sum.round()),
                _ if found.is_empty() => option(None),
                _ => option(Some(number(sum.divide(found.len() as u64)))),
            }
        }
        Gather::Sum => {
            let total: i128 = found.iter().map(|v| int(v) as i128).sum();
            let total = i64::try_from(total).map_err(|_| (span, ErrorCode::Overflow))?;
            integer(ty, total)
        }
        Gather::Avg if found.is_empty() => option(None),
        Gather::Avg => {
            let total: i128 = found.iter().map(|v| int(v) as i128).sum();
            let unit = if let Type::Decimal(n) = ty {
                10i128.pow(*n as u32)
            } else {
                1
            };
            option(Some(number(nearest(total, found.len() as i128 * unit))))
        }
    })
}

/// The float nearest to a quotient, by trying the neighbours of a guess with exact integers: right
/// for quotients of at least 2⁻²⁰⁰ or zero.
pub fn nearest(numerator: i128, divisor: i128) -> f64 {
    // |numerator / divisor − guess| is least for the right guess; all are compared as ratios of
    // big integers, kept as decimal text because nothing else here has that many digits.
    let (sign, magnitude) = (numerator.signum() as f64, numerator.unsigned_abs());
    let divisor = divisor as u128;
    let (mut quotient, mut rest, mut exponent) = (magnitude / divisor, magnitude % divisor, 0);
    while quotient != 0 && quotient < 1 << 60 || quotient == 0 && rest != 0 {
        (quotient, rest, exponent) = (
            quotient * 2 + rest * 2 / divisor,
            rest * 2 % divisor,
            exponent - 1,
        );
    }
    while quotient >= 1 << 62 {
        rest |= quotient & 1;
        (quotient, exponent) = (quotient >> 1, exponent + 1);
    }
    // 60 bits and a sticky one are enough for the hardware to round to 53.
    (quotient << 1 | (rest != 0) as u128) as f64 * 2f64.powi(exponent - 1) * sign + 0.0
}

fn elements(collection: Value) -> Vec<Value> {
    match collection {
        Value::List(items) | Value::Set(items) => items,
        Value::Map(entries) => entries
            .into_iter()
            .map(|(k, v)| Value::Tuple(vec![k, v]))
            .collect(),
        other => unreachable!("{other:?} is no collection"),
    }
}

pub fn int(value: &Value) -> i64 {
    match value {
        Value::Int(i)
        | Value::Nat(i)
        | Value::Decimal(i)
        | Value::Date(i)
        | Value::Time(i)
        | Value::Duration(i) => *i,
        other => unreachable!("{other:?} is no integer"),
    }
}

fn integer(ty: &Type, i: i64) -> Value {
    match ty {
        Type::Int => Value::Int(i),
        Type::Nat => Value::Nat(i),
        Type::Decimal(_) => Value::Decimal(i),
        Type::Date => Value::Date(i),
        Type::Time => Value::Time(i),
        Type::Duration => Value::Duration(i),
        other => unreachable!("{other:?} is no type of integers"),
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Float(x) => x.get(),
        other => unreachable!("{other:?} is no float"),
    }
}

fn number(x: f64) -> Value {
    Value::Float(Float::new(x))
}

fn text(value: &Value) -> &str {
    match value {
        Value::String(s) => s,
        other => unreachable!("{other:?} is no text"),
    }
}

fn items(value: &Value) -> Vec<Value> {
    elements(value.clone())
}

/// The oracle of whole programs knows what every function gives.
pub fn apply(
    function: &Function,
    args: Vec<Value>,
    types: &[Type],
    result: &Type,
) -> std::result::Result<Value, ErrorCode> {
    sheaf_oracle::function::apply(function, &args, types, result).map_err(|failure| match failure {
        Failed::Overflow => ErrorCode::Overflow,
        Failed::DivisionByZero => ErrorCode::DivisionByZero,
        Failed::Conversion => ErrorCode::Conversion,
        Failed::Domain => ErrorCode::Domain,
        Failed::Conflict => ErrorCode::Conflict,
    })
}
