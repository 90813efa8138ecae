//! `sheaf explain [CODE]`

use sheaf_compiler::diagnostic::{Code, codes};
use sheaf_node::names::did_you_mean;

use crate::{Outcome, print};

/// Prints the page of a code, or all codes with their titles.
pub fn explain(code: Option<&str>) -> Outcome {
    let Some(written) = code else {
        for (code, title) in codes::ALL {
            print::line(format_args!("{code}: {title}"));
        }
        return Outcome::Success;
    };
    let full = full(written);
    let Some(code) = Code::find(&full) else {
        let known = codes::ALL.iter().map(|(code, _)| code.as_str());
        let mut help = Vec::from_iter(did_you_mean(&full, known));
        help.push("`sheaf explain` alone lists every code".to_string());
        print::error(format_args!("there is no code {written}"), &help);
        return Outcome::Usage;
    };
    print::text(code.plain_page());
    Outcome::Success
}

/// `E0301` for what a person writes: `e0301`, `E301`, `301`.
fn full(written: &str) -> String {
    let digits = written.trim_start_matches(['e', 'E']);
    format!("E{digits:0>4}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_may_be_written_short() {
        for written in ["E0301", "e0301", "E301", "e301", "0301", "301"] {
            assert_eq!(full(written), "E0301");
        }
    }
}
