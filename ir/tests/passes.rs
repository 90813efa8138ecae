//! What each pass makes of programs in text files: `tests/passes/<pass>/<case>.sir` is rewritten into
//! `<case>.out`, by that pass alone. A case that begins with `fires` must change, one that begins with `stays` must not.
//! A line `// sizes: a=10 b=20` says how many rows inputs have. Labels, keys and multiplicities are derived
//! when a file is read, so that files need say no more than `bag closed`. `SHEAF_BLESS=1` rewrites `.out`.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sheaf_ir::passes::{PASSES, Pass, Selection, World, optimize};
use sheaf_ir::plan::{choose, validate};
use sheaf_ir::sizes::Sizes;
use sheaf_ir::verify::verify;
use sheaf_ir::{Expr, ExprKind, Function, Program, Value, infer, text};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of test files")
        .map(|entry| entry.expect("a test file").path())
        .collect();
    paths.sort();
    paths
}

/// Just enough arithmetic for the files: engines bring their own.
fn evaluate(_: &Program, expr: &Expr) -> Option<Value> {
    let ExprKind::Call(function, arguments) = &expr.kind else {
        return match &expr.kind {
            ExprKind::Constant(value) => Some(value.clone()),
            _ => None,
        };
    };
    let values: Option<Vec<i64>> = arguments
        .iter()
        .map(|argument| match evaluate(&Program::default(), argument)? {
            Value::Int(number) => Some(number),
            _ => None,
        })
        .collect();
    let [a, b] = values?[..] else {
        return None;
    };
    match function {
        Function::Add => Some(Value::Int(a + b)),
        Function::Div => a.checked_div(b).map(Value::Int),
        Function::Lt => Some(Value::Bool(a < b)),
        _ => None,
    }
}

fn sizes(text: &str) -> Sizes {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("// sizes: "));
    let pairs = line.unwrap_or_default().split_whitespace();
    let pair = |pair: &str| {
        let (name, rows) = pair.split_once('=').expect("name=rows");
        (name.to_string(), rows.parse().expect("a number of rows"))
    };
    Sizes {
        rows: pairs.map(pair).collect(),
    }
}

fn assert_right(program: &Program, place: &str) {
    if let Err(violations) = verify(program) {
        let lines: Vec<String> = violations.iter().map(|v| v.to_string()).collect();
        panic!("{place}:\n{}\n{}", lines.join("\n"), text::print(program));
    }
}

fn check(pass: &Pass, path: &Path) {
    let place = path.display().to_string();
    let written = fs::read_to_string(path).expect("a readable test file");
    let sizes = sizes(&written);
    let mut program = text::parse(&written).unwrap_or_else(|error| panic!("{place}:{error}"));
    infer::annotate(&mut program);
    assert_right(&program, &place);
    let before = text::print(&program);
    let world = World {
        sizes: &sizes,
        evaluate: &evaluate,
    };
    let selection = Selection::Only(BTreeSet::from([pass.name.to_string()]));
    let applied = optimize(&mut program, &selection, &world);
    let changes: usize = applied.iter().map(|applied| applied.changes).sum();
    assert_right(&program, &place);
    validate(&program, &choose(&program, &sizes)).unwrap_or_else(|e| panic!("{place}: {e:?}"));
    let after = text::print(&program);
    let name = path.file_stem().expect("a name").to_string_lossy();
    if name.starts_with("stays") {
        assert_eq!((changes, after), (0, before), "{place}");
        return;
    }
    assert!(name.starts_with("fires"), "{place}: fires or stays");
    assert!(changes > 0, "{place}: nothing changed");
    assert_ne!(after, before, "{place}");
    let expected = path.with_extension("out");
    if std::env::var_os("SHEAF_BLESS").is_some() {
        fs::write(expected, after).expect("a writable test file");
    } else {
        let expected = fs::read_to_string(expected).expect("what is expected");
        assert_eq!(after, expected, "{place}");
    }
}

#[test]
fn each_pass_does_what_its_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let known: BTreeSet<String> = PASSES.iter().map(|pass| pass.name.to_string()).collect();
    let folders: BTreeSet<String> = entries(&folder)
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect();
    assert_eq!(folders, known, "each pass has its folder");
    for pass in PASSES {
        let files = entries(&folder.join(pass.name));
        let is_case = |path: &&PathBuf| path.extension().is_some_and(|e| e == "sir");
        let cases: Vec<&PathBuf> = files.iter().filter(is_case).collect();
        for kind in ["fires", "stays"] {
            let name = |path: &&PathBuf| {
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            };
            assert!(
                cases.iter().any(|path| name(path).starts_with(kind)),
                "{} has no case that {kind}",
                pass.name
            );
        }
        cases.into_iter().for_each(|path| check(pass, path));
    }
}
