//! The folder of one server.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use catalyst_core::{Error, ErrorKind, Result};
use tempfile::TempDir;

/// A temporary folder that is kept when the test fails, for its logs; the path is then printed.
#[derive(Debug)]
pub(crate) struct Folder {
    name: &'static str,
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl Folder {
    pub(crate) fn new(name: &'static str) -> Result<Self> {
        Self::below(&std::env::temp_dir(), name)
    }

    /// One in memory, where there is such a place: for servers that wait for a disk with every step, which whatever
    /// else runs beside the tests would slow down.
    pub(crate) fn in_memory(name: &'static str) -> Result<Self> {
        Self::below(Path::new("/dev/shm"), name).or_else(|_no_such_place| Self::new(name))
    }

    fn below(place: &Path, name: &'static str) -> Result<Self> {
        let fail = |error: io::Error| {
            Error::new(ErrorKind::Other, "make a server's folder")
                .with_help("the temporary folder is not writable; set TMPDIR")
                .with_source(error)
        };
        let temporary =
            tempfile::Builder::new().prefix(&format!("catalyst-{name}-")).tempdir_in(place).map_err(fail)?;
        // PostgreSQL runs as another user than root and must get through; what is secret inside has its own mode.
        std::fs::set_permissions(temporary.path(), Permissions::from_mode(0o711)).map_err(fail)?;
        let path = temporary.path().to_owned();
        Ok(Self { name, path, temporary: Some(temporary) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on it is somebody else's to remove.
    pub(crate) fn leave(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _path: PathBuf = temporary.keep();
        }
    }

    pub(crate) fn join(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }
}

impl Drop for Folder {
    #[allow(clippy::print_stderr, reason = "whoever looks at a failed test needs to know where the logs are")]
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(temporary) = self.temporary.take()
        {
            eprintln!("logs of {} are kept in {}", self.name, temporary.keep().display());
        }
    }
}
