//! Sums of floats without error, rounded once: no order, split or merge changes a bit.
//!
//! R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015): the small
//! superaccumulator, a fixed-point number that covers all floats in overlapping chunks. In front of
//! it stands a window of 128 bits, which holds all that most sums ever see.

use super::rounding::{round_binary, round_divided};

/// Chunks of 32 bits, each in 64, so that carries can wait.
const CHUNKS: usize = 67;
/// Weight of the first chunk's first bit, as a power of two: that of a subnormal's last bit, halved.
const LEAST: i32 = -1075;
/// Additions until carries must be moved on: each adds less than 2⁵² to a chunk.
const ADDITIONS: u32 = (1 << 11) - 1;
const LOW: u64 = (1 << 32) - 1;

/// An exact sum of floats: 32 bytes, and some 600 more where magnitudes differ by more than 2⁷⁰.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    /// Part of the sum, in units of 2^exponent.
    window: i128,
    exponent: i32,
    /// The rest of the sum.
    wide: Option<Box<Superaccumulator>>,
}

impl ExactSum {
    /// Adds a number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let field = (bits >> 52 & 0x7ff) as i32;
        if field == 0x7ff {
            return self.wide().add_special(x);
        }
        let fraction = (bits & ((1 << 52) - 1)) as i64;
        let (magnitude, exponent) = match field {
            0 => (fraction, LEAST + 1),
            _ => (fraction | 1 << 52, LEAST + field),
        };
        let mantissa = if bits >> 63 == 1 {
            -magnitude
        } else {
            magnitude
        };
        let shift = exponent - self.exponent;
        if (0..=73).contains(&shift)
            && let Some(sum) = self.window.checked_add((mantissa as i128) << shift)
        {
            self.window = sum;
            return;
        }
        self.add_outside(mantissa, exponent);
    }

    /// Adds a number that does not fit where the window stands.
    #[cold]
    fn add_outside(&mut self, mantissa: i64, exponent: i32) {
        /// Room below a number, for smaller ones to come; above there are 42 bits.
        const BELOW: i32 = 32;
        if mantissa == 0 {
            return;
        }
        let lower = self.exponent - exponent;
        if self.window != 0 && (0..64).contains(&lower) {
            // Moving the window down is enough if its top bits are free.
            let moved = self.window << lower;
            if moved >> lower == self.window
                && let Some(sum) = moved.checked_add(mantissa as i128)
            {
                (self.window, self.exponent) = (sum, exponent);
                return;
            }
        }
        self.empty_window();
        self.window = (mantissa as i128) << BELOW;
        self.exponent = exponent - BELOW;
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &ExactSum) {
        if let Some(wide) = &other.wide {
            self.wide().merge(wide);
        }
        if other.window != 0 {
            if self.window == 0 {
                (self.window, self.exponent) = (other.window, other.exponent);
            } else {
                self.wide().add_scaled(other.window, other.exponent);
            }
        }
    }

    /// The sum, rounded once to the nearest float; 0 over nothing.
    pub fn round(&self) -> f64 {
        self.divide(1)
    }

    /// The sum over a count, rounded once.
    pub fn divide(&self, count: u64) -> f64 {
        let Some(wide) = &self.wide else {
            let magnitude = self.window.unsigned_abs();
            let limbs = [magnitude as u64, (magnitude >> 64) as u64];
            return quotient(self.window < 0, &limbs, self.exponent, count);
        };
        let mut wide = wide.clone();
        wide.add_scaled(self.window, self.exponent);
        if let Some(special) = wide.special() {
            return special;
        }
        let (negative, limbs) = wide.magnitude();
        quotient(negative, &limbs, LEAST, count)
    }

    /// Appends the state as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.exponent.to_le_bytes());
        out.extend_from_slice(&self.window.to_le_bytes());
        if let Some(wide) = &self.wide {
            let words = wide.chunks.iter().map(|&c| c as u64).chain(wide.specials);
            words.for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        }
    }

    /// The state from all of its bytes; `None` if they are none.
    pub fn decode(bytes: &[u8]) -> Option<ExactSum> {
        let (exponent, bytes) = bytes.split_first_chunk()?;
        let (window, bytes) = bytes.split_first_chunk()?;
        let wide = if bytes.is_empty() {
            None
        } else {
            let (words, []) = bytes.as_chunks::<8>() else {
                return None;
            };
            if words.len() != CHUNKS + 3 {
                return None;
            }
            let mut words = words.iter().map(|&word| u64::from_le_bytes(word));
            Some(Box::new(Superaccumulator {
                chunks: std::array::from_fn(|_| words.next().unwrap_or(0) as i64),
                specials: std::array::from_fn(|_| words.next().unwrap_or(0)),
                // Unknown, so carries are moved on before the next addition.
                additions: ADDITIONS,
            }))
        };
        Some(ExactSum {
            window: i128::from_le_bytes(*window),
            exponent: i32::from_le_bytes(*exponent),
            wide,
        })
    }

    /// Bytes held beside the structure itself.
    pub fn bytes(&self) -> usize {
        self.wide
            .as_ref()
            .map_or(0, |_| size_of::<Superaccumulator>())
    }

    fn wide(&mut self) -> &mut Superaccumulator {
        self.wide.get_or_insert_default()
    }

    fn empty_window(&mut self) {
        if self.window != 0 {
            let (window, exponent) = (self.window, self.exponent);
            self.wide().add_scaled(window, exponent);
            self.window = 0;
        }
    }
}

