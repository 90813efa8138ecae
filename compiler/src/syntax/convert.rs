//! From what the grammar reads to what it means: expressions become patterns, atoms and heads.
//!
//! In LR(1) a pattern cannot be told from an expression before what follows it is seen. The grammar
//! therefore reads expressions everywhere, with `_` and `..` in them, and these functions convert.
//!
//! Invariant: they never fail; what cannot be converted is reported and becomes an `Error` node.

use super::ast::*;
use super::context::Context;
use super::token::{TokenKind, keyword};
use crate::diagnostic::{Diagnostic, codes};

/// A condition as the grammar reads it.
pub(super) struct RawCondition {
    pub(super) span: Span,
    pub(super) prefix: Prefix,
    pub(super) kind: RawConditionKind,
}

pub(super) enum RawConditionKind {
    Single(Expr),
    Read(Expr, Expr),
    In(Expr, Expr),
    Let(Expr, Expr),
}

/// The words before a condition.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    pub(super) quantifier: Quantifier,
    pub(super) mode: ReadMode,
}

impl Prefix {
    pub(super) const NONE: Prefix = Prefix { quantifier: Quantifier::Each, mode: ReadMode::Bare };

    /// The first word and where it stands.
    fn word(self) -> Option<(&'static str, Span)> {
        match (self.quantifier, self.mode) {
            (Quantifier::Not(span), _) => Some(("not", span)),
            (Quantifier::Exists(span), _) => Some(("exists", span)),
            (Quantifier::Maybe(span), _) => Some(("maybe", span)),
            (Quantifier::Each, ReadMode::Sample(span)) => Some(("sample", span)),
            (Quantifier::Each, ReadMode::Final(span)) => Some(("final", span)),
            (Quantifier::Each, ReadMode::Bare) => None,
        }
    }
}

/// Where a pattern stands: whether an equality test with any expression may stand for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PatternPlace {
    /// An atom's column, after `->`, before `in`.
    Matching,
    /// After `let`, in `match`.
    Binding,
}

