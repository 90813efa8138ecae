//! Text ↔ symbol: one dictionary shared by all workers of a process.
//!
//! Invariants:
//! - Append-only: a symbol's text never moves or changes while the interner lives, so that reading
//!   it takes no lock.
//! - Equal texts have one symbol; symbols are 0, 1, 2, … without gaps.
//! - A symbol's number depends on the order of arrival. It decides no order, hash or placement;
//!   [`Interner::digest`] does.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as TableEntry;
use sheaf_ir::shard::column_digest;

/// Dictionaries that are locked one by one when a new text arrives.
const SHARDS: usize = 32;
/// Symbols in the first chunk; each further chunk doubles the total.
const FIRST_CHUNK: usize = 1 << 10;
/// Chunks of symbols that cover 32 bits.
const CHUNKS: usize = 32 - FIRST_CHUNK.ilog2() as usize + 1;
/// Texts of this many bytes or more carry a four-byte length.
const LONG: u8 = u8::MAX;
/// Bounds of a block of text.
const MIN_BLOCK: usize = 1 << 10;
const MAX_BLOCK: usize = 1 << 20;

/// A dictionary of byte strings. About 24 bytes a symbol beside its text.
pub struct Interner {
    shards: [RwLock<Shard>; SHARDS],
    chunks: [OnceLock<Box<[Entry]>>; CHUNKS],
    len: AtomicU32,
}

/// Where a symbol's text is: behind its length. Null while the symbol is not assigned.
struct Entry {
    text: AtomicPtr<u8>,
    digest: AtomicU64,
}

#[derive(Default)]
struct Shard {
    symbols: HashTable<u32>,
    /// Every block that this shard has allocated, with its size; freed when the interner is dropped.
    blocks: Vec<(*mut u8, usize)>,
    /// Bytes of the last block in use.
    used: usize,
    bytes: usize,
}

// SAFETY: the raw pointers are owned allocations of plain bytes. They are written only under the
// shard's lock and before the symbol that leads to them is published.
unsafe impl Send for Shard {}
// SAFETY: as above; shared access only reads the table.
unsafe impl Sync for Shard {}

impl Default for Interner {
    fn default() -> Interner {
        Interner::new()
    }
}

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Interner {
    /// An empty dictionary.
    pub fn new() -> Interner {
        Interner {
            shards: std::array::from_fn(|_| RwLock::default()),
            chunks: std::array::from_fn(|_| OnceLock::new()),
            len: AtomicU32::new(0),
        }
    }

    /// The symbol of a text, new or known.
    ///
    /// # Panics
    /// If the dictionary would exceed 2³² texts, or one text 4 GiB.
    pub fn intern(&self, text: &[u8]) -> u64 {
        let digest = column_digest(text);
        let hash = table_hash(digest);
        let shard = &self.shards[(digest >> 44) as usize % SHARDS];
        let same = |&symbol: &u32| self.get(symbol as u64) == text;
        let known = shard
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .symbols
            .find(hash, same)
            .copied();
        if let Some(symbol) = known {
            return symbol as u64;
        }
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let Shard {
            symbols,
            blocks,
            used,
            bytes,
        } = &mut *shard;
        let rehash = |&symbol: &u32| table_hash(self.digest(symbol as u64));
        match symbols.entry(hash, same, rehash) {
            TableEntry::Occupied(known) => *known.get() as u64,
            TableEntry::Vacant(slot) => {
                let stored = store(text, blocks, used, bytes);
                let symbol = self.publish(stored, digest);
                slot.insert(symbol);
                symbol as u64
            }
        }
    }

    /// The symbol of a text if it is known.
    pub fn find(&self, text: &[u8]) -> Option<u64> {
        let digest = column_digest(text);
        self.shards[(digest >> 44) as usize % SHARDS]
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .symbols
            .find(table_hash(digest), |&symbol| {
                self.get(symbol as u64) == text
            })
            .map(|&symbol| symbol as u64)
    }

    /// The text of a symbol.
    ///
    /// # Panics
    /// If this interner never gave that symbol.
    #[inline]
    pub fn get(&self, symbol: u64) -> &[u8] {
        let text = self.entry(symbol).text.load(Ordering::Acquire);
        assert!(!text.is_null(), "symbol {symbol} is not of this interner");
        // SAFETY: a non-null text was published after `store` wrote a length and that many bytes
        // there; the block lives as long as `self` and is never written again.
        unsafe {
            let short = *text;
            if short < LONG {
                std::slice::from_raw_parts(text.add(1), short as usize)
            } else {
                let mut length = [0; 4];
                ptr::copy_nonoverlapping(text.add(1), length.as_mut_ptr(), 4);
                std::slice::from_raw_parts(text.add(5), u32::from_le_bytes(length) as usize)
            }
        }
    }

    /// The digest of a symbol's text: [`sheaf_ir::shard::column_digest`], kept beside it.
    #[inline]
    pub fn digest(&self, symbol: u64) -> u64 {
        let entry = self.entry(symbol);
        let known = !entry.text.load(Ordering::Acquire).is_null();
        assert!(known, "symbol {symbol} is not of this interner");
        entry.digest.load(Ordering::Relaxed)
    }

    /// Number of symbols. Every symbol below it is or will at once be readable.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire) as usize
    }

    /// Whether there are no symbols.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held: texts, entries and tables.
    pub fn bytes(&self) -> usize {
        let shards: usize = self
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
                shard.bytes + shard.symbols.allocation_size()
            })
            .sum();
        shards + self.len() * size_of::<Entry>()
    }

    #[inline]
    fn entry(&self, symbol: u64) -> &Entry {
        let (chunk, offset) = place(symbol);
        self.chunks
            .get(chunk)
            .and_then(OnceLock::get)
            .map(|entries| &entries[offset])
            .unwrap_or_else(|| panic!("symbol {symbol} is not of this interner"))
    }

    /// Gives stored text the next symbol.
    fn publish(&self, text: *mut u8, digest: u64) -> u32 {
        let symbol = self.len.fetch_add(1, Ordering::AcqRel);
        assert!(symbol < u32::MAX, "more than 2³² distinct texts");
        let (chunk, offset) = place(symbol as u64);
        let entries = self.chunks[chunk].get_or_init(|| {
            let size = FIRST_CHUNK << chunk.saturating_sub(1);
            // SAFETY: zero is a valid AtomicPtr (null) and AtomicU64. Zeroed memory of large
            // chunks costs nothing until it is touched.
            unsafe { Box::<[Entry]>::new_zeroed_slice(size).assume_init() }
        });
        let entry = &entries[offset];
        entry.digest.store(digest, Ordering::Relaxed);
        entry.text.store(text, Ordering::Release);
        symbol
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        for &(block, size) in &self.blocks {
            // SAFETY: `store` made the block as a boxed slice of this size.
            drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(block, size)) });
        }
    }
}

