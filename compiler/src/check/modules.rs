//! Reads the root file and, through [`Loader`], every module that `use` names.
//!
//! Invariants: each module is read once, however often it is used and by whichever path. Modules stand
//! in an order that depends on their names alone, the root first. A service is a module of its own inside
//! the one it stands in, after all files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::live::service::{Owner, add_services};
use super::packages::{Packages, Place};
use super::suggest::nearest;
use super::{LoadedFile, Loader};
use crate::diagnostic::{Diagnostic, codes};
use crate::library;
use crate::package::MANIFEST;
use crate::source::{FileId, Sources, Span};
use crate::syntax::{Parsed, ast};

/// One file.
pub(super) struct Module {
    pub(super) file: FileId,
    /// What the program calls it: `shop.prices`, and `geo.cities` in the package `geo`; empty for the
    /// root.
    pub(super) path: String,
    /// The index of the package that it belongs to.
    package: usize,
    /// A name for people, also of the root.
    pub(super) display: String,
    pub(super) tree: Tree,
    /// For each item: a syntax error was reported on its lines, so it may not be what was meant.
    damaged: Vec<bool>,
    /// Some of its text could not be read.
    pub(super) is_broken: bool,
    /// What the paths that its `use` items name lead to: written path to path of the module.
    pub(super) targets: BTreeMap<String, String>,
    /// Paths that its `use` items name and that lead nowhere; reported.
    pub(super) unreadable: BTreeSet<String>,
    /// Of a service: what it is and where it stands.
    pub(super) owner: Option<Owner>,
    /// Part of the standard library.
    pub(super) is_library: bool,
}

/// The items of a module: a file as it was parsed, or what a service holds.
pub(super) enum Tree {
    File(Arc<Parsed>),
    Service(Vec<ast::Item>),
}

impl Tree {
    fn items(&self) -> &[ast::Item] {
        match self {
            Tree::File(parsed) => &parsed.tree.items,
            Tree::Service(items) => items,
        }
    }
}

impl Module {
    /// The qualified name of what this module calls `name`.
    pub(super) fn qualify(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }
}

impl Module {
    /// The items that are as they were meant, as far as syntax can tell.
    pub(super) fn sound_items(&self) -> impl Iterator<Item = &ast::Item> {
        let items = self.tree.items().iter().zip(&self.damaged);
        items
            .filter(|(_, damaged)| !**damaged)
            .map(|(item, _)| item)
    }

    /// All the others.
    pub(super) fn damaged_items(&self) -> impl Iterator<Item = &ast::Item> {
        let items = self.tree.items().iter().zip(&self.damaged);
        items.filter(|(_, damaged)| **damaged).map(|(item, _)| item)
    }
}

impl Module {
    /// What an item of this module holds, as a module inside it.
    pub(super) fn inside(&self, owner: Owner, items: Vec<ast::Item>) -> Module {
        let name = owner.name.as_str();
        Module {
            file: self.file,
            path: self.qualify(name),
            display: self.qualify(name),
            damaged: vec![false; items.len()],
            tree: Tree::Service(items),
            is_broken: self.is_broken,
            package: self.package,
            targets: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            owner: Some(owner),
            is_library: self.is_library,
        }
    }
}

/// The most modules of one program.
const MAX_MODULES: usize = 10_000;

pub(super) fn load(
    sources: &mut Sources,
    root: FileId,
    loader: &mut dyn Loader,
) -> (Vec<Module>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let packages = Packages::load(sources, loader, &mut diagnostics);
    let stem = root_name(sources.get(root).name());
    let parsed = loader.parse(root, sources.get(root));
    let module = read(
        sources,
        root,
        0,
        String::new(),
        stem,
        parsed,
        &mut diagnostics,
    );
    let mut known = BTreeMap::new();
    if let Some(path) = loader.root() {
        known.insert((0, path), Answer::Read(String::new()));
    }
    let mut reading = Reading {
        sources,
        loader,
        packages,
        known,
        modules: vec![module],
        both: BTreeSet::new(),
        diagnostics,
    };
    let mut next = 0;
    while next < reading.modules.len() {
        reading.load_library(next);
        reading.follow(next);
        next += 1;
    }
    let Reading {
        mut modules,
        diagnostics,
        ..
    } = reading;
    modules[1..].sort_by(|a, b| a.path.cmp(&b.path));
    add_services(&mut modules);
    (modules, diagnostics)
}

