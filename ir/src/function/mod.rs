//! The functions that expressions may call: names, types and whether they can fail.
//!
//! Each is monomorphic at its call: [`Function::result_type`] computes the result type from the
//! argument types or refuses. No implicit conversion: a front end inserts `ToInt` and friends.
//! All give the same value on every machine: none asks the platform for a locale, a time zone or
//! its mathematics library.

mod types;

use serde::{Deserialize, Serialize};

use crate::Type;

pub use types::{JSON, json_type};

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
            /// A number or String as a Decimal of so many places. A Float gives the nearest, ties to
            /// even; a Decimal of more places the nearest, ties away from zero. Fails on what does not
            /// fit and on text that has more places or is no number.
            ToDecimal(u8),
            /// Text as a Decimal of so many places, as Option.
            ParseDecimal(u8),
            /// The value of this type of which `Reversed` made the argument; fails on other Bytes.
            Unreversed(Type),
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
                    Function::ToDecimal(_) => "to_decimal",
                    Function::ParseDecimal(_) => "parse_decimal",
                    Function::Unreversed(_) => "unreversed",
                }
            }
        }
    };
}

functions! {
    /// `a + b`: numbers of one type; Time or Date + Duration; Duration + Duration; String ++ String; Bytes ++ Bytes; List ++ List. Overflow fails.
    Add "add",
    /// `a - b`: Nat − Nat is Int; Time − Time and Date − Date are Duration; Time − Duration. Overflow fails.
    Sub "sub",
    /// `a * b`: numbers of one type; Duration * Int; Decimal(m) * Decimal(n) is Decimal(m + n). Overflow fails.
    Mul "mul",
    /// `a / b`: Int and Nat truncate toward zero; Float is IEEE; a Decimal by another keeps the places of
    /// the first, rounded to nearest, ties away from zero. Division by zero fails for all.
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
    /// A Set as an ascending List, a Map as the ascending List of its `(key, value)`, or a List itself.
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
    /// Greatest integral Float not above. Of a Decimal likewise, or, with a Nat, the greatest one of at
    /// most so many places; fails where that does not fit. `Ceil`, `Round`, `Trunc` take the same.
    Floor "floor",
    /// Least integral Float (or Decimal) not below.
    Ceil "ceil",
    /// Nearest integral Float (or Decimal), ties away from zero.
    Round "round",
    /// Square root of a Float; NaN for negatives.
    Sqrt "sqrt",
    /// `sliding(at, size, step)`: starts of the windows `[start, start + size)` that cover `at`, ascending, as `List<Time>`.
    Sliding "sliding",
    /// `tumbling(at, size)`: start of the window that covers `at`.
    Tumbling "tumbling",
    /// Nearest integral Float (or Decimal) toward zero; never fails.
    Trunc "trunc",
    /// −1, 0 or 1 as Int by the sign of a number or Duration; 0 for NaN.
    Sign "sign",
    /// `pow(base, exponent)`: Int or Nat to a Nat, overflow fails; Float to a Float.
    Pow "pow",
    /// e to the power of a Float.
    Exp "exp",
    /// Natural logarithm of a Float; NaN for negatives.
    Ln "ln",
    /// Decimal logarithm of a Float; NaN for negatives.
    Log10 "log10",
    /// Sine of a Float in radians.
    Sin "sin",
    /// Cosine of a Float in radians.
    Cos "cos",
    /// Tangent of a Float in radians.
    Tan "tan",
    /// `atan2(y, x)`: angle of the point (x, y) in radians, −π to π.
    Atan2 "atan2",
    /// Bitwise and of two Ints in two's complement.
    BitAnd "bit_and",
    /// Bitwise or.
    BitOr "bit_or",
    /// Bitwise exclusive or.
    BitXor "bit_xor",
    /// An Int's bits moved up by a Nat; bits beyond the 64th are lost.
    ShiftLeft "shift_left",
    /// An Int's bits moved down by a Nat, filled with the sign.
    ShiftRight "shift_right",
    /// What `ToInt` makes of a String, as Option.
    ParseInt "parse_int",
    /// What `ToNat` makes of a String, as Option.
    ParseNat "parse_nat",
    /// What `ToFloat` makes of a String, as Option.
    ParseFloat "parse_float",
    /// The Unicode scalars of a String, as a List of Strings.
    Chars "chars",
    /// `slice(x, start, end)`: scalars of a String, bytes of Bytes or elements of a List from position
    /// `start` to before `end` (Nats); positions beyond the end mean the end.
    Slice "slice",
    /// `find(x, part)`: position of the first occurrence of a text in a String (in scalars) or of an
    /// element in a List, as `Option<Nat>`.
    Find "find",
    /// `repeat(text, n)`: the text `n` times; fails beyond 16 MiB.
    Repeat "repeat",
    /// Without white space at the start (Unicode).
    TrimStart "trim_start",
    /// Without white space at the end (Unicode).
    TrimEnd "trim_end",
    /// Unicode normal form C.
    Normalize "normalize",
    /// The code point of the first scalar of a String, as `Option<Nat>`.
    Code "code",
    /// The String of the one scalar with this code point (Nat), as Option.
    FromCode "from_code",
    /// `is_match(text, pattern)`: whether a regular expression matches somewhere. Here and below a bad
    /// pattern fails; the syntax is that of the Rust crate `regex`.
    IsMatch "is_match",
    /// `find_all(text, pattern)`: the matches that do not overlap, from the left, as a List.
    FindAll "find_all",
    /// `captures(text, pattern)`: the whole and the groups of the first match, each `None` where it took no
    /// part, as `Option<List<Option<String>>>`.
    Captures "captures",
    /// `replace_all(text, pattern, by)`: every match replaced; `$1`, `$name` and `${name}` in `by` are groups, `$$` a `$`.
    ReplaceAll "replace_all",
    /// `parse_time(text, format)`: the whole text as a Time by a strftime format, as Option. A bad format fails.
    ParseTime "parse_time",
    /// `parse_date(text, format)`: likewise a Date.
    ParseDate "parse_date",
    /// `format_time(at, format)`: a Time or Date by a strftime format. A bad format fails.
    FormatTime "format_time",
    /// The Date of a Time (UTC).
    ToDate "to_date",
    /// The Time of a Date's midnight (UTC); overflow fails.
    ToTime "to_time",
    /// The year of a Date or Time, as Int; astronomical: 0 is 1 BC.
    Year "year",
    /// The month of a Date or Time, 1 to 12, as Nat.
    Month "month",
    /// The day of the month of a Date or Time, 1 to 31, as Nat.
    Day "day",
    /// The hour of a Time, 0 to 23, as Nat.
    Hour "hour",
    /// The minute of a Time, 0 to 59, as Nat.
    Minute "minute",
    /// The second of a Time, 0 to 59, as Nat.
    Second "second",
    /// The day of the week of a Date or Time, 1 (Monday) to 7, as Nat.
    Weekday "weekday",
    /// The day of the year of a Date or Time, 1 to 366, as Nat.
    DayOfYear "day_of_year",
    /// `make_date(year, month, day)` of Ints, as `Option<Date>`.
    MakeDate "make_date",
    /// `add_months(date, n)`: the same day so many months (Int) later, or the last of that month; overflow fails.
    AddMonths "add_months",
    /// Two Lists as the List of their pairs, as long as the shorter.
    Zip "zip",
    /// A List without the elements that are equal to an earlier one.
    Distinct "distinct",
    /// `range(from, to)`: the Ints from `from` to before `to`; fails beyond 10 million.
    Range "range",
    /// A `List<(K, V)>` as a Map; of equal keys the last wins.
    ToMap "to_map",
    /// A String as its UTF-8 Bytes.
    ToUtf8 "to_utf8",
    /// UTF-8 Bytes as a String, as Option.
    FromUtf8 "from_utf8",
    /// Bytes as lower-case hexadecimal digits.
    Hex "hex",
    /// Hexadecimal digits of either case, two a byte, as `Option<Bytes>`.
    FromHex "from_hex",
    /// Bytes as Base64 (RFC 4648 section 4, padded).
    Base64 "base64",
    /// Base64 as `base64` writes it, as `Option<Bytes>`.
    FromBase64 "from_base64",
    /// XXH3-64 (seed 0) of a value's canonical bytes as a column, its 64 bits as Int.
    Xxh3 "xxh3",
    /// SHA-256 of Bytes, as 32 Bytes.
    Sha256 "sha256",
    /// 32 hexadecimal digits of either case, dashes after the first ignored, as `Option<Id>`.
    ParseId "parse_id",
    /// JSON text (RFC 8259) as `Option<Json>`, at most 100 lists and objects deep. Of equal keys the last
    /// wins; integers outside Int become Float.
    ParseJson "parse_json",
    /// A Json as text without white space, keys ascending; numbers that are not finite are `null`.
    PrintJson "print_json",
    /// `json_at(json, path)`: the part at a path such as `a.b[0].c`, as `Option<Json>`; the empty path is
    /// the whole. A bad path fails.
    JsonAt "json_at",
    /// Any value as Bytes whose order is the opposite: the complement of its canonical bytes within a composite.
    Reversed "reversed",
}

