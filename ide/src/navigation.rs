//! From a name to its declaration and its other uses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sheaf_compiler::source::Span;

use crate::Place;
use crate::analysis::Analysis;
use crate::program::Program;
use crate::resolve::{Occurrence, Role};

/// A use of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Where.
    pub place: Place,
    /// What the name does there.
    pub role: Role,
    /// See [`Occurrence::is_shorthand`].
    pub is_shorthand: bool,
}

impl Analysis {
    /// Where the name at an offset is declared or bound.
    pub fn definition(&self, file: &Path, offset: u32) -> Option<Place> {
        let program = self.program(file);
        let found = program.occurrence_at(Program::ROOT, offset)?;
        Some(program.place(found.file, found.declared))
    }

    /// Every use of the name at an offset in the same file.
    pub fn highlights(&self, file: &Path, offset: u32) -> Vec<(Span, Role)> {
        let program = self.program(file);
        let Some(found) = program.occurrence_at(Program::ROOT, offset) else {
            return Vec::new();
        };
        let all = program.occurrences(Program::ROOT).iter();
        all.filter(|other| is_same(found, other))
            .map(|other| (other.span, other.role))
            .collect()
    }

    /// Every use of the name at an offset, its declaration included, in all files that the folders of
    /// the workspace hold and that are open; ascending.
    pub fn references(&self, file: &Path, offset: u32, folders: &[PathBuf]) -> Vec<Use> {
        let program = self.program(file);
        let Some(found) = program.occurrence_at(Program::ROOT, offset) else {
            return Vec::new();
        };
        let declared = program.place(found.file, found.declared);
        let name = program.slice(Program::ROOT, found.span).to_owned();
        let mut uses = BTreeSet::new();
        collect(&program, &declared, &mut uses);
        if self.is_known_elsewhere(&program, found) {
            for other in self.files_with(&declared, &name, folders) {
                if other != file {
                    collect(&self.program(&other), &declared, &mut uses);
                }
            }
        }
        uses.into_iter().collect()
    }

    /// Whether other files can speak of what an occurrence speaks of.
    fn is_known_elsewhere(&self, program: &Program, found: &Occurrence) -> bool {
        let declarations = program.declarations();
        declarations.at(found.file, found.declared).is_some()
            || declarations.part_at(found.file, found.declared).is_some()
            || found.declared == Span::default()
    }

    /// The programs that may speak of what a file declares: those in which the name stands, or its
    /// file is used, which gives it another name there.
    fn files_with(&self, declared: &Place, name: &str, folders: &[PathBuf]) -> BTreeSet<PathBuf> {
        let mut files: BTreeSet<PathBuf> = self.open().keys().cloned().collect();
        files.extend(self.programs_in(folders));
        files.insert(declared.file.clone());
        let module = declared.file.file_stem().unwrap_or_default();
        let module = module.to_string_lossy();
        files.retain(|file| {
            let text = self.text(file);
            text.is_some_and(|text| text.contains(name) || text.contains(&*module))
        });
        files
    }

    /// The programs in some folders and below.
    pub(crate) fn programs_in(&self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let lists = folders
            .iter()
            .map(|folder| self.files().list(folder, "**/*.sheaf"));
        lists.filter_map(Result::ok).flatten().collect()
    }
}

fn is_same(one: &Occurrence, other: &Occurrence) -> bool {
    (one.file, one.declared) == (other.file, other.declared)
}

/// Every use in the files of one program, but for the library's.
fn collect(program: &Program, declared: &Place, uses: &mut BTreeSet<Use>) {
    let Some(file) = program.file(&declared.file) else {
        return;
    };
    for (other, source) in program.sources().iter() {
        if source.name().starts_with("std/") {
            continue;
        }
        for found in program.occurrences(other) {
            if (found.file, found.declared) == (file, declared.span) {
                uses.insert(Use {
                    place: program.place(other, found.span),
                    role: found.role,
                    is_shorthand: found.is_shorthand,
                });
            }
        }
    }
}
