//! `sheaf run FILE --why ROW` and `--why-not ROW`
//!
//! The question is read by the compiler itself, as what a test block at the end of the program
//! expects; so params, records and everything else mean what they mean in the program.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sheaf_compiler::check::not_yet_run;
use sheaf_compiler::diagnostic::{Diagnostic, Label};
use sheaf_compiler::hir;
use sheaf_compiler::lower::lower_goal;
use sheaf_compiler::source::{FileId, Sources, Span as TextSpan};
use sheaf_ir::Span;
use sheaf_node::environment::{Environment, System};
use sheaf_node::run::Surroundings;
use sheaf_node::why::{self, Answer, Answered, Excerpt, Question, Texts};

use super::run::{complain, launch, locate, options, show_failures};
use crate::arguments::{OutputFormat, Run};
use crate::compile::{self, Compiled, Loaded};
use crate::progress::Line;
use crate::render::Pen;
use crate::{Outcome, interrupt, print};

/// How messages name the text of a question.
const QUESTION: &str = "question";

/// Answers a question about a row.
pub fn why(arguments: &Run) -> Outcome {
    let system = System::default();
    let cancel = interrupt::watch(&system);
    answer_until(arguments, Arc::new(system), &cancel)
}

/// The same in a world that need not be this machine's, until the answer is there.
pub fn answer(arguments: &Run, environment: Arc<dyn Environment>) -> Outcome {
    answer_until(arguments, environment, &AtomicBool::new(false))
}

fn answer_until(
    arguments: &Run,
    environment: Arc<dyn Environment>,
    cancel: &AtomicBool,
) -> Outcome {
    let (text, wants_proof) = match (&arguments.why, &arguments.why_not) {
        (Some(text), _) => (text, true),
        (None, Some(text)) => (text, false),
        (None, None) => return Outcome::Usage,
    };
    let as_json = match arguments.format {
        None => false,
        Some(OutputFormat::Ndjson) => true,
        Some(_) => {
            let help = ["for a program to read: --format ndjson".to_string()];
            print::error("an answer is text, or one JSON object", &help);
            return Outcome::Usage;
        }
    };
    let understood = understand(&arguments.file, text, &*environment);
    let (compiled, question) = match understood {
        Ok(understood) => understood,
        Err(outcome) => return outcome,
    };
    let sources = &compiled.sources;
    let launch = launch();
    let mut line = Line::new();
    let surroundings = Surroundings {
        environment,
        launch: Some(&launch),
        cancel,
        progress: &mut |progress| line.show(progress),
        locate: &|span| locate(span, sources),
    };
    let asked = why::ask(question, &options(arguments), surroundings);
    drop(line);
    match asked {
        Ok(answered) => tell(&answered, &compiled, as_json, wants_proof),
        Err(error) => complain(&error),
    }
}

/// Reads the program and the question.
fn understand(
    file: &Path,
    text: &str,
    system: &dyn Environment,
) -> Result<(Compiled, Question), Outcome> {
    let refuse = |error: String| {
        print::error(error, &[]);
        Outcome::Failure
    };
    let program = compile::read(file, system).map_err(refuse)?;
    let compiled = match compile::load_text(file, program.clone(), system) {
        Loaded::Source(compiled) => *compiled,
        Loaded::Graph(_) => {
            let help = ["ask of the program that it was made from".to_string()];
            print::error("a question is asked in the language of a program", &help);
            return Err(Outcome::Usage);
        }
    };
    compiled.complain();
    if !compiled.is_sound() || compiled.refuse_live() || not_yet_run(&compiled.program).is_some() {
        return Err(Outcome::Failure);
    }
    let before = format!("{program}\ntest \"{QUESTION}\" {{ expect ");
    let start = before.len() as u32;
    let whole = format!("{before}{text}\n; }}\n");
    let Loaded::Source(asked) = compile::load_text(file, whole, system) else {
        return Err(Outcome::Usage);
    };
    if !asked.is_sound() {
        complain_of_question(&asked, text, start);
        return Err(Outcome::Usage);
    }
    let test = asked
        .program
        .tests
        .iter()
        .find(|test| test.span.end > start);
    let only = test.filter(|test| test.given.is_empty() && test.params.is_empty());
    let Some(goal) = only.and_then(|test| lower_goal(&asked.program, test)) else {
        let help = [
            "ask for one row: --why 'needs(\"a\", _)', --why 'dist(\"a\", \"b\") -> 5'".to_string(),
            "what is not there is asked by --why-not, without `not`".to_string(),
        ];
        print::error(format_args!("`{text}` is not a row of a relation"), &help);
        return Err(Outcome::Usage);
    };
    let question = Question {
        program: goal.program,
        relation: goal.relation,
        block: goal.block,
    };
    Ok((*asked, question))
}

