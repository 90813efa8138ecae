//! Joins what expressions read of relations to the rows they are evaluated over.

use std::collections::BTreeSet;

use sheaf_ir::value::Float;
use sheaf_ir::{Combiner, Function, NodeId, Operator, Span, Type, Value};

use super::super::detach::{self, Attachment, AttachmentKind, Detach};
use super::super::expressions::{call, column, constant};
use super::super::pipe::{Pipe, Table};
use super::super::uses::{atom_variables, is_relational, mentions};
use super::{Body, Wanted, evaluate};
use crate::hir::{Arg, Atom, Condition, Expr, Gather, Quantifier, VariableId};

impl Body<'_, '_> {
    /// Takes the relations out of a condition's expression.
    pub(super) fn detach_condition(&mut self, at: usize) {
        let mut condition = self.remaining[at].clone();
        match &mut condition {
            Condition::Let { value, .. } => *value = self.detach(value),
            Condition::Test { test, .. } => *test = self.detach(test),
            Condition::Each { collection, .. } => *collection = self.detach(collection),
            Condition::Atom(_) => {}
        }
        self.remaining[at] = condition;
    }

    /// An expression without its relations, which are joined to the pipe.
    pub(super) fn detach(&mut self, expr: &Expr) -> Expr {
        if !is_relational(expr) {
            return expr.clone();
        }
        let outer = self.pipe.bound();
        let mut detach = Detach {
            is_looped: self.pipe.is_looped(self.emit),
            emit: self.emit,
            outer: &outer,
            found: Vec::new(),
        };
        let without = detach.expr(expr, &BTreeSet::new());
        let found = detach.found;
        let mut attached: BTreeSet<VariableId> = mentions(&without);
        attached.extend(mentions(expr));
        attached.extend(found.iter().map(|a| a.variable));
        for attachment in &found {
            self.attach(attachment, &attached);
        }
        without
    }

    /// Joins a value to the pipe; `keep` are variables that are read although no condition says so.
    fn attach(&mut self, attachment: &Attachment, keep: &BTreeSet<VariableId>) {
        let (variable, span) = (attachment.variable, attachment.span);
        let left = self.close(keep);
        let (right, default) = match &attachment.kind {
            AttachmentKind::Rows {
                relation,
                keys,
                equal,
                carried,
            } => {
                let arguments = self.emit.source.relations[relation].row_types().len();
                let mut atom = Atom {
                    relation: relation.clone(),
                    arguments: vec![Arg::Wild; arguments],
                    quantifier: Quantifier::Each,
                    filter: Vec::new(),
                    locals: Vec::new(),
                    span,
                };
                for (i, v) in keys {
                    atom.arguments[*i] = Arg::Variable(*v);
                }
                for (i, value) in equal {
                    atom.arguments[*i] = Arg::Equal(value.clone());
                }
                self.list_of_rows(&atom, carried, variable)
            }
            AttachmentKind::Grouped {
                outer,
                is_self_bound,
                gather,
                conditions,
                element,
                ty,
            } => {
                // One relation alone is grouped as it is; more are restricted to what is asked.
                let alone = conditions
                    .iter()
                    .filter(|c| !matches!(c, Condition::Test { .. }));
                let start =
                    if *is_self_bound && (alone.count() == 1 || self.emit.is_looped(left.node)) {
                        Pipe::unit(span)
                    } else {
                        let asked = Pipe::of(self.emit, &left, span)
                            .project(self.emit, &outer.iter().copied().collect::<Vec<_>>());
                        let asked = Pipe::distinct(self.emit, &asked, span);
                        Pipe::of(self.emit, &asked, span)
                    };
                self.group(start, outer, gather, conditions, element, variable, ty)
            }
        };
        self.pipe = Pipe::outer_join(self.emit, &left, &right, &[variable], span);
        if let Some(default) = default {
            self.pipe.default_to(variable, default);
        }
    }

    /// For each key of an atom, the ascending list of its rows.
    fn list_of_rows(
        &mut self,
        atom: &Atom,
        carried: &[usize],
        variable: VariableId,
    ) -> (Table, Option<sheaf_ir::Expr>) {
        let span = atom.span;
        let mut pipe = Pipe::atom(self.emit, atom);
        let node = self.emit.relations[&atom.relation];
        let mut parts: Vec<sheaf_ir::Expr> = carried
            .iter()
            .map(|i| column(*i, self.emit.columns(node)[*i].1.clone(), span))
            .collect();
        let row = match parts.len() {
            1 => parts.remove(0),
            _ => {
                let ty = Type::Tuple(parts.iter().map(|p| p.ty.clone()).collect());
                call(Function::Tuple, parts, ty, span)
            }
        };
        let (element, list) = (row.ty.clone(), Type::List(Box::new(row.ty.clone())));
        let contribution = self.emit.fresh(element.clone(), span);
        pipe.scope.variables.insert(contribution, row);
        let mut columns: Vec<VariableId> = atom_variables(atom).into_iter().collect();
        columns.push(contribution);
        let rows = pipe.project(self.emit, &columns);
        let table = self.combine(
            rows,
            &columns,
            variable,
            Combiner::Sorted,
            list.clone(),
            span,
        );
        let nothing = call(Function::List(element), Vec::new(), list, span);
        (table, Some(nothing))
    }

