//! What the secondary's secrets were when they were last seen to be in step: a write that follows is then copied in three
//! calls, where a look at both sides and what comes of it are six.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use catalyst_core::{ErrorKind, Result};

use super::copy::Ends;
use super::mark::{self, Mark, Placeholders};
use crate::{MetadataUpdate, SecretMetadata, SecretPath, SecretStore, WriteMode};

/// So many are remembered, at some 300 bytes each; beyond that, looks are taken.
const REMEMBERED: usize = 50_000;
/// With more placeholders than that, the next look counts them.
const FEW: usize = 16;

/// A secret of the secondary that was like the primary's.
#[derive(Clone, Debug)]
struct InStep {
    mark: Mark,
    /// The owner's notes.
    custom: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
pub(super) struct Copies(Mutex<HashMap<String, InStep>>);

impl Copies {
    /// The secondary's secret is like the primary's.
    pub(super) fn in_step(&self, path: &str, target: Option<&SecretMetadata>) {
        if let Some(target) = target {
            self.settled(path, target.current_version, &target.custom);
        }
    }

    /// As [`Copies::in_step`], with its newest version and its custom metadata.
    pub(super) fn settled(&self, path: &str, version: u64, custom: &BTreeMap<String, String>) {
        let mark = Mark::read(custom).filter(|mark| mark.version == version);
        let few = |mark: &Mark| matches!(&mark.placeholders, Placeholders::These(some) if some.len() <= FEW);
        let mut copies = self.lock();
        match mark.filter(few) {
            Some(mark) if copies.len() < REMEMBERED || copies.contains_key(path) => {
                copies.insert(path.to_owned(), InStep { mark, custom: mark::without(custom) });
            }
            _ => drop(copies.remove(path)),
        }
    }

    /// It may be anything.
    pub(super) fn forget(&self, path: &str) {
        self.lock().remove(path);
    }

    /// Whether it was in step, and as a copy of which secret.
    pub(super) fn origin(&self, path: &str) -> Option<mark::Origin> {
        self.lock().get(path).map(|copy| copy.mark.origin)
    }

    /// Copies the one version that the primary is ahead. False if it is not that simple: a look tells.
    pub(super) async fn catch_up(&self, ends: &Ends, path: &SecretPath) -> Result<bool> {
        let Some(copy) = self.lock().remove(path.as_str()) else { return Ok(false) };
        let found = match ends.source.read(path, None).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let version = found.metadata.version;
        let replaced = copy.mark.version;
        if version != replaced + 1 || mark::without(&found.metadata.custom) != copy.custom {
            return Ok(false);
        }
        let mode = if replaced == 0 { WriteMode::CreateOnly } else { WriteMode::IfVersion(replaced) };
        match ends.target.write(path, &found.data, mode).await {
            Ok(_) => {}
            Err(error) if error.code() == Some("cas_mismatch") || error.outcome_unknown() => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        let mark = Mark { version, ..copy.mark };
        let mut custom = copy.custom.clone();
        custom.insert(mark::NAME.to_owned(), mark.to_string());
        ends.target.write_metadata(path, &MetadataUpdate::new().custom(custom)).await?;
        self.lock().insert(path.as_str().to_owned(), InStep { mark, custom: copy.custom });
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, InStep>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
