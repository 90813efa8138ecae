//! Functions: checked where they are declared, put in place where they are called.
//!
//! Invariant: no function calls itself, directly or not, so putting them in place ends.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::Type;

use super::Checker;
use super::body::{Body, Place};
use super::expr::bind_in;
use super::names::Def;
use super::pattern::Taken;
use super::types::{is_poisoned, poison, show};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Expr, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ExprKind, Name};

/// A function with what is known of it.
pub(super) struct Definition<'a> {
    pub(super) module: usize,
    pub(super) item: &'a ast::Function,
    /// Qualified name.
    name: String,
    parameters: Vec<Type>,
    result: Type,
    /// Something in it is wrong, and has been reported.
    is_broken: bool,
}

impl<'a> Definition<'a> {
    pub(super) fn new(module: usize, item: &'a ast::Function, name: String) -> Self {
        Self {
            module,
            item,
            name,
            parameters: Vec::new(),
            result: poison(),
            is_broken: false,
        }
    }
}

impl<'a> Checker<'a> {
    /// Checks every function where it is declared.
    pub(super) fn check_functions(&mut self) {
        for index in 0..self.functions.len() {
            let (module, item) = (self.functions[index].module, self.functions[index].item);
            let signature = &item.signature;
            let names = signature.columns.iter().map(|column| &column.name);
            self.refuse_doubles(module, names, "parameter");
            let parameters = signature
                .columns
                .iter()
                .map(|column| self.resolve_type(module, &column.ty))
                .collect();
            let result = match &signature.result {
                Some(result) => self.resolve_type(module, result),
                None => self.missing_result(module, &signature.name),
            };
            let definition = &mut self.functions[index];
            definition.parameters = parameters;
            definition.result = result;
        }
        self.refuse_recursion();
        for index in 0..self.functions.len() {
            self.check_function(index);
        }
    }

    pub(super) fn missing_result(&mut self, module: usize, name: &Name) -> Type {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::MISSING_RESULT,
                file,
                name.span,
                format!("the function `{}` does not say what it gives", name.text),
            )
            .label("`-> Type` is missing after the parameters")
            .help("write `-> Int {`, for example"),
        );
        poison()
    }

    fn check_function(&mut self, index: usize) {
        let definition = &self.functions[index];
        if definition.is_broken {
            return;
        }
        let (module, item) = (definition.module, definition.item);
        let (parameters, result) = (definition.parameters.clone(), definition.result.clone());
        let mut body = Body::new(self, module, Place::Function);
        for (column, ty) in item.signature.columns.iter().zip(parameters) {
            body.parameter(column.name.as_str(), ty, column.name.span);
        }
        let value = body.block(&item.body, Some(&result).filter(|ty| !is_poisoned(ty)));
        body.coerce(value, &result, item.body.result.span);
        body.finish(item.signature.name.span);
        let is_broken = body.is_tainted;
        self.functions[index].is_broken = is_broken;
    }

    /// Reports functions that call themselves, each circle once.
    fn refuse_recursion(&mut self) {
        let calls: Vec<BTreeSet<usize>> = (0..self.functions.len())
            .map(|index| {
                let mut names = BTreeSet::new();
                called_in_block(&self.functions[index].item.body, &mut names);
                let module = self.functions[index].module;
                let defs = names
                    .iter()
                    .filter_map(|name| self.function_named(module, name));
                defs.collect()
            })
            .collect();
        let mut order: Vec<usize> = (0..self.functions.len()).collect();
        order.sort_by(|a, b| self.functions[*a].name.cmp(&self.functions[*b].name));
        for start in order {
            if self.functions[start].is_broken {
                continue;
            }
            let Some(circle) = circle(start, &calls) else {
                continue;
            };
            let names: Vec<String> = circle
                .iter()
                .map(|index| self.functions[*index].item.signature.name.text.to_string())
                .collect();
            let definition = &self.functions[start];
            let name = &definition.item.signature.name;
            let message = match names.as_slice() {
                [only] => format!("the function `{only}` calls itself"),
                [first, rest @ ..] => {
                    format!(
                        "the function `{first}` calls itself, through `{}`",
                        rest.join("`, `")
                    )
                }
                [] => continue,
            };
            let mut diagnostic = Diagnostic::error(
                codes::RECURSIVE_FUNCTION,
                self.file(definition.module),
                name.span,
                message,
            )
            .label("calls itself")
            .note("Functions always end, so they may not call themselves; only rules recurse.")
            .help("write the recursion as a view, or go over a list with a comprehension");
            for index in circle.iter().skip(1) {
                let other = &self.functions[*index];
                let (file, span) = (self.file(other.module), other.item.signature.name.span);
                diagnostic = diagnostic.and_in(file, span, "on the way");
            }
            self.report(diagnostic);
            for index in circle {
                self.functions[index].is_broken = true;
            }
        }
    }

    fn function_named(&self, module: usize, path: &[String]) -> Option<usize> {
        let (name, before) = path.split_last()?;
        let home = match before {
            [] => module,
            [first] => match self.scopes[module].modules.get(first)?.def {
                Def::Module(index) => index,
                _ => return None,
            },
            _ => return None,
        };
        match self.scopes[home].callables.get(name)?.def {
            Def::Function(index) => Some(index),
            _ => None,
        }
    }
}

