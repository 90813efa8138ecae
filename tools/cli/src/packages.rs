//! The files of modules and packages, through the environment.

use std::path::{Path, PathBuf};

use sheaf_ide::files::Files;
use sheaf_node::environment::Environment;

use crate::compile::read;

/// The files that an environment has.
pub struct World<'a>(pub &'a dyn Environment);

impl Files for World<'_> {
    fn read(&self, file: &Path) -> Result<String, String> {
        read(file, self.0)
    }

    fn list(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
        let found = self.0.list(folder, pattern);
        found.map_err(|error| error.to_string())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}
