//! Rules: effects, heads, conditions, atoms and patterns.

use std::sync::Arc;

use super::*;

/// `let p = e`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// From `let` to the value.
    pub span: Span,
    /// What is bound.
    pub pattern: Pattern,
    /// Its value.
    pub value: Expr,
}

/// `effect if conditions because "…";` A rule of a view, a fact, or an effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// With the `;`.
    pub span: Span,
    /// What holds or happens.
    pub effect: Effect,
    /// When; empty for a fact.
    pub conditions: Vec<Condition>,
    /// Why a stale answer is good enough.
    pub because: Option<Because>,
}

/// `because "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Because {
    /// The whole clause.
    pub span: Span,
    /// The reason.
    pub reason: StringLiteral,
}

/// A string literal, escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct StringLiteral {
    /// With the quotes.
    pub span: Span,
    /// Its value.
    pub value: Arc<str>,
}

/// What a rule derives or does.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// From its keyword or name to its end.
    pub span: Span,
    /// What it is.
    pub kind: EffectKind,
}

/// The forms of [`Effect`].
#[derive(Clone, Debug, PartialEq)]
pub enum EffectKind {
    /// `h(a, b)` or `h(k) -> v`: derives a row of a view, or raises an event.
    Derive(Head),
    /// `merge t(k) -> v`
    Merge(Head),
    /// `remove t(pattern)`
    Remove(Atom),
    /// `seal t(k, _)`
    Seal(Atom),
    /// `send m(…) to Agent(k)` or `to Service`
    Send {
        /// The message.
        message: Head,
        /// The address.
        to: Expr,
    },
    /// `schedule e(…) after d`
    Schedule {
        /// The event.
        event: Head,
        /// The delay.
        after: Expr,
    },
    /// `reply v`
    Reply(Expr),
    /// Could not be read; already reported.
    Error,
}

/// A row to derive, merge, send: `name(expressions) -> value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// With the value.
    pub span: Span,
    /// What stands before the last dot: a service or an agent's instance (in tests).
    pub receiver: Option<Box<Expr>>,
    /// The relation.
    pub name: Name,
    /// Its columns.
    pub arguments: Vec<Argument<Expr>>,
    /// After `->`.
    pub value: Option<Expr>,
}

/// An argument: `e`, or `name: e`, or (after a named one) `name` for `name: name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument<T> {
    /// Name and value.
    pub span: Span,
    /// The name, for a named argument; may be a keyword.
    pub name: Option<Name>,
    /// The value.
    pub value: T,
}

/// An atom: `edge(a, b, _)`, `edge(src: a, ..)`, `dist(a, b) -> d`, `Cart.item(s, k) -> n`.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// With the value.
    pub span: Span,
    /// What stands before the last dot: a module, a service (`Cart`), an agent's instance (`Account(from)`).
    pub receiver: Option<Box<Expr>>,
    /// The relation, or (see [`Atom::to_call`]) a Bool function.
    pub name: Name,
    /// Its columns, without `..`.
    pub arguments: Vec<Argument<Pattern>>,
    /// Where `..` stands.
    pub rest: Option<Span>,
    /// After `->`.
    pub value: Option<Pattern>,
}

impl Atom {
    /// The atom read as a call, for when its name turns out to be a function's; `None` if it has
    /// `_`, `..` or `->`, which only a relation can have.
    pub fn to_call(&self) -> Option<Expr> {
        if self.rest.is_some() || self.value.is_some() {
            return None;
        }
        let items = self
            .arguments
            .iter()
            .map(|argument| {
                Some(Argument {
                    span: argument.span,
                    name: argument.name.clone(),
                    value: argument.value.to_expr()?,
                })
            })
            .collect::<Option<_>>()?;
        let arguments = Arguments {
            items,
            rest: None,
            comprehension: None,
        };
        let kind = match &self.receiver {
            None => ExprKind::Call {
                function: self.name.clone(),
                arguments,
            },
            Some(receiver) => ExprKind::Method {
                receiver: receiver.clone(),
                name: self.name.clone(),
                arguments,
            },
        };
        Some(Expr {
            span: self.span,
            kind,
        })
    }
}

/// One condition of a rule or comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The whole condition.
    pub span: Span,
    /// What it is.
    pub kind: ConditionKind,
}

/// The forms of [`Condition`].
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionKind {
    /// An atom or keyed read with its prefixes. Without prefix, value and receiver it may turn
    /// out to be a call of a Bool function. Its receiver is always an upper-case name, or a call or
    /// member of one, unless a prefix or `->` says that it is an atom: `xs.contains(x)` and
    /// `std.text.is_blank(x)` are [`ConditionKind::Test`].
    Atom {
        /// `not`, `exists`, `maybe` or nothing.
        quantifier: Quantifier,
        /// `sample`, `final` or nothing.
        mode: ReadMode,
        /// The atom.
        atom: Atom,
    },
    /// `p in e`: an element for each match, or a membership test where `p` is bound.
    In {
        /// `not`, `exists` or nothing; never `maybe`.
        quantifier: Quantifier,
        /// What each element is matched with.
        pattern: Pattern,
        /// A list, set or map.
        collection: Expr,
    },
    /// `let p = e`
    Let {
        /// What is bound, or filters.
        pattern: Pattern,
        /// Its value.
        value: Expr,
    },
    /// A Bool expression.
    Test(Expr),
    /// Could not be read; already reported.
    Error,
}

