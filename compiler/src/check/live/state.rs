//! What the checker knows of effects, gathered rule by rule and judged at the end.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::Type;

use crate::hir::{self, Column, Condition, Expr, ForeignFunction, LiveKind, Variable};
use crate::source::Span;

/// All that is live in a program.
#[derive(Debug, Default)]
pub(in crate::check) struct Effects {
    /// Items that make the program live: file, place of the name, a noun.
    pub(super) items: BTreeSet<(u32, Span, String)>,
    /// Keys of agents, by module.
    pub(super) keys: BTreeMap<usize, Column>,
    /// Foreign functions by qualified name.
    pub(super) functions: BTreeMap<String, ForeignFunction>,
    /// Every effect that is right by itself.
    pub(super) effects: Vec<Effect>,
    /// Every `coordinate` block.
    pub(super) blocks: Vec<Block>,
    /// How atoms of effects read, by the span that the checked atom has.
    pub(super) modes: BTreeMap<sheaf_ir::Span, Mode>,
    /// Requests that some rule replies to, right or wrong.
    pub(super) replied: BTreeSet<String>,
    /// Events, messages and timers that some block waits for, right or wrong.
    pub(super) handled: BTreeSet<String>,
    /// Reasons after `because`: module and place of the string.
    pub(super) reasons: Vec<(usize, Span, String)>,
    /// Tables from which something is removed, with the place.
    pub(in crate::check) removed: BTreeMap<String, hir::Reason>,
    /// Of live inputs: how late their rows may be.
    pub(super) late: BTreeMap<String, Late>,
    /// A rule with a `seal` was wrong, so what can become final is not known.
    pub(super) has_lost_seal: bool,
}

/// `late 5s by at`.
#[derive(Clone, Debug)]
pub(super) struct Late {
    /// Index of the column that tells.
    pub(super) column: usize,
    pub(super) span: sheaf_ir::Span,
    /// How late, as written.
    pub(super) bound: String,
}

/// How an atom reads what may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// No word.
    Bare,
    /// `sample`, and where the word stands.
    Sample(Span),
    /// `final`, and where the word stands.
    Final(Span),
}

/// How an atom reads, and where it begins behind its words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) read: Read,
    pub(super) atom: Span,
    /// It names a service or instance of an agent before its name.
    pub(super) is_addressed: bool,
}

/// What an effect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Does {
    Merge,
    Remove,
    Seal,
    Send,
    Schedule,
    Reply,
    Raise,
}

impl Does {
    /// How messages call it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Does::Merge => "merge",
            Does::Remove => "remove",
            Does::Seal => "seal",
            Does::Send => "send",
            Does::Schedule => "schedule",
            Does::Reply => "reply",
            Does::Raise => "raise",
        }
    }
}

/// One rule with an effect.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) module: usize,
    pub(super) does: Does,
    /// What is written, sent, raised or replied to, by qualified name.
    pub(super) target: String,
    /// What it waits for: the event by qualified name, and the span of its checked atom.
    pub(super) event: Option<(String, sheaf_ir::Span)>,
    /// Index into [`Effects::blocks`].
    pub(super) block: Option<usize>,
    /// For each column of the target: the variable it is, if it is one.
    pub(super) columns: Vec<Written>,
    /// How many of the variables are bound before any condition: an agent's key, `as r`.
    pub(super) given: usize,
    pub(super) conditions: Vec<Condition>,
    pub(super) values: Vec<Expr>,
    pub(super) variables: Vec<Variable>,
    /// Where the reason stands.
    pub(super) because: Option<Span>,
    /// The reason.
    pub(super) reason: String,
    /// What it does, without conditions.
    pub(super) at: Span,
    /// The whole rule.
    pub(super) rule: Span,
}

/// A column of what an effect writes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// Any value: `_` or `..`.
    Any,
    /// A variable of the rule, by name.
    Variable(String),
    /// Another value.
    Value,
}

/// A `coordinate` block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) module: usize,
    pub(super) name: String,
    /// The keys that it locks, each by the names of its parts; several for `by {a, b}`.
    pub(super) keys: Vec<Vec<String>>,
    /// The text after `by`.
    pub(super) by: String,
    pub(super) reason: String,
    /// What its `on` blocks wait for.
    pub(super) events: Vec<String>,
    pub(super) span: Span,
}

/// The type of `r` in `on e(…) as r`.
pub(super) const OCCURRENCE: &str = "std.Occurrence";

/// The fields of an occurrence: its identity, and when it happened.
pub(super) fn occurrence() -> sheaf_ir::Nominal {
    let fields = [("id", Type::Id), ("at", Type::Time)];
    sheaf_ir::Nominal::Record(
        fields
            .into_iter()
            .map(|(name, ty)| (name.to_owned(), ty))
            .collect(),
    )
}

/// The kind of a live relation.
pub(super) fn live_kind(relation: &hir::Relation) -> Option<LiveKind> {
    match relation.kind {
        hir::RelationKind::Live(kind) => Some(kind),
        _ => None,
    }
}
