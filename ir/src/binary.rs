//! The binary form of a program: what travels between processes and is kept beside state.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `sheaf-ir` |
//! | 4 | [`VERSION`], little-endian |
//! | 32 | BLAKE3 of the rest |
//! | rest | postcard of name, files, types, functions, lattices, params, nodes |
//!
//! Invariants:
//! - Nodes stand in ascending order of their names, each with its inputs as `(port, name)`,
//!   ascending: programs that differ only in the order of nodes have the same bytes.
//! - Whatever the bytes, reading ends with a program or an error, within bounded stack and memory
//!   in proportion to the bytes. A program that is read need not be right: verify it.

use crate::canonical::Flat;
use crate::{Program, bounded};

pub use crate::canonical::{content_hash, node_hash, node_hashes, rule_hashes};

/// The version of the binary form. Bytes of any other version are refused.
pub const VERSION: u32 = 2;

const MAGIC: &[u8; 8] = b"sheaf-ir";
const HEAD: usize = 8 + 4 + 32;

/// How deep postcard's structures may nest: enough for expressions of
/// [`crate::expression::MAX_DEPTH`], each of which is five levels.
const MAX_DEPTH: usize = 1200;

/// Why bytes are not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// They begin with something else.
    #[error("this is not a binary Sheaf IR program: it does not begin with `sheaf-ir`")]
    NotAProgram,
    /// They are of another version.
    #[error(
        "this program has version {0} of the binary IR, but only version {VERSION} can be read"
    )]
    Version(u32),
    /// They are not what was written.
    #[error("this program is damaged: its bytes do not have the hash they are stored with")]
    Damaged,
    /// They are what was written, but do not describe a program.
    #[error("this program is malformed: {0}")]
    Malformed(String),
}

/// The bytes of a program. Of nodes that share a name, which is wrong, the first takes all edges.
pub fn to_bytes(program: &Program) -> Vec<u8> {
    // Postcard fails only where a sequence does not know its length; here all do.
    let body = postcard::to_stdvec(&Flat::of(program)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(HEAD + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(blake3::hash(&body).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// The program of these bytes.
pub fn from_bytes(bytes: &[u8]) -> Result<Program, BinaryError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(BinaryError::NotAProgram)?;
    let (version, rest) = rest.split_first_chunk().ok_or(BinaryError::Damaged)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(BinaryError::Version(version));
    }
    let (hash, body) = rest.split_first_chunk::<32>().ok_or(BinaryError::Damaged)?;
    if blake3::hash(body).as_bytes() != hash {
        return Err(BinaryError::Damaged);
    }
    let malformed = |error: &dyn std::fmt::Display| BinaryError::Malformed(error.to_string());
    let mut reader = postcard::Deserializer::from_bytes(body);
    let flat: Flat =
        bounded::deserialize(&mut reader, MAX_DEPTH).map_err(|error| malformed(&error))?;
    let left = reader.finalize().map_err(|error| malformed(&error))?;
    if !left.is_empty() {
        return Err(malformed(&"there are bytes after the end"));
    }
    let no_node = |name| malformed(&format!("there is no node %{name} to read from"));
    flat.into_program().map_err(no_node)
}
