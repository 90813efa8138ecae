//! Cuts the entry rows of a colocated fixpoint into chunks whose derivations never meet.
//!
//! A chunk is run to its end before the next begins, so that the sets it fills stay in the cache
//! (decomposition by invariant columns: Soufflé's and Ascent's parallel evaluation have no such step).

use sheaf_kernels::Rows;

use super::variable::Variable;
use crate::container::hash::chunk_hash;
use crate::container::{BATCH, Payload};
use crate::operators::matching::rows_of;

/// Entry rows by chunk.
#[derive(Debug)]
pub(super) struct Chunks {
    /// By variable: its rows grouped by chunk, and where each chunk starts.
    variables: Vec<(Payload, Vec<u32>)>,
    count: usize,
    next: usize,
}

/// Rows that a chunk enters with, if that leaves enough chunks.
const CHUNK_ROWS: usize = 1024;
/// Chunks that are made of a few rows too: each may derive very many.
const SMALL_CHUNKS: usize = 256;
const MAX_CHUNKS: usize = 1 << 16;

impl Chunks {
    /// Buckets the entry rows of each variable by the columns it is partitioned by.
    pub fn new(entries: Vec<Payload>, columns: &[Vec<usize>]) -> Chunks {
        let total: usize = entries.iter().map(Payload::len).sum();
        let count = (total / CHUNK_ROWS)
            .max(SMALL_CHUNKS.min(total / 8))
            .clamp(1, MAX_CHUNKS);
        let variables = entries
            .into_iter()
            .zip(columns)
            .map(|(rows, columns)| group(rows, columns, count))
            .collect();
        Chunks {
            variables,
            count,
            next: 0,
        }
    }

    /// Fills the variables, which must be empty, with the rows of the next chunk that has any.
    pub fn next(&mut self, variables: &mut [Variable]) -> bool {
        let mut found = false;
        while !found && self.next < self.count {
            let chunk = self.next;
            self.next += 1;
            for (variable, (rows, starts)) in variables.iter_mut().zip(&self.variables) {
                let (start, end) = (starts[chunk] as usize, starts[chunk + 1] as usize);
                for at in (start..end).step_by(BATCH) {
                    let stop = end.min(at + BATCH);
                    let mut words = Vec::with_capacity((stop - at) * rows.width());
                    (at..stop).for_each(|row| rows.copy_row(row, &mut words));
                    let batch: Rows = rows_of(rows.width(), stop - at, words);
                    variable.insert(&batch, 0);
                    found = true;
                }
            }
        }
        found
    }

    pub fn memory(&self) -> usize {
        let one = |(rows, starts): &(Payload, Vec<u32>)| rows.memory() + starts.capacity() * 4;
        self.variables.iter().map(one).sum()
    }
}

fn group(rows: Payload, columns: &[usize], count: usize) -> (Payload, Vec<u32>) {
    let chunk_of = |row: usize| {
        let hash = chunk_hash(columns.iter().map(|&column| rows.word(row, column)));
        ((hash as u128 * count as u128) >> 64) as u32
    };
    let chunks: Vec<u32> = (0..rows.len()).map(chunk_of).collect();
    let mut starts = vec![0u32; count + 1];
    chunks.iter().for_each(|&c| starts[c as usize + 1] += 1);
    for chunk in 0..count {
        starts[chunk + 1] += starts[chunk];
    }
    let mut free = starts.clone();
    let positions: Vec<u32> = chunks
        .iter()
        .map(|&c| {
            free[c as usize] += 1;
            free[c as usize] - 1
        })
        .collect();
    let all: Vec<usize> = (0..rows.width()).collect();
    (rows.scattered(&all, &positions), starts)
}
