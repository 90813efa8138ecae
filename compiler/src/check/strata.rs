//! Strata: which relations depend on each other, and that nothing in such a circle takes back what it
//! gave.
//!
//! Invariant: strata are the strongly connected components of "is read by", in an order in which each
//! comes after those it reads; of several that could come next, the one with the least name does.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use sheaf_ir::{Combiner, Span, Type};

use super::Checker;
use super::reads::{self, How, Read};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{ExprKind, Rule, Stratum};

impl Checker<'_> {
    /// Puts the relations in strata, and reports circles that may not be.
    pub(super) fn find_strata(&mut self) {
        let reads: Vec<Vec<Read<'_>>> = self.program.rules.iter().map(reads::of_rule).collect();
        let names: Vec<&str> = self.program.relations.keys().map(String::as_str).collect();
        let number: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let mut graph: Graph = vec![Vec::new(); names.len()];
        let mut rules_of: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
        for (index, (rule, reads)) in self.program.rules.iter().zip(&reads).enumerate() {
            if let Some(&head) = number.get(rule.head.relation.as_str()) {
                let edges = reads.iter().filter_map(|read| number.get(read.relation));
                graph[head].extend(edges);
                rules_of[head].push(index);
            }
        }
        for edges in &mut graph {
            edges.sort_unstable();
            edges.dedup();
        }
        let mut strata = Vec::new();
        for members in in_order(&components(&graph), &graph) {
            let recursive =
                members.len() > 1 || members.iter().any(|&node| graph[node].contains(&node));
            let rules = members.iter().flat_map(|&node| &rules_of[node]);
            let mut rules: Vec<usize> = rules.copied().collect();
            rules.sort_unstable();
            strata.push(Stratum {
                relations: members.iter().map(|&node| names[node].to_owned()).collect(),
                recursive,
                rules,
            });
        }
        let mut found = Vec::new();
        for stratum in strata.iter().filter(|stratum| stratum.recursive) {
            found.extend(self.check_circle(stratum, &reads));
        }
        self.program.strata = strata;
        for finding in found {
            match finding {
                Finding::Wrong(diagnostic) => self.report(*diagnostic),
                Finding::Rounds(module, span) => {
                    self.not_yet(module, span, "recursion that counts its rounds");
                }
            }
        }
    }

    /// What is wrong with a recursive stratum: one thing at most.
    fn check_circle(&self, stratum: &Stratum, reads: &[Vec<Read<'_>>]) -> Option<Finding> {
        let inside: BTreeSet<&str> = stratum.relations.iter().map(String::as_str).collect();
        // Chosen by name, so that the order of the text does not matter.
        let key = |index: usize, read: &Read<'_>| {
            (
                self.program.rules[index].head.relation.clone(),
                read.relation.to_owned(),
                read.how,
            )
        };
        let mut worst: Option<(Span, usize, &Read<'_>)> = None;
        for &index in &stratum.rules {
            for read in &reads[index] {
                let is_inside = inside.contains(read.relation);
                if is_inside && read.how != How::Monotone {
                    let place = (read.span, index, read);
                    if worst.is_none_or(|(_, other, known)| key(index, read) < key(other, known)) {
                        worst = Some(place);
                    }
                }
            }
        }
        let aggregate = stratum.relations.iter().find_map(|name| {
            let combined = self.program.relations.get(name)?.combined.as_ref()?;
            (!is_lattice(&combined.combiner)).then_some((name, combined))
        });
        if worst.is_none() && aggregate.is_none() {
            return None;
        }
        if let Some((module, span)) = self.counted_rounds(stratum) {
            return Some(Finding::Rounds(module, span));
        }
        let diagnostic = match (worst, aggregate) {
            (Some((span, index, read)), _) => {
                let head = &self.program.rules[index].head;
                let (file, at) = super::place(span);
                let word = match read.how {
                    How::Not => "under `not`",
                    How::Maybe => "under `maybe`",
                    How::Comprehension => "in a comprehension",
                    How::Monotone => "in an atom",
                };
                let (head_name, read_name) = (short(&head.relation), short(read.relation));
                let message = match head.relation == read.relation {
                    true => format!("`{head_name}` reads itself {word}"),
                    false => format!(
                        "`{head_name}` reads `{read_name}` {word}, and `{read_name}` depends on `{head_name}`"
                    ),
                };
                let diagnostic = Diagnostic::error(codes::UNSTRATIFIED, file, at, message)
                    .label(format!("needs all of `{read_name}` first"));
                self.with_circle(diagnostic, read.relation, &head.relation, &inside, reads)
                    .note("What is under `not` or `maybe`, counted or collected must be complete before it is read, and here it never is.")
                    .help("break the circle: derive what is negated or counted in a view that does not depend on this one")
            }
            (None, Some((name, combined))) => {
                let (file, at) = super::place(combined.span);
                let text = at.of(self.sources.get(file).text());
                let diagnostic = Diagnostic::error(
                    codes::AGGREGATE_IN_CYCLE,
                    file,
                    at,
                    format!(
                        "`{}` depends on itself, and `{text}` cannot be recomputed on the way",
                        short(name)
                    ),
                )
                .label("not a climbing lattice");
                self.with_circle(diagnostic, name, name, &inside, reads)
                    .note("In a recursion a value may only climb: `Min`, `Max`, `Any`, `All` and `Set` do.")
                    .help("aggregate in a view of its own, over the finished recursion")
            }
            (None, None) => return None,
        };
        Some(Finding::Wrong(Box::new(diagnostic)))
    }

    /// Labels the shortest way on which `from` depends on `to`.
    fn with_circle(
        &self,
        mut diagnostic: Diagnostic,
        from: &str,
        to: &str,
        inside: &BTreeSet<&str>,
        reads: &[Vec<Read<'_>>],
    ) -> Diagnostic {
        // For each relation reached: the relation that reads it, and where.
        let mut reader: BTreeMap<&str, (&str, Span)> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
        let mut last = None;
        'search: while let Some(at) = queue.pop_front() {
            for (rule, reads) in self.program.rules.iter().zip(reads) {
                if rule.head.relation != at {
                    continue;
                }
                for read in reads.iter().filter(|read| inside.contains(read.relation)) {
                    if read.relation == to {
                        last = Some((at, read.span));
                        break 'search;
                    }
                    if seen.insert(read.relation) {
                        reader.insert(read.relation, (at, read.span));
                        queue.push_back(read.relation);
                    }
                }
            }
        }
        let mut steps = Vec::new();
        if let Some((mut at, span)) = last {
            steps.push((at, to, span));
            while let Some(&(before, span)) = reader.get(at) {
                steps.push((before, at, span));
                at = before;
            }
        }
        steps.reverse();
        for (reader, read, span) in steps {
            let (file, at) = super::place(span);
            if (file, at) != (diagnostic.primary.file, diagnostic.primary.span) {
                let text = match reader == read {
                    true => format!("`{}` reads itself here", short(reader)),
                    false => format!("`{}` reads `{}` here", short(reader), short(read)),
                };
                diagnostic = diagnostic.and_in(file, at, text);
            }
        }
        diagnostic
    }

    /// Where a circle seems to count its rounds: a Nat column written `i + 1` in a head.
    fn counted_rounds(&self, stratum: &Stratum) -> Option<(usize, crate::source::Span)> {
        let counts = |rule: &Rule| {
            rule.head.columns.iter().any(|column| {
                column.ty == Type::Nat
                    && match &column.kind {
                        ExprKind::Call(sheaf_ir::Function::Add, sides) => {
                            matches!(
                                (&sides[0].kind, &sides[1].kind),
                                (ExprKind::Variable(_), ExprKind::Constant(_))
                                    | (ExprKind::Constant(_), ExprKind::Variable(_))
                            )
                        }
                        _ => false,
                    }
            })
        };
        let rule = stratum
            .rules
            .iter()
            .map(|index| &self.program.rules[*index])
            .find(|rule| counts(rule))?;
        let (file, span) = super::place(rule.head.span);
        let module = self.modules.iter().position(|module| module.file == file)?;
        Some((module, span))
    }
}

