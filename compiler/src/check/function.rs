//! Functions: checked where they are declared, put in place where they are called.
//!
//! Invariant: a function that calls itself, directly or not, is called by name and not put in place, so
//! that putting in place ends; and it is known to end (see [`super::termination`]). Functions of
//! lattices and `monotone` ones are called by name, too, because their laws are about them.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::Type;

use super::Checker;
use super::body::{Body, Place};
use super::names::Def;
use super::pattern::Taken;
use super::termination;
use super::types::{is_poisoned, poison, show};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Expr, FunctionDefinition, Order, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Name};

/// A function with what is known of it.
pub(super) struct Definition<'a> {
    pub(super) module: usize,
    pub(super) item: &'a ast::Function,
    /// Qualified name.
    pub(super) name: String,
    /// Types of the parameters; type parameters are rigid.
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
    /// Called by name, not put in place.
    pub(super) is_by_name: bool,
    /// Something in it is wrong, and has been reported.
    pub(super) is_broken: bool,
}

impl<'a> Definition<'a> {
    pub(super) fn new(module: usize, item: &'a ast::Function, name: String) -> Self {
        Self {
            module,
            item,
            name,
            parameters: Vec::new(),
            result: poison(),
            is_by_name: item.monotone.is_some(),
            is_broken: false,
        }
    }
}

impl<'a> Checker<'a> {
    /// Gives every function its types, and finds those that call themselves.
    pub(super) fn declare_functions(&mut self) {
        self.declare_intrinsics_types();
        for index in 0..self.functions.len() {
            let (module, item) = (self.functions[index].module, self.functions[index].item);
            let signature = &item.signature;
            let names = signature.columns.iter().map(|column| &column.name);
            self.refuse_doubles(module, names, "parameter");
            let owner = format!("f{index}");
            let bindings = self.rigid_types(module, &item.generics, &owner);
            let (parameters, result) = self.with_types(bindings, |checker| {
                let parameters = signature
                    .columns
                    .iter()
                    .map(|column| checker.resolve_type(module, &column.ty))
                    .collect();
                let result = match &signature.result {
                    Some(result) => checker.resolve_type(module, result),
                    None => checker.missing_result(module, &signature.name),
                };
                (parameters, result)
            });
            let definition = &mut self.functions[index];
            definition.parameters = parameters;
            definition.result = result;
        }
        self.find_recursion();
    }

    /// Checks every function where it is declared.
    pub(super) fn check_functions(&mut self) {
        for index in 0..self.functions.len() {
            let definition = &self.functions[index];
            // The library has tests of its own; what a program uses of it is checked where it is used.
            if self.modules[definition.module].is_library && !definition.is_by_name {
                continue;
            }
            self.check_function(index);
        }
        self.check_lattices();
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
        let (parameters, result) = (definition.parameters.clone(), definition.result.clone());
        let is_by_name = definition.is_by_name && definition.item.generics.is_empty();
        let name = definition.name.clone();
        let made = self.function_body(index, &parameters, &result, true);
        match made {
            None => self.functions[index].is_broken = true,
            Some(made) if is_by_name => _ = self.program.functions.insert(name, made),
            Some(_) => {}
        }
    }

    /// A function checked at these types; `None` if something in it is wrong. What is wrong with a
    /// copy has been reported where the function is declared.
    pub(super) fn function_body(
        &mut self,
        index: usize,
        parameters: &[Type],
        result: &Type,
        is_declaration: bool,
    ) -> Option<FunctionDefinition> {
        let (module, item) = (self.functions[index].module, self.functions[index].item);
        let monotone = item.monotone.map(|_| self.orders(module, item));
        let mut body = Body::new(self, module, Place::Function);
        body.muted = usize::from(!is_declaration);
        let columns = item.signature.columns.iter();
        let ids = columns
            .zip(parameters)
            .map(|(column, ty)| body.parameter(column.name.as_str(), ty.clone(), column.name.span))
            .collect();
        let value = body.block(&item.body, Some(result).filter(|ty| !is_poisoned(ty)));
        let value = body.coerce(value, result, item.body.result.span);
        if is_declaration {
            body.finish(item.signature.name.span);
        }
        let span = body.span(item.signature.name.span);
        (!body.is_tainted).then(|| FunctionDefinition {
            parameters: ids,
            variables: std::mem::take(&mut body.variables),
            body: value,
            monotone,
            span,
        })
    }

