//! What each node did, counted by the workers of a process and read by anyone.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sheaf_kernels::KernelCounts;

use crate::cluster::lock;
use crate::exchange::parcel::Parcel;

/// What one node did on all workers that are known of: those of this process while it runs, those
/// of other processes once they have finished it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatistics {
    /// Name of the IR node. A fixpoint counts what goes in and out of its loop, and all its time;
    /// the nodes inside count what each of them did, and are known when the loop has ended.
    pub node: String,
    /// Rows taken.
    pub rows_in: u64,
    /// Those of them that came from other workers.
    pub exchanged_rows: u64,
    /// Bytes that came from other workers: of rows, at 8 a cell, and of the texts that rows from
    /// other processes need.
    pub exchanged_bytes: u64,
    /// Rows given.
    pub rows_out: u64,
    /// Failures reported.
    pub errors: u64,
    /// Greatest number of bytes held, summed over workers.
    pub memory: u64,
    /// Time spent working, summed over workers.
    pub active: Duration,
    /// How its kernels were executed; those of other processes are not known.
    pub kernels: KernelCounts,
}

impl NodeStatistics {
    /// Adds what other workers did on the same node.
    pub fn add(&mut self, other: &NodeStatistics) {
        self.rows_in += other.rows_in;
        self.exchanged_rows += other.exchanged_rows;
        self.exchanged_bytes += other.exchanged_bytes;
        self.rows_out += other.rows_out;
        self.errors += other.errors;
        self.memory += other.memory;
        self.active += other.active;
        self.kernels.add(&other.kernels);
    }
}

/// One worker's live count of one node; one thread writes, any may read.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub rows_in: AtomicU64,
    exchanged_rows: AtomicU64,
    exchanged_bytes: AtomicU64,
    pub rows_out: AtomicU64,
    pub errors: AtomicU64,
    pub memory: AtomicU64,
    pub active_nanoseconds: AtomicU64,
    /// The nodes inside, once it has ended.
    parts: Mutex<Vec<NodeStatistics>>,
}

impl Counters {
    /// Adds to a count.
    pub fn add(count: &AtomicU64, n: u64) {
        count.fetch_add(n, Ordering::Relaxed);
    }

    /// Rows came along an exchange to this worker, before their symbols were translated; those that it
    /// sent itself did not travel.
    pub fn arrived(&self, parcel: &Parcel, worker: usize) {
        if parcel.sender != worker {
            Counters::add(&self.exchanged_rows, parcel.rows.len() as u64);
            Counters::add(&self.exchanged_bytes, parcel.bytes());
        }
    }

    /// The operator has ended; what the nodes inside did.
    pub fn end(&self, parts: Vec<NodeStatistics>) {
        *lock(&self.parts) = parts;
    }

    /// What the nodes inside did, once it has ended.
    pub fn parts(&self) -> Vec<NodeStatistics> {
        lock(&self.parts).clone()
    }

    /// What was counted so far.
    pub fn read(&self, node: &str) -> NodeStatistics {
        NodeStatistics {
            node: node.to_string(),
            rows_in: self.rows_in.load(Ordering::Relaxed),
            exchanged_rows: self.exchanged_rows.load(Ordering::Relaxed),
            exchanged_bytes: self.exchanged_bytes.load(Ordering::Relaxed),
            rows_out: self.rows_out.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            memory: self.memory.load(Ordering::Relaxed),
            active: Duration::from_nanos(self.active_nanoseconds.load(Ordering::Relaxed)),
            kernels: KernelCounts::default(),
        }
    }
}
