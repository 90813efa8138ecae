//! One file per command.

pub mod check;
pub mod explain;
pub mod fmt;
pub mod order;
pub mod plan;
pub mod run;
pub mod test;
pub mod why;
pub mod worker;
