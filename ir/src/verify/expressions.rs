//! Types, scopes and numbers inside expressions.

use std::collections::BTreeSet;

use crate::expression::MAX_DEPTH;
use crate::typing::{Scope, input_types};
use crate::{Clause, Expr, ExprKind, Function, Gather, NodeId, Nominal, Operator, Type};

use super::Verifier;

/// Checks the expressions of a node; whether what depends on them can be checked.
pub(super) fn check(v: &mut Verifier, id: NodeId) -> bool {
    let program = v.program;
    let operator = &program.graph[id].operator;
    let expressions = operator.expressions();
    if !expressions.iter().all(|expr| expr.is_within(MAX_DEPTH)) {
        let message = format!("an expression nests deeper than {MAX_DEPTH}");
        v.at("expr-depth", id, message);
        return false;
    }
    let mut checker = Checker {
        scope: Scope::new(program, input_types(program, id)),
        owner: &program.graph[id].name,
        bound: BTreeSet::new(),
        v,
    };
    match operator {
        Operator::Map { block } | Operator::Join { block, .. } => checker.block(block),
        Operator::FlatMap { each, block } => {
            checker.expr(each);
            let element = checker.element(each);
            checker.scope.columns.push(element);
            checker.block(block);
        }
        _ => expressions.into_iter().for_each(|expr| checker.expr(expr)),
    }
    true
}

/// Checks the body of a function.
pub(super) fn check_body(v: &mut Verifier, name: &str) {
    let program = v.program;
    let Some((name, function)) = program.functions.get_key_value(name) else {
        return;
    };
    let body = &function.body;
    if !body.is_within(MAX_DEPTH) {
        let message = format!("an expression nests deeper than {MAX_DEPTH}");
        return v.report("expr-depth", name.clone(), body.span, message);
    }
    let mut reads = None;
    body.walk(&mut |expr| {
        if matches!(expr.kind, ExprKind::Column(_)) {
            reads.get_or_insert(expr.span);
        }
    });
    if let Some(span) = reads {
        let message = "it reads a column".to_string();
        return v.report("function-body", name.clone(), span, message);
    }
    Checker {
        scope: Scope::of_function(program, &function.parameters),
        owner: name,
        bound: (0..function.parameters.len()).collect(),
        v,
    }
    .expr(body);
}

struct Checker<'a, 'b> {
    v: &'b mut Verifier<'a>,
    /// The node or function that it is in.
    owner: &'a str,
    scope: Scope<'a>,
    bound: BTreeSet<usize>,
}

impl Checker<'_, '_> {
    fn error(&mut self, invariant: &'static str, expr: &Expr, message: impl Into<String>) {
        let owner = self.owner.to_string();
        self.v.report(invariant, owner, expr.span, message.into());
    }

    fn block(&mut self, block: &crate::Block) {
        for condition in &block.conditions {
            self.expr(condition);
            self.bool(condition);
        }
        for output in &block.outputs {
            self.expr(output);
        }
    }

    fn bool(&mut self, expr: &Expr) {
        if expr.ty != Type::Bool {
            let message = format!("a condition is {}, not Bool", expr.ty);
            self.error("condition-bool", expr, message);
        }
    }

    /// The type of what a generator over this expression yields.
    fn element(&mut self, collection: &Expr) -> Type {
        collection.ty.element().unwrap_or_else(|| {
            let message = format!("{} has no elements to take", collection.ty);
            self.error("generator", collection, message);
            Type::unit()
        })
    }

