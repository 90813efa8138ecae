//! What parses but is not run by this version: one diagnostic for each item that needs it.
//!
//! Invariant: bodies of such items are not looked into, and names that they declare are silent.

use super::Checker;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{EffectKind, Item, ItemKind};

/// What an item is that this version does not run; `None` for the others.
fn what(item: &Item) -> Option<(&'static str, Span)> {
    Some(match &item.kind {
        ItemKind::Table(item) => ("a table", item.name.span),
        ItemKind::Event(item) => ("an event", item.name.span),
        ItemKind::Message(item) => ("a message", item.name.span),
        ItemKind::Request(item) => ("a request", item.name.span),
        ItemKind::Timer(item) => ("a timer", item.name.span),
        ItemKind::Service(item) => ("a service", item.name.span),
        ItemKind::Agent(item) => ("an agent", item.name.span),
        ItemKind::Coordinate(item) => ("a `coordinate` block", item.name.span),
        ItemKind::On(item) => ("an `on` block", item.event.span),
        ItemKind::Extern(item) => ("foreign code", item.host.span),
        ItemKind::Lattice(item) if !item.generics.is_empty() => {
            ("a generic lattice", item.name.span)
        }
        ItemKind::Rule(rule) => match &rule.effect.kind {
            EffectKind::Merge(_) => ("an effect (`merge`)", rule.effect.span),
            EffectKind::Remove(_) => ("an effect (`remove`)", rule.effect.span),
            EffectKind::Seal(_) => ("an effect (`seal`)", rule.effect.span),
            EffectKind::Send { .. } => ("an effect (`send`)", rule.effect.span),
            EffectKind::Schedule { .. } => ("an effect (`schedule`)", rule.effect.span),
            EffectKind::Reply(_) => ("an effect (`reply`)", rule.effect.span),
            EffectKind::Derive(_) | EffectKind::Error => return None,
        },
        _ => return None,
    })
}

impl Checker<'_> {
    /// Reports the items of a module that are not run as such.
    pub(super) fn report_not_yet(&mut self, module: usize) {
        if self.modules[module].is_library {
            return;
        }
        for item in self.items(module) {
            if let Some((what, span)) = what(item) {
                self.not_yet(module, span, what);
            }
        }
    }

    /// Reports that `what`, a noun, is not run; at most once for each item.
    pub(super) fn not_yet(&mut self, module: usize, span: Span, what: &str) {
        let item = self.items(module).find(|item| {
            item.span.start <= span.start && span.start < item.span.end.max(item.span.start + 1)
        });
        let start = item.map_or(span.start, |item| item.span.start);
        if !self.not_yet.insert((module, start)) {
            return;
        }
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::NOT_YET,
                file,
                span,
                format!("not yet: this version does not run {what}"),
            )
            .label("not yet run")
            .note("It is read and its names are known; the rest of the file is checked as usual.")
            .help("leave it out to run the rest"),
        );
    }
}