    /// Combines the last of `columns`; the result is called `variable`.
    fn combine(
        &mut self,
        rows: Table,
        columns: &[VariableId],
        variable: VariableId,
        combiner: Combiner,
        result: Type,
        span: Span,
    ) -> Table {
        let mut names = self.emit.columns(rows.node).to_vec();
        if let Some(last) = names.last_mut() {
            last.1 = result;
        }
        let operator = Operator::Combine { combiner };
        let node = self.emit.step(operator, names, &[(rows.node, 0)], span);
        let keys = &columns[..columns.len() - 1];
        let mut columns: Vec<VariableId> = keys.to_vec();
        columns.push(variable);
        Table {
            node,
            columns: columns
                .into_iter()
                .enumerate()
                .map(|(i, v)| (v, i))
                .collect(),
        }
    }

    /// A comprehension as a body of its own, grouped by outer variables; and what it is over
    /// nothing, if that is not `None`.
    #[allow(clippy::too_many_arguments)]
    fn group(
        &mut self,
        start: Pipe,
        outer: &BTreeSet<VariableId>,
        gather: &Gather,
        conditions: &[Condition],
        element: &Expr,
        variable: VariableId,
        ty: &Type,
    ) -> (Table, Option<sheaf_ir::Expr>) {
        let span = element.span;
        let (combiner, contribution, combined) = match gather {
            Gather::List | Gather::Sorted | Gather::Top(_) => {
                (Combiner::Sorted, element.clone(), ty.clone())
            }
            Gather::Set => {
                let set = Function::Set(element.ty.clone());
                let one = detach::call(set, vec![element.clone()], ty.clone(), span);
                (Combiner::Union, one, ty.clone())
            }
            Gather::Map => unreachable!("the pairs of a map are gathered as a list"),
            Gather::Sum => (Combiner::Sum, element.clone(), ty.clone()),
            Gather::Count => (Combiner::Count, detach::nat(1, span), ty.clone()),
            Gather::Min => (Combiner::Min, element.clone(), element.ty.clone()),
            Gather::Max => (Combiner::Max, element.clone(), element.ty.clone()),
            Gather::Avg => (Combiner::Avg, element.clone(), Type::Float),
        };
        let mut outputs: Vec<Expr> = Vec::new();
        let mut names = Vec::new();
        let mut columns: Vec<VariableId> = outer.iter().copied().collect();
        for v in outer {
            let ty = self.emit.variables[*v].ty.clone();
            outputs.push(detach::variable(*v, ty, span));
            names.push(self.emit.column_name(*v));
        }
        outputs.push(contribution);
        names.push("_".to_string());
        columns.push(variable);
        let wanted = Wanted {
            outputs,
            names,
            span,
        };
        let nodes = evaluate(self.emit, start, conditions, wanted);
        let table = match nodes.as_slice() {
            [only] => Table {
                node: *only,
                columns: Default::default(),
            },
            many => {
                let inputs: Vec<(NodeId, u32)> = many.iter().map(|n| (*n, 0)).collect();
                let types = self.emit.columns(many[0]).to_vec();
                Table {
                    node: self.emit.step(Operator::Union, types, &inputs, span),
                    columns: Default::default(),
                }
            }
        };
        let table = self.combine(table, &columns, variable, combiner, combined, span);
        (table, nothing(gather, ty, span))
    }
}

/// What a comprehension is over nothing, if it is no Option.
fn nothing(gather: &Gather, ty: &Type, span: Span) -> Option<sheaf_ir::Expr> {
    let element = || match ty {
        Type::List(element) | Type::Set(element) => (**element).clone(),
        other => other.clone(),
    };
    Some(match gather {
        Gather::List | Gather::Sorted | Gather::Top(_) => {
            call(Function::List(element()), Vec::new(), ty.clone(), span)
        }
        Gather::Set => call(Function::Set(element()), Vec::new(), ty.clone(), span),
        Gather::Sum | Gather::Count => constant(zero(ty), ty.clone(), span),
        Gather::Map | Gather::Min | Gather::Max | Gather::Avg => return None,
    })
}

fn zero(ty: &Type) -> Value {
    match ty {
        Type::Nat => Value::Nat(0),
        Type::Float => Value::Float(Float::new(0.0)),
        Type::Decimal(_) => Value::Decimal(0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}
