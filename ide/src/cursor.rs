//! The words around a cursor, whether or not they make sense together.
//!
//! Completion and signature help work while a statement is half written, so they look at tokens, not at
//! the tree.

use sheaf_compiler::check::ModuleNames;
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::ast::{ItemKind, Name};
use sheaf_compiler::syntax::{Token, TokenKind, TriviaKind};

use crate::completion::words::ITEMS;
use crate::names::{Names, Target};
use crate::program::Program;

/// The statement around a cursor.
pub(crate) struct Cursor<'p> {
    pub(crate) program: &'p Program,
    pub(crate) names: Names<'p>,
    /// What names mean here.
    pub(crate) module: &'p ModuleNames,
    pub(crate) offset: u32,
    /// The word that is being written, up to the cursor; empty at it if there is none.
    pub(crate) word: Span,
    /// Tokens of the statement before the word.
    pub(crate) before: &'p [Token],
    /// All tokens of the statement: those before, the word, those after the cursor.
    pub(crate) statement: &'p [Token],
    /// The token after the cursor, whatever it belongs to.
    pub(crate) next: Option<&'p Token>,
}

/// A bracket that is open at the cursor, after a name.
pub(crate) struct Call<'p> {
    /// The name's tokens: `std`, `.`, `text`, `.`, `lower`.
    pub(crate) path: &'p [Token],
    /// Where the bracket is, as an index into [`Cursor::statement`].
    pub(crate) bracket: usize,
    /// Commas between it and the place asked about.
    pub(crate) commas: usize,
}

impl<'p> Cursor<'p> {
    /// Nothing in a comment or string.
    pub(crate) fn new(program: &'p Program, offset: u32) -> Option<Cursor<'p>> {
        let parsed = program.tree(Program::ROOT)?;
        let in_comment = parsed.trivia.iter().any(|trivia| {
            let is_comment = !matches!(trivia.kind, TriviaKind::Whitespace | TriviaKind::Unknown);
            is_comment && trivia.span.start < offset && offset <= trivia.span.end
        });
        let tokens = &parsed.tokens;
        let next = tokens.partition_point(|token| token.span.start < offset);
        let touched = next.checked_sub(1).map(|index| tokens[index]);
        let touched = touched.filter(|token| offset <= token.span.end);
        let in_string =
            touched.is_some_and(|token| token.kind == TokenKind::Str && offset < token.span.end);
        if in_comment || in_string {
            return None;
        }
        let text = program.text(Program::ROOT);
        let is_word = |token: &Token| {
            let first = token.span.of(text).chars().next();
            first.is_some_and(|first| first.is_alphabetic() || first == '_')
        };
        let (word, end) = match touched.filter(is_word) {
            Some(token) => (Span::new(token.span.start, offset), next - 1),
            None => (Span::new(offset, offset), next),
        };
        let starts_line = |token: &Token| {
            let line = &text[..token.span.start as usize];
            line.ends_with('\n') || line.is_empty()
        };
        let begins = |index: usize| {
            let token = &tokens[index];
            let is_item = match token.kind {
                TokenKind::On => false,
                // Where a statement before it is broken, the word of an item is read as a name.
                TokenKind::Lower => {
                    let word = token.span.of(text);
                    ITEMS.iter().any(|(item, _)| *item == word)
                        && tokens.get(index + 1).is_some_and(|name| {
                            matches!(
                                name.kind,
                                TokenKind::Lower | TokenKind::Upper | TokenKind::Str
                            )
                        })
                }
                kind => kind.begins_item(),
            };
            is_item && starts_line(token)
        };
        let mut start = end;
        while start > 0 {
            let token = &tokens[start - 1];
            if token.kind == TokenKind::Semicolon || is_block_brace(tokens, start - 1) {
                break;
            }
            start -= 1;
            if begins(start) {
                break;
            }
        }
        let stop = (next..tokens.len()).find(|&index| {
            let kind = tokens[index].kind;
            kind == TokenKind::Semicolon || kind == TokenKind::CloseBrace || begins(index)
        });
        let names = Names::new(program, Program::ROOT);
        let module =
            service_at(program, &names, offset).or_else(|| names.of_file(Program::ROOT))?;
        Some(Cursor {
            program,
            names,
            module,
            offset,
            word,
            before: &tokens[start..end],
            statement: &tokens[start..stop.unwrap_or(tokens.len())],
            next: tokens.get(next),
        })
    }

    pub(crate) fn text(&self, token: &Token) -> &'p str {
        self.program.slice(Program::ROOT, token.span)
    }

