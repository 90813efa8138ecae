//! What a check keeps of its rules for the next one: while somebody types, most rules stay as they are.
//!
//! Invariants:
//! - A check with a memory gives what one without gives.
//! - A rule is kept only if nothing is wrong in it and its check changed nothing that other checks see
//!   but what is kept with it.
//! - It is recalled only if its text, every declaration of its file and all other files are unchanged;
//!   they may have moved.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Checker, Typed};
use crate::change::Change;
use crate::hir::Rule;
use crate::source::{FileId, Sources, Span};
use crate::syntax::ast::{self, EffectKind, ItemKind};

/// What checks of one root file keep from one to the next.
#[derive(Debug, Default)]
pub struct Memory {
    last: Option<Last>,
}

/// The check before.
#[derive(Debug)]
struct Last {
    /// Names and texts of all files, the root first.
    texts: Vec<(String, String)>,
    declared: Declared,
    /// By the start of the rule.
    rules: HashMap<u32, Kept>,
}

/// What the rules of the root file rest on, besides texts.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    /// Path of each module, and whether names of it may have been lost.
    modules: Vec<(String, bool)>,
    /// Where the declarations of the root file stand.
    places: Vec<Span>,
    /// Whether each of them is as it was meant.
    are_sound: bool,
}

/// What the check of a rule gave.
#[derive(Debug)]
struct Kept {
    rule: Rule,
    /// Names that it reads, by module.
    used: BTreeMap<usize, HashSet<String>>,
    expressions: Vec<Typed>,
    variables: Vec<Typed>,
}

/// The memory of a check that is under way.
#[derive(Default)]
pub(super) struct Recollection {
    /// Whether anything is kept at all.
    is_on: bool,
    declared: Option<Declared>,
    /// By the start of the rule in this text.
    earlier: HashMap<u32, Kept>,
    now: HashMap<u32, Kept>,
}

/// What a check could have changed, before it.
pub(super) struct Mark {
    counts: [usize; 6],
    diagnostics: usize,
    rules: usize,
    expressions: usize,
    variables: usize,
    used: BTreeMap<usize, HashSet<String>>,
}

impl Memory {
    /// Notes what a check found.
    pub(super) fn keep(&mut self, sources: &Sources, recollection: Recollection) {
        self.last = recollection.declared.map(|declared| Last {
            texts: sources
                .iter()
                .map(|(_, source)| (source.name().to_owned(), source.text().to_owned()))
                .collect(),
            declared,
            rules: recollection.now,
        });
    }

    /// The rules that stand unchanged in the texts of this check, at their places there.
    fn recall(&mut self, sources: &Sources, declared: &Declared) -> HashMap<u32, Kept> {
        let Some(last) = self.last.take() else {
            return HashMap::new();
        };
        last.recalled(sources, declared).unwrap_or_default()
    }
}

impl Last {
    fn recalled(self, sources: &Sources, declared: &Declared) -> Option<HashMap<u32, Kept>> {
        let mut texts = self.texts.iter();
        let mut files = sources.iter();
        let (((name, text), (root, source)), before) =
            (texts.next().zip(files.next())?, &self.declared);
        let others = files.map(|(_, file)| (file.name(), file.text()));
        let is_same = name == source.name()
            && others.eq(texts.map(|(name, text)| (name.as_str(), text.as_str())));
        let change = Change::between(text, source.text());
        let mut moved = before.places.iter().map(|place| change.moved(*place));
        let is_declared_alike = before.are_sound
            && declared.are_sound
            && before.modules == declared.modules
            && before.places.len() == declared.places.len()
            && declared
                .places
                .iter()
                .all(|place| moved.next() == Some(Some(*place)));
        (is_same && is_declared_alike).then(|| {
            let rules = self.rules.into_values();
            rules
                .filter_map(|kept| kept.moved(root, change))
                .map(|kept| (kept.rule.span.start, kept))
                .collect()
        })
    }
}

impl Kept {
    /// The same at its new place, if nothing of it changed.
    fn moved(mut self, root: FileId, change: Change) -> Option<Kept> {
        let mut is_unchanged = true;
        let mut moved = |span: Span| {
            let moved = change.moved(span);
            is_unchanged &= moved.is_some();
            moved.unwrap_or(span)
        };
        self.rule.each_place(&mut |place| {
            if place.file == root.0 {
                let span = moved(Span::new(place.start, place.end));
                (place.start, place.end) = (span.start, span.end);
            }
        });
        for typed in self.expressions.iter_mut().chain(&mut self.variables) {
            if typed.file == root {
                typed.span = moved(typed.span);
            }
        }
        is_unchanged.then_some(self)
    }
}

