//! What inference claims holds of the rows: random programs are evaluated naively, and every claimed
//! set and key is compared with what comes out.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use sheaf_ir::verify::verify;
use sheaf_ir::{
    Block, Collection, Combiner, Expr, ExprKind, Function, Label, Multiplicity, Node, NodeId,
    Operator, Program, Span, Type, Value, infer, text,
};

type Row = Vec<Value>;

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr {
        kind,
        ty,
        span: Span::default(),
    }
}

/// Choices drawn from random bytes; 0 when they run out.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % bound.max(1)
    }

    fn some(&mut self, bound: usize, most: usize) -> Vec<usize> {
        let count = if bound == 0 { 0 } else { self.below(most + 1) };
        (0..count).map(|_| self.below(bound)).collect()
    }
}

#[derive(Default)]
struct World {
    program: Program,
    /// Each node with its rows, in order of creation.
    nodes: Vec<(NodeId, Vec<Row>)>,
}

impl World {
    fn add(&mut self, operator: Operator, inputs: &[usize], rows: Vec<Row>) {
        let name = format!("n{}", self.nodes.len());
        let mut output = Collection::nothing();
        // Something that is certainly wrong, to see that it is replaced.
        output.label = Label::Changing;
        let id = self.program.add(Node {
            name,
            operator,
            output,
            fixpoint: None,
            span: Span::default(),
        });
        for (index, input) in inputs.iter().enumerate() {
            let port = if self.program.graph[id].operator.ports() == 2 {
                index as u32
            } else {
                0
            };
            self.program.connect(self.nodes[*input].0, id, port);
        }
        self.program.graph[id].output = infer::collection(&self.program, id);
        self.nodes.push((id, rows));
    }

    fn types(&self, node: usize) -> Vec<Type> {
        let columns = &self.program.graph[self.nodes[node].0].output.columns;
        columns.iter().map(|(_, ty)| ty.clone()).collect()
    }

    /// Random equalities and outputs over columns of these types, with what they do to a row.
    fn block(
        &self,
        choices: &mut Choices,
        types: &[Type],
    ) -> (Block, impl Fn(&Row) -> Option<Row> + use<>) {
        let mut block = Block::default();
        let mut tests: Vec<(usize, Option<usize>)> = Vec::new();
        let column = |index: usize| expr(ExprKind::Column(index), types[index].clone());
        for a in choices.some(types.len(), 2) {
            let b = choices.below(types.len() + 1);
            let zero = expr(ExprKind::Constant(Value::Int(0)), Type::Int);
            let (right, test) = match types.get(b) {
                Some(ty) if *ty == types[a] && a != b => (column(b), (a, Some(b))),
                _ if types[a] == Type::Int => (zero, (a, None)),
                _ => continue,
            };
            let call = ExprKind::Call(Function::Eq, vec![column(a), right]);
            block.conditions.push(expr(call, Type::Bool));
            tests.push(test);
        }
        let outputs = choices.some(types.len(), 4);
        block.outputs = outputs.iter().map(|index| column(*index)).collect();
        let apply = move |row: &Row| {
            let holds = |(a, b): &(usize, Option<usize>)| match b {
                Some(b) => row[*a] == row[*b],
                None => row[*a] == Value::Int(0),
            };
            let outputs = || outputs.iter().map(|index| row[*index].clone()).collect();
            tests.iter().all(holds).then(outputs)
        };
        (block, apply)
    }

    fn keys(
        &self,
        choices: &mut Choices,
        left: &[Type],
        right: &[Type],
    ) -> (Vec<usize>, Vec<usize>) {
        let pairs = choices.some(left.len(), 2);
        pairs
            .into_iter()
            .map(|a| (a, choices.below(right.len())))
            .filter(|(a, b)| right.get(*b) == Some(&left[*a]))
            .unzip()
    }

