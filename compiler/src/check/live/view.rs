//! Views and events: a view reads state, never what happens.

use super::state::live_kind;
use crate::check::strata::short;
use crate::check::{Checker, place, reads};
use crate::diagnostic::{Diagnostic, codes};

impl Checker<'_> {
    /// Reports rules of views that read events.
    pub(super) fn refuse_events_in_views(&mut self) {
        let mut relations = self.program.relations.values();
        if !relations.any(|relation| live_kind(relation).is_some_and(|kind| kind.happens())) {
            return;
        }
        let mut found = Vec::new();
        for rule in &self.program.rules {
            let all = reads::of_rule(rule);
            let event = all.iter().find(|read| {
                self.live_kind(read.relation)
                    .is_some_and(|kind| kind.happens())
            });
            let Some(read) = event else { continue };
            let (file, span) = place(read.span);
            let (name, what) = (short(read.relation), self.what_is(read.relation));
            let diagnostic = Diagnostic::error(
                codes::EVENT_READ,
                file,
                span,
                format!("`{}` is a view, and cannot read {what}", short(&rule.head.relation)),
            )
            .label(format!("`{name}` happens and is gone"))
            .note("A view holds what follows from the state, at any time; when an event happened it is over.");
            let diagnostic = self.with_declaration(diagnostic, read.relation, "declared here");
            found.push(diagnostic.help(format!(
                "keep it in a table, `on {name}(…) {{ merge …; }}`, and read that"
            )));
        }
        for diagnostic in found {
            self.report(diagnostic);
        }
    }
}
