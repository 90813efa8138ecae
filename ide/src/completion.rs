//! What may be written at the cursor.
//!
//! Where a statement is half written its tokens decide; what a value's members are, the checker says of
//! the text as it would be with the statement finished.

mod members;
mod variables;
pub(crate) mod words;

use std::path::Path;

use sheaf_compiler::check::{aggregates, prelude};
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::TokenKind;

use crate::analysis::Analysis;
use crate::cursor::Cursor;
use crate::declarations::{Declaration, Kind};
use crate::names::Target;
use words::*;

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// As it is listed.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type or columns.
    pub detail: String,
    /// Its documentation, as Markdown.
    pub docs: String,
    /// What is written in place of the word. With `${1:name}` and `$0` if it is a snippet.
    pub insert: String,
    /// Whether `insert` has places to fill in.
    pub is_snippet: bool,
    /// What is listed first has the smallest number.
    pub rank: u8,
}

/// Kinds of completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a word of the language")]
pub enum CompletionKind {
    Declared(Kind),
    Variable,
    Keyword,
    Snippet,
    Type,
    Module,
    /// A source or sink.
    Connector,
}

/// Completions and the word that they replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completions {
    /// What is replaced.
    pub replace: Span,
    /// What may stand there instead.
    pub items: Vec<Completion>,
}

impl Analysis {
    /// What may be written at an offset.
    pub fn completions(&self, file: &Path, offset: u32) -> Completions {
        let program = self.program(file);
        let mut items = Vec::new();
        let mut replace = Span::new(offset, offset);
        if let Some(cursor) = Cursor::new(&program, offset) {
            replace = Span::new(cursor.word.start, offset);
            let mut list = List {
                analysis: self,
                file,
                cursor: &cursor,
                items: &mut items,
            };
            list.fill();
        }
        items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        items.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
        Completions { replace, items }
    }
}

struct List<'l, 'p> {
    analysis: &'l Analysis,
    file: &'l Path,
    cursor: &'l Cursor<'p>,
    items: &'l mut Vec<Completion>,
}

impl List<'_, '_> {
    fn fill(&mut self) {
        use TokenKind::*;
        let before = self.cursor.before;
        let first = before
            .iter()
            .find(|token| !matches!(token.kind, Pub | Monotone));
        // Words are keywords only where a statement makes sense, so they are looked at as text.
        let word = first.map_or("", |first| self.cursor.text(first));
        match (word, self.cursor.last_text()) {
            ("", _) => self.statements(),
            ("use", _) => self.modules(),
            (_, ".") => self.members(),
            ("input", "from") => self.words(SOURCES, CompletionKind::Connector, "source"),
            ("output", "to") => self.words(SINKS, CompletionKind::Connector, "sink"),
            ("output", "output" | "final") => self.relations(false),
            ("given" | "expect", _) => {
                self.relations(true);
                self.columns();
                self.word("not", CompletionKind::Keyword, "keyword", 3);
            }
            _ if first.is_some_and(|first| self.wants_type(first.kind)) => {
                self.types(first.map_or(View, |first| first.kind));
            }
            // The name of something new.
            _ if matches!(before, [.., last] if last.kind.begins_item() && !matches!(last.kind, On | Test)) =>
                {}
            _ => self.inside(),
        }
    }

    /// Whether a type is to follow.
    fn wants_type(&self, first: TokenKind) -> bool {
        use TokenKind::*;
        let declares = matches!(
            first,
            Input
                | View
                | Table
                | Event
                | Message
                | Request
                | Param
                | Record
                | Enum
                | Type
                | Agent
                | Lattice
        );
        let in_head = first == Fn
            && !self
                .cursor
                .before
                .iter()
                .any(|token| token.kind == OpenBrace);
        let last = self.cursor.back(0);
        match last {
            Some(Colon | Arrow | Less) => declares || in_head,
            Some(Equals) => first == Type,
            Some(On) => first == Lattice,
            Some(Comma) => {
                let mut depth = 0;
                self.cursor.before.iter().rev().any(|token| {
                    depth += i32::from(token.kind == Greater) - i32::from(token.kind == Less);
                    depth < 0
                }) && (declares || in_head)
            }
            _ => false,
        }
    }

    // Lists

