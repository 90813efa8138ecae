//! Goes once more over what is settled, to find the failures that stand.
//!
//! While a loop runs, a rule that reads a lattice may fail over a value that is superseded later.
//! Such failures are only noted. When the loop is quiet and something was noted, settled rows are
//! pushed through the stages that failed and those before them; nothing is derived.

use std::rc::Rc;

use sheaf_kernels::Rows;

use super::dataflow::Task;
use super::executor::Fixpoint;
use super::stage::{Kind, Region};
use crate::Output;
use crate::container::{BATCH, Index};
use crate::operators::matching::rows_of;

/// What is to be gone through.
pub(super) struct Audit {
    /// By stage: whether it failed, or feeds one that did.
    pub relevant: Vec<bool>,
    sources: Vec<Source>,
    source: usize,
    /// The next row (or key) of the source.
    at: usize,
}

/// Where settled rows come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A variable, by number.
    Variable(usize),
    /// What other workers sent to a port of a join.
    Side(usize, usize),
}

impl Audit {
    /// `None` if no provisional failure was noted.
    pub fn new(region: &Region) -> Option<Audit> {
        let stages = &region.stages;
        let mut relevant: Vec<bool> = stages.iter().map(|s| s.failed).collect();
        if !relevant.contains(&true) {
            return None;
        }
        let feeds = |from: usize, relevant: &[bool]| {
            stages[from].consumers.iter().any(|c| {
                relevant[c.stage]
                    && c.exit.is_none()
                    && match &stages[c.stage].kind {
                        Kind::Join(join) => join.audited == c.port,
                        Kind::Semijoin(_) | Kind::Antijoin(_) => c.port == 0,
                        _ => true,
                    }
            })
        };
        let mut sources = Vec::new();
        loop {
            let is_variable = |s: usize| matches!(stages[s].kind, Kind::Variable(_));
            let next =
                (0..stages.len()).find(|&s| !relevant[s] && !is_variable(s) && feeds(s, &relevant));
            match next {
                Some(stage) => relevant[stage] = true,
                None => break,
            }
        }
        for (variable, &stage) in region.variable_stages.iter().enumerate() {
            if feeds(stage, &relevant) {
                sources.push(Source::Variable(variable));
            }
        }
        for &(_, stage, port) in &region.loop_edges {
            if relevant[stage]
                && matches!(&stages[stage].kind, Kind::Join(join) if join.audited == port)
            {
                sources.push(Source::Side(stage, port));
            }
        }
        Some(Audit {
            relevant,
            sources,
            source: 0,
            at: 0,
        })
    }
}

impl Fixpoint {
    /// Pushes the next settled rows; `None` when there are none.
    pub(super) fn audit_step(&mut self, output: &mut Output) -> Option<usize> {
        let audit = self.audit.as_mut()?;
        let source = *audit.sources.get(audit.source)?;
        let start = audit.at;
        match source {
            Source::Variable(variable) => {
                let known = &self.region.variables[variable];
                let end = known.len().min(start + BATCH);
                audit.at = end;
                if start == end {
                    audit.source += 1;
                    audit.at = 0;
                    return Some(1);
                }
                let stage = self.region.variable_stages[variable];
                let mut rows = Rows::new(self.region.stages[stage].arity);
                known.copy_rows(start..end, &mut rows);
                self.tasks.push(Task::Deliver {
                    stage,
                    next: 0,
                    generation: 0,
                    rows: Rc::new(rows),
                });
                Some(end - start)
            }
            Source::Side(stage, port) => {
                let Kind::Join(join) = &self.region.stages[stage].kind else {
                    return None;
                };
                let mut words = Vec::new();
                let mut len = 0;
                let mut end = start;
                if let Some(Index::Growing(index)) = join.states[port].index() {
                    while end < index.keys() && len < BATCH {
                        len += index.copy_key(end, &mut words);
                        end += 1;
                    }
                }
                audit.at = end;
                if end == start {
                    audit.source += 1;
                    audit.at = 0;
                    return Some(1);
                }
                let rows = rows_of(join.sides[port].arity, len, words);
                self.arrive(stage, stage, port, 0, Rc::new(rows), output);
                Some(len)
            }
        }
    }
}
