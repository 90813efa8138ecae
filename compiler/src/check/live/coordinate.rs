//! `coordinate` blocks: that events bind the key, and that bare reads are exact.
//!
//! A bare read is exact where every writer of every table beneath it is in the block, and both the read and
//! the writer have the block's key in the same columns: then whoever could change what is read waits for
//! the same lock. An agent's own tables have the agent's key in an invisible column.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::Label;

use super::state::{Block, Does, Effect, Written};
use crate::check::Checker;
use crate::check::body::Body;
use crate::check::mentions::{self, Names};
use crate::check::strata::short;
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Arg, Atom, ExprKind, LiveKind, RelationKind, VariableId};
use crate::source::Span;
use crate::syntax::ast::{self, Item};

/// The keys that a block locks, each by the names it is made of.
pub(super) fn keys(by: &ast::Expr) -> Vec<Vec<String>> {
    let alternatives: Vec<&ast::Expr> = match &by.kind {
        ast::ExprKind::Set(keys) => keys.iter().collect(),
        _ => vec![by],
    };
    let names_of = |key: &ast::Expr| {
        let mut names = Names::new();
        mentions::in_expr(key, &mut names);
        names.into_iter().map(str::to_owned).collect()
    };
    alternatives.into_iter().map(names_of).collect()
}

/// A writer that is not where it must be, and why.
pub(super) struct Outside {
    pub(super) file: crate::source::FileId,
    pub(super) span: Span,
    pub(super) text: String,
}

/// For each column: the name of the key's part that stands there.
type Parts = Vec<Option<String>>;

impl Checker<'_> {
    pub(super) fn coordinate_needs_reason(&mut self, module: usize, block: &ast::Coordinate) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::COORDINATE_WITHOUT_REASON,
                file,
                block.name.span,
                format!("the block `{}` does not say why its events must stand in line", block.name.text),
            )
            .label("no `because`")
            .note("Events with equal keys wait for each other here; that costs time, and a reader should learn what for.")
            .help("write `because \"…\"` after the key"),
        );
    }

    pub(super) fn not_in_block(&mut self, module: usize, item: &Item, block: &ast::Coordinate) {
        let file = self.file(module);
        self.report(
            Diagnostic::error(
                codes::NOT_IN_BLOCK,
                file,
                item.span,
                format!("the block `{}` may hold `on` blocks only", block.name.text),
            )
            .label("not an `on` block")
            .help("move it out of the `coordinate` block"),
        );
    }

    /// What keeps a bare read in a block from being exact; empty if it is.
    pub(super) fn outside(&self, effect: &Effect, index: usize, atom: &Atom) -> Vec<Outside> {
        let block = &self.effects.blocks[index];
        let mode = self.effects.modes.get(&atom.span);
        if mode.is_some_and(|mode| mode.is_addressed)
            && self.effects.keys.contains_key(&block.module)
        {
            let file = self.file(effect.module);
            let text = "another instance writes its own state".to_owned();
            return vec![Outside {
                file,
                span: effect.at,
                text,
            }];
        }
        let names: BTreeSet<&str> = block.keys.iter().flatten().map(String::as_str).collect();
        let parts = atom
            .arguments
            .iter()
            .map(|argument| match argument {
                Arg::Variable(id) => {
                    let name = &effect.variables.get(*id)?.name;
                    names.contains(name.as_str()).then(|| name.clone())
                }
                _ => None,
            })
            .collect();
        let mut seen = BTreeSet::new();
        let mut outside = Vec::new();
        self.look_beneath(
            (index, block),
            &atom.relation,
            parts,
            &mut seen,
            &mut outside,
        );
        outside.sort_by_key(|one| (one.file, one.span));
        outside.dedup_by_key(|one| (one.file, one.span));
        outside
    }

    fn look_beneath(
        &self,
        block: (usize, &Block),
        relation: &str,
        parts: Parts,
        seen: &mut BTreeSet<(String, Parts)>,
        outside: &mut Vec<Outside>,
    ) {
        let Some(declared) = self.program.relations.get(relation) else {
            return;
        };
        if declared.label == Label::Closed || !seen.insert((relation.to_owned(), parts.clone())) {
            return;
        }
        let name = short(relation);
        let mut add = |module: Option<usize>, span: sheaf_ir::Span, text: String| {
            let (file, at) = crate::check::place(span);
            let (file, span) = (module.map_or(file, |module| self.file(module)), at);
            outside.push(Outside { file, span, text });
        };
        match &declared.kind {
            RelationKind::Input(_) => {
                add(
                    None,
                    declared.span,
                    format!("rows of `{name}` arrive from outside"),
                );
            }
            RelationKind::Live(LiveKind::Table) => {
                let is_own = relation == self.modules[block.1.module].qualify(name);
                let keyed = self.keyed_columns(block.1, &parts, is_own);
                if keyed.is_none() {
                    add(
                        None,
                        declared.span,
                        format!("`{name}` is read at another key than `{}`", block.1.by),
                    );
                    return;
                }
                for writer in self.writers(relation) {
                    let span = self.span(writer.module, writer.at);
                    if writer.block != Some(block.0) {
                        add(None, span, format!("writes `{name}` outside the block"));
                    } else if !self.is_keyed(block.1, writer, keyed.as_deref(), is_own) {
                        add(
                            None,
                            span,
                            format!("writes `{name}` at another key than `{}`", block.1.by),
                        );
                    }
                }
            }
            RelationKind::Live(kind) => {
                add(
                    None,
                    declared.span,
                    format!("`{name}` is a {}", kind.word()),
                );
            }
            RelationKind::View => {
                let rules = self.program.rules.iter();
                for rule in rules.filter(|rule| rule.head.relation == relation) {
                    let mut keyed: BTreeMap<VariableId, &String> = BTreeMap::new();
                    for (column, part) in rule.head.columns.iter().zip(&parts) {
                        if let (ExprKind::Variable(id), Some(part)) = (&column.kind, part) {
                            keyed.insert(*id, part);
                        }
                    }
                    let values: Vec<_> = rule
                        .head
                        .columns
                        .iter()
                        .chain(&rule.head.contribution)
                        .cloned()
                        .collect();
                    for found in super::reads::of_body(&rule.conditions, &values) {
                        let parts = found.atom.arguments.iter().map(|argument| match argument {
                            Arg::Variable(id) => keyed.get(id).map(|part| (*part).clone()),
                            _ => None,
                        });
                        let parts = parts.collect();
                        self.look_beneath(block, &found.atom.relation, parts, seen, outside);
                    }
                }
            }
        }
    }

    fn writers<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'s Effect> {
        self.effects.effects.iter().filter(move |effect| {
            effect.target == table && matches!(effect.does, Does::Merge | Does::Remove)
        })
    }

    /// The columns in which a read has one of the block's keys; `None` if it has none.
    fn keyed_columns(&self, block: &Block, parts: &Parts, is_own: bool) -> Option<Vec<usize>> {
        block.keys.iter().find_map(|key| {
            let places = key
                .iter()
                .filter(|part| !(is_own && self.is_agent_key(block, part)))
                .map(|part| parts.iter().position(|found| found.as_ref() == Some(part)));
            places.collect()
        })
    }

    /// Whether a writer has one of the block's keys in these columns.
    fn is_keyed(
        &self,
        block: &Block,
        writer: &Effect,
        columns: Option<&[usize]>,
        is_own: bool,
    ) -> bool {
        let Some(columns) = columns else { return false };
        block.keys.iter().any(|key| {
            let parts: Vec<&String> = key
                .iter()
                .filter(|part| !(is_own && self.is_agent_key(block, part)))
                .collect();
            parts.len() == columns.len()
                && parts.iter().zip(columns).all(|(part, column)| {
                    writer.columns.get(*column) == Some(&Written::Variable((*part).clone()))
                })
        })
    }

    fn is_agent_key(&self, block: &Block, part: &str) -> bool {
        let key = self.effects.keys.get(&block.module);
        key.is_some_and(|key| key.name == part)
    }
}

