//! Search, and figures of the server.

use std::collections::BTreeMap;

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::PowerDns;
use super::call::Call;
use super::operation::Operation;
use super::path::Path;
use crate::{DomainName, RecordType, ZoneName};

/// The most hits that are asked for.
const MAX_HITS: u32 = 10_000;

/// Something that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchHit {
    /// A zone.
    Zone(ZoneName),
    /// A record.
    Record {
        /// The zone, if the server names it.
        zone: Option<ZoneName>,
        /// The owner.
        name: DomainName,
        /// The type.
        kind: RecordType,
        /// The content, as the server has it.
        content: String,
        /// Whether the server does not serve it.
        disabled: bool,
    },
    /// A comment of a record set.
    Comment {
        /// The zone, if the server names it.
        zone: Option<ZoneName>,
        /// The owner of the set.
        name: DomainName,
        /// The type of the set.
        kind: RecordType,
        /// What it says.
        text: String,
    },
}

#[derive(Deserialize)]
struct WireHit {
    object_type: String,
    name: String,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    content: String,
    #[serde(default)]
    disabled: bool,
}

/// A plain counter; tables and rings have other values.
#[derive(Deserialize)]
struct WireStatistic {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    value: WireValue,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireValue {
    Text(String),
    Other(IgnoredAny),
}

impl PowerDns {
    /// Zones, records and comments that match `pattern`, in which `*` stands for any text and `?` for one character; at most
    /// `max` of them (10,000 at the most). LMDB back ends find nothing (measured).
    ///
    /// ```no_run
    /// # async fn example(dns: catalyst_dns::PowerDns) -> catalyst_dns::Result<()> {
    /// for hit in dns.search("192.0.2.*", 100).await? {
    ///     println!("{hit:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_request` for an empty pattern.
    pub async fn search(&self, pattern: &str, max: u32) -> Result<Vec<SearchHit>> {
        let max = max.clamp(1, MAX_HITS);
        let path = Path::server()
            .then("search-data")
            .query("q", pattern)
            .query("max", max.to_string())
            .query("object_type", "all");
        let shown = catalyst_core::redact::text(pattern, 100);
        let hits: Vec<WireHit> =
            self.api.send(&Call::new(Operation::Search, Method::Get, path, shown)).await?.json()?;
        // The server counts zones, records and comments each on its own.
        Ok(hits
            .into_iter()
            .filter_map(WireHit::read)
            .take(usize::try_from(max).unwrap_or(usize::MAX))
            .collect())
    }

    /// The counters of the server by their names; tables and rings are left aside.
    pub async fn statistics(&self) -> Result<BTreeMap<String, u64>> {
        let path = Path::server().then("statistics").query("includerings", "false");
        let call = Call::new(Operation::ReadStatistics, Method::Get, path, "statistics");
        let all: Vec<WireStatistic> = self.api.send(&call).await?.json()?;
        let counter = |wire: WireStatistic| match wire.value {
            WireValue::Text(text) if wire.kind == "StatisticItem" => Some((wire.name, text.parse().ok()?)),
            WireValue::Text(_) | WireValue::Other(IgnoredAny) => None,
        };
        Ok(all.into_iter().filter_map(counter).collect())
    }
}

impl WireHit {
    /// `None` for what has a name or a kind that this crate does not know.
    fn read(self) -> Option<SearchHit> {
        let zone_name = |text: &str| ZoneName::try_from(DomainName::from_server(text).ok()?).ok();
        if self.object_type == "zone" {
            return zone_name(&self.name).map(SearchHit::Zone);
        }
        let zone = self.zone.as_deref().and_then(zone_name);
        let name = DomainName::from_server(&self.name).ok()?;
        let kind = self.kind?.parse().ok()?;
        match self.object_type.as_str() {
            "record" => {
                Some(SearchHit::Record { zone, name, kind, content: self.content, disabled: self.disabled })
            }
            "comment" => Some(SearchHit::Comment { zone, name, kind, text: self.content }),
            _ => None,
        }
    }
}
