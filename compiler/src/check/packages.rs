//! The packages of a program: the root's, and whatever it depends on, directly or not.
//!
//! Invariants: a package is read once, however many depend on it. Each has another name. A dependency
//! that is wrong is reported here and then [`Place::Broken`], so that no `use` of it is reported again.
//! Dependencies form no circle: the one that closes it is broken.

use std::collections::{BTreeMap, BTreeSet};

use super::{LoadedFile, Loader, PackageId};
use crate::diagnostic::{Diagnostic, codes};
use crate::package::{Dependency, MANIFEST, Manifest};
use crate::source::{FileId, Sources};

/// One package, or the folder of a lone file.
struct Package {
    id: PackageId,
    /// Its `sheaf.toml`.
    file: Option<FileId>,
    /// What that says; nothing if there is none or it is wrong.
    manifest: Option<Manifest>,
    /// By name, the index of each dependency that is sound.
    dependencies: BTreeMap<String, usize>,
}

/// All packages, the root's first.
pub(super) struct Packages(Vec<Package>);

/// Where a path that `use` names leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// To a module of a package, by index and path in it.
    Module(usize, String),
    /// Into a dependency that is wrong.
    Broken,
}

impl Packages {
    pub(super) fn load(
        sources: &mut Sources,
        loader: &mut dyn Loader,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Packages {
        let mut packages = Packages(Vec::new());
        let root = match loader.manifest(PackageId::ROOT) {
            Ok(Some(loaded)) => Package::read(PackageId::ROOT, loaded, sources, diagnostics),
            Ok(None) => Package::without_manifest(),
            Err(reason) => {
                let file = sources.add(MANIFEST, "");
                let message = format!("the `{MANIFEST}` of the program cannot be read: {reason}");
                diagnostics.push(
                    Diagnostic::error(codes::NO_PACKAGE, file, Default::default(), message)
                        .help("check its permissions, and that it is a text in UTF-8"),
                );
                Package {
                    file: Some(file),
                    ..Package::without_manifest()
                }
            }
        };
        packages.0.push(root);
        let mut next = 0;
        while next < packages.0.len() {
            let manifest = packages.0[next].manifest.clone();
            for (name, dependency) in manifest.into_iter().flat_map(|m| m.dependencies) {
                match packages.depend(next, &name, &dependency, sources, loader, diagnostics) {
                    Ok(index) => {
                        packages.0[next].dependencies.insert(name, index);
                    }
                    Err(found) => diagnostics.extend(found),
                }
            }
            next += 1;
        }
        packages.cut_circles(diagnostics);
        packages
    }

    /// The index of the package that a dependency names; an error that has been told is empty.
    fn depend(
        &mut self,
        of: usize,
        name: &str,
        dependency: &Dependency,
        sources: &mut Sources,
        loader: &mut dyn Loader,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<usize, Vec<Diagnostic>> {
        let file = self.0[of].file.unwrap_or_default();
        let path = &dependency.path;
        let missing = |message: String, label: &str| {
            Diagnostic::error(codes::NO_PACKAGE, file, dependency.path_span, message)
                .label(label)
                .note("A path is relative to the folder of the `sheaf.toml` that names it.")
        };
        let Some(id) = loader.dependency(self.0[of].id, path) else {
            let message =
                format!("the package `{name}` cannot be found: there is no folder `{path}`");
            return Err(vec![
                missing(message, "no such folder").help("correct the path, or create the package"),
            ]);
        };
        let known = self.0.iter().position(|package| package.id == id);
        let index = match known {
            Some(index) => index,
            None => {
                let package = match loader.manifest(id) {
                    Ok(Some(loaded)) => Package::read(id, loaded, sources, diagnostics),
                    Ok(None) => {
                        let message =
                            format!("the folder `{path}` is no package: it has no `{MANIFEST}`");
                        return Err(vec![missing(message, "no package").help(format!(
                            "create it there: `[package]`, `name = \"{name}\"`, `version = \"0.1.0\"`"
                        ))]);
                    }
                    Err(reason) => {
                        let message = format!(
                            "the `{MANIFEST}` of package `{name}` cannot be read: {reason}"
                        );
                        return Err(vec![
                            missing(message, "needed here")
                                .help("check its permissions, and that it is a text in UTF-8"),
                        ]);
                    }
                };
                self.0.push(package);
                self.0.len() - 1
            }
        };
        let package = &self.0[index];
        let Some((manifest, there)) = package.manifest.as_ref().zip(package.file) else {
            return Err(Vec::new());
        };
        if manifest.name != name {
            let message = format!(
                "the folder `{path}` holds the package `{}`, not `{name}`",
                manifest.name
            );
            return Err(vec![
                Diagnostic::error(codes::NO_PACKAGE, file, dependency.span, message)
                    .label("another name")
                    .and_in(there, manifest.name_span, "its name")
                    .help(format!(
                        "write `{} = …`, or correct the path",
                        manifest.name
                    )),
            ]);
        }
        let first = self.0.iter().position(|package| package.name() == name);
        if let Some(first) = first.filter(|first| *first != index) {
            let message = format!("two packages of this program are called `{name}`");
            let diagnostic =
                Diagnostic::error(codes::SAME_PACKAGE_NAME, file, dependency.span, message)
                    .label("the second one");
            let other = &self.0[first];
            let diagnostic = match other.manifest.as_ref().zip(other.file) {
                Some((manifest, file)) => {
                    diagnostic.and_in(file, manifest.name_span, "the first one")
                }
                None => diagnostic,
            };
            return Err(vec![
                diagnostic.help("rename one of them, or let both paths lead to one folder"),
            ]);
        }
        Ok(index)
    }

    /// Reports each dependency that closes a circle, and removes it.
    fn cut_circles(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        let mut done = BTreeSet::new();
        // The packages on the way, each with the names of dependencies that are still to be followed.
        let names = |package: &Package| package.dependencies.keys().rev().cloned().collect();
        let mut way: Vec<(usize, Vec<String>)> = vec![(0, names(&self.0[0]))];
        while let Some((at, left)) = way.last_mut() {
            let at = *at;
            let Some(name) = left.pop() else {
                done.insert(at);
                way.pop();
                continue;
            };
            let Some(&to) = self.0[at].dependencies.get(&name) else {
                continue;
            };
            if let Some(start) = way.iter().position(|(package, _)| *package == to) {
                let circle = way[start..].iter().map(|(package, _)| *package);
                let circle: Vec<&str> = circle.map(|index| self.0[index].name()).collect();
                diagnostics.extend(self.circle(at, &name, &circle));
                self.0[at].dependencies.remove(&name);
            } else if !done.contains(&to) {
                way.push((to, names(&self.0[to])));
            }
        }
    }

    fn circle(&self, at: usize, name: &str, circle: &[&str]) -> Option<Diagnostic> {
        let package = &self.0[at];
        let dependency = package.manifest.as_ref()?.dependencies.get(name)?;
        let shown: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
        let message = match circle {
            [_] => format!("the package `{name}` depends on itself"),
            _ => format!(
                "packages depend on each other in a circle: {} → `{name}`",
                shown.join(" → ")
            ),
        };
        Some(
            Diagnostic::error(
                codes::PACKAGE_CIRCLE,
                package.file?,
                dependency.span,
                message,
            )
            .label("closes the circle")
            .help("move what both need into a package of its own, on which both depend"),
        )
    }

    /// Where a written path leads that a module of a package uses.
    pub(super) fn resolve(&self, of: usize, path: &str) -> Place {
        let (first, rest) = path.split_once('.').unwrap_or((path, path));
        let package = &self.0[of];
        match package.dependencies.get(first) {
            Some(&index) => Place::Module(index, rest.to_owned()),
            None if package.declares(first) => Place::Broken,
            None => Place::Module(of, path.to_owned()),
        }
    }

    /// What the program calls a module of a package: those of the root by their paths.
    pub(super) fn canonical(&self, package: usize, module: &str) -> String {
        let name = self.0[package].name();
        match package {
            0 => module.to_owned(),
            _ if module == name => name.to_owned(),
            _ => format!("{name}.{module}"),
        }
    }

    pub(super) fn id(&self, package: usize) -> PackageId {
        self.0[package].id
    }

    /// The name of a package; empty for a lone file's and for one whose manifest is wrong.
    pub(super) fn name(&self, package: usize) -> &str {
        self.0[package].name()
    }

    /// The names of what a package depends on, ascending.
    pub(super) fn dependencies(&self, of: usize) -> impl Iterator<Item = &str> {
        self.0[of].dependencies.keys().map(String::as_str)
    }

    /// True if it has a `sheaf.toml`.
    pub(super) fn has_manifest(&self, package: usize) -> bool {
        self.0[package].file.is_some()
    }

    /// True if its `sheaf.toml` is wrong, so that what it depends on is not known.
    pub(super) fn is_broken(&self, package: usize) -> bool {
        self.has_manifest(package) && self.0[package].manifest.is_none()
    }

    /// The package of this name, unless it is the root's, with the place of its name.
    pub(super) fn other_named(&self, name: &str) -> Option<(FileId, &Manifest)> {
        let other = self.0[1..].iter().find(|package| package.name() == name)?;
        other.file.zip(other.manifest.as_ref())
    }

    /// The place where a package says that it depends on `name`.
    pub(super) fn declared(&self, of: usize, name: &str) -> Option<(FileId, &Dependency)> {
        let package = &self.0[of];
        let dependency = package.manifest.as_ref()?.dependencies.get(name)?;
        Some((package.file?, dependency))
    }
}

impl Package {
    fn without_manifest() -> Package {
        Package {
            id: PackageId::ROOT,
            file: None,
            manifest: None,
            dependencies: BTreeMap::new(),
        }
    }

    fn read(
        id: PackageId,
        loaded: LoadedFile,
        sources: &mut Sources,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Package {
        let file = sources.add(loaded.name, loaded.text);
        let manifest = match Manifest::parse(file, sources.get(file).text()) {
            Ok(manifest) => Some(manifest),
            Err(found) => {
                diagnostics.extend(found);
                None
            }
        };
        Package {
            id,
            file: Some(file),
            manifest,
            dependencies: BTreeMap::new(),
        }
    }

    fn name(&self) -> &str {
        self.manifest.as_ref().map_or("", |manifest| &manifest.name)
    }

    fn declares(&self, name: &str) -> bool {
        let manifest = self.manifest.as_ref();
        manifest.is_some_and(|manifest| manifest.dependencies.contains_key(name))
    }
}
