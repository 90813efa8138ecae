//! The manifest of a package, `sheaf.toml`: its name, its version and what it depends on.
//!
//! Invariants: a [`Manifest`] is sound in itself; whether its dependencies are there is for others
//! to find out. Every mistake is reported once, at its place in the text.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::check::nearest;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::{FileId, Span};
use crate::syntax::parse;

/// The name of the file.
pub const MANIFEST: &str = "sheaf.toml";

/// What a `sheaf.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The name by which `use` of other packages knows it: a lower-case identifier.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Three numbers, such as `1.4.0`.
    pub version: String,
    /// What it depends on, by the name of the package.
    pub dependencies: BTreeMap<String, Dependency>,
    /// Where `[deploy]` stands, whose entries are free.
    pub deploy: Option<Span>,
}

/// `geo = { path = "../geo" }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The folder of the package, relative to the folder of the manifest.
    pub path: String,
    /// Where the path stands.
    pub path_span: Span,
    /// Where the name stands.
    pub span: Span,
}

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Manifest {
    /// Reads the text of a manifest, which messages know as `file`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn parse(file: FileId, text: &str) -> Result<Manifest, Vec<Diagnostic>> {
        let mut reader = Reader {
            file,
            diagnostics: Vec::new(),
        };
        let manifest = match DeTable::parse(text) {
            Ok(table) => reader.manifest(table.get_ref()),
            Err(error) => {
                reader.not_toml(&error, text);
                None
            }
        };
        let mut diagnostics = reader.diagnostics;
        crate::diagnostic::sort(&mut diagnostics);
        manifest
            .filter(|_| diagnostics.is_empty())
            .ok_or(diagnostics)
    }
}

