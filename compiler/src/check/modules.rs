//! Reads the root file and, through [`Loader`], every module that `use` names.
//!
//! Invariants: each module is read once, however often it is used, also in a circle. Modules stand in
//! an order that depends on their names alone, the root first. A service is a module of its own inside
//! the one it stands in, after all files.

use std::collections::BTreeMap;

use super::Loader;
use super::live::service::{Owner, add_services};
use crate::diagnostic::{Diagnostic, codes};
use crate::library;
use crate::source::{FileId, Sources, Span};
use crate::syntax::{ast, parse};

/// One file.
pub(super) struct Module {
    pub(super) file: FileId,
    /// `shop.prices`; empty for the root.
    pub(super) path: String,
    /// A name for people, also of the root.
    pub(super) display: String,
    pub(super) tree: ast::File,
    /// For each item: a syntax error was reported on its lines, so it may not be what was meant.
    damaged: Vec<bool>,
    /// Some of its text could not be read.
    pub(super) is_broken: bool,
    /// Modules that its `use` items name and that could be read: by path.
    pub(super) uses: Vec<String>,
    /// Paths that its `use` items name and that are there but could not be read; reported.
    pub(super) unreadable: Vec<String>,
    /// Of a service: what it is and where it stands.
    pub(super) owner: Option<Owner>,
    /// Part of the standard library.
    pub(super) is_library: bool,
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
        let items = self.tree.items.iter().zip(&self.damaged);
        items
            .filter(|(_, damaged)| !**damaged)
            .map(|(item, _)| item)
    }

    /// All the others.
    pub(super) fn damaged_items(&self) -> impl Iterator<Item = &ast::Item> {
        let items = self.tree.items.iter().zip(&self.damaged);
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
            tree: ast::File {
                span: owner.name.span,
                docs: Vec::new(),
                items,
            },
            is_broken: self.is_broken,
            uses: Vec::new(),
            unreadable: Vec::new(),
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
    let stem = root_name(sources.get(root).name());
    let mut modules = vec![read(sources, root, String::new(), stem, &mut diagnostics)];
    // What the loader said of each path.
    let mut known: BTreeMap<String, Answer> = BTreeMap::new();
    let mut next = 0;
    while next < modules.len() {
        load_library(sources, &mut modules, next, &mut diagnostics);
        let wanted = wanted(&modules[next]);
        for (candidates, span) in wanted {
            for path in candidates {
                if !known.contains_key(&path) && modules.len() < MAX_MODULES {
                    let answer = match loader.load(&path) {
                        Ok(Some(loaded)) => {
                            let file = sources.add(loaded.name, loaded.text);
                            let module =
                                read(sources, file, path.clone(), path.clone(), &mut diagnostics);
                            modules.push(module);
                            Answer::Read
                        }
                        Ok(None) => Answer::Absent,
                        Err(reason) => {
                            diagnostics.push(unreadable(modules[next].file, span, &path, &reason));
                            Answer::Unreadable
                        }
                    };
                    known.insert(path.clone(), answer);
                }
                match known.get(&path) {
                    Some(Answer::Read) => modules[next].uses.push(path),
                    Some(Answer::Unreadable) => modules[next].unreadable.push(path),
                    _ => {}
                }
            }
        }
        next += 1;
    }
    modules[1..].sort_by(|a, b| a.path.cmp(&b.path));
    add_services(&mut modules);
    (modules, diagnostics)
}

/// Reads the modules of the standard library that a module may need.
fn load_library(
    sources: &mut Sources,
    modules: &mut Vec<Module>,
    of: usize,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let wanted = library::wanted(sources.get(modules[of].file).text());
    for name in wanted {
        let path = format!("std.{name}");
        if modules.iter().any(|module| module.path == path) {
            continue;
        }
        let Some(text) = library::text(name) else {
            continue;
        };
        let file = sources.add(format!("std/{name}.sheaf"), text.to_owned());
        let mut module = read(sources, file, path.clone(), path, diagnostics);
        module.is_library = true;
        modules.push(module);
    }
}

enum Answer {
    Read,
    Absent,
    Unreadable,
}

fn read(
    sources: &Sources,
    file: FileId,
    path: String,
    display: String,
    diagnostics: &mut Vec<Diagnostic>,
) -> Module {
    let text = sources.get(file).text();
    let mut parsed = parse(file, text);
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
    diagnostics.append(&mut parsed.diagnostics);
    Module {
        file,
        path,
        display,
        tree: parsed.tree,
        damaged,
        is_broken,
        uses: Vec::new(),
        unreadable: Vec::new(),
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

/// What the `use` items of a file may mean: `use a.b.c;` may be `c` of module `a.b` or all of
/// module `a.b.c`.
fn wanted(module: &Module) -> Vec<(Vec<String>, Span)> {
    let mut wanted = Vec::new();
    for item in module.sound_items() {
        let ast::ItemKind::Use(used) = &item.kind else {
            continue;
        };
        let module: Vec<&str> = used.module.iter().map(ast::Name::as_str).collect();
        if module.first() == Some(&"std") {
            continue;
        }
        let module = module.join(".");
        if !module.is_empty() {
            wanted.push((vec![module.clone()], item.span));
        }
        for name in &used.names {
            let name = name.name.as_str();
            let full = match module.is_empty() {
                true => name.to_owned(),
                false => format!("{module}.{name}"),
            };
            if full != "std" {
                wanted.push((vec![full], item.span));
            }
        }
    }
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
