//! Tables, events, messages, requests and timers get their columns and types.

use sheaf_ir::{Combiner, Label, Type};

use super::state::live_kind;
use crate::check::Checker;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Column, Combined, LiveKind, Reason, Relation, RelationKind, Reversal};
use crate::source::Span;
use crate::syntax::ast::{self, Item, ItemKind, Signature};

impl<'a> Checker<'a> {
    /// Declares a live item, if it is one.
    pub(in crate::check) fn declare_live(&mut self, module: usize, item: &'a Item) {
        if self.modules[module].is_library {
            return;
        }
        match &item.kind {
            ItemKind::Table(table) => self.declare_table(module, item, table),
            ItemKind::Event(event) => {
                self.declare_occurrence(module, item, event, LiveKind::Event);
            }
            ItemKind::Message(message) => {
                if self.service_of_module(module).is_none() {
                    self.no_address(module, &message.name, "message");
                }
                self.declare_occurrence(module, item, message, LiveKind::Message);
            }
            ItemKind::Request(request) => {
                if self.service_of_module(module).is_none() {
                    self.no_address(module, &request.name, "request");
                }
                self.declare_occurrence(module, item, request, LiveKind::Request);
            }
            ItemKind::Timer(timer) => self.declare_timer(module, item, timer),
            ItemKind::Service(service) => self.note_live(module, service.name.span, "a service"),
            ItemKind::Agent(agent) => self.note_live(module, agent.name.span, "an agent"),
            ItemKind::Coordinate(block) => {
                self.note_live(module, block.name.span, "a `coordinate` block");
            }
            ItemKind::On(on) => self.note_live(module, on.event.span, "an `on` block"),
            ItemKind::Extern(foreign) => {
                self.note_live(module, foreign.host.span, "foreign code");
                self.check_extern(module, foreign);
            }
            ItemKind::Rule(rule) if !matches!(rule.effect.kind, ast::EffectKind::Derive(_)) => {
                self.note_live(module, rule.effect.span, "a standing rule");
            }
            _ => {}
        }
    }

    /// Remembers what makes the program live.
    pub(in crate::check) fn note_live(&mut self, module: usize, span: Span, what: &str) {
        let file = self.file(module).0;
        self.effects.items.insert((file, span, what.to_owned()));
    }

    fn no_address(&mut self, module: usize, name: &ast::Name, what: &str) {
        let text = format!("the {what} `{}`", name.text);
        let advice = match what {
            "message" => {
                "move it into a service or agent, or declare an `event`, which needs no address"
            }
            _ => "move it into a `service`, which gives it an address",
        };
        self.misplaced(module, name.span, &text, advice);
    }

    fn declare_table(&mut self, module: usize, item: &Item, table: &Signature) {
        self.note_live(module, table.name.span, "a table");
        let name = self.modules[module].qualify(table.name.as_str());
        if self.program.relations.contains_key(&name) {
            return;
        }
        let columns = self.live_columns(module, table);
        let combined = match &table.result {
            Some(result) => match self.resolve_combiner(module, result) {
                Some(combined) => Some(combined),
                None => return self.silence(module, table.name.as_str()),
            },
            None => None,
        };
        let text = format!("effects write `{}` at any time", table.name.text);
        self.add_live(
            module,
            item,
            &table.name,
            columns,
            combined,
            LiveKind::Table,
            text,
        );
    }

    fn declare_occurrence(
        &mut self,
        module: usize,
        item: &Item,
        signature: &Signature,
        kind: LiveKind,
    ) {
        let article = if kind == LiveKind::Event { "an" } else { "a" };
        let what = format!("{article} {}", kind.word());
        self.note_live(module, signature.name.span, &what);
        let name = self.modules[module].qualify(signature.name.as_str());
        if self.program.relations.contains_key(&name) {
            return;
        }
        let columns = self.live_columns(module, signature);
        let combined = match (&signature.result, kind) {
            (Some(result), LiveKind::Request) => {
                let ty = self.resolve_type(module, result);
                Some(self.reply_of(module, ty, result.span))
            }
            (None, LiveKind::Request) => {
                self.reply_is_missing(module, signature, item.span);
                Some(self.reply_of(module, crate::check::types::poison(), signature.name.span))
            }
            (Some(result), _) => {
                self.no_reply_type(module, signature, result, &what);
                None
            }
            (None, _) => None,
        };
        let text = format!("`{}` may happen at any time", signature.name.text);
        self.add_live(module, item, &signature.name, columns, combined, kind, text);
    }

