//! The `sheaf` command: arguments in, reports out.
//!
//! Invariants:
//! - Thin: whatever it shows, a library returned as plain data.
//! - Standard output holds what was asked for; everything said about it goes to standard error.
//! - It ends with 0 for success, 1 for what is wrong with the program or its data, 2 for what is
//!   wrong with the command line, 130 when interrupted.

mod arguments;
mod built;
mod commands;
mod compile;
mod interrupt;
mod laws;
mod packages;
mod print;
mod progress;
mod render;
mod statistics;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As asked.
    Success,
    /// The program or its data are wrong, or a test failed.
    Failure,
    /// The command line is wrong.
    Usage,
    /// By Ctrl-C.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Success => 0,
            Outcome::Failure => 1,
            Outcome::Usage => 2,
            Outcome::Interrupted => interrupt::EXIT_CODE,
        })
    }
}

/// Lets panics of the Parquet library pass in silence: whoever reads the file says that it is damaged.
fn keep_quiet_about_damage() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map_or("", |location| location.file());
        if !file.contains("parquet-") {
            tell(panic);
        }
    }));
}

fn main() -> ExitCode {
    keep_quiet_about_damage();
    if built::holds_a_program() {
        return built::start(std::env::args_os());
    }
    let arguments = Arguments::parse_from(arguments::joined(std::env::args_os()));
    match arguments.command {
        Command::Run(run) => commands::run::run(&run),
        Command::Check(check) => commands::check::check(&check),
        Command::Test(test) => commands::test::test(&test),
        Command::Fmt(fmt) => commands::fmt::fmt(&fmt),
        Command::Explain(explain) => match (&explain.order, &explain.plan) {
            (Some(file), _) => commands::order::order(file),
            (_, Some(file)) => commands::plan::plan(file, &explain),
            _ => commands::explain::explain(explain.code.as_deref()),
        },
        Command::Build(build) => commands::build::build(&build),
        Command::Init(init) => commands::init::init(&init),
        Command::Completions(completions) => commands::completions::completions(&completions),
        Command::Man(man) => commands::completions::man(&man),
        Command::Repl(repl) => commands::repl::repl(repl.file),
        Command::Lsp => commands::lsp::serve(),
        Command::Worker => commands::worker::work(),
    }
    .into()
}