/// Shows what is wrong with a question, at its own text.
fn complain_of_question(asked: &Compiled, text: &str, start: u32) {
    let mut sources = asked.sources.clone();
    let file = sources.add(QUESTION, text);
    let end = text.len() as u32;
    let pen = Pen::new(&std::io::stderr());
    let fit = |span: TextSpan| {
        let within = |offset: u32| offset.saturating_sub(start).min(end);
        TextSpan::new(within(span.start), within(span.end))
    };
    let move_label = |label: &mut Label| {
        if label.file == FileId(0) && label.span.end > start {
            (label.file, label.span) = (file, fit(label.span));
        }
    };
    for diagnostic in asked.diagnostics.iter().filter(|d| d.is_error()) {
        let mut diagnostic: Diagnostic = diagnostic.clone();
        move_label(&mut diagnostic.primary);
        diagnostic.secondary.iter_mut().for_each(move_label);
        for edit in diagnostic.help.iter_mut().flat_map(|help| &mut help.edits) {
            if edit.file == FileId(0) && edit.span.end >= start {
                (edit.file, edit.span) = (file, fit(edit.span));
            }
        }
        print::say(pen.diagnostic(&diagnostic, &sources));
        print::say("");
    }
}

/// Prints an answer. It is a failure if it is not the one that was expected.
fn tell(answered: &Answered, compiled: &Compiled, as_json: bool, wants_proof: bool) -> Outcome {
    if answered.failures.total() > 0 {
        show_failures(&answered.failures, &compiled.sources);
    }
    let texts = ProgramTexts {
        program: &compiled.program,
        sources: &compiled.sources,
    };
    match as_json {
        true => print::line(answered.to_json(&texts)),
        false => print::text(answered.to_text(&texts)),
    }
    let holds = match &answered.answer {
        Answer::Proof(_) | Answer::Unproved { .. } => true,
        Answer::Refusal(_) => false,
        Answer::BadInput => {
            let help = ["--on-error skip leaves such rows out".to_string()];
            print::error("inputs cannot be read, so nothing was derived", &help);
            return Outcome::Failure;
        }
    };
    match holds == wants_proof {
        true => Outcome::Success,
        false => Outcome::Failure,
    }
}

/// Texts of a program for an answer.
struct ProgramTexts<'p> {
    program: &'p hir::Program,
    sources: &'p Sources,
}

impl Texts for ProgramTexts<'_> {
    fn excerpt(&self, span: Span) -> Option<Excerpt> {
        let (line, column) = locate(span, self.sources)?;
        let source = self.sources.get(FileId(span.file));
        Some(Excerpt {
            file: file_name(source.name()),
            line,
            column,
            text: TextSpan::new(span.start, span.end)
                .of(source.text())
                .to_string(),
        })
    }

    fn rule(&self, span: Span) -> Option<Excerpt> {
        let around = |rule: &&hir::Rule| {
            let whole = rule.span;
            whole.file == span.file && whole.start <= span.start && span.end <= whole.end
        };
        let rule = self.program.rules.iter().find(around);
        self.excerpt(rule.map_or(span, |rule| rule.span))
    }
}

/// A file's name without its folders.
fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or(path.to_string(), |name| name.to_string_lossy().into_owned())
}
