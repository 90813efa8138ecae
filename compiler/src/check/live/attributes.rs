//! Attributes of items: which item takes which, and with what arguments.

use super::state::Effect;
use crate::check::Checker;
use crate::check::strata::short;
use crate::check::suggest::nearest;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{Agent, Attribute, Expr, ExprKind, Item, ItemKind, Literal, Service};

/// What an attribute takes.
#[derive(Clone, Copy)]
enum Takes {
    /// One string.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Columns of the relation below it.
    Columns,
    /// Named durations, with these names.
    Durations(&'static [&'static str]),
    /// Named strings, with these names.
    Texts(&'static [&'static str]),
}

/// An attribute: its name, the items that take it, what it takes, an example.
struct Known {
    name: &'static str,
    on: &'static [&'static str],
    takes: Takes,
    example: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        name: "auth",
        on: &["service", "agent", "request", "message"],
        takes: Takes::Texts(&["role", "scope"]),
        example: "@auth(role: \"admin\")",
    },
    Known {
        name: "consistency",
        on: &["service", "agent", "request"],
        takes: Takes::Word(&["causal", "eventual", "session", "snapshot"]),
        example: "@consistency(causal)",
    },
    Known {
        name: "durability",
        on: &["service", "agent", "request", "table"],
        takes: Takes::Word(&["async", "sync"]),
        example: "@durability(async)",
    },
    Known {
        name: "http",
        on: &["service", "agent", "request"],
        takes: Takes::Text,
        example: "@http(\"/cart\")",
    },
    Known {
        name: "on",
        on: &["extern", "view"],
        takes: Takes::Word(&["cpu", "gpu"]),
        example: "@on(gpu)",
    },
    Known {
        name: "partition",
        on: &["table", "view", "input"],
        takes: Takes::Columns,
        example: "@partition(user)",
    },
    Known {
        name: "slo",
        on: &["service", "agent", "request"],
        takes: Takes::Durations(&["p50", "p90", "p95", "p99", "p999"]),
        example: "@slo(p99: 50ms)",
    },
];

/// The keyword of an item that takes attributes.
fn word(item: &ItemKind) -> &'static str {
    match item {
        ItemKind::Service(_) => "service",
        ItemKind::Agent(_) => "agent",
        ItemKind::Request(_) => "request",
        ItemKind::Message(_) => "message",
        ItemKind::Table(_) => "table",
        ItemKind::View(_) => "view",
        ItemKind::Input(_) => "input",
        ItemKind::Extern(_) => "extern",
        _ => "",
    }
}

