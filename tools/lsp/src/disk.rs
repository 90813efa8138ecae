//! The files of this machine.

use std::path::{Path, PathBuf};

use sheaf_ide::files::Files;

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// What is never looked into for programs.
const SKIPPED: &[&str] = &["target", "node_modules"];

/// The most files of one list.
const MOST: usize = 10_000;

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
        if let Some(pattern) = pattern.strip_prefix("**/") {
            let pattern = glob::Pattern::new(pattern).map_err(|error| error.to_string())?;
            let mut found = Vec::new();
            walk(folder, &pattern, &mut found);
            found.sort();
            return Ok(found);
        }
        let pattern = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(pattern);
        let found = glob::glob(&pattern.to_string_lossy()).map_err(|error| error.to_string())?;
        let found = found.filter_map(Result::ok);
        Ok(found.filter(|file| file.is_file()).collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// The files in a folder and below whose name fits. Links to folders are not followed.
fn walk(folder: &Path, pattern: &glob::Pattern, found: &mut Vec<PathBuf>) {
    // What cannot be read holds nothing.
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
            walk(&entry.path(), pattern, found);
        } else if !kind.is_dir() && pattern.matches(&name) && found.len() < MOST {
            found.push(entry.path());
        }
    }
}
