//! How far a replica has come, as the replicator says in the replica itself.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::records;
use crate::refusal::SERVICE;
use crate::{Kv2, RegionName, SecretData, SecretStore, WriteMode};

/// A statement of the replicator, in spans of time of its own clock that never jumps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Whose copy this is.
    pub(crate) source: RegionName,
    /// In which epoch.
    pub(crate) epoch: u64,
    /// When it was written, all that was in the journals so long before was here.
    pub(crate) journal_age: Duration,
    /// And all that was in the primary so long before.
    pub(crate) sweep_age: Duration,
    /// Secrets that are known to be different still.
    pub(crate) behind: u64,
}

/// The statement, and the version of its secret, by which a new one is told.
pub(crate) async fn read(kv: &Kv2) -> Result<Option<(Marker, u64)>> {
    let found = match kv.read(&records::replica()?, None).await {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = |name| found.data.get(name).map(Secret::expose);
    let number = |name| text(name).and_then(|text| text.parse::<u64>().ok());
    let read = || {
        Some(Marker {
            source: text("source")?.parse().ok()?,
            epoch: number("epoch")?,
            journal_age: Duration::from_millis(number("journal_age_ms")?),
            sweep_age: Duration::from_millis(number("sweep_age_ms")?),
            behind: number("behind")?,
        })
    };
    let unreadable = || {
        Error::new(ErrorKind::Decode, "read replica")
            .with_service(SERVICE)
            .with_code("unreadable_answer")
            .with_help("the secret catalyst-regions/replica was not written by the replicator")
    };
    Ok(Some((read().ok_or_else(unreadable)?, found.metadata.version)))
}

pub(crate) async fn write(kv: &Kv2, marker: &Marker) -> Result<()> {
    let millis = |span: Duration| span.as_millis().to_string();
    let data = SecretData::from([
        ("source", marker.source.as_str().to_owned()),
        ("epoch", marker.epoch.to_string()),
        ("journal_age_ms", millis(marker.journal_age)),
        ("sweep_age_ms", millis(marker.sweep_age)),
        ("behind", marker.behind.to_string()),
    ]);
    kv.write(&records::replica()?, &data, WriteMode::Overwrite).await.map(drop)
}