/// Whether nothing but itself depends on an item.
fn is_passive(item: &ast::Item) -> bool {
    match &item.kind {
        ItemKind::Rule(rule) => matches!(rule.effect.kind, EffectKind::Derive(_)),
        ItemKind::Test(_) | ItemKind::Output(_) => true,
        _ => false,
    }
}

impl Checker<'_> {
    /// Begins to recall and to keep rules; all declarations have been checked.
    pub(super) fn begin_to_recall(&mut self, memory: &mut Memory) {
        let Some(root) = self.modules.first() else {
            return;
        };
        let declarations = |item: &&ast::Item| !is_passive(item);
        let modules = self.modules.iter().zip(&self.scopes);
        let declared = Declared {
            modules: modules
                .map(|(module, scope)| (module.path.clone(), scope.is_open))
                .collect(),
            places: root
                .sound_items()
                .filter(declarations)
                .map(|item| item.span)
                .collect(),
            are_sound: root.damaged_items().all(is_passive),
        };
        self.recollection = Recollection {
            is_on: true,
            earlier: memory.recall(self.sources, &declared),
            now: HashMap::new(),
            declared: Some(declared),
        };
    }

    /// Keeps no more: from here on what rules give depends on the rules before them.
    pub(super) fn stop_keeping(&mut self) {
        self.recollection.is_on = false;
    }

    /// Takes a rule of the root file from the memory, if it is there.
    pub(super) fn recall_rule(&mut self, module: usize, span: Span) -> bool {
        if module != 0 || !self.recollection.is_on {
            return false;
        }
        let Some(kept) = self.recollection.earlier.remove(&span.start) else {
            return false;
        };
        if kept.rule.span.end != span.end {
            return false;
        }
        self.derived.insert(kept.rule.head.relation.clone());
        self.program.rules.push(kept.rule.clone());
        self.use_names(&kept.used);
        if let Some(survey) = &mut self.survey {
            survey.expressions.extend_from_slice(&kept.expressions);
            survey.variables.extend_from_slice(&kept.variables);
        }
        self.recollection.now.insert(span.start, kept);
        true
    }

    /// What is to be given to [`Checker::keep_rule`] after the check of a rule.
    pub(super) fn before_rule(&mut self, module: usize) -> Option<Mark> {
        if module != 0 || !self.recollection.is_on {
            return None;
        }
        let survey = self.survey.as_ref();
        Some(Mark {
            counts: self.counts(),
            diagnostics: self.diagnostics.len(),
            rules: self.program.rules.len(),
            expressions: survey.map_or(0, |survey| survey.expressions.len()),
            variables: survey.map_or(0, |survey| survey.variables.len()),
            used: std::mem::take(&mut self.used),
        })
    }

    /// Keeps a rule that has been checked.
    pub(super) fn keep_rule(&mut self, span: Span, before: Option<Mark>) {
        let Some(before) = before else { return };
        let used = std::mem::replace(&mut self.used, before.used);
        self.use_names(&used);
        if self.counts() != before.counts {
            // Others may rest on what this rule made: it must be made again in the next check.
            self.recollection.now.clear();
            self.stop_keeping();
        }
        let is_whole = self.diagnostics.len() == before.diagnostics
            && self.program.rules.len() == before.rules + 1;
        let Some(rule) = self.program.rules.last() else {
            return;
        };
        if !self.recollection.is_on || !is_whole {
            return;
        }
        let from = |list: &[Typed], start: usize| list[start..].to_vec();
        let survey = self.survey.as_ref();
        let kept = Kept {
            rule: rule.clone(),
            used,
            expressions: survey.map_or_else(Vec::new, |survey| {
                from(&survey.expressions, before.expressions)
            }),
            variables: survey
                .map_or_else(Vec::new, |survey| from(&survey.variables, before.variables)),
        };
        self.recollection.now.insert(span.start, kept);
    }

    /// Sizes of what a rule may add to beside what is kept.
    fn counts(&self) -> [usize; 6] {
        [
            self.types.len(),
            self.instances.len(),
            self.functions.len(),
            self.lattices.len(),
            self.wanted.len(),
            self.not_yet.len(),
        ]
    }

    fn use_names(&mut self, names: &BTreeMap<usize, HashSet<String>>) {
        for (module, names) in names {
            let used = self.used.entry(*module).or_default();
            for name in names {
                if !used.contains(name) {
                    used.insert(name.clone());
                }
            }
        }
    }
}
