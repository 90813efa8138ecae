//! What the compiler of a loop finds out about its stages.

use sheaf_ir::graph::Operator as Ir;
use sheaf_ir::{Block, ExprKind};

use super::compile::{Compiler, Input, unsupported};
use super::stage::Consumer;
use crate::operators::BuildError;

impl Compiler<'_> {
    /// Finds the stages that depend on no variable, and the order of those.
    pub fn find_invariants(&mut self) -> Result<(), BuildError> {
        let count = self.nodes.len();
        for _ in 0..count + 1 {
            let mut changed = false;
            for stage in 0..count {
                let depends =
                    self.is_variable(stage) || self.stages_into(stage).any(|s| !self.invariant[s]);
                let rank = self
                    .stages_into(stage)
                    .filter(|&s| !self.is_variable(s))
                    .map(|s| self.rank[s] + 1)
                    .max()
                    .unwrap_or(0);
                if self.invariant[stage] == depends || self.rank[stage] != rank {
                    self.invariant[stage] = !depends;
                    self.rank[stage] = rank;
                    changed = true;
                }
            }
            if !changed {
                return Ok(());
            }
        }
        Err(unsupported(
            self.program,
            self.id,
            "a cycle passes through no variable",
        ))
    }

    pub fn is_invariant_port(&self, stage: usize, port: usize) -> bool {
        self.inputs[stage]
            .iter()
            .filter(|i| i.0 == port)
            .all(|(_, input)| match input {
                Input::Stage { stage, .. } => self.invariant[*stage],
                Input::Entry(_) => true,
            })
    }

    /// The entry ports that an invariant port's rows come from.
    pub fn entry_ports(&self, stage: usize, port: usize, found: &mut Vec<usize>) {
        for (_, input) in self.inputs[stage].iter().filter(|i| i.0 == port) {
            match *input {
                Input::Entry(entry) => found.push(entry),
                Input::Stage { stage, .. } => {
                    for port in 0..2 {
                        self.entry_ports(stage, port, found);
                    }
                }
            }
        }
    }

    /// Columns that identify a lattice's row in a stage's output; `None` if it reads no lattice or
    /// the columns are lost.
    pub fn identity(&self, stage: usize) -> Option<Vec<usize>> {
        let from = |port: usize| match self.input(stage, port).ok()? {
            Input::Stage { stage, .. } => self.identity(stage),
            Input::Entry(_) => None,
        };
        let through = |identity: Vec<usize>, block: &Block| -> Option<Vec<usize>> {
            let output_of = |column: usize| {
                let is_it =
                    |e: &sheaf_ir::Expr| matches!(e.kind, ExprKind::Column(c) if c == column);
                block.outputs.iter().position(is_it)
            };
            let mut columns: Vec<usize> =
                identity.into_iter().map(output_of).collect::<Option<_>>()?;
            columns.sort_unstable();
            columns.dedup();
            Some(columns)
        };
        match self.operator(stage) {
            Ir::Variable { combiner: Some(_) } => {
                Some((0..self.columns(self.nodes[stage]).len() - 1).collect())
            }
            Ir::Map { block } => through(from(0)?, block),
            Ir::Join { block, .. } => {
                let left = self.input_columns(stage, 0).ok()?.len();
                let right = self.input_columns(stage, 1).ok()?.len();
                let (of_left, of_right) = (from(0), from(1));
                if of_left.is_none() && of_right.is_none() {
                    return None;
                }
                let mut identity = of_left.unwrap_or_else(|| (0..left).collect());
                let of_right = of_right.unwrap_or_else(|| (0..right).collect());
                identity.extend(of_right.into_iter().map(|c| c + left));
                through(identity, block)
            }
            Ir::Semijoin { .. } | Ir::Antijoin { .. } => from(0),
            _ => None,
        }
    }

    /// Whether a stage may read values of a lattice that are superseded later.
    pub fn reads_lattice(&self, stage: usize) -> bool {
        self.stages_into(stage).any(|s| match self.operator(s) {
            Ir::Variable { combiner } => combiner.is_some(),
            _ => self.reads_lattice(s),
        })
    }

    /// The port of a join whose rows are gone through again in an audit.
    pub fn audited_port(&self, stage: usize) -> usize {
        usize::from(self.is_invariant_port(stage, 0))
    }

    /// Whether all that a stage read can be gone through again.
    pub fn is_replayable(&self, stage: usize) -> bool {
        let is_join = matches!(self.operator(stage), Ir::Join { .. });
        let audited = if is_join { self.audited_port(stage) } else { 0 };
        self.inputs[stage]
            .iter()
            .filter(|i| i.0 == audited)
            .all(|(_, input)| match *input {
                Input::Entry(_) => true,
                Input::Stage { exit: Some(_), .. } => is_join,
                Input::Stage { stage, exit: None } => {
                    self.is_variable(stage) || self.is_replayable(stage)
                }
            })
    }

    /// Whether a provisional failure may happen in a stage or where its rows go.
    pub fn needs_audit(&self, stage: usize, consumers: &[Vec<Consumer>]) -> bool {
        let fallible = match self.operator(stage) {
            Ir::Map { block } | Ir::Join { block, .. } => block.as_projection().is_none(),
            Ir::FlatMap { .. } => true,
            _ => false,
        };
        fallible
            || consumers[stage]
                .iter()
                .any(|c| !self.is_variable(c.stage) && self.needs_audit(c.stage, consumers))
    }
}