fn quotient(negative: bool, limbs: &[u64], exponent: i32, count: u64) -> f64 {
    match count {
        1 => round_binary(negative, limbs, exponent, false),
        _ => round_divided(negative, limbs, exponent, count, 0),
    }
}

/// Neal's small superaccumulator.
#[derive(Clone, Debug)]
struct Superaccumulator {
    /// Chunk `i` counts units of 2^(32 i − 1075). The value is the sum over chunks, of any sign.
    chunks: [i64; CHUNKS],
    /// How many NaN, +∞ and −∞ were added.
    specials: [u64; 3],
    /// Additions since carries were moved on.
    additions: u32,
}

impl Default for Superaccumulator {
    fn default() -> Superaccumulator {
        Superaccumulator {
            chunks: [0; CHUNKS],
            specials: [0; 3],
            additions: 0,
        }
    }
}

impl Superaccumulator {
    fn add_special(&mut self, x: f64) {
        let kind = if x.is_nan() {
            0
        } else {
            1 + (x < 0.0) as usize
        };
        self.specials[kind] += 1;
    }

    /// What the sum is if a number was added that is not finite.
    fn special(&self) -> Option<f64> {
        match self.specials {
            [0, 0, 0] => None,
            [0, _, 0] => Some(f64::INFINITY),
            [0, 0, _] => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    /// Adds `value · 2^exponent`, of which all bits must be multiples of 2⁻¹⁰⁷⁵.
    fn add_scaled(&mut self, value: i128, exponent: i32) {
        let mut magnitude = value.unsigned_abs();
        if magnitude == 0 {
            return;
        }
        self.reserve(1);
        let mut position = exponent - LEAST;
        if position < 0 {
            debug_assert!(magnitude.trailing_zeros() as i32 >= -position);
            magnitude >>= -position;
            position = 0;
        }
        let sign = if value < 0 { -1 } else { 1 };
        let (mut chunk, shift) = (position as usize / 32, position as u32 % 32);
        let mut part = (magnitude as u64) << shift & LOW;
        let mut rest = magnitude >> (32 - shift);
        loop {
            self.chunks[chunk] += sign * part as i64;
            if rest == 0 {
                return;
            }
            part = rest as u64 & LOW;
            rest >>= 32;
            chunk += 1;
        }
    }

    fn merge(&mut self, other: &Superaccumulator) {
        let mut other = other.clone();
        other.carry();
        self.reserve(1);
        for (chunk, added) in self.chunks.iter_mut().zip(other.chunks) {
            *chunk += added;
        }
        for (count, added) in self.specials.iter_mut().zip(other.specials) {
            *count += added;
        }
    }

    /// Makes room for some additions.
    fn reserve(&mut self, additions: u32) {
        if self.additions + additions > ADDITIONS {
            self.carry();
        }
        self.additions += additions;
    }

    /// Moves carries on: all chunks but the last come to lie in 0 … 2³²−1, the last has the sign.
    fn carry(&mut self) {
        let mut carry = 0;
        for chunk in &mut self.chunks[..CHUNKS - 1] {
            let all = *chunk + carry;
            *chunk = (all as u64 & LOW) as i64;
            carry = all >> 32;
        }
        self.chunks[CHUNKS - 1] += carry;
        self.additions = 0;
    }

    /// Sign and magnitude, in 64-bit limbs.
    fn magnitude(mut self) -> (bool, Vec<u64>) {
        self.carry();
        let negative = self.chunks[CHUNKS - 1] < 0;
        if negative {
            self.chunks.iter_mut().for_each(|chunk| *chunk = -*chunk);
            self.carry();
        }
        let pairs = self.chunks[..CHUNKS - 1].chunks_exact(2);
        let mut limbs: Vec<u64> = pairs.map(|p| p[0] as u64 | (p[1] as u64) << 32).collect();
        limbs.push(self.chunks[CHUNKS - 1] as u64);
        (negative, limbs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An oracle that shares nothing with the code above: an integer of 2400 bits, one per entry.
    fn by_digits(numbers: &[f64]) -> f64 {
        let mut bits = [0i64; 2400];
        for x in numbers {
            let raw = x.to_bits();
            let field = (raw >> 52 & 0x7ff) as usize;
            let mantissa = raw & ((1 << 52) - 1) | ((field > 0) as u64) << 52;
            for bit in 0..53 {
                let sign = if x.is_sign_negative() { -1 } else { 1 };
                bits[field.max(1) + bit] += sign * (mantissa >> bit & 1) as i64;
            }
        }
        let settle = |bits: &mut [i64; 2400]| {
            let mut carry = 0;
            for bit in bits.iter_mut() {
                let all = *bit + carry;
                *bit = all.rem_euclid(2);
                carry = all.div_euclid(2);
            }
            carry
        };
        let negative = settle(&mut bits) < 0;
        if negative {
            bits.iter_mut().for_each(|bit| *bit = -*bit);
            settle(&mut bits);
        }
        let Some(top) = bits.iter().rposition(|&bit| bit == 1) else {
            return 0.0;
        };
        let last = top.saturating_sub(52).max(1);
        let mut mantissa = (last..=top)
            .rev()
            .fold(0u64, |m, i| m << 1 | bits[i] as u64);
        let half = bits[last - 1] == 1;
        let rest = bits[..last - 1].contains(&1);
        mantissa += (half && (rest || mantissa & 1 == 1)) as u64;
        // Two factors, because a power of two may be a subnormal that loses nothing but speed.
        let exponent = last as i32 - 1075;
        let first = exponent.max(-900);
        let magnitude = mantissa as f64 * 2f64.powi(first) * 2f64.powi(exponent - first);
        if negative { -magnitude } else { magnitude }
    }

    fn finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            3 => (-1000i32..1000).prop_map(|i| i as f64 / 8.0),
            3 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
            1 => (any::<i32>(), -60i32..60).prop_map(|(m, e)| m as f64 * 2f64.powi(e)),
            1 => prop::sample::select(vec![
                f64::MAX, f64::MIN, 5e-324, -5e-324, f64::MIN_POSITIVE, 1e16, -1e16, 1.0, 0.0, -0.0,
            ]),
        ]
    }

    fn sum(numbers: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|&x| sum.add(x));
        sum
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn sums_are_correctly_rounded(numbers in prop::collection::vec(finite(), 0..40)) {
            let expected = by_digits(&numbers);
            prop_assert_eq!(sum(&numbers).round().to_bits(), (expected + 0.0).to_bits());
        }

        #[test]
        fn order_and_split_do_not_matter(
            (numbers, shuffled) in prop::collection::vec(finite(), 0..60)
                .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
            cuts in prop::collection::vec(0usize..60, 0..4),
            count in 1u64..1 << 40,
        ) {
            let whole = sum(&numbers);
            let mut parts = ExactSum::default();
            let mut rest = &shuffled[..];
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                let mut bytes = Vec::new();
                sum(part).encode(&mut bytes);
                parts.merge(&ExactSum::decode(&bytes).unwrap());
                rest = after;
            }
            let mut last = sum(rest);
            last.merge(&parts);
            prop_assert_eq!(whole.round().to_bits(), last.round().to_bits());
            prop_assert_eq!(whole.divide(count).to_bits(), last.divide(count).to_bits());
        }

        #[test]
        fn a_mean_of_equals_is_their_value(x in finite(), count in 1usize..50) {
            let mean = sum(&vec![x; count]).divide(count as u64);
            prop_assert_eq!(mean, x);
        }
    }

    #[test]
    fn many_additions_carry() {
        let mut exact = ExactSum::default();
        for i in 0..100_000 {
            exact.add(f64::MAX / 4.0);
            exact.add(if i % 2 == 0 { 5e-324 } else { 1.0 });
        }
        for _ in 0..100_000 {
            exact.add(-f64::MAX / 4.0);
        }
        assert_eq!(exact.round(), 50_000.0);
        exact.add(-50_000.0);
        assert_eq!(exact.round(), 50_000.0 * 5e-324);
    }

    #[test]
    fn what_is_not_finite() {
        let inf = f64::INFINITY;
        assert_eq!(sum(&[1.0, inf]).round(), inf);
        assert_eq!(sum(&[-inf, 1.0, -inf]).divide(7), -inf);
        assert!(sum(&[inf, 1.0, -inf]).round().is_nan());
        assert!(sum(&[f64::NAN, inf]).divide(2).is_nan());
        assert_eq!(sum(&[f64::MAX, f64::MAX]).round(), inf);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]).round(), f64::MAX);
    }
}
