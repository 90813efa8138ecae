//! An environment in memory: files are entries of a map.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sheaf_node::environment::{Draft, Environment};

/// Files, standard input and what was written to standard output.
#[derive(Clone, Default)]
pub struct Memory {
    pub files: Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>,
    pub input: Vec<u8>,
    pub output: Arc<Mutex<Vec<u8>>>,
    /// Bytes that one read gives at most; 0 for any number.
    pub granule: usize,
}

#[allow(dead_code)]
impl Memory {
    pub fn with(files: &[(&str, &[u8])]) -> Memory {
        let memory = Memory::default();
        for (name, bytes) in files {
            memory
                .files
                .lock()
                .unwrap()
                .insert(PathBuf::from(name), bytes.to_vec());
        }
        memory
    }

    pub fn file(&self, name: &str) -> Option<String> {
        let files = self.files.lock().unwrap();
        let bytes = files.get(Path::new(name))?;
        Some(String::from_utf8(bytes.clone()).unwrap())
    }

    pub fn printed(&self) -> String {
        String::from_utf8(self.output.lock().unwrap().clone()).unwrap()
    }
}

struct Granules(Cursor<Vec<u8>>, usize);

impl Read for Granules {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = if self.1 == 0 {
            buffer.len()
        } else {
            self.1.min(buffer.len())
        };
        self.0.read(&mut buffer[..most])
    }
}

struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct MemoryDraft {
    files: Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>,
    target: PathBuf,
    bytes: Vec<u8>,
}

impl Write for MemoryDraft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Draft for MemoryDraft {
    fn commit(self: Box<Self>) -> io::Result<()> {
        self.files.lock().unwrap().insert(self.target, self.bytes);
        Ok(())
    }
}

impl Environment for Memory {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        let files = self.files.lock().unwrap();
        let bytes = files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Granules(Cursor::new(bytes.clone()), self.granule)))
    }

    fn list(&self, base: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let whole = base.join(pattern);
        let files = self.files.lock().unwrap();
        let fits = |path: &&PathBuf| match pattern.split_once('*') {
            Some((_, end)) => path.to_string_lossy().ends_with(end),
            None => **path == whole,
        };
        Ok(files.keys().filter(fits).cloned().collect())
    }

    fn size(&self, path: &Path) -> Option<u64> {
        Some(self.files.lock().unwrap().get(path)?.len() as u64)
    }

    fn stdin(&self) -> Box<dyn Read + Send> {
        Box::new(Granules(Cursor::new(self.input.clone()), self.granule))
    }

    fn stdout(&self) -> Box<dyn Write + Send> {
        Box::new(Shared(self.output.clone()))
    }

    fn create(&self, target: &Path) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(MemoryDraft {
            files: self.files.clone(),
            target: target.to_path_buf(),
            bytes: Vec::new(),
        }))
    }
}
