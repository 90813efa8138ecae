//! The checked program: names resolved, types known, sugar gone, spans kept.
//!
//! What later phases (lowering, the naive evaluator of the tests) may rely on:
//! - Everything is named by qualified name. Names of the root file stand alone (`edge`), those of a
//!   module follow its path (`shop.prices.edge`).
//! - Every expression has the type it claims and [`sheaf_ir::Function::result_type`] agrees. There is
//!   no implicit conversion: widening Nat to Int is a call of `ToInt`.
//! - Functions (`fn`) are inlined, but those that call themselves, that are `monotone` or that belong
//!   to a lattice: these are in [`Program::functions`]. `match` is a chain of `if` and `let`, patterns
//!   are variables, tests and lets. Type aliases and type parameters are gone: each use of a generic
//!   type or function is a copy of its own, named with its types (`Pair<Int, String>`).
//! - Rules, relations and strata are in an order that does not depend on the order of the text.
//!
//! # What a body means
//! A body (of a [`Rule`], a comprehension) is a conjunction. A *derivation* is a choice of one row for
//! each positive atom, one row (or "no match") for each `maybe` atom and one element for each
//! [`Condition::Each`], such that every condition holds. The head gets one contribution per
//! derivation: bodies are bags. A relation without a combiner is the *set* of what its rules
//! contribute; with a combiner, contributions with equal key columns are combined into one row.
//! Rows of an input without combiner are a bag.
//!
//! # Failing
//! **False beats error.** A test, let or collection may fail. A choice of rows and elements is an
//! error only if no condition is false under it, where an atom that has no matching row makes
//! the body false whatever else fails. A condition whose variables come from a failing let fails
//! too (it is not false), except that an atom on a key that could not be computed has nothing to
//! match: it neither holds nor is false. Of several errors of one derivation the one that is
//! written first (by span) counts. Expressions of the head are evaluated after all conditions hold.

mod live;
mod places;
mod print;

use std::collections::BTreeMap;

pub use live::{ForeignFunction, Live, LiveItem, LiveKind, OrderPoint, OrderWord, Service};
pub use print::{print, print_rule, print_type};
use sheaf_ir::{Combiner, Function, Label, Nominal, Span, Type, Value};

/// A whole program: the root file and all modules it uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Name of the root module, from its file's name.
    pub name: String,
    /// Display names of the source texts: [`Span::file`] is an index into this list.
    pub files: Vec<String>,
    /// Records and enums by qualified name, as far as they are used in types.
    pub types: BTreeMap<String, Nominal>,
    /// Functions that are called by name, not inlined: by qualified name.
    pub functions: BTreeMap<String, FunctionDefinition>,
    /// Users' lattices by qualified name.
    pub lattices: BTreeMap<String, Lattice>,
    /// Params by qualified name.
    pub params: BTreeMap<String, Param>,
    /// Inputs, views and what is live, by qualified name. Names of a service's own follow its name
    /// (`Cart.item`).
    pub relations: BTreeMap<String, Relation>,
    /// Rules, ascending by head, then by content.
    pub rules: Vec<Rule>,
    /// All relations, in an order in which each stratum reads only itself and earlier ones.
    pub strata: Vec<Stratum>,
    /// What is published, ascending by relation.
    pub outputs: Vec<Output>,
    /// The test blocks that this version can run, in the order of the text.
    pub tests: Vec<Test>,
    /// What of the program is live. Such a program is checked, but this version does not run it.
    pub live: Option<Live>,
}

/// A function that is called by name. It ends for all arguments: where it calls itself, directly or
/// through others, one argument is a part of the value it got in that place.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDefinition {
    /// The parameters: variables of [`FunctionDefinition::variables`], in order.
    pub parameters: Vec<VariableId>,
    /// All variables of the body, parameters included.
    pub variables: Vec<Variable>,
    /// What it gives; its type is the function's result.
    pub body: Expr,
    /// If it is declared `monotone`: the order of each parameter, then that of the result. Whether
    /// it keeps its word is a law that is tested, not proved.
    pub monotone: Option<Vec<Order>>,
    /// Its name in the declaration.
    pub span: Span,
}

pub use sheaf_ir::Order;

