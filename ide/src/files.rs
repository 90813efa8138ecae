//! Where texts come from: the files of the world, and over them the texts that are open in an editor.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of the world.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read: why, in a short clause.
    fn read(&self, file: &Path) -> Result<String, String>;

    /// The files below a folder whose path from there has this form: a path, in which `*` stands for
    /// any name and `**` for any folders. Ascending.
    ///
    /// # Errors
    /// The folder cannot be read: why, in a short clause.
    fn list(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String>;

    /// The same file or folder without links and dots, so that two paths to it are equal.
    fn identity(&self, path: &Path) -> PathBuf;

    /// Whether there is such a folder.
    fn is_folder(&self, path: &Path) -> bool;
}

/// Texts that are open in an editor, by path. They hide the files of the same path.
pub type OpenTexts = BTreeMap<PathBuf, Arc<str>>;

/// Open texts over the files of the world; notes what was asked for.
pub(crate) struct Overlay<'a> {
    pub(crate) open: &'a OpenTexts,
    pub(crate) files: &'a dyn Files,
    pub(crate) asked: RefCell<BTreeSet<PathBuf>>,
}

impl Files for Overlay<'_> {
    fn read(&self, file: &Path) -> Result<String, String> {
        self.asked.borrow_mut().insert(file.to_path_buf());
        match self.open.get(file) {
            Some(text) => Ok(text.to_string()),
            None => self.files.read(file),
        }
    }

    fn list(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
        let file = folder.join(pattern);
        let is_open = self.open.contains_key(&file);
        self.asked.borrow_mut().insert(file.clone());
        match is_open {
            true => Ok(vec![file]),
            false => self.files.list(folder, pattern),
        }
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.files.identity(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.is_folder(path)
    }
}
