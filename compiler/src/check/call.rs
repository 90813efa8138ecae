//! Calls: functions of the program and of the library, members.

use sheaf_ir::{Function, Type};

use super::body::Body;
use super::expr::path_of;
use super::generic::Bindings;
use super::library::{self, AGGREGATES};
use super::names::Def;
use super::suggest::nearest;
use super::types::{MAX_PLACES, has_hole, is_poisoned, show};
use crate::diagnostic::codes;
use crate::hir::Expr;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Arguments, Name};

impl Body<'_, '_> {
    #[inline(never)]
    pub(super) fn infer_call(
        &mut self,
        name: &Name,
        arguments: &Arguments,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if name.is_upper() {
            let arguments: Vec<&ast::Expr> = self.payload(arguments);
            return self.construct(std::slice::from_ref(name), &arguments, hint, span);
        }
        if let Some(comprehension) = &arguments.comprehension {
            return self.aggregate(name, &arguments.items, comprehension, hint, span);
        }
        match self.checker.callable(self.module, name.as_str()) {
            Some(Def::Function(index)) => {
                self.call_function(index, name, None, &arguments.items, hint, span)
            }
            Some(Def::Intrinsic(index)) => self.call_intrinsic(index, None, arguments, hint, span),
            Some(Def::Foreign(function)) => {
                self.call_foreign(&function, name, &arguments.items, span)
            }
            Some(Def::Relation(_)) => self.relation_as_value(name, span),
            Some(_) => self.poison(span),
            None if AGGREGATES.contains(&name.as_str()) => self.bare_aggregate(name, span),
            None => {
                self.unknown_function(name);
                self.poison(span)
            }
        }
    }

