//! Every function of the language on one value at a time, by its plainest definition.
//!
//! The oracle of whole programs and of the kernels alike, so it has an opinion on every function at
//! every type; only nominal types are unknown to it, which `unreversed` cannot therefore give.

mod calendar;
mod collections;
mod data;
mod numbers;
mod text;

pub(crate) use numbers::shown;

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

/// A function with its arguments, their types and the type of its result.
struct Call<'a> {
    function: &'a Function,
    arguments: &'a [Value],
    types: &'a [Type],
    result: &'a Type,
}

/// Applies a function that evaluates all its arguments. `And`, `Or`, `OptionOr` and `Succeeds` do not,
/// and belong to the evaluator.
///
/// # Panics
/// On those, and on arguments at which the function is not defined.
pub fn apply(function: &Function, arguments: &[Value], types: &[Type], result: &Type) -> Outcome {
    let call = Call {
        function,
        arguments,
        types,
        result,
    };
    let families = [
        general,
        numbers::apply,
        text::apply,
        calendar::apply,
        collections::apply,
        data::apply,
    ];
    let outcome = families.iter().find_map(|family| family(&call));
    outcome.unwrap_or_else(|| panic!("the oracle does not know {function:?} of {arguments:?}"))
}

/// Functions of values of any type, and those that build and read tuples, records, enums and options.
fn general(call: &Call) -> Option<Outcome> {
    use Value::{Bool, Tuple};
    Some(Ok(match (call.function, call.arguments) {
        (Function::Eq, [a, b]) => Bool(a == b),
        (Function::Ne, [a, b]) => Bool(a != b),
        (Function::Lt, [a, b]) => Bool(a < b),
        (Function::Le, [a, b]) => Bool(a <= b),
        (Function::Gt, [a, b]) => Bool(a > b),
        (Function::Ge, [a, b]) => Bool(a >= b),
        (Function::Least, [a, b]) => a.min(b).clone(),
        (Function::Greatest, [a, b]) => a.max(b).clone(),
        (Function::Not, [Bool(a)]) => Bool(!a),
        (Function::Some, [a]) => option(Some(a.clone())),
        (Function::None(_), []) => option(None),
        (Function::IsSome, [Value::Option(a)]) => Bool(a.is_some()),
        (Function::Unwrap, [Value::Option(Some(a))]) => (**a).clone(),
        (Function::Unwrap, _) => return Some(Err(Failure::Domain)),
        (Function::Tuple | Function::Record(_), parts) => Tuple(parts.to_vec()),
        (Function::Field(i), [Tuple(parts)]) => parts[*i as usize].clone(),
        (Function::Variant(_, i), parts) => Value::Variant(*i, parts.to_vec()),
        (Function::IsVariant(i), [Value::Variant(j, _)]) => Bool(i == j),
        (Function::Payload(i, k), [Value::Variant(j, parts)]) if i == j => {
            parts[*k as usize].clone()
        }
        (Function::Payload(..), _) => return Some(Err(Failure::Domain)),
        _ => return None,
    }))
}

fn float(x: f64) -> Value {
    Value::Float(Float::new(x))
}

fn string(text: impl Into<String>) -> Value {
    Value::String(text.into())
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

/// An integer as a value of a type, if it fits.
fn integer(like: &Type, x: i128) -> Outcome {
    let small = i64::try_from(x).map_err(|_| Failure::Overflow)?;
    Ok(match like {
        Type::Nat if small < 0 => return Err(Failure::Overflow),
        Type::Nat => Value::Nat(small),
        Type::Duration => Value::Duration(small),
        Type::Time => Value::Time(small),
        Type::Date => Value::Date(small),
        Type::Decimal(_) => Value::Decimal(small),
        _ => Value::Int(small),
    })
}

/// The integer that a value is.
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
