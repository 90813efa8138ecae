//! What the manual's reference says of a word of the language: the rows of its tables.
//!
//! Invariant: texts are the manual's own, so that there is one place to change them.

/// The pages, each with tables whose first column is Sheaf text.
const PAGES: &[&str] = &[
    include_str!("../../docs/src/reference/types.md"),
    include_str!("../../docs/src/reference/combiners.md"),
    include_str!("../../docs/src/reference/conditions.md"),
    include_str!("../../docs/src/reference/items.md"),
    include_str!("../../docs/src/reference/live.md"),
    include_str!("../../docs/src/reference/programs.md"),
    include_str!("../../docs/src/reference/expressions.md"),
];

/// One form of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What kind of thing the table lists: `type`, `combiner`, `condition` …
    pub(crate) kind: &'static str,
    /// How it is written: `Option<T>`.
    pub(crate) code: &'static str,
    /// What it means, as Markdown, with links of the manual.
    text: &'static str,
}

impl Entry {
    /// What it means, as Markdown without links.
    pub(crate) fn text(&self) -> String {
        let mut plain = String::new();
        let mut rest = self.text;
        while let Some((before, link)) = rest.split_once('[') {
            let Some((words, after)) = link.split_once("](") else {
                break;
            };
            plain += before;
            plain += words;
            rest = after.split_once(')').map_or("", |(_, after)| after);
        }
        plain + rest
    }
}

/// What the reference says of a word, in the order of its pages.
pub(crate) fn entries(word: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    for page in PAGES {
        let mut kind = "";
        let mut before = "";
        for line in page.lines() {
            if line.starts_with("|---") {
                kind = first_cell(before).unwrap_or_default();
            }
            before = line;
            let Some(cell) = first_cell(line).filter(|cell| cell.starts_with('`')) else {
                continue;
            };
            let text = line[2 + cell.len()..].trim_matches([' ', '|']);
            let codes = cell.split('`').skip(1).step_by(2);
            let about = codes.filter(|code| is_about(code, word));
            found.extend(about.map(|code| Entry { kind, code, text }));
        }
    }
    found
}

/// The first cell of a row.
fn first_cell(line: &str) -> Option<&str> {
    let (cell, _) = line.strip_prefix("| ")?.split_once(" |")?;
    Some(cell)
}

/// Whether a form begins with a word of the language. Other names in examples stand before `(`, or
/// are one letter.
fn is_about(code: &str, word: &str) -> bool {
    let Some(rest) = code.strip_prefix(word).filter(|_| word.len() > 1) else {
        return false;
    };
    let is_upper = word.starts_with(char::is_uppercase);
    let is_whole = !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    is_whole && (is_upper || rest.is_empty() || rest.starts_with(' ') || rest.contains(" for "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::completion::words::{COMBINERS, TYPES};

    #[test]
    fn every_builtin_type_and_combiner_has_an_entry() {
        let words = TYPES.iter().chain(COMBINERS);
        // The reference has no row for it.
        for word in words.filter(|word| **word != "Unit") {
            assert_ne!(entries(word), [], "{word}");
        }
    }

    #[test]
    fn names_of_examples_are_no_words() {
        for name in ["edge", "dist", "a", "x", "e", "r", "L"] {
            assert_eq!(entries(name), [], "{name}");
        }
    }

    #[test]
    fn texts_have_no_links() {
        let [view, keyed] = entries("view")[..] else {
            panic!("the two forms of a view")
        };
        assert_eq!(view.text(), "a set of rows, derived by rules");
        assert_eq!(keyed.text(), "a value for each key, merged by a combiner");
    }
}