    fn payload<'e>(&mut self, arguments: &'e Arguments) -> Vec<&'e ast::Expr> {
        arguments
            .items
            .iter()
            .map(|argument| &argument.value)
            .collect()
    }

    fn unknown_function(&mut self, name: &Name) {
        self.is_tainted = true;
        if self.muted == 0 {
            self.checker.unknown_callable(self.module, name);
        }
    }

    #[inline(never)]
    fn relation_as_value(&mut self, name: &Name, span: Span) -> Expr {
        let diagnostic = self
            .error(
                codes::RELATION_AS_VALUE,
                name.span,
                format!("`{}` is a relation, not a value", name.text),
            )
            .label("a relation")
            .note("A relation holds rows; a condition reads them.")
            .help(format!(
                "write `{0}(…)` as a condition of its own, `{0}(…) -> x` to read a value, or aggregate: `count(1 for {0}(…))`",
                name.text
            ));
        self.report(diagnostic);
        self.poison(span)
    }

    #[inline(never)]
    fn bare_aggregate(&mut self, name: &Name, span: Span) -> Expr {
        let diagnostic = self
            .error(
                codes::WRONG_ARGUMENTS,
                span,
                format!(
                    "`{}` needs to know over what: `e for conditions`",
                    name.text
                ),
            )
            .label("over what?")
            .help(format!("write `{}(x for x in xs)`, for example", name.text));
        self.report(diagnostic);
        self.poison(span)
    }

    /// `receiver.name(arguments)`
    #[inline(never)]
    pub(super) fn method(
        &mut self,
        receiver: &ast::Expr,
        name: &Name,
        arguments: &Arguments,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some(path) = path_of(receiver)
            && (path[0].is_upper() || self.is_module(&path[0]))
        {
            return self.call_path(path, name, arguments, hint, span);
        }
        if let ast::ExprKind::Call { function, .. } = &receiver.kind
            && function.is_upper()
            && self.checker.type_name(self.module, function.as_str()) == Some(Def::Silent)
        {
            return self.poison(span);
        }
        if let Some(comprehension) = &arguments.comprehension {
            let diagnostic = self
                .error(
                    codes::WRONG_ARGUMENTS,
                    comprehension.span,
                    format!("`{}` is not an aggregate", name.text),
                )
                .label("`e for …` has no meaning here")
                .help("write `[e for …]` for a list");
            self.report(diagnostic);
            return self.poison(span);
        }
        let value = self.infer(receiver, receiver_hint(name.as_str(), hint).as_ref());
        if is_poisoned(&value.ty) {
            return self.poison(span);
        }
        match self.checker.member(&value.ty, name.as_str()) {
            Some(Def::Intrinsic(index)) => {
                self.call_intrinsic(index, Some((receiver, value)), arguments, hint, span)
            }
            Some(Def::Function(index)) => {
                let receiver = Some((receiver, value));
                self.call_function(index, name, receiver, &arguments.items, hint, span)
            }
            _ => {
                self.unknown_member(&value.ty, name);
                self.poison(span)
            }
        }
    }

    #[inline(never)]
    fn unknown_member(&mut self, ty: &Type, name: &Name) {
        let message = format!("`{}` has no member `{}`", show(ty), name.text);
        let diagnostic = self
            .error(codes::UNKNOWN_FIELD, name.span, message)
            .label("not known");
        let known: Vec<&str> = library::homes(ty)
            .into_iter()
            .flat_map(library::names_in)
            .collect();
        let foreign = library::foreign(name.as_str()).filter(|near| known.contains(near));
        let near = foreign.or_else(|| nearest(name.as_str(), known.iter().copied()));
        let elsewhere = library::modules_with(name.as_str());
        let is_function = matches!(
            self.checker.callable(self.module, name.as_str()),
            Some(Def::Function(_))
        );
        self.report(match near {
            _ if is_function => diagnostic.help(format!(
                "`{0}` is a function of this file: write `{0}(…)`",
                name.text
            )),
            _ if !elsewhere.is_empty() => diagnostic.help(format!(
                "`{}` is a function of `std.{}`",
                name.text,
                elsewhere.join("`, `std.")
            )),
            Some(near) => diagnostic.fix(
                format!("did you mean `{near}`?"),
                name.span,
                near.to_owned(),
            ),
            None => diagnostic.help("members are functions of the standard library"),
        });
    }

    /// `a.b.name(arguments)`, where `a` is a module, an enum or a service.
    #[inline(never)]
    fn call_path(
        &mut self,
        mut path: Vec<Name>,
        name: &Name,
        arguments: &Arguments,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if name.is_upper() {
            path.push(name.clone());
            let arguments = self.payload(arguments);
            return self.construct(&path, &arguments, hint, span);
        }
        if path[0].as_str() == "std" {
            let inner: Vec<&str> = path[1..].iter().map(Name::as_str).collect();
            return match self
                .checker
                .library_function(&inner.join("."), name.as_str())
            {
                Some(Def::Intrinsic(index)) => {
                    self.call_intrinsic(index, None, arguments, hint, span)
                }
                Some(Def::Function(index)) => {
                    self.call_function(index, name, None, &arguments.items, hint, span)
                }
                _ => {
                    self.is_tainted = true;
                    if self.muted == 0 {
                        self.checker.unknown_std(self.module, &path, name);
                    }
                    self.poison(span)
                }
            };
        }
        let def = match self.checker.through_module(self.module, &path) {
            Some((other, [])) => match self.checker.public_callable(self.module, other, name) {
                None if self.checker.scopes[other].is_open => Some(Def::Silent),
                def => def,
            },
            _ if path[0].is_upper() => {
                match self.checker.type_name(self.module, path[0].as_str()) {
                    Some(Def::Lattice(index)) if path.len() == 1 => {
                        self.checker.lattice_function(index, name.as_str())
                    }
                    def => def.filter(|def| *def == Def::Silent),
                }
            }
            _ => None,
        };
        match def {
            Some(Def::Function(index)) => {
                self.call_function(index, name, None, &arguments.items, hint, span)
            }
            Some(Def::Intrinsic(index)) => self.call_intrinsic(index, None, arguments, hint, span),
            Some(Def::Foreign(function)) => {
                self.call_foreign(&function, name, &arguments.items, span)
            }
            Some(Def::Relation(_)) => self.relation_as_value(name, span),
            Some(_) => self.poison(span),
            None => {
                let names: Vec<&str> = path.iter().map(Name::as_str).collect();
                if !self.checker.scopes[self.module].is_open {
                    let diagnostic = self
                        .error(
                            codes::UNKNOWN_NAME,
                            name.span,
                            format!("`{}` has no `{}`", names.join("."), name.text),
                        )
                        .label("not declared there")
                        .help("look it up where it is declared, or `use` another module");
                    self.report(diagnostic);
                }
                self.poison(span)
            }
        }
    }

    /// Arguments in the order of the parameters; reports what does not fit.
    #[inline(never)]
    pub(super) fn arrange<'e>(
        &mut self,
        name: &str,
        parameters: &[&str],
        arguments: &'e [Argument<ast::Expr>],
        span: Span,
    ) -> Option<Vec<&'e ast::Expr>> {
        let mut places: Vec<Option<&'e ast::Expr>> = vec![None; parameters.len()];
        let mut positional = 0;
        for argument in arguments {
            let index = match &argument.name {
                None => {
                    positional += 1;
                    positional - 1
                }
                Some(given) => match parameters.iter().position(|p| *p == given.as_str()) {
                    Some(index) => index,
                    None => {
                        let diagnostic = self
                            .error(
                                codes::WRONG_ARGUMENTS,
                                given.span,
                                format!("`{name}` has no parameter `{}`", given.text),
                            )
                            .label("no such parameter");
                        let near = nearest(given.as_str(), parameters.iter().copied());
                        let diagnostic = match near {
                            Some(near) => diagnostic.fix(
                                format!("did you mean `{near}`?"),
                                given.span,
                                near.to_owned(),
                            ),
                            None => diagnostic
                                .help(format!("its parameters are `{}`", parameters.join("`, `"))),
                        };
                        self.report(diagnostic);
                        return None;
                    }
                },
            };
            match places.get_mut(index) {
                Some(place @ None) => *place = Some(&argument.value),
                Some(Some(_)) => {
                    let diagnostic = self
                        .error(
                            codes::WRONG_ARGUMENTS,
                            argument.span,
                            format!("`{name}` gets `{}` twice", parameters[index]),
                        )
                        .label("the second time")
                        .help("remove one of them");
                    self.report(diagnostic);
                    return None;
                }
                None => break,
            }
        }
        let found: Option<Vec<&ast::Expr>> = places.into_iter().collect();
        if let Some(found) = found.filter(|_| arguments.len() == parameters.len()) {
            return Some(found);
        }
        let needs = match parameters.len() {
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        let diagnostic = self
            .error(
                codes::WRONG_ARGUMENTS,
                span,
                format!("`{name}` needs {needs}, and there are {}", arguments.len()),
            )
            .label(format!("{} of {}", arguments.len(), parameters.len()))
            .help(match parameters {
                [] => format!("write `{name}()`"),
                _ => format!("its parameters are `{}`", parameters.join("`, `")),
            });
        self.report(diagnostic);
        None
    }

    /// A call of a function that the IR has.
    #[inline(never)]
    fn call_intrinsic(
        &mut self,
        index: usize,
        receiver: Option<(&ast::Expr, Expr)>,
        arguments: &Arguments,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let intrinsic = &self.checker.intrinsics[index];
        let (name, function) = (intrinsic.name(), intrinsic.function.clone());
        let (types, result) = (intrinsic.parameters.clone(), intrinsic.result.clone());
        let columns = intrinsic.member.signature.columns.iter();
        let parameters: Vec<&str> = columns
            .skip(usize::from(receiver.is_some()))
            .map(|column| column.name.as_str())
            .collect();
        let Some(found) = self.arrange(name, &parameters, &arguments.items, span) else {
            return self.poison(span);
        };
        let first = receiver.as_ref().map(|(part, _)| *part);
        let parts: Vec<&ast::Expr> = first.into_iter().chain(found).collect();
        let mut weak = Bindings::new();
        if let Some(hint) = hint {
            self.checker.infer_types(&result, hint, &mut weak);
        }
        let mut bindings = Bindings::new();
        let receiver = receiver.map(|(_, value)| value);
        let values = self.infer_arguments(name, receiver, &parts, &types, &weak, &mut bindings);
        let Some(values) = values else {
            return self.poison(span);
        };
        let mut settled = Vec::new();
        for ((value, ty), part) in values.into_iter().zip(&types).zip(&parts) {
            let expected = self.checker.substitute(ty, &bindings);
            let value = match has_hole(&expected) {
                true => value,
                false => self.coerce(value, &expected, part.span),
            };
            settled.push(self.settle(value, part.span));
        }
        let function = match function {
            Function::ToDecimal(_) | Function::ParseDecimal(_) => {
                let places = parts.last().copied().and_then(written_places);
                let Some(places) = places else {
                    let at = parts.last().map_or(span, |part| part.span);
                    let message = format!("the places of `{name}` are not written as a number");
                    let diagnostic = self.error(codes::NOT_DEFINED, at, message);
                    self.report(
                        diagnostic
                            .label(format!("not a number from 0 to {MAX_PLACES}"))
                            .help("the places are part of the type: write `2`, for example"),
                    );
                    return self.poison(span);
                };
                settled.pop();
                match function {
                    Function::ToDecimal(_) => Function::ToDecimal(places),
                    _ => Function::ParseDecimal(places),
                }
            }
            function => function,
        };
        let types: Vec<Type> = settled.iter().map(|value| value.ty.clone()).collect();
        if types.iter().any(is_poisoned) {
            return self.poison(span);
        }
        if function.result_type(&types, &self.checker.types).is_some() {
            return self.call(function, settled, span);
        }
        let shown: Vec<String> = types.iter().map(|ty| format!("`{}`", show(ty))).collect();
        let message = format!("`{name}` is not defined for {}", shown.join(" and "));
        let at = parts.first().map_or(span, |part| part.span);
        let diagnostic = self
            .error(codes::NOT_DEFINED, at, message)
            .label(shown.join(", "));
        let diagnostic = diagnostic.help(match &function {
            Function::ToInt | Function::ToNat | Function::ToFloat => {
                "it converts numbers and strings"
            }
            Function::ToString => "it converts scalars",
            Function::Abs => "it takes numbers",
            _ => "it takes values of other types",
        });
        self.report(diagnostic);
        self.poison(span)
    }
}

/// The places of a Decimal, where they are written as a number.
fn written_places(expr: &ast::Expr) -> Option<u8> {
    match &expr.kind {
        ast::ExprKind::Literal(ast::Literal::Int(places)) if (0..=MAX_PLACES).contains(places) => {
            u8::try_from(*places).ok()
        }
        _ => None,
    }
}

/// What is expected of the receiver of a member that gives what it is called on, or a part of it.
fn receiver_hint(name: &str, hint: Option<&Type>) -> Option<Type> {
    match name {
        "or" => hint.map(|hint| Type::Option(Box::new(hint.clone()))),
        "append" | "difference" | "drop" | "intersect" | "reverse" | "slice" | "sort" | "take"
        | "union" => hint.cloned(),
        _ => None,
    }
}
