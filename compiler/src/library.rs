//! The text of the standard library, one module a file, and an index of what each declares.
//!
//! Invariant: the index is read off the texts, so a function that is written there is found.

macro_rules! modules {
    ($($name:literal)*) => {
        /// Every module below `std` with its text, ascending by name.
        pub const MODULES: &[(&str, &str)] = &[$(
            ($name, include_str!(concat!("../../stdlib/", $name, ".sheaf"))),
        )*];
    };
}

modules! {
    "bytes" "convert" "date" "duration" "hash" "id" "json" "list" "map" "math" "option" "set" "text" "time"
}

/// What every path into the library begins with.
pub(crate) const ROOT: &str = "std";

/// The name of a module below `std`, if there is such a one.
pub(crate) fn name(module: &str) -> Option<&'static str> {
    let mut names = MODULES.iter().map(|(name, _)| *name);
    names.find(|name| *name == module)
}

/// The text of a module below `std`.
pub fn text(module: &str) -> Option<&'static str> {
    let (_, text) = MODULES.iter().find(|(name, _)| *name == module)?;
    Some(text)
}

/// The functions that a text of the library declares for others, in the order of the text.
pub fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let line = line.strip_prefix("monotone ").unwrap_or(line);
        let rest = line.strip_prefix("fn ")?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        Some(&rest[..end])
    })
}

/// The modules that a program with this text may need: those it names, and those with a function of
/// a name that stands behind a dot, or that is known everywhere.
pub(crate) fn wanted(text: &str) -> Vec<&'static str> {
    let names = names_behind_dots(text);
    let mut wanted = Vec::new();
    for (module, declared) in MODULES {
        let is_named = names.binary_search(module).is_ok() && text.contains("std");
        if is_named || functions(declared).any(|name| names.binary_search(&name).is_ok()) {
            wanted.push(*module);
        }
    }
    if !wanted.contains(&"math") && crate::check::PRELUDE.iter().any(|name| text.contains(name)) {
        wanted.push("math");
    }
    wanted
}

fn names_behind_dots(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    // Documentation is full of examples; a chain of members may go on in the next line.
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut names: Vec<&str> = code
        .flat_map(|line| line.split('.').skip(1))
        .filter_map(|rest| {
            let rest = rest.trim_start();
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            (length > 0).then(|| &rest[..length])
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
