//! How the server and its host are doing.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use catalyst_core::Result;
use serde::Deserialize;

use super::System;
use crate::operation::Subject;
use crate::settings::maybe_text;
use crate::wire::{MaybeTime, Time};

/// A number that the server keeps about itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name: `vault.core.unsealed`.
    pub name: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// What it says: of a gauge the value, of a counter or a sample the sum.
    pub value: f64,
    /// How many values a counter or a sample is made of; one for a gauge.
    pub count: u64,
}

/// The numbers of the last interval, mostly ten seconds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// What is so now.
    pub gauges: Vec<Metric>,
    /// What happened how often.
    pub counters: Vec<Metric>,
    /// What took how long, in milliseconds.
    pub samples: Vec<Metric>,
}

/// The machine that the server runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostInfo {
    /// Its name.
    pub hostname: String,
    /// Its operating system.
    pub os: String,
    /// How long it has been up.
    pub uptime: Duration,
    /// How many processors it has.
    pub processors: usize,
    /// Its memory, in bytes.
    pub memory_total: u64,
    /// What is left of its memory, in bytes.
    pub memory_available: u64,
}

/// A version that the cluster has run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstalledVersion {
    /// The version.
    pub version: String,
    /// The one before it; none for the first.
    pub previous: Option<String>,
    /// When it came first, by the server's clock.
    pub installed_at: SystemTime,
}

/// A request that is being served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestInFlight {
    /// Its identifier.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Where it came from.
    pub remote_address: String,
    /// When it came, by the server's clock.
    pub started_at: SystemTime,
}

impl System {
    /// What the server counts. `GET sys/metrics`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn metrics(&self) -> Result<Metrics> {
        let path = ["sys/metrics"];
        let wire: MetricsWire = self.api.at(Subject::System, "read metrics", &path).read_bare().await?;
        Ok(Metrics {
            gauges: wire.gauges.into_iter().map(Metric::from).collect(),
            counters: wire.counters.into_iter().map(Metric::from).collect(),
            samples: wire.samples.into_iter().map(Metric::from).collect(),
        })
    }

    /// The same in the text format of Prometheus, at most as long as the client's bound for bodies.
    /// `GET sys/metrics?format=prometheus`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if the server's configuration does not keep metrics for Prometheus.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn prometheus_metrics(&self) -> Result<String> {
        let path = ["sys/metrics?format=prometheus"];
        self.api.at(Subject::System, "read metrics", &path).read_text().await
    }

    /// The machine that the node that answers runs on. `GET sys/host-info`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn host_info(&self) -> Result<HostInfo> {
        let path = ["sys/host-info"];
        let wire: HostWire = self.api.at(Subject::System, "read host", &path).read().await?;
        Ok(HostInfo {
            hostname: wire.host.hostname,
            os: wire.host.os,
            uptime: Duration::from_secs(wire.host.uptime),
            processors: wire.cpu.len(),
            memory_total: wire.memory.total,
            memory_available: wire.memory.available,
        })
    }

    /// The versions that the cluster has run, in the order of their names. `LIST sys/version-history`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn version_history(&self) -> Result<Vec<InstalledVersion>> {
        let path = ["sys/version-history"];
        let call = self.api.at(Subject::System, "list versions", &path);
        let found = call.list_maybe::<History>().await?.map(|history| history.key_info).unwrap_or_default();
        let version = |(version, wire): (String, VersionWire)| InstalledVersion {
            version,
            previous: wire.previous_version,
            installed_at: wire.timestamp_installed.0,
        };
        Ok(found.into_iter().map(version).collect())
    }

    /// What is being served now, this request among it. `GET sys/in-flight-req`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn requests_in_flight(&self) -> Result<Vec<RequestInFlight>> {
        let path = ["sys/in-flight-req"];
        let call = self.api.at(Subject::System, "list requests in flight", &path);
        let found: BTreeMap<String, InFlightWire> = call.read_bare().await?;
        let request = |(id, wire): (String, InFlightWire)| {
            let started_at = wire.start_time.0?;
            let (method, path, remote_address) =
                (wire.request_method, wire.request_path, wire.client_remote_address);
            Some(RequestInFlight { id, method, path, remote_address, started_at })
        };
        Ok(found.into_iter().filter_map(request).collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsWire {
    #[serde(default)]
    gauges: Vec<MetricWire>,
    #[serde(default)]
    counters: Vec<MetricWire>,
    #[serde(default)]
    samples: Vec<MetricWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricWire {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    sum: f64,
    #[serde(default)]
    count: Option<u64>,
}

impl From<MetricWire> for Metric {
    fn from(wire: MetricWire) -> Self {
        let value = wire.value.unwrap_or(wire.sum);
        Self { name: wire.name, labels: wire.labels, value, count: wire.count.unwrap_or(1) }
    }
}

#[derive(Deserialize)]
struct HostWire {
    #[serde(default)]
    cpu: Vec<serde::de::IgnoredAny>,
    host: HostPart,
    memory: MemoryPart,
}

#[derive(Deserialize)]
struct HostPart {
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    uptime: u64,
}

#[derive(Deserialize)]
struct MemoryPart {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    available: u64,
}

#[derive(Deserialize)]
struct History {
    #[serde(default)]
    key_info: BTreeMap<String, VersionWire>,
}

#[derive(Deserialize)]
struct VersionWire {
    #[serde(default, deserialize_with = "maybe_text")]
    previous_version: Option<String>,
    timestamp_installed: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InFlightWire {
    start_time: MaybeTime,
    client_remote_address: String,
    request_path: String,
    request_method: String,
}
