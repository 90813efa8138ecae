//! The canonical order of what proofs are made of, so that the same proof is found whatever the
//! order of rows.

use std::cmp::Ordering;

use sheaf_ir::{NodeId, Span};
use sheaf_kernels::words::compare;

use super::base::{Base, Premise};

impl Base {
    /// Compares two rows of one node, column by column.
    pub fn compare_rows(&self, id: NodeId, a: &[u64], b: &[u64]) -> Ordering {
        let columns = self.columns(id).iter().zip(a.iter().zip(b));
        columns
            .map(|((_, ty), (a, b))| compare(*a, *b, ty, &self.interner))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Compares premises one by one.
    pub fn compare_premises(&self, a: &[Premise], b: &[Premise]) -> Ordering {
        let pairs = a.iter().zip(b);
        pairs
            .map(|(a, b)| self.compare_premise(a, b))
            .find(|order| order.is_ne())
            .unwrap_or(a.len().cmp(&b.len()))
    }

    fn compare_premise(&self, a: &Premise, b: &Premise) -> Ordering {
        let kind = |premise: &Premise| match premise {
            Premise::Written(_) => 0,
            Premise::Fact(..) => 1,
            Premise::Absent(..) => 2,
        };
        match (a, b) {
            (Premise::Fact(n, a), Premise::Fact(m, b)) => self
                .rank(*n)
                .cmp(&self.rank(*m))
                .then_with(|| self.compare_rows(*n, a, b)),
            (Premise::Absent(n, a), Premise::Absent(m, b)) => self
                .rank(*n)
                .cmp(&self.rank(*m))
                .then_with(|| self.compare_cells(*n, a, b)),
            (Premise::Written(a), Premise::Written(b)) => place(*a).cmp(&place(*b)),
            _ => kind(a).cmp(&kind(b)),
        }
    }

    /// Compares values of the same columns.
    fn compare_cells(&self, id: NodeId, a: &[(usize, u64)], b: &[(usize, u64)]) -> Ordering {
        let columns = self.columns(id);
        let pairs = a.iter().zip(b);
        pairs
            .map(|((c, a), (_, b))| compare(*a, *b, &columns[*c].1, &self.interner))
            .find(|order| order.is_ne())
            .unwrap_or(a.len().cmp(&b.len()))
    }
}

fn place(span: Span) -> (u32, u32, u32) {
    (span.file, span.start, span.end)
}
