//! The result types of the functions.

use std::collections::BTreeMap;

use super::Function;
use crate::{Nominal, Type};

/// The name of the enum that JSON is read as; a program that uses it declares it as [`json_type`].
pub const JSON: &str = "std.json.Json";

/// The definition of [`JSON`].
pub fn json_type() -> Nominal {
    let json = || Box::new(Type::Named(JSON.into()));
    let variants = [
        ("Null", None),
        ("Bool", Some(Type::Bool)),
        ("Int", Some(Type::Int)),
        ("Float", Some(Type::Float)),
        ("Text", Some(Type::String)),
        ("List", Some(Type::List(json()))),
        ("Object", Some(Type::Map(Box::new(Type::String), json()))),
    ];
    let variants = variants.map(|(name, payload)| (name.into(), payload.into_iter().collect()));
    Nominal::Enum(variants.into())
}

impl Function {
    /// The result type at these argument types; `None` where the function is not defined.
    /// `types` resolves records and enums.
    pub fn result_type(
        &self,
        arguments: &[Type],
        types: &BTreeMap<String, Nominal>,
    ) -> Option<Type> {
        use Type::*;
        let list = |t: &Type| List(Box::new(t.clone()));
        let option = |t: &Type| Option(Box::new(t.clone()));
        if let Some(ty) = number(self, arguments)
            .or_else(|| text(self, arguments))
            .or_else(|| calendar(self, arguments))
            .or_else(|| collection(self, arguments))
            .or_else(|| bytes(self, arguments))
            .or_else(|| json(self, arguments, types))
        {
            return Some(ty);
        }
        Some(match (self, arguments) {
            (Function::Add, [a, b]) if a == b && (a.is_numeric() || *a == Duration) => a.clone(),
            (Function::Add, [String, String]) => String,
            (Function::Add, [Bytes, Bytes]) => Bytes,
            (Function::Add, [List(a), List(b)]) if a == b => arguments[0].clone(),
            (Function::Add | Function::Sub, [Time, Duration]) => Time,
            (Function::Add | Function::Sub, [Date, Duration]) => Date,
            (Function::Sub, [Nat, Nat]) => Int,
            (Function::Sub, [Time, Time] | [Date, Date]) => Duration,
            (Function::Sub, [a, b]) if a == b && (a.is_numeric() || *a == Duration) => a.clone(),
            (Function::Mul, [Decimal(m), Decimal(n)]) => Decimal(m.checked_add(*n)?),
            (Function::Mul, [a, b]) if a == b && a.is_numeric() => a.clone(),
            (Function::Mul | Function::Div, [Duration, Int]) => Duration,
            (Function::Div | Function::Rem, [a, b]) if a == b && matches!(a, Int | Nat | Float) => {
                a.clone()
            }
            (Function::Div, [Decimal(m), Decimal(_)]) => Decimal(*m),
            (Function::Div, [Duration, Duration]) => Int,
            (Function::Rem, [Duration, Duration]) => Duration,
            (Function::Neg, [Nat]) => Int,
            (Function::Neg | Function::Abs, [a]) if a.is_numeric() || *a == Duration => a.clone(),
            (
                Function::Eq
                | Function::Ne
                | Function::Lt
                | Function::Le
                | Function::Gt
                | Function::Ge,
                [a, b],
            ) if a == b => Bool,
            (Function::And | Function::Or, [Bool, Bool]) => Bool,
            (Function::Not, [Bool]) => Bool,
            (Function::ToInt, [Int | Nat | Float | Decimal(_) | String]) => Int,
            (Function::ToNat, [Int | Nat | Float | Decimal(_) | String]) => Nat,
            (Function::ToFloat, [Int | Nat | Float | Decimal(_) | String]) => Float,
            (
                Function::ToString,
                [
                    Bool | Int | Nat | Float | Decimal(_) | String | Date | Time | Duration | Id
                    | RowId,
                ],
            ) => String,
            (Function::Some, [a]) => option(a),
            (Function::None(a), []) => option(a),
            (Function::IsSome, [Option(_)]) => Bool,
            (Function::Unwrap, [Option(a)]) => (**a).clone(),
            (Function::OptionOr, [Option(a), b]) if **a == *b => b.clone(),
            (Function::Succeeds, [_]) => Bool,
            (Function::Tuple, parts) => Tuple(parts.to_vec()),
            (Function::Len, [String | Bytes | List(_) | Set(_) | Map(..)]) => Nat,
            (Function::Contains, [List(a) | Set(a) | Map(a, _), b]) if **a == *b => Bool,
            (Function::Contains, [String, String]) => Bool,
            (Function::Indexed, [List(a)]) => list(&Tuple(vec![Nat, (**a).clone()])),
            (Function::Take, [List(_), Nat]) => arguments[0].clone(),
            (Function::Get, [List(a), Nat]) => option(a),
            (Function::Get, [Map(k, v), b]) if **k == *b => option(v),
            (Function::Union | Function::Intersect | Function::Difference, [Set(a), Set(b)])
                if a == b =>
            {
                arguments[0].clone()
            }
            (Function::ToSet, [List(a) | Set(a) | Map(a, _)]) => Set(a.clone()),
            (Function::ToList, [List(a) | Set(a)]) => List(a.clone()),
            (Function::ToList, [Map(k, v)]) => list(&Tuple(vec![(**k).clone(), (**v).clone()])),
            (Function::Sort | Function::Reverse, [List(_)]) => arguments[0].clone(),
            (Function::Lower | Function::Upper | Function::Trim, [String]) => String,
            (Function::Words, [String]) => list(&String),
            (Function::Split, [String, String]) => list(&String),
            (Function::JoinText, [List(a), String]) if **a == String => String,
            (Function::StartsWith | Function::EndsWith, [String, String]) => Bool,
            (Function::Replace, [String, String, String]) => String,
            (Function::Least | Function::Greatest, [a, b]) if a == b => a.clone(),
            (Function::Floor | Function::Ceil | Function::Round | Function::Sqrt, [Float]) => Float,
            (Function::Sliding, [Time, Duration, Duration]) => list(&Time),
            (Function::Tumbling, [Time, Duration]) => Time,
            (Function::Record(name), parts) => match types.get(name)? {
                Nominal::Record(fields) if fields.iter().map(|f| &f.1).eq(parts) => {
                    Named(name.clone())
                }
                _ => return None,
            },
            (Function::Variant(name, index), parts) => match types.get(name)? {
                Nominal::Enum(variants) if variants.get(*index as usize)?.1 == parts => {
                    Named(name.clone())
                }
                _ => return None,
            },
            (Function::Field(i), [Tuple(parts)]) => parts.get(*i as usize)?.clone(),
            (Function::Field(i), [Named(name)]) => match types.get(name)? {
                Nominal::Record(fields) => fields.get(*i as usize)?.1.clone(),
                Nominal::Enum(_) => return None,
            },
            (Function::IsVariant(i), [Named(name)]) => match types.get(name)? {
                Nominal::Enum(variants) if (*i as usize) < variants.len() => Bool,
                _ => return None,
            },
            (Function::Payload(i, j), [Named(name)]) => match types.get(name)? {
                Nominal::Enum(variants) => variants.get(*i as usize)?.1.get(*j as usize)?.clone(),
                Nominal::Record(_) => return None,
            },
            (Function::List(a), parts) if parts.iter().all(|p| p == a) => list(a),
            (Function::Set(a), parts) if parts.iter().all(|p| p == a) => Set(Box::new(a.clone())),
            (Function::Map(k, v), parts)
                if parts.len() % 2 == 0
                    && parts.chunks(2).all(|pair| pair[0] == *k && pair[1] == *v) =>
            {
                Map(Box::new(k.clone()), Box::new(v.clone()))
            }
            _ => return None,
        })
    }
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn number(function: &Function, arguments: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, arguments) {
        (
            Function::Floor | Function::Ceil | Function::Round | Function::Trunc,
            [Decimal(places)] | [Decimal(places), Nat],
        ) => Decimal(*places),
        (Function::Trunc, [Float]) => Float,
        (Function::Sign, [a]) if a.is_numeric() || *a == Duration => Int,
        (Function::Pow, [a @ (Int | Nat), Nat]) => a.clone(),
        (Function::Pow | Function::Atan2, [Float, Float]) => Float,
        (
            Function::Exp
            | Function::Ln
            | Function::Log10
            | Function::Sin
            | Function::Cos
            | Function::Tan,
            [Float],
        ) => Float,
        (Function::BitAnd | Function::BitOr | Function::BitXor, [Int, Int]) => Int,
        (Function::ShiftLeft | Function::ShiftRight, [Int, Nat]) => Int,
        (Function::ToDecimal(places), [Int | Nat | Float | Decimal(_) | String]) => {
            Decimal(*places)
        }
        (Function::ParseInt, [String]) => option(Int),
        (Function::ParseNat, [String]) => option(Nat),
        (Function::ParseFloat, [String]) => option(Float),
        (Function::ParseDecimal(places), [String]) => option(Decimal(*places)),
        _ => return None,
    })
}

