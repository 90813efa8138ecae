//! Exact sums of floats by schoolbook arithmetic on one huge integer.
//!
//! Every finite double is an integer multiple of 2⁻¹⁰⁷⁴, so a sum of doubles is an integer of at
//! most 2,200 bits in that unit. Nothing is clever here: it is the yardstick.

use std::cmp::Ordering;

/// A non-negative integer, least significant 32 bits first, without leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl Natural {
    fn shifted(mantissa: u64, shift: usize) -> Natural {
        let mut words = vec![0u32; shift / 32 + 4];
        let wide = (mantissa as u128) << (shift % 32);
        for (i, word) in words[shift / 32..].iter_mut().take(4).enumerate() {
            *word = (wide >> (32 * i)) as u32;
        }
        Natural(words).trimmed()
    }

    fn trimmed(mut self) -> Natural {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn bits(&self) -> usize {
        self.0
            .last()
            .map_or(0, |top| self.0.len() * 32 - top.leading_zeros() as usize)
    }

    fn bit(&self, i: usize) -> bool {
        self.0
            .get(i / 32)
            .is_some_and(|word| word >> (i % 32) & 1 == 1)
    }

    fn compare(&self, other: &Natural) -> Ordering {
        self.0
            .len()
            .cmp(&other.0.len())
            .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn plus(&self, other: &Natural) -> Natural {
        let mut carry = 0u64;
        let mut words = Vec::new();
        for i in 0..self.0.len().max(other.0.len()) + 1 {
            let at = |n: &Natural| n.0.get(i).copied().unwrap_or(0) as u64;
            carry += at(self) + at(other);
            words.push(carry as u32);
            carry >>= 32;
        }
        Natural(words).trimmed()
    }

    /// `self - other`; `self` must not be less.
    fn minus(&self, other: &Natural) -> Natural {
        let mut borrow = 0i64;
        let mut words = Vec::new();
        for i in 0..self.0.len() {
            let at = |n: &Natural| n.0.get(i).copied().unwrap_or(0) as i64;
            let difference = at(self) - at(other) - borrow;
            borrow = (difference < 0) as i64;
            words.push((difference + (borrow << 32)) as u32);
        }
        Natural(words).trimmed()
    }
}

/// The sum of floats divided by `divisor` (1 for a plain sum), rounded once to nearest, ties to even.
/// NaN and infinities follow IEEE 754.
pub fn sum_over(values: &[f64], divisor: u64) -> f64 {
    if values.iter().any(|x| !x.is_finite()) {
        // Finite parts cannot matter: a running sum of only the special ones is exact.
        return values.iter().filter(|x| !x.is_finite()).sum();
    }
    let mut positive = Natural::default();
    let mut negative = Natural::default();
    for x in values {
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let term = if exponent == 0 {
            Natural::shifted(fraction, 0)
        } else {
            Natural::shifted(fraction | 1 << 52, exponent - 1)
        };
        let side = if x.is_sign_negative() {
            &mut negative
        } else {
            &mut positive
        };
        *side = side.plus(&term);
    }
    match positive.compare(&negative) {
        Ordering::Equal => 0.0,
        Ordering::Greater => rounded(&positive.minus(&negative), 0, divisor),
        Ordering::Less => -rounded(&negative.minus(&positive), 0, divisor),
    }
}

/// The mean of integers, rounded once.
pub fn mean(values: &[i64]) -> f64 {
    let sum: i128 = values.iter().map(|v| *v as i128).sum();
    let magnitude = sum.unsigned_abs();
    let number = Natural((0..4).map(|i| (magnitude >> (32 * i)) as u32).collect()).trimmed();
    let mean = rounded(&number, 1074, values.len() as u64);
    if sum < 0 { -mean } else { mean }
}

/// `number · 2^unit / (divisor · 2¹⁰⁷⁴)` to nearest, ties to even.
fn rounded(number: &Natural, unit: usize, divisor: u64) -> f64 {
    // Long division, bit by bit, far enough below the last place to know how to round.
    let extra = 128;
    let total = number.bits() + unit + extra;
    let mut quotient = Natural(vec![0; total / 32 + 1]);
    let mut remainder: u128 = 0;
    for i in (0..total).rev() {
        let bit = i >= unit + extra && number.bit(i - unit - extra);
        remainder = remainder << 1 | bit as u128;
        if remainder >= divisor as u128 {
            remainder -= divisor as u128;
            quotient.0[i / 32] |= 1 << (i % 32);
        }
    }
    let quotient = quotient.trimmed();
    let bits = quotient.bits();
    if bits == 0 {
        return 0.0;
    }
    // Bit `extra` of the quotient has the weight of the least double.
    let lowest = bits.saturating_sub(53).max(extra);
    let mut mantissa = 0u64;
    for i in (lowest..bits).rev() {
        mantissa = mantissa << 1 | quotient.bit(i) as u64;
    }
    let half = quotient.bit(lowest - 1);
    let rest = remainder != 0 || (0..lowest - 1).any(|i| quotient.bit(i));
    if half && (rest || mantissa & 1 == 1) {
        mantissa += 1;
    }
    let mut exponent = lowest - extra;
    if mantissa == 1 << 53 {
        mantissa >>= 1;
        exponent += 1;
    }
    if mantissa < 1 << 52 {
        return f64::from_bits(mantissa);
    }
    if exponent + 1 >= 0x7ff {
        return f64::INFINITY;
    }
    f64::from_bits((mantissa - (1 << 52)) | ((exponent as u64 + 1) << 52))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn one_value_is_itself() {
        let mut random = Random::new(7);
        for _ in 0..2000 {
            let x = f64::from_bits(random.word());
            if x.is_finite() {
                assert_eq!(sum_over(&[x], 1), x);
            }
        }
    }

    #[test]
    fn two_values_round_as_the_processor_does() {
        let mut random = Random::new(8);
        for _ in 0..2000 {
            let a = f64::from_bits(random.word());
            let b = f64::from_bits(a.to_bits() ^ (random.word() >> (8 + random.below(50))));
            if a.is_finite() && b.is_finite() {
                assert_eq!(sum_over(&[a, b], 1), a + b, "{a:e} + {b:e}");
            }
        }
    }

    #[test]
    fn means_round_once() {
        assert_eq!(mean(&[1, 2]), 1.5);
        assert_eq!(mean(&[1, 1, 2]), 4.0 / 3.0);
        assert_eq!(mean(&[i64::MAX, i64::MAX]), i64::MAX as f64);
        assert_eq!(mean(&[i64::MIN, 1]), (i64::MIN as f64 + 1.0) / 2.0);
        assert_eq!(sum_over(&[0.1, 0.2, 0.3], 3), 0.2);
        assert_eq!(sum_over(&[1e16, 1.0, -1e16], 1), 1.0);
    }
}
