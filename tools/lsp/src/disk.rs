//! The files of this machine.

use std::path::{Path, PathBuf};

use sheaf_ide::files::Files;

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// What is never looked into for programs.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];

impl Files for Disk {
    fn read(&self, file: &Path) -> Result<String, String> {
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| fail(&error))?;
        String::from_utf8(bytes).map_err(|_| fail(&"it is not UTF-8 text"))
    }

    fn list(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
        if !pattern.contains('*') {
            let file = folder.join(pattern);
            return Ok(if file.is_file() {
                vec![file]
            } else {
                Vec::new()
            });
        }
        let pattern = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(pattern);
        let found = glob::glob(&pattern.to_string_lossy()).map_err(|error| error.to_string())?;
        let found = found.filter_map(Result::ok).filter(|file| file.is_file());
        let is_skipped = |file: &PathBuf| {
            let below = file.strip_prefix(folder).unwrap_or(file);
            below
                .iter()
                .any(|part| SKIPPED.iter().any(|skipped| part == *skipped))
        };
        Ok(found.filter(|file| !is_skipped(file)).collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}