struct Reader {
    file: FileId,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn report(
        &mut self,
        code: Code,
        span: Span,
        message: String,
        label: &str,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, self.file, span, message);
        self.diagnostics.push(diagnostic.label(label).help(help));
    }

    fn not_toml(&mut self, error: &toml::de::Error, text: &str) {
        let whole = 0..text.len();
        let reason = error.message().lines().collect::<Vec<_>>().join(", ");
        self.report(
            codes::NOT_TOML,
            span(error.span().unwrap_or(whole)),
            format!("`{MANIFEST}` is not TOML: {reason}"),
            "here",
            "write it as `key = \"value\"` below `[package]` and `[dependencies]`",
        );
    }

    fn manifest(&mut self, table: &DeTable<'_>) -> Option<Manifest> {
        self.only(table, "", &["package", "dependencies", "deploy"]);
        let package = match entry(table, "package") {
            Some((_, value)) => self.table(value, "package"),
            None => {
                self.missing(Span::default(), "[package]");
                None
            }
        };
        let head = package.map(|(package, span)| self.package(package, span));
        let dependencies = match entry(table, "dependencies") {
            Some((_, value)) => self
                .table(value, "dependencies")
                .map(|(table, _)| self.dependencies(table)),
            None => Some(BTreeMap::new()),
        };
        let deploy = entry(table, "deploy")
            .and_then(|(_, value)| self.table(value, "deploy"))
            .map(|(_, span)| span);
        let (name, version) = head?;
        let (name, name_span) = name?;
        Some(Manifest {
            name,
            name_span,
            version: version?,
            dependencies: dependencies?,
            deploy,
        })
    }

    /// The name and the version of `[package]`.
    fn package(
        &mut self,
        table: &DeTable<'_>,
        at: Span,
    ) -> (Option<(String, Span)>, Option<String>) {
        self.only(table, "package.", &["name", "version"]);
        let name = self.text(table, at, "name");
        let name = name.filter(|(name, span)| self.is_name(name, *span));
        let version = self.text(table, at, "version");
        let version = version.filter(|(version, span)| {
            let is_version = is_version(version);
            if !is_version {
                self.report(
                    codes::WRONG_ENTRY,
                    *span,
                    format!("`{version}` is no version"),
                    "not three numbers",
                    "write three numbers with dots between them, such as `1.4.0`",
                );
            }
            is_version
        });
        (name, version.map(|(version, _)| version))
    }

    fn dependencies(&mut self, table: &DeTable<'_>) -> BTreeMap<String, Dependency> {
        let mut dependencies = BTreeMap::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let at = span(key.span());
            let Some(inner) = value.get_ref().as_table() else {
                self.report(
                    codes::WRONG_ENTRY,
                    span(value.span()),
                    format!("the dependency `{name}` does not say where the package is"),
                    "not a table with a path",
                    format!("write `{name} = {{ path = \"../{name}\" }}`"),
                );
                continue;
            };
            self.only(inner, &format!("dependencies.{name}."), &["path"]);
            let path = self.text(inner, at, "path");
            if let Some((path, path_span)) = path.filter(|_| self.is_name(name, at)) {
                dependencies.insert(
                    name.to_owned(),
                    Dependency {
                        path,
                        path_span,
                        span: at,
                    },
                );
            }
        }
        dependencies
    }

    /// Reports every key that means nothing.
    fn only(&mut self, table: &DeTable<'_>, before: &str, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let at = span(key.span());
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_ENTRY,
                self.file,
                at,
                format!("`{before}{name}` means nothing in `{MANIFEST}`"),
            )
            .label("not known");
            self.diagnostics
                .push(match nearest(name, known.iter().copied()) {
                    Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), at, near),
                    None => diagnostic.help(format!("known here: `{}`", known.join("`, `"))),
                });
        }
    }

    fn table<'t, 'i>(
        &mut self,
        value: &'t Value<'i>,
        name: &str,
    ) -> Option<(&'t DeTable<'i>, Span)> {
        let at = span(value.span());
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.report(
                codes::WRONG_ENTRY,
                at,
                format!("`{name}` is a section, not a value"),
                "not a section",
                format!("write `[{name}]` on a line of its own and the entries below it"),
            );
        }
        Some((table?, at))
    }

    /// A text that must be there.
    fn text(&mut self, table: &DeTable<'_>, at: Span, name: &str) -> Option<(String, Span)> {
        let Some((_, value)) = entry(table, name) else {
            // A key that is a slip for this one has been reported.
            let mut unknown = table.keys().map(|key| -> &str { key.get_ref() });
            if !unknown.any(|key| nearest(key, [name]).is_some()) {
                self.missing(at, name);
            }
            return None;
        };
        let at = span(value.span());
        let Some(text) = value.get_ref().as_str() else {
            self.report(
                codes::WRONG_ENTRY,
                at,
                format!("`{name}` is a text in quotes"),
                "not a text",
                format!("write `{name} = \"…\"`"),
            );
            return None;
        };
        Some((text.to_owned(), at))
    }

    fn missing(&mut self, at: Span, name: &str) {
        self.report(
            codes::WRONG_ENTRY,
            at,
            format!("`{MANIFEST}` lacks `{name}`"),
            "missing here",
            match name {
                "[package]" => {
                    "write `[package]` and below it `name = \"…\"` and `version = \"0.1.0\"`"
                }
                "version" => "add `version = \"0.1.0\"`",
                "path" => "add `path = \"…\"`, the folder of the package",
                _ => "add `name = \"…\"`, the name by which other packages use this one",
            },
        );
    }

    /// Reports what cannot be the name of a package.
    fn is_name(&mut self, name: &str, at: Span) -> bool {
        let is_name = is_package_name(name);
        if !is_name {
            let reason = match name {
                "std" => "`std` is the standard library",
                _ => {
                    "a package is named like a module: small letters, digits and `_`, and no keyword"
                }
            };
            self.report(
                codes::WRONG_ENTRY,
                at,
                format!("`{name}` cannot be the name of a package"),
                "not a name",
                reason,
            );
        }
        is_name
    }
}

fn entry<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<(&'t Key<'i>, &'t Value<'i>)> {
    table.iter().find(|(key, _)| key.get_ref() == name)
}

fn span(range: std::ops::Range<usize>) -> Span {
    let offset = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(offset(range.start), offset(range.end))
}

