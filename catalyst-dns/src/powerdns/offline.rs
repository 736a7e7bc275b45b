//! The rules of the client, without a server: for the mock, which sends the same bodies and gives the same errors.

use std::collections::BTreeMap;

use catalyst_core::{Error, Result};
use serde_json::Value;
use zeroize::Zeroizing;

use super::apply;
use super::operation::Operation;
use super::patch::Bodies;
use super::probe;
use super::refusal::{self, Refusal, SERVICE};
use super::zone_wire::{WireSpec, WireZone};
use crate::{Applied, Capabilities, Change, ChangeSet, Version, Zone, ZoneName, ZoneSpec};

/// The bodies of the requests that make `changes`, each with the number of its changes.
pub(crate) fn bodies(
    zone: &ZoneName,
    changes: &ChangeSet,
    limit: usize,
) -> Result<Vec<(Zeroizing<Vec<u8>>, usize)>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Bodies::new(zone, changes.changes(), limit)?.each().collect())
}

/// Whether it depends on what the server can do what becomes of `changes`.
pub(crate) fn depends_on_server(changes: &[Change]) -> bool {
    changes.iter().any(|change| apply::needs_step(change) || apply::touches_lua(change))
}

/// Refuses what the server cannot do.
pub(crate) fn check(changes: &[Change], capabilities: &Capabilities) -> Result<()> {
    changes.iter().try_for_each(|change| apply::check_change(change, capabilities))
}

/// The error of a change that came only so far.
pub(crate) fn partly(error: Error, applied: &Applied, requests: usize, changes: usize) -> Error {
    apply::partly(error, applied, requests, changes)
}

/// The error that an answer with this status and these words means.
pub(crate) fn refused(operation: Operation, status: u16, said: &str, sent: usize, target: &str) -> Error {
    let challenge = "";
    let meaning = refusal::meaning(&Refusal { operation, status, said, challenge, sent });
    let error = Error::new(meaning.kind, operation.name())
        .with_service(SERVICE)
        .with_target(refusal::record_in(said).unwrap_or_else(|| target.to_owned()))
        .with_code(meaning.code)
        .with_status(status)
        .with_help(meaning.help)
        .with_server_message(said);
    if meaning.unknown { error.with_outcome_unknown() } else { error }
}

/// What the client sends to make a zone.
pub(crate) fn zone_document(spec: &ZoneSpec) -> Value {
    serde_json::to_value(WireSpec::from(spec)).unwrap_or_default()
}

/// A zone out of the server's answer.
pub(crate) fn read_zone(answer: Value) -> Option<Zone> {
    serde_json::from_value::<WireZone>(answer).ok()?.read()
}

/// What a server of this version with these settings can do.
pub(crate) fn served_by(version: Version, settings: &BTreeMap<String, String>) -> Capabilities {
    probe::capabilities(version, settings)
}
