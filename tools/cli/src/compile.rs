//! From a file to a program: reads it and what it uses, and lets the compiler work on the texts.

use std::io::Read;
use std::path::{Path, PathBuf};

use sheaf_compiler::check::{check, not_yet_run};
use sheaf_compiler::diagnostic::Diagnostic;
use sheaf_compiler::hir;
use sheaf_compiler::lower::lower;
use sheaf_compiler::source::Sources;
use sheaf_ide::folders::Folders;
use sheaf_ir::Program;
use sheaf_node::environment::Environment;

use crate::packages::World;
use crate::render::Pen;
use crate::{Outcome, laws, print};

/// A file that was read.
pub enum Loaded {
    /// Source text, checked.
    Source(Box<Compiled>),
    /// A program in its intermediate representation, or why it is none.
    Graph(Result<Box<Program>, Vec<String>>),
}

/// A checked program with its texts.
pub struct Compiled {
    /// All files, the root first.
    pub sources: Sources,
    /// Not to be run if there are errors.
    pub program: hir::Program,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether the program may be run.
    pub fn is_sound(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Says on standard error that the program is live, and not run; whether it is.
    pub fn refuse_live(&self) -> bool {
        let Some(refusal) = not_yet_run(&self.program) else {
            return false;
        };
        print::say(Pen::new(&std::io::stderr()).diagnostic(&refusal, &self.sources));
        print::say("");
        true
    }

    /// Shows what is wrong on standard error.
    pub fn complain(&self) {
        let pen = Pen::new(&std::io::stderr());
        for diagnostic in &self.diagnostics {
            print::say(pen.diagnostic(diagnostic, &self.sources));
            print::say("");
        }
    }
}

/// Reads and checks a program.
///
/// # Errors
/// The file cannot be read: why.
pub fn load(file: &Path, environment: &dyn Environment) -> Result<Loaded, String> {
    let text = read(file, environment)?;
    Ok(load_text(file, text, environment))
}

/// Checks a program whose text is known.
pub fn load_text(file: &Path, text: String, environment: &dyn Environment) -> Loaded {
    if file.extension().is_some_and(|extension| extension == "sir") {
        return Loaded::Graph(graph(&text));
    }
    let mut sources = Sources::new();
    let root = sources.add(file.display().to_string(), text);
    let world = World(environment);
    let mut folders = Folders::new(file, &world);
    let mut checked = check(&mut sources, root, &mut folders);
    if let Some(program) = checked.runnable() {
        let broken = laws::broken(program);
        checked.diagnostics.extend(broken);
    }
    Loaded::Source(Box::new(Compiled {
        sources,
        program: checked.program,
        diagnostics: checked.diagnostics,
    }))
}

/// A program that may be run, with its texts; complains otherwise.
pub fn runnable(file: &Path, environment: &dyn Environment) -> Result<(Program, Sources), Outcome> {
    match load(file, environment) {
        Ok(Loaded::Source(compiled)) => {
            compiled.complain();
            if compiled.is_sound() && !compiled.refuse_live() {
                Ok((lower(&compiled.program), compiled.sources))
            } else {
                Err(Outcome::Failure)
            }
        }
        Ok(Loaded::Graph(Ok(program))) => Ok((*program, Sources::new())),
        Ok(Loaded::Graph(Err(messages))) => {
            for message in messages {
                print::error(format_args!("{}: {message}", file.display()), &[]);
            }
            Err(Outcome::Failure)
        }
        Err(error) => {
            print::error(error, &[]);
            Err(Outcome::Failure)
        }
    }
}

/// A program from its text form, if it satisfies every invariant.
fn graph(text: &str) -> Result<Box<Program>, Vec<String>> {
    let program = sheaf_ir::text::parse(text).map_err(|error| vec![error.to_string()])?;
    match sheaf_ir::verify::verify(&program) {
        Ok(()) => Ok(Box::new(program)),
        Err(violations) => Err(violations.iter().map(|v| v.to_string()).collect()),
    }
}

/// The programs that a path names: itself, or all in a folder and below.
///
/// # Errors
/// The folder cannot be read, or there are none: why.
pub fn programs(path: &Path, environment: &dyn Environment) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let files = environment
        .list(path, "**/*.sheaf")
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if files.is_empty() {
        return Err(format!("there are no programs in {}", path.display()));
    }
    Ok(files)
}

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8: why.
pub fn read(file: &Path, environment: &dyn Environment) -> Result<String, String> {
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut bytes = Vec::new();
    environment
        .open(file)
        .and_then(|mut input| input.read_to_end(&mut bytes))
        .map_err(|error| fail(&error))?;
    String::from_utf8(bytes).map_err(|_| fail(&"it is not UTF-8 text"))
}
