//! `sheaf check FILE…`

use std::io::stdout;

use serde_json::json;
use sheaf_compiler::diagnostic::Severity;
use sheaf_node::environment::System;

use crate::arguments::{Check, MessageFormat};
use crate::compile::{self, Loaded};
use crate::render::Pen;
use crate::{Outcome, print};

/// Shows what is wrong with programs.
pub fn check(arguments: &Check) -> Outcome {
    let system = System::default();
    let pen = Pen::new(&stdout());
    let mut outcome = Outcome::Success;
    for file in &arguments.files {
        let loaded = match compile::load(file, &system) {
            Ok(loaded) => loaded,
            Err(error) => {
                print::error(error, &[]);
                outcome = Outcome::Failure;
                continue;
            }
        };
        let (errors, others) = match &loaded {
            Loaded::Source(compiled) => {
                for diagnostic in &compiled.diagnostics {
                    match arguments.format {
                        MessageFormat::Full => {
                            print::line(pen.diagnostic(diagnostic, &compiled.sources));
                            print::line("");
                        }
                        MessageFormat::Short => print::line(diagnostic.short(&compiled.sources)),
                        MessageFormat::Json => {
                            print::line(json!(diagnostic.report(&compiled.sources)));
                        }
                    }
                }
                let is_error = |severity: Severity| severity == Severity::Error;
                let all = compiled.diagnostics.iter().map(|d| d.severity);
                let errors = all.clone().filter(|s| is_error(*s)).count();
                (errors as u64, (all.count() - errors) as u64)
            }
            Loaded::Graph(Ok(_)) => (0, 0),
            Loaded::Graph(Err(messages)) => {
                for message in messages {
                    match arguments.format {
                        MessageFormat::Json => print::line(json!({
                            "severity": "error",
                            "file": file.display().to_string(),
                            "message": message,
                        })),
                        _ => print::line(format_args!("{}: error: {message}", file.display())),
                    }
                }
                (messages.len() as u64, 0)
            }
        };
        if errors > 0 {
            outcome = Outcome::Failure;
        }
        if arguments.format == MessageFormat::Full {
            let mut summary = match errors {
                0 => "no errors".to_string(),
                n => print::count(n, "error"),
            };
            if others > 0 {
                summary += &format!(", {}", print::count(others, "warning"));
            }
            print::say(format_args!("{}: {summary}", file.display()));
        }
    }
    outcome
}
