//! Every combiner on the whole list of its contributions at once.

use sheaf_ir::value::Float;
use sheaf_ir::{Combiner, Value};

use crate::exact;
use crate::function::{Failure, set};

/// The value of a non-empty group.
pub fn combine(combiner: &Combiner, contributions: &[Value]) -> Result<Value, Failure> {
    let mut ascending = contributions.to_vec();
    ascending.sort();
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
                let sum = i64::try_from(sum).map_err(|_| Failure::Overflow)?;
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
                return Err(Failure::Conflict);
            }
            ascending[0].clone()
        }
        Combiner::Lww => match &ascending[ascending.len() - 1] {
            Value::Tuple(parts) => parts[1].clone(),
            other => panic!("Lww of {other:?}"),
        },
        #[allow(unreachable_patterns)]
        other => panic!("the oracle does not know {other:?}"),
    })
}
