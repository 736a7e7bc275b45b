//! Answers, read.

use std::net::Ipv4Addr;
use std::time::SystemTime;

use catalyst_core::{Result, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::refusal::unreadable;
use super::{Allocation, AllocationState, Availability, Reservation};
use crate::{DomainName, ZoneName};

/// The most allocations of one pool that are read.
const MAX_ALLOCATIONS: usize = 100_000;

#[derive(Debug, Deserialize)]
pub(super) struct Check {
    available: bool,
    #[serde(default)]
    reason: String,
}

impl Check {
    pub(super) fn availability(self) -> Availability {
        match (self.available, self.reason.as_str()) {
            (true, _) => Availability::Free,
            (_, "reserved-state") => Availability::Reserved,
            (_, "active-state") => Availability::Active,
            (_, "invalid-format") => Availability::InvalidLabel,
            (_, "reserved") => Availability::ReservedLabel,
            (_, "unsupported-pool") => Availability::UnsupportedPool,
            _ => Availability::Unknown(catalyst_core::redact::text(&self.reason, 80)),
        }
    }
}

/// A row, as all answers show it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    subdomain: String,
    state: String,
    reserved_at: Option<String>,
    expires_at: Option<String>,
    #[serde(rename = "sovereignFQDN")]
    sovereign_fqdn: Option<String>,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Option<String>,
    reservation_token: Option<Secret>,
    #[serde(default)]
    created_by: String,
}

impl Row {
    pub(super) fn allocation(self, pool: &ZoneName) -> Allocation {
        Allocation {
            pool: pool.clone(),
            label: self.subdomain,
            state: match self.state.as_str() {
                "reserved" => AllocationState::Reserved,
                "active" => AllocationState::Active,
                _ => AllocationState::Unknown,
            },
            reserved_at: self.reserved_at.as_deref().and_then(moment),
            expires_at: self.expires_at.as_deref().and_then(moment),
            sovereign: self.sovereign_fqdn.and_then(|name| name.parse::<DomainName>().ok()),
            load_balancer: self.load_balancer_ip.and_then(|ip| ip.trim().parse::<Ipv4Addr>().ok()),
            created_by: self.created_by,
            token: self.reservation_token.filter(|token| !token.is_empty()),
        }
    }
}

/// What a reservation is answered with.
pub(super) fn reservation(operation: &'static str, body: &[u8], pool: &ZoneName) -> Result<Reservation> {
    let row: Row = json(operation, body)?;
    let allocation = row.allocation(pool);
    allocation.reservation().ok_or_else(|| unreadable(operation, "the reservation has no token, or no label"))
}

#[derive(Debug, Deserialize)]
pub(super) struct List {
    allocations: Vec<Row>,
}

impl List {
    pub(super) fn read(self, operation: &'static str, pool: &ZoneName) -> Result<Vec<Allocation>> {
        if self.allocations.len() > MAX_ALLOCATIONS {
            return Err(unreadable(operation, "the pool has over 100,000 names"));
        }
        Ok(self.allocations.into_iter().map(|row| row.allocation(pool)).collect())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Reserved {
    pub(super) reserved: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SetNsAnswer {
    #[serde(default)]
    pub(super) success: bool,
    #[serde(default)]
    pub(super) nameservers: Vec<String>,
    #[serde(default)]
    pub(super) propagation: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ValidateAnswer {
    pub(super) valid: bool,
}

pub(super) fn json<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|_malformed| unreadable(operation, "it is not the JSON that was promised"))
}

fn moment(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}
