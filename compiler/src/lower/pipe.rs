//! A body as far as it is written: an operator whose block is still open, and where in its input
//! each variable is found. Conditions and outputs go into the open block, so that a rule over one
//! join becomes one node.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir as ir;
use sheaf_ir::{Block, Function, NodeId, Operator, Span, Type};

use super::emit::Emit;
use super::expressions::{Scope, call, column, element_type, equal};
use crate::hir::{Arg, Atom, Expr, VariableId};

/// A node and the columns that hold variables.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub node: NodeId,
    pub columns: BTreeMap<VariableId, usize>,
}

/// An operator without its block.
#[derive(Clone, Debug)]
enum Open {
    /// One row without columns.
    Unit,
    Map(NodeId),
    FlatMap {
        input: NodeId,
        each: ir::Expr,
    },
    Join {
        left: NodeId,
        right: NodeId,
        left_key: Vec<usize>,
        right_key: Vec<usize>,
    },
}

/// A body under construction.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    open: Open,
    /// Where the variables are.
    pub scope: Scope,
    /// Bool expressions of the open block.
    pub conditions: Vec<ir::Expr>,
    span: Span,
}

impl Pipe {
    /// One row that binds nothing.
    pub fn unit(span: Span) -> Pipe {
        Pipe {
            open: Open::Unit,
            scope: Scope::default(),
            conditions: Vec::new(),
            span,
        }
    }

    /// The rows of a table.
    pub fn of(emit: &Emit, table: &Table, span: Span) -> Pipe {
        let mut pipe = Pipe::unit(span);
        pipe.open = Open::Map(table.node);
        pipe.bind_columns(emit, table, 0);
        pipe
    }

    /// The rows of a relation that fit the arguments of an atom.
    pub fn atom(emit: &Emit, atom: &Atom) -> Pipe {
        let node = emit.relations[&atom.relation];
        let mut pipe = Pipe::unit(atom.span);
        pipe.open = Open::Map(node);
        pipe.match_arguments(emit, node, atom);
        pipe
    }

    fn bind_columns(&mut self, emit: &Emit, table: &Table, offset: usize) {
        for (variable, at) in &table.columns {
            let ty = emit.columns(table.node)[*at].1.clone();
            let held = column(at + offset, ty, self.span);
            self.scope.variables.entry(*variable).or_insert(held);
        }
    }

    fn match_arguments(&mut self, emit: &Emit, node: NodeId, atom: &Atom) {
        for (i, argument) in atom.arguments.iter().enumerate() {
            let held = column(i, emit.columns(node)[i].1.clone(), atom.span);
            match argument {
                Arg::Wild => {}
                Arg::Equal(expr) => {
                    let wanted = self.scope.lower(expr);
                    self.conditions.push(equal(held, wanted, expr.span));
                }
                Arg::Variable(variable) => match self.scope.variables.get(variable) {
                    Some(known) => {
                        let test = equal(held, known.clone(), atom.span);
                        self.conditions.push(test);
                    }
                    None => {
                        self.scope.variables.insert(*variable, held);
                    }
                },
            }
        }
    }

    /// Whether no row was read yet.
    pub fn is_unit(&self) -> bool {
        matches!(self.open, Open::Unit)
    }

    /// Whether the rows come from the loop of the current fixpoint.
    pub fn is_looped(&self, emit: &Emit) -> bool {
        match &self.open {
            Open::Unit => false,
            Open::Map(node) | Open::FlatMap { input: node, .. } => emit.is_looped(*node),
            Open::Join { left, right, .. } => emit.is_looped(*left) || emit.is_looped(*right),
        }
    }

    /// The variables that are known.
    pub fn bound(&self) -> BTreeSet<VariableId> {
        self.scope.variables.keys().copied().collect()
    }

    /// Reads a relation first: what was known before depends on no row.
    pub fn start(mut self, emit: &Emit, atom: &Atom) -> Pipe {
        debug_assert!(self.is_unit());
        let node = emit.relations[&atom.relation];
        self.open = Open::Map(node);
        self.span = atom.span;
        self.match_arguments(emit, node, atom);
        self
    }

    /// Closes the block: a table that holds at least the variables of `keep` that are known.
    pub fn close(self, emit: &mut Emit, keep: &BTreeSet<VariableId>) -> Table {
        let kept: Vec<VariableId> = keep
            .iter()
            .copied()
            .filter(|v| self.scope.variables.contains_key(v))
            .collect();
        if let (Open::Map(node), true) = (&self.open, self.conditions.is_empty()) {
            let columns: Option<BTreeMap<VariableId, usize>> = kept
                .iter()
                .map(|v| match self.scope.variables[v].kind {
                    ir::ExprKind::Column(i) => Some((*v, i)),
                    _ => None,
                })
                .collect();
            if let Some(columns) = columns {
                return Table {
                    node: *node,
                    columns,
                };
            }
        }
        self.project(emit, &kept)
    }

    /// Closes the block: a table of exactly these variables, in this order.
    pub fn project(self, emit: &mut Emit, kept: &[VariableId]) -> Table {
        let outputs = kept
            .iter()
            .map(|v| self.scope.variables[v].clone())
            .collect();
        let names = kept.iter().map(|v| emit.column_name(*v)).collect();
        let span = self.span;
        Table {
            node: self.finish(emit, outputs, names, span),
            columns: kept.iter().enumerate().map(|(i, v)| (*v, i)).collect(),
        }
    }

