//! The live half of the language: state, events, effects and services, and where order can matter.
//!
//! Invariants:
//! - A service or agent is a module of its own, inside the one it stands in ([`service`]).
//! - Tables, events, messages, requests and timers are relations ([`declare`]); who does what to them is
//!   an [`Effect`], one for each rule of an `on` block and each standing rule ([`effect`], [`on`]).
//! - What order can change is judged once everything has its label ([`order`]): by what each effect
//!   reads, what can become final ([`closing`]) and what a `coordinate` block holds ([`coordinate`]).
//!
//! The order of declarations, rules and conditions changes no diagnostic.

pub(super) mod address;
pub(super) mod attributes;
pub(super) mod because;
pub(super) mod closing;
pub(super) mod coordinate;
pub(super) mod declare;
pub(super) mod effect;
pub(super) mod foreign;
pub(super) mod on;
pub(super) mod order;
pub(super) mod points;
pub(super) mod reads;
pub(super) mod replies;
pub(super) mod service;
pub(super) mod sinks;
pub(super) mod state;
pub(super) mod test_block;
pub(super) mod view;

pub(super) use state::Effects;
