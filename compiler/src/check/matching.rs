//! `match`: a chain of `if` and `let`, complete and without dead arms.

use sheaf_ir::{Function, Type};

use super::body::Body;
use super::exhaustive;
use super::expr::bind_in;
use super::pattern::Taken;
use super::types::{has_hole, is_poisoned, show};
use crate::diagnostic::codes;
use crate::hir::{Expr, ExprKind, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, MatchArm};

/// An arm taken apart.
struct Arm {
    tests: Vec<Expr>,
    binds: Vec<(VariableId, Expr)>,
    body: Expr,
    span: Span,
}

impl Body<'_, '_> {
    #[inline(never)]
    pub(super) fn infer_match(
        &mut self,
        subject: &ast::Expr,
        arms: &[MatchArm],
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        let value = self.infer_known(subject, None);
        let ty = value.ty.clone();
        let before = self.reported();
        let tainted = self.is_tainted;
        // Whatever the value is, it is computed once.
        let variable = self.fresh(ty.clone(), subject.span);
        let mut checked: Vec<Arm> = Vec::new();
        let mut result = hint.filter(|hint| !has_hole(hint)).cloned();
        let mut descended = 0;
        for arm in arms {
            descended += 1;
            if !self.descend(arm.span) {
                break;
            }
            let arm = self.arm(arm, variable, subject.span, result.as_ref());
            if result.is_none() && !has_hole(&arm.body.ty) && !is_poisoned(&arm.body.ty) {
                result = Some(arm.body.ty.clone());
            }
            checked.push(arm);
        }
        for _ in 0..descended {
            self.ascend();
        }
        let is_right = self.reported() == before && self.is_tainted == tainted;
        if is_right && !is_poisoned(&ty) {
            self.check_cases(arms, &ty, span);
        }
        let Some(ty) = self.one_type(&mut checked) else {
            return self.poison(span);
        };
        let mut rest: Option<Expr> = None;
        for arm in checked.into_iter().rev() {
            let mut body = arm.body;
            for (id, value) in arm.binds.into_iter().rev() {
                body = bind_in(id, value, body);
            }
            rest = Some(match (rest, self.all(arm.tests, arm.span)) {
                (Some(rest), Some(test)) => {
                    let parts = Box::new([test, body, rest]);
                    self.expr(ExprKind::If(parts), ty.clone(), arm.span)
                }
                // The last arm takes what is left; one without tests takes everything.
                _ => body,
            });
        }
        match rest {
            Some(chain) => {
                let mut chain = bind_in(variable, value, chain);
                chain.span = self.span(span);
                chain
            }
            None => self.poison(span),
        }
    }

    #[inline(never)]
    fn arm(
        &mut self,
        arm: &MatchArm,
        variable: VariableId,
        subject: Span,
        hint: Option<&Type>,
    ) -> Arm {
        let mark = self.enter();
        let value = self.read(variable, subject);
        let mut taken = Taken::default();
        self.take_apart(&arm.pattern, value, &mut taken);
        let mut binds = Vec::new();
        for (name, value) in taken.binds {
            let id = self.bind(name.as_str(), value.ty.clone(), name.span);
            binds.push((id, value));
        }
        let body = self.infer(&arm.body, hint);
        self.leave(mark);
        Arm {
            tests: taken.tests,
            binds,
            body,
            span: arm.body.span,
        }
    }

    /// Brings all arms to one type, which it gives; reports the first that does not fit.
    #[inline(never)]
    fn one_type(&mut self, arms: &mut [Arm]) -> Option<Type> {
        let is_known = |arm: &&Arm| !has_hole(&arm.body.ty) && !is_poisoned(&arm.body.ty);
        let first = arms.iter().find(is_known).or(arms.first())?;
        let mut ty = first.body.ty.clone();
        if ty == Type::Nat && arms.iter().any(|arm| arm.body.ty == Type::Int) {
            ty = Type::Int;
        }
        let place = first.span;
        for arm in arms.iter_mut() {
            let placeholder = Expr {
                kind: ExprKind::Param(String::new()),
                ty: ty.clone(),
                span: arm.body.span,
            };
            let body = std::mem::replace(&mut arm.body, placeholder);
            match self.widen(body, &ty) {
                Ok(body) => arm.body = body,
                Err(body) => {
                    let message = format!(
                        "the arms have different types: `{}` and `{}`",
                        show(&ty),
                        show(&body.ty)
                    );
                    let diagnostic = self
                        .error(codes::BRANCHES_DIFFER, arm.span, message)
                        .label(format!("`{}`", show(&body.ty)))
                        .and(place, format!("`{}`", show(&ty)))
                        .help("make all arms of one type");
                    self.report(diagnostic);
                    return None;
                }
            }
        }
        Some(ty)
    }

    /// All of these tests as one; `None` if there are none.
    pub(super) fn all(&mut self, tests: Vec<Expr>, span: Span) -> Option<Expr> {
        tests
            .into_iter()
            .reduce(|all, test| self.call(Function::And, vec![all, test], span))
    }

    /// Reports cases that are missing, and arms that nothing reaches.
    #[inline(never)]
    fn check_cases(&mut self, arms: &[MatchArm], ty: &Type, span: Span) {
        let shapes: Vec<exhaustive::Shape> = arms
            .iter()
            .map(|arm| self.shape(&arm.pattern, ty))
            .collect();
        let outcome = exhaustive::check(&shapes, ty, &self.checker.types);
        let Some(outcome) = outcome else {
            let diagnostic = self
                .error(
                    codes::TOO_LARGE,
                    span,
                    "this `match` is too large to be checked",
                )
                .label("too many combinations of cases")
                .help("split it into several");
            self.report(diagnostic);
            return;
        };
        if let Some(missing) = outcome.missing {
            let diagnostic = self
                .error(
                    codes::MISSING_CASE,
                    span,
                    format!("this `match` has no case for `{missing}`"),
                )
                .label(format!("`{missing}` is missing"))
                .help(format!(
                    "add `{missing} => …`, or `_ => …` for all the rest"
                ));
            self.report(diagnostic);
        }
        for index in outcome.unreachable {
            let diagnostic = crate::diagnostic::Diagnostic::warning(
                codes::UNREACHABLE_CASE,
                self.checker.file(self.module),
                arms[index].pattern.span,
                "nothing gets to this case",
            )
            .label("the cases before it take everything")
            .help("remove it, or move it up");
            self.report(diagnostic);
        }
    }
}
