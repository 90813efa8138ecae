//! Labels: whether rows of a relation can still come or go, and why.
//!
//! `closed ⊑ growing ⊑ changing`. A finite input is closed; a live one grows. What reads something
//! growing in a way that may take rows back is changing. The reason is the path to the first cause.

use std::collections::BTreeMap;

use sheaf_ir::{Label, Type};

use super::Checker;
use super::monotone;
use super::reads::{self, How};
use super::strata::short;
use crate::hir::{Arg, Combined, Condition, Quantifier, Reason, Rule};

impl Checker<'_> {
    /// Labels every relation.
    pub(super) fn find_labels(&mut self) {
        if self.live.is_empty() {
            // All are closed, as they were made.
            return;
        }
        let mut labels: BTreeMap<String, (Label, Vec<Reason>)> = BTreeMap::new();
        for stratum in self.program.strata.clone() {
            // Within a stratum labels only rise, so this ends.
            loop {
                let mut changed = false;
                for name in &stratum.relations {
                    let mut found = self.source_label(name);
                    for &index in &stratum.rules {
                        let rule = &self.program.rules[index];
                        if rule.head.relation == *name {
                            let (label, reason) = self.rule_label(rule, &labels);
                            if is_worse((label, &reason), (found.0, &found.1)) {
                                found = (label, reason);
                            }
                        }
                    }
                    let known = labels.get(name).map_or(Label::Closed, |(label, _)| *label);
                    if found.0 > known {
                        labels.insert(name.clone(), found);
                        changed = true;
                    }
                }
                if !changed {
                    break;
                }
            }
        }
        for (name, (label, reason)) in labels {
            if let Some(relation) = self.program.relations.get_mut(&name) {
                relation.label = label;
                relation.label_reason = reason;
            }
        }
    }

    fn source_label(&self, name: &str) -> (Label, Vec<Reason>) {
        let Some(reason) = self.live.get(name) else {
            return (Label::Closed, Vec::new());
        };
        if let Some(removed) = self.effects.removed.get(name) {
            return (Label::Changing, vec![removed.clone()]);
        }
        let combined = self
            .program
            .relations
            .get(name)
            .and_then(|r| r.combined.as_ref());
        match combined {
            Some(combined) if !climbs(combined) => {
                let text = format!("a value of `{}` may be replaced by another", short(name));
                let step = Reason {
                    span: combined.span,
                    text,
                };
                (Label::Changing, vec![step, reason.clone()])
            }
            _ => (Label::Growing, vec![reason.clone()]),
        }
    }

    fn rule_label(
        &self,
        rule: &Rule,
        labels: &BTreeMap<String, (Label, Vec<Reason>)>,
    ) -> (Label, Vec<Reason>) {
        let mut worst = (Label::Closed, Vec::new());
        let head = self.program.relations.get(&rule.head.relation);
        let aggregates = head
            .and_then(|head| head.combined.as_ref())
            .is_some_and(|c| !climbs(c));
        for read in reads::of_rule(rule) {
            let Some((label, because)) = labels.get(read.relation) else {
                continue;
            };
            let name = short(read.relation);
            let takes_back = match read.how {
                How::Not => Some(format!("`not` over `{name}`, whose rows still arrive")),
                How::Maybe => Some(format!("`maybe` over `{name}`, whose rows still arrive")),
                How::Comprehension => Some(format!(
                    "a comprehension over `{name}`, whose rows still arrive"
                )),
                How::Monotone if aggregates => Some(format!(
                    "an aggregate over `{name}`, whose rows still arrive"
                )),
                How::Monotone
                    if *label == Label::Growing && self.reads_value(rule, read.relation) =>
                {
                    self.breaks_climb(rule, labels)
                        .map(|why| format!("reads a value of `{name}`, which still climbs: {why}"))
                }
                How::Monotone => None,
            };
            let label = match takes_back {
                Some(_) => Label::Changing,
                None => *label,
            };
            let text = takes_back.unwrap_or_else(|| format!("reads `{name}`"));
            let step = Reason {
                span: read.span,
                text,
            };
            let reason: Vec<Reason> = std::iter::once(step)
                .chain(because.iter().cloned())
                .collect();
            if is_worse((label, &reason), (worst.0, &worst.1)) {
                worst = (label, reason);
            }
        }
        worst
    }

    /// Where a rule uses a value that still climbs in a way that is not monotone.
    fn breaks_climb(
        &self,
        rule: &Rule,
        labels: &BTreeMap<String, (Label, Vec<Reason>)>,
    ) -> Option<String> {
        let growing = |name: &String| matches!(labels.get(name), Some((Label::Growing, _)));
        let lattices = self
            .program
            .relations
            .iter()
            .filter(|(name, _)| growing(name) || **name == rule.head.relation)
            .filter_map(|(name, relation)| {
                let combined = relation
                    .combined
                    .as_ref()
                    .filter(|combined| moves(combined))?;
                Some((name.as_str(), &combined.combiner))
            })
            .collect();
        monotone::climb(&self.program, rule, &lattices)
            .fault
            .map(|(_, why)| why)
    }

    /// Whether a rule reads the value of a combined relation, not only whether there is one.
    fn reads_value(&self, rule: &Rule, relation: &str) -> bool {
        let has_value = self
            .program
            .relations
            .get(relation)
            .is_some_and(|r| r.combined.is_some());
        has_value
            && rule.conditions.iter().any(|condition| match condition {
                Condition::Atom(atom) => {
                    atom.relation == relation
                        && atom.quantifier == Quantifier::Each
                        && !matches!(atom.arguments.last(), Some(Arg::Wild) | None)
                }
                _ => false,
            })
    }
}

/// Whether a label is worse than another one, or as bad with a reason that comes first: the order of
/// conditions and rules must not be seen.
fn is_worse(one: (Label, &[Reason]), other: (Label, &[Reason])) -> bool {
    let texts = |reasons: &[Reason]| -> Vec<String> {
        reasons.iter().map(|reason| reason.text.clone()).collect()
    };
    one.0 > other.0 || one.0 == other.0 && one.0 > Label::Closed && texts(one.1) < texts(other.1)
}

/// Whether the value of a key can be followed by a greater one as contributions arrive.
pub(super) fn moves(combined: &Combined) -> bool {
    climbs(combined) && combined.combiner != sheaf_ir::Combiner::One
}

/// Whether the values of a combined relation only climb as contributions arrive.
pub(super) fn climbs(combined: &Combined) -> bool {
    combined.combiner.is_climbing()
        || combined.combiner == sheaf_ir::Combiner::One
        || combined.combiner == sheaf_ir::Combiner::Sum && combined.contribution == Type::Nat
}