/// Whether a package may have this name: like a module, and neither a keyword nor `std`.
pub fn is_package_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(is_part)
        && name != "std"
        && !parse(FileId(0), &format!("view {name}();")).has_errors()
}

/// Three numbers without leading zeros.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| {
        let fits = part.parse::<u64>().is_ok_and(|_| !part.starts_with('+'));
        fits && (part == "0" || !part.starts_with('0'))
    };
    text.split('.').count() == 3 && text.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut sources = crate::source::Sources::new();
        let file = sources.add(MANIFEST, text);
        match Manifest::parse(file, text) {
            Ok(_) => Vec::new(),
            Err(diagnostics) => diagnostics.iter().map(|d| d.short(&sources)).collect(),
        }
    }

    #[test]
    fn a_manifest_says_name_version_and_dependencies() {
        let text = "[package]\nname = \"app\"\nversion = \"1.4.0\"\n\
            [dependencies]\ngeo = { path = \"../geo\" }\n[deploy]\nworkers = 4\nany.thing = []\n";
        let manifest = Manifest::parse(FileId(0), text).expect("sound");
        assert_eq!((&*manifest.name, &*manifest.version), ("app", "1.4.0"));
        assert_eq!(manifest.name_span.of(text), "\"app\"");
        let geo = &manifest.dependencies["geo"];
        assert_eq!((&*geo.path, geo.span.of(text)), ("../geo", "geo"));
        assert!(manifest.deploy.is_some());
    }

    #[test]
    fn every_mistake_is_told_once_at_its_place() {
        let head = "[package]\nname = \"app\"\nversion = \"1.4.0\"\n";
        let cases = [
            (String::new(), "1:1: error[E0714]", "lacks `[package]`"),
            ("package = 1".into(), "1:11: error[E0714]", "is a section"),
            (
                "[package]\nname = \"a\"".into(),
                "1:1: error[E0714]",
                "lacks `version`",
            ),
            (
                "[package]\nversion = \"1.0.0\"".into(),
                "1:1: error[E0714]",
                "lacks `name`",
            ),
            (
                head.replace("app", "App"),
                "2:8: error[E0714]",
                "`App` cannot",
            ),
            (
                head.replace("app", "std"),
                "2:8: error[E0714]",
                "`std` cannot",
            ),
            (
                head.replace("app", "view"),
                "2:8: error[E0714]",
                "`view` cannot",
            ),
            (
                head.replace("\"app\"", "7"),
                "2:8: error[E0714]",
                "a text in quotes",
            ),
            (
                head.replace("1.4.0", "1.4"),
                "3:11: error[E0714]",
                "`1.4` is no version",
            ),
            (
                head.replace("1.4.0", "1.04.0"),
                "3:11: error[E0714]",
                "no version",
            ),
            (
                head.replace("version", "vresion"),
                "3:1: error[E0713]",
                "`package.vresion`",
            ),
            (
                format!("{head}[dependency]\n"),
                "4:2: error[E0713]",
                "`dependency`",
            ),
            (
                format!("{head}[dependencies]\ngeo = \"1.0\"\n"),
                "5:7: error[E0714]",
                "where",
            ),
            (
                format!("{head}[dependencies]\ngeo = {{}}\n"),
                "5:1: error[E0714]",
                "lacks `path`",
            ),
            (
                format!("{head}[dependencies]\ngeo = {{ path = \"g\", git = \"\" }}\n"),
                "5:21: error[E0713]",
                "`dependencies.geo.git`",
            ),
            (
                format!("{head}name = \"b\"\n"),
                "4:1: error[E0712]",
                "duplicate key",
            ),
            ("[package".into(), "1:", "error[E0712]"),
        ];
        for (text, place, message) in cases {
            let lines = lines(&text);
            assert_eq!(lines.len(), 1, "{text}\n{lines:#?}");
            let expected = format!("{MANIFEST}:{place}");
            assert!(lines[0].starts_with(&expected), "{text}\n{lines:#?}");
            assert!(lines[0].contains(message), "{text}\n{lines:#?}");
        }
    }
}
