//! What each effect reads, held against what may still change.
//!
//! | read | in a rule with an event | in a standing rule |
//! |---|---|---|
//! | closed | bare | bare |
//! | growing | `final`, `sample`, or bare in `coordinate` | bare, where the use is monotone |
//! | changing | the same | `final` or `sample` |

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Combiner, Label};

use super::closing::{Closing, Known, Variables, arguments_known, columns_of};
use super::reads::{Found, of_effect};
use super::state::{Does, Effect, Read};
use crate::check::Checker;
use crate::check::labels::moves;
use crate::check::monotone::{Climb, climb};
use crate::check::strata::short;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Atom, Condition, Head, LiveKind, Quantifier, Rule};
use crate::source::Span;

/// A bare read of what may still change.
struct Unsettled<'e> {
    atom: &'e Atom,
    span: Span,
    why: String,
}

impl Checker<'_> {
    /// Judges every effect, every output and every reason.
    pub(in crate::check) fn check_order(&mut self) {
        let effects = &self.effects;
        if self.live.is_empty() && effects.effects.is_empty() && effects.reasons.is_empty() {
            // Where all is closed, order has no effect.
            return;
        }
        let mut found = Vec::new();
        let agents = self
            .effects
            .keys
            .keys()
            .map(|module| self.modules[*module].path.as_str());
        let mut closing = Closing::new(&self.program, &self.effects, &agents.collect());
        for effect in &self.effects.effects {
            self.judge(effect, &mut closing, &mut found);
        }
        self.judge_outputs(&mut closing, &mut found);
        self.judge_replies(&mut found);
        self.judge_reasons(&mut found);
        // What the rules of one block share is wrong once.
        let mut seen = BTreeSet::new();
        found.retain(|one| seen.insert((one.code, one.primary.file, one.primary.span)));
        for one in found {
            self.report(one);
        }
    }

    fn judge(&self, effect: &Effect, closing: &mut Closing<'_>, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        let found = of_effect(effect);
        let mut variables: Variables = (0..effect.given).map(|id| (id, Known::Yes)).collect();
        let values: Vec<_> = effect.values.iter().collect();
        let is_free = |atom: &Atom| !matches!(self.read_of(atom), Read::Final(_));
        let open = closing.open(&effect.conditions, &values, &mut variables, &is_free);
        let mut unsettled = Vec::new();
        let mut samples = Vec::new();
        for one in &found {
            let Some(declared) = self.program.relations.get(&one.atom.relation) else {
                continue;
            };
            match self.live_kind(&one.atom.relation) {
                Some(LiveKind::Request) => {
                    out.extend(self.judge_call(effect, one, &variables));
                    continue;
                }
                Some(kind) if kind.happens() => {
                    out.push(self.second_event(effect, one.atom));
                    continue;
                }
                _ => {}
            }
            let read = self.read_of(one.atom);
            if declared.label == Label::Closed {
                out.extend(self.needless(effect, one.atom, read));
                continue;
            }
            match read {
                Read::Sample(span) => samples.push(span),
                Read::Final(_) => {}
                Read::Bare => match (&effect.event, effect.block) {
                    (Some(_), Some(block)) => {
                        let outside = self.outside(effect, block, one.atom);
                        if !outside.is_empty() {
                            out.push(self.not_coordinated(effect, block, one.atom, outside));
                        }
                    }
                    (Some(_), None) => {
                        let name = short(&one.atom.relation);
                        let why = match declared.label {
                            Label::Changing => format!("rows of `{name}` may be taken back"),
                            _ => format!("rows of `{name}` may arrive later"),
                        };
                        unsettled.push(self.unsettled(one, why));
                    }
                    (None, _) => {
                        if let Some(why) = self.takes_back(one, declared.label)
                            && !self.fires_anyway(one, &found)
                        {
                            unsettled.push(self.unsettled(one, why));
                        }
                    }
                },
            }
        }
        if unsettled.is_empty() && effect.event.is_none() {
            out.extend(self.judge_values(effect, &found));
        }
        if !unsettled.is_empty() {
            out.push(self.reads_unsettled(effect, unsettled, closing, &variables));
        }
        if !self.effects.has_lost_seal {
            for (span, cause) in open {
                let is_call = self.live_kind(&cause.relation) == Some(LiveKind::Request);
                if !is_call {
                    out.push(self.never_final(effect, span, &cause));
                }
            }
        }
        self.judge_reason(effect, &samples, out.len() == before, out);
    }

    /// How an atom of an effect reads.
    pub(super) fn read_of(&self, atom: &Atom) -> Read {
        let mode = self.effects.modes.get(&atom.span);
        mode.map_or(Read::Bare, |mode| mode.read)
    }

    /// Where an atom begins, behind its words.
    fn start_of(&self, atom: &Atom) -> Span {
        let (_, span) = crate::check::place(atom.span);
        let mode = self.effects.modes.get(&atom.span);
        mode.map_or(span, |mode| mode.atom)
    }

    fn unsettled<'e>(&self, one: &Found<'e>, why: String) -> Unsettled<'e> {
        Unsettled {
            atom: one.atom,
            span: self.start_of(one.atom),
            why,
        }
    }

    /// Why a bare read in a standing rule may be taken back; `None` where it only grows.
    fn takes_back(&self, one: &Found<'_>, label: Label) -> Option<String> {
        let name = short(&one.atom.relation);
        match (label, one.is_nested, &one.atom.quantifier) {
            (Label::Changing, ..) => Some(format!("rows of `{name}` may be taken back")),
            (_, true, _) => Some(format!(
                "a comprehension over `{name}`, whose rows still arrive"
            )),
            (_, _, Quantifier::Not) => {
                Some(format!("`not` over `{name}`, whose rows still arrive"))
            }
            (_, _, Quantifier::Maybe { .. }) => {
                Some(format!("`maybe` over `{name}`, whose rows still arrive"))
            }
            _ => None,
        }
    }

    /// Whether a standing rule fires for every row that ever was in a table, though rows are removed:
    /// where nothing else that it reads can change, each row brings it about the moment it is merged.
    fn fires_anyway(&self, one: &Found<'_>, found: &[Found<'_>]) -> bool {
        let is_closed = |other: &Found<'_>| {
            let declared = self.program.relations.get(&other.atom.relation);
            declared.is_some_and(|declared| declared.label == Label::Closed)
        };
        let declared = self.program.relations.get(&one.atom.relation);
        declared.is_some_and(|declared| declared.combined.is_none())
            && self.live_kind(&one.atom.relation) == Some(LiveKind::Table)
            && !one.is_nested
            && one.atom.quantifier == Quantifier::Each
            && found
                .iter()
                .all(|other| std::ptr::eq(other.atom, one.atom) || is_closed(other))
    }

    /// A standing rule that uses a climbing value in a way that is not monotone.
    fn judge_values(&self, effect: &Effect, found: &[Found<'_>]) -> Option<Diagnostic> {
        let climbed = self.climb_of(effect);
        let (span, reason) = climbed.fault?;
        let atom = found.iter().find(|one| {
            let declared = self.program.relations.get(&one.atom.relation);
            declared.is_some_and(|declared| {
                declared.label == Label::Growing && declared.combined.is_some()
            })
        })?;
        let (file, at) = crate::check::place(span);
        let name = short(&atom.atom.relation);
        let start = self.start_of(atom.atom);
        Some(
            Diagnostic::error(
                codes::UNSETTLED_READ,
                file,
                at,
                format!("the value of `{name}` still climbs, and this use of it is not monotone"),
            )
            .label(reason.trim_start_matches("a key that "))
            .and(start, format!("reads `{name}`"))
            .note("A standing rule acts as soon as it holds. While values climb it may test a bound that stays passed (`>=`, never `==`), or hand them to a lattice that climbs with them.")
            .help("wait with `final`, say `sample … because \"…\"`, or test a bound with `>=`"),
        )
    }

    /// How the climbing values that a standing rule reads bare move through it.
    pub(super) fn climb_of(&self, effect: &Effect) -> Climb {
        let mut lattices: BTreeMap<&str, &Combiner> = BTreeMap::new();
        let bare = |condition: &Condition| match condition {
            Condition::Atom(atom) if self.read_of(atom) == Read::Bare => {
                Some(atom.relation.clone())
            }
            _ => None,
        };
        let read: BTreeSet<String> = effect.conditions.iter().filter_map(bare).collect();
        for (name, relation) in &self.program.relations {
            if let Some(combined) = relation
                .combined
                .as_ref()
                .filter(|combined| moves(combined))
                && relation.label == Label::Growing
                && read.contains(name)
            {
                lattices.insert(name, &combined.combiner);
            }
        }
        let target = self.program.relations.get(&effect.target);
        let combined = target.and_then(|target| target.combined.as_ref());
        let into = combined.filter(|combined| {
            effect.does == Does::Merge && crate::check::strata::is_lattice(&combined.combiner)
        });
        let mut values = effect.values.clone();
        let contribution = match into {
            Some(combined) => {
                lattices.insert(&effect.target, &combined.combiner);
                values.pop()
            }
            None => None,
        };
        let span = self.span(effect.module, effect.at);
        let rule = Rule {
            head: Head {
                relation: effect.target.clone(),
                columns: values,
                contribution,
                span,
            },
            conditions: effect.conditions.clone(),
            variables: Vec::new(),
            span,
        };
        climb(&self.program, &rule, &lattices)
    }

    fn reads_unsettled(
        &self,
        effect: &Effect,
        mut reads: Vec<Unsettled<'_>>,
        closing: &mut Closing<'_>,
        variables: &Variables,
    ) -> Diagnostic {
        reads.sort_by_key(|read| read.span);
        let file = self.file(effect.module);
        let first = &reads[0];
        let name = short(&first.atom.relation);
        let message = match &effect.event {
            Some((event, _)) => {
                format!("`{name}` may still change when `{}` happens", short(event))
            }
            None => format!("`{name}` may take back what this effect rests on"),
        };
        let mut diagnostic = Diagnostic::error(codes::UNSETTLED_READ, file, first.span, message)
            .label(first.why.clone());
        for other in &reads[1..] {
            if other.span != first.span {
                diagnostic = diagnostic.and(other.span, other.why.clone());
            }
        }
        if let Some(declared) = self.program.relations.get(&first.atom.relation) {
            for reason in declared.label_reason.iter().take(3) {
                let (file, span) = crate::check::place(reason.span);
                diagnostic = diagnostic.and_in(file, span, reason.text.clone());
            }
        }
        let diagnostic = diagnostic
            .note("An effect cannot be taken back. So it waits until what it reads is settled (`final`), lines up with those who write it (`coordinate`), or says why what is there now is good enough (`sample … because \"…\"`).");
        let known = columns_of(first.atom, variables);
        let start = Span::new(first.span.start, first.span.start);
        match closing.never(&first.atom.relation, &known) {
            None => diagnostic.fix("wait until it is settled", start, "final "),
            Some(cause) => diagnostic.help(format!(
                "write `sample` before it, and `because \"…\"` at the end of the rule; `final` would wait for ever: {}",
                cause.text
            )),
        }
    }

    fn not_coordinated(
        &self,
        effect: &Effect,
        block: usize,
        atom: &Atom,
        outside: Vec<super::coordinate::Outside>,
    ) -> Diagnostic {
        let (file, block) = (self.file(effect.module), &self.effects.blocks[block]);
        let name = short(&atom.relation);
        let mut diagnostic = Diagnostic::error(
            codes::NOT_COORDINATED,
            file,
            self.start_of(atom),
            format!(
                "the block `{}` does not hold every writer of `{name}`",
                block.name
            ),
        )
        .label("not exact here")
        .and(
            block.span,
            format!("lines up events with equal `{}`", block.by),
        );
        for one in outside.into_iter().take(3) {
            diagnostic = diagnostic.and_in(one.file, one.span, one.text);
        }
        diagnostic
            .note("A bare read is exact where whoever could change it waits for the same key: every writer is in the block, and reader and writer have the key in the same column.")
            .help("move the writers into the block, or read with `final` or `sample … because \"…\"`")
    }

    /// `sample` and `final` on what is closed.
    fn needless(&self, effect: &Effect, atom: &Atom, read: Read) -> Option<Diagnostic> {
        let (word, span) = match read {
            Read::Bare => return None,
            Read::Sample(span) => ("sample", span),
            Read::Final(span) => ("final", span),
        };
        let name = short(&atom.relation);
        let rest = Span::new(span.start, self.start_of(atom).start);
        Some(
            Diagnostic::lint(
                codes::NEEDLESS_WORD,
                self.file(effect.module),
                span,
                format!("`{name}` is closed, and needs no `{word}`"),
            )
            .label("not needed")
            .fix(format!("remove `{word}`"), rest, ""),
        )
    }

    /// An event in a condition.
    fn second_event(&self, effect: &Effect, atom: &Atom) -> Diagnostic {
        let (name, what) = (short(&atom.relation), self.what_is(&atom.relation));
        let message = match &effect.event {
            Some((event, _)) => format!(
                "this rule waits for `{}`, and `{name}` is {what}, too",
                short(event)
            ),
            None => format!("`{name}` is {what}, and only `on` waits for what happens"),
        };
        let diagnostic = Diagnostic::error(
            codes::EVENT_READ,
            self.file(effect.module),
            self.start_of(atom),
            message,
        )
        .label(format!("{what}, not a state"))
        .note("Events are handled in groups that nobody can see, so that two of them are never there together.");
        let diagnostic = self.with_declaration(diagnostic, &atom.relation, "declared here");
        match effect.event {
            Some(_) => diagnostic.help("keep what happened in a table, and read that"),
            None => diagnostic.help(format!("write `on {name}(…) {{ … }}` around the rule")),
        }
    }

    /// A request in a condition: called with `final`, with a value for every argument.
    fn judge_call(
        &self,
        effect: &Effect,
        one: &Found<'_>,
        variables: &Variables,
    ) -> Option<Diagnostic> {
        let name = short(&one.atom.relation);
        let start = self.start_of(one.atom);
        let error = |message: String| {
            Diagnostic::error(
                codes::REQUEST_READ,
                self.file(effect.module),
                start,
                message,
            )
        };
        let is_positive = matches!(
            one.atom.quantifier,
            Quantifier::Each | Quantifier::Maybe { .. }
        );
        if one.is_nested || !is_positive {
            return Some(
                error(format!(
                    "the request `{name}` is called where no single answer is waited for"
                ))
                .label("not a condition of its own")
                .note("A call is sent once per derivation and waits for its reply.")
                .help(format!(
                    "write `final {name}(…) -> answer` as a condition of the rule"
                )),
            );
        }
        match self.read_of(one.atom) {
            Read::Final(_) => {}
            Read::Bare => {
                let at = Span::new(start.start, start.start);
                return Some(
                    error(format!(
                        "`{name}` is a request: reading it calls it, and the answer takes time"
                    ))
                    .label("the call must wait")
                    .fix("wait for the reply", at, "final "),
                );
            }
            Read::Sample(span) => {
                return Some(
                    error(format!(
                        "`{name}` is a request: there is no answer before it is called"
                    ))
                    .label("cannot be sampled")
                    .fix("wait for the reply", span, "final"),
                );
            }
        }
        if arguments_known(&columns_of(one.atom, variables)) {
            return None;
        }
        Some(
            error(format!(
                "the call of `{name}` lacks a value for an argument"
            ))
            .label("not every argument is bound")
            .help("bind every argument by the event, by a `let`, or by another condition"),
        )
    }

    pub(super) fn never_final(
        &self,
        effect: &Effect,
        span: sheaf_ir::Span,
        cause: &super::closing::Cause,
    ) -> Diagnostic {
        let mode = self.effects.modes.get(&span);
        let (_, place) = crate::check::place(span);
        let at = match mode.map(|mode| mode.read) {
            Some(Read::Final(word)) => word.to(mode.map_or(word, |mode| mode.atom)),
            _ => place,
        };
        let diagnostic = Diagnostic::error(
            codes::NEVER_FINAL,
            self.file(effect.module),
            at,
            format!("this waits for ever: {}", cause.text),
        )
        .label("never final")
        .note("`final` waits until every row that could match is there for good.");
        self.with_declaration(diagnostic, &cause.relation, "this stays open")
            .help(cause.advice.clone())
    }
}