impl Context<'_> {
    pub(super) fn binding_pattern(&mut self, expr: Expr) -> Pattern {
        self.pattern(expr, PatternPlace::Binding)
    }

    pub(super) fn matching_pattern(&mut self, expr: Expr) -> Pattern {
        self.pattern(expr, PatternPlace::Matching)
    }

    fn pattern(&mut self, expr: Expr, place: PatternPlace) -> Pattern {
        let span = expr.span;
        let kind = match expr.kind {
            ExprKind::Wildcard => {
                self.claim_hole(span);
                PatternKind::Wildcard
            }
            ExprKind::Literal(literal) => PatternKind::Literal(literal),
            ExprKind::Unary { operator: UnaryOperator::Negate, operand } => {
                match negative(&operand) {
                    Some(literal) => PatternKind::Literal(literal),
                    None => {
                        let kind = ExprKind::Unary { operator: UnaryOperator::Negate, operand };
                        return self.equality(Expr { span, kind }, place);
                    }
                }
            }
            ExprKind::Name(name) if name.is_upper() => PatternKind::Constructor {
                path: Path { span: name.span, names: vec![name] },
                arguments: Vec::new(),
            },
            ExprKind::Name(name) => PatternKind::Name(name),
            ExprKind::Tuple(parts) => {
                PatternKind::Tuple(parts.into_iter().map(|part| self.pattern(part, place)).collect())
            }
            ExprKind::Record { path, fields, rest } => {
                if let Some(rest) = rest {
                    self.claim_hole(rest);
                }
                let fields = fields
                    .into_iter()
                    .map(|FieldValue { name, value }| FieldPattern {
                        name,
                        pattern: self.pattern(value, place),
                    })
                    .collect();
                PatternKind::Record { path, fields, rest }
            }
            ExprKind::Call { function, arguments }
                if function.is_upper() && is_positional(&arguments) =>
            {
                PatternKind::Constructor {
                    path: Path { span: function.span, names: vec![function] },
                    arguments: self.constructor_arguments(arguments, place),
                }
            }
            ExprKind::Method { receiver, name, arguments }
                if name.is_upper() && is_positional(&arguments) && is_path(&receiver) =>
            {
                let mut names = path_names(*receiver);
                let span = names[0].span.to(name.span);
                names.push(name);
                PatternKind::Constructor {
                    path: Path { span, names },
                    arguments: self.constructor_arguments(arguments, place),
                }
            }
            ExprKind::Field { receiver, name } if name.is_upper() && is_path(&receiver) => {
                let mut names = path_names(*receiver);
                names.push(name);
                PatternKind::Constructor { path: Path { span, names }, arguments: Vec::new() }
            }
            ExprKind::Error => PatternKind::Error,
            kind => return self.equality(Expr { span, kind }, place),
        };
        Pattern { span, kind }
    }

    fn constructor_arguments(&mut self, arguments: Arguments, place: PatternPlace) -> Vec<Pattern> {
        arguments.items.into_iter().map(|argument| self.pattern(argument.value, place)).collect()
    }

    /// An expression that only an equality test can match.
    fn equality(&mut self, expr: Expr, place: PatternPlace) -> Pattern {
        let span = expr.span;
        if place == PatternPlace::Matching {
            return Pattern { span, kind: PatternKind::Expr(Box::new(expr)) };
        }
        self.report(
            Diagnostic::error(
                codes::NOT_A_PATTERN,
                self.file,
                span,
                "this is an expression, and a pattern is needed",
            )
            .label("not a pattern")
            .note(
                "A pattern is a name, `_`, a literal, a tuple, a constructor such as `Some(x)`, \
                 or a record such as `Line { sku, .. }`.",
            )
            .help("bind a name here and compare it with the expression in a condition or an `if`"),
        );
        Pattern { span, kind: PatternKind::Error }
    }

    /// An expression read as an atom, with the pattern after `->`.
    pub(super) fn atom(&mut self, expr: Expr, value: Option<Expr>) -> Result<Atom, Expr> {
        let (receiver, name, arguments) = match expr.kind {
            ExprKind::Call { function, arguments } if arguments.comprehension.is_none() => {
                (None, function, arguments)
            }
            ExprKind::Method { receiver, name, arguments } if arguments.comprehension.is_none() => {
                (Some(receiver), name, arguments)
            }
            kind => return Err(Expr { span: expr.span, kind }),
        };
        if let Some(rest) = arguments.rest {
            self.claim_hole(rest);
        }
        let value = value.map(|value| self.matching_pattern(value));
        Ok(Atom {
            span: value.as_ref().map_or(expr.span, |value| expr.span.to(value.span)),
            receiver,
            name,
            rest: arguments.rest,
            arguments: arguments
                .items
                .into_iter()
                .map(|Argument { span, name, value }| Argument {
                    span,
                    name,
                    value: self.matching_pattern(value),
                })
                .collect(),
            value,
        })
    }

    /// An expression read as the row of a rule's head, with the value after `->`.
    pub(super) fn head(&mut self, expr: Expr, value: Option<Expr>) -> Option<Head> {
        let span = value.as_ref().map_or(expr.span, |value| expr.span.to(value.span));
        let (receiver, name, arguments) = match expr.kind {
            ExprKind::Call { function, arguments } if arguments.comprehension.is_none() => {
                (None, function, arguments.items)
            }
            ExprKind::Method { receiver, name, arguments } if arguments.comprehension.is_none() => {
                (Some(receiver), name, arguments.items)
            }
            ExprKind::Error => return None,
            kind => {
                self.not_a_head(Expr { span: expr.span, kind });
                return None;
            }
        };
        Some(Head { span, receiver, name, arguments, value })
    }

    fn not_a_head(&mut self, expr: Expr) {
        let span = expr.span;
        let error = |message: &str| {
            Diagnostic::error(codes::NOT_A_HEAD, self.file, span, message)
                .label("not a relation with its columns")
        };
        let diagnostic = match expr.kind {
            ExprKind::Name(name) => error("a relation needs parentheses, even without columns").fix(
                format!("write `{}()`", name.text),
                span.after(),
                "()",
            ),
            _ => error("a rule or effect needs a relation with its columns here")
                .note("A rule looks like `reach(a, c) if reach(a, b), edge(b, c);`."),
        };
        self.report(diagnostic);
    }

    /// `effect(head)`, or an error if there is no head.
    pub(super) fn effect(
        &mut self,
        span: Span,
        row: (Expr, Option<Expr>),
        make: impl FnOnce(Head) -> EffectKind,
    ) -> Effect {
        let kind = self.head(row.0, row.1).map_or(EffectKind::Error, make);
        Effect { span, kind }
    }

    /// `effect(atom)`, or an error if there is no atom.
    pub(super) fn atom_effect(
        &mut self,
        span: Span,
        row: (Expr, Option<Expr>),
        make: impl FnOnce(Atom) -> EffectKind,
    ) -> Effect {
        let kind = match self.atom(row.0, row.1) {
            Ok(atom) => make(atom),
            Err(expr) => {
                self.not_a_head(expr);
                EffectKind::Error
            }
        };
        Effect { span, kind }
    }

    /// The event of an `on` block.
    pub(super) fn event(&mut self, expr: Expr) -> Atom {
        let span = expr.span;
        self.atom(expr, None).unwrap_or_else(|expr| {
            let name = match &expr.kind {
                ExprKind::Name(name) => name.clone(),
                _ => self.name(span.start, span.start),
            };
            self.not_a_head(expr);
            Atom { span, receiver: None, name, arguments: Vec::new(), rest: None, value: None }
        })
    }

    pub(super) fn conditions(&mut self, raw: Vec<RawCondition>) -> Vec<Condition> {
        raw.into_iter().map(|raw| self.condition(raw)).collect()
    }

    fn condition(&mut self, raw: RawCondition) -> Condition {
        let RawCondition { span, prefix, kind } = raw;
        let Prefix { quantifier, mode } = prefix;
        let kind = match kind {
            RawConditionKind::Let(pattern, value) => {
                ConditionKind::Let { pattern: self.binding_pattern(pattern), value }
            }
            RawConditionKind::In(pattern, collection) => {
                let refused = match prefix {
                    Prefix { quantifier: Quantifier::Maybe(span), .. } => Some(("maybe", span)),
                    Prefix { mode: ReadMode::Sample(span), .. } => Some(("sample", span)),
                    Prefix { mode: ReadMode::Final(span), .. } => Some(("final", span)),
                    _ => None,
                };
                if let Some((word, word_span)) = refused {
                    self.not_an_atom(word, word_span, pattern.span.to(collection.span));
                }
                let pattern = self.matching_pattern(pattern);
                ConditionKind::In { quantifier, pattern, collection }
            }
            RawConditionKind::Single(expr) if prefix.word().is_none() && !reads_as_atom(&expr) => {
                ConditionKind::Test(expr)
            }
            RawConditionKind::Single(expr) => {
                self.atom_condition(expr, None, quantifier, mode, prefix)
            }
            RawConditionKind::Read(expr, value) => {
                self.atom_condition(expr, Some(value), quantifier, mode, prefix)
            }
        };
        Condition { span, kind }
    }


    fn atom_condition(
        &mut self,
        expr: Expr,
        value: Option<Expr>,
        quantifier: Quantifier,
        mode: ReadMode,
        prefix: Prefix,
    ) -> ConditionKind {
        let has_value = value.is_some();
        match self.atom(expr, value) {
            Ok(atom) => ConditionKind::Atom { quantifier, mode, atom },
            Err(expr) => {
                match prefix.word() {
                    _ if matches!(expr.kind, ExprKind::Error) => {}
                    Some((word, span)) => self.not_an_atom(word, span, expr.span),
                    None if has_value => self.not_a_keyed_read(expr),
                    None => {}
                }
                ConditionKind::Error
            }
        }
    }

    fn not_an_atom(&mut self, word: &str, word_span: Span, span: Span) {
        let diagnostic = Diagnostic::error(
            codes::NOT_AN_ATOM,
            self.file,
            word_span,
            match word {
                "not" | "exists" => format!("`{word}` needs a relation or a membership after it"),
                _ => format!("`{word}` needs a relation after it"),
            },
        )
        .and(span, "this is neither");
        let diagnostic = if word == "not" {
            diagnostic
                .note("`not r(x)` and `not x in xs` ask that nothing matches; a Bool is negated with `!`.")
                .fix(
                    "negate the value",
                    Span::new(word_span.start, span.start),
                    "!",
                )
        } else {
            diagnostic.note(match word {
                "exists" => "`exists r(x)` asks that at least one row matches.",
                "maybe" => "`maybe r(x, y)` gives `None` for `y` where no row matches.",
                _ => "`sample r(x)` and `final r(x)` say how a relation is read.",
            })
        };
        self.report(diagnostic);
    }

    fn not_a_keyed_read(&mut self, expr: Expr) {
        let diagnostic = Diagnostic::error(
            codes::NOT_AN_ATOM,
            self.file,
            expr.span,
            "what is read with `->` must be a relation with its key",
        )
        .label("not a relation with its key")
        .note("A keyed read looks like `dist(a, b) -> d`.");
        let diagnostic = match expr.kind {
            ExprKind::Name(name) => {
                diagnostic.fix(format!("write `{}()`", name.text), expr.span.after(), "()")
            }
            _ => diagnostic,
        };
        self.report(diagnostic);
    }

    /// Conditions of `expect`, where a lone name before `->` is a request that `given` named.
    pub(super) fn expectations(&mut self, raw: Vec<RawCondition>) -> Vec<Expectation> {
        raw.into_iter()
            .map(|raw| match raw {
                RawCondition {
                    span,
                    prefix: Prefix { quantifier: Quantifier::Each, mode: ReadMode::Bare },
                    kind:
                        RawConditionKind::Read(
                            Expr { kind: ExprKind::Name(request), .. },
                            value,
                        ),
                } => {
                    let value = self.matching_pattern(value);
                    Expectation::Reply { span, request, value }
                }
                raw => Expectation::Condition(self.condition(raw)),
            })
            .collect()
    }

    /// Names the arguments that stand for themselves: in `r(src: a, dst)`, `dst` is `dst: dst`.
    pub(super) fn name_arguments(&mut self, items: &mut [Argument<Expr>]) {
        let Some(first) = items.iter().position(|item| item.name.is_some()) else { return };
        for index in first + 1..items.len() {
            match &items[index] {
                Argument { name: Some(_), .. } => {}
                Argument { value: Expr { kind: ExprKind::Name(name), .. }, .. }
                    if !name.is_upper() =>
                {
                    items[index].name = Some(name.clone());
                }
                Argument { span, .. } => {
                    let diagnostic = Diagnostic::error(
                        codes::POSITIONAL_AFTER_NAMED,
                        self.file,
                        *span,
                        "this argument needs a name",
                    )
                    .label("has no name")
                    .and(items[first].span, "named arguments begin here")
                    .note("After a named argument all must be named; a variable `x` alone is `x: x`.")
                    .help("write `name: value`, or move it before the named ones");
                    self.report(diagnostic);
                    return;
                }
            }
        }
    }

    /// A lower-case name for a declared relation, function or column.
    pub(super) fn declared_lower(&mut self, name: Name, what: &str) -> Name {
        if name.is_upper() {
            let mut lower: String = name.text.to_string();
            if let Some(first) = name.text.chars().next() {
                lower = first.to_lowercase().chain(name.text.chars().skip(1)).collect();
            }
            let diagnostic = Diagnostic::error(
                codes::WRONG_CASE,
                self.file,
                name.span,
                format!("the name of {what} begins with a small letter"),
            )
            .label("begins with a capital")
            .note("Capitals are for types, constructors, services and agents.");
            let diagnostic = if what == "a column" {
                diagnostic.fix(
                    "keep the name of the source in an attribute",
                    name.span,
                    format!("@name(\"{}\") {lower}", name.text),
                )
            } else {
                diagnostic.fix(format!("write `{lower}`"), name.span, lower)
            };
            self.report(diagnostic);
        }
        name
    }

    /// The name of a declared relation or function, with which rules and calls can begin.
    pub(super) fn declared_relation(&mut self, name: Name, what: &str) -> Name {
        if let Some(word) = keyword(&name.text).filter(|word| word.begins_statement()) {
            let word = word.describe();
            self.report(
                Diagnostic::error(
                    codes::KEYWORD_AS_NAME,
                    self.file,
                    name.span,
                    format!("`{word}` is a keyword and cannot name {what}"),
                )
                .label("a keyword")
                .note("Keywords are free as names of columns, fields, arguments and variables.")
                .help("choose another name"),
            );
        }
        self.declared_lower(name, what)
    }

    /// A capitalised name for a declared type, service or variant.
    pub(super) fn declared_upper(&mut self, name: Name, what: &str) -> Name {
        if !name.is_upper() {
            let upper = capitalised(&name.text);
            self.report(
                Diagnostic::error(
                    codes::WRONG_CASE,
                    self.file,
                    name.span,
                    format!("the name of {what} begins with a capital"),
                )
                .label("begins with a small letter")
                .fix(format!("write `{upper}`"), name.span, upper),
            );
        }
        name
    }

    /// The name of a type as it is used.
    pub(super) fn type_path(&mut self, span: Span, names: Vec<Name>) -> Option<Path> {
        let last = names.last()?;
        if !last.is_upper() {
            let known = match &*last.text {
                "int" | "i64" | "integer" | "long" | "i32" | "bigint" => "Int",
                "nat" | "u64" | "uint" | "unsigned" | "u32" => "Nat",
                "string" | "str" | "text" | "varchar" => "String",
                "bool" | "boolean" => "Bool",
                "float" | "double" | "f64" | "number" | "real" => "Float",
                "timestamp" | "datetime" => "Time",
                "uuid" => "Id",
                "unit" | "void" => "Unit",
                _ => "",
            };
            let upper = match known {
                "" => capitalised(&last.text),
                known => known.to_owned(),
            };
            let diagnostic = Diagnostic::error(
                codes::WRONG_CASE,
                self.file,
                last.span,
                format!("`{}` is not a type: types begin with a capital", last.text),
            )
            .label("a type is needed here")
            .fix(format!("write `{upper}`"), last.span, upper);
            self.report(diagnostic);
            return None;
        }
        Some(Path { span, names })
    }

    /// The path before the braces of a record.
    pub(super) fn record_path(&mut self, receiver: Expr, name: Name) -> Option<Path> {
        if !is_path(&receiver) {
            self.report(
                Diagnostic::error(
                    codes::UNEXPECTED,
                    self.file,
                    receiver.span,
                    "only a module can stand before the name of a record",
                ),
            );
            return None;
        }
        let span = receiver.span.to(name.span);
        let mut names = path_names(receiver);
        names.push(name);
        Some(Path { span, names })
    }

    /// A variable, or a word that other languages have a value for.
    pub(super) fn variable(&mut self, name: Name) -> ExprKind {
        if matches!(&*name.text, "null" | "nil" | "NULL" | "undefined" | "nullptr") {
            self.report(
                Diagnostic::error(
                    codes::FOREIGN_WORD,
                    self.file,
                    name.span,
                    format!("there is no `{}`", name.text),
                )
                .label("not a value")
                .note("What may be absent has type `Option<T>`, and is `None` or `Some(x)`.")
                .fix("write `None`", name.span, "None"),
            );
            return ExprKind::Error;
        }
        ExprKind::Name(name)
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The negation of a numeric literal.
fn negative(operand: &Expr) -> Option<Literal> {
    match &operand.kind {
        ExprKind::Literal(Literal::Int(value)) => Some(Literal::Int(-value)),
        ExprKind::Literal(Literal::Duration(micros)) => Some(Literal::Duration(-micros)),
        ExprKind::Literal(Literal::Float { value, text }) if !text.starts_with('-') => {
            Some(Literal::Float { value: -value, text: format!("-{text}").into() })
        }
        _ => None,
    }
}

/// True if every argument is a plain one.
fn is_positional(arguments: &Arguments) -> bool {
    arguments.comprehension.is_none()
        && arguments.rest.is_none()
        && arguments.items.iter().all(|item| item.name.is_none())
}

/// True for `a`, `a.b`, `a.b.c`.
fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Field { receiver, .. } => is_path(receiver),
        _ => false,
    }
}