/// What the loader said of a module.
#[derive(Clone)]
enum Answer {
    /// It has this path in the program.
    Read(String),
    Absent,
    Unreadable,
}

/// The modules that have been read so far, and what is needed to read others.
struct Reading<'a> {
    sources: &'a mut Sources,
    loader: &'a mut dyn Loader,
    packages: Packages,
    /// By package and path in it.
    known: BTreeMap<(usize, String), Answer>,
    modules: Vec<Module>,
    /// Names that are both a module and a package, by the package in which they are: reported.
    both: BTreeSet<(usize, String)>,
    diagnostics: Vec<Diagnostic>,
}

impl Reading<'_> {
    /// Reads every module that a module uses.
    fn follow(&mut self, user: usize) {
        let mut reported = BTreeSet::new();
        for wanted in wanted(&self.modules[user]) {
            let mut is_known = false;
            for path in wanted.paths() {
                is_known |= self.find(user, path, &wanted);
            }
            if !is_known && reported.insert(wanted.missing().to_owned()) {
                self.unknown(user, &wanted);
            }
        }
    }

    /// Whether a path leads to a module, or it has been told why not.
    fn find(&mut self, user: usize, path: &str, wanted: &Wanted) -> bool {
        let of = self.modules[user].package;
        let Place::Module(package, inner) = self.packages.resolve(of, path) else {
            self.modules[user].unreadable.insert(path.to_owned());
            return true;
        };
        let first = path.split('.').next().unwrap_or(path);
        let answer = self.read(user, package, &inner, wanted.item);
        // A module of the same path in the package itself, or a package of the same name elsewhere.
        let is_both = match package == of {
            true => {
                package == 0
                    && matches!(answer, Answer::Read(_))
                    && self.packages.other_named(first).is_some()
            }
            false => matches!(self.loader.load(self.packages.id(of), path), Ok(Some(_))),
        };
        if is_both && self.both.insert((of, first.to_owned())) {
            self.module_or_package(user, first, path, wanted);
        }
        match answer {
            Answer::Read(canonical) => {
                let targets = &mut self.modules[user].targets;
                targets.insert(path.to_owned(), canonical);
                true
            }
            Answer::Absent if !self.packages.is_broken(package) => false,
            Answer::Absent | Answer::Unreadable => {
                self.modules[user].unreadable.insert(path.to_owned());
                true
            }
        }
    }

    fn read(&mut self, user: usize, package: usize, inner: &str, item: Span) -> Answer {
        let key = (package, inner.to_owned());
        if let Some(answer) = self.known.get(&key) {
            return answer.clone();
        }
        if self.modules.len() >= MAX_MODULES {
            return Answer::Absent;
        }
        let canonical = self.packages.canonical(package, inner);
        let answer = match self.loader.load(self.packages.id(package), inner) {
            Ok(Some(LoadedFile { name, text })) => {
                let file = self.sources.add(name, text);
                let parsed = self.loader.parse(file, self.sources.get(file));
                self.modules.push(read(
                    self.sources,
                    file,
                    package,
                    canonical.clone(),
                    canonical.clone(),
                    parsed,
                    &mut self.diagnostics,
                ));
                Answer::Read(canonical)
            }
            Ok(None) => Answer::Absent,
            Err(reason) => {
                let file = self.modules[user].file;
                self.diagnostics
                    .push(unreadable(file, item, &canonical, &reason));
                Answer::Unreadable
            }
        };
        self.known.insert(key, answer.clone());
        answer
    }

    fn module_or_package(&mut self, user: usize, name: &str, path: &str, wanted: &Wanted) {
        let module = &self.modules[user];
        let message = format!("`{name}` is both a package and a part of the path of a module here");
        let mut diagnostic =
            Diagnostic::error(codes::MODULE_OR_PACKAGE, module.file, wanted.span, message)
                .label("which one?")
                .note(format!(
                    "The module `{path}` is the file `{}.sheaf` of this package.",
                    path.replace('.', "/")
                ));
        if let Some((file, dependency)) = self.packages.declared(module.package, name) {
            diagnostic = diagnostic.and_in(file, dependency.span, "the package");
        } else if let Some((file, manifest)) = self.packages.other_named(name) {
            diagnostic = diagnostic.and_in(file, manifest.name_span, "the package");
        }
        self.diagnostics
            .push(diagnostic.help("rename the file or folder"));
    }

    /// Reports a `use` whose module is not there.
    fn unknown(&mut self, user: usize, wanted: &Wanted) {
        let missing = wanted.missing();
        let of = self.modules[user].package;
        let Place::Module(package, inner) = self.packages.resolve(of, missing) else {
            return;
        };
        let file = format!("`{}.sheaf`", inner.replace('.', "/"));
        let (message, folder) = match (package == of, self.packages.name(package)) {
            (false, name) => (
                format!("the package `{name}` has no module `{inner}`"),
                format!("the folder of package `{name}`"),
            ),
            (true, "") => (
                format!("there is no module `{missing}`"),
                "the folder of the root file".to_owned(),
            ),
            (true, name) => (
                format!("there is no module `{missing}`"),
                format!("the folder of package `{name}`"),
            ),
        };
        let near = self.near(of, wanted);
        let module = &mut self.modules[user];
        let diagnostic = Diagnostic::error(codes::NO_MODULE, module.file, wanted.span, message)
            .label("its module cannot be found")
            .note(format!("A module is a file: {file}, in {folder}."));
        let diagnostic = match near {
            Some((near, span)) => {
                diagnostic.fix(format!("did you mean `{near}`?"), span, near)
            }
            None if package == of && self.packages.has_manifest(of) => diagnostic.help(format!(
                "create the file, correct the path, or name the package below `[dependencies]` of `{MANIFEST}`"
            )),
            None => diagnostic.help("create the file, or correct the path"),
        };
        self.diagnostics.push(diagnostic);
        for path in wanted.paths() {
            module.unreadable.insert(path.to_owned());
        }
    }

    /// The path of a module that is there and that a wrong path was probably meant for, and what it
    /// replaces.
    fn near(&mut self, of: usize, wanted: &Wanted) -> Option<(String, Span)> {
        for path in wanted.paths() {
            let span = match path == wanted.missing() {
                true => Some(wanted.span),
                false => wanted.whole,
            };
            let Some(span) = span else { continue };
            let mut candidates = Vec::new();
            if let Place::Module(package, inner) = self.packages.resolve(of, path) {
                let before = match package == of {
                    true => String::new(),
                    false => format!("{}.", self.packages.name(package)),
                };
                let near = self.loader.near(self.packages.id(package), &inner);
                candidates.extend(near.iter().map(|module| format!("{before}{module}")));
            }
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            let names: Vec<String> = self.packages.dependencies(of).map(str::to_owned).collect();
            if let Some(name) = nearest(first, names.iter().map(String::as_str)) {
                let path = match rest {
                    "" => name.to_owned(),
                    rest => format!("{name}.{rest}"),
                };
                if let Place::Module(package, inner) = self.packages.resolve(of, &path) {
                    let is_there = self.loader.load(self.packages.id(package), &inner);
                    candidates.extend(matches!(is_there, Ok(Some(_))).then_some(path));
                }
            }
            if let Some(near) = nearest(path, candidates.iter().map(String::as_str)) {
                return Some((near.to_owned(), span));
            }
        }
        None
    }

    /// Reads the modules of the standard library that a module may need.
    fn load_library(&mut self, of: usize) {
        let module = &self.modules[of];
        let mut wanted = library::wanted(self.sources.get(module.file).text());
        for item in module.sound_items() {
            // `use std.{text, time};`
            if let ast::ItemKind::Use(used) = &item.kind
                && matches!(&*used.module, [first] if first.as_str() == library::ROOT)
            {
                let names = used.names.iter().map(|name| name.name.as_str());
                wanted.extend(names.filter_map(library::name));
            }
        }
        for name in wanted {
            let path = format!("std.{name}");
            if self.modules.iter().any(|module| module.path == path) {
                continue;
            }
            let Some(text) = library::text(name) else {
                continue;
            };
            let file = self
                .sources
                .add(format!("std/{name}.sheaf"), text.to_owned());
            let parsed = self.loader.parse(file, self.sources.get(file));
            let mut module = read(
                self.sources,
                file,
                0,
                path.clone(),
                path,
                parsed,
                &mut self.diagnostics,
            );
            module.is_library = true;
            self.modules.push(module);
        }
    }
}

