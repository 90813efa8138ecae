//! Random programs: the binary against a naive evaluator of the checked program.
//!
//! 500 programs by default; `SHEAF_ORACLE_PROGRAMS=20000` runs more, `SHEAF_ORACLE_SEED=17` replays
//! one and prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sheaf_compiler::check::{LoadedFile, Loader, PackageId, check};
use sheaf_compiler::hir::{self, RelationKind};
use sheaf_compiler::source::Sources;
use sheaf_ir::value::Float;
use sheaf_ir::{Type, Value};
use sheaf_oracle::evaluate::{Answer, Error, evaluate};
use sheaf_oracle::generate::{Case, generate};
use sheaf_oracle::random::Random;
use sheaf_tests::{Project, sheaf};

/// How each program is run, every time with its input lines in another order.
const LAYOUTS: &[&[&str]] = &[
    &["--workers", "1"],
    &["--workers", "3"],
    &["--processes", "2", "--workers", "1"],
];

/// An error as it can be told apart outside: its code and where in the text it begins.
type Place = (String, u64);

#[test]
fn random_programs_agree_with_the_oracle() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let seeds = match number("SHEAF_ORACLE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SHEAF_ORACLE_PROGRAMS").unwrap_or(500),
    };
    // Two cores: two programs at a time keep them busy.
    let threads = 2;
    let results: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = seeds.clone();
                scope.spawn(move || {
                    let mut failures = Vec::new();
                    let mut erring = 0;
                    for seed in seeds.skip(thread).step_by(threads) {
                        match compare(seed) {
                            Ok(errors) => erring += usize::from(errors > 0),
                            Err(failure) => failures.push(format!("seed {seed}: {failure}")),
                        }
                    }
                    (erring, failures)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|w| w.join().expect("no panic"))
            .collect()
    });
    let erring: usize = results.iter().map(|r| r.0).sum();
    let failures: Vec<String> = results.into_iter().flat_map(|r| r.1).collect();
    println!("{erring} of the programs had error rows");
    assert!(
        failures.is_empty(),
        "{} disagree; the first ones:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n\n")
    );
}

/// Runs one program everywhere; the number of errors it has, or what differs.
fn compare(seed: u64) -> Result<usize, String> {
    let case = generate(seed);
    let program = compile(&case)?;
    let inputs = read(&case, &program);
    let answer = evaluate(&program, &inputs, &BTreeMap::new());
    let failed = places(&answer);
    let mut random = Random::new(seed ^ 0x5eed);
    for layout in LAYOUTS {
        let project = Project::new(&[("program.sheaf", &case.program)]);
        for (file, header, lines) in &case.inputs {
            let mut lines = lines.clone();
            random.shuffle(&mut lines);
            project.write(file, format!("{header}\n{}", with_newlines(&lines)));
        }
        let finished = run(project.path(), layout);
        let shown = format!("{}\n{layout:?}", case.program);
        if finished.0 != Some(0) {
            return Err(format!("{shown}\nexit {:?}\n{}", finished.0, finished.1));
        }
        for name in &case.outputs {
            let expected = csv(&program, &answer, name);
            let found = project.read(&format!("{name}.csv"));
            if found != expected {
                let data = format!("{:?}", case.inputs);
                return Err(format!(
                    "{shown}\n{data}\n{name} is\n{found}\nthe oracle says\n{expected}"
                ));
            }
        }
        // One error of each failed derivation, and none of any other.
        let found = errors(&project);
        let possible: BTreeSet<&Place> = failed.iter().flatten().collect();
        let invented = found.iter().any(|place| !possible.contains(place));
        let lost = failed
            .iter()
            .any(|derivation| derivation.is_disjoint(&found));
        if invented || lost {
            let data = format!("{:?}", case.inputs);
            return Err(format!(
                "{shown}\n{data}\nerrors {found:?}\nthe oracle says {failed:?}"
            ));
        }
    }
    Ok(failed.len())
}

