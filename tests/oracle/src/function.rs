//! Every function of the language on one value at a time, by its plainest definition.

use sheaf_ir::value::Float;
use sheaf_ir::{Function, Type, Value};

/// Why a function has no value; the names of the diagnostics in family E09.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// E0901: a result does not fit its type.
    Overflow,
    /// E0902.
    DivisionByZero,
    /// E0903.
    Conversion,
    /// E0904: an argument outside the function's domain.
    Domain,
    /// E0905: two different values where one is allowed.
    Conflict,
}

impl Failure {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Failure::Overflow => "E0901",
            Failure::DivisionByZero => "E0902",
            Failure::Conversion => "E0903",
            Failure::Domain => "E0904",
            Failure::Conflict => "E0905",
        }
    }
}

type Outcome = Result<Value, Failure>;

fn float(x: f64) -> Value {
    Value::Float(Float::new(x))
}

fn integer(like: &Type, x: i128) -> Outcome {
    let small = i64::try_from(x).map_err(|_| Failure::Overflow)?;
    match like {
        Type::Nat if small < 0 => Err(Failure::Overflow),
        Type::Nat => Ok(Value::Nat(small)),
        Type::Duration => Ok(Value::Duration(small)),
        Type::Time => Ok(Value::Time(small)),
        Type::Decimal(_) => Ok(Value::Decimal(small)),
        _ => Ok(Value::Int(small)),
    }
}

fn number(value: &Value) -> Option<i128> {
    Some(match value {
        Value::Int(x)
        | Value::Nat(x)
        | Value::Decimal(x)
        | Value::Time(x)
        | Value::Duration(x)
        | Value::Date(x) => *x as i128,
        _ => return None,
    })
}

fn option(value: Option<Value>) -> Value {
    Value::Option(value.map(Box::new))
}

/// Makes a set of values that may repeat.
pub fn set(mut items: Vec<Value>) -> Value {
    items.sort();
    items.dedup();
    Value::Set(items)
}

/// Applies a function that evaluates all its arguments. `And`, `Or` and `OptionOr` are lazy and
/// belong to the evaluator.
///
/// # Panics
/// On a function or type that the generated programs do not use: the oracle has no opinion there.
pub fn apply(function: &Function, arguments: &[Value], result: &Type) -> Outcome {
    use Value::{Bool, List, Nat, Set, String as Text, Tuple};
    let numbers = || (number(&arguments[0]), arguments.get(1).and_then(number));
    Ok(match (function, arguments) {
        (Function::Add, [Value::Float(a), Value::Float(b)]) => float(a.get() + b.get()),
        (Function::Sub, [Value::Float(a), Value::Float(b)]) => float(a.get() - b.get()),
        (Function::Mul, [Value::Float(a), Value::Float(b)]) => float(a.get() * b.get()),
        (Function::Div, [Value::Float(_), Value::Float(b)]) if b.get() == 0.0 => {
            return Err(Failure::DivisionByZero);
        }
        (Function::Div, [Value::Float(a), Value::Float(b)]) => float(a.get() / b.get()),
        (Function::Add, [Text(a), Text(b)]) => Text(format!("{a}{b}")),
        (Function::Add, [List(a), List(b)]) => List([a.as_slice(), b].concat()),
        (Function::Add | Function::Sub | Function::Mul | Function::Div | Function::Rem, _) => {
            let (Some(a), Some(b)) = numbers() else {
                panic!("the oracle does not know {function:?} of {arguments:?}")
            };
            let x = match function {
                Function::Add => a + b,
                Function::Sub => a - b,
                Function::Mul => a * b,
                _ if b == 0 => return Err(Failure::DivisionByZero),
                Function::Div => a / b,
                _ => a % b,
            };
            return integer(result, x);
        }
        (Function::Neg, [Value::Float(a)]) => float(-a.get()),
        (Function::Abs, [Value::Float(a)]) => float(a.get().abs()),
        (Function::Neg, [a]) => return integer(result, -number(a).expect("a number")),
        (Function::Abs, [a]) => return integer(result, number(a).expect("a number").abs()),
        (Function::Eq, [a, b]) => Bool(a == b),
        (Function::Ne, [a, b]) => Bool(a != b),
        (Function::Lt, [a, b]) => Bool(a < b),
        (Function::Le, [a, b]) => Bool(a <= b),
        (Function::Gt, [a, b]) => Bool(a > b),
        (Function::Ge, [a, b]) => Bool(a >= b),
        (Function::Not, [Bool(a)]) => Bool(!a),
        (Function::ToInt | Function::ToNat, [Value::Int(_) | Nat(_)]) => {
            return integer(result, number(&arguments[0]).expect("a number"));
        }
        (Function::ToInt | Function::ToNat, [Value::Float(a)]) => {
            let a = a.get().trunc();
            if a.is_nan() || a.abs() >= 1e19 {
                return Err(Failure::Conversion);
            }
            return integer(result, a as i128).map_err(|_| Failure::Conversion);
        }
        (Function::ToFloat, [Value::Int(a) | Nat(a)]) => float(*a as f64),
        (Function::Some, [a]) => option(Some(a.clone())),
        (Function::None(_), []) => option(None),
        (Function::IsSome, [Value::Option(a)]) => Bool(a.is_some()),
        (Function::Unwrap, [Value::Option(Some(a))]) => (**a).clone(),
        (Function::Unwrap, _) => return Err(Failure::Domain),
        (Function::Tuple | Function::Record(_), parts) => Tuple(parts.to_vec()),
        (Function::Field(i), [Tuple(parts)]) => parts[*i as usize].clone(),
        (Function::Variant(_, i), parts) => Value::Variant(*i, parts.to_vec()),
        (Function::IsVariant(i), [Value::Variant(j, _)]) => Bool(i == j),
        (Function::Payload(i, k), [Value::Variant(j, parts)]) if i == j => {
            parts[*k as usize].clone()
        }
        (Function::Payload(..), _) => return Err(Failure::Domain),
        (Function::List(_), parts) => List(parts.to_vec()),
        (Function::Set(_), parts) => set(parts.to_vec()),
        (Function::Len, [Text(a)]) => Nat(a.chars().count() as i64),
        (Function::Len, [List(a) | Set(a)]) => Nat(a.len() as i64),
        (Function::Contains, [List(a) | Set(a), b]) => Bool(a.contains(b)),
        (Function::Contains, [Text(a), Text(b)]) => Bool(a.contains(b.as_str())),
        (Function::Indexed, [List(a)]) => List(
            a.iter()
                .enumerate()
                .map(|(i, x)| Tuple(vec![Nat(i as i64), x.clone()]))
                .collect(),
        ),
        (Function::Take, [List(a), Nat(n)]) => List(a.iter().take(*n as usize).cloned().collect()),
        (Function::Union, [Set(a), Set(b)]) => set([a.as_slice(), b].concat()),
        (Function::ToSet, [List(a) | Set(a)]) => set(a.clone()),
        (Function::ToList, [List(a) | Set(a)]) => List(a.clone()),
        (Function::Lower, [Text(a)]) => Text(a.to_lowercase()),
        (Function::Upper, [Text(a)]) => Text(a.to_uppercase()),
        (Function::Least, [a, b]) => a.min(b).clone(),
        (Function::Greatest, [a, b]) => a.max(b).clone(),
        _ => panic!("the oracle does not know {function:?} of {arguments:?}"),
    })
}
