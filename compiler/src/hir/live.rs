//! The live part of a checked program: what an editor shows of it and `explain` tells.
//!
//! Invariant: everything here is in an order that does not depend on the order of the text, but for
//! [`Live::order_points`], which follows it.

use std::collections::BTreeMap;

use sheaf_ir::{Span, Type};

use super::Column;

/// What is live in a program. Its relations are in [`super::Program::relations`], with
/// [`super::RelationKind::Live`], labels and reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The live item that stands first in the text.
    pub first: LiveItem,
    /// Services and agents, ascending by name.
    pub services: Vec<Service>,
    /// Foreign functions by qualified name.
    pub functions: BTreeMap<String, ForeignFunction>,
    /// Every use of the five words that let order matter, in the order of the text.
    pub order_points: Vec<OrderPoint>,
}

/// An item that makes a program live.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveItem {
    /// A noun with its article, such as "a table".
    pub what: String,
    /// Its name.
    pub span: Span,
}

/// What happens to the rows of a live relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveKind {
    /// Durable state. Changed by effects alone.
    Table,
    /// Happens.
    Event,
    /// Is sent to an address.
    Message,
    /// Waits for a reply; its value is the reply.
    Request,
    /// Ticks; its column is the time of the tick.
    Timer,
}

impl LiveKind {
    /// Its keyword.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Event => "event",
            Self::Message => "message",
            Self::Request => "request",
            Self::Timer => "timer",
        }
    }

    /// True for what happens, in contrast to what is stored.
    pub fn happens(self) -> bool {
        self != Self::Table
    }
}

/// A service, an agent, or a service outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Qualified name.
    pub name: String,
    /// Of an agent: what tells one from another.
    pub key: Option<Column>,
    /// Of a service outside (`extern http`): its address.
    pub outside: Option<String>,
    /// Its name in the declaration.
    pub span: Span,
}

/// A function in foreign code: typed, without side effects, same result for same arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignFunction {
    /// `wasm` or `onnx`.
    pub host: String,
    /// The file.
    pub location: String,
    /// Names of its parameters.
    pub names: Vec<String>,
    /// Types of its parameters.
    pub parameters: Vec<Type>,
    /// The type of its result.
    pub result: Type,
    /// Its name in the declaration.
    pub span: Span,
}

/// A place where the order of what happens can be seen, and what that costs.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderPoint {
    /// Where.
    pub span: Span,
    /// The word that stands there.
    pub word: OrderWord,
    /// What it reads, closes, removes or lines up.
    pub about: String,
    /// Why that is good enough, in the words of the program, or what makes a reason unnecessary.
    pub reason: String,
    /// What it costs.
    pub cost: String,
}

/// The words that let order matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderWord {
    /// `sample`
    Sample,
    /// `coordinate`
    Coordinate,
    /// `seal`
    Seal,
    /// `remove`
    Remove,
    /// `late`
    Late,
}

impl OrderWord {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Coordinate => "coordinate",
            Self::Seal => "seal",
            Self::Remove => "remove",
            Self::Late => "late",
        }
    }
}