    /// What a statement may begin with.
    fn statements(&mut self) {
        let words = ITEMS.iter().chain(EFFECTS);
        for (label, snippet) in words {
            self.items.push(Completion {
                label: (*label).to_owned(),
                kind: CompletionKind::Snippet,
                detail: String::new(),
                docs: String::new(),
                insert: (*snippet).to_owned(),
                is_snippet: true,
                rank: 5,
            });
        }
        for word in ["given", "expect", "let"] {
            self.word(word, CompletionKind::Keyword, "keyword", 6);
        }
        // A rule of each view, with its columns as variables.
        for (name, declaration) in self.visible() {
            if declaration.kind != Kind::View {
                continue;
            }
            let mut insert = format!("{name}({})", columns(&declaration, 1));
            if declaration.result.is_some() {
                insert += &format!(" -> ${{{}:value}}", declaration.parts.len() + 1);
            }
            insert += " if $0;";
            self.items.push(Completion {
                label: name.clone(),
                kind: CompletionKind::Declared(Kind::View),
                detail: format!("rule of {}", declaration.signature()),
                docs: declaration.docs.clone(),
                insert,
                is_snippet: true,
                rank: 2,
            });
        }
    }

    /// What may stand in a rule or expression.
    fn inside(&mut self) {
        self.columns();
        self.variables();
        self.relations(true);
        self.functions();
        self.params();
        for word in CONDITION_WORDS {
            self.word(word, CompletionKind::Keyword, "keyword", 6);
        }
        if matches!(self.cursor.back(0), Some(TokenKind::CloseParen)) || self.cursor.word.is_empty()
        {
            self.word("if", CompletionKind::Keyword, "keyword", 6);
        }
        self.constructors();
    }

    /// Columns of the atom around the cursor that it does not name yet.
    fn columns(&mut self) {
        let Some(call) = self.cursor.call() else {
            return;
        };
        let Some(((file, name), _)) = self.cursor.callee(&call) else {
            return;
        };
        let program = self.cursor.program;
        let Some(declaration) = program.declarations().at(file, name) else {
            return;
        };
        let inside = &self.cursor.before[call.bracket + 1..];
        let named: Vec<&str> = inside
            .windows(2)
            .filter(|pair| pair[1].kind == TokenKind::Colon)
            .map(|pair| self.cursor.text(&pair[0]))
            .collect();
        if self.cursor.back(0) == Some(TokenKind::Colon) {
            return;
        }
        let parts = declaration
            .parts
            .iter()
            .filter(|part| !named.contains(&&*part.name));
        for (index, part) in parts.enumerate() {
            let is_next = declaration
                .parts
                .get(call.commas)
                .is_some_and(|next| next.span == part.span);
            let (label, insert) = match is_next && named.is_empty() {
                // In its own place it needs no name.
                true => (part.name.clone(), part.name.clone()),
                false => (format!("{}:", part.name), format!("{}: ", part.name)),
            };
            self.items.push(Completion {
                label,
                kind: CompletionKind::Declared(Kind::Column),
                detail: part.ty.clone(),
                docs: part.docs.clone(),
                insert,
                is_snippet: false,
                rank: u8::from(!is_next || index > 0 && !named.is_empty()),
            });
        }
        if declaration.is_relation() {
            self.word("..", CompletionKind::Keyword, "all other columns", 4);
        }
    }

    /// Relations in scope; with their columns to fill in.
    fn relations(&mut self, with_columns: bool) {
        for (name, declaration) in self.visible() {
            if declaration.is_relation() {
                self.atom(name, &declaration, with_columns);
            }
        }
        for (name, named) in &self.cursor.module.types {
            if named.module.is_some() {
                self.word(name, CompletionKind::Declared(Kind::Service), "service", 4);
            }
        }
    }

    fn atom(&mut self, name: String, declaration: &Declaration, with_columns: bool) {
        let mut insert = name.clone();
        if with_columns {
            insert += &format!("({})", columns(declaration, 1));
            if declaration.result.is_some() {
                insert += &format!(
                    " -> ${{{}:{}}}",
                    declaration.parts.len() + 1,
                    value_name(declaration)
                );
            }
        }
        self.items.push(Completion {
            label: name,
            kind: CompletionKind::Declared(declaration.kind),
            detail: declaration.signature(),
            docs: declaration.docs.clone(),
            insert,
            is_snippet: with_columns,
            rank: 2,
        });
    }

    fn functions(&mut self) {
        for (name, declaration) in self.visible() {
            if declaration.is_function() {
                self.function(name, &declaration, false);
            }
        }
        for name in prelude() {
            let target = self.cursor.names.library("math", name);
            if let Some(declaration) = target.and_then(|target| self.declaration(target)) {
                self.function((*name).to_owned(), &declaration, false);
            }
        }
        for name in aggregates() {
            self.items.push(Completion {
                label: (*name).to_owned(),
                kind: CompletionKind::Declared(Kind::Function),
                detail: format!("{name}(e for conditions)"),
                docs: String::new(),
                insert: format!("{name}(${{1:e}} for ${{2:conditions}})"),
                is_snippet: true,
                rank: 4,
            });
        }
    }

