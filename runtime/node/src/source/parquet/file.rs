//! Files as the Parquet reader wants them: by ranges of bytes.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::environment::RandomAccess;

/// A file of which only the parts that are asked for are read.
#[derive(Clone)]
pub struct Ranges(pub Arc<dyn RandomAccess>);

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Ranges {
    type T = Rest;

    fn get_read(&self, start: u64) -> Result<Rest> {
        Ok(Rest {
            file: self.clone(),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.0.size()) {
            return Err(ParquetError::EOF("it ends too early".to_string()));
        }
        let mut bytes = vec![0; length];
        self.0.read_at(start, &mut bytes)?;
        Ok(bytes.into())
    }
}

/// What follows a place in a file.
pub struct Rest {
    file: Ranges,
    at: u64,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.0.size().saturating_sub(self.at);
        let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        self.file.0.read_at(self.at, &mut buffer[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}
