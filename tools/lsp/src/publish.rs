//! Which diagnostics the client has, and which it is to get.
//!
//! A file that is open gets what its own check finds in it. A file that is not, and a manifest, gets
//! what the checks of open files find in it, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;

use crate::convert::Context;

/// What the check of one open file gave.
pub struct Found {
    pub root: PathBuf,
    pub version: i32,
    pub own: Vec<lsp::Diagnostic>,
    /// In files that are not open and in manifests.
    pub elsewhere: Vec<(PathBuf, lsp::Diagnostic)>,
}

/// Checks some open files.
pub fn check(context: &Context, roots: &[PathBuf]) -> Vec<Found> {
    let found = roots.iter().filter_map(|root| {
        let version = context.documents.get(root)?.version;
        let own = context.analysis.mistakes(root);
        let elsewhere = context.analysis.mistakes_elsewhere(root);
        Some(Found {
            root: root.clone(),
            version,
            own: own
                .iter()
                .map(|mistake| context.diagnostic(root, mistake))
                .collect(),
            elsewhere: elsewhere
                .into_iter()
                .map(|(path, mistake)| {
                    let diagnostic = context.diagnostic(&path, &mistake);
                    (path, diagnostic)
                })
                .collect(),
        })
    });
    found.collect()
}

/// What the client has.
#[derive(Default)]
pub struct Published {
    /// By open file: version and diagnostics.
    own: BTreeMap<PathBuf, (i32, Vec<lsp::Diagnostic>)>,
    /// By open file: what its check found elsewhere.
    elsewhere: BTreeMap<PathBuf, Vec<(PathBuf, lsp::Diagnostic)>>,
    /// By file that is not open or a manifest.
    others: BTreeMap<PathBuf, Vec<lsp::Diagnostic>>,
}

/// What is to be sent for a file.
pub struct News {
    pub path: PathBuf,
    pub version: Option<i32>,
    pub diagnostics: Vec<lsp::Diagnostic>,
}

impl Published {
    /// Takes in what checks gave; gives what has changed by that.
    pub fn update(&mut self, found: Vec<Found>) -> Vec<News> {
        let mut news = Vec::new();
        for found in found {
            let own = (found.version, found.own);
            self.elsewhere.insert(found.root.clone(), found.elsewhere);
            if self.own.get(&found.root) != Some(&own) {
                news.push(News {
                    path: found.root.clone(),
                    version: Some(own.0),
                    diagnostics: own.1.clone(),
                });
                self.own.insert(found.root, own);
            }
        }
        self.update_others(&mut news);
        news
    }

    /// A file was closed: what its check found is no more.
    pub fn close(&mut self, root: &Path) -> Vec<News> {
        self.elsewhere.remove(root);
        let mut news = Vec::new();
        if let Some((_, known)) = self.own.remove(root)
            && !known.is_empty()
        {
            news.push(News {
                path: root.to_path_buf(),
                version: None,
                diagnostics: Vec::new(),
            });
        }
        self.update_others(&mut news);
        news
    }

    fn update_others(&mut self, news: &mut Vec<News>) {
        let mut others: BTreeMap<PathBuf, Vec<lsp::Diagnostic>> = BTreeMap::new();
        for (path, diagnostic) in self.elsewhere.values().flatten() {
            let known = others.entry(path.clone()).or_default();
            if !known.contains(diagnostic) {
                known.push(diagnostic.clone());
            }
        }
        let before = std::mem::replace(&mut self.others, others);
        let paths: BTreeSet<&PathBuf> = before.keys().chain(self.others.keys()).collect();
        for path in paths {
            let diagnostics = self.others.get(path).cloned().unwrap_or_default();
            if before.get(path).is_none_or(|before| *before != diagnostics)
                && !self.own.contains_key(path)
            {
                news.push(News {
                    path: path.clone(),
                    version: None,
                    diagnostics,
                });
            }
        }
    }
}
