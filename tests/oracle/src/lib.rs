//! A naive evaluator over the checked program: the independent oracle of the tests.
//!
//! Shares no IR graph, planner, kernel or engine code with what it judges: it enumerates valuations
//! of rule bodies in nested loops over `BTreeMap`s of values, round after round, until nothing
//! changes. Slow, and meant to be read beside the language reference.

pub mod combine;
pub mod evaluate;
pub mod exact;
pub mod function;
pub mod generate;
pub mod random;
pub mod write;