/// The shortest way from a function back to itself.
fn circle(start: usize, calls: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut caller: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &next in &calls[at] {
            if next == start {
                let mut circle = vec![at];
                let mut at = at;
                while at != start {
                    at = *caller.get(&at)?;
                    circle.push(at);
                }
                circle.reverse();
                return Some(circle);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = caller.entry(next) {
                entry.insert(at);
                queue.push_back(next);
            }
        }
    }
    None
}

type Called = BTreeSet<Vec<String>>;

fn called_in_block(block: &ast::Block, names: &mut Called) {
    for binding in &block.lets {
        called_in(&binding.value, names);
    }
    called_in(&block.result, names);
}

fn called_in_arguments(arguments: &ast::Arguments, names: &mut Called) {
    for argument in &arguments.items {
        called_in(&argument.value, names);
    }
    if let Some(comprehension) = &arguments.comprehension {
        called_in_comprehension(comprehension, names);
    }
}

fn called_in_comprehension(comprehension: &ast::Comprehension, names: &mut Called) {
    called_in(&comprehension.element, names);
    for condition in &comprehension.conditions {
        match &condition.kind {
            ast::ConditionKind::Atom { atom, .. } => {
                if let Some(call) = atom.to_call() {
                    called_in(&call, names);
                }
            }
            ast::ConditionKind::In { collection, .. } => called_in(collection, names),
            ast::ConditionKind::Let { value, .. } => called_in(value, names),
            ast::ConditionKind::Test(test) => called_in(test, names),
            ast::ConditionKind::Error => {}
        }
    }
}

fn called_in(expr: &ast::Expr, names: &mut Called) {
    match &expr.kind {
        ExprKind::Call {
            function,
            arguments,
        } => {
            names.insert(vec![function.text.to_string()]);
            called_in_arguments(arguments, names);
        }
        ExprKind::Method {
            receiver,
            name,
            arguments,
        } => {
            if let ExprKind::Name(module) = &receiver.kind {
                names.insert(vec![module.text.to_string(), name.text.to_string()]);
            }
            called_in(receiver, names);
            called_in_arguments(arguments, names);
        }
        ExprKind::Field { receiver, .. } => called_in(receiver, names),
        ExprKind::Record { fields, .. } => {
            for field in fields {
                called_in(&field.value, names);
            }
        }
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            for part in parts {
                called_in(part, names);
            }
        }
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                called_in(key, names);
                called_in(value, names);
            }
        }
        ExprKind::ListOf(comprehension) | ExprKind::SetOf(comprehension) => {
            called_in_comprehension(comprehension, names);
        }
        ExprKind::MapOf { key, value } => {
            called_in(key, names);
            called_in_comprehension(value, names);
        }
        ExprKind::Unary { operand, .. } => called_in(operand, names),
        ExprKind::Binary { left, right, .. } => {
            called_in(left, names);
            called_in(right, names);
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            called_in(condition, names);
            called_in_block(then, names);
            called_in_block(otherwise, names);
        }
        ExprKind::Match { subject, arms } => {
            called_in(subject, names);
            for arm in arms {
                called_in(&arm.body, names);
            }
        }
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Wildcard | ExprKind::Error => {}
    }
}

