//! An executable that holds a program runs it: the options of `sheaf run`, and nothing else.

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Args, Command, FromArgMatches};
use sheaf_ir::{Operator, Program};
use sheaf_node::names::short;
use sheaf_node::source::scalar::type_name;

use super::{Payload, REBUILD, Unusable, payload};
use crate::arguments::{Run, joined};
use crate::commands::{run, worker};
use crate::{Outcome, print};

/// Runs the program behind this executable, as the command line says.
pub fn start(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // A run with several processes starts this executable again.
    if arguments.get(1).is_some_and(|first| first == "worker") {
        return worker::work().into();
    }
    let (payload, program) = match load() {
        Ok(loaded) => loaded,
        Err(unusable) => {
            print::error(unusable.message, &[unusable.help.to_string()]);
            return Outcome::Failure.into();
        }
    };
    let matches = command(&payload, &program).get_matches_from(joined(arguments));
    if matches.value_source("file") == Some(ValueSource::CommandLine) {
        let message = format!("{} holds its program, and takes options only", payload.name);
        let help = format!("`{} --help` lists them", payload.name);
        print::error(message, &[help]);
        return Outcome::Usage.into();
    }
    match Run::from_arg_matches(&matches) {
        Ok(run) if run.asks() => {
            let help = "ask `sheaf run` with the file of the program".to_string();
            print::error("an executable answers no questions about rows", &[help]);
            Outcome::Usage.into()
        }
        Ok(run) => run::execute(&run, |_| Ok((program, payload.sources()))).into(),
        Err(error) => error.exit(),
    }
}

fn load() -> Result<(Payload, Program), Unusable> {
    let payload = payload()?;
    let program = sheaf_ir::binary::from_bytes(&payload.program).map_err(|error| Unusable {
        message: error.to_string(),
        help: REBUILD,
    })?;
    Ok((payload, program))
}

/// The command line of the program: that of `sheaf run` without the file.
fn command(payload: &Payload, program: &Program) -> Command {
    let command = Command::new(payload.name.clone())
        .bin_name(payload.name.clone())
        .version(concat!("(built by sheaf ", env!("CARGO_PKG_VERSION"), ")"))
        .after_help(interface(program));
    let own = payload.name.clone();
    let about = match payload.about.as_str() {
        "" => "A program built by sheaf",
        about => about,
    };
    Run::augment_args(command)
        .mut_arg("file", |file| {
            file.hide(true).required(false).default_value(own)
        })
        .mut_arg("why", |why| why.hide(true))
        .mut_arg("why_not", |why_not| why_not.hide(true))
        .about(about.to_string())
}

/// What the program takes and gives, for its help.
fn interface(program: &Program) -> String {
    let mut params = String::new();
    for (name, param) in &program.params {
        let need = match param.default {
            Some(_) => "",
            None => " (needed)",
        };
        let _ = writeln!(params, "  {}: {}{need}", short(name), type_name(&param.ty));
    }
    let (mut inputs, mut outputs) = (String::new(), String::new());
    for id in program.nodes_by_name() {
        let (list, connector) = match &program.graph[id].operator {
            Operator::Source { connector } => (&mut inputs, connector),
            Operator::Sink { connector, .. } => (&mut outputs, connector),
            _ => continue,
        };
        let place = match (connector.format.as_str(), connector.path.as_str()) {
            ("given", _) => "needed",
            (format, "") => format,
            (_, path) => path,
        };
        let _ = writeln!(list, "  {} ({place})", short(&connector.relation));
    }
    let mut text = String::new();
    for (title, list) in [
        ("Parameters", params),
        ("Inputs", inputs),
        ("Outputs", outputs),
    ] {
        if !list.is_empty() {
            let _ = writeln!(text, "{title}:\n{list}");
        }
    }
    text.push_str("Relative paths begin in the current folder.");
    text
}