fn text(function: &Function, arguments: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, arguments) {
        (Function::Chars, [String]) => list(String),
        (Function::Slice, [a @ (String | Bytes), Nat, Nat]) => a.clone(),
        (Function::Find, [String, String]) => option(Nat),
        (Function::Repeat, [String, Nat]) => String,
        (Function::TrimStart | Function::TrimEnd | Function::Normalize, [String]) => String,
        (Function::Code, [String]) => option(Nat),
        (Function::FromCode, [Nat]) => option(String),
        (Function::IsMatch, [String, String]) => Bool,
        (Function::FindAll, [String, String]) => list(String),
        (Function::Captures, [String, String]) => option(list(option(String))),
        (Function::ReplaceAll, [String, String, String]) => String,
        _ => return None,
    })
}

fn calendar(function: &Function, arguments: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, arguments) {
        (Function::ParseTime, [String, String]) => option(Time),
        (Function::ParseDate, [String, String]) => option(Date),
        (Function::FormatTime, [Time | Date, String]) => String,
        (Function::ToDate, [Time]) => Date,
        (Function::ToTime, [Date]) => Time,
        (Function::Year, [Time | Date]) => Int,
        (
            Function::Month | Function::Day | Function::Weekday | Function::DayOfYear,
            [Time | Date],
        ) => Nat,
        (Function::Hour | Function::Minute | Function::Second, [Time]) => Nat,
        (Function::MakeDate, [Int, Int, Int]) => option(Date),
        (Function::AddMonths, [Date, Int]) => Date,
        _ => return None,
    })
}

