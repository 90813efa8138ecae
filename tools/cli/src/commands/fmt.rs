//! `sheaf fmt FILE|FOLDER…`

use std::io::{self, Read, Write, stderr};
use std::path::Path;

use sheaf_compiler::format::format;
use sheaf_compiler::source::Sources;
use sheaf_node::environment::{Environment, System};

use crate::arguments::Fmt;
use crate::render::Pen;
use crate::{Outcome, compile, print};

/// Lays programs out, or says which are not laid out.
pub fn fmt(arguments: &Fmt) -> Outcome {
    let system = System::default();
    let mut outcome = Outcome::Success;
    let mut changed = 0;
    for path in &arguments.paths {
        if path.as_os_str() == "-" {
            if !stream(&system, arguments.check) {
                outcome = Outcome::Failure;
            }
            continue;
        }
        let files = match compile::programs(path, &system) {
            Ok(files) => files,
            Err(error) => {
                print::error(error, &[]);
                return Outcome::Usage;
            }
        };
        for file in files {
            match one(&file, &system, arguments.check) {
                Some(is_changed) => changed += u64::from(is_changed),
                None => outcome = Outcome::Failure,
            }
        }
    }
    if changed > 0 {
        let files = print::count(changed, "file");
        if arguments.check {
            print::say(format_args!("{files} not laid out; `sheaf fmt` does it"));
            outcome = Outcome::Failure;
        } else {
            print::say(format_args!("{files} laid out"));
        }
    }
    outcome
}

/// Whether a file changed, or would; `None` for what is wrong with it, which is said.
fn one(file: &Path, system: &System, is_check: bool) -> Option<bool> {
    let fail = |error: &dyn std::fmt::Display| {
        print::error(error, &[]);
        None
    };
    let text = match compile::read(file, system) {
        Ok(text) => text,
        Err(error) => return fail(&error),
    };
    let formatted = laid_out(&file.display().to_string(), &text)?;
    if formatted == text {
        return Some(false);
    }
    if is_check {
        print::line(file.display());
        return Some(true);
    }
    let written = system.create(file).and_then(|mut draft| {
        draft.write_all(formatted.as_bytes())?;
        draft.commit()
    });
    match written {
        Ok(()) => Some(true),
        Err(error) => fail(&format_args!("{}: {error}", file.display())),
    }
}

/// Standard input, laid out on standard output; whether that went well.
fn stream(system: &System, is_check: bool) -> bool {
    let mut text = String::new();
    if let Err(error) = system.stdin().read_to_string(&mut text) {
        print::error(format_args!("standard input: {error}"), &[]);
        return false;
    }
    let Some(formatted) = laid_out("<stdin>", &text) else {
        return false;
    };
    if is_check {
        return formatted == text;
    }
    match system.stdout().write_all(formatted.as_bytes()) {
        // Nobody listens any more.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            print::error(format_args!("standard output: {error}"), &[]);
            false
        }
        _ => true,
    }
}

/// The text laid out; says what is wrong with one that cannot be read.
fn laid_out(name: &str, text: &str) -> Option<String> {
    match format(text) {
        Ok(formatted) => Some(formatted),
        Err(diagnostics) => {
            let mut sources = Sources::new();
            sources.add(name.to_owned(), text.to_owned());
            let pen = Pen::new(&stderr());
            for diagnostic in &diagnostics {
                print::say(pen.diagnostic(diagnostic, &sources));
                print::say("");
            }
            None
        }
    }
}