fn with_newlines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn run(folder: &Path, layout: &[&str]) -> (Option<i32>, String) {
    let output = sheaf(folder)
        .args([
            "run",
            "program.sheaf",
            "--on-error",
            "collect",
            "--errors",
            "errors.ndjson",
        ])
        .args(layout)
        .output()
        .expect("sheaf starts");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn compile(case: &Case) -> Result<hir::Program, String> {
    let mut sources = Sources::new();
    let root = sources.add("program.sheaf", case.program.clone());
    let checked = check(&mut sources, root, &mut NoModules);
    if checked.has_errors() {
        let wrong: Vec<String> = checked
            .diagnostics
            .iter()
            .map(|d| d.short(&sources))
            .collect();
        return Err(format!(
            "{}\nis refused: {}",
            case.program,
            wrong.join("\n")
        ));
    }
    Ok(checked.program)
}

/// Generated programs stand alone.
struct NoModules;

impl Loader for NoModules {
    fn load(&mut self, _: PackageId, _: &str) -> Result<Option<LoadedFile>, String> {
        Ok(None)
    }
}

/// The rows of the inputs as values.
fn read(case: &Case, program: &hir::Program) -> BTreeMap<String, Vec<Vec<Value>>> {
    let mut inputs = BTreeMap::new();
    for (name, relation) in &program.relations {
        let RelationKind::Input(source) = &relation.kind else {
            continue;
        };
        let (_, _, lines) = case
            .inputs
            .iter()
            .find(|i| i.0 == source.path)
            .expect("the input has a file");
        let rows = lines.iter().map(|line| {
            line.split(',')
                .zip(&source.columns)
                .map(|(cell, c)| value(cell, &c.ty))
                .collect()
        });
        inputs.insert(name.clone(), rows.collect());
    }
    inputs
}

fn value(cell: &str, ty: &Type) -> Value {
    match ty {
        Type::Option(_) if matches!(cell, "" | "\"\"") => Value::Option(None),
        Type::Option(inner) => Value::Option(Some(Box::new(value(cell, inner)))),
        Type::Int => Value::Int(cell.parse().expect("an Int")),
        Type::Nat => Value::Nat(cell.parse().expect("a Nat")),
        Type::Float => Value::Float(Float::new(cell.parse().expect("a Float"))),
        Type::Bool => Value::Bool(cell == "true"),
        Type::String => Value::String(cell.to_string()),
        other => panic!("inputs have no {other:?}"),
    }
}

/// A relation as an output writes it.
fn csv(program: &hir::Program, answer: &Answer, name: &str) -> String {
    let mut text = program.relations[name].row_names().join(",") + "\n";
    for row in answer.relations[name].keys() {
        let cells: Vec<String> = row.iter().map(|v| quoted(&plain(v))).collect();
        // A lone empty field is quoted: its line would be blank, and readers skip blank lines.
        text += match cells.as_slice() {
            [empty] if empty.is_empty() => "\"\"\n".to_string(),
            _ => cells.join(",") + "\n",
        }
        .as_str();
    }
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(x) => x.to_string(),
        Value::Int(x) | Value::Nat(x) => x.to_string(),
        Value::Float(x) => format!("{:?}", x.get()),
        Value::String(x) => x.clone(),
        Value::Option(None) => String::new(),
        Value::Option(Some(x)) => plain(x),
        Value::List(items) | Value::Set(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Value::String(x) => format!("{x:?}"),
                    Value::Float(x) if !x.get().is_finite() => format!("\"{:?}\"", x.get()),
                    other => plain(other),
                })
                .collect();
            format!("[{}]", items.join(","))
        }
        other => panic!("outputs have no {other:?}"),
    }
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_string(),
    }
}

/// Where the oracle says that derivations fail, derivation by derivation.
fn places(answer: &Answer) -> BTreeSet<BTreeSet<Place>> {
    let place = |(span, failure): &Error| (failure.code().to_string(), u64::from(span.start));
    answer
        .errors
        .iter()
        .map(|failed| failed.iter().map(place).collect())
        .collect()
}

/// Where the run says that derivations failed.
fn errors(project: &Project) -> BTreeSet<Place> {
    if !project.has("errors.ndjson") {
        return BTreeSet::new();
    }
    project
        .read("errors.ndjson")
        .lines()
        .map(|line| {
            let error: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let code = error["code"].as_str().expect("a code").to_string();
            (code, error["start"].as_u64().expect("a place"))
        })
        .collect()
}
