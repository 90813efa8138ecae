//! What names mean: declarations and look-up.
//!
//! Invariants: a name is declared once per name space and module; relations and functions share one
//! name space, types another, params a third, modules a fourth. A name whose declaration is broken or
//! belongs to what this version does not run is [`Def::Silent`]: it resolves, and nobody complains.

use std::collections::BTreeMap;

use super::Checker;
use super::function::Definition;
use super::generic::{Template, TemplateItem};
use super::library::{self, Intrinsic};
use super::types::Alias;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, EffectKind, ItemKind, Name};
use crate::syntax::parse;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Def {
    /// An input, a view or what is live, by qualified name.
    Relation(String),
    /// A `fn`, by index.
    Function(usize),
    /// A function that the IR has, by index.
    Intrinsic(usize),
    /// A param, by qualified name.
    Param(String),
    /// A record or enum, by qualified name.
    Nominal(String),
    /// A type alias, by index.
    Alias(usize),
    /// A generic type, by index.
    Template(usize),
    /// A lattice, by index.
    Lattice(usize),
    /// A module, by index.
    Module(usize),
    /// A service or agent, by the index of the module that it is.
    Service(usize),
    /// A function in foreign code, by qualified name.
    Foreign(String),
    /// Broken, or not yet run: reported elsewhere.
    Silent,
}

/// A name with its meaning and the place that gives it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) def: Def,
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) public: bool,
    /// Brought in by `use`.
    pub(super) is_used: bool,
}

/// The names of one module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Relations and functions: names before `(`.
    pub(super) callables: BTreeMap<String, Entry>,
    pub(super) params: BTreeMap<String, Entry>,
    /// Types, services, agents.
    pub(super) types: BTreeMap<String, Entry>,
    pub(super) modules: BTreeMap<String, Entry>,
    /// A declaration or `use` was lost, so names that are not found are not reported.
    pub(super) is_open: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Space {
    Callable,
    Param,
    Type,
    Module,
}

impl Scope {
    pub(super) fn space(&mut self, space: Space) -> &mut BTreeMap<String, Entry> {
        match space {
            Space::Callable => &mut self.callables,
            Space::Param => &mut self.params,
            Space::Type => &mut self.types,
            Space::Module => &mut self.modules,
        }
    }
}

impl<'a> Checker<'a> {
    /// Enters every declaration of every module.
    pub(super) fn declare_names(&mut self) {
        self.scopes = self.modules.iter().map(|_| Scope::default()).collect();
        for module in 0..self.modules.len() {
            for item in self.items(module) {
                self.declare_item(module, item);
            }
            for item in self.modules[module].damaged_items() {
                self.declare_damaged(module, item);
            }
        }
    }

    /// Silences what an item may have been meant to declare or derive.
    fn declare_damaged(&mut self, module: usize, item: &'a ast::Item) {
        let qualify = |name: &Name| self.modules[module].qualify(name.as_str());
        match &item.kind {
            ItemKind::Rule(rule) => {
                match &rule.effect.kind {
                    EffectKind::Derive(head) => {
                        self.derived.insert(qualify(&head.name));
                    }
                    // Perhaps the rest of a declaration that lost its name.
                    EffectKind::Error => self.scopes[module].is_open = true,
                    _ => {}
                }
                return;
            }
            ItemKind::Test(_) | ItemKind::Output(_) | ItemKind::On(_) => return,
            ItemKind::Use(_) | ItemKind::Error(None) => self.scopes[module].is_open = true,
            ItemKind::Error(Some(name)) => {
                let is_keyword = parse(FileId(0), &format!("view {}();", name.text)).has_errors();
                self.scopes[module].is_open |= is_keyword;
                self.declare_silent(module, name);
            }
            ItemKind::Param(param) => self.declare_silent(module, &param.name),
            _ => {}
        }
        let file = self.file(module);
        let text = self.sources.get(file).text();
        let mut start = item.span.start;
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        for word in item.span.of(text).split(|character| !is_part(character)) {
            if !word.is_empty() {
                let span = Span::new(start, start + word.len() as u32);
                self.declare_word(module, word, span);
            }
            // The separator is one character, of which the length is not known here.
            let rest = Span::new(start, item.span.end).of(text);
            let separator = rest[word.len()..].chars().next().map_or(0, char::len_utf8);
            start += (word.len() + separator) as u32;
        }
    }

