//! Constructors: `None`, `Some(x)`, variants of enums, records.

use sheaf_ir::{Function, Nominal, Type};

use super::body::Body;
use super::generic::{Bindings, TemplateItem};
use super::names::Def;
use super::suggest::nearest;
use super::types::{has_hole, hole, is_poisoned, short_name};
use crate::diagnostic::codes;
use crate::hir::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::ast::{self, FieldValue, Name};

/// What a capitalised name in an expression or pattern makes.
pub(super) enum Constructor {
    None,
    Some,
    /// Enum, index of the variant, types of its payload.
    Variant(String, u32, Vec<Type>),
    /// The same of a generic enum, at its own type parameters: the types are to be found out.
    Generic(usize, String, u32, Vec<Type>),
    /// Belongs to what is broken or not yet run.
    Silent,
}

impl Body<'_, '_> {
    /// A value made by a capitalised name.
    #[inline(never)]
    pub(super) fn construct(
        &mut self,
        path: &[Name],
        arguments: &[&ast::Expr],
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let Some(constructor) = self.constructor(path, hint) else {
            return self.poison(span);
        };
        let name = path.last().map_or("", Name::as_str);
        match constructor {
            Constructor::Silent => self.poison(span),
            Constructor::None => {
                if !self.expect_payload(name, 0, arguments.len(), span) {
                    return self.poison(span);
                }
                let inner = match hint {
                    Some(Type::Option(inner)) => (**inner).clone(),
                    _ => hole(),
                };
                let ty = Type::Option(Box::new(inner.clone()));
                self.expr(ExprKind::Call(Function::None(inner), Vec::new()), ty, span)
            }
            Constructor::Some => {
                let [argument] = arguments else {
                    self.expect_payload(name, 1, arguments.len(), span);
                    return self.poison(span);
                };
                let value = match hint {
                    Some(Type::Option(inner)) if !has_hole(inner) => self.check(argument, inner),
                    _ => self.infer(argument, None),
                };
                let ty = Type::Option(Box::new(value.ty.clone()));
                self.expr(ExprKind::Call(Function::Some, vec![value]), ty, span)
            }
            Constructor::Generic(template, of, index, types) => {
                if !self.expect_payload(name, types.len(), arguments.len(), span) {
                    return self.poison(span);
                }
                let Some((of, values)) =
                    self.infer_copy(template, &of, name, arguments, &types, span)
                else {
                    return self.poison(span);
                };
                let kind = ExprKind::Call(Function::Variant(of.clone(), index), values);
                self.expr(kind, Type::Named(of), span)
            }
            Constructor::Variant(of, index, types) => {
                if !self.expect_payload(name, types.len(), arguments.len(), span) {
                    return self.poison(span);
                }
                let values = arguments.iter().zip(&types);
                let values = values
                    .map(|(argument, ty)| self.check(argument, ty))
                    .collect();
                let kind = ExprKind::Call(Function::Variant(of.clone(), index), values);
                self.expr(kind, Type::Named(of), span)
            }
        }
    }

    pub(super) fn expect_payload(
        &mut self,
        name: &str,
        expected: usize,
        found: usize,
        span: Span,
    ) -> bool {
        if expected == found {
            return true;
        }
        let message = match expected {
            0 => format!("`{name}` carries nothing"),
            1 => format!("`{name}` carries one value, and there are {found}"),
            _ => format!("`{name}` carries {expected} values, and there are {found}"),
        };
        let diagnostic = self
            .error(codes::WRONG_ARGUMENTS, span, message)
            .label(format!("{found} of {expected}"))
            .help(match expected {
                0 => format!("write `{name}` alone"),
                1 => format!("write `{name}(x)`"),
                _ => format!("write `{name}(…)` with {expected} values"),
            });
        self.report(diagnostic);
        false
    }

