//! Joins the relations of a rule in the order that makes the fewest rows on the way.
//!
//! Rule: a tree of joins that nobody else reads and that cannot fail is one conjunction, whatever its order;
//! it gives each combination of rows as often as before. A chain is built that begins with one relation and
//! goes on with the one that has the fewest partners for each row: checks first, then what a key of it
//! determines, then what shares columns, products last. In a loop, one of the first two relations is what the
//! loop derives, so that a rule starts at its change. Joins look up new rows of either side, so one chain
//! serves all changes of a rule that reads several recursive relations.
//!
//! Sizes are estimates. The order is left as it is unless another one looks twice as good.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Operator;
use crate::{
    Collection, Expr, ExprKind, Function, Label, Multiplicity, Node, NodeId, Program, Span, Type,
};

use super::World;
use super::failure::node_can_fail;
use super::rewrite::{
    Names, column, columns_of, is_shallow, only_reader, refresh, renumber_locals, same_loop,
    substitute, unfeed,
};
use super::size::Estimates;

/// How many times better another order must look.
const BETTER: f64 = 2.0;

/// Reorders joins; how many rules changed.
pub(super) fn apply(program: &mut Program, world: &World) -> usize {
    let estimates = Estimates::of(program, world.sizes);
    let mut changes = 0;
    let names = Names::of(program);
    for id in program.nodes_by_name() {
        if program.graph.contains_node(id)
            && is_root(program, id)
            && let Some(rule) = Rule::of(program, id)
            && let Some(order) = rule.better_order(program, &estimates)
            && rule.build(program, &names, id, &order)
        {
            changes += 1;
        }
    }
    if changes > 0 {
        refresh(program);
    }
    changes
}

fn is_join(program: &Program, id: NodeId) -> bool {
    matches!(program.graph[id].operator, Operator::Join { .. }) && !node_can_fail(program, id)
}

/// Whether a join may be part of the one that reads it.
fn is_inner(program: &Program, id: NodeId, reader: NodeId) -> bool {
    let Operator::Join { block, .. } = &program.graph[id].operator else {
        return false;
    };
    let is_column = |expr: &Expr| matches!(expr.kind, ExprKind::Column(_));
    is_join(program, id)
        && block.outputs.iter().all(is_column)
        && only_reader(program, id).is_some()
        && (same_loop(program, id, reader) || program.graph[id].fixpoint.is_none())
}

fn is_root(program: &Program, id: NodeId) -> bool {
    let joined = only_reader(program, id)
        .is_some_and(|(reader, _)| is_join(program, reader) && is_inner(program, id, reader));
    is_join(program, id) && !joined
}

/// One relation of a rule.
struct Atom {
    node: NodeId,
    /// The number of its first column among those of all atoms.
    first: usize,
    width: usize,
    /// Whether it changes in the loop of the rule.
    is_looped: bool,
}

/// A conjunction: columns of all atoms in a row, and what must hold of them.
struct Rule {
    atoms: Vec<Atom>,
    /// By column, the least column that has the same value.
    class: Vec<usize>,
    types: Vec<(String, Type)>,
    conditions: Vec<Expr>,
    outputs: Vec<Expr>,
    /// By atom, how many of its columns another one has or something reads.
    used: Vec<usize>,
    /// The joins that are part of it, but for the last.
    inner: Vec<NodeId>,
    /// The loop that the last join runs in.
    fixpoint: Option<String>,
}

impl Rule {
    fn of(program: &Program, id: NodeId) -> Option<Rule> {
        let mut rule = Rule {
            atoms: Vec::new(),
            class: Vec::new(),
            types: Vec::new(),
            conditions: Vec::new(),
            outputs: Vec::new(),
            used: Vec::new(),
            inner: Vec::new(),
            fixpoint: program.graph[id].fixpoint.clone(),
        };
        rule.outputs = rule.flatten(program, id);
        rule.used = rule.used();
        (rule.atoms.len() > 2).then_some(rule)
    }

    /// Takes in a join and what it joins; its outputs, over the columns of all atoms.
    fn flatten(&mut self, program: &Program, id: NodeId) -> Vec<Expr> {
        let Operator::Join {
            left_key,
            right_key,
            block,
        } = &program.graph[id].operator
        else {
            return Vec::new();
        };
        let mut seen: Vec<Expr> = Vec::new();
        let mut width = 0;
        for (port, from) in program.inputs(id) {
            if port == 1 {
                width = seen.len();
            }
            if is_inner(program, from, id) {
                self.inner.push(from);
                seen.extend(self.flatten(program, from));
            } else {
                seen.extend(self.add(program, from));
            }
        }
        let number = |at: usize| match seen.get(at).map(|expr| &expr.kind) {
            Some(ExprKind::Column(index)) => Some(*index),
            _ => None,
        };
        for (left, right) in left_key.iter().zip(right_key) {
            if let (Some(left), Some(right)) = (number(*left), number(width + right)) {
                self.equate(left, right);
            }
        }
        let by = |index: usize, _: &Expr| seen[index].clone();
        let through = |expr: &Expr| substitute(expr, &by);
        self.conditions.extend(block.conditions.iter().map(through));
        block.outputs.iter().map(through).collect()
    }

