//! `on` blocks and standing rules: each rule with what its block shares becomes one effect.
//!
//! Invariant: the shared part of a block is checked by itself first; if it is wrong, its rules are not
//! looked at, so that a mistake in it is one message.

use sheaf_ir::Type;

use super::state::{Block, Effect, OCCURRENCE, occurrence};
use crate::check::Checker;
use crate::check::body::{Body, Place, Unread};
use crate::check::names::Def;
use crate::diagnostic::codes;
use crate::hir::LiveKind;
use crate::source::Span;
use crate::syntax::ast::{
    self, Because, Condition, ConditionKind, EffectKind, ItemKind, OnStatement, Quantifier,
    ReadMode,
};

/// What the rules of an `on` block share.
pub(super) struct Shared<'a> {
    pub(super) on: &'a ast::On,
    /// What it waits for.
    pub(super) event: String,
    pub(super) kind: LiveKind,
    /// The event, the conditions of the block, its lets.
    conditions: Vec<Condition>,
    block: Option<usize>,
}

impl<'a> Checker<'a> {
    /// Checks every `on` block and standing rule of every module.
    pub(in crate::check) fn check_effects(&mut self) {
        for module in 0..self.modules.len() {
            for item in self.items(module) {
                match &item.kind {
                    ItemKind::On(on) => self.check_on(module, on, None),
                    ItemKind::Coordinate(block) => self.check_block(module, block),
                    ItemKind::Rule(rule) => self.check_standing(module, rule),
                    _ => {}
                }
            }
        }
        self.note_removals();
        self.refuse_events_in_views();
    }

    fn check_block(&mut self, module: usize, block: &'a ast::Coordinate) {
        let index = self.effects.blocks.len();
        let text = self.sources.get(self.file(module)).text();
        let reason = block.because.as_ref();
        self.effects.blocks.push(Block {
            module,
            name: block.name.as_str().to_owned(),
            keys: super::coordinate::keys(&block.by),
            by: block.by.span.of(text).to_owned(),
            reason: reason.map_or(String::new(), |because| because.reason.value.to_string()),
            events: Vec::new(),
            span: block.name.span,
        });
        match &block.because {
            Some(because) => self.note_reason(module, because),
            None => self.coordinate_needs_reason(module, block),
        }
        for item in &block.items {
            match &item.kind {
                ItemKind::On(on) => self.check_on(module, on, Some((index, block))),
                ItemKind::Error(_) => {}
                _ => self.not_in_block(module, item, block),
            }
        }
    }

