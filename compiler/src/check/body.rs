//! The place where expressions and conditions are checked: one rule, function, test or constant.
//!
//! Invariants: a body in which anything was wrong, or rested on something wrong elsewhere, is
//! *tainted* and becomes no part of the program. Variables are numbered within one body. Checking
//! recurses, up to [`MAX_DEPTH`]: functions on that way are never inlined into each other, so that
//! a frame holds what one step needs and 2 MB of stack are enough.

use std::collections::BTreeMap;

use sheaf_ir::{Function, Type, Value};

use super::types::{agree, has_hole, is_poisoned, poison, show};
use super::{Checker, MAX_DEPTH, MAX_SIZE, Survey};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::hir::{Expr, ExprKind, Gather, Variable, VariableId};
use crate::source::{FileId, Span};

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Rule,
    Function,
    Test,
    /// A default, an option, a bound: no variables, no relations.
    Constant,
}

/// Variables that nothing reads: where they are bound, and their names.
pub(super) type Unread = Vec<(FileId, Span, String)>;

/// The state of one body.
pub(super) struct Body<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    pub(super) module: usize,
    pub(super) place: Place,
    /// Of a rule: it does something, so its reads may say `sample` or `final`.
    pub(super) is_effect: bool,
    pub(super) variables: Vec<Variable>,
    /// Of a rule: the qualified name of what it derives.
    pub(super) head: Option<String>,
    /// For each variable: whether anything reads it.
    reads: Vec<bool>,
    /// Names in scope, innermost last.
    scope: Vec<(String, VariableId)>,
    /// Names that stand under `not` or `exists`, which bind nothing.
    pub(super) unbinding: BTreeMap<String, Span>,
    /// Names that are not bound, with what is to be said of each; see [`Body::finish`].
    unbound: Vec<(String, Diagnostic)>,
    /// How many diagnostics there were before.
    first: usize,
    pub(super) is_tainted: bool,
    /// Greater than 0 inside inlined functions, whose mistakes are reported where they are declared.
    pub(super) muted: usize,
    /// Inside functions of the standard library: where the outermost of them is called.
    site: Option<sheaf_ir::Span>,
    depth: usize,
    size: usize,
    is_too_large: bool,
    /// One message about that is enough.
    was_too_large: bool,
}

impl<'c, 'a> Body<'c, 'a> {
    pub(super) fn new(checker: &'c mut Checker<'a>, module: usize, place: Place) -> Self {
        let first = checker.diagnostics.len();
        let mut body = Self {
            checker,
            module,
            place,
            is_effect: false,
            variables: Vec::new(),
            head: None,
            reads: Vec::new(),
            scope: Vec::new(),
            unbinding: BTreeMap::new(),
            unbound: Vec::new(),
            first,
            is_tainted: false,
            muted: 0,
            site: None,
            depth: 0,
            size: 0,
            is_too_large: false,
            was_too_large: false,
        };
        if place == Place::Rule {
            body.bind_key();
        }
        body
    }