    /// Silences a word of a damaged declaration wherever nothing else declares it.
    fn declare_word(&mut self, module: usize, word: &str, span: Span) {
        let entry = self.silent(module, span, false);
        let is_upper = word.starts_with(|first: char| first.is_uppercase());
        if is_upper {
            let names = self.scopes[module].space(Space::Type);
            names.entry(word.to_owned()).or_insert(entry.clone());
        }
        // A name may have been meant for a relation, whatever its first letter.
        let names = self.scopes[module].space(Space::Callable);
        names.entry(word.to_owned()).or_insert(entry);
        let qualified = self.modules[module].qualify(word);
        self.derived.insert(qualified);
    }

    /// The entry of a name that nobody shall complain about.
    pub(super) fn silent(&self, module: usize, span: Span, is_used: bool) -> Entry {
        Entry {
            def: Def::Silent,
            file: self.file(module),
            span,
            public: true,
            is_used,
        }
    }

    fn declare_item(&mut self, module: usize, item: &'a ast::Item) {
        let qualify = |name: &Name| self.modules[module].qualify(name.as_str());
        let (space, name, def) = match &item.kind {
            ItemKind::Input(input) => {
                let name = &input.signature.name;
                (Space::Callable, name, Def::Relation(qualify(name)))
            }
            ItemKind::View(view) => {
                let def = Def::Relation(qualify(&view.name));
                (Space::Callable, &view.name, def)
            }
            ItemKind::Function(function) => {
                let name = &function.signature.name;
                let definition = Definition::new(module, function, qualify(name));
                self.functions.push(definition);
                (
                    Space::Callable,
                    name,
                    Def::Function(self.functions.len() - 1),
                )
            }
            ItemKind::Param(param) => {
                let def = Def::Param(qualify(&param.name));
                (Space::Param, &param.name, def)
            }
            ItemKind::Record(record) => {
                let def = match record.generics.is_empty() {
                    true => Def::Nominal(qualify(&record.name)),
                    false => self.declare_template(
                        module,
                        qualify(&record.name),
                        TemplateItem::Record(record),
                    ),
                };
                (Space::Type, &record.name, def)
            }
            ItemKind::Enum(item) => {
                let def = match item.generics.is_empty() {
                    true => Def::Nominal(qualify(&item.name)),
                    false => {
                        self.declare_template(module, qualify(&item.name), TemplateItem::Enum(item))
                    }
                };
                (Space::Type, &item.name, def)
            }
            ItemKind::TypeAlias(alias) => {
                let def = match alias.generics.is_empty() {
                    true => {
                        self.aliases.push(Alias::new(module, alias));
                        Def::Alias(self.aliases.len() - 1)
                    }
                    false => self.declare_template(
                        module,
                        qualify(&alias.name),
                        TemplateItem::Alias(alias),
                    ),
                };
                (Space::Type, &alias.name, def)
            }
            ItemKind::Table(item)
            | ItemKind::Event(item)
            | ItemKind::Message(item)
            | ItemKind::Request(item) => {
                let def = Def::Relation(qualify(&item.name));
                (Space::Callable, &item.name, def)
            }
            ItemKind::Timer(item) => {
                let def = Def::Relation(qualify(&item.name));
                (Space::Callable, &item.name, def)
            }
            ItemKind::Service(ast::Service { name, .. })
            | ItemKind::Agent(ast::Agent { name, .. }) => {
                (Space::Type, name, self.service_named_at(module, name))
            }
            ItemKind::Lattice(item) if !item.generics.is_empty() => {
                (Space::Type, &item.name, Def::Silent)
            }
            ItemKind::Lattice(lattice) => {
                let def = self.declare_lattice(module, lattice, qualify(&lattice.name));
                (Space::Type, &lattice.name, def)
            }
            ItemKind::Extern(item) if self.modules[module].is_library => {
                return self.declare_intrinsics(module, item);
            }
            ItemKind::Extern(foreign) => return self.declare_extern(module, item, foreign),
            ItemKind::Error(_)
            | ItemKind::Use(_)
            | ItemKind::Output(_)
            | ItemKind::Coordinate(_)
            | ItemKind::On(_)
            | ItemKind::Rule(_)
            | ItemKind::Test(_) => return,
        };
        let entry = Entry {
            def,
            file: self.file(module),
            span: name.span,
            public: item.public.is_some(),
            is_used: false,
        };
        self.declare(module, space, name.as_str(), entry);
    }

