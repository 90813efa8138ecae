//! Variables of the statement around the cursor, with their types.
//!
//! What the checker knows comes first. Where the statement is broken, a variable has the type of the
//! column that it stands for in an atom or head.

use std::collections::BTreeMap;

use sheaf_compiler::hir::print_type;
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::{Token, TokenKind};

use super::{Completion, CompletionKind, List};
use crate::declarations::Declaration;
use crate::hover::relation;
use crate::program::Program;

impl List<'_, '_> {
    /// Variables of the statement, with their types where these are known.
    pub(super) fn variables(&mut self) {
        let cursor = self.cursor;
        let survey = cursor.program.survey();
        let mut found: BTreeMap<&str, Option<String>> = BTreeMap::new();
        for (index, token) in cursor.statement.iter().enumerate() {
            let next = cursor.statement.get(index + 1).map(|next| next.kind);
            let names_something = matches!(next, Some(TokenKind::OpenParen | TokenKind::Colon));
            let is_variable = token.kind == TokenKind::Lower
                && (cursor.word.is_empty() || index != cursor.before.len())
                && !names_something
                && !self.is_behind_dot(token.span);
            if !is_variable {
                continue;
            }
            let ty = found.entry(cursor.text(token)).or_default();
            if ty.is_some() {
                continue;
            }
            let known = survey.variables.iter().chain(&survey.expressions);
            let mut known =
                known.filter(|typed| typed.file == Program::ROOT && typed.span == token.span);
            *ty = match known.next() {
                Some(typed) => Some(print_type(&typed.ty)),
                None => self.type_in_atom(index),
            };
        }
        for (name, ty) in found {
            if cursor.module.params.contains_key(name) || cursor.module.modules.contains_key(name) {
                continue;
            }
            self.items.push(Completion {
                label: name.to_owned(),
                kind: CompletionKind::Variable,
                detail: ty.unwrap_or_default(),
                docs: String::new(),
                insert: name.to_owned(),
                is_snippet: false,
                rank: 1,
            });
        }
    }

    fn is_behind_dot(&self, span: Span) -> bool {
        let text = self.cursor.program.text(Program::ROOT);
        text[..span.start as usize].trim_end().ends_with('.')
    }

    /// The declared type of what a name of the statement alone stands for in an atom or head.
    fn type_in_atom(&self, index: usize) -> Option<String> {
        use TokenKind::*;
        let statement = self.cursor.statement;
        let before = &statement[..index];
        // With an operator behind it, it is a part of something of another type, perhaps.
        let next = statement.get(index + 1).map(|next| next.kind);
        match before.last()?.kind {
            Arrow if before.len() > 1 && before[before.len() - 2].kind == CloseParen => {
                let open = opening(before, before.len() - 2)?;
                let (declaration, is_head) = self.read_at(open + 1)?;
                let known = relation(self.cursor.program, &declaration);
                match known.and_then(|relation| relation.combined.as_ref()) {
                    Some(combined) if is_head => Some(print_type(&combined.contribution)),
                    Some(combined) => Some(print_type(&combined.result)),
                    None if is_head => None,
                    None => value_type(declaration.result.as_deref()?),
                }
            }
            OpenParen | Comma | Colon if matches!(next, None | Some(Comma | CloseParen)) => {
                let (declaration, _) = self.read_at(index)?;
                let call = self.cursor.call_at(index)?;
                let inside = &before[call.bracket + 1..];
                let is_named = inside.iter().any(|token| token.kind == Colon);
                let part = match (before, is_named) {
                    ([.., name, colon], _) if colon.kind == Colon => {
                        let name = self.cursor.text(name);
                        declaration.parts.iter().find(|part| part.name == name)
                    }
                    // `plane(type: t, model)`
                    (_, true) => {
                        let name = self.cursor.text(&statement[index]);
                        declaration.parts.iter().find(|part| part.name == name)
                    }
                    (_, false) => declaration.parts.get(call.commas),
                };
                Some(part?.ty.clone())
            }
            _ => None,
        }
    }

    /// The relation of the atom or head in whose brackets the statement is at an index, and whether it
    /// is the head.
    fn read_at(&self, index: usize) -> Option<(Declaration, bool)> {
        let call = self.cursor.call_at(index)?;
        let start = call.bracket - call.path.len();
        // What is bound under `maybe` alone is an `Option`.
        let mut words = self.cursor.statement[..start]
            .iter()
            .rev()
            .map(|word| word.kind);
        let word = words.find(|word| !matches!(word, TokenKind::Sample | TokenKind::Final));
        if word == Some(TokenKind::Maybe) {
            return None;
        }
        let ((file, name), _) = self.cursor.callee(&call)?;
        let declaration = self.cursor.program.declarations().at(file, name)?;
        let is_relation = declaration.is_relation();
        is_relation.then(|| (declaration.clone(), start == 0))
    }
}

/// The type that is read of a combiner as it is declared. The checker leaves keyed relations out where a
/// mistake of syntax may hide the declaration of a lattice.
fn value_type(combiner: &str) -> Option<String> {
    let (head, inner) = match combiner.split_once('<') {
        Some((head, rest)) => (head, rest.rsplit_once('>')?.0),
        None => (combiner, ""),
    };
    match head {
        "Count" => Some("Nat".to_owned()),
        "Any" | "All" => Some("Bool".to_owned()),
        "Avg" => Some("Float".to_owned()),
        "Set" => Some(combiner.to_owned()),
        _ if inner.contains("Rev<") => None,
        "Min" | "Max" | "Sum" | "One" | "Lww" => Some(inner.to_owned()),
        "Top" | "Sorted" => Some(format!("List<{inner}>")),
        _ => None,
    }
}

/// The bracket that the closing one at an index closes.
fn opening(tokens: &[Token], closing: usize) -> Option<usize> {
    let mut depth = 0;
    let mut back = tokens[..=closing].iter().enumerate().rev();
    back.find_map(|(index, token)| {
        depth += i32::from(token.kind.is_closing()) - i32::from(token.kind.is_opening());
        (depth == 0).then_some(index)
    })
}
