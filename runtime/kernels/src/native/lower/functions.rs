//! What the functions of fixed meaning are on words, floats and flags.
//!
//! Each must give what the interpreter's primitive gives, or fail exactly where it fails.

use sheaf_ir::{Expr, Function, Type};

use super::{Lowering, Reason, Term, Value};
use crate::interpret::scalar::MICROS_PER_DAY;
use crate::native::graph::{Binary, Id, Op, Unary};
use crate::native::helpers::{Helper, inline_number};

/// −2⁶³ is a float, 2⁶³ the first that does not fit.
const TWO_TO_63: f64 = (1u64 << 63) as f64;

/// A value and whether it is missing although the arguments are there.
type Outcome = Result<(Id, Id), Reason>;

impl Lowering<'_> {
    /// Applies a function to arguments, of which none is used lazily.
    pub(super) fn apply(
        &mut self,
        function: &Function,
        arguments: &[Expr],
        terms: &[Term],
        result: &Type,
    ) -> Result<Term, Reason> {
        let types: Vec<&Type> = arguments.iter().map(|a| &a.ty).collect();
        let mut values = Vec::with_capacity(terms.len());
        let mut error = self.graph.flag(false);
        for term in terms {
            values.push(self.one(term)?);
            error = self.graph.or(error, term.error);
        }
        let refused = || Err(function.name().to_string());
        let (value, own) = match (types.as_slice(), values.as_slice()) {
            ([], []) => match function {
                Function::None(_) => {
                    let none = self.environment.interner.intern(&[0]);
                    let none = self.pooled(none);
                    self.sure(none)
                }
                _ => return refused(),
            },
            (&[ty], &[a]) => match function {
                Function::IsSome => {
                    let is_some = self.is_some(&terms[0])?;
                    self.sure(is_some)
                }
                Function::Unwrap => {
                    let term = self.unwrap(result, &terms[0])?;
                    (self.one(&term)?, term.error)
                }
                Function::IsVariant(variant) => {
                    let detail = *variant as u64;
                    self.ask(Helper::IsVariant, detail, &[&terms[0]])?
                }
                Function::Len if *ty == Type::String => self.count(Helper::Length, &terms[0])?,
                Function::Len if *ty == Type::Bytes => {
                    self.count(Helper::LengthOfBytes, &terms[0])?
                }
                Function::Some => match inline_number(ty) {
                    Some(number) => {
                        let word = self.word_of(ty, a);
                        let [symbol, _] = self.graph.call(Helper::Some, number, [word, word]);
                        self.sure(symbol)
                    }
                    None => return refused(),
                },
                _ => self
                    .unary(function, ty, result, a)
                    .ok_or_else(|| function.name().to_string())?,
            },
            (&[left, right], &[a, b]) => match function {
                Function::Contains if *left == Type::String => {
                    self.ask(Helper::Contains, 0, &[&terms[0], &terms[1]])?
                }
                Function::StartsWith => self.ask(Helper::StartsWith, 0, &[&terms[0], &terms[1]])?,
                Function::EndsWith => self.ask(Helper::EndsWith, 0, &[&terms[0], &terms[1]])?,
                Function::Eq | Function::Ne => {
                    let equal = self.equal(left, a, b);
                    let value = match function {
                        Function::Eq => equal,
                        _ => self.graph.not(equal),
                    };
                    self.sure(value)
                }
                Function::Lt | Function::Gt | Function::Le | Function::Ge => {
                    let (first, second) = match function {
                        Function::Lt | Function::Ge => (0, 1),
                        _ => (1, 0),
                    };
                    let less = self.less(left, &terms[first], &terms[second])?;
                    let value = match function {
                        Function::Lt | Function::Gt => less,
                        _ => self.graph.not(less),
                    };
                    self.sure(value)
                }
                Function::Least => {
                    let takes_second = self.less(left, &terms[1], &terms[0])?;
                    let value = self.graph.select(takes_second, b, a);
                    self.sure(value)
                }
                Function::Greatest => {
                    let takes_second = self.less(left, &terms[0], &terms[1])?;
                    let value = self.graph.select(takes_second, b, a);
                    self.sure(value)
                }
                _ => self
                    .binary(function, (left, right), a, b)
                    .ok_or_else(|| function.name().to_string())?,
            },
            _ => return refused(),
        };
        Ok(Term {
            value: Value::One(value),
            error: self.graph.or(error, own),
        })
    }

    fn sure(&mut self, value: Id) -> (Id, Id) {
        (value, self.graph.flag(false))
    }

    fn literal(&mut self, x: f64) -> Id {
        let word = self.graph.word(x.to_bits());
        self.graph.unary(Unary::FloatOf, word)
    }

    fn equals_word(&mut self, a: Id, word: i64) -> Id {
        let word = self.graph.word(word as u64);
        self.graph.binary(Binary::Equal, a, word)
    }

    fn is_negative(&mut self, a: Id) -> Id {
        let zero = self.graph.word(0);
        self.graph.binary(Binary::Less, a, zero)
    }

    /// A symbol that may be looked up on every row.
    fn symbol(&mut self, term: &Term) -> Result<Id, Reason> {
        let symbol = self.one(term)?;
        if self.graph.op(term.error) == Op::Flag(false) {
            return Ok(symbol);
        }
        let empty = self.environment.interner.intern(&[]);
        let empty = self.pooled(empty);
        Ok(self.graph.select(term.error, empty, symbol))
    }

    /// A helper over symbols that gives a Bool and never fails.
    fn ask(&mut self, helper: Helper, detail: u64, terms: &[&Term]) -> Outcome {
        let a = self.symbol(terms[0])?;
        let b = terms.get(1).map_or(Ok(a), |term| self.symbol(term))?;
        let [word, _] = self.graph.call(helper, detail, [a, b]);
        let flag = self.graph.unary(Unary::FlagOf, word);
        Ok(self.sure(flag))
    }

    /// A helper over a symbol that gives a Nat and never fails.
    fn count(&mut self, helper: Helper, term: &Term) -> Outcome {
        let symbol = self.symbol(term)?;
        let [word, _] = self.graph.call(helper, 0, [symbol, symbol]);
        Ok(self.sure(word))
    }

    pub(super) fn is_some(&mut self, option: &Term) -> Result<Id, Reason> {
        Ok(self.ask(Helper::IsSome, 0, &[option])?.0)
    }

    /// What an Option holds; the flag says that it holds nothing.
    pub(super) fn unwrap(&mut self, ty: &Type, option: &Term) -> Result<Term, Reason> {
        let number = inline_number(ty).ok_or("unwrap")?;
        let symbol = self.symbol(option)?;
        let [word, missing] = self.graph.call(Helper::Unwrap, number, [symbol, symbol]);
        Ok(self.of_word(ty, word, missing))
    }

    fn equal(&mut self, ty: &Type, a: Id, b: Id) -> Id {
        match ty {
            Type::Float => {
                let equal = self.graph.binary(Binary::EqualFloat, a, b);
                let [a, b] = [a, b].map(|x| self.graph.unary(Unary::IsNan, x));
                let both = self.graph.and(a, b);
                self.graph.or(equal, both)
            }
            _ => {
                let [a, b] = [a, b].map(|x| self.word_of(ty, x));
                self.graph.binary(Binary::Equal, a, b)
            }
        }
    }

    /// Canonical order: NaN is the greatest float, and symbols are ordered by their texts.
    fn less(&mut self, ty: &Type, left: &Term, right: &Term) -> Result<Id, Reason> {
        let (a, b) = (self.one(left)?, self.one(right)?);
        Ok(match ty {
            Type::Float => {
                let [a_nan, b_nan] = [a, b].map(|x| self.graph.unary(Unary::IsNan, x));
                if self.graph.op(b_nan) == Op::Flag(false) {
                    return Ok(self.graph.binary(Binary::LessFloat, a, b));
                }
                let open = self.graph.binary(Binary::NotGreaterEqualFloat, a, b);
                let number = self.graph.not(a_nan);
                self.graph.and(open, number)
            }
            ty if ty.is_inline() => {
                let [a, b] = [a, b].map(|x| self.word_of(ty, x));
                self.graph.binary(Binary::Less, a, b)
            }
            _ => self.ask(Helper::LessSymbol, 0, &[left, right])?.0,
        })
    }

    fn unary(&mut self, function: &Function, ty: &Type, result: &Type, a: Id) -> Option<(Id, Id)> {
        if let Some(op) = float_unary(function).filter(|_| *ty == Type::Float) {
            let value = self.graph.unary(op, a);
            return Some(self.sure(value));
        }
        let helper = match function {
            Function::Exp => Some(Helper::Exp),
            Function::Ln => Some(Helper::Ln),
            Function::Log10 => Some(Helper::Log10),
            Function::Sin => Some(Helper::Sin),
            Function::Cos => Some(Helper::Cos),
            Function::Tan => Some(Helper::Tan),
            _ => None,
        };
        if let Some(helper) = helper {
            let word = self.word_of(&Type::Float, a);
            return Some(self.float_call(helper, 0, [word, word]));
        }
        Some(match (function, ty) {
            (Function::Not, _) => {
                let value = self.graph.not(a);
                self.sure(value)
            }
            (Function::Abs, Type::Nat)
            | (Function::ToInt, Type::Int | Type::Nat)
            | (Function::ToNat, Type::Nat)
            | (Function::ToFloat, Type::Float)
            | (Function::ToString, Type::String) => self.sure(a),
            (Function::Neg | Function::Abs, ty) if ty.is_inline() => {
                let op = match function {
                    Function::Neg => Unary::Negate,
                    _ => Unary::Magnitude,
                };
                let value = self.graph.unary(op, a);
                match ty {
                    Type::Nat => self.sure(value),
                    _ => (value, self.equals_word(a, i64::MIN)),
                }
            }
            (Function::ToNat, Type::Int) => (a, self.is_negative(a)),
            (Function::ToInt | Function::ToNat, Type::Float) => {
                let [least, limit] = [-TWO_TO_63, TWO_TO_63].map(|x| self.literal(x));
                let below = self.graph.binary(Binary::LessFloat, a, least);
                let within = self.graph.binary(Binary::LessFloat, a, limit);
                let beyond = self.graph.not(within);
                let value = self.graph.unary(Unary::FloatToInt, a);
                let error = self.graph.or(below, beyond);
                (value, self.or_negative(result, value, error))
            }
            (Function::ToInt | Function::ToNat, Type::Decimal(places)) => {
                let value = match 10i64.checked_pow(*places as u32) {
                    Some(unit) => self.by_literal(Binary::Div, a, unit),
                    None => self.graph.word(0),
                };
                let never = self.graph.flag(false);
                (value, self.or_negative(result, value, never))
            }
            (Function::ToFloat, Type::Int | Type::Nat) => {
                let value = self.graph.unary(Unary::IntToFloat, a);
                self.sure(value)
            }
            (Function::ToFloat, Type::Decimal(places)) => {
                self.float_call(Helper::DecimalToFloat, *places as u64, [a, a])
            }
            (Function::ToDecimal(places), Type::Int | Type::Nat) => self.scale(a, *places)?,
            (Function::ToDecimal(places), Type::Decimal(from)) => {
                self.scale(a, places.checked_sub(*from)?)?
            }
            (Function::Sign, Type::Float) => {
                let zero = self.literal(0.0);
                let above = self.graph.binary(Binary::LessFloat, zero, a);
                let below = self.graph.binary(Binary::LessFloat, a, zero);
                self.sign(above, below)
            }
            (Function::Sign, _) => {
                let zero = self.graph.word(0);
                let above = self.graph.binary(Binary::Less, zero, a);
                let below = self.is_negative(a);
                self.sign(above, below)
            }
            _ => return self.part_of_time(function, ty, a),
        })
    }

    fn sign(&mut self, above: Id, below: Id) -> (Id, Id) {
        let [above, below] = [above, below].map(|f| self.graph.unary(Unary::WordOfFlag, f));
        let value = self.graph.binary(Binary::Sub, above, below);
        self.sure(value)
    }

    fn or_negative(&mut self, result: &Type, value: Id, error: Id) -> Id {
        if *result != Type::Nat {
            return error;
        }
        let negative = self.is_negative(value);
        self.graph.or(error, negative)
    }

    /// Times ten to so many places.
    fn scale(&mut self, a: Id, places: u8) -> Option<(Id, Id)> {
        let unit = self.graph.word(10i64.checked_pow(places as u32)? as u64);
        Some(self.checked(Binary::Mul, Binary::MulOverflows, a, unit))
    }

    fn checked(&mut self, op: Binary, overflows: Binary, a: Id, b: Id) -> (Id, Id) {
        let value = self.graph.binary(op, a, b);
        (value, self.graph.binary(overflows, a, b))
    }

    /// A quotient or remainder by a literal that is neither 0 nor −1.
    fn by_literal(&mut self, op: Binary, a: Id, divisor: i64) -> Id {
        let divisor = self.graph.word(divisor as u64);
        self.graph.binary(op, a, divisor)
    }

    /// The greatest multiple not above, in units; or, with `up`, the least not below.
    fn whole_units(&mut self, a: Id, unit: i64, up: bool) -> Id {
        let quotient = self.by_literal(Binary::Div, a, unit);
        let rest = self.by_literal(Binary::Rem, a, unit);
        let zero = self.graph.word(0);
        let (off, step) = match up {
            true => (self.graph.binary(Binary::Less, zero, rest), Binary::Add),
            false => (self.is_negative(rest), Binary::Sub),
        };
        let one = self.graph.unary(Unary::WordOfFlag, off);
        self.graph.binary(step, quotient, one)
    }

    fn part_of_time(&mut self, function: &Function, ty: &Type, a: Id) -> Option<(Id, Id)> {
        let time_unit = match function {
            Function::Hour => Some((3_600_000_000, 24)),
            Function::Minute => Some((60_000_000, 60)),
            Function::Second => Some((1_000_000, 60)),
            _ => None,
        };
        if let Some((unit, count)) = time_unit {
            let of_day = self.remainder_not_negative(a, MICROS_PER_DAY);
            let units = self.by_literal(Binary::Div, of_day, unit);
            let value = self.by_literal(Binary::Rem, units, count);
            return Some(self.sure(value));
        }
        if *function == Function::ToTime {
            let unit = self.graph.word(MICROS_PER_DAY as u64);
            return Some(self.checked(Binary::Mul, Binary::MulOverflows, a, unit));
        }
        let day = |lowering: &mut Self| match ty {
            Type::Time => lowering.whole_units(a, MICROS_PER_DAY, false),
            _ => a,
        };
        let helper = match function {
            Function::ToDate => {
                let value = day(self);
                return Some(self.sure(value));
            }
            Function::Weekday => {
                let day = day(self);
                let rest = self.remainder_not_negative(day, 7);
                let [one, three] = [1, 3].map(|word| self.graph.word(word));
                let shifted = self.graph.binary(Binary::Add, rest, three);
                let rest = self.by_literal(Binary::Rem, shifted, 7);
                let value = self.graph.binary(Binary::Add, rest, one);
                return Some(self.sure(value));
            }
            Function::Year => Helper::Year,
            Function::Month => Helper::Month,
            Function::Day => Helper::Day,
            Function::DayOfYear => Helper::DayOfYear,
            _ => return None,
        };
        let day = day(self);
        let [value, _] = self.graph.call(helper, 0, [day, day]);
        Some(self.sure(value))
    }

    fn remainder_not_negative(&mut self, a: Id, divisor: i64) -> Id {
        let rest = self.by_literal(Binary::Rem, a, divisor);
        let divisor = self.graph.word(divisor as u64);
        let negative = self.is_negative(rest);
        let raised = self.graph.binary(Binary::Add, rest, divisor);
        self.graph.select(negative, raised, rest)
    }

    /// A helper that gives a Float.
    fn float_call(&mut self, helper: Helper, detail: u64, words: [Id; 2]) -> (Id, Id) {
        let [word, _] = self.graph.call(helper, detail, words);
        let value = self.graph.unary(Unary::FloatOf, word);
        self.sure(value)
    }

    fn binary(
        &mut self,
        function: &Function,
        (left, right): (&Type, &Type),
        a: Id,
        b: Id,
    ) -> Option<(Id, Id)> {
        if (left, right) == (&Type::Float, &Type::Float) {
            return self.float_binary(function, a, b);
        }
        if !(left.is_inline() && right.is_inline()) {
            return None;
        }
        Some(match (function, left, right) {
            (Function::Add | Function::Sub, Type::Date, Type::Duration) => {
                let is_sub = *function == Function::Sub;
                let days = self.whole_units(b, MICROS_PER_DAY, is_sub);
                let (op, overflows) = match is_sub {
                    true => (Binary::Sub, Binary::SubOverflows),
                    false => (Binary::Add, Binary::AddOverflows),
                };
                self.checked(op, overflows, a, days)
            }
            (Function::Sub, Type::Date, Type::Date) => {
                let (days, too_far) = self.checked(Binary::Sub, Binary::SubOverflows, a, b);
                let unit = self.graph.word(MICROS_PER_DAY as u64);
                let (micros, too_long) =
                    self.checked(Binary::Mul, Binary::MulOverflows, days, unit);
                (micros, self.graph.or(too_far, too_long))
            }
            (Function::Add, ..) => self.checked(Binary::Add, Binary::AddOverflows, a, b),
            (Function::Sub, ..) => {
                let (value, error) = self.checked(Binary::Sub, Binary::SubOverflows, a, b);
                match (left, right) {
                    (Type::Nat, Type::Nat) => self.sure(value),
                    _ => (value, error),
                }
            }
            (Function::Mul, ..) => self.checked(Binary::Mul, Binary::MulOverflows, a, b),
            (Function::Div, Type::Decimal(_), Type::Decimal(places)) => {
                let [value, error] = self.graph.call(Helper::DivDecimal, *places as u64, [a, b]);
                (value, error)
            }
            (Function::Div, ..) => self.divide(Binary::Div, a, b),
            (Function::Rem, ..) => self.divide(Binary::Rem, a, b),
            (Function::Tumbling, ..) => {
                let zero = self.graph.word(0);
                let positive = self.graph.binary(Binary::Less, zero, b);
                let one = self.graph.word(1);
                let size = self.graph.select(positive, b, one);
                let rest = self.graph.binary(Binary::Rem, a, size);
                let negative = self.is_negative(rest);
                let raised = self.graph.binary(Binary::Add, rest, size);
                let rest = self.graph.select(negative, raised, rest);
                let (value, overflows) = self.checked(Binary::Sub, Binary::SubOverflows, a, rest);
                let bad = self.graph.not(positive);
                (value, self.graph.or(bad, overflows))
            }
            (Function::AddMonths, ..) => {
                let [value, error] = self.graph.call(Helper::AddMonths, 0, [a, b]);
                (value, error)
            }
            (Function::Pow, ..) => {
                let [value, error] = self.graph.call(Helper::PowInt, 0, [a, b]);
                (value, error)
            }
            (Function::BitAnd, ..) => self.bits(Binary::BitAnd, a, b),
            (Function::BitOr, ..) => self.bits(Binary::BitOr, a, b),
            (Function::BitXor, ..) => self.bits(Binary::BitXor, a, b),
            (Function::ShiftLeft, ..) => {
                let limit = self.graph.word(64);
                let within = self.graph.binary(Binary::Less, b, limit);
                let zero = self.graph.word(0);
                let count = self.graph.select(within, b, zero);
                let shifted = self.graph.binary(Binary::ShiftLeft, a, count);
                let value = self.graph.select(within, shifted, zero);
                self.sure(value)
            }
            (Function::ShiftRight, ..) => {
                let most = self.graph.word(63);
                let within = self.graph.binary(Binary::Less, b, most);
                let count = self.graph.select(within, b, most);
                let value = self.graph.binary(Binary::ShiftRight, a, count);
                self.sure(value)
            }
            _ => return None,
        })
    }

    fn bits(&mut self, op: Binary, a: Id, b: Id) -> (Id, Id) {
        let value = self.graph.binary(op, a, b);
        self.sure(value)
    }

    fn divide(&mut self, op: Binary, a: Id, b: Id) -> (Id, Id) {
        if matches!(self.graph.op(b), Op::Word(word) if !matches!(word as i64, 0 | -1)) {
            let value = self.graph.binary(op, a, b);
            return self.sure(value);
        }
        let by_zero = self.equals_word(b, 0);
        // Of Nats, too: where their own computation failed, they may be any words, and a division
        // that overflows ends the process.
        let (least, minus) = (self.equals_word(a, i64::MIN), self.equals_word(b, -1));
        let overflows = self.graph.and(least, minus);
        let bad = self.graph.or(by_zero, overflows);
        let one = self.graph.word(1);
        let divisor = self.graph.select(bad, one, b);
        let value = self.graph.binary(op, a, divisor);
        // The remainder always fits: that of the least number by −1 is 0, as by 1.
        (value, if op == Binary::Div { bad } else { by_zero })
    }

    fn float_binary(&mut self, function: &Function, a: Id, b: Id) -> Option<(Id, Id)> {
        let op = match function {
            Function::Add => Binary::AddFloat,
            Function::Sub => Binary::SubFloat,
            Function::Mul => Binary::MulFloat,
            Function::Div => Binary::DivFloat,
            Function::Rem | Function::Pow | Function::Atan2 => {
                let helper = match function {
                    Function::Rem => Helper::RemFloat,
                    Function::Pow => Helper::PowFloat,
                    _ => Helper::Atan2,
                };
                let words = [a, b].map(|x| self.word_of(&Type::Float, x));
                let (value, never) = self.float_call(helper, 0, words);
                let error = match function {
                    Function::Rem => self.is_zero(b),
                    _ => never,
                };
                return Some((value, error));
            }
            _ => return None,
        };
        let value = self.graph.binary(op, a, b);
        Some(match function {
            Function::Div => (value, self.is_zero(b)),
            _ => self.sure(value),
        })
    }

    fn is_zero(&mut self, a: Id) -> Id {
        if let Op::Unary(Unary::FloatOf, word) = self.graph.op(a)
            && let Op::Word(word) = self.graph.op(word)
        {
            return self.graph.flag(f64::from_bits(word) == 0.0);
        }
        let zero = self.literal(0.0);
        self.graph.binary(Binary::EqualFloat, a, zero)
    }
}

fn float_unary(function: &Function) -> Option<Unary> {
    Some(match function {
        Function::Neg => Unary::NegateFloat,
        Function::Abs => Unary::MagnitudeFloat,
        Function::Floor => Unary::Floor,
        Function::Ceil => Unary::Ceil,
        Function::Trunc => Unary::Trunc,
        Function::Round => Unary::Round,
        Function::Sqrt => Unary::Sqrt,
        _ => return None,
    })
}
