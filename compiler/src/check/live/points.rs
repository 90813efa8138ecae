//! Every use of the five words that let order matter, with its reason and its cost; and the live part of
//! the checked program.

use super::state::{Does, Effect, Read};
use crate::check::Checker;
use crate::check::strata::short;
use crate::hir::{Live, LiveItem, OrderPoint, OrderWord};
use crate::source::Span;

impl Checker<'_> {
    /// The live part of the program; `None` for a program of data.
    pub(in crate::check) fn live_part(&mut self) -> Option<Live> {
        let (file, span, what) = self.effects.items.first().cloned()?;
        let span = sheaf_ir::Span {
            file,
            start: span.start,
            end: span.end,
        };
        let mut order_points = Vec::new();
        for effect in &self.effects.effects {
            self.points_of(effect, &mut order_points);
        }
        self.points_of_blocks(&mut order_points);
        self.points_of_inputs(&mut order_points);
        order_points.sort_by(|a, b| (a.span, a.word, &a.about).cmp(&(b.span, b.word, &b.about)));
        // What rules of one block share stands there once.
        order_points.dedup_by(|a, b| (a.span, a.word) == (b.span, b.word));
        Some(Live {
            first: LiveItem { what, span },
            services: self.services(),
            functions: std::mem::take(&mut self.effects.functions),
            order_points,
        })
    }

    fn text(&self, module: usize, span: Span) -> String {
        let text = span.of(self.sources.get(self.file(module)).text());
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    }

    fn points_of(&self, effect: &Effect, points: &mut Vec<OrderPoint>) {
        let module = effect.module;
        for one in super::reads::of_effect(effect) {
            let Read::Sample(word) = self.read_of(one.atom) else {
                continue;
            };
            let mode = self.effects.modes.get(&one.atom.span);
            let atom = mode.map_or(word, |mode| mode.atom);
            let cost = match self.consistency(effect) {
                "eventual" => "may miss anything that has not arrived",
                "causal" => {
                    "may miss what has not arrived, but nothing that what it shows depends on"
                }
                "snapshot" => "may miss what has not arrived, but shows no half of an epoch",
                _ => "may miss what has not arrived, but not the caller's own effects",
            };
            points.push(OrderPoint {
                span: self.span(module, word.to(atom)),
                word: OrderWord::Sample,
                about: self.text(module, atom),
                reason: effect.reason.clone(),
                cost: cost.to_owned(),
            });
        }
        let (word, cost) = match effect.does {
            Does::Seal => (OrderWord::Seal, "refuses every later merge of these keys"),
            Does::Remove => (
                OrderWord::Remove,
                "makes the table changing; what is merged later stays",
            ),
            _ => return,
        };
        let text = self.text(module, effect.at);
        let about = text
            .strip_prefix(effect.does.word())
            .unwrap_or(&text)
            .trim_start();
        let reason = match (effect.reason.as_str(), effect.block) {
            ("", Some(block)) => {
                let block = &self.effects.blocks[block];
                format!("in line with its block `{}`: {}", block.name, block.reason)
            }
            ("", None) => "rests on a threshold that stays true".to_owned(),
            (reason, _) => reason.to_owned(),
        };
        points.push(OrderPoint {
            span: self.span(module, effect.at),
            word,
            about: about.to_owned(),
            reason,
            cost: cost.to_owned(),
        });
    }

    fn points_of_blocks(&self, points: &mut Vec<OrderPoint>) {
        for block in &self.effects.blocks {
            let mut events: Vec<String> = block
                .events
                .iter()
                .map(|event| format!("`{}`", short(event)))
                .collect();
            events.sort();
            events.dedup();
            points.push(OrderPoint {
                span: self.span(block.module, block.span),
                word: OrderWord::Coordinate,
                about: format!("{} by {}", block.name, block.by),
                reason: block.reason.clone(),
                cost: format!(
                    "{} with equal `{}` take effect one at a time",
                    events.join(", "),
                    block.by
                ),
            });
        }
    }

    fn points_of_inputs(&self, points: &mut Vec<OrderPoint>) {
        for (input, late) in &self.effects.late {
            points.push(OrderPoint {
                span: late.span,
                word: OrderWord::Late,
                about: short(input).to_owned(),
                reason: "closes what is older".to_owned(),
                cost: format!(
                    "rows more than {} behind the latest are refused and counted",
                    late.bound
                ),
            });
        }
    }
}
