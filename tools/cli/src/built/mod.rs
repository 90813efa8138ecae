//! Executables that hold a program: a copy of this command, the program behind it.
//!
//! | bytes | what |
//! |---|---|
//! | | the command, with [`MARKER`] set |
//! | n | postcard of [`Payload`] |
//! | 8 | n, little-endian |
//! | 32 | BLAKE3 of the n bytes |
//! | 8 | `sheaf-px` |
//!
//! Invariants:
//! - Nothing is linked, and nothing but the executable itself is needed to run it.
//! - A copy whose marker is set never acts as the command: it runs its program, or says why it cannot.

mod start;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};
use sheaf_compiler::source::Sources;

pub use start::start;

/// Length of the bytes that name the marker in the file.
const NAME: usize = 32;
/// The state of the command itself.
const COMMAND: u8 = b'0';
/// The state of a copy with a program behind it.
const PROGRAM: u8 = b'1';

/// What is found in the file of the executable, and set in copies that hold a program: those can
/// lose the bytes behind the executable (`strip` cuts them off), but not what they are.
#[repr(C)]
struct Marker {
    name: [u8; NAME],
    /// Atomic, so that no compiler takes its first value for its only one.
    state: AtomicU8,
}

#[used]
static MARKER: Marker = Marker {
    name: *b"\x7fsheaf: is a program behind this",
    state: AtomicU8::new(COMMAND),
};

const END: &[u8; 8] = b"sheaf-px";
/// Length, hash and [`END`].
const FOOTER: usize = 8 + 32 + END.len();

/// A program and what its messages show.
#[derive(Serialize, Deserialize)]
pub struct Payload {
    /// The name that help and messages give it.
    pub name: String,
    /// What it is for, in a line or two; may be empty.
    pub about: String,
    /// Its intermediate representation in binary form.
    pub program: Vec<u8>,
    /// Names and texts of its files, in the order of their numbers.
    pub sources: Vec<(String, String)>,
}

impl Payload {
    /// The texts that spans of the program point into.
    pub fn sources(&self) -> Sources {
        let mut sources = Sources::new();
        for (name, text) in &self.sources {
            sources.add(name.as_str(), text.as_str());
        }
        sources
    }
}

/// Why an executable that should hold a program cannot run it.
#[derive(Debug)]
pub struct Unusable {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do next.
    pub help: &'static str,
}

const REBUILD: &str = "build it again with `sheaf build`";

/// Whether this process is such a copy.
pub fn holds_a_program() -> bool {
    black_box(&MARKER).state.load(Ordering::Relaxed) == PROGRAM
}

/// The executable of this command with a program behind it.
///
/// # Errors
/// The bytes are not those of this command, or of a version of it that cannot be used so.
pub fn assemble(mut command: Vec<u8>, payload: &Payload) -> Result<Vec<u8>, String> {
    let name = &black_box(&MARKER).name;
    let mut found = memchr::memmem::find_iter(&command, name);
    let (Some(place), None) = (found.next(), found.next()) else {
        return Err("this executable of sheaf was changed: its marker is not in it once".into());
    };
    match command.get_mut(place + NAME) {
        Some(state) if *state == COMMAND => *state = PROGRAM,
        _ => return Err("this executable holds a program; only sheaf itself can build".into()),
    }
    let body = postcard::to_stdvec(payload).map_err(|error| error.to_string())?;
    command.extend_from_slice(&body);
    command.extend_from_slice(&(body.len() as u64).to_le_bytes());
    command.extend_from_slice(blake3::hash(&body).as_bytes());
    command.extend_from_slice(END);
    Ok(command)
}

/// What stands behind the executable of this process.
fn payload() -> Result<Payload, Unusable> {
    let unreadable = |error: io::Error| Unusable {
        message: format!("this executable cannot read the program in itself: {error}"),
        help: "let it be readable and not only executable",
    };
    let missing = || Unusable {
        message: "payload missing: the program at the end of this executable was cut off".into(),
        help: "`strip` and incomplete copies do that; build it again with `sheaf build`, and do not strip it",
    };
    let damaged = || Unusable {
        message: "payload damaged: the program in this executable is not what was built".into(),
        help: REBUILD,
    };
    let path = std::env::current_exe().map_err(unreadable)?;
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let Some(body_end) = size.checked_sub(FOOTER as u64) else {
        return Err(missing());
    };
    let mut footer = [0; FOOTER];
    file.seek(SeekFrom::Start(body_end)).map_err(unreadable)?;
    file.read_exact(&mut footer).map_err(unreadable)?;
    let (length, hash) = match footer.split_first_chunk::<8>() {
        Some((length, rest)) if rest.ends_with(END) => {
            (u64::from_le_bytes(*length), &rest[..rest.len() - END.len()])
        }
        _ => return Err(missing()),
    };
    let start = body_end.checked_sub(length).ok_or_else(damaged)?;
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let mut body = Vec::new();
    file.take(length)
        .read_to_end(&mut body)
        .map_err(unreadable)?;
    if blake3::hash(&body).as_bytes() != hash {
        return Err(damaged());
    }
    postcard::from_bytes(&body).map_err(|_| damaged())
}
