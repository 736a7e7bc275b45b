//! The audit device, and what things look like in its log.

use serde_json::{Value, json};

use super::Answered;
use crate::mock::model::state::State;
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Envelope, Verb};

const DEVICE: &str = "to-file";

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let (area, device) = rest.split_once('/').unwrap_or((rest, ""));
    if !matches!(area, "audit" | "audit-hash") {
        return None;
    }
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| match (asked.verb, area, device) {
        (Verb::Read, "audit", "") => {
            let about = json!({
                "description": "", "local": false, "options": { "file_path": "/dev/null" },
                "path": format!("{DEVICE}/"), "type": "file",
            });
            let key = format!("{DEVICE}/");
            let mut body = Envelope { data: json!({ key.as_str(): about }), ..Envelope::default() }.to_json();
            body[key] = about;
            Ok(Content::Bare(200, body))
        }
        (Verb::Write, "audit", _) => Err(Refusal::bad_request(
            "cannot enable audit device via API; use declarative, config-based audit device management instead",
        )),
        (Verb::Delete, "audit", _) => {
            Err(Refusal::bad_request("cannot disable configuration-managed audit device"))
        }
        (Verb::Write, "audit-hash", DEVICE) => {
            let hash = hash(asked.text("input").unwrap_or_default().as_bytes());
            let mut body = Envelope { data: json!({ "hash": hash }), ..Envelope::default() }.to_json();
            body["hash"] = Value::from(hash);
            Ok(Content::Bare(200, body))
        }
        (Verb::Write, "audit-hash", device) => {
            Err(Refusal::bad_request(&format!("unknown audit backend \"{device}/\"")))
        }
        _ => Err(Refusal::unsupported_operation()),
    }))
}

/// The same for the same input, and of the server's shape. It is no HMAC: nothing here is worth one.
fn hash(input: &[u8]) -> String {
    let mut words =
        [0xcbf2_9ce4_8422_2325_u64, 0x1000_0000_01b3, 0x9e37_79b9_7f4a_7c15, 0x2545_f491_4f6c_dd1d];
    for (at, byte) in input.iter().enumerate() {
        for word in &mut words {
            *word = (*word ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(7) ^ at as u64;
        }
    }
    let [a, b, c, d] = words;
    format!("hmac-sha256:{a:016x}{b:016x}{c:016x}{d:016x}")
}