    /// What a capitalised path makes; reports a wrong one.
    #[inline(never)]
    pub(super) fn constructor(
        &mut self,
        path: &[Name],
        hint: Option<&Type>,
    ) -> Option<Constructor> {
        let (name, before) = path.split_last()?;
        if before.is_empty() {
            return self.bare_constructor(name, hint);
        }
        let path = ast::Path {
            span: before[0].span.to(before[before.len() - 1].span),
            names: before.to_vec(),
        };
        match self.checker.type_path(self.module, &path) {
            Some(Def::Nominal(of)) => match self.variant(&of, name.as_str()) {
                Some(variant) => Some(variant),
                None => {
                    self.unknown_variant(&of, name);
                    None
                }
            },
            Some(Def::Template(index)) => match self.template_variant(index, name.as_str(), hint) {
                Some(variant) => Some(variant),
                None => {
                    let of = self.checker.templates[index].name.clone();
                    self.unknown_variant(&of, name);
                    None
                }
            },
            Some(Def::Silent) => Some(Constructor::Silent),
            Some(_) => {
                self.unknown_constructor(name);
                None
            }
            None if self.checker.scopes[self.module].is_open => Some(Constructor::Silent),
            None => {
                let shown: Vec<&str> = path.names.iter().map(Name::as_str).collect();
                let known: Vec<&str> = self.checker.scopes[self.module]
                    .types
                    .keys()
                    .map(String::as_str)
                    .collect();
                let last = path.last();
                let near = nearest(last.as_str(), known.iter().copied()).map(str::to_owned);
                let diagnostic = self
                    .error(
                        codes::UNKNOWN_TYPE,
                        last.span,
                        format!("there is no type `{}`", shown.join(".")),
                    )
                    .label("not declared");
                self.report(match near {
                    Some(near) => {
                        diagnostic.fix(format!("did you mean `{near}`?"), last.span, near)
                    }
                    None => diagnostic.help("declare it with `enum`"),
                });
                None
            }
        }
    }

    fn bare_constructor(&mut self, name: &Name, hint: Option<&Type>) -> Option<Constructor> {
        match name.as_str() {
            "None" => return Some(Constructor::None),
            "Some" => return Some(Constructor::Some),
            _ => {}
        }
        if let Some(Type::Named(of)) = hint
            && let Some(variant) = self.variant(of, name.as_str())
        {
            self.checker.mark_type_used(self.module, of);
            return Some(variant);
        }
        let mut enums: Vec<String> = self.checker.scopes[self.module]
            .types
            .values()
            .filter_map(|entry| match &entry.def {
                Def::Nominal(of) => Some(of.clone()),
                Def::Template(index) => Some(self.checker.templates[*index].name.clone()),
                _ => None,
            })
            .filter(|of| self.has_variant(of, name.as_str()))
            .collect();
        enums.sort();
        enums.dedup();
        match enums.as_slice() {
            [of] => {
                self.checker.mark_type_used(self.module, of);
                match self.template_index(of) {
                    Some(index) => self.template_variant(index, name.as_str(), hint),
                    None => self.variant(of, name.as_str()),
                }
            }
            [] => match self.checker.type_name(self.module, name.as_str()) {
                Some(Def::Silent) => Some(Constructor::Silent),
                _ if self.checker.scopes[self.module].is_open => Some(Constructor::Silent),
                _ => {
                    self.unknown_constructor(name);
                    None
                }
            },
            [first, ..] => {
                let short: Vec<String> = enums.iter().map(|of| short_name(of)).collect();
                let message = format!(
                    "`{}` is a variant of several enums: `{}`",
                    name.text,
                    short.join("`, `")
                );
                let first = short_name(first);
                let diagnostic = self
                    .error(codes::UNKNOWN_CONSTRUCTOR, name.span, message)
                    .label("which one?")
                    .help(format!("write `{first}.{}`, for example", name.text));
                self.report(diagnostic);
                None
            }
        }
    }

    fn template_index(&self, of: &str) -> Option<usize> {
        let templates = &self.checker.templates;
        templates.iter().position(|template| template.name == of)
    }

    fn has_variant(&self, of: &str, name: &str) -> bool {
        match self.template_index(of) {
            Some(index) => match self.checker.templates[index].item {
                TemplateItem::Enum(item) => item
                    .variants
                    .iter()
                    .any(|variant| variant.name.as_str() == name),
                _ => false,
            },
            None => self.variant(of, name).is_some(),
        }
    }

    /// A variant of a generic enum: of the copy that is expected, or of one to be found out.
    fn template_variant(
        &mut self,
        index: usize,
        name: &str,
        hint: Option<&Type>,
    ) -> Option<Constructor> {
        if let Some(copy) = self.checker.copy_of(index, hint) {
            return self.variant(&copy, name);
        }
        let copy = self.checker.rigid_copy(index)?;
        match self.variant(&copy, name)? {
            Constructor::Variant(of, variant, types) => {
                Some(Constructor::Generic(index, of, variant, types))
            }
            other => Some(other),
        }
    }

    /// The copy of a generic type that parts of these types make, and the parts at their types.
    fn infer_copy(
        &mut self,
        template: usize,
        rigid: &str,
        name: &str,
        parts: &[&ast::Expr],
        types: &[Type],
        span: Span,
    ) -> Option<(String, Vec<Expr>)> {
        let mut bindings = Bindings::new();
        let weak = Bindings::new();
        let values = self.infer_arguments(name, None, parts, types, &weak, &mut bindings)?;
        let rigid = Type::Named(rigid.to_owned());
        let Type::Named(copy) = self.checker.substitute(&rigid, &bindings) else {
            return None;
        };
        if self
            .checker
            .copy_of(template, Some(&Type::Named(copy.clone())))
            .is_none()
        {
            if !values.iter().any(|value| is_poisoned(&value.ty)) && self.muted == 0 {
                self.checker.untold_types(self.module, span, "value");
            }
            self.is_tainted = true;
            return None;
        }
        let values = values
            .into_iter()
            .zip(types)
            .zip(parts)
            .map(|((value, ty), part)| {
                let ty = self.checker.substitute(ty, &bindings);
                self.coerce(value, &ty, part.span)
            })
            .collect();
        Some((copy, values))
    }

