//! Which shard a key belongs to: the same in every process, on every machine, for ever.
//!
//! Shard = top 12 bits of a 64-bit key digest. The digest of a one-column key is XXH3-64 (seed 0)
//! of the column's canonical bytes; that of a longer key is XXH3-64 of the columns' digests, each
//! as 8 little-endian bytes, in order; that of an empty key is 0. Digests of columns compose so
//! that a symbol's digest can be kept beside its text. Index hashes must use other bits.

use xxhash_rust::xxh3::xxh3_64;

use crate::Type;
use crate::encoding::inline_bytes;

/// Number of virtual shards; a table maps shards to workers.
pub const SHARDS: usize = 4096;

/// The digest of one column's canonical bytes.
pub fn column_digest(canonical: &[u8]) -> u64 {
    xxh3_64(canonical)
}

/// The digest of a column of an inline type, from its word. Any other column is digested from its
/// whole-value encoding, best once, beside the symbol.
pub fn inline_digest(ty: &Type, word: u64) -> u64 {
    match ty {
        Type::Bool => column_digest(&[word as u8]),
        _ => column_digest(&inline_bytes(ty, word)),
    }
}

/// The digest of a key from the digests of its columns.
pub fn key_digest(columns: &[u64]) -> u64 {
    match columns {
        [] => 0,
        [one] => *one,
        many => {
            let mut bytes = [0u8; 8 * 16];
            if many.len() <= 16 {
                for (slot, digest) in bytes.chunks_exact_mut(8).zip(many) {
                    slot.copy_from_slice(&digest.to_le_bytes());
                }
                xxh3_64(&bytes[..8 * many.len()])
            } else {
                let bytes: Vec<u8> = many.iter().flat_map(|d| d.to_le_bytes()).collect();
                xxh3_64(&bytes)
            }
        }
    }
}

/// The shard of a key digest.
pub fn shard_of(digest: u64) -> usize {
    (digest >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_digested_like_short_ones() {
        for length in 2..40u64 {
            let digests: Vec<u64> = (0..length).map(|i| column_digest(&[i as u8])).collect();
            let bytes: Vec<u8> = digests.iter().flat_map(|d| d.to_le_bytes()).collect();
            assert_eq!(key_digest(&digests), column_digest(&bytes));
        }
        assert_eq!(key_digest(&[]), 0);
        assert_eq!(key_digest(&[7]), 7);
    }

    #[test]
    fn shards_are_the_top_bits() {
        assert_eq!(shard_of(0), 0);
        assert_eq!(shard_of(u64::MAX), SHARDS - 1);
        assert_eq!(shard_of(1 << 52), 1);
    }
}
