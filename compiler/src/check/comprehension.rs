//! Comprehensions: `[e for …]`, `{e for …}`, `sum(e for …)` and the like.

use sheaf_ir::{Function, Type};

use super::body::{Body, Place};
use super::library::AGGREGATES;
use super::suggest::nearest;
use super::types::{has_hole, is_poisoned, show};
use crate::diagnostic::codes;
use crate::hir::{Condition, Expr, ExprKind, Gather, Quantifier};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Comprehension, Name};

impl Body<'_, '_> {
    #[inline(never)]
    pub(super) fn list_of(
        &mut self,
        comprehension: &Comprehension,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let hint = match hint {
            Some(Type::List(inner)) => Some(&**inner),
            _ => None,
        };
        let (conditions, element) = self.derivations(comprehension, hint);
        let gather = match conditions.iter().any(multiplies_rows) {
            true => Gather::Sorted,
            false => Gather::List,
        };
        let ty = Type::List(Box::new(element.ty.clone()));
        self.comprehension(gather, conditions, element, ty, span)
    }

    #[inline(never)]
    pub(super) fn set_of(
        &mut self,
        comprehension: &Comprehension,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let hint = match hint {
            Some(Type::Set(inner)) => Some(&**inner),
            _ => None,
        };
        let (conditions, element) = self.derivations(comprehension, hint);
        let ty = Type::Set(Box::new(element.ty.clone()));
        self.comprehension(Gather::Set, conditions, element, ty, span)
    }

    /// `{k: v for …}`
    #[inline(never)]
    pub(super) fn map_of(
        &mut self,
        key: &ast::Expr,
        value: &Comprehension,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let (key_hint, value_hint) = match hint {
            Some(Type::Map(key, value)) => (Some(&**key), Some(&**value)),
            _ => (None, None),
        };
        let mark = self.enter();
        let conditions = self.conditions(&value.conditions);
        let key = self.element(key, key_hint);
        let value = self.element(&value.element, value_hint);
        self.leave(mark);
        let ty = Type::Map(Box::new(key.ty.clone()), Box::new(value.ty.clone()));
        let pair = Type::Tuple(vec![key.ty.clone(), value.ty.clone()]);
        let entry = ExprKind::Call(Function::Tuple, vec![key, value]);
        let entry = self.expr(entry, pair, span);
        self.comprehension(Gather::Map, conditions, entry, ty, span)
    }

    fn element(&mut self, element: &ast::Expr, hint: Option<&Type>) -> Expr {
        match hint.filter(|hint| !has_hole(hint)) {
            Some(hint) => self.check(element, hint),
            None => self.infer(element, None),
        }
    }

