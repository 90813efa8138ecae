//! Byte offsets as lines and characters of the protocol, and back.
//!
//! Invariants: every position leads to an offset on a character boundary: one past the end of a line
//! means its end, one inside a character its start. A line ends with `\n`, `\r\n` or `\r`.

use gen_lsp_types::{Position, Range};
use sheaf_compiler::source::Span;

/// What a character of a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A byte.
    Utf8,
    /// A unit of UTF-16.
    Utf16,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Of this text.
    pub fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1));
        Lines {
            starts: starts.collect(),
        }
    }

    /// The position of an offset; one past the end counts as the end.
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .starts
            .partition_point(|&start| start as usize <= offset)
            - 1;
        let before = &text[self.starts[line] as usize..offset];
        let character = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        Position {
            line: line as u32,
            character: character as u32,
        }
    }

    /// The offset of a position.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else {
            return text.len() as u32;
        };
        let end = self
            .starts
            .get(line + 1)
            .map_or(text.len(), |&next| next as usize);
        let content = text[start as usize..end].trim_end_matches(['\n', '\r']);
        let mut units = 0;
        for (at, character) in content.char_indices() {
            units += match encoding {
                Encoding::Utf8 => character.len_utf8(),
                Encoding::Utf16 => character.len_utf16(),
            };
            if units > position.character as usize {
                return start + at as u32;
            }
        }
        start + content.len() as u32
    }

    /// The range of a span.
    pub fn range(&self, text: &str, span: Span, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, span.start, encoding),
            end: self.position(text, span.end, encoding),
        }
    }

    /// The span of a range; one that ends before it starts is empty.
    pub fn span(&self, text: &str, range: Range, encoding: Encoding) -> Span {
        let start = self.offset(text, range.start, encoding);
        let end = self.offset(text, range.end, encoding);
        Span::new(start, end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_comes_back() {
        let text = "a é 😀\r\nß\n\n😀";
        let lines = Lines::new(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, _) in text.char_indices() {
                let position = lines.position(text, offset as u32, encoding);
                let back = lines.offset(text, position, encoding);
                // The middle of a line end is its start.
                let is_feed = text[offset..].starts_with('\n') && text[..offset].ends_with('\r');
                assert_eq!(back + u32::from(is_feed), offset as u32, "{position:?}");
            }
        }
    }

    #[test]
    fn positions_that_are_not_there() {
        let text = "😀b\nc";
        let lines = Lines::new(text);
        let at =
            |line, character| lines.offset(text, Position { line, character }, Encoding::Utf16);
        assert_eq!([at(0, 1), at(0, 9), at(1, 9), at(7, 0)], [0, 5, 7, 7]);
    }
}