    fn add(&mut self, program: &Program, node: NodeId) -> Vec<Expr> {
        let columns = &program.graph[node].output.columns;
        let first = self.class.len();
        self.atoms.push(Atom {
            node,
            first,
            width: columns.len(),
            is_looped: self.fixpoint.is_some() && program.graph[node].fixpoint == self.fixpoint,
        });
        self.class.extend(first..first + columns.len());
        self.types.extend(columns.iter().cloned());
        (0..columns.len())
            .map(|c| column(first + c, columns[c].1.clone(), Span::default()))
            .collect()
    }

    fn equate(&mut self, a: usize, b: usize) {
        let (a, b) = (self.class[a], self.class[b]);
        let (from, to) = (a.max(b), a.min(b));
        for class in &mut self.class {
            if *class == from {
                *class = to;
            }
        }
    }

    fn classes(&self, columns: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        columns.into_iter().map(|c| self.class[c]).collect()
    }

    fn classes_of(&self, atom: usize) -> BTreeSet<usize> {
        let Atom { first, width, .. } = self.atoms[atom];
        self.classes(first..first + width)
    }

    /// By atom, how many of its columns another one has or something reads beside keys.
    fn used(&self) -> Vec<usize> {
        let expressions = self.conditions.iter().chain(&self.outputs);
        let read = self.classes(expressions.flat_map(columns_of));
        let mut atoms: BTreeMap<usize, usize> = BTreeMap::new();
        for atom in 0..self.atoms.len() {
            for class in self.classes_of(atom) {
                *atoms.entry(class).or_default() += 1;
            }
        }
        let is_used = |column: &usize| {
            let class = self.class[*column];
            read.contains(&class) || atoms[&class] > 1
        };
        let columns = self.atoms.iter().map(|a| a.first..a.first + a.width);
        columns.map(|own| own.filter(is_used).count()).collect()
    }

    /// How many rows of an atom a row finds that knows some classes.
    fn partners(
        &self,
        program: &Program,
        estimates: &Estimates,
        atom: usize,
        known: &BTreeSet<usize>,
    ) -> f64 {
        let Atom {
            node, first, width, ..
        } = self.atoms[atom];
        let size = estimates.rows(node);
        let bound: Vec<usize> = (0..width)
            .filter(|c| known.contains(&self.class[first + c]))
            .collect();
        if bound.is_empty() {
            return size;
        }
        let output = &program.graph[node].output;
        let used = self.used[atom];
        if bound.len() >= used {
            return 0.5;
        }
        let is_key = |key: &Vec<usize>| key.iter().all(|c| bound.contains(c));
        if output.multiplicity == Multiplicity::Set && output.keys.iter().any(is_key) {
            return 1.0;
        }
        size.powf((used - bound.len()) as f64 / (used + 1) as f64)
    }

    /// The rows that are made on the way if atoms are joined in this order.
    fn cost(&self, program: &Program, estimates: &Estimates, order: &[usize]) -> f64 {
        let Some((first, rest)) = order.split_first() else {
            return 0.0;
        };
        let mut known = self.classes_of(*first);
        let mut rows = estimates.rows(self.atoms[*first].node);
        let mut cost = 0.0;
        for (at, atom) in rest.iter().enumerate() {
            rows *= self.partners(program, estimates, *atom, &known);
            known.extend(self.classes_of(*atom));
            // All orders end with the same rows.
            if at + 1 < rest.len() {
                cost += rows;
            }
        }
        cost
    }

    /// The order that goes on from an atom with what has the fewest partners.
    fn greedy(&self, program: &Program, estimates: &Estimates, start: usize) -> Vec<usize> {
        let mut order = vec![start];
        let mut known = self.classes_of(start);
        while order.len() < self.atoms.len() {
            let rest = (0..self.atoms.len()).filter(|atom| !order.contains(atom));
            let next = rest
                .map(|atom| (self.partners(program, estimates, atom, &known), atom))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let Some((_, next)) = next else {
                break;
            };
            known.extend(self.classes_of(next));
            order.push(next);
        }
        order
    }

    /// Whether an order joins what the loop derives first, if there is a loop.
    fn starts_at_change(&self, order: &[usize]) -> bool {
        let is_looped = |atom: &usize| self.atoms[*atom].is_looped;
        order.iter().take(2).any(is_looped) || !order.iter().any(is_looped)
    }

