//! Random well-typed expressions, made from the signatures of the functions themselves.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sheaf_ir::function::JSON;
use sheaf_ir::{Block, Clause, Expr, ExprKind, Function, Gather, Nominal, Span, Type, Value};

use super::{any_value, types};

/// Makes expressions over some columns.
pub struct Maker {
    runner: TestRunner,
    columns: Vec<Type>,
    locals: BTreeMap<usize, Type>,
    next_local: usize,
}

/// The types that columns, locals and arguments are drawn from.
pub fn palette() -> Vec<Type> {
    let list = |t: Type| Type::List(Box::new(t));
    let set = |t: Type| Type::Set(Box::new(t));
    let option = |t: Type| Type::Option(Box::new(t));
    let pair = Type::Tuple(vec![Type::Int, Type::String]);
    vec![
        Type::Bool,
        Type::Bool,
        Type::Int,
        Type::Int,
        Type::Nat,
        Type::Float,
        Type::Decimal(1),
        Type::Decimal(2),
        Type::String,
        Type::Bytes,
        Type::Date,
        Type::Time,
        Type::Duration,
        Type::Id,
        option(Type::Int),
        option(Type::Float),
        option(Type::String),
        list(Type::Int),
        list(Type::String),
        list(Type::Time),
        list(pair.clone()),
        list(Type::Tuple(vec![Type::Nat, Type::String])),
        set(Type::Int),
        set(Type::String),
        set(pair.clone()),
        Type::Map(Box::new(Type::Int), Box::new(Type::String)),
        Type::Map(Box::new(Type::String), Box::new(list(Type::Int))),
        pair,
        Type::Named("Point".into()),
        Type::Named("Colour".into()),
        Type::Named("Shape".into()),
        Type::Named("Tree".into()),
        option(Type::Nat),
        option(Type::Bytes),
        option(Type::Date),
        option(Type::Decimal(1)),
        Type::Named(JSON.into()),
        option(Type::Named(JSON.into())),
    ]
}

impl Maker {
    pub fn new(seed: u64, columns: &[Type]) -> Maker {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Maker {
            runner: TestRunner::new_with_rng(
                Config::default(),
                TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
            ),
            columns: columns.to_vec(),
            locals: BTreeMap::new(),
            next_local: 10,
        }
    }

    fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    fn below(&mut self, n: usize) -> usize {
        self.draw(0..n)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let i = self.below(from.len());
        from[i].clone()
    }

    fn any_type(&mut self) -> Type {
        self.pick(&palette())
    }

    fn expr(&mut self, kind: ExprKind, ty: &Type) -> Expr {
        let start = self.draw(0u32..1_000_000);
        Expr {
            kind,
            ty: ty.clone(),
            span: Span {
                file: 0,
                start,
                end: start + 1,
            },
        }
    }

    fn local(&mut self, ty: &Type) -> usize {
        self.next_local += 3;
        self.locals.insert(self.next_local, ty.clone());
        self.next_local
    }

    /// A block and, perhaps, a collection for it to run over.
    pub fn block(&mut self, depth: usize) -> (Block, Option<Expr>) {
        let each = (self.below(3) == 0).then(|| self.collection(depth));
        if let Some((_, element)) = &each {
            self.columns.push(element.clone());
        }
        let conditions = (0..self.below(3))
            .map(|_| self.make(&Type::Bool, depth))
            .collect();
        let outputs = (0..self.below(3))
            .map(|_| {
                let ty = self.any_type();
                self.make(&ty, depth)
            })
            .collect();
        let block = Block {
            conditions,
            outputs,
        };
        (block, each.map(|each| each.0))
    }

    /// A collection, more often than not a fused one, and the type of its elements.
    fn collection(&mut self, depth: usize) -> (Expr, Type) {
        let collections: Vec<Type> = palette()
            .into_iter()
            .filter(|t| matches!(t, Type::List(_) | Type::Set(_) | Type::Map(..)))
            .collect();
        let ty = self.pick(&collections);
        let expr = self.make(&ty, depth);
        let element = match ty {
            Type::List(t) | Type::Set(t) => *t,
            Type::Map(k, v) => Type::Tuple(vec![*k, *v]),
            _ => unreachable!(),
        };
        (expr, element)
    }

    /// An expression of a type.
    pub fn make(&mut self, ty: &Type, depth: usize) -> Expr {
        if depth == 0 || self.below(8) == 0 {
            return self.leaf(ty);
        }
        match self.below(10) {
            0 => {
                let parts = [Type::Bool, ty.clone(), ty.clone()].map(|t| self.make(&t, depth - 1));
                self.expr(ExprKind::If(Box::new(parts)), ty)
            }
            1 => {
                let value_type = self.any_type();
                let value = Box::new(self.make(&value_type, depth - 1));
                let local = self.local(&value_type);
                let body = Box::new(self.make(ty, depth - 1));
                self.locals.remove(&local);
                self.expr(ExprKind::Let { local, value, body }, ty)
            }
            2 | 3 => self.comprehension(ty, depth),
            _ => self.call(ty, depth),
        }
    }

