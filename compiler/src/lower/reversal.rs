//! `Rev<T>`: what is compared the other way round is combined as bytes whose order is turned, and
//! turned back behind the combiner.
//!
//! Invariant: only the last column of a relation's contributions changes, and [`Combiner::Min`],
//! `Max`, `Top`, `Sorted` and [`Combiner::Map`] of these see it; the relation's own node reads as if
//! nothing had been turned.

use sheaf_ir::{
    Block, Clause, Combiner, Expr, ExprKind, Function, Gather, NodeId, Operator, Span, Type,
};

use super::emit::Emit;
use super::expressions::{call, column};
use super::row_columns;
use crate::hir::{Combined, Relation, Reversal};

/// The node that combines the contributions of a relation, which other nodes give.
pub(super) fn combine(
    emit: &mut Emit,
    relation: &Relation,
    combined: &Combined,
    contributions: &[NodeId],
) -> NodeId {
    let operator = Operator::Combine {
        combiner: combined.combiner.clone(),
    };
    let (name, span) = (&relation.name, relation.span);
    let columns = row_columns(relation);
    if combined.reversal == Reversal::Natural {
        let inputs: Vec<(NodeId, u32)> = contributions.iter().map(|n| (*n, 0)).collect();
        return emit.named(name, operator, columns, &inputs, None, span);
    }
    let mut turn = Turn { locals: 0, span };
    let turned: Vec<(NodeId, u32)> = contributions
        .iter()
        .map(|node| {
            let node = map_last(emit, *node, &format!("{name}#turned"), span, |last| {
                turn.there(last, &combined.reversal)
            });
            (node, 0)
        })
        .collect();
    let ty = there_type(&combined.contribution, &combined.reversal);
    let mut between = columns;
    if let (Some(last), Some(result)) = (between.last_mut(), combined.combiner.result_type(&ty)) {
        last.1 = result;
    }
    let combine = format!("{name}#combined");
    let node = emit.named(&combine, operator, between, &turned, None, span);
    map_last(emit, node, name, span, |last| {
        turn.result_back(
            last,
            &combined.combiner,
            &combined.contribution,
            &combined.reversal,
        )
    })
}

/// A node that gives the rows of another with a changed last column.
fn map_last(
    emit: &mut Emit,
    node: NodeId,
    name: &str,
    span: Span,
    change: impl FnOnce(Expr) -> Expr,
) -> NodeId {
    let mut columns = emit.columns(node).to_vec();
    let mut outputs: Vec<Expr> = columns
        .iter()
        .enumerate()
        .map(|(i, (_, ty))| column(i, ty.clone(), span))
        .collect();
    if let Some(last) = outputs.pop() {
        outputs.push(change(last));
    }
    for (column, output) in columns.iter_mut().zip(&outputs) {
        column.1 = output.ty.clone();
    }
    let block = Block {
        conditions: Vec::new(),
        outputs,
    };
    emit.named(
        name,
        Operator::Map { block },
        columns,
        &[(node, 0)],
        None,
        span,
    )
}

/// The type of a contribution that was turned.
fn there_type(ty: &Type, reversal: &Reversal) -> Type {
    match (reversal, ty) {
        (Reversal::Reversed, _) => Type::Bytes,
        (Reversal::Parts(reversals), Type::Tuple(parts)) => {
            let parts = parts.iter().zip(reversals);
            Type::Tuple(parts.map(|(ty, part)| there_type(ty, part)).collect())
        }
        (Reversal::Values(inner), Type::Map(key, value)) => {
            Type::Map(key.clone(), Box::new(there_type(value, inner)))
        }
        _ => ty.clone(),
    }
}

/// Writes expressions that turn values and turn them back, with locals of their own.
struct Turn {
    locals: usize,
    span: Span,
}

impl Turn {
    fn local(&mut self, ty: Type) -> (usize, Expr) {
        let local = self.locals;
        self.locals += 1;
        let expr = Expr {
            kind: ExprKind::Local(local),
            ty,
            span: self.span,
        };
        (local, expr)
    }

    fn call(&self, function: Function, arguments: Vec<Expr>, ty: Type) -> Expr {
        call(function, arguments, ty, self.span)
    }

