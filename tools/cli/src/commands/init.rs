//! `sheaf init [FOLDER]`

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use sheaf_compiler::package::is_package_name;
use sheaf_node::environment::{Draft, Environment, System};

use crate::arguments::{Init, Template};
use crate::{Outcome, print};

/// The root file of each project, under the name of the project.
const PROGRAM: &str = "program.sheaf";

/// Files of a project by their paths; `{name}` in a text is the name of the project.
type Files = &'static [(&'static str, &'static str)];

const EVERYWHERE: Files = &[
    ("sheaf.toml", include_str!("../../templates/sheaf.toml")),
    // Under its own name it would be obeyed in the folder of the templates.
    (".gitignore", include_str!("../../templates/gitignore")),
];

fn files(template: Template) -> Files {
    match template {
        Template::Data => &[
            (PROGRAM, include_str!("../../templates/data/program.sheaf")),
            ("README.md", include_str!("../../templates/data/README.md")),
            (
                "data/sales.csv",
                include_str!("../../templates/data/sales.csv"),
            ),
            (
                "data/prices.csv",
                include_str!("../../templates/data/prices.csv"),
            ),
        ],
        Template::Datalog => &[
            (
                PROGRAM,
                include_str!("../../templates/datalog/program.sheaf"),
            ),
            (
                "README.md",
                include_str!("../../templates/datalog/README.md"),
            ),
            (
                "data/parents.csv",
                include_str!("../../templates/datalog/parents.csv"),
            ),
        ],
        Template::Text => &[
            (PROGRAM, include_str!("../../templates/text/program.sheaf")),
            ("README.md", include_str!("../../templates/text/README.md")),
            (
                "data/first.txt",
                include_str!("../../templates/text/first.txt"),
            ),
            (
                "data/second.txt",
                include_str!("../../templates/text/second.txt"),
            ),
        ],
    }
}

/// Starts a project: all of its files are written, or none.
pub fn init(arguments: &Init) -> Outcome {
    let folder = &arguments.folder;
    let name = name(folder);
    let files: Vec<(String, String)> = EVERYWHERE
        .iter()
        .chain(files(arguments.template))
        .map(|(path, text)| {
            let path = match *path {
                PROGRAM => format!("{name}.sheaf"),
                other => other.to_string(),
            };
            (path, text.replace("{name}", &name))
        })
        .collect();
    let taken: Vec<&str> = files
        .iter()
        .map(|(path, _)| path.as_str())
        .filter(|path| folder.join(path).symlink_metadata().is_ok())
        .collect();
    if !taken.is_empty() {
        print::error(
            format_args!("{} already has {}", folder.display(), taken.join(", ")),
            &["name a new folder: sheaf init folder".to_string()],
        );
        return Outcome::Failure;
    }
    if let Err(error) = write(folder, &files) {
        print::error(format_args!("{}: {error}", folder.display()), &[]);
        return Outcome::Failure;
    }
    for (path, _) in &files {
        print::line(folder.join(path).display());
    }
    let program = folder.join(format!("{name}.sheaf"));
    print::say(format_args!("run it: sheaf run {}", program.display()));
    Outcome::Success
}

fn write(folder: &Path, files: &[(String, String)]) -> io::Result<()> {
    let system = System::default();
    let mut drafts: Vec<Box<dyn Draft>> = Vec::new();
    for (path, text) in files {
        let mut draft = system.create(&folder.join(path))?;
        draft.write_all(text.as_bytes())?;
        draft.flush()?;
        drafts.push(draft);
    }
    drafts.into_iter().try_for_each(Draft::commit)
}

/// A package's name that is like that of the folder.
fn name(folder: &Path) -> String {
    let whole = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf());
    let last = whole
        .file_name()
        .map_or("project".into(), OsStr::to_string_lossy);
    let name: String = last
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '_',
        })
        .collect();
    match is_package_name(&name) {
        true => name,
        false => format!("p_{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_names() {
        for (folder, expected) in [
            ("shop", "shop"),
            ("My-Shop.2", "my_shop_2"),
            ("2026", "p_2026"),
            ("view", "p_view"),
            ("std", "p_std"),
            ("/", "project"),
        ] {
            assert_eq!(name(Path::new(folder)), expected, "{folder}");
        }
    }
}
