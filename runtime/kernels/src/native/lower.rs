//! From the IR's expressions to graphs: which parts are native, which the interpreter computes.
//!
//! Invariants:
//! - A value's failure is a flag. Which error it is, native code does not know: rows that fail are
//!   given to the interpreter, so a flag that is set where nothing fails costs time and no more, and
//!   a flag that is not set where something fails would be a wrong row.
//! - What native code cannot compute is a column that the interpreter computes first. That never
//!   happens inside an arm that may not be needed: there the whole choice is left to the interpreter.

mod functions;

use sheaf_ir::{Expr, ExprKind, Function, Type};

use super::graph::{COSTLY, Graph, Id, Op, Unary};
use crate::interpret::{Environment, MAX_DEPTH};
use crate::words::word_of;

/// Larger blocks are left to the interpreter: compiling takes more than linear time.
const MAX_EXPRESSIONS: usize = 1500;

/// Why something is not native.
pub(crate) type Reason = String;

/// A value and whether it is missing.
#[derive(Clone)]
pub(super) struct Term {
    pub(super) value: Value,
    pub(super) error: Id,
}

#[derive(Clone)]
pub(super) enum Value {
    One(Id),
    /// A tuple that nobody needed whole.
    Parts(Vec<Value>),
}

/// A column that the interpreter computes.
#[derive(Clone, Debug)]
pub(crate) struct Interpreted {
    pub(crate) expr: Expr,
    /// The next column tells where it has no value.
    pub(crate) can_fail: bool,
    /// Whether computing it where nobody needs it is no loss.
    is_free: bool,
}

/// The work of lowering some expressions into one graph.
pub(super) struct Lowering<'a> {
    pub(super) environment: &'a Environment,
    /// The column that holds the element of a flat-map.
    element: Option<usize>,
    pub(super) graph: Graph,
    pub(super) pool: Vec<u64>,
    pub(super) interpreted: Vec<Interpreted>,
    columns: u32,
    locals: Vec<Local<'a>>,
    /// The functions being inlined, outermost first.
    inlined: Vec<&'a str>,
    visited: usize,
    /// The first reason for which something was left to the interpreter.
    pub(super) reason: Option<Reason>,
}