impl Checker<'_> {
    /// Checks the attributes of an item.
    pub(in crate::check) fn check_item_attributes(&mut self, module: usize, item: &Item) {
        if matches!(item.kind, ItemKind::Error(_)) {
            return;
        }
        for (index, attribute) in item.attributes.iter().enumerate() {
            let name = attribute.name.as_str();
            let earlier = item.attributes[..index]
                .iter()
                .find(|other| other.name.text == attribute.name.text);
            if let Some(earlier) = earlier {
                self.attribute_twice(module, attribute, earlier);
                continue;
            }
            match KNOWN.iter().find(|known| known.name == name) {
                Some(known) if known.on.contains(&word(&item.kind)) => {
                    self.check_attribute(module, item, attribute, known);
                    self.note_live(module, attribute.span, "an attribute of what lives");
                }
                Some(known) => {
                    let known = format!("it stands before `{}`", known.on.join("`, `"));
                    self.unknown_attribute(module, attribute, known);
                }
                None => {
                    let near = nearest(name, KNOWN.iter().map(|known| known.name));
                    let help = match near {
                        Some(near) => format!("did you mean `@{near}`?"),
                        None => "remove it".to_owned(),
                    };
                    self.unknown_attribute(module, attribute, help);
                }
            }
        }
    }

    fn attribute_twice(&mut self, module: usize, second: &Attribute, first: &Attribute) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::DECLARED_TWICE,
                file,
                second.span,
                format!("the attribute `@{}` stands twice", second.name.text),
            )
            .label("the second time")
            .and(first.span, "the first time")
            .help("remove one of them"),
        );
    }

    fn unknown_attribute(&mut self, module: usize, attribute: &Attribute, help: String) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::UNKNOWN_ATTRIBUTE,
                file,
                attribute.span,
                format!("there is no attribute `@{}` for this", attribute.name.text),
            )
            .label("means nothing here")
            .help(help),
        );
    }

    fn check_attribute(
        &mut self,
        module: usize,
        item: &Item,
        attribute: &Attribute,
        known: &Known,
    ) {
        let arguments = attribute.arguments.as_slice();
        if arguments
            .iter()
            .any(|argument| matches!(argument.value.kind, ExprKind::Error))
        {
            return;
        }
        let named = |names: &[&str]| {
            arguments.iter().find(|argument| {
                argument
                    .name
                    .as_ref()
                    .is_none_or(|name| !names.contains(&name.as_str()))
            })
        };
        let wrong = match (known.takes, arguments) {
            (_, []) => Some((attribute.span, "it needs an argument".to_owned())),
            (Takes::Text, [one]) => (!is_text(&one.value) || one.name.is_some())
                .then(|| (one.span, "it takes one string".to_owned())),
            (Takes::Word(words), [one]) => {
                let is_right = one.name.is_none()
                    && matches!(&one.value.kind, ExprKind::Name(name) if words.contains(&name.as_str()));
                (!is_right).then(|| (one.span, format!("it takes one of `{}`", words.join("`, `"))))
            }
            (Takes::Text | Takes::Word(_), [_, second, ..]) => {
                Some((second.span, "it takes one argument".to_owned()))
            }
            (Takes::Columns, columns) => self.wrong_column(item, columns.iter().map(|one| &one.value)),
            (Takes::Durations(names), _) => match named(names) {
                Some(one) => Some((one.span, format!("it takes `{}`", names.join("`, `")))),
                None => arguments
                    .iter()
                    .find(|one| !matches!(&one.value.kind, ExprKind::Literal(Literal::Duration(micros)) if *micros > 0))
                    .map(|one| (one.value.span, "a time above 0 is needed, such as `50ms`".to_owned())),
            },
            (Takes::Texts(names), _) => match named(names) {
                Some(one) => Some((one.span, format!("it takes `{}`", names.join("`, `")))),
                None => arguments
                    .iter()
                    .find(|one| !is_text(&one.value))
                    .map(|one| (one.value.span, "a string is needed".to_owned())),
            },
        };
        let Some((span, complaint)) = wrong else {
            return;
        };
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::ATTRIBUTE_ARGUMENTS,
                file,
                span,
                format!("`@{}` cannot be read: {complaint}", known.name),
            )
            .label("does not fit")
            .help(format!("write `{}`, for example", known.example)),
        );
    }

    /// The first that is no column of the item.
    fn wrong_column<'e>(
        &self,
        item: &Item,
        mut columns: impl Iterator<Item = &'e Expr>,
    ) -> Option<(Span, String)> {
        let signature = match &item.kind {
            ItemKind::Table(signature) | ItemKind::View(signature) => signature,
            ItemKind::Input(input) => &input.signature,
            _ => return None,
        };
        let is_column = |expr: &Expr| match &expr.kind {
            ExprKind::Name(name) => signature
                .columns
                .iter()
                .any(|column| column.name.text == name.text),
            _ => false,
        };
        let wrong = columns.find(|expr| !is_column(expr))?;
        Some((
            wrong.span,
            format!("it takes columns of `{}`", signature.name.text),
        ))
    }

    /// What a `sample` of an effect may miss: the word of `@consistency` of its request, else of its
    /// service.
    pub(super) fn consistency(&self, effect: &Effect) -> &str {
        let event = effect.event.as_ref().map(|(event, _)| short(event));
        let request = self.items(effect.module).find(|item| match &item.kind {
            ItemKind::Request(request) => Some(request.name.as_str()) == event,
            _ => false,
        });
        let owner = self.service_of_module(effect.module);
        let service = owner.and_then(|owner| {
            self.items(owner.parent).find(|item| match &item.kind {
                ItemKind::Service(Service { name, .. }) | ItemKind::Agent(Agent { name, .. }) => {
                    name.span == owner.name.span
                }
                _ => false,
            })
        });
        let word = |item: &Item| {
            let attributes = item.attributes.iter();
            let mut named = attributes.filter(|one| one.name.as_str() == "consistency");
            match named.next()?.arguments.as_slice() {
                [one] => match &one.value.kind {
                    ExprKind::Name(word) => Some(word.text.clone()),
                    _ => None,
                },
                _ => None,
            }
        };
        let found = request.and_then(word).or_else(|| service.and_then(word));
        let known = ["causal", "eventual", "snapshot"];
        let known = known
            .into_iter()
            .find(|known| found.as_deref() == Some(*known));
        known.unwrap_or("session")
    }
}

fn is_text(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Literal::String(text)) if !text.is_empty())
}
