//! What the server is and can do.

use std::borrow::Cow;
use std::collections::BTreeMap;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::PowerDns;
use super::call::Call;
use super::operation::Operation;
use super::path::Path;
use super::refusal::SERVICE;
use crate::{Capabilities, Version};

/// The server as it describes itself.
#[derive(Deserialize)]
struct WireServer<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    daemon_type: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WireSetting {
    name: String,
    value: String,
}

impl PowerDns {
    /// Asked once and kept; those who ask at the same time share the answer.
    pub(super) async fn probe(&self) -> Result<Capabilities> {
        let ask = || async {
            let version = self.version().await?;
            Ok(capabilities(version, &self.configuration().await?))
        };
        self.api.capabilities.get_or_try_init(ask).await.copied()
    }

    /// The version of the server.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `not_powerdns` if something else answers, such as a recursor.
    pub async fn version(&self) -> Result<Version> {
        let call = Call::new(Operation::ReadServer, Method::Get, Path::server(), "server");
        let answer = self.api.send(&call).await?;
        let other = |help: &str| {
            Error::new(ErrorKind::Config, Operation::ReadServer.name())
                .with_service(SERVICE)
                .with_code("not_powerdns")
                .with_help(help)
        };
        let Ok(server) = serde_json::from_slice::<WireServer<'_>>(answer.body()) else {
            return Err(other("what answers at this address is not the PowerDNS API"));
        };
        if server.kind != "Server" || server.daemon_type != "authoritative" {
            return Err(other("what answers at this address is not an authoritative PowerDNS"));
        }
        Version::parse(&server.version).ok_or_else(|| other("the server does not tell its version"))
    }

    /// The settings of the server by their names. Where there are secrets the server has stars.
    pub async fn configuration(&self) -> Result<BTreeMap<String, String>> {
        let path = Path::server().then("config");
        let call = Call::new(Operation::ReadConfiguration, Method::Get, path, "configuration");
        let settings: Vec<WireSetting> = self.api.send(&call).await?.json()?;
        Ok(settings
            .into_iter()
            .map(|setting| (hidden(&setting), setting))
            .map(|(value, s)| (s.name, value))
            .collect())
    }
}

/// The server hides its own keys; what a back end calls its password is hidden here.
fn hidden(setting: &WireSetting) -> String {
    let secret = ["password", "api-key", "secret"].iter().any(|word| setting.name.contains(word));
    if secret && !setting.value.is_empty() { "***".to_owned() } else { setting.value.clone() }
}

pub(super) fn capabilities(version: Version, settings: &BTreeMap<String, String>) -> Capabilities {
    let settings = Settings(settings);
    let back_ends = settings.text("launch");
    Capabilities {
        version,
        lua_records: settings.is_on("enable-lua-records").unwrap_or(false),
        // Before 5.1 there is no such setting, and nothing is refused.
        lua_record_updates: settings.is_on("enable-lua-record-updates").unwrap_or(version < Version(5, 1, 0)),
        geoip: !settings.text("geoip-database-files").is_empty(),
        edns_client_subnet: settings.is_on("edns-subnet-processing").unwrap_or(false),
        // LMDB always keeps keys, and has no setting that says so.
        dnssec: settings.any_on("-dnssec")
            || !settings.text("bind-dnssec-db").is_empty()
            || back_ends.contains("lmdb"),
        health_check_interval: settings.number("lua-health-checks-interval").unwrap_or(5),
        health_check_expire_delay: settings.number("lua-health-checks-expire-delay").unwrap_or(3600),
        // It became a setting, and off, with 5.0.
        lua_insert_whitespace: settings
            .is_on("lua-records-insert-whitespace")
            .unwrap_or(version < Version(5, 0, 0)),
    }
}

struct Settings<'a>(&'a BTreeMap<String, String>);

impl Settings<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// As the server itself reads a setting: everything but these words is on (`ArgvMap::mustDo`).
    fn is_on(&self, name: &str) -> Option<bool> {
        self.0.get(name).map(|value| is_on(value))
    }

    fn any_on(&self, end: &str) -> bool {
        self.0.iter().any(|(name, value)| name.ends_with(end) && is_on(value))
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.0.get(name)?.trim().parse().ok()
    }
}

fn is_on(value: &str) -> bool {
    !matches!(value, "no" | "off" | "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(version: Version, settings: &[(&str, &str)]) -> Capabilities {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        capabilities(version, &settings.collect())
    }

    #[test]
    fn what_a_version_does_not_tell_is_what_it_does() {
        let old = probe(Version(4, 7, 3), &[("gsqlite3-dnssec", "yes"), ("launch", "gsqlite3")]);
        assert!(old.lua_record_updates && old.lua_insert_whitespace && old.dnssec && !old.lua_records);
        assert_eq!((old.health_check_interval, old.health_check_expire_delay), (5, 3600));
        let middle = probe(Version(5, 0, 3), &[("enable-lua-records", "shared"), ("launch", "lmdb")]);
        assert!(
            middle.lua_record_updates && !middle.lua_insert_whitespace && middle.dnssec && middle.lua_records
        );
        let new = probe(Version(5, 1, 0), &[("gpgsql-dnssec", "no")]);
        assert!(!new.lua_record_updates && !new.dnssec);
        let allowed = probe(Version(5, 1, 4), &[("enable-lua-record-updates", "yes")]);
        assert!(allowed.lua_record_updates);
    }

    #[test]
    fn places_and_client_subnets_are_found() {
        let here = probe(
            Version(5, 0, 3),
            &[("geoip-database-files", "mmdb:/x.mmdb"), ("edns-subnet-processing", "yes")],
        );
        assert!(here.geoip && here.edns_client_subnet);
        let not = probe(Version(5, 0, 3), &[("geoip-database-files", ""), ("edns-subnet-processing", "no")]);
        assert!(!not.geoip && !not.edns_client_subnet);
    }

    #[test]
    fn a_password_of_a_back_end_is_never_kept() {
        let setting = WireSetting { name: "gpgsql-password".into(), value: "canary".into() };
        assert_eq!(hidden(&setting), "***");
    }
}
