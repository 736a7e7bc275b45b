//! The server itself: version, configuration, statistics, caches.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Refusal, State, names};
use crate::{Capabilities, Version};

/// The setting, from 5.1 on, that lets the API write LUA records.
pub(super) const LUA_UPDATES: &str = "enable-lua-record-updates";

/// A server of which nothing is known.
pub(super) const UNKNOWN: Capabilities = Capabilities {
    version: Version(0, 0, 0),
    lua_records: false,
    lua_record_updates: false,
    geoip: false,
    edns_client_subnet: false,
    dnssec: false,
    health_check_interval: 5,
    health_check_expire_delay: 3600,
    lua_insert_whitespace: true,
};

/// The configuration of a 4.7.3 with SQLite and LUA records, as it was recorded.
pub(super) fn defaults() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("defaults/config.json")).unwrap_or_default()
}

impl State {
    pub(crate) fn server(&self) -> Value {
        let base = "/api/v1/servers/localhost";
        json!({
            "type": "Server", "id": "localhost", "daemon_type": "authoritative",
            "version": self.version().to_string(), "url": base,
            "config_url": format!("{base}/config{{/config_setting}}"),
            "zones_url": format!("{base}/zones{{/zone}}"),
            "autoprimaries_url": format!("{base}/autoprimaries{{/autoprimary}}"),
        })
    }

    /// One setting; `None` if the server has none of that name.
    pub(crate) fn config(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    pub(crate) fn whole_config(&self) -> Value {
        let item = |(name, value)| json!({ "type": "ConfigSetting", "name": name, "value": value });
        self.settings.iter().map(item).collect()
    }

    fn is_on(&self, name: &str) -> bool {
        self.config(name) == Some("yes")
    }

    /// Whether the API writes LUA records.
    pub(super) fn lua_updates(&self) -> bool {
        self.version() < Version(5, 1, 0) || self.is_on(LUA_UPDATES)
    }

    /// What the version and the configuration say.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let number =
            |name: &str, default| self.config(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let set = |name: &str| self.config(name).is_some_and(|value| !value.is_empty());
        let dnssec = |(name, value): (&String, &String)| name.ends_with("-dnssec") && value == "yes";
        Capabilities {
            version: self.version(),
            lua_records: matches!(self.config("enable-lua-records"), Some("yes" | "shared")),
            lua_record_updates: self.lua_updates(),
            geoip: set("geoip-database-files"),
            edns_client_subnet: self.is_on("edns-subnet-processing"),
            dnssec: self.settings.iter().any(dnssec),
            health_check_interval: number("lua-health-checks-interval", 5),
            health_check_expire_delay: number("lua-health-checks-expire-delay", 3600),
            lua_insert_whitespace: self.version() < Version(5, 0, 0)
                || self.is_on("lua-records-insert-whitespace"),
        }
    }

    /// All statistics, or the one with this name. Only the time since the start moves.
    pub(crate) fn statistics(&self, only: Option<&str>) -> Result<Value, Refusal> {
        let items: Vec<Value> =
            serde_json::from_str(include_str!("defaults/statistics.json")).unwrap_or_default();
        let mut items: Vec<Value> =
            items.into_iter().filter(|item| only.is_none_or(|name| item["name"] == name)).collect();
        if items.is_empty() {
            return Err(Refusal::unprocessable("Unknown statistic name"));
        }
        for item in items.iter_mut().filter(|item| item["name"] == "uptime") {
            item["value"] = self.uptime().to_string().into();
        }
        Ok(items.into())
    }

    /// There are no caches: nothing is ever flushed.
    pub(crate) fn flush(domain: &str) -> Result<Value, Refusal> {
        names::zone(domain.strip_suffix('$').unwrap_or(domain))
            .map(|_domain| json!({ "count": 0, "result": "Flushed cache." }))
    }
}
