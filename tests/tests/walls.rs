//! The walls of ARCHITECTURE.md, checked against what cargo knows: who may depend on whom, and
//! which crates alone may know an outside library.

use std::collections::{BTreeMap, BTreeSet};

/// Crate → the workspace crates it may use (at run time; tests may use more).
const ALLOWED: &[(&str, &[&str])] = &[
    ("sheaf-ir", &[]),
    ("sheaf-compiler", &["sheaf-ir"]),
    ("sheaf-kernels", &["sheaf-ir"]),
    ("sheaf-engine", &["sheaf-ir", "sheaf-kernels"]),
    ("sheaf-node", &["sheaf-ir", "sheaf-kernels", "sheaf-engine"]),
    ("sheaf-ide", &["sheaf-compiler", "sheaf-ir"]),
    ("sheaf-lsp", &["sheaf-compiler", "sheaf-ide"]),
    (
        "sheaf",
        &[
            "sheaf-compiler",
            "sheaf-ide",
            "sheaf-ir",
            "sheaf-lsp",
            "sheaf-node",
        ],
    ),
    // The oracle must share nothing with what it judges.
    ("sheaf-oracle", &["sheaf-compiler", "sheaf-ir"]),
    ("sheaf-tests", &[]),
    ("tree-sitter-sheaf", &[]),
];

/// Outside library → the only crates that may name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("timely", &["sheaf-engine"]),
    ("differential-dataflow", &["sheaf-engine"]),
    ("cranelift-codegen", &["sheaf-kernels"]),
    ("cranelift-frontend", &["sheaf-kernels"]),
    ("cranelift-native", &["sheaf-kernels"]),
    ("lalrpop-util", &["sheaf-compiler"]),
    ("logos", &["sheaf-compiler"]),
    ("toml", &["sheaf-compiler"]),
    ("clap", &["sheaf"]),
    ("parquet", &["sheaf-node"]),
    ("rustyline", &["sheaf"]),
    ("lsp-server", &["sheaf-lsp"]),
    ("gen-lsp-types", &["sheaf-lsp"]),
    (
        "petgraph",
        &["sheaf-ir", "sheaf-engine", "sheaf-compiler", "sheaf-node"],
    ),
];

/// Crates that must stay pure, and what they must therefore not depend on.
const PURE: &[&str] = &["sheaf-compiler", "sheaf-ide", "sheaf-ir"];
const WORLDLY: &[&str] = &[
    "tokio",
    "mio",
    "socket2",
    "tempfile",
    "glob",
    "signal-hook",
    "rayon",
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(sheaf_tests::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata");
    metadata
        .packages
        .iter()
        .map(|package| {
            let names = package
                .dependencies
                .iter()
                .filter(|d| d.kind == cargo_metadata::DependencyKind::Normal)
                .map(|d| d.name.to_string());
            (package.name.to_string(), names.collect())
        })
        .collect()
}

#[test]
fn crates_depend_only_towards_the_ir() {
    let found = dependencies();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for (name, uses) in &found {
        let allowed = allowed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} is new: say in walls.rs what it may use"));
        for used in uses.iter().filter(|used| found.contains_key(*used)) {
            assert!(
                allowed.contains(&used.as_str()),
                "{name} must not depend on {used}"
            );
        }
    }
}

#[test]
fn outside_libraries_stay_behind_their_wall() {
    for (name, uses) in dependencies() {
        for (library, owners) in OWNERS {
            assert!(
                !uses.contains(*library) || owners.contains(&name.as_str()),
                "{name} must not know {library}: only {owners:?} may"
            );
        }
        if PURE.contains(&name.as_str()) {
            for library in WORLDLY {
                assert!(
                    !uses.contains(*library),
                    "{name} is pure and must not know {library}"
                );
            }
        }
    }
}

#[test]
fn pure_crates_ban_the_outside_world() {
    for folder in ["compiler", "ide", "ir"] {
        let path = sheaf_tests::root().join(folder).join("clippy.toml");
        let text = std::fs::read_to_string(&path).expect("a pure crate has a clippy.toml");
        for method in [
            "std::fs::File::open",
            "std::time::Instant::now",
            "std::thread::spawn",
        ] {
            assert!(
                text.contains(method),
                "{} does not ban {method}",
                path.display()
            );
        }
    }
}
