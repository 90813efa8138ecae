//! What may be written at the cursor.
//!
//! Where a statement is half written its tokens decide; what a value's members are, the checker says of
//! the text as it would be with the statement finished.

use std::collections::BTreeMap;
use std::path::Path;

use sheaf_compiler::check::{ModuleNames, aggregates, homes, prelude};
use sheaf_compiler::hir::print_type;
use sheaf_compiler::source::Span;
use sheaf_compiler::syntax::TokenKind;
use sheaf_compiler::syntax::ast::Name;
use sheaf_ir::Type;

use crate::analysis::Analysis;
use crate::cursor::Cursor;
use crate::declarations::{Declaration, Kind};
use crate::names::Target;
use crate::program::Program;

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

/// Statements with which an item begins, as snippets.
const ITEMS: &[(&str, &str)] = &[
    (
        "input",
        "input ${1:name}(${2:column}: ${3:String}) from csv(\"${4:file.csv}\");",
    ),
    ("view", "view ${1:name}(${2:column}: ${3:String});"),
    ("output", "output ${1:view} to csv(\"${2:file.csv}\");"),
    ("param", "param ${1:name}: ${2:Int} = ${3:1};"),
    (
        "fn",
        "fn ${1:name}(${2:x}: ${3:Int}) -> ${4:Int} {\n    $0\n}",
    ),
    ("record", "record ${1:Name} { ${2:field}: ${3:Int} }"),
    ("enum", "enum ${1:Name} { ${2:First}, ${3:Second} }"),
    ("type", "type ${1:Name} = ${2:Int};"),
    ("use", "use ${1:std.text}.{${2:words}};"),
    (
        "test",
        "test \"${1:what it promises}\" {\n    given ${2:row};\n    expect ${3:row};\n}",
    ),
    (
        "lattice",
        "lattice ${1:Name} on ${2:Int} {\n    fn bottom() -> ${2:Int} { ${3:0} }\n    fn join(a: ${2:Int}, b: ${2:Int}) -> ${2:Int} { ${4:a} }\n}",
    ),
    (
        "table",
        "table ${1:name}(${2:key}: ${3:String}) -> ${4:Max<Int>};",
    ),
    ("event", "event ${1:name}(${2:column}: ${3:String});"),
    ("message", "message ${1:name}(${2:column}: ${3:String});"),
    (
        "request",
        "request ${1:name}(${2:column}: ${3:String}) -> ${4:String};",
    ),
    ("timer", "timer ${1:name} every ${2:1s};"),
    ("service", "service ${1:Name} {\n    $0\n}"),
    ("agent", "agent ${1:Name}(${2:key}: ${3:Int}) {\n    $0\n}"),
    ("on", "on ${1:event}(${2:column}) {\n    $0\n}"),
    (
        "extern",
        "extern ${1:wasm} \"${2:module.wasm}\" {\n    $0\n}",
    ),
    (
        "coordinate",
        "coordinate ${1:name} by ${2:key} because \"${3:why}\" {\n    $0\n}",
    ),
    ("pub", "pub "),
    (
        "monotone",
        "monotone fn ${1:name}(${2:x}: ${3:Int}) -> ${4:Int} {\n    $0\n}",
    ),
];

/// Words that stand before or between conditions.
const CONDITION_WORDS: &[&str] = &[
    "not", "exists", "maybe", "let", "in", "for", "if", "else", "match", "true", "false", "sample",
    "final", "because",
];

const EFFECTS: &[(&str, &str)] = &[
    ("merge", "merge ${1:table}(${2:key}) -> ${3:value};"),
    ("remove", "remove ${1:table}(${2:key});"),
    ("seal", "seal ${1:table}(${2:key});"),
    ("send", "send ${1:message}(${2:value}) to ${3:Service};"),
    ("schedule", "schedule ${1:event}(${2:value}) after ${3:1s};"),
    ("reply", "reply ${1:value};"),
];

const TYPES: &[&str] = &[
    "Bool", "Int", "Nat", "Float", "Decimal", "String", "Bytes", "Date", "Time", "Duration", "Id",
    "RowId", "Option", "List", "Set", "Map", "Unit",
];

const COMBINERS: &[&str] = &[
    "Min", "Max", "Any", "All", "Set", "Map", "Lww", "One", "Count", "Sum", "Avg", "Top", "Sorted",
];