/// A lattice of the program's own: what merges by [`Lattice::join`].
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// The type of its values.
    pub ty: Type,
    /// The function without parameters that gives its least value, in [`Program::functions`].
    pub bottom: String,
    /// The function of two values that gives their least upper bound, in [`Program::functions`].
    pub join: String,
    /// Its name in the declaration.
    pub span: Span,
}

/// A value given from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its type.
    pub ty: Type,
    /// Its value where nobody gives one.
    pub default: Option<Value>,
    /// Where it is declared.
    pub span: Span,
}

/// An input, a view, or what is live.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Qualified name; the key in [`Program::relations`].
    pub name: String,
    /// Where its rows come from.
    pub kind: RelationKind,
    /// The columns that are written in parentheses: all columns, or the key if it has a combiner.
    pub columns: Vec<Column>,
    /// What follows `->`: one more column, last in rows and atoms, named as the relation itself.
    pub combined: Option<Combined>,
    /// Whether rows can still come or go.
    pub label: Label,
    /// Why it has that label: from this relation to the source or operator that caused it. Empty
    /// for [`Label::Closed`].
    pub label_reason: Vec<Reason>,
    /// `///` lines, joined by line feeds.
    pub docs: String,
    /// Its name in the declaration.
    pub span: Span,
}

impl Relation {
    /// Types of all columns: those in parentheses, then that of the value after `->` as it is read.
    pub fn row_types(&self) -> Vec<Type> {
        let columns = self.columns.iter().map(|column| column.ty.clone());
        let value = self.combined.iter().map(|combined| combined.result.clone());
        columns.chain(value).collect()
    }

    /// Names of all columns; the value's is the last part of the relation's name.
    pub fn row_names(&self) -> Vec<String> {
        let columns = self.columns.iter().map(|column| column.name.clone());
        let value = self.combined.iter().map(|_| self.short_name().to_owned());
        columns.chain(value).collect()
    }

    /// The name without its module.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// Where a relation's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// From outside; a bag. No rule has it as head.
    Input(Source),
    /// From rules.
    View,
    /// From effects and from outside, over time. It has no rule. Only where [`Program::live`] is.
    Live(LiveKind),
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Where it is declared.
    pub span: Span,
}

/// How contributions to one key become one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// The combiner.
    pub combiner: Combiner,
    /// The type of one contribution.
    pub contribution: Type,
    /// The type of the value that is read.
    pub result: Type,
    /// Which parts of a contribution are compared the other way round (`Rev<T>`). Only
    /// [`Combiner::Min`], `Max`, `Top` and `Sorted`, and these inside [`Combiner::Map`], look at it.
    /// Never anything but natural in a recursive stratum.
    pub reversal: Reversal,
    /// Where it is written.
    pub span: Span,
}

/// How values are compared where a combiner says `Rev<T>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// In the order of their type.
    Natural,
    /// The greater is the lesser.
    Reversed,
    /// A tuple, each part in its own way; at least one is not natural.
    Parts(Vec<Reversal>),
    /// The values of a map, below [`Combiner::Map`].
    Values(Box<Reversal>),
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// `csv`, `tsv`, `ndjson`, `text`, `stdin`, …
    pub format: String,
    /// The first positional argument: a path or glob; empty if there is none.
    pub path: String,
    /// All other arguments by name; constants. `by` is not among them.
    pub options: BTreeMap<String, Value>,
    /// What is read of each record, in the order of the declaration; the value of an input with a
    /// combiner is last.
    pub columns: Vec<SourceColumn>,
    /// Of an input with combiner `Lww`: which of [`Source::columns`] tells the time. It is not
    /// among [`Relation::columns`]; all others are, in order, but the last.
    pub by: Option<usize>,
    /// Where it is written.
    pub span: Span,
}

/// A column of an input as its source has it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceColumn {
    /// The column's name; the relation's for the value of an input with a combiner.
    pub name: String,
    /// The header or field name outside: that of `@name`, else the column's.
    pub outside: String,
    /// The type that is read. For a value with combiner: the contribution, for `Lww` without time.
    pub ty: Type,
}

