//! A seed in a file.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, SecretBytes};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{RecoverySeed, SeedStore, StoredSeed};

/// No seed and no journal is larger.
const LIMIT: u64 = 64 * 1024;

/// A seed in a file that only its owner may read, with the journal beside it: `<file>.journal`.
///
/// The journal is replaced by renaming, and files and folder are synchronised to disk each time. A file is overwritten
/// before it is removed, under another name; on file systems that copy on write, and on flash, that promises little.
///
/// ```no_run
/// use catalyst_openbao::bootstrap::FileSeed;
///
/// let seed = FileSeed::new("/run/bootstrap/recovery-seed");
/// # let _ = seed;
/// ```
#[derive(Clone, Debug)]
pub struct FileSeed {
    seed: PathBuf,
    journal: PathBuf,
}

impl FileSeed {
    /// The seed in the file at `path`. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let seed = path.into();
        let journal = beside(&seed, ".journal");
        Self { seed, journal }
    }

    /// Where the journal is.
    pub fn journal(&self) -> &Path {
        &self.journal
    }
}

#[async_trait]
impl SeedStore for FileSeed {
    async fn load(&self) -> Result<StoredSeed> {
        let seed = read(&self.seed).await?;
        let seed = seed.map(|bytes| RecoverySeed::read(bytes.expose())).transpose()?;
        let journal = read(&self.journal).await?.map(|bytes| bytes.expose().to_vec());
        Ok(StoredSeed { seed, journal })
    }

    async fn save(&self, journal: &[u8]) -> Result<()> {
        replace(&self.journal, journal).await.map_err(|cause| failed("save journal", &self.journal, cause))
    }

    async fn erase(&self) -> Result<()> {
        for path in [&self.seed, &self.journal] {
            wipe(path).await.map_err(|cause| failed("erase seed", path, cause))?;
        }
        Ok(())
    }
}

/// The bytes of a private file; none if there is no such file.
async fn read(path: &Path) -> Result<Option<SecretBytes>> {
    let about = match fs::symlink_metadata(path).await {
        Ok(about) => about,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed("read seed", path, cause)),
    };
    if !about.is_file() || about.len() > LIMIT {
        let error = Error::new(ErrorKind::Config, "read seed").with_code("seed_malformed");
        return Err(error.with_help(format!("{} is no file of a seed", path.display())));
    }
    if about.mode() & 0o077 != 0 {
        let help =
            format!("others than its owner may use {}: make a new seed, with mode 0600", path.display());
        let error = Error::new(ErrorKind::Config, "read seed").with_code("seed_too_open");
        return Err(error.with_help(help));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    let read = async { File::open(path).await?.take(LIMIT).read_to_end(&mut bytes).await };
    read.await.map_err(|cause| failed("read seed", path, cause))?;
    Ok(Some(SecretBytes::new(bytes)))
}

/// Writes a private file so that its name leads to the old or to the new content at any moment.
pub(super) async fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = beside(path, ".new");
    match fs::remove_file(&draft).await {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).await?;
    file.set_permissions(PermissionsExt::from_mode(0o600)).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(&draft, path).await?;
    sync_folder(path).await
}

/// Takes a file's name away at once, and then its content. A crash in between leaves the content under another name,
/// which the next call wipes.
async fn wipe(path: &Path) -> io::Result<()> {
    let erased = beside(path, ".erased");
    match fs::rename(path, &erased).await {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    sync_folder(path).await?;
    let mut file = match OpenOptions::new().write(true).open(&erased).await {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause),
    };
    let length = usize::try_from(file.metadata().await?.len().min(LIMIT)).unwrap_or_default();
    file.write_all(&vec![0; length]).await?;
    file.sync_all().await?;
    fs::remove_file(&erased).await?;
    sync_folder(path).await
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes a new, renamed or removed name outlive a power cut.
pub(super) async fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).await?.sync_all().await
}

fn failed(operation: &'static str, path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Config, operation)
        .with_code("seed_unavailable")
        .with_help(format!("{} cannot be used", path.display()))
        .with_source(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_seed(mode: u32) -> (tempfile::TempDir, FileSeed) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        std::fs::write(&path, [7; 32]).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        (folder, FileSeed::new(path))
    }

    #[tokio::test]
    async fn a_journal_is_kept_beside_the_seed_and_erased_after_it() {
        let (folder, seed) = folder_with_seed(0o600);
        assert!(seed.load().await.unwrap().journal.is_none());
        for text in ["first", "second"] {
            seed.save(text.as_bytes()).await.unwrap();
            assert_eq!(seed.load().await.unwrap().journal.unwrap(), text.as_bytes());
        }
        assert_eq!(std::fs::metadata(seed.journal()).unwrap().mode() & 0o777, 0o600);
        seed.erase().await.unwrap();
        seed.erase().await.unwrap();
        let stored = seed.load().await.unwrap();
        assert!(stored.seed.is_none() && stored.journal.is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_draft_that_a_crash_left_is_no_obstacle() {
        let (folder, seed) = folder_with_seed(0o600);
        std::fs::write(folder.path().join("seed.journal.new"), "half").unwrap();
        seed.save(b"whole").await.unwrap();
        assert_eq!(seed.load().await.unwrap().journal.unwrap(), b"whole");
    }

    #[tokio::test]
    async fn an_erasure_that_a_crash_cut_short_is_finished_by_the_next() {
        let (folder, seed) = folder_with_seed(0o600);
        std::fs::rename(folder.path().join("seed"), folder.path().join("seed.erased")).unwrap();
        assert!(seed.load().await.unwrap().seed.is_none());
        seed.erase().await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_seed_that_others_may_read_is_refused() {
        for mode in [0o640, 0o604, 0o660] {
            let (_folder, seed) = folder_with_seed(mode);
            assert_eq!(seed.load().await.unwrap_err().code(), Some("seed_too_open"), "{mode:o}");
        }
    }

    #[tokio::test]
    async fn a_link_or_a_folder_is_no_seed() {
        let (folder, _seed) = folder_with_seed(0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("seed"), &link).unwrap();
        for path in [link, folder.path().to_owned()] {
            assert_eq!(FileSeed::new(path).load().await.unwrap_err().code(), Some("seed_malformed"));
        }
    }
}