    fn leaf(&mut self, ty: &Type) -> Expr {
        let columns = self.columns.iter().enumerate();
        let mut kinds: Vec<ExprKind> = columns
            .filter(|(_, t)| *t == ty)
            .map(|(i, _)| ExprKind::Column(i))
            .collect();
        let locals = self.locals.iter().filter(|(_, t)| *t == ty);
        kinds.extend(locals.map(|(i, _)| ExprKind::Local(*i)));
        let kind = if kinds.is_empty() || self.below(4) == 0 {
            ExprKind::Constant(self.draw(any_value(ty)))
        } else {
            self.pick(&kinds)
        };
        self.expr(kind, ty)
    }

    fn comprehension(&mut self, ty: &Type, depth: usize) -> Expr {
        let (gather, element) = match ty {
            Type::List(t) if self.below(3) == 0 => {
                let limit = self.make(&Type::Nat, depth.saturating_sub(2));
                (Gather::Top(Box::new(limit)), (**t).clone())
            }
            Type::List(t) => (Gather::List, (**t).clone()),
            Type::Set(t) => (Gather::Set, (**t).clone()),
            Type::Option(t) if **t == Type::Float && self.below(2) == 0 => {
                let numbers = [Type::Int, Type::Nat, Type::Float, Type::Decimal(1)];
                (Gather::Avg, self.pick(&numbers))
            }
            Type::Option(t) => (self.pick(&[Gather::Min, Gather::Max]), (**t).clone()),
            Type::Nat if self.below(2) == 0 => (Gather::Count, self.any_type()),
            t if t.is_numeric() || *t == Type::Duration => (Gather::Sum, t.clone()),
            _ => return self.call(ty, depth),
        };
        let mut bound = Vec::new();
        let mut clauses = Vec::new();
        for i in 0..1 + self.below(3) {
            let kind = if i == 0 { 0 } else { self.below(4) };
            clauses.push(match kind {
                0 => {
                    let (collection, element) = self.collection(depth - 1);
                    let local = self.local(&element);
                    bound.push(local);
                    Clause::Each { local, collection }
                }
                1 => {
                    let ty = self.any_type();
                    let value = self.make(&ty, depth - 1);
                    let local = self.local(&ty);
                    bound.push(local);
                    Clause::Let { local, value }
                }
                _ => Clause::Filter(self.make(&Type::Bool, depth - 1)),
            });
        }
        let element = Box::new(self.make(&element, depth - 1));
        for local in bound {
            self.locals.remove(&local);
        }
        let kind = ExprKind::Comprehension {
            gather,
            clauses,
            element,
        };
        self.expr(kind, ty)
    }

    /// A call of any function that gives this type: argument types are drawn until one fits.
    fn call(&mut self, ty: &Type, depth: usize) -> Expr {
        for _ in 0..60 {
            let (function, arguments) = self.signature(ty);
            if function.result_type(&arguments, &types()).as_ref() != Some(ty) {
                continue;
            }
            let arguments = arguments.iter().map(|t| self.make(t, depth - 1)).collect();
            return self.expr(ExprKind::Call(function, arguments), ty);
        }
        self.leaf(ty)
    }

