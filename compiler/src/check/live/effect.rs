//! What an effect does: that it names what it may change, and that its values have the right types.

use std::collections::BTreeMap;

use super::address::Address;
use super::on::{Shared, atom_of};
use super::state::{Does, Written};
use crate::check::body::Body;
use crate::check::mentions::{self, Names};
use crate::check::names::Def;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Arg, Condition, Expr, ExprKind, LiveKind, Reason};
use crate::source::Span;
use crate::syntax::ast::{self, Atom, EffectKind, Head, Quantifier};

use sheaf_ir::Type;

/// An effect that is right by itself.
pub(super) struct Done {
    pub(super) does: Does,
    pub(super) target: String,
    pub(super) columns: Vec<Written>,
    pub(super) values: Vec<Expr>,
}

impl Body<'_, '_> {
    /// Checks what a rule does; its conditions are checked and in scope.
    pub(super) fn effect_of(
        &mut self,
        rule: &ast::Rule,
        shared: Option<&Shared<'_>>,
        conditions: &mut Vec<Condition>,
    ) -> Option<Done> {
        match &rule.effect.kind {
            EffectKind::Merge(head) => self.with_head(Does::Merge, head, LiveKind::Table),
            EffectKind::Derive(head) => self.with_head(Does::Raise, head, LiveKind::Event),
            EffectKind::Remove(atom) => self.with_pattern(Does::Remove, atom, conditions),
            EffectKind::Seal(atom) => self.with_pattern(Does::Seal, atom, conditions),
            EffectKind::Send { message, to } => self.send(message, to),
            EffectKind::Schedule { event, after } => {
                let done = self.with_head(Does::Schedule, event, LiveKind::Event);
                let delay = self.check(after, &Type::Duration);
                let mut done = done?;
                done.values.push(delay);
                Some(done)
            }
            EffectKind::Reply(value) => self.reply(value, shared, rule.effect.span),
            EffectKind::Error => {
                self.is_tainted = true;
                None
            }
        }
    }

    fn with_head(&mut self, does: Does, head: &Head, wanted: LiveKind) -> Option<Done> {
        let target = self.target(does, &atom_of(head), wanted)?;
        self.done(does, head, target)
    }

    fn done(&mut self, does: Does, head: &Head, target: String) -> Option<Done> {
        let checked = match self.is_occurrence(&target) {
            true => self.occurrence_head(head, &target)?,
            false => {
                let head = self.head(head, &target)?;
                (head.columns, head.contribution)
            }
        };
        let (columns, contribution) = checked;
        let written = columns
            .iter()
            .map(|column| match &column.kind {
                ExprKind::Variable(id) => Written::Variable(self.variables[*id].name.clone()),
                _ => Written::Value,
            })
            .collect();
        Some(Done {
            does,
            target,
            columns: written,
            values: columns.into_iter().chain(contribution).collect(),
        })
    }

    fn is_occurrence(&self, target: &str) -> bool {
        self.checker
            .live_kind(target)
            .is_some_and(LiveKind::happens)
    }

    /// The arguments of an event, message or request.
    pub(super) fn occurrence_head(
        &mut self,
        head: &Head,
        relation: &str,
    ) -> Option<(Vec<Expr>, Option<Expr>)> {
        let declared = self.checker.program.relations.get(relation)?;
        let names: Vec<String> = declared
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let types: Vec<Type> = declared
            .columns
            .iter()
            .map(|column| column.ty.clone())
            .collect();
        let place = crate::check::place(declared.span);
        if let Some(value) = &head.value {
            let diagnostic = self
                .error(
                    codes::NO_VALUE,
                    value.span,
                    format!("`{}` has no value when it happens", head.name.text),
                )
                .label("nowhere to put it")
                .and_in(place.0, place.1, "declared here")
                .help("hand it over as an argument");
            self.report(diagnostic);
            return None;
        }
        let found =
            self.place_arguments(&head.name, &names, &head.arguments, false, head.span, place)?;
        let mut columns = Vec::new();
        for (argument, ty) in found.into_iter().zip(&types) {
            columns.push(self.check(argument?, ty));
        }
        Some((columns, None))
    }

