//! Which module uses which, in what order their `use` items are resolved, and circles among them.
//!
//! Invariants: a module is resolved after all that it uses, so that what they re-export is known.
//! Modules that use each other in a circle are reported once, however many ways lead around.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Checker;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;

/// One name of a `use` item that leads to a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) from: usize,
    pub(super) to: usize,
    /// In the module that uses.
    pub(super) span: Span,
}

impl Checker<'_> {
    /// All modules, each after those that it may use, as far as that is possible.
    pub(super) fn modules_by_use(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        let targets = |module: usize| -> Vec<usize> {
            let paths = self.modules[module].targets.values();
            paths.filter_map(|path| self.module_index(path)).collect()
        };
        for start in 0..self.modules.len() {
            if !seen.insert(start) {
                continue;
            }
            let mut way = vec![(start, targets(start))];
            while let Some((module, left)) = way.last_mut() {
                match left.pop() {
                    Some(next) if seen.insert(next) => way.push((next, targets(next))),
                    Some(_) => {}
                    None => {
                        order.push(*module);
                        way.pop();
                    }
                }
            }
        }
        order
    }

    /// Reports modules that use each other in a circle; all pairs of such modules.
    pub(super) fn report_circles(&mut self) -> BTreeSet<(usize, usize)> {
        let mut next: BTreeMap<usize, BTreeMap<usize, Span>> = BTreeMap::new();
        for used in &self.uses {
            let spans = next.entry(used.from).or_default();
            let span = spans.entry(used.to).or_insert(used.span);
            *span = used.span.min(*span);
        }
        let mut together = BTreeSet::new();
        let mut told = BTreeSet::new();
        for &start in next.keys() {
            if told.contains(&start) {
                continue;
            }
            let Some(circle) = shortest(start, &next) else {
                continue;
            };
            self.report_circle(&circle, &next);
            let members: Vec<usize> = reached(start, &next)
                .into_iter()
                .filter(|&other| reached(other, &next).contains(&start))
                .collect();
            for &a in &members {
                together.extend(members.iter().map(|&b| (a, b)));
            }
            told.extend(members);
        }
        together
    }

    fn report_circle(&mut self, circle: &[usize], next: &BTreeMap<usize, BTreeMap<usize, Span>>) {
        let name = |module: usize| format!("`{}`", self.modules[module].display);
        let steps = circle.iter().zip(circle.iter().cycle().skip(1));
        let mut places = steps.map(|(from, to)| (*from, *to, next[from][to]));
        let Some((first, to, span)) = places.next() else {
            return;
        };
        let shown: Vec<String> = circle.iter().map(|&module| name(module)).collect();
        let message = match circle {
            [_] => format!("the module {} uses itself", name(first)),
            _ => format!(
                "modules use each other in a circle: {} → {}",
                shown.join(" → "),
                name(first)
            ),
        };
        let mut diagnostic =
            Diagnostic::error(codes::MODULE_CIRCLE, self.file(first), span, message)
                .label(format!("{} uses {}", name(first), name(to)));
        for (from, to, span) in places {
            let text = format!("{} uses {}", name(from), name(to));
            diagnostic = diagnostic.and_in(self.file(from), span, text);
        }
        let help = match circle {
            [_] => "remove this `use`: a file knows its own names",
            _ => "move what both need into a module of its own, which both use",
        };
        self.report(diagnostic.help(help));
    }
}

/// All modules that one uses, directly or not.
fn reached(start: usize, next: &BTreeMap<usize, BTreeMap<usize, Span>>) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut left = vec![start];
    while let Some(module) = left.pop() {
        let uses = next.get(&module).into_iter().flat_map(BTreeMap::keys);
        left.extend(uses.copied().filter(|to| reached.insert(*to)));
    }
    reached
}

/// The shortest circle through a module, beginning with it; of several the first by their order.
fn shortest(start: usize, next: &BTreeMap<usize, BTreeMap<usize, Span>>) -> Option<Vec<usize>> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut left = VecDeque::from([start]);
    while let Some(module) = left.pop_front() {
        for &to in next.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                let mut circle = vec![module];
                while let Some(&earlier) = before.get(&circle[circle.len() - 1]) {
                    circle.push(earlier);
                }
                circle.reverse();
                return Some(circle);
            }
            before.entry(to).or_insert_with(|| {
                left.push_back(to);
                module
            });
        }
    }
    None
}
