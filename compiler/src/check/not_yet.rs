//! What parses but is not run by this version: one diagnostic for each item that needs it.
//!
//! Invariant: bodies of such items are not looked into, and names that they declare are silent.

use super::Checker;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir;
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind};

/// What an item is that this version does not run; `None` for the others.
fn what(item: &Item) -> Option<(&'static str, Span)> {
    Some(match &item.kind {
        ItemKind::Lattice(item) if !item.generics.is_empty() => {
            ("a generic lattice", item.name.span)
        }
        _ => return None,
    })
}

/// Why a program without errors is not run: one message, about the first live item. `None` for a
/// program that is run.
pub fn not_yet_run(program: &hir::Program) -> Option<Diagnostic> {
    let first = &program.live.as_ref()?.first;
    let (file, span) = super::place(first.span);
    Some(
        Diagnostic::error(
            codes::NOT_YET,
            file,
            span,
            "not yet: this version checks but does not yet run live programs",
        )
        .label(format!("{} makes the program live", first.what))
        .note("The program is right as far as checking can tell.")
        .help(
            "`sheaf check` checks it; `sheaf explain --order` lists where order can matter in it",
        ),
    )
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
