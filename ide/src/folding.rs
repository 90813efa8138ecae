//! What can be folded away: items, blocks, comments, uses.

use std::path::Path;

use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::TriviaKind;
use sheaf_compiler::syntax::ast::{Item, ItemKind};

use crate::analysis::Analysis;

/// A stretch of text that can be folded away, of more than one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fold {
    /// From the first to the last character.
    pub span: Span,
    /// What it is.
    pub kind: FoldKind,
}

/// Kinds of folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoldKind {
    /// Statements, brackets.
    Code,
    /// Lines of comments.
    Comment,
    /// Lines of `use`.
    Uses,
}

impl Analysis {
    /// What can be folded away in a file, in the order of the text.
    pub fn folds(&self, file: &Path) -> Vec<Fold> {
        let Some((sources, parsed)) = self.parsed(file) else {
            return Vec::new();
        };
        let text = sources.get(FileId(0)).text();
        let mut folds = Vec::new();
        let mut add = |kind: FoldKind, span: Span| {
            if span.of(text).contains('\n') {
                folds.push(Fold { span, kind });
            }
        };
        let mut open = Vec::new();
        for token in &parsed.tokens {
            if token.kind.is_opening() {
                open.push(token);
            } else if token.kind.is_closing()
                && let Some(opening) = open.pop()
            {
                add(FoldKind::Code, opening.span.to(token.span));
            }
        }
        let items = &parsed.tree.items;
        for item in items {
            // Blocks and lists fold by their brackets.
            let text = item.span.of(text);
            let first_line = text.lines().next().unwrap_or("");
            if !text.ends_with('}') && !first_line.ends_with(['(', '[', '{']) {
                add(FoldKind::Code, item.span);
            }
        }
        let is_use = |item: &&Item| matches!(item.kind, ItemKind::Use(_));
        let uses: Vec<Span> = items
            .iter()
            .take_while(is_use)
            .map(|item| item.span)
            .collect();
        if let [first, .., last] = uses.as_slice() {
            add(FoldKind::Uses, first.to(*last));
        }
        let mut comment: Option<(TriviaKind, Span)> = None;
        for trivia in &parsed.trivia {
            if trivia.kind == TriviaKind::Whitespace {
                let is_gap = trivia.span.of(text).matches('\n').count() > 1;
                if is_gap && let Some((_, span)) = comment.take() {
                    add(FoldKind::Comment, span);
                }
                continue;
            }
            let follows = comment.filter(|(kind, span)| {
                let between = Span::new(span.end, trivia.span.start).of(text);
                *kind == trivia.kind && between.trim().is_empty()
            });
            match follows {
                Some((kind, span)) => comment = Some((kind, span.to(trivia.span))),
                None => {
                    if let Some((_, span)) = comment.replace((trivia.kind, trivia.span)) {
                        add(FoldKind::Comment, span);
                    }
                }
            }
        }
        if let Some((_, span)) = comment {
            add(FoldKind::Comment, span);
        }
        folds.sort();
        folds
    }
}