    pub(super) fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.checker.file(self.module), span, message)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.is_tainted |= diagnostic.is_error();
        if self.muted == 0 {
            self.checker.report(diagnostic);
        }
    }

    /// How many diagnostics there are, to see whether more came.
    pub(super) fn reported(&self) -> usize {
        self.checker.diagnostics.len()
    }

    pub(super) fn span(&self, span: Span) -> sheaf_ir::Span {
        match self.site {
            Some(site) => site,
            None => self.checker.span(self.module, span),
        }
    }

    /// An expression that stands for something wrong.
    pub(super) fn poison(&mut self, span: Span) -> Expr {
        self.is_tainted = true;
        self.expr(ExprKind::Constant(Value::Bool(false)), poison(), span)
    }

    pub(super) fn expr(&self, kind: ExprKind, ty: Type, span: Span) -> Expr {
        let span = self.span(span);
        Expr { kind, ty, span }
    }

    pub(super) fn constant(&self, value: Value, ty: Type, span: Span) -> Expr {
        self.expr(ExprKind::Constant(value), ty, span)
    }

    /// A call whose types are known to fit; the result type is the function's.
    pub(super) fn call(&mut self, function: Function, arguments: Vec<Expr>, span: Span) -> Expr {
        let types: Vec<Type> = arguments
            .iter()
            .map(|argument| argument.ty.clone())
            .collect();
        let ty = match types.iter().any(is_poisoned) {
            true => None,
            false => function.result_type(&types, &self.checker.types),
        };
        match ty {
            Some(ty) => self.expr(ExprKind::Call(function, arguments), ty, span),
            None => self.poison(span),
        }
    }

    // Variables

    /// A new variable without a name.
    pub(super) fn fresh(&mut self, ty: Type, span: Span) -> VariableId {
        self.variable(String::new(), ty, span)
    }

    fn variable(&mut self, name: String, ty: Type, span: Span) -> VariableId {
        let span = self.span(span);
        self.is_tainted |= is_poisoned(&ty);
        self.reads.push(name.is_empty());
        if !name.is_empty()
            && let Some(survey) = self.survey()
        {
            Survey::note(&mut survey.variables, span, &ty);
        }
        self.variables.push(Variable { name, ty, span });
        self.variables.len() - 1
    }

    /// Where what is found out here is noted: not inside of functions that are put in place.
    fn survey(&mut self) -> Option<&mut Survey> {
        match self.muted == 0 && self.site.is_none() {
            true => self.checker.survey.as_mut(),
            false => None,
        }
    }

    /// Notes the type of an expression, where an editor may ask for it.
    #[inline(never)]
    pub(super) fn note(&mut self, span: Span, found: &Expr) {
        let place = self.span(span);
        if let Some(survey) = self.survey() {
            Survey::note(&mut survey.expressions, place, &found.ty);
        }
    }

    /// A new variable that `name` stands for from here on.
    pub(super) fn bind(&mut self, name: &str, ty: Type, span: Span) -> VariableId {
        let id = self.variable(name.to_owned(), ty, span);
        self.scope.push((name.to_owned(), id));
        id
    }

    /// The variable that a name stands for here.
    pub(super) fn lookup(&mut self, name: &str) -> Option<VariableId> {
        let (_, id) = self.scope.iter().rev().find(|(known, _)| known == name)?;
        self.reads[*id] = true;
        Some(*id)
    }

    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.scope.iter().any(|(known, _)| known == name)
    }

    /// Names in scope.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn read(&self, id: VariableId, span: Span) -> Expr {
        self.expr(ExprKind::Variable(id), self.variables[id].ty.clone(), span)
    }

    /// True if nothing has been said yet of the name's not being bound.
    pub(super) fn first_report(&mut self, name: &str) -> bool {
        self.is_tainted = true;
        self.muted == 0 && !self.unbound.iter().any(|(known, _)| known == name)
    }

    /// Remembers a name that is not bound.
    pub(super) fn report_unbound(&mut self, name: &str, diagnostic: Diagnostic) {
        self.is_tainted = true;
        if self.muted == 0 {
            self.unbound.push((name.to_owned(), diagnostic));
        }
    }

    /// Says what can only be said at the end: that names are not bound, unless something else is
    /// wrong that may be the cause; that variables are never read; that all of it is too large.
    pub(super) fn finish(&mut self, span: Span) {
        let unread = self.finish_part(span);
        self.checker.report_unread_variables(unread);
    }

    /// The same for a body that shares variables with others: gives those that this one does not read.
    pub(super) fn finish_part(&mut self, span: Span) -> Unread {
        self.report_too_large(span);
        if self.reported() == self.first {
            self.report_all_unbound();
        }
        self.unread()
    }

    fn report_all_unbound(&mut self) {
        let mut unbound = std::mem::take(&mut self.unbound);
        unbound.sort_by_key(|(_, diagnostic)| diagnostic.primary.span);
        let mut names: Vec<String> = unbound
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        names.sort();
        let mut all = unbound.into_iter().map(|(_, diagnostic)| diagnostic);
        let Some(mut merged) = all.next() else { return };
        for other in all {
            merged.secondary.push(other.primary);
            merged.secondary.extend(other.secondary);
            for help in other.help {
                if !merged.help.contains(&help) {
                    merged.help.push(help);
                }
            }
        }
        if let [before @ .., last] = names.as_slice()
            && !before.is_empty()
        {
            let names = format!("{} and {last}", before.join(", "));
            merged.message = match self.place {
                Place::Rule => format!("no condition binds the variables {names}"),
                Place::Function => format!("there are no variables {names}"),
                Place::Test => format!("{names} have no value: a test knows no variables"),
                Place::Constant => format!("{names} are no constants, and one is needed here"),
            };
        }
        self.report(merged);
    }

    /// How a variable of this name could be bound, as advice.
    pub(super) fn where_to_bind(&self, name: &str) -> String {
        let relations = self.checker.program.relations.values();
        let with_column = relations
            .filter(|relation| !relation.name.contains('.'))
            .filter(|relation| Some(&relation.name) != self.head.as_ref())
            .find(|relation| relation.columns.iter().any(|column| column.name == name));
        match with_column {
            Some(relation) => {
                let columns = columns_with(relation, name);
                format!("bind it by a column, as in `{}{columns}`", relation.name)
            }
            None => format!("bind it by a column of an atom, or with `let {name} = …`"),
        }
    }

    /// A mark to go back to with [`Body::leave`].
    pub(super) fn enter(&self) -> usize {
        self.scope.len()
    }

    pub(super) fn leave(&mut self, mark: usize) {
        self.scope.truncate(mark);
    }

    /// Runs `inner` with nothing but these names in scope, as inside a function that is called at
    /// `site`: what is wrong within the standard library is wrong there.
    pub(super) fn isolated<T>(
        &mut self,
        module: usize,
        site: sheaf_ir::Span,
        names: Vec<(String, VariableId)>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let scope = std::mem::replace(&mut self.scope, names);
        let (home, place) = (self.module, self.place);
        (self.module, self.place) = (module, Place::Function);
        let outside = self.site;
        if self.checker.modules[module].is_library {
            self.site = outside.or(Some(site));
        }
        self.muted += 1;
        let result = inner(self);
        self.muted -= 1;
        self.site = outside;
        (self.module, self.place) = (home, place);
        self.scope = scope;
        result
    }

    pub(super) fn parameter(&mut self, name: &str, ty: Type, span: Span) -> VariableId {
        let id = self.bind(name, ty, span);
        self.reads[id] = true;
        id
    }

    /// Variables that nothing reads.
    fn unread(&self) -> Unread {
        let mut unread = Unread::new();
        if self.is_tainted {
            return unread;
        }
        for (variable, is_read) in self.variables.iter().zip(&self.reads) {
            let (file, span) = super::place(variable.span);
            let text = span.of(self.checker.sources.get(file).text());
            if !is_read && text == variable.name {
                unread.push((file, span, variable.name.clone()));
            }
        }
        unread
    }

    // Bounds

    /// Counts one more expression, one level deeper; false if that is too much.
    pub(super) fn descend(&mut self, span: Span) -> bool {
        self.size += 1;
        self.depth += 1;
        if self.depth <= MAX_DEPTH && self.size <= MAX_SIZE {
            return true;
        }
        self.is_tainted = true;
        self.is_too_large = true;
        if self.muted == 0 {
            self.report_too_large(span);
        }
        false
    }

    pub(super) fn ascend(&mut self) {
        self.depth -= 1;
    }

    /// Says that an expression with the functions it calls is too large, if it is.
    pub(super) fn report_too_large(&mut self, span: Span) {
        if !std::mem::take(&mut self.is_too_large)
            || std::mem::replace(&mut self.was_too_large, true)
        {
            return;
        }
        let (depth, size) = (self.depth > MAX_DEPTH, self.size > MAX_SIZE);
        let message = match (depth, size) {
            (_, true) => {
                format!("with the functions it calls this is larger than {MAX_SIZE} expressions")
            }
            _ => format!(
                "with the functions it calls this is nested more than {MAX_DEPTH} levels deep"
            ),
        };
        let diagnostic = self
            .error(codes::TOO_LARGE, span, message)
            .label("too large")
            .note("Functions are put in place where they are called.")
            .help("compute parts of it in views of their own");
        self.report(diagnostic);
    }

    // Types that fit together

    /// The expression at exactly this type, widened where that is allowed; reports what does not fit.
    pub(super) fn coerce(&mut self, expr: Expr, expected: &Type, span: Span) -> Expr {
        match self.widen(expr, expected) {
            Ok(expr) => expr,
            Err(expr) => {
                let is_literal = matches!(expr.kind, ExprKind::Constant(_));
                self.does_not_fit_in(&expr.ty, expected, is_literal, span);
                self.poison(span)
            }
        }
    }

    /// The expression at exactly this type, if it fits.
    #[allow(clippy::result_large_err)] // Both ways give the expression back.
    pub(super) fn widen(&mut self, expr: Expr, expected: &Type) -> Result<Expr, Expr> {
        if is_poisoned(&expr.ty) || is_poisoned(expected) {
            self.is_tainted = true;
            return Ok(expr);
        }
        if agree(&expr.ty, expected) {
            return Ok(match has_hole(&expr.ty) {
                true => fill(expr, expected),
                false => expr,
            });
        }
        if expr.ty == Type::Nat && *expected == Type::Int {
            let Expr { span, .. } = expr;
            let kind = match expr.kind {
                ExprKind::Constant(Value::Nat(number)) => ExprKind::Constant(Value::Int(number)),
                _ => ExprKind::Call(Function::ToInt, vec![expr]),
            };
            return Ok(Expr {
                kind,
                ty: Type::Int,
                span,
            });
        }
        Err(expr)
    }

    /// Both expressions at one type.
    pub(super) fn unify(&mut self, left: Expr, right: Expr) -> Result<(Expr, Expr), (Type, Type)> {
        let types = (left.ty.clone(), right.ty.clone());
        if has_hole(&types.0) || types.0 == Type::Nat {
            match self.widen(left, &types.1) {
                Ok(left) => Ok((left, right)),
                Err(_) => Err(types),
            }
        } else {
            match self.widen(right, &types.0) {
                Ok(right) => Ok((left, right)),
                Err(_) => Err(types),
            }
        }
    }

    pub(super) fn mismatch(&mut self, found: &Type, expected: &Type, span: Span) {
        self.does_not_fit_in(found, expected, false, span);
    }

    fn does_not_fit_in(&mut self, found: &Type, expected: &Type, is_literal: bool, span: Span) {
        let message = format!(
            "`{}` is needed here, and this is `{}`",
            show(expected),
            show(found)
        );
        let diagnostic = self
            .error(codes::WRONG_TYPE, span, message)
            .label(format!("`{}`", show(found)));
        let is_wrapped = matches!(expected, Type::Option(_) | Type::Set(_) | Type::List(_));
        let help = conversion(found, expected).filter(|_| !is_literal || is_wrapped);
        let diagnostic = match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help(format!("give a value of type `{}`", show(expected))),
        };
        self.report(diagnostic);
    }

    /// Reports an expression whose type nothing tells.
    pub(super) fn settle(&mut self, expr: Expr, span: Span) -> Expr {
        if !has_hole(&expr.ty) || is_poisoned(&expr.ty) {
            return expr;
        }
        let diagnostic = self
            .error(
                codes::UNKNOWN_ELEMENT,
                span,
                "nothing tells the type of the elements of this",
            )
            .label("elements of which type?")
            .help("use it where its type is known: as a column, an argument, in a comparison");
        self.report(diagnostic);
        self.poison(span)
    }
}

