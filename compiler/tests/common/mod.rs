//! What several tests need.
#![allow(dead_code)]

use sheaf_compiler::syntax::ast::{File, Item, ItemKind};

/// The programs beside the tests: name and text.
pub fn programs() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
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
