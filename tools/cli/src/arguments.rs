//! The command line.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sheaf_ir::passes::{PASSES, Selection};
use sheaf_node::run::Executor;

/// Sheaf: say what is true, not in what order to do it.
#[derive(Debug, Parser)]
#[command(name = "sheaf", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// Reads a command line that this process made.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_words<'w>(words: impl Iterator<Item = &'w str>) -> Result<Self, clap::Error> {
        Arguments::try_parse_from(joined(words.map(OsString::from)))
    }
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
    /// Lay programs out in the one style of the language
    Fmt(Fmt),
    /// Say what an error code means, with a wrong and a right program
    Explain(Explain),
    /// Make a program an executable of its own
    Build(Build),
    /// Start a project from a template
    Init(Init),
    /// Print a script with which a shell completes command lines of sheaf
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
    /// Type statements and questions in and see the answers
    Repl(Repl),
    /// Serve an editor over standard input and output
    Lsp,
    /// Work for a run that started this process
    #[command(hide = true)]
    Worker,
}

/// `sheaf repl`
#[derive(Debug, Args)]
pub struct Repl {
    /// A program to begin with
    pub file: Option<PathBuf>,
}

/// `sheaf run`
#[derive(Debug, Args)]
pub struct Run {
    /// The program, or its intermediate representation (.sir)
    pub file: PathBuf,
    /// Read an input from another file; `-` is standard input
    #[arg(long, value_name = "NAME=PATH", value_parser = pair)]
    pub input: Vec<(String, String)>,
    /// Give a parameter its value
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// Write an output, or any view, to another file; `-` is standard output
    #[arg(long, value_name = "NAME=PATH", value_parser = pair)]
    pub output: Vec<(String, String)>,
    /// How outputs are laid out on standard output
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<OutputFormat>,
    /// Worker threads of each process [default: one for each core, but one for small inputs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: Option<u16>,
    /// Processes on this machine
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub processes: u16,
    /// Which passes rewrite the program before it runs: `all`, `none`, or names with commas between
    #[arg(long, value_name = "PASSES", default_value = "all", value_parser = passes)]
    pub passes: Selection,
    /// Who computes expressions
    #[arg(long, value_name = "EXECUTOR", default_value = "automatic")]
    pub kernels: Kernels,
    /// What happens to rows that cannot be read or computed
    #[arg(long, value_name = "HOW", default_value = "fail")]
    pub on_error: OnError,
    /// Where `--on-error collect` writes them
    #[arg(long, value_name = "PATH", default_value = "errors.ndjson")]
    pub errors: PathBuf,
    /// Say on standard error how long things took and how much there was
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "table")]
    pub stats: Option<StatsFormat>,
    /// Print a proof of a row instead of writing outputs: 'needs("a", "c")'; `_` is any value
    #[arg(long, value_name = "ROW", conflicts_with_all = ["why_not", "output", "stats", "passes"])]
    pub why: Option<String>,
    /// Say why a row is not there, instead of writing outputs
    #[arg(long, value_name = "ROW", conflicts_with_all = ["output", "stats", "passes"])]
    pub why_not: Option<String>,
}

impl Run {
    /// Whether a question about a row is asked, and not for the outputs.
    pub fn asks(&self) -> bool {
        self.why.is_some() || self.why_not.is_some()
    }
}

/// `sheaf check`
#[derive(Debug, Args)]
pub struct Check {
    /// The programs
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How mistakes are shown
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub format: MessageFormat,
}

/// `sheaf test`
#[derive(Debug, Args)]
pub struct Test {
    /// Programs, or folders of programs
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Replay one shuffle
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// How many shuffles each test runs under
    #[arg(long, value_name = "N", default_value_t = sheaf_node::testing::SEEDS, conflicts_with = "seed", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// Who computes expressions
    #[arg(long, value_name = "EXECUTOR", default_value = "automatic")]
    pub kernels: Kernels,
    /// Run only the tests of this name
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
}

/// `sheaf fmt`
#[derive(Debug, Args)]
pub struct Fmt {
    /// Programs, or folders of programs; `-` reads standard input and writes standard output
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; fail and name the files that would change
    #[arg(long)]
    pub check: bool,
}

/// `sheaf explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as E0301, or 301; without it every code is listed
    pub code: Option<String>,
    /// List where order can matter in a program, why, and what it costs
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub order: Option<PathBuf>,
    /// Show how a program would run: where rows are, how they travel, what was chosen at which price
    #[arg(long, value_name = "FILE", conflicts_with_all = ["code", "order"])]
    pub plan: Option<PathBuf>,
    /// The plan for so many workers in all [default: as many as a run would start]
    #[arg(long, value_name = "N", requires = "plan", value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: Option<u16>,
    /// The plan after these passes: `all`, `none`, or names with commas between
    #[arg(long, value_name = "PASSES", requires = "plan", default_value = "all", value_parser = passes)]
    pub passes: Selection,
    /// The plan for an input from another file
    #[arg(long, value_name = "NAME=PATH", requires = "plan", value_parser = pair)]
    pub input: Vec<(String, String)>,
    /// The plan as one JSON object
    #[arg(long, requires = "plan", conflicts_with = "svg")]
    pub json: bool,
    /// The plan as a drawing
    #[arg(long, requires = "plan")]
    pub svg: bool,
}

/// `sheaf build`
#[derive(Debug, Args)]
pub struct Build {
    /// The program, or its intermediate representation (.sir)
    pub file: PathBuf,
    /// The executable [default: the name of the program, in the current folder]
    #[arg(short, long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// `sheaf init`
#[derive(Debug, Args)]
pub struct Init {
    /// Where; made if it is not there
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// What to start from
    #[arg(long, value_name = "TEMPLATE", default_value = "data")]
    pub template: Template,
}

/// Projects to start from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Template {
    /// Tables in files: joined, checked and summed up
    Data,
    /// Facts and recursive rules
    Datalog,
    /// Words of text files, counted
    Text,
}

/// `sheaf completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `sheaf man`
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
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

/// Who computes the expressions of a program. All give the same rows.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kernels {
    /// The interpreter
    Interpreter,
    /// Machine code, from the first row
    Native,
    /// The interpreter, until there is machine code for what has many rows
    Automatic,
}

impl From<Kernels> for Executor {
    fn from(kernels: Kernels) -> Executor {
        match kernels {
            Kernels::Interpreter => Executor::Interpreter,
            Kernels::Native => Executor::Native,
            Kernels::Automatic => Executor::Automatic,
        }
    }
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
    /// For people, a line for each rule
    Table,
    /// For people, with the operators of each rule
    Full,
    /// One JSON object
    Json,
}

/// Lets `--stats` stand before the program's file: only a following `json`, `table` or `full` is its
/// value.
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
            Some(next) if ["json", "table", "full"].iter().any(|f| next == f) => arguments.next(),
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

fn passes(text: &str) -> Result<Selection, String> {
    let names = match text {
        "all" => return Ok(Selection::All),
        "none" => "",
        names => names,
    };
    let names: BTreeSet<String> = names
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_string)
        .collect();
    match names
        .iter()
        .find(|n| PASSES.iter().all(|pass| pass.name != **n))
    {
        None => Ok(Selection::Only(names)),
        Some(unknown) => {
            let known: Vec<&str> = PASSES.iter().map(|pass| pass.name).collect();
            Err(format!(
                "there is no pass `{unknown}`; there are: all, none, {}",
                known.join(", ")
            ))
        }
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
