//! What was derived, and how rows follow from it: every operator, run for a few rows at a time from
//! what is wanted of its output back to the tables.
//!
//! Invariants:
//! - *Tables* are the nodes whose rows are at hand: relations, sources and combined values. All else
//!   is computed again from them, by the same expressions.
//! - What is bound of an output is pushed to the inputs as far as columns are passed through, so that
//!   tables are looked up by index; the rest is filtered.
//! - Rows that fail are passed over.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use sheaf_ir::{Block, Expr, ExprKind, Function, NodeId, Operator, Program, Span, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, Interner};

use super::expand::Fact;
use super::table::{Bound, Table};
use super::traced::Traced;

/// Rows that an expression is computed for at once.
const BATCH: usize = 1024;

/// Something that a row rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Premise {
    /// A row of a table.
    Fact(NodeId, Arc<[u64]>),
    /// No row of this node has these values in these columns.
    Absent(NodeId, Vec<(usize, u64)>),
    /// It is written in the program.
    Written(Span),
}

impl Premise {
    /// The row of a table, if it is one.
    pub fn fact(&self) -> Option<Fact> {
        match self {
            Premise::Fact(node, row) => Some(Fact {
                node: *node,
                row: Arc::clone(row),
            }),
            _ => None,
        }
    }
}

/// A row and what it rests on.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub row: Arc<[u64]>,
    /// In the order of the operator's inputs.
    pub premises: Vec<Premise>,
}

/// Takes rows batch by batch; says whether to go on.
pub type Visit<'a> = dyn FnMut(Vec<Found>) -> ControlFlow<()> + 'a;

/// Which rows of an operator count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every way to a row: each witness of an `exists` is one.
    Ways,
    /// Every contribution: a row that a bag has twice comes twice, and once for all witnesses.
    Bag,
}

/// Columns that always hold one word.
type Constants = Rc<Vec<(usize, u64)>>;

/// A program and the rows of its tables.
pub struct Base {
    /// The program.
    pub program: Program,
    /// The symbols in rows.
    pub interner: Arc<Interner>,
    environment: Environment,
    tables: RefCell<BTreeMap<NodeId, Rc<Table>>>,
    /// Inputs of each node: port and source.
    inputs: BTreeMap<NodeId, Vec<(u32, NodeId)>>,
    /// Position of each node in the order of names.
    ranks: BTreeMap<NodeId, usize>,
    blocks: RefCell<BTreeMap<NodeId, Rc<RefCell<Traced>>>>,
    constants: RefCell<BTreeMap<NodeId, Constants>>,
    written: RefCell<BTreeMap<NodeId, Rc<Vec<Found>>>>,
}

/// Whether the rows of a node are kept.
pub fn is_table(program: &Program, id: NodeId) -> bool {
    let node = &program.graph[id];
    match node.operator {
        Operator::Source { .. } => true,
        Operator::Combine { .. } => node.fixpoint.is_none(),
        Operator::Fixpoint { .. } | Operator::Sink { .. } => false,
        _ => !node.name.contains(['#', ':']),
    }
}

impl Base {
    /// A program with the rows of its tables and the values of its parameters.
    pub fn new(
        program: Program,
        mut rows: BTreeMap<String, sheaf_kernels::Rows>,
        given: &BTreeMap<String, Value>,
        interner: Arc<Interner>,
    ) -> Base {
        let params = program.params.iter().filter_map(|(name, param)| {
            let value = given.get(name).or(param.default.as_ref())?;
            let word = word_of(value, &param.ty, &interner);
            Some((name.clone(), (param.ty.clone(), word)))
        });
        let environment = Environment::new(&program, params.collect(), Arc::clone(&interner));
        let order = program.nodes_by_name();
        let tables = order.iter().filter_map(|&id| {
            let rows = rows.remove(&program.graph[id].name)?;
            Some((id, Rc::new(Table::new(rows))))
        });
        Base {
            tables: RefCell::new(tables.collect()),
            inputs: order.iter().map(|&id| (id, program.inputs(id))).collect(),
            ranks: order.iter().enumerate().map(|(i, &id)| (id, i)).collect(),
            environment,
            interner,
            program,
            blocks: RefCell::default(),
            constants: RefCell::default(),
            written: RefCell::default(),
        }
    }

    /// The rows of a node, if they are kept.
    pub fn table(&self, id: NodeId) -> Option<Rc<Table>> {
        self.tables.borrow().get(&id).cloned()
    }

