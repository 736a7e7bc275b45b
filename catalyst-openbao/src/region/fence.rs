//! Who may be written to, as each region has it on record.

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::records;
use crate::refusal::SERVICE;
use crate::{Kv2, RegionName, SecretData, SecretStore, WriteMode};

/// A region's record of who is primary, and since which promotion.
///
/// It is a secret, `catalyst-regions/fence`, that is written with check-and-set only. A promotion writes a higher epoch
/// into every region that it reaches; whoever is about to write looks at the records of all regions, and the highest
/// epoch counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fence {
    /// Counts promotions; the first primary has 1.
    pub epoch: u64,
    /// Who is primary in this epoch.
    pub primary: RegionName,
}

impl Fence {
    /// A record.
    pub fn new(epoch: u64, primary: RegionName) -> Self {
        Self { epoch, primary }
    }
}

/// A record, or that there is none, and the version that a write of the next one must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) fence: Option<Fence>,
    pub(crate) version: u64,
}

/// Reads the record of a region.
pub(crate) async fn read(kv: &Kv2) -> Result<Recorded> {
    let path = records::fence()?;
    let found = match kv.read(&path, None).await {
        Ok(found) => found,
        Err(error) if error.code() == Some("secret_not_found") => {
            return Ok(Recorded { fence: None, version: 0 });
        }
        Err(error) if matches!(error.code(), Some("version_deleted" | "version_destroyed")) => {
            return Err(unreadable("somebody deleted it"));
        }
        Err(error) => return Err(error),
    };
    let text = |name| found.data.get(name).map(Secret::expose);
    let epoch = text("epoch").and_then(|epoch| epoch.parse().ok()).filter(|&epoch| epoch > 0);
    let primary = text("primary").and_then(|name| name.parse().ok());
    match (epoch, primary) {
        (Some(epoch), Some(primary)) => {
            Ok(Recorded { fence: Some(Fence { epoch, primary }), version: found.metadata.version })
        }
        _ => Err(unreadable("it holds no epoch or no name of a region")),
    }
}

/// Writes a record in the place of version `replaced`.
pub(crate) async fn write(kv: &Kv2, fence: &Fence, replaced: u64) -> Result<()> {
    let data = SecretData::from([
        ("epoch", fence.epoch.to_string()),
        ("primary", fence.primary.as_str().to_owned()),
    ]);
    let mode = if replaced == 0 { WriteMode::CreateOnly } else { WriteMode::IfVersion(replaced) };
    kv.write(&records::fence()?, &data, mode).await.map(drop)
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorKind::Conflict, "read fence")
        .with_service(SERVICE)
        .with_code("fence_unreadable")
        .with_help(format!(
            "the record of who is primary (catalyst-regions/fence) cannot be trusted: {why}; look who is primary, \
             remove the record with all its versions, and promote that region"
        ))
}
