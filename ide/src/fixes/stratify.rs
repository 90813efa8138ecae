//! Breaks a recursion through `not` or an aggregate: what must be complete before it is read is read from a
//! new view, which is computed without the rules that read it so.
//!
//! Invariants: the new views depend on none of those rules, so that every circle through one of them is
//! broken; none is offered that could have no row; a fix is offered only if it leaves fewer mistakes.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_compiler::diagnostic::{Diagnostic, codes};
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::{
    ConditionKind, EffectKind, Item, ItemKind, Quantifier, Rule, Signature,
};
use sheaf_ir::Combiner;

use super::Fixer;
use crate::diagnostics::Fix;
use crate::program::Program;

/// A rule of the circle, with what it reads of it.
struct Inner<'a> {
    item: &'a Item,
    head: &'a str,
    reads: Vec<Read<'a>>,
}

/// A name of a relation of the circle in a rule of it.
struct Read<'a> {
    span: Span,
    relation: &'a str,
    /// Whether all rows must be there before it is read.
    needs_all: bool,
}

impl Inner<'_> {
    fn needs_all(&self) -> bool {
        self.reads.iter().any(|read| read.needs_all)
    }
}

impl Fixer<'_> {
    /// Reads what must be complete as it is before the rules that read it.
    pub(super) fn stratify(&self, diagnostic: &Diagnostic) -> Option<Fix> {
        let items = &self.program.tree(Program::ROOT)?.tree.items;
        let around = |item: &&Item| item.span.contains(diagnostic.primary.span.start);
        let wrong = match &items.iter().find(around)?.kind {
            ItemKind::Rule(rule) => head_of(rule)?,
            ItemKind::View(view) => view.name.as_str(),
            _ => return None,
        };
        let mut strata = self.program.checked().program.strata.iter();
        let circle = strata.find(|stratum| stratum.relations.iter().any(|name| name == wrong))?;
        let views: BTreeMap<&str, &Signature> = items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::View(view) => Some((view.name.as_str(), view)),
                _ => None,
            })
            .filter(|(name, _)| circle.relations.iter().any(|inner| inner == name))
            .collect();
        // A circle through other files or tables is not for one file to break.
        if views.len() < circle.relations.len() {
            return None;
        }
        let rules = self.inner_rules(items, &views);
        let changed: Vec<&Inner> = rules.iter().filter(|rule| rule.needs_all()).collect();
        let last = changed.last()?;
        let wanted: Vec<&Read> = changed
            .iter()
            .flat_map(|rule| &rule.reads)
            .filter(|read| read.needs_all)
            .collect();
        let wanted_names = wanted.iter().map(|read| read.relation).collect();
        let (needed, copied) = before(&rules, &wanted_names)?;
        let names: BTreeMap<&str, String> = needed
            .into_iter()
            .map(|name| (name, self.free_name(name)))
            .collect();

        let olds = listed(wanted_names.iter().copied());
        let news = listed(wanted_names.iter().map(|name| names[name].as_str()));
        let (rule_words, place) = match (changed.as_slice(), diagnostic.code) {
            ([_], codes::AGGREGATE_IN_CYCLE) => ("the rule that reads", "the recursion"),
            (_, codes::AGGREGATE_IN_CYCLE) => ("the rules that read", "the recursion"),
            ([_], _) => ("the rule that reads", "this rule"),
            _ => ("the rules that read", "these rules"),
        };
        let mut added = String::new();
        for (name, new) in &names {
            let rest = Span::new(views[name].name.span.end, view_end(items, name)?);
            added += &format!(
                "\n\n/// `{name}` as it is before {rule_words} {news}, without all that follows from there.\n\
                 view {new}{}",
                rest.of(self.text)
            );
            for rule in copied.iter().filter(|rule| rule.head == *name) {
                added.push('\n');
                added += &self.copy(rule, &names);
            }
        }
        let end = self.end_of_line(items, last.item.span.end);
        let after = self.text[end as usize..].trim_start_matches(' ');
        if !after.starts_with("\n\n") && !after.trim().is_empty() {
            added.push('\n');
        }

        let edits = wanted
            .iter()
            .map(|read| (read.span, names[read.relation].clone()));
        let edits: Vec<(Span, String)> = edits.chain([(Span::new(end, end), added)]).collect();
        let (as_it_is, views) = match wanted_names.len() {
            1 => ("as it is", "a new view"),
            _ => ("as they are", "new views"),
        };
        let title =
            format!("make stratified: read {olds} {as_it_is} before {place}, in {views} {news}");
        self.helps(&edits).then(|| self.fix_all(title, edits))
    }

    /// The rules of the circle's views.
    fn inner_rules<'a>(
        &'a self,
        items: &'a [Item],
        views: &BTreeMap<&'a str, &'a Signature>,
    ) -> Vec<Inner<'a>> {
        let relations = &self.program.checked().program.relations;
        let is_aggregate = |name: &str| {
            let combined = relations
                .get(name)
                .and_then(|known| known.combined.as_ref());
            combined.is_some_and(|combined| !is_lattice(&combined.combiner))
        };
        let by_place: BTreeMap<Span, &str> = views
            .iter()
            .map(|(name, view)| (view.name.span, *name))
            .collect();
        let inner = |item: &'a Item| {
            let ItemKind::Rule(rule) = &item.kind else {
                return None;
            };
            let (head, _) = views.get_key_value(head_of(rule)?)?;
            let climbing = climbing_reads(rule);
            let all = self.program.occurrences(Program::ROOT);
            let all = all.iter().filter(|found| {
                found.file == Program::ROOT && item.span.contains(found.span.start)
            });
            let reads = all.filter_map(|found| {
                let relation = by_place.get(&found.declared)?;
                let is_head = found.role == crate::Role::Writes;
                (!is_head).then(|| Read {
                    span: found.span,
                    relation,
                    needs_all: !climbing.contains(&found.span) || is_aggregate(relation),
                })
            });
            Some(Inner {
                item,
                head,
                reads: reads.collect(),
            })
        };
        items.iter().filter_map(inner).collect()
    }

    /// A rule, of the new views instead of the old ones.
    fn copy(&self, rule: &Inner, names: &BTreeMap<&str, String>) -> String {
        let start = rule.item.span.start;
        let mut text = rule.item.span.of(self.text).to_owned();
        let ItemKind::Rule(of) = &rule.item.kind else {
            return text;
        };
        let head = match &of.effect.kind {
            EffectKind::Derive(head) => Some((head.name.span, rule.head)),
            _ => None,
        };
        let reads = rule.reads.iter().map(|read| (read.span, read.relation));
        let mut places: Vec<(Span, &str)> = reads.chain(head).collect();
        places.sort_unstable();
        for (span, name) in places.into_iter().rev() {
            let (from, to) = (span.start - start, span.end - start);
            text.replace_range(from as usize..to as usize, &names[name]);
        }
        text
    }

    /// A name for what a view was before, that stands nowhere in the text.
    fn free_name(&self, name: &str) -> String {
        let first = format!("{name}_before");
        let others = (2..).map(|number| format!("{name}_before{number}"));
        std::iter::once(first.clone())
            .chain(others)
            .find(|name| !self.text.contains(name.as_str()))
            .unwrap_or(first)
    }

    /// Behind a remark on the same line, unless the line ends inside of another item.
    fn end_of_line(&self, items: &[Item], at: u32) -> u32 {
        let rest = &self.text[at as usize..];
        let end = at + rest.find('\n').unwrap_or(rest.len()) as u32;
        let is_inside = |item: &Item| item.span.start < end && end < item.span.end;
        match items.iter().any(is_inside) {
            true => at,
            false => end,
        }
    }

    /// Whether there are fewer mistakes after these edits.
    fn helps(&self, edits: &[(Span, String)]) -> bool {
        let mut edits: Vec<&(Span, String)> = edits.iter().collect();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
        let mut text = self.text.to_owned();
        for (span, new) in edits {
            text.replace_range(span.start as usize..span.end as usize, new);
        }
        let errors = |program: &Program| {
            let all = program.checked().diagnostics.iter();
            all.filter(|diagnostic| diagnostic.is_error()).count()
        };
        let after = self.analysis.with(self.program.path(Program::ROOT), &text);
        errors(&after) < errors(self.program)
    }
}

