//! Layout: the compiler's formatter, as edits.

use std::path::Path;

use sheaf_compiler::format::{format, format_range};
use sheaf_compiler::source::Span;

use crate::analysis::Analysis;

impl Analysis {
    /// The edits that lay a file out, or the part of it that touches `range`; in the order of the text.
    ///
    /// # Errors
    /// The text has syntax errors, which the diagnostics tell.
    pub fn format(&self, file: &Path, range: Option<Span>) -> Result<Vec<(Span, String)>, String> {
        let text = self.text(file).unwrap_or_default();
        let whole = Span::new(0, text.len() as u32);
        let edits = format_range(&text, range.unwrap_or(whole));
        edits.map_err(|mistakes| match mistakes.len() {
            1 => "the text has a syntax error".to_owned(),
            count => format!("the text has {count} syntax errors"),
        })
    }

    /// The whole text as it is laid out.
    ///
    /// # Errors
    /// As [`Analysis::format`].
    pub fn formatted(&self, file: &Path) -> Result<String, String> {
        let text = self.text(file).unwrap_or_default();
        format(&text).map_err(|_| "the text has syntax errors".to_owned())
    }
}