    /// What an effect changes, by qualified name; reports what it cannot change.
    fn target(&mut self, does: Does, atom: &Atom, wanted: LiveKind) -> Option<String> {
        let relation = match self.relation_of(atom) {
            Some(Def::Relation(relation)) => relation,
            Some(Def::Function(_) | Def::Intrinsic(_) | Def::Foreign(_)) => {
                self.function_as_atom(atom, Quantifier::Exists(atom.name.span));
                return None;
            }
            Some(_) => {
                self.is_tainted = true;
                return None;
            }
            None => {
                self.unknown_relation(atom);
                return None;
            }
        };
        if self.checker.live_kind(&relation) != Some(wanted) {
            self.wrong_effect(does, atom, &relation);
            return None;
        }
        let name = atom.name.as_str();
        let module = &self.checker.modules[self.module];
        let around = module.owner.as_ref().map(|owner| owner.parent);
        let is_own = relation == module.qualify(name)
            || around.is_some_and(|parent| relation == self.checker.modules[parent].qualify(name));
        if !is_own {
            self.foreign_effect(does, atom, &relation);
            return None;
        }
        Some(relation)
    }

    fn wrong_effect(&mut self, does: Does, atom: &Atom, relation: &str) {
        let name = atom.name.as_str();
        let what = self.checker.what_is(relation);
        let needs = match does {
            Does::Merge | Does::Remove | Does::Seal => "a table is needed",
            Does::Send => "a message is needed",
            Does::Schedule | Does::Raise | Does::Reply => "an event is needed",
        };
        let message = match does {
            Does::Raise => format!("`{name}` is {what}, and only an event is raised"),
            _ => format!("`{name}` is {what}, and after `{}` {needs}", does.word()),
        };
        let mut diagnostic = self
            .error(codes::WRONG_EFFECT, atom.name.span, message)
            .label(what);
        if let Some((file, span)) = self.checker.declared(relation) {
            diagnostic = diagnostic.and_in(file, span, "declared here");
        }
        let start = Span::new(atom.span.start, atom.span.start);
        let diagnostic = match (does, what) {
            (Does::Raise, "a table") => {
                diagnostic.fix("write what it does to the table", start, "merge ")
            }
            (Does::Raise | Does::Schedule, "a message") => {
                diagnostic.help(format!("send it: `send {name}(…) to Address`"))
            }
            (Does::Send, "an event") => {
                diagnostic.help(format!("raise it: `{name}(…)`, or declare it as a `message`"))
            }
            (_, "a request") => diagnostic.help(format!(
                "call it in a condition: `final {name}(…) -> answer`"
            )),
            (_, "a timer") => diagnostic.help("a timer ticks by itself; declare an `event`"),
            (_, "a view") => diagnostic.help(
                "a view follows from its rules alone; let the effect change a table that the view reads",
            ),
            (_, "an input") => diagnostic.help("the rows of an input come from its source alone"),
            _ => diagnostic.help("name something else, or change its declaration"),
        };
        self.report(diagnostic);
    }

    fn foreign_effect(&mut self, does: Does, atom: &Atom, relation: &str) {
        let name = atom.name.as_str();
        let what = self.checker.what_is(relation);
        let owner = relation
            .rsplit_once('.')
            .map_or("another file", |(owner, _)| owner);
        let message = format!(
            "`{name}` is {what} of `{owner}`, which alone may {} it",
            does.word()
        );
        let mut diagnostic = self
            .error(codes::FOREIGN_EFFECT, atom.span, message)
            .label("not of this service");
        if let Some((file, span)) = self.checker.declared(relation) {
            diagnostic = diagnostic.and_in(file, span, "declared here");
        }
        self.report(
            diagnostic
                .note("A service answers for its own state; others reach it by its requests and messages.")
                .help(format!("send `{owner}` a message, or call a request of it")),
        );
    }

