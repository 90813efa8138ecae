//! Outputs of what lives: whether a sink can take rows back, and whether `final` rows ever come.

use sheaf_ir::Label;

use super::closing::{Closing, Known};
use crate::check::connector::{is_live_sink, only_appends};
use crate::check::labels::moves;
use crate::check::names::Def;
use crate::check::strata::short;
use crate::check::{Checker, place};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Name};

impl Checker<'_> {
    /// What a path that begins with a service names.
    pub(in crate::check) fn member_on_path(&mut self, module: usize, path: &[Name]) -> Option<Def> {
        let [owner, name] = path else { return None };
        match self.type_name(module, owner.as_str())? {
            Def::Service(service) => {
                let entry = self.scopes[service].callables.get(name.as_str())?;
                (!entry.is_used).then(|| entry.def.clone())
            }
            def => Some(def).filter(|def| *def == Def::Silent),
        }
    }

    /// A relation that may be published; reports what happens and is gone.
    pub(in crate::check) fn published(
        &mut self,
        module: usize,
        name: &Name,
        relation: String,
    ) -> Option<String> {
        if !self.live_kind(&relation).is_some_and(|kind| kind.happens()) {
            return Some(relation);
        }
        let what = self.what_is(&relation);
        let file = self.file(module);
        let diagnostic = Diagnostic::error(
            codes::EVENT_READ,
            file,
            name.span,
            format!(
                "`{}` is {what}: it happens and is gone, and only what lasts is published",
                name.text
            ),
        )
        .label(what);
        let diagnostic = self.with_declaration(diagnostic, &relation, "declared here");
        self.report(diagnostic.help("keep what happened in a table, and publish that"));
        None
    }

    /// Judges what outputs publish against what their sinks can take.
    pub(super) fn judge_outputs(&self, closing: &mut Closing<'_>, out: &mut Vec<Diagnostic>) {
        for output in &self.program.outputs {
            let Some(declared) = self.program.relations.get(&output.relation) else {
                continue;
            };
            if declared.label == Label::Closed {
                continue;
            }
            let (file, span) = place(output.span);
            let name = short(&output.relation);
            let known: Vec<Known> = declared.columns.iter().map(|_| Known::Yes).collect();
            let never = closing.never(&output.relation, &known);
            if output.settled {
                if let Some(cause) = never.filter(|_| !self.effects.has_lost_seal) {
                    let diagnostic = Diagnostic::error(
                        codes::NEVER_FINAL,
                        file,
                        span,
                        format!("no row of `{name}` ever becomes final: {}", cause.text),
                    )
                    .label("nothing is ever written")
                    .note("`output final` writes a row once, when it is there for good.");
                    out.push(
                        self.with_declaration(diagnostic, &cause.relation, "this stays open")
                            .help("close it with `seal` or `late`, or publish without `final` where changes are taken"),
                    );
                }
                continue;
            }
            let climbs = declared.combined.as_ref().is_some_and(moves);
            let (message, label) = match declared.label {
                Label::Changing => (format!("rows of `{name}` may be taken back"), "changing"),
                _ if climbs => (
                    format!("a row of `{name}` is replaced when its value climbs"),
                    "climbing",
                ),
                _ => continue,
            };
            if !only_appends(&output.format) {
                continue;
            }
            let mut diagnostic = Diagnostic::error(
                codes::APPEND_ONLY,
                file,
                span,
                format!("{message}, and `{}` can only add rows", output.format),
            )
            .label(label);
            for reason in declared.label_reason.iter().take(3) {
                let (file, span) = place(reason.span);
                diagnostic = diagnostic.and_in(file, span, reason.text.clone());
            }
            let start = Span::new(span.start, span.start);
            out.push(match never {
                None => diagnostic.fix("write each row once, when it is final", start, "final "),
                Some(_) => diagnostic.help("publish it where changes are taken, as by `websocket()`, or publish a view that only grows"),
            });
        }
    }

    /// Remembers outputs that make a program live.
    pub(in crate::check) fn note_live_sink(
        &mut self,
        module: usize,
        sink: &crate::syntax::ast::Connector,
    ) {
        if is_live_sink(sink.name.as_str()) && self.is_root_file(module) {
            self.note_live(module, sink.span, "a live sink");
        }
    }

    /// Remembers how late the rows of a live input may be.
    pub(in crate::check) fn note_late(
        &mut self,
        module: usize,
        relation: &str,
        late: &crate::syntax::ast::Late,
        columns: &[crate::hir::Column],
    ) {
        let column = columns
            .iter()
            .position(|column| column.name == late.column.as_str());
        let span = self.span(module, late.span);
        let bound = match &late.bound.kind {
            ExprKind::Literal(_) => {
                let text = self.sources.get(self.file(module)).text();
                late.bound.span.of(text).to_owned()
            }
            _ => String::new(),
        };
        if let Some(column) = column {
            let late = super::state::Late {
                column,
                span,
                bound,
            };
            self.effects.late.insert(relation.to_owned(), late);
        }
    }
}
