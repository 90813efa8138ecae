//! A socket that turns a lost peer into an orderly end of the stream.
//!
//! Timely's network threads panic when a connection breaks. This socket never shows them one: after
//! the generation failed it swallows what is written, and once no worker can look any more it
//! completes the message that was cut off and sends timely's own sign of a clean end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use timely::communication::allocator::zero_copy::stream::Stream;

use super::{Failure, Generation};

/// Where the stream stands between timely's messages: a header of six big-endian words, of which
/// the fifth is the length of the body. A length of zero ends the stream.
#[derive(Default)]
struct Framing {
    header: Vec<u8>,
    body_left: usize,
    ended: bool,
}

impl Framing {
    const HEADER: usize = 48;

    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.body_left > 0 {
                let n = self.body_left.min(bytes.len());
                self.body_left -= n;
                bytes = &bytes[n..];
                continue;
            }
            let n = (Self::HEADER - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            if self.header.len() == Self::HEADER {
                let length = self.header[32..40]
                    .iter()
                    .fold(0u64, |l, b| l << 8 | u64::from(*b));
                self.header.clear();
                self.body_left = usize::try_from(length).unwrap_or(usize::MAX);
                self.ended = length == 0;
            }
        }
    }

    /// How many zeros complete the current message, or else make up an ending header.
    fn missing(&self) -> usize {
        if self.body_left > 0 {
            self.body_left
        } else {
            Self::HEADER - self.header.len()
        }
    }
}

/// A connection to one other process.
pub(super) struct Socket {
    tcp: TcpStream,
    process: usize,
    generation: Arc<Generation>,
    framing: Framing,
}

impl Socket {
    pub(super) fn new(
        tcp: TcpStream,
        process: usize,
        generation: Arc<Generation>,
    ) -> io::Result<Socket> {
        generation.keep(tcp.try_clone()?);
        Ok(Socket {
            tcp,
            process,
            generation,
            framing: Framing::default(),
        })
    }

    fn lost(&self, reason: String) {
        self.generation.fail(Failure::Lost {
            process: self.process,
            reason,
        });
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.generation.has_failed() {
            match self.tcp.read(buffer) {
                Ok(0) if self.framing.ended => return Ok(0),
                Ok(0) => self.lost("it closed the connection".into()),
                Ok(n) => {
                    self.framing.pass(&buffer[..n]);
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => self.lost(error.to_string()),
            }
        }
        self.generation.await_quiescence();
        if self.framing.ended {
            return Ok(0);
        }
        let n = self.framing.missing().min(buffer.len());
        buffer[..n].fill(0);
        self.framing.pass(&buffer[..n]);
        Ok(n)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.generation.has_failed() {
            return Ok(buffer.len());
        }
        match self.tcp.write(buffer) {
            Ok(n) => Ok(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.lost(error.to_string());
                Ok(buffer.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(Socket {
            tcp: self.tcp.try_clone()?,
            process: self.process,
            generation: Arc::clone(&self.generation),
            framing: Framing::default(),
        })
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.tcp.set_nonblocking(nonblocking)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if !self.generation.has_failed() {
            // The peer may have closed first; there is nothing left to say to it.
            let _ = self.tcp.shutdown(how);
        }
        Ok(())
    }
}
