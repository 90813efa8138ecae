//! Executes the blocks of one page in a folder of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::process::Command;

use super::page::{Block, Page};
use crate::{Finished, Project, binary};

/// Shuffles of each test: enough to see that it holds, the runs of `tests/` try harder.
const SEEDS: &str = "5";

/// Languages that are shown and not executed.
const SHOWN: &[&str] = &["datalog", "sh", "sql", "text", "toml"];

/// A block that does not do what the page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// As `docs/src/tour.md:17`.
    pub place: String,
    /// What the page says.
    pub expected: String,
    /// What is so.
    pub found: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            place,
            expected,
            found,
        } = self;
        write!(f, "{place}\n--- expected\n{expected}\n--- found\n{found}\n")
    }
}

/// Executes every block of a page, and returns what fails, and the text of the page with its
/// `output`, `stdout` and `console` blocks as they are found to be.
pub fn execute(page: &Page) -> (Vec<Failure>, String) {
    let mut execution = Execution {
        page,
        project: Project::new(&[]),
        program: String::from("program.sheaf"),
        texts: BTreeMap::new(),
        modules: BTreeSet::new(),
        examples: Vec::new(),
        stdout: String::new(),
        failures: Vec::new(),
        blessed: Vec::new(),
    };
    for block in &page.blocks {
        execution.block(block);
    }
    execution.examples();
    let blessed = execution.blessed_text();
    (execution.failures, blessed)
}

/// The text of a file of the folder and where its lines stand on the page.
#[derive(Default)]
struct Text {
    text: String,
    lines: Vec<usize>,
}

struct Execution<'a> {
    page: &'a Page,
    project: Project,
    /// The file of the program that is executed.
    program: String,
    /// Programs and modules by file.
    texts: BTreeMap<String, Text>,
    /// The files of modules.
    modules: BTreeSet<String>,
    /// Blocks of expressions that are true.
    examples: Vec<Block>,
    /// Of the last run.
    stdout: String,
    failures: Vec<Failure>,
    /// Blocks that show something else: first line, number of lines, what they are to show.
    blessed: Vec<(usize, usize, String)>,
}

