//! `sheaf lsp`

use crate::{Outcome, print};

/// Serves an editor until it says `exit`.
pub fn serve() -> Outcome {
    match sheaf_lsp::serve() {
        Ok(0) => Outcome::Success,
        Ok(_) => Outcome::Failure,
        Err(error) => {
            print::error(error, &[]);
            Outcome::Failure
        }
    }
}
