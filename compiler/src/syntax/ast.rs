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

mod expr;
pub(crate) mod places;
mod rule;

pub use crate::source::Span;
pub use expr::*;
pub use rule::*;

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
        self.text.starts_with(|first: char| first.is_uppercase())
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
    /// `<T, U>`
    pub generics: Vec<Name>,
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