    fn variant(&self, of: &str, name: &str) -> Option<Constructor> {
        let Nominal::Enum(variants) = self.checker.types.get(of)? else {
            return None;
        };
        let index = variants.iter().position(|(variant, _)| variant == name)?;
        Some(Constructor::Variant(
            of.to_owned(),
            index as u32,
            variants[index].1.clone(),
        ))
    }

    fn unknown_variant(&mut self, of: &str, name: &Name) {
        let short = short_name(of);
        let template = self
            .template_index(of)
            .map(|index| self.checker.templates[index].item);
        let known: Vec<String> = match (template, self.checker.types.get(of)) {
            (Some(TemplateItem::Enum(item)), _) => item
                .variants
                .iter()
                .map(|variant| variant.name.text.to_string())
                .collect(),
            (_, Some(Nominal::Enum(variants))) => {
                variants.iter().map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        let near = nearest(name.as_str(), known.iter().map(String::as_str)).map(str::to_owned);
        let diagnostic = self
            .error(
                codes::UNKNOWN_CONSTRUCTOR,
                name.span,
                format!("`{short}` has no variant `{}`", name.text),
            )
            .label("not declared");
        self.report(match near {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
            None if known.is_empty() => diagnostic.help(format!("`{short}` is not an enum")),
            None => diagnostic.help(format!("its variants are `{}`", known.join("`, `"))),
        });
    }

    fn unknown_constructor(&mut self, name: &Name) {
        let def = self.checker.type_name(self.module, name.as_str());
        let is_service = matches!(def, Some(Def::Service(_)));
        let is_type = def.is_some() && !is_service;
        let diagnostic = self
            .error(
                codes::UNKNOWN_CONSTRUCTOR,
                name.span,
                match is_type {
                    true => format!("`{}` is a type, not a value", name.text),
                    false if is_service => format!("`{}` is a service, not a value", name.text),
                    false => format!("there is no constructor `{}`", name.text),
                },
            )
            .label(match is_type {
                true => "a type",
                false if is_service => "a service",
                false => "not declared",
            });
        let variants: Vec<String> = self
            .checker
            .types
            .values()
            .filter_map(|nominal| match nominal {
                Nominal::Enum(variants) => Some(variants.iter().map(|(name, _)| name.clone())),
                Nominal::Record(_) => None,
            })
            .flatten()
            .chain(["None".to_owned(), "Some".to_owned()])
            .collect();
        let near = nearest(name.as_str(), variants.iter().map(String::as_str)).map(str::to_owned);
        self.report(match near {
            _ if is_service => {
                diagnostic.help("it stands after `to`, or before the dot of what it declares")
            }
            _ if is_type => {
                diagnostic.help(format!("write `{} {{ … }}` to make a record", name.text))
            }
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
            None => {
                diagnostic.help("capitals are for types and constructors; variables begin small")
            }
        });
    }

    fn not_a_record(&mut self, path: &ast::Path, label: &str, help: &str) {
        let shown: Vec<&str> = path.names.iter().map(Name::as_str).collect();
        let diagnostic = self
            .error(
                codes::UNKNOWN_CONSTRUCTOR,
                path.span,
                format!("`{}` is not a record", shown.join(".")),
            )
            .label(label)
            .help(help);
        self.report(diagnostic);
    }

    /// The record that a path names, with its fields; reports a wrong one.
    #[inline(never)]
    pub(super) fn record_type(
        &mut self,
        path: &ast::Path,
        hint: Option<&Type>,
    ) -> Option<(String, Vec<(String, Type)>)> {
        let shown: Vec<&str> = path.names.iter().map(Name::as_str).collect();
        let shown = shown.join(".");
        match self.checker.type_path(self.module, path) {
            Some(Def::Nominal(of)) => match self.checker.types.get(&of) {
                Some(Nominal::Record(fields)) => return Some((of, fields.clone())),
                Some(Nominal::Enum(_)) => {
                    self.not_a_record(path, "an enum", "its values are made by its variants");
                }
                None => self.is_tainted = true,
            },
            Some(Def::Template(index)) => {
                let copy = self.checker.copy_of(index, hint);
                let copy = copy.or_else(|| self.checker.rigid_copy(index));
                match copy.and_then(|copy| Some((copy.clone(), self.checker.types.get(&copy)?))) {
                    Some((copy, Nominal::Record(fields))) => return Some((copy, fields.clone())),
                    Some((_, Nominal::Enum(_))) => {
                        self.not_a_record(path, "an enum", "its values are made by its variants");
                    }
                    None => self.is_tainted = true,
                }
            }
            Some(Def::Alias(index)) => {
                // An alias of a record makes it, too.
                let ty = self.checker.alias_type(index);
                if let Some(Type::Named(of)) = ty
                    && let Some(Nominal::Record(fields)) = self.checker.types.get(&of)
                {
                    return Some((of.clone(), fields.clone()));
                }
                let help = "only records are written with fields in braces";
                self.not_a_record(path, "another type", help);
            }
            Some(_) => self.is_tainted = true,
            None if self.checker.scopes[self.module].is_open => self.is_tainted = true,
            None => {
                let known: Vec<&str> = self.checker.scopes[self.module]
                    .types
                    .keys()
                    .map(String::as_str)
                    .collect();
                let last = path.last();
                let near = nearest(last.as_str(), known.iter().copied()).map(str::to_owned);
                let diagnostic = self
                    .error(
                        codes::UNKNOWN_TYPE,
                        last.span,
                        format!("there is no record `{shown}`"),
                    )
                    .label("not declared");
                self.report(match near {
                    Some(near) => {
                        diagnostic.fix(format!("did you mean `{near}`?"), last.span, near)
                    }
                    None => diagnostic.help(format!("declare it: `record {shown} {{ … }}`")),
                });
            }
        }
        None
    }

    #[inline(never)]
    pub(super) fn record(
        &mut self,
        path: &ast::Path,
        given: &[FieldValue],
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let Some((of, fields)) = self.record_type(path, hint) else {
            return self.poison(span);
        };
        let names: Vec<&Name> = given.iter().map(|field| &field.name).collect();
        if !self.known_fields(&of, &fields, &names) {
            return self.poison(span);
        }
        let mut parts = Vec::new();
        let mut missing = Vec::new();
        for (name, _) in &fields {
            match given.iter().find(|field| field.name.as_str() == name) {
                Some(field) => parts.push(&field.value),
                None => missing.push(name.as_str()),
            }
        }
        if !missing.is_empty() {
            let short = path.last().as_str();
            let diagnostic = self
                .error(
                    codes::WRONG_ARGUMENTS,
                    path.span,
                    format!("`{short}` needs its field `{}`", missing.join("`, `")),
                )
                .label("incomplete")
                .help("give every field a value");
            self.report(diagnostic);
            return self.poison(span);
        }
        let types: Vec<Type> = fields.into_iter().map(|(_, ty)| ty).collect();
        let copied = self.checker.instances.get(&of).map(|(index, _)| *index);
        // A copy at the parameters of the declaration itself stands for one to be found out.
        let open = copied.filter(|index| self.checker.rigid_copy(*index).as_ref() == Some(&of));
        let (of, values) = match open {
            Some(template) => {
                let name = path.last().as_str();
                match self.infer_copy(template, &of, name, &parts, &types, span) {
                    Some(found) => found,
                    None => return self.poison(span),
                }
            }
            None => {
                let values = parts.iter().zip(&types);
                let values = values.map(|(part, ty)| self.check(part, ty)).collect();
                (of, values)
            }
        };
        let ty = Type::Named(of.clone());
        self.expr(ExprKind::Call(Function::Record(of), values), ty, span)
    }

    /// Reports fields that a record does not have, or that are given twice.
    pub(super) fn known_fields(
        &mut self,
        of: &str,
        fields: &[(String, Type)],
        given: &[&Name],
    ) -> bool {
        let short = short_name(of);
        for (index, name) in given.iter().enumerate() {
            if given[..index]
                .iter()
                .any(|earlier| earlier.text == name.text)
            {
                let diagnostic = self
                    .error(
                        codes::WRONG_ARGUMENTS,
                        name.span,
                        format!("the field `{}` is given twice", name.text),
                    )
                    .label("the second time")
                    .help("remove one of them");
                self.report(diagnostic);
                return false;
            }
            if fields.iter().any(|(field, _)| field == name.as_str()) {
                continue;
            }
            let known = fields.iter().map(|(field, _)| field.as_str());
            let near = nearest(name.as_str(), known.clone()).map(str::to_owned);
            let diagnostic = self
                .error(
                    codes::UNKNOWN_FIELD,
                    name.span,
                    format!("`{short}` has no field `{}`", name.text),
                )
                .label("no such field");
            let all: Vec<&str> = known.collect();
            self.report(match near {
                Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
                None => diagnostic.help(format!("its fields are `{}`", all.join("`, `"))),
            });
            return false;
        }
        true
    }
}
