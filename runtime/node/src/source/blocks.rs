//! A text read block by block, of which the unread part lies in one piece.

use std::io::{self, Read};

/// Bytes asked for at once.
const BLOCK: usize = 1 << 18;
/// The longest record.
const MAX_RECORD: usize = 1 << 28;
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// The unread part of a text, as far as it was fetched.
pub struct Blocks {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl Blocks {
    /// Begins to read, behind a byte order mark if there is one.
    ///
    /// # Errors
    /// The input cannot be read, or is UTF-16.
    pub fn new(input: Box<dyn Read + Send>) -> io::Result<Blocks> {
        let mut blocks = Blocks {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
        };
        while blocks.data().len() < BYTE_ORDER_MARK.len() && blocks.more()? {}
        if blocks.data().starts_with(&[0xff, 0xfe]) || blocks.data().starts_with(&[0xfe, 0xff]) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the text is UTF-16; convert it to UTF-8",
            ));
        }
        if blocks.data().starts_with(BYTE_ORDER_MARK) {
            blocks.skip(BYTE_ORDER_MARK.len());
        }
        Ok(blocks)
    }

    /// What was fetched and not yet skipped.
    #[inline]
    pub fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether nothing can follow [`Blocks::data`].
    #[inline]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Takes bytes off the front.
    #[inline]
    pub fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        debug_assert!(self.start <= self.end);
    }

    /// Fetches more behind what is there; false if there is no more.
    ///
    /// # Errors
    /// The input cannot be read, or one record is longer than 256 MiB.
    pub fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end > MAX_RECORD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a record is longer than 256 MiB; perhaps a quote is never closed",
            ));
        }
        // At least as much as is there, so that a long record is not looked at over and over.
        let until = self.end * 2;
        let before = self.end;
        while !self.ended && (self.end == before || self.end < until) {
            if self.buffer.len() - self.end < BLOCK {
                let size = (self.buffer.len() * 2).max(2 * BLOCK);
                self.buffer.resize(size, 0);
            }
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end > before)
    }
}
