//! The journal: which paths writers have written to, so that the replicator need not look at all of them.
//!
//! Some few secrets below `catalyst-regions/journal`, each a ring of the paths that were written last and the count of
//! all. Writers share them: each picks one, and appends with check-and-set. An entry is a hint and no more: what is
//! missing is found by the next sweep.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::Result;
use tokio::time::timeout;

use super::records;
use crate::{Kv2, SecretData, SecretPath, SecretStore, WriteMode};

/// So many paths a journal holds; with more between two looks of the replicator, it sweeps.
const ENTRIES: usize = 256;
/// And so many bytes, for each append writes all of them.
const BYTES: usize = 48 << 10;
/// How often an append is tried when others append at the same time.
const TRIES: u32 = 6;
/// An append takes no longer. The write that it is about has happened.
const LIMIT: Duration = Duration::from_secs(2);

/// What was done to a path, as it stands in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// A new version was written.
    Wrote,
    /// Anything else.
    Changed,
}

impl Done {
    /// A line of the journal.
    pub(crate) fn line(self, path: &str) -> String {
        let kind = match self {
            Self::Wrote => 'w',
            Self::Changed => 'c',
        };
        format!("{kind} {path}")
    }

    /// What a line says; what is no line of ours is of no use.
    pub(crate) fn read(line: &str) -> Option<(Self, &str)> {
        let (kind, path) = line.split_once(' ')?;
        Some((if kind == "w" { Self::Wrote } else { Self::Changed }, path))
    }
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// How many paths were ever appended.
    pub(crate) count: u64,
    /// The last of them.
    pub(crate) paths: Vec<String>,
}

impl Pages {
    pub(crate) fn append(&mut self, paths: impl IntoIterator<Item = String>) {
        for path in paths {
            self.count += 1;
            self.paths.push(path);
        }
        let mut bytes = 0;
        let mut fits = |path: &String| {
            bytes += path.len() + 1;
            bytes <= BYTES
        };
        let keep = self.paths.iter().rev().take(ENTRIES).take_while(|path| fits(path)).count();
        self.paths.drain(..self.paths.len() - keep);
    }

    /// The paths that were appended since there were `seen`; none if some of them are no longer there.
    pub(crate) fn since(&self, seen: u64) -> Option<&[String]> {
        let new = usize::try_from(self.count.checked_sub(seen)?).ok()?;
        self.paths.get(self.paths.len().checked_sub(new)?..)
    }

    fn read(data: &SecretData) -> Option<Self> {
        let count = data.get("count")?.expose().parse().ok()?;
        let paths = data.get("paths")?.expose();
        Some(Self { count, paths: paths.lines().map(str::to_owned).collect() })
    }

    fn write(&self) -> SecretData {
        SecretData::from([("count", self.count.to_string()), ("paths", self.paths.join("\n"))])
    }
}

/// A journal of the primary, and its version.
pub(crate) async fn read(kv: &Kv2, slot: &str) -> Result<Option<(Pages, u64)>> {
    match kv.read(&records::journal(slot)?, None).await {
        Ok(found) => {
            let pages = Pages::read(&found.data).unwrap_or_default();
            Ok(Some((pages, found.metadata.version)))
        }
        Err(error) if error.code() == Some("secret_not_found") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Appends for all clones of one client, several paths in one write where they come together.
#[derive(Debug)]
pub(crate) struct Writer {
    slot: String,
    waiting: Mutex<Queue>,
    /// What the journal holds as far as we know; held while it is written.
    known: tokio::sync::Mutex<(Pages, u64)>,
}

#[derive(Debug, Default)]
struct Queue {
    paths: Vec<String>,
    /// The number of the write that takes them along.
    batch: u64,
}

impl Writer {
    pub(crate) fn new() -> Self {
        let slot = format!("{:02}", fastrand::u8(..records::JOURNALS));
        Self { slot, waiting: Mutex::default(), known: tokio::sync::Mutex::default() }
    }

    /// Notes that `path` was written. Fails in silence, but for the log: the next sweep finds it.
    pub(crate) async fn note(&self, kv: &Kv2, path: &SecretPath, done: Done) {
        let batch = {
            let mut waiting = self.queue();
            waiting.paths.push(done.line(path.as_str()));
            waiting.batch
        };
        match timeout(LIMIT, self.flush(kv, batch)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a write was not noted in the journal"),
            Err(_elapsed) => tracing::debug!("a write was not noted in the journal in time"),
        }
    }

    async fn flush(&self, kv: &Kv2, batch: u64) -> Result<()> {
        let mut known = self.known.lock().await;
        let paths = {
            let mut waiting = self.queue();
            if waiting.batch > batch {
                // Somebody took ours along.
                return Ok(());
            }
            waiting.batch += 1;
            std::mem::take(&mut waiting.paths)
        };
        let place = records::journal(&self.slot)?;
        for tried in 0..TRIES {
            let mut pages = known.0.clone();
            pages.append(paths.iter().cloned());
            let mode = if known.1 == 0 { WriteMode::CreateOnly } else { WriteMode::IfVersion(known.1) };
            match kv.write(&place, &pages.write(), mode).await {
                Ok(written) => {
                    *known = (pages, written.version);
                    return Ok(());
                }
                Err(error) if error.code() != Some("cas_mismatch") || tried + 1 == TRIES => {
                    return Err(error);
                }
                Err(_somebody_else) => *known = read(kv, &self.slot).await?.unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_says_what_was_done_to_which_path() {
        for (done, path) in [(Done::Wrote, "a b/c d"), (Done::Changed, "w x")] {
            assert_eq!(Done::read(&done.line(path)), Some((done, path)));
        }
        assert_eq!(Done::read("nothing"), None);
    }

    #[test]
    fn a_reader_that_fell_behind_is_told() {
        let mut pages = Pages::default();
        pages.append((0..ENTRIES + 10).map(|number| number.to_string()));
        assert_eq!(pages.since(5), None, "five of the first ten are gone");
        assert_eq!(pages.since(10).unwrap().len(), ENTRIES);
        assert_eq!(pages.since(pages.count), Some(&[][..]));
        assert_eq!(pages.since(pages.count + 1), None, "the journal was made anew");
    }

    proptest! {
        #[test]
        fn what_is_appended_is_seen_once_or_its_loss_is(
            batches in proptest::collection::vec(proptest::collection::vec("[a-z]{1,9}", 0..9), 1..20),
        ) {
            let (mut pages, mut seen, mut read) = (Pages::default(), 0, Vec::new());
            for batch in &batches {
                pages.append(batch.clone());
                let stored = Pages::read(&pages.write()).unwrap();
                read.extend(stored.since(seen).unwrap().to_vec());
                seen = stored.count;
            }
            prop_assert_eq!(read, batches.concat());
        }
    }
}