/// The names of an expression for which [`is_path`] holds.
fn path_names(expr: Expr) -> Vec<Name> {
    match expr.kind {
        ExprKind::Field { receiver, name } => {
            let mut names = path_names(*receiver);
            names.push(name);
            names
        }
        ExprKind::Name(name) => vec![name],
        _ => Vec::new(),
    }
}

/// True if a condition without prefix reads a relation, as far as its form tells: `r(x)`,
/// `Cart.item(x)`, `Account(k).take(n)`.
fn reads_as_atom(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { function, arguments } => {
            !function.is_upper() && arguments.comprehension.is_none()
        }
        ExprKind::Method { receiver, name, arguments } => {
            !name.is_upper() && arguments.comprehension.is_none() && is_service(receiver)
        }
        _ => false,
    }
}

/// True for `Cart` and `Account(k)`, perhaps with a module before it.
fn is_service(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => name.is_upper(),
        ExprKind::Call { function, .. } => function.is_upper(),
        ExprKind::Field { receiver, name } => name.is_upper() && is_path(receiver),
        ExprKind::Method { receiver, name, .. } => name.is_upper() && is_path(receiver),
        _ => false,
    }
}

/// Splits `..` off the arguments of a call and names those that stand for themselves.
pub(super) fn arguments(
    context: &mut Context<'_>,
    list: Vec<Result<Argument<Expr>, Span>>,
    comprehension: Option<Box<Comprehension>>,
) -> Arguments {
    let mut rest = None;
    let mut items = Vec::with_capacity(list.len());
    for argument in list {
        match argument {
            Ok(argument) => items.push(argument),
            Err(span) => rest = Some(span),
        }
    }
    context.name_arguments(&mut items);
    Arguments { items, rest, comprehension }
}

