//! One file and all it uses, checked, with what is known of every name in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sheaf_compiler::check::{Checked, Loader, Survey, survey};
use sheaf_compiler::package::MANIFEST;
use sheaf_compiler::source::{FileId, Sources, Span};
use sheaf_compiler::syntax::Parsed;
use sheaf_ir::passes::Selection;

use crate::Place;
use crate::declarations::{Declaration, Declarations};
use crate::files::{Files, OpenTexts, Overlay};
use crate::folders::Folders;
use crate::placement::Planned;
use crate::resolve::{Occurrence, resolve};
use crate::trees::Trees;

/// The most relations of a program that is planned while somebody waits.
const MOST_PLANNED: usize = 200;

/// A checked program.
pub struct Program {
    sources: Sources,
    checked: Checked,
    survey: Survey,
    /// By file; nothing for manifests.
    trees: Vec<Option<Arc<Parsed>>>,
    asked: BTreeSet<PathBuf>,
    declarations: OnceLock<Declarations>,
    planned: OnceLock<Option<Planned>>,
    /// By file.
    occurrences: Vec<OnceLock<Vec<Occurrence>>>,
}

impl Program {
    /// The root file.
    pub const ROOT: FileId = FileId(0);

    pub(crate) fn check(
        root: &Path,
        open: &OpenTexts,
        files: &dyn Files,
        trees: &Trees,
    ) -> Program {
        let overlay = Overlay {
            open,
            files,
            asked: Default::default(),
        };
        let mut sources = Sources::new();
        let text = overlay.read(root).unwrap_or_default();
        let file = sources.add(root.display().to_string(), text);
        let mut folders = Folders::new(root, &overlay).with_trees(trees);
        let name = root.display().to_string();
        let mut memory = trees.memory(&name);
        let (checked, survey) = survey(&mut sources, file, &mut folders, &mut memory);
        trees.keep(&name, memory);
        let trees: Vec<_> = sources
            .iter()
            .map(|(file, source)| {
                let is_manifest = Path::new(source.name()).ends_with(MANIFEST);
                (!is_manifest).then(|| folders.parse(file, source))
            })
            .collect();
        let occurrences = trees.iter().map(|_| OnceLock::new()).collect();
        Program {
            sources,
            checked,
            survey,
            trees,
            asked: overlay.asked.into_inner(),
            declarations: OnceLock::new(),
            planned: OnceLock::new(),
            occurrences,
        }
    }

    /// The texts.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The program as the checker left it, and what is wrong with it.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    pub(crate) fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Every file that was read or looked for.
    pub fn asked(&self) -> &BTreeSet<PathBuf> {
        &self.asked
    }

    /// The path of a file.
    pub fn path(&self, file: FileId) -> &Path {
        Path::new(self.sources.get(file).name())
    }

    /// The file of a path, if the program has it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        let mut files = self.sources.iter();
        files.find_map(|(file, source)| (Path::new(source.name()) == path).then_some(file))
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.sources.get(file).text()
    }

    /// The text at a place.
    pub(crate) fn slice(&self, file: FileId, span: Span) -> &str {
        span.of(self.text(file))
    }

    /// The tree of a file; nothing for manifests.
    pub fn tree(&self, file: FileId) -> Option<&Parsed> {
        self.trees.get(file.0 as usize)?.as_deref()
    }

    pub(crate) fn place(&self, file: FileId, span: Span) -> Place {
        let file = self.path(file).to_path_buf();
        Place { file, span }
    }

    /// Every declaration, of the library too.
    pub(crate) fn declarations(&self) -> &Declarations {
        self.declarations.get_or_init(|| {
            let trees = self.trees.iter().zip(0..);
            let trees = trees.filter_map(|(tree, file)| Some((FileId(file), tree.as_deref()?)));
            Declarations::collect(trees, &self.sources)
        })
    }

    /// How it runs; nothing for a program that cannot be run, or that is too large to be planned while
    /// somebody waits.
    pub(crate) fn planned(&self) -> Option<&Planned> {
        if self.checked.program.relations.len() > MOST_PLANNED {
            return None;
        }
        self.planned
            .get_or_init(|| Planned::new(self, &Selection::Only(BTreeSet::new())))
            .as_ref()
    }

    /// Every name of a file that stands for something, in the order of the text.
    pub(crate) fn occurrences(&self, file: FileId) -> &[Occurrence] {
        let Some(cell) = self.occurrences.get(file.0 as usize) else {
            return &[];
        };
        cell.get_or_init(|| resolve(self, file))
    }

    /// What stands at an offset, or ends there.
    pub(crate) fn occurrence_at(&self, file: FileId, offset: u32) -> Option<&Occurrence> {
        let occurrences = self.occurrences(file);
        let after = occurrences.partition_point(|found| found.span.start <= offset);
        let before = occurrences[..after].iter().rev().take(8);
        let mut touching = before.filter(|found| offset <= found.span.end);
        touching.next()
    }

    /// The declaration that an occurrence speaks of.
    pub(crate) fn declaration(&self, occurrence: &Occurrence) -> Option<&Declaration> {
        self.declarations().at(occurrence.file, occurrence.declared)
    }
}
