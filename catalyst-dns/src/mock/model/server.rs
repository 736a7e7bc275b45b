//! The server itself: version, configuration, statistics, caches.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Refusal, State, names};
use crate::Capabilities;

/// The setting, from 5.1 on, that lets the API write LUA records.
pub(super) const LUA_UPDATES: &str = "enable-lua-record-updates";

/// The configuration of a 4.7.3 with `SQLite` and LUA records, as it was recorded.
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

    /// What the version and the configuration say.
    pub(crate) fn capabilities(&self) -> Capabilities {
        crate::powerdns::served_by(self.version(), &self.settings)
    }

    pub(crate) fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
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