/// `left operator right`
pub(super) fn binary(left: Expr, operator: (BinaryOperator, Span), right: Expr) -> Expr {
    let span = left.span.to(right.span);
    let (operator, operator_span) = operator;
    let (left, right) = (Box::new(left), Box::new(right));
    Expr { span, kind: ExprKind::Binary { operator, operator_span, left, right } }
}

/// The operator of a token that [`TokenKind::is_infix`].
pub(super) fn operator(token: TokenKind) -> BinaryOperator {
    match token {
        TokenKind::OrOr => BinaryOperator::Or,
        TokenKind::AndAnd => BinaryOperator::And,
        TokenKind::EqualEqual => BinaryOperator::Equal,
        TokenKind::NotEqual => BinaryOperator::NotEqual,
        TokenKind::Less => BinaryOperator::Less,
        TokenKind::LessEqual => BinaryOperator::LessEqual,
        TokenKind::Greater => BinaryOperator::Greater,
        TokenKind::GreaterEqual => BinaryOperator::GreaterEqual,
        TokenKind::Minus => BinaryOperator::Subtract,
        TokenKind::Star => BinaryOperator::Multiply,
        TokenKind::Slash => BinaryOperator::Divide,
        TokenKind::Percent => BinaryOperator::Remainder,
        _ => BinaryOperator::Add,
    }
}
