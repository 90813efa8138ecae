//! The syntax tree: one file as written, every node with its span.
//!
//! Invariants:
//! - Spans are byte offsets into the text that was parsed; the file's id is kept beside the tree.
//! - Names are not resolved. `f(x)` in a condition is an [`Atom`] whether `f` turns out to be a
//!   relation or a function ([`Atom::to_call`] gives the other reading); `a.b(c)` is a
//!   [`ExprKind::Method`] whether `a` is a value, a module, a service or an enum.
//! - Where an item stands is not checked: the same [`Item`]s may fill a file, a service, an agent.
//! - A part that could not be read is an `Error` node and has been reported; later phases stay silent
//!   about it.
//! - Depth is bounded (see [`crate::syntax::MAX_DEPTH`]), so recursion over a tree is safe.

use std::fmt;
use std::sync::Arc;

pub use crate::source::Span;

/// An identifier as written, or a keyword that stands where it is free to be a name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Where it stands.
    pub span: Span,
    /// Its text.
    pub text: Arc<str>,
}

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for `Upper` names: types, constructors, services, agents.
    pub fn is_upper(&self) -> bool {
        self.text
            .starts_with(|first: char| first.is_ascii_uppercase())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.text, self.span)
    }
}

/// Names joined by dots: `std.text.words`, `Cart.item`. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The whole path.
    pub span: Span,
    /// Its names, in order.
    pub names: Vec<Name>,
}

impl Path {
    /// The last name: what the path is about.
    ///
    /// # Panics
    /// Never, for a path that the parser built.
    pub fn last(&self) -> &Name {
        self.names.last().expect("a path has a name")
    }
}

/// One line of documentation: `/// text` or `//! text`, without marker and first blank.
#[derive(Clone, Debug, PartialEq)]
pub struct DocLine {
    /// The comment with its marker.
    pub span: Span,
    /// The text after the marker.
    pub text: String,
}

/// A whole file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct File {
    /// The whole text.
    pub span: Span,
    /// `//!` lines.
    pub docs: Vec<DocLine>,
    /// Items in the order of the text, which means nothing.
    pub items: Vec<Item>,
}

/// A declaration, a rule or a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// From the first attribute to the closing `;` or `}`; documentation is outside.
    pub span: Span,
    /// `///` lines before it.
    pub docs: Vec<DocLine>,
    /// `@name(args)` before it.
    pub attributes: Vec<Attribute>,
    /// Where `pub` stands.
    pub public: Option<Span>,
    /// What it is.
    pub kind: ItemKind,
}

/// `@name` or `@name(args)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// With the `@`.
    pub span: Span,
    /// The name, which may be a keyword (`@on(gpu)`).
    pub name: Name,
    /// What the parentheses hold.
    pub arguments: Vec<Argument<Expr>>,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `use a.b.{c, d};`
    Use(Use),
    /// `type N<T> = …;`
    TypeAlias(TypeAlias),
    /// `record R<T> { … }`
    Record(Record),
    /// `enum E<T> { … }`
    Enum(Enum),
    /// `fn f(…) -> T { … }`
    Function(Function),
    /// `lattice L on T { … }`
    Lattice(Lattice),
    /// `input r(…) from …;`
    Input(Input),
    /// `param p: T;`
    Param(Param),
    /// `view r(…) -> C;`
    View(Signature),
    /// `output r to …;`
    Output(Output),
    /// `extern wasm "…" { … }`
    Extern(Extern),
    /// `table r(…) -> C;`
    Table(Signature),
    /// `event e(…);`
    Event(Signature),
    /// `message m(…);`
    Message(Signature),
    /// `request q(…) -> T;`
    Request(Signature),
    /// `timer t every d;`
    Timer(Timer),
    /// `service S { … }`
    Service(Service),
    /// `agent A(k: K) { … }`
    Agent(Agent),
    /// `coordinate n by k because "…" { … }`
    Coordinate(Coordinate),
    /// `on e(…) { … }`
    On(On),
    /// A rule, a fact or a standing rule.
    Rule(Rule),
    /// `test "…" { … }`
    Test(Test),
    /// Could not be read; already reported. The name is what it would have declared, if that much was clear.
    Error(Option<Name>),
}

