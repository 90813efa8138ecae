//! What a file declares, as a tree, and what the workspace declares, by name.

use std::path::{Path, PathBuf};

use sheaf_compiler::source::{FileId, Source, Sources, Span};
use sheaf_compiler::syntax::Parsed;
use std::sync::Arc;

use crate::Place;
use crate::analysis::Analysis;
use crate::declarations::{Declaration, Declarations, Kind};

/// A declaration with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its columns, type or the like.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its name in the text.
    pub name_span: Span,
    /// What stands in it: columns, fields, variants; the items of a service.
    pub children: Vec<Symbol>,
}

/// A declaration somewhere in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The service that it stands in.
    pub container: Option<String>,
    /// Its name in the text.
    pub place: Place,
}

/// The most symbols of one answer.
const MOST: usize = 500;

impl Analysis {
    /// The declarations of a file, in the order of the text.
    pub fn symbols(&self, file: &Path) -> Vec<Symbol> {
        let Some((_, declared)) = self.declared(file) else {
            return Vec::new();
        };
        let mut roots: Vec<Symbol> = Vec::new();
        for declaration in declared.all() {
            insert(&mut roots, symbol(declaration));
        }
        roots
    }

    /// The declarations in the folders of the workspace whose name contains the query, in small or
    /// capital letters.
    pub fn find_symbols(&self, query: &str, folders: &[PathBuf]) -> Vec<Found> {
        let query = query.to_lowercase();
        let mut files = self.programs_in(folders);
        files.extend(self.open().keys().cloned());
        files.sort();
        files.dedup();
        let mut found = Vec::new();
        for file in files {
            let Some((_, declared)) = self.declared(&file) else {
                continue;
            };
            for declaration in declared.all() {
                if found.len() < MOST && declaration.name.to_lowercase().contains(&query) {
                    found.push(Found {
                        name: declaration.name.clone(),
                        kind: declaration.kind,
                        container: declaration.container.clone(),
                        place: Place {
                            file: file.clone(),
                            span: declaration.name_span,
                        },
                    });
                }
            }
        }
        found
    }

    /// What others may use of a file.
    pub(crate) fn public_names(&self, file: &Path) -> Vec<String> {
        let declared = self.declared(file);
        let all = declared.iter().flat_map(|(_, declared)| declared.all());
        let public = all.filter(|declared| declared.is_public && declared.container.is_none());
        public.map(|declared| declared.name.clone()).collect()
    }

    /// The tree of a file alone, without checking it.
    pub(crate) fn parsed(&self, file: &Path) -> Option<(Sources, Arc<Parsed>)> {
        let text = self.text(file)?;
        let source = Source::new(file.display().to_string(), &*text);
        let parsed = self.trees().parse(FileId(0), &source);
        let mut sources = Sources::new();
        sources.add(file.display().to_string(), &*text);
        Some((sources, parsed))
    }

    fn declared(&self, file: &Path) -> Option<(Arc<Parsed>, Declarations)> {
        let (sources, parsed) = self.parsed(file)?;
        let declared = Declarations::collect([(FileId(0), &*parsed)].into_iter(), &sources);
        Some((parsed, declared))
    }
}

fn symbol(declaration: &Declaration) -> Symbol {
    let part_kind = match declaration.kind {
        Kind::Enum => Kind::Variant,
        _ => Kind::Column,
    };
    let children = declaration.parts.iter().map(|part| Symbol {
        name: part.name.clone(),
        kind: part_kind,
        detail: part.ty.clone(),
        span: part.span,
        name_span: part.span,
        children: Vec::new(),
    });
    let is_call = declaration.is_relation() || declaration.is_function();
    let detail = match (is_call, &declaration.result) {
        (true, _) => declaration.signature()[declaration.name.len()..].to_owned(),
        (false, Some(result)) => result.clone(),
        (false, None) => String::new(),
    };
    Symbol {
        name: declaration.name.clone(),
        kind: declaration.kind,
        detail,
        span: declaration.span,
        name_span: declaration.name_span,
        children: children.collect(),
    }
}

/// Puts a symbol below the one that it stands in.
fn insert(symbols: &mut Vec<Symbol>, symbol: Symbol) {
    match symbols.last_mut() {
        Some(last) if last.span != symbol.span && last.span.contains(symbol.span.start) => {
            insert(&mut last.children, symbol);
        }
        _ => symbols.push(symbol),
    }
}
