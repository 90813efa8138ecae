//! One file per command.

pub mod check;
pub mod explain;
pub mod fmt;
pub mod lsp;
pub mod order;
pub mod run;
pub mod test;
pub mod worker;
