//! The inner loops of joins: from rows that probe an index to rows that are given on.

use sheaf_kernels::Rows;

use crate::container::hash::prefetch;
use crate::container::{Index, Matches, Word, Words};

/// Where a word of an emitted row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    /// A column of the probing row.
    Probe(usize),
    /// A word of the index's payload.
    Match(usize),
}

/// Which words of a probing row and its match make a row.
#[derive(Clone, Debug)]
pub(crate) struct Emitter {
    picks: Vec<Pick>,
    template: Vec<u64>,
}

/// One side of a join.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    /// Number of columns.
    pub arity: usize,
    /// The columns that must agree.
    pub key: Vec<usize>,
}

impl Emitter {
    /// Emits the given columns of left and right rows side by side, while rows of `probing` (0 for
    /// left, 1 for right) probe an index of the other side.
    pub fn new(columns: &[usize], sides: &[Side; 2], probing: usize) -> Emitter {
        let (probe, other) = (&sides[probing], &sides[1 - probing]);
        let others: Vec<usize> = (0..other.arity)
            .filter(|c| !other.key.contains(c))
            .collect();
        let pick = |&column: &usize| {
            let (side, column) = match column.checked_sub(sides[0].arity) {
                None => (0, column),
                Some(column) => (1, column),
            };
            if side == probing {
                return Pick::Probe(column);
            }
            match others.iter().position(|&c| c == column) {
                Some(at) => Pick::Match(at),
                // Part of the key, so the probing row has it too.
                None => {
                    let at = other.key.iter().position(|&c| c == column).unwrap_or(0);
                    Pick::Probe(probe.key[at])
                }
            }
        };
        let picks: Vec<Pick> = columns.iter().map(pick).collect();
        Emitter {
            template: vec![0; picks.len()],
            picks,
        }
    }

    /// Words of an emitted row.
    pub fn arity(&self) -> usize {
        self.picks.len()
    }
}

/// A batch on its way through an index.
#[derive(Debug)]
pub(crate) struct Probe<R> {
    rows: R,
    found: Vec<Matches>,
    row: usize,
}

impl<R: std::ops::Deref<Target = Rows>> Probe<R> {
    /// Looks the batch's keys up.
    pub fn new(rows: R, key: &[usize], index: &Index, mut found: Vec<Matches>) -> Probe<R> {
        found.clear();
        index.find_batch(rows.words(), rows.arity(), rows.len(), key, &mut found);
        Probe {
            rows,
            found,
            row: 0,
        }
    }

    /// The batch, and room that can be used again.
    pub fn into_parts(self) -> (R, Vec<Matches>) {
        (self.rows, self.found)
    }

    /// The batch.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// By row of the batch: whether it found nothing. Asked before any row was emitted.
    pub fn unmatched(&self) -> impl Iterator<Item = bool> {
        self.found.iter().map(|found| found.is_empty())
    }

    /// Whether all was emitted.
    pub fn is_done(&self) -> bool {
        self.row == self.found.len()
    }

    /// Emits up to `limit` rows; tells how many.
    pub fn advance(
        &mut self,
        index: &Index,
        emitter: &mut Emitter,
        limit: usize,
        out: &mut Vec<u64>,
    ) -> usize {
        let payload = index.payload();
        match (payload.words(), index) {
            (Words::Narrow(words), Index::Static(_)) => {
                self.advance_static(words, payload.width(), emitter, limit, out)
            }
            (Words::Wide(words), Index::Static(_)) => {
                self.advance_static(words, payload.width(), emitter, limit, out)
            }
            (Words::Narrow(words), Index::Growing(growing)) => self.advance_chains(
                words,
                payload.width(),
                growing.chains(),
                emitter,
                limit,
                out,
            ),
            (Words::Wide(words), Index::Growing(growing)) => self.advance_chains(
                words,
                payload.width(),
                growing.chains(),
                emitter,
                limit,
                out,
            ),
        }
    }