    /// The orders of the parameters of a `monotone fn`, then that of its result.
    fn orders(&mut self, module: usize, item: &ast::Function) -> Vec<Order> {
        let columns = item.signature.columns.iter().map(|column| &column.ty);
        let types: Vec<&ast::Type> = columns.chain(&item.signature.result).collect();
        types
            .into_iter()
            .map(|ty| match &ty.kind {
                ast::TypeKind::Named { path, .. } => match self.type_path(module, path) {
                    Some(Def::Lattice(index)) => Order::Lattice(self.lattices[index].name.clone()),
                    _ => Order::Natural,
                },
                _ => Order::Natural,
            })
            .collect()
    }

    /// Finds functions that call themselves: those that end are called by name, all others are
    /// reported, each circle once.
    fn find_recursion(&mut self) {
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
            let component = component(start, &calls);
            for index in &component {
                self.functions[*index].is_by_name = true;
            }
            let calling = |path: &[String], from: usize| {
                let module = self.functions[from].module;
                self.function_named(module, path)
            };
            let items = component
                .iter()
                .map(|index| (*index, self.functions[*index].item))
                .collect();
            if termination::ends(&items, &calling) {
                continue;
            }
            self.refuse_recursion(start, &circle);
            for index in component {
                self.functions[index].is_broken = true;
            }
        }
    }

    fn refuse_recursion(&mut self, start: usize, circle: &[usize]) {
        let names: Vec<String> = circle
            .iter()
            .map(|index| self.functions[*index].item.signature.name.text.to_string())
            .collect();
        let definition = &self.functions[start];
        let name = &definition.item.signature.name;
        let message = match names.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                format!(
                    "the function `{first}` calls itself, through `{}`, and may never end",
                    rest.join("`, `")
                )
            }
            _ => format!(
                "the function `{}` calls itself, and may never end",
                name.text
            ),
        };
        let mut diagnostic = Diagnostic::error(
            codes::RECURSIVE_FUNCTION,
            self.file(definition.module),
            name.span,
            message,
        )
        .label("may never end")
        .note("A function may call itself on parts of what it got: what a pattern, a field or `x in xs` takes out of one of its parameters, the same one in each call.")
        .help("hand over a part of the value, write the recursion as a view, or go over a list with a comprehension");
        for index in circle.iter().skip(1) {
            let other = &self.functions[*index];
            let (file, span) = (self.file(other.module), other.item.signature.name.span);
            diagnostic = diagnostic.and_in(file, span, "on the way");
        }
        self.report(diagnostic);
    }

    /// The function that a call names: `f`, `module.f`, `Lattice.f`.
    fn function_named(&self, module: usize, path: &[String]) -> Option<usize> {
        let (name, before) = path.split_last()?;
        let def = match before {
            [] => self.scopes[module].callables.get(name)?.def.clone(),
            [first] if first.starts_with(char::is_uppercase) => {
                match self.scopes[module].types.get(first)?.def {
                    Def::Lattice(index) => self.lattice_function(index, name)?,
                    _ => return None,
                }
            }
            [first] => match self.scopes[module].modules.get(first)?.def {
                Def::Module(index) => self.scopes[index].callables.get(name)?.def.clone(),
                _ => return None,
            },
            _ => return None,
        };
        match def {
            Def::Function(index) => Some(index),
            _ => None,
        }
    }
}

/// The functions that a function calls and that call it, directly or not, itself included; ascending.
fn component(start: usize, calls: &[BTreeSet<usize>]) -> Vec<usize> {
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut queue = vec![from];
        while let Some(at) = queue.pop() {
            queue.extend(calls[at].iter().filter(|next| seen.insert(**next)));
        }
        seen
    };
    let reached = reach(start);
    let back = |index: &&usize| reach(**index).contains(&start);
    reached.iter().filter(back).copied().collect()
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

pub(super) type Called = BTreeSet<Vec<String>>;

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
