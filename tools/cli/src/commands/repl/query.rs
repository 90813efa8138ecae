//! A question: the program runs with one view more, whose columns are the question's variables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sheaf_compiler::check::{Memory, survey};
use sheaf_compiler::diagnostic::Diagnostic;
use sheaf_compiler::hir::print_type;
use sheaf_compiler::lower::lower;
use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_compiler::syntax::ast::{
    Condition, ConditionKind, ItemKind, Name, Pattern, PatternKind, Quantifier,
};
use sheaf_compiler::syntax::parse;
use sheaf_ide::folders::Folders;
use sheaf_node::run::{self, RunError, RunOptions, Surroundings};
use sheaf_node::sink::Format;
use signal_hook::consts::SIGINT;

use super::session::Session;
use crate::commands::run::{folder, locate};
use crate::packages::World;
use crate::print;

/// Answers a question; whether it could be answered.
pub fn ask(session: &Session, question: &str) -> bool {
    let program = session.text();
    let name = free_name(&format!("{program}{question}"));
    let Some(columns) = columns(session, &program, &name, question) else {
        return false;
    };
    let is_ground = columns.is_empty();
    let (declared, head) = match is_ground {
        true => ("holds: Bool".to_owned(), "true".to_owned()),
        false => {
            let declared: Vec<String> = columns
                .iter()
                .map(|(name, ty)| format!("{name}: {ty}"))
                .collect();
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            (declared.join(", "), names.join(", "))
        }
    };
    // On lines of its own, as it was typed.
    let before = format!("{program}\nview {name}({declared});\n{name}({head}) if\n");
    let text = format!("{before}{question}\n;");
    let Some(mut compiled) = session.compile(&text) else {
        return false;
    };
    if !compiled.is_sound() {
        session.complain(
            &compiled,
            Some((before.len(), question)),
            Diagnostic::is_error,
        );
        return false;
    }
    if compiled.refuse_live() {
        return false;
    }
    // Only the question is answered: no output of the program is written.
    compiled.program.outputs.clear();
    let target = if is_ground { NOWHERE } else { "-" };
    let options = RunOptions {
        base: folder(session.file()),
        outputs: BTreeMap::from([(name.clone(), target.to_owned())]),
        format: Some(Format::Table),
        ..RunOptions::default()
    };
    let cancel = Arc::new(AtomicBool::new(false));
    let watched = signal_hook::flag::register(SIGINT, cancel.clone());
    let surroundings = Surroundings {
        environment: session.world(&text),
        launch: None,
        cancel: &cancel,
        progress: &mut |_| {},
        locate: &|span| locate(span, &compiled.sources),
    };
    let ran = run::run(lower(&compiled.program), &options, surroundings);
    if let Ok(watched) = watched {
        signal_hook::low_level::unregister(watched);
    }
    match ran {
        Ok(report) => {
            if report.failures.total() > 0 {
                let told = session.told(&compiled.sources, Some((before.len(), question)));
                for failure in told.failures(&report.failures) {
                    print::say(failure);
                    print::say("");
                }
            }
            if !report.written {
                return false;
            }
            let rows = report.outputs.first().map_or(0, |output| output.rows);
            match is_ground {
                true => print::line(if rows > 0 { "yes" } else { "no" }),
                false => print::line(print::count(rows, "row")),
            }
            true
        }
        Err(RunError::Interrupted) => {
            print::say("interrupted");
            false
        }
        Err(error) => {
            print::error(&error, error.help());
            false
        }
    }
}

/// Where the one row of a question without variables is written.
const NOWHERE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// A name that stands nowhere in a text.
fn free_name(text: &str) -> String {
    let mut names = (1..).map(|number| format!("answer{number}"));
    names
        .find(|name| !text.contains(name.as_str()))
        .unwrap_or_default()
}

/// The variables that a question binds, with their types, in the order in which they stand there. If
/// the question is wrong, that is told.
fn columns(
    session: &Session,
    program: &str,
    name: &str,
    question: &str,
) -> Option<Vec<(String, String)>> {
    let before = format!("{program}\nview {name}();\n{name}() if\n");
    let text = format!("{before}{question}\n;");
    let start = before.len() as u32;
    let parsed = parse(FileId(0), &text);
    let compiled = session.compile(&text)?;
    if compiled.diagnostics.iter().any(|found| found.is_error()) {
        session.complain(
            &compiled,
            Some((before.len(), question)),
            Diagnostic::is_error,
        );
        return None;
    }
    let rule = parsed.tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Rule(rule) if rule.span.end > start => Some(rule),
        _ => None,
    })?;
    let mut bound = Vec::new();
    for condition in &rule.conditions {
        bind_condition(condition, &mut bound);
    }
    let world = session.world(&text);
    let files = World(&*world);
    let mut sources = Sources::new();
    let root = sources.add(session.file().display().to_string(), text.clone());
    let mut folders = Folders::new(session.file(), &files);
    let (_, survey) = survey(&mut sources, root, &mut folders, &mut Memory::default());
    let mut columns: Vec<(String, String)> = Vec::new();
    for bound in bound {
        let known = survey.variables.iter().find(|typed| {
            let span = Span::new(typed.span.start, typed.span.end);
            typed.file == root && span.start >= start && span.of(&text) == bound.as_str()
        });
        // A param is no variable.
        let Some(known) = known else { continue };
        if columns.iter().all(|(name, _)| name != bound.as_str()) {
            columns.push((bound.as_str().to_owned(), print_type(&known.ty)));
        }
    }
    Some(columns)
}

/// The names that a condition can bind.
fn bind_condition<'c>(condition: &'c Condition, bound: &mut Vec<&'c Name>) {
    let binds =
        |quantifier: &Quantifier| matches!(quantifier, Quantifier::Each | Quantifier::Maybe(_));
    match &condition.kind {
        ConditionKind::Atom {
            quantifier, atom, ..
        } if binds(quantifier) => {
            let arguments = atom.arguments.iter().map(|argument| &argument.value);
            for pattern in arguments.chain(&atom.value) {
                bind(pattern, bound);
            }
        }
        ConditionKind::In {
            quantifier,
            pattern,
            ..
        } if binds(quantifier) => bind(pattern, bound),
        ConditionKind::Let { pattern, .. } => bind(pattern, bound),
        _ => {}
    }
}

fn bind<'c>(pattern: &'c Pattern, bound: &mut Vec<&'c Name>) {
    match &pattern.kind {
        PatternKind::Name(name) => bound.push(name),
        PatternKind::Tuple(parts)
        | PatternKind::Constructor {
            arguments: parts, ..
        } => parts.iter().for_each(|part| bind(part, bound)),
        PatternKind::Record { fields, .. } => {
            fields.iter().for_each(|field| bind(&field.pattern, bound));
        }
        _ => {}
    }
}
