//! Giving something another name, everywhere.
//!
//! Invariant: the name is changed only if the text means the same with it: it is a name of the same
//! kind, and nothing around has it already.

use std::path::{Path, PathBuf};

use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::{TokenKind, parse};

use crate::analysis::{Analysis, library_text};
use crate::program::Program;
use crate::{Place, TextEdit};

impl Analysis {
    /// The name at an offset, if it can be changed.
    ///
    /// # Errors
    /// It cannot: why.
    pub fn renamable(&self, file: &Path, offset: u32) -> Result<Span, String> {
        let program = self.program(file);
        let found = program.occurrence_at(Program::ROOT, offset);
        let Some(found) = found else {
            return Err("there is no name here that stands for something".to_owned());
        };
        if library_text(program.path(found.file)).is_some() {
            return Err("the standard library keeps its names".to_owned());
        }
        if found.declared == Span::default() {
            return Err("a module has the name of its file: rename the file".to_owned());
        }
        let is_test = program
            .declaration(found)
            .is_some_and(|d| d.kind == crate::Kind::Test);
        match is_test {
            true => Err("a test is described, not named".to_owned()),
            false => Ok(found.span),
        }
    }

    /// The edits that give the name at an offset another form, in the files of the workspace.
    ///
    /// # Errors
    /// It cannot have that name: why.
    pub fn rename(
        &self,
        file: &Path,
        offset: u32,
        name: &str,
        folders: &[PathBuf],
    ) -> Result<Vec<TextEdit>, String> {
        let span = self.renamable(file, offset)?;
        let program = self.program(file);
        let old = program.slice(Program::ROOT, span).to_owned();
        if name == old {
            return Ok(Vec::new());
        }
        check_form(&old, name)?;
        let uses = self.references(file, offset, folders);
        for used in &uses {
            self.check_free(&used.place, &old, name)?;
        }
        let mut edits = Vec::new();
        for used in uses {
            let other = self.program(&used.place.file);
            let text = other.slice(Program::ROOT, used.place.span);
            // Under another name, as in `use a.b as c;`, it keeps that.
            if text != old {
                continue;
            }
            let text = match self.shorthand(&other, &used.place, used.is_shorthand) {
                Some(Shorthand::Part) => format!("{name}: {old}"),
                Some(Shorthand::Variable) => format!("{old}: {name}"),
                None => name.to_owned(),
            };
            let place = used.place;
            edits.push(TextEdit { place, text });
        }
        edits.sort();
        edits.dedup();
        Ok(edits)
    }

    /// What of `t` for `t: t` is renamed.
    fn shorthand(&self, program: &Program, place: &Place, is_part: bool) -> Option<Shorthand> {
        let all = program.occurrences(Program::ROOT).iter();
        let mut here = all.filter(|found| found.span == place.span);
        match (is_part, here.any(|found| found.is_shorthand)) {
            (true, _) => Some(Shorthand::Part),
            (false, true) => Some(Shorthand::Variable),
            (false, false) => None,
        }
    }

    /// Refuses a name that means something where it is to stand.
    fn check_free(&self, place: &Place, old: &str, name: &str) -> Result<(), String> {
        let program = self.program(&place.file);
        let here = program.occurrences(Program::ROOT).iter();
        let found = here.clone().find(|found| found.span == place.span);
        let Some(found) = found.filter(|_| program.slice(Program::ROOT, place.span) == old) else {
            return Ok(());
        };
        let taken = |what: &str| {
            let line = program
                .sources()
                .get(Program::ROOT)
                .position(place.span.start)
                .line;
            let file = place.file.file_name().unwrap_or_default().to_string_lossy();
            Err(format!("`{name}` is already {what} ({file}:{line})"))
        };
        if let Some((of, _)) = program.declarations().part_at(found.file, found.declared) {
            return match of.parts.iter().any(|part| part.name == name) {
                true => taken(&format!("another part of `{}`", of.name)),
                false => Ok(()),
            };
        }
        if program.declaration(found).is_some() {
            let modules = program.survey().modules.iter();
            for module in modules.filter(|module| module.file == Program::ROOT) {
                let spaces = [&module.callables, &module.params, &module.types];
                let knows = |name: &str| {
                    spaces.iter().any(|space| {
                        space
                            .get(name)
                            .is_some_and(|named| named.declared == (found.file, found.declared))
                    })
                };
                let has = spaces.iter().any(|space| space.contains_key(name));
                if has && knows(old) {
                    return taken("the name of something else");
                }
            }
            return Ok(());
        }
        // A variable: no other one of that name in the same statement.
        let statement = statement_around(&program, place.span);
        let mut others = here.filter(|other| {
            statement.contains(other.span.start) && program.slice(Program::ROOT, other.span) == name
        });
        match others.any(|other| {
            let is_variable = program
                .declarations()
                .at(other.file, other.declared)
                .is_none();
            let is_part = program
                .declarations()
                .part_at(other.file, other.declared)
                .is_some();
            let is_param = !is_variable
                && program
                    .declaration(other)
                    .is_some_and(|d| d.kind == crate::Kind::Param);
            is_variable && !is_part || is_param
        }) {
            true => taken("a variable here"),
            false => {
                let module = program.survey().modules.first();
                let is_param = module.is_some_and(|module| module.params.contains_key(name));
                if is_param { taken("a param") } else { Ok(()) }
            }
        }
    }
}

enum Shorthand {
    Part,
    Variable,
}

/// The innermost item around a place.
pub(crate) fn statement_around(program: &Program, span: Span) -> Span {
    let tree = program.tree(Program::ROOT);
    let items = tree.iter().flat_map(|parsed| &parsed.tree.items);
    let mut around = items
        .map(|item| item.span)
        .filter(|item| item.contains(span.start));
    around.next_back().unwrap_or(span)
}

/// Refuses what is no name, or one of another kind.
fn check_form(old: &str, name: &str) -> Result<(), String> {
    let parsed = parse(FileId(0), name);
    let is_name = matches!(
        parsed.tokens.as_slice(),
        [token] if matches!(token.kind, TokenKind::Lower | TokenKind::Upper)
    ) && parsed.tokens[0].span.len() as usize == name.len();
    // A keyword that is a name in some places is none everywhere.
    let is_upper = |text: &str| text.starts_with(char::is_uppercase);
    let declares = match is_upper(name) {
        true => format!("record {name} {{ a: Int }}"),
        false => format!("view {name}();"),
    };
    if !is_name || parse(FileId(0), &declares).has_errors() {
        return Err(format!("`{name}` is not a name"));
    }
    match (is_upper(old), is_upper(name)) {
        (true, false) => Err(format!(
            "`{name}` must begin with a capital letter, like `{old}`"
        )),
        (false, true) => Err(format!(
            "`{name}` must begin with a small letter, like `{old}`"
        )),
        _ => Ok(()),
    }
}
