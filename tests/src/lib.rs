//! What the end-to-end tests share: the built binary, temporary folders, outside clients.

pub mod manual;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
}

/// The release binary, brought up to date once per test process.
///
/// Cargo builds a binary only for the integration tests of its own package, and these tests belong
/// to no single package.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--package", "sheaf"])
            .current_dir(root())
            .status()
            .expect("cargo starts");
        assert!(status.success(), "sheaf does not build");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root().join("target"), PathBuf::from);
        target
            .join("release")
            .join(format!("sheaf{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A command that runs `sheaf` in `folder`.
pub fn sheaf(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder);
    command
}

/// What a finished run printed and how it ended.
pub struct Finished {
    /// Exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Finished {
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Finished {
    /// Fails the test, showing everything, unless the run succeeded.
    pub fn ok(self) -> Finished {
        assert_eq!(
            self.code,
            Some(0),
            "exit {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        self
    }
}

/// Runs `sheaf` in `folder` with these arguments.
pub fn run(folder: &Path, arguments: &[&str]) -> Finished {
    sheaf(folder)
        .args(arguments)
        .output()
        .expect("sheaf starts")
        .into()
}

/// A program and its inputs in a folder of their own.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// Writes files given as `(name, contents)`.
    pub fn new(files: &[(&str, &str)]) -> Project {
        let project = Project {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for (name, contents) in files {
            project.write(name, contents);
        }
        project
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes one file.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, contents).expect("a written file");
    }

    /// Reads one file.
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether a file exists.
    pub fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// Every file, by its path from here.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path()).expect("it is in here");
                    files.insert(name.to_path_buf(), std::fs::read(&path).expect("a file"));
                }
            }
        }
        files
    }

    /// Runs `sheaf` here.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        run(self.path(), arguments)
    }
}

/// The ways to run one program that must not change its answer.
pub const LAYOUTS: &[&[&str]] = &[
    &["--workers", "1"],
    &["--workers", "2"],
    &["--workers", "3"],
    &["--processes", "2", "--workers", "1"],
    &["--processes", "2", "--workers", "2"],
];

/// Whether a program from outside can be run. A missing one is said, and is a failure where
/// `SHEAF_REQUIRE_CLIENTS` is set, as continuous integration does.
pub fn has_client(name: &str) -> bool {
    let found = Command::new(name)
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("outside client missing: {name}; what it would check is skipped");
        assert!(
            std::env::var_os("SHEAF_REQUIRE_CLIENTS").is_none(),
            "{name} is required here and missing"
        );
    }
    found
}