    fn function(&mut self, name: String, declaration: &Declaration, is_member: bool) {
        let parts = declaration.parts.iter().skip(usize::from(is_member));
        let wanted: Vec<String> = parts
            .enumerate()
            .map(|(index, part)| format!("${{{}:{}}}", index + 1, part.name))
            .collect();
        self.items.push(Completion {
            insert: format!("{name}({})", wanted.join(", ")),
            label: name,
            kind: CompletionKind::Declared(Kind::Function),
            detail: declaration.signature(),
            docs: declaration.docs.clone(),
            is_snippet: !wanted.is_empty(),
            rank: if is_member { 1 } else { 3 },
        });
    }

    fn params(&mut self) {
        for (name, named) in &self.cursor.module.params {
            if let Some(declaration) = self.declaration(named.declared) {
                self.items.push(Completion {
                    label: name.clone(),
                    kind: CompletionKind::Declared(Kind::Param),
                    detail: declaration.result.clone().unwrap_or_default(),
                    docs: declaration.docs.clone(),
                    insert: name.clone(),
                    is_snippet: false,
                    rank: 2,
                });
            }
        }
    }

    /// Records and the variants of enums.
    fn constructors(&mut self) {
        for (name, named) in &self.cursor.module.types {
            let Some(declaration) = self.declaration(named.declared) else {
                continue;
            };
            if matches!(declaration.kind, Kind::Record | Kind::Enum) {
                self.items.push(Completion {
                    label: name.clone(),
                    kind: CompletionKind::Declared(declaration.kind),
                    detail: declaration.header.clone(),
                    docs: declaration.docs.clone(),
                    insert: name.clone(),
                    is_snippet: false,
                    rank: 5,
                });
            }
        }
        for name in ["None", "Some"] {
            self.word(name, CompletionKind::Type, "of `Option`", 5);
        }
    }

    fn types(&mut self, first: TokenKind) {
        let is_combiner = self.cursor.back(0) == Some(TokenKind::Arrow)
            && matches!(first, TokenKind::Input | TokenKind::View | TokenKind::Table);
        if is_combiner {
            self.words(COMBINERS, CompletionKind::Type, "combiner");
        } else {
            self.words(TYPES, CompletionKind::Type, "type");
        }
        for (name, named) in &self.cursor.module.types {
            let kind = self
                .declaration(named.declared)
                .map(|declaration| declaration.kind);
            let fits = match kind {
                Some(Kind::Lattice) => is_combiner,
                Some(Kind::Record | Kind::Enum | Kind::Alias) => !is_combiner,
                _ => false,
            };
            if let Some(kind) = kind.filter(|_| fits) {
                self.word(name, CompletionKind::Declared(kind), kind.word(), 1);
            }
        }
    }

    // Parts

    /// Declarations that a name before `(` can mean here, by that name.
    fn visible(&self) -> Vec<(String, Declaration)> {
        let callables = self.cursor.module.callables.iter();
        callables
            .filter_map(|(name, named)| Some((name.clone(), self.declaration(named.declared)?)))
            .collect()
    }

    fn declaration(&self, (file, name): Target) -> Option<Declaration> {
        self.cursor.program.declarations().at(file, name).cloned()
    }

    fn words(&mut self, words: &[&str], kind: CompletionKind, detail: &str) {
        for word in words {
            self.word(word, kind, detail, 2);
        }
    }

    fn word(&mut self, word: &str, kind: CompletionKind, detail: &str, rank: u8) {
        self.items.push(Completion {
            label: word.to_owned(),
            kind,
            detail: detail.to_owned(),
            docs: String::new(),
            insert: word.to_owned(),
            is_snippet: false,
            rank,
        });
    }
}

/// `${1:a}, ${2:b}`
fn columns(declaration: &Declaration, first: usize) -> String {
    let parts = declaration.parts.iter().enumerate();
    let parts: Vec<String> = parts
        .map(|(index, part)| format!("${{{}:{}}}", index + first, part.name))
        .collect();
    parts.join(", ")
}

/// A variable for the value of a keyed relation.
fn value_name(declaration: &Declaration) -> &str {
    let result = declaration.result.as_deref().unwrap_or_default();
    if result.starts_with("Count") {
        "n"
    } else {
        "value"
    }
}