    /// Puts other rows in the place of a node's, which are given back.
    pub fn replace(&self, id: NodeId, table: Rc<Table>) -> Option<Rc<Table>> {
        self.tables.borrow_mut().insert(id, table)
    }

    /// What expressions are compiled against.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Where a node stands among all, by name.
    pub fn rank(&self, id: NodeId) -> usize {
        self.ranks[&id]
    }

    /// What feeds a port of a node, ascending by name.
    pub fn sources(&self, id: NodeId, port: u32) -> impl Iterator<Item = NodeId> + '_ {
        let inputs = self.inputs[&id].iter();
        inputs.filter(move |i| i.0 == port).map(|i| i.1)
    }

    /// What feeds a port that takes one edge.
    pub fn source(&self, id: NodeId, port: u32) -> NodeId {
        // The verifier has seen that it is there.
        self.sources(id, port).next().unwrap_or(id)
    }

    /// The columns of a node.
    pub fn columns(&self, id: NodeId) -> &[(String, Type)] {
        &self.program.graph[id].output.columns
    }

    /// Types of a node's columns.
    pub fn types(&self, id: NodeId) -> Vec<Type> {
        self.columns(id).iter().map(|(_, ty)| ty.clone()).collect()
    }

    /// Nothing known of a node's columns.
    pub fn unbound(&self, id: NodeId) -> Bound {
        vec![None; self.columns(id).len()]
    }

    /// Rows of a node: looked up if they are kept, derived otherwise.
    pub fn rows(
        &self,
        id: NodeId,
        bound: &[Option<u64>],
        mode: Mode,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let Some(table) = self.table(id) else {
            return self.derive(id, bound, mode, visit);
        };
        let mut batch = Vec::new();
        for number in table.find(bound) {
            let row: Arc<[u64]> = table.row(number).into();
            batch.push(Found {
                premises: vec![Premise::Fact(id, Arc::clone(&row))],
                row,
            });
            if batch.len() >= BATCH {
                visit(std::mem::take(&mut batch))?;
            }
        }
        give(batch, visit)
    }

    /// Whether a node has such a row.
    pub fn has(&self, id: NodeId, bound: &[Option<u64>]) -> bool {
        self.rows(id, bound, Mode::Bag, &mut |_| ControlFlow::Break(()))
            .is_break()
    }

    /// Rows of a node as its operator makes them of its inputs. Combined values have none: what they
    /// are made of is for [`super::search`] to say.
    pub fn derive(
        &self,
        id: NodeId,
        bound: &[Option<u64>],
        mode: Mode,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        match &self.program.graph[id].operator {
            Operator::Values { .. } => {
                let rows = self.written(id);
                let fits = rows.iter().filter(|f| agrees(&f.row, bound));
                give(fits.cloned().collect(), visit)
            }
            Operator::Map { block } | Operator::FlatMap { block, .. } => {
                let input = self.source(id, 0);
                let Some(inner) = self.pull(id, block, bound, self.columns(input).len()) else {
                    return ControlFlow::Continue(());
                };
                self.rows(input, &inner, mode, &mut |found| {
                    give(self.apply(id, &found, bound), visit)
                })
            }
            Operator::Join {
                left_key,
                right_key,
                block,
            } => self.join(id, (left_key, right_key), block, bound, mode, visit),
            Operator::Semijoin {
                left_key,
                right_key,
            } => {
                let (left, right) = (self.source(id, 0), self.source(id, 1));
                self.rows(left, bound, mode, &mut |batch| {
                    let mut given = Vec::new();
                    for found in batch {
                        let key = self.key(right, &found.row, left_key, right_key);
                        self.witnesses(right, &key, mode, |witness| {
                            let mut premises = found.premises.clone();
                            premises.extend(witness);
                            given.push(Found {
                                row: Arc::clone(&found.row),
                                premises,
                            });
                        });
                    }
                    give(given, visit)
                })
            }
            Operator::Antijoin {
                left_key,
                right_key,
            } => {
                let (left, right) = (self.source(id, 0), self.source(id, 1));
                self.rows(left, bound, mode, &mut |batch| {
                    let mut given = Vec::new();
                    for mut found in batch {
                        let key = self.key(right, &found.row, left_key, right_key);
                        if !self.has(right, &key) {
                            found.premises.push(Premise::Absent(right, known(&key)));
                            given.push(found);
                        }
                    }
                    give(given, visit)
                })
            }
            Operator::OuterJoin {
                left_key,
                right_key,
                right_columns,
            } => {
                let (left, right) = (self.source(id, 0), self.source(id, 1));
                let width = self.columns(left).len();
                self.rows(left, &bound[..width], mode, &mut |batch| {
                    let mut given = Vec::new();
                    for found in batch {
                        let key = self.key(right, &found.row, left_key, right_key);
                        self.partners(right, &key, right_columns, &found, mode, &mut given);
                    }
                    given.retain(|found| agrees(&found.row, bound));
                    give(given, visit)
                })
            }
            Operator::Union
            | Operator::Distinct
            | Operator::Variable { combiner: None }
            | Operator::Exchange { .. }
            | Operator::Broadcast => {
                for input in self.sources(id, 0) {
                    self.rows(input, bound, mode, visit)?;
                }
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// What is bound of a join's right row (or a left one, keys exchanged) by a row of the other.
    pub fn key(&self, to: NodeId, row: &[u64], from_key: &[usize], to_key: &[usize]) -> Bound {
        let mut key = self.unbound(to);
        for (&from, &to) in from_key.iter().zip(to_key) {
            key[to] = Some(row[from]);
        }
        key
    }

    /// Calls `each` with the premises of every matching row, or of the first in canonical order.
    fn witnesses(
        &self,
        id: NodeId,
        bound: &[Option<u64>],
        mode: Mode,
        mut each: impl FnMut(Vec<Premise>),
    ) {
        let mut first: Option<Vec<Premise>> = None;
        let _ = self.rows(id, bound, mode, &mut |batch| {
            for found in batch {
                match (mode, &first) {
                    (Mode::Ways, _) => each(found.premises),
                    (Mode::Bag, Some(known))
                        if self.compare_premises(known, &found.premises).is_le() => {}
                    (Mode::Bag, _) => first = Some(found.premises),
                }
            }
            ControlFlow::Continue(())
        });
        first.into_iter().for_each(each);
    }

    /// The rows of an outer join for one left row.
    fn partners(
        &self,
        right: NodeId,
        key: &[Option<u64>],
        columns: &[usize],
        left: &Found,
        mode: Mode,
        given: &mut Vec<Found>,
    ) {
        let types = self.types(right);
        let option = |column: usize, word: Option<u64>| {
            let ty = &types[column];
            let value = |word| value_of(word, ty, &self.program.types, &self.interner);
            let value = Value::Option(word.map(|word| Box::new(value(word))));
            word_of(&value, &Type::Option(Box::new(ty.clone())), &self.interner)
        };
        let before = given.len();
        let _ = self.rows(right, key, mode, &mut |batch| {
            for found in batch {
                let picked = columns.iter().map(|&c| option(c, Some(found.row[c])));
                given.push(Found {
                    row: left.row.iter().copied().chain(picked).collect(),
                    premises: [left.premises.clone(), found.premises].concat(),
                });
            }
            ControlFlow::Continue(())
        });
        if given.len() == before {
            let none = columns.iter().map(|&c| option(c, None));
            let mut premises = left.premises.clone();
            premises.push(Premise::Absent(right, known(key)));
            given.push(Found {
                row: left.row.iter().copied().chain(none).collect(),
                premises,
            });
        }
    }

    fn join(
        &self,
        id: NodeId,
        (left_key, right_key): (&[usize], &[usize]),
        block: &Block,
        bound: &[Option<u64>],
        mode: Mode,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let Some(sides) = self.sides(id, block, left_key, right_key, bound) else {
            return ControlFlow::Continue(());
        };
        let nodes = [self.source(id, 0), self.source(id, 1)];
        let keys = [left_key, right_key];
        let cost = |side: usize| self.estimate(nodes[side], &sides[side]);
        let first = usize::from(cost(1) < cost(0));
        let other = 1 - first;
        let mut pairs: Vec<Found> = Vec::new();
        self.rows(nodes[first], &sides[first], mode, &mut |batch| {
            for found in batch {
                let mut wanted = sides[other].clone();
                let mut agree = true;
                for (&from, &to) in keys[first].iter().zip(keys[other]) {
                    agree &= wanted[to]
                        .replace(found.row[from])
                        .is_none_or(|w| w == found.row[from]);
                }
                if !agree {
                    continue;
                }
                self.rows(nodes[other], &wanted, mode, &mut |matches| {
                    for matched in matches {
                        let (left, right) = match first {
                            0 => (&found, &matched),
                            _ => (&matched, &found),
                        };
                        pairs.push(Found {
                            row: left.row.iter().chain(&*right.row).copied().collect(),
                            premises: [&left.premises[..], &right.premises].concat(),
                        });
                    }
                    if pairs.len() >= BATCH {
                        let given = self.apply(id, &std::mem::take(&mut pairs), bound);
                        return give(given, visit);
                    }
                    ControlFlow::Continue(())
                })?;
            }
            ControlFlow::Continue(())
        })?;
        give(self.apply(id, &pairs, bound), visit)
    }

    /// What is bound of each side of a join; `None` if nothing can match.
    pub fn sides(
        &self,
        id: NodeId,
        block: &Block,
        left_key: &[usize],
        right_key: &[usize],
        bound: &[Option<u64>],
    ) -> Option<[Bound; 2]> {
        let width = self.columns(self.source(id, 0)).len();
        let both = width + self.columns(self.source(id, 1)).len();
        let mut left = self.pull(id, block, bound, both)?;
        let mut right = left.split_off(width);
        for (&l, &r) in left_key.iter().zip(right_key) {
            match (left[l], right[r]) {
                (Some(a), Some(b)) if a != b => return None,
                (known, None) => right[r] = known,
                (None, known) => left[l] = known,
                _ => {}
            }
        }
        Some([left, right])
    }

    /// What is bound of a block's input; `None` if nothing can fit.
    pub fn pull(
        &self,
        id: NodeId,
        block: &Block,
        bound: &[Option<u64>],
        width: usize,
    ) -> Option<Bound> {
        let mut inner: Bound = vec![None; width];
        let through = block.outputs.iter().zip(bound).filter_map(|(e, b)| {
            match e.kind {
                // An element is not of the input.
                ExprKind::Column(column) if column < width => Some((column, (*b)?)),
                _ => None,
            }
        });
        let constants = self.constants(id, block);
        for (column, word) in through.chain(constants.iter().copied()) {
            if column < width
                && inner[column]
                    .replace(word)
                    .is_some_and(|known| known != word)
            {
                return None;
            }
        }
        Some(inner)
    }

    /// Columns that a block's conditions compare with a value that no row decides.
    fn constants(&self, id: NodeId, block: &Block) -> Rc<Vec<(usize, u64)>> {
        if let Some(known) = self.constants.borrow().get(&id) {
            return Rc::clone(known);
        }
        let found = block.conditions.iter().filter_map(|condition| {
            let ExprKind::Call(Function::Eq, sides) = &condition.kind else {
                return None;
            };
            let (column, value) = match sides.as_slice() {
                [
                    Expr {
                        kind: ExprKind::Column(c),
                        ..
                    },
                    value,
                ] => (*c, value),
                [
                    value,
                    Expr {
                        kind: ExprKind::Column(c),
                        ..
                    },
                ] => (*c, value),
                _ => return None,
            };
            Some((column, self.constant(value)?))
        });
        let found = Rc::new(found.collect::<Vec<_>>());
        self.constants.borrow_mut().insert(id, Rc::clone(&found));
        found
    }

    /// The value of an expression without columns, if it has one.
    pub fn constant(&self, expr: &Expr) -> Option<u64> {
        let mut reads_row = false;
        expr.walk(&mut |e| reads_row |= matches!(e.kind, ExprKind::Column(_) | ExprKind::Local(_)));
        if reads_row {
            return None;
        }
        let block = Block {
            conditions: Vec::new(),
            outputs: vec![expr.clone()],
        };
        let mut block = Traced::new(&block, None, &[], &self.environment).ok()?;
        let (_, row) = block.run(std::iter::once(&[][..])).pop()?;
        Some(row[0])
    }

    /// What the block of a node makes of rows, as far as it agrees with what is bound.
    pub fn apply(&self, id: NodeId, found: &[Found], bound: &[Option<u64>]) -> Vec<Found> {
        if found.is_empty() {
            return Vec::new();
        }
        let Some(block) = self.block(id) else {
            return Vec::new();
        };
        let rows = block.borrow_mut().run(found.iter().map(|f| &*f.row));
        rows.into_iter()
            .filter(|(_, row)| agrees(row, bound))
            .map(|(number, row)| Found {
                row,
                premises: found[number].premises.clone(),
            })
            .collect()
    }

    /// A block over rows of these types, to be run.
    pub fn traced(&self, block: &Block, types: &[Type]) -> Option<RefCell<Traced>> {
        // Never refused for a program that runs.
        Traced::new(block, None, types, &self.environment)
            .ok()
            .map(RefCell::new)
    }

    /// The outputs of a block of one's own over a row of these types.
    pub fn compute(&self, block: &Block, types: &[Type], row: &[u64]) -> Option<Arc<[u64]>> {
        let block = self.traced(block, types)?;
        let rows = block.borrow_mut().run(std::iter::once(row));
        rows.into_iter().next().map(|(_, row)| row)
    }

    fn block(&self, id: NodeId) -> Option<Rc<RefCell<Traced>>> {
        if let Some(known) = self.blocks.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let (block, each) = match &self.program.graph[id].operator {
            Operator::Map { block } | Operator::Join { block, .. } => (block, None),
            Operator::FlatMap { each, block } => (block, Some(each)),
            _ => return None,
        };
        let inputs = self.inputs[&id].iter();
        let types: Vec<Type> = inputs.flat_map(|(_, from)| self.types(*from)).collect();
        // Never refused for a program that runs.
        let traced = Traced::new(block, each, &types, &self.environment).ok()?;
        let traced = Rc::new(RefCell::new(traced));
        self.blocks.borrow_mut().insert(id, Rc::clone(&traced));
        Some(traced)
    }

    /// The rows that are written in the program.
    fn written(&self, id: NodeId) -> Rc<Vec<Found>> {
        if let Some(known) = self.written.borrow().get(&id) {
            return Rc::clone(known);
        }
        let node = &self.program.graph[id];
        let mut found = Vec::new();
        if let Operator::Values { rows } = &node.operator {
            for row in rows {
                let words: Option<Vec<u64>> = row.iter().map(|e| self.constant(e)).collect();
                let span = row.first().map_or(node.span, |e| e.span);
                // A unit is where a rule without atoms begins: nobody wrote it.
                let premises = match row.is_empty() && !node.name.ends_with("#facts") {
                    true => Vec::new(),
                    false => vec![Premise::Written(span)],
                };
                found.extend(words.map(|words| Found {
                    row: words.into(),
                    premises,
                }));
            }
        }
        let found = Rc::new(found);
        self.written.borrow_mut().insert(id, Rc::clone(&found));
        found
    }

    /// About how many rows there are, for the choice where to begin.
    fn estimate(&self, id: NodeId, bound: &[Option<u64>]) -> usize {
        if let Some(table) = self.table(id) {
            return match bound.iter().all(Option::is_none) {
                true => table.len(),
                false => table.find(bound).take(BATCH).count(),
            };
        }
        match &self.program.graph[id].operator {
            Operator::Values { rows } => rows.len(),
            Operator::Map { block } | Operator::FlatMap { block, .. } => {
                let input = self.source(id, 0);
                let inner = self.pull(id, block, bound, self.columns(input).len());
                inner.map_or(0, |inner| self.estimate(input, &inner))
            }
            Operator::Join {
                left_key,
                right_key,
                block,
            } => match self.sides(id, block, left_key, right_key, bound) {
                None => 0,
                Some([left, right]) => self
                    .estimate(self.source(id, 0), &left)
                    .min(self.estimate(self.source(id, 1), &right)),
            },
            Operator::Semijoin { .. } | Operator::Antijoin { .. } | Operator::OuterJoin { .. } => {
                let left = self.source(id, 0);
                self.estimate(left, &bound[..self.columns(left).len()])
            }
            _ => self
                .sources(id, 0)
                .map(|input| self.estimate(input, bound))
                .sum(),
        }
    }

    /// All tables that a node rests on, itself included.
    pub fn upstream(program: &Program, from: NodeId) -> BTreeSet<NodeId> {
        let mut reached = BTreeSet::new();
        let mut pending = vec![from];
        while let Some(id) = pending.pop() {
            if !reached.insert(id) {
                continue;
            }
            pending.extend(program.inputs(id).into_iter().map(|(_, from)| from));
            let home = program.graph[id].fixpoint.as_deref();
            if let Some(fixpoint) = home.and_then(|name| program.find(name)) {
                pending.push(fixpoint);
            }
            if let Operator::Fixpoint { variables, .. } = &program.graph[id].operator {
                pending.extend(variables.iter().filter_map(|name| program.find(name)));
            }
        }
        reached
    }
}

/// Whether a row agrees with what is bound.
pub fn agrees(row: &[u64], bound: &[Option<u64>]) -> bool {
    row.iter()
        .zip(bound)
        .all(|(word, bound)| bound.is_none_or(|bound| bound == *word))
}

/// The columns that are bound, with their values.
pub fn known(bound: &[Option<u64>]) -> Vec<(usize, u64)> {
    let columns = bound.iter().enumerate();
    columns
        .filter_map(|(c, word)| Some((c, (*word)?)))
        .collect()
}

fn give(batch: Vec<Found>, visit: &mut Visit<'_>) -> ControlFlow<()> {
    if batch.is_empty() {
        return ControlFlow::Continue(());
    }
    visit(batch)
}
