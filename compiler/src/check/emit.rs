//! Conditions whose variables are bound: what each of them becomes.

use sheaf_ir::{Function, Type, Value};

use super::body::Body;
use super::conditions::{Binders, Waiting, What};
use super::mentions::{self, Names};
use super::pattern::Taken;
use super::types::{is_poisoned, poison, show};
use crate::diagnostic::codes;
use crate::hir::{Condition, Expr, ExprKind, Gather, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, Pattern, PatternKind, Quantifier};

impl Body<'_, '_> {
    /// Checks a condition whose variables are bound.
    #[inline(never)]
    pub(super) fn emit<'p>(
        &mut self,
        one: Waiting<'p>,
        is_generator: bool,
        binders: &Binders,
        out: &mut Vec<Condition>,
        waiting: &mut Vec<Waiting<'p>>,
    ) {
        let span = self.span(one.span);
        match one.what {
            What::Silent(names) => {
                self.is_tainted = true;
                for name in names {
                    if !self.is_bound(&name) && !self.checker.is_param(self.module, &name) {
                        self.bind(&name, poison(), one.span);
                    }
                }
            }
            What::Address(receiver) => self.check_instance(receiver),
            What::Test(test) => {
                let test = self.check(test, &Type::Bool);
                let can_fail = true;
                out.push(Condition::Test {
                    test,
                    can_fail,
                    span,
                });
            }
            What::Equal(value, expr) => {
                let hint = Some(&value.ty).filter(|ty| !is_poisoned(ty)).cloned();
                let other = self.infer(expr, hint.as_ref());
                if let Some(test) = self.equal(value, other, expr.span) {
                    let span = self.span(expr.span);
                    let can_fail = true;
                    out.push(Condition::Test {
                        test,
                        can_fail,
                        span,
                    });
                }
            }
            What::Let(pattern, value) => {
                self.emit_let(pattern, value, one.span, binders, out, waiting)
            }
            What::In(quantifier, pattern, collection) => {
                let collection = self.infer_known(collection, None);
                match element_type(&collection.ty) {
                    Some(element)
                        if quantifier == Quantifier::Each
                            && (is_generator || !self.is_determined(pattern)) =>
                    {
                        self.emit_each(
                            pattern, collection, element, one.span, binders, out, waiting,
                        );
                    }
                    Some(element) => {
                        let test = self.membership(pattern, collection, element, one.span);
                        let test = match quantifier {
                            Quantifier::Not(_) => self.call(Function::Not, vec![test], one.span),
                            _ => test,
                        };
                        let can_fail = true;
                        out.push(Condition::Test {
                            test,
                            can_fail,
                            span,
                        });
                    }
                    None => {
                        if !is_poisoned(&collection.ty) {
                            self.not_a_collection(&collection);
                        }
                        self.is_tainted = true;
                        self.poison_pattern(pattern);
                    }
                }
            }
            What::Atom(quantifier, atom, relation) => {
                self.quantified_atom(quantifier, atom, &relation, one.span, out);
            }
        }
    }

    #[inline(never)]
    fn emit_let<'p>(
        &mut self,
        pattern: &'p Pattern,
        value: &ast::Expr,
        at: Span,
        binders: &Binders,
        out: &mut Vec<Condition>,
        waiting: &mut Vec<Waiting<'p>>,
    ) {
        let span = self.span(at);
        let hint = match &pattern.kind {
            // An equality test: the variable's type decides literals.
            PatternKind::Name(name) if self.is_bound(name.as_str()) => {
                let id = self.lookup(name.as_str());
                id.map(|id| self.variables[id].ty.clone())
            }
            _ => None,
        };
        let value = self.infer_known(value, hint.as_ref());
        let ty = value.ty.clone();
        let is_new = |body: &Self, name: &ast::Name| {
            !body.is_bound(name.as_str()) && !body.checker.is_param(body.module, name.as_str())
        };
        let variable = match &pattern.kind {
            PatternKind::Name(name) if is_new(self, name) => {
                let variable = self.bind(name.as_str(), ty, name.span);
                let can_fail = true;
                out.push(Condition::Let {
                    variable,
                    value,
                    can_fail,
                    span,
                });
                return;
            }
            _ => self.fresh(ty, pattern.span),
        };
        let can_fail = true;
        out.push(Condition::Let {
            variable,
            value,
            can_fail,
            span,
        });
        let subject = self.read(variable, pattern.span);
        let mut taken = Taken::default();
        self.take_apart(pattern, subject, &mut taken);
        self.emit_taken(taken, at, binders, out, waiting);
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(never)]
    fn emit_each<'p>(
        &mut self,
        pattern: &'p Pattern,
        collection: Expr,
        element: Type,
        at: Span,
        binders: &Binders,
        out: &mut Vec<Condition>,
        waiting: &mut Vec<Waiting<'p>>,
    ) {
        let span = self.span(at);
        if let PatternKind::Name(name) = &pattern.kind
            && !self.is_bound(name.as_str())
            && !self.checker.is_param(self.module, name.as_str())
        {
            let variable = self.bind(name.as_str(), element, name.span);
            out.push(Condition::Each {
                variable,
                collection,
                span,
            });
            return;
        }
        let variable = self.fresh(element, pattern.span);
        out.push(Condition::Each {
            variable,
            collection,
            span,
        });
        let subject = self.read(variable, pattern.span);
        let mut taken = Taken::default();
        self.take_apart(pattern, subject, &mut taken);
        self.emit_taken(taken, at, binders, out, waiting);
    }

    /// Whether an element fits a pattern that binds nothing.
    #[inline(never)]
    fn membership(&mut self, pattern: &Pattern, collection: Expr, element: Type, at: Span) -> Expr {
        let is_map = matches!(collection.ty, Type::Map(..));
        if let Some(expr) = pattern
            .to_expr()
            .filter(|_| !is_map && self.is_determined(pattern))
        {
            let value = self.infer(&expr, Some(&element));
            if is_poisoned(&value.ty) {
                return self.poison_of(&Type::Bool, at);
            }
            let found = value.ty.clone();
            match self.widen(value, &element) {
                Ok(value) => return self.call(Function::Contains, vec![collection, value], at),
                Err(_) if found == Type::Int && element == Type::Nat => {}
                Err(_) => {
                    self.mismatch(&found, &element, pattern.span);
                    return self.poison_of(&Type::Bool, at);
                }
            }
        }
        if is_map && self.is_determined(pattern) && !matches!(pattern.kind, PatternKind::Tuple(_)) {
            let diagnostic = self
                .error(
                    codes::WRONG_TYPE,
                    pattern.span,
                    "the elements of a map are pairs of a key and a value",
                )
                .label("one value")
                .help("write `m.contains(key)` to ask for a key, or `(key, value) in m`");
            self.report(diagnostic);
            return self.poison_of(&Type::Bool, at);
        }
        // Otherwise elements that fit are counted.
        let span = self.span(at);
        let mark = self.enter();
        let variable = self.fresh(element, pattern.span);
        let mut conditions = vec![Condition::Each {
            variable,
            collection,
            span,
        }];
        let subject = self.read(variable, pattern.span);
        let mut taken = Taken::default();
        self.take_apart(pattern, subject, &mut taken);
        for (name, _) in std::mem::take(&mut taken.binds) {
            self.unbound(&name);
        }
        let mut waiting = Vec::new();
        let none = Binders::default();
        self.emit_taken(taken, at, &none, &mut conditions, &mut waiting);
        self.schedule(waiting, &none, &mut conditions);
        self.leave(mark);
        let one = self.constant(Value::Nat(1), Type::Nat, at);
        let kind = ExprKind::Comprehension {
            gather: Gather::Count,
            conditions,
            element: Box::new(one),
        };
        let count = self.expr(kind, Type::Nat, at);
        let zero = self.constant(Value::Nat(0), Type::Nat, at);
        self.call(Function::Gt, vec![count, zero], at)
    }

    fn not_a_collection(&mut self, collection: &Expr) {
        let (_, span) = super::place(collection.span);
        let message = format!("`{}` has no elements to go through", show(&collection.ty));
        let diagnostic = self
            .error(codes::NOT_A_COLLECTION, span, message)
            .label("not a list, set or map");
        let diagnostic = match &collection.ty {
            Type::String => diagnostic.help("split it first, as in `w in text.words()`"),
            Type::Option(_) => diagnostic.help("match it: `let Some(x) = …`"),
            _ => diagnostic.help("lists, sets and maps have elements"),
        };
        self.report(diagnostic);
    }

    fn poison_pattern(&mut self, pattern: &Pattern) {
        let mut names = Names::new();
        mentions::bound_by(pattern, &mut names);
        for name in names {
            if !self.is_bound(name) && !self.checker.is_param(self.module, name) {
                self.bind(name, poison(), pattern.span);
            }
        }
    }

    /// A `let` that the checker adds: `value` under a variable of its own.
    pub(super) fn hoist(&mut self, value: Expr, at: Span, out: &mut Vec<Condition>) -> VariableId {
        let variable = self.fresh(value.ty.clone(), at);
        let span = self.span(at);
        let can_fail = true;
        out.push(Condition::Let {
            variable,
            value,
            can_fail,
            span,
        });
        variable
    }
}

/// The type of the elements of a collection.
fn element_type(ty: &Type) -> Option<Type> {
    match ty {
        Type::List(element) | Type::Set(element) => Some((**element).clone()),
        Type::Map(key, value) => Some(Type::Tuple(vec![(**key).clone(), (**value).clone()])),
        _ => None,
    }
}
