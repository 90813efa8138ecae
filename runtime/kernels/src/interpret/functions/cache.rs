//! What was made of patterns and formats, which are mostly the same text for every row.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

/// More texts than this at once are not kept: they come from data.
const MAX_ENTRIES: usize = 64;

/// Things made of texts, by the texts' symbols.
pub(super) struct Cache<T> {
    entries: Mutex<HashMap<u64, Arc<T>>>,
}

impl<T> Default for Cache<T> {
    fn default() -> Cache<T> {
        Cache {
            entries: Mutex::default(),
        }
    }
}

impl<T> Cache<T> {
    /// What was or is now made of a symbol's text.
    pub(super) fn get(&self, symbol: u64, make: impl FnOnce() -> T) -> Arc<T> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = entries.get(&symbol) {
            return known.clone();
        }
        if entries.len() == MAX_ENTRIES {
            entries.clear();
        }
        let made = Arc::new(make());
        entries.insert(symbol, made.clone());
        made
    }
}
