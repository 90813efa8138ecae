//! The places of an item, one after the other.

use super::*;

/// What has places.
pub(crate) trait Places {
    /// Visits every place, in no particular order.
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span));
}

impl Places for Span {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(self);
    }
}

impl<T: Places> Places for Vec<T> {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|part| part.each_place(visit));
    }
}

impl<T: Places> Places for Option<T> {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|part| part.each_place(visit));
    }
}

impl<T: Places> Places for Box<T> {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        (**self).each_place(visit);
    }
}

impl Places for (Expr, Expr) {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        self.0.each_place(visit);
        self.1.each_place(visit);
    }
}

impl<T: Places> Places for Argument<T> {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(&mut self.span);
        self.name.each_place(visit);
        self.value.each_place(visit);
    }
}

/// For each type, all of its fields that have places.
macro_rules! fields {
    ($($ty:ident { $($field:ident),* })*) => {
        $(impl Places for $ty {
            fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
                $(self.$field.each_place(visit);)*
            }
        })*
    };
}

fields! {
    Name { span }
    Path { span, names }
    DocLine { span }
    Item { span, docs, attributes, public, kind }
    Attribute { span, name, arguments }
    Use { module, names }
    UseName { name, alias }
    TypeAlias { name, generics, ty }
    Record { name, generics, fields }
    Enum { name, generics, variants }
    Variant { span, docs, name, types }
    Column { span, docs, attributes, name, ty }
    Signature { name, columns, result }
    Function { monotone, generics, signature, body }
    Lattice { name, generics, on, functions }
    Input { signature, source, late }
    Connector { span, name, arguments }
    Late { span, bound, column }
    Param { name, ty, default }
    Output { settled, relation, sink }
    Extern { host, location, alias, members }
    ExternMember { span, docs, attributes, generics, signature }
    Timer { name, every }
    Service { name, items }
    Agent { name, key, items }
    Coordinate { name, by, because, items }
    On { event, alias, conditions, statements }
    Test { name, statements }
    TestStatement { span, kind }
    Let { span, pattern, value }
    Rule { span, effect, conditions, because }
    Because { span, reason }
    StringLiteral { span }
    Effect { span, kind }
    Head { span, receiver, name, arguments, value }
    Atom { span, receiver, name, arguments, rest, value }
    Condition { span, kind }
    Pattern { span, kind }
    FieldPattern { name, pattern }
    Expr { span, kind }
    Arguments { items, rest, comprehension }
    Comprehension { span, element, conditions }
    FieldValue { name, value }
    MatchArm { span, pattern, body }
    Block { span, lets, result }
    Type { span, kind }
}

impl Places for ItemKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ItemKind::Use(item) => item.each_place(visit),
            ItemKind::TypeAlias(item) => item.each_place(visit),
            ItemKind::Record(item) => item.each_place(visit),
            ItemKind::Enum(item) => item.each_place(visit),
            ItemKind::Function(item) => item.each_place(visit),
            ItemKind::Lattice(item) => item.each_place(visit),
            ItemKind::Input(item) => item.each_place(visit),
            ItemKind::Param(item) => item.each_place(visit),
            ItemKind::View(item)
            | ItemKind::Table(item)
            | ItemKind::Event(item)
            | ItemKind::Message(item)
            | ItemKind::Request(item) => item.each_place(visit),
            ItemKind::Output(item) => item.each_place(visit),
            ItemKind::Extern(item) => item.each_place(visit),
            ItemKind::Timer(item) => item.each_place(visit),
            ItemKind::Service(item) => item.each_place(visit),
            ItemKind::Agent(item) => item.each_place(visit),
            ItemKind::Coordinate(item) => item.each_place(visit),
            ItemKind::On(item) => item.each_place(visit),
            ItemKind::Rule(item) => item.each_place(visit),
            ItemKind::Test(item) => item.each_place(visit),
            ItemKind::Error(name) => name.each_place(visit),
        }
    }
}

impl Places for OnStatement {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            OnStatement::Let(part) => part.each_place(visit),
            OnStatement::Rule(part) => part.each_place(visit),
            OnStatement::Error(span) => visit(span),
        }
    }
}

impl Places for TestStatementKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            TestStatementKind::Given(parts) => parts.each_place(visit),
            TestStatementKind::Expect(parts) => parts.each_place(visit),
            TestStatementKind::After(delay) => delay.each_place(visit),
            TestStatementKind::In {
                service,
                statements,
            } => {
                service.each_place(visit);
                statements.each_place(visit);
            }
            TestStatementKind::Error => {}
        }
    }
}

