//! Typed expressions, and the blocks that filter and project rows.
//!
//! Invariants:
//! - Pure and total: evaluation order cannot be observed, except that a failing part makes the
//!   whole fail with the first error in left-to-right order.
//! - An error in an untaken `if` arm never surfaces; `and`/`or` and lists of conditions are
//!   decided by a false (true) side even where the other side fails.

use serde::{Deserialize, Serialize};

use crate::{Function, Span, Type, Value};

/// How deep expressions may nest; [`mod@crate::verify`] refuses deeper ones.
pub const MAX_DEPTH: usize = 200;

/// An expression with its type and origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// The type of the result.
    pub ty: Type,
    /// Where it was written; run-time errors point here.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A column of the block's input row. For a join: the left columns, then the right ones;
    /// for a flat-map: the input columns, then the element.
    Column(usize),
    /// A variable bound by an enclosing [`ExprKind::Let`] or [`Clause`]. Numbers are unique
    /// within one block.
    Local(usize),
    /// A literal.
    Constant(Value),
    /// A parameter of the program, by name.
    Param(String),
    /// A function of fixed meaning applied to arguments.
    Call(Function, Vec<Expr>),
    /// A function of the program applied to arguments; fails if one of them does.
    Invoke(String, Vec<Expr>),
    /// `if condition { then } else { otherwise }`, as three expressions.
    If(Box<[Expr; 3]>),
    /// Binds a local for the body.
    Let {
        /// The local's number.
        local: usize,
        /// Its value.
        value: Box<Expr>,
        /// Where it is in scope.
        body: Box<Expr>,
    },
    /// `[element for clauses]` and its relatives, over collections.
    Comprehension {
        /// What is made of the elements.
        gather: Gather,
        /// Generators, filters and bindings; later ones see the locals of earlier ones.
        clauses: Vec<Clause>,
        /// The element.
        element: Box<Expr>,
    },
}

/// What a comprehension makes of its elements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Gather {
    /// A list in generator order.
    List,
    /// A set.
    Set,
    /// A map, from `(key, value)` tuples; a second, different value for a key is an error.
    Map,
    /// An exact sum; 0 over nothing.
    Sum,
    /// A Nat; the element is ignored.
    Count,
    /// An Option.
    Min,
    /// An Option.
    Max,
    /// An `Option<Float>`; exact inside, rounded once.
    Avg,
    /// A list of the `n` greatest, descending.
    Top(Box<Expr>),
}

/// One clause of a comprehension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clause {
    /// Binds a local to each element of a list (by position), set (ascending) or map (ascending
    /// `(key, value)` tuples).
    Each {
        /// The local's number.
        local: usize,
        /// The collection.
        collection: Expr,
    },
    /// Binds a local to a value.
    Let {
        /// The local's number.
        local: usize,
        /// Its value.
        value: Expr,
    },
    /// Keeps what satisfies a Bool expression.
    Filter(Expr),
}

/// What a map, flat-map or join does with a row: keep it if every condition holds, then compute
/// the output columns. If no condition is false and one fails, or an output fails, the row is an
/// error: the failing condition or output that was written first (by span) is reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Bool expressions; all must hold.
    pub conditions: Vec<Expr>,
    /// One expression per output column.
    pub outputs: Vec<Expr>,
}

impl Expr {
    /// The expressions directly inside this one, in order of evaluation.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Column(_)
            | ExprKind::Local(_)
            | ExprKind::Constant(_)
            | ExprKind::Param(_) => Vec::new(),
            ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
                arguments.iter().collect()
            }
            ExprKind::If(parts) => parts.iter().collect(),
            ExprKind::Let { value, body, .. } => vec![value, body],
            ExprKind::Comprehension {
                gather,
                clauses,
                element,
            } => {
                let mut children = Vec::with_capacity(clauses.len() + 2);
                if let Gather::Top(n) = gather {
                    children.push(&**n);
                }
                children.extend(clauses.iter().map(Clause::expression));
                children.push(element);
                children
            }
        }
    }

    /// Like [`Expr::children`], to change them.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Column(_)
            | ExprKind::Local(_)
            | ExprKind::Constant(_)
            | ExprKind::Param(_) => Vec::new(),
            ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
                arguments.iter_mut().collect()
            }
            ExprKind::If(parts) => parts.iter_mut().collect(),
            ExprKind::Let { value, body, .. } => vec![value, body],
            ExprKind::Comprehension {
                gather,
                clauses,
                element,
            } => {
                let mut children = Vec::with_capacity(clauses.len() + 2);
                if let Gather::Top(n) = gather {
                    children.push(&mut **n);
                }
                children.extend(clauses.iter_mut().map(Clause::expression_mut));
                children.push(element);
                children
            }
        }
    }

    /// Calls `visit` with this expression and every one inside it, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Like [`Expr::walk`], to change them.
    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        visit(self);
        for child in self.children_mut() {
            child.walk_mut(visit);
        }
    }

    /// Whether it nests at most `depth` deep; a column nests 1 deep. Stops at the bound, so that
    /// no expression is too deep to ask.
    pub fn is_within(&self, depth: usize) -> bool {
        depth > 0
            && self
                .children()
                .iter()
                .all(|child| child.is_within(depth - 1))
    }
}

impl Clause {
    /// The expression of the clause.
    pub fn expression(&self) -> &Expr {
        match self {
            Clause::Each { collection, .. } => collection,
            Clause::Let { value, .. } => value,
            Clause::Filter(condition) => condition,
        }
    }

    /// The expression of the clause, to change it.
    pub fn expression_mut(&mut self) -> &mut Expr {
        match self {
            Clause::Each { collection, .. } => collection,
            Clause::Let { value, .. } => value,
            Clause::Filter(condition) => condition,
        }
    }
}

impl Block {
    /// If the block only picks columns: which input column each output is.
    pub fn as_projection(&self) -> Option<Vec<usize>> {
        if !self.conditions.is_empty() {
            return None;
        }
        self.outputs
            .iter()
            .map(|e| match e.kind {
                ExprKind::Column(i) => Some(i),
                _ => None,
            })
            .collect()
    }
}