fn read(
    sources: &Sources,
    file: FileId,
    package: usize,
    path: String,
    display: String,
    parsed: Arc<Parsed>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Module {
    let text = sources.get(file).text();
    let is_broken = parsed.has_errors();
    let errors: Vec<Span> = parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| lines_of(diagnostic.primary.span, text))
        .collect();
    let damaged = parsed
        .tree
        .items
        .iter()
        .map(|item| {
            let lines = lines_of(item.span, text);
            let is_error = matches!(item.kind, ast::ItemKind::Error(_));
            is_error
                || errors
                    .iter()
                    .any(|error| error.start < lines.end && lines.start < error.end)
        })
        .collect();
    diagnostics.extend(parsed.diagnostics.iter().map(|d| d.moved_to(file)));
    Module {
        file,
        path,
        display,
        tree: Tree::File(parsed),
        damaged,
        is_broken,
        package,
        targets: BTreeMap::new(),
        unreadable: BTreeSet::new(),
        owner: None,
        is_library: false,
    }
}

/// The whole lines that a span touches, each with its line feed.
fn lines_of(span: Span, text: &str) -> Span {
    let before = text.get(..span.start as usize).unwrap_or("");
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let behind = text.get(span.end as usize..).unwrap_or("");
    let length = behind.find('\n').map_or(behind.len(), |at| at + 1);
    Span::new(start as u32, span.end + length as u32)
}

