//! Infix operators: which types they take, and how literals beside them get theirs.

use sheaf_ir::{Function, Type};

use super::body::{Body, conversion};
use super::expr::is_weak;
use super::types::{is_poisoned, show};
use crate::diagnostic::codes;
use crate::hir::Expr;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOperator};

/// True for `+ - * / %`.
pub(super) fn is_arithmetic(operator: BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Remainder
    )
}

fn function(operator: BinaryOperator) -> Function {
    match operator {
        BinaryOperator::Or => Function::Or,
        BinaryOperator::And => Function::And,
        BinaryOperator::Equal => Function::Eq,
        BinaryOperator::NotEqual => Function::Ne,
        BinaryOperator::Less => Function::Lt,
        BinaryOperator::LessEqual => Function::Le,
        BinaryOperator::Greater => Function::Gt,
        BinaryOperator::GreaterEqual => Function::Ge,
        BinaryOperator::Add => Function::Add,
        BinaryOperator::Subtract => Function::Sub,
        BinaryOperator::Multiply => Function::Mul,
        BinaryOperator::Divide => Function::Div,
        BinaryOperator::Remainder => Function::Rem,
    }
}

/// The type that `literal` gets beside an operand of type `other`.
fn beside(operator: BinaryOperator, other: &Type, literal: &ast::Expr) -> Option<Type> {
    let is_scaling = matches!(operator, BinaryOperator::Multiply | BinaryOperator::Divide);
    match other {
        Type::Decimal(_) if is_scaling => Some(Type::Decimal(places(literal))),
        Type::Duration if is_scaling => Some(Type::Int),
        Type::Duration if is_arithmetic(operator) => None,
        _ => Some(other.clone()),
    }
}

/// How many places after the point a literal is written with.
fn places(literal: &ast::Expr) -> u8 {
    match &literal.kind {
        ast::ExprKind::Literal(ast::Literal::Float { text, .. }) => {
            let behind = text.split_once('.').map_or("", |(_, behind)| behind);
            let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
            u8::try_from(digits).unwrap_or(u8::MAX).min(18)
        }
        ast::ExprKind::Unary { operand, .. } => places(operand),
        ast::ExprKind::Binary { left, right, .. } => places(left).max(places(right)),
        _ => 0,
    }
}