impl Body<'_, '_> {
    /// Checks that an `on` block inside a `coordinate` block binds its key, by the event or a `let`.
    pub(super) fn check_block_key(&mut self, on: &ast::On, block: &ast::Coordinate) {
        let mut bound = Names::new();
        let patterns = on.event.arguments.iter().map(|argument| &argument.value);
        for pattern in patterns {
            mentions::bound_by(pattern, &mut bound);
        }
        for statement in &on.statements {
            if let ast::OnStatement::Let(binding) = statement {
                mentions::bound_by(&binding.pattern, &mut bound);
            }
        }
        if let Some(alias) = &on.alias {
            bound.insert(alias.as_str());
        }
        let key = self.checker.effects.keys.get(&self.module);
        let key = key.map(|key| key.name.clone());
        let mut needed = Names::new();
        mentions::in_expr(&block.by, &mut needed);
        let missing: Vec<&str> = needed
            .into_iter()
            .filter(|name| !bound.contains(name) && key.as_deref() != Some(*name))
            .filter(|name| !self.checker.is_param(self.module, name))
            .collect();
        if missing.is_empty() {
            self.infer_known(&block.by, None);
            return;
        }
        let message = format!(
            "`{}` does not bind `{}`, the key of the block `{}`",
            on.event.name.text,
            missing.join("`, `"),
            block.name.text
        );
        let diagnostic = self
            .error(codes::KEY_NOT_BOUND, on.event.span, message)
            .label("which key is locked?")
            .and(block.by.span, "the key")
            .note("Events with equal keys take effect one at a time, so each event must tell its key.")
            .help("name the argument like the key, bind it with `let` inside the block, or move the event out");
        self.report(diagnostic);
    }
}