/// `use std.text.{words, lower};`, `use shop.Cart;`, `use a.b as c;`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The names before the last one, or before the braces. May be empty: `use shop;`.
    pub module: Vec<Name>,
    /// What is brought in.
    pub names: Vec<UseName>,
}

/// One name brought in, perhaps under another name.
#[derive(Clone, Debug, PartialEq)]
pub struct UseName {
    /// The name in the module.
    pub name: Name,
    /// The name here, after `as`.
    pub alias: Option<Name>,
}

/// `type Node = String;`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeAlias {
    /// The new name.
    pub name: Name,
    /// `<T, U>`
    pub generics: Vec<Name>,
    /// What it stands for.
    pub ty: Type,
}

/// `record Line { sku: String, qty: Int }`
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its name.
    pub name: Name,
    /// `<T, U>`
    pub generics: Vec<Name>,
    /// Its fields.
    pub fields: Vec<Column>,
}

/// `enum Shape { Empty, Circle(Float) }`
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// `<T, U>`
    pub generics: Vec<Name>,
    /// Its variants.
    pub variants: Vec<Variant>,
}

/// One variant of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name and types.
    pub span: Span,
    /// `///` lines before it.
    pub docs: Vec<DocLine>,
    /// Its name.
    pub name: Name,
    /// The types it carries; empty without parentheses.
    pub types: Vec<Type>,
}

/// A column, a field or a parameter: `name: Type`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// From the first attribute to the type.
    pub span: Span,
    /// `///` lines before it.
    pub docs: Vec<DocLine>,
    /// `@name("date_time")` and the like.
    pub attributes: Vec<Attribute>,
    /// Its name, which may be a keyword.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// Name, columns and what follows `->`: a view, table, event, message, request or extern function.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Its name.
    pub name: Name,
    /// The columns or arguments.
    pub columns: Vec<Column>,
    /// After `->`: a combiner (view, table, input) or a type (request, function).
    pub result: Option<Type>,
}

/// `fn f<T>(a: T) -> T { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Where `monotone` stands.
    pub monotone: Option<Span>,
    /// `<T, U>`
    pub generics: Vec<Name>,
    /// Name, parameters, result.
    pub signature: Signature,
    /// The body.
    pub body: Block,
}

/// `lattice L<T> on T { fn bottom() … fn join(a, b) … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// Its name.
    pub name: Name,
    /// `<T, U>`
    pub generics: Vec<Name>,
    /// The type of its values.
    pub on: Type,
    /// Its functions: items of kind [`ItemKind::Function`], or errors.
    pub functions: Vec<Item>,
}

/// `input r(cols) -> C from csv("…") late 5s by at;`
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Name, columns, combiner.
    pub signature: Signature,
    /// Where the rows come from.
    pub source: Connector,
    /// `late d by column`.
    pub late: Option<Late>,
}

/// A source or sink: `csv("a.csv", header: false)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// Name and arguments.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Argument<Expr>>,
}

/// `late 5s by at`
#[derive(Clone, Debug, PartialEq)]
pub struct Late {
    /// The whole clause.
    pub span: Span,
    /// How late a row may be.
    pub bound: Expr,
    /// The column that tells.
    pub column: Name,
}

/// `param limit: Int = 10;`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its value where none is given.
    pub default: Option<Expr>,
}

/// `output final r to csv("…");`
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Where `final` stands.
    pub settled: Option<Span>,
    /// What is published.
    pub relation: Path,
    /// Where it goes.
    pub sink: Connector,
}

/// `extern wasm "m.wasm" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Extern {
    /// `wasm`, `onnx`, `http`; others are for the checker to refuse.
    pub host: Name,
    /// The file or address.
    pub location: StringLiteral,
    /// The name after `as`.
    pub alias: Option<Name>,
    /// `fn` and `request` declarations without body.
    pub members: Vec<ExternMember>,
}

/// One declaration of an `extern` block.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternMember {
    /// The whole declaration.
    pub span: Span,
    /// `///` lines before it.
    pub docs: Vec<DocLine>,
    /// Attributes before it.
    pub attributes: Vec<Attribute>,
    /// True for `request`, false for `fn`.
    pub is_request: bool,
    /// Name, parameters, result.
    pub signature: Signature,
}