const SOURCES: &[&str] = &["csv", "tsv", "ndjson", "text", "stdin", "parquet"];
const SINKS: &[&str] = &["csv", "tsv", "ndjson", "table", "stdout", "parquet"];

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
            .map(|token| token.kind)
            .find(|kind| !matches!(kind, Pub | Monotone));
        match (first, self.cursor.back(0)) {
            (None, _) => self.statements(),
            (Some(Use), _) => self.modules(),
            (_, Some(Dot)) => self.members(),
            (Some(Input), Some(From)) => self.words(SOURCES, CompletionKind::Connector, "source"),
            (Some(Output), Some(To)) => self.words(SINKS, CompletionKind::Connector, "sink"),
            (Some(Output), Some(Output | Final)) => self.relations(false),
            (Some(kind), _) if self.wants_type(kind) => self.types(kind),
            // The name of something new.
            (Some(kind), Some(last))
                if kind.begins_item() && last == kind && !matches!(kind, On | Test) => {}
            (Some(Given | Expect), _) => {
                self.relations(true);
                self.columns();
                self.word("not", CompletionKind::Keyword, "keyword", 3);
            }
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

    /// Variables of the statement, with their types where these are known.
    fn variables(&mut self) {
        let cursor = self.cursor;
        let survey = cursor.program.survey();
        let mut found: BTreeMap<&str, Option<&Type>> = BTreeMap::new();
        let tokens = cursor
            .before
            .iter()
            .enumerate()
            .map(|(index, token)| (token, cursor.before.get(index + 1)));
        let after = cursor.after.iter().enumerate();
        let after = after.map(|(index, token)| (token, cursor.after.get(index + 1)));
        for (token, next) in tokens.chain(after) {
            let next = next.map(|next| next.kind);
            let names_something = matches!(
                next,
                Some(TokenKind::OpenParen | TokenKind::Colon | TokenKind::Dot)
            );
            let is_variable = token.kind == TokenKind::Lower
                && !(names_something && next != Some(TokenKind::Dot))
                && !self.is_behind_dot(token.span);
            if !is_variable {
                continue;
            }
            let known = survey.variables.iter().chain(&survey.expressions);
            let known = known
                .clone()
                .find(|typed| typed.file == Program::ROOT && typed.span == token.span);
            let entry = found.entry(cursor.text(token)).or_default();
            *entry = entry.or(known.map(|typed| &typed.ty));
        }
        for (name, ty) in found {
            if cursor.module.params.contains_key(name) || cursor.module.modules.contains_key(name) {
                continue;
            }
            let detail = ty.map(print_type).unwrap_or_default();
            self.items.push(Completion {
                label: name.to_owned(),
                kind: CompletionKind::Variable,
                detail,
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

    /// What stands behind `use`.
    fn modules(&mut self) {
        let path = self
            .cursor
            .before
            .iter()
            .skip(1)
            .filter(|token| matches!(token.kind, TokenKind::Lower | TokenKind::Upper));
        let path: Vec<&str> = path.map(|token| self.cursor.text(token)).collect();
        match path.as_slice() {
            [] => {
                self.word("std", CompletionKind::Module, "the standard library", 2);
                let folder = self.file.parent().unwrap_or(Path::new(""));
                let files = self
                    .analysis
                    .files()
                    .list(folder, "*.sheaf")
                    .unwrap_or_default();
                let own = self.file;
                for file in files.iter().filter(|file| *file != own) {
                    let name = file.file_stem().unwrap_or_default().to_string_lossy();
                    self.word(&name, CompletionKind::Module, "module", 1);
                }
            }
            ["std"] => {
                for (name, _) in sheaf_compiler::library::MODULES {
                    self.word(name, CompletionKind::Module, "module", 1);
                }
            }
            ["std", module, ..] => {
                if let Some(text) = sheaf_compiler::library::text(module) {
                    for name in sheaf_compiler::library::functions(text) {
                        self.word(
                            name,
                            CompletionKind::Declared(Kind::Function),
                            "function",
                            1,
                        );
                    }
                }
            }
            path => {
                let path = path.join(".");
                let modules = &self.cursor.program.survey().modules;
                let module = modules.iter().find(|module| module.path == path);
                if let Some(module) = module {
                    self.public(module);
                }
            }
        }
    }

    /// What others may use of a module.
    fn public(&mut self, module: &ModuleNames) {
        let all = module
            .callables
            .iter()
            .chain(&module.types)
            .chain(&module.params);
        for (name, named) in all.filter(|(_, named)| named.is_public) {
            if let Some(declaration) = self.declaration(named.declared) {
                let kind = CompletionKind::Declared(declaration.kind);
                self.word(name, kind, &declaration.signature(), 1);
            }
        }
    }

    /// What stands behind a dot.
    fn members(&mut self) {
        let cursor = self.cursor;
        let dot = cursor.before.len() - 1;
        let path = cursor.path_before(dot);
        let names = cursor.names_of(path);
        let names: Vec<&Name> = names.iter().collect();
        if !names.is_empty() {
            if let Some(module) = cursor.names.path(cursor.module, &names) {
                return self.of_module(module);
            }
            if let [name] = names.as_slice() {
                if name.as_str() == "std" {
                    for (module, _) in sheaf_compiler::library::MODULES {
                        self.word(module, CompletionKind::Module, "module", 1);
                    }
                    return;
                }
                if name.is_upper() {
                    return self.variants(name.as_str());
                }
            }
            if let [std, module] = names.as_slice()
                && std.as_str() == "std"
            {
                return self.of_library(module.as_str());
            }
        }
        if let Some(ty) = self.receiver_type() {
            self.of_value(&ty);
        }
    }

    fn of_module(&mut self, module: &ModuleNames) {
        for (name, named) in &module.callables {
            let Some(declaration) = self.declaration(named.declared) else {
                continue;
            };
            if named.is_used || !(named.is_public || module.service.is_some()) {
                continue;
            }
            match declaration.is_function() {
                true => self.function(name.clone(), &declaration, false),
                false => self.atom(name.clone(), &declaration, true),
            }
        }
    }

    fn variants(&mut self, name: &str) {
        let Some(named) = self.cursor.module.types.get(name) else {
            return;
        };
        let Some(declaration) = self.declaration(named.declared) else {
            return;
        };
        for part in declaration
            .parts
            .iter()
            .filter(|_| declaration.kind == Kind::Enum)
        {
            let kind = CompletionKind::Declared(Kind::Variant);
            self.word(&part.name, kind, &part.ty, 1);
        }
    }

    /// Functions of a module of the library that the program may not have loaded.
    fn of_library(&mut self, module: &str) {
        for declaration in self.analysis.library(module) {
            self.function(declaration.name.clone(), &declaration, false);
        }
    }

    fn of_value(&mut self, ty: &Type) {
        for module in homes(ty) {
            for declaration in self.analysis.library(module) {
                let first = declaration.parts.first().map(|part| part.ty.as_str());
                if first.is_some_and(|first| may_be(first, ty)) {
                    self.function(declaration.name.clone(), &declaration, true);
                }
            }
        }
        let Type::Named(record) = ty else { return };
        let record = record.rsplit('.').next().unwrap_or(record);
        let all = self.cursor.program.declarations().all().iter();
        let records = all.filter(|declaration| declaration.kind == Kind::Record);
        for declaration in records.filter(|declaration| declaration.name == record) {
            for part in &declaration.parts {
                self.word(
                    &part.name,
                    CompletionKind::Declared(Kind::Column),
                    &part.ty,
                    0,
                );
            }
        }
    }

    /// The type of what stands before the dot at the cursor.
    fn receiver_type(&self) -> Option<Type> {
        let cursor = self.cursor;
        let end = cursor.before.iter().rev().nth(1)?.span.end;
        let of = |program: &Program| {
            let typed = program.survey().expressions.iter();
            let typed = typed.filter(|typed| typed.file == Program::ROOT && typed.span.end == end);
            // The largest is what the dot applies to.
            typed
                .min_by_key(|typed| typed.span.start)
                .map(|typed| typed.ty.clone())
        };
        // With the statement finished, and a member that nothing has.
        let text = cursor.program.text(Program::ROOT);
        let (before, after) = text.split_at_checked(cursor.offset as usize)?;
        let mut open = Vec::new();
        for token in cursor.before {
            match token.kind.closing() {
                Some(closing) => open.push(closing),
                None if token.kind.is_closing() => drop(open.pop()),
                None => {}
            }
        }
        let closing: String = open.iter().rev().map(|kind| kind.describe()).collect();
        let line = after.find('\n').unwrap_or(after.len());
        let is_last = cursor
            .after
            .first()
            .is_none_or(|next| next.span.start as usize >= before.len() + line);
        let finished = match is_last {
            true => format!("{before}member{closing};{after}"),
            false => format!("{before}member{after}"),
        };
        of(&self.analysis.with(self.file, &finished)).or_else(|| of(cursor.program))
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

/// Whether a parameter that is declared so may take a value of this type, as far as its head says.
fn may_be(declared: &str, ty: &Type) -> bool {
    let head = |text: &str| text.split(['<', '(']).next().unwrap_or_default().to_owned();
    let (declared, actual) = (head(declared), head(&print_type(ty)));
    // A type parameter is one capital letter.
    declared.len() == 1
        || declared == actual
        || matches!((&*declared, &*actual), ("Int", "Nat"))
        || declared.is_empty()
}
