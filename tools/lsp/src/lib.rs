//! The language server: converts between the protocol and `sheaf-ide`.
//!
//! Invariants:
//! - Thin: it knows the protocol, threads and files; what is answered, `sheaf-ide` found out.
//! - Edits are applied in the order in which they come. A request is answered from the texts as they
//!   were when it came.
//! - A request that panics gets an error; the server lives on.
//! - Only standard input and output are used for the protocol; nothing else is written there.

mod convert;
mod disk;
mod documents;
mod features;
mod handlers;
mod lines;
mod pool;
mod publish;
mod server;
mod uri;

pub use disk::Disk;
pub use server::{Options, run};

use lsp_server::Connection;

/// Serves over standard input and output until the client says `exit`. Gives the exit status that the
/// protocol asks for: 0 if `shutdown` came before.
///
/// # Errors
/// The connection broke: why.
pub fn serve() -> Result<u8, String> {
    let (connection, threads) = Connection::stdio();
    let status = run(&connection, &Options::default())?;
    drop(connection);
    threads.join().map_err(|error| error.to_string())?;
    Ok(status)
}
