//! Every combiner on the whole list of its contributions at once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use sheaf_compiler::hir::Reversal;
use sheaf_ir::value::Float;
use sheaf_ir::{Combiner, Span, Value};

use crate::evaluate::Failed;
use crate::exact;
use crate::function::{Failure, set};

/// The join of a lattice by name.
pub type Join<'a> = &'a dyn Fn(&str, Value, Value) -> Result<Value, Failed>;

/// The value of a non-empty group. Its own failures are at `span`, those of a join where they are.
pub fn combine(
    combiner: &Combiner,
    reversal: &Reversal,
    contributions: &[Value],
    join: Join,
    span: Span,
) -> Result<Value, Failed> {
    let mut ascending = contributions.to_vec();
    ascending.sort_by(|a, b| order(a, b, reversal));
    let integers = || -> Vec<i64> {
        contributions
            .iter()
            .filter_map(|v| match v {
                Value::Int(x) | Value::Nat(x) | Value::Decimal(x) | Value::Duration(x) => Some(*x),
                _ => None,
            })
            .collect()
    };
    let floats = || -> Option<Vec<f64>> {
        contributions
            .iter()
            .map(|v| {
                if let Value::Float(x) = v {
                    Some(x.get())
                } else {
                    None
                }
            })
            .collect()
    };
    Ok(match combiner {
        Combiner::Min => ascending[0].clone(),
        Combiner::Max => ascending[ascending.len() - 1].clone(),
        Combiner::Any => Value::Bool(contributions.contains(&Value::Bool(true))),
        Combiner::All => Value::Bool(!contributions.contains(&Value::Bool(false))),
        Combiner::Union => set(contributions
            .iter()
            .flat_map(|v| {
                if let Value::Set(items) = v {
                    items.clone()
                } else {
                    Vec::new()
                }
            })
            .collect()),
        Combiner::Count | Combiner::Sum => match floats() {
            Some(values) => Value::Float(Float::new(exact::sum_over(&values, 1))),
            None => {
                let sum: i128 = integers().iter().map(|x| *x as i128).sum();
                let sum =
                    i64::try_from(sum).map_err(|_| Failed::from([(span, Failure::Overflow)]))?;
                match contributions[0] {
                    Value::Nat(_) => Value::Nat(sum),
                    Value::Decimal(_) => Value::Decimal(sum),
                    Value::Duration(_) => Value::Duration(sum),
                    _ => Value::Int(sum),
                }
            }
        },
        Combiner::Avg => Value::Float(Float::new(match floats() {
            Some(values) => exact::sum_over(&values, values.len() as u64),
            None => exact::mean(&integers()),
        })),
        Combiner::Top(n) => {
            ascending.reverse();
            ascending.truncate(*n as usize);
            Value::List(ascending)
        }
        Combiner::Sorted => Value::List(ascending),
        Combiner::One => {
            ascending.dedup();
            if ascending.len() > 1 {
                return Err(Failed::from([(span, Failure::Conflict)]));
            }
            ascending[0].clone()
        }
        Combiner::Lww => match &ascending[ascending.len() - 1] {
            Value::Tuple(parts) => parts[1].clone(),
            other => panic!("Lww of {other:?}"),
        },
        Combiner::Map(inner) => {
            let mut by_key: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
            for contribution in contributions {
                let Value::Map(entries) = contribution else {
                    panic!("a map is combined of maps, not {contribution:?}");
                };
                for (key, value) in entries {
                    by_key.entry(key.clone()).or_default().push(value.clone());
                }
            }
            let inner_reversal = match reversal {
                Reversal::Values(inner) => inner,
                _ => &Reversal::Natural,
            };
            let entry = |(key, values): (Value, Vec<Value>)| -> Result<_, Failed> {
                Ok((key, combine(inner, inner_reversal, &values, join, span)?))
            };
            Value::Map(
                by_key
                    .into_iter()
                    .map(entry)
                    .collect::<Result<_, Failed>>()?,
            )
        }
        Combiner::Lattice(name) => {
            // Neighbours in ascending order, pair by pair, until one is left.
            ascending.dedup();
            while ascending.len() > 1 {
                let pair = |pair: &[Value]| match pair {
                    [a, b] => join(name, a.clone(), b.clone()),
                    alone => Ok(alone[0].clone()),
                };
                ascending = ascending.chunks(2).map(pair).collect::<Result<_, _>>()?;
            }
            ascending.swap_remove(0)
        }
    })
}

/// How two values compare where parts of them are turned round.
fn order(a: &Value, b: &Value, reversal: &Reversal) -> Ordering {
    match (reversal, a, b) {
        (Reversal::Reversed, _, _) => b.cmp(a),
        (Reversal::Parts(parts), Value::Tuple(a), Value::Tuple(b)) => parts
            .iter()
            .zip(a.iter().zip(b))
            .map(|(part, (a, b))| order(a, b, part))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
        _ => a.cmp(b),
    }
}
