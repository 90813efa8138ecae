//! The world outside, as sources and sinks see it: files and standard streams.
//!
//! Invariants:
//! - Nothing in this crate opens a file or a standard stream except through an [`Environment`], so
//!   that a simulator can stand in for it.
//! - What is written to a [`Draft`] is not seen under its target's name before it is committed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

/// Files and standard streams.
pub trait Environment: Send + Sync {
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;

    /// Opens a file of which parts are read.
    fn open_ranges(&self, path: &Path) -> io::Result<Arc<dyn RandomAccess>> {
        in_memory(self.open(path)?)
    }

    /// The files that a path or glob names below `base` (an absolute one ignores it), in ascending
    /// order; empty if there are none.
    fn list(&self, base: &Path, pattern: &str) -> io::Result<Vec<PathBuf>>;

    /// Size of a file in bytes; `None` if it cannot be known.
    fn size(&self, path: &Path) -> Option<u64>;

    /// Standard input.
    fn stdin(&self) -> Box<dyn Read + Send>;

    /// Standard output.
    fn stdout(&self) -> Box<dyn Write + Send>;

    /// Begins to write a file, making the folders that lead to it.
    fn create(&self, target: &Path) -> io::Result<Box<dyn Draft>>;

    /// The most memory that this process (`None`) or another one ever held, in bytes; `None` if it
    /// cannot be known.
    fn peak_memory(&self, process: Option<u32>) -> Option<u64> {
        let _ = process;
        None
    }
}

/// A file of which any part can be read.
pub trait RandomAccess: Send + Sync {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// Fills the buffer with what begins at an offset.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// All that can be read, kept in memory.
pub fn in_memory(mut input: Box<dyn Read + Send>) -> io::Result<Arc<dyn RandomAccess>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    Ok(Arc::new(bytes))
}

impl RandomAccess for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let part = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}

/// A file being written. Dropped without [`Draft::commit`], it leaves nothing behind.
pub trait Draft: Write + Send {
    /// Gives the file its name, replacing what had it.
    fn commit(self: Box<Self>) -> io::Result<()>;
}

/// The file system and standard streams of this process.
#[derive(Clone, Debug, Default)]
pub struct System {
    drafts: Arc<Mutex<Drafts>>,
}

/// Temporary files that are being written, with the folders made for each, outermost first.
#[derive(Debug, Default)]
struct Drafts {
    open: BTreeMap<PathBuf, Vec<PathBuf>>,
    abandoned: bool,
}

impl System {
    /// Removes everything that is being written; nothing can be committed any more. For the last
    /// moment of a process that must end now.
    pub fn abandon(&self) {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.abandoned = true;
        for (file, made) in std::mem::take(&mut drafts.open) {
            // What cannot be removed now cannot be removed at all.
            let _ = fs::remove_file(file);
            remove_folders(&made);
        }
    }
}

