//! The functions of `sheaf_ir::Function` over vectors, one file a family.
//!
//! A function is compiled once for its argument types into a [`Primitive`]; the types are not
//! looked at again for any row. `And`, `Or` and `OptionOr`, which do not always need their second
//! argument, and the building and reading of tuples are forms of their own in the interpreter.

mod arithmetic;
mod bytes;
mod cache;
mod collections;
mod compare;
mod convert;
mod dates;
mod decimal;
mod json;
mod math;
mod option;
mod pattern;
mod records;
pub(crate) mod scalar;
mod sequences;
mod text;
mod time;

pub(crate) use collections::element_parts;
pub(crate) use text::{for_each_word, split_text, utf8};
pub(crate) use time::sliding_starts;

pub(crate) use crate::display::type_name;

use sheaf_ir::{Function, Span, Type};

use super::Context;
use super::vector::{Failures, Lanes, Words};
use crate::composite::write_word;
use crate::{ErrorCode, EvalError};

/// A function at certain types and at one place in the text.
pub(crate) struct Signature<'a> {
    pub(crate) function: &'a Function,
    pub(crate) arguments: &'a [Type],
    pub(crate) result: &'a Type,
    pub(crate) span: Span,
}

/// Computes the words of the batch's lanes; adds those that fail, ascending.
pub(crate) type Primitive = Box<dyn Fn(&Batch, &mut Failures) -> Vec<u64> + Send + Sync>;

/// The primitive of a function whose argument types were checked; `None` for the forms of their own.
pub(crate) fn compile(call: &Signature) -> Option<Primitive> {
    arithmetic::compile(call)
        .or_else(|| compare::compile(call))
        .or_else(|| convert::compile(call))
        .or_else(|| text::compile(call))
        .or_else(|| collections::compile(call))
        .or_else(|| option::compile(call))
        .or_else(|| records::compile(call))
        .or_else(|| time::compile(call))
        .or_else(|| math::compile(call))
        .or_else(|| decimal::compile(call))
        .or_else(|| sequences::compile(call))
        .or_else(|| pattern::compile(call))
        .or_else(|| dates::compile(call))
        .or_else(|| bytes::compile(call))
        .or_else(|| json::compile(call))
}

/// What a primitive is applied to.
pub(crate) struct Batch<'a> {
    pub(crate) arguments: &'a [Words],
    pub(crate) lanes: &'a Lanes,
    pub(crate) width: usize,
    pub(crate) cx: &'a Context<'a>,
}

