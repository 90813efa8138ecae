//! Both grammars for editors, tree-sitter's and TextMate's, see every token of every text as the
//! compiler does: so neither can drift from the language, nor from the other.
//!
//! The TextMate grammar runs in an engine that follows Visual Studio Code's, with a theme that has a
//! colour for each class of tokens.

mod common;

use std::collections::BTreeSet;

use common::{Class, Text, classes, compiler_reads, files, keywords, manual, root};
use giallo::{HighlightOptions, Registry, ThemeVariant};
use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};

/// Class → the scopes of the TextMate grammar and the captures of tree-sitter's that mean it.
const CLASSES: &[(Class, &[&str], &[&str])] = &[
    (Class::Comment, &["comment"], &["comment"]),
    (
        Class::Documentation,
        &["comment.line.documentation"],
        &["comment.documentation"],
    ),
    (
        Class::String,
        &[
            "string",
            "constant.character.escape",
            "punctuation.definition.string",
        ],
        &["string"],
    ),
    (
        Class::Number,
        &["constant.numeric", "keyword.other.unit"],
        &["number"],
    ),
    (
        Class::Keyword,
        &["keyword", "storage", "constant.language"],
        &["keyword", "boolean"],
    ),
    (Class::Type, &["entity.name.type"], &["type", "constructor"]),
    (
        Class::Name,
        &[
            "variable",
            "entity.name.function",
            "entity.other.attribute-name",
        ],
        &["variable", "function", "property", "module", "attribute"],
    ),
    (
        Class::Wildcard,
        &["variable.language.wildcard"],
        &["character.special"],
    ),
    (
        Class::Symbol,
        &["keyword.operator", "punctuation"],
        &["operator", "punctuation"],
    ),
];

/// What a grammar makes of a text: for each byte the index of a class in `CLASSES`.
type Painted = Vec<Option<usize>>;

fn texts() -> Vec<Text> {
    let all = files().into_iter().chain(manual());
    all.filter(|text| compiler_reads(&text.text)).collect()
}

/// Holds what `paint` makes of each text against the compiler's tokens.
fn compare(paint: impl Fn(&str) -> Painted) {
    let mut wrong = Vec::new();
    let mut tokens = 0;
    for Text { name, text } in texts() {
        let painted = paint(&text);
        for (span, class) in classes(&text) {
            tokens += 1;
            let range = span.start as usize..span.end as usize;
            let found: BTreeSet<Option<usize>> = painted[range.clone()].iter().copied().collect();
            let found: Vec<Option<Class>> = found
                .into_iter()
                .map(|index| index.map(|index| CLASSES[index].0))
                .collect();
            if found != [Some(class)] {
                let line = text[..range.start].matches('\n').count() + 1;
                let token = &text[range];
                wrong.push(format!(
                    "{name}:{line}: `{token}` is {class:?}, not {found:?}"
                ));
            }
        }
    }
    assert!(tokens > 20_000, "only {tokens} tokens");
    let shown = wrong[..wrong.len().min(30)].join("\n");
    assert!(wrong.is_empty(), "{} of {tokens}:\n{shown}", wrong.len());
}

#[test]
fn tree_sitter_sees_what_the_compiler_sees() {
    let language = Language::new(tree_sitter_sheaf::LANGUAGE);
    let query = Query::new(&language, tree_sitter_sheaf::HIGHLIGHTS).expect("a query");
    let class_of: Vec<usize> = query
        .capture_names()
        .iter()
        .map(|name| {
            // The longest name that fits decides, as for an editor's theme.
            let captures = CLASSES
                .iter()
                .enumerate()
                .flat_map(|(index, (_, _, captures))| {
                    captures
                        .iter()
                        .map(move |capture| (capture.len(), *capture, index))
                });
            let fits = captures.filter(|(_, capture, _)| is_prefix(capture, name));
            fits.max().unwrap_or_else(|| panic!("@{name} is new")).2
        })
        .collect();
    compare(|text| {
        let mut parser = Parser::new();
        parser.set_language(&language).expect("the language");
        let tree = parser.parse(text, None).expect("a tree");
        let mut painted = vec![None; text.len()];
        let mut cursor = QueryCursor::new();
        let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
        while let Some((found, index)) = captures.next() {
            let capture = found.captures()[*index];
            painted[capture.node.byte_range()].fill(Some(class_of[capture.index as usize]));
        }
        painted
    });
}

#[test]
fn textmate_sees_what_the_compiler_sees() {
    let registry = registry();
    compare(|text| paint_by_textmate(&registry, text));
}

fn is_prefix(prefix: &str, name: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The TextMate grammar, with a theme whose red is the index of a class.
fn registry() -> Registry {
    let colours: Vec<String> = CLASSES
        .iter()
        .enumerate()
        .map(|(index, (_, scopes, _))| {
            let scopes = scopes.join(",");
            format!(
                r##"{{"scope": "{scopes}", "settings": {{"foreground": "#{index:02x}0000"}}}}"##
            )
        })
        .collect();
    let theme = format!(
        r##"{{"name": "classes", "type": "dark", "tokenColors": [{}],
            "colors": {{"editor.foreground": "#ff0000", "editor.background": "#000000"}}}}"##,
        colours.join(",")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("classes.json");
    std::fs::write(&file, theme).expect("a theme");
    let grammar = root().join("tools/editors/vscode/syntaxes/sheaf.tmLanguage.json");
    let mut registry = Registry::default();
    registry.add_theme_from_path(&file).expect("a theme");
    registry.add_grammar_from_path(&grammar).expect("a grammar");
    registry.link_grammars();
    registry
}

fn paint_by_textmate(registry: &Registry, text: &str) -> Painted {
    let options = HighlightOptions::new("sheaf", ThemeVariant::Single("classes"));
    let highlighted = registry.highlight(text, &options).expect("tokens");
    let mut painted = vec![None; text.len()];
    let mut line_start = 0;
    let lines = text.split_inclusive('\n');
    for (line, tokens) in lines.zip(&highlighted.tokens) {
        let mut start = line_start;
        for token in tokens {
            let ThemeVariant::Single(style) = &token.style else {
                panic!("one theme was given");
            };
            let colour = style.foreground.as_hex();
            let class = usize::from_str_radix(&colour[1..3], 16).expect("a colour");
            let end = start + token.text.len();
            let end = end.min(line_start + line.len());
            painted[start..end].fill((class < CLASSES.len()).then_some(class));
            start = end;
        }
        line_start += line.len();
    }
    painted
}

/// Then the tests above have seen both grammars take each of them for a keyword.
#[test]
fn every_keyword_stands_in_a_text() {
    let seen: BTreeSet<String> = texts()
        .iter()
        .flat_map(|Text { text, .. }| {
            let keywords = classes(text).into_iter();
            let keywords = keywords.filter(|(_, class)| *class == Class::Keyword);
            keywords
                .map(|(span, _)| span.of(text).to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), keywords());
}
