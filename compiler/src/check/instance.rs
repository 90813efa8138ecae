//! Calls of functions of the program: put in place, or called by name.
//!
//! A generic function is checked once where it is declared, with its type parameters rigid, and once
//! more for each choice of types it is called at.

use sheaf_ir::Type;

use super::Checker;
use super::body::Body;
use super::expr::{bind_in, is_weak};
use super::generic::{Bindings, is_rigid};
use super::types::{has_hole, is_poisoned, qualified, show};
use crate::diagnostic::codes;
use crate::hir::{Expr, ExprKind, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Name};

/// A copy of a function that is called by name, to be made.
pub(super) struct Wanted {
    function: usize,
    /// Its name with its types.
    name: String,
    parameters: Vec<Type>,
    result: Type,
}

impl Checker<'_> {
    /// Makes the copies of functions that are called by name, and those that these call.
    pub(super) fn make_instances(&mut self) {
        while let Some(wanted) = self.wanted.pop() {
            if self.program.functions.contains_key(&wanted.name) {
                continue;
            }
            let made =
                self.function_body(wanted.function, &wanted.parameters, &wanted.result, false);
            if let Some(made) = made {
                self.program.functions.insert(wanted.name, made);
            }
        }
    }
}

impl Body<'_, '_> {
    /// A call of a function of the program. `receiver` is what stands before the dot of a member, with
    /// its value.
    #[inline(never)]
    pub(super) fn call_function(
        &mut self,
        index: usize,
        name: &Name,
        receiver: Option<(&ast::Expr, Expr)>,
        arguments: &[Argument<ast::Expr>],
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let definition = &self.checker.functions[index];
        let (item, is_generic) = (definition.item, !definition.item.generics.is_empty());
        let (types, result) = (definition.parameters.clone(), definition.result.clone());
        let columns = &item.signature.columns;
        let before = usize::from(receiver.is_some()).min(columns.len());
        let parameters: Vec<&str> = columns[before..]
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let Some(found) = self.arrange(name.as_str(), &parameters, arguments, span) else {
            return match is_generic {
                true => self.poison(span),
                false => self.poison_of(&result, span),
            };
        };
        let first = receiver.as_ref().map(|(part, _)| *part);
        let parts: Vec<&ast::Expr> = first.into_iter().chain(found).collect();
        if parts.len() != types.len() {
            return self.poison(span);
        }
        let mut weak = Bindings::new();
        if let Some(hint) = hint.filter(|_| is_generic) {
            self.checker.infer_types(&result, hint, &mut weak);
        }
        let mut bindings = Bindings::new();
        let receiver = receiver.map(|(_, value)| value);
        let text = name.as_str();
        let values = self.infer_arguments(text, receiver, &parts, &types, &weak, &mut bindings);
        let Some(values) = values else {
            return match is_generic {
                true => self.poison(span),
                false => self.poison_of(&result, span),
            };
        };
        if !is_generic {
            return self.apply(index, types, result, values, span);
        }
        weak.append(&mut bindings);
        let bindings = weak;
        let types: Vec<Type> = types
            .iter()
            .map(|ty| self.checker.substitute(ty, &bindings))
            .collect();
        let result = self.checker.substitute(&result, &bindings);
        if types.iter().chain([&result]).any(has_hole) {
            if !values.iter().any(|value| is_poisoned(&value.ty)) && self.muted == 0 {
                self.checker.untold_types(self.module, span, "call");
            }
            return self.poison(span);
        }
        let values = values.into_iter().zip(&types).zip(&parts);
        let values = values
            .map(|((value, ty), part)| self.coerce(value, ty, part.span))
            .collect();
        self.apply(index, types, result, values, span)
    }

