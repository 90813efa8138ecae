//! What travels on every stream: rows with their target and, across processes, the texts of symbols.
//!
//! On the wire a parcel is little-endian words: target, sender, channel, generation, columns,
//! rows, whether there are weights, number of texts; then the rows' words, the weights, and for each text its symbol,
//! its length in bytes and the bytes padded to a whole word.

use std::io::Write;

use sheaf_kernels::Rows;
use timely::bytes::arc::Bytes;
use timely::communication::Push;
use timely::container::Accountable;
use timely::dataflow::channels::pact::DistributorPact;
use timely::dataflow::channels::pushers::exchange::Distributor;
use timely::dataflow::channels::{ContainerBytes, Message};

/// Rows on their way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    /// The worker it is for, where it crosses an exchange.
    pub target: usize,
    /// The worker that sent it.
    pub sender: usize,
    /// Inside a fixpoint, the edge of the loop that it travels on.
    pub edge: usize,
    /// Inside a fixpoint, after how many rounds the rows were derived.
    pub generation: u64,
    /// The rows; their symbols are the sender's process's.
    pub rows: Rows,
    /// Texts of symbols that this channel has not carried before, by the sender's number.
    pub texts: Vec<(u32, Box<[u8]>)>,
}

impl Parcel {
    /// Rows for the next operator of the same worker.
    pub fn local(rows: Rows) -> Parcel {
        Parcel {
            rows,
            ..Parcel::default()
        }
    }

    /// The bytes of its rows, at 8 a cell, and texts.
    pub fn bytes(&self) -> u64 {
        let texts: usize = self.texts.iter().map(|(_, text)| text.len()).sum();
        (8 * self.rows.words().len() + texts) as u64
    }
}

impl Accountable for Parcel {
    fn record_count(&self) -> i64 {
        self.rows.len() as i64
    }
}

const HEADER: usize = 8;

impl ContainerBytes for Parcel {
    /// # Panics
    /// If the bytes are not a parcel: the peer is broken, and the generation ends.
    fn from_bytes(bytes: Bytes) -> Self {
        let mut words = Words(&bytes);
        let [
            target,
            sender,
            edge,
            generation,
            arity,
            len,
            weighted,
            texts,
        ] = std::array::from_fn(|_| words.next());
        let mut rows = Rows::new(arity);
        let row_words = words.take(arity * len);
        if arity > 0 {
            rows = Rows::from_words(arity, row_words.collect());
        } else {
            (0..len).for_each(|_| rows.push(&[]));
        }
        if weighted != 0 {
            rows.weights = Some(words.take(len).map(|w| w as i64).collect());
        }
        let texts = (0..texts)
            .map(|_| {
                let symbol = words.next() as u32;
                let length = words.next();
                (symbol, words.bytes(length).into())
            })
            .collect();
        Parcel {
            target,
            sender,
            edge,
            generation: generation as u64,
            rows,
            texts,
        }
    }

    fn length_in_bytes(&self) -> usize {
        let weights = self.rows.weights.as_ref().map_or(0, Vec::len);
        let texts: usize = self.texts.iter().map(|t| 2 + t.1.len().div_ceil(8)).sum();
        8 * (HEADER + self.rows.words().len() + weights + texts)
    }

    fn into_bytes<W: Write>(&self, writer: &mut W) {
        let mut buffer = Vec::with_capacity(self.length_in_bytes());
        let mut word = |w: u64| buffer.extend_from_slice(&w.to_le_bytes());
        for n in [
            self.target,
            self.sender,
            self.edge,
            self.generation as usize,
            self.rows.arity(),
            self.rows.len(),
            usize::from(self.rows.weights.is_some()),
            self.texts.len(),
        ] {
            word(n as u64);
        }
        self.rows.words().iter().for_each(|w| word(*w));
        for weight in self.rows.weights.iter().flatten() {
            word(*weight as u64);
        }
        for (symbol, text) in &self.texts {
            buffer.extend_from_slice(&u64::from(*symbol).to_le_bytes());
            buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
            buffer.extend_from_slice(text);
            buffer.resize(buffer.len().next_multiple_of(8), 0);
        }
        writer
            .write_all(&buffer)
            .expect("timely offers the room that was asked for");
    }
}

/// Reads words off the front of bytes.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let padded = length.div_ceil(8).saturating_mul(8);
        assert!(padded <= self.0.len(), "a parcel was cut short");
        let (front, rest) = self.0.split_at(padded);
        self.0 = rest;
        &front[..length]
    }

    fn take(&mut self, words: usize) -> impl Iterator<Item = u64> + use<'a> {
        let (words, _) = self.bytes(words.saturating_mul(8)).as_chunks::<8>();
        words.iter().map(|w| u64::from_le_bytes(*w))
    }

    fn next(&mut self) -> usize {
        self.take(1).next().map_or(0, |w| w as usize)
    }
}

/// Delivers every parcel whole to its target.
pub(crate) struct ToTarget;

impl Distributor<Parcel> for ToTarget {
    fn partition<T: Clone, P: Push<Message<T, Parcel>>>(
        &mut self,
        parcel: &mut Parcel,
        time: &T,
        workers: &mut [P],
    ) {
        let target = parcel.target;
        Message::push_at(parcel, time.clone(), &mut workers[target]);
    }

    fn flush<T: Clone, P: Push<Message<T, Parcel>>>(&mut self, _: &T, _: &mut [P]) {}
}

/// The contract of an exchanged stream.
pub(crate) fn by_target() -> DistributorPact<impl FnOnce(usize) -> ToTarget> {
    DistributorPact(|_workers: usize| ToTarget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use timely::bytes::arc::BytesMut;

    fn through_bytes(parcel: &Parcel) -> Parcel {
        let mut bytes = Vec::new();
        parcel.into_bytes(&mut bytes);
        assert_eq!(bytes.len(), parcel.length_in_bytes());
        assert_eq!(bytes.len() % 8, 0);
        Parcel::from_bytes(BytesMut::from(bytes).freeze())
    }

    proptest! {
        #[test]
        fn bytes_carry_everything(
            arity in 0usize..4,
            count in 0usize..20,
            words in prop::collection::vec(any::<u64>(), 80),
            weighted: bool,
            texts in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..20)), 0..5),
        ) {
            let mut rows = Rows::new(arity);
            for i in 0..count {
                rows.push(&words[i * arity..(i + 1) * arity]);
            }
            if weighted {
                rows.weights = Some((0..count as i64).map(|w| w - 3).collect());
            }
            let texts: Vec<(u32, Box<[u8]>)> = texts.into_iter().map(|(s, t)| (s, t.into())).collect();
            let parcel = Parcel { target: 3, sender: 1, edge: 7, generation: 9, rows, texts };
            let back = through_bytes(&parcel);
            prop_assert_eq!((back.target, back.sender, back.edge, back.generation), (3, 1, 7, 9));
            prop_assert_eq!(back.rows, parcel.rows);
            prop_assert_eq!(back.texts, parcel.texts);
        }
    }
}
