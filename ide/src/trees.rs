//! What is kept from one check to the next: trees of texts, and the compiler's memories.
//!
//! Invariant: one tree for each file, that of the text that was asked for last, and besides it the last
//! one of a right text, of which the next may be made; the library's for good.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sheaf_compiler::check::Memory;
use sheaf_compiler::source::{FileId, Source};
use sheaf_compiler::syntax::{Parsed, parse, reparse};

/// What is kept, by the name of the file that messages print.
#[derive(Debug, Default)]
pub struct Trees {
    trees: Mutex<HashMap<String, Kept>>,
    memories: Mutex<HashMap<String, Memory>>,
}

#[derive(Debug)]
struct Kept {
    text: Arc<str>,
    tree: Arc<Parsed>,
    /// The last right text and its tree, if this one is wrong.
    right: Option<(Arc<str>, Parsed)>,
}

impl Kept {
    /// A right text and its tree, if nobody else needs the tree.
    fn into_right(self) -> Option<(Arc<str>, Parsed)> {
        match self.tree.diagnostics.is_empty() {
            true => Some((self.text, Arc::into_inner(self.tree)?)),
            false => self.right,
        }
    }
}

impl Trees {
    /// The tree of a text.
    pub fn parse(&self, file: FileId, source: &Source) -> Arc<Parsed> {
        let before = {
            let mut trees = lock(&self.trees);
            match trees.get(source.name()) {
                Some(kept) if *kept.text == *source.text() => return kept.tree.clone(),
                _ => trees.remove(source.name()).and_then(Kept::into_right),
            }
        };
        let (tree, right) = match before {
            Some((text, tree)) => {
                let (parsed, unused) = reparse(file, source.text(), &text, tree);
                (parsed, unused.map(|tree| (text, tree)))
            }
            None => (parse(file, source.text()), None),
        };
        let tree = Arc::new(tree);
        let kept = Kept {
            text: Arc::from(source.text()),
            tree: tree.clone(),
            right,
        };
        lock(&self.trees).insert(source.name().to_owned(), kept);
        tree
    }

    /// Forgets all about a file.
    pub fn forget(&self, name: &str) {
        lock(&self.trees).remove(name);
        lock(&self.memories).remove(name);
    }

    /// Takes the memory of the checks of a root file; a new one if another check has it.
    pub fn memory(&self, root: &str) -> Memory {
        lock(&self.memories).remove(root).unwrap_or_default()
    }

    /// Gives it back after the check.
    pub fn keep(&self, root: &str, memory: Memory) {
        lock(&self.memories).insert(root.to_owned(), memory);
    }
}

/// A thread that panicked while it held the lock left a whole map behind.
fn lock<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