impl Body<'_, '_> {
    #[inline(never)]
    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&Type>,
        span: Span,
    ) -> Expr {
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            let sides = vec![
                self.check(left, &Type::Bool),
                self.check(right, &Type::Bool),
            ];
            return self.call(function(operator), sides, span);
        }
        let keeps_hint = is_arithmetic(operator)
            && !(operator == BinaryOperator::Multiply && matches!(hint, Some(Type::Decimal(_))));
        let is_joined =
            |hint: &Type| operator == BinaryOperator::Add && matches!(hint, Type::List(_));
        let hint = hint.filter(|hint| keeps_hint && (hint.is_numeric() || is_joined(hint)));
        let (first, second) = match (is_weak(left), is_weak(right)) {
            (true, false) => {
                let second = self.infer_known(right, None);
                let hint = beside(operator, &second.ty, left);
                (self.infer(left, hint.as_ref()), second)
            }
            (false, true) => {
                let first = self.infer_known(left, None);
                let hint = beside(operator, &first.ty, right);
                let second = self.infer(right, hint.as_ref());
                (first, second)
            }
            (true, true) => (self.infer(left, hint), self.infer(right, hint)),
            (false, false) => (self.infer_known(left, None), self.infer_known(right, None)),
        };
        if is_poisoned(&first.ty) || is_poisoned(&second.ty) {
            return match is_arithmetic(operator) {
                true => self.poison(span),
                false => {
                    // A comparison is a Bool, whatever is wrong with its sides.
                    let mut poison = self.poison(span);
                    poison.ty = Type::Bool;
                    poison
                }
            };
        }
        match is_arithmetic(operator) {
            true => self.arithmetic(operator, operator_span, first, second, span),
            false => self.comparison(operator, operator_span, first, second, span),
        }
    }

    #[inline(never)]
    fn comparison(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Expr {
        match self.unify(left, right) {
            Ok((left, right)) => {
                let (left, right) = (self.settle(left, span), self.settle(right, span));
                self.call(function(operator), vec![left, right], span)
            }
            Err((left, right)) => {
                self.does_not_fit(operator, operator_span, &left, &right);
                let mut poison = self.poison(span);
                poison.ty = Type::Bool;
                poison
            }
        }
    }

    #[inline(never)]
    fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Expr {
        let types = (left.ty.clone(), right.ty.clone());
        let (mut left, mut right) = match self.unify(left.clone(), right.clone()) {
            Ok(sides) => sides,
            Err(_) => (left, right),
        };
        if operator == BinaryOperator::Multiply
            && right.ty == Type::Duration
            && matches!(left.ty, Type::Int | Type::Nat)
        {
            std::mem::swap(&mut left, &mut right);
        }
        if left.ty == Type::Duration && right.ty == Type::Nat {
            right = self.coerce(right, &Type::Int, span);
        }
        let function = function(operator);
        let found = [left.ty.clone(), right.ty.clone()];
        match function.result_type(&found, &self.checker.types) {
            Some(_) => self.call(function, vec![left, right], span),
            None => {
                self.does_not_fit(operator, operator_span, &types.0, &types.1);
                self.poison(span)
            }
        }
    }

    #[inline(never)]
    fn does_not_fit(&mut self, operator: BinaryOperator, span: Span, left: &Type, right: &Type) {
        let word = operator.as_str();
        let message = match is_arithmetic(operator) {
            true if left == right => format!("`{word}` is not defined for `{}`", show(left)),
            true => format!(
                "`{word}` is not defined for `{}` and `{}`",
                show(left),
                show(right)
            ),
            false => format!("`{}` and `{}` cannot be compared", show(left), show(right)),
        };
        let diagnostic = self.error(codes::NOT_DEFINED, span, message).label(format!(
            "`{}` {word} `{}`",
            show(left),
            show(right)
        ));
        let is_decimal = |ty: &Type| matches!(ty, Type::Decimal(_));
        let help = match (left, right) {
            (Type::Float, Type::Int | Type::Nat | Type::Decimal(_)) => conversion(right, left),
            (Type::Int | Type::Nat | Type::Decimal(_), Type::Float) => conversion(left, right),
            (Type::String, _) if operator == BinaryOperator::Add => conversion(right, left),
            (_, Type::String) if operator == BinaryOperator::Add => conversion(left, right),
            (a, b) if is_decimal(a) && is_decimal(b) => Some(
                "both sides need the same number of places; `*` by a literal such as `1.00` adds places"
                    .to_owned(),
            ),
            (Type::Date, Type::Int | Type::Nat) | (Type::Int | Type::Nat, Type::Date) => Some(
                "write a date as in \"2026-03-31\", or ask for a part of it, as in `at.year()`"
                    .to_owned(),
            ),
            (Type::Time, Type::Int | Type::Nat) | (Type::Int | Type::Nat, Type::Time) => Some(
                "write a time as in \"2026-03-31T12:00:00Z\", or ask for a part of it, as in `at.hour()`"
                    .to_owned(),
            ),
            (Type::Option(inner), other) | (other, Type::Option(inner)) if **inner != *other => {
                Some("take the value out with `.or(…)`, or match it with `Some(x)`".to_owned())
            }
            _ => conversion(left, right).or_else(|| conversion(right, left)),
        };
        let diagnostic = match help {
            Some(help) => diagnostic.help(help),
            None if is_arithmetic(operator) => {
                diagnostic.help("arithmetic takes numbers of one type, times and durations; `+` also strings and lists")
            }
            None => diagnostic.help("compare values of one type"),
        };
        self.report(diagnostic);
    }
}
