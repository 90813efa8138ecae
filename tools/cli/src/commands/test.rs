//! `sheaf test FILE|FOLDER…`

use std::io::stderr;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sheaf_compiler::lower::{ExpectationKind, lower_test};
use sheaf_compiler::source::{FileId, Sources};
use sheaf_node::environment::System;
use sheaf_node::run::{Failure, RunError};
use sheaf_node::testing::{Bench, Divergence, Expected, Given, Holds, Seeds, TestCase, Verdict};

use crate::arguments::Test;
use crate::compile::{self, Compiled, Loaded};
use crate::render::Pen;
use crate::{Outcome, interrupt, print};

/// Failed rows of a test that are shown.
const SHOWN: usize = 5;

/// What became of some tests.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// Programs that could not be compiled.
    broken: u64,
}

/// Runs the test blocks of programs.
pub fn test(arguments: &Test) -> Outcome {
    let system = System::default();
    let cancel = interrupt::watch(&system);
    let seeds = match arguments.seed {
        Some(seed) => Seeds::Only(seed),
        None => Seeds::First(arguments.seeds),
    };
    let mut tally = Tally::default();
    let mut bench = Bench::new(arguments.kernels.into());
    for path in &arguments.paths {
        let files = match compile::programs(path, &system) {
            Ok(files) => files,
            Err(error) => {
                print::error(error, &[]);
                return Outcome::Usage;
            }
        };
        for file in files {
            let only = arguments.only.as_deref();
            let ended = run_file(&file, &system, only, seeds, &mut bench, &cancel, &mut tally);
            match ended {
                Ok(()) => {}
                Err(RunError::Interrupted) => return Outcome::Interrupted,
                Err(error) => {
                    print::error(&error, error.help());
                    return Outcome::Failure;
                }
            }
        }
    }
    let Tally {
        passed,
        failed,
        broken,
    } = tally;
    if let Some(name) = &arguments.only
        && passed + failed + broken == 0
    {
        print::error(format_args!("there is no test \"{name}\""), &[]);
        return Outcome::Failure;
    }
    let mut summary = format!("{} passed, {failed} failed", print::count(passed, "test"));
    if broken > 0 {
        summary += &format!(", {} did not compile", print::count(broken, "program"));
    }
    print::line(summary);
    if failed + broken > 0 {
        Outcome::Failure
    } else {
        Outcome::Success
    }
}

fn run_file(
    file: &Path,
    system: &System,
    only: Option<&str>,
    seeds: Seeds,
    bench: &mut Bench,
    cancel: &AtomicBool,
    tally: &mut Tally,
) -> Result<(), RunError> {
    let compiled = match compile::load(file, system) {
        Ok(Loaded::Source(compiled)) => compiled,
        Ok(Loaded::Graph(_)) => {
            print::error(format_args!("{} has no test blocks", file.display()), &[]);
            tally.broken += 1;
            return Ok(());
        }
        Err(error) => {
            print::error(error, &[]);
            tally.broken += 1;
            return Ok(());
        }
    };
    compiled.complain();
    if !compiled.is_sound() || compiled.refuse_live() {
        tally.broken += 1;
        return Ok(());
    }
    for (index, test) in compiled.program.tests.iter().enumerate() {
        if only.is_some_and(|only| only != test.name) {
            continue;
        }
        let Some(case) = case(&compiled, index) else {
            continue;
        };
        let name = format!("{}: {}", file.display(), case.name);
        match bench.run(&case, seeds, cancel)? {
            Verdict::Passed(runs) => {
                print::line(format_args!(
                    "ok    {name} ({})",
                    print::count(runs, "shuffle")
                ));
                tally.passed += 1;
            }
            verdict => {
                print::line(format_args!("FAIL  {name}"));
                tell(&verdict, file, &compiled.sources);
                tally.failed += 1;
            }
        }
    }
    Ok(())
}

/// A test block as the node runs it.
fn case(compiled: &Compiled, index: usize) -> Option<TestCase> {
    let lowered = lower_test(&compiled.program, index)?;
    let given = lowered.given.into_iter().map(|given| Given {
        source: given.source,
        relation: given.relation,
        rows: given.rows,
    });
    let expected = lowered
        .expectations
        .into_iter()
        .map(|expectation| Expected {
            holds: match expectation.kind {
                ExpectationKind::Some => Holds::Some,
                ExpectationKind::None => Holds::None,
                ExpectationKind::True => Holds::True,
            },
            sink: expectation.sink,
            same_key: expectation.found,
            relation: expectation.relation,
            span: expectation.span,
        });
    Some(TestCase {
        name: compiled.program.tests[index].name.clone(),
        program: lowered.program,
        params: lowered.params,
        given: given.collect(),
        expected: expected.collect(),
    })
}

/// Says why a test failed.
fn tell(verdict: &Verdict, file: &Path, sources: &Sources) {
    let pen = Pen::new(&stderr());
    match verdict {
        Verdict::Passed(_) => {}
        Verdict::Failed(unmet) => {
            for unmet in unmet {
                let place = (FileId(unmet.span.file), unmet.span.start, unmet.span.end);
                let notes = match unmet.found.as_slice() {
                    [] => Vec::new(),
                    found => vec![format!("there is\n{}", found.join("\n"))],
                };
                print::say(pen.place(&unmet.message, place, &notes, sources));
                print::say("");
            }
        }
        Verdict::Errors(rows) => {
            for row in rows.iter().take(SHOWN) {
                print::say(pen.failure(&Failure::Row(row.clone()), 1, sources));
                print::say("");
            }
            if rows.len() > SHOWN {
                print::say(format_args!("… and {} more", rows.len() - SHOWN));
            }
        }
        Verdict::Diverged(divergence) => diverged(divergence, file),
    }
}

fn diverged(divergence: &Divergence, file: &Path) {
    let Divergence {
        seed,
        feeding,
        given,
        differences,
    } = divergence;
    print::say("error: the answer depends on the order of rows, batches or workers");
    print::say(format_args!("  given {}", given.join(", ")));
    print::say(format_args!("  fed in another way ({feeding}), it"));
    for difference in differences {
        print::say(format_args!("    {difference}"));
    }
    print::say("  note: this must never be: it is a mistake of Sheaf, not of the program");
    print::say(format_args!(
        "  replay it: sheaf test {} --seed {seed}",
        file.display()
    ));
}
