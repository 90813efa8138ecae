//! Decides what a hosted operator is told next: rows in order of epochs, ports that close, epochs
//! that end.
//!
//! Rows of a later epoch wait until the current one has ended everywhere; a port closes as soon as
//! its last row was taken up. Knows nothing of timely.

use std::collections::{BTreeMap, VecDeque};

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<R> {
    /// Hand over rows that came on this edge.
    Push(usize, R),
    /// No more rows come on this port.
    Close(usize),
    /// The current epoch has ended on all ports.
    EndEpoch,
    /// The current epoch is done with; this one is next.
    Advance(u64),
    /// All is done.
    Finish,
    /// Nothing can be done until more comes.
    Wait,
}

/// What came and was not yet handed over.
#[derive(Debug)]
pub(super) struct Inbox<R> {
    /// The port that each edge feeds.
    edge_ports: Vec<usize>,
    /// Per edge, the least epoch of which rows can still come; `None` when no more can.
    frontiers: Vec<Option<u64>>,
    /// Per edge, how many batches wait.
    waiting: Vec<usize>,
    open: Vec<bool>,
    /// Of a fixpoint, the least epoch in which rows can still come round its loop.
    round: Option<u64>,
    rows: BTreeMap<u64, VecDeque<(usize, R)>>,
    now: u64,
    ended: bool,
}

impl<R> Inbox<R> {
    pub fn new(edge_ports: Vec<usize>, ports: usize) -> Inbox<R> {
        Inbox {
            frontiers: vec![Some(0); edge_ports.len()],
            waiting: vec![0; edge_ports.len()],
            edge_ports,
            open: vec![true; ports],
            round: None,
            rows: BTreeMap::new(),
            now: 0,
            ended: false,
        }
    }

    /// Rows came.
    pub fn put(&mut self, edge: usize, epoch: u64, rows: R) {
        self.waiting[edge] += 1;
        self.rows.entry(epoch).or_default().push_back((edge, rows));
    }

    /// How far an edge is.
    pub fn set_frontier(&mut self, edge: usize, frontier: Option<u64>) {
        self.frontiers[edge] = frontier;
    }

    /// How far the loop is. It can lag behind the edges: another worker may have got rows at an
    /// epoch at which this one got none, and send some round the loop.
    pub fn set_round(&mut self, frontier: Option<u64>) {
        self.round = frontier;
    }

    /// The epoch that is being worked on.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// What to do next, given that all that was said before is done with. `settled` says whether
    /// an epoch that has ended is also done with.
    pub fn next(&mut self, settled: impl FnOnce() -> bool) -> Next<R> {
        if let Some(mut batches) = self.rows.first_entry()
            && *batches.key() <= self.now
            && let Some((edge, rows)) = batches.get_mut().pop_front()
        {
            if batches.get().is_empty() {
                batches.remove();
            }
            self.waiting[edge] -= 1;
            return Next::Push(edge, rows);
        }
        for port in 0..self.open.len() {
            if self.open[port] && self.is_exhausted(port) {
                self.open[port] = false;
                return Next::Close(port);
            }
        }
        let frontier = self.frontiers.iter().flatten().min().copied();
        if frontier.is_some_and(|f| f <= self.now) {
            return Next::Wait;
        }
        if !self.ended {
            self.ended = true;
            return Next::EndEpoch;
        }
        if !settled() {
            return Next::Wait;
        }
        match self.upcoming().into_iter().chain(self.round).min() {
            Some(next) => {
                self.now = next;
                self.ended = false;
                Next::Advance(next)
            }
            None => Next::Finish,
        }
    }

    /// The current epoch until it has ended on all ports; from then on the least epoch of which
    /// rows wait or can still come, if any.
    pub fn upcoming(&self) -> Option<u64> {
        if !self.ended {
            return Some(self.now);
        }
        let waiting = self.rows.first_key_value().map(|r| *r.0);
        self.frontiers
            .iter()
            .flatten()
            .copied()
            .chain(waiting)
            .min()
    }

    /// Whether no later epoch follows, given that the current one has ended everywhere.
    pub fn is_last(&self) -> bool {
        self.round.is_none() && self.upcoming().is_none()
    }

    fn is_exhausted(&self, port: usize) -> bool {
        (0..self.edge_ports.len())
            .filter(|&e| self.edge_ports[e] == port)
            .all(|e| self.frontiers[e].is_none() && self.waiting[e] == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(inbox: &mut Inbox<&'static str>) -> Vec<Next<&'static str>> {
        let mut told = Vec::new();
        loop {
            match inbox.next(|| true) {
                Next::Wait => return told,
                Next::Finish => {
                    told.push(Next::Finish);
                    return told;
                }
                next => told.push(next),
            }
        }
    }

    #[test]
    fn rows_of_a_later_epoch_wait_for_the_end_of_the_current_one() {
        let mut inbox = Inbox::new(vec![0, 1], 2);
        inbox.put(0, 1, "later");
        inbox.put(1, 0, "now");
        inbox.set_frontier(0, Some(2));
        assert_eq!(all(&mut inbox), [Next::Push(1, "now")]);
        inbox.set_frontier(1, Some(1));
        assert_eq!(
            all(&mut inbox),
            [Next::EndEpoch, Next::Advance(1), Next::Push(0, "later")]
        );
    }

    #[test]
    fn a_port_closes_when_all_its_edges_are_exhausted_and_taken_up() {
        let mut inbox = Inbox::new(vec![0, 0, 1], 2);
        inbox.put(1, 3, "late");
        inbox.set_frontier(0, None);
        inbox.set_frontier(1, None);
        assert_eq!(all(&mut inbox), []);
        inbox.set_frontier(2, Some(3));
        assert_eq!(
            all(&mut inbox),
            [
                Next::EndEpoch,
                Next::Advance(3),
                Next::Push(1, "late"),
                Next::Close(0)
            ]
        );
        inbox.set_frontier(2, None);
        assert_eq!(
            all(&mut inbox),
            [Next::Close(1), Next::EndEpoch, Next::Finish]
        );
    }

    #[test]
    fn an_epoch_in_which_rows_can_come_round_is_not_skipped() {
        let mut inbox: Inbox<&str> = Inbox::new(vec![0], 1);
        inbox.set_frontier(0, None);
        inbox.set_round(Some(5));
        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(inbox.next(|| true));
        }
        inbox.set_round(None);
        told.push(inbox.next(|| true));
        assert_eq!(
            told,
            [
                Next::Close(0),
                Next::EndEpoch,
                Next::Advance(5),
                Next::EndEpoch,
                Next::Finish
            ]
        );
    }

    #[test]
    fn without_ports_it_ends_one_epoch_and_finishes() {
        let mut inbox: Inbox<&str> = Inbox::new(vec![], 0);
        assert_eq!(all(&mut inbox), [Next::EndEpoch, Next::Finish]);
    }
}