    fn check_on(
        &mut self,
        module: usize,
        on: &'a ast::On,
        block: Option<(usize, &'a ast::Coordinate)>,
    ) {
        let mut body = Body::new(self, module, Place::Rule);
        let waits_for = body.waits_for(on);
        if let Some(Def::Relation(event)) = body.relation_of(&on.event) {
            self.note_block(on, event);
        } else {
            self.effects.lost_blocks.insert(module);
        }
        let Some((event, kind)) = waits_for else {
            self.effects.has_lost_seal |= on.statements.iter().any(is_seal);
            return;
        };
        if let Some((index, _)) = block {
            self.effects.blocks[index].events.push(event.clone());
        }
        let shared = Shared {
            on,
            conditions: shared_conditions(on),
            event,
            kind,
            block: block.map(|(index, _)| index),
        };
        if on.alias.is_some() {
            self.types.insert(OCCURRENCE.to_owned(), occurrence());
        }
        let mut body = Body::effect(self, module, Some(&shared));
        body.conditions(&shared.conditions);
        if let Some((_, block)) = block
            && !body.is_tainted
        {
            body.check_block_key(on, block);
        }
        let mut unread = body.finish_part(on.event.span);
        if body.is_tainted {
            self.effects.has_lost_seal |= on.statements.iter().any(is_seal);
            return;
        }
        let mut own = Unread::new();
        for statement in &on.statements {
            if let OnStatement::Rule(rule) = statement {
                // Of a rule that is wrong nobody knows what it reads.
                let left = self.check_effect(module, rule, Some(&shared));
                let left = left.unwrap_or_default();
                unread.retain(|one| left.contains(one));
                let is_inside =
                    |span: &Span| rule.span.start <= span.start && span.end <= rule.span.end;
                own.extend(left.into_iter().filter(|(_, span, _)| is_inside(span)));
            }
        }
        self.report_unread_variables(unread);
        self.report_unread_variables(own);
    }

    /// Remembers that a block waits for an event, and whether it replies, however wrong it is.
    fn note_block(&mut self, on: &ast::On, event: String) {
        let is_reply = |statement: &OnStatement| match statement {
            OnStatement::Rule(rule) => matches!(rule.effect.kind, EffectKind::Reply(_)),
            OnStatement::Error(_) => true,
            OnStatement::Let(_) => false,
        };
        if on.statements.iter().any(is_reply) {
            self.effects.replied.insert(event.clone());
        }
        self.effects.handled.insert(event);
    }

    fn check_standing(&mut self, module: usize, rule: &'a ast::Rule) {
        if let EffectKind::Derive(head) = &rule.effect.kind {
            let mut body = Body::new(self, module, Place::Rule);
            let def = body.head_def(head);
            let is_live = match def {
                Some(Def::Relation(name)) => {
                    self.live_kind(&name).is_some() || head.receiver.is_some() && is_upper(head)
                }
                _ => false,
            };
            if !is_live {
                return;
            }
        }
        if matches!(rule.effect.kind, EffectKind::Error) {
            return;
        }
        if let Some(unread) = self.check_effect(module, rule, None) {
            self.report_unread_variables(unread);
        }
    }

    /// Checks one rule; gives the variables that it binds and does not read, if it is right.
    fn check_effect(
        &mut self,
        module: usize,
        rule: &'a ast::Rule,
        shared: Option<&Shared<'_>>,
    ) -> Option<Unread> {
        if let Some(because) = &rule.because {
            self.note_reason(module, because);
        }
        let mut body = Body::effect(self, module, shared);
        let given = body.variables.len();
        let mut all: Vec<Condition> = shared.map_or(Vec::new(), |shared| shared.conditions.clone());
        all.extend(rule.conditions.iter().cloned());
        let mut conditions = body.conditions(&all);
        let done = body.effect_of(rule, shared, &mut conditions);
        let unread = body.finish_part(rule.span);
        let is_right = !body.is_tainted;
        let Some(done) = done.filter(|_| is_right) else {
            self.effects.has_lost_seal |= matches!(rule.effect.kind, EffectKind::Seal(_));
            return None;
        };
        let effect = Effect {
            module,
            does: done.does,
            target: done.target,
            event: shared.map(|shared| (shared.event.clone(), body.span(shared.on.event.span))),
            block: shared.and_then(|shared| shared.block),
            columns: done.columns,
            given,
            conditions,
            values: done.values,
            variables: std::mem::take(&mut body.variables),
            because: rule.because.as_ref().map(|because| because.span),
            reason: reason(rule.because.as_ref()),
            at: rule.effect.span,
            rule: rule.span,
        };
        self.effects.effects.push(effect);
        Some(unread)
    }
}

/// Whether a statement seals something, or might.
fn is_seal(statement: &OnStatement) -> bool {
    match statement {
        OnStatement::Rule(rule) => matches!(rule.effect.kind, EffectKind::Seal(_)),
        OnStatement::Error(_) => true,
        OnStatement::Let(_) => false,
    }
}

fn reason(because: Option<&Because>) -> String {
    because.map_or(String::new(), |because| because.reason.value.to_string())
}

fn is_upper(head: &ast::Head) -> bool {
    let path = head
        .receiver
        .as_deref()
        .and_then(crate::check::expr::path_of);
    path.is_none_or(|path| path[0].is_upper())
}

/// The event, conditions and lets of a block as one conjunction.
fn shared_conditions(on: &ast::On) -> Vec<Condition> {
    let event = Condition {
        span: on.event.span,
        kind: ConditionKind::Atom {
            quantifier: Quantifier::Each,
            mode: ReadMode::Bare,
            atom: on.event.clone(),
        },
    };
    let lets = on
        .statements
        .iter()
        .filter_map(|statement| match statement {
            OnStatement::Let(binding) => Some(Condition {
                span: binding.span,
                kind: ConditionKind::Let {
                    pattern: binding.pattern.clone(),
                    value: binding.value.clone(),
                },
            }),
            _ => None,
        });
    std::iter::once(event)
        .chain(on.conditions.iter().cloned())
        .chain(lets)
        .collect()
}

impl<'c, 'a> Body<'c, 'a> {
    /// A body of an effect, with what stands before any condition in scope.
    fn effect(checker: &'c mut Checker<'a>, module: usize, shared: Option<&Shared<'_>>) -> Self {
        let mut body = Body::new(checker, module, Place::Rule);
        body.is_effect = true;
        if let Some(alias) = shared.and_then(|shared| shared.on.alias.as_ref()) {
            body.bind(
                alias.as_str(),
                Type::Named(OCCURRENCE.to_owned()),
                alias.span,
            );
        }
        body
    }

    /// What an `on` block waits for; reports what does not happen, or not here.
    fn waits_for(&mut self, on: &ast::On) -> Option<(String, LiveKind)> {
        let atom = &on.event;
        let relation = match self.relation_of(atom) {
            Some(Def::Relation(relation)) => relation,
            Some(Def::Function(_) | Def::Intrinsic(_) | Def::Foreign(_)) => {
                self.function_as_atom(atom, Quantifier::Exists(atom.name.span));
                return None;
            }
            Some(_) => return None,
            // A lost brace may have parted it from its service.
            None if self.checker.modules[self.module].is_broken => return None,
            None => {
                self.unknown_relation(atom);
                return None;
            }
        };
        let name = atom.name.as_str();
        let kind = self.checker.live_kind(&relation);
        let own = self.checker.modules[self.module].qualify(name);
        let (file, span) = self.checker.declared(&relation)?;
        let Some(kind) = kind.filter(|kind| kind.happens()) else {
            let what = self.checker.what_is(&relation);
            let diagnostic = self
                .error(
                    codes::NOT_AN_EVENT,
                    atom.name.span,
                    format!("`{name}` is {what}, and `on` waits for what happens"),
                )
                .label("does not happen")
                .and_in(file, span, "declared here")
                .note("Events, messages, requests and ticks of a timer happen.")
                .help("read it in a condition: write `if` after the event, or a standing rule");
            self.report(diagnostic);
            return None;
        };
        if relation != own {
            let diagnostic = self
                .error(
                    codes::NOT_AN_EVENT,
                    atom.name.span,
                    format!("`{name}` happens elsewhere, and only its own service waits for it"),
                )
                .label("not of this service")
                .and_in(file, span, "declared here")
                .help("let its service send this one a message");
            self.report(diagnostic);
            return None;
        }
        Some((relation, kind))
    }

    /// What the head of a rule names; silent.
    pub(super) fn head_def(&mut self, head: &ast::Head) -> Option<Def> {
        self.relation_of(&atom_of(head))
    }
}

/// A head as an atom without arguments: for looking up its name.
pub(super) fn atom_of(head: &ast::Head) -> ast::Atom {
    ast::Atom {
        span: head.span,
        receiver: head.receiver.clone(),
        name: head.name.clone(),
        arguments: Vec::new(),
        rest: None,
        value: None,
    }
}