    /// The reply of a request: one value for its arguments.
    fn reply_of(&self, module: usize, ty: Type, span: Span) -> Combined {
        Combined {
            combiner: Combiner::One,
            contribution: ty.clone(),
            result: ty,
            reversal: Reversal::Natural,
            span: self.span(module, span),
        }
    }

    fn reply_is_missing(&mut self, module: usize, signature: &Signature, item: Span) {
        let file = self.file(module);
        let end = Span::new(item.end.saturating_sub(1), item.end.saturating_sub(1));
        self.report(
            Diagnostic::error(
                codes::MISSING_RESULT,
                file,
                signature.name.span,
                format!(
                    "the request `{}` does not say what it replies",
                    signature.name.text
                ),
            )
            .label("`-> Type` is missing after the arguments")
            .fix(
                "write `-> Unit` if an acknowledgement will do",
                end,
                " -> Unit",
            ),
        );
    }

    fn no_reply_type(
        &mut self,
        module: usize,
        signature: &Signature,
        result: &ast::Type,
        what: &str,
    ) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::NO_VALUE,
                file,
                result.span,
                format!(
                    "`{}` is {what}, and only a request has a reply",
                    signature.name.text
                ),
            )
            .label("nobody replies")
            .help("declare it as a `request`, or make this a column"),
        );
    }

    fn declare_timer(&mut self, module: usize, item: &Item, timer: &ast::Timer) {
        self.note_live(module, timer.name.span, "a timer");
        let every = self.constant(module, &timer.every, &Type::Duration);
        if let Some(sheaf_ir::Value::Duration(micros)) = every
            && micros <= 0
        {
            let file = self.file(module);
            self.report(
                Diagnostic::error(
                    codes::TIMER_PERIOD,
                    file,
                    timer.every.span,
                    format!(
                        "the timer `{}` needs a time above 0 between two ticks",
                        timer.name.text
                    ),
                )
                .label("not above 0")
                .help("write `every 1s`, for example"),
            );
        }
        let name = self.modules[module].qualify(timer.name.as_str());
        if self.program.relations.contains_key(&name) {
            return;
        }
        let columns = vec![Column {
            name: "now".to_owned(),
            ty: Type::Time,
            span: self.span(module, timer.name.span),
        }];
        let text = format!("`{}` ticks on and on", timer.name.text);
        self.add_live(
            module,
            item,
            &timer.name,
            columns,
            None,
            LiveKind::Timer,
            text,
        );
    }

    fn live_columns(&mut self, module: usize, signature: &Signature) -> Vec<Column> {
        for column in &signature.columns {
            self.check_column_attributes(module, &column.attributes, false);
        }
        self.columns(module, signature)
    }

    #[allow(clippy::too_many_arguments)]
    fn add_live(
        &mut self,
        module: usize,
        item: &Item,
        name: &ast::Name,
        columns: Vec<Column>,
        combined: Option<Combined>,
        kind: LiveKind,
        text: String,
    ) {
        let qualified = self.modules[module].qualify(name.as_str());
        let span = self.span(module, name.span);
        self.live.insert(qualified.clone(), Reason { span, text });
        let docs: Vec<&str> = item.docs.iter().map(|line| line.text.as_str()).collect();
        let relation = Relation {
            name: qualified.clone(),
            kind: RelationKind::Live(kind),
            columns,
            combined,
            label: Label::Growing,
            label_reason: Vec::new(),
            docs: docs.join("\n"),
            span,
        };
        self.program.relations.insert(qualified, relation);
    }

    /// The kind of a relation, if it is live.
    pub(in crate::check) fn live_kind(&self, relation: &str) -> Option<LiveKind> {
        self.program.relations.get(relation).and_then(live_kind)
    }

    /// `a table`, `a view`, `an input`: what a relation is, for messages.
    pub(in crate::check) fn what_is(&self, relation: &str) -> &'static str {
        match self
            .program
            .relations
            .get(relation)
            .map(|relation| &relation.kind)
        {
            Some(RelationKind::Live(LiveKind::Table)) => "a table",
            Some(RelationKind::Live(LiveKind::Event)) => "an event",
            Some(RelationKind::Live(LiveKind::Message)) => "a message",
            Some(RelationKind::Live(LiveKind::Request)) => "a request",
            Some(RelationKind::Live(LiveKind::Timer)) => "a timer",
            Some(RelationKind::Input(_)) => "an input",
            Some(RelationKind::View) => "a view",
            None => "a relation",
        }
    }
}