    /// `sum(e for …)` and the like; `top(n, e for …)`.
    #[inline(never)]
    pub(super) fn aggregate(
        &mut self,
        name: &Name,
        before: &[Argument<ast::Expr>],
        comprehension: &Comprehension,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if !AGGREGATES.contains(&name.as_str()) {
            let known = self.checker.callable(self.module, name.as_str());
            if known == Some(super::names::Def::Silent) {
                return self.poison(span);
            }
            let diagnostic = self
                .error(
                    codes::UNKNOWN_NAME,
                    name.span,
                    format!("there is no aggregate `{}`", name.text),
                )
                .label("not an aggregate");
            let near = nearest(name.as_str(), AGGREGATES.iter().copied());
            self.report(match near {
                Some(near) => diagnostic.fix(
                    format!("did you mean `{near}`?"),
                    name.span,
                    near.to_owned(),
                ),
                None => {
                    diagnostic.help(format!("the aggregates are `{}`", AGGREGATES.join("`, `")))
                }
            });
            return self.poison(span);
        }
        let is_top = name.as_str() == "top";
        let limit = match (is_top, before) {
            (true, [limit]) => Some(self.check(&limit.value, &Type::Nat)),
            (false, []) => None,
            _ => {
                let diagnostic = self
                    .error(
                        codes::WRONG_ARGUMENTS,
                        span,
                        match is_top {
                            true => "`top` needs how many it keeps, before the element".to_owned(),
                            false => format!("`{}` takes nothing before its element", name.text),
                        },
                    )
                    .label("wrong arguments")
                    .help(match is_top {
                        true => "write `top(10, e for …)`".to_owned(),
                        false => format!("write `{}(e for …)`", name.text),
                    });
                self.report(diagnostic);
                return self.poison(span);
            }
        };
        let inner = match (name.as_str(), hint) {
            ("sum", Some(hint)) if hint.is_numeric() => Some(hint),
            ("min" | "max", Some(Type::Option(inner))) => Some(&**inner),
            ("top", Some(Type::List(inner))) => Some(&**inner),
            _ => None,
        };
        let (conditions, element) = self.derivations(comprehension, inner);
        let element = self.settle(element, comprehension.element.span);
        let ty = element.ty.clone();
        if is_poisoned(&ty) && name.as_str() != "count" {
            return self.poison(span);
        }
        let needs_numbers = matches!(name.as_str(), "sum" | "avg");
        let is_sum_of_durations = name.as_str() == "sum" && ty == Type::Duration;
        if needs_numbers && !ty.is_numeric() && !is_sum_of_durations {
            let diagnostic = self
                .error(
                    codes::NOT_DEFINED,
                    comprehension.element.span,
                    format!("`{}` is not defined for `{}`", name.text, show(&ty)),
                )
                .label(format!("`{}`", show(&ty)))
                .help("it adds numbers; `count` takes anything");
            self.report(diagnostic);
            return self.poison(span);
        }
        let (gather, ty) = match (name.as_str(), limit) {
            ("sum", _) => (Gather::Sum, ty),
            ("count", _) => (Gather::Count, Type::Nat),
            ("min", _) => (Gather::Min, Type::Option(Box::new(ty))),
            ("max", _) => (Gather::Max, Type::Option(Box::new(ty))),
            (_, Some(limit)) => (Gather::Top(Box::new(limit)), Type::List(Box::new(ty))),
            _ => (Gather::Avg, Type::Option(Box::new(Type::Float))),
        };
        self.comprehension(gather, conditions, element, ty, span)
    }

    /// Conditions and element of a comprehension; its variables are local.
    #[inline(never)]
    fn derivations(
        &mut self,
        comprehension: &Comprehension,
        hint: Option<&Type>,
    ) -> (Vec<Condition>, Expr) {
        let mark = self.enter();
        let conditions = self.conditions(&comprehension.conditions);
        let element = self.element(&comprehension.element, hint);
        self.leave(mark);
        (conditions, element)
    }

    fn comprehension(
        &mut self,
        gather: Gather,
        conditions: Vec<Condition>,
        element: Expr,
        ty: Type,
        span: Span,
    ) -> Expr {
        let kind = ExprKind::Comprehension {
            gather,
            conditions,
            element: Box::new(element),
        };
        self.expr(kind, ty, span)
    }

    /// Reports an atom where relations cannot be read; true if there is one to report.
    pub(super) fn refuse_atom(&mut self, name: &Name) -> bool {
        let (message, help) = match self.place {
            Place::Rule | Place::Test => return false,
            Place::Function => (
                format!("a function cannot read the relation `{}`", name.text),
                "read it in a rule, and hand the values over as arguments",
            ),
            Place::Constant => (
                format!("a constant cannot read the relation `{}`", name.text),
                "write the value itself",
            ),
        };
        let diagnostic = self
            .error(codes::IMPURE_FUNCTION, name.span, message)
            .label("a relation")
            .note(
                "A function depends on its arguments alone, so that it means the same everywhere.",
            )
            .help(help);
        self.report(diagnostic);
        true
    }
}

/// True for an atom that gives a derivation for each row.
fn multiplies_rows(condition: &Condition) -> bool {
    match condition {
        Condition::Atom(atom) => {
            matches!(atom.quantifier, Quantifier::Each | Quantifier::Maybe { .. })
        }
        _ => false,
    }
}