    /// Writes the open operator with these outputs.
    pub fn finish(
        self,
        emit: &mut Emit,
        outputs: Vec<ir::Expr>,
        names: Vec<String>,
        span: Span,
    ) -> NodeId {
        let columns: Vec<(String, Type)> = names
            .into_iter()
            .zip(outputs.iter().map(|e| e.ty.clone()))
            .collect();
        let block = Block {
            conditions: self.conditions,
            outputs,
        };
        let (operator, inputs) = match self.open {
            Open::Unit if block.conditions.is_empty() => {
                let rows = vec![block.outputs];
                (Operator::Values { rows }, Vec::new())
            }
            Open::Unit => {
                let rows = vec![Vec::new()];
                let unit = emit.step(Operator::Values { rows }, Vec::new(), &[], span);
                (Operator::Map { block }, vec![(unit, 0)])
            }
            Open::Map(node) => (Operator::Map { block }, vec![(node, 0)]),
            Open::FlatMap { input, each } => (Operator::FlatMap { each, block }, vec![(input, 0)]),
            Open::Join {
                left,
                right,
                left_key,
                right_key,
            } => (
                Operator::Join {
                    left_key,
                    right_key,
                    block,
                },
                vec![(left, 0), (right, 1)],
            ),
        };
        emit.step(operator, columns, &inputs, span)
    }

    /// Pairs of rows that agree on the variables both tables hold.
    pub fn join(emit: &Emit, left: &Table, right: &Table, span: Span) -> Pipe {
        let (left_key, right_key) = common(left, right);
        let mut pipe = Pipe::unit(span);
        pipe.open = Open::Join {
            left: left.node,
            right: right.node,
            left_key,
            right_key,
        };
        let width = emit.columns(left.node).len();
        pipe.bind_columns(emit, left, 0);
        pipe.bind_columns(emit, right, width);
        pipe
    }

    /// Rows of `left` that have (or have not) a partner.
    pub fn semijoin(emit: &mut Emit, left: &Table, right: &Table, holds: bool, span: Span) -> Pipe {
        let (left_key, right_key) = common(left, right);
        let operator = if holds {
            Operator::Semijoin {
                left_key,
                right_key,
            }
        } else {
            Operator::Antijoin {
                left_key,
                right_key,
            }
        };
        let columns = emit.columns(left.node).to_vec();
        let inputs = [(left.node, 0), (right.node, 1)];
        let node = emit.step(operator, columns, &inputs, span);
        let table = Table {
            node,
            columns: left.columns.clone(),
        };
        Pipe::of(emit, &table, span)
    }

    /// Rows of `left` with each partner, or once without; binds the `picked` variables of `right`
    /// as Options.
    pub fn outer_join(
        emit: &mut Emit,
        left: &Table,
        right: &Table,
        picked: &[VariableId],
        span: Span,
    ) -> Pipe {
        let keys = Table {
            node: right.node,
            columns: right
                .columns
                .iter()
                .filter(|(v, _)| !picked.contains(v))
                .map(|(v, i)| (*v, *i))
                .collect(),
        };
        let (left_key, right_key) = common(left, &keys);
        let right_columns: Vec<usize> = picked.iter().map(|v| right.columns[v]).collect();
        let mut columns = emit.columns(left.node).to_vec();
        let width = columns.len();
        for (v, i) in picked.iter().zip(&right_columns) {
            let ty = Type::Option(Box::new(emit.columns(right.node)[*i].1.clone()));
            columns.push((emit.column_name(*v), ty));
        }
        let operator = Operator::OuterJoin {
            left_key,
            right_key,
            right_columns,
        };
        let inputs = [(left.node, 0), (right.node, 1)];
        let node = emit.step(operator, columns, &inputs, span);
        let mut table = Table {
            node,
            columns: left.columns.clone(),
        };
        for (i, v) in picked.iter().enumerate() {
            table.columns.insert(*v, width + i);
        }
        Pipe::of(emit, &table, span)
    }

    /// A row for each element of a collection, which is bound to a variable.
    pub fn flat_map(
        emit: &Emit,
        input: &Table,
        variable: VariableId,
        collection: &Expr,
        span: Span,
    ) -> Pipe {
        let mut pipe = Pipe::of(emit, input, span);
        let each = pipe.scope.lower(collection);
        let width = emit.columns(input.node).len();
        let element = column(width, element_type(&each.ty), span);
        pipe.scope.variables.insert(variable, element);
        pipe.open = Open::FlatMap {
            input: input.node,
            each,
        };
        pipe
    }

    /// Each different row of a table once.
    pub fn distinct(emit: &mut Emit, table: &Table, span: Span) -> Table {
        let columns = emit.columns(table.node).to_vec();
        let node = emit.step(Operator::Distinct, columns, &[(table.node, 0)], span);
        Table {
            node,
            columns: table.columns.clone(),
        }
    }

    /// Gives a variable a value where it is `None`.
    pub fn default_to(&mut self, variable: VariableId, default: ir::Expr) {
        if let Some(held) = self.scope.variables.get_mut(&variable) {
            let (ty, span) = (default.ty.clone(), held.span);
            *held = call(Function::OptionOr, vec![held.clone(), default], ty, span);
        }
    }
}

/// The columns of the variables that both hold.
fn common(left: &Table, right: &Table) -> (Vec<usize>, Vec<usize>) {
    left.columns
        .iter()
        .filter_map(|(v, l)| Some((*l, *right.columns.get(v)?)))
        .unzip()
}
