//! What several tests need.
#![allow(dead_code)]

use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::source::Sources;
use sheaf_compiler::syntax::ast::{File, Item, ItemKind};

/// The programs beside the tests: name and text.
pub fn programs() -> Vec<(String, String)> {
    programs_in(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs"))
}

/// Live programs, each small and about one part of the language: name and text.
pub fn live_programs() -> Vec<(String, String)> {
    programs_in(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/live"))
}

fn programs_in(folder: &str) -> Vec<(String, String)> {
    let mut programs: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of programs")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(&path).expect("a program"))
        })
        .collect();
    programs.sort();
    programs
}

/// Source, messages in short form, and below each its labels, notes and helps.
pub fn report(text: &str) -> String {
    let mut sources = Sources::new();
    let root = sources.add("t", text.trim());
    let checked = check(&mut sources, root, &mut NoModules);
    let mut lines: Vec<String> = text
        .trim()
        .lines()
        .map(|line| format!("  | {line}"))
        .collect();
    for diagnostic in &checked.diagnostics {
        lines.push(diagnostic.short(&sources));
        let places = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
        for label in places.filter(|label| !label.text.is_empty()) {
            let source = sources.get(label.file);
            let at = source.position(label.span.start);
            let text = label.span.of(source.text()).lines().next().unwrap_or("");
            lines.push(format!(
                "    {}:{} `{text}`: {}",
                at.line, at.column, label.text
            ));
        }
        lines.extend(
            diagnostic
                .notes
                .iter()
                .map(|note| format!("    note: {note}")),
        );
        lines.extend(
            diagnostic
                .help
                .iter()
                .map(|help| format!("    help: {}", help.text)),
        );
    }
    lines.join("\n")
}

/// Names that a tree declares, at any depth.
pub fn declared(tree: &File) -> Vec<String> {
    let mut names = Vec::new();
    collect(&tree.items, &mut names);
    names
}

fn collect(items: &[Item], names: &mut Vec<String>) {
    for item in items {
        let name = match &item.kind {
            ItemKind::Record(item) => &item.name,
            ItemKind::Enum(item) => &item.name,
            ItemKind::TypeAlias(item) => &item.name,
            ItemKind::Function(item) => &item.signature.name,
            ItemKind::Input(item) => &item.signature.name,
            ItemKind::Param(item) => &item.name,
            ItemKind::View(item)
            | ItemKind::Table(item)
            | ItemKind::Event(item)
            | ItemKind::Message(item)
            | ItemKind::Request(item) => &item.name,
            ItemKind::Timer(item) => &item.name,
            ItemKind::Service(item) => {
                collect(&item.items, names);
                &item.name
            }
            ItemKind::Agent(item) => {
                collect(&item.items, names);
                &item.name
            }
            ItemKind::Coordinate(item) => {
                collect(&item.items, names);
                &item.name
            }
            ItemKind::Error(Some(name)) => name,
            _ => continue,
        };
        names.push(name.as_str().to_owned());
    }
}

pub mod right;
pub mod walk;
pub mod wrong;
pub mod wrong_live;
