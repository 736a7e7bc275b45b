//! What a replicator is about to copy, on record in the secondary before it does: so that what a killed one left
//! behind, written and not marked yet, is known for its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use catalyst_core::{ErrorKind, Result};

use super::mark::Origin;
use crate::region::records;
use crate::{Kv2, SecretData, SecretStore, WriteMode};

/// So many secrets there are to keep records in; each replicator uses one.
const SLOTS: u8 = 16;
/// How often another one is tried, when somebody else uses ours.
const TRIES: usize = 8;

/// The secrets by path, and which secret of the primary it is.
type Paths = BTreeMap<String, Origin>;

#[derive(Debug, Default)]
pub(super) struct InFlight {
    paths: Mutex<Both>,
    /// Our slot and its version; held while it is written.
    slot: tokio::sync::Mutex<Option<(String, u64)>>,
}

#[derive(Debug, Default)]
struct Both {
    /// What others, or we before, left unfinished, as far as we know; none before it was read.
    left: Option<Paths>,
    /// Where others left it, and the version of that record.
    records: Vec<(String, u64)>,
    /// What we do now.
    now: Paths,
}

impl InFlight {
    /// Reads what was left unfinished, once.
    pub(super) async fn load(&self, kv: &Kv2) -> Result<()> {
        if self.both().left.is_some() {
            return Ok(());
        }
        let (mut left, mut records) = (Paths::new(), Vec::new());
        for slot in kv.list(Some(&records::in_flight()?)).await? {
            match kv.read(&records::in_flight_slot(&slot)?, None).await {
                Ok(found) => {
                    let paths = parse(&found.data);
                    if !paths.is_empty() {
                        records.push((slot, found.metadata.version));
                    }
                    for (path, origin) in paths {
                        add(&mut left, path, origin);
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let mut both = self.both();
        (both.left, both.records) = (Some(left), records);
        Ok(())
    }

    /// What was left unfinished at this path.
    pub(super) fn left(&self, path: &str) -> Option<Origin> {
        self.both().left.as_ref()?.get(path).copied()
    }

    /// Puts on record what is about to be copied.
    pub(super) async fn begin(&self, kv: &Kv2, paths: Vec<(String, Origin)>) -> Result<()> {
        self.both().now.extend(paths);
        self.write(kv).await
    }

    /// Puts on record what is left, as far as it is known.
    async fn write(&self, kv: &Kv2) -> Result<()> {
        let text = {
            let both = self.both();
            let all = both.left.iter().flatten().chain(&both.now);
            all.map(|(path, origin)| format!("{origin} {path}")).collect::<Vec<_>>().join("\n")
        };
        let data = SecretData::from([("paths", text)]);
        let mut slot = self.slot.lock().await;
        for _ in 0..TRIES {
            let (name, version) = match slot.take() {
                Some(known) => known,
                None => another(kv).await?,
            };
            let mode = if version == 0 { WriteMode::CreateOnly } else { WriteMode::IfVersion(version) };
            match kv.write(&records::in_flight_slot(&name)?, &data, mode).await {
                Ok(written) => {
                    *slot = Some((name, written.version));
                    return Ok(());
                }
                Err(error) if error.code() == Some("cas_mismatch") => {}
                Err(error) => return Err(error),
            }
        }
        Err(catalyst_core::Error::new(ErrorKind::Conflict, "replicate")
            .with_service(crate::refusal::SERVICE)
            .with_help("too many replicators write to this secondary at a time"))
    }

    /// It was copied, or found to need nothing.
    pub(super) fn end(&self, path: &str) {
        self.both().now.remove(path);
    }

    /// All that was begun together has ended: it is taken off the record.
    pub(super) async fn ended(&self, kv: &Kv2) -> Result<()> {
        self.write(kv).await
    }

    /// It may have been written in part.
    pub(super) fn leave(&self, path: &str) {
        let mut both = self.both();
        if let Some(origin) = both.now.remove(path) {
            add(both.left.get_or_insert_default(), path.to_owned(), origin);
        }
    }

    /// The paths of what is left, in order.
    pub(super) fn all_left(&self) -> Vec<String> {
        self.both().left.iter().flat_map(BTreeMap::keys).cloned().collect()
    }

    /// Everything was looked at since `was_left` was taken: it is accounted for.
    pub(super) async fn account(&self, kv: &Kv2, was_left: &[String]) -> Result<()> {
        if was_left.is_empty() {
            return Ok(());
        }
        let records = {
            let mut both = self.both();
            if let Some(left) = &mut both.left {
                left.retain(|path, _| was_left.binary_search(path).is_err());
            }
            std::mem::take(&mut both.records)
        };
        self.write(kv).await?;
        let nothing = SecretData::from([("paths", "")]);
        for (slot, version) in records {
            let path = records::in_flight_slot(&slot)?;
            match kv.write(&path, &nothing, WriteMode::IfVersion(version)).await {
                Ok(_) => {}
                // It is ours by now, or another's who lives.
                Err(error) if error.code() == Some("cas_mismatch") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn both(&self) -> MutexGuard<'_, Both> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some slot, and its version.
async fn another(kv: &Kv2) -> Result<(String, u64)> {
    let name = format!("{:02}", fastrand::u8(..SLOTS));
    let version = match kv.metadata(&records::in_flight_slot(&name)?).await {
        Ok(about) => about.current_version,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok((name, version))
}

fn parse(data: &SecretData) -> Paths {
    let lines = data.get("paths").map_or("", |text| text.expose()).lines();
    let one = |line: &str| {
        let (origin, path) = line.split_once(' ')?;
        Some((path.to_owned(), Origin::parse(origin)?))
    };
    let mut paths = Paths::new();
    for (path, origin) in lines.filter_map(one) {
        add(&mut paths, path, origin);
    }
    paths
}

/// Who was killed twice at one path may have left what is of either secret.
fn add(paths: &mut Paths, path: String, origin: Origin) {
    paths
        .entry(path)
        .and_modify(|known| {
            if *known != origin {
                *known = Origin::SEVERAL;
            }
        })
        .or_insert(origin);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_where_two_secrets_were_begun_is_nobodys() {
        let data = SecretData::from([("paths", "7 one\n7 both\n8 both\n8 both\n7 one\nno record")]);
        let (seven, paths) = (Origin::parse("7").unwrap(), parse(&data));
        assert_eq!(paths["one"], seven);
        assert_eq!(paths["both"], Origin::SEVERAL);
        assert_eq!(paths.len(), 2);
    }
}