    fn step(&mut self, choices: &mut Choices) {
        let kind = choices.below(9);
        let (a, b) = (
            choices.below(self.nodes.len()),
            choices.below(self.nodes.len()),
        );
        let (types, other) = (self.types(a), self.types(b));
        let (rows, partners) = (self.nodes[a].1.clone(), self.nodes[b].1.clone());
        if rows.len() * partners.len() > 2000 {
            return;
        }
        let (left_key, right_key) = self.keys(choices, &types, &other);
        let agrees = |left: &Row, right: &Row| {
            left_key
                .iter()
                .zip(&right_key)
                .all(|(l, r)| left[*l] == right[*r])
        };
        let has_partner = |left: &&Row| partners.iter().any(|right| agrees(left, right));
        match kind {
            0 => {
                let (block, apply) = self.block(choices, &types);
                self.add(
                    Operator::Map { block },
                    &[a],
                    rows.iter().filter_map(apply).collect(),
                );
            }
            1 => {
                let all = [types, other].concat();
                let (block, apply) = self.block(choices, &all);
                let pairs = rows.iter().flat_map(|left| {
                    let partners = partners.iter().filter(|right| agrees(left, right));
                    partners.map(|right| [left.clone(), right.clone()].concat())
                });
                let joined = pairs.filter_map(|row| apply(&row)).collect();
                let operator = Operator::Join {
                    left_key: left_key.clone(),
                    right_key: right_key.clone(),
                    block,
                };
                self.add(operator, &[a, b], joined);
            }
            2 => {
                let kept = rows.iter().filter(has_partner).cloned().collect();
                let operator = Operator::Semijoin {
                    left_key,
                    right_key,
                };
                self.add(operator, &[a, b], kept);
            }
            3 => {
                let kept = rows
                    .iter()
                    .filter(|row| !has_partner(row))
                    .cloned()
                    .collect();
                let operator = Operator::Antijoin {
                    left_key,
                    right_key,
                };
                self.add(operator, &[a, b], kept);
            }
            4 => {
                let right_columns = choices.some(other.len(), 3);
                let mut joined = Vec::new();
                for left in &rows {
                    let mut found = false;
                    for right in partners.iter().filter(|right| agrees(left, right)) {
                        found = true;
                        let some =
                            |column: &usize| Value::Option(Some(Box::new(right[*column].clone())));
                        let picked: Row = right_columns.iter().map(some).collect();
                        joined.push([left.clone(), picked].concat());
                    }
                    if !found {
                        let nothing = vec![Value::Option(None); right_columns.len()];
                        joined.push([left.clone(), nothing].concat());
                    }
                }
                let operator = Operator::OuterJoin {
                    left_key: left_key.clone(),
                    right_key: right_key.clone(),
                    right_columns,
                };
                self.add(operator, &[a, b], joined);
            }
            5 if types == other => {
                self.add(Operator::Union, &[a, b], [rows, partners].concat());
            }
            6 => {
                let rows: BTreeSet<Row> = rows.into_iter().collect();
                self.add(Operator::Distinct, &[a], rows.into_iter().collect());
            }
            7 if !types.is_empty() => {
                let rows: BTreeSet<Row> = rows.into_iter().collect();
                let mut least: Vec<Row> = Vec::new();
                for row in rows {
                    let key = row.len() - 1;
                    if least.last().is_none_or(|last| last[..key] != row[..key]) {
                        least.push(row);
                    }
                }
                let combiner = Combiner::Min;
                self.add(Operator::Combine { combiner }, &[a], least);
            }
            8 => {
                let is_set = choices.below(2) == 0;
                let items: Vec<Value> = (0..choices.below(4))
                    .map(|_| Value::Int(choices.below(2) as i64))
                    .collect();
                let (items, ty) = if is_set {
                    let items: BTreeSet<Value> = items.into_iter().collect();
                    let items: Vec<Value> = items.into_iter().collect();
                    (items, Type::Set(Box::new(Type::Int)))
                } else {
                    (items, Type::List(Box::new(Type::Int)))
                };
                let all = [types, vec![Type::Int]].concat();
                let (block, apply) = self.block(choices, &all);
                let flat = rows.iter().flat_map(|row| {
                    items
                        .iter()
                        .map(move |item| [row.clone(), vec![item.clone()]].concat())
                });
                let flat = flat.filter_map(|row| apply(&row)).collect();
                let collection = match is_set {
                    true => Value::Set(items.clone()),
                    false => Value::List(items.clone()),
                };
                let each = expr(ExprKind::Constant(collection), ty);
                self.add(Operator::FlatMap { each, block }, &[a], flat);
            }
            _ => {}
        }
    }

