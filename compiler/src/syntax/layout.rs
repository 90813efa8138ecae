//! Lines and indentation of tokens, which tell recovery what the author had in mind.

use super::token::Token;

/// Line and indentation of every token of a list.
pub(super) struct Layout {
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    line: u32,
    /// Bytes before the first token of the line.
    indent: u32,
    first: bool,
}

impl Layout {
    pub(super) fn new(text: &str, tokens: &[Token]) -> Self {
        let bytes = text.as_bytes();
        let mut places = Vec::with_capacity(tokens.len());
        let (mut line, mut line_start, mut indent, mut position) = (0, 0, 0, 0);
        for (index, token) in tokens.iter().enumerate() {
            let start = token.span.start as usize;
            let mut first = index == 0;
            while position < start {
                if bytes[position] == b'\n' {
                    line += 1;
                    line_start = position + 1;
                    first = true;
                }
                position += 1;
            }
            // A token that recovery put in never begins a line.
            first &= !token.span.is_empty() || index == 0;
            if first {
                indent = (start - line_start) as u32;
            }
            places.push(Place { line, indent, first });
        }
        Self { places }
    }

    pub(super) fn line(&self, index: usize) -> u32 {
        self.places.get(index).map_or(u32::MAX, |place| place.line)
    }

    /// Indentation of the line on which a token stands.
    pub(super) fn indent(&self, index: usize) -> u32 {
        self.places.get(index).map_or(0, |place| place.indent)
    }

    /// True for the first token of a line; the end of the text counts as one.
    pub(super) fn begins_line(&self, index: usize) -> bool {
        self.places.get(index).is_none_or(|place| place.first)
    }
}
