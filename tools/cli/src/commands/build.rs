//! `sheaf build FILE`

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sheaf_compiler::source::Sources;
use sheaf_node::environment::System;

use crate::arguments::Build;
use crate::built::{self, Payload};
use crate::{Outcome, compile, print};

/// Makes a program an executable of its own.
pub fn build(arguments: &Build) -> Outcome {
    if !cfg!(target_os = "linux") {
        let help = "run the program with `sheaf run`, or build it on Linux, for Linux";
        print::error(
            "sheaf build makes executables on Linux only",
            &[help.into()],
        );
        return Outcome::Failure;
    }
    let (program, sources) = match compile::runnable(&arguments.file, &System::default()) {
        Ok(compiled) => compiled,
        Err(outcome) => return outcome,
    };
    let stem = arguments.file.file_stem().unwrap_or_default();
    let output = match &arguments.out {
        Some(output) => output.clone(),
        None => PathBuf::from(stem),
    };
    if let Err(message) = refuse(&output, &arguments.file, &sources) {
        print::error(message, &["give it another name: --out path".to_string()]);
        return Outcome::Usage;
    }
    let payload = Payload {
        name: output
            .file_name()
            .unwrap_or(stem)
            .to_string_lossy()
            .into_owned(),
        about: about(&sources),
        program: sheaf_ir::binary::to_bytes(&program),
        sources: sources
            .iter()
            .map(|(_, source)| (source.name().to_string(), source.text().to_string()))
            .collect(),
    };
    let own = std::env::current_exe().and_then(fs::read);
    let written = own
        .map_err(|error| format!("the executable of sheaf cannot be read: {error}"))
        .and_then(|own| built::assemble(own, &payload))
        .and_then(|bytes| {
            write(&output, &bytes).map_err(|error| format!("{}: {error}", output.display()))
        });
    match written {
        Ok(()) => Outcome::Success,
        Err(message) => {
            print::error(message, &[]);
            Outcome::Failure
        }
    }
}

/// Refuses names that are taken by something that must not be lost.
fn refuse(output: &Path, file: &Path, sources: &Sources) -> Result<(), String> {
    if output.is_dir() {
        return Err(format!("{} is a folder", output.display()));
    }
    let Ok(target) = output.canonicalize() else {
        return Ok(());
    };
    let read = sources.iter().map(|(_, source)| Path::new(source.name()));
    let own = std::env::current_exe().ok();
    for kept in read.chain([file]).chain(own.as_deref()) {
        if kept.canonicalize().is_ok_and(|kept| kept == target) {
            return Err(format!("{} would be overwritten", kept.display()));
        }
    }
    Ok(())
}

/// The first paragraph of what the root file says about itself.
fn about(sources: &Sources) -> String {
    let Some((_, root)) = sources.iter().next() else {
        return String::new();
    };
    let lines = root
        .text()
        .lines()
        .map_while(|line| line.strip_prefix("//!"));
    let paragraph: Vec<&str> = lines
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    paragraph.join(" ")
}

/// Writes an executable file, which appears under its name whole or not at all.
fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a link, so that the link stays one.
    let target = target.canonicalize().unwrap_or_else(|_| target.into());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sheaf-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o755));
    }
    let mut file = builder
        .tempfile_in(folder)
        // Without the random name, which means nothing to the user.
        .map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.flush()?;
    file.persist(&target)?;
    Ok(())
}
