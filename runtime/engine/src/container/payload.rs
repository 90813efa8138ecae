//! Rows without identity: flat words that narrow to 32 bits while they fit.

/// An append-only array of rows of some width.
#[derive(Clone, Debug)]
pub struct Payload {
    width: usize,
    len: usize,
    words: Words,
}

/// How the words are stored.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Payload {
    /// No rows of this many words.
    pub fn new(width: usize) -> Payload {
        Payload {
            width,
            len: 0,
            words: Words::Narrow(Vec::new()),
        }
    }

    /// Words of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        match &self.words {
            Words::Narrow(words) => words.capacity() * 4,
            Words::Wide(words) => words.capacity() * 8,
        }
    }

    /// The words, row after row.
    #[inline(always)]
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// One word.
    #[inline]
    pub fn word(&self, row: usize, column: usize) -> u64 {
        let at = row * self.width + column;
        match &self.words {
            Words::Narrow(words) => words[at] as u64,
            Words::Wide(words) => words[at],
        }
    }

    /// Appends `len` rows that consist of some columns of rows of `arity` words.
    pub fn extend(&mut self, rows: &[u64], arity: usize, len: usize, columns: &[usize]) {
        debug_assert_eq!(columns.len(), self.width);
        self.len += len;
        let fits = |rows: &[u64]| rows.iter().fold(0, |all, w| all | w) >> 32 == 0;
        if let Words::Narrow(words) = &self.words
            && !fits(rows)
        {
            let wide = words.iter().map(|&w| w as u64).collect();
            self.words = Words::Wide(wide);
        }
        match &mut self.words {
            Words::Narrow(words) => pick(rows, arity, columns, |w| words.push(w as u32)),
            Words::Wide(words) => pick(rows, arity, columns, |w| words.push(w)),
        }
    }

    /// Replaces one word.
    pub fn set(&mut self, row: usize, column: usize, word: u64) {
        let at = row * self.width + column;
        if let Words::Narrow(words) = &self.words
            && word >> 32 != 0
        {
            self.words = Words::Wide(words.iter().map(|&w| w as u64).collect());
        }
        match &mut self.words {
            Words::Narrow(words) => words[at] = word as u32,
            Words::Wide(words) => words[at] = word,
        }
    }

    /// Appends a row to flat words.
    #[inline]
    pub fn copy_row(&self, row: usize, out: &mut Vec<u64>) {
        let part = row * self.width..(row + 1) * self.width;
        match &self.words {
            Words::Narrow(words) => out.extend(words[part].iter().map(|&w| w as u64)),
            Words::Wide(words) => out.extend_from_slice(&words[part]),
        }
    }

    /// The rows' given columns, each row at the position given for it.
    pub fn scattered(&self, columns: &[usize], positions: &[u32]) -> Payload {
        Payload {
            width: columns.len(),
            len: self.len,
            words: match &self.words {
                Words::Narrow(words) => {
                    Words::Narrow(scatter(words, self.width, columns, positions))
                }
                Words::Wide(words) => Words::Wide(scatter(words, self.width, columns, positions)),
            },
        }
    }

    /// Forgets the rows, keeps the room.
    pub fn clear(&mut self) {
        self.len = 0;
        match &mut self.words {
            Words::Narrow(words) => words.clear(),
            Words::Wide(words) => words.clear(),
        }
    }
}

#[inline]
fn pick(rows: &[u64], arity: usize, columns: &[usize], mut take: impl FnMut(u64)) {
    if columns.is_empty() {
        return;
    }
    for row in rows.chunks_exact(arity) {
        for &column in columns {
            take(row[column]);
        }
    }
}

fn scatter<W: Copy + Default>(
    words: &[W],
    width: usize,
    columns: &[usize],
    positions: &[u32],
) -> Vec<W> {
    let mut out = vec![W::default(); columns.len() * positions.len()];
    if columns.is_empty() {
        return out;
    }
    for (row, &position) in words.chunks_exact(width).zip(positions) {
        let at = position as usize * columns.len();
        for (to, &column) in out[at..].iter_mut().zip(columns) {
            *to = row[column];
        }
    }
    out
}