enum Finding {
    Wrong(Box<Diagnostic>),
    /// Module and place of a rule that counts rounds.
    Rounds(usize, crate::source::Span),
}

/// Whether a value of this combiner may stand in a recursion.
pub(super) fn is_lattice(combiner: &Combiner) -> bool {
    match combiner {
        Combiner::Map(inner) => is_lattice(inner),
        _ => matches!(
            combiner,
            Combiner::Min
                | Combiner::Max
                | Combiner::Any
                | Combiner::All
                | Combiner::Union
                | Combiner::Lattice(_)
        ),
    }
}

/// A name without its module.
pub(super) fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// For each node, those it reads, ascending.
pub(super) type Graph = Vec<Vec<usize>>;

/// Strongly connected components: for each node, the least node of its component.
/// R. Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.
pub(super) fn components(graph: &Graph) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    struct Frame<'g> {
        node: usize,
        edges: std::slice::Iter<'g, usize>,
    }
    let mut index = vec![NONE; graph.len()];
    let mut low = vec![NONE; graph.len()];
    let mut component = vec![NONE; graph.len()];
    let mut stack: Vec<usize> = Vec::new();
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut count = 0;
    for start in 0..graph.len() {
        if index[start] != NONE {
            continue;
        }
        let mut enter = Some(start);
        loop {
            if let Some(node) = enter.take() {
                (index[node], low[node]) = (count, count);
                count += 1;
                stack.push(node);
                let edges = graph[node].iter();
                frames.push(Frame { node, edges });
            }
            let Some(frame) = frames.last_mut() else {
                break;
            };
            let node = frame.node;
            if let Some(&next) = frame.edges.next() {
                match index[next] {
                    NONE => enter = Some(next),
                    seen if component[next] == NONE => low[node] = low[node].min(seen),
                    _ => {}
                }
                continue;
            }
            frames.pop();
            if let Some(parent) = frames.last() {
                low[parent.node] = low[parent.node].min(low[node]);
            }
            if low[node] == index[node] {
                let at = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                let least = stack[at..].iter().copied().min().unwrap_or(node);
                for member in stack.drain(at..) {
                    component[member] = least;
                }
            }
        }
    }
    component
}

/// The components, each after those it reads.
fn in_order(component: &[usize], graph: &Graph) -> Vec<Vec<usize>> {
    let mut members: Graph = vec![Vec::new(); graph.len()];
    let mut waits_for: Graph = vec![Vec::new(); graph.len()];
    for (node, &of) in component.iter().enumerate() {
        members[of].push(node);
        let others = graph[node].iter().map(|&other| component[other]);
        waits_for[of].extend(others.filter(|other| *other != of));
    }
    let mut readers: Graph = vec![Vec::new(); graph.len()];
    for (of, others) in waits_for.iter_mut().enumerate() {
        others.sort_unstable();
        others.dedup();
        for &other in &*others {
            readers[other].push(of);
        }
    }
    let mut missing: Vec<usize> = waits_for.iter().map(Vec::len).collect();
    let is_ready = |of: &usize| missing[*of] == 0 && !members[*of].is_empty();
    let mut ready: BTreeSet<usize> = (0..graph.len()).filter(is_ready).collect();
    let mut order = Vec::new();
    while let Some(next) = ready.pop_first() {
        order.push(std::mem::take(&mut members[next]));
        for &reader in &readers[next] {
            missing[reader] -= 1;
            if missing[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    order
}