    fn bind(&mut self, expr: &Expr, local: usize, ty: Type) {
        if !self.bound.insert(local) {
            self.error("local-once", expr, format!("${local} is bound twice"));
        }
        self.scope.bind(local, ty);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Column(index) => {
                let width = self.scope.columns.len();
                if *index >= width {
                    let message = format!("there is no column #{index}; {width} come in");
                    return self.error("column-range", expr, message);
                }
            }
            ExprKind::Local(local) => {
                if self.scope.local(*local).is_none() {
                    let message = format!("${local} is not bound here");
                    return self.error("local-scope", expr, message);
                }
            }
            ExprKind::Constant(value) => {
                let is_defined =
                    !matches!(&expr.ty, Type::Named(name) if !self.scope.types.contains_key(name));
                if is_defined && !value.is_of(&expr.ty, self.scope.types) {
                    let message = format!("the constant is not a value of {}", expr.ty);
                    self.error("constant-type", expr, message);
                }
                return;
            }
            ExprKind::Param(name) => {
                if !self.scope.params.contains_key(name) {
                    let message = format!("there is no parameter {name}");
                    return self.error("param-declared", expr, message);
                }
            }
            ExprKind::Call(function, arguments) => {
                arguments.iter().for_each(|argument| self.expr(argument));
                if let Some(message) = self.out_of_range(function, arguments) {
                    return self.error("enum-range", expr, message);
                }
                if is_undefined(function, arguments, &self.scope) {
                    return;
                }
            }
            ExprKind::Invoke(name, arguments) => {
                arguments.iter().for_each(|argument| self.expr(argument));
                if !self.scope.functions.contains_key(name) {
                    let message = format!("there is no function {name}");
                    return self.error("function-exists", expr, message);
                }
            }
            ExprKind::If(parts) => {
                parts.iter().for_each(|part| self.expr(part));
                if parts[0].ty != Type::Bool {
                    return self.bool(&parts[0]);
                }
            }
            ExprKind::Let { local, value, body } => {
                self.expr(value);
                self.bind(value, *local, value.ty.clone());
                self.expr(body);
                self.scope.unbind();
            }
            ExprKind::Comprehension {
                gather,
                clauses,
                element,
            } => self.comprehension(gather, clauses, element),
        }
        match self.scope.type_of(&expr.kind) {
            Some(ty) if ty == expr.ty => {}
            Some(ty) => {
                let message = format!("the expression is {ty}, not {}", expr.ty);
                self.error("expr-type", expr, message);
            }
            None => {
                let message = match &expr.kind {
                    ExprKind::Call(function, arguments) => {
                        let types: Vec<String> =
                            arguments.iter().map(|e| e.ty.to_string()).collect();
                        format!(
                            "{} is not defined at ({})",
                            function.name(),
                            types.join(", ")
                        )
                    }
                    ExprKind::Invoke(name, arguments) => {
                        let types: Vec<String> =
                            arguments.iter().map(|e| e.ty.to_string()).collect();
                        format!("the function {name} does not take ({})", types.join(", "))
                    }
                    _ => "the parts of the expression do not fit".to_string(),
                };
                self.error("expr-type", expr, message);
            }
        }
    }

    fn comprehension(&mut self, gather: &Gather, clauses: &[Clause], element: &Expr) {
        if let Gather::Top(n) = gather {
            self.expr(n);
        }
        let mut bound = 0;
        for clause in clauses {
            let expr = clause.expression();
            self.expr(expr);
            match clause {
                Clause::Each { local, .. } => {
                    let element = self.element(expr);
                    self.bind(expr, *local, element);
                    bound += 1;
                }
                Clause::Let { local, .. } => {
                    self.bind(expr, *local, expr.ty.clone());
                    bound += 1;
                }
                Clause::Filter(_) => self.bool(expr),
            }
        }
        self.expr(element);
        for _ in 0..bound {
            self.scope.unbind();
        }
    }

    /// What is wrong with a number that a function carries.
    fn out_of_range(&self, function: &Function, arguments: &[Expr]) -> Option<String> {
        let argument = arguments.first().map(|argument| &argument.ty);
        let nominal = |name: &str| self.scope.types.get(name);
        let of_argument = match argument {
            Some(Type::Named(name)) => nominal(name),
            _ => None,
        };
        match (function, of_argument) {
            (Function::Variant(name, index), _) => match nominal(name) {
                Some(Nominal::Enum(variants)) if variants.len() <= *index as usize => {
                    Some(format!("{name} has no variant #{index}"))
                }
                _ => None,
            },
            (Function::IsVariant(index), Some(Nominal::Enum(variants)))
                if variants.len() <= *index as usize =>
            {
                Some(format!("there is no variant #{index}"))
            }
            (Function::Payload(variant, part), Some(Nominal::Enum(variants))) => {
                let payload = variants
                    .get(*variant as usize)
                    .map_or(0, |(_, parts)| parts.len());
                (payload <= *part as usize)
                    .then(|| format!("variant #{variant} has no payload #{part}"))
            }
            (Function::Field(index), Some(Nominal::Record(fields)))
                if fields.len() <= *index as usize =>
            {
                Some(format!("there is no field #{index}"))
            }
            (Function::Field(index), None) => match argument {
                Some(Type::Tuple(parts)) if parts.len() <= *index as usize => {
                    Some(format!("there is no field #{index}"))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a function is about a type that is not defined, which is reported as such.
fn is_undefined(function: &Function, arguments: &[Expr], scope: &Scope) -> bool {
    let name = match function {
        Function::Record(name) | Function::Variant(name, _) => name,
        Function::Field(_) | Function::IsVariant(_) | Function::Payload(..) => {
            match arguments.first().map(|argument| &argument.ty) {
                Some(Type::Named(name)) => name,
                _ => return false,
            }
        }
        _ => return false,
    };
    !scope.types.contains_key(name)
}