impl Places for Given {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Given::Fact { head, alias } => {
                head.each_place(visit);
                alias.each_place(visit);
            }
            Given::Param { name, value } => {
                name.each_place(visit);
                value.each_place(visit);
            }
        }
    }
}

impl Places for Expectation {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Expectation::Condition(condition) => condition.each_place(visit),
            Expectation::Reply {
                span,
                request,
                value,
            } => {
                visit(span);
                request.each_place(visit);
                value.each_place(visit);
            }
        }
    }
}

impl Places for EffectKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            EffectKind::Derive(head) | EffectKind::Merge(head) => head.each_place(visit),
            EffectKind::Remove(atom) | EffectKind::Seal(atom) => atom.each_place(visit),
            EffectKind::Send { message, to } => {
                message.each_place(visit);
                to.each_place(visit);
            }
            EffectKind::Schedule { event, after } => {
                event.each_place(visit);
                after.each_place(visit);
            }
            EffectKind::Reply(value) => value.each_place(visit),
            EffectKind::Error => {}
        }
    }
}

impl Places for ConditionKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ConditionKind::Atom {
                quantifier,
                mode,
                atom,
            } => {
                quantifier.each_place(visit);
                mode.each_place(visit);
                atom.each_place(visit);
            }
            ConditionKind::In {
                quantifier,
                pattern,
                collection,
            } => {
                quantifier.each_place(visit);
                pattern.each_place(visit);
                collection.each_place(visit);
            }
            ConditionKind::Let { pattern, value } => {
                pattern.each_place(visit);
                value.each_place(visit);
            }
            ConditionKind::Test(test) => test.each_place(visit),
            ConditionKind::Error => {}
        }
    }
}

impl Places for Quantifier {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Quantifier::Each => {}
            Quantifier::Not(span) | Quantifier::Exists(span) | Quantifier::Maybe(span) => {
                visit(span);
            }
        }
    }
}

impl Places for ReadMode {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ReadMode::Bare => {}
            ReadMode::Sample(span) | ReadMode::Final(span) => visit(span),
        }
    }
}

impl Places for PatternKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            PatternKind::Wildcard | PatternKind::Literal(_) | PatternKind::Error => {}
            PatternKind::Name(name) => name.each_place(visit),
            PatternKind::Tuple(parts) => parts.each_place(visit),
            PatternKind::Constructor { path, arguments } => {
                path.each_place(visit);
                arguments.each_place(visit);
            }
            PatternKind::Record { path, fields, rest } => {
                path.each_place(visit);
                fields.each_place(visit);
                rest.each_place(visit);
            }
            PatternKind::Expr(expr) => expr.each_place(visit),
        }
    }
}

impl Places for ExprKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ExprKind::Literal(_) | ExprKind::Wildcard | ExprKind::Error => {}
            ExprKind::Name(name) => name.each_place(visit),
            ExprKind::Call {
                function,
                arguments,
            } => {
                function.each_place(visit);
                arguments.each_place(visit);
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
            } => {
                receiver.each_place(visit);
                name.each_place(visit);
                arguments.each_place(visit);
            }
            ExprKind::Field { receiver, name } => {
                receiver.each_place(visit);
                name.each_place(visit);
            }
            ExprKind::Record { path, fields, rest } => {
                path.each_place(visit);
                fields.each_place(visit);
                rest.each_place(visit);
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                parts.each_place(visit);
            }
            ExprKind::Map(pairs) => pairs.each_place(visit),
            ExprKind::ListOf(whole) | ExprKind::SetOf(whole) => whole.each_place(visit),
            ExprKind::MapOf { key, value } => {
                key.each_place(visit);
                value.each_place(visit);
            }
            ExprKind::Unary { operand, .. } => operand.each_place(visit),
            ExprKind::Binary {
                operator_span,
                left,
                right,
                ..
            } => {
                visit(operator_span);
                left.each_place(visit);
                right.each_place(visit);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                condition.each_place(visit);
                then.each_place(visit);
                otherwise.each_place(visit);
            }
            ExprKind::Match { subject, arms } => {
                subject.each_place(visit);
                arms.each_place(visit);
            }
        }
    }
}

impl Places for TypeKind {
    fn each_place(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            TypeKind::Named {
                path,
                generics,
                arguments,
            } => {
                path.each_place(visit);
                generics.each_place(visit);
                arguments.each_place(visit);
            }
            TypeKind::Tuple(parts) => parts.each_place(visit),
            TypeKind::Error => {}
        }
    }
}
