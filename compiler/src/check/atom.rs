//! Atoms: which relation they read, which column each argument stands for, what a row must satisfy.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::Type;

use super::body::{Body, Place};
use super::constant::evaluate;
use super::expr::path_of;
use super::live::address::Address;
use super::names::Def;
use super::pattern::Taken;
use super::types::{agree, is_poisoned, poison, show};
use crate::diagnostic::codes;
use crate::hir::{self, Arg, Condition, Expr, ExprKind, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Pattern, PatternKind, Quantifier};

/// What is known of a column before its pattern is looked at.
struct Column<'p> {
    ty: Type,
    /// `None` where nobody names it.
    pattern: Option<&'p Pattern>,
}

impl<'a> Body<'_, 'a> {
    /// What the name of an atom stands for; silent.
    pub(super) fn relation_of(&mut self, atom: &ast::Atom) -> Option<Def> {
        let Some(receiver) = &atom.receiver else {
            return self.checker.callable(self.module, atom.name.as_str());
        };
        match self.address(receiver) {
            Address::Service(service, _) => return self.member_of(service, &atom.name),
            Address::Silent => return Some(Def::Silent),
            Address::Other => {}
        }
        let path = path_of(receiver)?;
        if let Some((other, [])) = self.checker.through_module(self.module, &path) {
            let before = self.reported();
            let def = self.checker.public_callable(self.module, other, &atom.name);
            if self.reported() > before {
                self.checker.make_public(other, atom.name.as_str());
            }
            return match def {
                None if self.checker.scopes[other].is_open => Some(Def::Silent),
                def => def,
            };
        }
        let first = self.checker.scopes[self.module]
            .modules
            .get(path[0].as_str());
        let is_silent = first.is_some_and(|entry| entry.def == Def::Silent);
        is_silent.then_some(Def::Silent)
    }

    pub(super) fn unknown_relation(&mut self, atom: &ast::Atom) {
        self.is_tainted = true;
        if self.muted > 0 {
            return;
        }
        let Some(receiver) = &atom.receiver else {
            self.checker.unknown_callable(self.module, &atom.name);
            return;
        };
        if self.checker.scopes[self.module].is_open {
            return;
        }
        let (_, before) = super::place(self.span(receiver.span));
        let text = before.of(self
            .checker
            .sources
            .get(self.checker.file(self.module))
            .text());
        let message = format!("`{text}` has no relation `{}`", atom.name.text);
        let diagnostic = self
            .error(codes::UNKNOWN_NAME, atom.name.span, message)
            .label("not declared there")
            .help("look it up where it is declared");
        self.report(diagnostic);
    }

    pub(super) fn function_as_atom(&mut self, atom: &ast::Atom, quantifier: Quantifier) {
        let name = atom.name.as_str();
        let diagnostic = self
            .error(
                codes::NOT_A_RELATION,
                atom.name.span,
                format!("`{name}` is a function, and a relation is needed"),
            )
            .label("a function");
        let diagnostic = match quantifier {
            Quantifier::Not(_) => {
                diagnostic.help(format!("a Bool is negated with `!`: `!{name}(…)`"))
            }
            Quantifier::Each if atom.value.is_some() => {
                diagnostic.help(format!("bind its result with `let x = {name}(…)`"))
            }
            _ => diagnostic.help("call it in a test or `let`"),
        };
        self.report(diagnostic);
    }

    /// Reports `column == value` where `column: value` is meant.
    fn compares_columns(&mut self, atom: &ast::Atom, names: &[String]) -> bool {
        for argument in atom
            .arguments
            .iter()
            .filter(|argument| argument.name.is_none())
        {
            let PatternKind::Expr(expr) = &argument.value.kind else {
                continue;
            };
            let ast::ExprKind::Binary {
                operator: ast::BinaryOperator::Equal,
                operator_span,
                left,
                ..
            } = &expr.kind
            else {
                continue;
            };
            let ast::ExprKind::Name(column) = &left.kind else {
                continue;
            };
            if !names.iter().any(|name| name == column.as_str()) || self.is_bound(column.as_str()) {
                continue;
            }
            let between = Span::new(column.span.end, operator_span.end);
            let diagnostic = self
                .error(
                    codes::ASSIGNMENT,
                    *operator_span,
                    format!("a column is named with `:`, as in `{}: …`", column.text),
                )
                .label("not a comparison")
                .note("What stands behind the name of a column must be equal to it, or is bound to it.")
                .fix("name the column", between, ":".to_owned());
            self.report(diagnostic);
            return true;
        }
        false
    }

    /// The columns of an atom with their patterns, the value last; `None` if they do not fit.
    fn columns_of<'p>(&mut self, atom: &'p ast::Atom, relation: &str) -> Option<Vec<Column<'p>>> {
        let declared = self.checker.program.relations.get(relation)?;
        let names: Vec<String> = declared
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let types = declared.row_types();
        let has_value = declared.combined.is_some();
        let place = super::place(declared.span);
        if self.compares_columns(atom, &names) {
            return None;
        }
        let found = self.place_arguments(
            &atom.name,
            &names,
            &atom.arguments,
            atom.rest.is_some(),
            atom.span,
            place,
        )?;
        let mut columns: Vec<Column<'p>> = found
            .into_iter()
            .zip(&types)
            .map(|(pattern, ty)| Column {
                ty: ty.clone(),
                pattern,
            })
            .collect();
        match &atom.value {
            Some(value) if !has_value => {
                let diagnostic = self
                    .error(
                        codes::NO_VALUE,
                        value.span,
                        format!("`{}` has no value after `->`", atom.name.text),
                    )
                    .label("nothing to read")
                    .and_in(place.0, place.1, "declared without `->`")
                    .help("its columns all stand in parentheses");
                self.report(diagnostic);
                return None;
            }
            pattern if has_value => columns.push(Column {
                ty: types.last().cloned().unwrap_or_else(poison),
                pattern: pattern.as_ref(),
            }),
            _ => {}
        }
        Some(columns)
    }

    /// Arguments by column, positional ones first; reports what does not fit.
    pub(super) fn place_arguments<'p, T>(
        &mut self,
        name: &ast::Name,
        names: &[String],
        arguments: &'p [Argument<T>],
        has_rest: bool,
        span: Span,
        declared: (crate::source::FileId, Span),
    ) -> Option<Vec<Option<&'p T>>> {
        let mut found: Vec<Option<&'p T>> = names.iter().map(|_| None).collect();
        let relation = name.as_str();
        let positional = arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .count();
        for (index, argument) in arguments.iter().enumerate() {
            let column = match &argument.name {
                None => index,
                Some(column) => match names.iter().position(|name| name == column.as_str()) {
                    Some(index) => index,
                    None => {
                        let known: Vec<&str> = names.iter().map(String::as_str).collect();
                        self.is_tainted = true;
                        if self.muted == 0 {
                            self.checker.unknown_column(
                                self.module,
                                column.as_str(),
                                column.span,
                                relation,
                                &known,
                            );
                        }
                        return None;
                    }
                },
            };
            match found.get_mut(column) {
                Some(place @ None) => *place = Some(&argument.value),
                Some(Some(_)) => {
                    let diagnostic = self
                        .error(
                            codes::WRONG_COLUMNS,
                            argument.span,
                            format!("the column `{}` stands twice", names[column]),
                        )
                        .label("the second time")
                        .help("remove one of them; two conditions on a column are two atoms or a test");
                    self.report(diagnostic);
                    return None;
                }
                None => break,
            }
        }
        let missing: Vec<&str> = names
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        if positional > names.len() || !missing.is_empty() && !has_rest {
            let columns = match names.len() {
                1 => "1 column".to_owned(),
                count => format!("{count} columns"),
            };
            let message = match positional == arguments.len() {
                true => format!(
                    "`{relation}` has {columns}, and here are {}",
                    arguments.len()
                ),
                false => format!(
                    "`{relation}` also has the column `{}`",
                    missing.join("`, `")
                ),
            };
            let diagnostic = self
                .error(codes::WRONG_COLUMNS, span, message)
                .label("wrong number of columns")
                .and_in(declared.0, declared.1, "declared here")
                .help(match names.len() < arguments.len() {
                    true => format!("its columns are `{}`", names.join("`, `")),
                    false => format!(
                        "its columns are `{}`; `_` stands for any value, `..` for all the others",
                        names.join("`, `")
                    ),
                });
            self.report(diagnostic);
            return None;
        }
        Some(found)
    }

    /// Binds every name of an atom that does not fit to poison.
    fn poison_atom(&mut self, atom: &ast::Atom) {
        self.is_tainted = true;
        let mut names = super::mentions::Names::new();
        for pattern in atom
            .arguments
            .iter()
            .map(|argument| &argument.value)
            .chain(&atom.value)
        {
            super::mentions::bound_by(pattern, &mut names);
        }
        for name in names {
            if !self.is_bound(name) && !self.checker.is_param(self.module, name) {
                self.bind(name, poison(), atom.span);
            }
        }
    }

    /// Names of columns that some positive atom gives as a Nat: there they are bound, so that the
    /// order of the atoms does not decide their type. Reports names that stand for different types.
    pub(super) fn narrow_names(
        &mut self,
        conditions: &[std::borrow::Cow<'_, ast::Condition>],
    ) -> BTreeSet<String> {
        let mut columns: BTreeMap<String, Vec<(Type, Span)>> = BTreeMap::new();
        for condition in conditions {
            let ast::ConditionKind::Atom {
                quantifier: Quantifier::Each,
                atom,
                ..
            } = &condition.kind
            else {
                continue;
            };
            let Some(Def::Relation(relation)) = self.relation_of(atom) else {
                continue;
            };
            let Some(declared) = self.checker.program.relations.get(&relation) else {
                continue;
            };
            let types = declared.row_types();
            let names = declared.row_names();
            let value = atom
                .value
                .iter()
                .map(|value| (types.len().saturating_sub(1), value));
            let arguments = atom
                .arguments
                .iter()
                .enumerate()
                .filter_map(|(index, argument)| {
                    let column = match &argument.name {
                        Some(name) => names.iter().position(|known| known == name.as_str())?,
                        None => index,
                    };
                    Some((column, &argument.value))
                });
            for (column, pattern) in arguments.chain(value) {
                if let (PatternKind::Name(name), Some(ty)) = (&pattern.kind, types.get(column)) {
                    let known = columns.entry(name.as_str().to_owned()).or_default();
                    known.push((ty.clone(), pattern.span));
                }
            }
        }
        columns.retain(|name, _| !self.is_bound(name) && !self.checker.is_param(self.module, name));
        let mut narrow = BTreeSet::new();
        for (name, types) in columns {
            if types.iter().any(|(ty, _)| *ty == Type::Nat) {
                narrow.insert(name.clone());
            }
            if types.iter().any(|(ty, _)| !fits_beside(ty, &types[0].0)) {
                self.different_types(&name, types);
            }
        }
        narrow
    }

    /// Reports a variable that columns of different types bind.
    fn different_types(&mut self, name: &str, mut types: Vec<(Type, Span)>) {
        types.sort_by_key(|(_, span)| *span);
        let mut shown: Vec<String> = types
            .iter()
            .map(|(ty, _)| format!("`{}`", show(ty)))
            .collect();
        shown.sort();
        shown.dedup();
        let Some((last, span)) = types.pop() else {
            return;
        };
        let message = format!(
            "the variable `{name}` stands for values of different types: {}",
            shown.join(" and ")
        );
        let mut diagnostic = self
            .error(codes::WRONG_TYPE, span, message)
            .label(format!("here `{}`", show(&last)));
        for (ty, span) in types {
            diagnostic = diagnostic.and(span, format!("here `{}`", show(&ty)));
        }
        let diagnostic = diagnostic
            .note("A variable in two columns is an equality test between them.")
            .help("use two names, and compare one with the other converted, as in `b == a.to_string()`");
        self.report(diagnostic);
        self.bind(name, poison(), span);
    }

    /// An atom that gives a derivation for each row. Columns whose patterns are more than names,
    /// constants and params are left in `parts`.
    pub(super) fn positive_atom<'p>(
        &mut self,
        atom: &'p ast::Atom,
        relation: &str,
        narrow: &BTreeSet<String>,
        out: &mut Vec<Condition>,
        parts: &mut Vec<(Expr, &'p Pattern)>,
    ) {
        let Some(columns) = self.columns_of(atom, relation) else {
            return self.poison_atom(atom);
        };
        let mut arguments = Vec::new();
        for column in columns {
            let Some(pattern) = column.pattern else {
                arguments.push(Arg::Wild);
                continue;
            };
            arguments.push(match self.direct(pattern, &column.ty, narrow) {
                Some(arg) => arg,
                None => {
                    let variable = self.fresh(column.ty, pattern.span);
                    parts.push((self.read(variable, pattern.span), pattern));
                    Arg::Variable(variable)
                }
            });
        }
        out.push(Condition::Atom(hir::Atom {
            relation: relation.to_owned(),
            arguments,
            quantifier: hir::Quantifier::Each,
            filter: Vec::new(),
            locals: Vec::new(),
            span: self.span(atom.span),
        }));
    }

    /// The argument that a simple pattern is; `None` for one that must be taken apart.
    fn direct(&mut self, pattern: &Pattern, ty: &Type, narrow: &BTreeSet<String>) -> Option<Arg> {
        match &pattern.kind {
            PatternKind::Wildcard => Some(Arg::Wild),
            PatternKind::Error => {
                self.is_tainted = true;
                Some(Arg::Wild)
            }
            PatternKind::Name(name) => {
                if self.is_bound(name.as_str()) {
                    let id = self.lookup(name.as_str())?;
                    let same = self.variables[id].ty == *ty;
                    return same.then_some(Arg::Variable(id));
                }
                if *ty == Type::Int && narrow.contains(name.as_str()) {
                    return None;
                }
                match self.param_pattern(name) {
                    Some(param) if param.ty == *ty => Some(Arg::Equal(param)),
                    Some(_) => None,
                    None => Some(Arg::Variable(self.bind(
                        name.as_str(),
                        ty.clone(),
                        name.span,
                    ))),
                }
            }
            PatternKind::Literal(literal) => {
                let hint = Some(ty).filter(|ty| !is_poisoned(ty));
                let before = self.reported();
                let tainted = self.is_tainted;
                let value = self.pattern_literal(literal, hint, pattern.span);
                if is_poisoned(&value.ty) || is_poisoned(ty) {
                    return Some(Arg::Wild);
                }
                if self.reported() == before && value.ty != *ty {
                    self.is_tainted = tainted;
                    return None;
                }
                Some(Arg::Equal(value))
            }
            _ => None,
        }
    }

    /// An atom under `not`, `exists` or `maybe`.
    pub(super) fn quantified_atom(
        &mut self,
        quantifier: Quantifier,
        atom: &ast::Atom,
        relation: &str,
        at: Span,
        out: &mut Vec<Condition>,
    ) {
        let Some(columns) = self.columns_of(atom, relation) else {
            return self.poison_atom(atom);
        };
        let mut parts = Parts::default();
        let mut arguments = Vec::new();
        for column in columns {
            let arg = match column.pattern {
                Some(pattern) => self.quantified(pattern, column.ty, quantifier, &mut parts, out),
                None => Arg::Wild,
            };
            arguments.push(arg);
        }
        let filter = self.all(parts.tests, at).into_iter().collect();
        let quantifier = match quantifier {
            Quantifier::Not(_) => hir::Quantifier::Not,
            Quantifier::Exists(_) | Quantifier::Each => hir::Quantifier::Exists,
            Quantifier::Maybe(_) => {
                let binds = parts
                    .binds
                    .into_iter()
                    .map(|(name, value)| {
                        let ty = Type::Option(Box::new(value.ty.clone()));
                        (self.bind(name.as_str(), ty, name.span), value)
                    })
                    .collect();
                hir::Quantifier::Maybe { binds }
            }
        };
        out.push(Condition::Atom(hir::Atom {
            relation: relation.to_owned(),
            arguments,
            quantifier,
            filter,
            locals: parts.locals,
            span: self.span(at),
        }));
    }

    /// One column of an atom under `not`, `exists` or `maybe`.
    fn quantified(
        &mut self,
        pattern: &Pattern,
        ty: Type,
        quantifier: Quantifier,
        parts: &mut Parts,
        out: &mut Vec<Condition>,
    ) -> Arg {
        if is_poisoned(&ty) {
            self.is_tainted = true;
        }
        let is_known = match &pattern.kind {
            PatternKind::Name(name) => {
                self.is_bound(name.as_str()) || self.checker.is_param(self.module, name.as_str())
            }
            _ => true,
        };
        if is_known && let Some(arg) = self.direct(pattern, &ty, &BTreeSet::new()) {
            return arg;
        }
        if let PatternKind::Expr(expr) = &pattern.kind {
            let value = self.check(expr, &ty);
            return self.fixed(value, pattern.span, out);
        }
        if let PatternKind::Name(name) = &pattern.kind
            && ty == Type::Int
            && self.is_bound(name.as_str())
            && let Some(id) = self.lookup(name.as_str())
            && self.variables[id].ty == Type::Nat
        {
            let value = self.read(id, name.span);
            let value = self.coerce(value, &ty, name.span);
            return Arg::Variable(self.hoist(value, name.span, out));
        }
        let local = self.fresh(ty, pattern.span);
        parts.locals.push(local);
        let value = self.read(local, pattern.span);
        let mut taken = Taken {
            tests: std::mem::take(&mut parts.tests),
            binds: std::mem::take(&mut parts.binds),
            equal: Vec::new(),
        };
        self.take_apart(pattern, value, &mut taken);
        for (value, expr) in std::mem::take(&mut taken.equal) {
            let hint = value.ty.clone();
            let other = self.infer(expr, Some(&hint));
            let other = match self.fixed(other, expr.span, out) {
                Arg::Variable(id) => self.read(id, expr.span),
                Arg::Equal(value) => value,
                Arg::Wild => continue,
            };
            if let Some(test) = self.equal(value, other, expr.span) {
                taken.tests.push(test);
            }
        }
        parts.tests = taken.tests;
        parts.binds = taken.binds;
        if !matches!(quantifier, Quantifier::Maybe(_)) {
            for (name, value) in std::mem::take(&mut parts.binds) {
                match is_poisoned(&value.ty) {
                    true => {}
                    false => self.unbound_in(quantifier, &name),
                }
            }
        }
        Arg::Variable(local)
    }

    /// A computed value as an argument.
    fn fixed(&mut self, value: Expr, at: Span, out: &mut Vec<Condition>) -> Arg {
        if is_poisoned(&value.ty) {
            return Arg::Wild;
        }
        if self.place == Place::Test {
            return Arg::Equal(value);
        }
        match (evaluate(&value), &value.kind) {
            (Some(constant), _) => {
                let kind = ExprKind::Constant(constant);
                Arg::Equal(Expr { kind, ..value })
            }
            (None, ExprKind::Param(_)) => Arg::Equal(value),
            (None, ExprKind::Variable(id)) => Arg::Variable(*id),
            (None, _) => Arg::Variable(self.hoist(value, at, out)),
        }
    }

    fn unbound_in(&mut self, quantifier: Quantifier, name: &ast::Name) {
        if self.place == Place::Test {
            return self.unbound(name);
        }
        let word = match quantifier {
            Quantifier::Not(_) => "not",
            _ => "exists",
        };
        if !self.first_report(name.as_str()) {
            return;
        }
        let place = self.where_to_bind(name.as_str());
        let near = {
            let names: Vec<&str> = self.names().collect();
            super::suggest::nearest(name.as_str(), names.iter().copied()).map(str::to_owned)
        };
        let diagnostic = self
            .error(
                codes::UNBOUND_VARIABLE,
                name.span,
                format!("no condition binds the variable `{}`", name.text),
            )
            .label(format!("`{word}` binds nothing"))
            .note("`not` and `exists` only ask about values that other conditions bind.");
        let diagnostic = match near {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), name.span, near),
            None => diagnostic.fix(
                format!("write `_` if any value will do; else {place}"),
                name.span,
                "_",
            ),
        };
        self.report_unbound(name.as_str(), diagnostic);
    }
}

/// What the patterns of an atom under a quantifier leave.
#[derive(Default)]
struct Parts {
    tests: Vec<Expr>,
    binds: Vec<(ast::Name, Expr)>,
    locals: Vec<VariableId>,
}

/// Whether values of these types can be equal: of one type, or one widens to the other.
fn fits_beside(a: &Type, b: &Type) -> bool {
    let is_integer = |ty: &Type| matches!(ty, Type::Int | Type::Nat);
    agree(a, b) || is_integer(a) && is_integer(b)
}