    fn declare_template(&mut self, module: usize, name: String, item: TemplateItem<'a>) -> Def {
        self.templates.push(Template { module, name, item });
        Def::Template(self.templates.len() - 1)
    }

    /// Enters the functions of the IR that a module of the standard library names.
    fn declare_intrinsics(&mut self, module: usize, item: &'a ast::Extern) {
        for member in &item.members {
            let Some(intrinsic) = Intrinsic::new(module, member) else {
                continue;
            };
            self.intrinsics.push(intrinsic);
            let name = &member.signature.name;
            let entry = Entry {
                def: Def::Intrinsic(self.intrinsics.len() - 1),
                file: self.file(module),
                span: name.span,
                public: true,
                is_used: false,
            };
            self.declare(module, Space::Callable, name.as_str(), entry);
        }
    }

    /// Enters a broken name in every space in which nothing else has it.
    pub(super) fn declare_silent(&mut self, module: usize, name: &Name) {
        let entry = self.silent(module, name.span, false);
        let scope = &mut self.scopes[module];
        let spaces = match name.is_upper() {
            true => vec![Space::Type],
            false => vec![Space::Callable, Space::Param, Space::Module],
        };
        for space in spaces {
            // A broken item may be a rule of a relation that is declared well elsewhere.
            scope
                .space(space)
                .entry(name.as_str().to_owned())
                .or_insert_with(|| entry.clone());
        }
        self.derived
            .insert(self.modules[module].qualify(name.as_str()));
    }

    pub(super) fn declare(&mut self, module: usize, space: Space, name: &str, entry: Entry) {
        let names = self.scopes[module].space(space);
        let Some(earlier) = names.get(name) else {
            names.insert(name.to_owned(), entry);
            return;
        };
        if entry.def == Def::Silent && entry.is_used {
            // A `use` that leads nowhere: what it was to bring in is not what is declared here.
            names.insert(name.to_owned(), entry);
            return;
        }
        if earlier.def == Def::Silent || entry.def == Def::Silent {
            // What is known of the broken one is only its name.
            if entry.def != Def::Silent && !earlier.is_used {
                names.insert(name.to_owned(), entry);
            }
            return;
        }
        let (first, second) = (earlier.clone(), entry);
        let (what, advice) = match (first.is_used, second.is_used) {
            (false, false) => ("declared", "rename or remove one of them"),
            _ => (
                "brought in or declared",
                "give one another name: `use module.name as other;`",
            ),
        };
        self.report(
            Diagnostic::error(
                codes::DECLARED_TWICE,
                second.file,
                second.span,
                format!("`{name}` is {what} twice"),
            )
            .label("the second time")
            .and_in(first.file, first.span, "the first time")
            .help(advice),
        );
    }

    /// What a name before `(` stands for in a module; the prelude last.
    pub(super) fn callable(&mut self, module: usize, name: &str) -> Option<Def> {
        self.mark_used(module, name);
        match self.scopes[module].callables.get(name) {
            Some(entry) => Some(entry.def.clone()),
            None if library::PRELUDE.contains(&name) => self.library_function("math", name),
            None => None,
        }
    }