    /// Arguments whose types tell what type parameters stand for; literals come last, because they take
    /// the type that the others tell, or that `weak` suggests. The first one may be there already.
    /// `None` if something does not fit, which is reported.
    pub(super) fn infer_arguments(
        &mut self,
        name: &str,
        first: Option<Expr>,
        parts: &[&ast::Expr],
        types: &[Type],
        weak: &Bindings,
        bindings: &mut Bindings,
    ) -> Option<Vec<Expr>> {
        let mut values: Vec<Option<Expr>> = parts.iter().map(|_| None).collect();
        let has_first = first.is_some();
        if let (Some(value), Some(place)) = (first, values.first_mut()) {
            *place = Some(value);
        }
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|index| is_weak(parts[*index]) && !(has_first && *index == 0));
        for index in order {
            let (part, ty) = (parts[index], &types[index]);
            let value = match values[index].take() {
                Some(value) if is_rigid(ty) => value,
                Some(value) => self.coerce(value, ty, part.span),
                None if !is_rigid(ty) => self.check(part, ty),
                None => {
                    let mut expected = self.checker.substitute(ty, bindings);
                    if has_hole(&expected) {
                        let mut all = weak.clone();
                        all.extend(bindings.clone());
                        expected = self.checker.substitute(ty, &all);
                    }
                    let hint = Some(&expected).filter(|ty| !has_hole(ty));
                    self.infer(part, hint)
                }
            };
            if is_rigid(ty) && !self.checker.infer_types(ty, &value.ty, bindings) {
                let expected = self.checker.substitute(ty, bindings);
                let needed = match has_hole(&expected) {
                    true => show(ty),
                    false => show(&expected),
                };
                let found = show(&value.ty);
                let diagnostic = self
                    .error(
                        codes::WRONG_TYPE,
                        part.span,
                        format!("`{name}` needs `{needed}` here, and this is `{found}`"),
                    )
                    .label(format!("`{found}`"));
                let help = super::body::conversion(&value.ty, &expected);
                self.report(
                    match help.filter(|_| !has_hole(&expected) && !is_weak(part)) {
                        Some(help) => diagnostic.help(help),
                        None => diagnostic.help(format!("give a value of type `{needed}`")),
                    },
                );
                return None;
            }
            values[index] = Some(value);
        }
        values.into_iter().collect()
    }

    /// The function at these types, applied.
    fn apply(
        &mut self,
        index: usize,
        types: Vec<Type>,
        result: Type,
        values: Vec<Expr>,
        span: Span,
    ) -> Expr {
        let definition = &self.checker.functions[index];
        let (module, item) = (definition.module, definition.item);
        if definition.is_broken {
            return self.poison_of(&result, span);
        }
        if definition.is_by_name {
            let name = self.named_instance(index, &types, &result);
            return self.expr(ExprKind::Invoke(name, values), result, span);
        }
        let mut scope: Vec<(String, VariableId)> = Vec::new();
        let mut bindings = Vec::new();
        for ((column, ty), value) in item.signature.columns.iter().zip(types).zip(values) {
            let id = self.fresh(ty, Span::new(value.span.start, value.span.end));
            column
                .name
                .as_str()
                .clone_into(&mut self.variables[id].name);
            scope.push((column.name.as_str().to_owned(), id));
            bindings.push((id, value));
        }
        let place = self.span(span);
        let body = self.isolated(module, place, scope, |body| {
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

    /// The name under which a function is called at these types; makes sure that it will be there.
    fn named_instance(&mut self, index: usize, types: &[Type], result: &Type) -> String {
        let definition = &self.checker.functions[index];
        let mut name = definition.name.clone();
        if definition.item.generics.is_empty() {
            return name;
        }
        let shown: Vec<String> = types.iter().chain([result]).map(qualified).collect();
        name = format!("{name}<{}>", shown.join(", "));
        if !types.iter().chain([result]).any(is_rigid)
            && !self.checker.program.functions.contains_key(&name)
        {
            self.checker.wanted.push(Wanted {
                function: index,
                name: name.clone(),
                parameters: types.to_vec(),
                result: result.clone(),
            });
        }
        name
    }
}