/// A published relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Qualified name of the relation.
    pub relation: String,
    /// Whether `final` stands there; of no effect where the label is closed.
    pub settled: bool,
    /// `csv`, `ndjson`, `table`, `stdout`, …
    pub format: String,
    /// The first positional argument; empty if there is none.
    pub path: String,
    /// All other arguments by name, without `order`.
    pub options: BTreeMap<String, Value>,
    /// Index into the row's columns and whether descending; empty for ascending by all columns.
    pub order: Vec<(usize, bool)>,
    /// `order: none`.
    pub unordered: bool,
    /// Where it is written.
    pub span: Span,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Where.
    pub span: Span,
    /// What happens there, as a short clause.
    pub text: String,
}

/// Relations that depend on each other, or one that does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Stratum {
    /// Qualified names, ascending.
    pub relations: Vec<String>,
    /// Whether they read themselves. Then no atom of these rules reads a relation of this stratum
    /// under `not`, `maybe`, in a comprehension or for a combiner that is not a lattice.
    pub recursive: bool,
    /// Indices into [`Program::rules`] of all rules with these heads, ascending.
    pub rules: Vec<usize>,
}

/// Names a variable of one rule, comprehensions inside included; an index into its variables.
pub type VariableId = usize;

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// As written; for people only, not unique. Empty for one that the checker made.
    pub name: String,
    /// Its type. One that a `maybe` atom binds is an Option.
    pub ty: Type,
    /// Where it is first written.
    pub span: Span,
}

/// A rule of a view, or a fact (no conditions).
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What each derivation contributes.
    pub head: Head,
    /// When. In an order in which every variable is bound before it is used, which otherwise
    /// follows the text.
    pub conditions: Vec<Condition>,
    /// All variables, also those of comprehensions and lets inside expressions.
    pub variables: Vec<Variable>,
    /// The whole rule.
    pub span: Span,
}

/// The head of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Qualified name of a view.
    pub relation: String,
    /// One expression for each of [`Relation::columns`].
    pub columns: Vec<Expr>,
    /// What is combined, of type [`Combined::contribution`]; present iff there is a combiner.
    pub contribution: Option<Expr>,
    /// Where it is written.
    pub span: Span,
}

/// A condition of a rule or comprehension.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A row of a relation.
    Atom(Atom),
    /// One derivation for each element of a list (by position), set, or map (as `(key, value)`);
    /// binds the variable to it. The collection may fail.
    Each {
        /// Bound here and nowhere else.
        variable: VariableId,
        /// A List, Set or Map.
        collection: Expr,
        /// Where it is written.
        span: Span,
    },
    /// Binds a variable to a value.
    Let {
        /// Bound here and nowhere else.
        variable: VariableId,
        /// Its value.
        value: Expr,
        /// False if the value cannot fail where all tests hold that stand before it in the list
        /// and whose variables `value` also depends on: it takes apart what a pattern has tested.
        can_fail: bool,
        /// Where it is written.
        span: Span,
    },
    /// A Bool expression that must be true.
    Test {
        /// The expression.
        test: Expr,
        /// False if it cannot fail, under the same proviso as in [`Condition::Let`].
        can_fail: bool,
        /// Where it is written.
        span: Span,
    },
}

/// An atom.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// Qualified name.
    pub relation: String,
    /// One for each column of the row, the value after `->` last if there is a combiner.
    pub arguments: Vec<Arg>,
    /// What a matching row means.
    pub quantifier: Quantifier,
    /// Bool expressions, all of which a row must satisfy to match, over [`Atom::locals`] and
    /// variables of conditions that stand before. They cannot fail. Empty for [`Quantifier::Each`].
    pub filter: Vec<Expr>,
    /// Variables among the arguments that hold a column while [`Atom::filter`] and the values of
    /// [`Quantifier::Maybe`] are computed and are not known outside. Empty for [`Quantifier::Each`].
    pub locals: Vec<VariableId>,
    /// Where it is written.
    pub span: Span,
}

/// What an atom asks of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// Nothing. It counts in the bag like any other column.
    Wild,
    /// In a [`Quantifier::Each`] atom: binds the variable, or is equal to it where another such atom
    /// of the body, or this one in another column, has it too (which of them is first means
    /// nothing), or, in a comprehension, where the outside binds it.
    /// In other atoms: one of [`Atom::locals`] (each stands once), or a variable that conditions
    /// before this one bind, and the column must be equal to it.
    Variable(VariableId),
    /// The column must be equal to this constant or param. In [`Expectation`]s it may be any
    /// expression without variables.
    Equal(Expr),
}

