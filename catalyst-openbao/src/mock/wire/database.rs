//! The database engine: `creds` and `static-creds`, and all else that it has.

use serde_json::json;

use super::answer::Content;
use super::asked::{Asked, Verb};
use crate::mock::model::{Capability, Model, Refusal};

pub(super) fn answer(model: &Model, asked: &Asked, mount: &str, rest: &str) -> Result<Content, Refusal> {
    let (action, role) = rest.split_once('/').unwrap_or((rest, ""));
    match (asked.verb, action) {
        (Verb::Read, "creds") => {
            let issued = model.issue(&asked.call, mount, role)?;
            let data = json!({ "password": issued.password.expose(), "username": issued.username });
            let envelope = Content::leased(issued.lease_id, issued.ttl, issued.renewable, data);
            Ok(Content::Envelope(envelope))
        }
        (Verb::Read, "static-creds") => {
            let view = model.read_static(&asked.call, mount, role)?;
            Ok(Content::data(json!({
                "last_vault_rotation": model.text(view.rotated),
                "password": view.password.expose(),
                "rotation_period": view.period.as_secs(),
                "ttl": view.ttl.as_secs(),
                "username": view.username,
            })))
        }
        (verb, "creds" | "static-creds") => {
            let wanted = if verb == Verb::Read { Capability::Read } else { Capability::Update };
            model.admit(&asked.call, &asked.path, wanted)?;
            let known = !role.is_empty() && !role.contains('/');
            Err(if known { Refusal::unsupported_operation() } else { Refusal::unsupported_path() })
        }
        _ => model.database_settings(asked, mount, rest),
    }
}