/// Whether a value of this combiner may stand in a recursion.
fn is_lattice(combiner: &Combiner) -> bool {
    combiner.is_idempotent() && combiner.is_climbing()
}

/// Where the declaration of a view ends.
fn view_end(items: &[Item], name: &str) -> Option<u32> {
    let mut items = items.iter();
    let item =
        items.find(|item| matches!(&item.kind, ItemKind::View(view) if view.name.as_str() == name));
    item.map(|item| item.span.end)
}

/// The view that a rule derives rows of.
fn head_of(rule: &Rule) -> Option<&str> {
    match &rule.effect.kind {
        EffectKind::Derive(head) if head.receiver.is_none() => Some(head.name.as_str()),
        _ => None,
    }
}

/// Names of the atoms of which more rows can only give more derivations.
fn climbing_reads(rule: &Rule) -> BTreeSet<Span> {
    let names = rule
        .conditions
        .iter()
        .filter_map(|condition| match &condition.kind {
            ConditionKind::Atom {
                quantifier: Quantifier::Each | Quantifier::Exists(_),
                atom,
                ..
            } => Some(atom.name.span),
            _ => None,
        });
    names.collect()
}

/// The views that these relations are computed from without the rules that need all of something, and
/// the rules for it; nothing if one of them would have no row.
fn before<'r, 'a>(
    rules: &'r [Inner<'a>],
    wanted: &BTreeSet<&'a str>,
) -> Option<(BTreeSet<&'a str>, Vec<&'r Inner<'a>>)> {
    let mut left: Vec<&Inner> = rules.iter().filter(|rule| !rule.needs_all()).collect();
    let mut with_rows: BTreeSet<&str> = BTreeSet::new();
    let mut usable: Vec<&Inner> = Vec::new();
    // A rule can give a row once all that it reads has some.
    loop {
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|rule| {
            let mut reads = rule.reads.iter();
            reads.all(|read| with_rows.contains(read.relation))
        });
        if now.is_empty() {
            break;
        }
        with_rows.extend(now.iter().map(|rule| rule.head));
        usable.extend(now);
        left = later;
    }
    if wanted.is_empty() || !wanted.is_subset(&with_rows) {
        return None;
    }
    let mut needed = wanted.clone();
    let mut open: Vec<&str> = needed.iter().copied().collect();
    while let Some(name) = open.pop() {
        for read in usable
            .iter()
            .filter(|rule| rule.head == name)
            .flat_map(|rule| &rule.reads)
        {
            if needed.insert(read.relation) {
                open.push(read.relation);
            }
        }
    }
    usable.sort_by_key(|rule| rule.item.span);
    Some((needed, usable))
}

/// `` `a`, `b` and `c` ``
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}