    fn advance_static<W: Word>(
        &mut self,
        words: &[W],
        width: usize,
        emitter: &mut Emitter,
        limit: usize,
        out: &mut Vec<u64>,
    ) -> usize {
        let Emitter { picks, template } = emitter;
        let arity = self.rows.arity();
        let mut left = limit;
        while let Some(matches) = self.found.get_mut(self.row) {
            let (at, end) = (matches.at as usize, matches.end as usize);
            if at < end {
                let end = end.min(at + left);
                matches.at = end as u32;
                left -= end - at;
                let probe = &self.rows.words()[self.row * arity..(self.row + 1) * arity];
                if let Some(next) = self.found.get(self.row + AHEAD) {
                    prefetch(words, next.at as usize * width);
                }
                match (&picks[..], width) {
                    (&[Pick::Probe(column), Pick::Match(_)], 1) => {
                        let first = probe[column];
                        fill_pairs(out, &words[at..end], |w| [first, w]);
                    }
                    (&[Pick::Match(_), Pick::Probe(column)], 1) => {
                        let second = probe[column];
                        fill_pairs(out, &words[at..end], |w| [w, second]);
                    }
                    _ => {
                        set_template(template, picks, probe);
                        for row in at..end {
                            emit(template, picks, words, row * width, out);
                        }
                    }
                }
                if self.found[self.row].at < self.found[self.row].end {
                    break;
                }
            }
            self.row += 1;
            if left == 0 {
                break;
            }
        }
        limit - left
    }

    fn advance_chains<W: Word>(
        &mut self,
        words: &[W],
        width: usize,
        chains: &[u32],
        emitter: &mut Emitter,
        limit: usize,
        out: &mut Vec<u64>,
    ) -> usize {
        let Emitter { picks, template } = emitter;
        let arity = self.rows.arity();
        let mut left = limit;
        while let Some(matches) = self.found.get_mut(self.row) {
            if !matches.is_empty() {
                let probe = &self.rows.words()[self.row * arity..(self.row + 1) * arity];
                set_template(template, picks, probe);
                while !matches.is_empty() {
                    if left == 0 {
                        return limit;
                    }
                    emit(template, picks, words, matches.at as usize * width, out);
                    matches.at = chains[matches.at as usize];
                    left -= 1;
                }
                if let Some(next) = self.found.get(self.row + AHEAD) {
                    prefetch(words, next.at as usize * width);
                    prefetch(chains, next.at as usize);
                }
            }
            self.row += 1;
        }
        limit - left
    }
}

/// How far ahead matches are prefetched, in probing rows.
const AHEAD: usize = 6;

#[inline(always)]
fn fill_pairs<W: Word>(out: &mut Vec<u64>, words: &[W], pair: impl Fn(u64) -> [u64; 2]) {
    let start = out.len();
    out.resize(start + words.len() * 2, 0);
    for (row, word) in out[start..].chunks_exact_mut(2).zip(words) {
        row.copy_from_slice(&pair(word.word()));
    }
}

#[inline(always)]
fn set_template(template: &mut [u64], picks: &[Pick], probe: &[u64]) {
    for (word, pick) in template.iter_mut().zip(picks) {
        if let &Pick::Probe(column) = pick {
            *word = probe[column];
        }
    }
}

#[inline(always)]
fn emit<W: Word>(template: &mut [u64], picks: &[Pick], words: &[W], at: usize, out: &mut Vec<u64>) {
    for (word, pick) in template.iter_mut().zip(picks) {
        if let &Pick::Match(column) = pick {
            *word = words[at + column].word();
        }
    }
    out.extend_from_slice(template);
}

/// Makes a batch of words; without columns they cannot tell how many rows there are.
pub(crate) fn rows_of(arity: usize, len: usize, words: Vec<u64>) -> Rows {
    if arity > 0 {
        return Rows::from_words(arity, words);
    }
    let mut rows = Rows::new(0);
    (0..len).for_each(|_| rows.push(&[]));
    rows
}
