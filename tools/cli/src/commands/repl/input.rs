//! Lines as they are typed: what they are, whether more is to come, what may follow.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Result};
use sheaf_compiler::source::FileId;
use sheaf_compiler::syntax::{Token, TokenKind, parse};
use sheaf_ide::Workspace;

use super::session::Session;

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    /// Blanks and comments.
    Nothing,
    /// `:command argument`
    Command(&'t str, &'t str),
    /// Items of a program.
    Statement(&'t str),
    /// Conditions.
    Question(&'t str),
}

/// What a text is.
pub fn kind(text: &str) -> Kind<'_> {
    let text = text.trim();
    if let Some(command) = text.strip_prefix(':') {
        let (command, argument) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        return Kind::Command(command, argument.trim());
    }
    // What other programs are left by; no question is one name.
    if matches!(text, "quit" | "exit" | "help") {
        return Kind::Command(text, "");
    }
    let tokens = parse(FileId(0), text).tokens;
    match tokens.last() {
        None => Kind::Nothing,
        Some(_) if is_statement(text, &tokens) => Kind::Statement(text),
        Some(_) => Kind::Question(text),
    }
}

/// A question has no semicolon, no `if` outside of braces and does not begin like an item.
fn is_statement(text: &str, tokens: &[Token]) -> bool {
    let first = tokens.first().is_some_and(|first| {
        first.kind.begins_item() || first.kind == TokenKind::At || first.span.of(text) == "on"
    });
    let ends = tokens
        .last()
        .is_some_and(|last| last.kind == TokenKind::Semicolon);
    first || ends || has_if(tokens)
}

/// Whether `if` stands outside of all brackets and behind something, as in a rule.
fn has_if(tokens: &[Token]) -> bool {
    let mut depth = 0;
    let mut before = None;
    tokens.iter().any(|token| {
        depth += i32::from(token.kind.is_opening()) - i32::from(token.kind.is_closing());
        let is_rule = token.kind == TokenKind::If && before.is_some_and(TokenKind::ends_operand);
        before = Some(token.kind);
        depth == 0 && is_rule
    })
}

/// Whether a text is all that was meant.
pub fn is_complete(text: &str) -> bool {
    if text.trim_start().starts_with(':') {
        return true;
    }
    let parsed = parse(FileId(0), text);
    let tokens = &parsed.tokens;
    let depth: i32 = tokens
        .iter()
        .map(|token| i32::from(token.kind.is_opening()) - i32::from(token.kind.is_closing()))
        .sum();
    let Some(last) = tokens.last() else {
        return true;
    };
    // An empty line ends what cannot be right any more.
    if text.ends_with("\n\n") || depth < 0 {
        return true;
    }
    if depth > 0 {
        return false;
    }
    match is_statement(text, tokens) {
        true => matches!(last.kind, TokenKind::Semicolon | TokenKind::CloseBrace),
        false => last.kind.ends_operand(),
    }
}

/// What the line editor asks: completion and whether more is to come.
pub struct Helper {
    file: PathBuf,
    text: String,
}

const COMMANDS: &[&str] = &["help", "list", "load", "plan", "quit", "why"];

impl Helper {
    /// For the program as it is now.
    pub fn new(session: &Session) -> Helper {
        Helper {
            file: session.file().to_path_buf(),
            text: session.text(),
        }
    }

