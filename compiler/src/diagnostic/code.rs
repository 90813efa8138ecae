//! The registry of codes: one per kind of mistake, never reused.
//!
//! Families: E01 syntax, E02 names, E03 types and safety, E04 strata, E05 order, E06 services,
//! E07 modules and packages, E08 deploy, E09 run time.
//! Those of run time are reported by the runtime; they stand here so that there is one list.

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

            /// The page of each code, in the order of [`ALL`].
            pub(in super::super) const PAGES: &[&str] = &[
                $(include_str!(concat!("../../../docs/src/errors/", $code, ".md")),)*
            ];
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
    UNKNOWN_NAME = "E0201", "a relation, function or param is not declared";
    DECLARED_TWICE = "E0202", "a name is declared twice";
    UNKNOWN_COLUMN = "E0203", "a relation has no such column";
    UNKNOWN_TYPE = "E0204", "a type is not declared";
    UNKNOWN_FIELD = "E0205", "a value has no such field or member";
    UNKNOWN_CONSTRUCTOR = "E0206", "a constructor is not declared";
    NOT_A_RELATION = "E0207", "a function stands where a relation is needed";
    RELATION_AS_VALUE = "E0208", "a relation stands where a value is needed";
    UNKNOWN_CONNECTOR = "E0209", "there is no such source or sink";
    CONNECTOR_OPTION = "E0210", "an argument of a source or sink is wrong";
    UNKNOWN_ATTRIBUTE = "E0211", "an attribute means nothing here";
    NO_RULES = "E0212", "a view has no rule";
    UNREAD_VARIABLE = "E0213", "a variable is never read";
    SAME_SINK = "E0214", "two outputs write to the same place";
    EMPTY_TEST = "E0215", "a test expects nothing";
    UNUSED_USE = "E0216", "a name is brought in and never read";
    WRONG_TYPE = "E0301", "a value has the wrong type";
    NOT_DEFINED = "E0302", "an operation is not defined for these types";
    TYPE_ARGUMENTS = "E0303", "a type or combiner has the wrong arguments";
    NOT_A_TYPE = "E0304", "a combiner stands where a type is needed";
    NOT_A_COMBINER = "E0305", "a type stands where a combiner is needed";
    COMBINER_TYPE = "E0306", "a combiner is not defined for this type";
    ENDLESS_TYPE = "E0307", "a type has no finite values";
    BAD_LITERAL = "E0308", "a literal does not fit its type";
    UNKNOWN_ELEMENT = "E0309", "nothing tells the type of the elements";
    UNBOUND_VARIABLE = "E0310", "a variable is not bound";
    CIRCULAR_BINDING = "E0311", "variables are needed to compute each other";
    BOUND_BY_TWO_MAYBE = "E0312", "two `maybe` conditions bind one variable";
    WRONG_COLUMNS = "E0313", "an atom or head does not fit the columns of its relation";
    NO_VALUE = "E0314", "`->` does not fit the declaration";
    RULE_FOR_INPUT = "E0315", "a rule derives an input";
    WRONG_ARGUMENTS = "E0316", "arguments do not fit what is called or made";
    PATTERN_TYPE = "E0317", "a pattern never fits the type of its value";
    REFUTABLE_LET = "E0318", "a `let` in a function may not fit";
    MISSING_CASE = "E0319", "a `match` lacks a case";
    UNREACHABLE_CASE = "E0320", "a case of a `match` is never reached";
    BRANCHES_DIFFER = "E0321", "branches have different types";
    NOT_A_COLLECTION = "E0322", "a value has no elements";
    RECURSIVE_FUNCTION = "E0323", "a function may never end";
    IMPURE_FUNCTION = "E0324", "a function or constant reads a relation";
    MISSING_RESULT = "E0325", "a function does not say what it gives";
    NOT_CONSTANT = "E0326", "a constant is needed";
    GIVEN_VIEW = "E0327", "a test gives rows to a view";
    BAD_EXPECTATION = "E0328", "a test expects what always holds";
    TOO_LARGE = "E0329", "an expression is too large";
    LATTICE_PART = "E0330", "a lattice lacks a function or has a wrong one";
    LATTICE_LAW = "E0331", "a lattice breaks a law";
    MONOTONE_LAW = "E0332", "a `monotone fn` is not monotone";
    UNSTRATIFIED = "E0401", "a recursion takes back what it gave";
    AGGREGATE_IN_CYCLE = "E0402", "an aggregate depends on itself";
    NOT_MONOTONE = "E0403", "a step of a recursion through a lattice is not monotone";
    ENDLESS_CLIMB = "E0404", "a recursion through a lattice may never end";
    BECAUSE_WITHOUT_SAMPLE = "E0501", "`because` has nothing to explain";
    UNSETTLED_READ = "E0502", "an effect reads what may still change";
    SEAL_WITHOUT_REASON = "E0503", "a seal rests on nothing that lasts";
    NEVER_FINAL = "E0504", "`final` can never hold";
    APPEND_ONLY = "E0505", "an append-only sink cannot take rows back";
    EVENT_READ = "E0506", "a rule reads an event that it does not wait for";
    SAMPLE_WITHOUT_REASON = "E0507", "`sample` lacks its `because`";
    EMPTY_REASON = "E0508", "a reason says nothing of its own";
    NOT_COORDINATED = "E0509", "a `coordinate` block does not hold every writer of what it reads";
    KEY_NOT_BOUND = "E0510", "an event in a `coordinate` block does not bind its key";
    REMOVE_WITHOUT_REASON = "E0511", "`remove` lacks its `because`";
    COORDINATE_WITHOUT_REASON = "E0512", "`coordinate` lacks its `because`";
    NEEDLESS_WORD = "E0513", "`sample` or `final` stands where nothing can change";
    NOT_A_PREFIX = "E0514", "a seal does not close a prefix of the key";
    NOT_IN_BLOCK = "E0515", "a `coordinate` block holds something other than `on`";
    NO_REPLY = "E0601", "no rule replies to a request";
    TWO_REPLIES = "E0602", "a request gets two different replies";
    FOREIGN_EFFECT = "E0603", "an effect changes what belongs to another service";
    REPLY_WITHOUT_REQUEST = "E0604", "a reply stands where no request waits";
    NOT_AN_ADDRESS = "E0605", "an address is no service or agent";
    TIMER_PERIOD = "E0606", "a timer needs a time above 0 between two ticks";
    AGENT_KEY = "E0607", "an agent needs exactly one key";
    MISPLACED_ITEM = "E0608", "an item cannot stand here";
    REQUEST_READ = "E0609", "a request is read in another way than by a call";
    ATTRIBUTE_ARGUMENTS = "E0610", "the arguments of an attribute are wrong";
    NOT_AN_EVENT = "E0611", "`on` waits for what does not happen";
    WRONG_EFFECT = "E0612", "an effect does not fit what it names";
    FOREIGN_CODE = "E0613", "a foreign declaration does not fit its host";
    UNHANDLED = "E0614", "nothing waits for an event";
    NO_OCCURRENCE = "E0615", "a test speaks of an occurrence that it did not give";
    NO_MODULE = "E0701", "a module cannot be found";
    UNREADABLE_MODULE = "E0702", "the file of a module cannot be read";
    NOT_IN_MODULE = "E0703", "a module does not declare a name";
    NOT_PUBLIC = "E0704", "a name is not public";
    NOT_IN_STD = "E0705", "the standard library does not have a name";
    FOREIGN_RULE = "E0706", "a rule derives a view of another module";
    MODULE_CIRCLE = "E0707", "modules use each other in a circle";
    PACKAGE_CIRCLE = "E0708", "packages depend on each other in a circle";
    SAME_PACKAGE_NAME = "E0709", "two packages have one name";
    MODULE_OR_PACKAGE = "E0710", "a name is both a module and a package";
    NO_PACKAGE = "E0711", "a dependency cannot be found";
    NOT_TOML = "E0712", "a `sheaf.toml` is not TOML";
    UNKNOWN_ENTRY = "E0713", "an entry of `sheaf.toml` means nothing";
    WRONG_ENTRY = "E0714", "an entry of `sheaf.toml` is missing or wrong";
    OVERFLOW = "E0901", "a result does not fit its type";
    DIVISION_BY_ZERO = "E0902", "something is divided by zero";
    CONVERSION = "E0903", "a value cannot be converted";
    OUTSIDE_DOMAIN = "E0904", "a function is not defined at its arguments";
    CONFLICT = "E0905", "`One` met two different values for one key";
    ITERATION_LIMIT = "E0906", "a recursion did not come to an end";
    UNREADABLE_ROW = "E0907", "a row of an input cannot be read";
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