impl Body<'_, '_> {
    /// A call of a function of the program: its body, with the arguments bound before it.
    #[inline(never)]
    pub(super) fn call_function(
        &mut self,
        index: usize,
        name: &Name,
        arguments: &[Argument<ast::Expr>],
        span: Span,
    ) -> Expr {
        let definition = &self.checker.functions[index];
        let (module, item) = (definition.module, definition.item);
        let (types, result) = (definition.parameters.clone(), definition.result.clone());
        let is_broken = definition.is_broken;
        let columns = &item.signature.columns;
        let parameters: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let Some(found) = self.arrange(name.as_str(), &parameters, arguments, span) else {
            return self.poison_of(&result, span);
        };
        let values: Vec<Expr> = found
            .iter()
            .zip(&types)
            .map(|(argument, ty)| self.check(argument, ty))
            .collect();
        if is_broken || types.len() != values.len() {
            return self.poison_of(&result, span);
        }
        let mut scope: Vec<(String, VariableId)> = Vec::new();
        let mut bindings = Vec::new();
        for ((column, ty), value) in columns.iter().zip(types).zip(values) {
            let id = self.fresh(ty, value_span(&value));
            self.variables[id].name = column.name.as_str().to_owned();
            scope.push((column.name.as_str().to_owned(), id));
            bindings.push((id, value));
        }
        let body = self.isolated(module, scope, |body| {
            let value = body.block(&item.body, Some(&result));
            body.coerce(value, &result, item.body.result.span)
        });
        if self.muted == 0 {
            self.report_too_large(span);
        }
        bindings
            .into_iter()
            .rev()
            .fold(body, |body, (id, value)| bind_in(id, value, body))
    }

    /// An expression that stands for something wrong whose type is known all the same.
    pub(super) fn poison_of(&mut self, ty: &Type, span: Span) -> Expr {
        let mut poison = self.poison(span);
        poison.ty = ty.clone();
        poison
    }

    /// `let pattern = value;` of a block.
    #[inline(never)]
    pub(super) fn block_let(&mut self, binding: &ast::Let, bindings: &mut Vec<(VariableId, Expr)>) {
        let value = self.infer_known(&binding.value, None);
        if let ast::PatternKind::Name(name) = &binding.pattern.kind {
            if self.is_bound(name.as_str()) {
                self.bound_again(name);
                return;
            }
            let id = self.bind(name.as_str(), value.ty.clone(), name.span);
            bindings.push((id, value));
            return;
        }
        let ty = value.ty.clone();
        let id = self.fresh(ty.clone(), binding.value.span);
        bindings.push((id, value));
        let subject = self.read(id, binding.value.span);
        let mut taken = Taken::default();
        self.take_apart(&binding.pattern, subject, &mut taken);
        for (name, value) in taken.binds {
            let id = self.bind(name.as_str(), value.ty.clone(), name.span);
            bindings.push((id, value));
        }
        if !taken.tests.is_empty() && !is_poisoned(&ty) {
            let diagnostic = self
                .error(
                    codes::REFUTABLE_LET,
                    binding.pattern.span,
                    format!("this pattern does not fit every `{}`", show(&ty)),
                )
                .label("may not fit")
                .note("A function always has a value, so its `let` must always fit.")
                .help("use `match` with a case for the rest");
            self.report(diagnostic);
        }
    }

    fn bound_again(&mut self, name: &Name) {
        let diagnostic = self
            .error(
                codes::REFUTABLE_LET,
                name.span,
                format!("`{}` already has a value here", name.text),
            )
            .label("bound before")
            .note("A variable never changes; a second `let` would be a test of equality.")
            .help("choose another name");
        self.report(diagnostic);
    }
}

fn value_span(value: &Expr) -> Span {
    Span::new(value.span.start, value.span.end)
}
