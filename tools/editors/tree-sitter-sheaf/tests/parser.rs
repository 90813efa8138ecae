//! The tree-sitter parser reads what the compiler reads, and little else.

mod common;

use std::collections::BTreeSet;

use common::{Text, compiler_reads, files, keywords, manual, programs, root};
use sha2::{Digest, Sha256};
use sheaf_compiler::source::FileId;
use sheaf_compiler::syntax;
use tree_sitter::{Language, Parser, Query, Tree};

fn language() -> Language {
    Language::new(tree_sitter_sheaf::LANGUAGE)
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&language())
        .expect("a language that this library can read");
    parser.parse(text, None).expect("a tree")
}

fn reads(text: &str) -> bool {
    !parse(text).root_node().has_error()
}

/// Where the first mistake is.
fn place(text: &str) -> String {
    let tree = parse(text);
    let mut node = tree.root_node();
    'down: loop {
        for index in 0..node.child_count() {
            let child = node.child(index).expect("a child");
            if child.is_error() || child.is_missing() {
                let start = child.start_position();
                return format!("line {}: {:?}", start.row + 1, text.lines().nth(start.row));
            }
            if child.has_error() {
                node = child;
                continue 'down;
            }
        }
        return String::new();
    }
}

#[test]
fn every_file_and_every_right_program_is_read() {
    let texts = files().into_iter().chain(manual()).chain(programs());
    let (mut read, mut failed) = (0, Vec::new());
    for Text { name, text } in texts.filter(|text| compiler_reads(&text.text)) {
        match reads(&text) {
            true => read += 1,
            false => failed.push(format!("{name}, {}", place(&text))),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(read > 400, "only {read} texts");
}

/// What the compiler's parser refuses for another reason than its grammar: it knows which names are
/// capitalised, what a pattern may hold, how deep a tree may be.
#[test]
fn mistakes_of_syntax_are_seen() {
    let wrong: Vec<Text> = manual()
        .into_iter()
        .filter(|text| text.name.contains("errors/E01") && !compiler_reads(&text.text))
        .collect();
    let missed: Vec<&str> = wrong
        .iter()
        .filter(|text| reads(&text.text))
        .map(|text| text.name.as_str())
        .collect();
    insta::assert_snapshot!(format!(
        "{} of {} mistakes are no mistakes to the parser for editors:\n{}",
        missed.len(),
        wrong.len(),
        missed.join("\n")
    ));
}

/// Every so many tokens, one is taken away.
const STEP: usize = 5;

/// Both parsers on texts from which one token was taken away.
#[test]
fn with_a_token_less_both_say_the_same() {
    let (mut both, mut lenient, mut lost) = (0, 0, Vec::new());
    for Text { name, text } in files().into_iter().chain(manual()) {
        if !compiler_reads(&text) {
            continue;
        }
        let tokens = syntax::parse(FileId(0), &text).tokens;
        for token in tokens.iter().step_by(STEP) {
            let (start, end) = (token.span.start as usize, token.span.end as usize);
            let less = format!("{} {}", &text[..start], &text[end..]);
            match (compiler_reads(&less), reads(&less)) {
                (true, false) => {
                    lost.push(format!("{name} without {start}..{end}, {}", place(&less)))
                }
                (false, true) => lenient += 1,
                _ => both += 1,
            }
        }
    }
    // The parser for editors is too kind to one in fifty: it checks no case of names, for instance.
    // Behind an attribute, the compiler takes `request (a: b)` for a rule about `request`.
    let shown = lost[..lost.len().min(20)].join("\n");
    assert!(
        lost.len() * 2000 < both,
        "{} of {both}: {shown}",
        lost.len()
    );
    assert!(
        lenient * 25 < both,
        "the parser for editors reads {lenient} texts that the compiler refuses; on {both} they agree"
    );
}

#[test]
fn the_parser_knows_the_keywords() {
    let language = language();
    let known: BTreeSet<String> = (0..language.node_kind_count() as u16)
        .filter(|id| language.node_kind_is_visible(*id) && !language.node_kind_is_named(*id))
        .filter_map(|id| language.node_kind_for_id(id))
        .filter(|kind| kind.starts_with(char::is_alphabetic))
        .map(str::to_owned)
        .collect();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), keywords());
}

#[test]
fn the_parser_is_the_one_of_the_grammar() {
    let folder = root().join("tools/editors/tree-sitter-sheaf");
    let sums = std::fs::read_to_string(folder.join("src/sha256sums")).expect("the sums");
    assert_eq!(sums.lines().count(), 2);
    for line in sums.lines() {
        let (sum, file) = line.split_once("  ").expect("a sum and a file");
        let found = Sha256::digest(std::fs::read(folder.join(file)).expect("a file"));
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{file} changed: run generate.sh");
    }
}

#[test]
fn queries_fit_the_language() {
    for (name, query) in [
        ("highlights", tree_sitter_sheaf::HIGHLIGHTS),
        ("folds", tree_sitter_sheaf::FOLDS),
        ("indents", tree_sitter_sheaf::INDENTS),
        ("locals", tree_sitter_sheaf::LOCALS),
        ("tags", tree_sitter_sheaf::TAGS),
    ] {
        if let Err(error) = Query::new(&language(), query) {
            panic!("{name}: {error}");
        }
    }
}

/// The cases of `test/corpus`, in the form of the tree-sitter command, which `tree-sitter test
/// --show-fields -u` rewrites.
#[test]
fn trees_of_the_forms() {
    let folder = root().join("tools/editors/tree-sitter-sheaf/test/corpus");
    let mut cases = 0;
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let file = std::fs::read_to_string(file.expect("an entry").path()).expect("a file");
        let mut lines = file.lines().peekable();
        while let Some(line) = lines.next() {
            assert!(line.starts_with("==="), "no case begins with `{line}`");
            let name = lines.next().expect("a name");
            lines.next();
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "---").collect();
            let mut tree = String::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("===")) {
                tree.push_str(line.trim());
                tree.push(' ');
            }
            let found = parse(&text.join("\n")).root_node().to_sexp();
            assert_eq!(found, tree.trim().replace(" )", ")"), "{name}");
            cases += 1;
        }
    }
    assert!(cases > 15, "only {cases} cases");
}