    fn better_order(&self, program: &Program, estimates: &Estimates) -> Option<Vec<usize>> {
        let written: Vec<usize> = (0..self.atoms.len()).collect();
        let now = self.cost(program, estimates, &written);
        let orders = written
            .iter()
            .map(|start| self.greedy(program, estimates, *start))
            .filter(|order| self.starts_at_change(order));
        let (cost, best) = orders
            .map(|order| (self.cost(program, estimates, &order), order))
            .min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)))?;
        (cost * BETTER < now).then_some(best)
    }

    /// Replaces the tree of joins by a chain in this order. `false`, and nothing is changed, if an
    /// expression would become too deep.
    fn build(&self, program: &mut Program, names: &Names, root: NodeId, order: &[usize]) -> bool {
        let (node_span, loop_) = (
            program.graph[root].span,
            program.graph[root].fixpoint.clone(),
        );
        let around = names.around(program, loop_.as_deref());
        let mut given: Vec<String> = self
            .inner
            .iter()
            .map(|id| program.graph[*id].name.clone())
            .collect();
        given.sort_by(|a, b| b.cmp(a));
        let Some((&first, rest)) = order.split_first() else {
            return false;
        };
        let mut pending = self.conditions.clone();
        self.equate_within(first, &BTreeSet::new(), &mut pending);
        // The columns of what is joined so far: each the first of its class that is at hand.
        let start = &self.atoms[first];
        let mut have: Vec<usize> = (start.first..start.first + start.width).collect();
        let mut left = start.node;
        let mut is_looped = loop_.is_some() && program.graph[left].fixpoint == loop_;
        let mut steps = Vec::new();
        for (at, &atom) in rest.iter().enumerate() {
            let known = self.classes(have.iter().copied());
            let Atom {
                node, first, width, ..
            } = self.atoms[atom];
            self.equate_within(atom, &known, &mut pending);
            let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
            for own in 0..width {
                let class = self.class[first + own];
                if let Some(place) = have.iter().position(|c| self.class[*c] == class) {
                    left_key.push(place);
                    right_key.push(own);
                }
            }
            let all: Vec<usize> = have.iter().copied().chain(first..first + width).collect();
            let at_hand = self.classes(all.iter().copied());
            let by = |index: usize, expr: &Expr| {
                let exact = all.iter().position(|c| *c == index);
                let same = || all.iter().position(|c| self.class[*c] == self.class[index]);
                let place = exact.or_else(same).unwrap_or(0);
                column(place, expr.ty.clone(), expr.span)
            };
            let is_ready = |expr: &Expr| self.classes(columns_of(expr)).is_subset(&at_hand);
            let (ready, later): (Vec<Expr>, Vec<Expr>) = pending.into_iter().partition(is_ready);
            pending = later;
            let conditions = ready.iter().map(|expr| substitute(expr, &by)).collect();
            let is_last = at + 1 == rest.len();
            let (outputs, next_have) = if is_last {
                let outputs = self.outputs.iter().map(|expr| substitute(expr, &by));
                (outputs.collect(), Vec::new())
            } else {
                let mut wanted =
                    self.classes(pending.iter().chain(&self.outputs).flat_map(columns_of));
                for later in &rest[at + 1..] {
                    wanted.extend(self.classes_of(*later));
                }
                let mut kept: Vec<usize> = Vec::new();
                for column in &all {
                    let class = self.class[*column];
                    if wanted.contains(&class) && !kept.iter().any(|c| self.class[*c] == class) {
                        kept.push(*column);
                    }
                }
                let outputs = kept
                    .iter()
                    .map(|c| by(*c, &column(*c, self.types[*c].1.clone(), node_span)))
                    .collect();
                (outputs, kept)
            };
            is_looped |= loop_.is_some() && program.graph[node].fixpoint == loop_;
            steps.push((
                node,
                Operator::Join {
                    left_key,
                    right_key,
                    block: crate::Block {
                        conditions,
                        outputs,
                    },
                },
                next_have.clone(),
                is_looped,
            ));
            have = next_have;
        }
        if !steps.iter().all(|(_, operator, _, _)| is_shallow(operator)) {
            return false;
        }
        unfeed(program, root);
        for id in &self.inner {
            program.graph.remove_node(*id);
        }
        let last = steps.len() - 1;
        for (at, (node, mut operator, kept, is_looped)) in steps.into_iter().enumerate() {
            renumber_locals(&mut operator);
            let id = if at == last {
                program.graph[root].operator = operator;
                root
            } else {
                program.add(Node {
                    name: given.pop().unwrap_or_default(),
                    operator,
                    output: Collection {
                        columns: kept.iter().map(|c| self.types[*c].clone()).collect(),
                        multiplicity: Multiplicity::Bag,
                        label: Label::Closed,
                        keys: Vec::new(),
                    },
                    fixpoint: if is_looped {
                        loop_.clone()
                    } else {
                        around.clone()
                    },
                    span: node_span,
                })
            };
            program.connect(left, id, 0);
            program.connect(node, id, 1);
            left = id;
        }
        true
    }

    /// Conditions that make columns of one atom equal, where no key does.
    fn equate_within(&self, atom: usize, known: &BTreeSet<usize>, conditions: &mut Vec<Expr>) {
        let Atom { first, width, .. } = self.atoms[atom];
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        for index in first..first + width {
            let class = self.class[index];
            if known.contains(&class) {
                continue;
            }
            let Some(before) = met.insert(class, index) else {
                continue;
            };
            let ty = &self.types[index].1;
            let sides = [before, index].map(|c| column(c, ty.clone(), Span::default()));
            conditions.push(Expr {
                kind: ExprKind::Call(Function::Eq, sides.to_vec()),
                ty: Type::Bool,
                span: Span::default(),
            });
        }
    }
}
