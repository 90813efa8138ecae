//! From Sheaf source text to a checked program to IR; pure.
//!
//! Invariants: no files, no clock, no threads, no network, no state outside of values. Every phase
//! returns its result *and* its diagnostics, and no input makes it panic.

mod change;
pub mod check;
pub mod diagnostic;
pub mod format;
pub mod hir;
pub mod library;
pub mod lower;
pub mod package;
pub mod source;
pub mod syntax;