    /// The text of the last token before the word.
    pub(crate) fn last_text(&self) -> &'p str {
        self.before.last().map_or("", |token| self.text(token))
    }

    /// The kind of the n-th token before the word, the last one being the first.
    pub(crate) fn back(&self, n: usize) -> Option<TokenKind> {
        self.before.iter().rev().nth(n).map(|token| token.kind)
    }

    /// Names joined by dots that end before `end`, an index into [`Cursor::statement`].
    pub(crate) fn path_before(&self, end: usize) -> &'p [Token] {
        let is_name = |kind| matches!(kind, TokenKind::Lower | TokenKind::Upper);
        let tokens = self.statement;
        let mut start = end;
        while start > 0 && (is_name(tokens[start - 1].kind) || is_part_of_path(tokens, start - 1)) {
            start -= 1;
            if start == 0 || tokens[start - 1].kind != TokenKind::Dot {
                break;
            }
            start -= 1;
        }
        &tokens[start..end]
    }

    /// The innermost bracket `(` that is open at the cursor, if a name stands before it.
    pub(crate) fn call(&self) -> Option<Call<'p>> {
        self.call_at(self.before.len())
    }

    /// The same for a place in the statement, an index into [`Cursor::statement`].
    pub(crate) fn call_at(&self, end: usize) -> Option<Call<'p>> {
        let mut depth = 0;
        let mut commas = 0;
        for (index, token) in self.statement[..end].iter().enumerate().rev() {
            if token.kind.is_closing() {
                depth += 1;
            } else if token.kind.is_opening() && depth > 0 {
                depth -= 1;
            } else if token.kind.is_opening() {
                let path = self.path_before(index);
                let is_call = token.kind == TokenKind::OpenParen && !path.is_empty();
                return is_call.then_some(Call {
                    path,
                    bracket: index,
                    commas,
                });
            } else if token.kind == TokenKind::Comma && depth == 0 {
                commas += 1;
            }
        }
        None
    }

    /// What is called, and whether it stands behind a value, which is then its first argument.
    pub(crate) fn callee(&self, call: &Call<'p>) -> Option<(Target, bool)> {
        let path: Vec<Name> = self.names_of(call.path);
        let (last, before) = path.split_last()?;
        let all = self.program.occurrences(Program::ROOT);
        let found = all
            .iter()
            .find(|found| found.span == last.span && !found.is_shorthand);
        let is_module = |before: &[Name]| {
            let before: Vec<&Name> = before.iter().collect();
            self.names.path(self.module, &before)
        };
        let is_behind_value = match before {
            [] => self.is_behind_dot(call),
            before => is_module(before).is_none(),
        };
        if let Some(found) = found {
            return Some(((found.file, found.declared), is_behind_value));
        }
        let target = match before {
            [] if is_behind_value => self.any_member(last.as_str()),
            [] => self.names.callable(self.module, last.as_str()),
            before => match is_module(before) {
                Some(module) => self.names.callable(module, last.as_str()),
                None => self.any_member(last.as_str()),
            },
        };
        Some((target?, is_behind_value))
    }

    fn is_behind_dot(&self, call: &Call<'_>) -> bool {
        let start = call.bracket - call.path.len();
        start > 0 && self.statement[start - 1].kind == TokenKind::Dot
    }

    /// A function of the library of this name, whatever the type of the value is.
    fn any_member(&self, name: &str) -> Option<Target> {
        let modules = sheaf_compiler::library::MODULES.iter();
        let mut found = modules.filter_map(|(module, _)| self.names.library(module, name));
        found.next()
    }

    pub(crate) fn names_of(&self, path: &[Token]) -> Vec<Name> {
        let names = path.iter().filter(|token| token.kind != TokenKind::Dot);
        names
            .map(|token| Name {
                span: token.span,
                text: self.text(token).into(),
            })
            .collect()
    }
}

/// A keyword may be a part of a path, behind a dot.
fn is_part_of_path(tokens: &[Token], index: usize) -> bool {
    index > 0 && tokens[index - 1].kind == TokenKind::Dot && !tokens[index].kind.is_closing()
}

/// A brace that begins or ends a block, in contrast to a set or map: what stands before an opening one
/// is a word, a string or `)`; behind a closing one a statement begins.
fn is_block_brace(tokens: &[Token], index: usize) -> bool {
    match tokens[index].kind {
        TokenKind::OpenBrace => index.checked_sub(1).is_some_and(|before| {
            let before = tokens[before].kind;
            matches!(
                before,
                TokenKind::CloseParen
                    | TokenKind::Str
                    | TokenKind::Upper
                    | TokenKind::Lower
                    | TokenKind::Else
            )
        }),
        TokenKind::CloseBrace => tokens.get(index + 1).is_none_or(|after| {
            after.kind.begins_item() || matches!(after.kind, TokenKind::Lower | TokenKind::At)
        }),
        _ => false,
    }
}

/// The names that the service around an offset knows.
fn service_at<'p>(program: &'p Program, names: &Names<'p>, offset: u32) -> Option<&'p ModuleNames> {
    let items = &program.tree(Program::ROOT)?.tree.items;
    let item = items.iter().find(|item| item.span.contains(offset))?;
    let name = match &item.kind {
        ItemKind::Service(service) => &service.name,
        ItemKind::Agent(agent) => &agent.name,
        _ => return None,
    };
    names.of_service(Program::ROOT, name.span)
}
