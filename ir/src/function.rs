//! The functions that expressions may call: names, types and whether they can fail.
//!
//! Each is monomorphic at its call: [`Function::result_type`] computes the result type from the
//! argument types or refuses. No implicit conversion: a front end inserts `ToInt` and friends.

use serde::{Deserialize, Serialize};

use crate::{Nominal, Type};
use std::collections::BTreeMap;

macro_rules! functions {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// A function of fixed meaning. Parameterised ones carry what is not an expression.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Function {
            $($(#[$doc])* $variant,)*
            /// Builds a record of this name from its fields in declaration order.
            Record(String),
            /// Builds a variant (by index) of the enum of this name from its payload.
            Variant(String, u32),
            /// Field `i` of a tuple or record.
            Field(u32),
            /// Whether an enum value is the variant with this index.
            IsVariant(u32),
            /// Payload `.1` of variant `.0`; an error (never seen by a right program) on another.
            Payload(u32, u32),
            /// The empty Option of this element type.
            None(Type),
            /// A list of this element type from its elements.
            List(Type),
            /// A set of this element type from its elements.
            Set(Type),
            /// A map of these types from `(key, value)` alternating arguments; of equal keys the last wins.
            Map(Type, Type),
        }

        impl Function {
            /// The functions that carry no parameter, with their names in IR text.
            pub const SIMPLE: &'static [(&'static str, Function)] = &[$(($name, Function::$variant),)*];

            /// The name in IR text; parameterised functions print their parameters after it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Function::$variant => $name,)*
                    Function::Record(_) => "record",
                    Function::Variant(..) => "variant",
                    Function::Field(_) => "field",
                    Function::IsVariant(_) => "is_variant",
                    Function::Payload(..) => "payload",
                    Function::None(_) => "none",
                    Function::List(_) => "list",
                    Function::Set(_) => "set",
                    Function::Map(..) => "map",
                }
            }
        }
    };
}

functions! {
    /// `a + b`: numbers of one type; Time or Date + Duration; Duration + Duration; String ++ String; List ++ List. Overflow fails.
    Add "add",
    /// `a - b`: Nat − Nat is Int; Time − Time and Date − Date are Duration; Time − Duration. Overflow fails.
    Sub "sub",
    /// `a * b`: numbers of one type; Duration * Int; Decimal(m) * Decimal(n) is Decimal(m + n). Overflow fails.
    Mul "mul",
    /// `a / b`: Int and Nat truncate toward zero; Float is IEEE, but division by zero fails for all.
    Div "div",
    /// `a % b`: the sign of `a`; by zero fails.
    Rem "rem",
    /// `-a`; Nat gives Int; overflow fails.
    Neg "neg",
    /// Equality at any one type.
    Eq "eq",
    /// Inequality at any one type.
    Ne "ne",
    /// `a < b` in the canonical order of any one type.
    Lt "lt",
    /// `a <= b`.
    Le "le",
    /// `a > b`.
    Gt "gt",
    /// `a >= b`.
    Ge "ge",
    /// Bool and; a false side decides even where the other fails.
    And "and",
    /// Bool or; a true side decides even where the other fails.
    Or "or",
    /// Bool not.
    Not "not",
    /// Nat widened to Int (never fails); Int is itself; Float and Decimal truncated, String parsed (may fail).
    ToInt "to_int",
    /// Int, Float, Decimal or String to Nat; may fail.
    ToNat "to_nat",
    /// Int, Nat, Decimal or String to Float; only String can fail.
    ToFloat "to_float",
    /// Any scalar as text, as outputs write it.
    ToString "to_string",
    /// Any value as `Some`.
    Some "some",
    /// Whether an Option holds a value.
    IsSome "is_some",
    /// The value in an Option; fails on `None`.
    Unwrap "unwrap",
    /// The value in an Option, or the second argument; an unused second side never fails.
    OptionOr "option_or",
    /// Whether the argument has a value: false where it fails. Never fails itself. Lets a front end
    /// carry a row past a failure until it is known whether another condition is false.
    Succeeds "succeeds",
    /// Builds a tuple.
    Tuple "tuple",
    /// Length of a String (Unicode scalars), Bytes, List, Set or Map, as Nat.
    Len "len",
    /// Membership: List or Set and element; Map and key; String and substring.
    Contains "contains",
    /// `List<T>` to `List<(Nat, T)>`, counting from 0.
    Indexed "indexed",
    /// The first `n` (Nat) elements of a List.
    Take "take",
    /// `List<T>` or `Map<K, V>` and Nat or key, to Option.
    Get "get",
    /// Set union.
    Union "union",
    /// Set intersection.
    Intersect "intersect",
    /// Elements of the first set that are not in the second.
    Difference "difference",
    /// A List or Map's keys as a Set; or a Set itself.
    ToSet "to_set",
    /// A Set as an ascending List, or a List itself.
    ToList "to_list",
    /// A List ascending.
    Sort "sort",
    /// A List the other way round.
    Reverse "reverse",
    /// Lower case (Unicode).
    Lower "lower",
    /// Upper case (Unicode).
    Upper "upper",
    /// Without white space at both ends (Unicode).
    Trim "trim",
    /// Maximal runs of Unicode letters and digits, as a List.
    Words "words",
    /// Text split at every occurrence of a non-empty separator.
    Split "split",
    /// `join(list, separator)`.
    JoinText "join_text",
    /// Whether text starts with a prefix.
    StartsWith "starts_with",
    /// Whether text ends with a suffix.
    EndsWith "ends_with",
    /// `replace(text, from, to)`.
    Replace "replace",
    /// Magnitude; overflow fails.
    Abs "abs",
    /// The lesser of two.
    Least "least",
    /// The greater of two.
    Greatest "greatest",
    /// Greatest integral Float not above.
    Floor "floor",
    /// Least integral Float not below.
    Ceil "ceil",
    /// Nearest integral Float, ties away from zero.
    Round "round",
    /// Square root of a Float; NaN for negatives.
    Sqrt "sqrt",
    /// `sliding(at, size, step)`: starts of the windows `[start, start + size)` that cover `at`, ascending, as `List<Time>`.
    Sliding "sliding",
    /// `tumbling(at, size)`: start of the window that covers `at`.
    Tumbling "tumbling",
}

impl Function {
    /// Whether some arguments of these types make it fail.
    pub fn can_fail(&self, arguments: &[Type]) -> bool {
        let float = matches!(arguments.first(), Some(Type::Float));
        match self {
            Function::Add => !matches!(
                arguments.first(),
                Some(Type::Float | Type::String | Type::List(_))
            ),
            Function::Sub | Function::Mul | Function::Neg | Function::Abs => !float,
            Function::Div
            | Function::Rem
            | Function::Unwrap
            | Function::Split
            | Function::Sliding
            | Function::Tumbling
            | Function::Payload(..) => true,
            Function::ToInt => !matches!(arguments.first(), Some(Type::Nat | Type::Int)),
            Function::ToNat => !matches!(arguments.first(), Some(Type::Nat)),
            Function::ToFloat => matches!(arguments.first(), Some(Type::String)),
            _ => false,
        }
    }

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
        Some(match (self, arguments) {
            (Function::Add, [a, b]) if a == b && (a.is_numeric() || *a == Duration) => a.clone(),
            (Function::Add, [String, String]) => String,
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