struct Local<'a> {
    number: usize,
    /// What it is, outside functions.
    expr: Option<&'a Expr>,
    term: Term,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(environment: &'a Environment, element: Option<usize>) -> Lowering<'a> {
        Lowering {
            environment,
            element,
            graph: Graph::default(),
            pool: Vec::new(),
            interpreted: Vec::new(),
            columns: 0,
            locals: Vec::new(),
            inlined: Vec::new(),
            visited: 0,
            reason: None,
        }
    }

    /// How many columns the interpreter has to compute that are not free.
    pub(super) fn left(&self) -> usize {
        self.interpreted.iter().filter(|c| !c.is_free).count()
    }

    /// Whether it grew beyond what is worth compiling.
    pub(super) fn is_too_large(&self) -> bool {
        self.visited > MAX_EXPRESSIONS || self.graph.len() > 2 * MAX_EXPRESSIONS
    }

    /// Lowers an expression to a value as rows have it.
    pub(super) fn word(&mut self, expr: &'a Expr) -> Result<[Id; 2], Reason> {
        let term = self.lower(expr, 0)?;
        match term.value {
            Value::One(value) => Ok([self.word_of(&expr.ty, value), term.error]),
            Value::Parts(_) => {
                let term = self.leave(expr, "tuple".into())?;
                Ok([self.one(&term)?, term.error])
            }
        }
    }

    /// Lowers a Bool expression.
    pub(super) fn flag(&mut self, expr: &'a Expr) -> Result<[Id; 2], Reason> {
        let term = self.lower(expr, 0)?;
        Ok([self.one(&term)?, term.error])
    }

    pub(super) fn lower(&mut self, expr: &'a Expr, depth: usize) -> Result<Term, Reason> {
        let (interpreted, columns) = (self.interpreted.len(), self.columns);
        self.native(expr, depth).or_else(|reason| {
            self.interpreted.truncate(interpreted);
            self.columns = columns;
            self.leave(expr, reason)
        })
    }

    /// Leaves an expression to the interpreter.
    fn leave(&mut self, expr: &'a Expr, reason: Reason) -> Result<Term, Reason> {
        if !self.inlined.is_empty() || self.is_too_large() {
            return Err(reason);
        }
        self.reason.get_or_insert(reason);
        let expr = self.closed(expr);
        let can_fail = can_fail(&expr);
        let mut next = || {
            self.columns += 1;
            self.graph.leaf(Op::Interpreted(self.columns - 1))
        };
        let word = next();
        let error = match can_fail {
            true => {
                let failed = next();
                self.graph.unary(Unary::FlagOf, failed)
            }
            false => self.graph.flag(false),
        };
        let term = self.of_word(&expr.ty, word, error);
        self.interpreted.push(Interpreted {
            is_free: !can_fail && self.is_part_of_element(&expr),
            expr,
            can_fail,
        });
        Ok(term)
    }

    /// The expression with the locals that it reads.
    fn closed(&self, expr: &Expr) -> Expr {
        let mut closed = expr.clone();
        for local in self.locals.iter().rev() {
            let mut is_read = false;
            closed.walk(&mut |e| {
                is_read |= matches!(e.kind, ExprKind::Local(n) if n == local.number)
            });
            if let (true, Some(value)) = (is_read, local.expr) {
                closed = Expr {
                    ty: closed.ty.clone(),
                    span: closed.span,
                    kind: ExprKind::Let {
                        local: local.number,
                        value: Box::new(value.clone()),
                        body: Box::new(closed),
                    },
                };
            }
        }
        closed
    }

    fn is_part_of_element(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Column(index) => Some(*index) == self.element,
            ExprKind::Call(Function::Field(_), whole) => {
                whole.iter().all(|whole| self.is_part_of_element(whole))
            }
            _ => false,
        }
    }

    /// The single value of a term.
    pub(super) fn one(&self, term: &Term) -> Result<Id, Reason> {
        match term.value {
            Value::One(value) => Ok(value),
            Value::Parts(_) => Err("tuple".into()),
        }
    }

    pub(super) fn of_word(&mut self, ty: &Type, word: Id, error: Id) -> Term {
        let value = match ty {
            Type::Float => self.graph.unary(Unary::FloatOf, word),
            Type::Bool => self.graph.unary(Unary::FlagOf, word),
            _ => word,
        };
        Term {
            value: Value::One(value),
            error,
        }
    }

    pub(super) fn word_of(&mut self, ty: &Type, value: Id) -> Id {
        match ty {
            Type::Float => {
                let canonical = self.graph.unary(Unary::Canonical, value);
                self.graph.unary(Unary::WordOf, canonical)
            }
            Type::Bool => self.graph.unary(Unary::WordOfFlag, value),
            _ => value,
        }
    }

    /// A word that is not in the code.
    pub(super) fn pooled(&mut self, word: u64) -> Id {
        let index = self.pool.iter().position(|&known| known == word);
        let index = index.unwrap_or_else(|| {
            self.pool.push(word);
            self.pool.len() - 1
        });
        self.graph.leaf(Op::Pool(index as u32))
    }

    fn native(&mut self, expr: &'a Expr, depth: usize) -> Result<Term, Reason> {
        self.visited += 1;
        if self.is_too_large() || depth > MAX_DEPTH {
            return Err("the size of the block".into());
        }
        let depth = depth + 1;
        let never = self.graph.flag(false);
        match &expr.kind {
            ExprKind::Column(index) if Some(*index) == self.element => Err("element".into()),
            ExprKind::Column(index) => {
                let word = self.graph.leaf(Op::Column(*index as u32));
                Ok(self.of_word(&expr.ty, word, never))
            }
            ExprKind::Local(number) => {
                let mut locals = self.locals.iter().rev();
                let local = locals.find(|local| local.number == *number);
                local
                    .map(|local| local.term.clone())
                    .ok_or_else(|| "an unknown local".into())
            }
            ExprKind::Constant(value) => {
                let word = word_of(value, &expr.ty, &self.environment.interner);
                let word = match expr.ty.is_inline() {
                    true => self.graph.word(word),
                    false => self.pooled(word),
                };
                Ok(self.of_word(&expr.ty, word, never))
            }
            ExprKind::Param(name) => {
                let param = self.environment.params.get(name);
                let (_, word) = param.ok_or("an unknown param")?;
                let word = self.pooled(*word);
                Ok(self.of_word(&expr.ty, word, never))
            }
            ExprKind::Call(function, arguments) => self.call(expr, function, arguments, depth),
            ExprKind::Invoke(name, arguments) => self.invoke(name, arguments, depth),
            ExprKind::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let condition = self.lower(condition, depth)?;
                let [then, otherwise] = [self.lazily(then, depth)?, self.lazily(otherwise, depth)?];
                let mut chosen = self.choose(&condition, &then, &otherwise)?;
                chosen.error = self.graph.or(condition.error, chosen.error);
                Ok(chosen)
            }
            ExprKind::Let { local, value, body } => {
                let term = self.lower(value, depth)?;
                let error = term.error;
                self.locals.push(Local {
                    number: *local,
                    expr: self.inlined.is_empty().then_some(&**value),
                    term,
                });
                let body = self.lower(body, depth);
                self.locals.pop();
                let mut body = body?;
                body.error = self.graph.or(error, body.error);
                Ok(body)
            }
            ExprKind::Comprehension { .. } => Err("a comprehension".into()),
        }
    }

    /// Lowers what may not be needed, if nothing of it is left to the interpreter.
    fn lazily(&mut self, expr: &'a Expr, depth: usize) -> Result<Term, Reason> {
        let left = self.left();
        let term = self.lower(expr, depth)?;
        match self.left() == left {
            true => Ok(term),
            false => Err(self.reason.clone().unwrap_or_default()),
        }
    }

    /// One of two values by a condition that has one.
    fn choose(&mut self, condition: &Term, then: &Term, otherwise: &Term) -> Result<Term, Reason> {
        let taken = self.one(condition)?;
        Ok(match (&then.value, &otherwise.value) {
            (Value::One(a), Value::One(b)) => {
                let chosen = self
                    .graph
                    .choose(taken, [*a, then.error], [*b, otherwise.error]);
                Term {
                    value: Value::One(chosen[0]),
                    error: chosen[1],
                }
            }
            (Value::Parts(a), Value::Parts(b)) => Term {
                value: Value::Parts(
                    a.iter()
                        .zip(b)
                        .map(|(a, b)| self.choose_parts(taken, a, b))
                        .collect::<Result<_, _>>()?,
                ),
                error: self.graph.select(taken, then.error, otherwise.error),
            },
            _ => return Err("tuple".into()),
        })
    }

    fn choose_parts(&mut self, taken: Id, a: &Value, b: &Value) -> Result<Value, Reason> {
        match (a, b) {
            (Value::One(a), Value::One(b)) => Ok(Value::One(self.graph.select(taken, *a, *b))),
            (Value::Parts(a), Value::Parts(b)) => {
                let parts = a.iter().zip(b).map(|(a, b)| self.choose_parts(taken, a, b));
                Ok(Value::Parts(parts.collect::<Result<_, _>>()?))
            }
            _ => Err("tuple".into()),
        }
    }

    /// Inlines a function of the program.
    fn invoke(
        &mut self,
        name: &'a str,
        arguments: &'a [Expr],
        depth: usize,
    ) -> Result<Term, Reason> {
        let reason = || format!("the function `{name}`");
        if self.inlined.contains(&name) {
            return Err(format!("the recursive function `{name}`"));
        }
        let environment = self.environment;
        let definition = environment.functions.get(name).ok_or_else(reason)?;
        let mut error = self.graph.flag(false);
        let mut parameters = Vec::with_capacity(arguments.len());
        for (number, argument) in arguments.iter().enumerate() {
            let term = self.lower(argument, depth)?;
            error = self.graph.or(error, term.error);
            parameters.push(Local {
                number,
                expr: None,
                term,
            });
        }
        let outside = std::mem::replace(&mut self.locals, parameters);
        self.inlined.push(name);
        let body = self.lower(&definition.body, depth);
        self.inlined.pop();
        self.locals = outside;
        let mut body = body.map_err(|inner| match inner.starts_with("the ") {
            true => inner,
            false => format!("{inner} in the function `{name}`"),
        })?;
        body.error = self.graph.or(error, body.error);
        Ok(body)
    }

    /// `and` (decided by false) or `or` (decided by true).
    fn logic(
        &mut self,
        decides: bool,
        left: &'a Expr,
        right: &'a Expr,
        depth: usize,
    ) -> Result<Term, Reason> {
        let (left, right) = (self.lower(left, depth)?, self.lazily(right, depth)?);
        let (a, b) = (self.one(&left)?, self.one(&right)?);
        let graph = &mut self.graph;
        // As `and`: `or` is `and` of the opposites.
        let [a, b] = [a, b].map(|side| if decides { graph.not(side) } else { side });
        let [a_open, b_open] = [graph.or(a, left.error), graph.or(b, right.error)];
        // Where the left side is open, the right one decides unless it fails or holds, too.
        let both = graph.or(left.error, right.error);
        let failed = graph.and(both, b_open);
        let [value, error] = match graph.cost(b_open) > COSTLY {
            true => {
                let nothing = graph.flag(false);
                graph.choose(a_open, [b_open, failed], [nothing, nothing])
            }
            false => [graph.and(a_open, b_open), graph.and(a_open, failed)],
        };
        let value = if decides { graph.not(value) } else { value };
        Ok(Term {
            value: Value::One(value),
            error,
        })
    }

    fn call(
        &mut self,
        expr: &'a Expr,
        function: &'a Function,
        arguments: &'a [Expr],
        depth: usize,
    ) -> Result<Term, Reason> {
        match (function, arguments) {
            (Function::And, [left, right]) => self.logic(false, left, right, depth),
            (Function::Or, [left, right]) => self.logic(true, left, right, depth),
            (Function::Succeeds, [value]) => {
                let term = self.lower(value, depth)?;
                let never = self.graph.flag(false);
                Ok(Term {
                    value: Value::One(self.graph.not(term.error)),
                    error: never,
                })
            }
            (Function::Tuple, parts) => {
                let mut error = self.graph.flag(false);
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    let term = self.lower(part, depth)?;
                    error = self.graph.or(error, term.error);
                    values.push(term.value);
                }
                let value = Value::Parts(values);
                Ok(Term { value, error })
            }
            (Function::Field(index), [whole]) => {
                let term = self.native(whole, depth)?;
                match term.value {
                    Value::Parts(mut parts) if (*index as usize) < parts.len() => Ok(Term {
                        value: parts.swap_remove(*index as usize),
                        error: term.error,
                    }),
                    _ => Err("field".into()),
                }
            }
            (Function::OptionOr, [option, default]) => {
                let option_term = self.lower(option, depth)?;
                let default_term = self.lazily(default, depth)?;
                self.option_or(&default.ty, &option_term, &default_term)
            }
            _ => {
                let mut terms = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    terms.push(self.lower(argument, depth)?);
                }
                self.apply(function, arguments, &terms, &expr.ty)
            }
        }
    }

    fn option_or(&mut self, ty: &Type, option: &Term, default: &Term) -> Result<Term, Reason> {
        let is_some = self.is_some(option)?;
        let unwrapped = self.unwrap(ty, option)?;
        let taken = Term {
            value: Value::One(is_some),
            error: option.error,
        };
        let mut chosen = self.choose(&taken, &unwrapped, default)?;
        chosen.error = self.graph.or(option.error, chosen.error);
        Ok(chosen)
    }
}

/// Whether some rows make an expression fail.
fn can_fail(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Call(Function::Succeeds, _) => return false,
        ExprKind::Call(function, arguments) => {
            let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
            function.can_fail(&types)
        }
        ExprKind::Invoke(..) | ExprKind::Comprehension { .. } => true,
        _ => false,
    };
    own || expr.children().into_iter().any(can_fail)
}
