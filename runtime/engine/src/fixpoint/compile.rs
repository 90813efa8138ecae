//! From the IR nodes of a loop to the region that the executor runs.

use std::collections::BTreeMap;

use sheaf_ir::graph::Operator as Ir;
use sheaf_ir::plan::{FixpointStrategy, Plan};
use sheaf_ir::{Block, NodeId, Program, Type};

use super::stage::{
    Antijoin, Consumer, Count, Identity, Join, Kept, Kind, Region, Semijoin, SideState, Stage,
};
use super::variable::{Store, Variable};
use crate::container::{GrowingIndex, Index, Join as LatticeJoin, LatticeMap, Payload, RowSet};
use crate::operators::block::BlockRunner;
use crate::operators::matching::{Emitter, Side};
use crate::operators::optional::Optional;
use crate::operators::outer_join::wrapped_sides;
use crate::operators::{BuildError, Environment, Shape, shape};

/// Compiles the loop of fixpoint `id`. Rows may leave the worker only if `exits`.
pub(super) fn compile(
    program: &Program,
    id: NodeId,
    plan: &Plan,
    environment: &Environment,
    exits: bool,
) -> Result<Region, BuildError> {
    let shape = shape(program, id, plan)?;
    Compiler::new(program, id, environment, &shape, exits)?.region(plan)
}

/// The join of a lattice variable, of whose rows the last column is the value.
pub(super) fn lattice_join(
    program: &Program,
    variable: NodeId,
    environment: &Environment,
) -> Result<Option<LatticeJoin>, BuildError> {
    let node = &program.graph[variable];
    let Ir::Variable {
        combiner: Some(combiner),
    } = &node.operator
    else {
        return Ok(None);
    };
    let ty = node.output.columns.last().map(|(_, ty)| ty);
    let join = ty.and_then(|ty| LatticeJoin::new(combiner, ty, environment));
    match join {
        Some(join) => Ok(Some(join)),
        None => Err(unsupported(
            program,
            variable,
            format!("{combiner:?} is no lattice that can climb in a loop"),
        )),
    }
}

pub(super) fn unsupported(program: &Program, id: NodeId, reason: impl Into<String>) -> BuildError {
    BuildError::Unsupported {
        node: program.graph[id].name.clone(),
        reason: reason.into(),
    }
}

pub(super) struct Compiler<'a> {
    pub program: &'a Program,
    pub id: NodeId,
    environment: &'a Environment,
    shape: &'a Shape,
    exits: bool,
    /// The nodes inside, by stage: ascending by name.
    pub nodes: Vec<NodeId>,
    stage_of: BTreeMap<NodeId, usize>,
    /// By stage: what feeds it, by port; `None` for an entry with its number.
    pub inputs: Vec<Vec<(usize, Input)>>,
    pub invariant: Vec<bool>,
    pub rank: Vec<usize>,
}

/// What feeds a port of a stage.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    Stage { stage: usize, exit: Option<usize> },
    Entry(usize),
}