    /// A function and types that it might take.
    fn signature(&mut self, ty: &Type) -> (Function, Vec<Type>) {
        let a = if self.below(2) == 0 {
            ty.clone()
        } else {
            self.any_type()
        };
        let b = if self.below(3) == 0 {
            self.any_type()
        } else {
            a.clone()
        };
        if self.below(4) == 0 {
            // Those that go by their result.
            match ty {
                Type::Option(t) => {
                    return match self.below(2) {
                        0 => (Function::None((**t).clone()), vec![]),
                        _ => (Function::Some, vec![(**t).clone()]),
                    };
                }
                Type::Tuple(parts) => return (Function::Tuple, parts.clone()),
                Type::List(t) => {
                    return (
                        Function::List((**t).clone()),
                        vec![(**t).clone(); self.below(4)],
                    );
                }
                Type::Set(t) => {
                    return (
                        Function::Set((**t).clone()),
                        vec![(**t).clone(); self.below(4)],
                    );
                }
                Type::Map(k, v) => {
                    let pair = [(**k).clone(), (**v).clone()];
                    let count = self.below(3);
                    return (
                        Function::Map((**k).clone(), (**v).clone()),
                        vec![pair; count].concat(),
                    );
                }
                Type::Named(name) => match &types()[name] {
                    Nominal::Record(fields) => {
                        let fields = fields.iter().map(|f| f.1.clone()).collect();
                        return (Function::Record(name.clone()), fields);
                    }
                    Nominal::Enum(variants) => {
                        let index = self.below(variants.len());
                        let function = Function::Variant(name.clone(), index as u32);
                        return (function, variants[index].1.clone());
                    }
                },
                _ => {}
            }
        }
        match self.below(13) {
            4 => match self.below(3) {
                0 => (Function::ToDecimal(self.below(4) as u8), vec![a]),
                1 => (Function::ParseDecimal(1), vec![a]),
                _ => (Function::Unreversed(ty.clone()), vec![Type::Bytes]),
            },
            0 => (Function::Unwrap, vec![Type::Option(Box::new(ty.clone()))]),
            1 => (
                Function::OptionOr,
                vec![Type::Option(Box::new(ty.clone())), ty.clone()],
            ),
            2 => {
                let index = self.below(2) as u32;
                (Function::Field(index), vec![self.any_type()])
            }
            3 => {
                let (i, j) = (self.below(3) as u32, self.below(2) as u32);
                let function = match self.below(2) {
                    0 => Function::IsVariant(i),
                    _ => Function::Payload(i, j),
                };
                (function, vec![self.any_type()])
            }
            _ => {
                let simple = self.below(Function::SIMPLE.len());
                let function = Function::SIMPLE[simple].1.clone();
                let arguments = match self.below(3) {
                    0 => vec![a],
                    1 => vec![a, b],
                    _ => match function {
                        Function::Sliding => vec![Type::Time, Type::Duration, Type::Duration],
                        Function::Replace | Function::ReplaceAll => vec![Type::String; 3],
                        Function::Slice => vec![a, Type::Nat, Type::Nat],
                        Function::MakeDate => vec![Type::Int; 3],
                        Function::JoinText => {
                            vec![Type::List(Box::new(Type::String)), Type::String]
                        }
                        Function::Get
                        | Function::Take
                        | Function::Repeat
                        | Function::Pow
                        | Function::Floor
                        | Function::Round => vec![a, Type::Nat],
                        _ => vec![a, b],
                    },
                };
                (function, arguments)
            }
        }
    }
}

/// A row of values of these types.
pub fn any_row(columns: &[Type]) -> BoxedStrategy<Vec<Value>> {
    let columns: Vec<_> = columns.iter().map(any_value).collect();
    columns.boxed()
}

/// An expression in a few words, for failure messages.
pub fn show(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(show).collect::<Vec<_>>().join(", ");
    let at = expr.span.start;
    match &expr.kind {
        ExprKind::Column(i) => format!("c{i}"),
        ExprKind::Local(i) => format!("x{i}"),
        ExprKind::Constant(value) => format!("{value:?}"),
        ExprKind::Param(name) => name.clone(),
        ExprKind::Call(function, arguments) => format!("{function:?}@{at}({})", list(arguments)),
        ExprKind::Invoke(name, arguments) => format!("{name}@{at}({})", list(arguments)),
        ExprKind::If(parts) => format!("if@{at}({})", list(&parts[..])),
        ExprKind::Let { local, value, body } => {
            format!("let x{local} = {} in@{at} {}", show(value), show(body))
        }
        ExprKind::Comprehension {
            gather,
            clauses,
            element,
        } => {
            let gather = match gather {
                Gather::Top(limit) => format!("Top({})", show(limit)),
                other => format!("{other:?}"),
            };
            let clauses: Vec<String> = clauses
                .iter()
                .map(|clause| match clause {
                    Clause::Each { local, collection } => {
                        format!("x{local} in {}", show(collection))
                    }
                    Clause::Let { local, value } => format!("x{local} = {}", show(value)),
                    Clause::Filter(condition) => show(condition),
                })
                .collect();
            format!(
                "{gather}@{at}[{} for {}]",
                show(element),
                clauses.join("; ")
            )
        }
    }
}

/// A block in a few words.
pub fn show_block(block: &Block, each: Option<&Expr>) -> String {
    let list = |exprs: &[Expr]| {
        let shown = exprs
            .iter()
            .map(|e| format!("{}: {}", e.span.start, show(e)));
        shown.collect::<Vec<_>>().join("\n  ")
    };
    let each = each
        .map(|each| format!("each {}\n", show(each)))
        .unwrap_or_default();
    let (conditions, outputs) = (list(&block.conditions), list(&block.outputs));
    format!("{each}if {conditions}\ngive {outputs}")
}
