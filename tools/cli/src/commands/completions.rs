//! `sheaf completions SHELL` and `sheaf man`, both made from the definition of the command line.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use sheaf_node::environment::{Environment, System};

use crate::arguments::{Arguments, Completions, Man};
use crate::{Outcome, print};

/// Prints a shell's script.
pub fn completions(arguments: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut visible(), "sheaf", &mut script);
    print::text(String::from_utf8_lossy(&script));
    Outcome::Success
}

/// Prints the manual page of the command, or writes those of all commands.
pub fn man(arguments: &Man) -> Outcome {
    let done = match &arguments.out {
        Some(folder) => pages(folder),
        None => page(visible())
            .map(|page| print::text(String::from_utf8_lossy(&page)))
            .map_err(|error| error.to_string()),
    };
    match done {
        Ok(()) => Outcome::Success,
        Err(message) => {
            print::error(message, &[]);
            Outcome::Failure
        }
    }
}

/// Writes `sheaf.1`, `sheaf-run.1` and so on.
fn pages(folder: &Path) -> Result<(), String> {
    let system = System::default();
    let mut whole = visible();
    whole.build();
    let parts: Vec<clap::Command> = whole
        .get_subcommands()
        .filter(|part| part.get_name() != "help")
        .map(|part| {
            let name = format!("sheaf-{}", part.get_name());
            part.clone().name(name)
        })
        .collect();
    for command in parts.into_iter().chain([visible()]) {
        let path = folder.join(format!("{}.1", command.get_name()));
        page(command)
            .and_then(|page| {
                let mut file = system.create(&path)?;
                file.write_all(&page)?;
                file.commit()
            })
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The command line without what is not for people.
fn visible() -> clap::Command {
    let whole = Arguments::command();
    let parts = whole.get_subcommands().filter(|part| !part.is_hide_set());
    let parts: Vec<clap::Command> = parts.cloned().collect();
    let mut visible = clap::Command::new("sheaf")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommands(parts);
    if let Some(about) = whole.get_about() {
        visible = visible.about(about.clone());
    }
    visible
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}