    /// `remove` and `seal`: a pattern over what is bound.
    fn with_pattern(
        &mut self,
        does: Does,
        atom: &Atom,
        conditions: &mut Vec<Condition>,
    ) -> Option<Done> {
        let target = self.target(does, atom, LiveKind::Table)?;
        if let Some(value) = atom.value.as_ref().filter(|_| does == Does::Seal) {
            let diagnostic = self
                .error(
                    codes::NO_VALUE,
                    value.span,
                    "a seal closes keys, whatever their values",
                )
                .label("not needed")
                .help("remove `->` and the value");
            self.report(diagnostic);
            return None;
        }
        if self.refuse_unbound(does, atom) {
            return None;
        }
        let quantifier = Quantifier::Exists(atom.span.before());
        self.quantified_atom(quantifier, atom, &target, atom.span, conditions);
        let Some(Condition::Atom(checked)) = conditions.pop() else {
            self.is_tainted = true;
            return None;
        };
        let width = self.checker.program.relations.get(&target)?.columns.len();
        let columns: Vec<Written> = checked
            .arguments
            .iter()
            .take(width)
            .map(|argument| match argument {
                Arg::Wild => Written::Any,
                Arg::Variable(id) if checked.locals.contains(id) => Written::Value,
                Arg::Variable(id) => Written::Variable(self.variables[*id].name.clone()),
                Arg::Equal(_) => Written::Value,
            })
            .collect();
        let values = checked
            .arguments
            .iter()
            .filter_map(|argument| match argument {
                Arg::Variable(id) if !checked.locals.contains(id) => {
                    Some(self.read(*id, atom.span))
                }
                Arg::Equal(value) => Some(value.clone()),
                _ => None,
            });
        let values: Vec<Expr> = values.chain(checked.filter.iter().cloned()).collect();
        if does == Does::Seal {
            self.refuse_gap(atom, &columns)?;
        }
        Some(Done {
            does,
            target,
            columns,
            values,
        })
    }

    /// A seal closes a prefix: what is bound stands before what is not.
    fn refuse_gap(&mut self, atom: &Atom, columns: &[Written]) -> Option<()> {
        let open = columns.iter().position(|column| *column == Written::Any);
        let Some(open) = open.filter(|open| columns[*open..].iter().any(|c| *c != Written::Any))
        else {
            return Some(());
        };
        let message = format!(
            "a seal closes a prefix of the key, and column {} of `{}` is open before a bound one",
            open + 1,
            atom.name.text
        );
        let diagnostic = self
            .error(codes::NOT_A_PREFIX, atom.span, message)
            .label("not a prefix")
            .help("bind the first columns and leave the last ones open, or reorder the table's columns");
        self.report(diagnostic);
        None
    }

    /// Reports a name in a pattern that no condition binds.
    fn refuse_unbound(&mut self, does: Does, atom: &Atom) -> bool {
        let patterns = atom.arguments.iter().map(|argument| &argument.value);
        let mut found = false;
        for pattern in patterns.chain(&atom.value) {
            let mut names = Names::new();
            mentions::bound_by(pattern, &mut names);
            for name in names {
                if self.is_bound(name) || self.checker.is_param(self.module, name) {
                    continue;
                }
                found = true;
                if !self.first_report(name) {
                    continue;
                }
                let diagnostic = self
                    .error(
                        codes::UNBOUND_VARIABLE,
                        pattern.span,
                        format!("no condition binds the variable `{name}`"),
                    )
                    .label(format!("`{}` binds nothing", does.word()))
                    .fix("write `_` if any value will do", pattern.span, "_");
                self.report_unbound(name, diagnostic);
            }
        }
        found
    }

    fn send(&mut self, message: &Head, to: &ast::Expr) -> Option<Done> {
        let (service, arguments) = match self.address(to) {
            Address::Service(service, arguments) => (service, arguments),
            Address::Silent => {
                self.is_tainted = true;
                return None;
            }
            Address::Other => {
                self.not_an_address(to);
                return None;
            }
        };
        let before = self.reported();
        self.check_address(service, arguments, to.span);
        if self.reported() > before {
            return None;
        }
        let target = match self.member_of(service, &message.name) {
            Some(Def::Relation(target)) => target,
            Some(_) => {
                self.is_tainted = true;
                return None;
            }
            None => {
                self.no_such_message(service, message);
                return None;
            }
        };
        if self.checker.live_kind(&target) != Some(LiveKind::Message) {
            self.wrong_effect(Does::Send, &atom_of(message), &target);
            return None;
        }
        self.done(Does::Send, message, target)
    }