impl Environment for System {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder; name files in it with a glob such as *.csv",
            ));
        }
        Ok(Box::new(file))
    }

    #[cfg(unix)]
    fn open_ranges(&self, path: &Path) -> io::Result<Arc<dyn RandomAccess>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            return Ok(Arc::new(Ranges {
                file,
                size: metadata.len(),
            }));
        }
        // A folder is refused there, a pipe is read to its end.
        in_memory(self.open(path)?)
    }

    fn list(&self, base: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let whole = base.join(pattern);
        if !pattern.contains(['*', '?', '[']) || whole.exists() {
            return Ok(if whole.exists() {
                vec![whole]
            } else {
                Vec::new()
            });
        }
        let escaped = PathBuf::from(glob::Pattern::escape(&base.to_string_lossy())).join(pattern);
        let mut files = Vec::new();
        let found = glob::glob(&escaped.to_string_lossy())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.msg))?;
        for path in found {
            let path = path.map_err(io::Error::from)?;
            if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    fn size(&self, path: &Path) -> Option<u64> {
        let metadata = fs::metadata(path).ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    fn stdin(&self) -> Box<dyn Read + Send> {
        Box::new(io::stdin())
    }

    fn stdout(&self) -> Box<dyn Write + Send> {
        Box::new(io::stdout())
    }

    fn create(&self, target: &Path) -> io::Result<Box<dyn Draft>> {
        // Through a link, so that the link stays one.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
        if fs::metadata(&target).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
            let device = File::options().write(true).open(&target)?;
            return Ok(Box::new(DeviceDraft(BufWriter::new(device))));
        }
        if target.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder; an output needs the name of a file",
            ));
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let made = make_folders(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sheaf-").suffix(".tmp");
        #[cfg(unix)]
        {
            // The mode of any new file; the process's mask still applies.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        match builder.tempfile_in(folder) {
            Ok(file) => {
                self.drafts
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .open
                    .insert(file.path().to_path_buf(), made);
                Ok(Box::new(FileDraft {
                    file: Some(file),
                    target,
                    drafts: self.drafts.clone(),
                }))
            }
            Err(error) => {
                remove_folders(&made);
                // Without the random name, which means nothing to the user.
                Err(io::Error::from(error.kind()))
            }
        }
    }

    fn peak_memory(&self, process: Option<u32>) -> Option<u64> {
        let path = match process {
            None => "/proc/self/status".to_string(),
            Some(process) => format!("/proc/{process}/status"),
        };
        let status = fs::read_to_string(path).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1024)
    }
}

/// A file with the length that it had when it was opened.
#[cfg(unix)]
struct Ranges {
    file: File,
    size: u64,
}

#[cfg(unix)]
impl RandomAccess for Ranges {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }
}

/// A temporary file beside its target.
struct FileDraft {
    /// `None` once committed.
    file: Option<NamedTempFile>,
    target: PathBuf,
    drafts: Arc<Mutex<Drafts>>,
}

impl Write for FileDraft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.flush())
    }
}

impl Draft for FileDraft {
    fn commit(mut self: Box<Self>) -> io::Result<()> {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        if drafts.abandoned {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if let Some(file) = self.file.take() {
            let made = drafts.open.remove(file.path());
            if let Err(error) = file.persist(&self.target) {
                drop(error.file);
                remove_folders(&made.unwrap_or_default());
                return Err(error.error);
            }
        }
        Ok(())
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
            let made = drafts.open.remove(file.path());
            drop(file);
            remove_folders(&made.unwrap_or_default());
        }
    }
}

/// A device or pipe: what is written is out at once, there is nothing to rename.
struct DeviceDraft(BufWriter<File>);

impl Write for DeviceDraft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Draft for DeviceDraft {
    fn commit(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

/// Makes a folder and those above it; returns the ones that were missing, outermost first.
fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_path_buf)
        .collect();
    missing.reverse();
    fs::create_dir_all(folder)?;
    Ok(missing)
}

/// Removes folders that this process made, unless something is in them by now.
fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_draft_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/deep/out.csv");
        let mut draft = System::default().create(&target).unwrap();
        draft.write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_committed_draft_replaces_its_target_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        fs::write(&target, "old").unwrap();
        let mut draft = System::default().create(&target).unwrap();
        draft.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        draft.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn abandoned_drafts_are_gone_and_cannot_be_committed() {
        let folder = tempfile::tempdir().unwrap();
        let system = System::default();
        let target = folder.path().join("new/out.csv");
        let mut draft = system.create(&target).unwrap();
        draft.write_all(b"half").unwrap();
        system.abandon();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(draft.commit().is_err());
        assert!(!target.exists());
    }

    #[test]
    fn a_glob_is_sorted_and_a_literal_name_wins() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("odd[x]");
        fs::create_dir(&base).unwrap();
        for name in ["b.csv", "a.csv", "c.txt", "[z].csv"] {
            fs::write(base.join(name), "").unwrap();
        }
        let list = |pattern| System::default().list(&base, pattern).unwrap();
        assert_eq!(
            list("*.csv"),
            [base.join("[z].csv"), base.join("a.csv"), base.join("b.csv")]
        );
        assert_eq!(list("[z].csv"), [base.join("[z].csv")]);
        assert!(list("none.csv").is_empty());
        assert!(System::default().list(&base, "***").is_err());
    }
}
