//! More processes on this machine: this one leads, copies of it follow.
//!
//! Invariants:
//! - A follower learns where to call, and by which number, from its standard input, which nobody
//!   else can read; when that ends, its leader is gone and it must go as well.
//! - No follower outlives the run.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sheaf_engine::{Config, Engine, EngineError, Membership};

use super::RunError;
use crate::environment::Environment;

/// How long processes look for each other.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a dismissed follower may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Makes the command that starts a follower: this very program, told to call [`serve`].
pub type Launch<'a> = dyn Fn() -> io::Result<Command> + 'a;

/// What a follower is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    leader: SocketAddr,
    process: usize,
    generation: u64,
}

impl Invitation {
    /// Reads it from the first line of a follower's standard input.
    ///
    /// # Errors
    /// There is none.
    pub fn read(input: &mut dyn BufRead) -> io::Result<Invitation> {
        let mut line = String::new();
        input.read_line(&mut line)?;
        Invitation::parse(&line).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "a worker process is started by a run, not by hand",
            )
        })
    }

    fn parse(line: &str) -> Option<Invitation> {
        let mut parts = line.split_whitespace();
        Some(Invitation {
            leader: parts.next()?.parse().ok()?,
            process: parts.next()?.parse().ok()?,
            generation: parts.next()?.parse().ok()?,
        })
    }
}

/// Works for the leader until it has finished.
///
/// # Errors
/// The leader is not found, or is lost.
pub fn serve(invitation: Invitation) -> Result<(), EngineError> {
    Engine::serve(Config {
        // The leader says how many.
        workers: 1,
        membership: Membership::Follower {
            leader: invitation.leader,
            process: invitation.process,
            generation: invitation.generation,
            patience: PATIENCE,
        },
    })
}

/// Processes that follow; they end when this is dropped.
pub struct Followers(Vec<Child>);

/// Starts followers and an engine over all processes.
pub fn lead(
    workers: usize,
    processes: usize,
    launch: Option<&Launch<'_>>,
) -> Result<(Engine, Followers), RunError> {
    let Some(launch) = launch else {
        return Err(RunError::usage(
            "further processes cannot be started here",
            vec![],
        ));
    };
    let failed = |error: io::Error| {
        RunError::Engine(EngineError::Start(format!(
            "a worker process cannot be started: {error}"
        )))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let leader = listener.local_addr().map_err(failed)?;
    // A number that strangers on this machine do not know.
    let generation = RandomState::new().build_hasher().finish();
    let mut followers = Followers(Vec::new());
    for process in 1..processes {
        let mut command = launch().map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let told = match &mut child.stdin {
            Some(input) => writeln!(input, "{leader} {process} {generation}"),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        followers.0.push(child);
        told.map_err(failed)?;
    }
    let engine = Engine::start(Config {
        workers,
        membership: Membership::Leader {
            listener,
            processes,
            generation,
            patience: PATIENCE,
        },
    })?;
    Ok((engine, followers))
}

impl Followers {
    /// The most memory that each held, summed.
    pub fn peak_memory(&self, environment: &dyn Environment) -> Option<u64> {
        self.0
            .iter()
            .map(|child| environment.peak_memory(Some(child.id())))
            .sum()
    }

    /// Waits until all have ended; those that take too long are killed.
    pub fn dismiss(&mut self) {
        let deadline = Instant::now() + FAREWELL;
        for child in &mut self.0 {
            drop(child.stdin.take());
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        for mut child in self.0.drain(..) {
            // One that has ended cannot be killed, and all that counts is that it has.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // As in `dismiss`, without waiting for a polite end.
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_read_or_refused() {
        let read = |text: &str| Invitation::read(&mut text.as_bytes());
        let invitation = read("127.0.0.1:4000 2 77\nmore").unwrap();
        assert_eq!(invitation.process, 2);
        for bad in ["", "\n", "127.0.0.1:4000 2", "host 1 2", "127.0.0.1:1 -1 2"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
