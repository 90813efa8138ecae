//! The texts on which the grammars for editors are held against the compiler's parser.

use std::path::{Path, PathBuf};

use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::{self, TokenKind, TriviaKind};

#[path = "../../../../../compiler/tests/common/right.rs"]
mod right;
#[path = "../../../../../compiler/tests/common/wrong.rs"]
mod wrong;

/// A text with where it is from.
pub struct Text {
    pub name: String,
    pub text: String,
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .expect("three folders up")
        .to_owned()
}

/// Every `.sheaf` file of the project; the compiler reads them all.
pub fn files() -> Vec<Text> {
    let mut paths = Vec::new();
    collect(&root(), "sheaf", &mut paths);
    assert!(paths.len() > 30, "only {} files", paths.len());
    let files: Vec<Text> = paths.iter().map(|path| read(path)).collect();
    for Text { name, text } in &files {
        assert!(compiler_reads(text), "the compiler does not read {name}");
    }
    files
}

/// Every program in the manual, right or wrong.
pub fn manual() -> Vec<Text> {
    let mut paths = Vec::new();
    collect(&root().join("docs/src"), "md", &mut paths);
    let blocks: Vec<Text> = paths.iter().flat_map(|path| blocks(&read(path))).collect();
    assert!(blocks.len() > 300, "only {} blocks", blocks.len());
    blocks
}

/// The programs of the compiler's tests.
#[allow(dead_code, reason = "not all tests ask for them")]
pub fn programs() -> Vec<Text> {
    let right = right::ALL.iter();
    right
        .chain(wrong::all())
        .map(|(name, text)| Text {
            name: format!("compiler/tests: {name}"),
            text: (*text).to_owned(),
        })
        .collect()
}

fn read(path: &Path) -> Text {
    let name = path.strip_prefix(root()).unwrap_or(path);
    Text {
        name: name.to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).expect("a text"),
    }
}

fn collect(folder: &Path, extension: &str, paths: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                collect(&path, extension, paths);
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
}

/// The `sheaf` blocks of a page but those of expressions alone.
fn blocks(page: &Text) -> Vec<Text> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, Text)> = None;
    for (number, line) in page.text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let mut words = language.split_whitespace();
                let is_program = words.next() == Some("sheaf") && words.next() != Some("example");
                let name = format!("{}:{}", page.name, number + 1);
                let text = String::new();
                open = Some((is_program, Text { name, text }));
            }
            (Some((_, block)), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (Some(_), Some(_)) => {
                blocks.extend(open.take().filter(|open| open.0).map(|open| open.1));
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Whether the compiler can read a text: names in the wrong case and the like aside.
pub fn compiler_reads(text: &str) -> bool {
    !syntax::parse(FileId(0), text).has_errors()
}

/// What an editor tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(dead_code, reason = "not all tests ask for them")]
pub enum Class {
    Comment,
    Documentation,
    String,
    Number,
    Keyword,
    /// A capitalised name.
    Type,
    /// Any other name.
    Name,
    Wildcard,
    Symbol,
}

/// The tokens and comments of a text as the compiler cuts it, in order, with their classes.
#[allow(dead_code, reason = "not all tests ask for them")]
pub fn classes(text: &str) -> Vec<(Span, Class)> {
    let parsed = syntax::parse(FileId(0), text);
    let tokens = parsed.tokens.iter().map(|token| {
        let class = match token.kind {
            TokenKind::Str => Class::String,
            TokenKind::Int | TokenKind::Float | TokenKind::Duration => Class::Number,
            TokenKind::Lower => Class::Name,
            TokenKind::Upper => Class::Type,
            TokenKind::Underscore => Class::Wildcard,
            _ if token.span.of(text).starts_with(char::is_alphabetic) => Class::Keyword,
            _ => Class::Symbol,
        };
        (token.span, class)
    });
    let comments = parsed.trivia.iter().filter_map(|trivia| {
        let class = match trivia.kind {
            TriviaKind::Comment => Class::Comment,
            TriviaKind::Documentation | TriviaKind::FileDocumentation => Class::Documentation,
            TriviaKind::Whitespace | TriviaKind::Unknown => return None,
        };
        Some((trivia.span, class))
    });
    let mut classes: Vec<_> = tokens.chain(comments).collect();
    classes.sort_by_key(|(span, _)| span.start);
    classes
}

/// The keywords of the language, from the compiler's list.
#[allow(dead_code, reason = "not all tests ask for them")]
pub fn keywords() -> Vec<String> {
    let list = read(&root().join("compiler/src/syntax/token.rs")).text;
    let (_, list) = list.split_once("fn keyword(").expect("the list");
    let words = list.lines().filter_map(|line| {
        let (word, _) = line.trim().strip_prefix('"')?.split_once("\" => ")?;
        Some(word.to_owned())
    });
    let mut words: Vec<String> = words.collect();
    words.sort();
    assert!(words.len() > 40, "only {words:?}");
    words
}
