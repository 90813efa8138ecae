//! The functions of Rust that native code calls: what is not worth a sequence of instructions.
//!
//! Each takes the interner, a number fixed when the code was made (places, a type, an index) and two
//! words, and gives a word and whether there is none. Code reaches them through a table in the call,
//! so that it names no address.
//!
//! Invariant: a symbol that is given is one of the interner; what it stands for may be of any type
//! on rows that fail elsewhere, and no helper panics on it.

use sheaf_ir::Type;
use sheaf_ir::encoding::encode_inline;
use sheaf_ir::value::canonical_float;

use crate::Interner;
use crate::combine::round_quotient;
use crate::composite::take_inline;
use crate::interpret::scalar;

/// What a helper gives.
#[repr(C)]
pub(crate) struct Answer {
    word: u64,
    failed: u64,
}

type Function = extern "C" fn(&Interner, u64, u64, u64) -> Answer;

impl From<u64> for Answer {
    fn from(word: u64) -> Answer {
        Answer { word, failed: 0 }
    }
}

impl From<bool> for Answer {
    fn from(flag: bool) -> Answer {
        (flag as u64).into()
    }
}

impl From<i64> for Answer {
    fn from(word: i64) -> Answer {
        (word as u64).into()
    }
}

impl From<f64> for Answer {
    fn from(float: f64) -> Answer {
        canonical_float(float).to_bits().into()
    }
}

impl<T: Into<Answer>> From<Option<T>> for Answer {
    fn from(value: Option<T>) -> Answer {
        value.map_or(Answer { word: 0, failed: 1 }, T::into)
    }
}

macro_rules! helpers {
    ($($(#[$doc:meta])* $name:ident = |$interner:pat_param, $detail:pat_param, $a:pat_param, $b:pat_param| $body:expr;)*) => {
        /// Which helper; its place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub(crate) enum Helper {
            $($(#[$doc])* $name,)*
        }

        /// The table that native code is given.
        pub(crate) static TABLE: &[Function] = &[$({
            extern "C" fn call($interner: &Interner, $detail: u64, $a: u64, $b: u64) -> Answer {
                Answer::from($body)
            }
            call
        },)*];
    };
}

helpers! {
    RemFloat = |_, _, a, b| float(a) % float(b);
    PowFloat = |_, _, a, b| libm::pow(float(a), float(b));
    Atan2 = |_, _, a, b| libm::atan2(float(a), float(b));
    Exp = |_, _, a, _| libm::exp(float(a));
    Ln = |_, _, a, _| libm::log(float(a));
    Log10 = |_, _, a, _| libm::log10(float(a));
    Sin = |_, _, a, _| libm::sin(float(a));
    Cos = |_, _, a, _| libm::cos(float(a));
    Tan = |_, _, a, _| libm::tan(float(a));
    PowInt = |_, _, a, b| scalar::power(a as i64, b);
    /// The divisor's places.
    DivDecimal = |_, places, a, b| {
        let (quotient, failed) = scalar::divide_decimal(a as i64, b as i64, places as u8);
        (!failed).then_some(quotient)
    };
    /// The places.
    DecimalToFloat = |_, places, a, _| round_quotient(a as i64 as i128, 1, places as u8);
    Year = |_, _, day, _| scalar::civil(day as i64).year;
    Month = |_, _, day, _| scalar::civil(day as i64).month;
    Day = |_, _, day, _| scalar::civil(day as i64).day;
    DayOfYear = |_, _, day, _| scalar::day_of_year(day as i64);
    AddMonths = |_, _, date, months| scalar::add_months(date as i64, months as i64);
    /// Whether the text of a symbol is before that of another.
    LessSymbol = |interner, _, a, b| a != b && interner.get(a) < interner.get(b);
    IsSome = |interner, _, option, _| interner.get(option).first() == Some(&1);
    /// The value in an Option of the inline type of this number.
    Unwrap = |interner, ty, option, _| unwrap(interner.get(option), &inline_type(ty));
    /// An inline value of the type of this number as an Option.
    Some = |interner, ty, word, _| {
        let mut bytes = vec![1];
        encode_inline(&inline_type(ty), word, &mut bytes);
        interner.intern(&bytes)
    };
    /// Whether an enum's value is the variant of this number.
    IsVariant = |interner, variant, value, _| {
        interner.get(value).get(..2) == Some(&(variant as u16).to_be_bytes()[..])
    };
    Length = |interner, _, text, _| scalar::length(interner.get(text));
    LengthOfBytes = |interner, _, bytes, _| interner.get(bytes).len() as u64;
    Contains = |interner, _, text, part| {
        scalar::utf8(interner.get(text)).contains(&*scalar::utf8(interner.get(part)))
    };
    StartsWith = |interner, _, text, part| {
        scalar::utf8(interner.get(text)).starts_with(&*scalar::utf8(interner.get(part)))
    };
    EndsWith = |interner, _, text, part| {
        scalar::utf8(interner.get(text)).ends_with(&*scalar::utf8(interner.get(part)))
    };
}

fn float(word: u64) -> f64 {
    f64::from_bits(word)
}

fn unwrap(option: &[u8], ty: &Type) -> Option<u64> {
    match option {
        [1, value @ ..] => Some(take_inline(ty, &mut { value })),
        _ => None,
    }
}

/// The number by which a helper knows an inline type: they are encoded in three ways.
pub(crate) fn inline_number(ty: &Type) -> Option<u64> {
    match ty {
        Type::Bool => Some(0),
        Type::Float => Some(1),
        ty if ty.is_inline() => Some(2),
        _ => None,
    }
}

fn inline_type(number: u64) -> Type {
    match number {
        0 => Type::Bool,
        1 => Type::Float,
        _ => Type::Int,
    }
}
