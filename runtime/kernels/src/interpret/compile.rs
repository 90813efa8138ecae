//! From IR expressions to nodes: checks everything that evaluation relies on.

use std::collections::BTreeMap;

use sheaf_ir::{Clause, Expr, ExprKind, Function, Gather as IrGather, Type};

use super::call::Call;
use super::comprehension::{Comprehension, Gather, Step};
use super::evaluate::{Constant, Kind, Node};
use super::functions::{self, Signature, type_name};
use super::generate::Generator;
use super::{CompileError, Environment, MAX_DEPTH};
use crate::words::word_of;

pub(crate) struct Compiler<'a> {
    environment: &'a Environment,
    columns: Vec<Type>,
    /// The locals in scope: where they are kept, and their types.
    locals: BTreeMap<usize, (usize, Type)>,
    slots: usize,
    /// Names of the functions that are called, by their numbers.
    called: Vec<String>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(environment: &'a Environment, columns: &[Type]) -> Compiler<'a> {
        Compiler {
            environment,
            columns: columns.to_vec(),
            locals: BTreeMap::new(),
            slots: 0,
            called: Vec::new(),
        }
    }

    /// Adds a column behind the others; gives its number.
    pub(crate) fn add_column(&mut self, ty: Type) -> usize {
        self.columns.push(ty);
        self.columns.len() - 1
    }

    pub(crate) fn error(&self, expr: &Expr, reason: impl Into<String>) -> CompileError {
        CompileError {
            span: expr.span,
            reason: reason.into(),
        }
    }

    /// Compiles a Bool expression.
    pub(crate) fn condition(&mut self, expr: &Expr, depth: usize) -> Result<Node, CompileError> {
        self.typed(expr, &Type::Bool, depth)
    }

    fn typed(&mut self, expr: &Expr, ty: &Type, depth: usize) -> Result<Node, CompileError> {
        if expr.ty != *ty {
            let reason = format!(
                "{} stands where {} must",
                type_name(&expr.ty),
                type_name(ty)
            );
            return Err(self.error(expr, reason));
        }
        self.node(expr, depth)
    }

    /// Compiles an expression.
    pub(crate) fn node(&mut self, expr: &Expr, depth: usize) -> Result<Node, CompileError> {
        if depth > MAX_DEPTH {
            let reason = format!("an expression is nested deeper than {MAX_DEPTH} levels");
            return Err(self.error(expr, reason));
        }
        let (kind, ty) = self.kind(expr, depth)?;
        if ty != expr.ty {
            let (found, claimed) = (type_name(&ty), type_name(&expr.ty));
            return Err(self.error(expr, format!("{found} is annotated as {claimed}")));
        }
        Ok(Node {
            is_cheap: self.is_cheap(expr, &kind),
            kind,
            ty,
            span: expr.span,
        })
    }

    fn kind(&mut self, expr: &Expr, depth: usize) -> Result<(Kind, Type), CompileError> {
        let depth = depth + 1;
        Ok(match &expr.kind {
            ExprKind::Column(index) => match self.columns.get(*index) {
                Some(ty) => (Kind::Column(*index), ty.clone()),
                None => return Err(self.error(expr, format!("there is no column {index}"))),
            },
            ExprKind::Local(number) => match self.locals.get(number) {
                Some((slot, ty)) => (Kind::Local(*slot), ty.clone()),
                None => return Err(self.error(expr, format!("local {number} is not in scope"))),
            },
            ExprKind::Constant(value) => {
                if !value.is_of(&expr.ty, &self.environment.types) {
                    let reason = format!("{value:?} is no {}", type_name(&expr.ty));
                    return Err(self.error(expr, reason));
                }
                let word = word_of(value, &expr.ty, &self.environment.interner);
                (Kind::Constant(Constant::new(word)), expr.ty.clone())
            }
            ExprKind::Param(name) => match self.environment.params.get(name) {
                Some((ty, word)) => (Kind::Constant(Constant::new(*word)), ty.clone()),
                None => return Err(self.error(expr, format!("there is no param `{name}`"))),
            },
            ExprKind::Call(function, arguments) => self.call(expr, function, arguments, depth)?,
            ExprKind::Invoke(name, arguments) => self.invoke(expr, name, arguments, depth)?,
            ExprKind::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let condition = self.condition(condition, depth)?;
                let then = self.typed(then, &expr.ty, depth)?;
                let otherwise = self.typed(otherwise, &expr.ty, depth)?;
                let parts = Box::new([condition, then, otherwise]);
                (Kind::If(parts), expr.ty.clone())
            }
            ExprKind::Let { local, value, body } => {
                let value = Box::new(self.node(value, depth)?);
                let slot = self.bind(expr, *local, &value.ty)?;
                let body = Box::new(self.node(body, depth)?);
                self.locals.remove(local);
                let ty = body.ty.clone();
                let kind = Kind::Let {
                    local: slot,
                    value,
                    body,
                };
                (kind, ty)
            }
            ExprKind::Comprehension {
                gather,
                clauses,
                element,
            } => self.comprehension(expr, gather, clauses, element, depth)?,
        })
    }

    fn call(
        &mut self,
        expr: &Expr,
        function: &Function,
        arguments: &[Expr],
        depth: usize,
    ) -> Result<(Kind, Type), CompileError> {
        let mut nodes: Vec<Node> = arguments
            .iter()
            .map(|argument| self.node(argument, depth))
            .collect::<Result<_, _>>()?;
        let types: Vec<Type> = nodes.iter().map(|node| node.ty.clone()).collect();
        let Some(ty) = function.result_type(&types, &self.environment.types) else {
            let types = type_name(&Type::Tuple(types));
            let reason = format!("`{}` is not defined at {types}", function.name());
            return Err(self.error(expr, reason));
        };
        let primitive = functions::compile(&Signature {
            function,
            arguments: &types,
            result: &ty,
            span: expr.span,
        });
        let two = |nodes: Vec<Node>| nodes.try_into().ok().map(Box::new);
        let kind = match function {
            Function::And => two(nodes).map(|sides| Kind::Logic(false, sides)),
            Function::Or => two(nodes).map(|sides| Kind::Logic(true, sides)),
            Function::OptionOr => two(nodes).map(Kind::OptionOr),
            Function::Succeeds => nodes.pop().map(|value| Kind::Succeeds(Box::new(value))),
            Function::Tuple => Some(Kind::Tuple(nodes)),
            Function::Field(index) => primitive.and_then(|primitive| {
                let whole = Box::new(nodes.pop()?);
                Some(Kind::Field(*index as usize, primitive, whole))
            }),
            _ => primitive.map(|primitive| Kind::Call(primitive, nodes)),
        };
        match kind {
            Some(kind) => Ok((kind, ty)),
            None => Err(self.error(expr, format!("`{}` has no kernel", function.name()))),
        }
    }

    fn invoke(
        &mut self,
        expr: &Expr,
        name: &str,
        arguments: &[Expr],
        depth: usize,
    ) -> Result<(Kind, Type), CompileError> {
        let environment = self.environment;
        let Some(definition) = environment.functions.get(name) else {
            return Err(self.error(expr, format!("there is no function `{name}`")));
        };
        if arguments.len() != definition.parameters.len() {
            let reason = format!("`{name}` takes {} arguments", definition.parameters.len());
            return Err(self.error(expr, reason));
        }
        let arguments = arguments
            .iter()
            .zip(&definition.parameters)
            .map(|(argument, ty)| self.typed(argument, ty, depth))
            .collect::<Result<_, _>>()?;
        let known = self.called.iter().position(|called| called == name);
        let function = known.unwrap_or_else(|| {
            self.called.push(name.to_string());
            self.called.len() - 1
        });
        let call = Call {
            function,
            name: name.to_string(),
            arguments,
            span: expr.span,
            levels: depth,
        };
        Ok((Kind::Invoke(Box::new(call)), definition.body.ty.clone()))
    }

    /// Compiles the bodies of all functions that are called, directly or through others, by their
    /// numbers.
    pub(crate) fn functions(mut self) -> Result<Vec<Node>, CompileError> {
        let environment = self.environment;
        let mut bodies = Vec::new();
        while let Some(name) = self.called.get(bodies.len()) {
            let definition = &environment.functions[name];
            self.columns.clear();
            let parameters = definition.parameters.iter().cloned();
            self.locals = parameters.enumerate().map(|(i, ty)| (i, (i, ty))).collect();
            self.slots = self.locals.len();
            bodies.push(self.node(&definition.body, 0)?);
        }
        Ok(bodies)
    }

    fn comprehension(
        &mut self,
        expr: &Expr,
        gather: &IrGather,
        clauses: &[Clause],
        element: &Expr,
        depth: usize,
    ) -> Result<(Kind, Type), CompileError> {
        let gather = match gather {
            IrGather::List => Gather::List,
            IrGather::Set => Gather::Set,
            IrGather::Map => Gather::Map,
            IrGather::Sum => Gather::Sum,
            IrGather::Count => Gather::Count,
            IrGather::Min => Gather::Min,
            IrGather::Max => Gather::Max,
            IrGather::Avg => Gather::Avg,
            IrGather::Top(limit) => match limit.ty {
                Type::Int => Gather::Top(self.node(limit, depth)?),
                _ => Gather::Top(self.typed(limit, &Type::Nat, depth)?),
            },
        };
        let mut steps = Vec::with_capacity(clauses.len());
        let mut bound = Vec::new();
        // Each generator is a loop inside the one before.
        let mut depth = depth;
        for clause in clauses {
            steps.push(match clause {
                Clause::Each { local, collection } => {
                    let (generator, ty) = Generator::compile(collection, self, depth)?;
                    depth += 1;
                    bound.push(*local);
                    Step::Each {
                        local: self.bind(expr, *local, &ty)?,
                        generator,
                    }
                }
                Clause::Let { local, value } => {
                    let value = self.node(value, depth)?;
                    bound.push(*local);
                    Step::Let {
                        local: self.bind(expr, *local, &value.ty)?,
                        value,
                    }
                }
                Clause::Filter(condition) => Step::Filter(self.condition(condition, depth)?),
            });
        }
        let element = self.node(element, depth)?;
        for local in bound {
            self.locals.remove(&local);
        }
        let of = |make: fn(Box<Type>) -> Type| Some(make(Box::new(element.ty.clone())));
        let option_of = |ty: &Type| Some(Type::Option(Box::new(ty.clone())));
        let ty = match &gather {
            Gather::List | Gather::Top(_) => of(Type::List),
            Gather::Set => of(Type::Set),
            Gather::Map => match &element.ty {
                Type::Tuple(parts) => match parts.as_slice() {
                    [key, value] => Some(Type::Map(Box::new(key.clone()), Box::new(value.clone()))),
                    _ => None,
                },
                _ => None,
            },
            Gather::Sum if element.ty.is_numeric() || element.ty == Type::Duration => {
                Some(element.ty.clone())
            }
            Gather::Count => Some(Type::Nat),
            Gather::Min | Gather::Max => option_of(&element.ty),
            Gather::Avg if element.ty.is_numeric() => option_of(&Type::Float),
            Gather::Sum | Gather::Avg => None,
        };
        let Some(ty) = ty else {
            let reason = format!("{} cannot be gathered so", type_name(&element.ty));
            return Err(self.error(expr, reason));
        };
        let comprehension = Comprehension {
            // What only counts is not evaluated, so that it cannot fail.
            element: (!matches!(gather, Gather::Count)).then_some(element),
            gather,
            steps,
            span: expr.span,
        };
        Ok((Kind::Comprehension(Box::new(comprehension)), ty))
    }

    /// Whether a call has the result type it claims, going by what its arguments claim.
    pub(crate) fn is_typed(&self, function: &Function, arguments: &[Expr], ty: &Type) -> bool {
        let arguments: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        function
            .result_type(&arguments, &self.environment.types)
            .as_ref()
            == Some(ty)
    }

    /// Puts a local in scope; gives its slot.
    fn bind(&mut self, expr: &Expr, local: usize, ty: &Type) -> Result<usize, CompileError> {
        let slot = self.slots;
        self.slots += 1;
        match self.locals.insert(local, (slot, ty.clone())) {
            None => Ok(slot),
            Some(_) => Err(self.error(expr, format!("local {local} is bound twice"))),
        }
    }

    fn is_cheap(&self, expr: &Expr, kind: &Kind) -> bool {
        match (kind, &expr.kind) {
            (Kind::Column(_) | Kind::Local(_) | Kind::Constant(_), _) => true,
            (Kind::Call(_, nodes), ExprKind::Call(function, _)) => {
                let types: Vec<Type> = nodes.iter().map(|node| node.ty.clone()).collect();
                expr.ty.is_inline()
                    && nodes.iter().all(|node| node.is_cheap)
                    && (types.iter().all(Type::is_inline)
                        || matches!(function, Function::Eq | Function::Ne))
                    && !function.can_fail(&types)
            }
            (Kind::Logic(_, sides), _) => sides.iter().all(|side| side.is_cheap),
            (Kind::If(parts), _) => parts.iter().all(|part| part.is_cheap),
            _ => false,
        }
    }
}