/// What one name of a `use` item may mean: `use a.b.c;` may be `c` of module `a.b` or all of module
/// `a.b.c`.
struct Wanted {
    /// `a.b`; empty in `use a;`.
    module: String,
    /// `a.b.c`
    full: String,
    item: Span,
    /// Of what stands before the last name, or of that if nothing does.
    span: Span,
    /// Of the whole path, unless a brace stands in it.
    whole: Option<Span>,
}

impl Wanted {
    fn paths(&self) -> impl Iterator<Item = &str> {
        [&self.module, &self.full]
            .into_iter()
            .map(String::as_str)
            .filter(|path| !path.is_empty())
    }

    /// The module that is missing if neither is there.
    fn missing(&self) -> &str {
        match self.module.is_empty() {
            true => &self.full,
            false => &self.module,
        }
    }
}

/// What the `use` items of a file bring in, in an order that depends on their text alone.
fn wanted(module: &Module) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for item in module.sound_items() {
        let ast::ItemKind::Use(used) = &item.kind else {
            continue;
        };
        let before = used.module.iter().map(|name| name.span);
        let before = before.reduce(Span::to);
        let path: Vec<&str> = used.module.iter().map(ast::Name::as_str).collect();
        for name in &used.names {
            let mut full = path.clone();
            full.push(name.name.as_str());
            if full[0] == library::ROOT {
                continue;
            }
            let whole = before.map_or(name.name.span, |before| before.to(name.name.span));
            wanted.push(Wanted {
                module: path.join("."),
                full: full.join("."),
                item: item.span,
                span: before.unwrap_or(name.name.span),
                whole: (used.names.len() == 1).then_some(whole),
            });
        }
    }
    wanted.sort_by(|a, b| (&a.full, a.span).cmp(&(&b.full, b.span)));
    wanted
}

fn unreadable(file: FileId, span: Span, path: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(
        codes::UNREADABLE_MODULE,
        file,
        span,
        format!("the file of module `{path}` cannot be read: {reason}"),
    )
    .label("used here")
    .help("check the file's name, place and permissions")
}

/// `examples/paths.sheaf` is `paths`.
fn root_name(display: &str) -> String {
    let file = display.rsplit(['/', '\\']).next().unwrap_or(display);
    file.strip_suffix(".sheaf").unwrap_or(file).to_owned()
}
