//! One file per command.

pub mod build;
pub mod check;
pub mod completions;
pub mod explain;
pub mod fmt;
pub mod init;
pub mod lsp;
pub mod order;
pub mod plan;
pub mod repl;
pub mod run;
pub mod test;
pub mod why;
pub mod worker;
