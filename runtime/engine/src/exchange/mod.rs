//! Moving rows between workers: routes, parcels, symbols across processes, back-pressure.
//!
//! Invariants:
//! - A row's target depends on its route and its values only, never on symbols' numbers.
//! - Within a process rows travel as they are; to another process every symbol's text goes once per
//!   channel and pair of workers, ahead of or beside the first row that needs it.

pub(crate) mod dictionary;
pub(crate) mod gate;
pub(crate) mod parcel;
mod route;

use sheaf_ir::Type;
use sheaf_ir::shard::{SHARDS, key_digest, shard_of};
use sheaf_kernels::Interner;
use sheaf_kernels::words::column_digest_of;

pub(crate) use route::{Router, route};

/// The worker that owns a shard: each worker owns a run of neighbouring shards.
pub fn owner_of(shard: usize, workers: usize) -> usize {
    shard * workers / SHARDS
}

/// Finds the worker that owns a row's key.
#[derive(Clone, Debug)]
pub struct Owner {
    key: Vec<(usize, Type)>,
    workers: usize,
}

impl Owner {
    /// Among `workers` workers, by these columns of rows of these types.
    pub fn new(key: &[usize], types: &[Type], workers: usize) -> Owner {
        Owner {
            key: key
                .iter()
                .filter_map(|&column| Some((column, types.get(column)?.clone())))
                .collect(),
            workers,
        }
    }

    /// The worker that owns this row.
    #[inline]
    pub fn of(&self, row: &[u64], interner: &Interner) -> usize {
        let digest = |(column, ty): &(usize, Type)| column_digest_of(row[*column], ty, interner);
        let digest = match &self.key[..] {
            [] => 0,
            [one] => digest(one),
            [one, two] => key_digest(&[digest(one), digest(two)]),
            many => key_digest(&many.iter().map(digest).collect::<Vec<u64>>()),
        };
        owner_of(shard_of(digest), self.workers)
    }
}