impl Checker<'_> {
    /// Reports variables that nothing reads.
    pub(super) fn report_unread_variables(&mut self, unread: Unread) {
        for (file, span, name) in unread {
            self.report(
                Diagnostic::lint(
                    codes::UNREAD_VARIABLE,
                    file,
                    span,
                    format!("nothing reads the variable `{name}`"),
                )
                .label("bound here and never read")
                .help("write `_` if any value will do; a slip of the pen otherwise"),
            );
        }
    }
}

/// `(a: a, ..)`, or `(a)` where there is no other column.
fn columns_with(relation: &crate::hir::Relation, name: &str) -> String {
    match relation.columns.len() {
        1 => format!("({name})"),
        _ => format!("({name}: {name}, ..)"),
    }
}

/// How to get from one type to another, as advice.
pub(super) fn conversion(found: &Type, expected: &Type) -> Option<String> {
    Some(match (found, expected) {
        (Type::Int, Type::Nat) => {
            "`.to_nat()` converts, and fails where the value is negative".to_owned()
        }
        (Type::Float | Type::Decimal(_) | Type::String, Type::Int) => {
            "convert it with `.to_int()`".to_owned()
        }
        (Type::Float | Type::Decimal(_) | Type::String, Type::Nat) => {
            "convert it with `.to_nat()`".to_owned()
        }
        (Type::Int | Type::Nat | Type::Decimal(_) | Type::String, Type::Float) => {
            "convert it with `.to_float()`".to_owned()
        }
        (
            Type::Bool
            | Type::Int
            | Type::Nat
            | Type::Float
            | Type::Decimal(_)
            | Type::Date
            | Type::Time
            | Type::Duration
            | Type::Id
            | Type::RowId,
            Type::String,
        ) => "convert it with `.to_string()`".to_owned(),
        (Type::Option(inner), _) if agree(inner, expected) => {
            "take the value out with `.or(…)`, or match it with `Some(x)`".to_owned()
        }
        (_, Type::Option(inner)) if agree(found, inner) => "write `Some(…)` around it".to_owned(),
        (Type::List(a), Type::Set(b)) if agree(a, b) => "convert it with `.to_set()`".to_owned(),
        (Type::Set(a), Type::List(b)) if agree(a, b) => "convert it with `.to_list()`".to_owned(),
        (_, Type::Set(inner)) if agree(found, inner) => "write `{…}` around it".to_owned(),
        (_, Type::List(inner)) if agree(found, inner) => "write `[…]` around it".to_owned(),
        _ => return None,
    })
}

