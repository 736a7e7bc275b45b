//! `sys/leases/*`

use super::answer::Content;
use super::asked::{Asked, Verb};
use crate::mock::model::{Model, Refusal};

/// The lease that a request is about: in the body, or at the end of the path.
pub(super) fn id(asked: &Asked) -> String {
    let in_path = || asked.path.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
    asked.text("lease_id").unwrap_or_else(in_path)
}

pub(super) fn answer(model: &Model, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    let (action, below) = rest.split_once('/').unwrap_or((rest, ""));
    let lease = id(asked);
    match (asked.verb, action) {
        (Verb::Write, "renew") => {
            let renewed = model.renew(&asked.call, &lease, asked.span("increment")?)?;
            let mut envelope =
                Content::leased(lease, renewed.ttl, renewed.renewable, serde_json::Value::Null);
            envelope.warnings = renewed.warning.into_iter().collect();
            Ok(Content::Envelope(envelope))
        }
        (Verb::Write, "revoke") => match model.revoke(&asked.call, &lease) {
            // Later, and without a word about what comes of it.
            Ok(()) if asked.flag("sync") == Some(false) => Ok(Content::Empty(202)),
            Ok(()) => Ok(Content::done()),
            Err(refusal) => Err(refusal),
        },
        (Verb::Write, "revoke-prefix") => {
            let prefix = if asked.open_end { format!("{below}/") } else { below.to_owned() };
            model.revoke_prefix(&asked.call, &prefix)?;
            Ok(Content::done())
        }
        (Verb::Write, "lookup") => model.look_up_lease(&asked.call, &lease).map(Content::data),
        (Verb::List, "lookup") => model.list_leases(&asked.call, below).map(|keys| Content::keys(&keys)),
        (Verb::Read | Verb::Delete | Verb::Patch, "renew" | "revoke" | "revoke-prefix" | "lookup") => {
            Err(Refusal::unsupported_operation())
        }
        _ => Err(Refusal::unsupported_path()),
    }
}
