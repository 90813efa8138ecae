//! Standard output and standard error that may be closed: then nobody listens, which is no error.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// A line of what was asked for.
pub fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Lines of what was asked for, each with its end.
pub fn text(text: impl Display) {
    let _ = write!(stdout(), "{text}");
}

/// A line about it.
pub fn say(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// An error that has no place in a text, with what to do next.
pub fn error(message: impl Display, help: &[String]) {
    say(format_args!("error: {message}"));
    for help in help {
        say(format_args!("  help: {help}"));
    }
}

/// A count with its noun: `1 row`, `2 rows`.
pub fn count(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}