impl Function {
    /// Whether some arguments of these types make it fail.
    pub fn can_fail(&self, arguments: &[Type]) -> bool {
        let float = matches!(arguments.first(), Some(Type::Float));
        match self {
            Function::Add => !matches!(
                arguments.first(),
                Some(Type::Float | Type::String | Type::Bytes | Type::List(_))
            ),
            Function::Sub | Function::Mul | Function::Neg | Function::Abs => !float,
            Function::Pow => !float,
            Function::Floor | Function::Ceil | Function::Round => !float,
            Function::Div
            | Function::Rem
            | Function::Unwrap
            | Function::Split
            | Function::Sliding
            | Function::Tumbling
            | Function::Payload(..)
            | Function::Repeat
            | Function::IsMatch
            | Function::FindAll
            | Function::Captures
            | Function::ReplaceAll
            | Function::ParseTime
            | Function::ParseDate
            | Function::FormatTime
            | Function::ToTime
            | Function::AddMonths
            | Function::Range
            | Function::JsonAt
            | Function::ToDecimal(_)
            | Function::Unreversed(_) => true,
            Function::ToInt => !matches!(arguments.first(), Some(Type::Nat | Type::Int)),
            Function::ToNat => !matches!(arguments.first(), Some(Type::Nat)),
            Function::ToFloat => matches!(arguments.first(), Some(Type::String)),
            _ => false,
        }
    }
}
