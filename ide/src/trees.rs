//! Trees of texts, kept from one check to the next.
//!
//! Invariant: one tree for each file, that of the text that was asked for last; the library's for good.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sheaf_compiler::source::{FileId, Source};
use sheaf_compiler::syntax::{Parsed, parse};

/// A text and its tree.
type Kept = (Arc<str>, Arc<Parsed>);

/// The latest tree of each file, by the name that messages print.
#[derive(Debug, Default)]
pub struct Trees {
    trees: Mutex<HashMap<String, Kept>>,
}

impl Trees {
    /// The tree of a text.
    pub fn parse(&self, file: FileId, source: &Source) -> Arc<Parsed> {
        if let Some((text, tree)) = self.trees().get(source.name())
            && **text == *source.text()
        {
            return tree.clone();
        }
        let tree = Arc::new(parse(file, source.text()));
        let kept = (Arc::from(source.text()), tree.clone());
        self.trees().insert(source.name().to_owned(), kept);
        tree
    }

    /// Forgets the tree of a file.
    pub fn forget(&self, name: &str) {
        self.trees().remove(name);
    }

    /// A thread that panicked while it held the lock left a whole map behind.
    fn trees(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
