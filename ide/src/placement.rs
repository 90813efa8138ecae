//! Whether rules run where their data is: what the planner says of the rows that they read.

use std::collections::BTreeMap;

use sheaf_compiler::lower::lower;
use sheaf_compiler::source::{FileId, Span};
use sheaf_ir::plan::{EdgeName, FixpointStrategy, Plan, Route, choose};
use sheaf_ir::sizes::Sizes;

use crate::program::Program;

/// The plan of a program.
pub(crate) struct Planned {
    program: sheaf_ir::Program,
    plan: Plan,
}

impl Planned {
    /// Nothing for a program that cannot be run.
    pub(crate) fn new(program: &Program) -> Option<Planned> {
        let program = lower(program.checked().runnable()?);
        let plan = choose(&program, &Sizes::default());
        Some(Planned { program, plan })
    }

    /// How rows travel for the rules of a relation, in sentences: of one rule, or of all.
    pub(crate) fn travels(&self, relation: &str, rule: Option<(FileId, Span)>) -> Vec<String> {
        let graph = &self.program.graph;
        let own = format!("{relation}#");
        let mut moved: BTreeMap<String, ()> = BTreeMap::new();
        let mut is_any = false;
        let is_asked = |span: sheaf_ir::Span| {
            rule.is_none_or(|(file, rule)| {
                FileId(span.file) == file && rule.start <= span.start && span.end <= rule.end
            })
        };
        for edge in graph.edge_indices() {
            let Some((from, to)) = graph.edge_endpoints(edge) else {
                continue;
            };
            let (from, to) = (&graph[from], &graph[to]);
            let is_own = to.name.starts_with(&own) || to.name == relation && rule.is_none();
            if !is_own || !is_asked(to.span) {
                continue;
            }
            is_any = true;
            let name = EdgeName {
                from: from.name.clone(),
                to: to.name.clone(),
                port: graph[edge].0,
            };
            let columns = |columns: &[usize]| {
                let names = columns
                    .iter()
                    .filter_map(|column| from.output.columns.get(*column));
                let names: Vec<String> = names.map(|(name, _)| format!("`{name}`")).collect();
                names.join(", ")
            };
            // The steps of a rule have numbers after the name of what they belong to.
            let what = match from.name.split_once('#') {
                Some((owner, _)) if owner == relation => "what it derives".to_owned(),
                Some((owner, _)) => format!("rows of `{owner}`"),
                None => format!("rows of `{}`", from.name),
            };
            let text = match self.plan.routes.get(&name) {
                None | Some(Route::Local) => continue,
                Some(Route::Hash(by)) if by.is_empty() => format!("{what} travel to one worker"),
                Some(Route::Hash(by)) => format!("{what} are exchanged by {}", columns(by)),
                Some(Route::Broadcast) => format!("{what} are sent to every worker"),
                Some(Route::Gather) => format!("{what} travel to one worker"),
                Some(Route::Balance) => format!("{what} are spread evenly"),
            };
            moved.insert(text, ());
        }
        let mut sentences: Vec<String> = moved.into_keys().collect();
        if is_any && sentences.is_empty() {
            sentences.push("runs where its data is".to_owned());
        }
        sentences.extend(self.recursion(relation));
        sentences
    }

    /// How the recursion runs that a relation is part of.
    fn recursion(&self, relation: &str) -> Option<String> {
        let node = self
            .program
            .graph
            .node_weights()
            .find(|node| node.name == relation)?;
        let strategy = self.plan.fixpoints.get(node.fixpoint.as_ref()?)?;
        Some(match strategy {
            FixpointStrategy::Colocated { columns } => {
                let by = columns.get(relation).into_iter().flatten();
                let by = by.filter_map(|column| node.output.columns.get(*column));
                let by: Vec<String> = by.map(|(name, _)| format!("`{name}`")).collect();
                format!(
                    "recursion: no derivation leaves its worker (partitioned by {})",
                    by.join(", ")
                )
            }
            FixpointStrategy::Exchanged => {
                "recursion: derivations travel between workers".to_owned()
            }
        })
    }
}
