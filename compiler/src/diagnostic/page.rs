//! The page of each code: what is wrong and why, a wrong program and the same program mended.
//!
//! Invariants: every registered code has a page (there is no compiling without), its title is the
//! registry's, and its programs are executed by the tests of the manual, of which it is a part.

use super::code::{Code, codes};

impl Code {
    /// Its page, as Markdown. Programs stand in `sheaf wrong` and `sheaf right` blocks.
    pub fn page(self) -> &'static str {
        codes::ALL
            .iter()
            .position(|(code, _)| *code == self)
            .map_or("", |index| codes::PAGES[index])
    }

    /// Its page for a terminal: programs are indented below a line that says what they are.
    pub fn plain_page(self) -> String {
        let mut text = String::new();
        let mut in_block = false;
        for line in self.page().lines() {
            match (in_block, line.strip_prefix("```")) {
                (false, Some(info)) => {
                    in_block = true;
                    text.push_str(&caption(info));
                }
                (true, Some(_)) => {
                    in_block = false;
                    continue;
                }
                (true, None) if line.is_empty() => {}
                (true, None) => {
                    text.push_str("    ");
                    text.push_str(line);
                }
                (false, None) => text.push_str(line.strip_prefix("# ").unwrap_or(line)),
            }
            text.push('\n');
        }
        text
    }
}

/// What a block is, from the words behind its backticks.
fn caption(info: &str) -> String {
    let words = info.split(' ');
    let file = words.clone().find_map(|word| {
        word.strip_prefix("file=")
            .or(word.contains('.').then_some(word))
    });
    match file {
        Some(file) => format!("{file}:"),
        None if words.clone().any(|word| word == "wrong") => "Wrong:".to_owned(),
        None if words.clone().any(|word| word == "right") => "Right:".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_begins_with_its_code_and_title() {
        for (code, title) in codes::ALL {
            let first = code.page().lines().next().unwrap_or_default();
            assert_eq!(first, format!("# {code}: {title}"));
        }
    }

    #[test]
    fn a_terminal_sees_no_backticks_around_programs() {
        let text = codes::NO_MODULE.plain_page();
        assert!(text.starts_with("E0701: "), "{text}");
        for line in [
            "\nWrong:\n    use ",
            "\nRight:\n    use ",
            "\nshop/prices.sheaf:\n    ",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(!text.contains("```"), "{text}");
    }
}
