//! Requests and their replies, events and those who wait for them: what can be seen without running.

use std::collections::BTreeMap;

use super::state::{Does, Effect};
use crate::check::Checker;
use crate::check::strata::short;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Arg, Condition, LiveKind};

impl Checker<'_> {
    /// Reports requests without a reply or with two, and what nothing waits for.
    pub(super) fn judge_replies(&self, out: &mut Vec<Diagnostic>) {
        for (module, scope) in self.scopes.iter().enumerate() {
            let is_outside = self.modules[module]
                .owner
                .as_ref()
                .is_some_and(|owner| matches!(owner.kind, super::service::OwnerKind::Outside(_)));
            if self.modules[module].is_broken || scope.is_open || is_outside {
                continue;
            }
            for (name, entry) in &scope.callables {
                let relation = self.modules[module].qualify(name);
                let is_own = entry.def == crate::check::names::Def::Relation(relation.clone());
                if !is_own || entry.is_used {
                    continue;
                }
                match self.live_kind(&relation) {
                    Some(LiveKind::Request) if !self.effects.replied.contains(&relation) => {
                        out.push(self.no_reply(entry.file, entry.span, name, &relation));
                    }
                    Some(LiveKind::Event | LiveKind::Message | LiveKind::Timer)
                        if !self.effects.handled.contains(&relation) =>
                    {
                        out.push(
                            Diagnostic::warning(
                                codes::UNHANDLED,
                                entry.file,
                                entry.span,
                                format!("nothing waits for `{name}`"),
                            )
                            .label("happens in vain")
                            .help(format!("write `on {name}(…) {{ … }}`, or remove it")),
                        );
                    }
                    _ => {}
                }
            }
        }
        let mut replies: BTreeMap<&str, Vec<&Effect>> = BTreeMap::new();
        for effect in &self.effects.effects {
            if effect.does == Does::Reply {
                replies.entry(&effect.target).or_default().push(effect);
            }
        }
        for (request, replies) in replies {
            out.extend(self.two_replies(request, &replies));
        }
    }

    fn no_reply(
        &self,
        file: crate::source::FileId,
        span: crate::source::Span,
        name: &str,
        relation: &str,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            codes::NO_REPLY,
            file,
            span,
            format!("no rule replies to the request `{name}`"),
        )
        .label("its caller waits for ever");
        match self.effects.handled.contains(relation) {
            true => diagnostic.help(format!("write `reply …;` in its block `on {name}(…)`")),
            false => diagnostic.help(format!("write `on {name}(…) {{ reply …; }}`")),
        }
    }

    /// Two replies of which one holds always, and the other says something else.
    fn two_replies(&self, request: &str, replies: &[&Effect]) -> Option<Diagnostic> {
        let text = |effect: &Effect| {
            let file = self.file(effect.module);
            effect.at.of(self.sources.get(file).text())
        };
        let mut sorted: Vec<&&Effect> = replies.iter().collect();
        sorted.sort_by_key(|effect| (effect.module, effect.at));
        let sure = sorted.iter().find(|effect| always_holds(effect))?;
        let other = sorted
            .iter()
            .rev()
            .find(|other| other.at != sure.at && text(other) != text(sure))?;
        let name = short(request);
        let label = match always_holds(other) {
            true => "another one, also always",
            false => "another one, whenever its conditions hold",
        };
        Some(
            Diagnostic::error(
                codes::TWO_REPLIES,
                self.file(other.module),
                other.at,
                format!("the request `{name}` gets two different replies"),
            )
            .label(label)
            .and_in(self.file(sure.module), sure.at, "replies always")
            .note("A request is answered once; two rules that both hold are in no order.")
            .help("give both rules conditions of which only one holds, or make it one reply with `if`"),
        )
    }
}

/// True for an effect that every occurrence of its event brings about.
fn always_holds(effect: &Effect) -> bool {
    let Some((event, span)) = &effect.event else {
        return false;
    };
    effect.conditions.iter().all(|condition| match condition {
        Condition::Atom(atom) => {
            let is_free = |argument: &Arg| match argument {
                Arg::Wild => true,
                Arg::Variable(id) => {
                    let same = atom
                        .arguments
                        .iter()
                        .filter(|other| *other == argument)
                        .count();
                    *id >= effect.given && same == 1
                }
                Arg::Equal(_) => false,
            };
            atom.relation == *event && atom.span == *span && atom.arguments.iter().all(is_free)
        }
        Condition::Let { .. } => true,
        Condition::Each { .. } | Condition::Test { .. } => false,
    })
}
