//! Correct rounding of integers of any size, and of their quotients, to floats.

/// The float nearest to `(−1)^negative · magnitude · 2^exponent`, ties to even. `magnitude` is
/// given in 64-bit limbs, least first; `inexact` says that the true magnitude is a little greater,
/// by less than one unit, and then there must be at least 55 bits in it.
pub(crate) fn round_binary(negative: bool, magnitude: &[u64], exponent: i32, inexact: bool) -> f64 {
    let Some(top) = magnitude.iter().rposition(|&limb| limb != 0) else {
        return 0.0;
    };
    let length = 64 * top as i32 + 64 - magnitude[top].leading_zeros() as i32;
    // Weight of the last bit that the float keeps: 53 bits, or what subnormals reach.
    let last = (exponent + length - 53).max(-1074);
    if last > 971 {
        return if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let drop = last - exponent;
    let mantissa = if drop <= 0 {
        bits_from(magnitude, 0) << -drop
    } else {
        let mantissa = bits_from(magnitude, drop);
        let half = bits_from(magnitude, drop - 1) & 1 == 1;
        let rest = inexact || any_below(magnitude, drop - 1);
        mantissa + (half && (rest || mantissa & 1 == 1)) as u64
    };
    // Adding the mantissa with its leading bit to the exponent field makes normal and subnormal
    // numbers alike, and a mantissa that was rounded up to 2⁵³ carries into the exponent.
    let bits = (((last + 1074) as u64) << 52) + mantissa;
    f64::from_bits(bits | (negative as u64) << 63) + 0.0
}

/// The float nearest to `numerator / (divisor · 10^places)`, ties to even.
pub(crate) fn round_quotient(numerator: i128, divisor: u64, places: u8) -> f64 {
    const EXACT: u64 = 1 << 53;
    let unit = 10u64.checked_pow(places as u32);
    if let Some(whole) = unit.and_then(|unit| unit.checked_mul(divisor)) {
        if whole == 1 {
            return numerator as f64;
        }
        if whole <= EXACT && numerator.unsigned_abs() <= EXACT as u128 {
            // Both are floats, and IEEE division rounds correctly.
            return numerator as f64 / whole as f64;
        }
    }
    let magnitude = numerator.unsigned_abs();
    let magnitude = [magnitude as u64, (magnitude >> 64) as u64];
    round_divided(numerator < 0, &magnitude, 0, divisor, places)
}

/// The float nearest to `(−1)^negative · magnitude · 2^exponent / (divisor · 10^places)`.
pub(crate) fn round_divided(
    negative: bool,
    magnitude: &[u64],
    exponent: i32,
    divisor: u64,
    places: u8,
) -> f64 {
    const DIGITS: u8 = 19;
    let mut divisors = vec![divisor];
    let mut left = places;
    while left > 0 {
        let digits = left.min(DIGITS);
        divisors.push(10u64.pow(digits as u32));
        left -= digits;
    }
    // Each division takes away at most 64 bits; a limb more keeps the quotient exact enough.
    let limbs = divisors.len() + 1;
    let mut quotient = vec![0; limbs];
    quotient.extend_from_slice(magnitude);
    let mut inexact = false;
    for divisor in divisors {
        let mut rest = 0u128;
        for limb in quotient.iter_mut().rev() {
            let part = rest << 64 | *limb as u128;
            *limb = (part / divisor as u128) as u64;
            rest = part % divisor as u128;
        }
        inexact |= rest != 0;
    }
    round_binary(negative, &quotient, exponent - 64 * limbs as i32, inexact)
}

/// The 64 bits from a position on.
fn bits_from(magnitude: &[u64], position: i32) -> u64 {
    let (limb, shift) = (position as usize / 64, position as u32 % 64);
    let at = |limb: usize| magnitude.get(limb).copied().unwrap_or(0);
    at(limb) >> shift | at(limb + 1).unbounded_shl(64 - shift)
}

/// Whether a bit below a position is set.
fn any_below(magnitude: &[u64], position: i32) -> bool {
    let (limbs, bits) = (position as usize / 64, position as u32 % 64);
    let whole = magnitude.iter().take(limbs).any(|&limb| limb != 0);
    whole
        || magnitude
            .get(limbs)
            .is_some_and(|&limb| limb & ((1 << bits) - 1) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn integers_round_as_the_language_does(x: u128, shift in 0u32..128) {
            let x = x >> shift;
            let limbs = [x as u64, (x >> 64) as u64];
            prop_assert_eq!(round_binary(false, &limbs, 0, false), x as f64);
        }

        #[test]
        fn decimals_round_as_their_text_does(x: i64, shift in 0u32..64, places in 0u8..=255) {
            let x = x >> shift;
            let expected: f64 = format!("{x}e-{places}").parse().unwrap();
            prop_assert_eq!(round_quotient(x as i128, 1, places), expected);
        }

        #[test]
        fn long_and_short_division_agree(x in -(1i64 << 53)..1 << 53, n in 1u64..1 << 53) {
            let magnitude = [x.unsigned_abs(), 0];
            prop_assert_eq!(round_divided(x < 0, &magnitude, 0, n, 0), x as f64 / n as f64);
        }

        #[test]
        fn floats_survive(bits: u64) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite() && x != 0.0);
            let fraction = bits & ((1 << 52) - 1);
            let field = (bits >> 52 & 0x7ff) as i32;
            let (mantissa, exponent) = match field {
                0 => (fraction, -1074),
                _ => (fraction | 1 << 52, field - 1075),
            };
            prop_assert_eq!(round_binary(x < 0.0, &[mantissa], exponent, false), x);
        }
    }

    #[test]
    fn beyond_the_greatest_is_infinite() {
        assert_eq!(round_binary(false, &[1], 1024, false), f64::INFINITY);
        assert_eq!(
            round_binary(true, &[u64::MAX], 960, false),
            f64::NEG_INFINITY
        );
        assert_eq!(round_binary(false, &[(1 << 53) - 1], 971, false), f64::MAX);
    }
}
