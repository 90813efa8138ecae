//! Reasons: where a word gives up order, why that is good enough.

use std::collections::BTreeMap;

use sheaf_ir::Label;

use super::state::{Does, Effect};
use crate::check::Checker;
use crate::check::strata::short;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Arg, Condition};
use crate::source::Span;
use crate::syntax::ast::Because;

impl Checker<'_> {
    /// Remembers a reason.
    pub(super) fn note_reason(&mut self, module: usize, because: &Because) {
        let text = because.reason.value.trim().to_owned();
        self.effects
            .reasons
            .push((module, because.reason.span, text));
    }

    /// Reports reasons that say nothing, or the same as another.
    pub(super) fn judge_reasons(&self, out: &mut Vec<Diagnostic>) {
        let mut first: BTreeMap<&str, (crate::source::FileId, Span)> = BTreeMap::new();
        let mut reasons: Vec<_> = self
            .effects
            .reasons
            .iter()
            .map(|(module, span, text)| (self.file(*module), *span, text.as_str()))
            .collect();
        reasons.sort();
        for (file, span, text) in reasons {
            if text.is_empty() {
                out.push(
                    Diagnostic::lint(codes::EMPTY_REASON, file, span, "this reason is empty")
                        .label("why?")
                        .note("A reason tells the next reader what may go wrong here, and why that is good enough.")
                        .help("say what a stale answer costs, and who can live with it"),
                );
                continue;
            }
            let Some((other, before)) = first.get(text) else {
                first.insert(text, (file, span));
                continue;
            };
            out.push(
                Diagnostic::lint(
                    codes::EMPTY_REASON,
                    file,
                    span,
                    format!("the reason \"{text}\" stands here and elsewhere"),
                )
                .label("copied")
                .and_in(*other, *before, "the same words")
                .help("say why it is good enough in this place"),
            );
        }
    }

    /// Checks that an effect has a reason where it needs one, and has none where nothing needs one.
    pub(super) fn judge_reason(
        &self,
        effect: &Effect,
        samples: &[Span],
        is_right: bool,
        out: &mut Vec<Diagnostic>,
    ) {
        let file = self.file(effect.module);
        match (effect.because, samples.iter().min()) {
            (None, Some(first)) => {
                let end = Span::new(effect.rule.end.saturating_sub(1), effect.rule.end);
                out.push(
                    Diagnostic::error(
                        codes::SAMPLE_WITHOUT_REASON,
                        file,
                        *first,
                        "this reads what is there now, and does not say why that is good enough",
                    )
                    .label("may miss what is still on its way")
                    .and(end, "`because \"…\"` is missing here")
                    .help("write `because \"…\"` at the end of the rule"),
                );
                return;
            }
            (None, None) => {}
            (Some(because), None) if !matches!(effect.does, Does::Remove | Does::Seal) => {
                if is_right {
                    out.push(
                        Diagnostic::error(
                            codes::BECAUSE_WITHOUT_SAMPLE,
                            file,
                            because,
                            "there is nothing here that needs a reason",
                        )
                        .label("not needed")
                        .note("`because` says why a stale answer is good enough, and this rule always acts on the settled one.")
                        .fix("remove it, or make it a comment", because, ""),
                    );
                }
                return;
            }
            _ => {}
        }
        if effect.because.is_some() {
            return;
        }
        match effect.does {
            Does::Remove if !self.holds_every_writer(effect) => {
                out.push(self.remove_needs_reason(effect))
            }
            Does::Seal if effect.block.is_none() && !self.rests_on_threshold(effect) => {
                out.push(self.seal_needs_reason(effect));
            }
            _ => {}
        }
    }

    /// Whether the block of a `remove` has all merges and removes of the table.
    fn holds_every_writer(&self, effect: &Effect) -> bool {
        let writers = self.effects.effects.iter().filter(|other| {
            other.target == effect.target && matches!(other.does, Does::Merge | Does::Remove)
        });
        effect.block.is_some() && writers.into_iter().all(|other| other.block == effect.block)
    }

    fn remove_needs_reason(&self, effect: &Effect) -> Diagnostic {
        let name = short(&effect.target);
        Diagnostic::error(
            codes::REMOVE_WITHOUT_REASON,
            self.file(effect.module),
            effect.at,
            format!("`remove` from `{name}` does not say why its moment does not matter"),
        )
        .label("what arrives later stays")
        .note("It removes the rows that match now. A merge that arrives a moment later stays, so order can be seen.")
        .help("write `because \"…\"`, put it in a `coordinate` block with every writer of the table, or merge removed ids into a table of their own and read with `not`")
    }

    fn seal_needs_reason(&self, effect: &Effect) -> Diagnostic {
        let name = short(&effect.target);
        Diagnostic::error(
            codes::SEAL_WITHOUT_REASON,
            self.file(effect.module),
            effect.at,
            format!("this seal of `{name}` rests on nothing that lasts"),
        )
        .label("who comes too late?")
        .note("A seal refuses every later merge of these keys, so its moment matters. It stands in a `coordinate` block, or has a reason, or rests on a threshold that stays true over closed bounds (`v.len() >= n`).")
        .help("write `because \"…\"`, or put it in a `coordinate` block")
    }

    /// Whether a standing seal waits for a bound that stays passed and that nothing moves.
    pub(super) fn rests_on_threshold(&self, effect: &Effect) -> bool {
        if effect.event.is_some() {
            return false;
        }
        let climbed = self.climb_of(effect);
        if climbed.fault.is_some() || climbed.thresholds.is_empty() {
            return false;
        }
        let mut open = std::collections::BTreeSet::new();
        for condition in &effect.conditions {
            let Condition::Atom(atom) = condition else {
                continue;
            };
            let declared = self.program.relations.get(&atom.relation);
            let Some(declared) = declared.filter(|declared| declared.label != Label::Closed) else {
                continue;
            };
            let keys = atom.arguments.iter().take(declared.columns.len());
            open.extend(keys.filter_map(|argument| match argument {
                Arg::Variable(id) => Some(*id),
                _ => None,
            }));
        }
        let is_bound_by_key = |id: &usize| {
            let name = effect.variables.get(*id).map(|variable| &variable.name);
            name.is_some_and(|name| {
                effect
                    .columns
                    .contains(&super::state::Written::Variable(name.clone()))
            })
        };
        climbed
            .thresholds
            .iter()
            .flatten()
            .all(|id| !open.contains(id) || is_bound_by_key(id))
    }
}
