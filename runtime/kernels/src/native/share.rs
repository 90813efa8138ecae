//! What the kernels of one engine instance share: who executes, the code that was made, the thread
//! that makes it, and what became of each kernel.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::code::{Code, Maker};
use super::lower::Reason;
use super::plan::Routine;

/// Who runs the expressions of a program. All give the same rows and errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Executor {
    /// The interpreter alone.
    Interpreter,
    /// The interpreter at first; native code for kernels that have had many rows, once it is made.
    #[default]
    Automatic,
    /// Native code from the first row, wherever a kernel has any.
    Native,
}

/// The stack of the thread that compiles: expressions may be nested deeply.
const STACK: usize = 16 << 20;

/// The code of a routine, once it is made, or why there is none.
pub(super) type Slot = OnceLock<Result<Code, Reason>>;

/// What kernels share. The default executes nothing natively.
pub struct Kernels {
    executor: Executor,
    work: Mutex<Work>,
    maker: OnceLock<Result<Maker, Reason>>,
    statuses: Mutex<Vec<(String, Arc<Status>)>>,
}

#[derive(Default)]
struct Work {
    known: hashbrown::HashMap<Routine, Arc<Slot>>,
    waiting: VecDeque<(Routine, Arc<Slot>)>,
    has_thread: bool,
}

impl Kernels {
    /// For an executor.
    pub fn new(executor: Executor) -> Kernels {
        Kernels {
            executor,
            work: Mutex::default(),
            maker: OnceLock::new(),
            statuses: Mutex::default(),
        }
    }

    /// Who executes.
    pub fn executor(&self) -> Executor {
        self.executor
    }

    /// Counts a kernel under a name.
    pub fn note(&self, name: &str, status: &Arc<Status>) {
        lock(&self.statuses).push((name.to_string(), Arc::clone(status)));
    }

    /// What has become of the kernels so far, by their names.
    pub fn counts(&self) -> BTreeMap<String, KernelCounts> {
        let mut counts: BTreeMap<String, KernelCounts> = BTreeMap::new();
        for (name, status) in &*lock(&self.statuses) {
            counts.entry(name.clone()).or_default().add(&status.read());
        }
        counts
    }

    /// Has a routine compiled: by the thread for that, or, with [`Executor::Native`], at once.
    pub(super) fn request(self: &Arc<Self>, routine: &Routine) -> Arc<Slot> {
        let mut work = lock(&self.work);
        if let Some(slot) = work.known.get(routine) {
            let slot = Arc::clone(slot);
            drop(work);
            if self.executor == Executor::Native {
                self.fill(&slot, routine);
            }
            return slot;
        }
        let slot = Arc::<Slot>::default();
        work.known.insert(routine.clone(), Arc::clone(&slot));
        if self.executor == Executor::Native {
            drop(work);
            self.fill(&slot, routine);
            return slot;
        }
        work.waiting.push_back((routine.clone(), Arc::clone(&slot)));
        if !work.has_thread {
            let kernels = Arc::downgrade(self);
            let compile = move || {
                while let Some(kernels) = kernels.upgrade() {
                    let mut work = lock(&kernels.work);
                    let Some((routine, slot)) = work.waiting.pop_front() else {
                        work.has_thread = false;
                        return;
                    };
                    drop(work);
                    kernels.fill(&slot, &routine);
                }
            };
            let thread = thread::Builder::new()
                .name("kernels".into())
                .stack_size(STACK)
                .spawn(compile);
            // Without a thread the interpreter goes on.
            work.has_thread = thread.is_ok();
        }
        slot
    }

    fn fill(&self, slot: &Slot, routine: &Routine) {
        slot.get_or_init(|| match self.maker.get_or_init(Maker::new) {
            Ok(maker) => maker.make(routine.clone()),
            Err(reason) => Err(reason.clone()),
        });
    }
}

impl Default for Kernels {
    fn default() -> Kernels {
        Kernels::new(Executor::Interpreter)
    }
}

impl fmt::Debug for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Kernels({:?})", self.executor)
    }
}

/// What has become of one kernel; one thread writes, any may read.
#[derive(Debug, Default)]
pub struct Status {
    /// Why it is left to the interpreter.
    reason: OnceLock<Reason>,
    is_native: AtomicBool,
    native_rows: AtomicU64,
    interpreted_rows: AtomicU64,
}

impl Status {
    /// Says that it stays interpreted.
    pub(crate) fn leave(&self, reason: Reason) {
        self.reason.get_or_init(|| reason);
    }

    /// Counts rows that native code was given, or the interpreter.
    pub(crate) fn count(&self, rows: usize, natively: bool) {
        let counter = match natively {
            true => &self.native_rows,
            false => &self.interpreted_rows,
        };
        counter.fetch_add(rows as u64, Ordering::Relaxed);
        if natively {
            self.is_native.store(true, Ordering::Relaxed);
        }
    }

    fn read(&self) -> KernelCounts {
        let mut counts = KernelCounts {
            native_rows: self.native_rows.load(Ordering::Relaxed),
            interpreted_rows: self.interpreted_rows.load(Ordering::Relaxed),
            ..KernelCounts::default()
        };
        match self.reason.get() {
            Some(reason) => drop(counts.interpreted.insert(reason.clone(), 1)),
            None if self.is_native.load(Ordering::Relaxed) => counts.native = 1,
            None => counts.waiting = 1,
        }
        counts
    }
}

/// How kernels were executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelCounts {
    /// Kernels that ran native code.
    pub native: u64,
    /// Kernels that could, but had too few rows or ended before it was made.
    pub waiting: u64,
    /// Kernels that are left to the interpreter, by the reason.
    pub interpreted: BTreeMap<String, u64>,
    /// Rows that native code was given.
    pub native_rows: u64,
    /// Rows that the interpreter was given.
    pub interpreted_rows: u64,
}

impl KernelCounts {
    /// Adds others.
    pub fn add(&mut self, other: &KernelCounts) {
        self.native += other.native;
        self.waiting += other.waiting;
        for (reason, count) in &other.interpreted {
            *self.interpreted.entry(reason.clone()).or_default() += count;
        }
        self.native_rows += other.native_rows;
        self.interpreted_rows += other.interpreted_rows;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
