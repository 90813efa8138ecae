//! What has been typed, as a program.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_compiler::diagnostic::{Diagnostic, codes};
use sheaf_compiler::source::Sources;
use sheaf_node::environment::{Draft, Environment, System};

use crate::arguments::{Arguments, Command};
use crate::compile::{self, Compiled, Loaded};
use crate::{Outcome, commands, print};

use super::told::Told;

/// The file that typed statements belong to if no program was loaded.
const NAME: &str = "typed.sheaf";

/// A program and what was typed after it.
pub struct Session {
    file: PathBuf,
    loaded: String,
    typed: String,
    system: System,
}

impl Session {
    /// An empty program in the current folder.
    pub fn new() -> Session {
        let folder = std::env::current_dir().unwrap_or_default();
        Session {
            file: folder.join(NAME),
            loaded: String::new(),
            typed: String::new(),
            system: System::default(),
        }
    }

    /// The root file of the program.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The program.
    pub fn text(&self) -> String {
        match self.loaded.is_empty() {
            true => self.typed.clone(),
            false => format!("{}\n{}", self.loaded, self.typed),
        }
    }

    /// The texts of a program that begins with this one, for messages about it: what was loaded, what
    /// was typed, and a question with its place.
    pub fn told(&self, sources: &Sources, question: Option<(usize, &str)>) -> Told {
        let start = match self.loaded.is_empty() {
            true => 0,
            false => self.loaded.len() + 1,
        };
        let typed = (!self.typed.is_empty()).then_some((start, "typed", &*self.typed));
        let question = question.map(|(start, text)| (start, "question", text));
        Told::new(sources, typed.into_iter().chain(question))
    }

    /// Shows what is wrong with a program that begins with this one.
    pub fn complain(
        &self,
        compiled: &Compiled,
        question: Option<(usize, &str)>,
        wanted: impl Fn(&Diagnostic) -> bool,
    ) {
        let told = self.told(&compiled.sources, question);
        for diagnostic in compiled.diagnostics.iter().filter(|found| wanted(found)) {
            print::say(told.diagnostic(diagnostic));
            print::say("");
        }
    }

    /// What was typed, without what was loaded.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The world with this text in place of the root file's.
    pub fn world(&self, text: &str) -> Arc<Typed> {
        Arc::new(Typed {
            system: self.system.clone(),
            file: self.file.clone(),
            text: text.to_owned(),
        })
    }

    /// Checks a text in place of the program.
    pub fn compile(&self, text: &str) -> Option<Compiled> {
        let world = self.world(text);
        match compile::load_text(&self.file, text.to_owned(), &*world) {
            Loaded::Source(compiled) => Some(*compiled),
            Loaded::Graph(_) => None,
        }
    }

    /// Starts again from a program.
    ///
    /// # Errors
    /// It cannot be read: why.
    pub fn load(&mut self, file: &Path) -> Result<(), String> {
        let text = compile::read(file, &self.system)?;
        if file.extension().is_some_and(|extension| extension == "sir") {
            return Err(format!(
                "{}: only programs in the language can be loaded",
                file.display()
            ));
        }
        let folder = std::env::current_dir().unwrap_or_default();
        self.file = folder.join(file);
        self.loaded = text;
        self.typed.clear();
        let Some(compiled) = self.compile(&self.loaded) else {
            return Ok(());
        };
        self.complain(&compiled, None, |_| true);
        let relations = compiled.program.relations.len() as u64;
        let tests = compiled.program.tests.len() as u64;
        print::line(format_args!(
            "{}: {}, {}",
            file.display(),
            print::count(relations, "relation"),
            print::count(tests, "test")
        ));
        Ok(())
    }

    /// Takes statements into the program, if they are right.
    pub fn add(&mut self, statement: &str) -> bool {
        let start = self.text().len() as u32;
        let before = self.typed.len();
        self.typed += statement;
        self.typed.push('\n');
        let Some(compiled) = self.compile(&self.text()) else {
            return false;
        };
        let knew_mistakes = self.had_mistakes(before);
        let is_sound = compiled.is_sound() || knew_mistakes;
        // What is still missing may be typed next.
        let early = [codes::NO_RULES, codes::UNUSED_USE, codes::UNREAD_VARIABLE];
        self.complain(&compiled, None, |diagnostic| match diagnostic.is_error() {
            true => !knew_mistakes || diagnostic.primary.span.end > start,
            false => diagnostic.primary.span.start >= start && !early.contains(&diagnostic.code),
        });
        if !is_sound {
            self.typed.truncate(before);
            print::say("the statement was not taken");
        }
        is_sound
    }

    /// Whether the program was wrong before the last statement: then it is not the statement's fault.
    fn had_mistakes(&self, before: usize) -> bool {
        let earlier = Session {
            file: self.file.clone(),
            loaded: self.loaded.clone(),
            typed: self.typed[..before].to_owned(),
            system: self.system.clone(),
        };
        earlier
            .compile(&earlier.text())
            .is_some_and(|compiled| !compiled.is_sound())
    }

    /// Shows why a row is there.
    pub fn why(&self, row: &str) -> bool {
        self.command(&["run", "--why", row])
    }

    /// Shows how the program would run.
    pub fn plan(&self) -> bool {
        self.command(&["explain", "--plan"])
    }

    /// Does what a command line would do with this program.
    fn command(&self, words: &[&str]) -> bool {
        let file = self.file.to_string_lossy();
        let line = ["sheaf"].iter().chain(words).copied().chain([&*file]);
        let world = self.world(&self.text());
        let outcome = match Arguments::parse_words(line).map(|arguments| arguments.command) {
            Ok(Command::Run(run)) => commands::why::answer(&run, world),
            Ok(Command::Explain(explain)) => commands::plan::show(&self.file, &explain, &*world),
            Ok(_) | Err(_) => Outcome::Usage,
        };
        outcome == Outcome::Success
    }
}

/// The world, in which one file has the text that was typed.
pub struct Typed {
    system: System,
    file: PathBuf,
    text: String,
}

impl Environment for Typed {
    fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
        match path == self.file {
            true => Ok(Box::new(Cursor::new(self.text.clone().into_bytes()))),
            false => self.system.open(path),
        }
    }

    fn list(&self, base: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
        match base.join(pattern) == self.file {
            true => Ok(vec![self.file.clone()]),
            false => self.system.list(base, pattern),
        }
    }

    fn size(&self, path: &Path) -> Option<u64> {
        self.system.size(path)
    }

    fn stdin(&self) -> Box<dyn Read + Send> {
        // What is typed are statements, not rows.
        Box::new(std::io::empty())
    }

    fn stdout(&self) -> Box<dyn Write + Send> {
        self.system.stdout()
    }

    fn create(&self, target: &Path) -> std::io::Result<Box<dyn Draft>> {
        self.system.create(target)
    }
}
