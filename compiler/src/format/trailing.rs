//! Puts comments at the ends of lines, aligned as they stood.
//!
//! Invariants: comments that stood in one column on lines that follow each other stay in one column,
//! as far behind the longest of these lines as the nearest of them stood. Others keep their gap.

use super::attach::Trailing;

/// A comment and the line of code that it follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'t> {
    /// The end of the code, in bytes.
    pub(super) offset: usize,
    /// The number of the line.
    pub(super) line: u32,
    /// The columns of the code.
    pub(super) columns: u32,
    pub(super) comment: Trailing<'t>,
}

/// Puts comments into a text.
pub(super) fn insert(text: &str, comments: &[Placed<'_>]) -> String {
    let length: usize = comments
        .iter()
        .map(|placed| placed.comment.text.len())
        .sum();
    let mut result = String::with_capacity(text.len() + length + 8 * comments.len());
    let mut copied = 0;
    let aligned = |a: &Placed<'_>, b: &Placed<'_>| {
        b.line == a.line + 1 && a.comment.column == b.comment.column
    };
    for group in comments.chunk_by(aligned) {
        let gap = group.iter().map(|placed| placed.comment.gap).min();
        let gap = gap.unwrap_or(1);
        let longest = group.iter().map(|placed| placed.columns).max();
        // One blank before each: they stand in one column by chance.
        let by_chance = group.iter().all(|placed| placed.comment.gap == 1);
        for placed in group {
            let end = longest.filter(|_| !by_chance).unwrap_or(placed.columns);
            result.push_str(&text[copied..placed.offset]);
            copied = placed.offset;
            let blanks = end - placed.columns + gap;
            result.extend(std::iter::repeat_n(' ', blanks as usize));
            result.push_str(placed.comment.text);
        }
    }
    result.push_str(&text[copied..]);
    result
}
