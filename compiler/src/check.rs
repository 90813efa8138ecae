//! From syntax trees to one checked program: names, types, safety, strata, labels.
//!
//! Invariants:
//! - Pure: other files come in through [`Loader`].
//! - No input makes it panic, and its recursion is bounded (see [`MAX_DEPTH`]).
//! - One diagnostic per mistake. What a mistake leaves without meaning is *poisoned*: a name whose
//!   declaration could not be read, a type that is not known. Poison is silent wherever it is used.
//! - The order of declarations, rules and conditions changes neither the diagnostics nor the program.
//!
//! The order of the work: files are read ([`modules`]), names declared and looked up ([`names`], [`uses`]),
//! declarations given types ([`declare`]), function bodies checked ([`function`]), rules checked
//! ([`rule`], [`conditions`], [`expr`]) and effects ([`live`]), then the whole is put in strata ([`strata`]) and
//! labelled ([`labels`]), and what effects read is held against the labels.

mod atom;
mod binary;
mod body;
mod call;
mod circles;
mod combiner;
mod comprehension;
mod conditions;
mod connector;
mod constant;
mod construct;
mod declare;
mod emit;
mod exhaustive;
mod expr;
mod function;
mod generic;
mod instance;
mod labels;
mod lattice;
mod library;
mod live;
mod matching;
mod memory;
mod mentions;
mod modules;
mod monotone;
mod names;
mod nominal;
mod not_yet;
mod packages;
mod pattern;
mod reads;
mod rule;
mod strata;
mod suggest;
mod survey;
mod termination;
mod test_block;
mod types;
mod uses;

pub use memory::Memory;
pub use not_yet::not_yet_run;
pub use survey::{ModuleNames, Named, Survey, Typed, aggregates, homes, prelude};

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use sheaf_ir::Nominal;

use crate::diagnostic::{self, Diagnostic};
use crate::hir;
use crate::source::{FileId, Source, Sources, Span};
use crate::syntax::{Parsed, ast, parse};

pub(crate) use library::PRELUDE;
use modules::Module;
use names::Scope;
pub(crate) use suggest::nearest;

/// The deepest an expression of the checked program may nest, with the functions it calls.
pub const MAX_DEPTH: usize = 384;

/// The largest a rule may be, counted in expressions, with the functions it calls.
pub const MAX_SIZE: usize = 200_000;

/// Where the files of modules and packages come from. Only [`Loader::load`] is needed for programs
/// without packages.
pub trait Loader {
    /// The text of a module, named by its path (`shop.prices`), relative to the folder of a package;
    /// `Ok(None)` if there is none.
    ///
    /// # Errors
    /// A short clause saying why a file that is there cannot be read.
    fn load(&mut self, package: PackageId, module: &str) -> Result<Option<LoadedFile>, String>;

    /// The path of the root file as a module of its package, if it has one.
    fn root(&self) -> Option<String> {
        None
    }

    /// The `sheaf.toml` of a package; `Ok(None)` if there is none.
    ///
    /// # Errors
    /// A short clause saying why a file that is there cannot be read.
    fn manifest(&mut self, _package: PackageId) -> Result<Option<LoadedFile>, String> {
        Ok(None)
    }

    /// The package in a folder, named by its path from the folder of the package `of`; `None` if there
    /// is no such folder. One folder is one package, whatever path leads there.
    fn dependency(&mut self, _of: PackageId, _path: &str) -> Option<PackageId> {
        None
    }

    /// The tree of a text: of the root file, a module that this loader gave or one of the library. A
    /// loader that keeps trees may give that of an equal text, whatever file its diagnostics name.
    fn parse(&mut self, file: FileId, source: &Source) -> Arc<Parsed> {
        Arc::new(parse(file, source.text()))
    }

    /// Modules of a package that a wrong path may have been meant for.
    fn near(&mut self, _package: PackageId, _module: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A number that a [`Loader`] gives to the folder of a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub usize);

impl PackageId {
    /// The package of the root file, or its folder if it belongs to none.
    pub const ROOT: PackageId = PackageId(0);
}

/// The file of a module, or a `sheaf.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedFile {
    /// The name that messages print, such as its path.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A loader for programs of one file.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModules;

impl Loader for NoModules {
    fn load(&mut self, _: PackageId, _: &str) -> Result<Option<LoadedFile>, String> {
        Ok(None)
    }
}

/// What a check gives.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The program. If there are errors it lacks what they are about, and must not be run.
    pub program: hir::Program,
    /// What is wrong, in the order of the text, syntax included.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// True if the program is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The program, if it may be run.
    pub fn runnable(&self) -> Option<&hir::Program> {
        (!self.has_errors() && self.program.live.is_none()).then_some(&self.program)
    }
}

/// Parses and checks a program: the root file and all modules it uses, which are added to `sources`.
pub fn check(sources: &mut Sources, root: FileId, loader: &mut dyn Loader) -> Checked {
    run(sources, root, loader, None, None).0
}

/// The same, with what an editor asks beyond the program. A memory of earlier checks of the same root
/// file, whatever its text was, saves time and changes nothing else.
pub fn survey(
    sources: &mut Sources,
    root: FileId,
    loader: &mut dyn Loader,
    memory: &mut Memory,
) -> (Checked, Survey) {
    run(sources, root, loader, Some(Survey::default()), Some(memory))
}