/// `timer beat every 200ms;`
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    /// Its name.
    pub name: Name,
    /// The time between two ticks.
    pub every: Expr,
}

/// `service Cart { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub items: Vec<Item>,
}

/// `agent Node(rank: Int) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its name.
    pub name: Name,
    /// Its key: one column, the checker says so if there are more or none.
    pub key: Vec<Column>,
    /// What it holds.
    pub items: Vec<Item>,
}

/// `coordinate close by session because "…" { on … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// Its name.
    pub name: Name,
    /// The key, or a set of keys in braces.
    pub by: Expr,
    /// The reason; its absence is for the checker to report.
    pub because: Option<Because>,
    /// Its blocks: items of kind [`ItemKind::On`], or others that the checker refuses.
    pub items: Vec<Item>,
}

/// `on e(args) as r if conditions { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// The event with its patterns.
    pub event: Atom,
    /// The name after `as`.
    pub alias: Option<Name>,
    /// Conditions shared by the rules of the block.
    pub conditions: Vec<Condition>,
    /// `let`s and rules.
    pub statements: Vec<OnStatement>,
}

/// A part of an `on` block.
#[derive(Clone, Debug, PartialEq)]
pub enum OnStatement {
    /// `let p = e;`, shared by the rules of the block.
    Let(Let),
    /// An effect with its conditions.
    Rule(Rule),
    /// Could not be read; already reported.
    Error(Span),
}

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

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Where it stands; parentheses around it are outside.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms of [`Expr`].
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1`, `2.5`, `"a"`, `5s`, `true`
    Literal(Literal),
    /// A variable or param, or (upper case) a constructor, service or enum.
    Name(Name),
    /// `f(a, n: b)`, `Some(x)`, `sum(e for …)`
    Call {
        /// What is called.
        function: Name,
        /// With what.
        arguments: Arguments,
    },
    /// `x.f(a)`: a method, a function of a module, a constructor of an enum.
    Method {
        /// What stands before the dot.
        receiver: Box<Expr>,
        /// What is called; may be a keyword.
        name: Name,
        /// With what.
        arguments: Arguments,
    },
    /// `x.f`
    Field {
        /// What stands before the dot.
        receiver: Box<Expr>,
        /// The field; may be a keyword.
        name: Name,
    },
    /// `Line { sku, qty: 1 }`
    Record {
        /// The record's name.
        path: Path,
        /// Fields by name; `sku` alone is `sku: sku`.
        fields: Vec<FieldValue>,
        /// Where `..` stands, which only a pattern may have; already reported.
        rest: Option<Span>,
    },
    /// `(a, b)`; `()` is the value of `Unit`.
    Tuple(Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a, b}`; `{}` is an empty set or map, whichever is expected.
    Set(Vec<Expr>),
    /// `{k: v, l: w}`
    Map(Vec<(Expr, Expr)>),
    /// `[e for conditions]`
    ListOf(Box<Comprehension>),
    /// `{e for conditions}`
    SetOf(Box<Comprehension>),
    /// `{k: v for conditions}`
    MapOf {
        /// The key.
        key: Box<Expr>,
        /// The value and where both come from.
        value: Box<Comprehension>,
    },
    /// `-e`, `!e`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Where the operator stands.
        operator_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `if c { a } else { b }`
    If {
        /// A Bool.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Block>,
        /// Where not. `else if` is a block whose result is an `If`.
        otherwise: Box<Block>,
    },
    /// `match e { p => a, … }`
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// The cases, in order.
        arms: Vec<MatchArm>,
    },
    /// `_` where only a value may stand; already reported.
    Wildcard,
    /// Could not be read; already reported.
    Error,
}

/// What the parentheses of a call hold.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Arguments {
    /// The arguments before `e for …`.
    pub items: Vec<Argument<Expr>>,
    /// Where `..` stands, which only an atom may have; already reported.
    pub rest: Option<Span>,
    /// The last argument, if it is `e for conditions`: the call is an aggregate.
    pub comprehension: Option<Box<Comprehension>>,
}

/// `e for conditions`
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// The whole.
    pub span: Span,
    /// One value per derivation.
    pub element: Expr,
    /// Where its variables come from.
    pub conditions: Vec<Condition>,
}