    fn values(&mut self, choices: &mut Choices) {
        let width = choices.below(3) + 1;
        let count = choices.below(6);
        let rows: Vec<Row> = (0..count)
            .map(|_| {
                (0..width)
                    .map(|_| Value::Int(choices.below(3) as i64))
                    .collect()
            })
            .collect();
        let constant = |value: &Value| expr(ExprKind::Constant(value.clone()), Type::Int);
        let operator = Operator::Values {
            rows: rows
                .iter()
                .map(|row| row.iter().map(constant).collect())
                .collect(),
        };
        self.add(operator, &[], rows);
        // Without rows, nobody but the program can say what the columns are.
        let id = self.nodes[self.nodes.len() - 1].0;
        let columns = (0..width).map(|i| (format!("c{i}"), Type::Int)).collect();
        self.program.graph[id].output.columns = columns;
        self.program.graph[id].output = infer::collection(&self.program, id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn claims_hold_of_the_rows(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let mut choices = Choices(bytes.into_iter());
        let mut world = World::default();
        for _ in 0..2 {
            world.values(&mut choices);
        }
        while choices.0.len() > 0 && world.nodes.len() < 12 {
            world.step(&mut choices);
        }
        for (id, rows) in &world.nodes {
            let node = &world.program.graph[*id];
            let different: BTreeSet<&Row> = rows.iter().collect();
            let show = || format!("%{}: {rows:?}\n{}", node.name, text::print(&world.program));
            if node.output.multiplicity == Multiplicity::Set {
                prop_assert_eq!(different.len(), rows.len(), "{}", show());
            }
            for key in &node.output.keys {
                let keys: BTreeSet<Vec<&Value>> = different
                    .iter()
                    .map(|row| key.iter().map(|column| &row[*column]).collect())
                    .collect();
                prop_assert_eq!(keys.len(), different.len(), "key {:?} of {}", key, show());
            }
            prop_assert_eq!(node.output.label, Label::Closed);
        }
        let verified = verify(&world.program);
        prop_assert!(verified.is_ok(), "{verified:?}\n{}", text::print(&world.program));
        let mut annotated = world.program.clone();
        infer::annotate(&mut annotated);
        prop_assert!(
            annotated == world.program,
            "{}\n{}",
            text::print(&annotated),
            text::print(&world.program)
        );
    }
}

/// Labels and monotonicity, by text: `expected` for the node `%it`.
fn label_of(body: &str) -> Label {
    let text = format!(
        "sheaf-ir 1\nprogram \"labels\"\n\
         source %closed (k: String, n: Nat) bag closed from csv(\"c\")\n\
         source %growing (k: String, n: Nat) bag growing from http(\"g\")\n\
         combine %least (k: String, n: Nat) set growing key(k) = %growing by min\n\
         combine %all (k: String, n: Set<Nat>) set growing key(k) = %sets by union\n\
         map %sets (k: String, n: Set<Nat>) bag growing = %growing give in.k, set<Nat>(in.n)\n\
         {body}"
    );
    let mut program = text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    infer::annotate(&mut program);
    if let Err(violations) = verify(&program) {
        panic!("{violations:?}\n{text}");
    }
    program.graph[program.find("it").expect("a node %it")]
        .output
        .label
}

#[test]
fn labels_follow_what_may_still_happen() {
    use Label::{Changing, Closed, Growing};
    let cases = [
        (Closed, "map %it (k: String) bag closed = %closed give in.k"),
        (
            Growing,
            "map %it (k: String) bag closed = %growing give in.k",
        ),
        (
            Growing,
            "antijoin %it (k: String, n: Nat) bag closed = %growing, %closed on [k] = [k]",
        ),
        (
            Changing,
            "antijoin %it (k: String, n: Nat) bag closed = %closed, %growing on [k] = [k]",
        ),
        (
            Growing,
            "semijoin %it (k: String, n: Nat) bag closed = %closed, %growing on [k] = [k]",
        ),
        (
            Growing,
            "combine %it (k: String, n: Nat) set closed = %growing by max",
        ),
        (
            Growing,
            "combine %it (k: String, n: Nat) set closed = %growing by count",
        ),
        (
            Changing,
            "combine %it (k: String, n: Nat) set closed = %growing by sum",
        ),
        (
            Closed,
            "combine %it (k: String, n: Nat) set closed = %closed by sum",
        ),
        // A threshold that stays true, and one that does not.
        (
            Growing,
            "map %it (k: String) bag closed = %least where lt(in.n, 5n) give in.k",
        ),
        (
            Changing,
            "map %it (k: String) bag closed = %least where gt(in.n, 5n) give in.k",
        ),
        (
            Changing,
            "map %it (k: String) bag closed = %least where eq(in.n, 5n) give in.k",
        ),
        (
            Growing,
            "map %it (k: String, n: Nat) bag closed = %least give in.k, add(in.n, 1n)",
        ),
        (
            Changing,
            "map %it (k: String, n: Nat) bag closed = %least give in.k, rem(in.n, 2n)",
        ),
        (
            Growing,
            "combine %it (k: String, n: Nat) set closed = %least by min",
        ),
        (
            Changing,
            "combine %it (k: String, n: Nat) set closed = %least by max",
        ),
        (
            Changing,
            "combine %it (k: String, n: Nat) set closed = %least by count",
        ),
        (
            Changing,
            "distinct %it (k: String, n: Nat) set closed = %least",
        ),
        (
            Growing,
            "map %it (k: String) bag closed = %all where ge(len(in.n), 3n) give in.k",
        ),
        (
            Changing,
            "map %it (k: String) bag closed = %all where lt(len(in.n), 3n) give in.k",
        ),
        (
            Growing,
            "flat_map %it (k: String, e: Nat) bag closed = %all each in.n give in.k, element",
        ),
        (
            Growing,
            "map %it (k: String) bag closed = %all where contains(in.n, 3n) give in.k",
        ),
        (
            Growing,
            "map %it (k: String, n: Nat) bag closed = %all give in.k, \
             sum(for $0 in in.n, if gt($0, 1n) give $0)",
        ),
        // What was counted once for each value on the way would be wrong.
        (
            Changing,
            "combine %it (k: String, n: Nat) set closed = %below by count\n\
             map %below (k: String, n: Nat) bag closed = %least where lt(in.n, 5n) give in.k, 1n",
        ),
        (
            Growing,
            "order_point %it (k: String, n: Nat) bag closed = %sum sample\n\
             combine %sum (k: String, n: Nat) set closed = %growing by sum",
        ),
    ];
    for (expected, body) in cases {
        assert_eq!(label_of(body), expected, "{body}");
    }
}
