//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Sheaf: say what is true, not in what order to do it.
#[derive(Debug, Parser)]
#[command(name = "sheaf", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program over its inputs and write its outputs
    Run(Run),
    /// Look for mistakes without running
    Check(Check),
    /// Run the test blocks of programs, each under many shuffles
    Test(Test),
    /// A code such as E0301, or 301; without it every code is listed
    pub code: Option<String>,
    /// List where order can matter in a program, why, and what it costs
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub order: Option<PathBuf>,
}

/// Layouts of outputs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OutputFormat {
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// A JSON object a line
    Ndjson,
    /// A table for people
    Table,
}

/// Treatments of rows that fail.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnError {
    /// The run fails and writes no output
    Fail,
    /// They are left out
    Skip,
    /// They are left out and written to a file
    Collect,
}

/// Forms of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// With the text in question
    Full,
    /// One line each
    Short,
    /// One JSON object each, a line each
    Json,
}

/// Forms of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatsFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

/// Lets `--stats` stand before the program's file: only a following `json` or `table` is its value.
pub fn joined(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            joined.push(argument);
            joined.extend(arguments);
            break;
        }
        if argument != "--stats" {
            joined.push(argument);
            continue;
        }
        let format = match arguments.peek() {
            Some(next) if next == "json" || next == "table" => arguments.next(),
            _ => None,
        };
        let mut whole = OsString::from("--stats=");
        whole.push(format.unwrap_or_else(|| "table".into()));
        joined.push(whole);
    }
    joined
}

/// Pairs by name, the last one of a name.
pub fn by_name(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    pairs.iter().cloned().collect()
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("expected a name, `=` and a value".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        let words = line.split(' ').map(OsString::from);
        Arguments::try_parse_from(joined(words))
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn statistics_may_stand_anywhere() {
        for (line, format) in [
            ("sheaf run --stats a.sheaf", StatsFormat::Table),
            ("sheaf run a.sheaf --stats", StatsFormat::Table),
            ("sheaf run --stats json a.sheaf", StatsFormat::Json),
            (
                "sheaf run a.sheaf --stats json --workers 2",
                StatsFormat::Json,
            ),
        ] {
            let Command::Run(run) = parse(line).unwrap().command else {
                panic!("{line} is a run");
            };
            assert_eq!(run.stats, Some(format), "{line}");
            assert_eq!(run.file, PathBuf::from("a.sheaf"), "{line}");
        }
    }

    #[test]
    fn what_is_refused() {
        for line in [
            "sheaf run a.sheaf --input x",
            "sheaf run a.sheaf --workers 0",
            "sheaf run a.sheaf --processes 0",
            "sheaf run a.sheaf --on-error ignore",
            "sheaf test a.sheaf --seed 1 --seeds 2",
            "sheaf check",
            "sheaf walk",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
