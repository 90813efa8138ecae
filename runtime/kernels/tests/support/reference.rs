//! What expressions mean, one value at a time and as plainly as possible: the oracle of the interpreter.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::value::Float;
use sheaf_ir::{Block, Clause, Expr, ExprKind, Function, Gather, Span, Type, Value};
use sheaf_kernels::ErrorCode;
use sheaf_kernels::combine::ExactSum;

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

fn apply(
    function: &Function,
    args: Vec<Value>,
    types: &[Type],
    result: &Type,
) -> std::result::Result<Value, ErrorCode> {
    use ErrorCode::*;
    let day = 86_400_000_000i128;
    let strings = |parts: Vec<&str>| {
        Value::List(parts.into_iter().map(|p| Value::String(p.into())).collect())
    };
    let option = |v: Option<Value>| Value::Option(v.map(Box::new));
    let wide = |i: usize| int(&args[i]) as i128;
    let fit = |x: i128| {
        i64::try_from(x)
            .map(|x| integer(result, x))
            .map_err(|_| Overflow)
    };
    let order = || args[0].cmp(&args[1]);
    Ok(match (function, types) {
        (Function::Add, [Type::Float, _]) => number(float(&args[0]) + float(&args[1])),
        (Function::Sub, [Type::Float, _]) => number(float(&args[0]) - float(&args[1])),
        (Function::Mul, [Type::Float, _]) => number(float(&args[0]) * float(&args[1])),
        (Function::Div | Function::Rem, [Type::Float, _]) => {
            let (a, b) = (float(&args[0]), float(&args[1]));
            match (b == 0.0, function) {
                (true, _) => return Err(DivisionByZero),
                (_, Function::Div) => number(a / b),
                _ => number(a % b),
            }
        }
        (Function::Add, [Type::String, _]) => {
            Value::String([text(&args[0]), text(&args[1])].concat())
        }
        (Function::Add, [Type::List(_), _]) => {
            Value::List([items(&args[0]), items(&args[1])].concat())
        }
        (Function::Add, [Type::Date, _]) => fit(wide(0) + wide(1).div_euclid(day))?,
        (Function::Sub, [Type::Date, Type::Duration]) => fit(wide(0) + (-wide(1)).div_euclid(day))?,
        (Function::Sub, [Type::Date, Type::Date]) => fit((wide(0) - wide(1)) * day)?,
        (Function::Add, _) => fit(wide(0) + wide(1))?,
        (Function::Sub, _) => fit(wide(0) - wide(1))?,
        (Function::Mul, _) => fit(wide(0) * wide(1))?,
        (Function::Div | Function::Rem, _) if wide(1) == 0 => return Err(DivisionByZero),
        (Function::Div, _) => fit(wide(0) / wide(1))?,
        (Function::Rem, _) => fit(wide(0) % wide(1))?,
        (Function::Neg, [Type::Float]) => number(-float(&args[0])),
        (Function::Abs, [Type::Float]) => number(float(&args[0]).abs()),
        (Function::Neg, _) => fit(-wide(0))?,
        (Function::Abs, _) => fit(wide(0).abs())?,
        (Function::Eq, _) => Value::Bool(order() == Ordering::Equal),
        (Function::Ne, _) => Value::Bool(order() != Ordering::Equal),
        (Function::Lt, _) => Value::Bool(order() == Ordering::Less),
        (Function::Le, _) => Value::Bool(order() != Ordering::Greater),
        (Function::Gt, _) => Value::Bool(order() == Ordering::Greater),
        (Function::Ge, _) => Value::Bool(order() != Ordering::Less),
        (Function::Least, _) => args.into_iter().min().unwrap(),
        (Function::Greatest, _) => args.into_iter().max().unwrap(),
        (Function::Not, _) => Value::Bool(args[0] == Value::Bool(false)),
        (Function::ToInt | Function::ToNat, [from]) => {
            let i = match from {
                Type::String => text(&args[0]).parse::<i64>().map_err(|_| Conversion)? as i128,
                Type::Float if float(&args[0]).is_nan() => return Err(Conversion),
                // Saturates far outside of 64 bits.
                Type::Float => float(&args[0]).trunc() as i128,
                Type::Decimal(n) => wide(0) / 10i128.pow(*n as u32),
                _ => wide(0),
            };
            match i64::try_from(i) {
                Ok(i) if i >= 0 || *result == Type::Int => integer(result, i),
                _ => return Err(Conversion),
            }
        }
        (Function::ToFloat, [from]) => match from {
            Type::Float => args[0].clone(),
            Type::String => number(text(&args[0]).parse().map_err(|_| Conversion)?),
            Type::Decimal(n) => number(nearest(wide(0), 10i128.pow(*n as u32))),
            _ => number(int(&args[0]) as f64),
        },
        (Function::ToString, [from]) => Value::String(shown(&args[0], from)),
        (Function::Some, _) => option(Some(args[0].clone())),
        (Function::None(_), _) => option(None),
        (Function::IsSome, _) => Value::Bool(args[0] != option(None)),
        (Function::Unwrap, _) => match &args[0] {
            Value::Option(Some(v)) => (**v).clone(),
            _ => return Err(Domain),
        },
        (Function::Tuple | Function::Record(_), _) => Value::Tuple(args),
        (Function::Variant(_, index), _) => Value::Variant(*index, args),
        (Function::Field(i), _) => match &args[0] {
            Value::Tuple(parts) => parts[*i as usize].clone(),
            other => unreachable!("{other:?} has no fields"),
        },
        (Function::IsVariant(i), _) => match &args[0] {
            Value::Variant(index, _) => Value::Bool(index == i),
            other => unreachable!("{other:?} is no variant"),
        },
        (Function::Payload(i, j), _) => match &args[0] {
            Value::Variant(index, payload) if index == i => payload[*j as usize].clone(),
            _ => return Err(Domain),
        },
        (Function::Len, [Type::String]) => Value::Nat(text(&args[0]).chars().count() as i64),
        (Function::Len, [Type::Bytes]) => match &args[0] {
            Value::Bytes(b) => Value::Nat(b.len() as i64),
            other => unreachable!("{other:?} is not bytes"),
        },
        (Function::Len, _) => Value::Nat(items(&args[0]).len() as i64),
        (Function::Contains, [Type::String, _]) => {
            Value::Bool(text(&args[0]).contains(text(&args[1])))
        }
        (Function::Contains, _) => Value::Bool(match &args[0] {
            Value::Map(entries) => entries.iter().any(|e| e.0 == args[1]),
            other => items(other).contains(&args[1]),
        }),
        (Function::Get, _) => option(match &args[0] {
            Value::Map(entries) => entries.iter().find(|e| e.0 == args[1]).map(|e| e.1.clone()),
            other => items(other).get(int(&args[1]) as usize).cloned(),
        }),
        (Function::Indexed, _) => Value::List(
            (0..)
                .zip(items(&args[0]))
                .map(|(i, v)| Value::Tuple(vec![Value::Nat(i), v]))
                .collect(),
        ),
        (Function::Take, _) => Value::List(
            items(&args[0])
                .into_iter()
                .take(int(&args[1]) as usize)
                .collect(),
        ),
        (Function::Union | Function::Intersect | Function::Difference, _) => {
            let [a, b]: [BTreeSet<Value>; 2] =
                [0, 1].map(|i| items(&args[i]).into_iter().collect());
            Value::Set(match function {
                Function::Union => a.union(&b).cloned().collect(),
                Function::Intersect => a.intersection(&b).cloned().collect(),
                _ => a.difference(&b).cloned().collect(),
            })
        }
        (Function::ToSet, _) => Value::Set(match &args[0] {
            Value::Map(entries) => entries.iter().map(|e| e.0.clone()).collect(),
            other => BTreeSet::from_iter(items(other)).into_iter().collect(),
        }),
        (Function::ToList, _) => Value::List(items(&args[0])),
        (Function::Sort | Function::Reverse, _) => {
            let mut list = items(&args[0]);
            if *function == Function::Sort {
                list.sort()
            } else {
                list.reverse()
            }
            Value::List(list)
        }
        (Function::Lower, _) => Value::String(text(&args[0]).to_lowercase()),
        (Function::Upper, _) => Value::String(text(&args[0]).to_uppercase()),
        (Function::Trim, _) => Value::String(text(&args[0]).trim().into()),
        (Function::Words, _) => {
            let parts = text(&args[0]).split(|c: char| !c.is_alphanumeric());
            strings(parts.filter(|w| !w.is_empty()).collect())
        }
        (Function::Split, _) if text(&args[1]).is_empty() => return Err(Domain),
        (Function::Split, _) => strings(text(&args[0]).split(text(&args[1])).collect()),
        (Function::JoinText, _) => {
            let parts = items(&args[0]);
            Value::String(
                parts
                    .iter()
                    .map(text)
                    .collect::<Vec<_>>()
                    .join(text(&args[1])),
            )
        }
        (Function::StartsWith, _) => Value::Bool(text(&args[0]).starts_with(text(&args[1]))),
        (Function::EndsWith, _) => Value::Bool(text(&args[0]).ends_with(text(&args[1]))),
        (Function::Replace, _) => {
            Value::String(text(&args[0]).replace(text(&args[1]), text(&args[2])))
        }
        (Function::Floor, _) => number(float(&args[0]).floor()),
        (Function::Ceil, _) => number(float(&args[0]).ceil()),
        (Function::Round, _) => number(float(&args[0]).round()),
        (Function::Sqrt, _) => number(float(&args[0]).sqrt()),
        (Function::Tumbling, _) => {
            if wide(1) <= 0 {
                return Err(Domain);
            }
            fit(wide(0).div_euclid(wide(1)) * wide(1))?
        }
        (Function::Sliding, _) => {
            let [at, size, step] = [wide(0), wide(1), wide(2)];
            if size <= 0 || step <= 0 || size / step > 1_000_000 {
                return Err(Domain);
            }
            let mut starts = Vec::new();
            let mut start = at.div_euclid(step) * step;
            while start > at - size {
                starts.push(start);
                start -= step;
            }
            let starts: std::result::Result<Vec<i64>, _> =
                starts.into_iter().rev().map(i64::try_from).collect();
            Value::List(
                starts
                    .map_err(|_| Overflow)?
                    .into_iter()
                    .map(Value::Time)
                    .collect(),
            )
        }
        (Function::List(_), _) => Value::List(args),
        (Function::Set(_), _) => Value::Set(BTreeSet::from_iter(args).into_iter().collect()),
        (Function::Map(..), _) => {
            let entries = args
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()));
            Value::Map(BTreeMap::from_iter(entries).into_iter().collect())
        }
        other => unreachable!("{other:?} is not a function"),
    })
}

fn shown(value: &Value, ty: &Type) -> String {
    let interner = sheaf_kernels::Interner::new();
    let word = sheaf_kernels::words::word_of(value, ty, &interner);
    sheaf_kernels::words::display(word, ty, &super::types(), &interner)
}
