//! `sheaf run FILE`

use std::io::stderr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sheaf_compiler::source::{FileId, Sources};
use sheaf_ir::{Program, Span};
use sheaf_node::environment::System;
use sheaf_node::run::{
    self, Failures, Launch, OnError as NodeOnError, RunError, RunOptions, RunReport, Surroundings,
};
use sheaf_node::sink::Format;

use crate::arguments::{self, OnError, OutputFormat, Run, StatsFormat};
use crate::compile;
use crate::progress::Line;
use crate::render::Pen;
use crate::{Outcome, interrupt, print, statistics};

/// Failed rows that are shown.
const SHOWN: usize = 10;

/// Runs the program in a file, or answers a question about it.
pub fn run(arguments: &Run) -> Outcome {
    if arguments.asks() {
        return super::why::why(arguments);
    }
    execute(arguments, |system| {
        compile::runnable(&arguments.file, system)
    })
}

/// Runs the program that `load` gives, with its texts.
pub fn execute(
    arguments: &Run,
    load: impl FnOnce(&System) -> Result<(Program, Sources), Outcome>,
) -> Outcome {
    let start = Instant::now();
    let system = System::default();
    let cancel = interrupt::watch(&system);
    let (program, sources) = match load(&system) {
        Ok(compiled) => compiled,
        Err(outcome) => return outcome,
    };
    let compile = start.elapsed();
    let launch = launch();
    let mut line = Line::new();
    let surroundings = Surroundings {
        environment: Arc::new(system),
        launch: Some(&launch),
        cancel: &cancel,
        progress: &mut |progress| line.show(progress),
        locate: &|span| locate(span, &sources),
    };
    let ran = run::run(program, &options(arguments), surroundings);
    drop(line);
    match ran {
        Ok(report) => tell(arguments, &report, &sources, compile),
        Err(error) => complain(&error),
    }
}

/// How worker processes are started.
pub fn launch() -> Box<Launch<'static>> {
    Box::new(|| {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("worker");
        Ok(command)
    })
}

/// Line and column of the start of a span.
pub fn locate(span: Span, sources: &Sources) -> Option<(u32, u32)> {
    let file = FileId(span.file);
    let is_known = sources.iter().any(|(known, _)| known == file) && span.end > 0;
    let position = is_known.then(|| sources.get(file).position(span.start))?;
    Some((position.line, position.column))
}

/// Says why there was no run.
pub fn complain(error: &RunError) -> Outcome {
    match error {
        RunError::Interrupted => return Outcome::Interrupted,
        RunError::Sink(error) if error.broken_pipe => return Outcome::Success,
        _ => {}
    }
    print::error(error, error.help());
    match error {
        RunError::Usage { .. } => Outcome::Usage,
        _ => Outcome::Failure,
    }
}

/// What a run is told.
pub fn options(arguments: &Run) -> RunOptions {
    RunOptions {
        workers: arguments.workers.map(usize::from),
        processes: usize::from(arguments.processes),
        base: folder(&arguments.file),
        inputs: arguments::by_name(&arguments.input),
        outputs: arguments::by_name(&arguments.output),
        params: arguments::by_name(&arguments.param),
        format: arguments.format.map(|format| match format {
            OutputFormat::Csv => Format::Csv,
            OutputFormat::Tsv => Format::Tsv,
            OutputFormat::Ndjson => Format::Ndjson,
            OutputFormat::Table => Format::Table,
        }),
        passes: arguments.passes.clone(),
        kernels: arguments.kernels.into(),
        on_error: match arguments.on_error {
            OnError::Fail => NodeOnError::Fail,
            OnError::Skip => NodeOnError::Skip,
            OnError::Collect => NodeOnError::Collect,
        },
        errors: arguments.errors.clone(),
    }
}

/// Where a program's relative paths begin.
pub fn folder(file: &Path) -> PathBuf {
    file.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Shows the first failed rows.
pub fn show_failures(failures: &Failures, sources: &Sources) {
    let pen = Pen::new(&stderr());
    let mut shown = 0;
    for (failure, times) in failures.iter().take(SHOWN) {
        print::say(pen.failure(failure, times, sources));
        print::say("");
        shown += times;
    }
    if failures.total() > shown {
        print::say(format_args!("… and {} more", failures.total() - shown));
    }
}

/// Says what a run did, as far as it is asked for or wrong.
fn tell(arguments: &Run, report: &RunReport, sources: &Sources, compile: Duration) -> Outcome {
    let total = report.failures.total();
    if total > 0 {
        show_failures(&report.failures, sources);
        let rows = print::count(total, "error row");
        match (&report.collected, report.written) {
            (_, false) => print::say(format_args!(
                "{rows}: no output was written (--on-error skip leaves such rows out)"
            )),
            (Some(path), true) => {
                print::say(format_args!("{rows} left out, see {}", path.display()));
            }
            (None, true) => print::say(format_args!("{rows} left out")),
        }
        for (view, reasons) in &report.affected {
            let reasons: Vec<String> = reasons.iter().map(|reason| reason.to_string()).collect();
            print::say(format_args!(
                "warning: {view} may hold other rows than it would without these errors ({})",
                reasons.join(", ")
            ));
        }
    }
    match arguments.stats {
        Some(StatsFormat::Json) => print::say(statistics::to_json(report, sources, compile)),
        Some(format) => {
            let full = format == StatsFormat::Full;
            print::say(statistics::to_table(report, compile));
            print::say("");
            print::say(statistics::to_rule_table(report, sources, full));
        }
        None => {}
    }
    if report.written {
        Outcome::Success
    } else {
        Outcome::Failure
    }
}