impl Batch<'_> {
    fn argument(&self, index: usize) -> &[u64] {
        &self.arguments[index][..self.width]
    }

    /// Whether computing every lane costs less than picking those that count.
    fn is_dense(&self) -> bool {
        match self.lanes {
            Lanes::All(_) => true,
            Lanes::Some(lanes) => lanes.len() * 4 >= self.width,
        }
    }

    /// A cheap function that is harmless on any word.
    #[inline]
    pub(crate) fn unary(&self, f: impl Fn(u64) -> u64) -> Vec<u64> {
        let a = self.argument(0);
        if self.is_dense() {
            a.iter().map(|&a| f(a)).collect()
        } else {
            self.each(|lane| f(a[lane]))
        }
    }

    /// A cheap function of two that is harmless on any words.
    #[inline]
    pub(crate) fn binary(&self, f: impl Fn(u64, u64) -> u64) -> Vec<u64> {
        let (a, b) = (self.argument(0), self.argument(1));
        if self.is_dense() {
            a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
        } else {
            self.each(|lane| f(a[lane], b[lane]))
        }
    }

    /// Like [`Batch::unary`]; the flag says that there is no result.
    #[inline]
    pub(crate) fn checked_unary(
        &self,
        failures: &mut Failures,
        f: impl Fn(u64) -> (u64, bool),
        error: impl Fn(u64) -> EvalError,
    ) -> Vec<u64> {
        let a = self.argument(0);
        let mut failed = false;
        let mut note = |(word, flag): (u64, bool)| {
            failed |= flag;
            word
        };
        let words = if self.is_dense() {
            a.iter().map(|&a| note(f(a))).collect()
        } else {
            self.each(|lane| note(f(a[lane])))
        };
        if failed {
            self.lanes.for_each(|lane| {
                if f(a[lane]).1 {
                    failures.push(lane, error(a[lane]));
                }
            });
        }
        words
    }

    /// Like [`Batch::binary`]; the flag says that there is no result.
    #[inline]
    pub(crate) fn checked_binary(
        &self,
        failures: &mut Failures,
        f: impl Fn(u64, u64) -> (u64, bool),
        error: impl Fn(u64, u64) -> EvalError,
    ) -> Vec<u64> {
        let (a, b) = (self.argument(0), self.argument(1));
        // Lanes that do not count may raise the flag: it only says that a closer look is needed.
        let mut failed = false;
        let mut note = |(word, flag): (u64, bool)| {
            failed |= flag;
            word
        };
        let words = if self.is_dense() {
            a.iter().zip(b).map(|(&a, &b)| note(f(a, b))).collect()
        } else {
            self.each(|lane| note(f(a[lane], b[lane])))
        };
        if failed {
            self.lanes.for_each(|lane| {
                if f(a[lane], b[lane]).1 {
                    failures.push(lane, error(a[lane], b[lane]));
                }
            });
        }
        words
    }

    /// A function of the lanes that count only: for symbols and for what is expensive.
    #[inline]
    pub(crate) fn each(&self, mut f: impl FnMut(usize) -> u64) -> Vec<u64> {
        let mut words = vec![0; self.width];
        self.lanes.for_each(|lane| words[lane] = f(lane));
        words
    }

    /// Like [`Batch::each`] for a function that can fail.
    #[inline]
    pub(crate) fn try_each(
        &self,
        failures: &mut Failures,
        mut f: impl FnMut(usize) -> Result<u64, EvalError>,
    ) -> Vec<u64> {
        self.each(|lane| {
            f(lane).unwrap_or_else(|error| {
                failures.push(lane, error);
                0
            })
        })
    }

    /// Like [`Batch::each`] for a function of one symbol; neighbours that are equal share a result.
    #[inline]
    pub(crate) fn each_symbol(&self, mut f: impl FnMut(&[u8]) -> u64) -> Vec<u64> {
        let a = self.argument(0);
        let mut last: Option<(u64, u64)> = None;
        self.each(|lane| match last {
            Some((word, result)) if word == a[lane] => result,
            _ => {
                let result = f(self.text(0, lane));
                last = Some((a[lane], result));
                result
            }
        })
    }

    /// The text of an argument that is a symbol.
    #[inline]
    pub(crate) fn text(&self, argument: usize, lane: usize) -> &[u8] {
        self.cx.interner.get(self.arguments[argument][lane])
    }

    /// The word of an argument.
    #[inline]
    pub(crate) fn word(&self, argument: usize, lane: usize) -> u64 {
        self.arguments[argument][lane]
    }

    /// The symbol of an Option of which canonical bytes are the value.
    pub(crate) fn intern_option(&self, value: Option<&[u8]>, out: &mut Vec<u8>) -> u64 {
        out.clear();
        out.push(value.is_some() as u8);
        out.extend_from_slice(value.unwrap_or_default());
        self.intern(out)
    }

    /// The symbol of an Option of which a word is the value.
    pub(crate) fn option_of(&self, ty: &Type, value: Option<u64>, out: &mut Vec<u8>) -> u64 {
        out.clear();
        out.push(value.is_some() as u8);
        if let Some(word) = value {
            write_word(ty, word, self.cx.interner, out);
        }
        self.intern(out)
    }

    #[inline]
    pub(crate) fn intern(&self, text: &[u8]) -> u64 {
        self.cx.interner.intern(text)
    }
}

/// An error of the expression at `span`.
pub(crate) fn error(code: ErrorCode, span: Span, message: impl Into<String>) -> EvalError {
    EvalError {
        code,
        span,
        message: message.into(),
    }
}

/// A word of an inline type in a message.
pub(crate) fn shown(ty: &Type, word: u64) -> String {
    crate::display::inline_text(word, ty)
}