impl Execution<'_> {
    fn block(&mut self, block: &Block) {
        let name = block.words.first().map_or("", |(name, _)| name.as_str());
        match (block.language.as_str(), name) {
            ("sheaf", _) => self.sheaf(block),
            ("console", _) => self.console(block),
            ("stdout", _) => {
                let found = self.stdout.clone();
                self.compare(block, found);
            }
            ("output", "") => self.fail(block.line, "the name of a file", "`output` alone"),
            ("output", name) if !self.project.has(name) => {
                self.fail(block.line, &format!("{name} is written"), "it is not");
            }
            ("output", name) => {
                let found = self.project.read(name);
                self.compare(block, found);
            }
            (language, "") if SHOWN.contains(&language) => {}
            (language, "") => {
                let found = format!("`{language}` without a name");
                self.fail(block.line, "a block that can be executed", &found);
            }
            (_, name) => self.project.write(name, &block.body),
        }
    }

    fn sheaf(&mut self, block: &Block) {
        for (word, value) in &block.words {
            let known: &[&str] = match value {
                None => &["continue", "example", "live", "right", "run", "wrong"],
                Some(_) => &["file", "name", "row"],
            };
            if !known.contains(&word.as_str()) {
                self.fail(block.line, "a word of the harness", word);
                return;
            }
        }
        if block.has("example") {
            return self.examples.push(block.clone());
        }
        if let Some(module) = block.values("file").next() {
            self.modules.insert(module.to_owned());
            self.texts.remove(module);
            self.add(module, block);
            return;
        }
        if let Some(name) = block.values("name").next() {
            self.program = name.to_owned();
        } else if !block.has("continue") {
            self.program = String::from("program.sheaf");
        }
        let program = self.program.clone();
        if !block.has("continue") {
            self.texts.remove(&program);
        }
        self.add(&program, block);
        let code = self.page.title.split(':').next().unwrap_or_default();
        let at_run_time = code.starts_with("E09");
        let is_live = block.has("live") || code.starts_with("E05") || code.starts_with("E06");
        if block.has("wrong") && !at_run_time {
            self.is_wrong(block, code);
        } else if self.check(block) && !is_live {
            if block.has("wrong") {
                self.run_fails(block, code);
                return;
            }
            self.test(block);
            if block.has("run") || block.has("right") && at_run_time {
                self.run(block);
            }
        }
    }

    /// Adds a block to the text of a file.
    fn add(&mut self, name: &str, block: &Block) {
        let entry = self.texts.entry(name.to_owned()).or_default();
        entry.text.push_str(&block.body);
        let lines = block.body.lines().count();
        entry.lines.extend(block.line..block.line + lines);
        self.project.write(name, &entry.text);
    }

    fn sheaf_with(&self, arguments: &[&str]) -> Finished {
        self.project.run(arguments)
    }

    /// Checks the program; whether it may be run.
    fn check(&mut self, block: &Block) -> bool {
        let finished = self.sheaf_with(&["check", &self.program, "--format", "short"]);
        let mut expected: BTreeSet<(usize, String)> = BTreeSet::new();
        let current = |name: &str| name == self.program || self.modules.contains(name);
        for (_, text) in self.texts.iter().filter(|(name, _)| current(name)) {
            for (line, at) in text.text.lines().zip(&text.lines) {
                let codes = line.split_once("//~").map_or("", |(_, codes)| codes);
                expected.extend(codes.split_whitespace().map(|code| (*at, code.to_owned())));
            }
        }
        let mut found = BTreeSet::new();
        for line in finished.stdout.lines() {
            match self.diagnostic(line) {
                Some(diagnostic) => found.extend([diagnostic]),
                None => self.fail(block.line, "messages of one line each", line),
            }
        }
        for (line, code) in expected.difference(&found) {
            self.fail(*line, code, &format!("not this\n{}", finished.stdout));
        }
        for (line, code) in found.difference(&expected) {
            self.fail(
                *line,
                "no diagnostic",
                &format!("{code}\n{}", finished.stdout),
            );
        }
        let is_sound = finished.code == Some(0);
        let is_page_of_code = self.page.name.starts_with("errors/");
        let is_laid_out = || self.sheaf_with(&["fmt", "--check", &self.program]).code == Some(0);
        if is_sound && !is_page_of_code && !is_laid_out() {
            self.fail(block.line, "the layout of `sheaf fmt`", "another");
        }
        is_sound
    }

    /// Line of the page and code of a message such as `program.sheaf:3:5: error[E0301]: …`.
    fn diagnostic(&self, line: &str) -> Option<(usize, String)> {
        let mut parts = line.splitn(4, ':');
        let (file, number) = (parts.next()?, parts.next()?.parse::<usize>().ok()?);
        let code = parts.nth(1)?.split(['[', ']']).nth(1)?;
        let lines = &self.texts.get(file)?.lines;
        let at = lines.get(number - 1).or(lines.last())?;
        Some((*at, code.to_owned()))
    }

    fn is_wrong(&mut self, block: &Block, code: &str) {
        let finished = self.sheaf_with(&["check", &self.program, "--format", "short"]);
        let codes = codes(&finished.stdout);
        if codes.is_empty() {
            self.run_fails(block, code);
        } else if codes != [code] {
            self.fail(block.line, &format!("one {code}"), &finished.stdout);
        }
    }

    fn run_fails(&mut self, block: &Block, code: &str) {
        let finished = self.run_both(block);
        let codes = BTreeSet::from_iter(in_brackets(&finished.stderr, "error[E0"));
        if finished.code != Some(1) || codes != BTreeSet::from([code.to_owned()]) {
            self.fail(
                block.line,
                &format!("it fails with {code}"),
                &finished.stderr,
            );
        }
    }

    fn test(&mut self, block: &Block) {
        let text = &self.texts[&self.program].text;
        if !text.lines().any(|line| line.starts_with("test \"")) {
            return;
        }
        let finished = self.sheaf_with(&[
            "test",
            &self.program,
            "--seeds",
            SEEDS,
            "--kernels",
            "native",
        ]);
        if finished.code != Some(0) {
            let found = finished.stdout + &finished.stderr;
            self.fail(block.line, "its tests pass", &found);
        }
    }

    /// Runs the program by the interpreter and natively: both print and write the same.
    fn run_both(&mut self, block: &Block) -> Finished {
        let [interpreted, native] = ["interpreter", "native"].map(|kernels| {
            let finished = self.sheaf_with(&["run", &self.program, "--kernels", kernels]);
            let files = self.project.files();
            (finished, files)
        });
        let shown = |f: &Finished| (f.code, f.stdout.clone(), f.stderr.clone());
        if shown(&interpreted.0) != shown(&native.0) || interpreted.1 != native.1 {
            let found = native.0.stdout.clone() + &native.0.stderr;
            self.fail(
                block.line,
                "native kernels to do what the interpreter does",
                &found,
            );
        }
        native.0
    }

    fn run(&mut self, block: &Block) {
        let finished = self.run_both(block);
        if finished.code != Some(0) {
            self.fail(block.line, "a run that succeeds", &finished.stderr);
        }
        let plain = self.sheaf_with(&["run", &self.program, "--passes", "none"]);
        if (&plain.stdout, &plain.stderr) != (&finished.stdout, &finished.stderr) {
            let found = plain.stdout + &plain.stderr;
            self.fail(block.line, "the same without passes", &found);
        }
        self.stdout = finished.stdout;
    }

    /// Runs all examples of a page as the tests of one program, one for each block.
    fn examples(&mut self) {
        if self.examples.is_empty() {
            return;
        }
        let declared = self
            .page
            .blocks
            .iter()
            .filter(|block| block.language == "text");
        let names = declared.filter_map(|block| {
            let words = block.body.split(|c: char| !c.is_alphanumeric() && c != '_');
            words
                .skip_while(|word| !["fn", "enum"].contains(word))
                .nth(1)
        });
        let names = BTreeSet::from_iter(names);
        let mut program = format!("use {}.{{", self.page.title);
        program += &format!("{}}};\n", Vec::from_iter(names).join(", "));
        for block in &self.examples {
            let expected: Vec<&str> = block.body.lines().filter(|line| !line.is_empty()).collect();
            let place = self.page.place(block.line);
            program += &format!("test \"{place}\" {{ expect {}; }}\n", expected.join(", "));
        }
        self.project.write("examples.sheaf", &program);
        let finished = self.sheaf_with(&["test", "examples.sheaf", "--seeds", "1"]);
        if finished.code != Some(0) {
            let failed = finished
                .stdout
                .lines()
                .filter(|line| line.starts_with("FAIL"));
            let found = Vec::from_iter(failed).join("\n") + "\n" + &finished.stderr;
            self.fail(self.examples[0].line, "examples that are true", &found);
        }
    }

    fn console(&mut self, block: &Block) {
        let mut found = String::new();
        for line in block.body.lines() {
            let Some(command) = line.strip_prefix("$ ") else {
                continue;
            };
            found += &format!("{line}\n");
            let folder = binary().parent().expect("a folder").display().to_string();
            let path = std::env::var("PATH").unwrap_or_default();
            let output = Command::new("sh")
                .args(["-c", &format!("exec 2>&1; {command}")])
                .current_dir(self.project.path())
                .env("PATH", format!("{folder}:{path}"))
                .output()
                .expect("a shell starts");
            found += &String::from_utf8_lossy(&output.stdout);
            if !found.ends_with('\n') {
                found.push('\n');
            }
        }
        if found.is_empty() {
            self.fail(block.line, "a line that begins with `$ `", "none");
        } else {
            self.compare(block, found);
        }
    }

    /// Compares what a block shows with what is so.
    fn compare(&mut self, block: &Block, found: String) {
        if block.body != found {
            self.fail(block.line, &block.body, &found);
            let lines = block.body.lines().count();
            self.blessed.push((block.line, lines, found));
        }
    }

    fn fail(&mut self, line: usize, expected: &str, found: &str) {
        self.failures.push(Failure {
            place: self.page.place(line),
            expected: expected.trim_end().to_owned(),
            found: found.trim_end().to_owned(),
        });
    }

    fn blessed_text(&self) -> String {
        let mut lines: Vec<String> = self.page.text.lines().map(|l| format!("{l}\n")).collect();
        for (line, count, text) in self.blessed.iter().rev() {
            lines.splice(line - 1..line - 1 + count, [text.clone()]);
        }
        lines.concat()
    }
}

/// The codes of diagnostics, in order.
fn codes(text: &str) -> Vec<String> {
    in_brackets(text, "[E0")
}

/// The codes that stand behind `opening` and before `]`, in order.
fn in_brackets(text: &str, opening: &str) -> Vec<String> {
    text.split(opening)
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(digits, _)| format!("E0{digits}"))
        .collect()
}
