//! Fixtures: files in one text, with a cursor.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_compiler::source::Span;
use sheaf_ide::files::Files;
use sheaf_ide::{Analysis, Place, Workspace};

/// Files in memory.
#[derive(Default)]
pub struct Memory(pub BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, file: &Path) -> Result<String, String> {
        self.0
            .get(file)
            .cloned()
            .ok_or_else(|| "it is not there".to_owned())
    }

    fn list(&self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
        let files = self.0.keys().filter(|file| file.starts_with(folder));
        let fits = |file: &&PathBuf| match pattern.strip_prefix("**/*") {
            Some(end) => file.to_string_lossy().ends_with(end),
            None => match pattern.split_once('*') {
                None => **file == folder.join(pattern),
                Some((start, end)) => {
                    let below = file
                        .strip_prefix(folder)
                        .map(|below| below.to_string_lossy());
                    below.is_ok_and(|below| below.starts_with(start) && below.ends_with(end))
                }
            },
        };
        Ok(files.filter(fits).cloned().collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file.starts_with(path))
    }
}

/// Files with one cursor `$0` in one of them.
pub struct Fixture {
    pub analysis: Analysis,
    pub file: PathBuf,
    pub offset: u32,
    texts: BTreeMap<PathBuf, String>,
}

impl Fixture {
    /// A text for `/t.sheaf`, or several, each after a line `//- name`. The file with the cursor `$0`,
    /// else the first, is open.
    pub fn new(text: &str) -> Fixture {
        let text = text.strip_prefix('\n').unwrap_or(text);
        let mut texts: Vec<(PathBuf, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            if let Some(name) = line.strip_prefix("//- ") {
                texts.push((Path::new("/").join(name.trim()), String::new()));
                continue;
            }
            if texts.is_empty() {
                texts.push((PathBuf::from("/t.sheaf"), String::new()));
            }
            texts.last_mut().expect("a file").1.push_str(line);
        }
        let mut file = texts[0].0.clone();
        let mut offset = 0;
        for (name, text) in &mut texts {
            if let Some(at) = text.find("$0") {
                (file, offset) = (name.clone(), at as u32);
                text.replace_range(at..at + 2, "");
            }
        }
        let texts: BTreeMap<PathBuf, String> = texts.into_iter().collect();
        let mut workspace = Workspace::new(Arc::new(Memory(texts.clone())));
        workspace.set(&file, Arc::from(texts[&file].as_str()));
        Fixture {
            analysis: workspace.analysis(),
            file,
            offset,
            texts,
        }
    }

    pub fn folders(&self) -> Vec<PathBuf> {
        vec![PathBuf::from("/")]
    }

    pub fn text(&self) -> &str {
        &self.texts[&self.file]
    }

    /// `t.sheaf:3:5 needs`
    pub fn place(&self, place: &Place) -> String {
        let text = match self.texts.get(&place.file) {
            Some(text) => text.clone(),
            None => self
                .analysis
                .text(&place.file)
                .map(|text| text.to_string())
                .unwrap_or_default(),
        };
        let name = place.file.display().to_string();
        format!(
            "{}:{} `{}`",
            name.trim_start_matches('/'),
            at(&text, place.span.start),
            place.span.of(&text)
        )
    }

    pub fn span(&self, span: Span) -> String {
        format!("{} `{}`", at(self.text(), span.start), span.of(self.text()))
    }
}

/// Line and column, from 1.
pub fn at(text: &str, offset: u32) -> String {
    let before = &text[..offset as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{line}:{column}")
}
