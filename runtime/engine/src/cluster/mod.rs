//! A generation of workers: some threads in this process, or in several processes over TCP.
//!
//! Invariants:
//! - A generation ends as a whole: when one process is lost, one worker fails or somebody aborts it,
//!   every worker of every process returns, and each process learns the first reason it saw.
//! - No thread of timely panics when a peer dies: [`socket::Socket`] ends the streams in order.
//! - Idle workers are parked.

mod handshake;
mod socket;

use std::any::Any;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};
use timely::communication::{Hooks, initialize_from};
use timely::worker::Worker;

use socket::Socket;

/// How long sockets stay open after a failure, so that every survivor sees for itself which
/// process was lost, and not its neighbour that stopped because of it.
const GRACE: Duration = Duration::from_millis(150);

/// Locks without minding that another thread panicked: what is kept behind these locks is valid
/// after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which processes make up the generation, and which of them this one is.
#[derive(Debug)]
pub enum Membership {
    /// This process alone.
    Alone,
    /// Process 0, which waits for the others to call.
    Leader {
        /// Where followers call.
        listener: TcpListener,
        /// Number of processes, this one included.
        processes: usize,
        /// Number that all members must know; a caller with another one is turned away.
        generation: u64,
        /// How long to wait for all members.
        patience: Duration,
    },
    /// Any other process.
    Follower {
        /// Where the leader listens.
        leader: SocketAddr,
        /// Number of this process, from 1.
        process: usize,
        /// Number that all members must know.
        generation: u64,
        /// How long to try.
        patience: Duration,
    },
}

/// Why a generation ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Somebody in this process asked for it.
    Aborted,
    /// Another process is gone.
    Lost {
        /// Its number.
        process: usize,
        /// What was seen of it.
        reason: String,
    },
    /// A worker of this process failed.
    Worker(String),
}

/// What all threads of one generation in this process share.
#[derive(Debug, Default)]
pub struct Generation {
    ended: AtomicBool,
    failure: Mutex<Option<(Failure, Instant)>>,
    workers: Mutex<Vec<Thread>>,
    sockets: Mutex<Vec<TcpStream>>,
    quiesced: Mutex<bool>,
    quiescence: Condvar,
}

impl Generation {
    /// Ends the generation; the first reason counts. Any thread may call it, any number of times.
    pub fn fail(&self, failure: Failure) {
        lock(&self.failure).get_or_insert((failure, Instant::now()));
        self.ended.store(true, Ordering::SeqCst);
        for worker in lock(&self.workers).iter() {
            worker.unpark();
        }
    }

    /// Whether it was ended by [`Generation::fail`].
    pub fn has_failed(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Failure> {
        lock(&self.failure).as_ref().map(|f| f.0.clone())
    }

    fn keep(&self, socket: TcpStream) {
        lock(&self.sockets).push(socket);
    }

    /// Closes the sockets of a failed generation once the survivors had time to look around.
    fn close(&self) {
        let failed = lock(&self.failure).as_ref().map(|f| f.1);
        if let Some(at) = failed {
            let sockets = lock(&self.sockets);
            if !sockets.is_empty() {
                std::thread::sleep(GRACE.saturating_sub(at.elapsed()));
            }
            for socket in sockets.iter() {
                // A socket whose peer is gone is closed already.
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
    }

    /// No worker is left that could read what comes.
    fn quiesce(&self) {
        *lock(&self.quiesced) = true;
        self.quiescence.notify_all();
    }

    fn await_quiescence(&self) {
        let mut quiesced = lock(&self.quiesced);
        while !*quiesced {
            quiesced = self
                .quiescence
                .wait(quiesced)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Where this process stands in its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of this process.
    pub process: usize,
    /// Number of processes.
    pub processes: usize,
    /// Workers in each process.
    pub workers: usize,
}

/// The running workers of one process.
pub struct Running {
    /// Where this process stands.
    pub place: Place,
    threads: JoinHandle<()>,
}

impl Running {
    /// Waits until all workers have returned and all connections are closed.
    pub fn join(self) {
        // The thread catches the panics of what it runs.
        let _ = self.threads.join();
    }
}

/// Meets the other processes and starts the workers; `run` is called once on each worker's thread
/// and must return soon after [`Generation::has_failed`] says so.
///
/// # Errors
/// If the members do not find each other in time.
pub fn start<F>(
    generation: &Arc<Generation>,
    workers: usize,
    membership: Membership,
    run: F,
) -> Result<Running, std::io::Error>
where
    F: Fn(&mut Worker, Place) + Send + Sync + 'static,
{
    let (place, members) = handshake::meet(workers.max(1), membership)?;
    let mut sockets = Vec::with_capacity(members.len());
    for (process, member) in members.into_iter().enumerate() {
        sockets.push(match member {
            None => None,
            Some(tcp) => Some(Socket::new(tcp, process, Arc::clone(generation))?),
        });
    }
    let hooks = Hooks::default();
    let local = ProcessBuilder::new_typed_vector(place.workers, hooks.refill.clone(), None);
    let (builders, guard): (Vec<AllocatorBuilder>, Box<dyn Any + Send>) = if place.processes > 1 {
        let (builders, guard) = initialize_networking_from_sockets(
            local,
            sockets,
            place.process,
            place.workers,
            hooks,
        )?;
        (
            builders.into_iter().map(AllocatorBuilder::Tcp).collect(),
            Box::new(guard),
        )
    } else {
        (
            local.into_iter().map(AllocatorBuilder::Process).collect(),
            Box::new(()),
        )
    };
    let shared = Arc::clone(generation);
    let guards = initialize_from(builders, Box::new(()), move |allocator| {
        lock(&shared.workers).push(std::thread::current());
        // The worker owns timely's send queues and must not be dropped by an unwinding panic,
        // which would poison them: it lives outside the catch.
        let mut worker = Worker::new(
            timely::WorkerConfig::default(),
            allocator,
            Some(Instant::now()),
        );
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut worker, place)));
        if let Err(panic) = outcome {
            shared.fail(Failure::Worker(message(&*panic)));
        }
        for dataflow in worker.installed_dataflows() {
            // An operator that panicked may do so again when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| worker.drop_dataflow(dataflow)));
        }
    })
    .map_err(std::io::Error::other)?;
    let shared = Arc::clone(generation);
    let threads = std::thread::Builder::new()
        .name("sheaf-generation".into())
        .spawn(move || {
            drop(guards.join());
            shared.close();
            shared.quiesce();
            // Joins the network threads, which end in order; timely's guard panics if one did not.
            let _ = catch_unwind(AssertUnwindSafe(move || drop(guard)));
        })?;
    Ok(Running { place, threads })
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_string()))
        .unwrap_or_else(|| "a worker panicked".into())
}