/// What a matching row of an atom means.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantifier {
    /// One derivation per matching row; of a bag, per occurrence.
    Each,
    /// True iff no row matches.
    Not,
    /// True iff at least one row matches.
    Exists,
    /// One derivation per matching row, or one if there is none. Binds variables of Option type:
    /// to `Some` of each value if there is a row, all to `None` if not.
    Maybe {
        /// The variables, bound here and nowhere else, each with its value over
        /// [`Atom::locals`]. The values cannot fail where [`Atom::filter`] holds.
        binds: Vec<(VariableId, Expr)>,
    },
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it is written; of an inlined function, the place in its body.
    pub span: Span,
}

/// The forms of expressions. Evaluation order cannot be seen, except that of several errors the
/// first in left-to-right order is reported.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A variable that is bound where the expression stands.
    Variable(VariableId),
    /// A literal.
    Constant(Value),
    /// A param by qualified name.
    Param(String),
    /// A function of fixed meaning. `And` and `Or` are decided by a false (true) side even where
    /// the other fails; `OptionOr` does not need its second argument for a `Some`; all others fail
    /// if an argument does.
    Call(Function, Vec<Expr>),
    /// A function of [`Program::functions`] or [`Live::functions`], applied. It fails if an argument
    /// does.
    Invoke(String, Vec<Expr>),
    /// Condition, then, otherwise. What is not taken never fails.
    If(Box<[Expr; 3]>),
    /// Binds a variable for the body; fails if the value does.
    Let {
        /// Bound here.
        variable: VariableId,
        /// Its value.
        value: Box<Expr>,
        /// Where it is in scope.
        body: Box<Expr>,
    },
    /// `[e for conditions]` and its relatives: one element per derivation of the conditions, under
    /// the variables of the outside as they are. Fails if a derivation is an error, or its element
    /// fails.
    Comprehension {
        /// What is made of the elements.
        gather: Gather,
        /// In an order in which every variable is bound before it is used. Atoms may be among them.
        conditions: Vec<Condition>,
        /// The element.
        element: Box<Expr>,
    },
}

/// What a comprehension makes of its elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Gather {
    /// A list, in the order of the generators (the first one outermost); there is no positive or
    /// `maybe` atom among the conditions. A set gives its elements ascending, a map by key.
    List,
    /// A list, ascending; there is a positive or `maybe` atom among the conditions.
    Sorted,
    /// A set.
    Set,
    /// A map, from `(key, value)` tuples; a second, different value for a key is an error.
    Map,
    /// An exact sum of the element's type, checked or rounded once; 0 over nothing.
    Sum,
    /// How many, as a Nat. The element is evaluated and may fail.
    Count,
    /// The least, as an Option.
    Min,
    /// The greatest, as an Option.
    Max,
    /// The mean as an `Option<Float>`; exact inside, rounded once.
    Avg,
    /// A list of the n greatest, descending, equal ones kept. The number is a Nat over variables
    /// of the outside.
    Top(Box<Expr>),
}

/// A test block.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it promises.
    pub name: String,
    /// Rows of inputs, in the order of the text; equal ones are two rows.
    pub given: Vec<GivenRow>,
    /// Values of params (by qualified name) as expressions without variables.
    pub params: BTreeMap<String, Expr>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// Variables of expressions in this test.
    pub variables: Vec<Variable>,
    /// The whole test.
    pub span: Span,
}

/// A row that a test gives to an input.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenRow {
    /// Qualified name of an input.
    pub relation: String,
    /// One expression without variables for each of [`Source::columns`], as they are read; `None`
    /// for a RowId, which the row gets from its ordinal.
    pub columns: Vec<Option<Expr>>,
    /// Where it is written.
    pub span: Span,
}

/// Something that a test expects.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// At least one row matches ([`Quantifier::Exists`]) or none ([`Quantifier::Not`]).
    Row(Atom),
    /// A Bool expression; its only variables are its own. It may read relations in comprehensions.
    Test(Expr),
}

impl Expectation {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Expectation::Row(atom) => atom.span,
            Expectation::Test(test) => test.span,
        }
    }
}
