//! The texts of an editor, and a view of them that does not change.
//!
//! Invariants: a program is checked at most once for the same texts; a change drops the programs that
//! read the changed file, or looked for it, and no others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sheaf_compiler::source::Sources;

use crate::declarations::{Declaration, Declarations};
use crate::files::{Files, OpenTexts};
use crate::program::Program;
use crate::trees::Trees;

/// Files that threads may share.
type Disk = Arc<dyn Files + Send + Sync>;
type Cell = Arc<OnceLock<Arc<Program>>>;
type Programs = BTreeMap<PathBuf, Cell>;

/// The texts that are open in an editor, over the files of the world.
pub struct Workspace {
    now: Analysis,
}

impl Workspace {
    /// Nothing is open.
    pub fn new(files: Disk) -> Workspace {
        let now = Analysis {
            open: Arc::default(),
            files,
            trees: Arc::default(),
            programs: Arc::default(),
        };
        Workspace { now }
    }

    /// Opens a text, or changes it.
    pub fn set(&mut self, file: &Path, text: Arc<str>) {
        Arc::make_mut(&mut self.now.open).insert(file.to_path_buf(), text);
        self.changed(file);
    }

    /// Closes a text: the file of the world is what counts again.
    pub fn close(&mut self, file: &Path) {
        Arc::make_mut(&mut self.now.open).remove(file);
        self.now.trees.forget(&file.display().to_string());
        self.changed(file);
    }

    /// Takes note that a file has changed, come or gone.
    pub fn changed(&mut self, file: &Path) {
        let programs = self.now.programs();
        let kept = programs.iter().filter(|(_, cell)| {
            let program = cell.get();
            program.is_some_and(|program| !program.asked().contains(file))
        });
        let kept: Programs = kept
            .map(|(root, cell)| (root.clone(), cell.clone()))
            .collect();
        drop(programs);
        self.now.programs = Arc::new(Mutex::new(kept));
    }

    /// A view of the texts as they are now.
    pub fn analysis(&self) -> Analysis {
        self.now.clone()
    }
}

/// The texts of an editor as they were at one time; cheap to clone.
#[derive(Clone)]
pub struct Analysis {
    open: Arc<OpenTexts>,
    files: Disk,
    trees: Arc<Trees>,
    programs: Arc<Mutex<Programs>>,
}

impl Analysis {
    /// The program whose root is this file.
    pub fn program(&self, root: &Path) -> Arc<Program> {
        let cell = self
            .programs()
            .entry(root.to_path_buf())
            .or_default()
            .clone();
        let program = cell.get_or_init(|| {
            let program = Program::check(root, &self.open, &*self.files, &self.trees);
            Arc::new(program)
        });
        program.clone()
    }

    /// Whether the program of this root is known already.
    pub fn is_checked(&self, root: &Path) -> bool {
        self.programs()
            .get(root)
            .is_some_and(|cell| cell.get().is_some())
    }

    /// The open texts.
    pub fn open(&self) -> &OpenTexts {
        &self.open
    }

    /// The text of a file, as the editor has it or else the world.
    pub fn text(&self, file: &Path) -> Option<Arc<str>> {
        if let Some(text) = self.open.get(file) {
            return Some(text.clone());
        }
        if let Some(text) = library_text(file) {
            return Some(Arc::from(text));
        }
        self.files.read(file).ok().map(Arc::from)
    }

    /// The program of a root as it would be with another text, which is not kept.
    pub(crate) fn with(&self, root: &Path, text: &str) -> Program {
        let mut open = (*self.open).clone();
        open.insert(root.to_path_buf(), Arc::from(text));
        Program::check(root, &open, &*self.files, &Trees::default())
    }

    /// The functions of a module of the standard library, in the order of its text.
    pub(crate) fn library(&self, module: &str) -> Vec<Declaration> {
        let Some(text) = sheaf_compiler::library::text(module) else {
            return Vec::new();
        };
        let mut sources = Sources::new();
        let file = sources.add(format!("std/{module}.sheaf"), text);
        let parsed = self.trees.parse(file, sources.get(file));
        let declared = Declarations::collect([(file, &*parsed)].into_iter(), &sources);
        let functions = declared
            .all()
            .iter()
            .filter(|declared| declared.is_function());
        functions
            .filter(|declared| declared.is_public)
            .cloned()
            .collect()
    }

    pub(crate) fn trees(&self) -> &Trees {
        &self.trees
    }

    /// The files of the world.
    pub(crate) fn files(&self) -> &dyn Files {
        &*self.files
    }

    /// A thread that panicked while it held the lock left a whole map behind.
    fn programs(&self) -> std::sync::MutexGuard<'_, Programs> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a module of the standard library, by its file as [`crate::Place`] names it.
pub(crate) fn library_text(file: &Path) -> Option<&'static str> {
    let below = file.strip_prefix("std").ok()?;
    sheaf_compiler::library::text(below.to_str()?.strip_suffix(".sheaf")?)
}