/// A field of a record literal; `sku` alone is `sku: sku`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The field.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `p => e`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    /// The whole arm.
    pub span: Span,
    /// What must fit.
    pub pattern: Pattern,
    /// The value then.
    pub body: Expr,
}

/// `{ let a = …; … result }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// With the braces.
    pub span: Span,
    /// Bindings, in order.
    pub lets: Vec<Let>,
    /// The value.
    pub result: Expr,
}

/// A literal. In expressions numbers are never negative (`-1` is a [`ExprKind::Unary`]); in patterns they may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`, `false`
    Bool(bool),
    /// At most 2⁶³ in absolute value; whether it fits its type is the checker's to say.
    Int(i128),
    /// A number with a point or an exponent: a Float, or a Decimal where one is expected.
    Float {
        /// The nearest 64-bit float.
        value: f64,
        /// As written, without `_`; what an exact Decimal is read from.
        text: Arc<str>,
    },
    /// `"text"`, escapes resolved. Also serves as an Id in tests, and as Date or Time where one is expected.
    String(Arc<str>),
    /// In microseconds.
    Duration(i64),
}

impl Literal {
    /// The literal as an expression: a negative number becomes the negation of a positive one.
    pub fn to_expr(&self, span: Span) -> Expr {
        let positive = match self {
            Literal::Int(value) if *value < 0 => Literal::Int(-value),
            Literal::Duration(micros) if *micros < 0 => Literal::Duration(micros.saturating_neg()),
            Literal::Float { value, text } if text.starts_with('-') => Literal::Float {
                value: -value,
                text: text[1..].into(),
            },
            other => {
                return Expr {
                    span,
                    kind: ExprKind::Literal(other.clone()),
                };
            }
        };
        let operand = Box::new(Expr {
            span,
            kind: ExprKind::Literal(positive),
        });
        Expr {
            span,
            kind: ExprKind::Unary {
                operator: UnaryOperator::Negate,
                operand,
            },
        }
    }
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// An infix operator, loosest first. Comparisons do not chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl BinaryOperator {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// A type or a combiner.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// The forms of [`Type`].
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `Int`, `List<T>`, `Decimal(2)`, `Top<(Nat, Int)>(3)`, `Cart.Line`
    Named {
        /// Its name.
        path: Path,
        /// Between `<` and `>`.
        generics: Vec<Type>,
        /// Between `(` and `)`.
        arguments: Vec<Expr>,
    },
    /// `(A, B)`; `()` is `Unit`.
    Tuple(Vec<Type>),
    /// Could not be read; already reported.
    Error,
}

/// `test "…" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it promises.
    pub name: StringLiteral,
    /// What it does, in order.
    pub statements: Vec<TestStatement>,
}

/// A part of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestStatement {
    /// With the `;` or `}`.
    pub span: Span,
    /// What it is.
    pub kind: TestStatementKind,
}

/// The forms of [`TestStatement`].
#[derive(Clone, Debug, PartialEq)]
pub enum TestStatementKind {
    /// `given a(1), put("k", "v") as p, limit = 3;`
    Given(Vec<Given>),
    /// `expect a(1), b(2) -> 3, not c(_), p -> ();`
    Expect(Vec<Expectation>),
    /// `after 500ms;`
    After(Expr),
    /// `in Cart { … }`
    In {
        /// A service, or an agent's instance.
        service: Expr,
        /// What happens there.
        statements: Vec<TestStatement>,
    },
    /// Could not be read; already reported.
    Error,
}

/// Something a test is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A fact, or an event, message or request.
    Fact {
        /// The row.
        head: Head,
        /// The name after `as`: an occurrence to speak of in `expect`.
        alias: Option<Name>,
    },
    /// `limit = 3`: the value of a param.
    Param {
        /// The param.
        name: Name,
        /// Its value.
        value: Expr,
    },
}

/// Something a test expects.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// A condition that holds: a fact, `not` a fact, a test.
    Condition(Condition),
    /// `p -> ()`: the reply to a request that `given` named.
    Reply {
        /// The whole expectation.
        span: Span,
        /// The request's name.
        request: Name,
        /// What the reply must fit.
        value: Pattern,
    },
}
