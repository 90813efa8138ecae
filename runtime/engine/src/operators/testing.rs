//! What tests of operators share: small programs, scripts of what happens to an operator.

use sheaf_ir::graph::{Collection, Label, Multiplicity, Operator as Ir};
use sheaf_ir::{Block, Expr, ExprKind, Function, Node, NodeId, Program, Span, Type, Value};
use sheaf_kernels::Rows;

use super::Environment;
use crate::{ErrorRow, Operator, Output, Progress};

/// A program in the making. All columns are `Int` unless said otherwise.
#[derive(Default)]
pub(crate) struct Graph {
    pub program: Program,
}

impl Graph {
    pub fn node(
        &mut self,
        name: &str,
        operator: Ir,
        types: &[Type],
        inside: Option<&str>,
        inputs: &[NodeId],
    ) -> NodeId {
        let columns = types.iter().enumerate();
        let id = self.program.add(Node {
            name: name.into(),
            operator,
            output: Collection {
                columns: columns.map(|(i, t)| (format!("c{i}"), t.clone())).collect(),
                multiplicity: Multiplicity::Bag,
                label: Label::Closed,
                keys: Vec::new(),
            },
            fixpoint: inside.map(str::to_string),
            span: Span::default(),
        });
        for (port, &from) in inputs.iter().enumerate() {
            self.program.connect(from, id, port as u32);
        }
        id
    }

    pub fn source(&mut self, name: &str, arity: usize) -> NodeId {
        let connector = Default::default();
        self.node(name, Ir::Source { connector }, &ints(arity), None, &[])
    }
}

pub(crate) fn ints(arity: usize) -> Vec<Type> {
    vec![Type::Int; arity]
}

pub(crate) fn environment() -> Environment {
    Environment::default()
}

pub(crate) fn column(number: usize) -> Expr {
    expr(ExprKind::Column(number), Type::Int)
}

pub(crate) fn constant(value: i64) -> Expr {
    expr(ExprKind::Constant(Value::Int(value)), Type::Int)
}

pub(crate) fn call(function: Function, arguments: Vec<Expr>, ty: Type) -> Expr {
    expr(ExprKind::Call(function, arguments), ty)
}

pub(crate) fn plus(a: Expr, b: Expr) -> Expr {
    call(Function::Add, vec![a, b], Type::Int)
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    let span = Span::default();
    Expr { kind, ty, span }
}

pub(crate) fn block(outputs: Vec<Expr>) -> Block {
    Block {
        conditions: Vec::new(),
        outputs,
    }
}

pub(crate) fn columns(numbers: &[usize]) -> Block {
    block(numbers.iter().map(|&c| column(c)).collect())
}

pub(crate) fn rows(arity: usize, rows: &[Vec<u64>]) -> Rows {
    let mut batch = Rows::new(arity);
    rows.iter().for_each(|row| batch.push(row));
    batch
}

/// Numbers that look random; the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        ((self.0 >> 33) as usize) % bound.max(1)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// What is given by an operator, by output, and its errors.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub rows: Vec<Vec<Vec<u64>>>,
    pub errors: Vec<ErrorRow>,
}

impl Given {
    /// Takes what is in the output.
    pub fn take(&mut self, output: &mut Output) {
        self.rows
            .resize(self.rows.len().max(output.rows.len()), Vec::new());
        for (all, rows) in self.rows.iter_mut().zip(&mut output.rows) {
            all.extend(rows.iter().map(<[u64]>::to_vec));
            rows.clear();
        }
        self.errors.append(&mut output.errors);
    }

    /// The rows of an output in ascending order.
    pub fn sorted(&self, output: usize) -> Vec<Vec<u64>> {
        let mut rows = self.rows.get(output).cloned().unwrap_or_default();
        rows.sort();
        rows
    }
}

/// Works until nothing is left; no call may give much more than its fuel allows.
pub(crate) fn work(operator: &mut dyn Operator, fuel: usize, given: &mut Given) {
    let mut output = Output::default();
    loop {
        let progress = operator.work(&mut fuel.clone(), &mut output);
        let most = output.rows.iter().map(Rows::len).max().unwrap_or(0);
        assert!(most <= fuel + 4096, "{most} rows for {fuel} of fuel");
        given.take(&mut output);
        if progress == Progress::Done {
            return;
        }
    }
}

/// Feeds the rows of all ports in random batches, interleaved at random, with work now and then.
pub(crate) fn feed(
    operator: &mut dyn Operator,
    ports: &[impl AsRef<[Vec<u64>]>],
    seed: u64,
) -> Given {
    feed_epochs(operator, ports, 1, seed)
}

/// As [`feed`], in some epochs. Arity is taken from the first row.
pub(crate) fn feed_epochs(
    operator: &mut dyn Operator,
    ports: &[impl AsRef<[Vec<u64>]>],
    epochs: usize,
    seed: u64,
) -> Given {
    let mut random = Random(seed);
    let fuel = [1, 10, 300, 65536][random.below(4)];
    let most = [1, 3, 40, 5000][random.below(4)];
    let mut given = Given::default();
    let mut output = Output::default();
    let mut left: Vec<Vec<Vec<u64>>> = ports.iter().map(|rows| rows.as_ref().to_vec()).collect();
    let mut closed = vec![false; ports.len()];
    left.iter_mut().for_each(|rows| random.shuffle(rows));
    for epoch in 0..epochs {
        let last = epoch + 1 == epochs;
        let keep: Vec<usize> = left
            .iter()
            .map(|rows| {
                if last {
                    0
                } else {
                    random.below(rows.len() + 1)
                }
            })
            .collect();
        loop {
            let busy: Vec<usize> = (0..ports.len())
                .filter(|&p| left[p].len() > keep[p] || (last && !closed[p]))
                .collect();
            if busy.is_empty() {
                break;
            }
            let port = busy[random.below(busy.len())];
            let count = (left[port].len() - keep[port]).min(1 + random.below(most));
            if count == 0 {
                closed[port] = true;
                operator.close(port, &mut output);
            } else {
                let at = left[port].len() - count;
                let part = left[port].split_off(at);
                operator.push(port, rows(part[0].len(), &part), &mut output);
            }
            given.take(&mut output);
            if random.below(3) == 0 {
                operator.work(&mut fuel.clone(), &mut output);
                given.take(&mut output);
            }
        }
        operator.end_epoch(&mut output);
        work(operator, fuel, &mut given);
    }
    given.take(&mut output);
    given
}