    /// What a capitalised name stands for.
    pub(super) fn type_name(&mut self, module: usize, name: &str) -> Option<Def> {
        self.mark_used(module, name);
        let entry = self.scopes[module].types.get(name)?;
        Some(entry.def.clone())
    }

    /// The qualified name of a param, or nothing for one that is broken.
    pub(super) fn param(&mut self, module: usize, name: &str) -> Option<Def> {
        self.mark_used(module, name);
        let entry = self.scopes[module].params.get(name)?;
        Some(entry.def.clone())
    }

    /// True if a lower-case name that is no variable is a param.
    pub(super) fn is_param(&self, module: usize, name: &str) -> bool {
        self.scopes[module].params.contains_key(name)
    }

    fn mark_used(&mut self, module: usize, name: &str) {
        let owner = self.modules[module].owner.as_ref();
        for module in owner.map(|owner| owner.parent).into_iter().chain([module]) {
            let used = self.used.entry(module).or_default();
            if !used.contains(name) {
                used.insert(name.to_owned());
            }
        }
    }

    /// A path that begins with a module that `use` names: the module, and the names after it.
    pub(super) fn through_module<'n>(
        &mut self,
        module: usize,
        path: &'n [Name],
    ) -> Option<(usize, &'n [Name])> {
        let (first, rest) = path.split_first()?;
        let Def::Module(index) = self.scopes[module].modules.get(first.as_str())?.def else {
            return None;
        };
        self.mark_used(module, first.as_str());
        Some((index, rest))
    }

    /// What `name` is in another module, as seen from outside; reports what is not public.
    pub(super) fn public_callable(
        &mut self,
        from: usize,
        other: usize,
        name: &Name,
    ) -> Option<Def> {
        let entry = self.scopes[other].callables.get(name.as_str())?.clone();
        self.check_public(from, other, name, &entry);
        Some(entry.def)
    }

    /// The same for types.
    pub(super) fn public_type(&mut self, from: usize, other: usize, name: &Name) -> Option<Def> {
        let entry = self.scopes[other].types.get(name.as_str())?.clone();
        self.check_public(from, other, name, &entry);
        Some(entry.def)
    }

    fn check_public(&mut self, from: usize, other: usize, name: &Name, entry: &Entry) {
        if from != other && !entry.public && entry.def != Def::Silent {
            let path = self.modules[other].path.clone();
            self.not_public(from, name, entry, &path);
        }
    }

    /// Lets a name that is not public pass: that it is not has been said.
    pub(super) fn make_public(&mut self, module: usize, name: &str) {
        self.stop_keeping();
        if let Some(entry) = self.scopes[module].callables.get_mut(name) {
            entry.public = true;
        }
    }

    /// Makes a type that nobody declares silent from here on.
    pub(super) fn silence_type(&mut self, module: usize, name: &Name) {
        self.stop_keeping();
        let entry = self.silent(module, name.span, false);
        self.scopes[module]
            .types
            .insert(name.as_str().to_owned(), entry);
    }

    /// Makes a relation or function that nobody declares silent from here on.
    pub(super) fn silence_callable(&mut self, module: usize, name: &Name) {
        let entry = self.silent(module, name.span, false);
        self.scopes[module]
            .callables
            .insert(name.as_str().to_owned(), entry);
    }

    /// Counts every name that stands for a record or enum as read.
    pub(super) fn mark_type_used(&mut self, module: usize, of: &str) {
        let names: Vec<String> = self.scopes[module]
            .types
            .iter()
            .filter(|(_, entry)| matches!(&entry.def, Def::Nominal(name) if name == of))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.mark_used(module, &name);
        }
    }

    /// Where a relation or function is declared, for labels.
    pub(super) fn callable_place(&self, module: usize, name: &str) -> Option<(FileId, Span)> {
        let entry = self.scopes[module].callables.get(name)?;
        Some((entry.file, entry.span))
    }
}
