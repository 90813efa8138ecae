//! `sheaf repl`: statements and questions typed in, answers as tables.
//!
//! Invariants: what is typed is a program like any other, checked as a whole after each statement; a
//! statement that is wrong is not taken. A question runs the program with one view more and writes no
//! output of the program. Without a terminal there is no prompt.

mod input;
mod query;
mod session;
mod told;

use std::io::{BufRead, IsTerminal, stdin};
use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::{Outcome, print};
use input::{Helper, Kind, is_complete, kind};
use session::Session;

const HELP: &str = "\
needs(\"a\", x)                  a question: the rows that make it true
needs(p, t) if depends(p, t);  a statement, with its semicolon: becomes part of the program
:why ROW                       why a row is there
:plan                          how the program would run
:load FILE                     start again from a program
:list                          show what was typed
:help                          show this
:quit                          leave
";

/// Talks until `:quit` or the end of the input.
pub fn repl(file: Option<PathBuf>) -> Outcome {
    let mut session = Session::new();
    if let Some(file) = file
        && let Err(error) = session.load(&file)
    {
        print::error(error, &[]);
        return Outcome::Failure;
    }
    match stdin().is_terminal() {
        true => talk(&mut session),
        false => read(&mut session),
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Ask,
    Leave,
}

/// With a person, who sees a prompt and can edit lines.
fn talk(session: &mut Session) -> Outcome {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .build();
    let mut editor = match Editor::<Helper, FileHistory>::with_config(config) {
        Ok(editor) => editor,
        Err(error) => {
            print::error(error, &[]);
            return Outcome::Failure;
        }
    };
    let history = history();
    if let Some(history) = &history {
        let _ = history.parent().map(std::fs::create_dir_all);
        // There is none the first time.
        let _ = editor.load_history(history);
    }
    print::line("Sheaf. `:help` says what can be typed.");
    loop {
        editor.set_helper(Some(Helper::new(session)));
        match editor.readline("sheaf> ") {
            Ok(text) => {
                let _ = editor.add_history_entry(text.trim());
                // At once: a terminal may be closed, and there may be others.
                let _ = history
                    .as_ref()
                    .map(|history| editor.append_history(history));
                if answer(session, &text) == (Next::Leave, true) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                print::error(error, &[]);
                return Outcome::Failure;
            }
        }
    }
    Outcome::Success
}

/// From a pipe. It fails if anything in it did.
fn read(session: &mut Session) -> Outcome {
    let mut text = String::new();
    let mut is_sound = true;
    let mut lines = stdin().lock().lines();
    loop {
        let line = match lines.next() {
            Some(Ok(line)) => Some(line),
            Some(Err(error)) => {
                print::error(error, &[]);
                return Outcome::Failure;
            }
            None => None,
        };
        let is_end = line.is_none();
        text += &line.unwrap_or_default();
        text.push('\n');
        if is_end || is_complete(&text) {
            let (next, is_right) = answer(session, &std::mem::take(&mut text));
            is_sound &= is_right;
            if next == Next::Leave {
                break;
            }
        }
        if is_end {
            break;
        }
    }
    match is_sound {
        true => Outcome::Success,
        false => Outcome::Failure,
    }
}

/// Does what was typed; whether to go on, and whether it was right.
fn answer(session: &mut Session, text: &str) -> (Next, bool) {
    let is_right = match kind(text) {
        Kind::Nothing => true,
        Kind::Statement(statement) => session.add(statement),
        Kind::Question(question) => query::ask(session, question),
        Kind::Command(command, argument) => match (command, argument) {
            ("quit" | "q" | "exit", "") => return (Next::Leave, true),
            ("help" | "h", "") => {
                print::text(HELP);
                true
            }
            ("list", "") => {
                print::text(session.typed());
                true
            }
            ("plan", "") => session.plan(),
            ("why", row) if !row.is_empty() => session.why(row),
            ("load", file) if !file.is_empty() => match session.load(&PathBuf::from(file)) {
                Ok(()) => true,
                Err(error) => {
                    print::error(error, &[]);
                    false
                }
            },
            ("why", "") => {
                let help = ["ask for one row: `:why needs(\"a\", _)`".to_owned()];
                print::error("`:why` needs a row", &help);
                false
            }
            ("load", "") => {
                print::error("`:load` needs the path of a program", &[]);
                false
            }
            _ => {
                let help = ["`:help` says what can be typed".to_owned()];
                print::error(format_args!("`:{command}` means nothing like this"), &help);
                false
            }
        },
    };
    (Next::Ask, is_right)
}

/// Where lines are kept from one time to the next.
fn history() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let state = state.or_else(|| Some(home?.join(".local/state")))?;
    Some(state.join("sheaf").join("history"))
}