impl<'a> Compiler<'a> {
    fn new(
        program: &'a Program,
        id: NodeId,
        environment: &'a Environment,
        shape: &'a Shape,
        exits: bool,
    ) -> Result<Compiler<'a>, BuildError> {
        let name = &program.graph[id].name;
        let inside = |n: &NodeId| program.graph[*n].fixpoint.as_ref() == Some(name);
        let nodes: Vec<NodeId> = program.nodes_by_name().into_iter().filter(inside).collect();
        let stage_of: BTreeMap<NodeId, usize> =
            nodes.iter().enumerate().map(|(s, &n)| (n, s)).collect();
        let mut inputs: Vec<Vec<(usize, Input)>> = vec![Vec::new(); nodes.len()];
        for entry in &shape.entries {
            inputs[stage_of[&entry.to]].push((entry.edge.port as usize, Input::Entry(entry.port)));
        }
        for (stage, &node) in nodes.iter().enumerate() {
            for (to, port) in program.outputs(node) {
                let Some(&target) = stage_of.get(&to) else {
                    if !matches!(program.graph[node].operator, Ir::Variable { .. }) {
                        return Err(unsupported(
                            program,
                            node,
                            "it is no variable and its rows leave the loop",
                        ));
                    }
                    continue;
                };
                let exit = shape
                    .loop_edges
                    .iter()
                    .position(|e| exits && e.from == node && e.to == to && e.edge.port == port);
                inputs[target].push((port as usize, Input::Stage { stage, exit }));
            }
        }
        let mut compiler = Compiler {
            program,
            id,
            environment,
            shape,
            exits,
            invariant: vec![true; nodes.len()],
            rank: vec![0; nodes.len()],
            nodes,
            stage_of,
            inputs,
        };
        compiler.find_invariants()?;
        Ok(compiler)
    }

    pub fn operator(&self, stage: usize) -> &'a Ir {
        &self.program.graph[self.nodes[stage]].operator
    }

    pub fn columns(&self, node: NodeId) -> &'a [(String, Type)] {
        &self.program.graph[node].output.columns
    }

    pub fn is_variable(&self, stage: usize) -> bool {
        matches!(self.operator(stage), Ir::Variable { .. })
    }

    pub fn stages_into(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        self.inputs[stage]
            .iter()
            .filter_map(|(_, input)| match input {
                Input::Stage { stage, .. } => Some(*stage),
                Input::Entry(_) => None,
            })
    }

    /// The only input of a port.
    pub fn input(&self, stage: usize, port: usize) -> Result<Input, BuildError> {
        let mut inputs = self.inputs[stage].iter().filter(|i| i.0 == port);
        match (inputs.next(), inputs.next()) {
            (Some(&(_, input)), None) => Ok(input),
            _ => Err(unsupported(
                self.program,
                self.nodes[stage],
                format!("port {port} must have one edge"),
            )),
        }
    }

    pub fn input_columns(
        &self,
        stage: usize,
        port: usize,
    ) -> Result<&'a [(String, Type)], BuildError> {
        Ok(match self.input(stage, port)? {
            Input::Stage { stage, .. } => self.columns(self.nodes[stage]),
            Input::Entry(entry) => self.columns(self.shape.entries[entry].from),
        })
    }

    fn region(self, plan: &Plan) -> Result<Region, BuildError> {
        let Ir::Fixpoint { limit, .. } = &self.program.graph[self.id].operator else {
            return Err(unsupported(self.program, self.id, "it is no fixpoint"));
        };
        let mut consumers: Vec<Vec<Consumer>> = vec![Vec::new(); self.nodes.len()];
        for (stage, inputs) in self.inputs.iter().enumerate() {
            for &(port, input) in inputs {
                if let Input::Stage { stage: from, exit } = input {
                    consumers[from].push(Consumer { stage, port, exit });
                }
            }
        }
        let variable_stages: Vec<usize> = self
            .shape
            .outputs
            .iter()
            .map(|v| self.stage_of[v])
            .collect();
        let inside = (0..self.nodes.len()).filter(|&s| self.is_variable(s));
        if let Some(stage) = inside.into_iter().find(|s| !variable_stages.contains(s)) {
            let reason = "it is a variable that its fixpoint does not name";
            return Err(unsupported(self.program, self.nodes[stage], reason));
        }
        let mut variables = Vec::new();
        for &node in &self.shape.outputs {
            let arity = self.columns(node).len();
            let store = match lattice_join(self.program, node, self.environment)? {
                Some(join) => Store::Lattice(Box::new(LatticeMap::new(arity, join))),
                None => Store::Set(RowSet::new(arity)),
            };
            variables.push(Variable::new(store));
        }
        let mut stages = Vec::new();
        let mut awaited = Vec::new();
        for stage in 0..self.nodes.len() {
            let node = &self.program.graph[self.nodes[stage]];
            let kind = self.kind(stage, &variable_stages, &consumers, &mut awaited)?;
            stages.push(Stage {
                name: node.name.clone(),
                span: node.span,
                rank: self.rank[stage],
                arity: node.output.columns.len(),
                kind,
                consumers: consumers[stage].clone(),
                invariant: self.invariant[stage],
                provisional: self.reads_lattice(stage) && self.is_replayable(stage),
                failed: false,
                count: Count::default(),
            });
        }
        let partition = match plan.fixpoints.get(&self.program.graph[self.id].name) {
            Some(FixpointStrategy::Colocated { columns }) => Some(self.partition(columns)?),
            _ => None,
        };
        let entry = |e: &crate::operators::Entry| (self.stage_of[&e.to], e.edge.port as usize);
        let wanted = |&node: &NodeId| {
            let mut outputs = self.program.outputs(node).into_iter();
            outputs.any(|(to, _)| !self.stage_of.contains_key(&to))
        };
        let loop_edge = |e: &crate::operators::LoopEdge| {
            let port = e.edge.port as usize;
            (self.stage_of[&e.from], self.stage_of[&e.to], port)
        };
        awaited.sort_unstable();
        awaited.dedup();
        Ok(Region {
            stages,
            variables,
            wanted: self.shape.outputs.iter().map(wanted).collect(),
            variable_stages,
            entries: self.shape.entries.iter().map(entry).collect(),
            awaited,
            partition,
            loop_edges: match self.exits {
                true => self.shape.loop_edges.iter().map(loop_edge).collect(),
                false => Vec::new(),
            },
            limit: *limit,
        })
    }

    /// By variable, the columns that a colocated fixpoint is partitioned by.
    fn partition(
        &self,
        columns: &BTreeMap<String, Vec<usize>>,
    ) -> Result<Vec<Vec<usize>>, BuildError> {
        let of = |&node: &NodeId| {
            let name = &self.program.graph[node].name;
            let arity = self.columns(node).len();
            match columns.get(name) {
                Some(columns) if columns.iter().all(|&c| c < arity) => Ok(columns.clone()),
                _ => Err(unsupported(
                    self.program,
                    node,
                    "the plan does not say by which columns it is partitioned",
                )),
            }
        };
        self.shape.outputs.iter().map(of).collect()
    }

    fn kind(
        &self,
        stage: usize,
        variables: &[usize],
        consumers: &[Vec<Consumer>],
        awaited: &mut Vec<usize>,
    ) -> Result<Kind, BuildError> {
        let id = self.nodes[stage];
        let node = &self.program.graph[id];
        let sides = |left_key: &[usize], right_key: &[usize]| -> Result<[Side; 2], BuildError> {
            Ok([
                Side {
                    arity: self.input_columns(stage, 0)?.len(),
                    key: left_key.to_vec(),
                },
                Side {
                    arity: self.input_columns(stage, 1)?.len(),
                    key: right_key.to_vec(),
                },
            ])
        };
        let complete_right = |awaited: &mut Vec<usize>| {
            if !self.is_invariant_port(stage, 1) {
                let reason = "its right side depends on the loop that it is in";
                return Err(unsupported(self.program, id, reason));
            }
            self.entry_ports(stage, 1, awaited);
            Ok(())
        };
        let runner = |block: &Block, each, columns: Vec<(String, Type)>| {
            BlockRunner::new(self.program, id, block, each, columns, self.environment)
        };
        Ok(match &node.operator {
            Ir::Variable { .. } => {
                Kind::Variable(variables.iter().position(|&s| s == stage).unwrap_or(0))
            }
            Ir::Map { block } => Kind::Block {
                runner: Box::new(runner(block, None, self.input_columns(stage, 0)?.to_vec())?),
                flat: false,
            },
            Ir::FlatMap { each, block } => Kind::Block {
                runner: Box::new(runner(
                    block,
                    Some(each),
                    self.input_columns(stage, 0)?.to_vec(),
                )?),
                flat: true,
            },
            Ir::Join {
                left_key,
                right_key,
                block,
            } => {
                let sides = sides(left_key, right_key)?;
                let mut columns = self.input_columns(stage, 0)?.to_vec();
                columns.extend_from_slice(self.input_columns(stage, 1)?);
                let runner = runner(block, None, columns)?;
                let picked: Vec<usize> = match runner.projection() {
                    Some(columns) => columns.to_vec(),
                    None => (0..sides[0].arity + sides[1].arity).collect(),
                };
                let audit = self.reads_lattice(stage) && self.needs_audit(stage, consumers);
                Kind::Join(Box::new(Join {
                    states: [
                        self.side_state(stage, 0, &sides[0], audit)?,
                        self.side_state(stage, 1, &sides[1], audit)?,
                    ],
                    emitters: [0, 1].map(|probing| Emitter::new(&picked, &sides, probing)),
                    block: runner.projection().is_none().then_some(runner),
                    optional: None,
                    audited: self.audited_port(stage),
                    sides,
                }))
            }
            Ir::OuterJoin {
                left_key,
                right_key,
                right_columns,
            } => {
                complete_right(awaited)?;
                let [left, _] = sides(left_key, right_key)?;
                let optional = Optional::new(
                    self.input_columns(stage, 1)?,
                    right_key,
                    right_columns,
                    self.environment,
                );
                if self.is_invariant_port(stage, 0) {
                    let reason = "it depends on nothing in the loop that it is in";
                    return Err(unsupported(self.program, id, reason));
                }
                let (sides, picked) = wrapped_sides(left, &optional, right_key);
                Kind::Join(Box::new(Join {
                    states: [
                        self.side_state(stage, 0, &sides[0], false)?,
                        self.side_state(stage, 1, &sides[1], false)?,
                    ],
                    emitters: [0, 1].map(|probing| Emitter::new(&picked, &sides, probing)),
                    block: None,
                    optional: Some(optional),
                    audited: 0,
                    sides,
                }))
            }
            Ir::Semijoin {
                left_key,
                right_key,
            } => {
                let sides = sides(left_key, right_key)?;
                let keys = Side {
                    arity: right_key.len(),
                    key: (0..right_key.len()).collect(),
                };
                let all: Vec<usize> = (0..sides[0].arity).collect();
                let mut right_ports = Vec::new();
                let right_invariant = self.is_invariant_port(stage, 1);
                if right_invariant {
                    self.entry_ports(stage, 1, &mut right_ports);
                }
                Kind::Semijoin(Box::new(Semijoin {
                    left: SideState {
                        identity: None,
                        ..self.side_state(stage, 0, &sides[0], false)?
                    },
                    right: RowSet::new(right_key.len()),
                    right_invariant,
                    right_ports,
                    emitter: Emitter::new(&all, &[sides[0].clone(), keys], 1),
                    sides,
                }))
            }
            Ir::Antijoin {
                left_key,
                right_key,
            } => {
                complete_right(awaited)?;
                Kind::Antijoin(Antijoin {
                    sides: sides(left_key, right_key)?,
                    right: RowSet::new(right_key.len()),
                })
            }
            Ir::Union | Ir::Exchange { .. } | Ir::Broadcast => Kind::Union,
            Ir::Distinct => Kind::Distinct(RowSet::new(node.output.columns.len())),
            other => {
                let name = format!("{other:?}");
                let name = name.split([' ', '{', '(']).next().unwrap_or_default();
                let reason = format!("a {name} cannot stand in a loop");
                return Err(unsupported(self.program, id, reason));
            }
        })
    }

    fn side_state(
        &self,
        stage: usize,
        port: usize,
        side: &Side,
        audit: bool,
    ) -> Result<SideState, BuildError> {
        let invariant = self.is_invariant_port(stage, port);
        let input = self.input(stage, port)?;
        let mut ports = Vec::new();
        if invariant {
            self.entry_ports(stage, port, &mut ports);
        }
        let semijoin = matches!(self.operator(stage), Ir::Semijoin { .. });
        let kept = if self.invariant[stage] || (semijoin && invariant) {
            Kept::Index(Index::from(GrowingIndex::new(side.arity, &side.key)))
        } else if invariant {
            Kept::Collected(Payload::new(side.arity))
        } else {
            Kept::Nothing
        };
        let exits = matches!(input, Input::Stage { exit: Some(_), .. });
        let identity = match input {
            Input::Stage { stage, .. } if !invariant => self.identity(stage),
            _ => None,
        };
        let join = match input {
            Input::Stage { stage, .. } => {
                lattice_join(self.program, self.nodes[stage], self.environment)?
            }
            Input::Entry(_) => None,
        };
        // A value that is part of the join key cannot be replaced in place.
        let fixed = |columns: &Vec<usize>| side.key.iter().all(|c| columns.contains(c));
        Ok(SideState {
            kept,
            invariant,
            ports,
            audited_exit: audit && exits && port == self.audited_port(stage),
            identity: identity
                .filter(fixed)
                .map(|columns| Identity::new(columns, join)),
        })
    }
}
