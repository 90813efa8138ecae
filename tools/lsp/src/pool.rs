//! A few threads that answer requests.

use std::thread::JoinHandle;

use crossbeam_channel::{Sender, unbounded};

type Job = Box<dyn FnOnce() + Send>;

/// The checker recurses; the threads of a pool have room for that.
const STACK: usize = 16 << 20;

/// Threads that take jobs in the order in which they are given.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// That many threads.
    ///
    /// # Errors
    /// A thread cannot be started: why.
    pub fn new(threads: usize) -> Result<Pool, String> {
        let (sender, receiver) = unbounded::<Job>();
        let start = |index| {
            let receiver = receiver.clone();
            let thread = std::thread::Builder::new()
                .name(format!("reader {index}"))
                .stack_size(STACK);
            let thread = thread.spawn(move || receiver.into_iter().for_each(|job| job()));
            thread.map_err(|error| error.to_string())
        };
        Ok(Pool {
            threads: (0..threads).map(start).collect::<Result<_, _>>()?,
            jobs: Some(sender),
        })
    }

    /// Gives them something to do. It must not panic.
    pub fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            // The threads live as long as the pool.
            let _ = jobs.send(Box::new(job));
        }
    }
}

impl Drop for Pool {
    /// Waits for what has been given.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
