//! Modules and packages as files and folders: `shop.prices` is `shop/prices.sheaf`.
//!
//! Invariants: a folder is one package, whatever path leads there. A folder with a `sheaf.toml` of its
//! own is no part of the package around it. Names that messages print are relative where the program's
//! path is.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sheaf_compiler::check::{LoadedFile, Loader, PackageId};
use sheaf_compiler::package::MANIFEST;
use sheaf_compiler::source::{FileId, Source};
use sheaf_compiler::syntax::{Parsed, parse};

use crate::files::Files;
use crate::trees::Trees;

/// The files of a program and of the packages it depends on.
pub struct Folders<'a> {
    /// The folder of each package by number, as messages name it, and without links and dots.
    packages: Vec<(PathBuf, PathBuf)>,
    /// Whether the root file belongs to a package.
    is_package: bool,
    /// The root file as a module.
    root: Option<String>,
    files: &'a dyn Files,
    /// Trees of texts that have been read before.
    trees: Option<&'a Trees>,
}

impl<'a> Folders<'a> {
    /// The folders of the program with this root file: the nearest folder at or above it with a
    /// `sheaf.toml`, otherwise its own.
    pub fn new(file: &Path, files: &'a dyn Files) -> Folders<'a> {
        let own = clean(file.parent().unwrap_or(Path::new("")));
        let package = ancestors(&own, files).find(|folder| has(folder, MANIFEST, files));
        let is_package = package.is_some();
        let folder = package.unwrap_or_else(|| own.clone());
        let identity = files.identity(&folder);
        let root = files
            .identity(&own)
            .strip_prefix(&identity)
            .ok()
            .and_then(|below| module_path(&below.join(file.file_name()?)));
        Folders {
            packages: vec![(folder, identity)],
            is_package,
            root,
            files,
            trees: None,
        }
    }

    /// The same, with trees that are kept from one program to the next.
    pub fn with_trees(self, trees: &'a Trees) -> Folders<'a> {
        Folders {
            trees: Some(trees),
            ..self
        }
    }

    fn folder(&self, package: PackageId) -> &Path {
        &self.packages[package.0].0
    }

    /// Whether a folder on the way to a module is a package of its own.
    fn is_elsewhere(&self, folder: &Path, module: &str) -> bool {
        let mut inner = folder.to_path_buf();
        let mut names: Vec<&str> = module.split('.').collect();
        names.pop();
        names.into_iter().any(|name| {
            inner.push(name);
            has(&inner, MANIFEST, self.files)
        })
    }
}

impl Loader for Folders<'_> {
    fn load(&mut self, package: PackageId, module: &str) -> Result<Option<LoadedFile>, String> {
        let folder = self.folder(package);
        if self.is_elsewhere(folder, module) {
            return Ok(None);
        }
        let path = format!("{}.sheaf", module.replace('.', "/"));
        self.file(package, &path)
    }

    fn root(&self) -> Option<String> {
        self.root.clone()
    }

    fn manifest(&mut self, package: PackageId) -> Result<Option<LoadedFile>, String> {
        if package == PackageId::ROOT && !self.is_package {
            return Ok(None);
        }
        self.file(package, MANIFEST)
    }

    fn dependency(&mut self, of: PackageId, path: &str) -> Option<PackageId> {
        let folder = clean(&self.folder(of).join(path));
        let identity = self.files.identity(&folder);
        if !self.files.is_folder(&identity) {
            return None;
        }
        let known = self
            .packages
            .iter()
            .position(|(_, known)| *known == identity);
        let index = known.unwrap_or_else(|| {
            self.packages.push((folder, identity));
            self.packages.len() - 1
        });
        Some(PackageId(index))
    }

    fn parse(&mut self, file: FileId, source: &Source) -> Arc<Parsed> {
        match self.trees {
            Some(trees) => trees.parse(file, source),
            None => Arc::new(parse(file, source.text())),
        }
    }

    fn near(&mut self, package: PackageId, module: &str) -> Vec<String> {
        let folder = self.folder(package);
        let names: Vec<&str> = module.split('.').collect();
        // The path with each of its names left open, one at a time.
        let patterns = (0..names.len()).map(|open| {
            let mut names = names.clone();
            names[open] = "*";
            format!("{}.sheaf", names.join("/"))
        });
        patterns
            .filter_map(|pattern| self.files.list(folder, &pattern).ok())
            .flatten()
            .filter_map(|file| module_path(file.strip_prefix(folder).ok()?))
            .filter(|module| !self.is_elsewhere(folder, module))
            .collect()
    }
}

impl Folders<'_> {
    fn file(&self, package: PackageId, path: &str) -> Result<Option<LoadedFile>, String> {
        let found = self.files.list(self.folder(package), path)?;
        let [file] = found.as_slice() else {
            return Ok(None);
        };
        Ok(Some(LoadedFile {
            name: file.display().to_string(),
            text: self.files.read(file)?,
        }))
    }
}

fn has(folder: &Path, name: &str, files: &dyn Files) -> bool {
    let found = files.list(folder, name);
    found.is_ok_and(|files| !files.is_empty())
}

/// `shop/prices.sheaf` as a module.
fn module_path(file: &Path) -> Option<String> {
    file.extension().filter(|extension| *extension == "sheaf")?;
    let path = file.with_extension("");
    let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
    Some(names?.join("."))
}

/// A path without `.`, and without `..` where that has something to take back.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => up(&mut clean),
            other => clean.push(other),
        }
    }
    clean
}

/// Goes to the folder above.
fn up(folder: &mut PathBuf) {
    match folder.components().next_back() {
        Some(Component::Normal(_)) => {
            folder.pop();
        }
        Some(Component::RootDir | Component::Prefix(_)) => {}
        _ => folder.push(".."),
    }
}

/// A folder and all above it.
fn ancestors(folder: &Path, files: &dyn Files) -> impl Iterator<Item = PathBuf> {
    let levels = files.identity(folder).components().count();
    let mut next = folder.to_path_buf();
    (0..levels).map(move |_| {
        let folder = next.clone();
        up(&mut next);
        folder
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_dots() {
        for (path, cleaned) in [
            ("a/../b", "b"),
            ("../a/./b", "../a/b"),
            ("a/../..", ".."),
            ("/../a", "/a"),
            ("", ""),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned), "{path}");
        }
    }

    #[test]
    fn files_are_modules() {
        let path = |file: &str| module_path(Path::new(file));
        assert_eq!(path("shop/prices.sheaf").as_deref(), Some("shop.prices"));
        assert_eq!(path("shop/prices.csv"), None);
    }
}
