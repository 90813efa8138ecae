//! Hashes of words for tables in memory: multiply, then fold the halves of the product.
//!
//! Cheap and good enough for keys that nobody chose to collide; they never leave the process.

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;
const CHUNK_FACTOR: u64 = 0xA076_1D64_78BD_642F;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of one word.
#[inline(always)]
pub fn hash_word(word: u64) -> u64 {
    fold(word ^ SEED, FACTOR)
}

/// The hash of some words in order.
#[inline(always)]
pub fn hash_words(words: impl IntoIterator<Item = u64>) -> u64 {
    words
        .into_iter()
        .fold(SEED, |hash, word| fold(hash.rotate_left(23) ^ word, FACTOR))
}

/// A hash that is independent of those above, for cutting a key space into chunks.
#[inline(always)]
pub fn chunk_hash(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(FACTOR, |hash, word| {
        fold(hash.rotate_left(29) ^ word, CHUNK_FACTOR)
    })
}

/// Asks for the cache line of an element that is needed soon.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if index < slice.len() {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is inside the slice; a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().add(index).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}

/// Tables of up to this many bytes are expected in cache: prefetching them costs more than it saves.
pub const CACHED_BYTES: usize = 256 << 10;

/// How far ahead of its use a table slot is prefetched, in rows.
pub const AHEAD: usize = 12;

/// Whether a table of so many slots is too large to be kept for about so many rows: clearing it, and
/// missing the cache in it, would cost more than a new one. A chunk of a fixpoint may be a thousand
/// times larger than the next.
pub fn is_oversized(slots: usize, rows: usize) -> bool {
    slots > 1 << 14 && slots / 64 > rows
}