    fn not_an_address(&mut self, to: &ast::Expr) {
        let text = to.span.of(self
            .checker
            .sources
            .get(self.checker.file(self.module))
            .text());
        let message = format!("`{text}` is no service or agent, and a message needs an address");
        let diagnostic = self
            .error(codes::NOT_AN_ADDRESS, to.span, message)
            .label("not an address")
            .help("write `to Service`, or `to Agent(key)` for one of many");
        self.report(diagnostic);
    }

    fn no_such_message(&mut self, service: usize, message: &Head) {
        let path = self.checker.modules[service].path.clone();
        let scope = &self.checker.scopes[service].callables;
        let own = scope.iter().filter(|(_, entry)| !entry.is_used);
        let near = crate::check::suggest::nearest(
            message.name.as_str(),
            own.map(|(name, _)| name.as_str()),
        )
        .map(str::to_owned);
        let diagnostic = self
            .error(
                codes::UNKNOWN_NAME,
                message.name.span,
                format!("`{path}` has no message `{}`", message.name.text),
            )
            .label("not declared there");
        self.report(match near {
            Some(near) => {
                diagnostic.fix(format!("did you mean `{near}`?"), message.name.span, near)
            }
            None => diagnostic.help(format!(
                "declare it there: `message {}(…);`",
                message.name.text
            )),
        });
    }

    fn reply(
        &mut self,
        value: &ast::Expr,
        shared: Option<&Shared<'_>>,
        span: Span,
    ) -> Option<Done> {
        let Some(shared) = shared.filter(|shared| shared.kind == LiveKind::Request) else {
            let word = Span::new(span.start, span.start + "reply".len() as u32);
            let mut diagnostic = self
                .error(
                    codes::REPLY_WITHOUT_REQUEST,
                    word,
                    "there is no request here to reply to",
                )
                .label("nobody waits for this");
            if let Some(shared) = shared {
                let what = self.checker.what_is(&shared.event);
                diagnostic =
                    diagnostic.and(shared.on.event.name.span, format!("{what} gets no reply"));
            }
            self.report(
                diagnostic.help(
                    "reply inside `on request(…) { … }`; tell an agent something with `send`",
                ),
            );
            return None;
        };
        let reply = self
            .checker
            .program
            .relations
            .get(&shared.event)?
            .combined
            .as_ref()?;
        let ty = reply.result.clone();
        let value = self.check(value, &ty);
        Some(Done {
            does: Does::Reply,
            target: shared.event.clone(),
            columns: Vec::new(),
            values: vec![value],
        })
    }
}

impl crate::check::Checker<'_> {
    /// Remembers from which tables rows are removed.
    pub(super) fn note_removals(&mut self) {
        let mut removed: BTreeMap<String, Reason> = BTreeMap::new();
        for effect in &self.effects.effects {
            if effect.does == Does::Remove {
                let span = self.span(effect.module, effect.at);
                let name = crate::check::strata::short(&effect.target);
                let text = format!("rows of `{name}` are removed");
                let reason = Reason { span, text };
                let known = removed
                    .entry(effect.target.clone())
                    .or_insert_with(|| reason.clone());
                if reason.span < known.span {
                    *known = reason;
                }
            }
        }
        self.effects.removed = removed;
    }

    /// A note of what a diagnostic is about: where a relation is declared.
    pub(super) fn with_declaration(
        &self,
        diagnostic: Diagnostic,
        relation: &str,
        text: &str,
    ) -> Diagnostic {
        match self.declared(relation) {
            Some((file, span)) => diagnostic.and_in(file, span, text),
            None => diagnostic,
        }
    }
}
