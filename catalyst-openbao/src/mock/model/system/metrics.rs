//! What the server tells about itself and about its leases.

use serde_json::json;

use super::Answered;
use crate::mock::model::state::State;
use crate::mock::model::wired::VERSION;
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Envelope, Verb};

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let known =
        ["metrics", "host-info", "version-history", "in-flight-req", "leases", "leases/count", "leases/tidy"];
    if !known.contains(&rest) {
        return None;
    }
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| match (asked.verb, rest) {
        (Verb::Read, "metrics") => Ok(Content::Bare(200, json!({
            "Timestamp": state.clock.text(state.clock.now()),
            "Gauges": [{ "Name": "vault.core.active", "Value": 1, "Labels": { "cluster": "vault-cluster" } }],
            "Points": [], "Counters": [], "Samples": [],
        }))),
        (Verb::Read, "host-info") => Ok(Content::data(json!({
            "cpu": [{ "cpu": 0 }],
            "host": { "hostname": "model", "os": "linux", "uptime": 60 },
            "memory": { "total": 1 << 30, "available": 1 << 29 },
            "timestamp": state.clock.text(state.clock.now()),
        }))),
        (Verb::List, "version-history") => {
            let about = json!({
                "commit_date": "2026-10-26T20:32:27Z", "previous_version": null,
                "timestamp_installed": "2026-11-22T03:07:52Z",
            });
            Ok(Content::data(json!({ "key_info": { VERSION: about }, "keys": [VERSION] })))
        }
        (Verb::Read, "in-flight-req") => {
            let about = json!({
                "start_time": state.clock.text(state.clock.now()), "client_remote_address": "127.0.0.1:40000",
                "request_path": "/v1/sys/in-flight-req", "request_method": "GET", "client_id": "",
            });
            Ok(Content::Bare(200, json!({ state.random_uuid(): about })))
        }
        // A lease that cannot be revoked is tried again for a day before the server gives up.
        (Verb::Read, "leases") => Ok(Content::data(json!({ "lease_count": 0, "leases": [] }))),
        (Verb::Read, "leases/count") => Ok(Content::data(json!({ "counts": {}, "lease_count": 0 }))),
        (Verb::Write, "leases/tidy") => {
            let begun = "Tidy operation successfully started. Any information from the operation will be printed to \
                         OpenBao's server logs.";
            let envelope = Envelope { warnings: vec![begun.to_owned()], ..Envelope::default() };
            Ok(Content::Bare(202, envelope.to_json()))
        }
        _ => Err(Refusal::unsupported_operation()),
    }))
}
