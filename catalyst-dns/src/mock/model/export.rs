//! `/zones/{zone}/export`, and what is done to a zone without changing it.

use serde_json::{Value, json};

use super::{Refusal, State};
use crate::DomainName;

impl State {
    /// The zone as lines of a zone file, in order, without what is disabled.
    pub(crate) fn export(&self, zone: &DomainName) -> Result<String, Refusal> {
        let mut lines = Vec::new();
        for (key, set) in &self.zone(zone)?.sets {
            for record in set.records.iter().filter(|record| !record.disabled) {
                let (name, ttl, kind, content) = (key.name.as_str(), set.ttl, key.kind, &record.content);
                lines.push(format!("{name}\t{ttl}\tIN\t{kind}\t{content}\n"));
            }
        }
        lines.sort();
        Ok(lines.concat())
    }

    pub(crate) fn rectify(&self, zone: &DomainName) -> Result<Value, Refusal> {
        self.zone(zone).map(|_zone| json!({ "result": "Rectified" }))
    }

    /// Nobody is ever told; the server says the same of a native zone.
    pub(crate) fn notify(&self, zone: &DomainName) -> Result<Value, Refusal> {
        self.zone(zone).map(|_zone| json!({ "result": "Notification queued" }))
    }

    /// Nothing is ever transferred; a zone with a primary says that it will be.
    pub(crate) fn retrieve(&self, zone: &DomainName) -> Result<Value, Refusal> {
        let zone = self.zone(zone)?;
        let name = zone.name.as_str();
        match zone.masters.first() {
            Some(master) if zone.kind == "Slave" => {
                let text = format!("Added retrieval request for '{name}' from master {master}");
                Ok(json!({ "result": text }))
            }
            _ => {
                let text = format!("Domain '{name}' is not a slave domain (or has no master defined)");
                Err(Refusal::unprocessable(text))
            }
        }
    }
}