    /// A contribution, turned.
    fn there(&mut self, value: Expr, reversal: &Reversal) -> Expr {
        match (reversal, value.ty.clone()) {
            (Reversal::Reversed, _) => self.call(Function::Reversed, vec![value], Type::Bytes),
            (Reversal::Parts(reversals), Type::Tuple(types)) => {
                self.parts(value, &types, |turn, index, part| {
                    turn.there(part, &reversals[index])
                })
            }
            (Reversal::Values(inner), Type::Map(..)) => {
                self.values(value, |turn, value| turn.there(value, inner))
            }
            _ => value,
        }
    }

    /// A contribution of this type, turned back.
    fn back(&mut self, value: Expr, ty: &Type, reversal: &Reversal) -> Expr {
        match (reversal, value.ty.clone(), ty) {
            (Reversal::Reversed, _, _) => {
                self.call(Function::Unreversed(ty.clone()), vec![value], ty.clone())
            }
            (Reversal::Parts(reversals), Type::Tuple(turned), Type::Tuple(types)) => {
                self.parts(value, &turned, |turn, index, part| {
                    turn.back(part, &types[index], &reversals[index])
                })
            }
            _ => value,
        }
    }

    /// What a combiner made of turned contributions, turned back.
    fn result_back(
        &mut self,
        value: Expr,
        combiner: &Combiner,
        contribution: &Type,
        reversal: &Reversal,
    ) -> Expr {
        match (combiner, reversal, contribution) {
            (Combiner::Top(_) | Combiner::Sorted, _, _) => {
                let element = value.ty.element().unwrap_or(Type::unit());
                let (local, element) = self.local(element);
                let element = self.back(element, contribution, reversal);
                let ty = Type::List(Box::new(element.ty.clone()));
                self.comprehension(Gather::List, local, value, element, ty)
            }
            (Combiner::Map(inner), Reversal::Values(reversal), Type::Map(_, contribution)) => self
                .values(value, |turn, value| {
                    turn.result_back(value, inner, contribution, reversal)
                }),
            _ => self.back(value, contribution, reversal),
        }
    }

    /// A tuple with its parts changed.
    fn parts(
        &mut self,
        tuple: Expr,
        types: &[Type],
        mut change: impl FnMut(&mut Turn, usize, Expr) -> Expr,
    ) -> Expr {
        let (local, whole) = self.local(tuple.ty.clone());
        let mut parts = Vec::new();
        for (index, ty) in types.iter().enumerate() {
            let field = Function::Field(index as u32);
            let part = self.call(field, vec![whole.clone()], ty.clone());
            parts.push(change(self, index, part));
        }
        let ty = Type::Tuple(parts.iter().map(|part| part.ty.clone()).collect());
        let body = self.call(Function::Tuple, parts, ty.clone());
        Expr {
            kind: ExprKind::Let {
                local,
                value: Box::new(tuple),
                body: Box::new(body),
            },
            ty,
            span: self.span,
        }
    }

    /// A map with its values changed.
    fn values(&mut self, map: Expr, change: impl FnOnce(&mut Turn, Expr) -> Expr) -> Expr {
        let (key, value) = match &map.ty {
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            _ => return map,
        };
        let (local, entry) = self.local(Type::Tuple(vec![key.clone(), value.clone()]));
        let name = self.call(Function::Field(0), vec![entry.clone()], key.clone());
        let value = self.call(Function::Field(1), vec![entry], value);
        let value = change(self, value);
        let ty = Type::Map(Box::new(key.clone()), Box::new(value.ty.clone()));
        let pair = Type::Tuple(vec![key, value.ty.clone()]);
        let pair = self.call(Function::Tuple, vec![name, value], pair);
        self.comprehension(Gather::Map, local, map, pair, ty)
    }

    fn comprehension(
        &self,
        gather: Gather,
        local: usize,
        collection: Expr,
        element: Expr,
        ty: Type,
    ) -> Expr {
        Expr {
            kind: ExprKind::Comprehension {
                gather,
                clauses: vec![Clause::Each { local, collection }],
                element: Box::new(element),
            },
            ty,
            span: self.span,
        }
    }
}