/// Chunk and offset of a symbol: chunk 0 has the first 2¹⁰, chunk k as many as all before it.
#[inline]
fn place(symbol: u64) -> (usize, usize) {
    let symbol = symbol as usize;
    if symbol < FIRST_CHUNK {
        return (0, symbol);
    }
    let top = symbol.ilog2() as usize;
    (
        top + 1 - FIRST_CHUNK.ilog2() as usize,
        symbol - (1usize << top),
    )
}

/// The top bits of a digest choose the worker, so all texts of one worker may share them: keep
/// them from deciding the table's tags.
#[inline]
fn table_hash(digest: u64) -> u64 {
    digest ^ (digest << 20)
}

/// Copies text behind its length into the last block, or into a new one.
fn store(
    text: &[u8],
    blocks: &mut Vec<(*mut u8, usize)>,
    used: &mut usize,
    total: &mut usize,
) -> *mut u8 {
    let length = u32::try_from(text.len()).expect("a text is shorter than 4 GiB");
    let prefix = if length < LONG as u32 { 1 } else { 5 };
    let need = prefix + text.len();
    if blocks.last().is_none_or(|&(_, size)| size - *used < need) {
        let size = (*total / 8).clamp(MIN_BLOCK, MAX_BLOCK).max(need);
        let block = Box::into_raw(vec![0u8; size].into_boxed_slice());
        blocks.push((block.cast(), size));
        *used = 0;
        *total += size;
    }
    let (block, size) = *blocks.last().expect("a block was just made");
    debug_assert!(*used + need <= size);
    // SAFETY: `used + need` bytes lie within the block, and the part from `used` on is not yet
    // published to any reader.
    unsafe {
        let at = block.add(*used);
        *used += need;
        if prefix == 1 {
            *at = length as u8;
        } else {
            *at = LONG;
            ptr::copy_nonoverlapping(length.to_le_bytes().as_ptr(), at.add(1), 4);
        }
        ptr::copy_nonoverlapping(text.as_ptr(), at.add(prefix), text.len());
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn symbols_are_dense_and_stable() {
        let interner = Interner::new();
        let texts: Vec<Vec<u8>> = (0..5000)
            .map(|i| format!("text {i}").repeat(1 + i % 60).into_bytes())
            .collect();
        let symbols: Vec<u64> = texts.iter().map(|t| interner.intern(t)).collect();
        assert!(symbols.iter().copied().eq(0..5000));
        for (text, &symbol) in texts.iter().zip(&symbols) {
            assert_eq!(interner.intern(text), symbol);
            assert_eq!(interner.find(text), Some(symbol));
            assert_eq!(interner.get(symbol), text.as_slice());
            assert_eq!(interner.digest(symbol), column_digest(text));
        }
        assert_eq!(interner.len(), 5000);
        assert_eq!(interner.find(b"never seen"), None);
    }

    #[test]
    fn lengths_around_the_prefix_limit() {
        let interner = Interner::new();
        for length in [0, 1, 253, 254, 255, 256, 300_000, MAX_BLOCK + 1] {
            let text = vec![b'x'; length];
            assert_eq!(interner.get(interner.intern(&text)), text.as_slice());
        }
    }

    #[test]
    fn overhead_is_small() {
        let interner = Interner::new();
        let mut text = 0;
        for i in 0..200_000u32 {
            let t = format!("package-{i}");
            text += t.len();
            interner.intern(t.as_bytes());
        }
        let overhead = (interner.bytes() - text) as f64 / 200_000.0;
        assert!(overhead < 30.0, "{overhead} bytes a symbol");
    }

    #[test]
    fn threads_agree() {
        let interner = Arc::new(Interner::new());
        let all: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..4)
                .map(|t| {
                    let interner = interner.clone();
                    scope.spawn(move || {
                        (0..20_000u64)
                            .map(|i| (i * 7 + t * 131) % 20_000)
                            .map(|i| (i, interner.intern(i.to_string().as_bytes())))
                            .map(|(i, s)| {
                                assert_eq!(interner.get(s), i.to_string().as_bytes());
                                s
                            })
                            .collect()
                    })
                })
                .collect();
            handles.into_iter().map(|h| h.join().unwrap()).collect()
        });
        assert_eq!(interner.len(), 20_000);
        assert!(all.iter().flatten().all(|&s| s < 20_000));
    }

    #[test]
    #[should_panic(expected = "not of this interner")]
    fn a_foreign_symbol_is_refused() {
        Interner::new().get(77);
    }
}
