//! The registry of codes: one per kind of mistake, never reused.
//!
//! Families: E01 syntax, E02 names, E03 types and safety, E04 strata, E05 order, E06 services,
//! E07 modules and packages, E08 deploy, E09 run time.

use std::fmt;

/// A stable code such as `E0101`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// `E0101`
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// One line that names the kind of mistake.
    pub fn title(self) -> &'static str {
        codes::ALL
            .iter()
            .find(|(code, _)| *code == self)
            .map_or("", |(_, title)| title)
    }

    /// The code written so, in either case, if it is registered.
    pub fn find(text: &str) -> Option<Code> {
        codes::ALL
            .iter()
            .map(|(code, _)| *code)
            .find(|code| code.0.eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! registry {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        /// Every code by name.
        pub mod codes {
            use super::Code;

            $(
                #[doc = concat!($code, ": ", $title, ".")]
                pub const $name: Code = Code($code);
            )*

            /// Every code with its title, in ascending order.
            pub const ALL: &[(Code, &str)] = &[$(($name, $title),)*];
        }
    };
}

registry! {
    UNEXPECTED = "E0101", "a part of the text does not fit here";
    MISSING_SEMICOLON = "E0102", "a statement lacks its `;`";
    UNCLOSED = "E0103", "a bracket is not closed";
    UNMATCHED = "E0104", "a closing bracket has no opening one";
    UNTERMINATED_STRING = "E0105", "a string does not end on its line";
    BAD_ESCAPE = "E0106", "a string has an unknown escape";
    BAD_CHARACTER = "E0107", "a character has no meaning here";
    BAD_NUMBER = "E0108", "a number cannot be read";
    BAD_UNIT = "E0109", "a duration has an unknown unit";
    FOREIGN_WORD = "E0110", "a form of another language";
    KEYWORD_AS_NAME = "E0111", "a keyword stands where a name is needed";
    WRONG_CASE = "E0112", "a name has the wrong first letter";
    NOT_AN_EXPRESSION = "E0113", "`_` or `..` stands where a value is needed";
    NOT_A_PATTERN = "E0114", "an expression stands where a pattern is needed";
    NOT_AN_ATOM = "E0115", "a word that needs a relation stands before something else";
    TOO_DEEP = "E0116", "the text is nested too deeply";
    INCOMPLETE = "E0117", "a declaration ends too early";
    POSITIONAL_AFTER_NAMED = "E0118", "an argument without a name follows one with a name";
    CHAINED_COMPARISON = "E0119", "comparisons are chained";
    NOT_A_HEAD = "E0120", "an expression stands where a rule's head is needed";
    STRAY_DOCUMENTATION = "E0121", "a documentation comment documents nothing";
    ASSIGNMENT = "E0122", "`=` and `==` are mixed up";
    MISSING_SEPARATOR = "E0123", "a comma is missing between two parts";
    MISPLACED_BECAUSE = "E0124", "`because` is not last";
    FILE_TOO_LARGE = "E0125", "a file is larger than 4 GB";
    MISSING_PART = "E0126", "a name, value, word or condition is missing";
    NOT_YET = "E0199", "not yet: this version does not run this";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ascending_and_have_titles() {
        for pair in codes::ALL.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (code, title) in codes::ALL {
            assert_eq!(code.as_str().len(), 5);
            assert!(code.as_str().starts_with("E0") && !title.is_empty());
            assert_eq!(
                (Code::find(code.as_str()), code.title()),
                (Some(*code), *title)
            );
        }
    }
}
