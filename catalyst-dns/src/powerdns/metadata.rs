//! Metadata of a zone: settings that the server keeps beside the records.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::PowerDns;
use super::call::Call;
use super::operation::Operation;
use super::path::Path;
use super::refusal::SERVICE;
use super::zones::absent_is_well;
use crate::ZoneName;

/// A kind of metadata: one that PowerDNS knows (`ALLOW-AXFR-FROM`), or one of one's own, which begins with `X-`.
///
/// ```
/// use catalyst_dns::MetadataKind;
///
/// assert_eq!("x-owner".parse::<MetadataKind>()?.as_str(), "X-OWNER");
/// assert!("a/b".parse::<MetadataKind>().is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataKind(Box<str>);

impl MetadataKind {
    /// In capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MetadataKind {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] for anything but 1 to 64 letters, digits and hyphens.
    fn from_str(text: &str) -> Result<Self> {
        let fits = (1..=64).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Error::new(ErrorKind::Config, "read a kind of metadata")
                .with_service(SERVICE)
                .with_help("a kind has 1 to 64 letters, digits and hyphens; one's own begin with X-"));
        }
        Ok(Self(text.to_ascii_uppercase().into()))
    }
}

impl fmt::Display for MetadataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MetadataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MetadataKind({})", self.0)
    }
}

#[derive(Deserialize)]
struct WireMetadata {
    kind: String,
    metadata: Vec<String>,
}

#[derive(Serialize)]
struct WireValues<'a> {
    metadata: &'a [String],
}

impl PowerDns {
    /// All metadata of a zone.
    ///
    /// # Errors
    /// `zone_not_found`.
    pub async fn metadata(&self, zone: &ZoneName) -> Result<BTreeMap<MetadataKind, Vec<String>>> {
        let path = Path::zone(zone).then("metadata");
        let call = Call::new(Operation::ReadMetadata, Method::Get, path, zone.as_str());
        let all: Vec<WireMetadata> = self.api.send(&call).await?.json()?;
        let known = |wire: WireMetadata| Some((wire.kind.parse().ok()?, wire.metadata));
        Ok(all.into_iter().filter_map(known).collect())
    }

    /// Sets one kind of metadata to these values; the earlier ones go. Twice is the same as once.
    ///
    /// # Errors
    /// `unsupported_metadata` for what is no kind of PowerDNS' and does not begin with `X-`, and for kinds that the API
    /// does not write: `TSIG-ALLOW-AXFR` is set by [`ZoneUpdate::primary_tsig_keys`](crate::ZoneUpdate), `ENABLE-LUA-RECORDS`
    /// by the server's administrator. `zone_not_found`.
    pub async fn set_metadata(&self, zone: &ZoneName, kind: &MetadataKind, values: &[String]) -> Result<()> {
        let call = Call::new(
            Operation::WriteMetadata,
            Method::Put,
            one(zone, kind),
            format!("{} {kind}", zone.as_str()),
        )
        .json(&WireValues { metadata: values })?;
        self.api.write(zone, &call).await.map(drop)
    }

    /// Removes one kind of metadata; none there is no fault.
    pub async fn remove_metadata(&self, zone: &ZoneName, kind: &MetadataKind) -> Result<()> {
        let target = format!("{} {kind}", zone.as_str());
        let call = Call::new(Operation::WriteMetadata, Method::Delete, one(zone, kind), target);
        absent_is_well(self.api.write(zone, &call).await)
    }
}

fn one(zone: &ZoneName, kind: &MetadataKind) -> Path {
    Path::zone(zone).then("metadata").then(kind.as_str())
}
