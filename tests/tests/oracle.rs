//! Random programs: the binary against a naive evaluator of the checked program.
//!
//! 500 programs by default; `SHEAF_ORACLE_PROGRAMS=20000` runs more, `SHEAF_ORACLE_SEED=17` replays
//! one and prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sheaf_compiler::check::{LoadedFile, Loader, PackageId, check};
use sheaf_compiler::hir;
use sheaf_compiler::source::Sources;
use sheaf_oracle::evaluate::{Answer, Error, evaluate};
use sheaf_oracle::generate::{Case, Output, generate};
use sheaf_oracle::random::Random;
use sheaf_oracle::write::{csv_line, json_line};
use sheaf_tests::{Project, sheaf};

/// How each program is run, every time with its input lines in another order.
const LAYOUTS: &[&[&str]] = &[
    &["--workers", "1"],
    &["--workers", "1", "--passes", "none"],
    &["--workers", "3"],
    &["--processes", "2", "--workers", "1"],
];

/// What a program said: that it means something can be seen in these.
#[derive(Clone, Copy, Default)]
struct Tally {
    programs: usize,
    /// With failed derivations.
    erring: usize,
    relations: usize,
    /// With rows.
    filled: usize,
}

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
    let results: Vec<(Tally, Vec<String>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = seeds.clone();
                scope.spawn(move || {
                    let mut failures = Vec::new();
                    let mut tally = Tally::default();
                    for seed in seeds.skip(thread).step_by(threads) {
                        match compare(seed) {
                            Ok(one) => tally.add(one),
                            Err(failure) => failures.push(format!("seed {seed}: {failure}")),
                        }
                    }
                    (tally, failures)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|w| w.join().expect("no panic"))
            .collect()
    });
    let mut tally = Tally::default();
    results.iter().for_each(|(some, _)| tally.add(*some));
    let failures: Vec<String> = results.into_iter().flat_map(|r| r.1).collect();
    let Tally {
        programs,
        erring,
        relations,
        filled,
    } = tally;
    println!(
        "{programs} programs, {erring} with error rows; {filled} of {relations} views with rows"
    );
    assert!(
        failures.is_empty(),
        "{} disagree; the first ones:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n\n")
    );
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.programs += other.programs;
        self.erring += other.erring;
        self.relations += other.relations;
        self.filled += other.filled;
    }
}

/// Runs one program everywhere; its tally, or what differs.
fn compare(seed: u64) -> Result<Tally, String> {
    let case = generate(seed);
    let program = compile(&case)?;
    let inputs = case.inputs.iter().map(|input| {
        let rows = input.rows.iter().map(|(_, row)| row.clone());
        (input.relation.clone(), rows.collect())
    });
    let inputs = inputs.collect();
    let answer = evaluate(&program, &inputs, &BTreeMap::new());
    let failed = places(&answer);
    let mut random = Random::new(seed ^ 0x5eed);
    let mut reported: Option<Vec<(Place, String)>> = None;
    for layout in LAYOUTS {
        let project = Project::new(&[("program.sheaf", &case.program)]);
        for input in &case.inputs {
            let mut lines: Vec<&String> = input.rows.iter().map(|(line, _)| line).collect();
            random.shuffle(&mut lines);
            let lines = input.header.iter().chain(lines);
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            project.write(&input.file, text);
        }
        let finished = run(project.path(), layout);
        let shown = format!("{}\n{layout:?}", case.program);
        if finished.0 != Some(0) {
            return Err(format!("{shown}\nexit {:?}\n{}", finished.0, finished.1));
        }
        for output in &case.outputs {
            let expected = written(&answer, output);
            let found = project.read(&output.file);
            if found != expected {
                let name = &output.relation;
                return Err(format!(
                    "{shown}\n{}\n{name} is\n{found}\nthe oracle says\n{expected}",
                    data(&case)
                ));
            }
        }
        // Neither workers nor passes change how often what fails where.
        let all = errors(&project);
        let before = reported.get_or_insert_with(|| all.clone());
        if *before != all {
            return Err(format!(
                "{shown}\n{}\nerrors {all:?}\nbefore {before:?}",
                data(&case)
            ));
        }
        // One error of each failed derivation, and none of any other.
        let found: BTreeSet<Place> = all.into_iter().map(|(place, _)| place).collect();
        let possible: BTreeSet<&Place> = failed.iter().flatten().collect();
        let invented = found.iter().any(|place| !possible.contains(place));
        let lost = failed
            .iter()
            .any(|derivation| derivation.is_disjoint(&found));
        if invented || lost {
            return Err(format!(
                "{shown}\n{}\nerrors {found:?}\nthe oracle says {failed:?}",
                data(&case)
            ));
        }
    }
    let relations = case.outputs.iter();
    Ok(Tally {
        programs: 1,
        erring: usize::from(!failed.is_empty()),
        relations: case.outputs.len(),
        filled: relations
            .filter(|output| !answer.relations[&output.relation].is_empty())
            .count(),
    })
}

/// The files of a case.
fn data(case: &Case) -> String {
    let mut text = String::new();
    for input in &case.inputs {
        let lines = input.rows.iter().map(|(line, _)| line);
        for line in [&input.file].into_iter().chain(&input.header).chain(lines) {
            text += line;
            text.push('\n');
        }
    }
    text
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

/// A relation as its output writes it.
fn written(answer: &Answer, output: &Output) -> String {
    let rows = answer.relations[&output.relation].keys();
    let names: Vec<&str> = output
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    match output.file.ends_with(".csv") {
        true => std::iter::once(names.join(","))
            .chain(rows.map(|row| csv_line(row, &output.columns)))
            .map(|line| line + "\n")
            .collect(),
        false => rows
            .map(|row| json_line(row, &output.columns) + "\n")
            .collect(),
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

/// Where the run says that derivations failed, with the step of the rule, in order.
fn errors(project: &Project) -> Vec<(Place, String)> {
    if !project.has("errors.ndjson") {
        return Vec::new();
    }
    let mut errors: Vec<(Place, String)> = project
        .read("errors.ndjson")
        .lines()
        .map(|line| {
            let error: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let code = error["code"].as_str().expect("a code").to_string();
            let rule = error["rule"].as_str().unwrap_or_default().to_string();
            ((code, error["start"].as_u64().expect("a place")), rule)
        })
        .collect();
    errors.sort();
    errors
}