    /// What may stand at the end of a line, and where that begins.
    fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        let Some(command) = line.strip_prefix(':') else {
            return self.words(line);
        };
        let Some((command, argument)) = command.split_once(char::is_whitespace) else {
            let commands = COMMANDS.iter().filter(|known| known.starts_with(command));
            return (1, commands.map(|known| (*known).to_owned()).collect());
        };
        let (at, found) = match command {
            "load" => files(argument),
            "why" => self.words(argument),
            _ => (0, Vec::new()),
        };
        (line.len() - argument.len() + at, found)
    }

    /// Words of the program that may stand at the end of a statement or question.
    fn words(&self, line: &str) -> (usize, Vec<String>) {
        let word = line.rfind(|c: char| !c.is_alphanumeric() && c != '_');
        let word = word.map_or(0, |at| {
            at + line[at..].chars().next().map_or(1, char::len_utf8)
        });
        let tokens = parse(FileId(0), line).tokens;
        let mut contexts = vec![format!("{}\nquestion() if {line}", self.text)];
        if tokens.len() < 2 || is_statement(line, &tokens) {
            contexts.push(format!("{}\n{line}", self.text));
        }
        let mut found = Vec::new();
        for text in contexts {
            let mut workspace = Workspace::new(Arc::new(sheaf_lsp::Disk));
            let end = text.len() as u32;
            workspace.set(&self.file, Arc::from(text));
            let items = workspace.analysis().completions(&self.file, end).items;
            let fitting = items
                .into_iter()
                .filter(|item| item.label.starts_with(&line[word..]));
            for item in fitting {
                let call = item.insert.starts_with(&format!("{}(", item.label));
                let text = if call {
                    format!("{}(", item.label)
                } else {
                    item.label
                };
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
        (word, found)
    }
}

/// Programs and folders whose path begins so, and where their name begins in it.
fn files(path: &str) -> (usize, Vec<String>) {
    let at = path.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, start) = path.split_at(at);
    let folder = if folder.is_empty() { "." } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_hidden = name.starts_with('.') && !start.starts_with('.');
            let is_wanted = name.starts_with(start) && !is_hidden;
            match entry.path().is_dir() {
                true => is_wanted.then(|| format!("{name}/")),
                false => (is_wanted && name.ends_with(".sheaf")).then_some(name),
            }
        })
        .collect();
    found.sort_unstable();
    (at, found)
}

impl rustyline::Helper for Helper {}

impl Highlighter for Helper {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match std::env::var_os("NO_COLOR") {
            Some(_) => Cow::Borrowed(hint),
            None => Cow::Owned(format!("\x1b[2m{hint}\x1b[m")),
        }
    }
}

/// What is said on an empty line that continues others; it cannot be taken over.
pub struct Advice;

impl Hint for Advice {
    fn display(&self) -> &str {
        "// `;` ends a statement, an empty line ends anything"
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Helper {
    type Hint = Advice;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Advice> {
        (at == line.len() && line.ends_with('\n') && !is_complete(line)).then_some(Advice)
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        // Without the line end that has just been typed.
        Ok(match is_complete(&format!("{}\n", context.input())) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Completer for Helper {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> Result<(usize, Vec<String>)> {
        Ok(self.candidates(&line[..at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_statements_and_commands_are_told_apart() {
        for (text, expected) in [
            ("", Kind::Nothing),
            ("// nothing", Kind::Nothing),
            (":load a b.sheaf ", Kind::Command("load", "a b.sheaf")),
            (":quit", Kind::Command("quit", "")),
            ("exit", Kind::Command("exit", "")),
            ("edge(a, b), a > 1", Kind::Question("edge(a, b), a > 1")),
            (
                "let x = if true { 1 } else { 2 }",
                Kind::Question("let x = if true { 1 } else { 2 }"),
            ),
            ("edge(1, 2);", Kind::Statement("edge(1, 2);")),
            ("view a(x: Int);", Kind::Statement("view a(x: Int);")),
            ("a(x) if b(x)", Kind::Statement("a(x) if b(x)")),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn more_is_to_come_until_it_makes_sense() {
        for (text, expected) in [
            ("edge(a, b)", true),
            ("edge(a, b),", false),
            ("edge(a,", false),
            ("edge(a, b), a >", false),
            ("a(x) if b(x)", false),
            ("a(x) if b(x);", true),
            ("view a(x: Int)", false),
            ("fn f(x: Int) -> Int {", false),
            ("fn f(x: Int) -> Int { x }", true),
            ("a(x) if\n\n", true),
            (":why edge(", true),
            ("edge(a))", true),
        ] {
            assert_eq!(is_complete(text), expected, "{text}");
        }
    }
}