/// Gives the holes in an expression's type, which constructors of nothing left, their types.
fn fill(expr: Expr, ty: &Type) -> Expr {
    let Expr {
        kind,
        span,
        ty: was,
    } = expr;
    if !has_hole(&was) {
        return Expr {
            kind,
            span,
            ty: was,
        };
    }
    let inner = match ty {
        Type::Option(inner) | Type::List(inner) | Type::Set(inner) => Some(&**inner),
        _ => None,
    };
    let kind = match (kind, ty) {
        (ExprKind::Call(Function::None(_), none), Type::Option(inner)) => {
            ExprKind::Call(Function::None((**inner).clone()), none)
        }
        (ExprKind::Call(Function::List(_), parts), Type::List(inner)) => {
            let parts = parts.into_iter().map(|part| fill(part, inner)).collect();
            ExprKind::Call(Function::List((**inner).clone()), parts)
        }
        (ExprKind::Call(Function::Set(_), parts), Type::Set(inner)) => {
            let parts = parts.into_iter().map(|part| fill(part, inner)).collect();
            ExprKind::Call(Function::Set((**inner).clone()), parts)
        }
        (ExprKind::Call(Function::Map(..), parts), Type::Map(key, value)) => {
            let parts = parts
                .into_iter()
                .enumerate()
                .map(|(index, part)| fill(part, if index % 2 == 0 { key } else { value }))
                .collect();
            ExprKind::Call(Function::Map((**key).clone(), (**value).clone()), parts)
        }
        (ExprKind::Call(Function::Some, parts), Type::Option(inner)) => {
            let parts = parts.into_iter().map(|part| fill(part, inner)).collect();
            ExprKind::Call(Function::Some, parts)
        }
        (ExprKind::Call(Function::Tuple, parts), Type::Tuple(types)) => {
            let parts = parts.into_iter().zip(types);
            ExprKind::Call(
                Function::Tuple,
                parts.map(|(part, ty)| fill(part, ty)).collect(),
            )
        }
        (ExprKind::If(parts), ty) => {
            let [condition, then, otherwise] = *parts;
            ExprKind::If(Box::new([condition, fill(then, ty), fill(otherwise, ty)]))
        }
        (
            ExprKind::Let {
                variable,
                value,
                body,
            },
            ty,
        ) => ExprKind::Let {
            variable,
            value,
            body: Box::new(fill(*body, ty)),
        },
        (
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            },
            _,
        ) => {
            let keeps = !matches!(gather, Gather::Sum | Gather::Count | Gather::Avg);
            let element = match inner.filter(|_| keeps) {
                Some(inner) => Box::new(fill(*element, inner)),
                None => element,
            };
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            }
        }
        (kind, _) => kind,
    };
    Expr {
        kind,
        span,
        ty: ty.clone(),
    }
}
