//! `Count`, `Sum` and `Avg`: exact totals, checked or rounded once at the end.
//!
//! State: for integers 128 bits, which no number of 64-bit contributions that fits a machine can
//! exceed; for floats an [`ExactSum`]; for `Avg` also the number of contributions.

use sheaf_ir::{Span, Type};

use super::{Accumulator, ExactSum, Shared, round_quotient};
use crate::display::write_scaled;
use crate::{ErrorCode, EvalError, Fault};

pub(super) fn accumulator(shared: Shared, mean: bool) -> Box<dyn Accumulator> {
    match shared.contribution {
        Type::Float => Box::new(Sums::<ExactSum>::new(shared, mean)),
        _ => Box::new(Sums::<i128>::new(shared, mean)),
    }
}

/// The word of an exact sum of integers of a type, if it fits.
pub(crate) fn integer_sum(total: i128, ty: &Type, span: Span) -> Result<u64, EvalError> {
    let least = if *ty == Type::Nat { 0 } else { i64::MIN };
    match i64::try_from(total) {
        Ok(sum) if sum >= least => Ok(sum as u64),
        _ => {
            let mut message = "the sum ".to_string();
            match ty {
                Type::Decimal(places) => write_scaled(total, *places, &mut message),
                Type::Duration => {
                    write_scaled(total, 6, &mut message);
                    message.push('s');
                }
                _ => message += &total.to_string(),
            }
            message += &format!(" does not fit {}", crate::display::type_name(ty));
            Err(EvalError {
                code: ErrorCode::Overflow,
                span,
                message,
            })
        }
    }
}

/// An exact total.
trait Total: Default + Send {
    fn add(&mut self, word: u64);
    fn merge(&mut self, other: &Self);
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(bytes: &[u8]) -> Option<Self>;
    fn sum(&self, ty: &Type, span: Span) -> Result<u64, EvalError>;
    fn mean(&self, count: u64, ty: &Type) -> f64;
    /// Bytes held elsewhere.
    fn bytes(&self) -> usize;
}

impl Total for i128 {
    #[inline]
    fn add(&mut self, word: u64) {
        *self += word as i64 as i128;
    }

    fn merge(&mut self, other: &i128) {
        *self += other;
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<i128> {
        Some(i128::from_le_bytes(bytes.try_into().ok()?))
    }

    fn sum(&self, ty: &Type, span: Span) -> Result<u64, EvalError> {
        integer_sum(*self, ty, span)
    }

    fn mean(&self, count: u64, ty: &Type) -> f64 {
        let places = if let Type::Decimal(places) = ty {
            *places
        } else {
            0
        };
        round_quotient(*self, count, places)
    }

    fn bytes(&self) -> usize {
        0
    }
}

impl Total for ExactSum {
    #[inline]
    fn add(&mut self, word: u64) {
        if Fault::NaiveFloatSum.is_planted() {
            let rounded = self.round() + f64::from_bits(word);
            *self = ExactSum::default();
            return ExactSum::add(self, rounded);
        }
        ExactSum::add(self, f64::from_bits(word));
    }

    fn merge(&mut self, other: &ExactSum) {
        ExactSum::merge(self, other);
    }

    fn encode(&self, out: &mut Vec<u8>) {
        ExactSum::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Option<ExactSum> {
        ExactSum::decode(bytes)
    }

    fn sum(&self, _: &Type, _: Span) -> Result<u64, EvalError> {
        Ok(self.round().to_bits())
    }

    fn mean(&self, count: u64, _: &Type) -> f64 {
        self.divide(count)
    }

    fn bytes(&self) -> usize {
        ExactSum::bytes(self)
    }
}

struct Sums<T> {
    shared: Shared,
    totals: Vec<T>,
    /// For `Avg`.
    counts: Option<Vec<u64>>,
    scratch: Vec<u8>,
}

impl<T: Total> Sums<T> {
    fn new(shared: Shared, mean: bool) -> Sums<T> {
        Sums {
            shared,
            totals: Vec::new(),
            counts: mean.then(Vec::new),
            scratch: Vec::new(),
        }
    }
}

impl<T: Total> Accumulator for Sums<T> {
    fn new_key(&mut self) -> u32 {
        self.totals.push(T::default());
        if let Some(counts) = &mut self.counts {
            counts.push(0);
        }
        (self.totals.len() - 1) as u32
    }

    fn len(&self) -> usize {
        self.totals.len()
    }

    #[inline]
    fn add(&mut self, slot: u32, contribution: u64) {
        self.totals[slot as usize].add(contribution);
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] += 1;
        }
    }

    fn partial(&mut self, slot: u32) -> u64 {
        self.scratch.clear();
        if let Some(counts) = &self.counts {
            let count = counts[slot as usize];
            self.scratch.extend_from_slice(&count.to_le_bytes());
        }
        self.totals[slot as usize].encode(&mut self.scratch);
        self.shared.interner.intern(&self.scratch)
    }

    fn merge(&mut self, slot: u32, partial: u64) {
        const PARTIAL: &str = "a partial state was made by the same kind of accumulator";
        let mut bytes = self.shared.interner.get(partial);
        if let Some(counts) = &mut self.counts {
            let (count, rest) = bytes.split_first_chunk().expect(PARTIAL);
            counts[slot as usize] += u64::from_le_bytes(*count);
            bytes = rest;
        }
        self.totals[slot as usize].merge(&T::decode(bytes).expect(PARTIAL));
    }

    fn finish(&mut self, slot: u32) -> Result<u64, EvalError> {
        let (total, ty) = (&self.totals[slot as usize], &self.shared.contribution);
        match &self.counts {
            None => total.sum(ty, self.shared.span),
            Some(counts) => Ok(total.mean(counts[slot as usize], ty).to_bits()),
        }
    }

    fn clear(&mut self) {
        self.totals.clear();
        if let Some(counts) = &mut self.counts {
            counts.clear();
        }
    }

    fn bytes(&self) -> usize {
        let counts = self.counts.as_ref().map_or(0, Vec::capacity);
        self.totals.capacity() * size_of::<T>()
            + counts * size_of::<u64>()
            + self.totals.iter().map(T::bytes).sum::<usize>()
    }
}
