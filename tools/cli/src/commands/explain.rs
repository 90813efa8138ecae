//! `sheaf explain CODE`

use sheaf_compiler::diagnostic::Code;
use sheaf_node::run::code_title;

use crate::{Outcome, print};

/// Says what a code means.
pub fn explain(code: &str) -> Outcome {
    let upper = code.to_uppercase();
    let title = match Code::find(code) {
        Some(code) => code.title(),
        None => match code_title(&upper) {
            Some(title) => title,
            None => {
                let help = "codes stand in brackets behind the word error, such as E0301";
                print::error(format_args!("there is no code {code}"), &[help.to_string()]);
                return Outcome::Usage;
            }
        },
    };
    print::line(format_args!("{upper}: {title}"));
    Outcome::Success
}
