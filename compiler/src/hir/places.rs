//! The places of a rule, one after the other.

use sheaf_ir::Span;

use super::{Arg, Atom, Condition, Expr, ExprKind, Gather, Quantifier, Rule};

impl Rule {
    /// Visits every place of the rule, those inside the functions that were inlined too.
    pub(crate) fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(&mut self.span);
        visit(&mut self.head.span);
        let values = self.head.columns.iter_mut();
        for value in values.chain(&mut self.head.contribution) {
            value.each_place(visit);
        }
        for condition in &mut self.conditions {
            condition.each_place(visit);
        }
        for variable in &mut self.variables {
            visit(&mut variable.span);
        }
    }
}

impl Condition {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Condition::Atom(atom) => atom.each_place(visit),
            Condition::Each {
                collection: value,
                span,
                ..
            }
            | Condition::Let { value, span, .. }
            | Condition::Test {
                test: value, span, ..
            } => {
                visit(span);
                value.each_place(visit);
            }
        }
    }
}

impl Atom {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(&mut self.span);
        for argument in &mut self.arguments {
            if let Arg::Equal(value) = argument {
                value.each_place(visit);
            }
        }
        for test in &mut self.filter {
            test.each_place(visit);
        }
        if let Quantifier::Maybe { binds } = &mut self.quantifier {
            for (_, value) in binds {
                value.each_place(visit);
            }
        }
    }
}

impl Expr {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(&mut self.span);
        match &mut self.kind {
            ExprKind::Variable(_) | ExprKind::Constant(_) | ExprKind::Param(_) => {}
            ExprKind::Call(_, parts) | ExprKind::Invoke(_, parts) => {
                parts.iter_mut().for_each(|part| part.each_place(visit));
            }
            ExprKind::If(parts) => parts.iter_mut().for_each(|part| part.each_place(visit)),
            ExprKind::Let { value, body, .. } => {
                value.each_place(visit);
                body.each_place(visit);
            }
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => {
                if let Gather::Top(number) = gather {
                    number.each_place(visit);
                }
                for condition in conditions {
                    condition.each_place(visit);
                }
                element.each_place(visit);
            }
        }
    }
}