/// How the matches of an atom count. Spans are the keyword's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// One derivation per match.
    Each,
    /// `not`: none matches.
    Not(Span),
    /// `exists`: at least one matches.
    Exists(Span),
    /// `maybe`: each match, or `None` once.
    Maybe(Span),
}

/// How an atom reads what may change. Spans are the keyword's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// No word.
    Bare,
    /// `sample`: what is there now.
    Sample(Span),
    /// `final`: wait until closed.
    Final(Span),
}

/// What a value is matched with.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: PatternKind,
}

/// The forms of [`Pattern`].
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A lower-case name: binds, or tests for equality where it is bound or a param.
    Name(Name),
    /// A literal, perhaps negative: an equality test.
    Literal(Literal),
    /// `(a, b)`; `()` is the empty tuple.
    Tuple(Vec<Pattern>),
    /// `None`, `Some(x)`, `Shape.Circle(r)`.
    Constructor {
        /// Its name; with the enum before it, if written.
        path: Path,
        /// What it carries.
        arguments: Vec<Pattern>,
    },
    /// `Line { sku, qty: 1, .. }`
    Record {
        /// The record's name.
        path: Path,
        /// Fields by name.
        fields: Vec<FieldPattern>,
        /// Where `..` stands.
        rest: Option<Span>,
    },
    /// Any other expression: an equality test with its value. Not in `let`, `match` (never built there).
    Expr(Box<Expr>),
    /// Could not be read; already reported.
    Error,
}

/// A field of a record pattern; `sku` alone is `sku: sku`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPattern {
    /// The field.
    pub name: Name,
    /// What its value is matched with.
    pub pattern: Pattern,
}

impl Pattern {
    /// The pattern read as an expression; `None` if it has `_` or `..`.
    pub fn to_expr(&self) -> Option<Expr> {
        let span = self.span;
        let kind = match &self.kind {
            PatternKind::Wildcard => return None,
            PatternKind::Name(name) => ExprKind::Name(name.clone()),
            PatternKind::Literal(literal) => return Some(literal.to_expr(span)),
            PatternKind::Tuple(parts) => {
                ExprKind::Tuple(parts.iter().map(Pattern::to_expr).collect::<Option<_>>()?)
            }
            PatternKind::Constructor { path, arguments } => {
                let (name, receiver) = (path.last().clone(), path_expr(&path.names));
                let items = arguments
                    .iter()
                    .map(|argument| {
                        let value = argument.to_expr()?;
                        Some(Argument {
                            span: argument.span,
                            name: None,
                            value,
                        })
                    })
                    .collect::<Option<Vec<_>>>()?;
                let arguments = Arguments {
                    items,
                    rest: None,
                    comprehension: None,
                };
                let is_call = span.end > path.span.end;
                match (receiver, is_call) {
                    (None, false) => ExprKind::Name(name),
                    (None, true) => ExprKind::Call {
                        function: name,
                        arguments,
                    },
                    (Some(receiver), false) => ExprKind::Field { receiver, name },
                    (Some(receiver), true) => ExprKind::Method {
                        receiver,
                        name,
                        arguments,
                    },
                }
            }
            PatternKind::Record { rest: Some(_), .. } => return None,
            PatternKind::Record {
                path,
                fields,
                rest: None,
            } => {
                let fields = fields
                    .iter()
                    .map(|field| {
                        Some(FieldValue {
                            name: field.name.clone(),
                            value: field.pattern.to_expr()?,
                        })
                    })
                    .collect::<Option<_>>()?;
                ExprKind::Record {
                    path: path.clone(),
                    fields,
                    rest: None,
                }
            }
            PatternKind::Expr(expr) => return Some((**expr).clone()),
            PatternKind::Error => ExprKind::Error,
        };
        Some(Expr { span, kind })
    }
}

/// All names but the last, as the expression they are.
fn path_expr(names: &[Name]) -> Option<Box<Expr>> {
    let (_, before) = names.split_last()?;
    let (first, fields) = before.split_first()?;
    let start = Expr {
        span: first.span,
        kind: ExprKind::Name(first.clone()),
    };
    Some(Box::new(fields.iter().fold(start, |receiver, name| Expr {
        span: receiver.span.to(name.span),
        kind: ExprKind::Field {
            receiver: Box::new(receiver),
            name: name.clone(),
        },
    })))
}