fn collection(function: &Function, arguments: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, arguments) {
        (Function::Slice, [List(_), Nat, Nat]) => arguments[0].clone(),
        (Function::Find, [List(a), b]) if **a == *b => option(Nat),
        (Function::Zip, [List(a), List(b)]) => list(Tuple(vec![(**a).clone(), (**b).clone()])),
        (Function::Distinct, [List(_)]) => arguments[0].clone(),
        (Function::Range, [Int, Int]) => list(Int),
        (Function::ToMap, [List(entry)]) => match &**entry {
            Tuple(parts) => match parts.as_slice() {
                [key, value] => Map(Box::new(key.clone()), Box::new(value.clone())),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn bytes(function: &Function, arguments: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, arguments) {
        (Function::ToUtf8, [String]) => Bytes,
        (Function::FromUtf8, [Bytes]) => option(String),
        (Function::Hex | Function::Base64, [Bytes]) => String,
        (Function::FromHex | Function::FromBase64, [String]) => option(Bytes),
        (Function::Xxh3, [_]) => Int,
        (Function::Sha256, [Bytes]) => Bytes,
        (Function::ParseId, [String]) => option(Id),
        (Function::Reversed, [_]) => Bytes,
        (Function::Unreversed(ty), [Bytes]) => ty.clone(),
        _ => return None,
    })
}

fn json(
    function: &Function,
    arguments: &[Type],
    types: &BTreeMap<String, Nominal>,
) -> Option<Type> {
    let json = || Type::Named(JSON.into());
    let ty = match (function, arguments) {
        (Function::ParseJson, [Type::String]) => option(json()),
        (Function::PrintJson, [a]) if *a == json() => Type::String,
        (Function::JsonAt, [a, Type::String]) if *a == json() => option(json()),
        _ => return None,
    };
    (*types.get(JSON)? == json_type()).then_some(ty)
}
