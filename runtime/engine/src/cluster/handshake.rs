//! How the processes of a generation find and know each other.
//!
//! Followers call the leader; when all have called, it tells each where the others listen, and each
//! calls those with lower numbers. A caller that does not speak this protocol, is of another
//! generation, or comes twice is turned away and harms nobody.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Membership, Place};

/// A connection to a member, or none for the process itself.
pub type Member = Option<TcpStream>;

const MAGIC: [u8; 8] = *b"SHEAF\0\0\x01";
/// How long a caller may take to say who it is.
const INTRODUCTION: Duration = Duration::from_millis(500);
/// No greeting is longer; what claims to be is garbage.
const LONGEST: usize = 1 << 16;

#[derive(Serialize, Deserialize)]
struct Hello {
    generation: u64,
    process: usize,
    listens: Option<SocketAddr>,
}

#[derive(Serialize, Deserialize)]
struct Welcome {
    workers: usize,
    /// By process; `None` for the leader, whom all know.
    addresses: Vec<Option<SocketAddr>>,
}

pub(super) fn meet(workers: usize, membership: Membership) -> io::Result<(Place, Vec<Member>)> {
    match membership {
        Membership::Alone => Ok((
            Place {
                process: 0,
                processes: 1,
                workers,
            },
            vec![None],
        )),
        Membership::Leader {
            listener,
            processes,
            generation,
            patience,
        } => lead(workers, listener, processes.max(1), generation, patience),
        Membership::Follower {
            leader,
            process,
            generation,
            patience,
        } => follow(leader, process, generation, patience),
    }
}

fn lead(
    workers: usize,
    listener: TcpListener,
    processes: usize,
    generation: u64,
    patience: Duration,
) -> io::Result<(Place, Vec<Member>)> {
    let mut addresses = vec![None; processes];
    let members = gather(
        listener,
        0,
        processes,
        generation,
        patience,
        |process, from| {
            addresses[process] = from;
        },
    )?;
    let welcome = Welcome { workers, addresses };
    for mut member in members.iter().flatten() {
        say(&mut member, &welcome)?;
    }
    Ok((
        Place {
            process: 0,
            processes,
            workers,
        },
        members,
    ))
}

fn follow(
    leader: SocketAddr,
    process: usize,
    generation: u64,
    patience: Duration,
) -> io::Result<(Place, Vec<Member>)> {
    let deadline = Instant::now() + patience;
    let mut to_leader = call(leader, deadline)?;
    // Listens where the leader can reach it: on the address this call went out from.
    let own = to_leader.local_addr().map(|a| a.ip());
    let listener = TcpListener::bind((own.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0))?;
    let hello = |listens| Hello {
        generation,
        process,
        listens,
    };
    say(&mut to_leader, &hello(Some(listener.local_addr()?)))?;
    to_leader.set_read_timeout(Some(left(deadline)))?;
    let welcome: Welcome = hear(&mut to_leader)?;
    to_leader.set_read_timeout(None)?;
    let processes = welcome.addresses.len();
    if process == 0 || process >= processes {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("there is no follower {process} among {processes} processes"),
        ));
    }
    let mut members: Vec<Member> = vec![Some(to_leader)];
    for address in &welcome.addresses[1..process] {
        let address = address.ok_or_else(|| io::Error::other("the leader forgot a member"))?;
        let mut peer = call(address, deadline)?;
        say(&mut peer, &hello(None))?;
        members.push(Some(peer));
    }
    let later = gather(
        listener,
        process,
        processes,
        generation,
        left(deadline),
        |_, _| {},
    )?;
    members.extend(later.into_iter().skip(process));
    Ok((
        Place {
            process,
            processes,
            workers: welcome.workers,
        },
        members,
    ))
}

/// Accepts all processes above `process`. Each caller introduces itself on a thread of its own, so
/// that a silent one keeps nobody waiting.
fn gather(
    listener: TcpListener,
    process: usize,
    processes: usize,
    generation: u64,
    patience: Duration,
    mut came: impl FnMut(usize, Option<SocketAddr>),
) -> io::Result<Vec<Member>> {
    let deadline = Instant::now() + patience;
    let mut members: Vec<Member> = (0..processes).map(|_| None).collect();
    let mut missing = processes.saturating_sub(process + 1);
    if missing == 0 {
        return Ok(members);
    }
    let address = listener.local_addr()?;
    let done = Arc::new(AtomicBool::new(false));
    let callers = receive(listener, Arc::clone(&done))?;
    let outcome = loop {
        match callers.recv_timeout(left(deadline)) {
            Ok((hello, tcp)) => {
                let expected = hello.generation == generation
                    && hello.process > process
                    && hello.process < processes
                    && members[hello.process].is_none();
                if expected {
                    came(hello.process, hello.listens);
                    members[hello.process] = Some(tcp);
                    missing -= 1;
                    if missing == 0 {
                        break Ok(());
                    }
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                break Err(io::Error::other("the listener failed"));
            }
            Err(RecvTimeoutError::Timeout) => {
                let absent: Vec<String> = (process + 1..processes)
                    .filter(|p| members[*p].is_none())
                    .map(|p| p.to_string())
                    .collect();
                break Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("process {} did not come", absent.join(", ")),
                ));
            }
        }
    };
    done.store(true, Ordering::SeqCst);
    // Wakes the thread that accepts; when this call fails it has ended already.
    let _ = TcpStream::connect_timeout(&address, INTRODUCTION);
    outcome.map(|()| members)
}

fn receive(
    listener: TcpListener,
    done: Arc<AtomicBool>,
) -> io::Result<Receiver<(Hello, TcpStream)>> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("sheaf-accept".into())
        .spawn(move || {
            while let Ok((mut tcp, _)) = listener.accept() {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                let sender = sender.clone();
                let introduce = move || -> io::Result<()> {
                    tcp.set_nodelay(true)?;
                    tcp.set_read_timeout(Some(INTRODUCTION))?;
                    let hello = hear(&mut tcp)?;
                    tcp.set_read_timeout(None)?;
                    // Nobody waits any more: the connection closes.
                    let _ = sender.send((hello, tcp));
                    Ok(())
                };
                let thread = std::thread::Builder::new().name("sheaf-introduce".into());
                // What a stranger said, or that no thread could be had, ends this call only.
                let _ = thread.spawn(move || drop(introduce()));
            }
        })?;
    Ok(receiver)
}

fn call(address: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    loop {
        match TcpStream::connect_timeout(&address, left(deadline)) {
            Ok(tcp) => {
                tcp.set_nodelay(true)?;
                return Ok(tcp);
            }
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Time until then; never zero, which sockets take for "for ever".
fn left(deadline: Instant) -> Duration {
    deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1))
}

fn say(tcp: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = postcard::to_stdvec(message).map_err(io::Error::other)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&body);
    tcp.write_all(&bytes)
}

fn hear<M: DeserializeOwned>(tcp: &mut impl Read) -> io::Result<M> {
    let garbage = || io::Error::new(io::ErrorKind::InvalidData, "not a member of this program");
    let (mut magic, mut length) = ([0; 8], [0; 8]);
    tcp.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(garbage());
    }
    tcp.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(garbage());
    }
    let mut body = vec![0; length];
    tcp.read_exact(&mut body)?;
    postcard::from_bytes(&body).map_err(|_| garbage())
}