fn run(
    sources: &mut Sources,
    root: FileId,
    loader: &mut dyn Loader,
    survey: Option<Survey>,
    mut memory: Option<&mut Memory>,
) -> (Checked, Survey) {
    let (modules, mut diagnostics) = modules::load(sources, root, loader);
    let mut checker = Checker::new(sources, &modules);
    checker.survey = survey;
    checker.declare_names();
    checker.resolve_uses();
    checker.inherit_names();
    checker.declare_types();
    checker.declare_functions();
    checker.declare_relations();
    checker.check_functions();
    if let Some(memory) = &mut memory {
        checker.begin_to_recall(memory);
    }
    checker.check_rules();
    checker.check_effects();
    checker.check_outputs();
    checker.check_tests();
    checker.make_instances();
    checker.report_unused();
    checker.find_strata();
    checker.check_monotone();
    checker.find_labels();
    checker.check_order();
    let recollection = std::mem::take(&mut checker.recollection);
    let survey = match checker.survey.take() {
        Some(survey) => Survey {
            modules: checker.names(),
            ..survey
        },
        None => Survey::default(),
    };
    let (program, mut found) = checker.finish();
    diagnostics.append(&mut found);
    diagnostic::sort(&mut diagnostics);
    if let Some(memory) = memory {
        memory.keep(sources, recollection);
    }
    let checked = Checked {
        program,
        diagnostics,
    };
    (checked, survey)
}

/// The state of a check.
struct Checker<'a> {
    sources: &'a Sources,
    modules: &'a [Module],
    /// What names mean in each module.
    scopes: Vec<Scope>,
    diagnostics: Vec<Diagnostic>,
    program: hir::Program,
    /// Enums and records, also in [`hir::Program::types`] at the end.
    types: BTreeMap<String, Nominal>,
    aliases: Vec<types::Alias<'a>>,
    /// How many types around the one that is being resolved.
    type_depth: usize,
    /// What the type parameters in scope stand for.
    type_arguments: generic::Bindings,
    /// Generic types.
    templates: Vec<generic::Template<'a>>,
    /// Copies of generic types: of which template, at which types.
    instances: BTreeMap<String, (usize, Vec<sheaf_ir::Type>)>,
    functions: Vec<function::Definition<'a>>,
    /// Functions that the IR has.
    intrinsics: Vec<library::Intrinsic<'a>>,
    lattices: Vec<lattice::Definition<'a>>,
    /// Copies of functions that are called by name and are not yet made.
    wanted: Vec<instance::Wanted>,
    /// Views that have a rule, right or wrong, or whose rules may have been lost.
    derived: BTreeSet<String>,
    /// Inputs whose source is not run yet or is wrong, with the reason why they are not closed.
    live: BTreeMap<String, hir::Reason>,
    /// By module: names that are read somewhere.
    used: BTreeMap<usize, HashSet<String>>,
    /// Which module uses which.
    uses: Vec<circles::Use>,
    /// Items reported as not yet run: module and first byte.
    not_yet: BTreeSet<(usize, u32)>,
    /// What is known of state, effects and services.
    effects: live::Effects,
    /// What is found out for an editor, if one asks.
    survey: Option<Survey>,
    /// What is known from an earlier check, and what is kept for the next.
    recollection: memory::Recollection,
}

impl<'a> Checker<'a> {
    fn new(sources: &'a Sources, modules: &'a [Module]) -> Self {
        let name = modules.first().map(|root| root.display.clone());
        let files = sources
            .iter()
            .map(|(_, source)| source.name().to_owned())
            .collect();
        let program = hir::Program {
            name: name.unwrap_or_default(),
            files,
            ..hir::Program::default()
        };
        Self {
            sources,
            modules,
            scopes: Vec::new(),
            diagnostics: Vec::new(),
            program,
            types: BTreeMap::new(),
            aliases: Vec::new(),
            type_depth: 0,
            type_arguments: BTreeMap::new(),
            templates: Vec::new(),
            instances: BTreeMap::new(),
            functions: Vec::new(),
            intrinsics: Vec::new(),
            lattices: Vec::new(),
            wanted: Vec::new(),
            derived: BTreeSet::new(),
            live: BTreeMap::new(),
            used: BTreeMap::new(),
            uses: Vec::new(),
            not_yet: BTreeSet::new(),
            effects: live::Effects::default(),
            survey: None,
            recollection: memory::Recollection::default(),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn file(&self, module: usize) -> FileId {
        self.modules[module].file
    }

    /// Whether a module stands in the root file. Its outputs and tests alone belong to the program.
    fn is_root_file(&self, module: usize) -> bool {
        self.file(module) == self.file(0)
    }

    /// The span as the checked program carries it.
    fn span(&self, module: usize, span: Span) -> sheaf_ir::Span {
        sheaf_ir::Span {
            file: self.file(module).0,
            start: span.start,
            end: span.end,
        }
    }

    /// Items of a module that no syntax error has damaged.
    fn items(&self, module: usize) -> impl Iterator<Item = &'a ast::Item> + use<'a> {
        self.modules[module].sound_items()
    }

    fn finish(mut self) -> (hir::Program, Vec<Diagnostic>) {
        self.program.live = self.live_part();
        self.types.retain(|name, _| !name.contains('\''));
        self.program.types = self.types;
        (self.program, self.diagnostics)
    }
}

/// A span of the checked program as a place in a text.
fn place(span: sheaf_ir::Span) -> (FileId, Span) {
    (FileId(span.file), Span::new(span.start, span.end))
}
