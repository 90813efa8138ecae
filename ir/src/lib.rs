//! The common intermediate representation: a typed dataflow graph that many languages can target.
//!
//! Invariants:
//! - The IR knows no syntax tree and no run time: whatever an optimizer or engine needs is in it.
//! - Everything is named by content or qualified name. A petgraph index never leaves the process:
//!   it is in no text, binary form, plan, statistic or state.
//! - [`mod@verify`] re-derives what the annotations claim and trusts no front end.
//! - The IR is independent of machines; a [`plan::Plan`] says how one machine runs it.

pub mod binary;
mod bounded;
pub mod canonical;
pub mod combiner;
pub mod encoding;
pub mod expression;
pub mod function;
pub mod graph;
pub mod infer;
pub mod nesting;
pub mod passes;
pub mod plan;
pub mod shard;
pub mod sizes;
pub mod span;
pub mod text;
pub mod types;
pub mod typing;
pub mod value;
pub mod verify;

pub use combiner::Combiner;
pub use expression::{Block, Clause, Expr, ExprKind, Gather};
pub use function::Function;
pub use graph::{
    Collection, FunctionDefinition, Label, Lattice, Multiplicity, Node, NodeId, Operator, Order,
    Port, Program,
};
pub use span::Span;
pub use types::{Nominal, Type};
pub use value::Value;
