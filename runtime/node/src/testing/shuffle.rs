//! How a seed feeds rows: in which order, in how many epochs and batches, on how many workers.

use std::fmt;

/// The most workers a seed chooses.
const MOST_WORKERS: u64 = 3;

/// How rows are fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shuffle {
    /// Worker threads.
    pub workers: usize,
    /// A permutation of all given rows.
    pub order: Vec<usize>,
    /// For each epoch the sizes of its batches.
    pub epochs: Vec<Vec<usize>>,
}

impl fmt::Display for Shuffle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batches: usize = self.epochs.iter().map(Vec::len).sum();
        write!(
            f,
            "{} workers, {} epochs, {batches} batches",
            self.workers,
            self.epochs.len()
        )
    }
}

impl Shuffle {
    /// What a seed says of so many rows.
    pub fn new(seed: u64, count: usize) -> Shuffle {
        let mut order: Vec<usize> = (0..count).collect();
        if seed == 0 {
            return Shuffle {
                workers: 1,
                order,
                epochs: vec![vec![count]],
            };
        }
        let mut dice = Dice(seed);
        let workers = 1 + dice.below(MOST_WORKERS) as usize;
        for i in (1..count).rev() {
            order.swap(i, dice.below(i as u64 + 1) as usize);
        }
        // Between all rows at once and each on its own.
        let most = match dice.below(4) {
            0 => count.max(1),
            1 => 1,
            _ => 1 + dice.below(count as u64 / 2 + 1) as usize,
        };
        let mut epochs = vec![Vec::new()];
        let mut left = count;
        while left > 0 {
            let size = (1 + dice.below(most as u64) as usize).min(left);
            left -= size;
            if let Some(epoch) = epochs.last_mut() {
                epoch.push(size);
            }
            if dice.below(3) == 0 {
                epochs.push(Vec::new());
            }
        }
        Shuffle {
            workers,
            order,
            epochs,
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): all that a seed decides follows from it.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_feeds_every_row_once_and_replays() {
        for seed in 0..200 {
            for count in [0, 1, 2, 7, 50] {
                let shuffle = Shuffle::new(seed, count);
                assert_eq!(shuffle, Shuffle::new(seed, count));
                let mut order = shuffle.order.clone();
                order.sort();
                assert!(order.into_iter().eq(0..count));
                let fed: usize = shuffle.epochs.iter().flatten().sum();
                assert_eq!(fed, count);
                assert!((1..=MOST_WORKERS as usize).contains(&shuffle.workers));
            }
        }
    }

    #[test]
    fn seeds_differ() {
        let shuffles: Vec<Shuffle> = (0..20).map(|seed| Shuffle::new(seed, 6)).collect();
        let distinct = (1..shuffles.len()).filter(|i| !shuffles[..*i].contains(&shuffles[*i]));
        assert!(distinct.count() > 15);
        for workers in 1..=MOST_WORKERS as usize {
            assert!(shuffles.iter().any(|s| s.workers == workers));
        }
    }
}
